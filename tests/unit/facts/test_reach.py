"""Ranges: known ones, and for every function that no sampled value lies outside."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nonlin.backends.numpy import evaluate
from nonlin.catalogue import definitions
from nonlin.errors import ParameterError
from nonlin.facts import reach
from nonlin.facts.reach import changes_nothing, sums_to_one

INF = math.inf
KNOWN: dict[str, tuple[float, float, bool, bool]] = {
    "sigmoid": (0, 1, False, False),
    "tanh": (-1, 1, False, False),
    "relu": (0, INF, True, False),
    "relu6": (0, 6, True, True),
    "leaky_relu": (-INF, INF, False, False),
    "elu": (-1, INF, False, False),
    "celu": (-1, INF, False, False),
    "selu": (-1.7580993408473766, INF, False, False),
    "gelu": (-0.16997120747990369, INF, True, False),
    "silu": (-0.27846454276107374, INF, True, False),
    "mish": (-0.30884341301725042, INF, True, False),
    "softplus": (0, INF, False, False),
    "softsign": (-1, 1, False, False),
    "log_sigmoid": (-INF, 0, False, False),
    "hard_sigmoid": (0, 1, True, True),
    "hard_tanh": (-1, 1, True, True),
    "hard_swish": (-0.375, INF, True, False),
    "tanh_shrink": (-INF, INF, False, False),
    "soft_shrink": (-INF, INF, False, False),
    "identity": (-INF, INF, False, False),
    "exp": (0, INF, False, False),
    "square": (0, INF, True, False),
    "abs": (0, INF, True, False),
    "sign": (-1, 1, True, True),
    "sin": (-1, 1, True, True),
    "cos": (-1, 1, True, True),
    "erf": (-1, 1, False, False),
    "arctan": (-math.pi / 2, math.pi / 2, False, False),
    "gaussian_bell": (0, 1, False, True),
    "lecun_tanh": (-1.7159, 1.7159, False, False),
    "isrlu": (-1, INF, False, False),
    "penalized_tanh": (-0.25, 1, False, False),
    "margin_relu": (-0.1, INF, True, False),
    "softmax": (0, 1, False, False),
    "log_softmax": (-INF, 0, False, False),
    "sparsemax": (0, 1, True, True),
    "hardmax": (0, 1, True, True),
    "standardize": (-INF, INF, False, False),
    "x*sin(x)": (-INF, INF, False, False),
    "1/(1 + x**2)": (0, 1, False, True),
    "max(x, 0)/(1 + max(x, 0))": (0, 1, True, False),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_ranges(name: str) -> None:
    low, high, low_attained, high_attained = KNOWN[name]
    found = reach(name)
    assert found.low == pytest.approx(low, abs=1e-11) and found.high == pytest.approx(high, abs=1e-11)
    assert (found.low_attained, found.high_attained) == (low_attained, high_attained)


def test_parameters_move_the_range() -> None:
    from nonlin.catalogue import resolve

    assert str(reach(resolve("hard_tanh").bind(low=-2.0, high=3.0))) == "[-2, 3]"


@pytest.mark.parametrize("made", [d for d in definitions().values() if d.kind == "elementwise"], ids=lambda d: d.name)
def test_no_value_lies_outside(made) -> None:  # type: ignore[no-untyped-def]
    found = reach(made)
    points = np.random.default_rng(0).normal(0, 1, 400) * np.repeat([0.1, 1, 10, 40], 100)
    with np.errstate(all="ignore"):
        values = np.asarray(evaluate(made.closed(), points), dtype=float)
    values = values[np.isfinite(values)]
    slack = 1e-9 * max(1.0, *(abs(b) for b in found[:2] if math.isfinite(b)), 1.0)
    assert found.low - slack <= values.min(initial=INF) and values.max(initial=-INF) <= found.high + slack
    assert found.low <= found.high and (found.low_attained <= math.isfinite(found.low))


def test_gates_have_no_range_of_their_own() -> None:
    with pytest.raises(ParameterError, match="glu is gated; a range is that of functions of one input or of rows"):
        reach("glu")


@pytest.mark.parametrize("name", ["softmax", "softmin", "sparsemax", "entmax", "hardmax", "gumbel_softmax"])
def test_probabilities_sum_to_one(name: str) -> None:
    assert sums_to_one(name)


@pytest.mark.parametrize("name", ["sigmoid", "log_softmax", "softmax_one", "standardize", "k_winners", "relu", "glu"])
def test_other_functions_are_no_probabilities(name: str) -> None:
    assert not sums_to_one(name)


def test_what_changes_nothing_after_another() -> None:
    for outer, inner in (
        ("relu", "relu"),
        ("relu", "sigmoid"),
        ("relu", "softmax"),
        ("log_softmax", "log_softmax"),
        ("abs", "relu"),
    ):
        assert changes_nothing(outer, inner), (outer, inner)
    for outer, inner in (
        ("relu", "leaky_relu"),
        ("tanh", "relu"),
        ("sigmoid", "sigmoid"),
        ("softmax", "softmax"),
        ("relu6", "relu"),
    ):
        assert not changes_nothing(outer, inner), (outer, inner)
