"""nn.swap: modules, functional calls and attributes; what stays, what is kept, and what it says it cannot reach."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import registry
import torch
from torch.nn import functional as F

import nonlin
from nonlin import nn
from nonlin.catalogue import definitions
from nonlin.errors import ModelError, UnknownNameError
from nonlin.nn.recognise import CALLS, MODULES, recognise, recognise_call

SINGLE = [n for n in registry.MODULES if definitions()[n].kind == "elementwise"]
SPECIAL: dict[Any, tuple[Any, ...]] = {torch.nn.Threshold: (0.1, 0.2)}


def x(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def mlp() -> torch.nn.Sequential:
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(inplace=True), torch.nn.Linear(8, 8), torch.nn.ReLU(),
                               torch.nn.Linear(8, 3))  # fmt: skip


class Functional(torch.nn.Module):
    """Functions, methods, dropout and a gate, with an attribute, a method and a buffer nothing in forward uses."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = torch.nn.Linear(4, 8), torch.nn.Linear(8, 8)
        self.block = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU())
        self.register_buffer("unused", torch.ones(2))
        self.config = {"width": 8}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.dropout(F.relu(self.first(x)), 0.5, training=self.training)
        x = self.block(self.second(x).relu())
        return x * torch.sigmoid(x)

    def describe(self) -> str:
        return f"width {self.config['width']}"


def with_functions(model: Any, f: Any, data: torch.Tensor) -> torch.Tensor:
    data = f(model.first(data))
    data = f(model.block[0](f(model.second(data))))
    return data * torch.sigmoid(data)


# -- the tables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", MODULES, ids=lambda row: f"{row.module.__name__}-{row.name[:10]}")
def test_every_torch_module_is_what_the_table_says(row: Any) -> None:
    options = {"approximate": "tanh"} if row.name == "gelu_tanh" else {}
    options |= {"dim": -1} if row.name in ("softmax", "log_softmax", "softmin") else {}
    module = row.module(*SPECIAL.get(row.module, ()), **options).eval()
    found = recognise(module)
    assert found is not None
    data = x(50, 6) * 4
    torch.testing.assert_close(nonlin.get(found.definition)(data), module(data).detach(), rtol=3e-6, atol=3e-6)
    swapped, _ = nn.swap(module, found.definition, found.definition)
    torch.testing.assert_close(swapped(data), module(data), rtol=3e-6, atol=3e-6)


@pytest.mark.parametrize(("row", "target"), [(r, t) for r in CALLS for t in r.spellings],
                         ids=lambda v: str(getattr(v, "__name__", v))[:20] if not isinstance(v, tuple) else "")  # fmt: skip
@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's own, of F.tanh and F.sigmoid where they still exist
def test_every_call_is_what_the_table_says(row: Any, target: Any) -> None:
    found = recognise_call(target, (None,), dict([row.when]) if row.when else {})
    assert found is not None
    function = getattr(torch.Tensor, target) if isinstance(target, str) else target
    data = x(50, 6) * 4
    args: list[Any] = [dict([row.when])] if row.when else []
    kwargs = args.pop() if args else {}
    if row.dim:
        kwargs["dim"] = -1
    if row.name == "prelu":
        kwargs["weight"] = torch.tensor([0.25])
    if row.name == "threshold":  # its arguments have no defaults there
        kwargs |= {"threshold": 0.0, "value": 0.0}
    torch.testing.assert_close(nonlin.get(found.definition)(data), function(data.clone(), **kwargs), rtol=3e-6, atol=3e-6)
    if not isinstance(target, str):
        assert found.inplace == target.__name__.endswith("_")


