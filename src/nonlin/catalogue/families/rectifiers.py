"""Piecewise-linear functions: ReLU and its family, and the identity they bend."""

from nonlin.catalogue.language import (
    Fraction,
    alpha,
    beta,
    clip,
    exp,
    high,
    in_family,
    low,
    maximum,
    minimum,
    noise,
    param,
    sign,
    slope,
    straight_through,
    threshold,
    u,
    v,
    where,
    x,
)

define = in_family("rectifiers")
define(
    "identity",
    x,
    aliases=("linear", "none"),
    cite="folklore",
    evidence="peers",
    summary="No activation: layers stacked with it remain one linear map.",
)  # fmt: skip
define("relu", maximum(x, 0), title="ReLU", cite="nair2010",
       evidence="peers", summary="Rectified linear unit; the derivative at 0 is 0.")  # fmt: skip
define("leaky_relu", where(x > 0, x, slope * x), slope=param(0.01), title="LeakyReLU", aliases=("lrelu",),
       cite="maas2013", evidence="peers", summary="ReLU with a small slope for negative inputs; derivative at 0: the slope.")  # fmt: skip
define("prelu", where(x > 0, x, slope * x), slope=param(0.25, learnable=True, per="channel"), title="PReLU",
       aliases=("parametric_relu",), cite="he2015",
       evidence="peers", summary="Leaky ReLU whose slope is learned, one for the layer or one per channel.")  # fmt: skip
define("rrelu", where(x > 0, x, (low + (high - low) * u) * x), low=param(Fraction(1, 8)),
       high=param(Fraction(1, 3), above="low"), u=noise("uniform"), title="RReLU", aliases=("randomized_relu",), cite="xu2015",
       evidence="peers", summary="Leaky ReLU whose slope is drawn for every element while training, and is the mean otherwise.")  # fmt: skip
define("relu6", clip(x, 0, 6), title="ReLU6", cite="krizhevsky2010",
       evidence="peers", summary="ReLU limited to 6; the derivative at 0 and at 6 is 0.")  # fmt: skip
define("affine", slope * x + v("bias"), slope=param(1.0), bias=param(0.0), aliases=("scaled_linear",), evidence="single source",
       cite="folklore", summary="A straight line of any slope and height: the identity at its defaults.")  # fmt: skip
define("abs", abs(x), title="Abs", aliases=("absolute_value", "modulus", "vrelu", "v_shaped_relu"), cite="valles2023",
       evidence="paper", summary="Modulus of the input: slope 1 or -1 everywhere, and 0 at 0.")  # fmt: skip
define("threshold", where(x > threshold, x, v("value")), threshold=param(0.0), value=param(0.0),
       evidence="peers", cite="folklore", summary="The input above a threshold and a constant below it.")  # fmt: skip
define("thresholded_relu", where(x > threshold, x, 0), threshold=param(1.0), title="ThresholdedReLU",
       aliases=("trec", "truncated_rectified"), shared=("trelu",), cite="konda2015", evidence="peers",
       summary="The input where it exceeds a threshold, else 0: it jumps there, unlike a shifted ReLU.")  # fmt: skip
define("relu_n", clip(x, 0, high), high=param(1.0, low=0.0), title="ReLUN", aliases=("bounded_relu", "clipped_relu", "brelu"),
       cite="liew2016", evidence="single source",
       summary="ReLU limited from above; ReLU6 with a limit to choose, 1 unless told otherwise.")  # fmt: skip
define("flexible_relu", maximum(x, 0) + v("bias"), bias=param(0.0, learnable=True), title="FlexibleReLU",
       shared=("frelu",), cite="qiu2018", evidence="single source",
       summary="ReLU plus a learned constant, so that the output can become negative.")  # fmt: skip
define("tlu", maximum(x, threshold), threshold=param(0.0, learnable=True, per="channel"), title="TLU",
       aliases=("thresholded_linear_unit",), cite="singh2020", evidence="peers",
       summary="ReLU whose floor is learned; made for filter response normalisation.")  # fmt: skip
define("tlu_affine", maximum(x, slope * x + threshold), slope=param(0.0, learnable=True, per="channel"),
       threshold=param(0.0, learnable=True, per="channel"), title="TLUAffine", cite="singh2020",
       evidence="single source", summary="The larger of the input and a learned line.")  # fmt: skip
define("modrelu_real", sign(x) * maximum(abs(x) + v("bias"), 0), bias=param(0.0, learnable=True, per="channel"),
       title="ModReLUReal", cite="arjovsky2016", evidence="paper",
       summary="modReLU of real inputs: the modulus is shifted by a learned bias and rectified, the sign kept.")  # fmt: skip
