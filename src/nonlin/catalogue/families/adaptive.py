"""Functions of many learned coefficients: rational functions, splines, mixtures."""

from nonlin.catalogue.language import (
    in_family,
    noise,
    param,
)

define = in_family("adaptive")
define("adaptive_blending_unit", "a*tanh(x) + b*where(x > 0, x, exp(x) - 1) + c*maximum(x, 0) + d*x*sigmoid(x) + e*x",
       title="ABU", a=param(0.2, learnable=True), b=param(0.2, learnable=True), c=param(0.2, learnable=True),
       d=param(0.2, learnable=True), e=param(0.2, learnable=True), aliases=("abu",), cite="sutfeld2018",
       evidence="single source",
       summary="Trained weighted sum, one set per layer, of tanh, ELU, ReLU, SiLU and the identity, starting "
       "at equal weights.")  # fmt: skip
define("apaf", "(a*maximum(x, 0) + b*sigmoid(x) + c*tanh(x) + d*x)/(a + b + c + d)", title="APAF",
       a=param(1.0, low=1e-6, learnable=True, per="channel"), b=param(1.0, low=1e-6, learnable=True, per="channel"),
       c=param(1.0, low=1e-6, learnable=True, per="channel"), d=param(1.0, low=1e-6, learnable=True, per="channel"),
       cite="liao2020", evidence="single source",
       summary="Trained weighted mean of ReLU, the logistic function, tanh and the identity.")  # fmt: skip
define("chebyshev_activation", "a0 + a1*x + a2*(2*x**2 - 1) + a3*(4*x**3 - 3*x)", title="ChPAF",
       a0=param(0.1, learnable=True), a1=param(0.1, learnable=True), a2=param(0.1, learnable=True),
       a3=param(0.1, learnable=True), cite="kunc2024", evidence="single source",
       summary="Cubic in the Chebyshev basis with coefficients trained for the whole network.")  # fmt: skip
define("legendre_activation", "a0 + a1*x + a2*(3*x**2 - 1)/2 + a3*(5*x**3 - 3*x)/2", title="LPAF",
       a0=param(0.1, learnable=True), a1=param(0.1, learnable=True), a2=param(0.1, learnable=True),
       a3=param(0.1, learnable=True), cite="kunc2024", evidence="single source",
       summary="Cubic in the Legendre basis with coefficients trained for the whole network.")  # fmt: skip
define("mixed_leaky_relu_elu", "where(x > 0, x, mix*slope*x + (1 - mix)*alpha*(exp(x) - 1))", title="MixedLeakyReLUELU",
       mix=param(0.5, learnable=True, per="channel"), slope=0.01, alpha=1.0, cite="qian2018", evidence="single source",
       summary="Trained mixture of leaky ReLU and ELU.")  # fmt: skip
define("gated_prelu_pelu",
       "where(x > 0, sigmoid(gate*x)*x + sigmoid(-gate*x)*alpha/beta*x, sigmoid(gate*x)*slope*x + "
       "sigmoid(-gate*x)*alpha*(exp(x/beta) - 1))",
       title="GatedPReLUPELU", gate=param(1.0, learnable=True, per="channel"),
       slope=param(0.01, learnable=True, per="channel"), alpha=param(1.0, low=1e-6, learnable=True, per="channel"),
       beta=param(1.0, low=1e-6, learnable=True, per="channel"), cite="qian2018", evidence="single source",
       summary="PReLU and PELU blended by a gate of the input, sigmoid(gate*x), all parameters trained.")  # fmt: skip
define("gln", "sigmoid(mix)*sin(x) + (1 - sigmoid(mix))*tanh(x) - offset", title="GLN", mix=param(0.0, learnable=True),
       offset=param(0.0, learnable=True), aliases=("global_local_neuron",), cite="kunc2024", evidence="single source",
       summary="Trained convex mixture of sine (global) and tanh (local), shifted by a trained offset.")  # fmt: skip
define("naf", "a*exp(-b*x**2) + c*sigmoid(d*x)", title="NAF", a=param(1.0, learnable=True),
       b=param(1.0, low=0.0, learnable=True), c=param(1.0, learnable=True), d=param(1.0, learnable=True),
       aliases=("neuron_adaptive_activation",), cite="kunc2024", evidence="single source",
       summary="Gaussian bump plus logistic function, all four numbers trained for the whole network.")  # fmt: skip
define("naf_extended", "a*sin(b*x) + c*exp(-d*x**2) + e*sigmoid(f*x)", title="NAFExtended", a=param(1.0, learnable=True),
       b=param(1.0, learnable=True), c=param(1.0, learnable=True), d=param(1.0, low=0.0, learnable=True),
       e=param(1.0, learnable=True), f=param(1.0, learnable=True), cite="kunc2024", evidence="single source",
       summary="Sine, Gaussian bump and logistic function added, all six numbers trained.")  # fmt: skip
