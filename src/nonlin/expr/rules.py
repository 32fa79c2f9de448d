"""The rules that make formulas stable, and those that repair what is left just before a kernel is emitted.

Each is written in the language people type: ``u`` and ``v`` match any subexpression, ``c`` and ``d`` numbers that single
precision holds exactly, ``p`` and ``q`` positive numbers other than 1, ``r`` anything but a whole number, and ``k`` anything
without ``x``.
"""

from __future__ import annotations

from collections.abc import Callable

from nonlin.expr.nodes import Expr, number, variables

RULES: tuple[tuple[str, str, str], ...] = (
    ("log(1 + exp(u))", "softplus(u)", "exp(u) overflows, and 1 + exp(u) is 1 for negative u"),
    ("log1p(exp(u))", "softplus(u)", "exp(u) overflows"),
    ("exp(u) - 1", "expm1(u)", "cancels for small u"),
    ("1 - exp(u)", "-expm1(u)", "cancels for small u"),
    ("exp(u)/(1 + exp(u))", "sigmoid(u)", "inf/inf for large u"),
    ("v/(1 + exp(u))", "v*sigmoid(-u)", "exp(u) overflows, and inf/inf where v grows too"),
    ("1 - sigmoid(u)", "sigmoid(-u)", "cancels for large u"),
    ("log(sigmoid(u))", "-softplus(-u)", "log(0) in the tail"),
    ("1 - tanh(u)**2", "sech2(u)", "is exactly 0 in the tails"),
    ("1 + tanh(u)", "2*sigmoid(2*u)", "cancels for negative u"),
    ("1 - tanh(u)", "2*sigmoid(-2*u)", "cancels for positive u"),
    ("exp(u) - exp(-u)", "2*sinh(u)", "cancels for small u"),
    ("exp(u) + exp(-u)", "2*cosh(u)", "its quotients are inf/inf for large u"),
    ("expm1(u) - expm1(-u)", "2*sinh(u)", "one function instead of two"),
    ("sinh(u)/cosh(u)", "tanh(u)", "inf/inf for large u"),
    ("v/cosh(u)", "v*sech(u)", "cosh(u) overflows, and inf/inf where v grows too"),
    ("sinh(u)*sech(u)", "tanh(u)", "inf*0 for large u"),
    ("cosh(u)*sech(u)", "1", "inf*0 for large u"),
    ("exp(u)*sech(u)", "2*sigmoid(2*u)", "inf*0 for large u"),
    ("exp(u)*sech2(u)", "2*sigmoid(2*u)*sech(u)", "inf*0 for large u"),
    ("sech(u)**2", "sech2(u)", "one function instead of a square"),
    ("exp(u - softplus(2*u))", "sech(u)/2", "inf - inf for large u"),
    ("log(cosh(u))", "log_cosh(u)", "cosh(u) overflows, and is 1 for small u"),
    ("log(2*cosh(u))", "log_cosh(u) + log(2)", "cosh(u) overflows"),
    ("exp(u)*sigmoid(-u)", "sigmoid(u)", "inf*0 for large u"),
    ("expm1(u)*sigmoid(-u)", "tanh(u/2)", "inf*0 for large u"),
    ("sigmoid(u)*sigmoid(-u)", "sech2(u/2)/4", "its derivative cancels near 0"),
    ("exp(u)/(p + exp(u))", "sigmoid(u - log(p))", "inf/inf for large u"),
    ("v/(p + exp(u))", "v*sigmoid(log(p) - u)/p", "exp(u) overflows, and inf/inf where v grows too"),
    ("v/(1 + p*exp(u))", "v*sigmoid(-u - log(p))", "exp(u) overflows, and inf/inf where v grows too"),
    ("log(p + exp(u))", "softplus(u - log(p)) + log(p)", "exp(u) overflows"),
    ("log(1 + p*exp(u))", "softplus(u + log(p))", "exp(u) overflows"),
    ("log(p + exp(u)/q)", "softplus(u - log(p*q)) + log(p)", "exp(u) overflows"),
    ("log(p + q*exp(u))", "softplus(u + log(q/p)) + log(p)", "exp(u) overflows"),
    ("v/(p + exp(u)/q)", "v*sigmoid(log(p*q) - u)/p", "exp(u) overflows, and inf/inf where v grows too"),
    ("v/(p + q*exp(u))", "v*sigmoid(log(p/q) - u)/p", "exp(u) overflows, and inf/inf where v grows too"),
    ("log1p(p*exp(u))", "softplus(u + log(p))", "exp(u) overflows"),
    ("log(1 + u)", "log1p(u)", "1 + u loses the digits of a small u"),
    ("log(1 - u)", "log1p(-u)", "1 - u loses the digits of a small u"),
    ("sin(u)*cos(u)", "sin(2*u)/2", "one function instead of two"),
    ("log(2 - exp(u))", "log1p(-expm1(u))", "cancels for small u"),
    ("u**r - 1", "expm1(r*log(u))", "cancels for u near 1"),
    ("p**u - 1", "expm1(u*log(p))", "cancels for small u"),
    ("2*sigmoid(2*u) - 1", "tanh(u)", "cancels for small u"),
    ("2*sigmoid(u) - 1", "tanh(u/2)", "cancels for small u"),
    ("1 + erf(u)", "erfc(-u)", "cancels for negative u"),
    ("1 - erf(u)", "erfc(u)", "cancels for positive u"),
    ("1 - erfc(u)", "erf(u)", "cancels for small u"),
    ("1 - normal_cdf(u)", "normal_cdf(-u)", "cancels for positive u"),
    ("exp(u)/row_sum(exp(u))", "row_softmax(u)", "exp(u) overflows"),
    ("exp(u)/(1 + row_sum(exp(u)))", "row_softmax(u)*sigmoid(row_logsumexp(u))", "exp(u) overflows"),
    ("exp(u)*v/row_sum(exp(u)*v)", "row_softmax(u)*v/row_sum(row_softmax(u)*v)", "exp(u) overflows"),
    (
        "log(row_sum(exp(u))/row_length(u))",
        "row_max(u) + log1p(row_sum(expm1(u - row_max(u)))/row_length(u))",
        "exp(u) overflows, and the mean is near 1 for small u",
    ),
    ("log(row_sum(exp(u)))", "row_logsumexp(u)", "exp(u) overflows"),
    ("log(row_softmax(u))", "row_log_softmax(u)", "log(0) for entries far below the largest"),
    ("u - row_logsumexp(u)", "row_log_softmax(u)", "cancels for the largest entry"),
    ("max(abs(u), 0)", "abs(u)", "nothing to choose"),
    ("max(u, tanh(u))", "where(u > 0, u, tanh(u))", "tanh(u) rounds to u for small u"),
    ("min(u, tanh(u))", "where(u > 0, tanh(u), u)", "tanh(u) rounds to u for small u"),
    ("max(u, sin(u))", "where(u > 0, u, sin(u))", "sin(u) rounds to u for small u"),
    ("min(u, sin(u))", "where(u > 0, sin(u), u)", "sin(u) rounds to u for small u"),
    ("max(u/p, d)", "max(u, d*p)/p", "u/p rounds onto the bound d before u is there"),
    ("min(u/p, d)", "min(u, d*p)/p", "u/p rounds onto the bound d before u is there"),
    ("max(p*u, d)", "p*max(u, d/p)", "p*u rounds onto the bound d before u is there"),
    ("min(p*u, d)", "p*min(u, d/p)", "p*u rounds onto the bound d before u is there"),
    ("max(u + c, d)", "max(u, d - c) + c", "u + c rounds onto the bound d before u is there"),
    ("min(u + c, d)", "min(u, d - c) + c", "u + c rounds onto the bound d before u is there"),
    ("max(d, u + c)", "max(d - c, u) + c", "u + c rounds onto the bound d before u is there"),
    ("min(d, u + c)", "min(d - c, u) + c", "u + c rounds onto the bound d before u is there"),
    ("max(u - c, d)", "max(u, d + c) - c", "u - c rounds onto the bound d before u is there"),
    ("min(u - c, d)", "min(u, d + c) - c", "u - c rounds onto the bound d before u is there"),
    ("max(d, u - c)", "max(d + c, u) - c", "u - c rounds onto the bound d before u is there"),
    ("min(d, u - c)", "min(d + c, u) - c", "u - c rounds onto the bound d before u is there"),
    ("max(c - u, d)", "c - min(u, c - d)", "c - u rounds onto the bound d before u is there"),
    ("min(c - u, d)", "c - max(u, c - d)", "c - u rounds onto the bound d before u is there"),
    ("max(d, c - u)", "c - min(c - d, u)", "c - u rounds onto the bound d before u is there"),
    ("min(d, c - u)", "c - max(c - d, u)", "c - u rounds onto the bound d before u is there"),
)
"""Textbook form, stable form, and what goes wrong in the first."""

