"""Ranges of formulas in which x stands once: the same as the search finds, and without arrays."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from nonlin.catalogue import definitions
from nonlin.expr import parse
from nonlin.facts import reach
from nonlin.facts.once import once
from nonlin.facts.reach import _searched

INF = math.inf


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sigmoid(x)", (0, 1, False, False)),
        ("2*sigmoid(x) - 1", (-1, 1, False, False)),
        ("1/(1 + exp(-x))", (0, 1, False, False)),
        ("min(max(x, 0), 6)", (0, 6, True, True)),
        ("-max(x, 2)", (-INF, -2, False, True)),
        ("abs(tanh(x))", (0, 1, True, False)),
        ("3 - softplus(x)", (-INF, 3, False, False)),
        ("max(sigmoid(x), 0)", (0, 1, False, False)),
    ],
)
def test_known_ranges(text: str, wanted: tuple[float, float, bool, bool]) -> None:
    assert once(parse(text)) == wanted


@pytest.mark.parametrize("text", ["x*tanh(x)", "sin(x)", "1/x", "log(x)", "1/tanh(x)", "exp(1000*tanh(x))", "round(x)"])
def test_what_is_not_decided_is_left_alone(text: str) -> None:
    assert once(parse(text)) is None


def test_it_agrees_with_the_search_on_every_catalogue_function() -> None:
    decided = {
        name: (d.closed(), s) for name, d in definitions().items() if d.kind == "elementwise" and (s := once(d.closed()))
    }
    assert len(decided) > 60
    for name, (root, span) in list(decided.items())[::4]:
        searched = _searched(root)
        assert span[:2] == pytest.approx(searched[:2], abs=1e-9), name
        assert span[2:] == searched[2:], name


def test_probabilities_are_told_exactly() -> None:
    assert str(reach("softmax")) == "(0, 1)"
    assert str(reach("sparsemax")) == "[0, 1]"


def test_the_usual_ones_load_no_arrays() -> None:
    program = "import sys; from nonlin.facts import reach; print(reach('sigmoid'), reach('softmax'), 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["(0,", "1)", "(0,", "1)", "False"]


def test_functions_are_not_hidden_by_the_modules_of_their_names() -> None:
    program = "import nonlin.facts.reach, nonlin.facts.kinks; from nonlin.facts import kinks, reach; print(callable(reach), callable(kinks))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


def test_an_unknown_name_is_an_attribute_error() -> None:
    import nonlin.facts

    with pytest.raises(AttributeError, match=r"nonlin\.facts.*'nope'"):
        _ = nonlin.facts.nope
    assert {"reach", "moments", "FACTS"} <= set(dir(nonlin.facts))
