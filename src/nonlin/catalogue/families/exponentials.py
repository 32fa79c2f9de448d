"""Rectifiers with an exponential or smooth bend."""

from nonlin.catalogue.language import (
    Fraction,
    alpha,
    beta,
    exp,
    in_family,
    log,
    param,
    scale,
    sqrt,
    tanh,
    v,
    where,
    x,
)

define = in_family("exponentials")
define("elu", where(x > 0, x, alpha * (exp(x) - 1)), alpha=param(1.0), title="ELU", aliases=("felu", "fast_elu"), cite="clevert2016",
       evidence="peers", summary="Exponential linear unit: range (-alpha, inf), smooth at 0 for alpha = 1.")  # fmt: skip
define("celu", where(x > 0, x, alpha * (exp(x / alpha) - 1)), alpha=param(1.0, low=1e-6), title="CELU",
       cite="barron2017", evidence="peers", summary="ELU that stays continuously differentiable for every alpha.")  # fmt: skip
define("selu", scale * where(x > 0, x, alpha * (exp(x) - 1)), title="SELU",
       scale=param(1.0507009873554804934193349852946), alpha=param(1.6732632423543772848170429916717),
       cite="klambauer2017",
       evidence="paper", summary="Scaled ELU: keeps mean 0 and variance 1 with LeCun-normal weights and alpha dropout.")  # fmt: skip
define("softplus", log(1 + exp(beta * x)) / beta, beta=param(1.0, low=1e-6), cite="dugas2000",
       evidence="peers", summary="Smooth ReLU, the integral of the sigmoid; no linear switch-over at any threshold.")  # fmt: skip
define("mpelu", where(x > 0, x, alpha * (exp(beta * x) - 1)), alpha=param(1.0, learnable=True, per="channel"),
       beta=param(1.0, low=0.0, learnable=True, per="channel"), title="MPELU", cite="li2018",
       evidence="paper", summary="ELU with a learned depth and a learned decay of its negative part.")  # fmt: skip
define("pelu", where(x > 0, alpha / beta * x, alpha * (exp(x / beta) - 1)), alpha=param(1.0, low=1e-6, learnable=True),
       beta=param(1.0, low=1e-6, learnable=True), title="PELU", cite="trottier2017", evidence="peers",
       summary="ELU with learned depth and width whose two pieces always meet with equal slope, alpha/beta.")  # fmt: skip
define("xielu", where(x > 0, v("alpha_p") * x**2 + beta * x, v("alpha_n") * (exp(x) - 1 - x) + beta * x),
       alpha_p=param(0.8, low=0.0, learnable=True), alpha_n=param(0.8, low=0.0, above="beta", learnable=True),
       beta=param(0.5), title="xIELU", cite="huang2025", evidence="paper",
       summary="Integral of an expanded ELU: quadratic for positive inputs, with a learned dip below 0.")  # fmt: skip
define("exp", exp(x), title="Exp", shared=("exponential",), evidence="peers",
       cite="folklore", summary="The exponential function: positive outputs that multiply where inputs add; overflows early.")  # fmt: skip
define("difference_elu", "where(x > 0, x, alpha*(x*exp(x) - beta*exp(beta*x)))", title="DifferenceELU", alpha=0.3,
       beta=param(0.1, low=0.0), aliases=("diff_elu",), shared=("delu",), cite="kunc2024", evidence="single source",
       summary="ELU-like dip made of the difference of two exponential terms; jumps by alpha*beta at 0.")  # fmt: skip
define("edelu", "where(x > threshold, x, (exp(alpha*x) - 1)/beta)", title="EDELU",
       alpha=param(1.0, low=0.0, learnable=True, per="channel"), beta=param(1.0, low=1e-6, learnable=True, per="channel"),
       threshold=param(0.0, low=0.0, learnable=True, per="channel"), aliases=("extended_elu",), shared=("delu",),
       cite="kunc2024", evidence="single source",
       summary="ELU with trained decay, scale and switching point; continuous where threshold = "
       "(exp(alpha*threshold) - 1)/beta.")  # fmt: skip
define("erf_relu", "where(x > 0, x, alpha*erf(x))", title="ErfReLU", alpha=param(1.0, learnable=True, per="channel"),
       cite="rajanand2024", evidence="single source",
       summary="Identity for positive inputs, a trained multiple of the error function for negative ones.")  # fmt: skip
define("exp_tanh", "scale*exp(x)*tanh(x)", title="ETanh", scale=1.0, aliases=("e_tanh",), cite="kunc2024",
       evidence="single source",
       summary="Exponential times tanh: exponential growth on the right, a shallow dip returning to 0 on the "
       "left.")  # fmt: skip
define("negative_exponential", "exp(-x)", shared=("exponential",), cite="kunc2024", evidence="single source",
       summary="Decaying exponential, listed in a survey as `exponential`; frameworks mean exp(x) by that "
       "name.")  # fmt: skip