REPAIRS: tuple[tuple[str, str, str], ...] = (
    ("1 - cos(u)", "2*sin(u/2)**2", "cancels for small u"),
    ("cos(u) - 1", "-2*sin(u/2)**2", "cancels for small u"),
    ("1 + cos(u)", "2*cos(u/2)**2", "cancels for u near pi"),
    ("1 + sin(u)", "2*sin(pi/4 + u/2)**2", "cancels for u near -pi/2"),
    ("1 - sin(u)", "2*sin(pi/4 - u/2)**2", "cancels for u near pi/2"),
    ("sin(u) - 1", "-2*sin(pi/4 - u/2)**2", "cancels for u near pi/2"),
    ("sqrt(1 + u**2) - 1", "u*(u/(1 + sqrt(1 + u**2)))", "cancels for small u"),
    ("sqrt(u**2 + k) + u", "where(u > 0, sqrt(u**2 + k) + abs(u), k/(sqrt(u**2 + k) + abs(u)))", "cancels for negative u"),
    ("sqrt(u**2 + k) - u", "where(u < 0, sqrt(u**2 + k) + abs(u), k/(sqrt(u**2 + k) + abs(u)))", "cancels for positive u"),
)
"""Forms for evaluation only: their derivatives would be worse than those of the forms they replace."""
WIDE: tuple[tuple[str, str, str], ...] = (
    ("sqrt(1 + u**2)", "max(abs(u), sqrt(1 + min(abs(u), 2**60)**2))", "u**2 overflows"),
    ("sqrt(p + u**2)", "max(abs(u), sqrt(p + min(abs(u), 2**60)**2))", "u**2 overflows"),
)
"""Forms for evaluation only, three operations longer, for the whole range of the type."""
FUSED: tuple[tuple[str, str, str], ...] = (
    ("tanh(softplus(u))", "tanh_softplus(u)", "a logarithm and an exponential that undo each other"),
    ("sech2(softplus(u))", "sech2_softplus(u)", "the same"),
)
"""Forms for targets with code of their own for a composition."""


def _single(node: Expr) -> bool:
    """Whether a node is a number that single precision holds exactly, so that shifting a bound by it is exact."""
    value = number(node)
    if value is None or value.denominator.bit_count() != 1:
        return False
    return abs(value.numerator).bit_length() <= 24 and value.denominator.bit_length() <= 24


def _positive(node: Expr) -> bool:
    """Whether a node is a positive number other than 1."""
    value = number(node)
    return value is not None and value > 0 and value != 1


def _not_whole(node: Expr) -> bool:
    """Whether a node is anything but a whole number."""
    value = number(node)
    return value is None or value.denominator != 1


def _constant(node: Expr) -> bool:
    """Whether a node does not depend on x."""
    return "x" not in variables(node)


def _anything(node: Expr) -> bool:
    return True


WILD: dict[str, Callable[[Expr], bool]] = {
    "u": _anything,
    "v": _anything,
    "c": _single,
    "d": _single,
    "p": _positive,
    "q": _positive,
    "r": _not_whole,
    "k": _constant,
}
"""Names that stand for expressions in a rule, and what each may stand for."""
