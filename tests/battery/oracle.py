"""What a textbook formula and its derivatives are worth: power series of balls, no symbolic derivative, no stable form.

The formula is evaluated as the literature writes it, at the exact input. Such forms cancel in their tails, so precision is
raised until the balls of the value and two derivatives are narrow, or known to lie below the least number that matters.
Where a selection is tied (a kink, a step) each side has its own series, and the oracle returns both; where there is no
series (sqrt(x) at 0, sin(x)/x at 0) it returns the limit from either side.

A tie the type cannot represent, such as that of max(x, 1/3), counts for the numbers next to it: a kernel compares rounded
numbers, so either side's result is right there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from battery.balls import SMALLEST, Run, SingularError, UndecidedError, UndefinedError
from flint import arb, arb_series, ctx

from nonlin.catalogue import Definition
from nonlin.expr import Expr, const, substitute

PRECISIONS = (128, 320, 1300, 5200)
"""Bits tried, in turn. An exponential of 2**1000 needs a little more than 1000."""
ACCURACY = 72
"""Bits of a value or derivative that the battery relies on."""
LEAST = {53: 2.0**-1074, 24: 2.0**-165}
"""By the bits of the type: below this, a thousandth of the smallest ulp that results are measured by, all counts as 0."""
REACH = {53: 2.0**1020, 24: 2.0**124}
"""By the bits of the type: an argument of sine and cosine beyond this may have overflowed."""
CLOSE = (-300, -600)
"""Binary orders of the two distances from which the limit at a singular point is read off."""
FAR = (30, 50, 80, 130, 220, 370, 610, 1000)
"""Binary orders of the places from which the limit at infinity is read off."""
FACTORIAL = (1, 1, 2, 6, 24)
MANY = 10**9
LENGTH = len(FACTORIAL)
"""Coefficients of a series: value, two derivatives, and two more for the condition rule."""
Coefficients = list[Any]
NOWHERE: Coefficients = [arb("nan")] * LENGTH


@lru_cache(maxsize=1024)
def textbook(made: Definition) -> Expr:
    """The formula as written, in x alone: parameters at their defaults, exactly; nothing rewritten."""
    return substitute(made.resting, {n: const(p.default) for n, p in made.settable.items()})


@dataclass(frozen=True)
class Truth:
    """What is exact at many points: arrays whose first axis is the order of the derivative, 0 to 2.

    The result lies in [low, high], one point except at a tie; NaN where the formula is undefined. Each end is the
    unevaluated sum of two floats, itself and its rest. With g the function or derivative of that order, ``change`` is log2
    of |x g'(x)| and ``bend`` log2 of |x**2 g''(x)| / 2: what the condition rule needs. ``wild`` tells where a sine or cosine
    was taken of a number the type cannot hold.
    """

    low: np.ndarray[Any, Any]
    low_rest: np.ndarray[Any, Any]
    high: np.ndarray[Any, Any]
    high_rest: np.ndarray[Any, Any]
    change: np.ndarray[Any, Any]
    bend: np.ndarray[Any, Any]
    wild: np.ndarray[Any, Any]


def _narrow(c: Any, least: Any) -> bool:
    return bool(c.rel_accuracy_bits() >= ACCURACY or abs(c) < least)


def _known(series: arb_series, least: Any) -> Coefficients | None:
    """The coefficients of a series if they are narrow enough; of the last two a few bits will do."""
    found = [series[k] for k in range(LENGTH)]
    if all(_narrow(c, least) for c in found[:3]) and all(c.rel_accuracy_bits() >= 8 or abs(c) < least for c in found[3:]):
        return found
    return None


def _series(root: Expr, point: Any, side: int, spacing: Any, bits: int) -> tuple[Coefficients, Run]:
    """Value and four Taylor coefficients at ``point``, in the least precision that will do.

    Raises SingularError or UndefinedError.
    """
    least = arb(LEAST[bits])
    for precision in PRECISIONS:
        ctx.prec, last = precision, precision == PRECISIONS[-1]
        run = Run(arb_series([point, 1]), side, spacing, bits, last, arb(REACH[bits]))
        try:
            series = run(root)
        except UndecidedError:
            if last:
                raise UndefinedError from None
            continue
        found = _known(series, least)
        if found is not None:
            return found, run
    found = [series[k] for k in range(LENGTH)]
    if not all(c.is_finite() for c in found[:3]):
        raise ArithmeticError(f"no precision up to {PRECISIONS[-1]} bits tells what {root!r} is at {point}")
    return found, run


def _trend(values: list[Any], least: Any) -> Any:
    """The limit of a sequence: a ball, an infinity, or NaN if it neither settles, vanishes nor grows."""
    gap = abs(values[-1] - values[-2])
    if gap < least or gap < abs(values[-1]) * arb((1, -64)):
        return values[-1]
    pairs = list(pairwise(values))
    if all(abs(b) > abs(a) * 1.05 and (a > 0) == (b > 0) for a, b in pairs):
        return arb("inf") if values[-1] > 0 else arb("-inf")
    if all(abs(b) * 1.05 < abs(a) for a, b in pairs):
        return arb(0)
    return arb("nan")


def _beside(root: Expr, x: float, side: int, spacing: Any, bits: int) -> Coefficients:
    """The Taylor coefficients at ``x`` seen from one side; NaN where that side is undefined."""
    try:
        return _series(root, arb(x), side, spacing, bits)[0]
    except UndefinedError:
        return NOWHERE
    except SingularError:
        pass
    ctx.prec = PRECISIONS[-1]
    points = [arb(x) + side * arb((1, order)) for order in CLOSE]
    try:
        seen = [_series(root, p, side, arb(0), bits)[0] for p in points]
    except (SingularError, UndefinedError):
        return NOWHERE
    return [_trend([row[k] for row in seen], arb(LEAST[bits])) for k in range(LENGTH)]


def _seen(root: Expr, x: float, bits: int) -> tuple[list[Coefficients], list[Coefficients], bool]:
    """The series at ``x`` whose values are right, those whose derivatives are, and whether it is wild.

    They are one and the same but at ties and singular points. At an exact tie the value is the formula's own, and the
    derivatives are those of both sides.
    """
    spacing = math.ulp(x) if bits == 53 else max(math.ldexp(1.0, math.frexp(x)[1] - bits), SMALLEST[24])

    def sides() -> list[Coefficients]:
        return [_beside(root, x, side, arb(spacing), bits) for side in (-1, 1)]

    try:
        here, run = _series(root, arb(x), 0, arb(spacing), bits)
    except UndefinedError:
        return [NOWHERE], [NOWHERE], False
    except SingularError:
        return (around := sides()), around, False
    if not run.at_tie and not run.near_tie:
        return [here], [here], run.wild
    around = sides()
    return [here, *around] if run.near_tie else [here], around, run.wild


def _pair(c: Any) -> tuple[float, float]:
    """A ball's midpoint as the sum of two floats."""
    first = float(c)
    return first, float(c - first) if math.isfinite(first) else 0.0


