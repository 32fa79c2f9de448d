"""Moments, gains and kinks: closed forms, an independent integrator, and sentences for what does not exist."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from registry import REPRESENTATIVES
from scipy.special import ndtr

from nonlin.catalogue import definitions
from nonlin.errors import ParameterError
from nonlin.expr import const, derivative, parse, substitute
from nonlin.expr.exact import evaluate as exactly
from nonlin.facts import gain, kinks, moments, switches


def gentle(name: str) -> bool:
    """Whether the derivative turns slowly enough for a fixed grid, and for mpmath's quadrature, to follow it."""
    from nonlin.backends.numpy import evaluate

    root = definitions()[name].closed()
    bends = evaluate(root, np.linspace(-8, 8, 4001) + 1e-4, wrt=("x", "x"))
    return bool(np.nanmax(np.abs(bends)) < 8)


SMOOTH = [
    n
    for n in REPRESENTATIVES
    if definitions()[n].kind == "elementwise" and n not in ("round", "binary_step", "bipolar_step")
]
ELEMENTWISE = [n for n in SMOOTH if gentle(n)]
"""The derivative of a step is 0 almost everywhere, and has no gain."""
E = math.e
CLOSED = [  # formula, q, which moment, value
    ("relu", 1, "mean", 1 / math.sqrt(2 * math.pi)),
    ("relu", 1, "square", 0.5),
    ("relu", 2.5, "square", 1.25),
    ("relu", 1, "slope_square", 0.5),
    ("relu", 1, "cross", 0.5),
    ("leaky_relu(slope=0.3)", 1, "square", (1 + 0.3**2) / 2),
    ("max(x, 0)**2", 1, "square", 1.5),
    ("max(x, 0)**2", 1, "cross", 3.0),
    ("gelu", 1, "mean", 1 / (2 * math.sqrt(math.pi))),
    ("gelu", 1, "square", 1 / 3 + 1 / (2 * math.pi * math.sqrt(3))),
    ("gelu", 1, "slope_square", 1 / 3 + 2 / (3 * math.sqrt(3) * math.pi)),
    ("elu", 1, "square", 1 + E**2 * ndtr(-2) - 2 * math.sqrt(E) * ndtr(-1)),
    ("elu", 1, "slope_square", 0.5 + E**2 * ndtr(-2)),
    ("selu", 1, "mean", 0.0),
    ("selu", 1, "square", 1.0),
    ("erf(x)", 1, "square", 2 / math.pi * math.asin(2 / 3)),
    *[("erf(x)", q, "slope_square", 4 / math.pi / math.sqrt(1 + 4 * q)) for q in (0.01, 1, 9, 100)],
    ("sin(x)", 1, "square", (1 - math.exp(-2)) / 2),
    ("hard_tanh", 1, "slope_square", ndtr(1) - ndtr(-1)),
    ("where(x*x > 2, 0, 1)", 1, "mean", ndtr(math.sqrt(2)) - ndtr(-math.sqrt(2))),
    ("floor(x)", 1, "mean", -0.5),
    ("exp(x)", 1, "square", E**2),
]


@pytest.mark.parametrize(("formula", "q", "which", "value"), CLOSED)
def test_closed_forms(formula: str, q: float, which: str, value: float) -> None:
    assert getattr(moments(formula, q), which) == pytest.approx(value, abs=1e-10)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_against_mpmath(name: str) -> None:
    """Tanh-sinh quadrature of the textbook formula, split at the kinks, agrees."""
    made = definitions()[name]
    textbook, found = substitute(made.resting, {n: const(p.default) for n, p in made.settable.items()}), moments(made)
    slope = derivative(textbook)
    cuts = [-12, *sorted({0.0, *switches(made.closed())}), 12]
    with mpmath.workdps(20):
        for which, root in (("square", textbook), ("slope_square", slope)):
            true = mpmath.quad(lambda z, root=root: exactly(root, {"x": z}, 20) ** 2 * mpmath.npdf(z), cuts, maxdegree=6)
            assert getattr(found, which) == pytest.approx(float(true), abs=1e-10), which


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_gains_invert_their_moments(name: str) -> None:
    found = moments(name)
    assert gain(name) ** -2 == pytest.approx(found.square, rel=1e-12)
    assert gain(name, "variance") ** -2 == pytest.approx(found.variance, rel=1e-9)
    assert gain(name, "backward") ** -2 == pytest.approx(found.slope_square, rel=1e-12)


@pytest.mark.parametrize(("q", "shift"), [(0.5, 0.7), (3.0, -1.2), (1.0, 5.0), (100.0, -3.0)])
def test_a_shifted_input(q: float, shift: float) -> None:
    """Closed forms for ReLU, x^2 and sin at N(shift, q)."""
    sd, a = math.sqrt(q), shift / math.sqrt(q)
    density, below = math.exp(-a * a / 2) / math.sqrt(2 * math.pi), float(ndtr(a))
    relu = moments("relu", q, shift)
    assert relu.mean == pytest.approx(shift * below + sd * density, abs=1e-10)
    assert relu.square == pytest.approx((shift**2 + q) * below + shift * sd * density, rel=1e-10, abs=1e-10)
    assert relu.slope_square == pytest.approx(below, abs=1e-10)
    assert moments("x**2", q, shift).square == pytest.approx(shift**4 + 6 * shift**2 * q + 3 * q**2, rel=1e-10)
    assert moments("sin(x)", q, shift).mean == pytest.approx(math.sin(shift) * math.exp(-q / 2), abs=1e-10)
    assert moments("sin(x)", q, shift).cross == pytest.approx(sd * math.cos(2 * shift) * math.exp(-2 * q), abs=1e-10)
    with pytest.raises(ParameterError, match="shift is the mean of the pre-activation"):
        moments("relu", q, math.nan)


