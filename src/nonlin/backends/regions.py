"""The inputs at which kernels are examined, and the intervals that are made of those found wrong.

An interval is a pair of ends, either of which may be infinite; one whose first end is above its second stands for both tails.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from nonlin.backends.rounding import Format

Region = tuple[float, float]


@lru_cache(maxsize=64)
def grid(form: Format, turns: tuple[float, ...]) -> Any:
    """Numbers of few digits, sorted: dense about 1, sparse far out, close to every turn, and 0."""
    least, most = math.frexp(form.smallest)[1] - 1, round(math.log2(form.largest)) - 1
    coarse = 4 if form.bits == 24 else 16
    exponents = np.concatenate(
        [np.arange(least, -24, coarse), np.arange(-24, -7, 0.5), np.arange(-7, -3, 1 / 16), np.arange(-3, 7, 1 / 40), np.arange(7, 12, 0.5),
         np.arange(12, most, coarse), [most]]
    )  # fmt: skip
    mantissas, powers = np.frexp(np.exp2(exponents))
    sizes = np.ldexp(np.round(mantissas * 256) / 256, powers)
    beside = [p * (1 + s * 2.0**-k) for p in turns for k in range(2, form.bits - 1, 3) for s in (1, -1)]
    points = np.concatenate([sizes, -sizes, [0.0, form.largest, -form.largest], beside, turns])
    return np.unique(form.rounded(points) + 0.0)


def runs(bad: Any) -> Iterator[tuple[int, int]]:
    """Index pairs of the runs of true entries; single false ones between do not end a run."""
    places = np.flatnonzero(bad)
    if len(places):
        breaks = np.flatnonzero(np.diff(places) > 2)
        for first, last in zip([0, *(breaks + 1)], [*breaks, len(places) - 1], strict=True):
            yield int(places[first]), int(places[last])


def reaches(region: Region, sign: int) -> bool:
    """Whether an interval goes to infinity on one side."""
    low, high = region
    return low > high or (high == math.inf if sign > 0 else low == -math.inf)


def joined(regions: list[Region], grid: Any) -> list[Region]:
    """Regions that touch or nearly do become one; two tails that begin at about the same distance become one pair."""
    made: list[Region] = []
    for low, high in sorted(regions):
        if made and np.searchsorted(grid, low) - np.searchsorted(grid, made[-1][1]) <= 2:
            made[-1] = (made[-1][0], high)
        else:
            made.append((low, high))
    if len(made) > 1 and made[0][0] == -math.inf and made[-1][1] == math.inf:
        left, right = -made[0][1], made[-1][0]
        if 0 < left <= 4 * right and 0 < right <= 4 * left:
            start = min(left, right)
            return [*made[1:-1], (start, -start)]
    return made


def parts(low: float, high: float, turns: tuple[float, ...]) -> list[Region]:
    """The pieces to try where one polynomial will not do."""
    if low > high:
        return [(-math.inf, high), (low, math.inf)]
    inside = [t for t in turns if low < t < high]
    if inside:
        cuts = [low, *inside, high]
        return list(zip(cuts, cuts[1:], strict=False))
    if high == math.inf:
        cut = 4 * max(low, 1.0)
        return [(low, cut), (cut, high)]
    if low == -math.inf:
        cut = 4 * min(high, -1.0)
        return [(low, cut), (cut, high)]
    if low >= 0 and high > 4 * low > 0:
        middle = math.sqrt(low * high)
    elif high <= 0 and low < 4 * high < 0:
        middle = -math.sqrt(low * high)
    else:
        middle = (low + high) / 2
    mantissa, exponent = math.frexp(middle)
    middle = math.ldexp(round(mantissa * 128) / 128, exponent)
    return [(low, middle), (middle, high)] if low < middle < high else []


def beyond(start: float, form: Format) -> list[float]:
    """Points beyond ``start`` to test a tail at."""
    steps = (1.0009, 1.07, 1.31, 1.9, 3.3, 7.1, 29.3, 517.7, 33331.1)
    far = [start * s for s in steps] + [2.0**e * 1.37 for e in range(20, 1024, 40)]
    points = form.rounded([p for p in far if start < p < form.largest])
    return [float(p) for p in points if p < form.largest] + [form.largest]


def trials(low: float, high: float, turns: tuple[float, ...], form: Format) -> list[float]:
    """Points of an interval to test a candidate at."""
    if low > high:
        size = max(low, -high)
        return [s * p for p in beyond(size, form) for s in (1, -1)]
    if high == math.inf:
        return beyond(low, form)
    if low == -math.inf:
        return [-p for p in beyond(-high, form)]
    points = [low + (high - low) * (k + 0.37) / 16 for k in range(16)]
    for p in {*turns, 0.0}:
        if low <= p <= high:
            sides = [s for s, end in ((1, high), (-1, low)) if end != p]
            points += [p + s * (high - low) * 2.0**-k * 1.1 for s in sides for k in (4, 7, 12, 20, 35)]
            points += [p] if len(sides) == 2 else []
    rounded = form.rounded(np.array(points))
    return [float(p) for p in rounded if low < p < high]
