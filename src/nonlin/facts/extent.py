"""The extreme values of a function, read off its monotone pieces, and the certificate that nothing lies beyond them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from nonlin.expr import Expr, derivative
from nonlin.expr.exact import evaluate as exactly
from nonlin.facts.attained import attained
from nonlin.facts.boxes import bounds
from nonlin.facts.forms import grouped
from nonlin.facts.intervals import Array
from nonlin.facts.shape import END, Jump, Piece

CERTAIN = 1e-9
"""Relative width of the margin within which a certificate holds."""
_BOXES = 4000
_ROUNDS = 40
_SAME = 1e-13
_STEEP = 1e9


class Extent(NamedTuple):
    """The infimum and supremum of a function and whether they are attained, and where."""

    low: float
    high: float
    low_attained: bool
    high_attained: bool
    low_at: tuple[float, ...]
    high_at: tuple[float, ...]


@lru_cache(maxsize=4096)
def limit_at(root: Expr, side: int) -> float:
    """Return the limit at minus (-1) or plus (1) infinity, NaN where there is none; computed in high precision."""
    from nonlin.backends.limits import limit
    from nonlin.backends.rounding import FORMATS
    from nonlin.backends.truth import Exact

    return limit(Exact(root, FORMATS["float64"]), side) + 0.0


def limit_proved(root: Expr, side: int, value: float) -> bool:
    """Whether interval arithmetic confirms a limit: beyond 3e150 nothing differs from it by more than 1e-9."""
    low, high = (END, math.inf) if side > 0 else (-math.inf, -END)
    if math.isinf(value):  # it grows at least as fast as some line
        found = bounds(derivative(root), np.array([low]), np.array([high]))
        return bool(found.low[0] >= CERTAIN) if value * side > 0 else bool(found.high[0] <= -CERTAIN)
    return any(
        bool(abs(found.low[0] - value) <= CERTAIN and abs(found.high[0] - value) <= CERTAIN)
        for form in (root, grouped(root))
        for found in [bounds(form, np.array([low]), np.array([high]))]
    )


def at(root: Expr, x: float, side: int = 0) -> float:
    """Return the exact value at ``x``, or what it tends to from one side, rounded once; NaN outside the domain.

    One side of a switch that is no short binary fraction means a few units in the last place away from it; such a point
    beside which the value grows as beside a pole is taken for the pole.
    """
    if side == 0:
        value = _float(exactly(root, {"x": Fraction(x)}, 40))
        pole = abs(value) > _STEEP and not short(x) and math.isinf(at(root, x, 1))
        return math.nan if pole else value
    if not short(x):
        near, nearer = (
            exactly(root, {"x": Fraction(x) + side * Fraction(k, 10**16) * Fraction(abs(x))}, 40) for k in (50, 5)
        )
        grows = abs(nearer) > _STEEP and abs(nearer) > 3 * abs(near)
        return math.copysign(math.inf, nearer) if grows else _float(nearer)
    near, nearer = (exactly(root, {"x": Fraction(x) + side * Fraction(1, 10**k)}, 2 * k + 40) for k in (40, 60))
    change, size = abs(nearer - near), abs(nearer)
    if (
        not change <= 1e-15 * max(1.0, float(size)) and change == change
    ):  # it does not settle: it grows, or falls to 0 slowly
        return math.copysign(math.inf, nearer) if size > abs(near) else 0.0
    return 0.0 if size < 1e-25 else _float(nearer)


def short(x: float) -> bool:
    """Whether a number is a short binary fraction, so that a switch found there is there exactly."""
    return x == 0 or float(x * 2.0**20).is_integer()


def _float(value: Any) -> float:
    return float(value) + 0.0


@lru_cache(maxsize=4096)
def jumps(root: Expr, cuts: tuple[float, ...]) -> tuple[Jump, ...]:
    """Return the cuts at which an expression is not continuous, with its one-sided limits there."""
    found = []
    for x in cuts:
        told = Jump(x, at(root, x, -1), at(root, x), at(root, x, 1))
        size = max([1.0, *(abs(v) for v in told[1:] if math.isfinite(v))])
        if math.isnan(told.left) or math.isnan(told.right):
            continue  # the domain ends here
        if math.isinf(told.left) or math.isinf(told.right):
            found.append(told)
            continue
        if (
            math.isnan(told.at)
            and math.isfinite(told.left)
            and abs(told.left - told.right) <= 1e-9 * max(1.0, abs(told.left))
        ):
            continue  # a hole of the formula, not of the function
        if not all(abs(a - b) <= 1e-9 * size for a, b in ((told.left, told.at), (told.at, told.right)) if a != b):
            found.append(told)
    return tuple(found)


def places(pieces: Sequence[Piece], edge: float) -> list[float]:
    """Return the finite points where a monotone piece ends, a narrow one standing for its middle."""
    found: set[float] = set()
    for piece in pieces:
        ends = {tidy(piece.low, piece.high)} if piece.narrow else {piece.low, piece.high}
        found |= {x for x in ends if abs(x) < min(edge, END)}
    narrow = [p for p in pieces if p.narrow]
    return sorted(x for x in found if not any(p.low <= x <= p.high and x != tidy(p.low, p.high) for p in narrow))


def tidy(low: float, high: float) -> float:
    """Return the number with the fewest digits in a narrow interval, so that 0.5 is not told as 0.49999999999999994."""
    if low <= 0 <= high:
        return 0.0
    middle = low + (high - low) / 2
    for digits in range(1, 17):
        near = float(f"{middle:.{digits}g}")
        if low <= near <= high:
            return near + 0.0
    return middle


def extent(root: Expr, slopes: Sequence[Piece], cuts: Sequence[float], edge: float) -> Extent:
    """Return the extreme values of an expression whose derivative has the signs ``slopes``.

    For a function described only in a window (finite ``edge``), those within it and the limits at infinity.
    """
    from mpmath import mpf

    reached: list[tuple[float, float]] = []
    tended: list[tuple[float, Any]] = []
    walls = set(cuts)
    poles = [x for x in cuts if any(math.isinf(at(root, x, s)) for s in (-1, 1))]
    beside = [x for x in places(slopes, edge) if not any(0 < abs(x - p) <= CERTAIN * max(1.0, abs(p)) for p in poles)]
    for x in sorted({*beside, *poles}):
        if not math.isnan(value := at(root, x)):
            if math.isinf(value):
                tended.append((value, x))
            else:
                reached.append((value, x))
        if x in walls:
            tended += [(at(root, x, s), x + s * mpf(2) ** -400) for s in (-1, 1)]
    for piece in slopes:
        if piece.sign == 0 and not piece.undefined:
            spot = inside(piece)
            reached.append((at(root, spot), spot))
    if math.isfinite(edge):
        reached += [(v, x) for x in (-edge, edge) if not math.isnan(v := at(root, x))]
    ends = [(s, limit_at(root, s)) for s in (-1, 1)]
    tended += [(v, s * mpf(2) ** 1000) for s, v in ends if not (slopes and slopes[0 if s < 0 else -1].undefined)]
    tended = [end for end in tended if not math.isnan(end[0])]
    reached = [(v, x) for v, x in reached if not math.isnan(v)]
    if not reached and not tended:
        return Extent(math.nan, math.nan, False, False, (), ())
    bounds, places_ = [], []
    for sign in (-1, 1):
        bound = sign * max(sign * v for v in [*(v for v, _ in tended), *(v for v, _ in reached)])
        spots = tuple(x for v, x in reached if _same(v, bound))
        bounds.append(bound)
        places_.append(spots if spots and attained(root, bound, sign, spots, tended, math.isfinite(edge)) else ())
    return Extent(bounds[0], bounds[1], bool(places_[0]), bool(places_[1]), places_[0], places_[1])


def _same(a: float, b: float) -> bool:
    return a == b or (math.isfinite(b) and abs(a - b) <= _SAME * max(1.0, abs(b)))


def inside(piece: Piece) -> float:
    """Return a point well inside a piece."""
    low, high = piece.low, piece.high
    if high - low > 2:
        return low + 1 if abs(low) < abs(high) else high - 1
    return low + (high - low) / 2


@lru_cache(maxsize=2048)
def within(root: Expr, low: float, high: float, edges: tuple[float, ...]) -> bool:
    """Whether interval arithmetic proves that all values lie in [low, high], but for a margin of 1e-9 of their size.

    Boxes are halved until decided; besides the bounds of the expression itself, those of the mean-value form
    f(m) + f'(box) (box - m) are used. Points outside the domain do not count.
    """
    from nonlin.facts.shape import _grid, _middle

    size = max([1.0, *(abs(v) for v in (low, high) if math.isfinite(v))])
    least, most = low - CERTAIN * size, high + CERTAIN * size
    if least == -math.inf and most == math.inf:
        return True
    grid = _grid(edges, math.inf)
    left, right = grid[:-1], grid[1:]
    slope = grouped(derivative(root))
    forms = tuple(dict.fromkeys((root, grouped(root))))
    for turn in range(_ROUNDS):
        decided = np.zeros(left.shape, bool)
        for form in forms:
            found = bounds(form, left, right)
            decided |= (found.low >= least) & (found.high <= most)
        rest = np.flatnonzero(~decided)
        if turn > 2 and len(rest):
            decided[rest] = _mean_value(root, slope, left[rest], right[rest], least, most)
        left, right = left[~decided], right[~decided]
        if not len(left):
            return True
        if len(left) > _BOXES or (turn > 8 and np.abs(left).max() > 64 and np.abs(right).max() > 64):
            return False
        middle = _middle(left, right)
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    return False


def _mean_value(root: Expr, slope: Expr, left: Array, right: Array, least: float, most: float) -> Array:
    with np.errstate(all="ignore"):
        middle = left + (right - left) / 2
        centre = bounds(root, middle, middle, closed=True)
        steep = bounds(slope, left, right)
        reach = np.maximum(np.abs(steep.low), np.abs(steep.high)) * (right - left) * 0.5000001
        return np.asarray((centre.low - reach >= least) & (centre.high + reach <= most))


def joined(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return intervals with those that touch made one."""
    made: list[tuple[float, float]] = []
    for low, high in sorted(spans):
        if made and low <= made[-1][1] + 1e-12 * max(1.0, abs(low)):
            made[-1] = (made[-1][0], max(made[-1][1], high))
        else:
            made.append((low, high))
    return made
