"""The shape of a function of one number: where its second derivative, its slope and its value are positive, zero, negative.

The real line is cut where the formula switches branches. On each cut the sign of f'' is found by interval arithmetic, boxes
being halved until they are decided; between its sign changes f' is monotone, so that its sign follows from its ends; and the
sign of f in the same way from that of f'. What interval arithmetic cannot decide is sampled, and then called *computed*
instead of *proved*. Sign changes are known to a few units in the last place. A slope that is below
2^-400 in size at 3e150 counts as tending to 0, and the last piece on each side as going on to infinity; a gap narrower than
1e-9 between two pieces of one sign is not told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from nonlin.expr import Expr, derivative
from nonlin.expr.nodes import ZERO
from nonlin.facts.boxes import bounds, log2_size
from nonlin.facts.forms import restricted, sign_on, unpretended
from nonlin.facts.intervals import Array
from nonlin.facts.kinks import switches

END = 2.0**500
"""What stands for infinity where boxes end: beyond 3e150 squares overflow, and nothing is said."""
WINDOWS = (16.0, 8.0, 4.0, 2.0, 1.0)
"""Half-widths of the interval in which a function that oscillates without end is described: the first in which the signs of its
second derivative can mostly be proved and do not change too often. sin(30*x*(1 + |x|)) bends 5000 times in the first."""
_MOST_PIECES = 640
_FAR = 1e6
"""Switches are searched this far out."""
_TINY = -400.0
_NARROW = 1e-9
_CLEAR = 1e-9
"""A sampled value above this has the sign that double precision gives it."""
_MOST_BOXES = 3000
_ROUNDS = 60
_PARTS = 33
_DENSE = (-32.0, -4.0, 4.0, 32.0)
"""Where a sampled piece is cut so that what happens near 0 is not missed in one that goes far out."""
_TAIL, _TAIL_ROUNDS = 32.0, 4
"""So far out a box is halved no more than so many times: what is not decided then mostly underflows."""


@dataclass(frozen=True)
class Piece:
    """The open interval (low, high) on which an expression has one sign: 1, 0 or -1; None where it is not known.

    ``proved`` tells interval arithmetic from sampling; an ``undefined`` piece lies outside the domain.
    """

    low: float
    high: float
    sign: int | None
    proved: bool = True
    undefined: bool = False

    @property
    def narrow(self) -> bool:
        """Whether it is only the bracket of a sign change."""
        return self.high - self.low <= _NARROW * max(1.0, abs(self.low), abs(self.high))


class Jump(NamedTuple):
    """A point with what an expression tends to from the left, is, and tends to from the right."""

    x: float
    left: float
    at: float
    right: float


# -- numbers between two numbers ---------------------------------------------------------------------------------------


def between(low: float, high: float, parts: int = _PARTS) -> Array:
    """Return ``parts`` numbers from low to high: evenly spaced near 0 and on short ways, geometrically far out."""
    if high - low <= 1e-3 * max(abs(low), abs(high)) or max(abs(low), abs(high)) <= 4:
        return np.unique(np.linspace(low, high, parts))
    ends = [math.copysign(math.log1p(abs(x)), x) for x in (low, high)]
    steps = np.linspace(ends[0], ends[1], parts)
    with np.errstate(over="ignore"):
        made = np.sign(steps) * np.minimum(np.expm1(np.abs(steps)), END)
    made[0], made[-1] = low, high
    return np.unique(np.clip(made, low, high))


def _middle(low: Array, high: Array) -> Array:
    straight = low + (high - low) / 2
    size_low, size_high = np.abs(low), np.abs(high)
    least, most = np.minimum(size_low, size_high), np.maximum(size_low, size_high)
    wide = (most / 4 > least) & (least > 1) & (np.sign(low) == np.sign(high))
    return np.where(wide, np.sign(low) * np.sqrt(size_low) * np.sqrt(size_high), straight)


def _narrow(low: Array, high: Array) -> Array:
    return high - low <= np.maximum(1e-14, 2.0**-49 * np.maximum(np.abs(low), np.abs(high)))


# -- signs -------------------------------------------------------------------------------------------------------------


def _grid(cuts: Sequence[float], edge: float) -> Array:
    core = min(edge, 32.0)
    near = np.arange(-core, core + 1 / 32, 1 / 16)
    far = (
        2.0 ** np.concatenate([np.arange(5.0, 12.0, 0.5), np.arange(12.0, 500.0, 24.0)])
        if math.isinf(edge)
        else np.array([])
    )
    points = np.concatenate([near, far, -far, [0.0], np.asarray(cuts, float)])
    ends = [-END, END] if math.isinf(edge) else [-edge, edge]
    return np.unique(np.concatenate([points, ends]))


def signs(root: Expr, cuts: Sequence[float], edge: float = math.inf, *, closed: bool = False) -> list[Piece]:
    """Return the pieces of (-edge, edge) by the sign of an expression, found by halving boxes until they are decided.

    An open box may touch 0 at an end; ``closed`` boxes have the sign at their ends too.
    """
    grid = _grid(cuts, edge)
    low, high = grid[:-1], grid[1:]
    done: list[tuple[Array, Array, Array]] = []
    for turn in range(_ROUNDS):
        found = sign_on(root, low, high, closed=closed)
        settled = (
            (found != 2) | _narrow(low, high) | ((turn > _TAIL_ROUNDS) & (np.minimum(np.abs(low), np.abs(high)) > _TAIL))
        )
        done.append((low[settled], high[settled], found[settled]))
        low, high = low[~settled], high[~settled]
        if not len(low) or 2 * len(low) > _MOST_BOXES:
            break
        middle = _middle(low, high)
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
    done.append((low, high, np.full(low.shape, 2, np.int8)))
    lows, highs, told = (np.concatenate([d[i] for d in done]) for i in range(3))
    order = np.argsort(lows)
    pieces = [Piece(a, b, None if s == 2 else int(s)) for a, b, s in
              zip(lows[order].tolist(), highs[order].tolist(), told[order].tolist(), strict=True)]  # fmt: skip
    return _resolved(root, merged(pieces, cuts), cuts)


def merged(pieces: Sequence[Piece], cuts: Sequence[float]) -> list[Piece]:
    """Return pieces with neighbours of one sign joined, but not across a cut."""
    walls = set(cuts)
    made: list[Piece] = []
    for piece in pieces:
        last = made[-1] if made else None
        if last and last.sign == piece.sign and last.undefined == piece.undefined and piece.low not in walls:
            made[-1] = replace(last, high=piece.high, proved=last.proved and piece.proved)
        else:
            made.append(piece)
    return made


def _resolved(root: Expr, pieces: list[Piece], cuts: Sequence[float]) -> list[Piece]:
    """Give undecided pieces their sign by sampling; narrow ones between equal signs take those of their neighbours."""
    made: list[Piece] = []
    for n, piece in enumerate(pieces):
        if piece.sign is not None or piece.undefined:
            made.append(piece)
        elif piece.narrow:
            sides = [p.sign for p in (pieces[n - 1 : n] + pieces[n + 1 : n + 2])]
            inner = piece.low not in cuts and piece.high not in cuts
            same = inner and len(sides) == 2 and sides[0] == sides[1] and sides[0] in (1, -1)
            made.append(replace(piece, sign=sides[0], proved=False) if same else piece)  # it may touch 0 there
        else:
            made += _sampled(root, piece)
    return merged(made, cuts)


def _exact_sign(root: Expr, x: float) -> int | None:
    """The sign at one point in 400-bit arithmetic, in 1600 bits if that gives next to nothing; None where it is undefined."""
    from mpmath import mp

    from nonlin.expr.exact import sample

    if abs(x) > 8:  # far out the terms of a second derivative cancel to the eighth power of x
        value = sample(root, x, 400 + (8 * math.frexp(x)[1] if abs(x) > 2.0**40 else 0))
        return None if mp.isnan(value) else int(mp.sign(value))
    for bits in (400, 1600):
        value = sample(root, x, bits)
        if mp.isnan(value):
            return None
        if abs(value) > mp.ldexp(1, -3 * bits // 4):
            return int(mp.sign(value))
    return 0


def _sampled(root: Expr, piece: Piece) -> list[Piece]:
    """Signs of a piece at points inside it, with the changes between them bisected."""
    from nonlin.backends.rounding import FORMATS
    from nonlin.backends.truth import run

    walls = [piece.low, *(w for w in _DENSE if piece.low < w < piece.high), piece.high]
    points = np.unique(np.concatenate([between(*ends, 130) for ends in zip(walls, walls[1:], strict=False)]))[1:-1]
    values = run(root, points, FORMATS["float64"])
    # near a zero, and where terms cancel, double precision does not know the sign
    told = [
        int(np.sign(v)) if abs(v) > _CLEAR else _exact_sign(root, x)
        for v, x in zip(values.tolist(), points.tolist(), strict=True)
    ]
    told = _without_underflow(root, told, [piece.low, *points.tolist(), piece.high])
    made = []
    start = piece.low
    for n, sign in enumerate(told):
        last = n + 1 == len(told)
        if last or told[n + 1] != sign:
            end = piece.high if last else _change(root, float(points[n]), float(points[n + 1]), sign)
            made.append(Piece(start, end, sign, False, sign is None))
            start = end
    return made


def _without_underflow(root: Expr, told: list[int | None], ends: list[float]) -> list[int | None]:
    """Zeros that are not proved are tails too small for any number: they go on with the sign that lies nearer to 0."""
    inwards = sorted(range(len(told)), key=lambda n: abs(ends[n + 1]))
    last = _exact_sign(root, min(ends[0], ends[-1], key=abs))
    for n in inwards:
        last = told[n] or last
        told[n] = last if told[n] == 0 and last else told[n]
    return told


def _change(root: Expr, low: float, high: float, sign: int | None) -> float:
    for _ in range(60):
        middle = low + (high - low) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _exact_sign(root, middle) == sign else (low, middle)
    return high


def signs_between(root: Expr, slopes: Sequence[Piece], cuts: Sequence[float]) -> list[Piece]:
    """Return the pieces by the sign of an expression whose derivative has the signs ``slopes``."""
    made: list[Piece] = []
    for slope in slopes:
        made += [replace(slope, sign=None)] if slope.undefined else _monotone(root, slope)
    return _resolved(root, merged(made, cuts), cuts)


def _monotone(root: Expr, slope: Piece) -> list[Piece]:
    low, high, rising = slope.low, slope.high, slope.sign
    ends = np.array([low]), np.array([high])
    if rising is None:
        found = int(sign_on(root, *ends)[0])
        return [Piece(low, high, None if found == 2 else found)]
    if rising == 0:
        found = 0 if restricted(root, low, high) is ZERO else int(sign_on(root, *ends)[0])
        exact = _exact_sign(root, low / 2 + high / 2) if found == 2 else found
        return [Piece(low, high, exact, slope.proved and found != 2)]
    # towards the right the sign can only change from -rising to rising
    if _beside(root, low, 1, rising) == rising:
        return [Piece(low, high, rising, slope.proved)]
    if _beside(root, high, -1, -rising) == -rising:
        return [Piece(low, high, -rising, slope.proved)]
    left, right = _bracket(root, low, high, rising)
    # no change was seen, only numbers at the end of the line that intervals do not decide
    thin = Piece(left, right, None).narrow
    for end, inner, sign in ((left == low == -END, math.nextafter(low, high), rising),
                             (right == high == END, math.nextafter(high, low), -rising)):  # fmt: skip
        if end and (thin or _exact_sign(root, inner) == sign):
            return [Piece(low, high, sign, slope.proved and thin)]
    made = [Piece(low, left, -rising, slope.proved), Piece(left, right, None), Piece(right, high, rising, slope.proved)]
    return [p for p in made if p.low < p.high]


def _beside(root: Expr, x: float, side: int, inwards: int) -> int | None:
    """The sign of a monotone expression just beside the end of an interval; ``inwards`` is that of its change from there."""
    other = math.nextafter(x, side * math.inf) if abs(x) < END else x / 2
    low, high = np.array([min(x, other)]), np.array([max(x, other)])
    found = int(sign_on(root, low, high)[0])
    if found == 2 and (log2_size(root, low, high)[0] < _TINY if abs(x) == END else _vanishes(root, low, high)):
        return inwards
    return None if found == 2 else found


def _vanishes(root: Expr, low: Array, high: Array) -> bool:
    """Whether an expression tends to 0 at the end of an interval, given the last box there."""
    near = bounds(root, low, high)
    return max(abs(float(near.low[0])), abs(float(near.high[0]))) <= 1e-290


def _bracket(root: Expr, low: float, high: float, rising: int) -> tuple[float, float]:
    """Close in on the only place where a monotone expression can change its sign."""
    for _ in range(24):
        inner = between(low, high)[1:-1]
        if not len(inner):
            break
        told = sign_on(root, inner, inner, closed=True)
        left = float(inner[told == -rising].max(initial=low))
        right = float(inner[told == rising].min(initial=high))
        if (left, right) == (low, high):
            break
        low, high = left, right
    return low, high


# -- the whole ---------------------------------------------------------------------------------------------------------


def cuts_of(root: Expr, edge: float) -> tuple[float, ...]:
    """Return the points where a formula changes branches, and 0."""
    near = switches(root)
    far = switches(root, -_FAR, _FAR) if math.isinf(edge) else ()
    found = sorted({0.0, *near, *(p for p in far if abs(p) > 14)})
    return tuple(p for p in found if abs(p) < edge)


@dataclass(frozen=True)
class Shape:
    """The signs of f, f' and f'' over the line, and the jumps of f and f'.

    Attributes:
        root: the formula in ``x`` alone, as it is (no pretended derivative).
        edge: infinity, or the half-width of the window in which a function that oscillates without end is described.
        cuts: where the formula changes branches, and 0.
        value, slope, bend: the pieces of one sign of f, f' and f'', from left to right.
    """

    root: Expr
    edge: float
    cuts: tuple[float, ...]
    value: tuple[Piece, ...]
    slope: tuple[Piece, ...]
    bend: tuple[Piece, ...]


@lru_cache(maxsize=1024)
def shape(root: Expr) -> Shape:
    """Return the shape of an elementwise formula in ``x`` alone."""
    from nonlin.backends.rounding import FORMATS
    from nonlin.backends.truth import Exact

    true = unpretended(root)
    first, second = derivative(true), derivative(true, "x", 2)
    for edge in WINDOWS if Exact(true, FORMATS["float64"]).wild else (math.inf,):
        cuts = cuts_of(true, edge)
        bend = signs(second, cuts, edge)
        if sum(p.proved for p in bend) >= len(bend) / 2 and len(bend) <= _MOST_PIECES:
            break
    slope = signs_between(first, bend, cuts)
    value = _defined(true, signs_between(true, slope, cuts), cuts)
    outside = [p for p in value if p.undefined]
    return Shape(true, edge, cuts, tuple(value), tuple(_without(slope, outside)), tuple(_without(bend, outside)))


def _defined(root: Expr, pieces: Sequence[Piece], cuts: tuple[float, ...]) -> list[Piece]:
    """Return pieces with those marked that lie between cuts where an expression is undefined.

    Interval arithmetic bounds what values there are, which says nothing where there are none.
    """
    ends = [-END, *cuts, END]
    gone = []
    for low, high in zip(ends, ends[1:], strict=False):
        inner = between(max(low, -_FAR), min(high, _FAR), 7)[1:-1].tolist()
        gone += [(low, high)] if inner and all(_exact_sign(root, x) is None for x in inner) else []
    return [
        Piece(p.low, p.high, None, False, True) if any(a <= p.low and p.high <= b for a, b in gone) else p for p in pieces
    ]


def _without(pieces: Sequence[Piece], outside: Sequence[Piece]) -> list[Piece]:
    """Return pieces with the parts that lie outside the domain marked."""
    if not outside:
        return list(pieces)
    walls = sorted({x for p in outside for x in (p.low, p.high)})
    made = []
    for piece in pieces:
        ends = [piece.low, *(x for x in walls if piece.low < x < piece.high), piece.high]
        for low, high in zip(ends, ends[1:], strict=False):
            gone = any(p.low <= low and high <= p.high for p in outside)
            made.append(Piece(low, high, None, False, True) if gone else replace(piece, low=low, high=high))
    return made
