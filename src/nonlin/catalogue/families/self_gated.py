"""The input multiplied by a smooth gate of itself."""

from nonlin.catalogue.language import (
    alpha,
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
    normal_cdf,
    param,
    pi,
    scale,
    sigmoid,
    sqrt,
    tanh,
    threshold,
    v,
    where,
    x,
)

define = in_family("self-gated")
define("gelu", x * normal_cdf(x), title="GELU", cite="hendrycks2016",
       evidence="paper", summary="Gaussian error linear unit, exact: x times the normal CDF.")  # fmt: skip
define("gelu_tanh", x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))), title="GELUTanh",
       aliases=("gelu_new", "gelu_approximate"), cite="hendrycks2016",
       evidence="paper", summary="GELU's tanh approximation, a different function: up to 4.7e-4 away from the exact one.")  # fmt: skip
define("silu", x / (1 + exp(-x)), title="SiLU", aliases=("swish", "swish_1"), cite="elfwing2018",
       evidence="paper", summary="Sigmoid linear unit; Swish with beta = 1.")  # fmt: skip
define("swish_beta", x / (1 + exp(-beta * x)), beta=param(1.0, learnable=True), title="SwishBeta",
       aliases=("parametric_swish", "learnable_swish"), cite="ramachandran2017",
       evidence="paper", summary="Swish with its gate's steepness beta, learned unless the module is told learnable=False.")  # fmt: skip
define("mish", x * tanh(log(1 + exp(x))), cite="misra2020",
       evidence="paper", summary="Self-regularised non-monotonic function: smooth, bounded below.")  # fmt: skip
define("hard_swish", x * clip(x + 3, 0, 6) / 6, aliases=("hard_silu",), cite="howard2019",
       evidence="paper", summary="Piecewise quadratic approximation of SiLU.")  # fmt: skip
define("hard_mish", x * clip(x + 2, 0, 2) / 2, aliases=("h_mish", "sqreu", "square_reu"), cite="misra2020", evidence="single source",
       summary="Piecewise quadratic approximation of Mish, exactly x above 0.")  # fmt: skip
define("beta_mish", x * tanh(beta * log(1 + exp(x))), beta=param(1.5, low=0.0), cite="misra2019", evidence="paper",
       summary="Mish with a factor beta on the softplus inside its gate.")  # fmt: skip
define("mila", x * tanh(log(1 + exp(beta + x))), beta=param(-0.25), cite="misra2019", evidence="paper",
       summary="Mish with its gate shifted by beta, which moves and deepens the minimum.")  # fmt: skip
define("quick_gelu", x / (1 + exp(-1.702 * x)), title="QuickGELU", cite="hendrycks2016", evidence="paper",
       summary="GELU's sigmoid approximation, a different function: up to 0.0203 away from the exact one.")  # fmt: skip
define("clipped_gelu", clip(x * normal_cdf(x), low, high), low=param(-10.0), high=param(10.0, above="low"),
       title="ClippedGELU", aliases=("gelu_10",), cite="wu2020", evidence="single source",
       summary="GELU limited to a range, so that its small negative values survive quantisation.")  # fmt: skip
define("squared_relu", maximum(x, 0)**2, title="SquaredReLU", aliases=("relu2", "relu_squared", "requ"), cite="so2021",
       evidence="paper", summary="Square of ReLU: a continuous derivative, and quadratic growth.")  # fmt: skip
define("repu", maximum(x, 0)**v("exponent"), exponent=param(2.0, low=2.0), title="RePU",
       aliases=("rectified_power_unit",), cite="li2019", evidence="peers",
       summary="Power of ReLU: as many continuous derivatives as the exponent, less one.")  # fmt: skip
define("star_relu", scale * maximum(x, 0)**2 + v("bias"), scale=param(0.8944, learnable=True),
       bias=param(-0.4472, learnable=True), title="StarReLU", cite="yu2024", evidence="paper",
       summary="Squared ReLU scaled and shifted to mean 0 and variance 1 on standard normal inputs.")  # fmt: skip
