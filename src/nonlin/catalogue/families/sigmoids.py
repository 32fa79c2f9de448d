"""Bounded, S-shaped functions."""

from nonlin.catalogue.language import (
    Fraction,
    alpha,
    arctan,
    beta,
    clip,
    erf,
    exp,
    gamma,
    high,
    in_family,
    log,
    low,
    maximum,
    minimum,
    normal_cdf,
    param,
    scale,
    sigmoid,
    slope,
    softplus,
    sqrt,
    tanh,
    v,
    where,
    x,
)

define = in_family("sigmoids")
define("sigmoid", 1 / (1 + exp(-x)), aliases=("logistic", "expit"), cite="rumelhart1986",
       evidence="peers", summary="The logistic function: squashes to (0, 1); its output is not zero-centred.")  # fmt: skip
define("tanh", (exp(x) - exp(-x)) / (exp(x) + exp(-x)), cite="lecun1998",
       evidence="peers", summary="Hyperbolic tangent: zero-centred, squashes to (-1, 1); equals 2*sigmoid(2x) - 1.")  # fmt: skip
define("softsign", x / (1 + abs(x)), cite="turian2009",
       evidence="peers", summary="Like tanh with polynomial instead of exponential tails.")  # fmt: skip
define("hard_sigmoid", clip(x + 3, 0, 6) / 6, cite="howard2019",
       evidence="paper", summary="Piecewise linear sigmoid of slope 1/6 (the convention of PyTorch, JAX and Keras 3).")  # fmt: skip
define("hard_tanh", clip(x, low, high), low=param(-1.0), high=param(1.0), aliases=("clamp",), cite="collobert2004",
       evidence="peers", summary="Identity limited to [low, high]; the derivative at both ends is 0.")  # fmt: skip
define("log_sigmoid", log(1 / (1 + exp(-x))), aliases=("logsigmoid",), cite="rumelhart1986",
       evidence="peers", summary="Logarithm of the logistic function: the log-probability of a binary output.")  # fmt: skip
define("hard_sigmoid_02", clip(slope * x + v("offset"), 0, 1), slope=param(0.2), offset=param(0.5),
       title="HardSigmoid02", evidence="peers",
       cite="folklore", summary="Piecewise linear sigmoid of slope 0.2: the convention of Theano, Keras 2 and ONNX.")  # fmt: skip
define("sparse_sigmoid", clip(x + 1, 0, 2) / 2, aliases=("courbariaux_hard_sigmoid",), cite="courbariaux2015",
       evidence="peers",
       summary="Piecewise linear sigmoid of slope 1/2, from 0 at -1 to 1 at 1; sparsemax for two classes.")  # fmt: skip
define("arctan", arctan(x), title="Arctan", aliases=("atan",), evidence="peers",
       cite="folklore", summary="Inverse tangent: range (-pi/2, pi/2), approached only as fast as 1/x.")  # fmt: skip
define("erf", erf(x), title="Erf", evidence="peers",
       cite="folklore", summary="Gauss error function: an S-shape with Gaussian tails, 2*normal_cdf(sqrt(2)*x) - 1.")  # fmt: skip
define("laplace", (1 + erf((x - v("mu")) / (v("sigma") * sqrt(2)))) / 2, mu=param(0.707107),
       sigma=param(0.282095, low=1e-6), cite="ma2023", evidence="peers",
       summary="Normal CDF moved and narrowed to follow squared ReLU: the attention function of Mega.")  # fmt: skip
define("sigmoid_range", (high - low) / (1 + exp(-x)) + low, low=param(-1.0), high=param(1.0, above="low"),
       title="SigmoidRange", cite="howard2020", evidence="peers",
       summary="Sigmoid stretched to a range (low, high), for regression onto a known interval.")  # fmt: skip
define("dyt", gamma * tanh(alpha * x) + beta, alpha=param(0.5, learnable=True),
       gamma=param(1.0, learnable=True, per="channel"), beta=param(0.0, learnable=True, per="channel"), title="DyT",
       aliases=("dynamic_tanh",), cite="zhu2025", evidence="paper",
       summary="Dynamic tanh: a learned squashing used in place of a normalisation layer.")  # fmt: skip