def test_call_arguments() -> None:
    data = x(20)
    for found, wanted in (
        (recognise_call(F.leaky_relu, (None, 0.3)), F.leaky_relu(data, 0.3)),
        (recognise_call(F.elu, (None,), {"alpha": 0.5}), F.elu(data, 0.5)),
        (recognise_call(F.hardtanh, (None, -0.5), {"max_val": 2.0}), F.hardtanh(data, -0.5, 2.0)),
    ):
        assert found is not None
        torch.testing.assert_close(nonlin.get(found.definition)(data), wanted)
    assert recognise_call(F.relu, (None, True)).inplace  # type: ignore[union-attr]
    assert not recognise_call(F.rrelu, (None, 0.1, 0.2, True)).inplace  # type: ignore[union-attr]
    assert recognise_call(torch.add, (None, 1)) is None


def test_a_subclass_with_its_own_forward_is_not_taken_for_its_base() -> None:
    class Odd(torch.nn.ReLU):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return input

    class Plain(torch.nn.ReLU):
        pass

    assert recognise(Odd()) is None
    assert recognise(Plain()) is not None


# -- modules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SINGLE)
def test_any_function(name: str) -> None:
    model, data = mlp().eval(), x(5, 4)
    swapped, report = nn.swap(model, "relu", name)
    f = nonlin.get(name)
    wanted = model[4](f(model[2](f(model[0](data)))))
    torch.testing.assert_close(swapped(data), wanted)
    assert [r.path for r in report.replaced] == ["1", "3"]
    assert type(model[1]) is torch.nn.ReLU  # the given model is as it was
    back, _ = nn.swap(swapped, name, "relu")
    torch.testing.assert_close(back(data), copy.deepcopy(model)(data))


def test_report() -> None:
    _, report = nn.swap(mlp(), torch.nn.ReLU, "x*tanh(exp(x))")
    assert str(report) == (
        "replaced 2:\n"
        "  1: ReLU(inplace=True) -> Formula('x*tanh(exp(x))') (was in place, is not any more)\n"
        "  3: ReLU() -> Formula('x*tanh(exp(x))')"
    )


def test_inplace() -> None:
    model = mlp()
    swapped, _ = nn.swap(model, None, torch.nn.Tanh, inplace=True)
    assert swapped is model
    assert type(model[1]) is torch.nn.Tanh
    root, _ = nn.swap(torch.nn.ReLU().eval(), "relu", "mish", inplace=True)
    assert type(root) is nn.Mish
    assert not root.training


def test_old_by_parameters_and_class() -> None:
    model = torch.nn.Sequential(torch.nn.LeakyReLU(0.2), torch.nn.LeakyReLU(0.3), nn.LeakyReLU(0.2), torch.nn.PReLU())
    for old, paths in (
        ("leaky_relu", ["0", "1", "2"]),
        ("leaky_relu(slope=0.2)", ["0", "2"]),
        (torch.nn.LeakyReLU, ["0", "1"]),
        (nn.LeakyReLU, ["2"]),
        ("where(x > 0, x, 0.3*x)", ["1"]),
        (nonlin.get("prelu"), ["3"]),
        ("all", ["0", "1", "2", "3"]),
    ):
        assert [r.path for r in nn.swap(model, old, "tanh")[1].replaced] == paths, old


def test_shared_stays_shared() -> None:
    act = torch.nn.ReLU()
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), act, torch.nn.ModuleDict({"a": act}), torch.nn.Linear(2, 2), act)
    swapped, report = nn.swap(model, "relu", "prelu")
    assert swapped[1] is swapped[2]["a"] is swapped[4]  # type: ignore[index]
    assert [(r.path, r.note) for r in report.replaced] == [("1", "shared with 2.a, 4")]
    assert len([k for k in swapped.state_dict() if k.startswith("1.")]) == 1


