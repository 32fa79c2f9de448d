"""The words definitions are written in: the variable, parameter names, and functions of expressions."""

from __future__ import annotations

from collections.abc import Callable

from nonlin.catalogue.definition import Param, param, uniform
from nonlin.catalogue.registry import in_family
from nonlin.expr import Expr, call, var, where
from nonlin.expr.nodes import Operand

x, alpha, beta, scale, slope, low, high = map(var, ("x", "alpha", "beta", "scale", "slope", "low", "high"))
pi = Expr("pi")


def _function(op: str) -> Callable[[Operand], Expr]:
    return lambda u: call(op, u)


exp, log, tanh, erf, sqrt, softplus, sigmoid, normal_cdf, row_sum, row_max = map(
    _function,
    ("exp", "log", "tanh", "erf", "sqrt", "softplus", "sigmoid", "normal_cdf", "row_sum", "row_max"),
)


def maximum(a: Operand, b: Operand) -> Expr:
    """The larger of two expressions; at a tie its derivative is that of ``b``."""
    return call("max", a, b)


def minimum(a: Operand, b: Operand) -> Expr:
    """The smaller of two expressions; at a tie its derivative is that of ``b``."""
    return call("min", a, b)


def clip(u: Operand, lowest: Operand, highest: Operand) -> Expr:
    """``u`` limited to [lowest, highest], with derivative 0 at both ends."""
    return minimum(maximum(u, lowest), highest)


__all__ = ["Expr", "Param", "alpha", "beta", "clip", "erf", "exp", "high", "in_family", "log", "low", "maximum", "minimum",
           "normal_cdf", "param", "pi", "row_max", "row_sum", "scale", "sigmoid", "slope", "softplus", "sqrt", "tanh",
           "uniform", "where", "x"]  # fmt: skip