define("tanh_exp", x * tanh(exp(x)), aliases=("telu_tanhexp", "hyperbolic_tangent_exponential_linear_unit"),
       shared=("telu",), cite="liu2021", evidence="paper",
       summary="Gate tanh(exp(x)), near 1 already at 1; published again as TeLU in 2024.")  # fmt: skip
define("serf", x * erf(log(1 + exp(x))), cite="nag2023", evidence="peers",
       summary="Mish with erf in place of tanh in the gate.")  # fmt: skip
define("logish", x * log(1 + 1 / (1 + exp(-x))), cite="zhu2021", evidence="paper",
       summary="Gate log(1 + sigmoid(x)), which tends to log(2): linear growth of slope 0.693.")  # fmt: skip
define("smish", alpha * x * tanh(log(1 + 1 / (1 + exp(-beta * x)))), alpha=param(1.0), beta=param(1.0), cite="wang2022",
       evidence="paper", summary="Logish with tanh around its gate: linear growth of slope 3/5.")  # fmt: skip
define("phish", x * tanh(x * normal_cdf(x)), cite="naveen2022", evidence="paper",
       summary="Input times tanh of its GELU: quadratic near 0, small and positive below.")  # fmt: skip
define("x_erf", x * erf(alpha * x), alpha=param(1.0), title="XErf", evidence="single source",
       cite="folklore", summary="Input times erf of the scaled input: a smooth absolute value with Gaussian convergence.")  # fmt: skip
define("acon_c", (v("p1") - v("p2")) * x / (1 + exp(-beta * (v("p1") - v("p2")) * x)) + v("p2") * x,
       p1=param(1.0, learnable=True, per="channel"), p2=param(0.0, learnable=True, per="channel"),
       beta=param(1.0, learnable=True, per="channel"), title="AconC", cite="ma2021",
       evidence="paper",
       summary="Smooth maximum of two learned lines p1*x and p2*x; for beta = 0 it is linear.")  # fmt: skip
define("ahaf", "alpha*x*sigmoid(beta*x)", title="AHAF", alpha=param(1.0, learnable=True, per="channel"),
       beta=param(1.0, learnable=True, per="channel"), aliases=("adaptive_hybrid_activation",), cite="bodyanskiy2022",
       evidence="single source",
       summary="Swish with a trained height as well as a trained steepness; starts as SiLU.")  # fmt: skip
define("aqulu", "where(x > (1 - beta)/alpha, x, where(x > -beta/alpha, alpha*x**2 + beta*x, 0))", title="AQuLU",
       alpha=param(0.25, low=1e-6, learnable=True, per="channel"), beta=param(0.5, learnable=True, per="channel"),
       aliases=("adaptive_quadratic_linear_unit",), cite="kunc2024", evidence="single source",
       summary="0, a trained parabola, then the identity, continuous throughout; alpha = 1/6, beta = 1/2 is "
       "hard swish.")  # fmt: skip
define("arctan_silu", "arctan(x*sigmoid(x))", title="ArctanSiLU", aliases=("asilu",), cite="kunc2024",
       evidence="single source",
       summary="Arctangent of SiLU: its dip with an upper limit of pi/2.")  # fmt: skip
define("cauchy_linear_unit", "where(x > -1, x*(arctan(x)/pi + 1/2), -x*arctan(1/x)/pi)", aliases=("calu",), cite="kunc2024",
       evidence="single source",
       summary="x times the Cauchy CDF: falls to -1/pi on the left; 1/2 + arctan(x)/pi = -arctan(1/x)/pi "
       "avoids cancellation.")  # fmt: skip
define("laplace_linear_unit", "where(x > 0, x*(1 - exp(-x)/2), x*exp(x)/2)", aliases=("lalu",), cite="kunc2024",
       evidence="single source",
       summary="x times the CDF of the Laplace distribution, as GELU with the normal and SiLU with the "
       "logistic one.")  # fmt: skip
