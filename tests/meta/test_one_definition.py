"""The one idea, tested: a package with a single definition, and everything nonlin knows about it follows."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DEFINITION = """
from nonlin import define, param

define("toy_bend", "x*(exp(k*x) - exp(-k*x))/(exp(k*x) + exp(-k*x))", k=param(1.5, low=0.1, learnable=True),
       aliases=("bendy",), summary="A toy: x times tanh(k x).")
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as an installer would leave it: one module, and the metadata that names its entry point."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "toy_package.py").write_text(DEFINITION)
    info = folder / "toy_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[nonlin.functions]\ntoy = toy_package\n")
    return folder


def run(plugin: Path, *arguments: str) -> str:
    """Run Python where the plugin is installed; return what it printed."""
    paths = os.pathsep.join([str(plugin), str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths, "NO_COLOR": "1", "COLUMNS": "120"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_computes_on_both_libraries_and_is_found_under_every_name(plugin: Path) -> None:
    run(plugin, "-c", """
import math, numpy, torch, nonlin
f, t = nonlin.toy_bend, math.tanh(3.0)
assert math.isclose(f(2.0), 2 * t) and math.isclose(f.grad(2.0), t + 3 * (1 - t * t), rel_tol=1e-9)
assert numpy.allclose(f(numpy.array([2.0, -2.0, 1e6])), [2 * t, 2 * t, 1e6])
x = torch.tensor([2.0, 0.5], dtype=torch.float64, requires_grad=True)
assert torch.autograd.gradgradcheck(f, x) and torch.allclose(f(x)[0], torch.tensor(2 * t, dtype=torch.float64))
for name in ("toy_bend", "ToyBend", "bendy", "toy_bend(k=1.5)", "toy-bend"):
    assert nonlin.get(name).definition is f.definition
assert nonlin.get("bendy", k=2)(1.0) == nonlin.get("toy_bend(k=2)")(1.0) == math.tanh(2)
assert math.isclose(nonlin.get("2*toy_bend(x, k=2)")(1.0), 2 * math.tanh(2))
assert "toy_bend" in dir(nonlin) and "tanh" in str(f.expr) and "e^{" in f.latex()
try:
    nonlin.get("toy_bend", k=0)
except nonlin.NonlinError as err:
    assert "toy_bend: k=0 is out of range; allowed is at least 0.1" in str(err)
else:
    raise AssertionError("a parameter out of range was accepted")
""")  # fmt: skip


def test_it_has_a_module(plugin: Path) -> None:
    run(plugin, "-c", """
import torch, nonlin
layer = nonlin.nn.ToyBend()
assert type(layer).__name__ == "ToyBend" and isinstance(layer, torch.nn.Module)
assert type(nonlin.get("bendy").module()).__name__ == "ToyBend"
assert [n for n, _ in layer.named_parameters()] == ["k"]
x = torch.linspace(-2, 2, 7)
assert torch.allclose(layer(x), x * torch.tanh(1.5 * x), rtol=1e-6)
layer(x).sum().backward()
assert layer.k.grad is not None
""")  # fmt: skip


def test_the_battery_tests_it(plugin: Path) -> None:
    printed = run(plugin, "-c", """
from battery.measure import ELEMENTWISE, KINDS, check, check_limits
assert "toy_bend" in ELEMENTWISE
for kind in ("float32", "bfloat16"):
    for library in ("numpy", "torch"):
        for order in (0, 1, 2):
            check("toy_bend", library, KINDS[kind], order)
            check_limits("toy_bend", library, KINDS[kind], order)
            print(kind, library, order)
""")  # fmt: skip
    assert len(printed.splitlines()) == 12


@pytest.mark.skipif(importlib.util.find_spec("nonlin.cli") is None, reason="the command line is not part of this checkout")
def test_the_command_line_shows_it(plugin: Path) -> None:
    assert "toy_bend" in run(plugin, "-m", "nonlin.cli", "list")
    shown = run(plugin, "-m", "nonlin.cli", "show", "bendy")
    assert "toy_bend" in shown
    assert "A toy: x times tanh(k x)." in shown
    assert "1.5" in shown
