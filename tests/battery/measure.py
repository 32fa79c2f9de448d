"""The grid, the tolerances and the comparison of the battery; each test file takes its dtype's share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import ml_dtypes
import numpy as np
import torch
from battery.oracle import limit, textbook, truth
from mpmath import mp, mpf

import nonlin
from nonlin.catalogue import Definition
from nonlin.expr import derivative, variables, walk
from nonlin.expr.nodes import number

TOLERANCE = {
    # dtype: allowed ulps of the value, the first and the second derivative
    "float64": (2, 4, 12),
    "float32": (2, 4, 12),
    "bfloat16": (0.51, 0.51, 0.51),
    "float16": (0.51, 0.51, 0.51),
}
"""Base tolerances, about twice the worst of 1.3, 2.1 and 7.5 that exp and tanh of several machines' libraries leave. Half
types are computed in float32 and rounded once, which leaves half an ulp and float32's few."""
CONDITION = 2
"""Ulps allowed for each unit of the condition number |x g'(x) / g(x)| of the function g compared: the rounding of x
itself costs half an ulp times that, and the formula's own inner roundings a few times as much."""
FLOOR = {"float64": 128, "float32": 128, "bfloat16": 128, "float16": 1}
"""Ulps are measured at no less than this many smallest normals: below, a result has no relative accuracy to keep, for an
intermediate result may be subnormal. (float16 is computed in a type of wider range, so its own subnormals are exact.) For
the same reason an intermediate result may lose one smallest normal of the type it is computed in, times |x| up to 128
where x multiplies it: SciPy's erfc in double precision gives 0 instead of subnormals."""
HEADROOM = 8
"""A product on the way may overflow where this many times the exact result would: x * 6 / 6 does."""


@dataclass(frozen=True)
class Kind:
    """A floating type: bits of its significand, smallest normal and largest number, and its two libraries' names."""

    name: str
    bits: int
    tiny: float
    largest: float
    numpy: Any
    torch: torch.dtype

    @property
    def width(self) -> str:
        """How far down the oracle must see."""
        return "double" if self.bits == 53 else "single"

    def ulp(self, size: Any) -> Any:
        """Spacing of this type's numbers at ``size``, at no less than the floor."""
        return mp.ldexp(1, int(mp.floor(mp.log(max(abs(size), FLOOR[self.name] * mpf(self.tiny)), 2))) - self.bits + 1)


KINDS = {
    k.name: k
    for k in (
        Kind("float64", 53, 2.0**-1022, float(np.finfo(np.float64).max), np.float64, torch.float64),
        Kind("float32", 24, 2.0**-126, float(np.finfo(np.float32).max), np.float32, torch.float32),
        Kind("bfloat16", 8, 2.0**-126, float(ml_dtypes.finfo(ml_dtypes.bfloat16).max), ml_dtypes.bfloat16, torch.bfloat16),
        Kind("float16", 11, 2.0**-14, float(np.finfo(np.float16).max), np.float16, torch.float16),
    )
}
ELEMENTWISE = sorted(n for n, d in nonlin.definitions().items() if d.kind == "elementwise")


def kinks(made: Definition) -> set[float]:
    """Numbers a formula's branches may turn at: its constants and their sums and differences."""
    constants = {0.0, *(float(v) for n in walk(textbook(made)) if (v := number(n)) is not None)}
    found = {a - b for a in constants for b in constants} | constants
    return {s * v for v in found for s in (1.0, -1.0)}


@lru_cache(maxsize=256)
def grid(made: Definition, kind: Kind) -> np.ndarray[Any, Any]:
    """Finite points of ``kind``, as float64: tails, kinks and their neighbours, zeros, subnormals, huge values."""
    low = math.ldexp(kind.tiny, 1 - kind.bits)
    overflow = (50, 200, 700, 709, 710, 745, 746, 1000) if kind.bits == 53 else (87, 88, 89, 90, 100, 103, 104, 1000)
    tails = [v * s for v in (0.1, 0.5, 1.5, 2.5, 4, 5, 7, 8, 9, 10, 13, 14, 17, 20, 27, 30, 38, *overflow) for s in (1, -1)]
    powers = [s * 2.0**e for e in (-60, -30, -20, -12, -8, -5, -3, 5, 12, 15, 24, 60, 100) for s in (1, -1)]
    ends = [s * v for v in (low, 3 * low, kind.tiny / 2, kind.tiny, 1e30, kind.largest, kind.largest / 2) for s in (1, -1)]
    random = np.random.default_rng(20240607).normal(0, 3, 24)
    points = np.array([*tails, *powers, *ends, *random, *kinks(made)])
    with np.errstate(over="ignore"):
        there = points.astype(kind.numpy)
    turns = np.array(sorted(kinks(made))).astype(kind.numpy)
    around = [np.nextafter(turns, np.array(s * np.inf, kind.numpy)) for s in (1, -1)]
    all_points = np.concatenate([there, *around, np.array([0.0, -0.0], kind.numpy)]).astype(np.float64)
    return np.unique(all_points[np.isfinite(all_points)])


