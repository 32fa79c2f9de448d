"""Whether a bound is a value, in cases worked out by hand; the battery compares both ways of finding it over the catalogue."""

from __future__ import annotations

import math

import pytest

from nonlin.facts import facts, reach

INF = math.inf
CASES: dict[str, tuple[float, float, bool, bool, str]] = {
    "laplace": (0, 1, False, False, "a scaled erf, which at 3 is 1 in 30 digits, and never 1"),
    "soft_clipping": (0, 1, False, False, "a difference of softplus, which are never 0"),
    "sincos": (-math.sqrt(2), math.sqrt(2), True, True, "sin(x) + cos(x) = sqrt(2) at pi/4"),
    "hybrid_chaotic": (-1.1, 1.1, False, False, "tanh(x) < 1, so that tanh(x) + sin(pi*x)/10 < 1.1"),
    "sine_relu": (-0.0025 * math.sqrt(2), INF, True, False, "sin(x) - cos(x) = -sqrt(2) at -pi/4"),
    "gated_prelu_pelu": (-1, INF, True, False, "it falls below -1 by exp(-200), and comes back to -1 at -inf"),
    "sin(x)": (-1, 1, True, True, "at pi/2"),
    "erf(1000*x)": (-1, 1, False, False, "at 3 it differs from 1 by exp(-9e6)"),
    "min(erf(1000*x), 1/2)": (-1, 0.5, False, True, "a flat part that lies below no limit"),
    "tanh(x) + sin(x)/1000000000": (
        -1.000000001,
        1.000000001,
        False,
        False,
        "the hills near 0 are lower than those far out",
    ),
    "x**2*exp(-x)": (0, INF, True, False, "0 at 0, and the limit 0 at inf"),
    "exp(-x**2)*sin(x)**2": (0, math.nan, True, True, "the zeros of a sine"),
}


@pytest.mark.parametrize("name", CASES)
def test_bounds_that_double_precision_cannot_tell(name: str) -> None:
    low, high, low_in, high_in, why = CASES[name]
    told = facts(name).range.value
    for end, bound, taken in (("low", low, low_in), ("high", high, high_in)):
        if not math.isnan(bound):
            assert told[end] == pytest.approx(bound, abs=1e-9), why
        assert told[f"{end}_attained"] is taken, why
    fast = reach(name)
    assert (fast.low_attained, fast.high_attained) == (low_in, high_in), why