define("adaptive_gumbel", "1 - exp(-softplus(x + log(alpha))/alpha)",
       alpha=param(1.0, low=1e-6, learnable=True, per="channel"), aliases=("agumb",), cite="farhadi2019",
       evidence="single source",
       summary="1 - (1 + alpha*exp(x))**(-1/alpha), written so that it cannot overflow: between Gumbel (0) and "
       "logistic (1).")  # fmt: skip
define("aranda_ordaz", "1 - exp(-softplus(x + log(alpha))/alpha)", alpha=param(2.0, low=1e-6), cite="gomes2013",
       evidence="peers",
       summary="1 - (1 + alpha*exp(x))**(-1/alpha) with a fixed alpha: a sigmoid of adjustable asymmetry.")  # fmt: skip
define("arctan_gr", "arctan(x)/((1 + sqrt(2))/2)", title="ArctanGR", cite="kunc2024", evidence="single source",
       summary="Arctangent divided by (1 + sqrt(2))/2; slope 0.83 at 0, range +-1.30.")  # fmt: skip
define("adaptive_slope_sigmoid", "sigmoid(alpha*x)", alpha=param(1.0, learnable=True), aliases=("assf",), cite="kunc2024",
       evidence="single source",
       summary="Logistic function with one trained slope for the whole layer; at alpha = 1 the logistic "
       "function.")  # fmt: skip
define("bimodal_sigmoid", "(sigmoid(x) + sigmoid(x + shift))/2", shift=1.0, cite="kunc2024", evidence="single source",
       summary="Mean of two logistic functions a shift apart, so that the derivative can have two peaks.")  # fmt: skip
define("bipolar_plus", "x/sqrt(x**2 + epsilon)", epsilon=param(0.01, low=1e-12), cite="kunc2024", evidence="single source",
       summary="The sign function made smooth: |x| in x/|x| is replaced by sqrt(x**2 + epsilon).")  # fmt: skip
define("bipolar_sigmoid_tanh", "where(x > 0, 2*sigmoid(x) - 1, tanh(x))", cite="kunc2024", evidence="single source",
       summary="Bipolar sigmoid tanh(x/2) for positive inputs, tanh for negative ones: slope 1/2 on one side "
       "of 0, 1 on the other.")  # fmt: skip
define("bipolar_sigmoid_zero", "where(x > 0, 2*sigmoid(x) - 1, 0)", cite="kunc2024", evidence="single source",
       summary="Bipolar sigmoid tanh(x/2) for positive inputs, 0 for negative ones.")  # fmt: skip
define("elliott", "where(x > 0, 1 - 1/(2*(1 + x)), 1/(2*(1 - x)))", aliases=("elliot",), cite="elliott1993",
       evidence="peers",
       summary="x/(2*(1 + |x|)) + 1/2, written without cancellation: softsign scaled and shifted to (0, 1), a "
       "sigmoid without an exponential.")  # fmt: skip
define("modified_elliott", "x/sqrt(1 + x**2) + 1/2", aliases=("mef",), cite="kunc2024", evidence="single source",
       summary="Inverse square root unit shifted up by 1/2: range (-1/2, 3/2).")  # fmt: skip
define("mishra", "where(x > 0, (x/(1 + x))**2/2 + x/(2*(1 + x)), x/(1 - x)/(2*(1 - x)))", cite="kunc2024",
       evidence="single source",
       summary="Mean of softsign and its square, without cancellation: dips to -1/8 at x = -1 and returns to 0 "
       "on the left.")  # fmt: skip
define("generalized_tanh", "alpha*(2*sigmoid(beta*x) - 1)", alpha=param(1.0, learnable=True, per="channel"),
       beta=param(1.0, learnable=True, per="channel"), aliases=("generalized_hyperbolic_tangent",), cite="kunc2024",
       evidence="single source",
       summary="alpha*(1 - exp(-beta*x))/(1 + exp(-beta*x)) with trained amplitude and steepness; starts as "
       "tanh(x/2).")  # fmt: skip
