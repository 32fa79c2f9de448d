"""Bounded, S-shaped functions."""

from nonlin.catalogue.language import clip, exp, high, in_family, log, low, param, x

define = in_family("sigmoids")

define("sigmoid", 1 / (1 + exp(-x)), aliases=("logistic", "expit"), cite="rumelhart1986",
       summary="The logistic function: squashes to (0, 1); its output is not zero-centred.")  # fmt: skip
define("tanh", (exp(x) - exp(-x)) / (exp(x) + exp(-x)), cite="lecun1998",
       summary="Hyperbolic tangent: zero-centred, squashes to (-1, 1); equals 2*sigmoid(2x) - 1.")  # fmt: skip
define("softsign", x / (1 + abs(x)), cite="turian2009",
       summary="Like tanh with polynomial instead of exponential tails.")  # fmt: skip
define("hard_sigmoid", clip(x + 3, 0, 6) / 6, cite="howard2019",
       summary="Piecewise linear sigmoid of slope 1/6 (the convention of PyTorch, JAX and Keras 3).")  # fmt: skip
define("hard_tanh", clip(x, low, high), low=param(-1.0), high=param(1.0), cite="collobert2004",
       summary="Identity limited to [low, high]; the derivative at both ends is 0.")  # fmt: skip
define("log_sigmoid", log(1 / (1 + exp(-x))), aliases=("logsigmoid",), cite="rumelhart1986",
       summary="Logarithm of the logistic function: the log-probability of a binary output.")  # fmt: skip
