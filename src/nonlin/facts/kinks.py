"""Where a formula switches branches, and at which of those points its derivative jumps."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from nonlin.expr import Expr, derivative, stabilise, substitute, variables, walk
from nonlin.expr.exact import evaluate as exactly
from nonlin.expr.exact import is_constant
from nonlin.expr.nodes import add, factors, number, sub

_GRID = 8192
"""Intervals searched for the zeros of a condition that is not linear in x."""
_MOST_DIPS = 16
_STEEP = 1e9
"""A value above this beside the zero of a denominator tells of a pole."""

# what each branching primitive compares: the sign of this expression chooses the branch
_COMPARED: dict[str, Callable[[tuple[Expr, ...]], Expr]] = {
    **dict.fromkeys(("lt", "le", "gt", "ge", "min", "max"), lambda a: sub(a[0], a[1])),
    **dict.fromkeys(("abs", "sign"), lambda a: a[0]),
}
STEPS = ("floor", "round")
"""Primitives that jump where their argument passes certain numbers."""
# where this is 0 the primitive goes to infinity, or ends
_VANISHING: dict[str, Callable[[tuple[Expr, ...]], Expr]] = {
    "div": lambda a: a[1],
    **dict.fromkeys(("log", "sqrt"), lambda a: a[0]),
    "log1p": lambda a: add(1, a[0]),
}


class Kink(NamedTuple):
    """A point where the derivative jumps: from ``left`` to ``right``, with the value ``at`` the point itself."""

    x: float
    left: float
    at: float
    right: float


@lru_cache(maxsize=1024)
def switches(root: Expr, low: float = -14.0, high: float = 14.0) -> tuple[float, ...]:
    """Return the points of (low, high) where an elementwise formula in ``x`` alone changes branches, has a pole or ends, sorted.

    Conditions linear in ``x`` are solved exactly; others are searched on a grid and bisected to the last bit, so two
    switches closer together than ``(high - low)/8192`` may be missed.

    >>> from nonlin.expr import parse
    >>> switches(parse("max(x, 0) + abs(x - 1)"))
    (0.0, 1.0)
    >>> switches(parse("x/(x**2 - 2*x + 1)"))
    (1.0,)
    """
    found: set[float] = set()
    for node in walk(root):
        if node.op in _COMPARED:
            found.update(_zeros(stabilise(_COMPARED[node.op](node.args)), low, high))
        elif node.op in STEPS:
            found.update(_search(stabilise(node.args[0]), getattr(np, node.op), low, high))
        elif node.op in _VANISHING:
            for factor in factors(_VANISHING[node.op](node.args))[1]:
                places = [*_zeros(stabilise(factor), low, high), *_touching(stabilise(factor), low, high)]
                found.update(p for p in places if breaks(root, p))  # the division may stand in a branch that ends before
    merged: list[float] = []
    for point in sorted(p + 0.0 for p in found if low < p < high):
        if not merged or point - merged[-1] > 1e-12 * max(1.0, abs(point)):
            merged.append(point)
    return tuple(merged)


def _zeros(expression: Expr, low: float, high: float) -> list[float]:
    """Return the points where an expression changes its sign."""
    point = _linear_root(expression)
    return _search(expression, np.sign, low, high) if point is None else [float(point)]


def _touching(expression: Expr, low: float, high: float) -> list[float]:
    """Return the points where an expression is 0 without changing its sign."""
    from scipy.optimize import minimize_scalar

    from nonlin.backends.numpy import evaluate

    if _linear_root(expression) is not None:
        return []
    grid = _grid(low, high)
    size = np.abs(evaluate(expression, grid))
    dips = 1 + np.flatnonzero((size[1:-1] <= size[:-2]) & (size[1:-1] <= size[2:]) & (size[1:-1] < 1e-3))
    found = []
    for dip in dips[:_MOST_DIPS]:
        ends = (float(grid[dip - 1]), float(grid[dip + 1]))
        least = minimize_scalar(lambda x: abs(float(evaluate(expression, np.float64(x)))), bounds=ends, method="bounded",
                                options={"xatol": 1e-12})  # fmt: skip
        point = round(float(least.x), 6)  # a double zero is known to half the digits
        found += [point] if exactly(expression, {"x": Fraction(str(point))}) == 0 else []
    return found


def breaks(root: Expr, x: float) -> bool:
    """Whether a formula goes to infinity at a point, or at a number too near to tell, or is defined on one side of it only."""
    if math.isnan(x):
        return False
    left, value, right = (float(exactly(root, {"x": Fraction(x) + Fraction(k, 10**6)})) for k in (-1, 0, 1))
    if math.isnan(left) or math.isnan(right):
        return not (math.isnan(left) and math.isnan(right))
    if math.isfinite(value):
        return abs(value) > _STEEP
    near, nearer = (float(exactly(root, {"x": Fraction(x) + Fraction(1, 10**k)}, 4 * k + 40)) for k in (15, 30))
    return not abs(nearer - near) <= 1e-3 * max(1.0, abs(near))  # else a hole of the formula, not of the function


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

    grid = _grid(low, high)
    here = side(grid)
    changes = np.flatnonzero((here[1:] != here[:-1]) & np.isfinite(here[1:] + here[:-1]))
    left, right, before = grid[changes], grid[changes + 1], here[changes]
    for _ in range(80 if len(changes) else 0):
        middle = (left + right) / 2
        same = side(middle) == before
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return [_tidy(float(r)) for r in right]


def _grid(low: float, high: float) -> Any:
    """The points a search begins with; their ends are moved off round numbers, so that no switch falls exactly on one."""
    return np.linspace(low - 1e-4 * np.pi, high + 1e-4 * np.e, _GRID + 1)


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
        if breaks(root, x):
            continue  # the function itself jumps or ends
        near = max(1.0, abs(x)) * Fraction(1, 10**15)
        left, at, right = (float(exactly(slope, {"x": Fraction(x) + k * near})) for k in (-1, 0, 1))
        jump = abs(right - left)
        if jump > 1e-9 * max(1.0, abs(left), abs(right)) or not abs(at - left) <= jump + 1e-9:
            found.append(Kink(x, *(float(f"{v:.12g}") for v in (left, at, right))))
    return tuple(found)
