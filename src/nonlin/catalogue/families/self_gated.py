"""The input multiplied by a smooth gate of itself."""

from nonlin.catalogue.language import beta, clip, exp, in_family, log, normal_cdf, param, pi, sqrt, tanh, x

define = in_family("self-gated")

define("gelu", x * normal_cdf(x), title="GELU", cite="hendrycks2016",
       summary="Gaussian error linear unit, exact: x times the normal CDF.")  # fmt: skip
define("gelu_tanh", x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))), title="GELUTanh",
       aliases=("gelu_new", "gelu_approximate"), cite="hendrycks2016",
       summary="GELU's tanh approximation, a different function: up to 4.7e-4 away from the exact one.")  # fmt: skip
define("silu", x / (1 + exp(-x)), title="SiLU", aliases=("swish", "swish_1"), cite="elfwing2018",
       summary="Sigmoid linear unit; Swish with beta = 1.")  # fmt: skip
define("swish_beta", x / (1 + exp(-beta * x)), beta=param(1.0, learnable=True), title="SwishBeta",
       aliases=("parametric_swish", "learnable_swish"), cite="ramachandran2017",
       summary="Swish with its gate's steepness beta, learned unless the module is told learnable=False.")  # fmt: skip
define("mish", x * tanh(log(1 + exp(x))), cite="misra2020",
       summary="Self-regularised non-monotonic function: smooth, bounded below.")  # fmt: skip
define("hard_swish", x * clip(x + 3, 0, 6) / 6, aliases=("hard_silu",), cite="howard2019",
       summary="Piecewise quadratic approximation of SiLU.")  # fmt: skip