define("exponential_swish", "exp(-x)/(1 + exp(-x))", shared=("eswish",), cite="kunc2024", evidence="single source",
       summary="exp(-x)*sigmoid(x), which is sigmoid(-x): a falling sigmoid, not a swish.")  # fmt: skip
define("hard_srelue", "where(x > 0, x + alpha*x*clip((x + 1)/2, 0, 1), alpha*(exp(x) - 1))", title="HardSReLUE",
       alpha=param(0.5, low=0.0), cite="kilicarslan2023", evidence="single source",
       summary="Negative side of ELU; positive side the identity plus a hard-sigmoid-gated copy of it.")  # fmt: skip
define("lselu", "where(x > 0, scale*x, scale*alpha*(exp(x) - 1) + scale*slope*x)", title="LSELU", scale=1.0507009873554805,
       alpha=1.6732632423543772, slope=0.1, aliases=("leaky_selu",), cite="kunc2024", evidence="single source",
       summary="SELU plus a small line on the negative side, so that it does not saturate.")  # fmt: skip
define("lpselu", "where(x > 0, scale*x, scale*alpha*(exp(x) - 1) + slope*x)", title="LPSELU",
       scale=param(1.0507009873554805, learnable=True, per="channel"),
       alpha=param(1.6732632423543772, learnable=True, per="channel"), slope=0.01, aliases=("leaky_parametric_selu",),
       cite="kunc2024", evidence="single source",
       summary="Leaky SELU with trained scale and alpha; its leak is not multiplied by the scale.")  # fmt: skip
define("lpselu_rp", "where(x > 0, scale*x, scale*alpha*(exp(x) - 1) + slope*x) + offset", title="LPSELURP",
       scale=param(1.0507009873554805, learnable=True, per="channel"),
       alpha=param(1.6732632423543772, learnable=True, per="channel"), slope=0.01,
       offset=param(0.0, learnable=True, per="channel"), cite="kunc2024", evidence="single source",
       summary="LPSELU with a trained vertical offset, which settles slightly below 0 in practice.")  # fmt: skip
define("maxsig", "maximum(x, sigmoid(x))", aliases=("max_sigmoid",), cite="ramachandran2017", evidence="peers",
       summary="The larger of the input and its logistic function; they meet at x = 0.659.")  # fmt: skip
define("maxtanh", "maximum(x, tanh(x))", cite="ramachandran2017", evidence="peers",
       summary="The larger of the input and its tanh: identity for positive inputs, tanh for negative ones.")  # fmt: skip
define("isrlu", where(x > 0, x, x / sqrt(1 + alpha * x**2)), alpha=param(1.0, low=1e-6), title="ISRLU", cite="carlile2017",
       evidence="peers", aliases=("inverse_square_root_linear_unit",),
       summary="ELU with an algebraic negative side: range (-1/sqrt(alpha), inf), smooth to second order at 0.")  # fmt: skip
define("serlu", scale * where(x > 0, x, alpha * x * exp(x)), scale=param(1.07862), alpha=param(2.90427), title="SERLU",
       cite="zhang2018", evidence="peers", aliases=("scaled_exponentially_regularized_linear_unit",),
       summary="Self-normalising like SELU, with a bump for negative inputs instead of a plateau.")  # fmt: skip
define("ptelu", where(x > 0, x, alpha * tanh(beta * x)), alpha=param(1.0, low=0.0, learnable=True),
       beta=param(1.0, low=0.0, learnable=True), title="PTELU", cite="duggal2017", evidence="peers",
       summary="Identity above 0 and a learned tanh below it.")  # fmt: skip
define("delu_pishchik", where(x > 0, (v("n") + 0.5) * x + abs(exp(-x) - 1), x / (1 + exp(-x))), n=param(0.0, learnable=True),
       title="DELUPishchik", cite="pishchik2023", evidence="paper", shared=("delu",),
       summary="SiLU below 0; above it a line of learned slope plus 1 - e^-x.")  # fmt: skip
define("reu", "where(x > 0, x, x*exp(x))", title="REU", aliases=("rectified_exponential_unit", "suish"), cite="ying2019",
       evidence="peers",
       summary="Identity for positive inputs, x*exp(x) for negative ones: a dip that vanishes far out.")  # fmt: skip
define("preu", "where(x > 0, slope*x, slope*x*exp(decay*x))", slope=param(1.0, learnable=True, per="channel"),
       decay=param(1.0, low=0.0, learnable=True, per="channel"), title="PREU", aliases=("parametric_reu",), cite="kunc2024",
       evidence="single source",
       summary="REU with a learned slope and a learned rate of decay for negative inputs.")  # fmt: skip
