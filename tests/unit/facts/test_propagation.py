"""Fixed points, the edge of chaos and depths: closed forms, published figures, iteration of the maps, and reasons."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy.optimize import brentq

from nonlin.errors import ParameterError
from nonlin.facts import (
    chi_perpendicular,
    correlation_depth,
    correlation_map,
    edge,
    edge_curve,
    fixed_points,
    half_stable,
    variance_map,
)


def test_rectifiers_have_their_edge_at_he() -> None:
    (point,) = edge("relu")
    assert (point.sigma_w, point.sigma_b) == (pytest.approx(math.sqrt(2), abs=1e-12), 0)
    assert math.isnan(point.q)
    assert (point.stability, point.phase, point.chi_parallel) == ("neutral", "edge", pytest.approx(1))
    assert edge("leaky_relu(slope=0.5)")[0].sigma_w == pytest.approx(math.sqrt(2 / 1.25))


@pytest.mark.parametrize("sigma_b", [0.05, 0.2, 1.0, 3.0])
def test_erf_against_its_closed_forms(sigma_b: float) -> None:
    """E f'^2 = (4/pi)/sqrt(1 + 4 q) and E f^2 = (2/pi) asin(2 q/(1 + 2 q)) leave one equation in q."""
    w2 = lambda q: math.pi / 4 * math.sqrt(1 + 4 * q)  # noqa: E731
    q = brentq(lambda q: w2(q) * 2 / math.pi * math.asin(2 * q / (1 + 2 * q)) + sigma_b**2 - q, 1e-4, 1e4, xtol=1e-14)
    (point,) = edge("erf(x)", sigma_b)
    assert (point.q, point.sigma_w**2) == (pytest.approx(q, rel=1e-9), pytest.approx(w2(q), rel=1e-9))
    assert (point.stability, point.phase) == ("stable", "edge")


def test_published_points() -> None:
    # Schoenholz et al. 2017: tanh is critical at sigma_w^2 = 1.76 for sigma_b^2 = 0.05
    assert edge("tanh", math.sqrt(0.05))[0].sigma_w ** 2 == pytest.approx(1.76, abs=0.005)
    assert [(p.sigma_w, p.q, p.stability) for p in edge("tanh")] == [(pytest.approx(1), 0, "stable")]


def criticality(sigma: Any, slope: Any, start: float) -> tuple[float, float, float]:
    """(K*, C_W, C_b) at which both susceptibilities are 1, from their definitions in Roberts, Yaida & Hanin 2022, chapter 5.

    With g(K) = <sigma(z)^2> over z ~ N(0, K): chi_parallel = C_W dg/dK and chi_perpendicular = C_W <sigma'(z)^2>. The derivative
    is a difference quotient of g, and means are sums of the trapezium rule, which converges like exp(-1/step^2) here: nothing
    of this is how nonlin does it, which has E z f f' and Gauss-Legendre quadrature.
    """
    from mpmath import mp

    with mp.workdps(40):
        step = mp.mpf(1) / 16
        nodes = [k * step for k in range(-208, 209)]
        weights = [step * mp.npdf(z) for z in nodes]

        def mean(function: Any, k: Any) -> Any:
            root = mp.sqrt(k)
            return mp.fsum(w * function(root * z) ** 2 for w, z in zip(weights, nodes, strict=True))

        def excess(k: Any) -> Any:
            h = k * mp.mpf(10) ** -8  # central: h^2 of 1e-16 is left
            return (mean(sigma, k + h) - mean(sigma, k - h)) / (2 * h) - mean(slope, k)

        k = mp.findroot(excess, (start, 1.05 * start), tol=1e-24)
        c_w = 1 / mean(slope, k)
        return float(k), float(c_w), float(k - c_w * mean(sigma, k))


def test_half_stable_points_from_the_definitions() -> None:
    from mpmath import mp

    def logistic(z: Any) -> Any:
        return 1 / (1 + mp.exp(-z))

    swish = criticality(lambda z: z * logistic(z), lambda z: logistic(z) * (1 + z * (1 - logistic(z))), 14.0)
    gelu = criticality(lambda z: z * mp.ncdf(z), lambda z: mp.ncdf(z) + z * mp.npdf(z), 3.5)
    for name, (k, c_w, c_b) in (("silu", swish), ("gelu", gelu)):
        (found,) = half_stable(name)
        assert found.q == pytest.approx(k, rel=1e-8)
        assert found.sigma_w**2 == pytest.approx(c_w, rel=1e-10)
        assert found.sigma_b**2 == pytest.approx(c_b, rel=1e-8)
        assert found.stability == "half-stable"
    assert half_stable("tanh") == half_stable("relu") == ()


@pytest.mark.parametrize("name", ["tanh", "gelu", "mish", "elu", "selu", "softsign", "sin(x)", "sigmoid", "hard_tanh"])
@pytest.mark.parametrize("sigma_b", [0.0, 0.1, 0.7])
def test_points_are_on_the_edge(name: str, sigma_b: float) -> None:
    """Each is a fixed point with chi_1 = 1, and iterating the variance map approaches it or leaves it as is said."""
    points = [p for p in edge(name, sigma_b) if p.q > 0]
    assert points or sigma_b == 0
    for p in points:
        assert variance_map(name, p.q, p.sigma_w, p.sigma_b) == pytest.approx(p.q, rel=1e-10)
        assert chi_perpendicular(name, p.q, p.sigma_w) == pytest.approx(1, abs=1e-10)
        assert edge_curve(name, p.q) == (pytest.approx(p.sigma_w), pytest.approx(p.sigma_b, abs=1e-9))
        q = 1.001 * p.q
        for _ in range(20):
            q = variance_map(name, q, p.sigma_w, p.sigma_b)
        assert (abs(q / p.q - 1) < 0.001) == (p.stability == "stable"), p


