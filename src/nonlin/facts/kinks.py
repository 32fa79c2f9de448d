"""Where a formula switches branches, and at which of those points its derivative jumps."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from nonlin.expr import Expr, derivative, stabilise, substitute, variables, walk
from nonlin.expr.exact import evaluate as exactly
from nonlin.expr.exact import is_constant
from nonlin.expr.nodes import number, sub

_GRID = 8192
"""Intervals searched for the zeros of a condition that is not linear in x."""

# what each branching primitive compares: the sign of this expression chooses the branch
_COMPARED: dict[str, Callable[[tuple[Expr, ...]], Expr]] = {
    **dict.fromkeys(("lt", "le", "gt", "ge", "min", "max"), lambda a: sub(a[0], a[1])),
    **dict.fromkeys(("abs", "sign"), lambda a: a[0]),
}
_STEPS = ("floor", "round")


class Kink(NamedTuple):
    """A point where the derivative jumps: from ``left`` to ``right``, with the value ``at`` the point itself."""

    x: float
    left: float
    at: float
    right: float


@lru_cache(maxsize=1024)
def switches(root: Expr, low: float = -14.0, high: float = 14.0) -> tuple[float, ...]:
    """Return the points of (low, high) where an elementwise formula in ``x`` alone changes branches, sorted.

    Conditions linear in ``x`` are solved exactly; others are searched on a grid and bisected to the last bit, so two
    switches closer together than ``(high - low)/8192`` may be missed.

    >>> from nonlin.expr import parse
    >>> switches(parse("max(x, 0) + abs(x - 1)"))
    (0.0, 1.0)
    """
    found: set[float] = set()
    for node in walk(root):
        if node.op in _COMPARED:
            compared = stabilise(_COMPARED[node.op](node.args))
            point = _linear_root(compared)
            found.update(_search(compared, np.sign, low, high) if point is None else [float(point)])
        elif node.op in _STEPS:
            found.update(_search(stabilise(node.args[0]), getattr(np, node.op), low, high))
    merged: list[float] = []
    for point in sorted(p + 0.0 for p in found if low < p < high):
        if not merged or point - merged[-1] > 1e-12 * max(1.0, abs(point)):
            merged.append(point)
    return tuple(merged)


def _linear_root(compared: Expr) -> Fraction | float | None:
    """Return the zero of an expression linear in x; NaN for one without x or without a zero; None if not linear."""
    if "x" not in variables(compared):
        return float("nan")
    slope = derivative(compared, "x")
    if not is_constant(slope):
        return None
    at_zero = stabilise(substitute(compared, {"x": 0}))
    top, bottom = number(at_zero), number(slope)
    if top is not None and bottom:
        return -top / bottom
    steep = exactly(slope)
    return float(-exactly(at_zero) / steep) if steep else None


def _search(compared: Expr, step: Callable[[Any], Any], low: float, high: float) -> list[float]:
    """Return the points where ``step(compared(x))`` changes, by bisection between neighbours of a grid."""
    from nonlin.backends.numpy import evaluate

    def side(x: Any) -> Any:
        return step(evaluate(compared, x))

    # the ends are moved off round numbers so that no switch falls exactly on a grid point
    grid = np.linspace(low - 1e-4 * np.pi, high + 1e-4 * np.e, _GRID + 1)
    here = side(grid)
    changes = np.flatnonzero((here[1:] != here[:-1]) & np.isfinite(here[1:] + here[:-1]))
    left, right, before = grid[changes], grid[changes + 1], here[changes]
    for _ in range(80 if len(changes) else 0):
        middle = (left + right) / 2
        same = side(middle) == before
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return [_tidy(float(r)) for r in right]


def _tidy(x: float) -> float:
    """Return the round number a bisection stopped beside, so that a kink at 1 is not told as 0.9999999999999999."""
    rounded = round(x, 12)
    return rounded if abs(rounded - x) <= 4e-16 * max(1.0, abs(x)) else x


@lru_cache(maxsize=1024)
def kinks(root: Expr) -> tuple[Kink, ...]:
    """Return the points where the derivative of an elementwise formula in ``x`` alone jumps, within (-14, 14).

    >>> from nonlin.expr import parse
    >>> kinks(parse("max(x, 0)"))
    (Kink(x=0.0, left=0.0, at=0.0, right=1.0),)
    """
    slope = derivative(root, "x")
    found = []
    for x in switches(root):
        near = max(1.0, abs(x)) * Fraction(1, 10**15)
        left, at, right = (float(exactly(slope, {"x": Fraction(x) + k * near})) for k in (-1, 0, 1))
        jump = abs(right - left)
        if jump > 1e-9 * max(1.0, abs(left), abs(right)) or not abs(at - left) <= jump + 1e-9:
            found.append(Kink(x, *(float(f"{v:.12g}") for v in (left, at, right))))
    return tuple(found)
