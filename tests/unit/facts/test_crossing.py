"""Sign changes of monotone functions against plain bisection, and how few evaluations they take."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from nonlin.facts import facts
from nonlin.facts.crossing import crossing

CASES: dict[str, tuple[Callable[[float], float], float, float, int]] = {
    "a line": (lambda x: 3 * x - 1, -5.0, 9.0, 15),
    "a root": (lambda x: x * x - 2, 0.0, 40.0, 40),
    "a tail on a straight scale": (lambda x: math.log(1e-7) + x * x / 2, 0.0, 40.0, 40),
    "a step": (lambda x: math.atan(1e8 * (x - 0.123)), -40.0, 40.0, 90),
    "flat": (lambda x: (x - 0.3) ** 9, -40.0, 40.0, 120),
    "far": (lambda x: math.log(1 + x) - 30, 0.0, 2.0**500, 60),
    "falling": (lambda x: -math.tanh(x - 3) + 0.999, -40.0, 40.0, 80),
}


@pytest.mark.parametrize("name", CASES)
def test_against_bisection(name: str) -> None:
    function, low, high, most = CASES[name]
    asked = []

    def counted(x: float) -> float:
        asked.append(x)
        return function(x)

    left, right = crossing(counted, low, high, function(low), function(high))
    rises = function(low) < function(high)
    a, b = low, high
    while (middle := a + (b - a) / 2) not in (a, b):
        a, b = (middle, b) if (function(middle) < 0) == rises else (a, middle)
    assert (left, right) == (a, b)
    assert len(asked) <= most


@pytest.mark.parametrize(
    ("name", "side", "dtype", "wanted"),
    [
        ("arctan", "right", "float32", math.sqrt(2**23 - 1)),  # 1/(1 + x**2)
        ("softsign", "left", "float32", 1 - math.sqrt(2**23)),  # 1/(1 + |x|)**2
        ("softsign", "right", "float16", 31.0),
        ("elliott", "right", "float32", None),
        ("arcsinh", "right", "float64", math.sqrt(2.0**104 - 1)),  # 1/sqrt(1 + x**2)
        ("squared_relu", "left", "float32", 2.0**-24),  # 2*x
    ],
)
def test_where_slopes_saturate_by_closed_forms(name: str, side: str, dtype: str, wanted: float | None) -> None:
    found = facts(name).saturates.value[dtype][side]
    wanted = 2047.0 if wanted is None else wanted  # 1/2/(1 + |x|)**2 = 2**-23
    assert found == pytest.approx(wanted, rel=1e-12, abs=1e-20)
