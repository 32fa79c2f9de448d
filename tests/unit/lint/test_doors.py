"""``nonlin.lint`` and ``nonlin.watch`` are packages and functions, in any order of import, and importing them loads no framework."""

from __future__ import annotations

import inspect
import subprocess
import sys
from types import ModuleType

import pytest
from torch import nn

import nonlin
from nonlin.doors import open_door

CALL = """
nonlin.lint.chosen, nonlin.lint.__path__
assert callable(nonlin.lint)
try:
    nonlin.lint()
except TypeError as err:
    assert "lint() missing 1 required positional argument: 'model'" in str(err)
else:
    raise AssertionError
import nonlin.lint.net as net
from nonlin.lint import lint
from nonlin.lint.net import Net
assert net.Net is Net and nonlin.lint.net is net and nonlin.lint.lint is lint
"""


@pytest.mark.parametrize(
    "first",
    [
        "import nonlin",
        "import nonlin.lint.net\nimport nonlin",
        "from nonlin.lint.net import Net\nimport nonlin",
        "from nonlin import lint\nimport nonlin",
        "import nonlin.lint as room\nfrom nonlin.lint import checks\nimport nonlin\nassert nonlin.lint is room",
        "import nonlin\nassert callable(nonlin.watch)\nimport nonlin.watch.records as r\nassert nonlin.watch.records is r",
        "import nonlin.watch.records\nimport nonlin\nassert callable(nonlin.watch)",
        "import nonlin\nnonlin.lint\nimport importlib\nimportlib.reload(nonlin.lint)",
    ],
)
def test_any_order_of_imports(first: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{first}\n{CALL}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_room_loads_no_framework() -> None:
    code = "import nonlin.lint.net, nonlin.lint, sys\nassert not {'torch', 'jax', 'keras', 'scipy'} & set(sys.modules)\n"
    code += "import nonlin.lint.checks\nassert not {'torch', 'jax', 'keras', 'scipy'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_calling_the_room_lints() -> None:
    found = nonlin.lint(nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1)), "cross_entropy")
    assert "NL102" in {f.rule.code for f in found}


def test_it_is_a_module_with_a_signature() -> None:
    assert isinstance(nonlin.lint, ModuleType)
    assert callable(nonlin.lint)
    names = list(inspect.signature(nonlin.lint).parameters)
    assert names == ["model", "loss", "batch", "optimizer", "select", "ignore"]


def test_a_room_without_its_function_says_so() -> None:
    room = sys.modules["empty_room"] = ModuleType("empty_room")
    try:
        open_door("empty_room")
        with pytest.raises(AttributeError, match="empty_room"):
            room()  # type: ignore[operator]
    finally:
        del sys.modules["empty_room"]
