"""Weights known from how the program's text draws them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from nonlin.lint.checks import run
from nonlin.lint.depth import second_moment
from nonlin.lint.drawn import Drawn, variance_of
from nonlin.lint.source import read_text

HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import init\n"


def started(call: str) -> str | None:
    net = read_text(f"{HEAD}fc = nn.Linear(50, 200)\n{call}\ny = fc(x)\n", "p.py").nets[0]
    return next(n for n in net.nodes if n.op == "linear").attrs.get("init")


@pytest.mark.parametrize(
    "call",
    [
        "init.kaiming_normal_(fc.weight)",
        "init.kaiming_uniform_(fc.weight, a=5 ** 0.5)",
        "init.kaiming_normal_(fc.weight, nonlinearity='linear')",
        "init.kaiming_normal_(fc.weight, nonlinearity='tanh')",
        "init.kaiming_normal_(fc.weight, nonlinearity='selu')",
        "init.xavier_uniform_(fc.weight)",
        "init.normal_(fc.weight, 0.0, 0.3)",
        "init.uniform_(fc.weight, -0.2, 0.2)",
    ],
)
def test_variances_are_those_of_the_library(call: str) -> None:
    torch.manual_seed(0)
    fc = nn.Linear(50, 200)
    exec(call, {"init": nn.init, "fc": fc})
    told = started(call)
    assert told is not None
    assert variance_of(told, 50, 200) == pytest.approx(float(fc.weight.detach().var()), rel=0.05)


@pytest.mark.parametrize(
    "call",
    [
        "init.uniform_(fc.weight)",
        "init.normal_(fc.weight, 1.0, 0.1)",
        "init.kaiming_normal_(fc.weight, mode='fan_out')",
        "init.xavier_normal_(fc.weight, gain=2.0)",
        "init.orthogonal_(fc.weight)",
        "init.kaiming_normal_(fc.weight, nonlinearity=word)",
    ],
)
def test_others_are_not_guessed(call: str) -> None:
    told = started(call)
    assert told is None or variance_of(told, 50, 200) is None


def test_a_drawn_weight_answers_like_a_tensor() -> None:
    weight = Drawn((20, 10), 0.04)
    assert (weight.numel(), weight.var(correction=0)) == (200, 0.04)
    assert second_moment(weight) == pytest.approx(0.04)


DEEP = "layers = []\nfor _ in range(5):\n    fc = nn.Linear(64, 64)\n    {call}\n    layers += [fc, {act}]\nmodel = nn.Sequential(*layers)\n"


@pytest.mark.parametrize(
    ("call", "act", "wanted"),
    [
        ("init.uniform_(fc.weight, -0.05, 0.05)", "nn.ReLU()", ["NL301"]),
        ("init.kaiming_normal_(fc.weight)", "nn.ReLU()", []),
        ("pass", "nn.ReLU()", []),
        ("init.kaiming_normal_(fc.weight)", "nn.SELU()", ["NL303"]),
        ("init.kaiming_normal_(fc.weight, nonlinearity='linear')", "nn.SELU()", []),
        ("init.kaiming_normal_(fc.weight, nonlinearity='linear')", "nn.SELU(), nn.Dropout(0.1)", ["NL303"]),
        ("init.kaiming_normal_(fc.weight, nonlinearity='linear')", "nn.SELU(), nn.Dropout(rate)", []),
        ("init.kaiming_normal_(fc.weight, nonlinearity='linear')", "nn.SELU(), nn.AlphaDropout(0.1)", []),
    ],
)
def test_initialisation_is_judged_from_text_where_it_is_certain(call: str, act: str, wanted: list[str]) -> None:
    nets = read_text(HEAD + DEEP.format(call=call, act=act), "p.py").nets
    assert [f.rule.code for net in nets for f in run(net)] == wanted


@pytest.mark.parametrize(
    ("loss", "wanted"),
    [("categorical_crossentropy", ["NL403"]), ("sparse_categorical_crossentropy", [])],
)
def test_labels_of_known_data_sets_are_compared_with_the_loss(loss: str, wanted: list[str]) -> None:
    text = (
        "from tensorflow import keras\nfrom sklearn.datasets import load_iris\niris = load_iris()\n"
        "m = keras.Sequential([keras.layers.Dense(8, activation='relu'), keras.layers.Dense(3, activation='softmax')])\n"
        f"m.compile('adam', loss='{loss}')\nm.fit(iris.data, iris.target)\n"
    )
    assert [f.rule.code for net in read_text(text, "p.py").nets for f in run(net)] == wanted