define("arelu", where(x > 0, (1 + 1 / (1 + exp(-beta))) * x, clip(alpha, 0.01, 0.99) * x),
       alpha=param(0.9, learnable=True), beta=param(2.0, learnable=True), title="AReLU",
       aliases=("attention_based_relu",), cite="chen2020", evidence="paper",
       summary="Positive inputs are amplified by a learned factor of 1 to 2, negative ones damped.")  # fmt: skip
define("srelu_s_shaped",
       where(x >= v("t_right"), v("t_right") + v("a_right") * (x - v("t_right")),
             where(x <= v("t_left"), v("t_left") + v("a_left") * (x - v("t_left")), x)),
       t_right=param(1.0, learnable=True, per="channel", above="t_left"), a_right=param(1.0, learnable=True, per="channel"),
       t_left=param(0.0, learnable=True, per="channel"), a_left=param(0.1, learnable=True, per="channel"),
       title="SShapedReLU", aliases=("s_shaped_relu",), shared=("srelu",), cite="jin2016", evidence="peers",
       summary="Three line segments: the identity between two learned thresholds, a learned slope beyond each.")  # fmt: skip
define("abs_lu", "where(x > 0, x, alpha*abs(x))", title="AbsLU", alpha=param(0.5, low=0.0, high=1.0), cite="kunc2024",
       evidence="single source",
       summary="ReLU whose negative side rises again: absolute value with a smaller slope on the left.")  # fmt: skip
define("ada_lu", "maximum(where(x > shift, positive_slope*(x - shift), negative_slope*(x - shift)), lowest) + offset",
       title="AdaLU", shift=param(0.0, learnable=True, per="channel"), offset=param(0.0, learnable=True, per="channel"),
       positive_slope=param(1.0, learnable=True, per="channel"), negative_slope=param(0.1, learnable=True, per="channel"),
       lowest=param(-1.0, learnable=True, per="channel"), aliases=("adaptive_linear_unit",), cite="kunc2024",
       evidence="single source",
       summary="Leaky ReLU with trained shift, offset, both slopes and a floor below which the output "
       "saturates.")  # fmt: skip
define("alisa", "where(x > 1, right_slope*x - right_slope + 1, where(x > 0, x, left_slope*x))", title="ALiSA",
       right_slope=param(1.0, learnable=True, per="channel"), left_slope=param(0.1, learnable=True, per="channel"),
       aliases=("adaptive_linearized_sigmoidal_activation",), cite="bawa2019", evidence="single source",
       summary="Identity on [0, 1], trained slopes outside: a linearised sigmoid, the S-shaped ReLU with "
       "thresholds 0 and 1.")  # fmt: skip
define("all_relu", "where(x > 0, x, -alpha*x)", title="AllReLU", alpha=0.6, aliases=("alternated_left_relu",),
       cite="curci2021", evidence="single source",
       summary="Left slope -alpha: give alpha to even layers and -alpha to odd ones, so that sparse networks "
       "alternate.")  # fmt: skip
define("bi_firing", "where(x > smoothing, x - smoothing/2, where(x < -smoothing, -x - smoothing/2, x**2/(2*smoothing)))",
       smoothing=param(1.0, low=1e-6), aliases=("bfire",), cite="li2014", evidence="single source",
       summary="Absolute value with a parabola of half-width `smoothing` at 0: the Huber function.")  # fmt: skip
define("bounded_bi_firing",
       "minimum(where(x > smoothing, x - smoothing/2, where(x < -smoothing, -x - smoothing/2, x**2/(2*smoothing))), bound)",
       smoothing=param(1.0, low=1e-6), bound=param(3.0, low=0.0), aliases=("bbfire",), cite="liew2016",
       evidence="single source",
       summary="Bi-firing limited from above: a smooth-bottomed bowl with a flat rim.")  # fmt: skip
define("bounded_leaky_relu", "where(x > bound, slope*x + (1 - slope)*bound, where(x > 0, x, slope*x))",
       title="BoundedLeakyReLU", slope=param(0.01), bound=param(1.0, low=0.0), aliases=("blrelu",), cite="liew2016",
       evidence="single source",
       summary="Leaky ReLU whose positive side also bends to the small slope at the bound.")  # fmt: skip
define("delayed_relu", "maximum(x - threshold, 0)", title="DelayedReLU", threshold=param(0.08, low=0.0),
       aliases=("delay_relu", "drlu"), shared=("shifted_relu", "srelu"), cite="kunc2024", evidence="single source",
       summary="ReLU that starts at a positive threshold: moved to the right, still 0 at its corner.")  # fmt: skip
define("displaced_relu", "maximum(x, -delta)", title="DisplacedReLU", delta=param(1.0), aliases=("disrelu",),
       shared=("shifted_relu", "drelu"), cite="macedo2019", evidence="single source",
       summary="Identity down to -delta, constant below: the corner of ReLU moved along the diagonal.")  # fmt: skip