define("rational_a", "where(abs(x) > 1, x*(a5 + a4/x + a3/x**2 + a2/x**3 + a1/x**4 + a0/x**5)"
       "/(1/x**4 + abs(b1/x**3) + abs(b2/x**2) + abs(b3/x) + abs(b4)), (a0 + a1*x + a2*x**2 + a3*x**3 + a4*x**4 + a5*x**5)"
       "/(1 + abs(b1*x) + abs(b2*x**2) + abs(b3*x**3) + abs(b4*x**4)))", title="RationalA", cite="molina2020",
       evidence="paper", aliases=("pau_a", "safe_pau"), shared=("pau", "rational", "pade_activation_unit"),
       tags=("rational",),
       **{f"a{k}": param(c, learnable=True)
          for k, c in enumerate((0.02980635, 0.6184063, 2.321547, 3.046879, 1.481573, 0.2501357))},
       **{f"b{k}": param(c, learnable=True) for k, c in enumerate((1.141233, 4.385738, 0.8692742, 0.345958), 1)},
       summary="Learned quotient of polynomials, each term of the denominator taken positive; starts as Leaky ReLU within "
               "0.030 (rms 0.0050) on [-3, 3].")  # fmt: skip
define("rational_b", "where(abs(x) > 1, x*(a5 + a4/x + a3/x**2 + a2/x**3 + a1/x**4 + a0/x**5)"
       "/(1/x**4 + abs(b1/x**3 + b2/x**2 + b3/x + b4)), (a0 + a1*x + a2*x**2 + a3*x**3 + a4*x**4 + a5*x**5)"
       "/(1 + abs(b1*x + b2*x**2 + b3*x**3 + b4*x**4)))", title="RationalB", cite="delfosse2021", evidence="paper",
       aliases=("pau_b",), shared=("pau", "rational", "pade_activation_unit"), tags=("rational",),
       **{f"a{k}": param(c, learnable=True)
          for k, c in enumerate((0.03358038, 0.505, 1.652017, 2.006435, 0.9293625, 0.1518624))},
       **{f"b{k}": param(c, learnable=True) for k, c in enumerate((0.0, 3.973138, 0.0, 0.3007176), 1)},
       summary="Rational unit with the denominator's polynomial taken positive as a whole; starts as Leaky ReLU within "
               "0.034 (rms 0.0055) on [-3, 3].")  # fmt: skip
define("rational_c", "where(abs(x) > 1, x*(a5 + a4/x + a3/x**2 + a2/x**3 + a1/x**4 + a0/x**5)"
       "/(epsilon/x**4 + abs(b0/x**4 + b1/x**3 + b2/x**2 + b3/x + b4)), (a0 + a1*x + a2*x**2 + a3*x**3 + a4*x**4 + a5*x**5)"
       "/(epsilon + abs(b0 + b1*x + b2*x**2 + b3*x**3 + b4*x**4)))", title="RationalC", cite="delfosse2021",
       evidence="paper", aliases=("pau_c",), shared=("pau", "rational", "pade_activation_unit"), tags=("rational",),
       epsilon=param(0.1, low=1e-6),
       **{f"a{k}": param(c, learnable=True)
          for k, c in enumerate((0.003801418, 0.04718788, 0.1407873, 0.160491, 0.07174054, 0.01135982))},
       **{f"b{k}": param(c, learnable=True)
          for k, c in enumerate((-0.01461005, 0.02907058, 0.2862598, 0.01389321, 0.02049128))},
       summary="Rational unit whose denominator has a free constant term and is at least epsilon; starts as Leaky ReLU "
               "within 0.034 (rms 0.0051) on [-3, 3].")  # fmt: skip
define("rational_d", "where(abs(x) > 1, x*(" + " + ".join(f"a{k}*(1 + deviation*(2*u{k} - 1))/x**{5 - k}" for k in range(6))
       + ")/(1/x**4 + abs(b1/x**3 + b2/x**2 + b3/x + b4)), "
       "(" + " + ".join(f"a{k}*(1 + deviation*(2*u{k} - 1))*x**{k}" for k in range(6))
       + ")/(1 + abs(b1*x + b2*x**2 + b3*x**3 + b4*x**4)))", title="RationalD", cite="delfosse2021", evidence="paper",
       aliases=("pau_d",), shared=("pau", "rational", "pade_activation_unit"), tags=("rational",), deviation=param(0.1, low=0.0, high=1.0),
       **{f"a{k}": param(c, learnable=True)
          for k, c in enumerate((0.03358038, 0.505, 1.652017, 2.006435, 0.9293625, 0.1518624))},
       **{f"b{k}": param(c, learnable=True) for k, c in enumerate((0.0, 3.973138, 0.0, 0.3007176), 1)},
       **{f"u{k}": noise("uniform") for k in range(6)},
       summary="Rational unit B whose numerator's coefficients each vary by up to the relative deviation while "
               "training.")  # fmt: skip