define("adaptive_hard_tanh", "clip(scale*(x - shift), -1, 1)", scale=param(1.0, low=0.0),
       shift=param(0.0, learnable=True, per="channel"), cite="kunc2024", evidence="single source",
       summary="Hard tanh with a trained shift and a scale that is raised during training until it is almost "
       "the sign function.")  # fmt: skip
define("horizontal_shifted_hard_tanh", "clip(x + shift, -1, 1)", shift=0.0, aliases=("sh_hard_tanh", "shifted_hard_tanh"),
       cite="kunc2024", evidence="single source",
       summary="Hard tanh moved left by the shift; the vertical variant adds the shift to the output instead.")  # fmt: skip
define("hexpo", "where(x > 0, -a*(exp(-x/b) - 1), c*(exp(x/d) - 1))", a=1.0, b=param(1.0, low=1e-6), c=1.0,
       d=param(1.0, low=1e-6), cite="kong2017", evidence="peers",
       summary="Two exponential saturations with their own heights a, c and rates b, d (a survey prints a sign "
       "that makes it grow).")  # fmt: skip
define("improved_logistic_sigmoid",
       "where(x > threshold, slope*(x - threshold) + sigmoid(threshold), where(x < -threshold, slope*(x + threshold) + "
       "sigmoid(-threshold), sigmoid(x)))",
       slope=param(0.1, low=0.0), threshold=param(2.0, low=0.0), aliases=("isigmoid", "improved_sigmoid"), cite="qin2019",
       evidence="single source",
       summary="Logistic function continued by straight lines beyond +-threshold, joined without a jump on "
       "both sides.")  # fmt: skip
define("new_sigmoid", "tanh(x)/sqrt(1 + tanh(x)**2)", cite="kunc2024", evidence="single source",
       summary="(exp(x) - exp(-x))/sqrt(2*(exp(2x) + exp(-2x))), written through tanh: saturates at "
       "+-1/sqrt(2).")  # fmt: skip
define("silu_derivative", "sigmoid(x)*(1 + x*(1 - sigmoid(x)))", title="SiLUDerivative", aliases=("derivative_silu",),
       shared=("dsilu",), cite="elfwing2018", evidence="paper",
       summary="The derivative of SiLU used as an activation: a steeper sigmoid that overshoots to 1.1 and "
       "-0.1.")  # fmt: skip
define("sqnl", where(x > 0, minimum(x, 2) - minimum(x, 2) ** 2 / 4, maximum(x, -2) + maximum(x, -2) ** 2 / 4), title="SQNL",
       cite="wuraola2018", evidence="peers", aliases=("square_nonlinearity",),
       summary="Two parabolas between -2 and 2, joined smoothly to -1 and 1: a sigmoid without exponentials.")  # fmt: skip
define("isru", x / sqrt(1 + alpha * x**2), alpha=param(1.0, low=1e-6), title="ISRU", cite="carlile2017", evidence="peers",
       aliases=("inverse_square_root_unit",),
       summary="Algebraic sigmoid with limits -1/sqrt(alpha) and 1/sqrt(alpha).")  # fmt: skip
define("soft_clipping", where(x > 1 / 2, 1 - (softplus(alpha * (1 - x)) - softplus(-alpha * x)) / alpha,
                              (softplus(alpha * x) - softplus(alpha * (x - 1))) / alpha),
       alpha=param(50.0, low=1e-6), cite="klimek2018", evidence="peers",
       summary="Clip to [0, 1] with corners rounded over a width 1/alpha; the two cases are one formula, "
               "mirrored.")  # fmt: skip
define("weighted_tanh", tanh(v("weight") * x), weight=param(1.0), cite="jagtap2020", evidence="peers",
       aliases=("adaptive_slope_tanh",),
       summary="tanh of a scaled input: the weight is the slope at 0.")  # fmt: skip
define("laaf_tanh", tanh(v("n") * v("a") * x), n=param(10.0, low=1.0), a=param(0.1, learnable=True), title="LAAFTanh",
       cite="jagtap2020laaf", evidence="peers",
       summary="Locally adaptive tanh: the slope a is learned, magnified by the fixed factor n; n*a starts at "
               "1.")  # fmt: skip
