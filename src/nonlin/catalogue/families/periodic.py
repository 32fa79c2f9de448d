"""Functions with sines and cosines."""

from nonlin.catalogue.language import (
    alpha,
    beta,
    cos,
    exp,
    in_family,
    maximum,
    param,
    pi,
    sigmoid,
    sin,
    sqrt,
    tanh,
    v,
    where,
    x,
)

define = in_family("periodic")
define("gcu", x * cos(x), title="GCU", aliases=("growing_cosine_unit",), cite="noel2021", evidence="paper",
       summary="Growing cosine unit: oscillates with growing amplitude, so that one unit can separate XOR.")  # fmt: skip
define("snake", x + sin(alpha * x)**2 / alpha, alpha=param(1.0, low=1e-6, learnable=True, per="channel"),
       aliases=("snake1d",), cite="ziyin2020", evidence="paper",
       summary="Identity with a learned ripple: never decreasing, and it extrapolates periodic signals.")  # fmt: skip
define("snake_beta", x + sin(exp(alpha) * x)**2 / exp(beta), alpha=param(0.0, learnable=True, per="channel"),
       beta=param(0.0, learnable=True, per="channel"), cite="lee2023", evidence="peers",
       summary="Snake with separate logarithms of frequency and of inverse amplitude, as in BigVGAN.")  # fmt: skip
define("sin", sin(x), title="Sin", aliases=("plain_sine",), shared=("sine",), evidence="peers",
       cite="folklore", summary="Sine of the input, which is in radians.")  # fmt: skip
define("siren", sin(v("omega") * x), omega=param(30.0), title="Siren", shared=("sine",), cite="sitzmann2020",
       evidence="paper", summary="Sine of a high frequency, for sinusoidal representation networks.")  # fmt: skip
define("cos", cos(x), title="Cos", shared=("cosine",), evidence="peers",
       cite="folklore", summary="Cosine of the input, which is in radians: even, 1 at 0.")  # fmt: skip
define("one_minus_cosine", "2*sin(x/2)**2", shared=("cosine",), cite="kunc2024", evidence="single source",
       summary="1 - cos(x), written as 2*sin(x/2)**2; listed in a survey as `cosine`: between 0 and 2, flat at "
       "0.")  # fmt: skip
define("amplifying_sine_unit", "x*sin(x)", aliases=("asu",), cite="rahman2023", evidence="single source",
       summary="x times its sine: even, with oscillations that grow linearly.")  # fmt: skip
define("cosid", "cos(x) - x", cite="ramachandran2017", evidence="peers",
       summary="Cosine minus the identity: a falling line with ripples.")  # fmt: skip
define("css", "a*sin(b*x) + c*sigmoid(d*x)", title="CSS", a=param(1.0, learnable=True), b=param(1.0, learnable=True),
       c=param(1.0, learnable=True), d=param(1.0, learnable=True), aliases=("sls_ss",), cite="kunc2024", evidence="single source",
       summary="Sum of a sine and a logistic function, all four numbers trained.")  # fmt: skip
define("fusion_chaotic", "rate*x*(1 - x) + x + offset - strength/(2*pi)*sin(2*pi*x)", rate=param(4.0, low=0.0, high=4.0),
       offset=0.0, strength=0.5, aliases=("fcaf", "fcaf_hidden"), cite="kunc2024", evidence="single source",
       summary="Sum of the logistic map and the circle map; unbounded below as a parabola.")  # fmt: skip
define("sin_relu", maximum(x, 0) + sin(x), title="SinReLU", evidence="single source",
       cite="folklore", summary="ReLU plus a sine wave.")  # fmt: skip
define("cos_relu", maximum(x, 0) + cos(x), title="CosReLU", evidence="single source",
       cite="folklore", summary="ReLU plus a cosine wave; 1 at the origin.")  # fmt: skip
define("sine_relu", where(x > 0, x, v("epsilon") * (sin(x) - cos(x))), epsilon=param(0.0025), title="SineReLU",
       cite="rodrigues2018", evidence="peers",
       summary="Identity above 0 and a small wave below it; jumps from -epsilon to 0 at the origin.")  # fmt: skip
define("sinlu", (x + v("a") * sin(v("b") * x)) * sigmoid(x), a=param(1.0, learnable=True), b=param(1.0, learnable=True),
       title="SinLU", cite="paul2022", evidence="paper", aliases=("sinu_sigmoidal_linear_unit",),
       summary="Sigmoid gate on the input plus a learned sine wave.")  # fmt: skip
define("coslu", (x + v("a") * cos(v("b") * x)) * sigmoid(x), a=param(1.0, learnable=True), b=param(1.0, learnable=True),
       title="CosLU", cite="pishchik2023", evidence="paper", aliases=("cosinu_sigmoidal_linear_unit",),
       summary="Sigmoid gate on the input plus a learned cosine wave.")  # fmt: skip
define("finer", sin(v("omega") * (abs(x) + 1) * x), omega=param(30.0), title="FINER", cite="liu2024finer", evidence="paper",
       tags=("implicit representation",),
       summary="Sine whose frequency grows with the size of the input; the derivative is the whole formula's.")  # fmt: skip
