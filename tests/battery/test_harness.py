"""The battery must be able to fail: its oracle against known derivatives, and its comparison against wrong answers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from battery import measure
from battery.balls import CHOOSING, HOLDS, PLAIN
from battery.exceptions import EXCEPTIONS, Exempt
from battery.measure import ELEMENTWISE, KINDS, LIBRARIES, Array, check, check_all, check_limits, error, grid
from battery.oracle import limit, textbook, truth
from flint import arb, ctx

from nonlin import definitions, parse
from nonlin.expr import PRIMITIVES

X = [-700.0, -40.0, -3.5, -1e-5, 0.75, 2.0, 30.0]


def exactly(text: str, x: float, bits: int = 53) -> list[tuple[float, float]]:
    """Both ends of the value and two derivatives of a typed formula at one point."""
    found = truth(parse(text, textbook=True), [x], bits)
    return [(float(low[0]), float(high[0])) for low, high in zip(found.low, found.high, strict=True)]


# -- the oracle ----------------------------------------------------------------------------------------------


def test_every_primitive_of_a_formula_has_a_rule() -> None:
    """A primitive without one stops here; rows and the two outputs of ``join`` are tested elsewhere."""
    needed = {name for name, row in PRIMITIVES.items() if not row.rowwise and name != "join"}
    assert needed - {*PLAIN, *CHOOSING, *HOLDS} == set()
    assert {n for n, row in PRIMITIVES.items() if row.tangent is None} == set(HOLDS)


CLOSED = {
    # primitive: the same function in terms of others, on both sides of 1
    "expm1": "exp(x) - 1",
    "log1p": "log(1 + x)",
    "tanh": "1 - 2/(exp(2*x) + 1)",
    "sech2": "4*exp(2*x)/(exp(2*x) + 1)**2",
    "sinh": "(exp(x) - exp(-x))/2",
    "cosh": "(exp(x) + exp(-x))/2",
    "sech": "2/(exp(x) + exp(-x))",
    "log_cosh": "log((exp(x) + exp(-x))/2)",
    "sigmoid": "1/(1 + exp(-x))",
    "softplus": "log(1 + exp(x))",
    "tanh_softplus": "1 - 2/((1 + exp(x))**2 + 1)",
    "sech2_softplus": "4*(1 + exp(x))**2/((1 + exp(x))**2 + 1)**2",
    "erfc": "1 - erf(x)",
    "normal_cdf": "(1 + erf(x/sqrt(2)))/2",
    "normal_pdf": "exp(-x**2/2)/sqrt(2*pi)",
    "arcsinh": "log(x + sqrt(x**2 + 1))",
    "sqrt": "x**0.5",
}


@pytest.mark.parametrize("name", CLOSED)
def test_rules_agree_with_the_functions_definitions(name: str) -> None:
    points = [0.1, 0.9, 1.3] if name == "sqrt" else [-1.3, -0.83, -0.2, 0.1, 0.9, 1.3]
    points = [x for x in points if name != "log1p" or x > -1]
    rule, plain = (truth(parse(text, textbook=True), points) for text in (f"{name}(x)", CLOSED[name]))
    for one, other in ((rule.low, plain.low), (rule.low_rest, plain.low_rest)):
        assert np.allclose(one, other, rtol=1e-4 if one is rule.low_rest else 0, atol=0)


@pytest.mark.parametrize("x", X)
def test_the_oracle_knows_the_logistic_functions_derivatives(x: float) -> None:
    found = truth(parse("1/(1+exp(-x))", textbook=True), [x])
    with ctx.workprec(300):
        s = 1 / (1 + (-arb(x)).exp())
        for order, true in enumerate((s, s * (1 - s), s * (1 - s) * (1 - 2 * s))):
            assert found.low[order, 0] == found.high[order, 0] == float(true)
            assert abs(arb(found.low[order, 0]) + arb(found.low_rest[order, 0]) - true) <= abs(true) * 2.0**-70 + 2.0**-1074


def test_the_oracle_sees_through_cancellation() -> None:
    for low, _ in exactly("log(1+exp(x))", -700.0):  # all three are e**-700 to 300 digits
        assert low == math.exp(-700)
    assert exactly("log(1+exp(x)) - x", 1e30) == [(0, 0)] * 3
    assert exactly("x*(1 + erf(x/sqrt(2)))/2", -37.0)[0][0] == pytest.approx(-2.11e-298, rel=0.01)


def test_exponentials_beyond_every_type_are_compared_with_each_other() -> None:
    assert exactly("exp(exp(x))/(1 + exp(exp(x)))", 1e5) == [(1, 1), (0, 0), (0, 0)]
    assert exactly("x*tanh(exp(exp(x)))", 1e300) == [(1e300, 1e300), (1, 1), (0, 0)]


def test_the_oracle_returns_both_sides_of_a_kink() -> None:
    assert exactly("max(x, 0)", 0.0) == [(0, 0), (0, 1), (0, 0)]
    value, slope, curve = exactly("x*clip(x+3,0,6)/6", 3.0)
    assert (value, slope) == ((3, 3), (1, 1.5))
    assert curve == (0, pytest.approx(1 / 3))
    assert exactly("abs(x)", 0.0)[1] == (-1, 1)
    assert exactly("where(x*x > 0, 1, 2)", 0.0)[0] == (2, 2)


def test_at_a_step_the_value_is_the_formulas_own() -> None:
    assert exactly("where(x > 1, 5, 2)", 1.0) == [(2, 2), (0, 0), (0, 0)]
    assert exactly("where(x >= 1, 5, 2)", 1.0)[0] == (5, 5)
    assert exactly("sign(x)", 0.0) == [(0, 0), (0, 0), (0, 0)]
    assert [exactly("floor(x)", x)[0][0] for x in (-0.5, 0.0, 1.99, 2.0, -3.0)] == [-1, 0, 1, 2, -3]
    assert [exactly("round(x)", x)[0][0] for x in (0.5, 1.5, 2.5, -0.5, -1.5, 2.6)] == [0, 2, 2, 0, -2, 3]


def test_a_tie_between_two_numbers_of_the_type_counts_for_its_neighbours() -> None:
    third = float(np.float32(1 / 3))  # a little more than 1/3
    assert exactly("where(x > 1/3, 5, 2)", third, bits=24)[0] == (2, 5)
    assert exactly("where(x > 1/3, 5, 2)", third, bits=53)[0] == (5, 5)
    assert exactly("where(x > 0.5, 5, 2)", float(np.nextafter(np.float32(0.5), 1)), bits=24)[0] == (5, 5)
    assert exactly("max(x, 0)", 5e-324)[1] == (1, 1)
    assert exactly("max(x, 3) - 3", float(np.nextafter(3, 4)))[1] == (1, 1)


def test_terms_that_round_to_the_same_are_tied() -> None:
    assert exactly("max(x, tanh(x))", 1e-9)[2] == (-2e-9, 0)
    assert exactly("max(x, tanh(x))", 1e-3)[2] == (0, 0)
    assert exactly("max(x/3, 0)", 5e-324)[1] == (0, pytest.approx(1 / 3))
    assert exactly("min(x*normal_cdf(x), 10)", 10.0)[1] == (0, 1)


def test_where_there_is_no_series_the_limit_is_taken() -> None:
    assert exactly("sin(x)/x", 0.0) == [(1, 1), (0, 0), (pytest.approx(-1 / 3), pytest.approx(-1 / 3))]
    value, slope, _ = exactly("sqrt(abs(x))", 0.0)
    assert value == (0, 0)
    assert slope == (-math.inf, math.inf)
    assert exactly("where(x > 0, x*log(x), 0)", 0.0)[:2] == [(0, 0), (-math.inf, 0)]


def test_where_the_formula_is_not_real_there_is_nothing() -> None:
    assert all(math.isnan(low) for low, _ in exactly("sqrt(x)", -1.0))
    assert exactly("where(x > 0, log(x), x)", -2.0)[0] == (-2, -2)  # the branch not taken does not matter


def test_straight_through_has_the_value_of_one_and_the_derivative_of_the_other() -> None:
    assert exactly("3*straight_through(sign(x), x**2)", 2.0) == [(3, 3), (12, 12), (6, 6)]


def test_the_oracle_finds_limits() -> None:
    tanh = textbook(definitions()["tanh"])
    assert limit(tanh, -1.0) == (-1.0, 0.0, 0.0)
    assert limit(textbook(definitions()["leaky_relu"]), -1.0) == (-math.inf, 0.01, 0.0)
    assert limit(parse("log(1 + abs(x))", textbook=True), 1.0) == (math.inf, 0.0, 0.0)
    wave = limit(parse("x + sin(pi*x)", textbook=True), 1.0)
    assert wave[0] == math.inf
    assert math.isnan(wave[1])
    assert math.isnan(wave[2])


# -- the comparison ------------------------------------------------------------------------------------------


def test_the_grid_holds_what_it_says() -> None:
    for kind in KINDS.values():
        points = grid(definitions()["hard_swish"], kind)
        above = float(np.nextafter(np.asarray(3, kind.numpy), np.asarray(4, kind.numpy)))
        least = math.ldexp(kind.tiny, 1 - kind.bits)
        for point in (0.0, 3.0, -3.0, above, least, -least, kind.tiny, kind.largest, -kind.largest):
            assert point in points
        assert np.array_equal(points.astype(kind.numpy).astype(np.float64), points)
        assert not np.array_equal(points, grid(definitions()["mish"], kind))


def test_the_full_grid_holds_every_number_of_a_half_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(measure.settings, "full", True)
    grid.cache_clear()
    made = definitions()["hard_swish"]
    for name, finite in (("float16", 2**16 - 2**11), ("bfloat16", 2**16 - 2**8)):
        assert len(grid(made, KINDS[name])) == finite - 1  # the two zeros are one
    assert len(grid(made, KINDS["float32"])) > 20_000
    grid.cache_clear()


def ulps(got: float, x: float, order: int, name: str = "identity", kind: str = "float32") -> tuple[float, float]:
    """The error of one result, and how much of it is excused."""
    found, excused = error(got, definitions()[name], x, order, KINDS[kind])
    return float(found[0]), float(excused[0])


def test_errors_are_counted_in_ulps() -> None:
    assert ulps(1.0 + 3 * 2.0**-23, 1.0, 1) == (3, 2.0**-126 / 2.0**-23)
    assert ulps(math.nan, 1.0, 1)[0] == math.inf
    assert ulps(math.inf, 1.0, 1)[0] == math.inf
    assert ulps(0.5, 0.0, 1, "relu")[0] == 0  # between the slopes at a kink
    assert ulps(1.0 + 2.0**-23, 0.0, 1, "relu")[0] == 1
    assert ulps(math.tanh(0.5) * (1 + 2.0**-52), 0.5, 0, "tanh", "float64")[0] == pytest.approx(1, abs=1.1)


def test_the_condition_rule_excuses_two_units_of_the_input() -> None:
    kind = KINDS["float64"]
    for x in (1.5, 3.1415926, 20.0):
        _, excused = ulps(math.sin(x), x, 0, "sin", "float64")
        step = 2 * 2.0**-52 * x * abs(math.cos(x))
        assert excused == pytest.approx(step / float(kind.ulp(np.array(math.sin(x)))), rel=1e-6)


def test_overflow_is_right_only_where_the_exact_result_is_about_to() -> None:
    assert ulps(math.inf, 3e38, 0)[0] == 0
    assert ulps(math.inf, 1e30, 0)[0] == math.inf
    assert ulps(-math.inf, 3e38, 0)[0] == math.inf
    assert ulps(KINDS["float16"].largest, 1e30, 0, kind="float16")[0] == 0  # held at the largest number


@pytest.mark.parametrize(("name", "order"), [("tanh", 0), ("mish", 1), ("relu", 1), ("gelu", 2)])
def test_a_result_off_by_one_part_in_a_thousand_is_found(name: str, order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    right = measure.computed
    for kind in KINDS.values():
        factor = 1.001 if kind.bits > 20 else 1.02
        monkeypatch.setattr(measure, "computed", lambda *given, f=factor: right(*given) * f)
        with pytest.raises(AssertionError, match="wrong"):
            check(name, "numpy", kind, order)


def test_a_slope_that_is_not_between_those_of_a_kink_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = measure.computed

    def bent(made: Any, library: str, kind: Any, points: Array, order: int) -> Array:
        return np.where(np.asarray(points) == 0, 1.25, right(made, library, kind, points, order))

    monkeypatch.setattr(measure, "computed", bent)
    with pytest.raises(AssertionError, match=r"x=.*0\.0.*: got .*1\.25.*, exact .*0\.01.* to .*1\.0"):
        check("leaky_relu", "numpy", KINDS["float64"], 1)


def test_a_wrong_limit_and_a_lost_nan_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(*values: float) -> Any:
        return lambda *given: np.array(values)

    monkeypatch.setattr(measure, "computed", answers(-1.0, 0.99, math.nan))
    with pytest.raises(AssertionError, match="the limit is 1"):
        check_limits("tanh", "numpy", KINDS["float64"], 0)
    monkeypatch.setattr(measure, "computed", answers(-1.0, 1.0, 0.0))
    with pytest.raises(AssertionError, match="NaN gives"):
        check_limits("tanh", "numpy", KINDS["float64"], 0)


def test_a_library_is_a_row_of_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    right = LIBRARIES["numpy"]
    monkeypatch.setitem(LIBRARIES, "half right", lambda f, x, kind, order: right(f, x, kind, order) + (order == 2))
    with pytest.raises(AssertionError, match="softsign, half right, float64, order 2"):
        check_all("softsign", KINDS["float64"], ["half right"])


# -- the exceptions ------------------------------------------------------------------------------------------


def test_exceptions_are_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, right = KINDS["float64"], measure.computed
    row = Exempt("softsign", ("float64",), (0,), 50.0, "a test")
    monkeypatch.setattr(measure, "EXCEPTIONS", (row,))
    with pytest.raises(AssertionError, match="needs no exception"):
        check_all("softsign", kind)

    def worse(made: Any, library: str, kind: Any, points: Any, order: int) -> Array:
        return right(made, library, kind, points, order) * (1 + 20 * 2.0**-52 * (order == 0 and len(points) > 3))

    monkeypatch.setattr(measure, "computed", worse)
    check_all("softsign", kind)
    monkeypatch.setattr(measure, "EXCEPTIONS", (replace(row, ulps=10.0),))
    with pytest.raises(AssertionError, match="wrong"):
        check_all("softsign", kind)
    monkeypatch.setattr(measure, "EXCEPTIONS", (replace(row, libraries=("torch",)),))
    with pytest.raises(AssertionError, match="softsign, numpy, float64, order 0"):
        check_all("softsign", kind)


def test_exceptions_speak_of_what_exists_and_give_a_reason() -> None:
    for row in EXCEPTIONS:
        assert row.name in ELEMENTWISE, row
        assert set(row.dtypes) <= set(KINDS), row
        assert set(row.orders) <= {0, 1, 2}, row
        assert row.reason[-1] == ".", row
        assert len(row.reason.split()) > 3, row
        for dtype in row.dtypes:
            assert all(row.ulps > measure.TOLERANCE[dtype][order] for order in row.orders), row


def test_no_two_exceptions_speak_of_the_same() -> None:
    cells = [(r.name, d, o, lib) for r in EXCEPTIONS for d in r.dtypes for o in r.orders for lib in r.libraries]
    assert len(cells) == len(set(cells))