define("laaf_sigmoid", sigmoid(v("n") * v("a") * x), n=param(10.0, low=1.0), a=param(0.1, learnable=True),
       title="LAAFSigmoid", cite="jagtap2020laaf", evidence="single source",
       summary="Locally adaptive logistic function: learned slope a times the fixed factor n.")  # fmt: skip
define("lecun_tanh", scale * tanh(slope * x), scale=param(1.7159), slope=param(Fraction(2, 3)), title="LeCunTanh",
       cite="lecun1998", evidence="peers", aliases=("scaled_tanh", "stanh"),
       summary="tanh scaled so that f(1) = 1 and f(-1) = -1, where its second derivative is largest.")  # fmt: skip
define("bipolar_sigmoid", 2 / (1 + exp(-x)) - 1, evidence="peers",
       cite="folklore", summary="The logistic function stretched to (-1, 1), which is tanh(x/2).")  # fmt: skip
define("complementary_log_log", 1 - exp(-exp(x)), title="ComplementaryLogLog", cite="gomes2008",
       evidence="single source", aliases=("cloglog",),
       summary="Inverse of the complementary log-log link: approaches 1 much faster than 0.")  # fmt: skip
define("log_log", exp(-exp(-x)), cite="gomes2008", evidence="single source", aliases=("gompertz_curve",),
       summary="Inverse of the log-log link, the Gumbel distribution function: approaches 0 much faster than "
               "1.")  # fmt: skip
define("probit", normal_cdf(x), cite="gomes2008", evidence="single source", aliases=("gaussian_cdf", "phi"),
       summary="Normal distribution function, the inverse of the probit link: GELU's gate.")  # fmt: skip
define("derf", gamma * erf(alpha * x + v("shift")) + beta, title="Derf", cite="chen2025", evidence="paper",
       alpha=param(0.5, learnable=True), shift=param(0.0, learnable=True), gamma=param(1.0, learnable=True, per="channel"),
       beta=param(0.0, learnable=True, per="channel"), aliases=("dynamic_erf",),
       summary="Dynamic erf: stands in for a normalization layer, with its scale and bias per channel.")  # fmt: skip
define("penalized_tanh", where(x > 0, tanh(x), slope * tanh(x)), slope=param(0.25), cite="xu2016", evidence="peers",
       aliases=("penalised_tanh", "ptanh"), summary="tanh with its negative side scaled down, as Leaky ReLU does to the identity.")  # fmt: skip
define("linear_ramp", clip((x - low) / v("width"), 0, 1), low=param(0.0), width=param(1.0, low=1e-6),
       evidence="single source", aliases=("piecewise_linear_ramp",),
       cite="folklore", summary="0 up to low, 1 from low + width on, and the straight line between.")  # fmt: skip
define("taaf_sigmoid", alpha * sigmoid(beta * x + gamma) + v("delta"), title="TAAFSigmoid", cite="kunc2024taaf",
       evidence="single source", alpha=param(1.0, learnable=True), beta=param(1.0, learnable=True),
       gamma=param(0.0, learnable=True), delta=param(0.0, learnable=True),
       summary="Transformative adaptive logistic function: learned scale and shift of input and output.")  # fmt: skip
define("taaf_tanh", alpha * tanh(beta * x + gamma) + v("delta"), title="TAAFTanh", cite="kunc2024taaf",
       evidence="single source", alpha=param(1.0, learnable=True), beta=param(1.0, learnable=True),
       gamma=param(0.0, learnable=True), delta=param(0.0, learnable=True),
       summary="Transformative adaptive tanh: learned scale and shift of input and output.")  # fmt: skip
define("parametric_sigmoid_function", "exp(-power*log(1 + exp(-x)))", power=param(1.0, low=1e-6, learnable=True),
       title="PSF", cite="kunc2024", evidence="single source",
       summary="Logistic function raised to a learned power, which moves and sharpens its rise.")  # fmt: skip
