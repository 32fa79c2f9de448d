"""Gradients that are added up as they are computed: of biases and of learned parameters, against PyTorch in float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import nonlin
from nonlin.backends.llvm import biased, calls, gradients, sums
from nonlin.errors import DataError, ParameterError

pytestmark = pytest.mark.skipif(not calls.enabled(), reason="no compiled kernels on this machine")
F = torch.nn.functional
NATIVE = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu, "tanh": torch.tanh, "softplus": F.softplus}
SHAPES = [
    # shape of x, dimension of the bias
    ((37, 29), 1), ((64, 64), -1), ((65, 130), 1), ((200, 1024), 1), ((7, 3, 50), -1), ((4, 7, 10, 10), 1), ((3, 5, 8), 0),
    ((2, 6, 33, 31), 1), ((19,), 0), ((5, 1), 1), ((1, 40), 1), ((300, 17), 0),
]  # fmt: skip


def across(bias: Tensor, x: Tensor, dim: int) -> Tensor:
    shape = [1] * x.dim()
    shape[dim] = -1
    return bias.reshape(shape)


def data(shape: tuple[int, ...], dim: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    made = torch.Generator().manual_seed(sum(shape))
    x, grad = (torch.randn(shape, generator=made).to(dtype) for _ in range(2))
    return x.requires_grad_(), torch.randn(shape[dim], generator=made).to(dtype).requires_grad_(), grad


def spy(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each pass that added up went over."""
    seen: list[int] = []
    run = sums.Summing.rows

    def rows(self: sums.Summing, count: int, *rest: Any) -> None:
        seen.append(count)
        run(self, count, *rest)

    monkeypatch.setattr(sums.Summing, "rows", rows)
    return seen


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize(("shape", "dim"), SHAPES)
def test_bias_and_activation(name: str, shape: tuple[int, ...], dim: int) -> None:
    x, bias, grad = data(shape, dim)
    y = nonlin.nn.bias_act(x, bias, name, dim)
    got = (y.detach(), *torch.autograd.grad(y, (x, bias), grad))
    wide, broad = x.detach().double().requires_grad_(), bias.detach().double().requires_grad_()
    z = NATIVE[name](wide + across(broad, wide, dim))
    true = (z.detach(), *torch.autograd.grad(z, (wide, broad), grad.double()))
    for one, other in zip(got, true, strict=True):
        assert one.shape == other.shape and torch.allclose(
            one.double(), other, rtol=2e-5, atol=2e-5 * float(other.abs().max())
        )


