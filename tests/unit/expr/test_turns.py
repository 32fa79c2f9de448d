"""Where formulas turn: branch points and zeros of divisors that are linear in x."""

from __future__ import annotations

import math

import pytest

from nonlin.expr import parse
from nonlin.expr.turns import centres, linear_root, turns


@pytest.mark.parametrize(
    ("formula", "points"),
    [
        ("max(x, 0)", (0.0,)),
        ("max(x, -3) + min(x, 3)", (-3.0, 3.0)),
        ("where(x > 1.5, x, abs(2*x + 1))", (-0.5, 1.5)),
        ("sin(x - 1)/(x - 1)", (1.0,)),
        ("x*sigmoid(x)", ()),
        ("max(x**2 - 1, 0)", ()),  # not linear
        ("abs(pi*x - 1)", (1 / math.pi,)),
    ],
)
def test_turns_are_the_points_where_a_branch_switches_or_a_divisor_vanishes(formula: str, points: tuple[float, ...]) -> None:
    assert turns(parse(formula)) == pytest.approx(points)


def test_a_comparison_that_never_changes_has_no_root() -> None:
    assert math.isnan(linear_root(parse("2", names=("x",))))  # type: ignore[arg-type]
    assert linear_root(parse("x**2 - 1")) is None
    assert linear_root(parse("3*x")) == 0


def test_centres_are_found_behind_a_clamp_too() -> None:
    assert centres(parse("exp(-(2*x - 3)**2)*tanh(x + 1)")) == (-1.0, 1.5)
    assert centres(parse("exp(-(max(x, -4) - 3)**2)")) == (3.0,)
    assert centres(parse("x*exp(-x*x)")) == ()