define("double_silu", "x*sigmoid(x*sigmoid(x))", title="DoubleSiLU", shared=("dsilu",), cite="kunc2024",
       evidence="single source",
       summary="x gated by the logistic function of SiLU; unlike SiLU it tends to x/2 on the left.")  # fmt: skip
define("eanaf", "x*sigmoid(x - log(2))", title="EANAF", cite="chai2022", evidence="single source",
       summary="x*tanh(softplus(x)/2) = x*exp(x)/(exp(x) + 2): SiLU with its gate moved right by log(2).")  # fmt: skip
define("falu", "x*sigmoid(beta*x) + alpha*sigmoid(beta*x)*(1 - x*sigmoid(beta*x))", title="FALU",
       alpha=param(0.5, low=0.0, high=1.0, learnable=True, per="channel"), beta=param(1.0, learnable=True, per="channel"),
       aliases=("fractional_adaptive_linear_unit",), cite="zamora2022", evidence="single source",
       summary="Approximate fractional derivative of swish of trained order alpha; only the published branch "
       "for orders 0 to 1.")  # fmt: skip
define("generalized_swish", "x*sigmoid(exp(-x))", aliases=("gswish",), cite="kunc2024", evidence="single source",
       summary="x times sigmoid(exp(-x)): slope 1 far to the left, 1/2 far to the right.")  # fmt: skip
define("gish", "x*log1p(-expm1(-exp(x)))", cite="kaytan2023", evidence="paper",
       summary="x*log(2 - exp(-exp(x))), written without its cancellation; slope log(2) = 0.69 for large "
       "inputs.")  # fmt: skip
define("loglogish", "x*(1 - exp(-exp(x)))", title="LogLogish", cite="kunc2024", evidence="single source",
       summary="x gated by the complementary log-log function.")  # fmt: skip
define("lau", "x*log(1 + alpha*sigmoid(beta*x))", title="LAU", alpha=param(1.0, low=0.0, learnable=True),
       beta=param(1.0, learnable=True), aliases=("logmoid",), cite="kunc2024", evidence="single source",
       summary="Logish with two trained numbers in its gate, one pair for each layer; starts as Logish.")  # fmt: skip
define("leaf", "(a*x + b)*sigmoid(c*x) + d", title="LEAF", a=param(1.0, learnable=True, per="channel"),
       b=param(0.0, learnable=True, per="channel"), c=param(1.0, learnable=True, per="channel"),
       d=param(0.0, learnable=True, per="channel"), aliases=("learnable_extended_activation",), cite="bodyanskiy2023",
       evidence="single source",
       summary="A trained line times a trained gate plus an offset: contains SiLU, swish, the sigmoid and "
       "tanh; starts as SiLU.")  # fmt: skip
define("modified_silu", "x*sigmoid(x) + exp(-x**2 - 1)/4", title="ModifiedSiLU", aliases=("msilu",), cite="kunc2024",
       evidence="single source",
       summary="SiLU plus a small Gaussian bump of height 0.09 at 0.")  # fmt: skip
define("oaf", "maximum(x, 0) + x*sigmoid(x)", title="OAF", aliases=("optimal_activation_function",), cite="kunc2024",
       evidence="single source",
       summary="Sum of ReLU and SiLU: slope 2 for large inputs.")  # fmt: skip
define("pgelu", "x*normal_cdf(x/scale)", title="PGELU", scale=param(1.0, low=1e-6, learnable=True),
       aliases=("parametric_gelu", "geu"), cite="kunc2024", evidence="single source",
       summary="GELU whose gate has a trained width, the size of the noise it stands for; starts as GELU.")  # fmt: skip
define("adaptive_hard_swish", "2*x*clip(beta*x/5 + 1/2, 0, 1)", beta=param(1.0, learnable=True, per="channel"),
       cite="kunc2024", evidence="single source",
       summary="Twice x times a hard sigmoid of trained steepness: slope 2 for large inputs, unlike the hard "
       "swish of MobileNetV3.")  # fmt: skip
