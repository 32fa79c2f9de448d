"""What the reader of live models makes of them: the graph, who read it, the losses, and what it says when it cannot."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import nonlin
from nonlin.errors import DataError, ModelError, NonlinError, ParameterError
from nonlin.lint.model import read
from nonlin.lint.model.factories import made
from nonlin.lint.net import OPS, Net


def ops(net: Net) -> list[str]:
    return [n.op for n in net.nodes]


def functions(net: Net) -> list[str]:
    return [n.function for n in net.nodes if n.op == "activation"]


class Wayward(nn.Module):
    """Decides by the data which way it goes, so that no symbolic trace can follow."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) if x.abs().sum() >= 0 else x


def small() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


# -- the two ways -------------------------------------------------------------------------------------------------------------


def test_a_plain_model_is_traced_without_a_batch() -> None:
    net = read(small())
    assert (net.reader, net.complete, ops(net)) == ("fx", True, ["input", "linear", "activation", "linear"])
    assert [n.inputs for n in net.nodes] == [(), (0,), (1,), (2,)]
    assert net.outputs == (3,)
    assert net.nodes[1].shape is None and net.nodes[1].width == 8
    assert net.nodes[1].module is not None and net.nodes[1].owner == "0"


def test_a_batch_gives_shapes() -> None:
    net = read(small(), batch=torch.randn(5, 4))
    assert [n.shape for n in net.nodes] == [(5, 4), (5, 8), (5, 8), (5, 3)]


def test_what_cannot_be_traced_is_run_and_recorded() -> None:
    net = read(Wayward(small()), batch=torch.randn(5, 4))
    assert (net.reader, net.complete) == ("calls", True)
    assert [n for n in ops(net) if n != "reduce" and n != "arithmetic"] == ["input", "linear", "activation", "linear"]
    assert net.nodes[net.outputs[0]].place.layer == "body.2"


def test_without_a_batch_it_says_what_to_pass_and_judges_nothing() -> None:
    net = read(Wayward(nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))), "cross_entropy")
    assert not net.complete
    assert "pass batch=(inputs, targets)" in net.remarks[0]
    assert functions(net) == ["softmax"]
    assert [f.rule.code for f in nonlin.lint(Wayward(nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))), "cross_entropy")] == [
        "NL903"
    ]


def test_both_ways_read_the_same() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm, self.act = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.SiLU(inplace=True)
            self.gate, self.head, self.bias = nn.Conv2d(8, 8, 1), nn.Linear(8, 5), nn.Parameter(torch.zeros(8, 1, 1))

        def forward(self, x: Tensor) -> Tensor:
            x = self.act(self.norm(self.conv(x))) + self.bias
            x = x * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(x, 1)))
            x = torch.cat([x, F.leaky_relu(x, 0.2)], dim=1)[:, :8]
            x = 0.5 * F.max_pool2d(x, 2) - 1
            return self.head(x.mean(dim=(2, 3)).view(x.size(0), -1))

    x = torch.randn(2, 3, 8, 8)
    traced, run = read(Net(), batch=x), read(Wayward(Net()), batch=x)
    kept = [n for n in run.nodes if not (n.op == "reduce" or n.op == "arithmetic" or n.attrs.get("kind") == "abs")]
    assert (traced.reader, run.reader) == ("fx", "calls")
    assert [(n.op, n.function, n.shape) for n in traced.nodes] == [(n.op, n.function, n.shape) for n in kept]
    assert {n.op for n in traced.nodes} <= set(OPS)
    assert traced.complete and run.complete


def test_an_exported_program_is_read() -> None:
    program = torch.export.export(nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1)), (torch.randn(2, 4),))
    net = read(program, "cross_entropy", torch.randn(2, 4))
    assert functions(net) == ["softmax"]
    assert "linear" in ops(net)
    assert "NL102" in {f.rule.code for f in nonlin.lint(program, "cross_entropy", torch.randn(2, 4))}


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
def test_wrappers_are_opened() -> None:
    assert read(torch.compile(small()), batch=torch.randn(2, 4)).name == "Sequential"
    assert read(nn.DataParallel(small()), batch=torch.randn(2, 4)).complete


@pytest.mark.parametrize("batched", [True, False])
def test_lines_of_the_users_forward_are_told(batched: bool) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return F.softmax(self.fc(x), dim=1)  # the line that is told

    net = read(Net(), batch=torch.randn(2, 4) if batched else None)
    end = net.nodes[net.outputs[0]]
    assert end.place.file == __file__
    with open(__file__) as source:
        assert "the line that is told" in source.readlines()[end.place.line - 1]
    assert end.place.layer == "F.softmax in Net"


