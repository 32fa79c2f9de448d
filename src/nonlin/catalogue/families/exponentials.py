"""Rectifiers with an exponential or smooth bend."""

from nonlin.catalogue.language import alpha, beta, exp, in_family, log, param, scale, where, x

define = in_family("exponentials")

define("elu", where(x > 0, x, alpha * (exp(x) - 1)), alpha=param(1.0), title="ELU", cite="clevert2016",
       summary="Exponential linear unit: range (-alpha, inf), smooth at 0 for alpha = 1.")  # fmt: skip
define("celu", where(x > 0, x, alpha * (exp(x / alpha) - 1)), alpha=param(1.0, low=1e-6), title="CELU",
       cite="barron2017", summary="ELU that stays continuously differentiable for every alpha.")  # fmt: skip
define("selu", scale * where(x > 0, x, alpha * (exp(x) - 1)), title="SELU",
       scale=param(1.0507009873554804934193349852946), alpha=param(1.6732632423543772848170429916717),
       cite="klambauer2017",
       summary="Scaled ELU: keeps mean 0 and variance 1 with LeCun-normal weights and alpha dropout.")  # fmt: skip
define("softplus", log(1 + exp(beta * x)) / beta, beta=param(1.0, low=1e-6), cite="dugas2000",
       summary="Smooth ReLU, the integral of the sigmoid; no linear switch-over at any threshold.")  # fmt: skip