def test_a_square_has_a_closed_edge() -> None:
    """E f^2 = 3 q^2 and E f'^2 = 4 q: sigma_b^2 = q/4."""
    (point,) = edge("x**2", 0.5)
    assert (point.q, point.sigma_w, point.chi_parallel) == (pytest.approx(1), pytest.approx(0.5), pytest.approx(1.5))


def test_where_q_is_zero_the_sign_of_the_curvature_decides() -> None:
    stability = {n: edge(n)[0].stability for n in ("tanh", "sin(x)", "elu", "gelu", "silu", "mish", "hard_swish")}
    assert stability == {
        "tanh": "stable", "sin(x)": "stable", "elu": "stable", "gelu": "unstable", "silu": "unstable", "mish": "unstable",
        "hard_swish": "unstable",
    }  # fmt: skip


def test_silu_falls_to_the_ordered_partner_of_its_edge() -> None:
    (point,) = edge("silu", 0.2)
    assert (point.stability, point.chi_parallel) == ("unstable", pytest.approx(1.0987, abs=1e-4))
    partner, same = fixed_points("silu", point.sigma_w, 0.2)
    assert same.q == pytest.approx(point.q)
    assert (partner.stability, partner.phase) == ("stable", "ordered")
    assert (partner.q, partner.chi_perpendicular) == (pytest.approx(0.194, abs=1e-3), pytest.approx(0.82, abs=1e-3))


def test_phases_and_depths() -> None:
    (ordered,) = fixed_points("tanh", 0.9)
    assert (ordered.q, ordered.phase, ordered.c) == (0, "ordered", 1)
    assert ordered.correlation_depth == ordered.gradient_depth == pytest.approx(-1 / math.log(0.81))
    (chaotic,) = fixed_points("tanh", 1.8, 0.3)
    assert chaotic.phase == "chaotic"
    assert correlation_map("tanh", chaotic.c, chaotic.q, 1.8, 0.3) == pytest.approx(chaotic.c, abs=1e-10)
    c = 0.9
    for _ in range(40):
        c = correlation_map("tanh", c, chaotic.q, 1.8, 0.3)
    rate = (correlation_map("tanh", c, chaotic.q, 1.8, 0.3) - chaotic.c) / (c - chaotic.c)
    assert chaotic.correlation_depth == pytest.approx(-1 / math.log(rate), rel=1e-2)
    zero, orthogonal = fixed_points("tanh", 2.0)
    assert (zero.stability, orthogonal.c) == ("unstable", 0)
    assert orthogonal.correlation_depth == pytest.approx(-1 / math.log(orthogonal.slope))
    assert correlation_depth("relu", 1.0, 0.3) == pytest.approx(1 / math.log(2))
    (kept,) = fixed_points("relu", math.sqrt(2))
    assert math.isnan(kept.q)
    assert kept.gradient_depth == kept.variance_depth == kept.correlation_depth == math.inf


def test_no_fixed_point() -> None:
    assert [p.q for p in fixed_points("relu", 2.0)] == [0]
    assert fixed_points("relu", 2.0, 0.1) == ()
    with pytest.raises(ParameterError, match="has no variance that attracts at sigma_w = 2, sigma_b = 0.1"):
        correlation_depth("relu", 2.0, 0.1)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: edge("relu", 0.1), "straight line on each side of 0"),
        (lambda: edge("relu", 0.1), "use sigma_b = 0"),
        (lambda: edge("softplus"), "the variance of the biases would have to be negative"),
        (lambda: edge("binary_step"), "binary_step jumps at x = 0"),
        (lambda: edge("sqrt(abs(x))"), "E f'^2 is infinite for a Gaussian input"),
        (lambda: edge("1/x"), "E f^2 is infinite for a Gaussian input"),
        (lambda: edge("log(x)"), "it is not defined below 0, where half of a Gaussian input lies"),
        (lambda: edge("sqrt(x)"), "it is not defined below 0"),
        (lambda: edge("exp(x**2)"), "amplify a signal of any variance q"),
        (lambda: edge("round(x)"), "jumps at x ="),
        (lambda: edge("abs(sign(x))"), "no edge of chaos: its derivative is 0 almost everywhere"),
        (lambda: edge("x**2"), "chi_1 = 1 at a variance above 1e-06 needs biases above 0.0005; choose a larger sigma_b"),
        (lambda: edge("softmax"), "softmax works on whole rows"),
        (lambda: edge("tanh", -0.1), "sigma_b is the scale of the biases"),
        (lambda: edge("where(x > 0, x + 1, x)"), "jumps at x = 0"),
        (lambda: edge_curve("tanh", 0.0), "q is the variance of the pre-activation"),
        (lambda: edge_curve("max(x - 100, 0)", 1.0), "a derivative of 0 almost everywhere at variance 1"),
        (lambda: half_stable("sqrt(abs(x))"), "has no edge of chaos"),
        (lambda: fixed_points("tanh", math.inf), "sigma_w, the scale of the weights,"),
    ],
)
def test_sentences(call: Any, part: str) -> None:
    with pytest.raises(ParameterError) as err:
        call()
    assert part in str(err.value)


def test_relu_converges_like_one_over_depth_squared() -> None:
    """Hayou et al. 2019: on its edge 1 - c is about 9 pi^2/(2 l^2) after l layers."""
    c, layers = 0.2, 300
    for _ in range(layers):
        c = correlation_map("relu", min(c, 1.0), 1.0, math.sqrt(2))
    assert (1 - c) * layers**2 == pytest.approx(9 * math.pi**2 / 2, rel=0.1)
