"""What a textbook formula and its derivatives are worth, by mpmath alone: no symbolic derivative, no stable form.

The formula is evaluated as the literature writes it. Such forms cancel in their tails, so precision is doubled until two
precisions, with two different difference steps, give the same number; derivatives are difference quotients, taken from
each side where the formula has branches. At a kink the two sides differ, and the oracle returns both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mpmath import mp, mpf

from nonlin.catalogue import Definition
from nonlin.expr import Expr, const, substitute, walk
from nonlin.expr.exact import evaluate

DIGITS = {"double": (60, 120, 240, 480, 960, 2200), "single": (60, 120, 240, 480)}
"""Precisions tried, from the least the battery accepts; the last resolves second derivatives at the smallest number, in
steps smaller than it, and is for formulas with branches."""
TINY = {"double": mpf(10) ** -345, "single": mpf(10) ** -60}
"""Smaller than any number of the type can tell from zero."""
BRANCHES = {"where", "min", "max", "abs", "sign", "floor", "round"}
FAR = (2.0**1000, 2.0**1010)
"""Where infinity's limit is read off: two places, so that growth is told from a limit."""

# one-sided difference quotients over f(0), f(h), f(2h), f(3h): weights and the power of h they are divided by
STENCILS = (((1, 0, 0, 0), 1), ((-3, 4, -1, 0), 2), ((2, -5, 4, -1), 1), ((-1, 3, -3, 1), 1))


@dataclass(frozen=True)
class Truth:
    """The exact result lies in [low, high] (one point except at a kink); ``change`` is |x * its derivative|."""

    low: Any
    high: Any
    change: Any


@lru_cache(maxsize=1024)
def textbook(made: Definition) -> Expr:
    """The formula as written, in x alone: parameters at their defaults, exactly; nothing rewritten."""
    return substitute(made.at_rest(made.textbook), {n: const(p.default) for n, p in made.settable.items()})


def _branches(root: Expr) -> bool:
    return any(n.op in BRANCHES for n in walk(root))


def _one_sided(samples: list[Any], h: Any) -> list[Any]:
    return [
        sum((w * f for w, f in zip(weights, samples, strict=True)), mpf(0)) / (scale * h**order)
        for order, (weights, scale) in enumerate(STENCILS)
    ]


def _sides(root: Expr, x: Any, digits: int) -> list[tuple[Any, Any]]:
    """Value and three derivatives at ``x``, each from the left and from the right."""
    with mp.workdps(digits):
        x = mpf(x)
        size = min(abs(x), mpf(1)) if _branches(root) else mpf(1)
        h = (size or mpf(1)) * max(abs(x), mpf(1)) * mpf(10) ** (-digits // 5)

        def f(point: Any) -> Any:
            return evaluate(root, {"x": point}, digits)

        here = f(x)
        right = _one_sided([here, *(f(x + k * h) for k in (1, 2, 3))], h)
        left = _one_sided([here, *(f(x - k * h) for k in (1, 2, 3))], -h)
        return list(zip(left, right, strict=True))


def _settled(old: list[tuple[Any, Any]], new: list[tuple[Any, Any]], tiny: Any) -> bool:
    """Same numbers twice, and none of them a zero that a higher precision might still fill."""

    def same(a: Any, b: Any, digits: int) -> bool:
        size = max(abs(a), abs(b))
        return bool(abs(a - b) <= size * mpf(10) ** -digits or size < tiny)

    return all(
        same(a, b, 20 if order < 3 else 3) and (order == 3 or abs(b) > 0)
        for order, (was, now) in enumerate(zip(old, new, strict=True))
        for a, b in zip(was, now, strict=True)
    )


@lru_cache(maxsize=200_000)
def truth(root: Expr, x: float, width: str = "double") -> tuple[Truth, Truth, Truth]:
    """Value, first and second derivative of ``root`` at a finite ``x`` of a type no wider than ``width``."""
    precisions = DIGITS[width] if _branches(root) else DIGITS[width][:-1]
    new = _sides(root, x, precisions[0])
    for digits in precisions[1:]:
        old, new = new, _sides(root, x, digits)
        if _settled(old, new, TINY[width]):
            break
    with mp.workdps(50):
        results = []
        for order in range(3):
            change = abs(mpf(x)) * min(abs(v) for v in new[order + 1])
            results.append(Truth(min(new[order]), max(new[order]), change))
    return results[0], results[1], results[2]


@lru_cache(maxsize=10_000)
def limit(root: Expr, sign: float) -> tuple[float, float, float]:
    """Value, first and second derivative at infinity, as floats: constant far out, or growing without bound."""
    near, far = (_sides(root, math.copysign(p, sign), 1500) for p in FAR)
    results = []
    for order in range(3):
        a, b = near[order][1], far[order][1]
        grows = abs(b) > 2 * abs(a) and abs(b) > 1
        results.append(math.copysign(math.inf, b) if grows else float(b))
    return results[0], results[1], results[2]
