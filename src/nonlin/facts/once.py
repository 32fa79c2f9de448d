"""The range of a formula in which x stands once: exact, by interval arithmetic, without arrays.

Where each variable stands once and every step is continuous and monotone, interval arithmetic gives the range itself, not only
bounds of it (Moore, Kearfott and Cloud, Introduction to Interval Analysis, SIAM 2009, section 5). sigmoid, tanh, relu and relu6
are such formulas; what is not returns None and is left to :mod:`nonlin.facts.reach`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from nonlin.expr import Expr

INF = math.inf


class Span(NamedTuple):
    """The values between two ends, and whether each end is one of them."""

    low: float
    high: float
    low_in: bool
    high_in: bool


def _guarded(function: Callable[[float], float], low: float, high: float) -> Callable[[float], float]:
    """A function with its limits at both infinities."""
    return lambda v: low if v == -INF else high if v == INF else function(v)


def _sigmoid(v: float) -> float:
    return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))


def _softplus(v: float) -> float:
    return max(v, 0.0) + math.log1p(math.exp(-abs(v)))


RISING: Mapping[str, Callable[[float], float]] = {
    "tanh": _guarded(math.tanh, -1.0, 1.0),
    "sigmoid": _guarded(_sigmoid, 0.0, 1.0),
    "softplus": _guarded(_softplus, 0.0, INF),
    "exp": _guarded(math.exp, 0.0, INF),
    "expm1": _guarded(math.expm1, -1.0, INF),
    "arctan": _guarded(math.atan, -math.pi / 2, math.pi / 2),
    "erf": _guarded(math.erf, -1.0, 1.0),
    "normal_cdf": _guarded(lambda v: 0.5 * math.erfc(-v / math.sqrt(2)), 0.0, 1.0),
    "arcsinh": _guarded(math.asinh, -INF, INF),
    "sinh": _guarded(math.sinh, -INF, INF),
}
"""Primitives that rise everywhere, with their limits."""


def once(root: Expr) -> Span | None:
    """Return the range of a formula in ``x`` alone in which ``x`` stands once, or None where this does not decide it.

    >>> from nonlin.expr import parse
    >>> once(parse("min(max(x, 0), 6)")), once(parse("x*tanh(x)"))
    (Span(low=0.0, high=6.0, low_in=True, high_in=True), None)
    """
    if _standing(root) != 1:
        return None
    try:
        return _span(root)
    except (OverflowError, ZeroDivisionError):
        return None


def _standing(root: Expr) -> int:
    """How often x stands in a formula."""
    return 1 if root.op == "var" else sum(_standing(part) for part in root.args)


def _span(root: Expr) -> Span | None:
    if root.op == "var":
        return Span(-INF, INF, False, False)
    if root.op == "const" and isinstance(root.payload, Fraction):
        value = float(root.payload)
        return Span(value, value, True, True)
    parts = [_span(part) for part in root.args]
    spans = [p for p in parts if p is not None]
    if len(spans) != len(parts) or not spans:
        return None
    if len(spans) == 1:
        return of_one(root.op, spans[0])
    return of_two(root.op, *spans) if len(spans) == 2 else None


def of_one(op: str, a: Span) -> Span | None:
    """A function of one part."""
    if op in RISING:
        rises = RISING[op]
        return Span(rises(a.low), rises(a.high), a.low_in, a.high_in)
    if op == "neg":
        return _turned(a)
    if op == "abs":
        return a if a.low >= 0 else _turned(a) if a.high <= 0 else _folded(a)
    return None


def _turned(a: Span) -> Span:
    return Span(0.0 - a.high, 0.0 - a.low, a.high_in, a.low_in)


def _folded(a: Span) -> Span:
    """|a| of a span with 0 inside."""
    high = max(-a.low, a.high)
    return Span(0.0, high, True, (a.low_in and -a.low == high) or (a.high_in and a.high == high))


def of_two(op: str, a: Span, b: Span) -> Span | None:
    """A function of two parts, of which one is a number."""
    if op in ("max", "min"):
        return _greater(a, b) if op == "max" else _turned(_greater(_turned(a), _turned(b)))
    if op == "sub":
        return of_two("add", a, _turned(b))
    if a.low == a.high and b.low != b.high and op in ("add", "mul"):
        a, b = b, a
    if b.low != b.high:
        return _reciprocal(b, a.low) if op == "div" and a.low == a.high else None
    c = b.low
    if op == "add":
        return Span(a.low + c, a.high + c, a.low_in, a.high_in)
    if op in ("mul", "div") and c:
        low, high = (v * c if op == "mul" else v / c for v in (a.low, a.high))
        ends = Span(low, high, a.low_in, a.high_in)
        return ends if c > 0 else Span(ends.high, ends.low, ends.high_in, ends.low_in)
    if op == "pow" and c == 2:
        size = of_one("abs", a)
        return None if size is None else Span(size.low**2, size.high**2, size.low_in, size.high_in)
    return None


def _greater(a: Span, b: Span) -> Span:
    """max(a, b), one of them a number: an end of the other counts where it is not cut off."""
    low, high = max(a.low, b.low), max(a.high, b.high)
    low_in = a.low_in and b.low_in if a.low == b.low else (a if a.low > b.low else b).low_in
    high_in = a.high_in or b.high_in if a.high == b.high else (a if a.high > b.high else b).high_in
    return Span(low, high, low_in, high_in)


def _reciprocal(b: Span, over: float) -> Span | None:
    """A number above 0 divided by a span on one side of 0."""
    if not (over > 0 and (b.low > 0 or (b.low == 0 and not b.low_in))):
        return None
    return Span(over / b.high, INF if b.low == 0 else over / b.low, b.high_in, b.low_in)


__all__ = ["Span", "of_one", "of_two", "once"]
