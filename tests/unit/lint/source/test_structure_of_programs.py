"""Classes derived from Sequential, branches that exclude each other, empty loaders, and numbers without bound."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nonlin.lint.checks import run
from nonlin.lint.follow import reach_of
from nonlin.lint.source import read_text

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\nimport numpy as np\n"
BLOCK = """
class Block(nn.Sequential):
    def __init__(self, n_in, n_out, norm=True):
        {init}
        self.conv = nn.Conv2d(n_in, n_out, 3, bias=False)
        self.register_buffer("count", torch.zeros(1))
        self.width = n_out
        if norm:
            self.add_module("norm", nn.BatchNorm2d(n_out))
        self.act = nn.GELU()
        self.act = nn.ReLU()

model = nn.Sequential(Block(3, 8), Block(8, 8, norm=False), nn.Flatten())
"""


def codes(text: str) -> list[str]:
    reading = read_text(HEAD + text, "p.py")
    return [f.rule.code for net in reading.nets for f in run(net)] + [f.rule.code for f in reading.findings]


@pytest.mark.parametrize("init", ["super().__init__()", "nn.Sequential.__init__(self)"])
def test_a_sequential_runs_the_modules_set_on_it_in_order(init: str) -> None:
    nets = read_text(HEAD + BLOCK.format(init=init), "p.py").nets
    (net,) = [n for n in nets if any(node.op == "flatten" for node in n.nodes)]
    assert [n.function or n.op for n in net.nodes] == ["input", "conv", "norm", "relu", "conv", "relu", "flatten"]


def test_a_sequential_that_nothing_uses_is_read_too() -> None:
    start = "class Two(nn.Sequential):\n    def __init__(self):\n        super().__init__()\n"
    text = start + "        self.a = nn.Linear(4, 9)\n        self.b = nn.Linear(9, 9)\n"
    assert codes(text) == ["NL202"]


BRANCHES = """
class Net(nn.Module):
    def __init__(self, mode):
        super().__init__()
        self.conv, self.mode = nn.Conv2d(3, 8, 3), mode
        self.relu, self.soft = nn.ReLU(inplace=True), nn.Softplus()
        self.act = nn.ReLU(inplace=True) if mode == "a" else nn.Softplus()
    def forward(self, x):
        x = self.conv(x)
{body}
"""


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (
            "        if self.mode == 'a':\n            y = self.relu(x)\n        else:\n            y = self.soft(x)\n        return y",
            [],
        ),
        ("        if self.mode == 'a':\n            return self.relu(x)\n        return self.soft(x)", []),
        ("        return self.relu(x) if self.mode == 'a' else self.soft(x)", []),
        ("        return self.act(x)", []),
        ("        y = self.relu(x)\n        return y + self.soft(x)", ["NL205"]),
    ],
)
def test_only_one_side_of_a_branch_overwrites(body: str, wanted: list[str]) -> None:
    assert codes(BRANCHES.format(body=body)) == wanted


TRAIN = """
net = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))
criterion = nn.CrossEntropyLoss()
def update(loss):
    loss.backward()
def train(loader):
    for i, (x, y) in enumerate(loader):
        loss = criterion(net(x), y)
        {step}
train([])
"""


@pytest.mark.parametrize("step", ["loss.backward()", "update(loss)", "print(loss)"])
def test_a_loop_over_an_empty_loader_is_read_once(step: str) -> None:
    assert codes(TRAIN.format(step=step)) == ["NL102"]


@pytest.mark.parametrize(
    "text", ["y = np.arange(5) * float('inf')", "y = np.arange(5) + 10**400", "y = np.array([1.0, 2.0]) * 1e200 * 1e200"]
)
def test_numbers_beyond_bounds_stop_nothing(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    ("layer", "bounds"),
    [
        ("nn.Hardtanh(-2, 2)", "[-2, 2]"),
        ("nn.ELU(alpha=0.5)", "(-0.5, inf)"),
        ("nn.LeakyReLU(0.3)", "(-inf, inf)"),
        ("nn.Hardtanh(low, 2)", None),
    ],
)
def test_settings_have_the_names_of_the_catalogue(layer: str, bounds: str | None) -> None:
    (net,) = read_text(f"{HEAD}def build(low):\n    return nn.Sequential(nn.Linear(3, 4), {layer})\n", "p.py").nets
    told = reach_of(net.nodes[-1])
    assert (str(told) if told is not None else None) == bounds


DICE = """
def dice_loss(p, t):
    return 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)
net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 1, 1), {last})
for x, y in batches:
    dice_loss(net(x), y).backward()
"""


@pytest.mark.parametrize(("last", "wanted"), [("nn.ReLU()", ["NL107"]), ("nn.Sigmoid()", []), ("nn.Identity()", [])])
def test_a_loss_of_overlap_gets_probabilities(last: str, wanted: list[str]) -> None:
    assert codes(DICE.format(last=last)) == wanted


def test_a_softmax_times_a_given_matrix_is_an_expectation() -> None:
    text = "def f(x, bins):\n    return torch.relu(F.linear(torch.softmax(nn.Linear(4, 8)(x), -1), bins))\n"
    assert codes(text) == []


def test_lint_of_one_page_loads_no_arrays(tmp_path: Path) -> None:
    page = tmp_path / "train.py"
    page.write_text(HEAD + TRAIN.format(step="loss.backward()"), encoding="utf-8")
    program = (
        "import sys; from nonlin.lint.gather import check_files\n"
        f"print(len(check_files([{str(page)!r}]).findings), {{'numpy', 'scipy', 'torch'}} & {{*sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "set()"]
