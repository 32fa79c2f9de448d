"""The PyTorch backend: autograd in every form, what it saves, half types, and what it refuses."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from registry import REPRESENTATIVES
from torch import Tensor

import nonlin
from nonlin.backends import torch as backend
from nonlin.errors import DataError, ParameterError

# torch's own forward-mode tables use torch.jit.script, which torch itself deprecates
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
NAMES = [n for n in REPRESENTATIVES if nonlin.definitions()[n].kind == "elementwise"]
SMOOTH = ["gelu", "gelu_tanh", "mish", "silu", "softplus", "tanh", "log_sigmoid", "sigmoid"]


def sample(*shape: int, seed: int = 0) -> Tensor:
    return 3 * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


HONEST = [n for n in NAMES if "straight_through" not in nonlin.get(n).formula]
"""Those whose gradient is meant to be the derivative of their value."""


@pytest.mark.parametrize("name", HONEST)
def test_gradcheck(name: str) -> None:
    x = sample(2, 5).requires_grad_()
    assert torch.autograd.gradcheck(nonlin.get(name), x, check_forward_ad=True, check_batched_grad=True)


@pytest.mark.parametrize("name", NAMES)
def test_gradgradcheck(name: str) -> None:
    x = sample(2, 5, seed=1).requires_grad_()
    assert torch.autograd.gradgradcheck(nonlin.get(name), x, check_fwd_over_rev=True)


@pytest.mark.parametrize("name", NAMES)
def test_autograds_derivatives_are_the_emitted_ones(name: str) -> None:
    function, x = nonlin.get(name), sample(50).requires_grad_()
    (slope,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
    assert torch.equal(slope, function.grad(x))
    curve = torch.autograd.grad(slope.sum(), x)[0] if slope.requires_grad else torch.zeros_like(x)
    assert torch.equal(curve, function.grad(x, 2))


def test_third_derivatives() -> None:
    x = sample(9).requires_grad_()
    made: Tensor = nonlin.get("tanh")(x)
    for _ in range(3):
        (made,) = torch.autograd.grad(made.sum(), x, create_graph=True)
    t = torch.tanh(x)
    assert torch.allclose(made, -2 * (1 - t**2) * (1 - 3 * t**2), rtol=1e-10)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_functional_transforms(name: str) -> None:
    function, x = nonlin.get(name), sample(6)
    slopes, curves = function.grad(x), function.grad(x, 2)
    value, pushed = torch.func.jvp(function, (x,), (torch.full_like(x, 2.0),))
    # inside the transforms PyTorch computes, outside the compiled kernels do; the tail of gelu magnifies the last bit of x
    assert torch.allclose(value, function(x), rtol=1e-14, atol=0)
    assert torch.allclose(pushed, 2 * slopes, rtol=1e-14)
    assert torch.allclose(torch.func.vmap(torch.func.grad(function))(x), slopes, rtol=1e-14)
    assert torch.allclose(torch.func.jacrev(function)(x), torch.diag(slopes), rtol=1e-14)
    assert torch.allclose(torch.func.jacfwd(function)(x), torch.diag(slopes), rtol=1e-14)
    hessian = torch.func.hessian(lambda v: function(v).sum())(x)
    assert torch.allclose(hessian, torch.diag(curves), rtol=1e-14)


def test_vmap_over_a_parameter_and_over_any_dimension() -> None:
    leaky, x, slopes = nonlin.get("leaky_relu"), sample(4, 3), torch.tensor([0.1, 0.2, 0.5], dtype=torch.float64)
    got = torch.func.vmap(lambda s: leaky(x, slope=s))(slopes)
    assert torch.allclose(got, torch.stack([leaky(x, slope=float(s)) for s in slopes]), rtol=1e-15)
    turned = torch.func.vmap(lambda v, s: leaky(v, slope=s), in_dims=(1, 0), out_dims=1)(x, slopes)
    assert torch.equal(turned, torch.where(x > 0, x, slopes * x))


@pytest.mark.parametrize("name", NAMES)
def test_only_the_input_is_saved(name: str) -> None:
    saved: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    x = sample(7).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        value = nonlin.get(name)(x)
    assert len(saved) == 1
    assert saved[0].data_ptr() == x.data_ptr()
    assert value.data_ptr() != x.data_ptr()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["relu", "sigmoid", "mish", "gelu", "hard_swish"])
def test_half_types_are_rounded_once_for_every_input(name: str, dtype: torch.dtype) -> None:
    """All 65,536 numbers: what double precision gives, rounded; a tie it decides otherwise may move by one ulp."""
    every = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)
    function = nonlin.get(name)
    for order in (0, 1):
        got, exact = function.grad(every, order), function.grad(every.double(), order)
        want = exact.to(dtype)
        assert got.dtype == dtype
        same = (got == want) | (got.isnan() & want.isnan())
        info = torch.finfo(dtype)
        room = (got.double() - exact).abs() <= 0.501 * info.eps * exact.abs().clamp(min=info.tiny)
        room |= got.isinf() & (exact.abs() > info.max / 8)  # products on the way may overflow: x * 6 / 6
        assert bool((same | room).all()), every[~(same | room)][:5]
        assert (~same & ~got.isinf()).sum() <= 200


@pytest.mark.parametrize("name", NAMES)
def test_half_gradients_arrive_in_half(name: str) -> None:
    x = sample(16).to(torch.bfloat16).requires_grad_()
    (slope,) = torch.autograd.grad(nonlin.get(name)(x).sum(), x)
    assert slope.dtype == torch.bfloat16
    assert torch.equal(slope, nonlin.get(name).grad(x.detach()))


def test_parameters_as_tensors_broadcast_and_get_gradients() -> None:
    x, slope = sample(4, 3, 5).requires_grad_(), torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64).reshape(3, 1)
    slope.requires_grad_()
    value = nonlin.get("prelu")(x, slope=slope)
    value.sum().backward()
    assert torch.equal(value, torch.where(x > 0, x, slope * x))
    assert slope.grad is not None
    assert slope.grad.shape == (3, 1)
    assert torch.allclose(slope.grad, x.detach().clamp(max=0).sum((0, 2)).reshape(3, 1), rtol=1e-12)
    assert torch.autograd.gradcheck(lambda a, b: nonlin.get("swish_beta")(a, beta=b), (x, slope.detach().requires_grad_()))
    assert torch.autograd.gradgradcheck(
        lambda a, b: nonlin.get("swish_beta")(a, beta=b), (sample(2, 3, 1).requires_grad_(), slope.detach().requires_grad_())
    )


def test_a_parameter_in_another_precision_keeps_its_own() -> None:
    x, slope = sample(3, 4).to(torch.bfloat16).requires_grad_(), torch.full((4,), 0.25, requires_grad=True)
    value = nonlin.get("prelu")(x, slope=slope)
    value.sum().backward()
    assert value.dtype == torch.bfloat16
    assert slope.grad is not None
    assert slope.grad.dtype == torch.float32


@pytest.mark.parametrize("name", NAMES)
def test_empty_and_zero_dimensional_tensors(name: str) -> None:
    function = nonlin.get(name)
    for shape in ((0,), (3, 0), ()):
        x = torch.ones(shape, requires_grad=True)
        value = function(x)
        assert value.shape == function.grad(x, 2).shape == shape
        (slope,) = torch.autograd.grad(value.sum(), x, torch.ones(()))
        assert slope.shape == shape
    assert float(function(torch.tensor(1.5))) == pytest.approx(function(1.5), rel=1e-5)


def test_integers_become_the_default_floating_type() -> None:
    got = nonlin.get("relu")(torch.tensor([-1, 2]))
    assert (got.dtype, got.tolist()) == (torch.float32, [0.0, 2.0])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.tensor([True]), r"x has dtype torch.bool; .* takes real numbers: convert it with .float\(\)"),
        (torch.tensor([1j]), r"x has dtype torch.complex64; .* takes real numbers: apply the function to .real"),
    ],
)
def test_other_types_are_refused_with_a_way_out(x: Tensor, message: str) -> None:
    for name in ("tanh", "softmax"):
        with pytest.raises(DataError, match=message):
            nonlin.get(name)(x)
        with pytest.raises(DataError, match=message):
            nonlin.get(name).grad(x)


def test_wrong_parameters_and_orders_are_refused() -> None:
    x = torch.ones(2)
    with pytest.raises(ParameterError, match=r"leaky_relu has no parameter 'slop'. Did you mean 'slope'\?"):
        nonlin.get("leaky_relu")(x, slop=torch.ones(2))
    with pytest.raises(DataError, match=r"slope must be a torch.Tensor, not ndarray"):
        nonlin.get("leaky_relu")(x, slope=np.ones(2))
    for order in (-1, 1.0, True):
        with pytest.raises(ParameterError, match=r"order must be a whole number of at least 0"):
            nonlin.get("tanh").grad(x, order)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"x must be a torch.Tensor, not list"):
        backend.checked([1.0])


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_copies_and_pickles(copied: Callable[[Any], Any]) -> None:
    function = nonlin.get("leaky_relu(slope=0.3)")
    x = sample(5)
    assert torch.equal(copied(function)(x), function(x))
    assert copied(function).name == "leaky_relu(slope=0.3)"
    assert copied(function.expr) is function.expr
    made = copied(function.definition)
    assert made.textbook is function.definition.textbook
    assert dict(made.params) == dict(function.definition.params)


def test_pickles_open_in_another_process(tmp_path: Any) -> None:
    path = tmp_path / "function.pickle"
    path.write_bytes(pickle.dumps([nonlin.get("x*tanh(exp(x))"), nonlin.get("mish"), nonlin.get("elu").definition]))
    code = "import pickle, sys; a, b, c = pickle.load(open(sys.argv[1], 'rb')); print(a(1.0), b(1.0), c.name, c.expr)"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    expected = f"{nonlin.get('x*tanh(exp(x))')(1.0)} {nonlin.get('mish')(1.0)} elu {nonlin.get('elu').expr}"
    assert done.stdout.strip() == expected


@pytest.mark.parametrize("name", [*SMOOTH, "relu", "hard_swish", "selu", "leaky_relu", "softmax", "log_softmax"])
def test_compiled_without_a_break(name: str) -> None:
    torch._dynamo.reset()  # it counts recompilations of one line, here of one test
    function = nonlin.get(name)
    compiled = torch.compile(lambda v: function(v) * 2, backend="aot_eager", fullgraph=True)
    x = torch.tensor([-100.0, -3.0, -0.5, 0.0, 1.0, 6.0, 100.0], requires_grad=True)
    y = x.detach().clone().requires_grad_()
    got, expected = compiled(x), function(y) * 2
    # two engines; of a subnormal result, where relative accuracy ends, PyTorch's may lose the last bits
    assert torch.allclose(
        got, expected, rtol=1e-6, atol=256 * torch.finfo(x.dtype).smallest_normal * torch.finfo(x.dtype).eps
    )
    weights = torch.arange(7.0)
    (got_slope,) = torch.autograd.grad((got * weights).sum(), x)
    (slope,) = torch.autograd.grad((expected * weights).sum(), y)
    assert torch.allclose(got_slope, slope, rtol=1e-5, atol=1e-6)


def test_compiled_with_a_parameter_and_in_half() -> None:
    prelu = nonlin.get("prelu")
    compiled = torch.compile(lambda v, s: prelu(v, slope=s), backend="aot_eager", fullgraph=True)
    x, slope = sample(4).to(torch.bfloat16).requires_grad_(), torch.tensor(0.25, requires_grad=True)
    compiled(x, slope).sum().backward()
    assert slope.grad is not None
    assert float(slope.grad) == pytest.approx(float(x.detach().clamp(max=0).sum()), rel=1e-2)
    assert compiled(x, slope).dtype == torch.bfloat16


def test_no_gradient_is_recorded_where_none_is_asked() -> None:
    assert not nonlin.get("mish")(sample(3)).requires_grad
    with torch.no_grad():
        assert not nonlin.get("mish")(sample(3).requires_grad_()).requires_grad