define("tanh_elu", "x*tanh(where(alpha*x > 0, alpha*x, exp(alpha*x) - 1))", title="TanhELU",
       alpha=param(1.0, learnable=True, per="channel"), shared=("telu",), cite="mercioni2020", evidence="single source",
       summary="x times tanh of ELU with a trained input scale; one of two functions called TeLU.")  # fmt: skip
define("elish", where(x > 0, x / (1 + exp(-x)), (exp(x) - 1) / (1 + exp(-x))), title="ELiSH", cite="basirat2018",
       evidence="peers", aliases=("exponential_linear_sigmoid_squashing",),
       summary="SiLU for positive inputs, ELU times the sigmoid for negative ones.")  # fmt: skip
define("hard_elish", where(x > 0, x * clip(x + 1, 0, 2) / 2, (exp(x) - 1) * clip(x + 1, 0, 2) / 2), title="HardELiSH",
       cite="basirat2018", evidence="peers", aliases=("hard_exponential_linear_sigmoid_squashing",),
       summary="ELiSH with the sigmoid (x + 1)/2 limited to [0, 1]: the identity above 1, zero below -1.")  # fmt: skip
define("e_swish_alcaide", beta * x / (1 + exp(-x)), beta=param(1.75), title="ESwishAlcaide", cite="alcaide2018", evidence="peers",
       shared=("eswish",),
       summary="SiLU times a constant, for which the paper tries values from 1 to 2; beta does not enter the "
               "gate.")  # fmt: skip
define("flatten_t_swish", where(x > 0, x / (1 + exp(-x)) + threshold, threshold), threshold=param(-0.2),
       title="FlattenTSwish", cite="chieng2018", evidence="peers", aliases=("fts", "ftswish", "relu_swish"),
       summary="SiLU for positive inputs and 0 for the rest, all shifted by the threshold.")  # fmt: skip
define("aria", "x*(lower + (upper - lower)/(c + q*exp(-growth*x))**(1/nu))", title="ARiA", cite="patwardhan2018",
       evidence="peers", lower=param(0.0), upper=param(1.0), growth=param(1.0), nu=param(1.0, low=1e-6),
       c=param(1.0, low=1e-6), q=param(1.0, low=0.0),
       summary="Input times Richards' growth curve with asymptotes lower and upper; SiLU at the defaults.")  # fmt: skip
define("aria2", x * exp(-v("a") * log(1 + exp(-v("b") * x))), a=param(1.5, low=1e-6), b=param(2.0), title="ARiA2",
       cite="patwardhan2018", evidence="peers",
       summary="ARiA with two parameters: the gate is a power of the sigmoid, which makes it asymmetric.")  # fmt: skip
define("golu", x * exp(-exp(-x)), title="GoLU", cite="das2025", evidence="paper",
       aliases=("gompertz_linear_unit", "exp_expish"),
       summary="Input times the Gompertz curve, the distribution function of the Gumbel distribution.")  # fmt: skip
define("colu", where(x > 0, x / (1 - x * exp(-(x + exp(x)))), x * exp(x + exp(x)) / (exp(x + exp(x)) - x)),
       title="CoLU", cite="vagerwal2021", evidence="paper",
       aliases=("collapsing_linear_unit",),
       summary="x/(1 - x e^-(x + e^x)): non-monotonic and smooth like Mish; the two cases are one formula.")  # fmt: skip
define("aptx", (alpha + tanh(beta * x)) * gamma * x, alpha=param(1.0), beta=param(1.0), gamma=param(0.5), title="APTx",
       cite="kumar2022", evidence="paper",
       summary="Input gated by a shifted tanh: near Mish at the defaults, exactly SiLU at beta = 1/2.")  # fmt: skip
define("tangma", x * tanh(x + alpha) + gamma * x, alpha=param(0.0, learnable=True), gamma=param(0.0, learnable=True),
       cite="golwala2025", evidence="single source",
       summary="Input times a tanh of learned shift, plus a learned linear part.")  # fmt: skip
define("swish_t", x / (1 + exp(-beta * x)) + alpha * tanh(x), beta=param(1.0, learnable=True), alpha=param(0.1),
       title="SwishT", cite="seo2024", evidence="peers",
       summary="Swish plus a tanh bias that lets through larger negative values.")  # fmt: skip
