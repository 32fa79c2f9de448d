"""Properties of random expressions: text round trips, and simplification and derivatives keep the mathematics."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, assume, given, settings
from mpmath import mp, mpf

from nonlin.expr import Expr, call, const, derivative, parse, stabilise, to_text, var, variables, where
from nonlin.expr.exact import evaluate

mp_settings = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
SMOOTH = ("exp", "tanh", "sigmoid", "softplus", "sech2", "erf", "normal_cdf", "sin", "cos", "arctan", "arcsinh", "expm1")
COMBINE: dict[str, Any] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
OPERATIONS = tuple(COMBINE)


def numbers() -> st.SearchStrategy[Fraction]:
    decimals = st.integers(-40, 40).map(lambda n: Fraction(n, 8))
    return decimals | st.sampled_from([Fraction(1, 3), Fraction(-7, 5), Fraction("0.044715"), Fraction(2), Fraction(0)])


# A tree is plain data: what the test evaluates by itself, and what it builds the expression from.
leaves = st.just("x") | numbers()
trees: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(OPERATIONS), inner, inner),
        st.tuples(st.sampled_from(SMOOTH), inner),
        st.tuples(st.just("pow"), inner, st.integers(0, 4)),
        st.tuples(st.just("-"), inner),
    ),
    max_leaves=8,
)
branching: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(OPERATIONS), inner, inner),
        st.tuples(st.sampled_from([*SMOOTH, "abs", "sign", "log1p", "floor", "round"]), inner),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner),
        st.tuples(st.just("where"), st.sampled_from(["lt", "le", "gt", "ge"]), inner, inner, inner, inner),
        st.tuples(st.just("pow"), inner, st.integers(-3, 5)),
        st.tuples(st.just("-"), inner),
    ),
    max_leaves=10,
)


def build(tree: Any) -> Expr:
    if tree == "x":
        return var("x")
    if isinstance(tree, Fraction):
        return const(tree)
    op, *args = tree
    if op == "where":
        return where(Expr(args[0], (build(args[1]), build(args[2]))), build(args[3]), build(args[4]))
    if op == "pow":
        return build(args[0]) ** args[1]
    a = [build(t) for t in args]
    if op in OPERATIONS:
        return -a[0] if len(a) == 1 else COMBINE[op](a[0], a[1])
    return call(op, *a)


FUNCTIONS: dict[str, Any] = {
    "exp": mp.exp, "tanh": mp.tanh, "sigmoid": lambda u: 1 / (1 + mp.exp(-u)), "softplus": lambda u: mp.log(1 + mp.exp(u)),
    "sech2": lambda u: 1 / mp.cosh(u) ** 2, "erf": mp.erf, "normal_cdf": mp.ncdf, "sin": mp.sin, "cos": mp.cos,
    "arctan": mp.atan, "arcsinh": mp.asinh, "expm1": mp.expm1,
}  # fmt: skip


def plainly(tree: Any, x: Any) -> Any:
    """The tree's value, by mpmath and nothing of ours."""
    if tree == "x":
        return x
    if isinstance(tree, Fraction):
        return mpf(tree.numerator) / tree.denominator
    op, *args = tree
    if op == "pow":
        return plainly(args[0], x) ** args[1]
    a = [plainly(t, x) for t in args]
    if any(abs(v) > 1e4 for v in a):
        raise OverflowError
    if op in OPERATIONS:
        return -a[0] if len(a) == 1 else COMBINE[op](a[0], a[1])
    return FUNCTIONS[op](a[0])


def built(tree: Any) -> Expr:
    try:
        return build(tree)
    except (ZeroDivisionError, OverflowError):
        assume(False)
        raise


@mp_settings
@given(branching)
def test_text_round_trips_to_the_same_object(tree: Any) -> None:
    root = built(tree)
    text = to_text(root)
    assume(len(text) < 300)
    assert parse(text, ["x"], textbook=True) is root


@mp_settings
@given(trees, st.sampled_from(["-1.75", "0.3125", "2.6", "-0.8", "0"]))
def test_simplification_and_the_stable_form_keep_the_value(tree: Any, point: str) -> None:
    root = built(tree)
    with mp.workdps(120):
        try:
            expected = plainly(tree, mpf(point))
        except (ZeroDivisionError, OverflowError, ValueError):
            assume(False)
        for form in (root, stabilise(root)):
            got = evaluate(form, {"x": Fraction(point)} if variables(form) else {}, 120)
            assert abs(got - expected) <= mpf(10) ** -60 * max(abs(expected), 1)


@mp_settings
@given(trees, st.sampled_from(["-1.75", "0.3125", "2.6", "-0.8"]))
def test_the_derivative_is_the_limit_of_difference_quotients(tree: Any, point: str) -> None:
    root = built(tree)
    slope = derivative(root)
    with mp.workdps(120):
        h = mpf(10) ** -30
        try:
            ahead, behind = (plainly(tree, mpf(point) + s * h) for s in (1, -1))
        except (ZeroDivisionError, OverflowError, ValueError):
            assume(False)
        expected = (ahead - behind) / (2 * h)
        assume(abs(expected) < 1e12)
        got = evaluate(slope, {"x": Fraction(point)} if variables(slope) else {}, 120)
        assert abs(got - expected) <= mpf(10) ** -18 * max(abs(expected), 1)


@mp_settings
@given(trees, trees)
def test_sums_and_products_do_not_depend_on_the_order(left: Any, right: Any) -> None:
    a, b = built(left), built(right)
    point = {"x": Fraction(5, 8)}
    with mp.workdps(60):
        for p, q in ((a + b, b + a), (a * b, b * a), (a - b, -(b - a))):
            left_value, right_value = (evaluate(e, point if variables(e) else {}, 60) for e in (p, q))
            if mp.isfinite(left_value):
                assert abs(left_value - right_value) <= mpf(10) ** -45 * max(abs(left_value), 1)


@pytest.mark.parametrize("text", ["x - (1 - x)", "-(x + 1)", "(-x)**2", "2**(-x)", "-x**2", "(x**2)**x", "x/(2/3)", "1/3*x",
                                  "where(x > 0, -x, 1/3)**2", "x - -1", "x*-2"])  # fmt: skip
def test_awkward_texts_round_trip(text: str) -> None:
    root = parse(text, textbook=True)
    assert parse(to_text(root), textbook=True) is root