def computed(made: Definition, library: str, kind: Kind, points: Any, order: int) -> np.ndarray[Any, Any]:
    """What nonlin gives at ``points``, as float64."""
    function = nonlin.get(made)
    if library == "numpy":
        got = function.grad(np.asarray(points).astype(kind.numpy), order)
        assert got.dtype == kind.numpy
        return np.asarray(got).astype(np.float64)
    tensor = function.grad(torch.tensor(points, dtype=torch.float64).to(kind.torch), order)
    assert tensor.dtype == kind.torch
    return np.asarray(tensor.double().numpy())


def error(got: float, made: Definition, x: float, order: int, kind: Kind) -> tuple[float, float]:
    """Return the error at ``x`` in ulps, and how many of them the condition number excuses."""
    with mp.workdps(50):
        true = truth(textbook(made), x, kind.width)[order]
        if math.isnan(got):
            return math.inf, 0.0
        largest = mpf(kind.largest)
        nearest = min(max(mpf(got), true.low), true.high)
        if math.isinf(got):
            return (0.0 if abs(nearest) * HEADROOM > largest and nearest * got > 0 else math.inf), 0.0
        nearest = min(max(nearest, -largest), largest)
        ulp = kind.ulp(nearest)
        work = kind if kind.bits > 20 else KINDS["float32"]  # the type it was computed in
        excused = CONDITION * true.change * mpf(2) ** (1 - work.bits) + work.tiny * min(abs(x), 128)
        return float(abs(mpf(got) - nearest) / ulp), float(excused / ulp)


def check(name: str, library: str, kind: Kind, order: int) -> float:
    """Compare one entry on the whole grid; return the worst error in ulps beyond what its condition excuses."""
    made = nonlin.definitions()[name]
    points = grid(made, kind)
    got = computed(made, library, kind, points, order)
    worst, wrong = 0.0, []
    for x, y in zip(points.tolist(), got.tolist(), strict=True):
        ulps, excused = error(y, made, x, order, kind)
        worst = max(worst, ulps - excused)
        if ulps > TOLERANCE[kind.name][order] + excused:
            exact = mp.nstr(truth(textbook(made), x, kind.width)[order].low, 17)
            wrong.append(f"x={x!r}: got {y!r}, exact {exact}, {ulps:.3g} ulps")
    assert not wrong, f"{name}, {library}, {kind.name}, order {order}: {len(wrong)} wrong\n" + "\n".join(wrong[:12])
    return worst


def check_limits(name: str, library: str, kind: Kind, order: int) -> None:
    """Infinities give the limit; NaN gives NaN, except where the derivative is one number everywhere."""
    made = nonlin.definitions()[name]
    left, right, missing = computed(made, library, kind, [-math.inf, math.inf, math.nan], order).tolist()
    for sign, got in ((-1.0, left), (1.0, right)):
        with np.errstate(over="ignore"):
            expected = float(np.asarray(limit(textbook(made), sign)[order]).astype(kind.numpy))
        ulp = float(kind.ulp(mpf(expected))) if math.isfinite(expected) else 0.0
        close = got == expected or abs(got - expected) <= ulp
        assert close, f"{name}, {library}, {kind.name}, order {order} at {sign * math.inf}: {got}, the limit is {expected}"
    everywhere = derivative(textbook(made), "x", order)
    if "x" in variables(everywhere):
        assert math.isnan(missing), f"{name}, {library}, {kind.name}, order {order}: NaN gives {missing}"
    else:
        assert missing == float(number(everywhere) or 0)