define("psigmoid", "height/(1 + exp(-steepness*x))", height=param(1.0, learnable=True, per="channel"),
       steepness=param(1.0, learnable=True), title="PSigmoid", aliases=("scaled_logistic_sigmoid", "parametric_sigmoid"),
       cite="kunc2024", evidence="single source",
       summary="Logistic function of learned height and steepness.")  # fmt: skip
define("variant_sigmoid", "height/(1 + exp(-steepness*x)) - shift", height=param(1.0), steepness=param(1.0),
       shift=param(0.0), title="VariantSigmoid", aliases=("variant_sigmoid_function",), cite="kunc2024",
       evidence="single source",
       summary="Logistic function with fixed height, steepness and vertical shift.")  # fmt: skip
define("random_nn_adaptive_sigmoid", "1/(1 + exp(-(slope*x + shift)))", slope=param(1.0, learnable=True, per="channel"),
       shift=param(0.0, learnable=True, per="channel"), title="RandomNNAdaptiveSigmoid", cite="kunc2024",
       evidence="single source",
       summary="Logistic function with learned slope and shift, for networks of random fixed weights.")  # fmt: skip
define("save_resonance_tanh", "height*tanh(steepness*x + shift)", height=param(1.0, learnable=True),
       steepness=param(1.0, learnable=True), shift=param(0.0, learnable=True), title="SAVEResonanceTanh", cite="kunc2024",
       evidence="single source",
       summary="Tanh of learned height, steepness and horizontal shift.")  # fmt: skip
define("shape_autotuning_sigmoid", "2*tanh(alpha*x/2)/alpha", alpha=param(1.0, low=1e-6, learnable=True),
       title="ShapeAutotuningSigmoid", cite="kunc2024", evidence="single source",
       summary="Bipolar sigmoid of slope 1 at 0; one learned parameter sets range and steepness.")  # fmt: skip
define("richards_curve", "lowest + (highest - lowest)*exp(-log(1 + exp(-rate*(x - shift)))/nu)",
       lowest=param(0.0, learnable=True), highest=param(1.0, learnable=True), rate=param(1.0, learnable=True),
       shift=param(0.0, learnable=True), nu=param(1.0, low=1e-6, learnable=True), title="RichardsCurve",
       aliases=("generalised_logistic",), cite="richards1959", evidence="peers",
       summary="Generalised logistic function, a sigmoid to the power 1/nu between two free asymptotes.")  # fmt: skip
define("root2sigmoid", "tanh(log(2)*x/2)/(2*sqrt(2)*sqrt(1 + tanh(log(2)*x/2)**2))", title="Root2Sigmoid", cite="kunc2024",
       evidence="single source",
       summary="Sigmoid of range (-1/4, 1/4) from powers of the square root of 2, written with tanh.")  # fmt: skip
define("rootsig", "steepness*x/(1 + sqrt(1 + (steepness*x)**2))", steepness=param(1.0), title="Rootsig", cite="kunc2024",
       evidence="single source",
       summary="Algebraic sigmoid of range (-1, 1): the tangent of half the arctangent of its input.")  # fmt: skip
define("scaled_sigmoid", "2*(2/(1 + exp(-x)) - 1)", title="ScaledSigmoid", cite="kunc2024", evidence="single source",
       summary="Logistic function scaled to range (-2, 2) and slope 1 at 0.")  # fmt: skip
define("scaled_softsign", "height*x/(width + abs(x))", height=param(1.0, learnable=True, per="channel"),
       width=param(1.0, low=1e-6, learnable=True, per="channel"), title="ScaledSoftsign", cite="pishchik2023",
       evidence="single source",
       summary="Softsign with a learned range and a learned width of the transition.")  # fmt: skip
define("sigmoid_algebraic", "1/(1 + exp(-x/(abs(x) + 1/(1 + alpha*abs(x)))))", alpha=param(1.0, low=0.0),
       title="SigmoidAlgebraic", cite="kunc2024", evidence="single source",
       summary="Logistic function of an algebraic sigmoid of the input; range about (0.27, 0.73).")  # fmt: skip
define("sigmoid_gumbel", "exp(-exp(-x))/(1 + exp(-x))", title="SigmoidGumbel", cite="kunc2024", evidence="single source",
       summary="Logistic function times the Gumbel distribution function: an asymmetric rise from 0 to 1.")  # fmt: skip
