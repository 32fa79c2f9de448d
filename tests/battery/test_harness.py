"""The battery must be able to fail: its oracle against known derivatives, and its comparison against wrong answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from battery import measure
from battery.measure import KINDS, check, check_limits, error, grid
from battery.oracle import limit, textbook, truth
from mpmath import mp, mpf

from nonlin import definitions, parse

X = [-40.0, -3.5, -1e-5, 0.75, 2.0, 30.0]


@pytest.mark.parametrize("x", X)
def test_the_oracle_knows_the_logistic_functions_derivatives(x: float) -> None:
    with mp.workdps(80):
        s = 1 / (1 + mp.exp(-mpf(x)))
        exact = (s, s * (1 - s), s * (1 - s) * (1 - 2 * s))
    for got, true in zip(truth(parse("1/(1+exp(-x))", textbook=True), x), exact, strict=True):
        assert abs(got.low - true) <= abs(true) * mpf(10) ** -19
        assert abs(got.high - true) <= abs(true) * mpf(10) ** -19


def test_the_oracle_sees_through_cancellation() -> None:
    value, slope, curve = truth(parse("log(1+exp(x))", textbook=True), -700.0)
    with mp.workdps(50):
        for got in (value, slope, curve):  # all three are e**-700 to 300 digits
            assert abs(got.low / mp.exp(-700) - 1) < mpf(10) ** -19


def test_the_oracle_returns_both_sides_of_a_kink() -> None:
    _, slope, _ = truth(parse("max(x, 0)", textbook=True), 0.0)
    assert (slope.low, slope.high) == (0, 1)
    _, slope, curve = truth(parse("x*clip(x+3,0,6)/6", textbook=True), 3.0)
    assert float(slope.low) == pytest.approx(1.0)
    assert float(slope.high) == pytest.approx(1.5)
    assert float(curve.high) == pytest.approx(1 / 3)


def test_the_oracle_finds_limits() -> None:
    tanh = textbook(definitions()["tanh"])
    assert limit(tanh, -1.0) == (-1.0, 0.0, 0.0)
    assert limit(textbook(definitions()["leaky_relu"]), -1.0) == (-math.inf, 0.01, 0.0)


def test_the_grid_holds_what_it_says() -> None:
    for kind in KINDS.values():
        points = grid(definitions()["hard_swish"], kind)
        above = float(np.nextafter(np.asarray(3, kind.numpy), np.asarray(4, kind.numpy)))
        least = math.ldexp(kind.tiny, 1 - kind.bits)
        for point in (0.0, 3.0, -3.0, above, least, -least, kind.tiny, kind.largest, -kind.largest):
            assert point in points
        assert np.array_equal(points.astype(kind.numpy).astype(np.float64), points)


def test_errors_are_counted_in_ulps() -> None:
    kind, made = KINDS["float32"], definitions()["identity"]
    assert error(1.0 + 3 * 2.0**-23, made, 1.0, 1, kind)[0] == 3
    assert error(math.nan, made, 1.0, 1, kind)[0] == math.inf
    assert error(math.inf, made, 1.0, 1, kind)[0] == math.inf


@pytest.mark.parametrize(("name", "order"), [("tanh", 0), ("mish", 1), ("relu", 1), ("gelu", 2)])
def test_a_result_off_by_one_part_in_a_thousand_is_found(name: str, order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    right = measure.computed
    for kind in KINDS.values():
        factor = 1.001 if kind.bits > 20 else 1.02
        monkeypatch.setattr(measure, "computed", lambda *given, f=factor: right(*given) * f)
        with pytest.raises(AssertionError, match="wrong"):
            check(name, "numpy", kind, order)


def test_a_wrong_limit_and_a_lost_nan_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(*values: float) -> Any:
        return lambda *given: np.array(values)

    monkeypatch.setattr(measure, "computed", answers(-1.0, 0.99, math.nan))
    with pytest.raises(AssertionError, match="the limit is 1"):
        check_limits("tanh", "numpy", KINDS["float64"], 0)
    monkeypatch.setattr(measure, "computed", answers(-1.0, 1.0, 0.0))
    with pytest.raises(AssertionError, match="NaN gives"):
        check_limits("tanh", "numpy", KINDS["float64"], 0)
