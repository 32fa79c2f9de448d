"""The grid, the tolerances and the comparison of the battery; each test file takes its share of types and libraries.

**The rule.** A result may differ from the exact one

* by so many ulps: in float64 and float32 4 for the value and 8 for the first and second derivative; in bfloat16 and float16
  0.51, which is the rounding of the result and nothing else that can be seen;
* and, beyond that, by as much as the exact result changes when x changes by two units in the last place of the type it was
  computed in (float32 for the half types), to second order in that change. With the condition number
  kappa(x) = |x g'(x) / g(x)| of the function or derivative g, that is about 2 kappa ulps: rounding x itself costs half of
  one kappa. Away from the zeros of g, and where g does not oscillate or fall steeply, kappa is a small number; near its
  zeros no better result can be had from arithmetic in the type.

Ulps are measured at no less than 128 smallest normals, for an intermediate result may be subnormal, and so may the exact
result be; for the same reason a result may lose one smallest normal, times |x| up to 128 where x multiplies it. (float16 is
computed in a type of wider range, so its own subnormals are exact.) A result may be infinite where the exact one is an
eighth of the largest number or more: x * 6 / 6 overflows on the way; and NaN where a sine or cosine is taken of an argument
that large. What breaks this rule is listed in ``exceptions.py``.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from unittest import mock

import ml_dtypes
import numpy as np
import torch
from battery.exceptions import EXCEPTIONS, Exempt
from battery.oracle import Truth, limit, textbook, truth

import nonlin
from nonlin.backends.llvm import calls
from nonlin.catalogue import Definition
from nonlin.expr import derivative, variables, walk
from nonlin.expr.nodes import number
from nonlin.facts.kinks import switches

TOLERANCE = {
    # dtype: allowed ulps of the value, the first and the second derivative
    "float64": (4, 8, 8),
    "float32": (4, 8, 8),
    "bfloat16": (0.51, 0.51, 0.51),
    "float16": (0.51, 0.51, 0.51),
}
NEEDED = 0.5
"""An exception is needed where the error is more than this part of the tolerance: another processor may add the rest."""
CONDITION = 2
"""Units in the last place of x that the rule allows for."""
FLOOR = {"float64": 128, "float32": 128, "bfloat16": 128, "float16": 1}
"""Ulps shrink no further than those of so many smallest normals."""
HEADROOM = 8
"""Results may overflow where so many times the exact one would."""
ORDERS = (0, 1, 2)
Array = np.ndarray[Any, Any]


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
    def work(self) -> Kind:
        """The type this one is computed in."""
        return self if self.bits > 20 else KINDS["float32"]

    @property
    def floor(self) -> float:
        """The size below which ulps shrink no further."""
        return FLOOR[self.name] * self.tiny

    def ulp(self, size: Array) -> Array:
        """Spacing of this type's numbers at ``size``, at no less than the floor."""
        return np.ldexp(1.0, np.frexp(np.maximum(np.abs(size), self.floor))[1] - self.bits)


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


def sampled() -> list[str]:
    """Return the functions that JAX, ONNX, C and JavaScript are tried on: every sixth by its name's CRC-32, all with --full."""
    return [n for n in ELEMENTWISE if settings["full"] or zlib.crc32(n.encode()) % 6 == 0]


# -- points ------------------------------------------------------------------------------------------------------------

SAMPLE, FULL_SAMPLE = 128, 8192
"""How many points of each of three random kinds the grid holds; the second number is for ``--full``."""
settings = {"full": False}
"""``full``: whether to take every input of the half types and many more of the others (``pytest tests/battery --full``)."""


def kinks(made: Definition) -> set[float]:
    """Numbers a formula's branches may turn at: where it was found to turn, its constants, and the sums of two of few."""
    root = textbook(made)
    constants = {0.0, *(float(v) for n in walk(root) if (v := number(n)) is not None)}
    found = constants | set(switches(root))
    if len(constants) <= 12:
        found |= {a - b for a in constants for b in constants}
    return {s * v for v in found for s in (1.0, -1.0)}