def test_training_flag_dtype_and_hooks() -> None:
    model = mlp().to(torch.bfloat16)
    model[1].eval()
    seen: list[str] = []
    handle = model[1].register_forward_hook(lambda m, a, o: seen.append("forward"))
    model[1].register_forward_pre_hook(lambda m, a: seen.append("pre"))
    model[1].register_full_backward_hook(lambda m, gi, go: seen.append("backward"))
    model[1].register_state_dict_post_hook(lambda m, s, p, meta: seen.append("state"))
    swapped, _ = nn.swap(model, "relu", "prelu", inplace=True)
    assert [m.training for m in (swapped[1], swapped[3])] == [False, True]  # type: ignore[index]
    assert swapped[1].slope.dtype == torch.bfloat16  # type: ignore[index,union-attr]
    swapped(x(2, 4).bfloat16().requires_grad_()).sum().backward()
    swapped.state_dict()
    assert seen == ["pre", "forward", "backward", "state"]
    handle.remove()
    swapped(x(2, 4).bfloat16())
    assert seen[4:] == ["pre"]


def test_device_of_the_neighbours() -> None:
    with torch.device("meta"):
        model = mlp()
    swapped, _ = nn.swap(model, "relu", "prelu")
    assert swapped[1].slope.device.type == "meta"  # type: ignore[index,union-attr]


def test_row_functions() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.ReLU(), torch.nn.Linear(3, 3), torch.nn.Softmax(0))
    swapped, report = nn.swap(model, None, "tanh")
    assert [(k.path, k.reason) for k in report.kept] == [("3", "it works on whole rows")]
    swapped, report = nn.swap(model, "softmax", "log_softmax")
    assert repr(swapped[3]) == "LogSoftmax(dim=0)"  # type: ignore[index]
    with pytest.raises(ModelError, match="maxout does not give as many features as it takes"):
        nn.swap(model, "relu", "maxout")


def test_patterns() -> None:
    model = torch.nn.ModuleDict({"features": mlp(), "head": torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Sigmoid())})
    _, report = nn.swap(model, None, {"features.3": "silu", "features.*": "gelu", "head": "tanh"})
    assert [(r.path, r.new) for r in report.replaced] == [
        ("features.1", "GELU()"),
        ("features.3", "SiLU()"),
        ("head.1", "Tanh()"),
    ]
    with pytest.raises(ModelError, match=r"the pattern 'featurs\.\*' matches no activation. Did you mean 'features"):
        nn.swap(model, None, {"featurs.*": "gelu"})
    with pytest.raises(ModelError, match="the pattern 'head' matches no activation"):
        nn.swap(model, "relu", {"head": "gelu"})


def test_outputs_are_kept_unless_named() -> None:
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1), torch.nn.Sigmoid(), torch.nn.Flatten(0)
    )
    for old, new, paths in (
        (None, "mish", ["1"]),
        ("sigmoid", "hard_sigmoid", ["3"]),
        (None, {"1": "mish", "3": "tanh"}, ["1", "3"]),
    ):
        assert [r.path for r in nn.swap(model, old, new)[1].replaced] == paths
    assert nn.swap(model, None, "mish")[1].kept[0].reason == "it gives the model's output its range"


# -- functional calls ----------------------------------------------------------------------------------------------


def test_functional() -> None:
    model, data = Functional(), x(5, 4)
    swapped, report = nn.swap(model, None, "mish")
    assert sorted(r.path for r in report.replaced) == ["block.1", "relu", "relu_1"]
    assert [(k.path, k.reason) for k in report.kept] == [("sigmoid", "it is multiplied with another value: a gate")]
    torch.testing.assert_close(swapped.eval()(data), with_functions(model, F.mish, data))
    assert isinstance(swapped, Functional)
    assert swapped.describe() == "width 8"
    assert list(swapped.state_dict()) == list(model.state_dict())
    assert type(model) is Functional
    again, report = nn.swap(swapped, "mish", "prelu")
    assert len(report.replaced) == 3
    torch.testing.assert_close(again(data), with_functions(model, lambda u: F.leaky_relu(u, 0.25), data))


@pytest.mark.parametrize("start", [True, False])
def test_dropout_still_knows_whether_it_trains(start: bool) -> None:
    """Whatever mode the model was swapped in, also after copying and pickling."""
    swapped, data = nn.swap(Functional().train(start), "relu", "mish")[0], x(5, 4)
    for model in (swapped, copy.deepcopy(swapped), pickle.loads(pickle.dumps(swapped))):
        model.train()
        assert not torch.equal(model(data), model(data))
        model.eval()
        assert torch.equal(model(data), model(data))
    torch.testing.assert_close(model(data), swapped.eval()(data))
    assert type(model) is type(swapped)