define("swish_t_a", x / (1 + exp(-x)) + alpha * tanh(x / 2), alpha=param(0.1), title="SwishTA", cite="seo2024",
       evidence="peers",
       summary="Swish-T with the bias alpha*tanh(x/2) and no other parameter: one sigmoid to compute.")  # fmt: skip
define("swish_t_b", x / (1 + exp(-beta * x)) + alpha * tanh(beta * x / 2), beta=param(1.0, learnable=True), alpha=param(0.1),
       title="SwishTB", cite="seo2024", evidence="peers",
       summary="Swish-T A with a learned steepness: the bias is alpha*tanh(beta*x/2).")  # fmt: skip
define("swish_t_c", x / (1 + exp(-beta * x)) + alpha / beta * tanh(beta * x / 2), title="SwishTC", cite="seo2024",
       evidence="peers", beta=param(1.0, low=1e-6, learnable=True), alpha=param(0.1),
       summary="Swish-T B with the bias divided by beta, which holds its slope at 0.")  # fmt: skip
define("acon_b", (1 - v("p")) * x / (1 + exp(-beta * (1 - v("p")) * x)) + v("p") * x, title="ACONB", cite="ma2021",
       evidence="peers", beta=param(1.0, learnable=True, per="channel"), p=param(0.25, learnable=True, per="channel"),
       aliases=("aconb",),
       summary="Smooth maximum of x and p*x, with learned slope p and switching factor beta.")  # fmt: skip
define("pflu", x / 2 * (1 + x / sqrt(1 + x**2)), title="PFLU", cite="zhu2021pflu", evidence="peers",
       aliases=("power_function_linear_unit",),
       summary="Input gated by an algebraic sigmoid: falls off like 1/(4x) for negative inputs.")  # fmt: skip
define("fpflu", where(x > 0, x, x * (1 + x / sqrt(1 + x**2))), title="FPFLU", cite="zhu2021pflu",
       evidence="single source", aliases=("faster_pflu",),
       summary="PFLU doubled for negative inputs and the identity for positive ones, which is faster.")  # fmt: skip
define("swim", x / 2 * (1 + v("k") * x / sqrt(1 + x**2)), k=param(0.5, learnable=True), cite="abdool2023",
       evidence="single source",
       summary="PFLU with a learned weight of its gate; slopes (1 - k)/2 and (1 + k)/2 far out.")  # fmt: skip
define("erf_act", x * erf(alpha * exp(beta * x)), alpha=param(0.5, learnable=True), beta=param(1.0, learnable=True),
       title="ErfAct", cite="biswas2021erfact", evidence="peers",
       summary="Input gated by erf of a learned exponential.")  # fmt: skip
define("pserf", x * erf(gamma * log(1 + exp(v("sigma") * x))), gamma=param(1.0, learnable=True), title="PSerf",
       sigma=param(1.25, learnable=True), cite="biswas2021erfact", evidence="peers",
       summary="Serf, input times erf of the softplus, with two learned scales.")  # fmt: skip
define("tanh_soft_2", x * tanh(beta * exp(gamma * x)), beta=param(0.6, learnable=True), gamma=param(1.0, learnable=True),
       title="TanhSoft2", cite="biswas2020tanhsoft", evidence="paper",
       summary="Input gated by tanh of a learned exponential; x*tanh(e^x) at beta = 1.")  # fmt: skip
define("tanh_soft_3", where(x > 1, x + log(tanh(alpha * x) + exp(-x)), log(1 + exp(x) * tanh(alpha * x))),
       alpha=param(1.0, low=0.0, learnable=True), title="TanhSoft3", cite="biswas2020tanhsoft", evidence="single source",
       summary="ln(1 + e^x tanh(alpha*x)): softplus whose exponential passes through 0 at x = 0.")  # fmt: skip
