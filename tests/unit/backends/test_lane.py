"""The short way of single tensors: that it is taken, and that everything it does not fit goes round it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

import nonlin
from nonlin.backends import torch as backend
from nonlin.backends.llvm import calls, lane

pytestmark = pytest.mark.skipif(not calls.enabled(), reason="no compiled kernels on this machine")
X = torch.linspace(-6, 6, 97)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the short way computed, in order."""
    seen: list[str] = []
    value = lane.Lane.value

    def watched(self: lane.Lane, x: Tensor) -> Tensor:
        seen.append("value")
        return value(self, x)

    monkeypatch.setattr(lane.Lane, "value", watched)
    return seen


def exact(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mish and its derivative by PyTorch in float64."""
    wide = x.detach().double().requires_grad_()
    y = torch.nn.functional.mish(wide)
    return y.detach(), torch.autograd.grad(y.sum(), wide)[0]


def close(got: Tensor, true: Tensor, rtol: float = 3e-6) -> bool:
    return torch.allclose(got.double(), true, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("call", [nonlin.get("mish"), nonlin.nn.Mish()], ids=["function", "module"])
def test_value_and_gradient_take_it(call: Any, taken: list[str]) -> None:
    x = X.clone().requires_grad_()
    y = call(x)
    y.backward(torch.full_like(x, 2.0))
    value, slope = exact(X)
    assert taken == ["value"]
    assert y.grad_fn is not None and "_Step" in type(y.grad_fn).__name__
    assert x.grad is not None and close(y.detach(), value) and close(x.grad, 2 * slope)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_every_floating_type_takes_it(dtype: torch.dtype, taken: list[str]) -> None:
    x = X.to(dtype)
    got = nonlin.mish(x)
    assert taken and got.dtype == dtype
    rtol = {torch.float64: 1e-14, torch.bfloat16: 2**-8, torch.float16: 2**-10}[dtype]
    assert torch.allclose(got.double(), exact(x)[0], rtol=rtol, atol=1e-7 if dtype == torch.float16 else 1e-12)


def test_no_gradient_is_recorded_where_none_is_asked_for(taken: list[str]) -> None:
    x = X.clone().requires_grad_()
    with torch.no_grad():
        assert nonlin.mish(x).grad_fn is None
    assert nonlin.mish(X).grad_fn is None and taken == ["value", "value"]


def test_the_gradient_can_be_differentiated_again() -> None:
    x = X.double().requires_grad_()
    (first,) = torch.autograd.grad(nonlin.mish(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    wide = X.double().requires_grad_()
    (known,) = torch.autograd.grad(torch.nn.functional.mish(wide).sum(), wide, create_graph=True)
    assert torch.allclose(second, torch.autograd.grad(known.sum(), wide)[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "grad",
    [torch.ones(1).expand(97), torch.arange(194.0)[::2], torch.ones(97, 2).t()[0]],
    ids=["expanded", "every other", "a column"],
)
def test_gradients_with_gaps(grad: Tensor) -> None:
    x = X.clone().requires_grad_()
    nonlin.mish(x).backward(grad)
    assert x.grad is not None and close(x.grad, grad.double() * exact(X)[1])


def test_hooks_that_give_back_another_saved_tensor() -> None:
    x = X.clone().requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.double().repeat(2), lambda t: t[:97].float()):
        y = nonlin.mish(x)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: torch.stack((t, t), 1)[:, 0]):
        z = nonlin.mish(x)
    (y + z).backward(torch.ones(97))
    assert x.grad is not None and close(x.grad, 2 * exact(X)[1])


def test_writing_over_what_is_saved_is_an_error() -> None:
    x = X.clone().requires_grad_()
    inner = x * 1
    y = nonlin.mish(inner)
    inner.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_transforms_go_round_it(taken: list[str]) -> None:
    mish = nonlin.get("mish")
    slope = torch.func.vmap(torch.func.grad(mish))(X)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(X, torch.ones(97))
        tangent = torch.autograd.forward_ad.unpack_dual(mish(dual)).tangent
    assert taken == []
    traced = torch.jit.trace(lambda x: mish(x), (X,))  # which runs the function itself too, to compare
    assert close(slope, exact(X)[1], 2e-5) and close(tangent, exact(X)[1], 2e-5)
    assert close(traced(X + 1), exact(X + 1)[0], 2e-5)


def test_modes_see_operations(taken: list[str]) -> None:
    seen = []

    class Recorder(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            seen.append(func)
            return func(*args, **(kwargs or {}))

    with Recorder():
        nonlin.mish(X)
    assert seen and taken == []


def test_tensors_of_other_kinds_go_round_it(taken: list[str]) -> None:
    class Own(Tensor):
        pass

    mish = nonlin.get("mish")
    for x in (X.as_subclass(Own), X.to("meta"), torch._neg_view(X.clone()), X[::2], torch.ones(3, dtype=torch.int64)):
        got = mish(x)
        assert got.shape == x.shape
        if x.device.type == "cpu":
            assert close(torch.as_tensor(got).as_subclass(Tensor), exact(x.as_subclass(Tensor).resolve_neg())[0])
    assert taken == []


def test_without_kernels_it_is_not_taken(monkeypatch: pytest.MonkeyPatch, taken: list[str]) -> None:
    monkeypatch.setattr(calls, "enabled", lambda: False)
    assert close(nonlin.mish(X), exact(X)[0]) and taken == []


def test_a_function_mode_does_not_lose_the_device() -> None:
    class Nothing(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return func(*args, **(kwargs or {}))

    with Nothing(), torch.device("meta"):
        assert nonlin.mish(X).device.type == "cpu"


def test_parameters_and_rows_have_no_lane() -> None:
    for name in ("softmax", "swiglu"):
        assert lane.lane(nonlin.get(name).expr, torch.float32, backend._slope_times) is None
    x = X.clone().requires_grad_()
    nonlin.nn.PReLU()(x).sum().backward()
    assert x.grad is not None and torch.equal(x.grad, torch.where(X > 0, 1.0, 0.25))


def test_the_function_of_a_changed_definition() -> None:
    made = nonlin.get("relu")
    made(X)
    made.definition = nonlin.get("mish").definition
    assert close(made(X), exact(X)[0])


def test_a_changed_parameter_of_a_module() -> None:
    made = nonlin.nn.LeakyReLU(0.25)
    assert torch.equal(made(X), torch.where(X > 0, X, X * 0.25))
    made.slope = 0.5
    assert torch.equal(made(X), torch.where(X > 0, X, X * 0.5))


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1, 1), (2, 3, 4)])
def test_shapes(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, requires_grad=True)
    y = nonlin.mish(x)
    y.sum().backward()
    assert y.shape == shape and x.grad is not None and x.grad.shape == shape
    assert close(y.detach(), exact(x)[0])