def test_functional_model_compiles_and_retraces() -> None:
    torch._dynamo.reset()
    swapped, data = nn.swap(Functional().eval(), None, "mish")[0], x(5, 4)
    torch.testing.assert_close(torch.compile(swapped, fullgraph=True, backend="aot_eager")(data), swapped(data))
    torch.testing.assert_close(torch.fx.symbolic_trace(swapped)(data), swapped(data))


def test_graph_module() -> None:
    model, data = Functional().eval(), x(5, 4)
    swapped, report = nn.swap(torch.fx.symbolic_trace(model), "relu", "mish")
    assert len(report.replaced) == 3
    torch.testing.assert_close(swapped(data), with_functions(model, F.mish, data))


def test_hidden_in_a_helper_and_nested() -> None:
    class Helper(torch.nn.Module):
        def activate(self, x: torch.Tensor) -> torch.Tensor:
            return F.leaky_relu(x, 0.3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.activate(x) + F.elu(x)

    model = torch.nn.ModuleDict({"a": torch.nn.Sequential(Helper())})
    swapped, report = nn.swap(model, "leaky_relu", "tanh")
    assert [r.path for r in report.replaced] == ["a.0.leaky_relu"]
    data = x(3)
    torch.testing.assert_close(swapped["a"](data), torch.tanh(data) + F.elu(data))  # type: ignore[index]


def test_in_place_calls_are_seen_by_later_reads() -> None:
    class InPlace(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = x + 0
            F.relu(x, inplace=True)
            return x.relu_() * x

    swapped, report = nn.swap(InPlace(), "relu", "tanh")
    assert len(report.replaced) == 2
    data = x(5)
    torch.testing.assert_close(swapped(data), torch.tanh(torch.tanh(data)) ** 2)

    class Module(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu = torch.nn.ReLU(inplace=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.relu(x) + x

    assert "its input is read elsewhere too" in nn.swap(Module(), "relu", "tanh")[1].replaced[0].note


def test_name_clash_with_a_child() -> None:
    class Clash(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu = torch.nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.relu(F.relu(x))

    model, data = Clash(), x(3)
    swapped, report = nn.swap(model, "relu", "tanh")
    assert report.replaced[0].path != "relu"
    torch.testing.assert_close(swapped(data), model.relu(torch.tanh(data)))


def test_composite_formulas_and_parameters_stay() -> None:
    class Composite(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.spread = torch.nn.Parameter(torch.ones(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.relu(x * torch.tanh(F.softplus(x))) / F.softplus(self.spread)

    _, report = nn.swap(Composite(), None, "gelu")
    assert [r.path for r in report.replaced] == ["relu"]
    assert sorted(k.reason.split(":")[0] for k in report.kept) == [
        "it acts on a parameter of the model, not on units",
        "it is multiplied with another value",
        "its value only goes into a function that stays",
    ]


def test_function_as_attribute_and_transformer() -> None:
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    model, data = torch.nn.TransformerEncoder(layer, 2).eval(), x(2, 5, 8)
    wanted = copy.deepcopy(model)
    for block in wanted.layers:
        block.activation, block.activation_relu_or_gelu = F.mish, 0
    swapped, report = nn.swap(model, "relu", "mish")
    assert [r.path for r in report.replaced] == ["layers.0.activation", "layers.1.activation"]
    with torch.no_grad():  # where torch would take its fused path for ReLU
        torch.testing.assert_close(swapped(data), wanted.train()(data))
        padding = torch.zeros(2, 5, dtype=torch.bool)
        padding[0, 4] = True
        assert swapped(data, src_key_padding_mask=padding).shape == (2, 5, 8)


# -- out of reach ---------------------------------------------------------------------------------------------------


class Branching(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.act = torch.nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum() > 0:
            x = F.relu(x)
        return self.act(x)


class Masked(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.act = torch.nn.ReLU()

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        x = F.relu(x)
        return self.act(x if mask is None else x * mask)


class Moody(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.act = torch.nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(F.relu(x)) if self.training else self.act(x)


class Listed(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.act, self.hidden = torch.nn.ReLU(), [torch.nn.ReLU()]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.hidden[0](self.act(x))


class Patched(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.act = torch.nn.ReLU()
        self.forward = lambda x: self.act(F.relu(x))  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("cls", "reason"),
    [
        (Branching, "torch.fx cannot trace its forward (TraceError: "),
        (Masked, "its forward decides by its optional argument mask"),
        (Moody, "its forward takes different ways in training and in evaluation"),
        (Patched, "its forward was replaced on the instance"),
    ],
)
def test_untraceable_parts_are_named(cls: type[torch.nn.Module], reason: str) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), cls())
    swapped, report = nn.swap(model, "relu", "mish", inplace=True)
    assert [r.path for r in report.replaced] == ["1.act"]
    assert [u.path for u in report.unreachable] == ["1"]
    assert report.unreachable[0].reason.startswith(reason)
    assert "could not reach:\n  1: relu: " in str(report)
    swapped(x(2, 3))
    assert not nn.swap(torch.nn.Sequential(cls(), torch.nn.Tanh(), torch.nn.Linear(3, 3)), "tanh", "mish",
                       inplace=True)[1].unreachable  # fmt: skip


def test_modules_in_a_plain_list_are_named() -> None:
    report = nn.swap(Listed(), "relu", "mish")[1]
    assert [(u.path, u.names) for u in report.unreachable] == [("hidden", ("relu",))]


def test_fused_kernels_are_named() -> None:
    model = torch.nn.ModuleList([torch.nn.LSTM(2, 2), torch.nn.RNN(2, 2, nonlinearity="relu"), torch.nn.ReLU()])
    for old, paths in ((None, ["0", "1"]), ("relu", ["1"]), ("all", ["0", "1"])):
        assert [u.path for u in nn.swap(model, old, "gelu")[1].unreachable] == paths
    with pytest.raises(ModelError, match="could not reach 0: sigmoid, tanh: LSTM computes it inside one kernel"):
        nn.swap(model, "tanh", "gelu")


def test_messages() -> None:
    for args, message in (
        ((torch.nn.Linear(2, 2), None, "mish"), "Linear has no activation to swap; the activations it has: none"),
        ((mlp(), "gelu", "mish"), r"Sequential has no activation gelu to swap; the activations it has: relu \(2\)"),
        ((torch.nn.Softmax(-1), None, "mish"), "kept .the model itself.: Softmax.dim=-1.: it works on whole rows"),
        ((mlp(), 3, "mish"), "old must be a function's name, .* not int"),
        ((mlp(), "relu", 3), "new must be a function's name, .* not int"),
        ((mlp(), "relu", torch.nn.Linear), "Linear cannot be made without arguments"),
        (("mlp", "relu", "mish"), "model must be a torch.nn.Module, not str"),
    ):
        with pytest.raises(ModelError, match=message):
            nn.swap(*args)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="Did you mean 'mish'"):
        nn.swap(mlp(), "relu", "mihs")


def test_a_model_that_cannot_be_copied() -> None:
    model = mlp()
    model.stray = torch.ones(2, requires_grad=True) * 2  # type: ignore[assignment]
    with pytest.raises(ModelError, match=r"cannot be copied .*pass inplace=True"):
        nn.swap(model, "relu", "mish")
    assert nn.swap(model, "relu", "mish", inplace=True)[0] is model


def test_an_error_changes_nothing() -> None:
    model = mlp()
    with pytest.raises(ModelError):
        nn.swap(model, "relu", {"1": "mish", "9": "mish"}, inplace=True)
    assert type(model[1]) is torch.nn.ReLU
