"""Bumps: Gaussians, wavelets and other functions that die away on both sides."""

from nonlin.catalogue.language import (
    cos,
    exp,
    imag,
    in_family,
    join,
    param,
    scale,
    sin,
    sqrt,
    v,
    where,
    x,
)

define = in_family("bumps")
define("gaussian_bell", exp(-(x**2)), shared=("gaussian", "gauss"), evidence="single source",
       cite="folklore", summary="Gaussian bump of height 1 without the factor 1/2 in the exponent.")  # fmt: skip
define("gaussian_rbf", exp(-(x**2) / (2 * v("sigma")**2)), sigma=param(1.0, low=1e-6), title="GaussianRBF",
       shared=("gaussian", "gauss"), evidence="single source",
       cite="folklore", summary="Gaussian bump of height 1 and standard deviation sigma, the radial basis function.")  # fmt: skip
define("apical_dendrite", "where(x > 0, x*exp(-alpha*x + shift), 0)", alpha=param(0.3, low=0.0), shift=0.0,
       aliases=("ada", "apical_dendrite_activation"), cite="georgescu2020", evidence="paper",
       summary="Rises linearly from 0, peaks at 1/alpha and decays; one unit can compute XOR. A survey prints "
       "it without the factor x.")  # fmt: skip
define("leaky_apical_dendrite", "where(x > 0, x*exp(-alpha*x + shift), slope*x)", alpha=param(0.1, low=0.0), shift=0.0,
       slope=0.01, aliases=("lada", "leaky_ada"), cite="georgescu2020", evidence="paper",
       summary="Apical dendrite activation with a small slope for negative inputs.")  # fmt: skip
define("adaptive_rbf", "exp(-(x - centre)**2/(2*width**2))", title="AdaptiveRBF",
       centre=param(0.0, learnable=True, per="channel"), width=param(1.0, low=1e-6, learnable=True, per="channel"),
       aliases=("arbf",), cite="kunc2024", evidence="single source",
       summary="Gaussian bump with trained centre and width.")  # fmt: skip
define("expcos", "exp(-alpha*x**2)*cos(beta*x)", alpha=param(1.0, low=0.0, learnable=True), beta=param(1.0, learnable=True),
       cite="kunc2024", evidence="single source",
       summary="Cosine under a Gaussian envelope, both rates trained.")  # fmt: skip
define("hat", "maximum(minimum(x, width - x), 0)", width=param(2.0, low=0.0), cite="hong2022", evidence="single source",
       summary="Linear B-spline on [0, width] with its peak in the middle (a survey prints x on both halves, "
       "which jumps).")  # fmt: skip
define("mirrored_relu", "maximum(1 - abs(x), 0)", title="MirroredReLU", aliases=("triangular",), shared=("mrelu",),
       cite="kunc2024", evidence="single source",
       summary="Triangle of height 1 on [-1, 1], zero elsewhere: min(relu(1 - x), relu(1 + x)).")  # fmt: skip
define("inverse_multiquadric", 1 / sqrt((x - v("c")) ** 2 + v("a") ** 2), c=param(0.0), a=param(1.0, low=1e-6),
       evidence="single source", aliases=("inverse_multiquadratic",),
       cite="folklore", summary="Bell around c with 1/|x| tails, of height 1/a.")  # fmt: skip
define("cauchy_xnet", where(abs(x) > 1, (v("l1") + v("l2") / x) / (x + v("d") ** 2 / x),
                            (v("l1") * x + v("l2")) / (x**2 + v("d") ** 2)), l1=param(1.0, learnable=True),
       l2=param(1.0, learnable=True), d=param(1.0, low=1e-6, learnable=True), title="CauchyXNet", cite="li2024",
       evidence="single source", aliases=("xnet",),
       summary="Cauchy kernel of a real input: an odd and an even bump of width d with learned weights.")  # fmt: skip
define("real_gabor", cos(v("omega") * x) * exp(-((scale * x) ** 2)), omega=param(10.0), scale=param(10.0),
       cite="saragadam2023",
       evidence="peers", title="RealGabor", tags=("periodic", "implicit representation"),
       summary="Cosine under a Gaussian: the real part of the Gabor wavelet at real inputs.")  # fmt: skip
define("gabor", join(exp(-v("omega") * imag - (scale * x) ** 2 - (scale * imag) ** 2) * cos(v("omega") * x),
                     exp(-v("omega") * imag - (scale * x) ** 2 - (scale * imag) ** 2) * sin(v("omega") * x)),
       inputs=("x", "imag"), omega=param(10.0), scale=param(10.0, low=1e-6), cite="saragadam2023", evidence="paper",
       aliases=("wire",), tags=("periodic", "implicit representation"),
       summary="Complex Gabor wavelet exp(i*omega*z - |scale*z|^2) of z = x + i*imag.")  # fmt: skip