def _log2(c: Any) -> float:
    """log2 of the size of a ball, to a few digits; -inf for 0."""
    c = abs(c)
    size = float(c)
    if 1e-300 < size < 1e300:
        return math.log2(size)
    if c.is_zero() or not c.is_finite():
        return math.inf if math.isinf(size) else -math.inf
    mantissa, exponent = c.mid().man_exp()
    return math.log2(float(mantissa)) + float(max(min(exponent, MANY), -MANY)) if mantissa else -math.inf


@lru_cache(maxsize=16)
def _table(root: Expr, bits: int) -> dict[float, tuple[float, ...]]:
    return {}


def _row(root: Expr, x: float, bits: int) -> tuple[float, ...]:
    """For each order the two ends, the change, its bend, and whether it is wild: 21 numbers."""
    values, slopes, wild = _seen(root, x, bits)
    near, size = len(values) > 1, math.log2(abs(x)) if x else -math.inf
    ctx.prec = PRECISIONS[0]
    row: list[float] = []
    for order in range(3):
        ends = sorted(_pair(c[order] * FACTORIAL[order]) for c in (slopes if order else values))
        if any(math.isnan(first) for first, _ in ends):
            ends = [(math.nan, 0.0)]
        row += [*ends[0], *ends[-1]]
        for power in (1, 2):
            sizes = [_log2(c[order + power]) for c in slopes]
            scale = math.log2(FACTORIAL[order + power] / power)
            row.append((max if near else min)(sizes) + scale + power * size if x else -math.inf)
        row.append(wild)
    return tuple(row)


def truth(root: Expr, points: Iterable[float], bits: int = 53) -> Truth:
    """Value, first and second derivative of ``root`` at finite points of a type of ``bits`` (53 or 24)."""
    table, kept = _table(root, bits), (ctx.prec, ctx.cap)
    ctx.cap = LENGTH
    try:
        rows = []
        for x in points:
            row = table.get(x)
            if row is None:
                row = table[x] = _row(root, x, bits)
            rows.append(row)
    finally:
        ctx.prec, ctx.cap = kept
    columns = np.array(rows).reshape(-1, 3, 7).transpose(2, 1, 0)
    return Truth(*columns)


@lru_cache(maxsize=4096)
def limit(root: Expr, sign: float) -> tuple[float, float, float]:
    """Value, first and second derivative at infinity, as floats; NaN where there is no limit, as for sin."""
    kept = ctx.prec, ctx.cap
    ctx.cap, ctx.prec = LENGTH, PRECISIONS[-1]
    try:
        points = [math.copysign(1.0, sign) * arb.const_e() * arb((1, order)) for order in FAR]  # no period's multiples
        rows = [_series(root, p, 0, arb(0), 53)[0] for p in points]
        found = [0.0 + float(_trend([row[k] * FACTORIAL[k] for row in rows], arb(LEAST[53]))) for k in range(3)]
    except (SingularError, UndefinedError):
        return math.nan, math.nan, math.nan
    finally:
        ctx.prec, ctx.cap = kept
    return found[0], found[1], found[2]
