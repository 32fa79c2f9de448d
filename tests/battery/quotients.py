"""A second oracle that shares nothing with the first but the formula: mpmath's functions, and difference quotients.

Precision is doubled until two precisions, with two different steps, give the same number; at kinks the two sides differ, and
both are returned. Slow, so a small sample of points is compared (``test_harness``).
"""

from __future__ import annotations

from typing import Any

from mpmath import mp, mpf

from nonlin.expr import Expr, walk
from nonlin.expr.exact import evaluate
from nonlin.expr.nodes import rebuild

DIGITS = (60, 120, 240, 480)
TINY = mpf(10) ** -60
"""Smaller than anything the sample looks at."""
BRANCHES = {"where", "min", "max", "abs", "sign", "floor", "round"}
STENCILS = (((1, 0, 0, 0), 1), ((-3, 4, -1, 0), 2), ((2, -5, 4, -1), 1))
"""One-sided difference quotients over f(0), f(h), f(2h), f(3h): their weights, and the factor of h**order they are over."""
Sides = list[tuple[Any, Any]]


def _sides(roots: tuple[Expr, Expr], x: float, digits: int) -> Sides:
    """Value and two derivatives at ``x``, each from the left and from the right."""
    with mp.workdps(digits):
        point = mpf(x)
        branches = any(n.op in BRANCHES for n in walk(*roots))
        size = min(abs(point), mpf(1)) if branches else mpf(1)
        h = (size or mpf(1)) * max(abs(point), mpf(1)) * mpf(10) ** (-digits // 5)

        def quotient(order: int, step: Any) -> Any:
            weights, scale = STENCILS[order]
            root = roots[order > 0]
            samples = [evaluate(root, {"x": point + k * step}, digits) if w else 0 for k, w in enumerate(weights)]
            return mp.fsum(w * f for w, f in zip(weights, samples, strict=True)) / (scale * step**order)

        return [(quotient(order, -h), quotient(order, h)) for order in range(3)]


def _settled(old: Sides, new: Sides) -> bool:
    pairs = [(a, b) for was, now in zip(old, new, strict=True) for a, b in zip(was, now, strict=True)]
    return all(abs(a - b) <= max(abs(a), abs(b)) * mpf(10) ** -20 or max(abs(a), abs(b)) < TINY for a, b in pairs)


def _through(node: Expr, part: int) -> Expr:
    return node.args[part] if node.op == "straight_through" else node


def quotients(root: Expr, x: float) -> Sides:
    """Value, first and second derivative of a textbook formula at ``x``: for each the lower and the higher side."""
    roots = rebuild(root, lambda n: _through(n, 0)), rebuild(root, lambda n: _through(n, 1))
    new = _sides(roots, x, DIGITS[0])
    for digits in DIGITS[1:]:
        old, new = new, _sides(roots, x, digits)
        if _settled(old, new):
            break
    return [(min(pair), max(pair)) for pair in new]