# -- operations ------------------------------------------------------------------------------------------------------------------


def one(forward: Any, x: Tensor, **parts: Any) -> list[Any]:
    """Return the nodes but the input of a module with this forward, which both ways read alike."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, part in parts.items():
                setattr(self, name, part)

        def forward(self, x: Tensor) -> Tensor:
            return forward(self, x)

    traced = read(Net(), batch=x)
    assert traced.complete, traced.remarks
    return [n for n in traced.nodes if n.op != "input"]


def test_a_product_with_a_parameter_is_affine_and_one_of_two_tensors_is_not() -> None:
    x = torch.randn(2, 5, 4)
    weight = nn.Parameter(torch.randn(4, 6))
    (node,) = one(lambda m, x: x @ m.w, x, w=weight)
    assert (node.op, node.attrs["in_features"], node.attrs["out_features"], node.shape) == ("linear", 4, 6, (2, 5, 6))
    assert node.attrs["weight"].shape == (6, 4)
    assert [n.op for n in one(lambda m, x: x @ x.transpose(1, 2), x)] == ["transpose", "matmul"]
    assert one(lambda m, x: torch.einsum("btc,cd->btd", x, m.w), x, w=weight)[0].op == "linear"
    assert one(lambda m, x: F.scaled_dot_product_attention(x, x, x), x)[0].op == "attention"


def test_sums_and_products_with_numbers_and_parameters_only_scale() -> None:
    x = torch.randn(2, 4)
    nodes = one(lambda m, x: (2.0 * x + 1 - m.b) / 4, x, b=nn.Parameter(torch.zeros(4)))
    assert [n.op for n in nodes] == ["scale"] * 4
    assert [n.attrs.get("factor") for n in nodes] == [2.0, None, None, 0.25]
    assert [n.op for n in one(lambda m, x: x * x + x, x)] == ["mul", "add"]


def test_a_computed_weight_keeps_its_numbers() -> None:
    def forward(m: Any, x: Tensor) -> Tensor:
        return F.linear(x, m.w - m.w.mean(dim=1, keepdim=True))

    (node,) = one(forward, torch.randn(2, 4), w=nn.Parameter(torch.randn(3, 4)))
    assert (node.op, node.attrs["trained"]) == ("linear", True)
    recorded = read(Wayward(small()), batch=torch.randn(2, 4))
    assert recorded.complete


def test_a_sine_is_an_activation_after_a_layer_only() -> None:
    fc = nn.Linear(4, 4)
    assert [n.op for n in one(lambda m, x: torch.sin(30 * m.fc(x)), torch.randn(2, 4), fc=fc)] == [
        "linear",
        "scale",
        "activation",
    ]
    assert [n.op for n in one(lambda m, x: torch.sin(x), torch.randn(2, 4))] == ["arithmetic"]


@pytest.mark.parametrize(
    ("forward", "dim"),
    [(lambda m, x: F.softmax(x, dim=0), 0), (lambda m, x: x.softmax(-1), -1), (lambda m, x: torch.softmax(x, 1), 1)],
)
def test_the_axis_of_a_softmax_is_known(forward: Any, dim: int) -> None:
    (node,) = one(forward, torch.randn(2, 4))
    assert (node.function, node.attrs["dim"]) == ("softmax", dim)


def _checkpointed(m: Any, x: Tensor) -> Tensor:
    return m.b(torch.utils.checkpoint.checkpoint(lambda y: torch.relu(m.a(y)), x, use_reentrant=False))


def _packed(m: Any, x: Tensor) -> Tensor:
    packed = nn.utils.rnn.pack_padded_sequence(x.view(2, 2, 4), [2, 1], batch_first=True)
    return m.b(nn.utils.rnn.pad_packed_sequence(m.rnn(packed)[0], batch_first=True)[0])


@pytest.mark.parametrize(
    ("forward", "parts", "seen"),
    [
        (_checkpointed, {}, ["linear", "activation", "linear"]),
        (_packed, {"rnn": nn.GRU(4, 4, batch_first=True)}, ["reshape", "reshape", "recurrent", "reshape", "linear"]),
        (lambda m, x: m.b(torch.vmap(lambda r: torch.tanh(m.a(r)))(x)), {}, ["unknown", "linear"]),
        (lambda m, x: m.b(torch.func.grad(lambda y: m.a(y).tanh().sum())(x)), {}, ["unknown", "linear"]),
        (lambda m, x: m.b(torch.distributions.Normal(m.a(x), 1.0).rsample()), {}, ["linear", "reshape", "scale", "add", "linear"]),
        (lambda m, x: m.b(torch.stack([F.relu_(row) for row in m.a(x).unbind(0)])), {},
         ["linear", "select", *["activation"] * 4, "concat", "linear"]),
        (lambda m, x: m.b(m.o(x)), {"o": nn.utils.parametrizations.orthogonal(nn.Linear(4, 4))}, ["linear", "linear"]),
        (lambda m, x: m.m(query=x, key=x, value=x)[0], {"m": nn.MultiheadAttention(4, 2)}, ["attention"]),
        (lambda m, x: m.b(m.t(x[None])), {"t": nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)},
         ["select", "attention", "dropout", "add", "norm", "linear", "activation", "dropout", "linear", "dropout", "add", "norm", "linear"]),
    ],
)  # fmt: skip
def test_unusual_forwards_are_recorded(forward: Any, parts: dict[str, Any], seen: list[str]) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 3)
            for name, part in parts.items():
                setattr(self, name, part)

        def forward(self, x: Tensor) -> Tensor:
            return forward(self, x)

    net = read(Wayward(Net()), batch=torch.randn(4, 4))
    assert ops(net)[-len(seen) :] == seen
    assert net.complete is ("unknown" not in seen)
    assert len(net.nodes) == len(seen) + 1 or not net.complete


def test_what_leads_nowhere_is_no_part_of_the_network() -> None:
    class Careful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = small()

        def forward(self, x: Tensor) -> Tensor:
            assert not torch.isnan(x).any()
            self.scale = torch.special.bessel_j0(x).mean()  # kept for a log
            return self.body(x)

    net = read(Careful(), "cross_entropy", (torch.randn(4, 4), torch.zeros(4, dtype=torch.long)))
    assert net.complete
    assert ops(net) == ["input", "linear", "activation", "linear"]
    assert net.losses[0].input == net.outputs[0] == 3


def test_a_softmax_without_an_axis_says_none() -> None:
    (node,) = one(lambda m, x: m.act(x), torch.randn(2, 4), act=nn.Softmax())
    assert node.attrs["dim"] is None


def test_global_pooling_is_known_in_all_its_spellings() -> None:
    x = torch.randn(2, 3, 8, 8)
    ways = [lambda m, x: x.mean(dim=(2, 3)), lambda m, x: F.adaptive_avg_pool2d(x, 1), lambda m, x: F.avg_pool2d(x, 8),
            lambda m, x: m.pool(x), lambda m, x: x.mean([-1, -2], keepdim=True)]  # fmt: skip
    for pool in (nn.AvgPool2d(8), nn.AdaptiveAvgPool2d((1, 1))):
        for forward in ways:
            (node,) = one(forward, x, pool=pool)
            assert (node.op, node.attrs["global"]) == ("avg_pool", True)
    (node,) = one(lambda m, x: F.avg_pool2d(x, 2), x)
    assert not node.attrs["global"]
    (node,) = one(lambda m, x: x.mean(dim=0), x)
    assert (node.op, node.attrs["kind"]) == ("reduce", "mean")


def test_own_modules_and_functions_are_activations() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nonlin.nn.Mish(), nonlin.nn.PReLU(), nonlin.nn.module("x*tanh(exp(x))"), nn.GLU())
    net = read(model, batch=torch.randn(2, 4))
    assert functions(net) == ["mish", "prelu", "x*tanh(exp(x))", "glu"]
    assert [n.attrs.get("learnable") for n in net.nodes if n.op == "activation"][:3] == [False, True, False]


def test_the_inside_of_an_autograd_function_is_read() -> None:
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return torch.relu(x)

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Tensor:
            return grad

    for wrap in (lambda m: m, Wayward):
        net = read(wrap(Through(Own.apply)), "cross_entropy", torch.randn(2, 4))
        assert net.complete and functions(net) == ["relu"]


class Through(nn.Module):
    """Two layers with a function between them."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function, self.a, self.b = function, nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.function(self.a(x)))


