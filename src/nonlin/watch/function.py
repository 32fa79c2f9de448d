"""What watching must know of an activation function: where its slope is small, and whether its units can die.

Both follow from the formula's own value and derivative, on a grid; so they hold for a typed formula as for a catalogue name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from nonlin.catalogue import Definition, resolve
from nonlin.expr import Expr

FLAT = 0.05
"""A slope under this share of the largest is small: a sigmoid beyond 4.36, a tanh beyond 2.18 (TheDeepChecker, TOSEM 2022,
counts outputs close to the ends; the slope is what the gradient is multiplied with)."""
MOSTLY = 0.4
"""A function that is flat for more than this share of N(0, 1) switches rather than saturates: ReLU6 is off for half of it."""
_EDGE, _POINTS = 40.0, 16001
_INNER = 10.0
_MOST_INTERVALS = 4  # an oscillating function is flat here and there without ever saturating


class Shape(NamedTuple):
    """Where a function is flat, as open intervals of its input."""

    name: str
    flat: tuple[tuple[float, float], ...] = ()
    """Intervals where |f'| < 5 % of its maximum; empty for slopes without a maximum, and for functions of rows."""
    saturates: bool = False
    """Whether it is flat far out on both sides, and not for most of a normal input: sigmoid, tanh, not ReLU, GELU, ReLU6."""
    dies: bool = False
    """Whether its value is exactly 0 on a half line, so that a unit that stays there gets no gradient: ReLU, hard sigmoid."""
    positive: bool = False
    """Whether no output is below 0."""
    rows: bool = False
    """Whether it works on whole rows (softmax)."""


def shape_of(definition: Definition | str) -> Shape:
    """Return the shape of an activation function; random parameters are at their mean.

    >>> shape = shape_of("tanh")
    >>> shape.saturates, shape.dies, [tuple(round(v, 2) for v in pair) for pair in shape.flat]
    (True, False, [(-inf, -2.18), (2.18, inf)])
    """
    made = resolve(definition)
    if made.kind != "elementwise":
        return Shape(made.name, rows=True, positive=made.name.partition("(")[0] in ("softmax", "sparsemax"))
    return _shape(made.name, made.closed())


@lru_cache(maxsize=1024)
@np.errstate(all="ignore")
def _shape(name: str, root: Expr) -> Shape:
    from nonlin.backends.numpy import evaluate

    x = np.linspace(-_EDGE, _EDGE, _POINTS)
    value, slope = evaluate(root, x), np.abs(evaluate(root, x, wrt=("x",)))
    value, slope = np.broadcast_to(value, x.shape), np.broadcast_to(slope, x.shape)
    dies = _zero(value, x < -_INNER) or _zero(value, x > _INNER)
    positive = bool(np.all(value[np.isfinite(value)] >= 0))
    known = np.isfinite(slope)
    most = slope[known].max() if known.any() else 0.0
    inner = slope[known & (np.abs(x) <= _INNER)]
    if not len(inner) or not 0 < most <= 1.05 * inner.max():
        return Shape(name, dies=dies, positive=positive)

    def small(points: Any) -> Any:
        return np.abs(np.broadcast_to(evaluate(root, points, wrt=("x",)), points.shape)) < FLAT * most

    flat = _intervals(x, small)
    if len(flat) > _MOST_INTERVALS:
        return Shape(name, dies=dies, positive=positive)
    both = len(flat) > 1 and flat[0][0] == -math.inf and flat[-1][1] == math.inf
    return Shape(name, flat, both and _gaussian(flat) < MOSTLY, dies, positive)


def _gaussian(intervals: tuple[tuple[float, float], ...]) -> float:
    """Return the probability of the intervals under N(0, 1)."""
    return sum(math.erf(b / math.sqrt(2)) - math.erf(a / math.sqrt(2)) for a, b in intervals) / 2


def _zero(value: Any, where: Any) -> bool:
    """Whether the function is exactly 0 on a half line and not everywhere."""
    return bool(np.all(value[where] == 0)) and bool(np.any(value != 0))


def _intervals(x: Any, small: Callable[[Any], Any]) -> tuple[tuple[float, float], ...]:
    """Return the runs of points with a small slope as intervals; those that reach an end of the grid go on for ever."""
    low = small(x)
    change = np.flatnonzero(np.diff(low.astype(np.int8)))
    left, right, before = x[change], x[change + 1], low[change]
    for _ in range(40 if len(change) else 0):
        middle = (left + right) / 2
        same = small(middle) == before
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    ends = [-math.inf] * bool(low[0]) + [round(float(e), 9) + 0.0 for e in right] + [math.inf] * bool(low[-1])
    return tuple(zip(ends[::2], ends[1::2], strict=True))
