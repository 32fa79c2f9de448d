"""Interval arithmetic on many intervals at once: sums, products, quotients, choices, rounded outwards.

Ends carry whether they are reached, which is what tells ``exp(x) > 0`` from ``exp(x) >= 0`` where exp underflows.
Reference: Moore, Kearfott and Cloud, Introduction to Interval Analysis, SIAM 2009.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""A NumPy array of float64 or bool, shape (n,), one entry for each box."""
LARGEST = float(np.finfo(np.float64).max)
EPS = 2.0**-52


@dataclass(frozen=True)
class Boxes:
    """Bounds on many boxes: ``low <= value <= high``, strictly where ``above`` and ``below`` say so."""

    low: Array
    high: Array
    above: Array
    below: Array

    @cached_property
    def positive(self) -> Array:
        """Where the value is above 0 on the whole box."""
        return (self.low > 0) | ((self.low == 0) & self.above)

    @cached_property
    def negative(self) -> Array:
        """Where the value is below 0 on the whole box."""
        return (self.high < 0) | ((self.high == 0) & self.below)

    @property
    def zero(self) -> Array:
        """Where the value is 0 on the whole box."""
        return (self.low == 0) & (self.high == 0)

    def __getitem__(self, i: Any) -> Boxes:
        return Boxes(self.low[i], self.high[i], self.above[i], self.below[i])


Condition: TypeAlias = "tuple[Array, Array]"  # certainly true, certainly false


def down(value: Array, ulps: int = 1) -> Array:
    """Round down by some units in the last place."""
    if ulps == 1:
        return np.nextafter(value, -np.inf)
    return value - np.abs(value) * (ulps * EPS) - 5e-324


def up(value: Array, ulps: int = 1) -> Array:
    """Round up by some units in the last place."""
    return -down(-value, ulps)


def neg(a: Boxes) -> Boxes:
    """Return -a."""
    return Boxes(-a.high, -a.low, a.below, a.above)


def _sum_end(a: Array, b: Array, direction: float) -> tuple[Array, Array]:
    """One end of a sum, rounded in ``direction`` unless it is exact; and whether it was moved."""
    total = a + b
    back = total - a
    lost = (a - (total - back)) + (b - back)  # Knuth's TwoSum: the rounding error, exactly
    moved = ~(lost == 0) & np.isfinite(total)
    total = np.where(np.isnan(total), direction * np.inf, total)
    total = np.where(
        np.isinf(total) & np.isfinite(a) & np.isfinite(b) & (total * direction < 0), -direction * LARGEST, total
    )
    return np.where(moved, np.nextafter(total, direction * np.inf), total), moved


def add(a: Boxes, b: Boxes) -> Boxes:
    """Return a + b, exact where the sum of two ends is."""
    low, up = _sum_end(a.low, b.low, -1.0)
    high, down = _sum_end(a.high, b.high, 1.0)
    return Boxes(low, high, a.above | b.above | up, a.below | b.below | down)


def mul(a: Boxes, b: Boxes) -> Boxes:
    """Return a * b; a strict sign survives underflow."""
    corners = np.empty((4, *a.low.shape))
    ends = ((a.low, b.low), (a.low, b.high), (a.high, b.low), (a.high, b.high))
    for corner, (p, q) in zip(corners, ends, strict=True):
        np.multiply(p, q, out=corner)
    corners[np.isnan(corners)] = 0.0  # 0 * inf: the 0 is reached or approached by finite numbers
    one_a, one_b = _unit(a), _unit(b)
    unit = one_a | one_b
    none = [v == 0 for v in (a.low, a.high, b.low, b.high)]
    if (none[0] | none[1] | none[2] | none[3] | unit).any():  # a product with 0, 1 or -1 is exact
        exact = np.stack([none[0] | none[2], none[0] | none[3], none[1] | none[2], none[1] | none[3]]) | unit
        low = np.where(exact, corners, _finite_down(corners)).min(axis=0)
        high = np.where(exact, corners, -_finite_down(-corners)).max(axis=0)
    else:
        low, high = _finite_down(corners.min(axis=0)), -_finite_down(-corners.max(axis=0))
    same = (a.positive & b.positive) | (a.negative & b.negative)
    opposite = (a.positive & b.negative) | (a.negative & b.positive)
    low, high = np.where(same, np.maximum(low, 0), low), np.where(opposite, np.minimum(high, 0), high)
    above, below = same & (low <= 0), opposite & (high >= 0)
    if unit.any():  # by 1 or -1 an end stays what it was; else only a strict sign is carried on
        above |= np.where(one_a, np.where(a.low > 0, b.above, b.below), one_b & np.where(b.low > 0, a.above, a.below))
        below |= np.where(one_a, np.where(a.low > 0, b.below, b.above), one_b & np.where(b.low > 0, a.below, a.above))
    return Boxes(low, high, above, below)


def _finite_down(value: Array) -> Array:
    """Round down; an overflow to +inf stands for the largest number."""
    return np.where(np.isposinf(value), value, np.nextafter(value, -np.inf))


