"""Interval arithmetic must enclose: every value in a box lies within its bounds; and the shape it leads to."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from registry import REPRESENTATIVES

from nonlin.catalogue import definitions, resolve
from nonlin.expr import PRIMITIVES, call, derivative, parse, var
from nonlin.expr.exact import evaluate, sample
from nonlin.facts.boxes import bounds, log2_size
from nonlin.facts.extent import extent, jumps, limit_at, within
from nonlin.facts.forms import grouped, restricted, sign_on, split, unpretended
from nonlin.facts.shape import between, shape, signs

ELEMENTWISE = [n for n in REPRESENTATIVES if definitions()[n].kind == "elementwise"]
UNARY = [n for n, p in PRIMITIVES.items() if p.arity == 1 and not p.rowwise and p.tangent is not None]


def boxes(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    low = np.concatenate([rng.normal(size=count) * 3, rng.normal(size=count // 2) * 40, [0.0, -1.0, -2.0, 0.5]])
    return low, low + 10.0 ** rng.uniform(-7, 0.6, low.size)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_bounds_enclose(name: str, order: int) -> None:
    root = definitions()[name].closed()
    root = unpretended(root) if order == 0 else derivative(unpretended(root), "x", order)
    low, high = boxes(order, 24)
    found = bounds(root, low, high)
    pick = random.Random(name)
    for n, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        for share in (1e-9, pick.random(), 1 - 1e-9):
            x = a + share * (b - a)
            value = sample(root, x, 1500)
            if a < x < b and not mpmath.isnan(value):
                assert found.low[n] <= value <= found.high[n], (a, b, share)
                assert value > found.low[n] or not found.above[n]
                assert value < found.high[n] or not found.below[n]


@pytest.mark.parametrize("op", UNARY)
def test_elementary_functions_stay_within_their_slack(op: str) -> None:
    """What is allowed for the rounding of NumPy's and SciPy's functions is at least four times what they need."""
    root = call(op, var("x"))
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(size=150) * 4, 10.0 ** rng.uniform(-8, 2.3, 60), -(10.0 ** rng.uniform(-8, 2.3, 60))])
    found = bounds(root, x, x, closed=True)
    for n, at in enumerate(x.tolist()):
        value = sample(root, at, 400)
        if mpmath.isnan(value):
            continue
        assert found.low[n] <= value <= found.high[n], at
        width = found.high[n] - found.low[n]
        if math.isfinite(width) and width > 1e-300 and op not in ("floor", "round", "sign", "abs", "neg", "sin", "cos"):
            inner = min(value - found.low[n], found.high[n] - value)
            at_bound = {found.low[n], found.high[n]} & {0.0, 1.0, -1.0, 2.0}  # cut off at the function's own range
            assert inner >= 0.25 * width or at_bound, (at, float(inner / width))


def test_strict_signs_survive_underflow() -> None:
    low, high = np.array([-1e6]), np.array([-1e5])
    for text in ("exp(x)", "sigmoid(x)", "exp(-x*x)*(2 - x*x)*(-1)", "normal_cdf(x)"):
        assert sign_on(parse(text), low, high)[0] == 1, text
    assert sign_on(parse("x*normal_cdf(x)"), low, high)[0] == -1
    assert sign_on(parse("exp(x) - 2*exp(x)*x*x"), low, high)[0] == -1
    assert sign_on(parse("where(x > 0, 1, 0)"), low, high)[0] == 0
    assert sign_on(parse("sin(x)"), low, high)[0] == 2  # not decided


def test_open_ends() -> None:
    at = np.array([0.0]), np.array([1.0])
    assert sign_on(parse("x"), *at)[0] == 1
    assert sign_on(parse("x"), *at, closed=True)[0] == 2
    assert sign_on(parse("x - 1"), *at)[0] == -1
    assert sign_on(parse("tanh(x)*x"), *at)[0] == 1
    assert sign_on(parse("where(x < 1, -1, 1)"), *at)[0] == -1


def test_sizes_below_every_double() -> None:
    low, high = np.array([-1e9]), np.array([-1e8])
    assert log2_size(parse("x*exp(x)"), low, high)[0] < -1e8
    assert log2_size(parse("x*normal_cdf(x)"), low, high)[0] < -1e15
    assert log2_size(parse("x*x"), low, high)[0] == pytest.approx(2 * math.log2(1e9), abs=2)


@pytest.mark.parametrize("name", [*ELEMENTWISE, "x**3 - x", "exp(-x*x)*x", "abs(x - 1)*x"])
@pytest.mark.parametrize("form", [grouped, split])
def test_regrouped_forms_are_the_same_function(name: str, form: object) -> None:
    root = derivative(unpretended(resolve(name).closed()), "x", 1)
    for x in (Fraction(-7, 3), Fraction(1, 5), Fraction(9, 4)):
        a, b = evaluate(root, {"x": x}, 40), evaluate(form(root), {"x": x}, 40)  # type: ignore[operator]
        assert mpmath.isnan(a) or abs(a - b) <= mpmath.mpf(10) ** -30 * (1 + abs(a))


def test_restricted_takes_the_branch() -> None:
    root = parse("max(x, 0) + abs(x - 2) + where(x >= 5, 1, 2) + min(x, 7) + sign(x)")
    for low, high in ((-9.0, 0.0), (0.0, 2.0), (2.0, 5.0), (5.0, 7.0), (7.0, 99.0)):
        part = restricted(root, low, high)
        assert not {n for n in ("max", "abs", "where", "min", "sign") if n in repr(part)}
        middle = {"x": Fraction(low + high) / 2}
        assert evaluate(part, middle) == evaluate(root, middle)


def test_signs_find_every_change() -> None:
    pieces = signs(parse("(x - 1)*(x + 2)*(x - 1/3)*exp(-x)"), (0.0,))
    wide = [p for p in pieces if not p.narrow]
    assert [p.sign for p in wide] == [-1, 1, 1, -1, 1]  # cut at 0
    assert all(p.proved for p in wide)
    ends = sorted({round(p.high, 9) for p in wide[:-1]})
    assert ends == pytest.approx([-2, 0, 1 / 3, 1])


def test_sampled_pieces_are_not_called_proved() -> None:
    found = shape(parse("log(x)"))
    outside = [p for p in found.value if p.undefined]
    assert [(p.high, p.proved) for p in outside] == [(0.0, False)]


def test_certificates_can_fail() -> None:
    assert within(parse("tanh(x)"), -1.0, 1.0, (0.0,))
    assert not within(parse("tanh(x)"), -1.0, 0.999999, (0.0,))
    assert within(parse("x*sigmoid(x)"), -0.2784645427611, math.inf, (0.0,))
    assert not within(parse("x*sigmoid(x)"), -0.27846, math.inf, (0.0,))


def test_a_narrow_spike_is_not_missed() -> None:
    """A bump of width 1e-6, which no grid of thousands of points would see, is in the extreme values."""
    root = parse("exp(-((x - 1/3)*1000000)**2)")
    made = shape(root)
    assert extent(root, made.slope, made.cuts, made.edge).high == pytest.approx(1.0, abs=1e-9)


def test_limits_and_jumps() -> None:
    assert limit_at(parse("x*exp(x)"), -1) == 0
    assert math.isnan(limit_at(parse("sin(x)"), 1))
    (jump,) = jumps(parse("where(x > 2, x, -x)"), (0.0, 2.0))
    assert jump == (2.0, pytest.approx(-2), -2.0, pytest.approx(2))
    (pole,) = jumps(parse("1/x"), (0.0,))
    assert (pole.left, pole.right) == (-math.inf, math.inf)


def test_points_between() -> None:
    points = between(-1e100, 1e-3)
    assert points[0] == -1e100
    assert points[-1] == 1e-3
    assert (np.diff(points) > 0).all()
    assert len(points) > 20