define("pdelu", "where(x > 0, x, alpha*(max(1 + (1 - t)*x, 0)**(1/(1 - t)) - 1))",
       alpha=param(1.0, learnable=True, per="channel"), t=param(Fraction(9, 10), low=0.0, high=0.99), title="PDELU",
       aliases=("parametric_deformable_elu",), cite="cheng2020", evidence="peers",
       summary="ELU with the deformed exponential, a power, which reaches its floor at -1/(1 - t).")  # fmt: skip
define("pfelu", "where(x > 0, x, alpha*(exp(x) - 1)) + shift", alpha=param(1.0, learnable=True, per="channel"),
       shift=param(0.0, learnable=True, per="channel"), title="PFELU", aliases=("p_plus_felu", "svelu"), cite="kunc2024",
       evidence="single source",
       summary="ELU with learned floor and vertical shift; SvELU is the same with both fixed.")  # fmt: skip
define("pselu", "scale*where(x > 0, x, alpha*(exp(x) - 1))",
       scale=param(1.0507009873554804934193349852946, learnable=True, per="channel"),
       alpha=param(1.6732632423543772848170429916717, learnable=True, per="channel"), title="PSELU", cite="kunc2024",
       evidence="single source",
       summary="SELU with both constants learned, starting from the self-normalising values.")  # fmt: skip
define("sselu", "scale*where(x > 0, x, alpha*(exp(rate*x) - 1))", scale=param(1.0507009873554804934193349852946),
       alpha=param(1.6732632423543772848170429916717), rate=param(1.0, low=0.0), title="ScaledScaledELU", cite="kunc2024",
       evidence="single source",
       summary="SELU whose negative inputs are scaled before the exponential.")  # fmt: skip
define("shelu", "where(x + shift > 0, x + shift, alpha*(exp(x + shift) - 1))", alpha=param(1.0), shift=param(0.0),
       title="ShELU", aliases=("shifted_elu",), cite="grelsson2018", evidence="single source",
       summary="ELU shifted horizontally, so that it no longer passes through the origin.")  # fmt: skip
define("pshelu", "where(x + shift > 0, (x + shift)*alpha/beta, alpha*(exp((x + shift)/beta) - 1))",
       alpha=param(1.0, low=1e-6, learnable=True, per="channel"), beta=param(1.0, low=1e-6, learnable=True, per="channel"),
       shift=param(0.0, learnable=True, per="channel"), title="PShELU", cite="grelsson2018", evidence="single source",
       summary="PELU with a learned horizontal shift.")  # fmt: skip
define("psvelu", "where(x > 0, x*alpha/beta, alpha*(exp(x/beta) - 1)) + shift",
       alpha=param(1.0, low=1e-6, learnable=True, per="channel"), beta=param(1.0, low=1e-6, learnable=True, per="channel"),
       shift=param(0.0, learnable=True, per="channel"), title="PSvELU", cite="kunc2024", evidence="single source",
       summary="PELU with a learned vertical shift.")  # fmt: skip
define("rsigelu", "where(x > 1, x + alpha*x/(1 + exp(-x)), where(x > 0, x, alpha*(exp(x) - 1)))",
       alpha=param(0.5, low=0.0, high=1.0), title="RSigELU", aliases=("rsigelus",), cite="kilicarslan2021", evidence="paper",
       summary="Sigmoid-weighted above 1, linear on (0, 1], ELU below; it jumps at 1 (surveys print sigmoid(x)**alpha; the "
       "authors' code multiplies by alpha, and only so is alpha = 0 the ReLU).")  # fmt: skip
define("rsigelud", "where(x > 1, x + alpha*x/(1 + exp(-x)), where(x > 0, x, beta*(exp(x) - 1)))",
       alpha=param(0.5, low=0.0, high=1.0), beta=param(0.5, low=0.0, high=1.0), title="RSigELUD", cite="kilicarslan2021",
       evidence="paper",
       summary="RSigELU with a second parameter for the negative side.")  # fmt: skip
define("sign_relu", "where(x > 0, x, alpha*x/(1 + abs(x)))", alpha=param(1.0, low=0.0), title="SignReLU", aliases=("dlu",),
       cite="li2022", evidence="peers",
       summary="Identity for positive inputs and scaled softsign for negative ones; a rational function on each "
       "side.")  # fmt: skip
define("pfplus", "where(x > 0, amplitude*x, amplitude*x/(1 - rate*x))",
       amplitude=param(1.0, low=0.0, learnable=True, per="channel"), rate=param(1.0, low=0.0, learnable=True, per="channel"),
       title="PFPLUS", cite="duan2022", evidence="paper",
       summary="First power linear unit with sign, its amplitude and rate of saturation learned.")  # fmt: skip
