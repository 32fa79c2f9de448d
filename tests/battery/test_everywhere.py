"""Properties that hold for every elementwise entry: kinks, finiteness, independence of layout and neighbours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from battery.measure import ELEMENTWISE, KINDS, Kind, computed
from torch.nn import functional as F

import nonlin

CONVENTION = {
    # function: the derivative at each kink, as expr/primitives.py states it
    "relu": {0.0: 0.0},
    "leaky_relu": {0.0: 0.01},
    "prelu": {0.0: 0.25},
    "rrelu": {0.0: 11 / 48},
    "relu6": {0.0: 0.0, 6.0: 0.0},
    "hard_tanh": {-1.0: 0.0, 1.0: 0.0},
    "hard_sigmoid": {-3.0: 0.0, 3.0: 0.0},
    "hard_swish": {-3.0: 0.0, 3.0: 1.0},
    "selu": {0.0: 1.6732632423543772 * 1.0507009873554805},
}
NATIVE = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "relu6": F.relu6,
    "hard_tanh": F.hardtanh,
    "hard_sigmoid": F.hardsigmoid,
    "selu": F.selu,
}
"""PyTorch's own functions that keep the same convention; its hardswish takes the other side of -3 and 3."""


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("name", CONVENTION)
def test_the_derivative_at_a_kink_is_the_stated_one(name: str, library: str) -> None:
    made = nonlin.definitions()[name]
    for point, slope in CONVENTION[name].items():
        for kind in (KINDS["float64"], KINDS["float32"]):
            for zero in {point, -point} if point == 0 else {point}:
                got = computed(made, library, kind, [zero], 1)[0]
                assert got == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("name", NATIVE)
def test_pytorchs_own_gradient_at_the_kinks_is_the_same(name: str) -> None:
    x = torch.tensor(sorted(CONVENTION[name]), dtype=torch.float64, requires_grad=True)
    (native,) = torch.autograd.grad(NATIVE[name](x).sum(), x)
    (ours,) = torch.autograd.grad(nonlin.get(name)(x).sum(), x)
    assert torch.allclose(native, ours, rtol=1e-12)


def test_a_typed_absolute_value_has_derivative_zero_at_zero() -> None:
    bend = nonlin.get("abs(x)")
    assert [bend.grad(v) for v in (-2.0, -0.0, 0.0, 2.0)] == [-1.0, 0.0, 0.0, 1.0]
    x = torch.zeros(1, requires_grad=True)
    assert torch.autograd.grad(torch.abs(x), x)[0] == torch.autograd.grad(bend(x), x)[0] == 0


def sweep(kind: Kind) -> np.ndarray[Any, Any]:
    """Every 1/32 up to 100, and the powers of two from the smallest subnormal to the largest number."""
    first = round(math.log2(kind.tiny)) + 1 - kind.bits
    last = math.frexp(kind.largest)[1] - 1
    powers = [math.ldexp(s, e) for e in range(first, last + 1) for s in (1.0, -1.0)]
    return np.array([*np.arange(-3200, 3201) / 32, *powers, kind.largest, -kind.largest])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_no_gradient_is_lost_where_the_value_is_finite(name: str, kind: Kind) -> None:
    made, points = nonlin.definitions()[name], sweep(kind)
    for library in ("numpy", "torch"):
        there = np.isfinite(computed(made, library, kind, points, 0))
        assert there.sum() > 0.99 * len(points)
        for order in (1, 2):
            got = computed(made, library, kind, points, order)
            lost = points[there & ~np.isfinite(got)]
            assert lost.size == 0, f"{name}, {library}, {kind.name}, order {order}: not finite at {lost[:5]}"


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_an_element_does_not_depend_on_its_neighbours_or_on_strides(name: str, library: str) -> None:
    """Equal to 2 ulps, not bit for bit: both libraries finish an array's end with other instructions than its middle."""
    function = nonlin.get(name)
    data = np.random.default_rng(5).normal(0, 4, 3 * 1031).astype(np.float32)
    values: Any = data if library == "numpy" else torch.from_numpy(data)
    for order in (0, 1, 2):
        whole = np.asarray(function.grad(values, order))
        strided = np.asarray(function.grad(values[::3], order))
        ones = np.array([np.asarray(function.grad(values[i : i + 1], order))[0] for i in range(0, 60, 3)])
        turned = np.asarray(function.grad(values.reshape(3, 1031).T, order)).T.reshape(-1)
        for got, expected in ((strided, whole[::3]), (ones, whole[:60:3]), (turned, whole)):
            scale = np.maximum(np.abs(expected), 2.0**-119)
            assert np.all(np.abs(got - expected) <= 2 * np.spacing(scale))
