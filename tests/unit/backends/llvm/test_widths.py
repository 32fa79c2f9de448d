"""Polynomials and quotients on float32 numbers: computed in float64 where that is less work, and then rounded correctly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

import nonlin
from nonlin.backends.kernel import differentiated, guarded
from nonlin.backends.llvm import calls, widths
from nonlin.backends.repair import roomy
from nonlin.expr import parse

RATIONAL = "(0.02+x*(0.5+x*(1.6+x*(2.4+x*(1.1+x*0.1)))))/(1+abs(x*(0.3+x*(1.2+x*(0.1+x*0.05)))))"


def _rational(x: Fraction) -> Fraction:
    top = bottom = Fraction(0)
    for c in ("0.1", "1.1", "2.4", "1.6", "0.5", "0.02"):
        top = top * x + Fraction(c)
    for c in ("0.05", "0.1", "1.2", "0.3", "0"):
        bottom = bottom * x + Fraction(c)
    return top / (1 + abs(bottom))


def test_the_result_is_the_nearest_number(vectors: str) -> None:
    source = np.random.default_rng(0)
    x = np.concatenate(
        [source.uniform(-12, 3, 1500), np.ldexp(source.normal(0, 1, 300), source.integers(-30, 24, 300))]
    ).astype("f4")
    got = nonlin.get(RATIONAL)(x)
    for at, value in zip(x.tolist(), got.tolist(), strict=True):
        exact = _rational(Fraction(at))
        spacing = Fraction(float(np.spacing(np.float32(abs(value)))))
        assert abs(Fraction(value) - exact) <= spacing * Fraction(501, 1000), at


def test_the_ends_are_the_limits_and_nan_stays(vectors: str) -> None:
    x = np.array([-np.inf, np.inf, -3.4e38, 3.4e38, np.nan], "f4")
    got = nonlin.get(RATIONAL)(x)
    assert got[:4].tolist() == [-np.inf, np.inf, -np.inf, np.inf]
    assert np.isnan(got[4])
    assert np.isnan(nonlin.get(f"where(x > 0, {RATIONAL}, 0)")(x)[4])
    assert nonlin.get("(x**4 - 3*x**2 + 1)/(2*x**4 + x**2 + 1)")(x)[:4].tolist() == [0.5] * 4


def test_only_what_takes_patches_in_float32_is_computed_in_float64() -> None:
    for formula, storage in (
        (RATIONAL, "float32 in float64"),
        ("x*x", "float32"),
        ("max(x, 0)", "float32"),
        ("tanh(x)", "float32"),
    ):
        kernel = calls.prepared((parse(formula),), ("x",), (), "float32", 0)
        assert kernel is not None
        assert kernel.plan.storage == storage, formula
    kernel = calls.prepared((parse(RATIONAL),), ("x",), (), "bfloat16", 0)
    assert kernel is not None
    assert kernel.plan.storage == "bfloat16"


def test_more_than_arithmetic_and_what_has_a_pole_is_left() -> None:
    assert roomy(parse("x - tanh(x)")) is None
    assert roomy(parse("(x - 1)/(x - 1)")) is None  # 0/0 in any precision
    assert roomy(parse("a*x")) is None


def test_the_cost_of_a_derivative_is_that_of_its_parts() -> None:
    root = parse(RATIONAL)
    slope = differentiated(root, ("x",))
    assert (
        widths.cost([root])
        < widths.cost([slope])
        < widths.cost([root, slope])
        < widths.cost([root]) + widths.cost([slope]) + 1
    )
    assert widths.cost([guarded(root, "float32")]) > widths.cost_in_double([root])
