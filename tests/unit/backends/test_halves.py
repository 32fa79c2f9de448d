"""Gated units of the two halves of an axis: one pass each way, and the general way wherever that does not fit."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import nonlin
from nonlin.backends.llvm import calls, halves

pytestmark = pytest.mark.skipif(not calls.enabled(), reason="no compiled kernels on this machine")


def exact(x: Tensor, axis: int, gate: str = "second") -> Tensor:
    """SwiGLU by PyTorch."""
    a, b = x.chunk(2, axis)
    return b * F.silu(a) if gate == "first" else a * F.silu(b)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the short way computed, in order."""
    seen: list[str] = []
    for name in ("forward", "backward"):
        inner = getattr(halves.Unit, name)

        def watched(self: halves.Unit, *given: object, inner: object = inner, name: str = name) -> object:
            made = inner(self, *given)  # type: ignore[operator]
            seen.append(name if made is not None else "not " + name)
            return made

        monkeypatch.setattr(halves.Unit, name, watched)
    return seen


@pytest.mark.parametrize("gate", ["second", "first"])
@pytest.mark.parametrize(("shape", "axis"), [((4, 64), -1), ((2, 6, 5, 5), 1), ((64,), 0), ((8, 3, 4), 0), ((3, 40, 2), -2)])
@pytest.mark.parametrize("made", ["function", "module"])
def test_value_and_gradient(shape: tuple[int, ...], axis: int, gate: str, made: str, taken: list[str]) -> None:
    torch.manual_seed(1)
    x = torch.randn(shape, requires_grad=True)
    wide = x.detach().double().requires_grad_()
    y = nonlin.nn.SwiGLU(dim=axis, gate=gate)(x) if made == "module" else nonlin.swiglu(x, axis=axis, gate=gate)
    true = exact(wide, axis, gate)
    grad = torch.randn(y.shape)
    y.backward(grad)
    true.backward(grad.double())
    assert taken == ["forward", "backward"]
    assert x.grad is not None and wide.grad is not None
    assert torch.allclose(y.double(), true, rtol=2e-6, atol=1e-12)
    assert torch.allclose(x.grad.double(), wide.grad, rtol=4e-6, atol=1e-7)


def test_an_expanded_gradient(taken: list[str]) -> None:
    x = torch.randn(4, 64, requires_grad=True)
    nonlin.swiglu(x).sum().backward()
    wide = x.detach().double().requires_grad_()
    exact(wide, -1).sum().backward()
    assert taken == ["forward", "backward"] and x.grad is not None and wide.grad is not None
    assert torch.allclose(x.grad.double(), wide.grad, rtol=4e-6, atol=1e-7)


@pytest.mark.parametrize("gate", ["second", "first"])
def test_the_gradient_can_be_differentiated_again(gate: str) -> None:
    x = torch.randn(3, 32, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda t: nonlin.swiglu(t, gate=gate), x)


def test_what_does_not_fit_goes_round_it(taken: list[str]) -> None:
    x = torch.randn(6, 64)
    for other in (x.t().contiguous().t(), x[:, ::2], x[::2, :62]):
        assert torch.allclose(nonlin.swiglu(other), exact(other, -1), rtol=1e-5, atol=1e-6)
    assert torch.allclose(nonlin.swiglu(x, gate="even"), x[:, 1::2] * F.silu(x[:, 0::2]), rtol=1e-5, atol=1e-6)
    assert torch.allclose(nonlin.swiglu(x, gate=x + 1), x * F.silu(x + 1), rtol=1e-5, atol=1e-6)
    assert torch.allclose(torch.func.vmap(nonlin.swiglu)(x), exact(x, -1), rtol=1e-5, atol=1e-6)
    assert taken == []


def test_mistakes_are_told_as_before() -> None:
    with pytest.raises(nonlin.NonlinError, match="two halves"):
        nonlin.swiglu(torch.randn(3, 5))
    with pytest.raises(nonlin.NonlinError, match="out of range"):
        nonlin.swiglu(torch.randn(3, 4), axis=2)
    with pytest.raises(nonlin.NonlinError, match="gate must be"):
        nonlin.swiglu(torch.randn(3, 4), gate="third")
