"""Whether a bound of a function is one of its values, or only approached: decided in 60 digits, never in double precision.

In doubles the sigmoid of 40 is 1, and tanh(15.5) + sin(15.5*pi)/10 is 1.1. So the value at the top of a hill, closed in on with
Newton's method, is compared with the limits that are as high, in so many digits. Both ways of finding a range ask this here:
the search of :mod:`nonlin.facts.reach` and the monotone pieces of :mod:`nonlin.facts.extent`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from nonlin.expr import Expr, derivative
from nonlin.expr.exact import sample

_BITS = 240
_NEAR = 1e-9
"""A limit so near to a bound is compared with it in many digits."""
_SAME = -180
"""Values that differ by less than 2 to this are one."""
_AT_TOP = -120
"""A point from which Newton's step is no longer than 2 to this is the top of a hill."""
_STEPS = 9
_HERE, _AWAY = (0.0, 16.0), ((64.0, 97.0), (4096.0, 4129.0))
"""Where the hills of a function that oscillates without end are compared with those near 0."""
_FAR = (48, 250, 1000)
"""Where it is asked whether a function comes to its limit from beyond it."""

Place = Fraction | float


def attained(
    root: Expr, bound: float, sign: int, spots: Iterable[Place], ends: Sequence[tuple[float, Any]], wild: bool
) -> bool:
    """Whether an expression in ``x`` alone takes its supremum (``sign`` 1) or infimum (-1).

    Args:
        root: the expression.
        bound: the supremum or infimum.
        sign: which of the two.
        spots: where it may be taken: tops of hills, switches, points of flat parts.
        ends: limits, as numbers, each with a point so near to the end that the value there stands for the limit.
        wild: whether it oscillates without end; its hills far out then count as limits.
    """
    if not math.isfinite(bound):
        return False
    close = [x for value, x in ends if math.isfinite(value) and abs(value - bound) <= _NEAR * max(1.0, abs(bound))]
    if not close and not wild:
        return True  # it is above all limits: a continuous function has its top inside
    from mpmath import mp

    with mp.workprec(_BITS):
        slack = mp.ldexp(max(1.0, abs(bound)), _SAME)
        here = _highest(root, [*spots, *(_hills(root, sign, *_HERE) if wild else [])], sign)
        there = [sign * sample(root, x, _BITS + 4 * abs(mp.mag(x))) for x in close]
        if wild:
            there += [v for v in (_highest(root, _hills(root, sign, *span), sign) for span in _AWAY) if v is not None]
        near = here is not None and here >= mp.mpf(sign * bound) - 1e-12 * max(1.0, abs(bound))
        if near and all(here >= v - slack for v in there if not mp.isnan(v)):
            return True
    return not wild and any(_goes_beyond(root, x, sign) for x in close if abs(x) > 2)


def _goes_beyond(root: Expr, end: Any, sign: int) -> bool:
    """Whether some value far out lies above the limit at infinity, be it by exp(-200): then the top is in between."""
    from mpmath import mp

    for far in _FAR:
        bits = _BITS + 6 * far
        with mp.workprec(bits):
            limit = sample(root, end, bits + 4 * abs(mp.mag(end)))
            value = sample(root, far if end > 0 else -far, bits)
            if sign * (value - limit) > mp.ldexp(max(1, abs(limit)), 60 - bits):
                return True
    return False


def _highest(root: Expr, spots: Iterable[Place], sign: int) -> Any:
    """The largest value at the spots and at the tops beside them, from which it does not rise further; None if there is none."""
    from mpmath import mp

    best = None
    for spot in spots:
        x = mp.mpf(spot.numerator) / spot.denominator if isinstance(spot, Fraction) else mp.mpf(spot)
        for point in (x, _top(root, x)):
            if point is None:
                continue
            value = sign * sample(root, point, _BITS)
            if not mp.isnan(value) and (best is None or value > best) and _stays(root, point):
                best = value
    return best


def _stays(root: Expr, x: Any) -> bool:
    """Whether a point is on a flat part, at a top, or at a switch; not on a slope that still rises towards a limit."""
    from mpmath import mp

    slope = sample(derivative(root), x, _BITS)
    if slope == 0 or mp.isnan(slope):
        return True
    bend = sample(derivative(root, "x", 2), x, _BITS)
    if not mp.isnan(bend) and bend and abs(slope / bend) <= mp.ldexp(1 + abs(x), _AT_TOP):
        return True
    # beside a switch the slope jumps; where that is no short binary fraction, it lies a unit in the last place away
    for exponent in (_SAME, -49):
        step = mp.ldexp(1 + abs(x), exponent)
        sides = [sample(derivative(root), x + s * step, _BITS) for s in (-1, 1)]
        if any(mp.isnan(v) for v in sides) or sides[0] * sides[1] <= 0:
            return True
    return False


def _top(root: Expr, start: Any) -> Any:
    """The zero of the derivative beside a point; None if Newton's method finds none there."""
    from mpmath import mp

    slope, bend = derivative(root), derivative(root, "x", 2)
    x = start
    for _ in range(_STEPS):
        down, curve = sample(slope, x, _BITS), sample(bend, x, _BITS)
        if mp.isnan(down) or mp.isnan(curve) or not curve or not mp.isfinite(down / curve):
            return None
        x = x - down / curve
        if abs(x - start) > 1e-3 * (1 + abs(start)):
            return None
        if abs(down / curve) <= mp.ldexp(1 + abs(x), _SAME):
            return x
    return None


def _hills(root: Expr, sign: int, low: float, high: float) -> list[float]:
    """The highest hills on both sides of 0 between two distances from it, as double precision sees them."""
    import numpy as np

    from nonlin.backends.numpy import evaluate

    found = []
    for side in (-1, 1):
        grid = side * np.linspace(low, high, 4097)
        with np.errstate(all="ignore"):
            values = sign * np.broadcast_to(np.asarray(evaluate(root, grid), dtype=float), grid.shape)
        if np.isfinite(values).any():
            found.append(float(grid[np.argmax(np.where(np.isfinite(values), values, -np.inf))]))
    return found


__all__ = ["Place", "attained"]
