"""Functions that are random while training. Outside training the noise stands at its mean, or ``rest`` says what holds."""

from nonlin.catalogue.language import (
    abs_,
    alpha,
    arctan,
    beta,
    clip,
    high,
    in_family,
    log,
    low,
    maximum,
    noise,
    param,
    pi,
    scale,
    sigmoid,
    sign,
    slope,
    sqrt,
    u,
    v,
    where,
    x,
    z,
)

define = in_family("stochastic")
gamma, zeta, log_alpha, c, p, h = *map(v, ("gamma", "zeta", "log_alpha", "c", "p")), clip(x, -1, 1)
_spread = c * (sigmoid(p * (h - x)) - 0.5) ** 2

define("noisy_relu", maximum(x + sqrt(sigmoid(x)) * z, 0), z=noise("normal"), title="NoisyReLU", aliases=("nrelu",),
       cite="nair2010", evidence="single source",
       summary="ReLU of x plus Gaussian noise of variance sigmoid(x): the mean-field form of many tied binary units.")  # fmt: skip
# The authors sample outside training too, and start a learned scale at 0, where nothing is random; 0.1 is one of the
# fixed scales they try.
define("probact", maximum(x, 0) + scale * z, z=noise("normal"), scale=param(0.1, low=0.0, learnable=True), title="ProbAct",
       cite="shridhar2019", evidence="paper",
       summary="ReLU as the mean and a learned scale as the spread of a Gaussian output.")  # fmt: skip
define("elastic_relu", where(x > 0, (1 + alpha * (2 * u - 1)) * x, 0), u=noise("uniform"), alpha=param(0.1, low=0.0, high=1.0),
       title="ElasticReLU", aliases=("erelu",), cite="jiang2018", evidence="single source",
       summary="ReLU whose slope is drawn from [1 - alpha, 1 + alpha] for every element while training.")  # fmt: skip
define("elastic_prelu", where(x > 0, (1 + alpha * (2 * u - 1)) * x, slope * x), u=noise("uniform"), title="ElasticPReLU",
       alpha=param(0.1, low=0.0, high=1.0), slope=param(0.25, learnable=True, per="channel"), aliases=("eprelu",),
       cite="jiang2018", evidence="single source",
       summary="PReLU whose positive slope is drawn from [1 - alpha, 1 + alpha] while training.")  # fmt: skip
define("rt_relu", maximum(x + scale * z, 0), z=noise("normal"), scale=param(0.75, low=0.0), title="RTReLU",
       aliases=("randomly_translational_relu",), cite="cao2018", evidence="single source",
       summary="ReLU with a randomly shifted input while training.")  # fmt: skip
define("rt_prelu", where(x + scale * z > 0, x, slope * x), z=noise("normal"), scale=param(0.75, low=0.0), title="RTPReLU",
       slope=param(0.25, learnable=True, per="channel"), cite="cao2018", evidence="single source",
       summary="PReLU whose branch is chosen at a randomly shifted threshold while training.")  # fmt: skip
define("pats", x * arctan(pi * (low + (high - low) * u) * sigmoid(x)), u=noise("uniform"), low=param(0.5),
       high=param(0.75, above="low"), title="PATS", cite="kunc2024", evidence="single source",
       summary="x times the arctangent of a scaled sigmoid, the scale drawn between low and high while training.")  # fmt: skip
define("noisy_hard_tanh", alpha * h + (1 - alpha) * x - sign(x) * sign(1 - alpha) * _spread * abs_(z), z=noise("normal"),
       rest=alpha * h + (1 - alpha) * x - sign(x) * sign(1 - alpha) * _spread * sqrt(2 / pi), alpha=param(1.15),
       c=param(0.5, low=0.0), p=param(1.0, learnable=True), cite="gulcehre2016", evidence="paper",
       summary="Hard tanh that is noisy where it saturates, so that gradients can find their way out.")  # fmt: skip
define("hard_concrete", clip(sigmoid((log(u) - log(1 - u) + x) / beta) * (zeta - gamma) + gamma, 0, 1), u=noise("uniform"),
       rest=clip(sigmoid(x) * (zeta - gamma) + gamma, 0, 1), beta=param(2 / 3, low=0.01), gamma=param(-0.1, high=0.0),
       zeta=param(1.1, low=1.0), cite="louizos2018", evidence="paper",
       summary="A stretched and clipped concrete sample in [0, 1]: a differentiable gate that is exactly 0 or 1 at times.")  # fmt: skip
