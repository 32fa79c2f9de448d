"""The derivative at the kinks of the frameworks' functions."""

from __future__ import annotations

import pytest
import torch
from battery.measure import KINDS, computed
from torch.nn import functional as F

import nonlin

CONVENTION = {
    # the frameworks' functions: the derivative at each kink, as expr/primitives.py states it; everywhere else the battery
    # accepts what lies between the two one-sided derivatives
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
