"""NL3xx and NL4xx: the depth gain against measured networks, constant layers, kits, learning rates, inputs and labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import nonlin
from nonlin.findings import Severity
from nonlin.lint.depth import chains, gain
from nonlin.lint.model import read
from nonlin.lint.net import Net
from nonlin.lint.rules import RULES

Draw = Callable[[Tensor], Any]


def deep(
    layers: int, width: int, act: Callable[[], nn.Module], draw: Draw, *, inner: int = 64, outer: int | None = None
) -> nn.Sequential:
    """Return an MLP whose weights are drawn by ``draw`` and whose biases are zero."""
    torch.manual_seed(0)
    widths = [inner, *[width] * (layers - 1), outer or width]
    made = [m for a, b in zip(widths, widths[1:], strict=False) for m in (nn.Linear(a, b), act())][:-1]
    for m in made:
        if isinstance(m, nn.Linear):
            draw(m.weight)
            nn.init.zeros_(m.bias)
    return nn.Sequential(*made)


def measured(model: nn.Sequential, x: Tensor) -> float:
    """Return the ratio of the between-sample deviations of the last and the first pre-activation."""
    spread = []
    with torch.no_grad():
        for m in model:
            x = m(x)
            if isinstance(m, nn.Linear | nn.Conv2d):
                spread.append(float(x.double().flatten(1).var(dim=0).mean().sqrt()))
    return spread[-1] / spread[0]


def predicted(model: nn.Module, x: Tensor) -> float:
    net = read(model, batch=x)
    (steps,) = chains(net)
    found = gain(net, steps, 0.0, 1.0)
    assert found is not None
    return found.deviations[-1] / found.deviations[0]


def codes(model: Any, *args: Any, **kwargs: Any) -> dict[str, Severity]:
    return {f.rule.code: f.severity for f in nonlin.lint(model, *args, **kwargs)}


# -- depth ---------------------------------------------------------------------------------------------------------------------

HE = nn.init.kaiming_normal_
LECUN: Draw = lambda w: nn.init.kaiming_normal_(w, nonlinearity="linear")  # noqa: E731
CASES: dict[str, tuple[nn.Sequential, float]] = {
    # networks of the published faulty programs and their fixes, each with the factor within which the prediction must be
    "34 relu, glorot": (deep(34, 64, nn.ReLU, nn.init.xavier_normal_), 3),
    "34 relu, he": (deep(34, 64, nn.ReLU, HE), 3),
    "5 sigmoid, normal 0.05": (deep(6, 128, nn.Sigmoid, lambda w: nn.init.normal_(w, std=0.05)), 2),
    "5 relu, he": (deep(6, 128, nn.ReLU, HE), 2),
    "5 sigmoid, default": (deep(6, 64, nn.Sigmoid, lambda w: nn.init.uniform_(w, -0.125, 0.125)), 2),
    "relu, uniform 0.05": (deep(7, 100, nn.ReLU, lambda w: nn.init.uniform_(w, -0.05, 0.05)), 2),
    "9 sigmoid of width 5": (deep(10, 5, nn.Sigmoid, nn.init.xavier_uniform_), 6),
    "8 selu, he": (deep(8, 128, nn.SELU, HE), 3),
    "8 selu, lecun": (deep(8, 128, nn.SELU, LECUN), 2),
    "20 tanh, glorot": (deep(20, 128, nn.Tanh, nn.init.xavier_normal_), 2),
    "12 tanh, too wide": (deep(12, 128, nn.Tanh, lambda w: nn.init.normal_(w, std=0.3)), 2),
    "10 gelu, he": (deep(10, 128, nn.GELU, HE), 2),
    "10 silu, default": (deep(10, 128, nn.SiLU, lambda w: nn.init.kaiming_uniform_(w, a=math.sqrt(5))), 2),
    "10 leaky relu, he": (deep(10, 128, lambda: nn.LeakyReLU(0.2), HE), 2),
}


@pytest.mark.parametrize("name", list(CASES))
def test_the_depth_gain_is_what_is_measured(name: str) -> None:
    model, factor = CASES[name]
    torch.manual_seed(1)
    x = torch.randn(1024, 64)
    told, true = predicted(model, x), measured(model, x)
    assert 1 / factor < told / true < factor, f"predicted {told:.3g}, measured {true:.3g}"


def test_the_depth_gain_of_convolutions() -> None:
    torch.manual_seed(0)
    body = [m for k in range(6) for m in (nn.Conv2d(3 if k == 0 else 16, 16, 3, padding=1), nn.ReLU())][:-1]
    model = nn.Sequential(*body)
    x = torch.randn(256, 3, 12, 12)
    assert 1 / 3 < predicted(model, x) / measured(model, x) < 3


@pytest.mark.parametrize(
    ("name", "warned"),
    [("34 relu, glorot", True), ("34 relu, he", False), ("5 sigmoid, normal 0.05", True), ("5 relu, he", False),
     ("9 sigmoid of width 5", True), ("20 tanh, glorot", False), ("10 gelu, he", False), ("relu, uniform 0.05", True)],
)  # fmt: skip
def test_a_decaying_signal_is_warned_of(name: str, warned: bool) -> None:
    found = {f.rule.code: f for f in nonlin.lint(CASES[name][0], batch=torch.randn(64, 64))}
    assert ("NL301" in found) is warned
    if warned:
        finding = found["NL301"]
        assert finding.severity is Severity.WARNING
        assert finding.data["gain"] < 1e-2
        assert finding.remedy is not None and "nonlin.nn.init_(model)" in finding.remedy.summary
        assert "shrinks" in finding.message and finding.place.layer


def test_an_exploding_signal_is_warned_of() -> None:
    model = deep(8, 64, nn.ReLU, lambda w: nn.init.normal_(w, std=1.0))
    (finding,) = [f for f in nonlin.lint(model) if f.rule.code == "NL301"]
    assert "grows" in finding.message and finding.data["gain"] > 1e2


def test_the_remedy_works() -> None:
    model = deep(20, 64, nn.ReLU, lambda w: nn.init.normal_(w, std=0.02))
    assert "NL301" in codes(model)
    nonlin.nn.init_(model, seed=0)
    assert "NL301" not in codes(model)


@pytest.mark.parametrize("rescue", ["norm", "skip", "none"])
def test_norms_and_skips_rescue(rescue: str) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(32, 32) for _ in range(12))
            self.norms = nn.ModuleList(nn.LayerNorm(32) for _ in range(12))
            for m in self.layers:
                nn.init.normal_(m.weight, std=0.02)

        def forward(self, x: Tensor) -> Tensor:
            for layer, norm in zip(self.layers, self.norms, strict=True):
                h = torch.relu(layer(x))
                x = norm(h) if rescue == "norm" else x + h if rescue == "skip" else h
            return x

    assert ("NL301" in codes(Net(), batch=torch.randn(8, 32))) is (rescue == "none")


def test_defaults_of_pytorch_are_information_up_to_a_thousandth() -> None:
    def default(layers: int) -> dict[str, Severity]:
        return codes(deep(layers, 64, nn.ReLU, lambda w: nn.init.kaiming_uniform_(w, a=math.sqrt(5)), outer=10))

    assert "NL301" not in default(5)
    assert default(8)["NL301"] is Severity.INFO
    assert default(14)["NL301"] is Severity.WARNING


def test_a_small_head_is_a_choice() -> None:
    model = deep(4, 64, nn.Tanh, nn.init.xavier_normal_, outer=4)
    nn.init.orthogonal_(model[-1].weight, 0.001)
    assert "NL301" not in codes(model)


# -- constant layers -----------------------------------------------------------------------------------------------------------------


def constant(*values: float, act: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), act(), nn.Linear(16, 16), act(), nn.Linear(16, 4))
    for m, value in zip((model[0], model[2], model[4]), values, strict=True):
        if not math.isnan(value):
            nn.init.constant_(m.weight, value)
            nn.init.zeros_(m.bias)
    return model


KEPT = math.nan


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        ((0.1, 0.1, 0.1), Severity.ERROR),
        ((0.0, 0.0, 0.0), Severity.ERROR),
        ((KEPT, 0.0, 0.0), Severity.ERROR),
        ((KEPT, 0.0, KEPT), Severity.ERROR),
        ((0.1, KEPT, KEPT), Severity.WARNING),
        ((KEPT, KEPT, 0.0), None),
        ((KEPT, KEPT, 0.1), None),
        ((KEPT, KEPT, KEPT), None),
    ],
)
def test_constant_layers(values: tuple[float, ...], severity: Severity | None) -> None:
    assert codes(constant(*values)).get("NL302") == severity


def test_what_is_told_of_constant_layers_is_true() -> None:
    """Units of two constant layers stay copies; behind two zero layers, or a zero layer before ReLU, no gradient arrives."""
    x, y = torch.randn(32, 8), torch.arange(32) % 4
    for values in ((0.1, 0.1, KEPT), (0.0, 0.0, 0.0), (KEPT, 0.0, KEPT)):
        model = constant(*values)
        start = model[2].weight.detach().clone()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        for _ in range(5):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        if values[1] == 0.0:
            assert torch.equal(model[2].weight, start)
        else:
            assert (
                torch.allclose(model[0].weight, model[0].weight[:1].expand_as(model[0].weight), atol=1e-6)
                or values[2] is KEPT
            )


def test_a_zero_layer_before_tanh_learns_and_is_not_blamed() -> None:
    assert "NL302" not in codes(constant(KEPT, 0.0, KEPT, act=nn.Tanh))


def test_fixed_filters_and_single_units_are_meant() -> None:
    blur = nn.Conv2d(4, 4, 3, groups=4, bias=False)
    nn.init.constant_(blur.weight, 1 / 9)
    box = nn.Conv2d(4, 4, 3, bias=False).requires_grad_(False)
    nn.init.constant_(box.weight, 1 / 9)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), blur, box, nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2))
    assert "NL302" not in codes(model, batch=torch.randn(2, 3, 12, 12))


# -- kits ------------------------------------------------------------------------------------------------------------------------------


def selu(draw: Draw, *extra: Callable[[], nn.Module]) -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for _ in range(4):
        linear = nn.Linear(64, 64)
        draw(linear.weight)
        layers += [linear, *(e() for e in extra if e is not DROPS[0] and e is not DROPS[1]), nn.SELU()]
        layers += [e() for e in extra if e in DROPS]
    return nn.Sequential(*layers, nn.Linear(64, 2))


DROPS: tuple[Callable[[], nn.Module], ...] = (nn.Dropout, nn.AlphaDropout)


@pytest.mark.parametrize(
    ("draw", "extra", "words"),
    [
        (LECUN, (), ""),
        (LECUN, (nn.AlphaDropout,), ""),
        (LECUN, (nn.Dropout,), "Dropout beside SELU"),
        (LECUN, (lambda: nn.BatchNorm1d(64),), "batch normalisation beside SELU"),
        (HE, (), "fan_in Var(w) of"),
    ],
)
def test_the_selu_kit(draw: Draw, extra: tuple[Callable[[], nn.Module], ...], words: str) -> None:
    told = [f for f in nonlin.lint(selu(draw, *extra)) if f.rule.code == "NL303"]
    assert [words in f.message for f in told] == ([True] if words else [])


def sines(omega: float, bound: float) -> nn.Module:
    class Sine(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.sin(omega * x)

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 64), Sine(), nn.Linear(64, 64), Sine(), nn.Linear(64, 64), Sine(), nn.Linear(64, 1))
    for m in (model[2], model[4]):
        nn.init.uniform_(m.weight, -bound, bound)
    return model


@pytest.mark.parametrize(("omega", "bound", "wrong"), [(30, math.sqrt(6 / 64) / 30, False), (30, 1 / 8, True), (1, 1 / 8, False),
                                                       (30, 1e-3, True), (10, math.sqrt(6 / 64) / 10, False)])  # fmt: skip
def test_the_siren_kit(omega: float, bound: float, wrong: bool) -> None:
    told = [f for f in nonlin.lint(sines(omega, bound)) if f.rule.code == "NL304"]
    assert bool(told) is wrong
    if wrong:
        assert "2 such layers" in told[0].message
        assert f"{math.sqrt(6 / 64) / omega:.3g}" in told[0].proof


def test_single_layers_far_off_are_information_and_one_line() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    nn.init.normal_(model[0].weight, std=3.0)
    told = [f for f in nonlin.lint(model) if f.rule.code == "NL305"]
    assert [(f.severity, f.place.layer) for f in told] == [(Severity.INFO, "0")]
    assert "wider than its activation asks for" in told[0].message


# -- settings and data ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rate", "severity"),
    [("Adam", 1e-3, None), ("Adam", 0.1, Severity.INFO), ("Adam", 3.0, Severity.WARNING), ("SGD", 1.0, None), ("SGD", 50.0, Severity.WARNING),
     ("adam", 1e-9, Severity.WARNING), ("Adam", 0.0, None), ("Adadelta", 1.0, None), ("LBFGS", 1, None), ("Mine", 1e3, None),
     ("Mine", -1.0, Severity.WARNING), ("keras.optimizers.SGD", 20.0, Severity.WARNING)],
)  # fmt: skip
def test_learning_rates(name: str, rate: float, severity: Severity | None) -> None:
    told = codes(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)), optimizer={"optimizer": name, "lr": rate})
    assert told.get("NL401") == severity


def classifier(*first: nn.Module) -> nn.Sequential:
    return nn.Sequential(*first, nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 3))


@pytest.mark.parametrize(
    ("model", "x", "wrong"),
    [
        (classifier(), torch.randn(32, 16), False),
        (classifier(), torch.rand(32, 16) * 255, True),
        (classifier(), torch.rand(32, 16) * 1e-5, True),
        (classifier(nn.BatchNorm1d(16)), torch.rand(32, 16) * 255, False),
        (classifier(nn.Flatten()), torch.rand(32, 4, 4) * 255, True),
        (classifier(), torch.full((32, 16), float("nan")), True),
        (classifier(), torch.zeros(32, 16), False),
    ],
)
def test_the_scale_of_inputs(model: nn.Module, x: Tensor, wrong: bool) -> None:
    told = [f for f in nonlin.lint(model, batch=x) if f.rule.code == "NL402"]
    assert bool(told) is wrong
    if wrong and float(x.max()) > 200:
        assert "divide pixels by 255" in told[0].remedy.summary  # type: ignore[union-attr]


def head(outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, outputs))


@pytest.mark.parametrize(
    ("model", "loss", "y", "words"),
    [
        (head(1), nn.MSELoss(), torch.randn(8), "compares every prediction with every target (8 x 8 pairs)"),
        (head(1), "l1", torch.randn(8), "compares every prediction"),
        (head(1), nn.MSELoss(), torch.randn(8, 1), ""),
        (nn.Sequential(head(1), nn.Flatten(0)), nn.MSELoss(), torch.randn(8, 1), "compares every prediction"),
        (head(1), nn.BCEWithLogitsLoss(), torch.ones(8), "refuses that"),
        (head(3), "cross_entropy", torch.arange(8) % 3, ""),
        (head(3), "cross_entropy", torch.arange(8) % 3 + 1, "labels that start at 1?"),
        (head(3), "cross_entropy", torch.arange(8), "reads 0 to 2"),
        (head(3), "cross_entropy", torch.tensor([0, 1, 2, -100, 0, 1, 2, -100]), ""),
        (head(3), nn.CrossEntropyLoss(ignore_index=255), torch.tensor([0, 1, 2, 255, 0, 1, 2, 255]), ""),
        (head(3), "cross_entropy", (torch.arange(8) % 3).unsqueeze(1), "reads class indices of shape (batch,)"),
        (head(3), "cross_entropy", torch.eye(3)[torch.arange(8) % 3], ""),
        (head(3), "cross_entropy", torch.full((8, 3), 2.0), "rows of 3 probabilities that sum to 1"),
        (head(3), "cross_entropy", torch.full((8, 3), 1 / 3), ""),
        (nn.Sequential(head(3), nn.LogSoftmax(1)), nn.NLLLoss(), torch.eye(3)[torch.arange(8) % 3], "reads class indices"),
        (head(3), nn.CrossEntropyLoss(), torch.arange(8) % 3 * 1.0, "cannot be computed on the batch"),
        (head(3), nn.CrossEntropyLoss(), torch.zeros(5, dtype=torch.long), "cannot be computed on the batch"),
    ],
)
def test_the_format_of_labels(model: nn.Module, loss: Any, y: Tensor, words: str) -> None:
    told = [f for f in nonlin.lint(model, loss, (torch.randn(8, 4), y)) if f.rule.code == "NL403"]
    assert [words in f.message for f in told] == ([True] if words else []), told


# -- the rows ---------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [c for c in RULES if c.startswith(("NL3", "NL4"))])
@pytest.mark.parametrize("side", ["wrong", "right"])
def test_the_examples_of_the_rules_are_true(code: str, side: str) -> None:
    text = getattr(RULES[code], side)
    text = "\n".join(
        line for line in text.splitlines() if "model(x)" not in line and not line.startswith(("loss.b", "optimizer.step"))
    )
    space: dict[str, Any] = {}
    exec(text, space)  # our own table's text
    told = nonlin.lint(space["model"], space.get("loss"), space.get("batch"), optimizer=space.get("optimizer"))
    worst = [f.rule.code for f in told if f.severity > Severity.INFO or f.rule.code == code]
    assert worst == ([code] if side == "wrong" else [])


def test_a_network_read_from_source_has_no_weights_to_judge() -> None:
    from nonlin.lint import data, initialisation

    net = Net("Net", ())
    assert not [f for check in (*initialisation.CHECKS, *data.CHECKS) for f in check(net)]
