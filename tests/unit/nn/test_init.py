"""nn.init_: the gain of what follows each layer, however the order is found, and signals that keep their size."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import torch
from registry import MODULES
from torch.nn import functional as F

from nonlin import nn
from nonlin.catalogue import definitions
from nonlin.errors import ModelError, ParameterError
from nonlin.facts import gain

SINGLE = [n for n in MODULES if definitions()[n].kind == "elementwise"]


@pytest.mark.parametrize("kind", ["forward", "variance", "backward"])
@pytest.mark.parametrize("name", SINGLE)
def test_gain_and_std(name: str, kind: Any) -> None:
    try:
        gain(name, kind)
    except ParameterError as err:  # the derivative of a step is 0 almost everywhere
        with pytest.raises(ParameterError, match=re.escape(str(err).partition(",")[0])):
            nn.init_(torch.nn.Sequential(torch.nn.Linear(2, 3), nn.module(name)), kind=kind)
        return
    layer, head = torch.nn.Linear(200, 300), torch.nn.Linear(300, 4)
    report = nn.init_(torch.nn.Sequential(layer, nn.module(definitions()[name]), head), kind=kind, seed=0)
    assert [(r.path, r.activation, r.gain) for r in report.layers] == [("0", name, gain(name, kind)), ("2", "linear", 1.0)]
    assert float(layer.weight.detach().std()) == pytest.approx(gain(name, kind) / math.sqrt(200), rel=0.02)
    assert not layer.bias.any()
    assert report.order == "the traced graph"


@pytest.mark.parametrize("name", ["relu", "tanh", "mish", "selu", "sigmoid"])
def test_signals_keep_their_size(name: str) -> None:
    """The second moment of the pre-activations is the same after 5 layers, within the noise of width 1000.

    (Deeper, that of mish and its kin drifts: their fixed point repels.)
    """
    layers = [m for _ in range(6) for m in (torch.nn.Linear(1000, 1000), nn.module(definitions()[name]))]
    model = torch.nn.Sequential(*layers)
    nn.init_(model, seed=1)
    # a Gaussian of unit second moment goes into the first activation, so that every later layer should give one too
    data = torch.randn(16, 1000, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        last = model[1:-1](data)
    assert float(last.square().mean()) == pytest.approx(1, rel=0.15)


def test_convolutions_and_fans() -> None:
    def std(layer: torch.nn.Module, **options: Any) -> float:
        return nn.init_(torch.nn.Sequential(layer), **options).layers[0].std

    assert std(torch.nn.Conv2d(6, 8, 3)) == pytest.approx(1 / math.sqrt(6 * 9))
    assert std(torch.nn.Conv2d(6, 8, 3), mode="fan_out") == pytest.approx(1 / math.sqrt(8 * 9))
    assert std(torch.nn.Conv2d(6, 8, 3, groups=2)) == pytest.approx(1 / math.sqrt(3 * 9))
    assert std(torch.nn.Conv1d(6, 8, 5)) == pytest.approx(1 / math.sqrt(6 * 5))
    assert std(torch.nn.Conv3d(2, 8, 3)) == pytest.approx(1 / math.sqrt(2 * 27))
    assert std(torch.nn.ConvTranspose2d(6, 8, 4, stride=2)) == pytest.approx(1 / math.sqrt(6 * 16 / 4))
    assert std(torch.nn.ConvTranspose2d(6, 8, 4, stride=2), mode="fan_out") == pytest.approx(1 / math.sqrt(8 * 16))
    layer = torch.nn.ConvTranspose2d(64, 64, 4, stride=2, padding=1)
    nn.init_(torch.nn.Sequential(layer), seed=0)  # the fan in is right if unit variance comes out
    out = layer(torch.randn(4, 64, 12, 12, generator=torch.Generator().manual_seed(0)))[..., 2:-2, 2:-2]
    assert float(out.detach().var()) == pytest.approx(1, rel=0.1)


def test_uniform_and_seed() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(100, 100), torch.nn.ReLU())
    nn.init_(model, distribution="uniform", seed=3)
    weight = model[0].weight.detach().clone()  # type: ignore[operator]
    std = math.sqrt(2 / 100)
    assert float(weight.std()) == pytest.approx(std, rel=0.02)
    assert float(weight.abs().max()) == pytest.approx(std * math.sqrt(3), rel=0.01)
    nn.init_(model, distribution="uniform", seed=3)
    assert torch.equal(model[0].weight, weight)  # type: ignore[arg-type]
    nn.init_(model.half(), distribution="uniform", seed=3)
    assert torch.equal(model[0].weight, weight.half())  # type: ignore[arg-type]
    nn.init_(model, seed=4)
    assert not torch.equal(model[0].weight, weight.half())  # type: ignore[arg-type]
    torch.manual_seed(0)
    nn.init_(model)
    first = model[0].weight.clone()  # type: ignore[operator]
    nn.init_(model)
    assert not torch.equal(model[0].weight, first)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "layer",
    [torch.nn.Linear(30, 50), torch.nn.Linear(50, 30, bias=False), torch.nn.Conv2d(4, 12, 3), torch.nn.Conv1d(8, 64, 2, groups=4),
     torch.nn.ConvTranspose2d(12, 6, 3, stride=2, groups=2)],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
def test_orthogonal(layer: Any, mode: Any) -> None:
    row, _ = nn.init_(
        torch.nn.Sequential(layer, torch.nn.GELU(), torch.nn.Linear(2, 2)), distribution="orthogonal", mode=mode, seed=0
    ).layers
    assert row.gain == gain("gelu")
    weight = layer.weight.detach()
    assert float(weight.square().mean()) == pytest.approx(row.std**2, rel=1e-5)
    for part in weight.chunk(getattr(layer, "groups", 1)):
        flat = part.flatten(1).double()
        flat = flat if flat.shape[0] <= flat.shape[1] else flat.T
        square = flat @ flat.T / (row.std**2 * flat.shape[1])
        torch.testing.assert_close(square, torch.eye(len(flat), dtype=torch.float64), atol=1e-5, rtol=0)


def test_glorot_and_lecun() -> None:
    layer = torch.nn.Linear(30, 50)
    model = torch.nn.Sequential(layer, torch.nn.Tanh())
    (row,) = nn.init_(model, mode="fan_avg", kind="linear", seed=0).layers
    assert (row.activation, row.gain, row.std) == ("tanh", 1, pytest.approx(math.sqrt(2 / 80)))
    assert nn.init_(model, mode="fan_avg").layers[0].std == pytest.approx(gain("tanh") * math.sqrt(2 / 80))
    assert nn.init_(model, kind="linear").layers[0].std == pytest.approx(1 / math.sqrt(30))
    assert nn.init_(torch.nn.Sequential(torch.nn.Conv2d(2, 6, 3)), mode="fan_avg").layers[0].std == pytest.approx(1 / 6)


def test_embeddings_on_request() -> None:
    class Words(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.places = torch.nn.Embedding(500, 40, padding_idx=3), torch.nn.Embedding(9, 40)
            self.hidden, self.head = torch.nn.Linear(40, 40), torch.nn.Linear(40, 9, bias=False)
            self.head.weight = self.places.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(torch.relu(self.hidden(torch.tanh(self.words(x)))))

    model = Words()
    report = nn.init_(model, embeddings=True, seed=0)
    assert {r.path: (r.activation, r.std) for r in report.layers} == {
        "words": ("tanh", pytest.approx(gain("tanh"))),
        "hidden": ("relu", pytest.approx(math.sqrt(2 / 40))),
        "head": ("linear", pytest.approx(1 / math.sqrt(40))),
    }
    assert [p for p, _ in report.skipped] == ["places"]  # its weight is the head's
    weight = model.words.weight.detach()
    assert not weight[3].any()
    assert float(weight[4:].std()) == pytest.approx(gain("tanh"), rel=0.02)
    assert nn.init_(model, embeddings=True, mode="fan_out").layers[-1].std == pytest.approx(gain("tanh") / math.sqrt(40))
    assert [p for p, _ in nn.init_(model).skipped] == ["words", "places"]


class Residual(torch.nn.Module):
    """Normalisation, a shortcut of its own, pooling, a functional activation, dropout and flattening in between."""

    def __init__(self) -> None:
        super().__init__()
        self.main, self.norm = torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.BatchNorm2d(4)
        self.short = torch.nn.Conv2d(3, 4, 1)
        self.hidden, self.head = torch.nn.Linear(4 * 16, 8), torch.nn.Linear(8, 2)
        self.drop = torch.nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.silu(self.norm(self.main(x)) + self.short(x))
        x = torch.tanh(self.drop(self.hidden(F.max_pool2d(x, 2).flatten(1))))
        return self.head(x)


class Branching(Residual):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) if x.sum() > -1e9 else x


def test_through_normalisation_sums_and_functions() -> None:
    model = Residual()
    report = nn.init_(model, seed=0)
    found = {r.path: r.activation for r in report.layers}
    assert found == {"main": "silu", "short": "silu", "hidden": "tanh", "head": "linear"}
    assert torch.equal(model.norm.weight, torch.ones(4))


def test_order_of_an_example_run() -> None:
    model = Branching()
    data = torch.randn(2, 3, 8, 8)
    blind = nn.init_(model, seed=0)
    assert blind.order.startswith("the order of registration, functional calls unseen; torch.fx cannot trace it (TraceError")
    assert {r.activation for r in blind.layers} == {"linear"}
    report = nn.init_(model, seed=0, example=data)
    assert report.order.startswith("the order in which the example ran")
    assert {r.path: r.activation for r in report.layers} == {
        "main": "linear",
        "short": "silu",
        "hidden": "tanh",
        "head": "linear",
    }
    assert model.training
    assert int(model.norm.num_batches_tracked) == 0
    with pytest.raises(ModelError, match="cannot run on the example given: RuntimeError"):
        nn.init_(model, example=torch.ones(2, 5))


def test_example_sees_modules_of_both_kinds() -> None:
    class Loop(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.steps = torch.nn.ModuleList([torch.nn.Linear(2, 2), torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)])
            self.acts = torch.nn.ModuleList([nn.Mish(), torch.nn.ELU()])

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for step, act in zip(self.steps, self.acts, strict=False):
                x = act(step(x)) if x.sum() < 1e9 else x
            return self.steps[2](x).relu()

    report = nn.init_(Loop(), example=(torch.ones(1, 2),))
    assert [r.activation for r in report.layers] == ["mish", "elu", "relu"]


def test_learned_and_bound_parameters_count() -> None:
    prelu = torch.nn.PReLU(2)
    torch.nn.init.constant_(prelu.weight, 0.5)
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), prelu, torch.nn.Linear(2, 2), torch.nn.LeakyReLU(0.2),
                                torch.nn.Linear(2, 2), nn.PReLU(0.1))  # fmt: skip
    gains = [r.gain for r in nn.init_(model).layers]
    assert gains == pytest.approx([math.sqrt(2 / 1.25), math.sqrt(2 / 1.04), math.sqrt(2 / 1.01)])


@pytest.mark.parametrize("pieces", [1, 2, 3, 5])
def test_maxout(pieces: int) -> None:
    layer = nn.MaxoutLinear(50, 20, pieces=pieces)
    (row,) = nn.init_(layer).layers
    sample = torch.randn(200_000, pieces, generator=torch.Generator().manual_seed(0)).amax(1)
    assert row.gain == pytest.approx(float(sample.square().mean()) ** -0.5, rel=0.01)
    assert row.activation == f"maxout of {pieces}"


def test_transformer_and_what_has_rules_of_its_own() -> None:
    model = torch.nn.ModuleDict({
        "block": torch.nn.TransformerEncoderLayer(8, 2, 16, activation="gelu"),
        "words": torch.nn.Embedding(4, 8),
        "rnn": torch.nn.GRU(8, 8),
    })  # fmt: skip
    before = {k: v.clone() for k, v in model.state_dict().items()}
    report = nn.init_(model)
    assert [(r.path, r.activation) for r in report.layers] == [("block.linear1", "gelu"), ("block.linear2", "linear")]
    assert [p for p, _ in report.skipped] == ["block.self_attn", "words", "rnn"]
    changed = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {f"block.linear{k}.{p}" for k in (1, 2) for p in ("weight", "bias")}


def test_parametrised_weights_are_left_alone() -> None:
    model = torch.nn.Sequential(torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(3, 3)), torch.nn.ReLU(),
                                torch.nn.Linear(3, 3))  # fmt: skip
    report = nn.init_(model)
    assert [r.path for r in report.layers] == ["2"]
    assert "parametrisation" in report.skipped[0][1]


def test_lazy_and_meta() -> None:
    def lazy() -> torch.nn.Sequential:
        return torch.nn.Sequential(torch.nn.LazyLinear(3), torch.nn.SELU(), torch.nn.Linear(3, 1))

    with pytest.raises(ModelError, match=r"the layer '0' \(LazyLinear\) does not know its size yet; pass example="):
        nn.init_(lazy())
    assert [r.gain for r in nn.init_(lazy(), example=torch.ones(2, 5)).layers] == pytest.approx([1, 1])
    with torch.device("meta"):
        model = torch.nn.Sequential(torch.nn.Linear(2, 2))
    with pytest.raises(ModelError, match="'0' is on the meta device"):
        nn.init_(model)


def test_messages() -> None:
    linear = torch.nn.Linear(2, 2)
    for make, message in (
        (lambda: nn.init_(torch.nn.ReLU()), "ReLU has no linear or convolutional layer"),
        (lambda: nn.init_(linear, mode="fan"), "mode must be one of 'fan_in', 'fan_out', 'fan_avg', not 'fan'"),
        (lambda: nn.init_(linear, kind="up"), "kind must be one of"),
        (lambda: nn.init_(linear, embeddings=1), "embeddings must be True or False, not 1"),
        (lambda: nn.init_(linear, distribution="cauchy"), "distribution must be one of"),
        (lambda: nn.init_("model"), "model must be a torch.nn.Module, not str"),
        (lambda: nn.init_(torch.nn.Sequential(linear, nn.module("sqrt(abs(x))")), kind="backward"), "is infinite"),
    ):
        before = linear.weight.clone()
        with pytest.raises((ModelError, ParameterError)) as err:
            make()
        assert message in str(err.value)
        assert torch.equal(linear.weight, before)