define("sigmoid_derivative", "sigmoid(x)*(1 - sigmoid(x))", title="SigmoidDerivative", aliases=("dsigmoid",),
       cite="kunc2024", evidence="single source",
       summary="Derivative of the logistic function: a bump of height 1/4.")  # fmt: skip
define("resech", "2*x*exp(x - log(1 + exp(2*x)))", title="ReSech", aliases=("rectified_hyperbolic_secant", "rehsec"),
       cite="njikam2016", evidence="peers",
       summary="Input times its hyperbolic secant: odd, linear near 0, 0 far out.")  # fmt: skip
define("wave", "(1 - x**2)*exp(-alpha*x**2)", alpha=param(1.0, low=1e-6), cite="kunc2024", evidence="single source",
       summary="Mexican-hat wave: a bump between two negative lobes.")  # fmt: skip
define("polyexp", "(a*x**2 + b*x + c)*exp(-d*x**2)", a=param(1.0), b=param(1.0), c=param(1.0), d=param(1.0, low=1e-6),
       title="Polyexp", cite="kunc2024", evidence="single source",
       summary="Parabola under a Gaussian window.")  # fmt: skip
define("piecewise_rbf",
       "where(x > centre, exp(-(x - 2*centre)**2/width**2), where(x > -centre, exp(-x**2/width**2), exp(-(x + "
       "2*centre)**2/width**2)))", centre=param(3.0, low=0.0), width=param(1.0, low=1e-6), title="PiecewiseRBF",
       aliases=("piecewise_radial_basis_function", "prbf"), cite="kunc2024", evidence="single source",
       summary="Three Gaussian bumps of height 1, at 0 and +-2 centre, joined where they meet.")  # fmt: skip
define("random_nn_adaptive_exp_distance", "exp(-rate*abs(x - centre))",
       rate=param(1.0, low=0.0, learnable=True, per="channel"), centre=param(0.0, learnable=True, per="channel"),
       title="RandomNNAdaptiveExpDistance", cite="kunc2024", evidence="single source",
       summary="Two-sided exponential around a learned centre, for random fixed weights.")  # fmt: skip
define("adaptive_bipolar_exponential_unit", "alpha*x + beta*x*exp(-gamma*x**2)", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(1.0, low=0.0, learnable=True), title="AdaptiveBipolarExponentialUnit",
       cite="actix2025", evidence="single source",
       summary="Straight line whose slope is raised near 0 by a Gaussian.")  # fmt: skip
define("bipolar_gaussian_arctan", "arctan(x)*exp(-x**2)", title="BipolarGaussianArctanActivation", cite="actix2025",
       evidence="single source",
       summary="Arctangent under a Gaussian window.")  # fmt: skip
define("etu", "alpha*tanh(beta*x)*exp(-gamma*x**2)", alpha=param(1.0, learnable=True), beta=param(1.0, learnable=True),
       gamma=param(1.0, low=0.0, learnable=True), title="ETU", cite="actix2025", evidence="single source",
       summary="Tanh under a Gaussian window, all learned.")  # fmt: skip
define("exp_arctan_harmonic", "exp(-x**2)*arctan(x)*sin(x)", title="ExpArcTanHarmonicActivation", cite="actix2025",
       evidence="single source",
       summary="Arctangent times sine under a Gaussian window: two positive bumps around 0.")  # fmt: skip
define("exposoft", "x/(1 + abs(x))*exp(-abs(x))", title="ExpoSoft", cite="actix2025", evidence="single source",
       summary="Softsign damped by a double-sided exponential.")  # fmt: skip
define("gaussian_tanh_harmonic", "alpha*tanh(beta*x) + gamma*exp(-delta*(x - centre)**2)", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(1.0, learnable=True), delta=param(1.0, low=0.0, learnable=True),
       centre=param(0.0, learnable=True), title="GaussianTanhHarmonicUnit", cite="actix2025", evidence="single source",
       summary="Tanh plus a Gaussian bump around a learned centre.")  # fmt: skip
define("parametric_gaussian_wave", "alpha*x*exp(-beta*x**2)", alpha=param(1.0, learnable=True),
       beta=param(1.0, low=0.0, learnable=True), title="ParametricGaussianActivation", aliases=("soft_rbf",),
       cite="actix2025", evidence="single source",
       summary="Input under a Gaussian window: one odd wave.")  # fmt: skip
define("parametric_poly_tanh", "alpha*tanh(beta*x**2 + gamma*x + delta)", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(0.0, learnable=True), delta=param(0.0, learnable=True),
       title="ParametricPolyTanh", cite="actix2025", evidence="single source",
       summary="Tanh of a learned parabola: at its defaults a well, 0 at the origin and 1 far out.")  # fmt: skip
define("unified_sine_exp", "x*sin(exp(-x**2))", title="UnifiedSineExp", cite="actix2025", evidence="single source",
       summary="Input times the sine of a Gaussian: one odd wave.")  # fmt: skip
