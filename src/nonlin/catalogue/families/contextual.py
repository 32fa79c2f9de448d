"""Functions whose parameters a small network, or the batch, computes from the whole input; see ``nonlin.nn``."""

from nonlin.catalogue.language import alpha, beta, in_family, maximum, param, sigmoid, sqrt, v, x

define = in_family("contextual")
a1, b1, a2, b2, surround, p1, p2, mean, variance, epsilon = map(
    v, ("a1", "b1", "a2", "b2", "surround", "p1", "p2", "mean", "variance", "epsilon")
)
_shared = maximum(a1 * x + b1, a2 * x + b2)
_share = sigmoid((x - mean) / sqrt(variance + epsilon))

define("dynamic_relu", _shared, a1=param(1.0), b1=param(0.0), a2=param(0.0), b2=param(0.0), title="DynamicReLU",
       aliases=("dy_relu",), cite="chen2020dynamic", evidence="peers",
       context="a squeeze-and-excitation network: two slopes and biases for the sample (A) or for each channel (B)",
       summary="The larger of two lines whose slopes and biases depend on the whole sample.")  # fmt: skip
define("funnel_relu", maximum(x, surround), surround=param(0.0), title="FunnelReLU", aliases=("funnel_activation",),
       shared=("frelu",), cite="ma2020", evidence="paper",
       context="a depthwise convolution with normalisation: a condition for each pixel of each channel",
       summary="The larger of x and a spatial condition of its surroundings.")  # fmt: skip
# The authors draw the first p1 and p2 from a normal distribution; 1 and 0 make the unit start as Swish.
define("meta_acon", (p1 - p2) * x * sigmoid(beta * (p1 - p2) * x) + p2 * x, p1=param(1.0, learnable=True, per="channel"),
       p2=param(0.0, learnable=True, per="channel"), beta=param(1.0), title="MetaACON", aliases=("meta_acon_c",), cite="ma2021",
       evidence="paper",
       context="two 1x1 convolutions with normalisation: a switching factor beta for each channel of a sample",
       summary="ACON-C whose switching factor beta is computed from the sample.")  # fmt: skip
define("dice", _share * x + (1 - _share) * alpha * x, mean=param(0.0), variance=param(1.0, low=0.0),
       epsilon=param(1e-8, low=0.0), alpha=param(0.0, learnable=True, per="channel"), cite="zhou2018",
       evidence="peers", context="the batch: mean and variance of each channel, their running values outside training",
       summary="PReLU whose switch is a sigmoid of the batch-normalised input.")  # fmt: skip