@pytest.mark.parametrize(("shape", "dim"), SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_value_has_the_bits_of_adding_first(shape: tuple[int, ...], dim: int, dtype: torch.dtype) -> None:
    x, bias, grad = data(shape, dim, dtype)
    y, z = nonlin.nn.bias_act(x, bias, "mish", dim), nonlin.get("mish")(x + across(bias, x, dim))
    assert torch.equal(y, z)
    assert torch.equal(torch.autograd.grad(y, x, grad)[0], torch.autograd.grad(z, x, grad)[0])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_types_are_rounded_once(dtype: torch.dtype) -> None:
    x, bias, grad = data((64, 96), 1, dtype)
    y = nonlin.nn.bias_act(x, bias, "silu")
    made = torch.autograd.grad(y, (x, bias), grad)
    wide, broad = x.detach().double().requires_grad_(), bias.detach().double().requires_grad_()
    z = F.silu(wide + broad)
    true = torch.autograd.grad(z, (wide, broad), grad.double())
    eps = torch.finfo(dtype).eps
    for one, other in zip((y.detach(), *made), (z.detach(), *true), strict=True):
        assert one.dtype == dtype
        assert torch.allclose(one.double(), other, rtol=0.51 * eps, atol=1e-6 if dtype == torch.bfloat16 else 1e-7)


@pytest.mark.parametrize(("shape", "dim"), [((700, 300), 1), ((6, 10, 70, 60), 1)])
def test_threads_change_no_bit_of_a_sum(shape: tuple[int, ...], dim: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = spy(monkeypatch)
    x, bias, grad = data(shape, dim)
    assert x.numel() > calls.PARALLEL
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3, 5):
            torch.set_num_threads(threads)
            found.append(torch.autograd.grad(nonlin.nn.bias_act(x, bias, "gelu", dim), bias, grad)[0])
    finally:
        torch.set_num_threads(before)
    assert len(seen) == 4 and all(torch.equal(found[0], f) for f in found)


def test_a_bias_gradient_is_differentiated_again() -> None:
    x, bias, _ = data((3, 4), 1, torch.float64)
    assert torch.autograd.gradcheck(lambda a, b: nonlin.nn.bias_act(a, b, "tanh"), (x, bias))
    assert torch.autograd.gradgradcheck(lambda a, b: nonlin.nn.bias_act(a, b, "tanh"), (x, bias))


def test_what_a_kernel_does_not_fit_is_added_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(biased.Biased, "forward", lambda *a: pytest.fail("a kernel was used"))
    x, bias, _ = data((6, 40), 1)
    relu = lambda a, b: nonlin.nn.bias_act(a, b)  # noqa: E731
    expected = F.relu(x + bias)
    assert torch.equal(relu(x.t().contiguous().t(), bias), expected)
    assert torch.equal(torch.func.vmap(relu, (0, None))(x, bias), expected)
    assert relu(x.to("meta"), bias.to("meta")).shape == x.shape
    assert relu(x.double(), bias).dtype == torch.float64
    assert relu(torch.zeros(0, 40), bias).shape == (0, 40)


def test_the_module_learns_its_bias() -> None:
    module = nonlin.nn.BiasAct(3, "softplus", dim=1)
    assert repr(module) == "BiasAct(3, 'softplus', dim=1)" and list(module.state_dict()) == ["bias"]
    module(torch.randn(4, 3, 5, 5)).sum().backward()
    assert module.bias.grad is not None and module.bias.grad.shape == (3,)


def test_what_cannot_be_is_said() -> None:
    x = torch.zeros(4, 3)
    with pytest.raises(
        DataError, match=r"bias has the shape \(4,\), but x of shape \(4, 3\) has 3 entries along dimension 1"
    ):
        nonlin.nn.bias_act(x, torch.zeros(4))
    with pytest.raises(DataError, match="dim=2 is out of range"):
        nonlin.nn.bias_act(x, torch.zeros(3), dim=2)
    with pytest.raises(ParameterError, match="softmax is rowwise; a bias is added for functions of single numbers"):
        nonlin.nn.bias_act(x, torch.zeros(3), "softmax")
    with pytest.raises(ParameterError, match="features must be a whole number of at least 1, not 0"):
        nonlin.nn.BiasAct(0)


# -- learned parameters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 8])
@pytest.mark.parametrize("shape", [(37, 8), (4, 8, 31, 17), (3, 8, 1000), (5, 8, 4096), (2, 8, 5000)])
def test_parameters_learned(shape: tuple[int, ...], channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = spy(monkeypatch)
    ours, theirs = nonlin.nn.PReLU(channels=channels), torch.nn.PReLU(channels).double()
    x, _, grad = data(shape, 1)
    got = torch.autograd.grad(ours(x), (x, *ours.parameters()), grad)
    wide = x.detach().double().requires_grad_()
    true = torch.autograd.grad(theirs(wide), (wide, *theirs.parameters()), grad.double())
    assert seen, "nothing was added up"
    for one, other in zip(got, true, strict=True):
        assert torch.allclose(one.double(), other.reshape(one.shape), rtol=1e-5, atol=1e-5 * float(other.abs().max()))


@pytest.mark.parametrize("n", [1, 15, 4095, 4096, 4097, 3 * 4096 + 77])
def test_one_parameter_for_a_tensor_of_every_length(n: int) -> None:
    module = nonlin.nn.module("x*tanh(k*x)", k=0.7, learnable=True)
    x, _, grad = data((n,), 0)
    (got,) = torch.autograd.grad(module(x), list(module.parameters()), grad)
    k = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    (true,) = torch.autograd.grad((x.detach().double() * torch.tanh(k * x.detach().double())), k, grad.double())
    assert torch.allclose(got.double().squeeze(), true, rtol=1e-5, atol=1e-5)


def test_threads_change_no_bit_of_a_learned_gradient() -> None:
    module = nonlin.nn.module("x*tanh(k*x)", k=0.7, learnable=True)
    x, _, grad = data((2**18 + 999,), 0)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(torch.autograd.grad(module(x), list(module.parameters()), grad)[0])
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found[0], found[1]) and torch.equal(found[0], found[2])


def test_missing_values_reach_the_sum() -> None:
    x, bias, grad = data((70, 40), 1)
    with torch.no_grad():
        x[3, 5] = torch.nan
    (made,) = torch.autograd.grad(nonlin.nn.bias_act(x, bias, "gelu"), bias, grad)
    assert torch.isnan(made[5]) and torch.isnan(made).sum() == 1


def test_the_usual_kernel_serves_where_nothing_is_added_up() -> None:
    x, gate = torch.randn(64), torch.randn(64)
    assert gradients.added((), (0,), ("x", "gate"), (x, gate, x), 1) is None