def _random(name: str, kind: Kind) -> Array:
    """Normal with deviation 3; log-uniform from 2**-40 to 2**12; and any bit pattern of the type. Seeded by the name."""
    source = np.random.default_rng(zlib.crc32(f"{name} {kind.name}".encode()))
    n = FULL_SAMPLE if settings["full"] else SAMPLE
    ordinary, logs = source.normal(0, 3, n), np.exp2(source.uniform(-40, 12, n)) * source.choice([-1.0, 1.0], n)
    width = np.dtype(kind.numpy).itemsize
    patterns = source.integers(0, 2 ** (8 * width), n, dtype=f"uint{8 * width}").view(kind.numpy)
    with np.errstate(all="ignore"):
        return np.concatenate([ordinary, logs, patterns.astype(np.float64)])


def _every(kind: Kind) -> Array:
    """All 65,536 numbers of a half type."""
    with np.errstate(invalid="ignore"):  # some are NaN
        return np.arange(2**16, dtype=np.uint16).view(kind.numpy).astype(np.float64)


@lru_cache(maxsize=16)
def grid(made: Definition, kind: Kind) -> Array:
    """The finite points of ``kind``, as sorted float64, at which a function is tested: the sampling rule.

    The same tails for every function (both signs of numbers where exponentials and error functions fade, round or
    overflow, powers of two from 2**-60 to 2**100, the smallest subnormals, the smallest and largest normals, 1e30); every
    number where this function's formula may turn, with its neighbours on both sides; 0 and -0; and 384 random ones, seeded
    by the function's name: normal, log-uniform, and any bit pattern. With ``--full``, all 65,536 numbers of the half
    types and 24,576 random ones of the others.
    """
    low = math.ldexp(kind.tiny, 1 - kind.bits)
    overflow = (50, 200, 700, 709, 710, 745, 746, 1000) if kind.bits == 53 else (87, 88, 89, 90, 100, 103, 104, 1000)
    tails = [v * s for v in (0.1, 0.5, 1.5, 2.5, 4, 5, 7, 8, 9, 10, 13, 14, 17, 20, 27, 30, 38, *overflow) for s in (1, -1)]
    powers = [s * 2.0**e for e in (-60, -30, -20, -12, -8, -5, -3, 5, 12, 15, 24, 60, 100) for s in (1, -1)]
    ends = [s * v for v in (low, 3 * low, kind.tiny / 2, kind.tiny, 1e30, kind.largest, kind.largest / 2) for s in (1, -1)]
    turns = sorted(kinks(made))
    chosen = _every(kind) if settings["full"] and kind.bits < 20 else _random(made.name, kind)
    with np.errstate(over="ignore"):
        there = np.array([*tails, *powers, *ends, *turns, *chosen]).astype(kind.numpy)
        corners = np.array(turns).astype(kind.numpy)
    around = [np.nextafter(corners, np.array(s * np.inf, kind.numpy)) for s in (1, -1)]
    points = np.concatenate([there, *around, np.array([0.0, -0.0], kind.numpy)]).astype(np.float64)
    return np.unique(points[np.isfinite(points)])


# -- what is computed ----------------------------------------------------------------------------------------------------


def _by_numpy(function: nonlin.Activation, points: Array, kind: Kind, order: int) -> Array:
    got = function.grad(points.astype(kind.numpy), order)
    assert got.dtype == kind.numpy
    return np.asarray(got).astype(np.float64)


def _by_torch(function: nonlin.Activation, points: Array, kind: Kind, order: int) -> Array:
    tensor = function.grad(torch.from_numpy(points).to(kind.torch), order)
    assert tensor.dtype == kind.torch
    return np.asarray(tensor.double().numpy())


def _plain(
    compute: Callable[[nonlin.Activation, Array, Kind, int], Array],
) -> Callable[[nonlin.Activation, Array, Kind, int], Array]:
    """The same without compiled kernels, as where there is no LLVM."""

    def run(function: nonlin.Activation, points: Array, kind: Kind, order: int) -> Array:
        with mock.patch.object(calls, "enabled", return_value=False):
            return compute(function, points, kind, order)

    return run