define("apl", "max(x, 0) + " + " + ".join(f"a{s}*max(b{s} - x, 0)" for s in range(1, 6)), title="APL",
       cite="agostinelli2015",
       evidence="paper", aliases=("aplu", "adaptive_piecewise_linear"),
       **{f"a{s}": param(0.0, learnable=True, per="channel") for s in range(1, 6)},
       **{f"b{s}": param(b, learnable=True, per="channel") for s, b in enumerate((-1.0, -0.5, 0.0, 0.5, 1.0), 1)},
       summary="ReLU plus five hinges of learned slope and place, per channel; ReLU until they have learned.")  # fmt: skip
define("splash", " + ".join(f"p{s}*max(x - b{s}, 0) + n{s}*max(-x - b{s}, 0)" for s in range(1, 5)), title="SPLASH",
       cite="tavakoli2021", evidence="single source",
       **{f"b{s}": param(b, low=0.0) for s, b in enumerate((0.0, 1.0, 2.0, 2.5), 1)},
       **{f"p{s}": param(float(s == 1), learnable=True) for s in range(1, 5)},
       **{f"n{s}": param(0.0, learnable=True) for s in range(1, 5)},
       summary="Learned slopes between fixed hinges placed symmetrically around 0; starts as ReLU.")  # fmt: skip
define("melu", "where(x > 0, x, slope*x)"
       " + c1*max(2 - abs(x - 2), 0) + c2*max(1 - abs(x - 1), 0) + c3*max(1 - abs(x - 3), 0)",
       title="MeLU", cite="maguolo2021", evidence="single source", aliases=("mexican_relu",),
       slope=param(0.0, learnable=True, per="channel"),
       **{f"c{j}": param(0.0, learnable=True, per="channel") for j in (1, 2, 3)},
       summary="PReLU plus three learned triangles on [0, 4], for inputs of that size; starts as ReLU.")  # fmt: skip
define("galu", "where(x > 0, x, slope*x)"
       " + c1*(max(1 - abs(x - 1), 0) - max(1 - abs(x - 3), 0))"
       " + c2*(max(1/2 - abs(x - 1/2), 0) - max(1/2 - abs(x - 3/2), 0))"
       " + c3*(max(1/2 - abs(x - 5/2), 0) - max(1/2 - abs(x - 7/2), 0))", title="GaLU", cite="nanni2020",
       evidence="single source", aliases=("gaussian_relu",), slope=param(0.0, learnable=True,
       per="channel"),
       **{f"c{j}": param(0.0, learnable=True, per="channel") for j in (1, 2, 3)},
       summary="PReLU plus three learned pairs of triangles of opposite sign on [0, 4]; starts as ReLU.")  # fmt: skip
define("kan_spline", "w_b*x/(1 + exp(-x)) + w_s*("
       + " + ".join(
           f"c{i}*where(abs({u}) < 1, (4 - 3*({u})**2*(2 - abs({u})))/6, max(2 - abs({u}), 0)**3/6)"
           for i, u in enumerate(f"(5*x + {7 - 2 * i})/2" for i in range(8))
       ) + ")", title="KANSpline", cite="liu2024", evidence="paper", aliases=("kan", "kolmogorov_arnold_spline"),
       w_b=param(1.0, learnable=True), w_s=param(1.0, learnable=True),
       **{f"c{i}": param(0.0, learnable=True) for i in range(8)},
       summary="SiLU plus a learned cubic spline: eight B-splines on five intervals of [-1, 1], which fade out "
               "at 2.2.")  # fmt: skip
define("pe2relu", "a*max(x, 0) + b*where(x > 0, x, exp(x) - 1) + (1 - a - b)*where(x > 0, 1 - exp(-x), x)",
       a=param(0.4, learnable=True, per="channel"), b=param(0.3, learnable=True, per="channel"), title="PE2ReLU",
       aliases=("perelu",), cite="kunc2024", evidence="single source",
       summary="Learned mixture of ReLU, ELU and ELU turned by half a circle.")  # fmt: skip
define("pe2relu1", "a*max(x, 0) + (1 - a)*where(x > 0, x + 1 - exp(-x), x + exp(x) - 1)",
       a=param(0.5, learnable=True, per="channel"), title="PE2ReLU1", cite="kunc2024", evidence="single source",
       summary="Learned mixture of ReLU and the odd function ELU(x) - ELU(-x).")  # fmt: skip
define("pe2id", "a*x + (1 - a)*where(x > 0, x + 1 - exp(-x), x + exp(x) - 1)", a=param(0.5, learnable=True, per="channel"),
       title="PE2Id", cite="kunc2024", evidence="single source",
       summary="Learned mixture of the identity and the odd function ELU(x) - ELU(-x).")  # fmt: skip
define("repsu",
       "where(x > threshold, alpha*(2*x - (x - threshold)*sigmoid((x - shift)/width)) + (1 - alpha)*(x - "
       "threshold)*sigmoid((x - shift)/width), 0)", alpha=param(0.5, learnable=True), threshold=param(0.0, learnable=True),
       shift=param(0.0, learnable=True), width=param(1.0, low=1e-6, learnable=True), title="RePSU", cite="atto2021",
       evidence="single source",
       summary="Learned mixture of a rectified swish (shrinking) and its mirror about the identity (stretching); the shape "
       "exponent is 1, as in the authors' experiments.")  # fmt: skip