define("dp_relu", "where(x > 0, positive_slope*x, negative_slope*x)", title="DPReLU",
       positive_slope=param(1.0, learnable=True, per="channel"), negative_slope=param(0.01, learnable=True, per="channel"),
       aliases=("dual_parametric_relu", "fully_parametric_relu"), cite="kunc2024", evidence="single source",
       summary="ReLU with a trained slope on each side of 0.")  # fmt: skip
define("even_power_linear", "where(x > 1, x - (1 - 1/degree), where(x > -1, abs(x)**degree/degree, -x - (1 - 1/degree)))",
       title="EvenPowLin", degree=param(2.0, low=1.0), aliases=("eplaf",), shared=("plaf", "power_linear"),
       cite="nasiri2021", evidence="single source",
       summary="Absolute value with |x|**degree/degree in the middle, joined smoothly at +-1; degree 2 is "
       "bi-firing.")  # fmt: skip
define("odd_power_linear", "where(abs(x) > 1, x - sign(x)*(1 - 1/degree), sign(x)*abs(x)**degree/degree)", title="OddPowLin",
       degree=param(3.0, low=1.0), aliases=("oplaf",), shared=("plaf", "power_linear"), cite="nasiri2021",
       evidence="single source",
       summary="sign(x)*|x|**degree/degree joined smoothly to lines of slope 1 at +-1, odd on both sides.")  # fmt: skip
define("margin_relu", "maximum(x, margin)", title="MarginReLU", margin=param(-0.1, high=0.0), aliases=("marrelu",),
       shared=("mrelu", "drelu"), cite="heo2019", evidence="single source",
       summary="ReLU with a negative margin in place of 0; in distillation it is each channel's mean negative "
       "response.")  # fmt: skip
define("le_lelu", "where(x > 0, alpha*x, slope*alpha*x)", title="LeLeLU", alpha=param(1.0, learnable=True, per="channel"),
       slope=0.01, aliases=("leaky_learnable_relu", "learnable_leaky_relu"), cite="maniatopoulos2021",
       evidence="single source",
       summary="Leaky ReLU with one trained factor for both sides.")  # fmt: skip
define("li_relu", "alpha*x + maximum(x, 0)", title="LiReLU", alpha=0.1, cite="kunc2024", evidence="single source",
       summary="ReLU plus a line: slope 1 + alpha for positive inputs, alpha for negative ones.")  # fmt: skip
define("leaky_rectified_triangle", "where(x > 0, maximum(minimum(x, 2*peak - x), 0), slope*x)", title="LRTLU",
       peak=param(1.0, low=0.0), slope=0.2, aliases=("lsptlu", "leaky_single_peaked_triangle"), cite="kunc2024",
       evidence="single source",
       summary="A triangle of the given peak for positive inputs, back to 0 at twice the peak; leaky for "
       "negative ones.")  # fmt: skip
define("mmelu", "alpha*maximum(width - abs(x - centre), 0) + (1 - alpha)*maximum(x, 0)", title="MMeLU",
       alpha=param(0.5, low=0.0, high=1.0, learnable=True, per="channel"),
       width=param(1.0, low=0.0, learnable=True, per="channel"), centre=param(0.0, learnable=True, per="channel"),
       aliases=("modified_mexican_relu",), cite="kunc2024", evidence="single source",
       summary="Blend of ReLU and one trained triangle.")  # fmt: skip
define("n_activation",
       "where(x < minimum(theta1, theta2), x - 2*minimum(theta1, theta2), where(x < maximum(theta1, theta2), -x, x - "
       "2*maximum(theta1, theta2)))",
       theta1=param(-1.0, learnable=True, per="channel"), theta2=param(0.0, learnable=True, per="channel"), cite="prach2023",
       evidence="paper",
       summary="Slopes 1, -1, 1 with two trained corners, shaped like the letter N: 1-Lipschitz and "
       "gradient-preserving.")  # fmt: skip
define("multi_bin_trainable_linear",
       "where(x > 1, slope3*x + offset3, where(x > 0, slope2*x + offset2, where(x > -1, slope1*x + offset1, slope0*x + "
       "offset0)))",
       title="MTLU", slope0=param(0.0, learnable=True, per="channel"), slope1=param(0.0, learnable=True, per="channel"),
       slope2=param(1.0, learnable=True, per="channel"), slope3=param(1.0, learnable=True, per="channel"),
       offset0=param(0.0, learnable=True, per="channel"), offset1=param(0.0, learnable=True, per="channel"),
       offset2=param(0.0, learnable=True, per="channel"), offset3=param(0.0, learnable=True, per="channel"), cite="gu2019",
       evidence="single source",
       summary="A trained line in each bin (here four, cut at -1, 0 and 1), free to jump between bins; starts "
       "here as ReLU.")  # fmt: skip
