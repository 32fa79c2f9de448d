"""Powers, roots, polynomials and logarithmic growth."""

from nonlin.catalogue.language import (
    alpha,
    arcsinh,
    beta,
    clip,
    gamma,
    in_family,
    log,
    maximum,
    param,
    sqrt,
    v,
    where,
    x,
)

define = in_family("algebraic")
define("square", x**2, title="Square", aliases=("quadratic",), evidence="peers",
       cite="folklore", summary="Square of the input, the nonlinearity that homomorphic encryption can evaluate exactly.")  # fmt: skip
define("arcsinh", arcsinh(x), title="Arcsinh", aliases=("asinh",), evidence="peers",
       cite="folklore", summary="Inverse hyperbolic sine: x near 0, logarithmic growth with the input's sign far out.")  # fmt: skip
define("arctid", "arctan(x)**2 - x", cite="ramachandran2017", evidence="single source",
       summary="Squared arctangent minus the identity: a falling line with a bend at 0.")  # fmt: skip
define("polylu", "where(x > 0, x, x/(1 - x))", title="PolyLU", aliases=("fplus", "polynomial_linear_unit"), cite="duan2022",
       evidence="single source",
       summary="Identity for positive inputs, 1/(1 - x) - 1 for negative ones: ELU's shape without an "
       "exponential, smooth at 0.")  # fmt: skip
define("comb_h_sine", "sinh(alpha*x) + arcsinh(alpha*x)", alpha=1.0, cite="kunc2024", evidence="single source",
       summary="Hyperbolic sine plus its inverse, found by evolution for recurrent cells; grows exponentially.")  # fmt: skip
define("hyper_sinh", "where(x > 0, sinh(x)/3, x**3/4)", cite="parisi2021", evidence="peers",
       summary="sinh(x)/3 for positive inputs, x**3/4 for negative ones; derivative jumps from 0 to 1/3 at 0.")  # fmt: skip
define("non_monotonic_cubic_unit", "x*(1 - x)*(1 + x)", aliases=("ncu",), cite="noel2021b", evidence="peers",
       summary="x - x**3: a cubic with zeros at -1, 0 and 1, so that one unit has three decision hyperplanes.")  # fmt: skip
define("symlog", "where(x < 0, -log(1 + abs(x)), log(1 + x))", aliases=("logarithmic_activation",), cite="hafner2023",
       evidence="paper",
       summary="sign(x)*log(1 + |x|): slope 1 at 0, logarithmic growth on both sides (a survey prints log(x) + "
       "1).")  # fmt: skip
define("ls_relu", "where(x > bound, log(1 + alpha*x) + abs(log(1 + alpha*bound) - bound), where(x > 0, x, x/(1 + abs(x))))",
       title="LSReLU", alpha=param(1.0, low=0.0), bound=param(1.0, low=0.0), cite="kunc2024", evidence="single source",
       summary="Softsign for negative inputs, identity up to the bound, logarithmic growth beyond it.")  # fmt: skip
define("bent_identity", (sqrt(x**2 + 1) - 1) / 2 + x, evidence="peers", aliases=("bent_id",),
       cite="folklore", summary="Identity with a smooth bend at 0: slope 1/2 far below, 3/2 far above.")  # fmt: skip
define("multiquadric", sqrt((x - v("c")) ** 2 + v("a") ** 2), c=param(0.0), a=param(1.0), cite="hardy1971",
       evidence="peers", aliases=("multiquadratic",),
       summary="Radial hyperbola around c: a smooth absolute value.")  # fmt: skip
define("nlrelu", log(1 + beta * maximum(x, 0)), beta=param(1.0, low=0.0), title="NLReLU", cite="liu2019", evidence="paper",
       aliases=("natural_log_relu", "natural_logarithm_relu"),
       summary="Logarithm of ReLU: grows without bound, ever more slowly.")  # fmt: skip
define("linear_quadratic", where(x > 2 - 2 * alpha, alpha * x + (1 - alpha) ** 2,
                                 where(x > 2 * alpha - 2, x * (4 - abs(x)) / 4, alpha * x - (1 - alpha) ** 2)),
       alpha=param(0.1, low=0.0, high=1.0), evidence="single source", aliases=("linq",),
       cite="folklore", summary="Two parabolas around 0 that go over smoothly into lines of slope alpha.")  # fmt: skip
define("spocu", v("a") * clip(x / gamma + v("b"), 0, v("c")) ** 3
       * (clip(x / gamma + v("b"), 0, v("c")) ** 5 - 2 * clip(x / gamma + v("b"), 0, v("c")) ** 4 + 2)
       - v("a") * v("b") ** 3 * (v("b") ** 5 - 2 * v("b") ** 4 + 2), title="SPOCU", cite="kiselak2020",
       evidence="single source", a=param(1.0), b=param(0.5, low=0.0, high=1.0), gamma=param(1.0, low=1e-6),
       c=param(1.0, low=1.0, high=10.0),
       summary="Scaled percolation polynomial u^3(u^5 - 2u^4 + 2) of u = x/gamma + b limited to [0, c], "
               "lowered to pass 0.")  # fmt: skip
define("squ", "x**2 + x", title="SQU", aliases=("shifted_quadratic_unit",), cite="noel2021b", evidence="peers",
       summary="Parabola through -1 and 0: its two zeros let a single neuron learn XOR.")  # fmt: skip
define("triple", "scale*x**3", scale=param(1.0), cite="kunc2024", evidence="single source",
       summary="A scaled cube.")  # fmt: skip
define("ssinh", "alpha*sinh(beta*x)", alpha=param(1.0, learnable=True, per="channel"),
       beta=param(1.0, learnable=True, per="channel"), title="SSinH", cite="kunc2024", evidence="single source",
       summary="Hyperbolic sine with learned scale and rate.")  # fmt: skip