def test_what_no_mode_sees_is_unknown_and_said_so() -> None:
    def unseen(x: Tensor) -> Tensor:
        with torch._C.DisableTorchFunction():
            return x.clamp(min=0)

    model = Wayward(Through(unseen))
    net = read(model, "cross_entropy", torch.randn(2, 4))
    assert not net.complete
    assert "unknown" in ops(net)
    assert "not followed: a call that PyTorch does not announce" in net.remarks[0]
    assert {f.rule.code for f in nonlin.lint(model, "cross_entropy", torch.randn(2, 4))} == {"NL903"}


# -- in place ----------------------------------------------------------------------------------------------------------------------


class Skip(nn.Module):
    def __init__(self, inplace: bool, keep: str) -> None:
        super().__init__()
        self.a, self.b, self.act, self.keep = nn.Linear(4, 4), nn.Linear(4, 4), nn.ReLU(inplace=inplace), keep

    def forward(self, x: Tensor) -> Tensor:
        h = self.a(x)
        if self.keep == "name":
            return h + self.b(self.act(h))
        if self.keep == "view":
            v = h.view(-1)
            return v.view(h.shape) + self.b(self.act(h))
        if self.keep == "copy":
            return h.clone() + self.b(self.act(h.clone()))
        h = self.act(h)
        return h + self.b(h)