define("spder", where(abs(x) > 0, sin(x) * sqrt(abs(x)), 0), title="SPDER", cite="shah2023", evidence="paper",
       aliases=("damped_sine",), tags=("implicit representation",),
       summary="Sine times the square root of the magnitude, which lets the size of the input through.")  # fmt: skip
define("hosc", tanh(beta * sin(v("omega") * x)), beta=param(1.0), omega=param(1.0), title="HOSC", cite="serrano2024",
       evidence="paper", tags=("implicit representation",),
       summary="Sine pressed towards a square wave by the sharpness beta; Lipschitz bound beta*omega.")  # fmt: skip
define("hybrid_chaotic", tanh(x) + v("a") * sin(pi * x), a=param(0.1), evidence="single source",
       cite="folklore", summary="tanh with a small sine wave of period 2.")  # fmt: skip
define("linear_sine", alpha * x + beta * sin(x), alpha=param(1.0, learnable=True), beta=param(0.5, learnable=True),
       evidence="single source", aliases=("save_based",),
       cite="folklore", summary="A line of learned slope plus a sine wave of learned height.")  # fmt: skip
define("rowdy_tanh", tanh(v("n") * v("a") * x) + v("n") * v("a1") * sin(v("n") * v("w1") * x)
       + v("n") * v("a2") * sin(2 * v("n") * v("w2") * x) + v("n") * v("a3") * sin(3 * v("n") * v("w3") * x),
       title="RowdyTanh", cite="jagtap2022", evidence="paper", n=param(10.0, low=1.0), a=param(0.1,
       learnable=True),
       **{f"a{k}": param(0.0, learnable=True) for k in (1, 2, 3)},
       **{f"w{k}": param(0.1, learnable=True) for k in (1, 2, 3)},
       summary="Adaptive tanh plus three sine waves of learned height and frequency, of height 0 at first.")  # fmt: skip
define("pvlu", "max(x, 0) + amplitude*sin(frequency*x)", amplitude=param(0.1, learnable=True, per="channel"),
       frequency=param(1.0, learnable=True, per="channel"), title="PVLU", aliases=("vlu", "variational_linear_unit"),
       cite="gupta2021", evidence="single source",
       summary="ReLU plus a sine of learned amplitude and frequency, so that negative inputs keep a gradient.")  # fmt: skip
define("sinp", "sin(x) - slope*x", slope=param(1.0), title="Sinp", aliases=("sinpn",), cite="kunc2024",
       evidence="single source",
       summary="Sine minus a straight line.")  # fmt: skip
define("scaled_shifted_sine", "sin(frequency*x)/2 + 3/10", frequency=param(1.0), title="ScaledShiftedSine", cite="kunc2024",
       evidence="single source",
       summary="Sine scaled to the range [-0.2, 0.8].")  # fmt: skip
define("sincos", "a*sin(b*x) + c*cos(d*x)", a=param(1.0, learnable=True), b=param(1.0, learnable=True),
       c=param(1.0, learnable=True), d=param(1.0, learnable=True), title="Sincos", cite="kunc2024", evidence="single source",
       summary="Sum of a sine and a cosine, amplitudes and frequencies learned.")  # fmt: skip
define("random_nn_adaptive_sine", "sin(frequency*x + phase)", frequency=param(1.0, learnable=True, per="channel"),
       phase=param(0.0, learnable=True, per="channel"), title="RandomNNAdaptiveSine", cite="kunc2024",
       evidence="single source",
       summary="Sine with learned frequency and phase, for networks of random fixed weights.")  # fmt: skip
define("save_resonance_sine", "amplitude*sin(frequency*x + phase)", amplitude=param(1.0, learnable=True),
       frequency=param(1.0, learnable=True), phase=param(0.0, learnable=True), title="SAVEResonanceSine", cite="kunc2024",
       evidence="single source",
       summary="Sine with learned amplitude, frequency and phase.")  # fmt: skip
define("adaptive_sinusoidal_softgate", "alpha*x*sigmoid(beta*x) + gamma*sin(delta*x)", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(1.0, learnable=True), delta=param(1.0, learnable=True),
       title="AdaptiveSinusoidalSoftgate", cite="actix2025", evidence="single source",
       summary="Swish plus a sine, all learned.")  # fmt: skip
define("gposoft", "alpha*log(1 + exp(beta*x)) + gamma*sin(delta*x + phase)", alpha=param(1.0, learnable=True),
       beta=param(1.0, learnable=True), gamma=param(1.0, learnable=True), delta=param(1.0, learnable=True),
       phase=param(0.0, learnable=True), title="GPOSoft", cite="actix2025", evidence="single source",
       summary="Softplus plus a sine, all learned.")  # fmt: skip
define("harmonic_tanh", "tanh(x) + sin(x)", title="HarmonicTanh", cite="actix2025", evidence="single source",
       summary="Tanh plus sine.")  # fmt: skip
