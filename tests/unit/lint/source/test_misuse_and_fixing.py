"""Mistakes of the text itself, and the edits that mend them and nothing else."""

from __future__ import annotations

import ast
import random

import pytest

from nonlin.findings import Finding
from nonlin.lint.checks import run
from nonlin.lint.source import fix, read_text

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
K = "from tensorflow import keras\nfrom tensorflow.keras import layers\n"


def found(text: str) -> list[Finding]:
    reading = read_text(text, "p.py")
    return [*reading.findings, *(f for net in reading.nets for f in run(net))]


def mended(text: str) -> str:
    return fix(text, found(text))


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (HEAD + "m = nn.Sequential(nn.Linear(3, 4), nn.ReLU, nn.Linear(4, 2))\n", "NL212", 4),
        (HEAD + "layers = [nn.Linear(3, 4), nn.ReLU]\nm = nn.Sequential(*layers)\n", "NL212", 5),
        (HEAD + "m = nn.ModuleList([nn.Linear(3, 4), nn.Tanh])\n", "NL212", 4),
        (K + "m = keras.Sequential([layers.Dense(3), layers.LeakyReLU])\n", "NL212", 3),
        (K + "m = keras.Sequential()\nm.add(layers.Dense(3))\nm.add(layers.ReLU)\n", "NL212", 5),
        (K + "m = keras.Sequential([layers.Dense(3, activation=layers.LeakyReLU)])\n", "NL212", 3),
        (HEAD + "class N(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.act = nn.ReLU\n        "
                "self.fc = nn.Linear(3, 3)\n    def forward(self, x):\n        return self.act(self.fc(x))\n", "NL212", 7),
        (HEAD + "class N(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(3, 3)\n"
                "    def forward(self, x):\n        return nn.ReLU(self.fc(x))\n", "NL213", 9),
        (HEAD + "class N(nn.Module):\n    def forward(self, x):\n        return nn.Softmax(x)\n", "NL213", 6),
    ],
)  # fmt: skip
def test_classes_and_constructors(text: str, code: str, line: int) -> None:
    said = [(f.rule.code, f.place.line) for f in read_text(text, "p.py").findings]
    assert said == [(code, line)]


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "def block(i, o, act=nn.ReLU):\n    return nn.Sequential(nn.Linear(i, o), act())\nblock(1, 2, nn.Tanh)\n",
        HEAD + "ACTS = {'relu': nn.ReLU, 'tanh': nn.Tanh}\nACTS['relu']()\n",
        HEAD + "class N(nn.Module):\n    def __init__(self, act=nn.ReLU):\n        super().__init__()\n        self.make = act\n"
               "        self.act = self.make()\n    def forward(self, x):\n        return self.act(x)\n",
        HEAD + "norms = [nn.BatchNorm2d, nn.ReLU]\nm = nn.Sequential(*[n() for n in norms[1:]])\n",
        HEAD + "y = nn.ReLU()(x)\nz = nn.ReLU(True)\nw = nn.PReLU(num_parameters=3)\n",
        K + "y = layers.ReLU()(keras.Input((3,)))\nd = layers.Dense(3, activation=keras.activations.relu)\n",
        K + "d = layers.Dense(3, activation=layers.LeakyReLU(0.1))\n",
        HEAD + "if isinstance(m, (nn.ReLU, nn.Tanh)):\n    pass\n",
    ],
)  # fmt: skip
def test_right_uses_of_classes_are_silent(text: str) -> None:
    assert not read_text(text, "p.py").findings


