"""The words definitions are written in: variables, and functions of expressions named as in the literature."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from nonlin.catalogue.definition import Param, noise, param
from nonlin.catalogue.registry import in_family
from nonlin.expr import Expr, call, var, where
from nonlin.expr.nodes import Operand

v = var
x, gate, imag, u, z = map(var, ("x", "gate", "imag", "u", "z"))
alpha, beta, gamma, scale, slope, low, high, threshold = map(
    var, ("alpha", "beta", "gamma", "scale", "slope", "low", "high", "threshold")
)
pi = Expr("pi")


def _function(op: str) -> Callable[..., Expr]:
    return lambda *arguments: call(op, *arguments)


exp, log, tanh, erf, sqrt, softplus, sigmoid, normal_cdf, sin, cos, arctan, arcsinh, sign, floor, round_, abs_ = map(
    _function,
    ("exp", "log", "tanh", "erf", "sqrt", "softplus", "sigmoid", "normal_cdf", "sin", "cos", "arctan", "arcsinh", "sign",
     "floor", "round", "abs"),
)  # fmt: skip
row_sum, row_max, row_first_max, row_length, row_top, row_threshold, straight_through, join = map(
    _function,
    ("row_sum", "row_max", "row_first_max", "row_length", "row_top", "row_threshold", "straight_through", "join"),
)


def maximum(a: Operand, b: Operand) -> Expr:
    """The larger of two expressions; at a tie its derivative is that of ``b``."""
    return call("max", a, b)


def minimum(a: Operand, b: Operand) -> Expr:
    """The smaller of two expressions; at a tie its derivative is that of ``b``."""
    return call("min", a, b)


def clip(e: Operand, lowest: Operand, highest: Operand) -> Expr:
    """``e`` limited to [lowest, highest], with derivative 0 at both ends."""
    return minimum(maximum(e, lowest), highest)


def sinh(e: Expr) -> Expr:
    """Hyperbolic sine."""
    return (exp(e) - exp(-e)) / 2


def cosh(e: Expr) -> Expr:
    """Hyperbolic cosine."""
    return (exp(e) + exp(-e)) / 2


def row_mean(e: Expr) -> Expr:
    """Mean over the last axis."""
    return row_sum(e) / row_length(x)


__all__ = ["Expr", "Fraction", "Param", "abs_", "alpha", "arcsinh", "arctan", "beta", "clip", "cos", "cosh", "erf",
           "exp", "floor", "gamma", "gate", "high", "imag", "in_family", "join", "log", "low", "maximum", "minimum",
           "noise", "normal_cdf", "param", "pi", "round_", "row_first_max", "row_length", "row_max", "row_mean",
           "row_sum", "row_threshold", "row_top", "scale", "sigmoid", "sign", "sin", "sinh", "slope", "softplus",
           "sqrt", "straight_through", "tanh", "threshold", "u", "v", "where", "x", "z"]  # fmt: skip