define("step_plus", "(1 + x/sqrt(x**2 + epsilon))/2", epsilon=param(0.01, low=1e-12, learnable=True), title="StepPlus",
       cite="kunc2024", evidence="single source",
       summary="Smooth unit step, the derivative of Squareplus.")  # fmt: skip
define("stac_tanh",
       "where(x > knee, tanh(knee) + slope*(x - knee), where(x > -knee, tanh(x), slope*(x + knee) - tanh(knee)))",
       knee=param(1.0, low=0.0, learnable=True), slope=param(0.1, learnable=True), title="STACTanh", cite="kunc2024",
       evidence="single source",
       summary="Tanh up to a learned threshold, continued on both sides by lines of a learned slope.")  # fmt: skip
define("triple_state_sigmoid", "sigmoid(x)*(sigmoid(x) + sigmoid(x - first) + sigmoid(x - second))", first=param(20.0),
       second=param(40.0, above="first"), title="TripleStateSigmoid", cite="kunc2024", evidence="single source",
       summary="Three logistic steps, at 0 and at two shifted points: a staircase from 0 to 3.")  # fmt: skip
define("psigramp", "mix/(1 + exp(-x)) + (1 - mix)*clip(slope*x + 1/2, 0, 1)",
       mix=param(0.5, low=0.0, high=1.0, learnable=True, per="channel"),
       slope=param(1.0, low=1e-6, learnable=True, per="channel"), title="PSigRamp", cite="kunc2024",
       evidence="single source",
       summary="Learned mixture of the logistic function and a ramp of learned slope.")  # fmt: skip
define("siglin", "1/(1 + exp(-x)) + slope*x", slope=param(0.1), title="SigLin", cite="kunc2024", evidence="single source",
       summary="Logistic function plus a small straight line, so that its gradient never vanishes.")  # fmt: skip
define("tanhlu", "alpha*tanh(steepness*x) + slope*x", alpha=param(1.0, learnable=True, per="channel"),
       steepness=param(1.0, learnable=True, per="channel"), slope=param(0.0, learnable=True, per="channel"), title="TanhLU",
       cite="shen2022", evidence="peers",
       summary="Tanh plus a straight line, all three coefficients learned: unbounded where tanh saturates.")  # fmt: skip
define("adaptive_bi_hyperbolic", "alpha*tanh(beta*x) + (1 - alpha)*tanh(gamma*x)**3", alpha=param(0.5, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(1.0, learnable=True), title="AdaptiveBiHyperbolic", cite="actix2025",
       evidence="single source",
       summary="Learned mixture of tanh and its cube.")  # fmt: skip
define("atan_sigmoid", "arctan(x)*sigmoid(x)", title="ATanSigmoid", cite="actix2025", evidence="single source",
       summary="Arctangent gated by the logistic function: from 0 to pi/2, with a shallow dip.")  # fmt: skip
define("optimx_temporal", "alpha*tanh(beta*x) + gamma*sigmoid(delta*x)", alpha=param(0.5, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(0.5, learnable=True), delta=param(1.0, learnable=True),
       title="OptimXTemporal", cite="actix2025", evidence="single source",
       summary="Learned sum of a tanh and a logistic function.")  # fmt: skip
define("riemannian_softsign", "arctan(x)*erf(x)/(1 + abs(x))", title="RiemannianSoftsignActivation", cite="actix2025",
       evidence="single source",
       summary="Product of arctangent and error function over 1 + |x|: even, 0 at the origin and far out.")  # fmt: skip
define("sigmoid_erf", "sigmoid(x)*erf(x)", title="SigmoidErf", cite="actix2025", evidence="single source",
       summary="Error function gated by the logistic function: from 0 to 1, with a shallow dip.")  # fmt: skip
define("tanh_arc", "tanh(x)*arctan(x)", title="TanhArc", cite="actix2025", evidence="single source",
       summary="Product of tanh and arctangent: even, 0 at the origin, pi/2 far out.")  # fmt: skip