FIXED = (
    (HEAD + "m = nn.Sequential(nn.Linear(3, 4), nn.ReLU)\n", "nn.ReLU)", "nn.ReLU())"),
    (HEAD + "# café ☕ – odd   spacing\nm = nn.Sequential(  nn.Linear(3, 4) , nn.ReLU  )  # ünï\n", "nn.ReLU  )", "nn.ReLU()  )"),
    (HEAD + "class N(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.act = nn.ReLU\n"
            "    def forward(self, x):\n        return self.act(x)\n", "nn.ReLU\n", "nn.ReLU()\n"),
    (HEAD + "fc = nn.Linear(3, 4)\nloss = F.cross_entropy(F.softmax(fc(x), dim=1), y)\n", "F.softmax(fc(x), dim=1)", "fc(x)"),
    (HEAD + "fc = nn.Linear(3, 4)\nce = nn.CrossEntropyLoss()\nloss = ce(fc(x).softmax(-1), y)\n", "fc(x).softmax(-1)", "fc(x)"),
    (HEAD + "fc = nn.Linear(3, 4)\nce = nn.CrossEntropyLoss()\nloss = ce(torch.log_softmax(fc(x), 1), y)\n",
     "torch.log_softmax(fc(x), 1)", "fc(x)"),
    (HEAD + "fc = nn.Linear(3, 1)\nbce = nn.BCEWithLogitsLoss()\nloss = bce(torch.sigmoid(fc(x)), y)\n", "torch.sigmoid(fc(x))", "fc(x)"),
    (HEAD + "fc = nn.Linear(3, 4)\ndef step(x, y):\n    p = F.softmax(fc(x), dim=1)\n    return F.cross_entropy(p, y)\n",
     "F.softmax(fc(x), dim=1)", "fc(x)"),
    (HEAD + "m = nn.Sequential(nn.Flatten(), nn.Linear(3, 4), nn.Softmax())\nx = torch.randn(8, 3)\nm(x)\n",
     "nn.Softmax()", "nn.Softmax(dim=1)"),
    (K + "m = keras.Sequential([layers.Dense(3, activation='softmax')])\nm.compile(\n    loss=keras.losses.CategoricalCrossentropy("
         "from_logits=True),\n    optimizer='adam')\n", "from_logits=True", "from_logits=False"),
)  # fmt: skip
"""A program, what is replaced in it, and by what."""


@pytest.mark.parametrize(("text", "old", "new"), FIXED)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_fix_changes_the_mistake_and_no_other_byte(text: str, old: str, new: str, ends: str) -> None:
    text, old, new = (part.replace("\n", ends) for part in (text, old, new))
    assert text.count(old) == 1
    before = {f.rule.code for f in found(text)}
    after = mended(text)
    assert after == text.replace(old, new)
    ast.parse(after)
    assert {f.rule.code for f in found(after)} < before
    assert mended(after) == after


REFUSED = (
    HEAD + "class N(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(3, 4)\n"
           "    def forward(self, x):\n        return F.softmax(self.fc(x), dim=1)\nloss = F.cross_entropy(N()(x), y)\n",
    HEAD + "fc = nn.Linear(3, 4)\ndef step(x, y):\n    p = F.softmax(fc(x), dim=1)\n    print(p)\n    return F.cross_entropy(p, y)\n",
    HEAD + "fc = nn.Linear(3, 4)\np = F.softmax(fc(x), dim=1)\nloss = F.cross_entropy(p, y)\n",
    HEAD + "fc = nn.Linear(3, 4)\ndef step(x, y):\n    p = F.softmax(fc(x), dim=1)\n    locals()\n    return F.cross_entropy(p, y)\n",
    HEAD + "m = nn.Sequential(nn.Linear(3, 4), nn.Softmax())\n",
    HEAD + "acts = [nn.ReLU]\nm = nn.Sequential(nn.Linear(3, 4), *acts)\n",
    K + "l = keras.losses.CategoricalCrossentropy(from_logits=True)\nm = keras.Sequential([layers.Dense(3, activation='softmax')])\n"
        "m.compile(loss=l, optimizer='adam')\nn = keras.Sequential([layers.Dense(3)])\nn.compile(loss=l, optimizer='adam')\n",
)  # fmt: skip
"""Programs with a mistake whose edit might change something else."""


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_provably_safe_is_left_alone(text: str) -> None:
    assert mended(text) == text


def test_findings_that_do_not_fit_the_text_change_nothing() -> None:
    text = FIXED[0][0]
    findings = found(text)
    for other in ("", "x = 1\n", "def f(:\n", text.replace("\n", "\n\n"), '{"cells": []}'):
        assert fix(other, findings) == other
    rng = random.Random(0)
    for _ in range(50):
        cut = text[: rng.randrange(len(text))]
        assert fix(cut, findings) in (cut, cut.replace("nn.ReLU", "nn.ReLU()"))
