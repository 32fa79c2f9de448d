"""What holds for every elementwise function besides exactness: nothing finite is lost, and neighbours do not matter."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from battery.measure import KINDS, ORDERS, Array, Kind, computed, error, exemption

import nonlin

LOOKED_AT = 100
"""Of the points of one sweep without a finite result, so many, evenly spread, are held against the exact one."""


@lru_cache(maxsize=4)
def sweep(kind: Kind) -> Array:
    """Every 1/32 up to 100, and the powers of two from the smallest subnormal to the largest number."""
    first = round(math.log2(kind.tiny)) + 1 - kind.bits
    last = math.frexp(kind.largest)[1] - 1
    powers = [math.ldexp(s, e) for e in range(first, last + 1) for s in (1.0, -1.0)]
    return np.array([*np.arange(-3200, 3201) / 32, *powers, kind.largest, -kind.largest])


def check_nothing_lost(name: str, kind: Kind) -> None:
    """Value and derivatives are finite but where the exact ones overflow, are infinite, or do not exist."""
    made, wrong = nonlin.definitions()[name], []
    for library in ("numpy", "torch"):
        for order in ORDERS:
            row = exemption(name, library, kind, order)
            if row is not None and math.isinf(row.ulps):
                continue
            got = computed(made, library, kind, sweep(kind), order)
            lost = np.flatnonzero(~np.isfinite(got))
            lost = lost[:: len(lost) // LOOKED_AT + 1]
            if lost.size:
                points = sweep(kind)[lost]
                bad = points[np.isinf(error(got[lost], made, points, order, kind)[0])]
                if bad.size:
                    wrong.append(f"{name}, {library}, {kind.name}, order {order}: not finite at {bad[:5]}")
    assert not wrong, "\n".join(wrong)


def check_neighbours(name: str) -> None:
    """An element is the same alone, in a strided array, and at another place of another shape, in single precision.

    The same to 2 ulps and the condition rule, not bit for bit: both libraries finish an array's end with other instructions.
    For a function excepted from the tolerances it is twice its own.
    """
    made, kind = nonlin.definitions()[name], KINDS["float32"]
    function = nonlin.get(made)
    data = np.random.default_rng(5).normal(0, 4, 3 * 331).astype(np.float32)
    for library, values in (("numpy", data), ("torch", torch.from_numpy(data))):
        for order in ORDERS:
            row = exemption(name, library, kind, order)
            allowed = 2 * row.ulps if row else 2
            whole = np.asarray(function.grad(values, order))
            strided = np.asarray(function.grad(values[::3], order))
            ones = np.array([np.asarray(function.grad(values[i : i + 1], order))[0] for i in range(0, 60, 3)])
            turned = np.asarray(function.grad(values.reshape(3, 331).T, order)).T.reshape(-1)
            pairs = ((strided, slice(None, None, 3)), (ones, slice(0, 60, 3)), (turned, slice(None)))
            for got, expected, at in ((g, whole[part], data[part]) for g, part in pairs):
                differs = got != expected
                if differs.any():
                    _, excused = error(expected[differs], made, at[differs], order, kind)
                    apart = np.abs(got[differs].astype(np.float64) - expected[differs]) / kind.ulp(expected[differs])
                    assert np.all(apart <= allowed + excused), f"{name}, {library}, order {order}"
