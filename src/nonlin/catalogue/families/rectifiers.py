"""Piecewise-linear functions: ReLU and its family, and the identity they bend."""

from fractions import Fraction

from nonlin.catalogue.language import clip, in_family, maximum, param, slope, uniform, where, x

define = in_family("rectifiers")

define("identity", x, aliases=("linear", "none"), summary="No activation: layers stacked with it remain one linear map.")
define("relu", maximum(x, 0), title="ReLU", cite="nair2010",
       summary="Rectified linear unit; the derivative at 0 is 0.")  # fmt: skip
define("leaky_relu", where(x > 0, x, slope * x), slope=param(0.01), title="LeakyReLU", aliases=("lrelu",),
       cite="maas2013", summary="ReLU with a small slope for negative inputs; derivative at 0: the slope.")  # fmt: skip
define("prelu", where(x > 0, x, slope * x), slope=param(0.25, learnable=True, per="channel"), title="PReLU",
       aliases=("parametric_relu",), cite="he2015",
       summary="Leaky ReLU whose slope is learned, one for the layer or one per channel.")  # fmt: skip
define("rrelu", where(x > 0, x, slope * x), slope=uniform("low", "high"), low=param(Fraction(1, 8)),
       high=param(Fraction(1, 3)), title="RReLU", aliases=("randomized_relu",), cite="xu2015",
       summary="Leaky ReLU whose slope is drawn for every element while training, and is the mean otherwise.")  # fmt: skip
define("relu6", clip(x, 0, 6), title="ReLU6", cite="krizhevsky2010",
       summary="ReLU limited to 6; the derivative at 0 and at 6 is 0.")  # fmt: skip