@pytest.mark.parametrize("wrap", [lambda m: m, Wayward])
@pytest.mark.parametrize(("keep", "hazard"), [("name", True), ("view", True), ("copy", False), ("result", False)])
def test_what_is_overwritten_and_read_later_is_known_exactly(wrap: Any, keep: str, hazard: bool) -> None:
    torch.manual_seed(0)
    plain, inplace = Skip(False, keep), Skip(True, keep)
    inplace.load_state_dict(plain.state_dict())
    x = torch.randn(3, 4)
    assert torch.equal(plain(x), inplace(x)) is not hazard  # what really happens
    net = read(wrap(Skip(True, keep)), batch=x)
    (node,) = [n for n in net.nodes if n.op == "activation"]
    assert bool(node.attrs["read_later"]) is hazard
    codes = {f.rule.code for f in nonlin.lint(wrap(inplace), batch=x)}
    assert ("NL205" in codes) is hazard
    assert "NL205" not in {f.rule.code for f in nonlin.lint(wrap(plain), batch=x)}


@pytest.mark.parametrize("wrap", [lambda m: m, Wayward])
def test_a_statement_in_place_is_what_later_readers_mean(wrap: Any) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            h = self.a(x)
            h.relu_()
            h[:, 0] = 0.5 * h[:, 1]
            return h + self.b(h)

    net = read(wrap(Net()), batch=torch.randn(3, 4))
    (act,) = [i for i, n in enumerate(net.nodes) if n.op == "activation"]
    assert not net.nodes[act].attrs["read_later"]
    second = next(n for n in net.nodes if n.place.layer.endswith("b"))
    assert net.nodes[second.inputs[0]].op == "concat"  # what the assignment left
    assert not [f for f in nonlin.lint(wrap(Net()), batch=torch.randn(3, 4)) if f.rule.code == "NL205"]


# -- losses ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "kind"),
    [("cross_entropy", "cross_entropy"), ("nn.CrossEntropyLoss", "cross_entropy"), (nn.CrossEntropyLoss(), "cross_entropy"),
     (F.cross_entropy, "cross_entropy"), ("BCELoss", "bce"), (nn.BCEWithLogitsLoss(), "bce_logits"), ("mse", "mse"), ("nll", "nll"),
     ("binary_crossentropy", "bce"), ("sparse_categorical_crossentropy", "categorical"), (nn.SmoothL1Loss(), "huber"),
     (lambda out, y: ((out - y) ** 2).mean(), "unknown"), (nn.MultiMarginLoss(), "unknown")],
)  # fmt: skip
def test_the_loss_may_be_a_name_a_module_or_a_function(loss: Any, kind: str) -> None:
    net = read(small(), loss)
    assert [(x.kind, x.input) for x in net.losses] == [(kind, 3)]


