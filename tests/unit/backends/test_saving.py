"""What is kept for the gradient: bits give the gradient of the input to the last bit, a derivative within its rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import nonlin
from nonlin.backends.llvm import calls, lane, masks, owned, slopes
from nonlin.backends.llvm.saving import WAYS
from nonlin.errors import DataError, ParameterError
from nonlin.expr import variables

pytestmark = pytest.mark.skipif(not calls.enabled(), reason="no compiled kernels on this machine")
LINEAR = [
    made
    for made in nonlin.definitions().values()
    if made.kind == "elementwise" and variables(made.closed()) == ["x"] and slopes.bits(made.closed(), "float32") is not None
]
WIDE = calls.enabled() and masks.mask(nonlin.definitions()["relu"].closed(), "float32") is not None
needs_bits = pytest.mark.skipif(not WIDE, reason="vectors of fewer than eight elements")


def step(function: Any, x: Tensor, saved: str, grad: Tensor | None = None) -> tuple[Tensor, Tensor, int]:
    """Value, gradient, and bytes kept for the gradient beside ``x`` if that is not kept."""
    kept: dict[int, int] = {}

    def pack(t: Tensor) -> Tensor:
        kept[t.untyped_storage().data_ptr()] = t.numel() * t.element_size()
        return t

    learned = x.clone().requires_grad_()
    inner = learned * 1
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t), nonlin.saving(saved):
        y = function(inner)
    y.backward(torch.ones_like(y) if grad is None else grad)
    assert learned.grad is not None
    return y.detach(), learned.grad, sum(kept.values())


def test_the_catalogue_has_many_piecewise_linear_functions() -> None:
    names = {made.name for made in LINEAR}
    assert (
        names >= {"relu", "leaky_relu", "relu6", "hard_tanh", "hard_sigmoid", "abs", "hardshrink", "tent"}
        and len(names) > 50
    )
    assert not names & {"elu", "silu", "identity", "gelu", "hard_swish", "squareplus"}


@pytest.mark.parametrize("text", ["max(x, 0) + x**2", "where(x > 0, x, exp(x))", "floor(x)*x", "x"])
def test_a_derivative_that_is_more_than_a_few_numbers_has_no_bits(text: str) -> None:
    assert slopes.bits(nonlin.get(text).definition.closed(), "float32") is None


@needs_bits
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_bits_give_the_gradient_of_every_piecewise_linear_function(dtype: torch.dtype) -> None:
    points = torch.cat([torch.linspace(-8, 8, 1025), torch.tensor([0.0, -0.0, torch.inf, -torch.inf, 1e-30, -1e-30])]).to(
        dtype
    )
    grad = torch.linspace(-3, 3, points.numel()).to(dtype)
    for made in LINEAR[:: 1 if dtype == torch.float32 else 7]:
        f = nonlin.get(made)
        (y, by_input, _), (z, by_bits, _) = (step(f, points, saved, grad) for saved in ("input", "mask"))
        assert torch.equal(y, z) and torch.equal(by_input, by_bits), made.name


@needs_bits
@pytest.mark.parametrize("n", [1, 7, 8, 16, 17, 31, 32, 33, 63, 64, 65, 1000, 4099])
def test_bits_of_every_length(n: int) -> None:
    x = torch.randn(n, generator=torch.Generator().manual_seed(n))
    assert torch.equal(step(nonlin.get("hat"), x, "mask")[1], step(nonlin.get("hat"), x, "input")[1])


@needs_bits
def test_threads_and_size_change_no_bit() -> None:
    x = torch.randn(3 * 2**17 + 77, generator=torch.Generator().manual_seed(0))
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(step(nonlin.get("relu6"), x, "auto")[1])
    finally:
        torch.set_num_threads(before)
    small = step(nonlin.get("relu6"), x[:1000], "auto")[1]
    assert torch.equal(found[0], found[1]) and torch.equal(found[0], found[2]) and torch.equal(found[0][:1000], small)


BYTES = {
    # function, what is asked for: bytes kept for each element in float32
    ("relu", "input"): 4.0, ("relu", "mask"): 1 / 8, ("relu", "auto"): 1 / 8, ("leaky_relu", "mask"): 1 / 8,
    ("relu6", "mask"): 1 / 8, ("hard_tanh", "mask"): 1 / 8, ("abs", "mask"): 1 / 4, ("hat", "mask"): 1 / 4,
    ("silu", "input"): 4.0, ("silu", "derivative"): 4.0, ("silu", "mask"): 4.0, ("silu", "auto"): 4.0,
}  # fmt: skip


@needs_bits
@pytest.mark.parametrize(("name", "saved"), BYTES)
def test_bytes_kept_are_those_of_the_documentation(name: str, saved: str) -> None:
    x = torch.randn(lane.MASKED, generator=torch.Generator().manual_seed(0))
    assert step(nonlin.get(name), x, saved)[2] / x.numel() == BYTES[name, saved]


@needs_bits
def test_small_tensors_keep_the_input() -> None:
    assert step(nonlin.get("relu"), torch.ones(lane.MASKED - 64), "auto")[2] == 4 * (lane.MASKED - 64)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "silu", "gelu", "mish", "x*tanh(exp(x))"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_derivative_that_is_kept_gives_the_gradient(name: str, dtype: torch.dtype) -> None:
    x, grad = torch.linspace(-30, 30, 1001).to(dtype), torch.linspace(-3, 3, 1001).to(dtype)
    f = nonlin.get(name)
    (y, one, _), (z, other, _) = step(f, x, "input", grad), step(f, x, "derivative", grad)
    rtol = 8 * torch.finfo(dtype).eps  # value and derivative computed together share parts, which rounds otherwise
    assert torch.allclose(y, z, rtol=rtol, atol=1e-37) and torch.allclose(one, other, rtol=2 * rtol, atol=1e-37)


def test_half_types_keep_the_input_rather_than_a_rounded_derivative() -> None:
    x = torch.linspace(-5, 5, 301).bfloat16()
    assert torch.equal(step(nonlin.get("silu"), x, "derivative")[1], step(nonlin.get("silu"), x, "input")[1])


def test_a_gradient_from_a_kept_derivative_is_not_differentiated_again() -> None:
    x = torch.ones(5, requires_grad=True)
    with nonlin.saving("derivative"):
        y = nonlin.get("tanh")(x)
    with pytest.raises(DataError, match=r'call the function under nonlin.saving\("input"\)'):
        torch.autograd.grad(y.sum(), x, create_graph=True)


@needs_bits
def test_a_gradient_from_bits_can_be_differentiated_again() -> None:
    x = torch.tensor([-1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    for saved in ("input", "mask"):
        with nonlin.saving(saved):
            y = nonlin.get("leaky_relu")(x)
            (first,) = torch.autograd.grad((y**2).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), x)
        assert torch.allclose(second, torch.tensor([2e-4, 2.0, 2.0], dtype=torch.float64)), saved
        with nonlin.saving(saved):
            (first,) = torch.autograd.grad(nonlin.get("leaky_relu")(x).sum(), x, create_graph=True)
        (zero,) = torch.autograd.grad(first.sum(), x)  # connected, and zero
        assert torch.equal(zero, torch.zeros(3, dtype=torch.float64)), saved


@needs_bits
def test_gradgradcheck_by_bits() -> None:
    x = torch.tensor([[-1.5, 0.7], [2.0, -0.3]], dtype=torch.float64, requires_grad=True)
    with nonlin.saving("mask"):
        assert torch.autograd.gradcheck(nonlin.get("relu6"), x) and torch.autograd.gradgradcheck(nonlin.get("relu6"), x)


@needs_bits
def test_missing_values_stay_missing() -> None:
    x = torch.linspace(-2, 2, 100)
    x[37] = torch.nan
    _, grad, kept = step(nonlin.get("relu"), x, "mask")
    assert torch.isnan(grad[37]) and torch.isnan(grad).sum() == 1
    assert kept == 400, "the input is kept where a value is missing"
    assert torch.equal(grad.nan_to_num(), step(nonlin.get("relu"), x, "input")[1].nan_to_num())


@needs_bits
def test_the_input_may_be_written_over() -> None:
    x = torch.linspace(-2, 2, 100, requires_grad=True)
    inner = x * 1
    with nonlin.saving("mask"):
        y = nonlin.get("relu")(inner)
    inner.zero_()
    y.sum().backward()
    assert x.grad is not None and torch.equal(x.grad, (x > 0).float())


@needs_bits
@pytest.mark.parametrize("grad", [torch.ones(1).expand(64), torch.arange(128.0)[::2], torch._neg_view(torch.ones(64))])
def test_gradients_with_gaps_meet_bits(grad: Tensor) -> None:
    x = torch.linspace(-2, 2, 64)
    assert torch.equal(step(nonlin.get("relu"), x, "mask", grad)[1], grad * (x > 0))


@needs_bits
def test_batched_gradients_meet_bits() -> None:
    x = torch.linspace(-2, 2, 64, requires_grad=True)
    with nonlin.saving("mask"):
        y = nonlin.get("relu")(x)
    (made,) = torch.autograd.grad(y, x, torch.eye(64), is_grads_batched=True)
    assert torch.equal(made, torch.diag((x > 0).float()))


@needs_bits
def test_hooks_on_saved_tensors_see_bits() -> None:
    x = torch.linspace(-2, 2, 64, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.double(), lambda t: t), nonlin.saving("mask"):
        y = nonlin.get("relu")(x)
    y.sum().backward()
    assert x.grad is not None and torch.equal(x.grad, (x > 0).float())


def test_a_module_says_what_it_keeps() -> None:
    module = nonlin.nn.ReLU()
    module.saved = "mask"
    if WIDE:
        assert step(module, torch.randn(640), "input")[2] == 80
    module.saved = None
    assert step(module, torch.randn(640), "input")[2] == 2560
    with pytest.raises(ParameterError, match="saved must be one of auto, input, derivative, mask, not 'masks'"):
        module.saved = "masks"
    with pytest.raises(ParameterError, match="saved must be one of"), nonlin.saving(3):  # type: ignore[arg-type]
        pass
    assert set(WAYS) == {"auto", "input", "derivative", "mask"}


# -- writing over the gradient that arrives -------------------------------------------------------------------------------


class Look(torch.autograd.Function):
    """Passes a tensor on, and notes where the gradient that comes back lies."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, seen: list[int]) -> Tensor:
        ctx.seen = seen
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        ctx.seen.append(grad.data_ptr())
        return grad, None