define("eis_3", x / (1 + v("delta") * exp(-v("theta") * x)), delta=param(1.0, low=0.0), theta=param(1.0), title="EIS3",
       cite="biswas2020eis", evidence="single source",
       summary="Swish whose gate is also shifted, by ln(delta); SiLU at the defaults.")  # fmt: skip
define("rmaf", scale * alpha * x * exp(-v("p") * log(1 + exp(-x - log(4)))), title="RMAF", cite="yu2020",
       evidence="single source", scale=param(1.0), alpha=param(1.0, learnable=True), p=param(1.0, low=1e-6),
       summary="Input times a memristor-like window, a power of 1/(1 + e^-x/4).")  # fmt: skip
define("sgelu", alpha * x * erf(x / sqrt(2)), alpha=param(1.0), title="SGELU", cite="yu2019sgelu", evidence="single source",
       summary="Even function that tends to alpha*|x|: GELU made symmetric.")  # fmt: skip
define("saf", x * sigmoid(alpha * x + beta), alpha=param(1.0, learnable=True), beta=param(0.0, learnable=True), title="SAF",
       evidence="single source",
       cite="folklore", summary="Swish whose gate has a learned slope and a learned shift; SiLU at the defaults.")  # fmt: skip
define("plogish", "scale*x*log(1 + sigmoid(steepness*x))", scale=param(1.0), steepness=param(10.0), title="PLogish",
       cite="zhu2021", evidence="paper",
       summary="Logish with a steep gate: 10 in the paper's experiments.")  # fmt: skip
define("pswish", "where(x > knee, x, scale*x*sigmoid(steepness*x))", scale=param(1.0, learnable=True, per="channel"),
       steepness=param(1.0, learnable=True, per="channel"), knee=param(0.0, learnable=True, per="channel"), title="PSwish",
       aliases=("t_swish", "tunable_swish"), cite="kunc2024", evidence="single source",
       summary="Identity above a learned knee, swish of learned scale and steepness below it.")  # fmt: skip
define("pssilu", "x*(sigmoid(steepness*x) - shift)/(1 - shift)", steepness=param(1.0, learnable=True),
       shift=param(0.0, high=0.99, learnable=True), title="PSSiLU", aliases=("parametric_shifted_silu",), cite="kunc2024",
       evidence="single source",
       summary="Swish whose gate is lowered by a learned shift and rescaled to end at 1.")  # fmt: skip
define("pstanh", "alpha*x*(1 + tanh(steepness*x))", alpha=param(0.5, learnable=True, per="channel"),
       steepness=param(1.0, learnable=True, per="channel"), title="PSTanh", cite="kunc2024", evidence="single source",
       summary="Input times a tanh gate; at its defaults SiLU with doubled steepness.")  # fmt: skip
define("psgu", "x*tanh(steepness*sigmoid(x))", steepness=param(0.5, learnable=True), title="PSGU",
       aliases=("tsrelu_learnable", "tsrelul"), cite="kunc2024", evidence="single source",
       summary="Self-circulating gating unit: tanh of a learned multiple of the logistic function.")  # fmt: skip
define("tsrelu", "x*tanh(sigmoid(x))", title="TSReLU", aliases=("tangent_sigmoid_relu",), cite="kunc2024",
       evidence="single source",
       summary="Mish with the logistic function in place of softplus.")  # fmt: skip
define("tbsrelu", "x*tanh(tanh(x/2))", title="TBSReLU", aliases=("tangent_bipolar_sigmoid_relu",), cite="kunc2024",
       evidence="single source",
       summary="Input times tanh of the bipolar sigmoid: even, and near 0.76 |x| far out.")  # fmt: skip
define("tbsrelu_learnable", "x*tanh(alpha*tanh(x/2))", alpha=param(0.5, learnable=True), title="TBSReLULearnable",
       aliases=("tbsrelul",), cite="kunc2024", evidence="single source",
       summary="TBSReLU with a learned multiple of the bipolar sigmoid in its gate.")  # fmt: skip
define("tsilu", "tanh(x/(1 + exp(-x)))", title="TSiLU", cite="kunc2024", evidence="single source",
       summary="Tanh of SiLU: bounded above by 1, with SiLU's dip.")  # fmt: skip
