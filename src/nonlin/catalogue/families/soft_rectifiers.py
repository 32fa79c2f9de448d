"""Smooth relatives of ReLU: softplus, squareplus and their kin."""

from nonlin.catalogue.language import (
    alpha,
    beta,
    cosh,
    erf,
    exp,
    in_family,
    log,
    param,
    pi,
    scale,
    sqrt,
    tanh,
    v,
    where,
    x,
)

define = in_family("soft-rectifiers")
define("squareplus", (x + sqrt(x**2 + v("b"))) / 2, b=param(4.0, low=1e-6), cite="barron2021", evidence="peers",
       summary="Algebraic counterpart of softplus, whose tail falls as 1/x; b is the size of the bend.")  # fmt: skip
define("sparse_plus", where(x >= 1, x, where(x > -1, (x + 1)**2 / 4, 0)), evidence="peers", cite="martins2016",
       summary="Integral of sparse_sigmoid: exactly 0 below -1, exactly x above 1, a parabola between.")  # fmt: skip
define("smelu", where(x >= beta, x, where(x > -beta, (x + beta)**2 / (4 * beta), 0)), beta=param(2.0, low=1e-6),
       title="SmeLU", aliases=("smooth_relu",), cite="shamir2022", evidence="peers",
       summary="ReLU whose kink is replaced by a parabola over (-beta, beta), with a continuous gradient.")  # fmt: skip
define("log_cosh", log(cosh(x)), title="LogCosh", evidence="single source",
       cite="folklore", summary="Smooth absolute value, the integral of tanh: x**2/2 near 0, |x| - log(2) far out.")  # fmt: skip
define("softmodulus_q", where(abs(x) <= 1, x**2 * (2 - abs(x)), abs(x)), title="SoftModulusQ", cite="valles2023",
       evidence="single source", summary="Absolute value with a cubic on [-1, 1] for its kink.")  # fmt: skip
define("softmodulus_t", x * tanh(x / scale), scale=param(0.01, low=1e-6), title="SoftModulusT", cite="valles2023",
       evidence="single source", summary="Absolute value smoothed by tanh; LiSHT for scale = 1.")  # fmt: skip
define("lisht", x * tanh(x), title="LiSHT", cite="roy2023", evidence="peers",
       summary="Linearly scaled tanh: even, never negative, x**2 near 0 and |x| far out.")  # fmt: skip
define("blu", "alpha*(sqrt(x**2 + 1) - 1) + x", title="BLU",
       alpha=param(0.0, low=-1.0, high=1.0, learnable=True, per="channel"), aliases=("bendable_linear_unit",),
       cite="godfrey2019", evidence="single source",
       summary="Bends the identity smoothly by a trained alpha in [-1, 1]; starts as the identity, 1/2 is the "
       "bent identity.")  # fmt: skip
define("generalized_relu", "softplus(beta*x*log(base))/(beta*log(base))", title="GeneralizedReLU",
       base=param(2.0, low=1.000001, learnable=True, per="channel"),
       beta=param(1.0, low=1e-6, learnable=True, per="channel"), aliases=("grelu",), cite="kunc2024",
       evidence="single source",
       summary="log(1 + base**(beta*x))/(beta*log(base)): softplus with a trained base and sharpness.")  # fmt: skip
define("evolved_tanh_relu", "scale*(tanh(x**2) + maximum(x, 0))", title="EvolvedTanhReLU", scale=1.0, cite="kunc2024",
       evidence="single source",
       summary="ReLU plus tanh(x**2), found by evolution: a dip to 0 between 1 on the left and x + 1 on the "
       "right.")  # fmt: skip
define("hclsh",
       "where(x > 1, x + log((1 + exp(-2*x) + x*(exp(-x/2) + exp(-3*x/2)))/2), where(x > 0, log1p(2*sinh(x/2)**2 + "
       "x*cosh(x/2)), where(x > -1, x + log1p(2*sinh(x/2)**2), softplus(2*x) - log(2))))",
       title="HcLSH", aliases=("hyperbolic_cosine_linearized_squashing",), cite="kunc2024", evidence="single source",
       summary="log(cosh(x) + x*cosh(x/2)) for positive inputs, log(cosh(x)) + x for negative ones, in four "
       "pieces free of overflow and cancellation.")  # fmt: skip
define("shifted_softplus", where(x > 0, x + log(1 + (exp(-x) - 1) / 2), log(1 + (exp(x) - 1) / 2)), cite="schutt2017",
       evidence="paper", aliases=("ssp",),
       summary="ln(e^x/2 + 1/2): softplus lowered by ln 2 to pass through the origin; the two cases are one "
               "formula.")  # fmt: skip