def test_a_function_of_ones_own_is_followed_with_a_batch() -> None:
    def loss(out: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(out.softmax(dim=1), y) + 1e-4 * out.pow(2).sum()

    batch = (torch.randn(4, 4), torch.tensor([0, 1, 2, 0]))
    for model in (small(), Wayward(small())):
        net = read(model, loss, batch)
        assert [x.kind for x in net.losses] == ["cross_entropy"]
        assert net.nodes[net.losses[0].input].function == "softmax"
        assert "NL102" in {f.rule.code for f in nonlin.lint(model, loss, batch)}


def test_a_loss_inside_the_model_is_found() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.criterion = small(), nn.CrossEntropyLoss()

        def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
            out = self.body(x)
            return {"loss": self.criterion(out.softmax(1), labels), "logits": out}

    batch = {"x": torch.randn(4, 4), "labels": torch.tensor([0, 1, 2, 0])}
    net = read(Net(), batch=batch)
    assert [(x.kind, net.nodes[x.input].function) for x in net.losses] == [("cross_entropy", "softmax")]
    assert net.targets is not None and net.targets.classes == 3
    assert "NL102" in {f.rule.code for f in nonlin.lint(Net(), batch=batch)}


def test_the_logits_are_what_a_named_loss_gets() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = small()

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            out = self.body(x)
            return {"probabilities": out.softmax(1), "logits": out}

    for batch in (None, torch.randn(2, 4)):
        net = read(Net(), "cross_entropy", batch)
        assert net.nodes[net.losses[0].input].op == "linear"


def test_what_the_loss_says_is_kept() -> None:
    net = read(small(), nn.CrossEntropyLoss(), (torch.randn(4, 4), torch.zeros(5, dtype=torch.long)))
    assert "ValueError" in net.settings["loss_error"]
    assert [x.kind for x in net.losses] == ["cross_entropy"]
    assert net.complete


def test_optimisers_and_dictionaries_of_settings() -> None:
    model = small()
    net = read(model, optimizer=torch.optim.AdamW(model.parameters(), lr=0.3))
    assert (net.settings["optimizer"], net.settings["lr"]) == ("AdamW", 0.3)
    assert read(model, optimizer={"optimizer": "sgd", "lr": 1}).settings["lr"] == 1


# -- batches and errors ---------------------------------------------------------------------------------------------------------------


def test_several_inputs_arrays_and_keywords() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(4, 3)

        def forward(self, x: Tensor, scale: Tensor, shift: float = 0.0) -> Tensor:
            return self.a(x) * scale + shift

    x, s, y = torch.randn(2, 4), torch.randn(2, 1), torch.tensor([0, 1])
    for batch in (((x, s), y), ({"x": x, "scale": s}, y), {"x": x, "scale": s}, ((x.numpy(), s.numpy()), y.numpy())):
        net = read(Two(), "cross_entropy", batch)
        assert ops(net)[:2] == ["input", "input"] and ops(net).count("mul") == 1, batch
    assert read(small(), "cross_entropy", (np.zeros((2, 4), np.float32), np.array([0, 2]))).targets.high == 2.0  # type: ignore[union-attr]


def test_a_single_sample_is_enough_for_a_net_with_batch_norm() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    assert read(model, batch=torch.randn(1, 4)).complete


def test_a_forward_that_differentiates_is_run() -> None:
    class Energy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))

        def forward(self, x: Tensor) -> Tensor:
            x = x.detach().requires_grad_()
            return torch.autograd.grad(self.body(x).sum(), x)[0]

    net = read(Energy(), batch=torch.randn(2, 4))
    assert net.reader == "calls"
    assert functions(net) == ["tanh"]
    assert not net.complete


def test_lazy_layers_are_sized_in_a_copy() -> None:
    model = nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(3))
    assert read(model, batch=torch.randn(2, 4)).nodes[1].attrs["in_features"] == 4
    assert model[0].has_uninitialized_params()
    with pytest.raises(ModelError, match="lazy layers that do not know their sizes yet; pass batch"):
        read(model)