define("pfts", "where(x > 0, x/(1 + exp(-x)), 0) + shift", shift=param(-0.2, learnable=True, per="channel"), title="PFTS",
       aliases=("parametric_flatten_t_swish",), cite="chieng2020", evidence="peers",
       summary="Swish cut off at 0 and shifted vertically by a learned amount.")  # fmt: skip
define("pfpm", "where(x > 0, x*tanh(log(1 + exp(x))), 0) + shift", shift=param(-0.2, learnable=True), title="PFPM",
       aliases=("parametric_flatten_p_mish",), cite="kunc2024", evidence="single source",
       summary="Mish cut off at 0 and shifted vertically by a learned amount.")  # fmt: skip
define("sc_mish", "max(x*tanh(log(1 + exp(alpha*x))), 0)", alpha=param(0.25, low=0.0, learnable=True), title="SCMish",
       aliases=("soft_clipping_mish",), cite="kunc2024", evidence="single source",
       summary="Mish with a learned steepness of its gate, cut off at 0.")  # fmt: skip
define("sc_swish", "max(x/(1 + exp(-x)), 0)", title="SCSwish", aliases=("soft_clipping_swish",), cite="mercioni2021",
       evidence="single source",
       summary="SiLU cut off at 0.")  # fmt: skip
define("sara", "where(x > 0, x, x/(1 + exp(log(alpha) - beta*x)))", alpha=param(0.5, low=1e-6), beta=param(0.7, low=0.0),
       title="SaRa", cite="kunc2024", evidence="single source",
       summary="Identity for positive inputs, a weighted swish for negative ones; slope 2/3 below 0.")  # fmt: skip
define("self_arctan", "x*arctan(x)", title="SelfArctan", cite="kunc2024", evidence="single source",
       summary="Input times its arctangent: even, and near pi/2 |x| far out.")  # fmt: skip
define("swat", "x*sigmoid(arctan(x))", title="SwAT", cite="kunc2024", evidence="single source",
       summary="SiLU with the arctangent inside the gate, which never closes: slopes 0.83 and 0.17.")  # fmt: skip
define("sech_sig", "(x + 2*exp(x - log(1 + exp(2*x))))*sigmoid(x)", title="SechSig", cite="kunc2024",
       evidence="single source",
       summary="Input plus its hyperbolic secant, under a logistic gate.")  # fmt: skip
define("tanh_sig", "(x + tanh(x))*sigmoid(x)", title="TanhSig", cite="kunc2024", evidence="single source",
       summary="Input plus its tanh, under a logistic gate.")  # fmt: skip
define("p_tanh_sig", "(x + alpha*tanh(x + alpha))*sigmoid(x)", alpha=param(1.0), title="PTanhSig",
       aliases=("parametric_tanh_sig",), cite="kunc2024", evidence="single source",
       summary="TanhSig whose tanh is scaled and shifted by one parameter.")  # fmt: skip
define("triple_state_swish", "x*sigmoid(x)*(sigmoid(x) + sigmoid(x - first) + sigmoid(x - second))", first=param(20.0),
       second=param(40.0, above="first"), title="TripleStateSwish", aliases=("ts_swish", "tsswish"), cite="kunc2024",
       evidence="single source",
       summary="Input times a three-step logistic staircase: its slope grows from 0 to 3.")  # fmt: skip
define("parametric_tanh_swish", "alpha*x*tanh(beta*x)*sigmoid(gamma*x)", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(1.0, learnable=True), title="ParametricTanhSwish", cite="actix2025",
       evidence="single source",
       summary="Swish times tanh: flat at 0, nonnegative.")  # fmt: skip
define("adaptive_arctan_swish", "alpha*arctan(beta*x) + gamma*x*sigmoid(delta*x) + epsilon*tanh(zeta*x)",
       alpha=param(1.0, learnable=True), beta=param(1.0, learnable=True), gamma=param(0.5, learnable=True),
       delta=param(1.0, learnable=True), epsilon=param(0.3, learnable=True), zeta=param(1.0, learnable=True),
       title="AdaptiveArcTanSwish", cite="actix2025", evidence="single source",
       summary="Learned sum of an arctangent, a swish and a tanh.")  # fmt: skip
