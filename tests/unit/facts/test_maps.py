"""The maps of one layer: closed forms, an independent integrator, and sentences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nonlin.catalogue import resolve
from nonlin.errors import ParameterError
from nonlin.facts import chi_parallel, chi_perpendicular, correlation_map, jumps, moments, variance_map
from nonlin.facts.maps import overlap

CORRELATIONS = (-1.0, -0.999, -0.5, -1e-3, 0.0, 0.3, 0.9, 0.999, 0.999999, 1 - 1e-9, 1.0)


def arc_cosine(c: float) -> float:
    """Cho & Saul 2009, degree 1: what ReLU makes of a correlation."""
    return (math.sqrt(1 - c * c) + (math.pi - math.acos(c)) * c) / math.pi


@pytest.mark.parametrize("c", CORRELATIONS)
def test_rectifiers_are_arc_cosine_kernels(c: float) -> None:
    assert correlation_map("relu", c) == pytest.approx(arc_cosine(c), abs=1e-12)
    assert correlation_map("relu", c, 7.0, sigma_w=0.3) == pytest.approx(arc_cosine(c), abs=1e-12)
    a = 0.2
    leaky = ((1 - a) ** 2 * arc_cosine(c) + 2 * a * c) / (1 + a * a)
    assert correlation_map("leaky_relu(slope=0.2)", c) == pytest.approx(leaky, abs=1e-12)
    degree_0 = (math.pi - math.acos(c)) / math.pi
    assert correlation_map("relu", c, order=1) == pytest.approx(degree_0, abs=1e-12)
    assert correlation_map("binary_step", c) == pytest.approx(degree_0, abs=1e-12)
    assert correlation_map("x", c) == pytest.approx(c, abs=1e-12)


@pytest.mark.parametrize("q", [0.01, 1.0, 30.0, 1e6])
@pytest.mark.parametrize("c", [-0.999, 0.0, 0.3, 0.999999, 1.0])
def test_closed_forms_of_erf_and_sin(c: float, q: float) -> None:
    erf, sin = (resolve(f).closed() for f in ("erf(x)", "sin(x)"))
    assert overlap(erf, c, q) == pytest.approx(2 / math.pi * math.asin(2 * c * q / (1 + 2 * q)), abs=1e-11)  # Williams 1997
    if q < 100:
        expected = (math.exp(-q * (1 - c)) - math.exp(-q * (1 + c))) / 2
        assert overlap(sin, c, q) == pytest.approx(expected, abs=1e-11)
    slope = correlation_map("erf(x)", c, q, order=1) * moments("erf(x)", q).square / q
    assert slope == pytest.approx(4 / math.pi / math.sqrt((1 + 2 * q) ** 2 - (2 * c * q) ** 2), rel=1e-10)


@pytest.mark.parametrize("name", ["gelu", "mish", "tanh", "softplus"])
@pytest.mark.parametrize("c", [-0.7, 0.2, 0.8])
def test_smooth_functions_against_gauss_hermite(name: str, c: float) -> None:
    """A product rule in two independent variables, which is accurate for functions this smooth."""
    from nonlin.backends.numpy import evaluate

    z, w = np.polynomial.hermite_e.hermegauss(120)
    u, v = np.meshgrid(z, z, indexing="ij")
    root = resolve(name).closed()
    both = evaluate(root, u) * evaluate(root, c * u + math.sqrt(1 - c * c) * v)
    assert overlap(root, c, 1.0) == pytest.approx(float((both * np.outer(w, w)).sum() / (2 * math.pi)), abs=2e-9)


@pytest.mark.parametrize("name", ["selu", "elu", "hard_swish", "softshrink"])
def test_kinked_functions_against_chance(name: str) -> None:
    from nonlin.backends.numpy import evaluate

    rng, root, c = np.random.default_rng(1), resolve(name).closed(), 0.6
    u, v = rng.standard_normal((2, 2_000_000))
    product = evaluate(root, u) * evaluate(root, c * u + math.sqrt(1 - c * c) * v)
    assert abs(overlap(root, c, 1.0) - product.mean()) < 5 * product.std() / math.sqrt(len(u))


@pytest.mark.parametrize("name", ["gelu", "elu", "tanh", "hard_swish", "sigmoid"])
def test_slopes_are_slopes(name: str) -> None:
    q, h = 1.7, 1e-4
    risen = (variance_map(name, q + h, 1.3, 0.2) - variance_map(name, q - h, 1.3, 0.2)) / (2 * h)
    assert chi_parallel(name, q, 1.3) == pytest.approx(risen, rel=1e-6)
    turned = (correlation_map(name, 0.4 + h, q, 1.3, 0.2) - correlation_map(name, 0.4 - h, q, 1.3, 0.2)) / (2 * h)
    assert correlation_map(name, 0.4, q, 1.3, 0.2, order=1) == pytest.approx(turned, rel=1e-6)
    at_one = correlation_map(name, 1.0, q, 1.3, 0.2, order=1) * variance_map(name, q, 1.3, 0.2) / q
    assert chi_perpendicular(name, q, 1.3) == pytest.approx(at_one, rel=1e-10)


def test_biases_and_scales() -> None:
    assert variance_map("relu", 3.0, 2.0, 0.5) == pytest.approx(4 * 1.5 + 0.25)
    assert correlation_map("relu", 0.0, 1.0, math.sqrt(2), 1.0) == pytest.approx((1 / math.pi + 1) / 2)
    assert correlation_map("relu", 1.0, 1.0, 1.0, 1.0) == 1


def test_jumps() -> None:
    assert jumps(resolve("where(x > 1, x, 0)").closed()) == (1.0,)
    assert jumps(resolve("floor(x)").closed())[:2] == (-13.0, -12.0)
    assert jumps(resolve("relu").closed()) == jumps(resolve("tanh").closed()) == ()


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (
            lambda: variance_map("relu", 1.0, 0.0),
            "sigma_w, the scale of the weights, must be a finite number above 0, not 0.0",
        ),
        (
            lambda: variance_map("relu", 1.0, 1.0, -1.0),
            "sigma_b is the scale of the biases and must not be below 0, not -1.0",
        ),
        (lambda: variance_map("softmax", 1.0), "softmax works on whole rows"),
        (lambda: variance_map("1/x", 1.0), "1/x: E f is infinite"),
        (lambda: chi_parallel("relu", -1.0), "q is the variance of the pre-activation"),
        (lambda: correlation_map("relu", 1.5), "c is a correlation and must be from -1 to 1, not 1.5"),
        (lambda: correlation_map("relu", math.nan), "c is a correlation and must be a finite number"),
        (lambda: correlation_map("relu", 0.5, order=2), "order must be 0 (the map) or 1 (its derivative), not 2"),
        (lambda: correlation_map("binary_step", 0.5, order=1), "binary_step jumps at x = 0"),
        (lambda: correlation_map("max(x - 100, 0)", 0.5), "nothing is left to correlate"),
    ],
)
def test_sentences(call: Any, part: str) -> None:
    with pytest.raises(ParameterError) as err:
        call()
    assert part in str(err.value)
