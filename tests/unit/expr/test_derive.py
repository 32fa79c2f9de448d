"""Derivatives: of every primitive, through chains, to high orders, and by parameters."""

from __future__ import annotations

import pytest
from mpmath import mp, mpf

from nonlin.expr import PRIMITIVES, const, derivative, parse, tangent, to_text, var, variables
from nonlin.expr.exact import evaluate
from nonlin.expr.nodes import ONE, ZERO
from nonlin.expr.parse import function_names

UNARY = sorted(n for n, row in PRIMITIVES.items() if row.arity == 1 and not row.rowwise and n in function_names())


def numeric(formula: str, point: float, order: int = 1) -> object:
    root = parse(formula, textbook=True)
    with mp.workdps(60):
        return mp.diff(lambda v: evaluate(root, {"x": v}, mp.dps + 10), mpf(point), order)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("point", [0.3, 1.7, 2.9])
def test_every_primitives_derivative(name: str, point: float) -> None:
    for formula in (f"{name}(x)", f"{name}(x*x/3 + 0.2)"):
        slope = derivative(parse(formula, textbook=True))
        with mp.workdps(40):
            expected = numeric(formula, point)
            got = evaluate(slope, {"x": point}, 50)
            assert abs(got - expected) <= mpf(10) ** -20 * max(abs(expected), 1)


@pytest.mark.parametrize(
    "formula",
    ["x**3", "x**2.5", "2**x", "x**x", "1/x", "x/(1+x*x)", "max(x, 1)*x", "min(x, x*x)", "where(x > 1, x*x, x)",
     "sin(x)*exp(-x)", "atan(x)*log(x)", "softplus(x)**2", "x*normal_cdf(x)", "round(x)*x", "floor(x)*x", "abs(x-1)"],
)  # fmt: skip
@pytest.mark.parametrize("order", [1, 2, 3])
def test_composites_to_the_third_order(formula: str, order: int) -> None:
    made = derivative(parse(formula, textbook=True), "x", order)
    for point in (0.4, 1.6):
        expected = numeric(formula, point, order)
        with mp.workdps(40):
            got = evaluate(made, {"x": point}, 50)
            assert abs(got - expected) <= mpf(10) ** -12 * max(abs(expected), 1)


def test_derivatives_read_as_people_write_them() -> None:
    for formula, slope in (
        ("x**2", "2*x"),
        ("softplus(x)", "sigmoid(x)"),
        ("x/(1 + abs(x))", "1/(1 + abs(x))/(1 + abs(x))"),
        ("max(x, 0)", "where(x > 0, 1, 0)"),
        ("5", "0"),
        ("x", "1"),
        ("1 - tanh(x)**2", "-2*tanh(x)*sech2(x)"),
    ):
        assert to_text(derivative(parse(formula))) == slope


def test_by_a_parameter_and_mixed() -> None:
    root = parse("where(x > 0, x, a*x)", ["x", "a"])
    assert derivative(root, "a") is parse("where(x > 0, 0, x)", ["x"])
    assert derivative(derivative(root, "a"), "x") is parse("where(x > 0, 0, 1)", ["x"])
    assert derivative(root, "b") is ZERO
    assert derivative(root, "x", 0) is root


def test_tangents() -> None:
    v = var("v")
    assert tangent(parse("x*y"), {"x": const(1)}) is var("y")
    assert tangent(parse("row_sum(x)"), {"x": v}) is parse("row_sum(v)")
    assert tangent(parse("3"), {"x": ONE}) is ZERO
    softmax = tangent(parse("row_softmax(x)"), {"x": v})
    assert set(variables(softmax)) == {"x", "v"}


def test_kinks_follow_the_stated_convention() -> None:
    at_zero = {"max(x, 0)": 0, "max(0, x)": 1, "min(x, 0)": 0, "min(0, x)": 1, "abs(x)": 0, "sign(x)": 0,
               "where(x > 0, x, 2*x)": 2, "where(x >= 0, x, 2*x)": 1}  # fmt: skip
    for formula, slope in at_zero.items():
        assert evaluate(derivative(parse(formula, textbook=True)), {"x": 0}) == slope
