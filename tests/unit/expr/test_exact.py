"""Exact evaluation: limits, domains, rows, and constants rounded once."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from mpmath import mp, mpf

import nonlin
from nonlin.expr import call, const, parse, var
from nonlin.expr.exact import Row, constant, evaluate, is_constant

FAR = 2.0**1000


@pytest.mark.parametrize(
    ("formula", "left", "right"),
    [
        ("exp(x)", 0, math.inf), ("expm1(x)", -1, math.inf), ("tanh(x)", -1, 1), ("sigmoid(x)", 0, 1),
        ("sech2(x)", 0, 0), ("softplus(x)", 0, FAR), ("erf(x)", -1, 1), ("erfc(x)", 2, 0), ("normal_cdf(x)", 0, 1),
        ("normal_pdf(x)", 0, 0), ("exp(exp(x))", 1, math.inf), ("(exp(x)-exp(-x))/(exp(x)+exp(-x))", -1, 1),
        ("log(1+exp(x))", 0, FAR), ("2**x", 0, math.inf), ("(1/2)**x", math.inf, 0),
        ("arctan(x)", -math.pi / 2, math.pi / 2),
    ],
)  # fmt: skip
def test_far_out_the_limit_is_reached_and_nothing_overflows(formula: str, left: float, right: float) -> None:
    root = parse(formula, textbook=True)
    for point, limit in ((-FAR, left), (FAR, right)):
        for scale in (1, 2**40):
            if limit == FAR and scale > 1:
                continue
            assert _as_float(evaluate(root, {"x": mpf(point) * scale})) == pytest.approx(limit, rel=1e-12, abs=1e-300)


def _as_float(value: object) -> float:
    return float(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("formula", ["sqrt(x)", "log(x)", "log1p(x)", "x**1.5", "x**x", "x**(1/3)"])
def test_outside_its_domain_a_function_is_nan_not_complex(formula: str) -> None:
    assert mp.isnan(evaluate(parse(formula, textbook=True), {"x": -2.5}))


@pytest.mark.parametrize("formula", ["sin(exp(exp(x)))", "cos(exp(exp(x)))", "2**exp(exp(x))", "exp(x)**exp(x)"])
def test_what_would_fill_the_memory_is_cut_short(formula: str) -> None:
    evaluate(parse(formula, textbook=True), {"x": FAR})
    evaluate(parse(formula, textbook=True), {"x": 1e5})


def test_edges() -> None:
    assert evaluate(parse("log(x)"), {"x": 0}) == -mp.inf
    assert evaluate(parse("log1p(x)"), {"x": -1}) == -mp.inf
    assert mp.isnan(evaluate(parse("1/x"), {"x": 0}))
    assert mp.isnan(evaluate(parse("max(x, 0)"), {"x": mp.nan}))
    assert evaluate(parse("min(x, 0)"), {"x": -3}) == -3
    assert evaluate(parse("round(x)"), {"x": 2.5}) == 2
    assert evaluate(parse("pi"), {}) == pytest.approx(math.pi)


def test_values_are_taken_exactly_and_digits_are_kept() -> None:
    root = parse("x - 1/3", textbook=True)
    assert evaluate(root, {"x": Fraction(1, 3)}) == 0
    assert evaluate(parse("x*10", textbook=True), {"x": 0.1}) != 1  # the float's own value
    with mp.workdps(200):
        got = evaluate(parse("exp(x)", textbook=True), {"x": 1}, digits=200)
        assert abs(got - mp.e) < mpf(10) ** -195
    with mp.workdps(15):
        evaluate(root, {"x": 1}, digits=300)
        assert mp.dps == 15


def test_rows() -> None:
    row = Row([mpf(0), mpf(1), mpf(1)])
    assert evaluate(parse("row_sum(x)", textbook=True), {"x": row}) == 2
    assert evaluate(parse("row_max(x)", textbook=True), {"x": row}) == 1
    assert evaluate(parse("row_first_max(x)", textbook=True), {"x": row}).items == [0, 1, 0]
    soft = evaluate(parse("exp(x)/row_sum(exp(x))", textbook=True), {"x": row}).items
    assert float(sum(soft)) == pytest.approx(1)
    assert float(soft[0]) == pytest.approx(1 / (1 + 2 * math.e))
    logs = evaluate(parse("row_log_softmax(x)", textbook=True), {"x": row}).items
    assert float(logs[1]) == pytest.approx(math.log(float(soft[1])))


def test_constants_are_rounded_once() -> None:
    assert constant(const(Fraction(1, 3))) == 1 / 3
    assert constant(parse("sqrt(2/pi)", textbook=True)) == 0.7978845608028654
    assert is_constant(parse("sqrt(2)*pi", textbook=True))
    assert not is_constant(var("x"))
    assert not is_constant(const(1) < const(2))


def test_operations_without_a_spelling_are_spelled_out() -> None:
    expected = math.tanh(math.log1p(math.exp(2)))
    assert float(evaluate(call("tanh_softplus", const(2)))) == pytest.approx(expected, rel=1e-15)
    assert nonlin.get("x*tanh(log(1 + exp(2)))")(3.0) == pytest.approx(3 * expected, rel=1e-15)
