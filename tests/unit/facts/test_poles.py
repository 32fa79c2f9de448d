"""Facts of functions that go to infinity or end inside the line, against what school calculus says."""

from __future__ import annotations

import math

import pytest

from nonlin.expr import parse
from nonlin.facts import fact
from nonlin.facts.kinks import kinks, switches

ROOT2 = math.sqrt(2)
POLES = {
    # formula: places, range, how many monotone pieces
    "x/(x - 1)": ([1.0], (-math.inf, math.inf), 2),
    "1/(x - 0.3)": ([0.3], (-math.inf, math.inf), 2),
    "x/(x**2 - 2)": ([-ROOT2, ROOT2], (-math.inf, math.inf), 3),
    "1/(x - 1)**2": ([1.0], (0.0, math.inf), 2),
    "x/(x**2 - 2*x + 1)": ([1.0], (-0.25, math.inf), 3),
    "log((x - 1)**2)": ([1.0], (-math.inf, math.inf), 2),
    "1/x": ([0.0], (-math.inf, math.inf), 2),
}


@pytest.mark.parametrize("text", POLES)
def test_a_pole_is_a_hole_in_the_domain_and_a_jump(text: str) -> None:
    places, (low, high), pieces = POLES[text]
    assert fact(text, "domain").value["holes"] == pytest.approx(places, rel=1e-15)
    found = fact(text, "range").value
    assert (found["low"], found["high"]) == pytest.approx((low, high), rel=1e-12)
    jumps = fact(text, "jumps").value
    assert [j["x"] for j in jumps] == pytest.approx(places, rel=1e-15)
    assert all(math.isinf(j["left"]) and math.isinf(j["right"]) for j in jumps)
    assert len(fact(text, "monotone_pieces").value) == pieces
    assert fact(text, "lipschitz").value == math.inf
    assert "C^inf" not in str(fact(text, "smoothness"))
    assert not kinks(parse(text))


@pytest.mark.parametrize(("text", "span"), {"1/sqrt(x)": (0, math.inf), "log(x)": (0, math.inf), "sqrt(x - 1)": (1, math.inf),
                                            "sqrt(1 - x**2)": (-1, 1)}.items())  # fmt: skip
def test_nothing_is_said_of_where_a_function_is_undefined(text: str, span: tuple[float, float]) -> None:
    assert fact(text, "domain").value["spans"] == [list(span)]
    for piece in fact(text, "monotone_pieces").value:
        assert span[0] <= piece["low"] < piece["high"] <= span[1]


@pytest.mark.parametrize(
    "text", ["1/(1 + x**2)", "x/(1 + abs(x))", "log(1 + x**2)", "where(x < 0, x/(1 - x), x)", "sqrt(1 + x**2)"]
)
def test_a_divisor_that_is_never_zero_makes_no_pole(text: str) -> None:
    assert set(switches(parse(text))) <= {0.0}
    assert fact(text, "domain").text == "all numbers"
    assert not fact(text, "jumps").value


def test_a_hole_of_the_formula_is_no_pole() -> None:
    assert switches(parse("x/(exp(x) - 1)")) == ()
