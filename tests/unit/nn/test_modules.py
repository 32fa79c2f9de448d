"""Every module class of the catalogue: values, gradients, state, copies, compilation, tracing and messages."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
import torch
from registry import MODULES
from torch.nn import functional as F

import nonlin
from nonlin import nn
from nonlin.catalogue import define, definitions, forget, param
from nonlin.errors import DataError, ParameterError

ALL = [n for n in MODULES if n != "finer"]  # whose sine of (|x| + 1)*x no tolerance of single precision fits
LEARNING = [n for n in MODULES if any(not p.constant for p in definitions()[n].settable.values())]


def class_for(name: str) -> Any:
    return getattr(nn, definitions()[name].title)


def sample(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return (torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2).to(dtype)


@pytest.fixture
def mine() -> Iterator[Any]:
    yield define("my_gate", "k*x*sigmoid(c*x)", k=param(2.0, low=0.0), c=param(1.0, learnable=True, per="channel"))
    forget("my_gate")


@pytest.mark.parametrize("name", ALL)
def test_class(name: str) -> None:
    made = definitions()[name]
    cls = class_for(name)
    assert cls is class_for(name)
    assert pickle.loads(pickle.dumps(cls)) is cls
    assert (cls.__name__, cls.__module__) == (made.title, "nonlin.nn")
    assert issubclass(cls, torch.nn.Module)
    assert made.title in dir(nn)
    parameters = inspect.signature(cls).parameters
    for n, p in made.settable.items():
        assert parameters[n].default == float(p.default)
        assert f"{n}: {p.range_text()}" in cls.__doc__
    assert ("dim" in parameters) == (made.kind != "elementwise")
    assert ("learnable" in parameters) == any(not p.constant for p in made.settable.values())
    assert made.formula in cls.__doc__
    assert made.summary in cls.__doc__


@pytest.mark.parametrize("name", ALL)
def test_same_as_the_function(name: str) -> None:
    function, module = nonlin.get(name), class_for(name)().double().eval()
    assert type(nonlin.get(name).module()) is class_for(name)
    for shape in ((4, 6), (2, 3, 4, 2), (6,), (0, 4)):
        x = sample(*shape).requires_grad_()
        y = module(x)
        # learned parameters were made in single precision
        close = {"rtol": 3e-6, "atol": 1e-6} if list(module.parameters()) else {"rtol": 1e-13, "atol": 1e-15}
        torch.testing.assert_close(y, function(x), **close)
        (slope,) = torch.autograd.grad(y.sum(), x)
        torch.testing.assert_close(slope, torch.autograd.grad(function(x).sum(), x)[0], **close)
    if function.kind == "elementwise":
        assert module(sample(1)[0]).shape == ()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ALL)
def test_dtypes(name: str, dtype: torch.dtype) -> None:
    module = class_for(name)().eval()
    x = sample(4, 6, dtype=dtype)
    wanted = module(x.double()).to(dtype)
    for m in (module, copy.deepcopy(module).to(dtype)):  # parameters in either type
        y = m(x)
        assert y.dtype == dtype
        torch.testing.assert_close(y, wanted, rtol=2 * torch.finfo(dtype).eps, atol=4 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("name", ALL)
def test_repr_and_copies(name: str) -> None:
    module = class_for(name)()
    again = eval(repr(module), vars(nn) | {definitions()[name].title: class_for(name)})
    x = sample(4, 6)
    for other in (again, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert type(other) is type(module)
        assert repr(other) == repr(module)
        assert torch.equal(other.eval()(x), copy.deepcopy(module).eval()(x))


def test_reprs() -> None:
    table = {"Mish()": nn.Mish(), "LeakyReLU(slope=0.01)": nn.LeakyReLU(), "PReLU(channels=3)": nn.PReLU(channels=3),
             "Softmax(dim=-1)": nn.Softmax(), "LeakyReLU(learnable=True)": nn.LeakyReLU(learnable=True),
             "PReLU(slope=0.5, learnable=False)": nn.PReLU(0.5, learnable=False),
             "Maxout(dim=-1, pieces=3)": nn.Maxout(pieces=3), "Formula('x*tanh(exp(x))')": nn.module("x*tanh(exp(x))"),
             "LeakyReLU(slope=0.3)": nn.module("leaky_relu(slope=0.3)"),
             "Formula('k*tanh(x)', k=2.0)": nn.module("k*tanh(x)", k=2.0)}  # fmt: skip
    assert {text: repr(module) for text, module in table.items()} == {text: text for text in table}


@pytest.mark.parametrize("name", LEARNING)
def test_learning(name: str) -> None:
    made = definitions()[name]
    default, every, none = class_for(name)(), class_for(name)(learnable=True), class_for(name)(learnable=False)
    assert set(default.state_dict()) == {n for n, p in made.settable.items() if p.learnable}
    free = [n for n, p in made.settable.items() if not p.constant]
    assert list(every.state_dict()) == free
    assert not none.state_dict()
    x = sample(4, 6)
    torch.testing.assert_close(every.double().eval()(x), none.eval()(x))
    every.train()(x).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in every.parameters())
    if not made.random and "straight_through" not in made.formula:
        parameter = next(iter(every.parameters()))
        assert torch.autograd.gradcheck(lambda p: torch.func.functional_call(every, {free[0]: p}, (x,)),
                                        (parameter.detach().requires_grad_(),))  # fmt: skip


def test_channels() -> None:
    module = nn.PReLU(channels=3)
    with torch.no_grad():
        module.slope.copy_(torch.tensor([0.1, 0.2, 0.3]))
    reference = torch.nn.PReLU(3)
    reference.load_state_dict({"weight": module.slope})
    for shape in ((5, 3), (2, 3, 4), (2, 3, 4, 4)):
        x = sample(*shape, dtype=torch.float32)
        torch.testing.assert_close(module(x), reference(x))
    torch.testing.assert_close(module(-torch.ones(3)), -module.slope)
    with pytest.raises(
        DataError, match=r"has 3 channels, but x of shape \(5, 4\) has 4 in dimension 1; make it with channels=4"
    ):
        module(sample(5, 4))
    with pytest.raises(ParameterError, match="channels=3 needs a learned parameter"):
        nn.PReLU(channels=3, learnable=False)


def test_random_slope() -> None:
    module, x = nn.RReLU(), -torch.ones(1000)
    torch.manual_seed(3)
    first = module(x)
    torch.manual_seed(3)
    assert torch.equal(module(x), first)
    assert not torch.equal(module(x), first)
    assert 0.125 <= float(-first.max()) < float(-first.min()) <= 1 / 3
    assert float(first.mean()) == pytest.approx(-11 / 48, abs=0.01)
    assert torch.equal(module.eval()(x), torch.full((1000,), -11 / 48))
    x = sample(50).requires_grad_()
    y = module.train()(x)
    torch.testing.assert_close(torch.autograd.grad(y.sum(), x)[0], y.detach() / x.detach())


def test_setting_a_fixed_parameter() -> None:
    module = nn.LeakyReLU()
    module.slope = 0.5
    assert float(module(torch.tensor(-2.0))) == -1.0
    assert repr(module) == "LeakyReLU(slope=0.5)"
    with pytest.raises(ParameterError, match="slope must be finite"):
        module.slope = float("nan")
    assert float(module(torch.tensor(-2.0))) == -1.0
    module = nn.HardTanh()
    module.low = Fraction(1, 3)
    assert float(module(torch.tensor(-2.0, dtype=torch.float64))) == 1 / 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.LeakyReLU(slop=1), "leaky_relu has no parameter 'slop'. Did you mean 'slope'?"),
        (lambda: nn.Softplus(0.0), "beta=0.0 is out of range"),
        (lambda: nn.Mish(learnable=True), "mish has no parameter 'learnable'"),
        (lambda: nn.Softmax(dim="x"), "dim must be a whole number"),
        (
            lambda: nn.Softmax(dim=3)(torch.ones(2, 2)),
            "softmax: dim=3 is out of range for x with 2 dimensions; allowed is -2 to 1",
        ),
        (lambda: nn.Maxout(pieces=0), "pieces must be a whole number of at least 1"),
        (
            lambda: nn.Maxout(pieces=3)(torch.ones(2, 4)),
            "pieces=3 must be a whole number of at least 1 that divides the 4 entries along dim -1",
        ),
        (lambda: nn.PReLU(channels=0), "channels must be a whole number of at least 1"),
        (lambda: nn.PReLU(learnable="yes"), "learnable must be True, False or None"),
        (lambda: nn.Mish()(torch.ones(2, dtype=torch.bool)), "has dtype torch.bool"),
        (lambda: nn.Mish()([1.0]), "must be a torch.Tensor, not list"),
        (lambda: nn.module("mihs"), "Did you mean 'mish'?"),
        (lambda: nn.Mihs, "no attribute 'Mihs'. Did you mean 'Mish'?"),
        (lambda: nn.Formula("half*x", half=2.0), "cannot have a parameter called 'half'"),
        (lambda: nn.MaxoutLinear(0, 1), "in_features must be a whole number of at least 1"),
    ],
)
def test_messages(make: Any, message: str) -> None:
    with pytest.raises((ParameterError, DataError, ValueError, AttributeError)) as err:
        make()
    assert message in str(err.value)


def test_dim_and_pieces() -> None:
    x = sample(2, 6, 3)
    torch.testing.assert_close(nn.Softmax(1)(x), torch.softmax(x, 1))
    torch.testing.assert_close(nn.LogSoftmax(dim=0)(x), torch.log_softmax(x, 0))
    torch.testing.assert_close(nn.Maxout(dim=1, pieces=3)(x), x.unflatten(1, (2, 3)).amax(2))


def test_maxout_linear() -> None:
    layer, x = nn.MaxoutLinear(5, 3, pieces=4), sample(7, 5, dtype=torch.float32)
    every = F.linear(x, layer.weight, layer.bias).reshape(7, 3, 4)
    torch.testing.assert_close(layer(x), every.amax(-1))
    assert {k: tuple(v.shape) for k, v in layer.state_dict().items()} == {"weight": (12, 5), "bias": (12,)}
    assert nn.MaxoutLinear(5, 3, bias=False).bias is None
    assert pickle.loads(pickle.dumps(layer))(x).shape == (7, 3)


def test_weights_only_state(tmp_path: Any) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), nn.PReLU(channels=3), nn.SwishBeta())
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    buffer.seek(0)
    state = torch.load(buffer, weights_only=True)
    assert list(state) == ["0.weight", "0.bias", "1.slope", "2.beta"]
    model.load_state_dict(state)


# -- a user's functions ------------------------------------------------------------------------------------------


def test_user_function(mine: Any) -> None:
    cls = nn.MyGate
    assert cls is nn.MyGate
    assert "MyGate" in dir(nn)
    assert repr(cls(channels=2)) == "MyGate(k=2.0, channels=2)"
    assert repr(mine.bind(k=3.0)) != ""
    assert repr(nn.module(mine.bind(k=3.0))) == "MyGate(k=3.0, channels=1)"
    assert type(copy.deepcopy(cls())) is cls
    assert type(pickle.loads(pickle.dumps(cls()))) is cls


def test_redefinition_makes_a_new_class(mine: Any) -> None:
    old = nn.MyGate
    define("my_gate", "k*tanh(x)", k=1.0)
    assert nn.MyGate is not old
    assert float(nn.MyGate()(torch.tensor(50.0))) == 1.0


def test_pickles_travel_to_another_process(mine: Any, tmp_path: Any) -> None:
    modules = [nn.MyGate(channels=2), nn.Mish(), nn.module("x*tanh(exp(x))"), nn.module("k*sin(x)", k=2.0), nn.RReLU()]
    x = sample(3, 2, dtype=torch.float32)
    path = tmp_path / "modules.pickle"
    path.write_bytes(pickle.dumps((modules, x, [m.eval()(x) for m in modules])))
    code = (
        f"import pickle, torch; ms, x, ys = pickle.load(open({str(path)!r}, 'rb')); "
        "assert all(torch.equal(m.eval()(x), y) for m, y in zip(ms, ys)); print([type(m).__name__ for m in ms])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['MyGate', 'Mish', 'Formula', 'Formula', 'RReLU']", done.stderr


# -- transformations of PyTorch ------------------------------------------------------------------------------------


class Small(torch.nn.Module):
    def __init__(self, activation: torch.nn.Module) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(6, 6)
        self.activation = activation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.activation(self.linear(x)) * 2


@pytest.mark.parametrize("name", ALL)
def test_fx(name: str) -> None:
    x = sample(4, 6, dtype=torch.float32)
    model = Small(class_for(name)()).eval()
    traced = torch.fx.symbolic_trace(model)
    assert [n.target for n in traced.graph.nodes if n.op == "call_module"] == ["linear", "activation"]
    torch.testing.assert_close(traced(x), model(x))
    for module in (class_for(name)(), class_for(name)(learnable=True) if name in LEARNING else class_for(name)()):
        itself = torch.fx.symbolic_trace(module.eval())
        for graph in (itself, pickle.loads(pickle.dumps(itself))):
            torch.testing.assert_close(graph(x), module(x))


def test_fx_of_formula_and_channels() -> None:
    x = sample(4, 3, dtype=torch.float32)
    for module in (nn.module("k*tanh(x)", k=2.0), nn.PReLU(channels=3), nn.Softmax(0), nn.SwishBeta(2.0)):
        torch.testing.assert_close(torch.fx.symbolic_trace(module)(x), module(x))


@pytest.mark.parametrize("name", ALL)
def test_vmap(name: str) -> None:
    module, x = class_for(name)().eval(), sample(5, 4, 6, dtype=torch.float32)
    torch.testing.assert_close(torch.vmap(module)(x), torch.stack([module(row) for row in x]))


def test_stacked_parameters() -> None:
    modules = [nn.PReLU(s, channels=3) for s in (0.1, 0.2)]
    params, buffers = torch.func.stack_module_state(modules)  # type: ignore[arg-type]
    x = sample(2, 5, 3, dtype=torch.float32)
    got = torch.vmap(lambda p, b, x: torch.func.functional_call(modules[0], (p, b), (x,)))(params, buffers, x)
    torch.testing.assert_close(got, torch.stack([m(row) for m, row in zip(modules, x, strict=True)]))


@pytest.mark.parametrize("name", ALL)
def test_compile(name: str) -> None:
    torch._dynamo.reset()
    module = class_for(name)(learnable=True) if name in LEARNING else class_for(name)()
    module.eval()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    x = sample(4, 6, dtype=torch.float32).requires_grad_()
    wanted, got = module(x), compiled(x)
    torch.testing.assert_close(got, wanted)
    wants = (x, *module.parameters())
    torch.testing.assert_close(
        *(torch.autograd.grad(y.sum(), wants, allow_unused=True, materialize_grads=True) for y in (got, wanted))
    )


def test_compile_random_and_channels() -> None:
    torch._dynamo.reset()
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), nn.PReLU(channels=3), nn.RReLU())
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    x = sample(4, 4, dtype=torch.float32)
    torch.manual_seed(1)
    first = compiled(x)
    torch.manual_seed(1)
    assert torch.equal(compiled(x), first)
    torch.testing.assert_close(compiled.eval()(x), model.eval()(x))


@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, on importing inductor
def test_compile_inductor() -> None:
    torch._dynamo.reset()
    module, x = nn.Mish(), sample(64, dtype=torch.float32).requires_grad_()
    y = torch.compile(module, fullgraph=True)(x)
    torch.testing.assert_close(y, module(x))
    torch.testing.assert_close(torch.autograd.grad(y.sum(), x), torch.autograd.grad(module(x).sum(), x))