def test_a_model_on_the_meta_device_is_read() -> None:
    with torch.device("meta"):
        model = small()
    net = read(model, "cross_entropy", (torch.randn(2, 4), torch.tensor([0, 1])))
    assert net.complete
    assert nonlin.lint(model, "cross_entropy", (torch.randn(2, 4), torch.tensor([0, 1]))) == []


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
def test_torchscript_is_not_judged() -> None:
    scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)))
    net = read(scripted, "cross_entropy", torch.randn(2, 4))
    assert not net.complete
    assert "compiled TorchScript" in net.remarks[0]
    inside = read(
        nn.Sequential(nn.Linear(4, 4), torch.jit.script(nn.Sequential(nn.ReLU())), nn.Linear(4, 3)), batch=torch.randn(2, 4)
    )
    assert ops(inside).count("unknown") == 1 and ops(inside).count("linear") == 2


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((nn.Linear,), ModelError, "model is the class Linear, not a model; pass an instance: Linear(...)"),
        ((lambda: small(),), ModelError, "if it is a function that makes one, call it first"),
        (("model.pt",), ModelError, "model must be a torch.nn.Module or a Keras model, not builtins.str"),
        ((small(), "cross_entrophy"), ParameterError, "Did you mean 'cross_entropy'?"),
        ((small(), nn.CrossEntropyLoss), ParameterError, "loss is the class CrossEntropyLoss, not a loss; pass an instance"),
        ((small(), 3), ParameterError, "loss must be a name such as 'cross_entropy'"),
        (
            (small(), None, torch.randn(2, 5)),
            DataError,
            "the model cannot run on the batch given (inputs input (2, 5) float32)",
        ),
        ((small(), None, {"y": torch.randn(2, 4)}), DataError, "unexpected keyword argument 'y'"),
        ((small(), None, (torch.randn(2, 4), None, None)), DataError, "batch has 3 parts; pass (inputs, targets)"),
        ((small(), None, ("text", 1)), DataError, "batch holds no tensor among its inputs"),
        ((small(), "mse", (torch.randn(2, 4), ["a", "b"])), DataError, "not numbers; pass what the loss gets"),
        ((small(), "mse", (torch.randn(2, 4), [[1, 2], [3]])), DataError, "lists of unequal length"),
        ((small(), "mse", (torch.randn(2, 4), torch.zeros(0))), DataError, "the targets of the batch are empty"),
        ((small(), None, None, 0.1), ParameterError, "optimizer must be a torch.optim.Optimizer or a dictionary"),
    ],
)
def test_bad_input_is_a_sentence(arguments: tuple[Any, ...], error: type[NonlinError], text: str) -> None:
    with pytest.raises(error) as caught:
        read(*arguments)
    assert text in str(caught.value)


def test_a_forward_that_raises_is_told_with_its_first_line() -> None:
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if x.sum() < 1e9:
                raise KeyError("no such head")
            return x

    with pytest.raises(DataError, match="KeyError: 'no such head'"):
        read(Broken(), batch=torch.randn(2, 4))


@pytest.mark.parametrize("wrong", [lambda m, x: m.act(x), lambda m, x: nn.ReLU(x)])
def test_a_class_called_on_a_tensor_is_told(wrong: Any) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.act, self.b = nn.Linear(4, 4), nn.ReLU, nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.b(wrong(self, self.a(x)))

    with pytest.raises(
        ModelError, match=r"'b' is given a module, ReLU, instead of a tensor: the class was called on a tensor"
    ):
        read(Net(), batch=torch.randn(2, 4))
    assert not read(Net()).complete


def test_a_model_without_activations_is_remarked() -> None:
    assert read(nn.Linear(4, 3)).remarks == ("no activation function was found in Linear",)
    assert not read(nn.LSTM(4, 3)).remarks


def test_select_and_ignore() -> None:
    wrong = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))
    assert "NL102" in {f.rule.code for f in nonlin.lint(wrong, "cross_entropy", select=["NL1"])}
    assert nonlin.lint(wrong, "cross_entropy", ignore=["softmax-into-cross-entropy"], select="NL1") == []
    with pytest.raises(NonlinError, match="Did you mean 'NL102'"):
        nonlin.lint(wrong, "cross_entropy", select=["NLX102"])


# -- factories --------------------------------------------------------------------------------------------------------------------------


def test_factories_are_called_and_their_errors_are_sentences(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made_here.py").write_text(
        "from torch import nn\nready = nn.ReLU()\n\n\ndef make():\n    return nn.Linear(2, 3)\n\n\ndef fails():\n    raise OSError('no disk')\n"
    )
    (tmp_path / "broken_here.py").write_text("1/0\n")
    monkeypatch.chdir(tmp_path)
    assert isinstance(made("made_here:make", "the model"), nn.Linear)
    assert isinstance(made("made_here:ready", "the model"), nn.ReLU)
    for spec, text in (
        ("made_here:mak", "made_here has no 'mak'. Did you mean 'make'?"),
        ("made_here:fails", "calling fails() raised OSError: no disk"),
        ("broken_here:make", "importing 'broken_here' failed: ZeroDivisionError"),
        ("nowhere_at_all:make", "importing 'nowhere_at_all' failed: ModuleNotFoundError"),
        ("made_here", "must have the form module:function"),
    ):
        with pytest.raises(ModelError) as caught:
            made(spec, "the model")
        assert text in str(caught.value)


def test_reading_twice_gives_the_same() -> None:
    model = Wayward(small())
    x = torch.randn(2, 4)
    first, second = read(model, batch=x), read(copy.deepcopy(model), batch=x)
    assert [(n.op, n.inputs, n.place) for n in first.nodes] == [(n.op, n.inputs, n.place) for n in second.nodes]
