"""What `import nonlin` costs and promises: no framework loaded, every public name there, documented, its examples true."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import nonlin

HEAVY = ("torch", "numpy", "scipy", "sympy", "matplotlib", "sklearn", "mpmath", "rich", "typer")


def loaded_by(code: str) -> set[str]:
    """Which of the heavy libraries a fresh interpreter holds after ``code``."""
    listing = f"{code}\nimport sys\nprint(*(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_loads_no_framework() -> None:
    assert loaded_by("import nonlin") == set()
    assert loaded_by("import numpy") == {"numpy"}  # the listing can see


def test_names_and_formulas_are_found_without_a_framework() -> None:
    assert loaded_by("import nonlin\nnonlin.get('mish')\nnonlin.get('x*tanh(exp(x))').formula\nnonlin.mish") == set()


def test_a_number_or_an_array_does_not_load_torch() -> None:
    assert "torch" not in loaded_by("import nonlin\nnonlin.mish(1.0)\nnonlin.mish.grad([1.0], 2)")


@pytest.mark.parametrize("name", nonlin.__all__)
def test_public_names_are_there_and_documented(name: str) -> None:
    thing = getattr(nonlin, name)
    text = inspect.getdoc(thing) or ""
    assert text[:1].isupper() or name == "nn"
    if not (isinstance(thing, type) and issubclass(thing, Exception)):
        assert len(text.splitlines()) > 1 or ">>>" in text, f"{name}: one line is not enough"


def test_dir_lists_what_is_there() -> None:
    for name in dir(nonlin):
        assert getattr(nonlin, name) is not None


def modules() -> list[str]:
    """Every module of the package; the command line runs when it is imported as a program only."""
    return [m.name for m in pkgutil.walk_packages(nonlin.__path__, "nonlin.") if not m.name.endswith("__main__")]


@pytest.mark.parametrize("name", ["nonlin", *modules()])
def test_examples_in_docstrings_are_true(name: str) -> None:
    module: ModuleType = importlib.import_module(name)
    before = set(nonlin.definitions())
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for added in set(nonlin.definitions()) - before:
        importlib.import_module("nonlin.catalogue").forget(added)
    assert failed == 0


def test_there_are_examples_to_run() -> None:
    found = doctest.DocTestFinder().find(importlib.import_module("nonlin.activation"))
    assert sum(len(test.examples) for test in found) >= 4
