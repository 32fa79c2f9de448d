"""Self-normalising functions: SELU's published constants, an independent integrator, and reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from nonlin.backends.numpy import evaluate
from nonlin.errors import ParameterError
from nonlin.facts import self_normalising


def expectation(definition: Any, power: int, variance: float) -> float:
    """E f^power for a Gaussian input, by QUADPACK, split at 0."""

    def integrand(z: float) -> float:
        f = float(evaluate(definition.closed(), np.array([variance**0.5 * z]))[0])
        return f**power * float(np.exp(-z * z / 2) / np.sqrt(2 * np.pi))

    return float(sum(quad(integrand, *ends, epsabs=1e-11)[0] for ends in ((-12, 0), (0, 12))))


def test_selu_is_found_again() -> None:
    made = self_normalising("elu", by="halves")
    assert made.first == pytest.approx(1.0507009873554804934193349852946, rel=1e-12)
    assert made.second / made.first == pytest.approx(1.6732632423543772848170429916717, rel=1e-12)
    assert made.stable
    assert made.rate == pytest.approx(0.7826479, abs=1e-7)
    x = np.linspace(-3, 3, 13)
    from nonlin.catalogue import resolve

    np.testing.assert_allclose(evaluate(made.definition.closed(), x), evaluate(resolve("selu").closed(), x), rtol=1e-12)


@pytest.mark.parametrize(("mean", "variance"), [(0.0, 1.0), (0.0, 2.0), (0.1, 1.0), (-0.2, 0.5)])
@pytest.mark.parametrize(("name", "by"), [("elu", "halves"), ("softsign", "halves"), ("gelu", "affine"), ("relu", "affine")])
def test_any_target_is_met(name: str, by: Any, mean: float, variance: float) -> None:
    made = self_normalising(name, mean, variance, by=by, unstable=True)
    first = expectation(made.definition, 1, variance)
    assert first == pytest.approx(mean, abs=1e-8)
    assert expectation(made.definition, 2, variance) - first**2 == pytest.approx(variance, abs=1e-8)
    h = 1e-3 * variance
    up, down = (
        expectation(made.definition, 2, v) - expectation(made.definition, 1, v) ** 2 for v in (variance + h, variance - h)
    )
    assert made.rate == pytest.approx((up - down) / (2 * h), rel=1e-4)


def test_the_result_is_an_ordinary_function() -> None:
    from nonlin import get
    from nonlin.facts import moments

    made = self_normalising("elu").definition
    assert get(made.name)(0.5) == pytest.approx(get(made)(0.5))
    assert moments(made).square == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: self_normalising("max(x, 0)**2"), "the fixed point repels: a deviation of the variance grows 2-fold"),
        (lambda: self_normalising("relu"), "does not attract: a deviation of the variance stays as it is"),
        (lambda: self_normalising("mish"), "grows 1.001-fold"),
        (lambda: self_normalising("relu", by="halves"), "is 0 below 0, so only the factor above 0 is left"),
        (lambda: self_normalising("sigmoid", by="halves"), "is not 0 at 0"),
        (lambda: self_normalising("x**2", by="halves"), "no pair of positive factors"),
        (lambda: self_normalising("elu", 5.0, by="halves"), "choose a mean nearer to 0"),
        (lambda: self_normalising("1/x"), "E f^2 is infinite or undefined"),
        (lambda: self_normalising("where(x > 100, 1, 2)"), "is constant for inputs of variance 1"),
        (lambda: self_normalising("elu", variance=0.0), "variance is the variance of the activations"),
        (lambda: self_normalising("elu", float("nan")), "mean is the mean of the activations"),
        (lambda: self_normalising("elu", by="thirds"), "by must be 'affine' (scale and shift) or 'halves'"),
        (lambda: self_normalising("softmax"), "works on whole rows"),
    ],
)
def test_sentences(call: Any, part: str) -> None:
    with pytest.raises(ParameterError) as err:
        call()
    assert part in str(err.value)


def test_a_repelling_point_is_given_on_request() -> None:
    made = self_normalising("max(x, 0)**2", unstable=True)
    assert not made.stable
    assert made.rate == pytest.approx(2)