NATIVE = ("numpy", "torch", "numpy, plain", "torch, plain")
LIBRARIES: dict[str, Callable[[nonlin.Activation, Array, Kind, int], Array]] = {
    "numpy": _by_numpy, "torch": _by_torch, "numpy, plain": _plain(_by_numpy), "torch, plain": _plain(_by_torch)
}  # fmt: skip
"""Library -> the ``order``-th derivative of a function at ``points`` (float64), computed in ``kind``, as float64."""


def computed(made: Definition, library: str, kind: Kind, points: Any, order: int) -> Array:
    """What nonlin gives at ``points``, as float64."""
    return LIBRARIES[library](nonlin.get(made), np.array(points, dtype=np.float64), kind, order)


# -- what it should be ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _truth(made: Definition, kind: Kind, points: bytes) -> Truth:
    return truth(textbook(made), np.frombuffer(points).tolist(), kind.work.bits)


def error(got: Any, made: Definition, x: Any, order: int, kind: Kind) -> tuple[Array, Array]:
    """Return the errors of ``got`` at the points ``x`` in ulps, and how many of them the condition rule excuses."""
    got, points = np.atleast_1d(np.asarray(got, np.float64)), np.atleast_1d(np.asarray(x, np.float64))
    true = _truth(made, kind, points.tobytes())
    with np.errstate(all="ignore"):
        low, high, undefined = true.low[order], true.high[order], np.isnan(true.low[order])
        below = (got - _held(low, kind)) - np.where(abs(low) <= kind.largest, true.low_rest[order], 0)
        above = (got - _held(high, kind)) - np.where(abs(high) <= kind.largest, true.high_rest[order], 0)
        nearest = np.where(below < 0, low, np.where(above > 0, high, got))
        ulp = kind.ulp(_held(nearest, kind))
        ulps = np.where((below >= 0) & (above <= 0), 0.0, np.minimum(abs(below), abs(above)) / ulp)
        ulps = np.minimum(ulps, KINDS["float64"].largest)  # infinite is only what is not a number or should be one
        end = np.where(got > 0, high, low)
        overflow = (abs(end) > kind.largest / HEADROOM) & (np.sign(end) == np.sign(got))
        ulps = np.where(np.isinf(got), np.where(overflow, 0.0, math.inf), ulps)
        nowhere = undefined | (true.wild[order] > 0)
        ulps = np.where(np.isnan(got) | undefined, np.where(np.isnan(got) & nowhere, 0.0, math.inf), ulps)
        step = math.log2(CONDITION) + 1 - kind.work.bits
        excused = np.exp2(true.change[order] + step - np.log2(ulp)) + np.exp2(true.bend[order] + 2 * step - np.log2(ulp))
        excused += kind.work.tiny * np.minimum(abs(points), 128) / ulp
    return ulps, excused


def _held(true: Array, kind: Kind) -> Array:
    return np.clip(true, -kind.largest, kind.largest)


@dataclass(frozen=True)
class Worst:
    """One function, type, library and order: its worst errors and where they are."""

    beyond: float  # ulps beyond what the condition rule excuses
    beyond_at: float
    raw: float  # ulps, nothing excused
    raw_at: float
    wrong: tuple[str, ...]  # the points that break the tolerance


def measured(made: Definition, library: str, kind: Kind, order: int, allowed: float) -> Worst:
    """Compare one entry on the whole grid."""
    points = grid(made, kind)
    got = computed(made, library, kind, points, order)
    ulps, excused = error(got, made, points, order, kind)
    beyond = np.where(np.isinf(ulps), ulps, ulps - excused)
    bad = np.flatnonzero(~(beyond <= allowed))
    true = _truth(made, kind, points.tobytes())
    wrong = [
        f"x={points[i]!r}: got {got[i]!r}, exact {true.low[order, i]!r}"
        + (f" to {true.high[order, i]!r}" if true.high[order, i] != true.low[order, i] else "")
        + f", {ulps[i]:.3g} ulps, {excused[i]:.3g} excused"
        for i in bad
    ]
    i, k = int(np.argmax(beyond)), int(np.argmax(ulps))
    return Worst(float(beyond[i]), float(points[i]), float(ulps[k]), float(points[k]), tuple(wrong))