define("smu", alpha * x + (1 - alpha) * x * (1 + erf(v("mu") * (1 - alpha) * x)) / 2, title="SMU", cite="biswas2021smu",
       evidence="peers", alpha=param(0.01), mu=param(2.5, learnable=True),
       summary="Smooth maximum of x and alpha*x with |u| replaced by u*erf(mu*u), which stays below it.")  # fmt: skip
define("smu_1", ((1 + alpha) * x + sqrt(((1 - alpha) * x) ** 2 + v("mu") ** 2)) / 2, title="SMU1", cite="biswas2021smu",
       evidence="peers", alpha=param(0.25), mu=param(4.352665993287951e-9, learnable=True),
       summary="Smooth maximum of x and alpha*x with |u| replaced by sqrt(u^2 + mu^2), which stays above it.")  # fmt: skip
define("sau", exp(-((v("n") * x) ** 2) / 2) / (sqrt(2 * pi) * v("n")) + (1 + alpha) * x / 2
       + (1 - alpha) * x * erf(v("n") * x / sqrt(2)) / 2, title="SAU", cite="biswas2021sau", evidence="peers",
       alpha=param(0.15, learnable=True), n=param(20000.0, low=1e-6),
       summary="Leaky ReLU convolved with a narrow Gaussian of width 1/n (its bump without the factor 1 - "
               "alpha).")  # fmt: skip
define("parametric_softplus", "scale*(log(1 + exp(x)) - shift)", scale=param(1.5), shift=param(0.6931471805599453),
       title="ParametricSoftplus", aliases=("psoftplus",), cite="kunc2024", evidence="single source",
       summary="Softplus scaled by 1.5 and lowered by ln 2 through the origin.")  # fmt: skip
define("soft_plus_plus", "log(1 + exp(steepness*x)) + x/divisor - log(2)", steepness=param(1.0),
       divisor=param(2.0, low=1e-6), title="SoftPlusPlus", cite="kunc2024", evidence="single source",
       summary="Softplus plus a straight line, through the origin: it never saturates.")  # fmt: skip
define("rand_softplus", "(1 - mix)*max(x, 0) + mix*log(1 + exp(x))", mix=param(0.5, low=0.0, high=1.0), title="RandSoftplus",
       cite="kunc2024", evidence="single source",
       summary="Mixture of ReLU and softplus; the weight is meant to follow the input's noise level.")  # fmt: skip
define("resp", "where(x > 0, slope*x + log(2), log(1 + exp(x)))", slope=param(1.5, low=0.0), title="ReSP",
       aliases=("rectified_softplus",), cite="kunc2024", evidence="single source",
       summary="Softplus for negative inputs, a line of slope 1.4 to 2 for positive ones.")  # fmt: skip
define("softplus_linear_unit", "where(x > 0, x, 2*log((1 + exp(x))/2))", title="SoftplusLinearUnit", aliases=("slu",),
       cite="zhao2018", evidence="single source",
       summary="Identity for positive inputs, 2 softplus(x) - 2 ln 2 for negative ones; smooth at 0.")  # fmt: skip
define("prenu", "where(x > 0, x - alpha*log(1 + x), 0)", alpha=param(0.25), title="PReNU",
       aliases=("parametric_rectified_nonlinear_unit",), cite="kunc2024", evidence="single source",
       summary="Rectifier whose positive side is bent down by a logarithm.")  # fmt: skip
define("reblu", "where(x > 0, alpha*(sqrt(x**2 + 1) - 1) + x, 0)", alpha=param(0.0, low=-1.0, high=1.0, learnable=True),
       title="ReBLU", aliases=("rectified_blu",), cite="kunc2024", evidence="single source",
       summary="Rectifier with a learned bend: the bendable linear unit cut off at 0.")  # fmt: skip
define("sq_softplus", "where(x > 1/2, x, where(x > -1/2, (x + 1/2)**2/2, 0))", title="SqSoftplus",
       aliases=("square_softplus",), cite="wuraola2021", evidence="single source",
       summary="Softplus with a parabola on (-1/2, 1/2) instead of the exponential (the survey adds x to the parabola and "
       "the authors' code switches at 0; with either the curve jumps).")  # fmt: skip
define("v_relu_plus", "sqrt(x**2 + epsilon)", epsilon=param(0.01, low=1e-12), title="VReLUPlus",
       aliases=("mollified_absolute_value",), cite="kunc2024", evidence="single source",
       summary="Smooth absolute value: the hyperbola sqrt(x**2 + epsilon).")  # fmt: skip
