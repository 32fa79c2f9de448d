"""Signals through depth: simulated networks follow theory, the claims of the textbooks are seen, and bad numbers are refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nonlin.errors import ParameterError, UnknownNameError
from nonlin.facts import gain, moments, travel, variance_map
from nonlin.facts.travel import INITS


@pytest.mark.parametrize(
    ("name", "init"),
    [("tanh", "he"), ("relu", "he"), ("sigmoid", "glorot"), ("selu", "lecun"), ("elu", "backward"), ("sin(x)", "gain")],
)
def test_wide_networks_follow_theory_for_fifty_layers(name: str, init: str) -> None:
    found = travel(name, 50, init=init, width=600, networks=2, seed=3)
    for track, scale in ((found.variance, 0.5), (found.gradient, 0.8)):
        theory, median = np.log(track.theory), np.log(track.median)
        np.testing.assert_allclose(median, theory, atol=scale)
    np.testing.assert_allclose(found.correlation.median[:10], found.correlation.theory[:10], atol=0.08)


def test_theory_is_the_iterated_map() -> None:
    found = travel("gelu", 3, sigma_w=1.2, sigma_b=0.3, networks=0)
    q = 1.0
    for n in range(3):
        assert found.variance.theory[n] == pytest.approx(q)
        assert found.gradient.theory[n] / found.gradient.theory[n + 1] == pytest.approx(
            1.44 * moments("gelu", q).slope_square
        )
        q = variance_map("gelu", q, 1.2, 0.3)
    assert found.gradient.theory[-1] == 1
    assert found.correlation.theory[0] == 0.5
    assert all(math.isnan(v) for v in found.variance.median)


def test_what_the_textbooks_say() -> None:
    vanishing = travel("sigmoid", 20, init="glorot", networks=1)
    assert vanishing.gradient.median[0] < 1e-20  # at most 1/16 a layer
    assert vanishing.correlation.median[-1] > 0.999
    kept = travel("relu", 50, init="he", networks=0)
    np.testing.assert_allclose(kept.variance.theory, 1)
    np.testing.assert_allclose(kept.gradient.theory, 1)
    grown = travel("relu", 50, sigma_w=2.0, networks=1)
    assert grown.variance.theory[-1] == pytest.approx(2.0**50)
    assert grown.variance.median[-1] == pytest.approx(2.0**50, rel=0.9)
    assert travel("relu", 50, init="glorot", networks=0).variance.theory[-1] == pytest.approx(2.0**-50)


def test_a_repelling_fixed_point_is_left() -> None:
    """Theory stays at q = 1 for the forward gain of silu; networks of finite width do not, since chi parallel is above 1."""
    found = travel("silu", 50, init="gain", networks=3)
    assert found.variance.theory[-1] == pytest.approx(1)
    assert found.chi_parallel == pytest.approx(gain("silu") ** 2 * moments("silu").cross)
    assert max(abs(math.log(v)) for v in (found.variance.low[-1], found.variance.high[-1])) > 3


def test_what_overflows_is_said_to() -> None:
    found = travel("max(x, 0)**2", 40, sigma_w=2.0, networks=1, width=64)
    assert found.variance.theory[-1] == found.variance.median[-1] == math.inf
    assert math.isnan(found.gradient.median[0])
    assert all(abs(c) <= 1 for c in found.correlation.median if not math.isnan(c))
    gone = travel("relu", 2000, sigma_w=0.5, networks=0)
    assert gone.variance.theory[-1] == 0


def test_seeds_and_starts() -> None:
    first, again, other = (travel("tanh", 5, width=50, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first.variance.median != other.variance.median
    for c in (-1.0, 0.0, 1.0):
        start = travel("relu", 3, width=50, correlation=c)
        assert (start.variance.median[0], start.correlation.median[0]) == (1, c)
        assert start.correlation.theory[0] == c
    assert start.correlation.theory[-1] == start.correlation.median[-1] == pytest.approx(1)


def test_initialisations() -> None:
    scales = {name: (t.sigma_w, t.sigma_b) for name in INITS for t in [travel("tanh", 1, init=name, networks=0, width=300)]}
    assert scales["he"] == (math.sqrt(2), 0)
    assert scales["glorot"] == scales["lecun"] == (1, 0)
    assert scales["torch"] == (pytest.approx(3**-0.5), pytest.approx(1 / 30))
    assert scales["gain"] == (gain("tanh"), 0)
    assert scales["backward"] == (gain("tanh", "backward"), 0)
    assert scales["edge"] == (pytest.approx(1), 0)
    gelu = travel("gelu", 1, init="edge", networks=0)  # without biases its edge repels
    assert (gelu.sigma_w**2, gelu.sigma_b**2) == (pytest.approx(1.98305826, abs=1e-7), pytest.approx(0.17292239, abs=1e-7))


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: travel("tanh", 0), "layers must be a whole number from 1 to 2000, not 0"),
        (lambda: travel("tanh", 5, width=1), "width must be a whole number from 2"),
        (lambda: travel("tanh", 5, networks=-1), "networks must be a whole number from 0"),
        (lambda: travel("tanh", 5, seed=True), "seed must be a whole number"),
        (lambda: travel("tanh", 5, correlation=2.0), "correlation of the two inputs must be from -1 to 1, not 2.0"),
        (lambda: travel("tanh", 5, sigma_w=-1.0), "sigma_w, the scale of the weights,"),
        (lambda: travel("softmax", 5), "works on whole rows"),
        (lambda: travel("binary_step", 5, init="backward"), "has no backward gain"),
        (lambda: travel("softplus", 5, init="edge"), "softplus has no edge of chaos"),
    ],
)
def test_sentences(call: Any, part: str) -> None:
    with pytest.raises(ParameterError) as err:
        call()
    assert part in str(err.value)


def test_an_unknown_initialisation() -> None:
    with pytest.raises(UnknownNameError, match="unknown initialisation 'kaimming'"):
        travel("tanh", 5, init="kaimming")