@pytest.mark.parametrize("q", [1e-12, 1e-6, 1e-3, 1e4, 1e6, 1e8, 1e12])
def test_any_variance(q: float) -> None:
    """Narrow and wide inputs: what turns near 0 is a step to a wide one, and must not be stepped over."""
    erf = moments("erf(x)", q)
    assert erf.square == pytest.approx(2 / math.pi * math.asin(2 * q / (1 + 2 * q)), abs=1e-10)
    assert erf.slope_square == pytest.approx(4 / math.pi / math.sqrt(1 + 4 * q), rel=1e-10)
    inside = math.erf(1 / math.sqrt(2 * q))
    assert moments("hard_tanh", q).slope_square == pytest.approx(inside, rel=1e-10)
    assert moments("relu", q).square == pytest.approx(q / 2, rel=1e-12)
    if q < 1e7:
        assert moments("sin(x)", q).square == pytest.approx((1 - math.exp(-2 * q)) / 2, abs=1e-10)


@pytest.mark.parametrize("centre", [0.37, -2.1, 3.3])
def test_steep_away_from_zero(centre: float) -> None:
    """A narrow bump: E exp(-2 k (z - a)^2) = exp(-2 k a^2/(1 + 4 k))/sqrt(1 + 4 k)."""
    k = 1e6
    expected = math.exp(-2 * k * centre**2 / (1 + 4 * k)) / math.sqrt(1 + 4 * k)
    assert moments(f"exp(-{k}*(x - {centre})**2)").square == pytest.approx(expected, rel=1e-9)


def test_three_gains_of_gelu_are_three_numbers() -> None:
    forward, variance, backward = (gain("gelu", k) for k in ("forward", "variance", "backward"))
    square = 1 / 3 + 1 / (2 * math.pi * math.sqrt(3))
    assert forward == pytest.approx(square**-0.5, abs=1e-10)
    assert variance == pytest.approx((square - 1 / (4 * math.pi)) ** -0.5, abs=1e-10)
    assert backward == pytest.approx((1 / 3 + 2 / (3 * math.sqrt(3) * math.pi)) ** -0.5, abs=1e-10)


def test_gain_values() -> None:
    table = [("relu", "forward", math.sqrt(2)), ("selu", "forward", 1.0), ("tanh", "forward", 1.5925374),
             ("sigmoid", "forward", 1.8462285), ("mish", "variance", 1.5920254),
             ("silu", "backward", 1.6233203)]  # fmt: skip
    for name, kind, value in table:
        assert gain(name, kind) == pytest.approx(value, abs=1e-7)  # type: ignore[arg-type]


def test_steep_and_oscillating() -> None:
    assert moments("tanh(1000*x)").slope_square == pytest.approx(4000 / 3 / math.sqrt(2 * math.pi), rel=1e-5)
    assert moments("sin(200*x)").square == pytest.approx(0.5, abs=1e-10)


@pytest.mark.parametrize(
    ("formula", "kind", "part"),
    [
        ("softmax", "forward", "whole rows"),
        ("exp(x*x/4)", "forward", "E f^2 is infinite"),
        ("1/x", "forward", "E f^2 is infinite"),
        ("sqrt(abs(x))", "backward", "E f'^2 is infinite"),
        ("floor(x)", "backward", "E f'^2 is zero"),
        ("where(x > 100, 1, 0)", "forward", "E f^2 is zero"),
        ("where(x > 100, 1, 2)", "variance", "Var f is zero"),
        ("relu", "sideways", "kind must be"),
    ],
)
def test_no_gain(formula: str, kind: str, part: str) -> None:
    with pytest.raises(ParameterError) as err:
        gain(formula, kind)  # type: ignore[arg-type]
    assert part in str(err.value)


def test_one_missing_moment_spares_the_others() -> None:
    assert gain("sqrt(abs(x))") == pytest.approx((2 / math.pi) ** -0.25, rel=1e-9)
    with pytest.raises(ParameterError, match="E f'\\^2"):
        moments("sqrt(abs(x))")


@pytest.mark.parametrize("q", [0, -1, math.inf, math.nan, True, "1"])
def test_bad_variance(q: object) -> None:
    with pytest.raises(ParameterError, match="variance of the pre-activation"):
        moments("relu", q)  # type: ignore[arg-type]


def test_switches() -> None:
    assert switches(parse("max(x, 0) + abs(2*x - 1/3)")) == (0.0, 1 / 6)
    np.testing.assert_allclose(switches(parse("where(x**3 - x > 0, x, 0)")), [-1, 0, 1], atol=1e-12)
    np.testing.assert_allclose(switches(parse("abs(tanh(x) - 1/2)")), [math.atanh(0.5)], atol=1e-12)
    assert switches(parse("floor(x)"), -2.5, 2.5) == (-2.0, -1.0, 0.0, 1.0, 2.0)
    assert switches(parse("tanh(x)")) == ()
    assert switches(parse("max(x, 100)")) == ()


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_kinks_are_the_jumps_of_the_derivative(name: str) -> None:
    from nonlin.backends.numpy import evaluate

    root = definitions()[name].closed()
    grid = np.linspace(-8, 8, 4001) + 1e-4
    slope = evaluate(root, grid, wrt=("x",))
    jumps = grid[:-1][np.abs(np.diff(slope)) > 0.04]
    found = [k.x for k in kinks(root) if abs(k.x) < 8]
    assert len(found) == len(jumps)
    np.testing.assert_allclose(found, jumps, atol=0.01)