define("optimized_leaky_relu", "where(x > 0, x, x*exp(-alpha))", title="OptimizedLeakyReLU", alpha=2.2, aliases=("olrelu",),
       cite="kunc2024", evidence="single source",
       summary="Leaky ReLU of slope exp(-alpha) with alpha = (u + l)/(u - l), from randomised leaky ReLU's "
       "bounds l = 3, u = 8.")  # fmt: skip
define("shilu", alpha * maximum(x, 0) + beta, alpha=param(1.0, learnable=True), beta=param(1.0, learnable=True),
       title="ShiLU", cite="pishchik2023", evidence="paper",
       summary="ReLU with a learned slope and a learned offset.")  # fmt: skip
define("dual_line", where(x > 0, v("a") * x + v("m"), v("b") * x + v("m")), a=param(1.0, learnable=True),
       b=param(0.01, learnable=True), m=param(-0.22, learnable=True), evidence="single source",
       cite="folklore", summary="Two learned slopes and a learned offset, the mean shift.")  # fmt: skip
define("lisa", where(x > 1, high * x - high + 1, where(x > 0, x, low * x)), high=param(1.0), low=param(0.1), title="LiSA",
       evidence="single source",
       cite="folklore", summary="Identity between 0 and 1, with its own slope on either side.")  # fmt: skip
define("qrelu", where(x > 0, x, 0.01 * x - 2 * x), title="QReLU", cite="parisi2020qrelu", evidence="paper",
       aliases=("quantum_relu",),
       summary="Slope -1.99 for negative inputs: almost twice their absolute value.")  # fmt: skip
define("m_qrelu", where(x > 0, x, 0.01 * x - x), title="MQReLU", cite="parisi2020qrelu", evidence="paper",
       aliases=("modified_qrelu", "modified_quantum_relu"),
       summary="Slope -0.99 for negative inputs: almost their absolute value.")  # fmt: skip
define("plu", maximum(alpha * (x + v("c")) - v("c"), minimum(alpha * (x - v("c")) + v("c"), x)), alpha=param(0.1, high=1.0),
       c=param(1.0, low=0.0), title="PLU", cite="nicolae2018", evidence="peers", aliases=("piecewise_linear_unit",),
       summary="Identity between -c and c, slope alpha outside: a piecewise linear tanh that does not "
               "saturate.")  # fmt: skip
define("rprelu", where(x > v("shift"), x - v("shift"), slope * (x - v("shift"))) + v("rise"), title="RPReLU",
       cite="liu2020reactnet", evidence="paper", shift=param(0.0, learnable=True, per="channel"),
       slope=param(0.25, learnable=True, per="channel"), rise=param(0.0, learnable=True, per="channel"),
       aliases=("react_prelu",),
       summary="PReLU whose corner is moved to a learned point, per channel.")  # fmt: skip
define("jump_relu", straight_through(
           where(x > threshold, x, 0),
           where(x > threshold, x, 0)
           - threshold**2 / (2 * v("bandwidth")) * where(abs(x - threshold) < v("bandwidth") / 2, 1, 0)),
       threshold=param(0.001, low=0.0, learnable=True, per="channel"), bandwidth=param(0.001, low=1e-6), title="JumpReLU",
       cite="rajamanoharan2024", evidence="peers",
       summary="0 up to the threshold, the input above it; the threshold learns from a window of the given "
               "width.")  # fmt: skip
define("sloped_relu", "max(slope*x, 0)", slope=param(1.0, low=0.0, learnable=True, per="channel"), title="SlopedReLU",
       aliases=("slrelu", "positive_prelu", "prelu_plus"), cite="kunc2024", evidence="single source",
       summary="ReLU with a learned slope for positive inputs, as PReLU has for negative ones.")  # fmt: skip
define("pilu", "where(x > knee, slope*x + knee*(1 - slope), leak*x + knee*(1 - leak))",
       slope=param(1.0, learnable=True, per="channel"), leak=param(0.01, learnable=True, per="channel"),
       knee=param(0.0, learnable=True, per="channel"), title="PiLU", cite="kunc2024", evidence="single source",
       summary="Two learned slopes that meet at a learned knee on the line y = x.")  # fmt: skip
define("tent", "max(width - abs(x), 0)", width=param(1.0, low=0.0, learnable=True), cite="rozsa2019", evidence="peers",
       summary="Triangle of learned half-width: zero for all inputs far from 0.")  # fmt: skip
define("sv_hard_tanh", "clip(x, -1, 1) + shift", shift=param(0.0), title="SvHardTanh",
       aliases=("vertical_shifted_hard_tanh",), cite="kunc2024", evidence="single source",
       summary="Hard tanh shifted vertically.")  # fmt: skip