def speaks(row: Exempt, library: str) -> bool:
    """Whether a row of the exceptions is about a library; without kernels every path is the plain one."""
    plainly = f"{library}, plain" if library in ("numpy", "torch") and not calls.enabled() else library
    return plainly in row.libraries or (plainly != library and library in row.libraries)


def exemption(name: str, library: str, kind: Kind, order: int) -> Exempt | None:
    """The row of the exceptions that speaks of one entry, if any."""
    for row in EXCEPTIONS:
        if row.name == name and kind.name in row.dtypes and order in row.orders and speaks(row, library):
            return row
    return None


def check(name: str, library: str, kind: Kind, order: int) -> float:
    """Compare one entry on the whole grid; return the worst error in ulps beyond what its condition excuses."""
    made, row = nonlin.definitions()[name], exemption(name, library, kind, order)
    worst = measured(made, library, kind, order, row.ulps if row else TOLERANCE[kind.name][order])
    few = "\n".join(worst.wrong[:6])
    assert not worst.wrong, f"{name}, {library}, {kind.name}, order {order}: {len(worst.wrong)} wrong\n{few}"
    return worst.beyond


def check_limits(name: str, library: str, kind: Kind, order: int) -> None:
    """Infinities give the limit, or NaN where there is none; NaN gives NaN, unless a derivative is one number everywhere."""
    made = nonlin.definitions()[name]
    left, right, missing = computed(made, library, kind, [-math.inf, math.inf, math.nan], order).tolist()
    for sign, got in ((-1.0, left), (1.0, right)):
        with np.errstate(over="ignore"):
            expected = float(np.asarray(limit(textbook(made), sign)[order]).astype(kind.numpy))
        ulp = float(kind.ulp(np.array(expected))) if math.isfinite(expected) else 0.0
        near = abs(got - expected) <= max(TOLERANCE[kind.name][order], 1) * ulp
        close = got == expected or near or (math.isnan(got) and math.isnan(expected))
        assert close, f"{name}, {library}, {kind.name}, order {order} at {sign * math.inf}: {got}, the limit is {expected}"
    everywhere = [derivative(root, "x", order) for root in (textbook(made), made.closed())]
    known = [float(number(root) or 0) for root in everywhere if "x" not in variables(root)]
    right = math.isnan(missing) or missing in known
    assert right, f"{name}, {library}, {kind.name}, order {order}: NaN gives {missing}"


def check_all(name: str, kind: Kind, libraries: Iterable[str] = ("numpy", "torch")) -> None:
    """Compare a function in one type, every library and order, and its limits; one message tells all that is wrong.

    An exception that none of the libraries needs is wrong too.
    """
    failures, beyond = [], {}
    for library in libraries:
        for order in ORDERS:
            try:
                beyond[library, order] = check(name, library, kind, order)
            except AssertionError as err:
                failures.append(str(err))
            try:
                check_limits(name, library, kind, order)
            except AssertionError as err:
                failures.append(str(err))
    for row in EXCEPTIONS:
        if row.name != name or kind.name not in row.dtypes or (row.full and not settings["full"]):
            continue
        # a row of several types is needed if float64 or float32, whose kernels the others share, need it in one order
        seen = [
            (beyond.get((library, order), math.inf), NEEDED * TOLERANCE[kind.name][order])
            for order in row.orders for library in NATIVE if speaks(row, library) and library in libraries
        ]  # fmt: skip
        if kind.bits > 20 and seen and all(worst <= needed for worst, needed in seen):
            failures.append(f"{name}, {kind.name}: needs no exception, the worst is {max(seen)[0]:.3g}")
    assert not failures, "\n".join(failures)