define("sqlu", "where(x > 0, x, where(x > -2, x + x**2/4, -1))", title="SQLU", aliases=("square_linear_unit",),
       cite="wuraola2021", evidence="paper",
       summary="ELU with a parabola instead of the exponential: reaches its floor -1 at -2.")  # fmt: skip
define("thlu", "where(x > 0, x, tanh(x/2))", title="ThLU", aliases=("tanh_linear_unit",), cite="kunc2024",
       evidence="single source",
       summary="Identity for positive inputs and tanh(x/2) for negative ones; the slope halves at 0.")  # fmt: skip
define("trelu_tanh", "where(x > 0, x, tanh(steepness*x))", steepness=param(1.0, low=0.0, learnable=True, per="channel"),
       title="TReLUTanh", shared=("trelu",), aliases=("tanh_based_relu",), cite="kunc2024", evidence="single source",
       summary="Identity for positive inputs and tanh of learned steepness for negative ones.")  # fmt: skip
define("trelu2", "where(x > 0, x, height*tanh(x))", height=param(1.0), title="TReLU2", cite="kunc2024",
       evidence="single source",
       summary="Identity for positive inputs and tanh of adjustable height for negative ones.")  # fmt: skip
define("talu", "where(x > 0, x, where(x > lowest, tanh(x), tanh(lowest)))", lowest=param(-0.75, high=0.0, learnable=True),
       title="TaLU", cite="kunc2024", evidence="single source",
       summary="Identity for positive inputs, tanh down to a learned point, constant below it.")  # fmt: skip
define("ptalu", "where(x > knee, x, where(x > lowest, tanh(x), tanh(lowest)))", lowest=param(-0.75, learnable=True),
       knee=param(1.0, learnable=True, above="lowest"), title="PTaLU", cite="kunc2024", evidence="single source",
       summary="TaLU whose switch to the identity is learned too; it jumps there unless that is at 0.")  # fmt: skip
define("reltanh",
       "where(x > upper, (1 - tanh(upper)**2)*(x - upper) + tanh(upper), where(x > lower, tanh(x), (1 - tanh(lower)**2)*(x "
       "- lower) + tanh(lower)))", lower=param(-1.5, high=-1.5, learnable=True),
       upper=param(0.0, low=0.0, high=0.5, learnable=True), title="ReLTanh", cite="wang2019", evidence="paper",
       summary="Tanh between two learned points, continued by its tangents there: unbounded.")  # fmt: skip
define("tanh_linear", "where(x > 0, tanh(x), slope*x)", slope=param(1.0), title="TanhLinearCombination", cite="kunc2024",
       evidence="single source",
       summary="Tanh for positive inputs and a straight line for negative ones.")  # fmt: skip
define("tanh_zero", "where(x > 0, tanh(x), 0)", title="TanhZero", cite="kunc2024", evidence="single source",
       summary="Tanh for positive inputs and 0 for negative ones.")  # fmt: skip
define("sexp", "alpha*(exp(beta*x) - 1)", alpha=param(1.0, learnable=True, per="channel"),
       beta=param(1.0, learnable=True, per="channel"), title="SExp", cite="kunc2024", evidence="single source",
       summary="Exponential through the origin with learned scale and rate.")  # fmt: skip
define("symexp", "where(x > 0, exp(x) - 1, 1 - exp(-x))", cite="hafner2023", evidence="paper",
       summary="Symmetric exponential sign(x)*(exp(|x|) - 1), the inverse of symlog.")  # fmt: skip
define("save_exp", "alpha*exp(beta*x)", alpha=param(1.0, learnable=True), beta=param(1.0, learnable=True), title="SAVEExp",
       cite="kunc2024", evidence="single source",
       summary="Exponential with learned scale and rate.")  # fmt: skip
define("save_value_added_exp", "alpha*(1 - exp(-beta*x))", alpha=param(1.0, learnable=True), beta=param(1.0, learnable=True),
       title="SAVEValueAddedExp", cite="kunc2024", evidence="single source",
       summary="Saturating growth towards alpha for positive inputs, exponential for negative ones.")  # fmt: skip
define("save_prisoner_exp_sigmoid", "exp(x)/(1 + exp(-beta*x))", beta=param(1.0, low=0.0, learnable=True),
       title="SAVEPrisonerExpSigmoid", cite="kunc2024", evidence="single source",
       summary="Exponential gated by a sigmoid of learned steepness; positive everywhere.")  # fmt: skip
define("aeluc", "alpha*where(beta*x > 0, beta*x, exp(beta*x) - 1) + gamma*x*sigmoid(delta*x)",
       alpha=param(0.5, learnable=True), beta=param(1.0, low=0.0, learnable=True), gamma=param(0.5, learnable=True),
       delta=param(1.0, learnable=True), title="AELuC", cite="actix2025", evidence="single source",
       summary="Weighted sum of an ELU and a swish, weights and steepness learned.")  # fmt: skip