class Send(torch.autograd.Function):
    """Passes a tensor on; its gradient is a new tensor, or what the caller wants."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, send: Any) -> Tensor:
        ctx.send = send
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return ctx.send(grad), None


@pytest.fixture
def free() -> None:
    if owned.free() is None:
        pytest.skip("this interpreter does not tell whether a tensor is held elsewhere")


@pytest.mark.parametrize("saved", ["input", "derivative", "mask"])
@pytest.mark.usefixtures("free")
def test_a_gradient_nobody_else_holds_is_written_over(saved: str) -> None:
    x, came, went = torch.randn(4096).requires_grad_(), [], []
    with nonlin.saving(saved):
        y = nonlin.get("relu" if saved == "mask" else "silu")(Look.apply(x, went))
    Send.apply(y, lambda g: came.append((m := g * 2).data_ptr()) or m).sum().backward()
    assert came == went


@pytest.mark.parametrize("saved", ["input", "derivative", "mask"])
@pytest.mark.parametrize(
    "case", ["given", "branch", "residual", "leaf", "hook", "node", "retained", "kept", "view", "numpy", "wanted"]
)
def test_a_gradient_that_something_holds_stays_as_it_is(case: str, saved: str) -> None:
    f = nonlin.get("relu" if saved == "mask" else "silu")
    x = torch.randn(256, generator=torch.Generator().manual_seed(1)).requires_grad_()
    held: list[Tensor] = []
    array = np.full(256, 3.0, np.float32)
    leaf = torch.zeros(256, requires_grad=True)
    with nonlin.saving(saved):
        y = f(x * 1)
        if case == "branch":  # both get the very same tensor
            other = f(x * 2)
            y = y + other
        elif case == "residual":
            y = x + y
        elif case == "leaf":
            y = y + leaf
        z = y
        if case == "hook":
            y.register_hook(held.append)  # type: ignore[arg-type]
        if case == "node":
            assert y.grad_fn is not None
            y.grad_fn.register_prehook(lambda g: held.append(g[0]))
        if case == "retained":
            y.retain_grad()
        if case == "kept":
            z = Send.apply(y, lambda g: held.append(m := g * 3) or m)
        if case == "view":
            z = Send.apply(y, lambda g: held.append(m := torch.full((512,), 3.0)) or m[:256])
        if case == "numpy":
            z = Send.apply(y, lambda g: torch.from_numpy(array))
    given, asked = torch.full((256,), 3.0), ("hook", "node", "retained")
    if case == "wanted":
        made, result = torch.autograd.grad(z, (y, x), given * 1)
        held.append(made)
    else:
        z.backward(
            given if case in ("given", "branch", "residual", "leaf") else torch.ones(256).mul(3 if case in asked else 1)
        )
        assert x.grad is not None
        result = x.grad
    held += [
        t.grad
        for t in (y, leaf)
        if case in ("retained", "leaf") and (t is leaf or case == "retained") and t.grad is not None
    ]
    assert torch.equal(given, torch.full((256,), 3.0)) and (array == 3).all()
    assert all(torch.equal(h, torch.full_like(h, 3.0)) for h in held)
    slope = f.grad(x.detach())
    expected = {"branch": 3 * (slope + 2 * f.grad(2 * x.detach())), "residual": 3 + 3 * slope}.get(case, 3 * slope)
    assert torch.allclose(result, expected, rtol=1e-5)


def test_without_counts_nothing_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned, "_held", None)
    owned.free.cache_clear()
    try:
        assert owned.free() is None
        x, came, went = torch.randn(64).requires_grad_(), [], []
        y = nonlin.get("silu")(Look.apply(x, went))
        monkeypatch.undo()
        Send.apply(y, lambda g: came.append((m := g * 2).data_ptr()) or m).sum().backward()
        assert came != went
    finally:
        owned.free.cache_clear()