define("adaptive_gated_unit", "alpha*x*sigmoid(beta*x) + gamma*x*tanh(delta*x) + epsilon*arctan(zeta*x)",
       alpha=param(0.4, learnable=True), beta=param(1.0, learnable=True), gamma=param(0.4, learnable=True),
       delta=param(1.0, learnable=True), epsilon=param(0.2, learnable=True), zeta=param(1.0, learnable=True),
       title="AdaptiveGatedUnit", cite="actix2025", evidence="single source",
       summary="Learned sum of a swish, an input times tanh and an arctangent.")  # fmt: skip
define("adaptive_linear_log_tanh", "alpha*x + beta*tanh(gamma*log(1 + exp(delta*x)))", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(1.0, learnable=True), delta=param(1.0, learnable=True),
       title="AdaptiveLinearLogTanh", cite="actix2025", evidence="single source",
       summary="Straight line plus mish's gate, tanh of a softplus, all learned.")  # fmt: skip
define("astrelu", "alpha*max(x, 0) + beta*x*sigmoid(gamma*x) + delta*tanh(steepness*x)", alpha=param(0.33, learnable=True),
       beta=param(0.33, learnable=True), gamma=param(1.0, learnable=True), delta=param(0.33, learnable=True),
       steepness=param(1.0, learnable=True), title="ASTReLU", cite="actix2025", evidence="single source",
       summary="Learned sum of ReLU, swish and tanh.")  # fmt: skip
define("arc_galu", "alpha*arctan(beta*x) + gamma*x*sigmoid(delta*x + shift)", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(1.0, learnable=True), delta=param(1.0, learnable=True),
       shift=param(0.0, learnable=True), title="ArcGaLU", cite="actix2025", evidence="single source",
       summary="Arctangent plus a swish with a shifted gate, all learned.")  # fmt: skip
define("gauss_swish", "alpha*x*sigmoid(beta*x)*exp(-gamma*x**2)", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(1.0, low=0.0, learnable=True), title="GaussSwish", cite="actix2025",
       evidence="single source",
       summary="Swish under a Gaussian window: a lopsided wave that vanishes far out.")  # fmt: skip
define("optima", "alpha*tanh(beta*x) + gamma*log(1 + exp(delta*x))*sigmoid(steepness*x)", alpha=param(1.0, learnable=True),
       beta=param(0.5, learnable=True), gamma=param(1.0, learnable=True), delta=param(0.5, learnable=True),
       steepness=param(1.0, learnable=True), title="OptimA", cite="actix2025", evidence="single source",
       summary="Tanh plus a gated softplus, all learned.")  # fmt: skip
define("parametric_arcsinh_gate", "alpha*x*arcsinh(beta*x)", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), title="ParametricArcSinhGate", cite="actix2025", evidence="single source",
       summary="Input times its inverse hyperbolic sine: even, growing like |x| log |x|.")  # fmt: skip
define("sinh_gate", "x*sinh(x)", title="SinhGate", cite="actix2025", evidence="single source",
       summary="Input times its hyperbolic sine: even, with exponential growth.")  # fmt: skip
define("smoothed_absolute_gated_unit", "alpha*abs(x)*sigmoid(beta*x) + gamma*x", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(1.0, learnable=True), title="SmoothedAbsoluteGatedUnit",
       cite="actix2025", evidence="single source",
       summary="Straight line plus a gated absolute value.")  # fmt: skip
define("swish_log_tanh", "alpha*x*sigmoid(beta*x) + gamma*tanh(log(1 + exp(delta*x)))", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(1.0, learnable=True), delta=param(1.0, learnable=True),
       title="SwishLogTanh", cite="actix2025", evidence="single source",
       summary="Swish plus mish's gate, tanh of a softplus.")  # fmt: skip