def _unit(a: Boxes) -> Array:
    return (a.low == a.high) & (np.abs(a.low) == 1)


def reciprocal(a: Boxes) -> Boxes:
    """Return 1 / a; everything where a may be 0."""
    usable = a.positive | a.negative
    with np.errstate(divide="ignore"):
        low = np.where(a.high == 0, -np.inf, 1 / np.where(a.high == 0, 1, a.high))
        high = np.where(a.low == 0, np.inf, 1 / np.where(a.low == 0, 1, a.low))
    exact = (np.abs(a.low) == 1) & (a.low == a.high)
    low, high = np.where(exact, low, np.nextafter(low, -np.inf)), np.where(exact, high, np.nextafter(high, np.inf))
    low = np.where(a.positive, np.maximum(low, 0), low)
    high = np.where(a.negative, np.minimum(high, 0), high)
    low, high = np.where(usable, low, -np.inf), np.where(usable, high, np.inf)
    return Boxes(low, high, usable & ~exact, usable & ~exact)


def of_size(a: Boxes) -> Boxes:
    """|a|."""
    across = (a.low < 0) & (a.high > 0)
    left = a.high <= 0
    low = np.where(across, 0.0, np.where(left, -a.high, a.low))
    high = np.maximum(-a.low, a.high)
    above = np.where(across, False, np.where(left, a.below, a.above))
    reached = ((-a.low == high) & ~a.above) | ((a.high == high) & ~a.below)
    return Boxes(low, high, above, ~reached)


def sign(a: Boxes) -> Boxes:
    """Return sign(a)."""
    low = np.where(a.positive, 1.0, np.where(a.zero | (a.low >= 0), 0.0, -1.0))
    high = np.where(a.negative, -1.0, np.where(a.zero | (a.high <= 0), 0.0, 1.0))
    nothing = np.zeros(low.shape, bool)
    return Boxes(low, high, nothing, nothing)


def select(least: bool) -> Callable[[Boxes, Boxes], Boxes]:
    """Return the rule of min (``least``) or max."""

    def bound(a: Boxes, b: Boxes) -> Boxes:
        if least:
            return neg(bound_greatest(neg(a), neg(b)))
        return bound_greatest(a, b)

    def bound_greatest(a: Boxes, b: Boxes) -> Boxes:
        low, high = np.maximum(a.low, b.low), np.maximum(a.high, b.high)
        above = np.where(a.low == b.low, a.above | b.above, np.where(a.low > b.low, a.above, b.above))
        below = np.where(a.high == b.high, a.below & b.below, np.where(a.high > b.high, a.below, b.below))
        return Boxes(low, high, above, below)

    return bound


def hull(condition: Condition, a: Boxes, b: Boxes) -> Boxes:
    """Return a where a condition surely holds, b where it surely does not, and what holds both elsewhere."""
    yes, no = condition
    low, high = np.minimum(a.low, b.low), np.maximum(a.high, b.high)
    above = np.where(a.low == b.low, a.above & b.above, np.where(a.low < b.low, a.above, b.above))
    below = np.where(a.high == b.high, a.below & b.below, np.where(a.high > b.high, a.below, b.below))

    def pick(first: Array, second: Array, both: Array) -> Array:
        return np.where(yes, first, np.where(no, second, both))

    return Boxes(pick(a.low, b.low, low), pick(a.high, b.high, high), pick(a.above, b.above, above),
                 pick(a.below, b.below, below))  # fmt: skip


def compare(op: str, a: Boxes, b: Boxes) -> Condition:
    """Return where a comparison surely holds and where it surely does not."""
    if op in ("gt", "le"):
        rest = add(a, neg(b))
        more, less = rest.positive, rest.negative | (rest.high <= 0)
        return (more, less) if op == "gt" else (less, more)
    return compare("gt" if op == "lt" else "le", b, a)


def everything(shape: tuple[int, ...]) -> Boxes:
    """Return boxes about which nothing is known."""
    no = np.zeros(shape, bool)
    return Boxes(np.full(shape, -np.inf), np.full(shape, np.inf), no, no)


def square(a: Boxes) -> Boxes:
    """Return a * a, which is never negative."""
    size = of_size(a)
    return mul(size, size)


def divide(a: Boxes, b: Boxes, by: Fraction | None) -> Boxes:
    """Return a / b; ``by`` is the number b is, if it is one."""
    if by is not None and b.low[0] == b.high[0]:  # by an exact number: one rounding, none where the result is 0
        low, high = (a.low / b.low, a.high / b.low) if by > 0 else (a.high / b.low, a.low / b.low)
        above, below = (a.above, a.below) if by > 0 else (a.below, a.above)
        whole = abs(by) == 1
        zero_low, zero_high = (
            (a.low == 0 if by > 0 else a.high == 0) | whole,
            (a.high == 0 if by > 0 else a.low == 0) | whole,
        )
        return Boxes(np.where(zero_low, low, np.nextafter(low, -np.inf)), np.where(zero_high, high, np.nextafter(high, np.inf)),
                     above | ~zero_low, below | ~zero_high)  # fmt: skip
    return mul(a, reciprocal(b))
