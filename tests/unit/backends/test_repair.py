"""Repaired kernels against mpmath, and the parts of a repair against what is known on paper."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from nonlin.backends import regions
from nonlin.backends.emission import build, elementwise_scope, emit
from nonlin.backends.limits import beside, clamped, constant_from, constant_tail, limit, settled
from nonlin.backends.local import candidates
from nonlin.backends.repair import repaired, settled_far
from nonlin.backends.rounding import FORMATS, analyse
from nonlin.backends.truth import Exact, keeps, missed, run
from nonlin.expr import derivative, parse

FLOAT32, FLOAT64 = FORMATS["float32"], FORMATS["float64"]


def exact(formula: str) -> Exact:
    return Exact(parse(formula), FLOAT64)


def ulps(got: np.ndarray, points: np.ndarray, true: object, kind: str) -> float:
    """The largest error in units of the last place of the type."""
    form, worst = FORMATS[kind], 0.0
    with mpmath.workprec(2000):
        for y, x in zip(got.tolist(), points.tolist(), strict=True):
            wanted = true(mpmath.mpf(x))  # type: ignore[operator]
            worst = max(worst, float(abs(mpmath.mpf(y) - wanted) / float(form.ulp(float(wanted)))))
    return worst


# -- whole repairs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize(
    ("formula", "true"),
    [
        ("x - tanh(x)", lambda x: x - mpmath.tanh(x)),
        ("x - sin(x)", lambda x: x - mpmath.sin(x)),
        ("x*(1 + x/sqrt(1 + x**2))", lambda x: x * (1 + x / mpmath.sqrt(1 + x**2))),
        ("sqrt(1 + x**2) - 1", lambda x: mpmath.sqrt(1 + x**2) - 1),
        ("expm1(x) - x", lambda x: mpmath.exp(x) - 1 - x),
    ],
)
def test_a_formula_that_cancels_keeps_its_digits(formula: str, true: object, kind: str) -> None:
    form, root = FORMATS[kind], parse(formula)
    points = form.rounded(np.concatenate([s * np.geomspace(1e-6, 8, 97) for s in (1, -1)]))
    before = ulps(run(root, points, form), points, true, kind)
    after = ulps(run(repaired(root, kind), points, form), points, true, kind)
    assert before > 50
    # near -1 the input's own rounding costs x*(1 + x/sqrt(1 + x**2)) up to 2 kappa = 6 ulps
    assert after < 8


def test_a_kernel_that_is_good_already_stays_as_it_is() -> None:
    root = parse("x*sigmoid(x)")
    points = FLOAT64.rounded(np.linspace(-20, 20, 401))
    assert np.array_equal(run(repaired(root, "float64"), points, FLOAT64), run(root, points, FLOAT64))


@pytest.mark.parametrize(
    ("formula", "below", "above"),
    [
        ("x*exp(-x*x)", 0.0, 0.0),
        ("x*sigmoid(-x*x)", 0.0, 0.0),
        ("x/(1 + abs(x))", -1.0, 1.0),
        ("x + x*exp(-x)", -math.inf, math.inf),
    ],
)
def test_a_kernel_has_its_limits_at_infinity(formula: str, below: float, above: float) -> None:
    got = run(repaired(parse(formula), "float64"), np.array([-math.inf, math.inf]), FLOAT64)
    assert got.tolist() == [below, above]


@pytest.mark.parametrize("centre", [3.3, -50.0, 0.7])
def test_a_bump_too_narrow_for_any_grid_is_not_taken_for_a_tail(centre: float) -> None:
    root = derivative(parse(f"exp(-1e6*(x - {centre})**2)".replace("- -", "+ ")))
    points = centre + np.array([-2e-3, -1e-3, -1e-4, 1e-4, 5e-4])
    with mpmath.workprec(200):
        away = [mpmath.mpf(x) - mpmath.mpf(str(centre)) for x in points.tolist()]
        wanted = [float(-2e6 * d * mpmath.exp(-1e6 * d * d)) for d in away]
    assert run(repaired(root, "float64", 1), points, FLOAT64) == pytest.approx(wanted, rel=1e-9)


def test_a_removable_hole_is_filled_with_the_limit() -> None:
    assert run(repaired(parse("sin(x)/x"), "float64"), np.array([0.0]), FLOAT64)[0] == 1.0
    assert run(repaired(parse("expm1(2*x)/x"), "float32"), np.array([0.0]), FLOAT32)[0] == 2.0


def test_overflow_and_cancellation_in_one_run_of_inputs_are_told_apart() -> None:
    """x**2 overflows far out and 1 + x/sqrt(...) cancels nearer by: both must be mended, to the end of the cancelling part."""
    points = FLOAT32.rounded(-np.geomspace(1.0, 1e30, 200))
    got = run(repaired(parse("x*(1 + x/sqrt(1 + x**2))"), "float32"), points, FLOAT32)
    assert ulps(got, points, lambda x: x * (1 + x / mpmath.sqrt(1 + x**2)), "float32") < 8


def test_terms_of_unknown_parameters_are_settled_far_out() -> None:
    root = parse("x*exp(-k*x*x) + x")
    safe = settled_far(root, "float64")
    got = build(emit("numpy", [safe], ["x", "k"]), elementwise_scope())
    with np.errstate(all="ignore"):
        assert [float(got(np.float64(x), np.float64(2.0))) for x in (-math.inf, math.inf)] == [-math.inf, math.inf]
        assert math.isnan(
            float(build(emit("numpy", [root], ["x", "k"]), elementwise_scope())(np.float64(math.inf), np.float64(2.0)))
        )


# -- error analysis -----------------------------------------------------------------------------------------------------


def test_the_analysis_expects_the_error_that_is_measured() -> None:
    """The root mean square of the expected errors is within a factor of the measured one, where terms cancel."""
    root = parse("sqrt(4 + x) - 2", textbook=True)
    points = FLOAT64.rounded(np.geomspace(1e-4, 1e-2, 200))
    report = analyse(root, points, FLOAT64)
    with mpmath.workprec(200):
        true = np.array([float(mpmath.sqrt(4 + mpmath.mpf(x)) - 2) for x in points.tolist()])
    measured = math.sqrt(float(np.mean((run(root, points, FLOAT64) - true) ** 2)))
    expected = math.sqrt(float(np.mean(report.error**2)))
    assert expected / 4 < measured < expected


def test_the_condition_is_x_times_the_derivative() -> None:
    points = np.array([-2.0, 0.5, 3.0])
    report = analyse(parse("exp(x)"), points, FLOAT64)
    assert report.condition == pytest.approx(np.abs(points) * np.exp(points), rel=1e-12)
    assert not report.broken.any()


def test_arithmetic_that_breaks_down_is_marked() -> None:
    report = analyse(parse("x*x/(1 + x*x)"), np.array([1.0, 1e200]), FLOAT64)
    assert report.broken.tolist() == [False, True]


# -- exact values -------------------------------------------------------------------------------------------------------


def test_exact_values_survive_any_cancellation() -> None:
    with mpmath.workprec(4000):
        true = mpmath.mpf(1e-100) - mpmath.sin(mpmath.mpf(1e-100))
        assert abs(exact("x - sin(x)")(1e-100) / true - 1) < mpmath.mpf(2) ** -60


def test_change_is_x_times_the_slope() -> None:
    assert float(exact("x**3").change(2.0)) == pytest.approx(24.0, rel=1e-9)
    assert float(exact("x**3").change(0.0)) == 0.0


def test_missed_names_the_points_and_keeps_says_whether_there_is_one() -> None:
    truth = exact("expm1(x)")
    points = [1e-9, 0.5, 3.0]
    assert missed(parse("exp(x) - 1", textbook=True), truth, points, FLOAT64, 4.0) == [0]
    assert not keeps(parse("exp(x) - 1", textbook=True), truth, points, FLOAT64, 4.0)
    assert keeps(parse("expm1(x)"), truth, points, FLOAT64, 4.0)


# -- limits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "sign", "value"),
    [
        ("tanh(x)", 1, 1.0),
        ("x*exp(-x)", 1, 0.0),
        ("x*exp(-x)", -1, -math.inf),
        ("sqrt(1 + x*x) + x", -1, 0.0),
        ("x + sin(x)", 1, math.inf),
    ],
)
def test_limits(formula: str, sign: int, value: float) -> None:
    assert limit(exact(formula), sign) == value


def test_a_wave_has_no_limit_unless_it_is_damped() -> None:
    assert math.isnan(limit(exact("sin(x)"), 1))
    assert limit(exact("sin(x)*exp(-x*x)"), 1) == 0.0


def test_one_sided_limits() -> None:
    assert beside(exact("sin(x)/x"), 0.0, 1) == 1.0
    assert beside(exact("abs(x)/x"), 0.0, -1) == -1.0
    assert beside(exact("1/x"), 0.0, -1) == -math.inf


def test_a_constant_tail_begins_where_the_result_rounds_to_its_limit() -> None:
    points = np.arange(1, 200) / 4
    tail = constant_tail(exact("tanh(x)"), 1, points, FLOAT64)
    assert tail is not None
    first, value = tail
    assert value == 1.0
    assert 18 < points[first] < 20  # 1 - tanh(x) = 2 exp(-2x) is half an ulp at x = 19.06
    assert constant_from(parse("tanh(x)"), tail, 1, points, FLOAT64) == points[first]
    assert constant_tail(exact("x"), 1, points, FLOAT64) is None


def test_a_clamped_kernel_is_constant_beyond_the_bound() -> None:
    root = clamped(parse("x*x"), 1, 3.0)
    assert run(root, np.array([2.0, 3.0, 50.0]), FLOAT64).tolist() == [4.0, 9.0, 9.0]


def test_only_the_term_that_is_nan_is_clamped() -> None:
    root = parse("x + x*exp(-x*x)")
    safe = settled(root, 1, lambda n: 30.0 if "exp" in str(n) and n is not root else None,
                   lambda n: float(run(n, np.array([math.inf]), FLOAT64)[0]))  # fmt: skip
    assert run(safe, np.array([math.inf]), FLOAT64)[0] == math.inf


# -- polynomials --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "low", "high", "true"),
    [
        ("x - tanh(x)", -0.5, 0.5, lambda x: x - mpmath.tanh(x)),
        ("sqrt(1 + x**2) + x", -math.inf, -4.0, lambda x: mpmath.sqrt(1 + x * x) + x),
        ("exp(x) - 1 - x - x*x/2", 0.0, 0.25, lambda x: mpmath.exp(x) - 1 - x - x * x / 2),
    ],
)
def test_a_candidate_stands_for_the_function_on_its_interval(formula: str, low: float, high: float, true: object) -> None:
    made = next(candidates(exact(formula), low, high, (), FLOAT64))
    points = np.linspace(max(low, -1e3), high, 50)
    points = points[(points != 0) & (points > low)]
    assert ulps(run(made, points, FLOAT64), points, true, "float64") < 8


# -- intervals ----------------------------------------------------------------------------------------------------------


def test_runs_are_not_ended_by_a_single_good_point() -> None:
    bad = np.array([1, 1, 0, 1, 0, 0, 1], bool)
    assert list(regions.runs(bad)) == [(0, 3), (6, 6)]
    assert list(regions.runs(np.zeros(3, bool))) == []


def test_the_grid_holds_both_signs_the_ends_and_the_turns() -> None:
    points = regions.grid(FLOAT32, (1.5,))
    assert {0.0, 1.5, FLOAT32.largest, -FLOAT32.largest} <= set(points.tolist())
    assert np.all(np.diff(points) > 0)
    assert np.min(np.abs(points[points != 1.5] - 1.5)) < 2e-6


def test_intervals_that_touch_become_one_and_two_tails_a_pair() -> None:
    points = np.linspace(-10, 10, 201)
    assert regions.joined([(1.0, 2.0), (2.1, 3.0)], points) == [(1.0, 3.0)]
    assert regions.joined([(-math.inf, -5.0), (6.0, math.inf)], points) == [(5.0, -5.0)]
    assert regions.joined([(-math.inf, -5.0), (1.0, 2.0), (6.0, math.inf)], points) == [(1.0, 2.0), (5.0, -5.0)]


@pytest.mark.parametrize(
    "region", [(0.5, 32.0), (-32.0, -0.5), (1.0, 2.0), (3.0, math.inf), (-math.inf, -3.0), (4.0, -4.0), (-1.0, 2.0)]
)
def test_the_parts_of_an_interval_cover_it(region: tuple[float, float]) -> None:
    parts = regions.parts(*region, (0.0,))
    if region[0] > region[1]:
        assert parts == [(-math.inf, -4.0), (4.0, math.inf)]
        return
    assert len(parts) >= 2
    assert (parts[0][0], parts[-1][1]) == region
    assert all(a[1] == b[0] for a, b in zip(parts, parts[1:], strict=False))


@pytest.mark.parametrize("region", [(0.5, 32.0), (-2.0, 1.0), (3.0, math.inf), (-math.inf, -3.0), (4.0, -4.0)])
def test_trials_lie_inside_their_interval(region: tuple[float, float]) -> None:
    points = regions.trials(*region, (0.0,), FLOAT32)
    low, high = region
    assert len(points) > 8
    assert all(p > low or p < high if low > high else low < p < high for p in points)
