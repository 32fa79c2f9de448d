"""Intervals, sign flips, Holm, equivalence and verdicts: closed forms, SciPy, and simulated rates."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from nonlin.errors import ParameterError
from nonlin.lab.stats import (
    VERDICTS,
    Comparison,
    compare,
    equivalence_p,
    holm,
    mean_interval,
    min_seeds,
    paired_permutation_p,
    verdict_sentence,
)

NAN = math.nan


def by_name(rows: list[Comparison]) -> dict[str, Comparison]:
    return {row.name: row for row in rows}


def study(rng: np.random.Generator, names: int, seeds: int, spread: float = 0.3) -> dict[str, list[float]]:
    """Accuracies with a shared effect of the seed, and no difference between the names."""
    shared = rng.normal(97.0, 0.5, seeds)
    return {f"f{k}": (shared + rng.normal(0.0, spread, seeds)).tolist() for k in range(names)}


# ------------------------------------------------------------------------------------ mean_interval


def test_interval_is_scipys_bca_at_students_level() -> None:
    x = np.random.default_rng(3).gamma(2.0, size=12)
    tail = scipy_stats.norm.cdf(-math.sqrt(12 / 11) * scipy_stats.t.ppf(0.95, 11))
    expected = scipy_stats.bootstrap(
        (x,),
        np.mean,
        n_resamples=9999,
        confidence_level=1 - 2 * tail,
        method="BCa",
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert mean_interval(x, level=0.9, seed=5) == pytest.approx((x.mean(), expected.low, expected.high), rel=1e-9)


def test_interval_agrees_with_student_on_normal_data_of_fair_size() -> None:
    x = scipy_stats.norm.ppf((np.arange(40) + 0.5) / 40)
    _, low, high = mean_interval(x)
    half = scipy_stats.t.ppf(0.975, 39) * x.std(ddof=1) / math.sqrt(40)
    assert (low, high) == pytest.approx((-half, half), rel=0.05)


@pytest.mark.parametrize(
    ("n", "least", "most"),
    [(5, 0.88, 0.95), (10, 0.92, 0.97)],
)
def test_interval_covers_the_mean_as_often_as_documented(n: int, least: float, most: float) -> None:
    # Documented 0.92 and 0.945, give or take 4 standard errors; the plain BCa interval (0.84, 0.90) is outside.
    data = np.random.default_rng(11).normal(size=(1000, n))
    ends = np.array([mean_interval(row)[1:] for row in data])
    covered = float(np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0)))
    assert least <= covered <= most


def test_interval_of_one_value_has_no_ends_and_of_equal_values_no_width() -> None:
    mean, low, high = mean_interval([3.5])
    assert mean == 3.5
    assert math.isnan(low)
    assert math.isnan(high)
    assert mean_interval([0.1, 0.1, 0.1]) == (0.1, 0.1, 0.1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0, 0.1, 97.1, 97.1 + 1e-13, 97.1 + 2e-13, 1e-300]), min_size=2, max_size=9))
def test_interval_is_finite_and_inside_the_data_for_any_ties(values: list[float]) -> None:
    _, low, high = mean_interval(values)
    slack = 1e-14 * max(values)
    assert min(values) - slack <= low <= high <= max(values) + slack


def test_interval_does_not_depend_on_unit_and_origin() -> None:
    x = np.random.default_rng(0).exponential(size=9)
    low, high = mean_interval(x)[1:]
    assert mean_interval(1e-9 * x + 1.0)[1:] == pytest.approx((1.0 + 1e-9 * low, 1.0 + 1e-9 * high), abs=1e-14)


def test_interval_repeats_with_its_seed_and_moves_with_another() -> None:
    x = np.random.default_rng(0).normal(size=8)
    assert mean_interval(x, seed=1) == mean_interval(x, seed=1) != mean_interval(x, seed=2)


@pytest.mark.parametrize(
    ("values", "level", "words"),
    [
        ([], 0.95, "values is empty"),
        ([1.0, NAN], 0.95, "values holds 1 of 2 numbers that are not finite"),
        ([[1.0, 2.0]], 0.95, r"values must be a vector, not an array of shape \(1, 2\)"),
        ([1.0, 2.0], 95.0, "level must lie between 0 and 1, both excluded, not 95.0"),
    ],
)
def test_interval_refuses_with_a_sentence(values: list[float], level: float, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        mean_interval(values, level)


# -------------------------------------------------------------------------------------- permutation


@pytest.mark.parametrize("n", [2, 3, 5, 8, 12])
def test_exact_p_is_scipys(n: int) -> None:
    d = np.random.default_rng(n).normal(0.4, 1.0, n)
    expected = scipy_stats.permutation_test(
        (d,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    ).pvalue
    assert paired_permutation_p(d) == pytest.approx(expected, abs=1e-12)


def test_exact_p_counts_every_pattern_and_ties_despite_rounding() -> None:
    d = [0.1, 0.2, 0.3, -0.3, 0.4, 0.1]  # in tenths: whole numbers, so ties are exact
    tenths = [1, 2, 3, -3, 4, 1]
    hits = sum(
        abs(sum(s * t for s, t in zip(signs, tenths, strict=True))) >= abs(sum(tenths))
        for signs in itertools.product((1, -1), repeat=6)
    )
    assert paired_permutation_p(d) == hits / 64


def test_p_of_nothing_but_zeros_is_one_and_of_nothing_is_unknown() -> None:
    assert paired_permutation_p([0.0] * 7) == 1.0
    assert paired_permutation_p([0.0] * 40) == 1.0
    assert math.isnan(paired_permutation_p([]))
    assert paired_permutation_p([3.0]) == 1.0


def test_smallest_p_is_two_patterns_of_all() -> None:
    assert paired_permutation_p(np.arange(1.0, 9.0)) == 2 / 2**8
    assert paired_permutation_p(-np.arange(1.0, 9.0)) == 2 / 2**8


def test_random_flips_agree_with_the_exact_count_and_never_give_zero() -> None:
    d = np.random.default_rng(4).normal(0.5, 1.0, 14)
    exact, random = paired_permutation_p(d), paired_permutation_p(d, exact_up_to=0)
    assert random == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 99_999))
    assert random != exact
    assert paired_permutation_p(np.ones(60)) == 1 / 100_000
    assert paired_permutation_p(d, seed=1, exact_up_to=0) == paired_permutation_p(d, seed=1, exact_up_to=0)


@pytest.mark.parametrize("scale", [1e-300, 1e308])
def test_p_does_not_depend_on_the_unit(scale: float) -> None:
    d = np.array([0.3, -0.1, 0.8, 0.5, 0.2, 0.7])
    assert paired_permutation_p(scale * d) == paired_permutation_p(d) == 4 / 64


def test_permutation_refuses_with_a_sentence() -> None:
    with pytest.raises(ParameterError, match="diff holds 1 of 2 numbers that are not finite"):
        paired_permutation_p([1.0, math.inf])
    with pytest.raises(ParameterError, match="exact_up_to must be 0 to 22"):
        paired_permutation_p([1.0], exact_up_to=40)


# --------------------------------------------------------------------------------------------- Holm


def test_holm_by_hand() -> None:
    # sorted .01 .02 .03 .04 -> .04 .06 .06 .06 (each at least the one before)
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.5]) == pytest.approx([1.0, 1.0])
    assert holm([0.03]) == pytest.approx([0.03])
    assert holm([]).shape == (0,)


def test_holm_keeps_nan_and_does_not_count_it() -> None:
    assert holm([NAN, 0.02, 0.5]) == pytest.approx([NAN, 0.04, 0.5], nan_ok=True)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_decides_as_the_step_down_procedure(p: list[float]) -> None:
    alpha, rejected = 0.05, set()
    for step, k in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if (len(p) - step) * p[k] > alpha:
            break
        rejected.add(k)
    assert {k for k, q in enumerate(holm(p)) if q <= alpha} == rejected


@pytest.mark.parametrize("bad", [[1.2], [-0.1], [[0.1]]])
def test_holm_refuses_what_is_no_probability(bad: list[float]) -> None:
    with pytest.raises(ParameterError, match="pvalues must be a vector of numbers from 0 to 1"):
        holm(bad)


# -------------------------------------------------------------------------------------- equivalence


def test_equivalence_of_constant_differences_is_exact() -> None:
    assert equivalence_p([0.0] * 6, 0.5) == 2**-6
    assert equivalence_p([0.3] * 6, 0.5) == 2**-6
    assert equivalence_p([0.5] * 6, 0.5) == 1.0
    assert equivalence_p([0.7] * 6, 0.5) == 1.0
    assert equivalence_p([-0.7] * 6, 0.5) == 1.0
    assert equivalence_p([0.0] * 6, 0.0) == 1.0
    assert math.isnan(equivalence_p([], 0.5))


def test_equivalence_at_the_margin_but_for_rounding_is_not_shown() -> None:
    assert equivalence_p([math.nextafter(0.5, 0.0)] * 8, 0.5) == 1.0
    assert equivalence_p([-math.nextafter(0.5, 0.0)] * 8, 0.5) == 1.0
    assert equivalence_p([0.5 - 1e-6] * 8, 0.5) == 2**-8


def test_equivalence_is_the_larger_of_two_one_sided_tests() -> None:
    d = np.random.default_rng(2).normal(0.2, 0.5, 9)
    sides = [
        scipy_stats.permutation_test(
            (side,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="greater"
        ).pvalue
        for side in (0.6 + d, 0.6 - d)
    ]
    assert equivalence_p(d, 0.6) == pytest.approx(max(sides), abs=1e-12)
    assert equivalence_p(-d, 0.6) == equivalence_p(d, 0.6)


def test_equivalence_is_close_to_students_for_normal_differences() -> None:
    d = np.random.default_rng(8).normal(0.1, 0.5, 16)
    for margin in (0.2, 0.3, 0.4):
        low = scipy_stats.ttest_1samp(d, -margin, alternative="greater").pvalue
        high = scipy_stats.ttest_1samp(d, margin, alternative="less").pvalue
        assert equivalence_p(d, margin) == pytest.approx(max(low, high), rel=0.2, abs=2e-3)


@pytest.mark.parametrize("margin", [-0.1, math.inf, NAN])
def test_equivalence_refuses_a_senseless_margin(margin: float) -> None:
    with pytest.raises(ParameterError, match="margin must be finite and 0 or more"):
        equivalence_p([0.1], margin)


# ---------------------------------------------------------------------------------------- min_seeds


@pytest.mark.parametrize(
    ("alpha", "comparisons", "seeds"),
    [(0.05, 1, 6), (0.05, 2, 7), (0.05, 3, 7), (0.05, 4, 8), (0.01, 1, 8), (0.5, 1, 2)],
)
def test_min_seeds_is_where_significance_begins(alpha: float, comparisons: int, seeds: int) -> None:
    assert min_seeds(alpha, comparisons) == seeds

    def best(n: int) -> float:
        return float(holm([paired_permutation_p(np.ones(n))] * comparisons)[0])

    assert best(seeds) <= alpha < best(seeds - 1)


def test_min_seeds_refuses_with_a_sentence() -> None:
    with pytest.raises(ParameterError, match="comparisons must be 1 or more, not 0"):
        min_seeds(comparisons=0)
    with pytest.raises(ParameterError, match="alpha must lie between 0 and 1"):
        min_seeds(alpha=1.0)


# ----------------------------------------------------------------------------------- compare: rates


def test_false_claims_of_a_difference_stay_at_alpha() -> None:
    """400 studies of one function under four names, 10 seeds: a study with any claim is a false alarm."""
    rng = np.random.default_rng(2024)
    alarms = sum(
        any(row.verdict in ("better", "worse") for row in compare(study(rng, 4, 10), "f0", margin=0.0)) for _ in range(400)
    )
    assert 4 <= alarms <= 20  # at most 5 %, and not by never claiming anything


def test_false_claims_stay_at_alpha_for_skewed_and_counted_values() -> None:
    rng = np.random.default_rng(5)
    draws = {
        "skewed": -rng.exponential(0.3, (1000, 4, 10)),
        "counted": rng.binomial(360, 0.97, (1000, 4, 10)) / 3.6,
    }
    for label, draw in draws.items():
        alarms = 0
        for x in draw:
            alarms += bool((holm([paired_permutation_p(row - x[0]) for row in x[1:]]) <= 0.05).any())
        assert alarms <= 60, label  # 5 % and 1.5 standard errors


def test_one_function_under_two_names_comes_out_the_same_at_the_stated_rate() -> None:
    """Difference with standard deviation 1, three comparisons: the rates are near Student's."""
    rng = np.random.default_rng(6)
    for seeds, margin, least in ((7, 3.0, 0.99), (10, 1.5, 0.97), (10, 3.0, 0.999)):
        shown = [
            row.verdict == "the same"
            for _ in range(60)
            for row in compare(study(rng, 4, seeds, spread=math.sqrt(0.5)), "f0", margin=margin)
            if row.name != "f0"
        ]
        assert np.mean(shown) >= least, (seeds, margin)


def test_false_claims_of_sameness_stay_at_alpha() -> None:
    """The true difference is exactly the margin: the worst case in which "the same" would be wrong."""
    rng = np.random.default_rng(9)
    d = rng.normal(1.0, 1.0, (1500, 3, 10))
    wrong = np.mean([(holm([equivalence_p(row, 1.0) for row in rows]) <= 0.05).any() for rows in d])
    assert 0.02 <= wrong <= 0.06


def test_a_true_difference_is_found_and_has_the_right_sign() -> None:
    rng = np.random.default_rng(10)
    found = []
    for _ in range(60):
        values = study(rng, 4, 10, spread=math.sqrt(0.5))
        values["f1"] = [v + 1.5 for v in values["f1"]]
        values["f2"] = [v - 1.5 for v in values["f2"]]
        rows = by_name(compare(values, "f0", margin=0.1))
        found.append((rows["f1"].verdict, rows["f2"].verdict))
    assert np.mean([up == "better" for up, _ in found]) >= 0.9
    assert np.mean([down == "worse" for _, down in found]) >= 0.9
    assert not any(up == "worse" or down == "better" for up, down in found)


@pytest.mark.parametrize("seeds", [1, 2, 3, 4, 5])
def test_too_few_seeds_never_claim_a_difference(seeds: int) -> None:
    values = {"a": [float(k) for k in range(seeds)], "b": [100.0 + k for k in range(seeds)]}
    row = by_name(compare(values, "a", margin=0.5))["b"]
    assert (row.verdict, row.seeds_needed, row.pairs) == ("too few seeds", 6, seeds)
    assert row.difference == 100.0


def test_seeds_needed_grow_with_the_number_of_comparisons() -> None:
    clear = {name: [shift + 0.01 * k for k in range(6)] for name, shift in (("a", 0), ("b", 5), ("c", 9), ("d", 7))}
    assert {row.verdict for row in compare(clear, "a", margin=0.1)} == {"baseline", "too few seeds"}
    more = {name: [*row, row[0] + 0.5] for name, row in clear.items()}
    assert {row.verdict for row in compare(more, "a", margin=0.1)} == {"baseline", "better"}


# -------------------------------------------------------------------------------- compare: verdicts


def test_identical_results_are_the_same_only_with_seeds_enough() -> None:
    for seeds, verdict in ((2, "too few seeds"), (4, "too few seeds"), (5, "the same"), (10, "the same")):
        x = np.random.default_rng(seeds).normal(size=seeds).tolist()
        row = by_name(compare({"a": x, "b": x}, "a", margin=0.1))["b"]
        assert (row.verdict, row.p, row.difference) == (verdict, 1.0, 0.0)
        assert row.p_same_holm == 2.0**-seeds
        assert (row.rank, row.rank_low, row.rank_high) == (1, 1, 2)


def test_a_significant_difference_inside_the_margin_is_the_same_and_says_so() -> None:
    x = np.random.default_rng(1).normal(97.0, 0.5, 10)
    row = by_name(compare({"a": x.tolist(), "b": (x + 0.1).tolist()}, "a", margin=0.5))["b"]
    assert row.verdict == "the same"
    assert row.p_holm <= 0.05
    assert verdict_sentence(row).startswith("the same as a within 0.5 points (0.1 points better than a, ")
    assert verdict_sentence(row).endswith("significant but smaller than the margin")


def test_neither_shown_is_undecided() -> None:
    rng = np.random.default_rng(0)
    row = by_name(compare(study(rng, 2, 10, spread=1.0), "f0", margin=0.1))["f1"]
    assert row.verdict == "undecided"
    assert row.p_holm > 0.05
    assert row.p_same_holm > 0.05


def test_numbers_are_those_of_the_parts_and_pairs_line_up_by_seed() -> None:
    values = {
        "a": [1.0, 2.0, NAN, 4.0, 5.0, 6.0],
        "b": [2.0, 2.5, 3.0, NAN, 6.5, 7.0],
        "c": [0.0, 1, 2, 3, 4, 5],
    }
    rows = by_name(compare(values, "a", margin=0.2, alpha=0.1, seed=3))
    d = np.array([1.0, 0.5, 1.5, 1.0])
    b = rows["b"]
    assert (b.n, b.diverged, b.pairs) == (6, 1, 4)
    assert (b.mean, b.low, b.high) == mean_interval([2.0, 2.5, 3.0, 6.5, 7.0], 0.9, 3)
    assert (b.difference, b.diff_low, b.diff_high) == mean_interval(d, 0.9, 3)
    assert b.p == paired_permutation_p(d)
    c = np.array([-1.0, -1, -1, -1, -1])
    assert [b.p_holm, rows["c"].p_holm] == pytest.approx(list(holm([b.p, paired_permutation_p(c)])))
    same = holm([equivalence_p(d, 0.2), equivalence_p(c, 0.2)])
    assert [b.p_same_holm, rows["c"].p_same_holm] == pytest.approx(list(same))
    assert math.isnan(rows["a"].p)
    assert math.isnan(rows["a"].difference)


def test_one_function_alone_is_its_own_baseline() -> None:
    (row,) = compare({"relu": [0.9, 0.8, 0.7]}, "relu", margin=0.1)
    assert (row.verdict, row.rank, row.rank_low, row.rank_high) == ("baseline", 1, 1, 1)
    assert (row.n, row.diverged, round(row.mean, 12)) == (3, 0, 0.8)


def test_losses_are_better_when_lower() -> None:
    x = np.random.default_rng(1).normal(1.0, 0.1, 10)
    values = {"a": x.tolist(), "low": (x - 0.5).tolist(), "high": (x + 0.5).tolist()}
    rows = compare(values, "a", margin=0.01, higher_is_better=False)
    assert [(row.name, row.verdict, row.rank) for row in rows] == [
        ("low", "better", 1),
        ("a", "baseline", 2),
        ("high", "worse", 3),
    ]
    assert rows[0].difference == pytest.approx(-0.5)
    assert verdict_sentence(rows[0], unit="nats").startswith("0.5 nats better than a (95 % interval 0.5 to 0.5, ")


def test_a_row_does_not_depend_on_its_company_but_for_holm_and_ranks() -> None:
    values = study(np.random.default_rng(3), 5, 20)
    alone = by_name(compare({k: values[k] for k in ("f0", "f3")}, "f0", margin=0.2))["f3"]
    among = by_name(compare(values, "f0", margin=0.2))["f3"]
    for field in ("mean", "low", "high", "difference", "diff_low", "diff_high", "p"):
        assert getattr(alone, field) == getattr(among, field), field
    assert by_name(compare(values, "f0", margin=0.2))["f3"] == among


def test_comparison_is_frozen_and_every_verdict_has_a_meaning() -> None:
    (row,) = compare({"a": [1.0]}, "a", margin=0.1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.mean = 2.0  # type: ignore[misc]
    assert list(VERDICTS) == [
        "baseline",
        "better",
        "worse",
        "the same",
        "undecided",
        "too few seeds",
        "diverges",
    ]


# ------------------------------------------------------------------------- compare: diverged, ranks


def test_diverged_rows_rank_last_by_how_many_and_are_never_dropped() -> None:
    good = [1.0 + 0.01 * k for k in range(8)]
    values = {
        "never": [NAN] * 8,
        "twice": [NAN, 99.0, math.inf, *[99.0] * 5],
        "once": [50.0, NAN, *[50.0] * 6],
        "once, better": [60.0, -math.inf, *[60.0] * 6],
        "poor": [v - 0.5 for v in good],
        "base": good,
    }
    rows = compare(values, "base", margin=0.1)
    assert [row.name for row in rows] == ["base", "poor", "once, better", "once", "twice", "never"]
    assert [row.rank for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.diverged for row in rows] == [0, 0, 1, 1, 2, 8]
    assert [row.verdict for row in rows] == ["baseline", "worse", *["diverges"] * 4]
    never = rows[-1]
    assert all(math.isnan(v) for v in (never.mean, never.low, never.difference, never.p, never.p_holm))
    assert (never.rank_low, never.rank_high) == (6, 6)
    once = rows[3]
    assert once.rank_low < 4  # drawn again, the seed it diverged on may be missing
    assert verdict_sentence(never) == "diverged in all 8 runs"
    hopeless = compare({"base": [math.nan] * 8, "good": list(range(8))}, "base", margin=0.1)
    assert "the baseline: diverged in all 8 runs" in map(verdict_sentence, hopeless)  # and no "mean nan"
    assert verdict_sentence(once).startswith(
        "diverged in 1 of 8 runs; over the 7 seeds on which both finished, 48.96 points better"
    )


def test_a_baseline_that_diverges_is_neither_equalled_nor_lost_to() -> None:
    x = np.random.default_rng(1).normal(97.0, 0.1, 12)
    base = [NAN, *x[1:]]
    values = {"base": base, "twin": x.tolist(), "up": (x + 3).tolist(), "down": (x - 3).tolist()}
    rows = compare(values, "base", margin=0.5)
    assert [(row.name, row.verdict) for row in rows] == [
        ("up", "better"),
        ("twin", "undecided"),
        ("down", "undecided"),
        ("base", "baseline"),
    ]
    assert verdict_sentence(rows[2]).endswith("; base diverged on 1 of 12 seeds")
    assert verdict_sentence(rows[3]).endswith("diverged in 1 of 12 runs")


def test_everything_diverging_is_still_a_table() -> None:
    rows = compare({"a": [NAN, NAN], "b": [NAN, NAN]}, "a", margin=0.1)
    assert [(row.name, row.rank, row.verdict) for row in rows] == [("a", 1, "baseline"), ("b", 1, "diverges")]
    assert [verdict_sentence(row) for row in rows][1] == "diverged in all 2 runs"


def test_no_common_seed_is_said() -> None:
    rows = by_name(compare({"a": [1.0, NAN], "b": [NAN, 2.0]}, "a", margin=0.1))
    assert verdict_sentence(rows["b"]) == "no seed on which both it and a finished; it diverged in 1 of 2 runs"


def test_ranks_are_certain_when_rows_are_apart_and_wide_when_they_are_not() -> None:
    rng = np.random.default_rng(0)
    apart = {f"f{k}": (10.0 * k + rng.normal(size=10)).tolist() for k in range(5)}
    assert all(row.rank_low == row.rank == row.rank_high for row in compare(apart, "f0", margin=0.1))
    close = compare(study(rng, 5, 10), "f0", margin=0.1)
    assert [row.rank for row in close] == [1, 2, 3, 4, 5]
    assert all(row.rank_low <= row.rank <= row.rank_high for row in close)
    assert max(row.rank_high - row.rank_low for row in close) >= 3


def test_rank_intervals_are_those_of_a_plain_loop() -> None:
    values = study(np.random.default_rng(12), 4, 8)
    values["f1"][2] = NAN
    names, table = list(values), np.array(list(values.values()))
    seen: dict[str, list[int]] = {name: [] for name in names}
    rng = np.random.default_rng(1)
    for _ in range(3000):
        drawn = table[:, rng.integers(0, 8, 8)]
        keys = [(int(np.isnan(row).sum()), -float(np.nanmean(row))) for row in drawn]
        for name, key in zip(names, keys, strict=True):
            seen[name].append(1 + sum(other < key for other in keys))
    for row in compare(values, "f0", margin=0.1):
        ends = np.quantile(seen[row.name], [0.025, 0.975], method="inverted_cdf")
        assert (row.rank_low, row.rank_high) == tuple(ends), row.name


def test_rank_intervals_cover_the_true_rank() -> None:
    rng = np.random.default_rng(13)
    covered = []
    for _ in range(40):
        values = {f"f{k}": rng.normal(0.5 * k, 1.0, 10).tolist() for k in range(5)}
        covered += [row.rank_low <= 5 - int(row.name[1]) <= row.rank_high for row in compare(values, "f0", margin=0.0)]
    assert np.mean(covered) >= 0.95


def test_one_seed_says_nothing_about_ranks() -> None:
    rows = compare({"a": [3.0], "b": [2.0], "c": [1.0]}, "a", margin=0.1)
    assert [(row.rank, row.rank_low, row.rank_high) for row in rows] == [(1, 1, 3), (2, 1, 3), (3, 1, 3)]
    assert verdict_sentence(rows[1]) == (
        "too few seeds to tell: 1 points worse than a over 1 seed (one seed: no interval); "
        "a difference can be significant from 7 seeds on"
    )


# ------------------------------------------------------------------------------- compare: bad input


@pytest.mark.parametrize(
    ("values", "baseline", "options", "words"),
    [
        ({}, "relu", {}, "values is empty; give at least one function"),
        ({"relu": []}, "relu", {}, r"values\['relu'\] is empty; give one number per seed"),
        (
            {"relu": [1.0, 2.0], "mish": [1.0]},
            "relu",
            {},
            r"values\['mish'\] has 1 numbers but values\['relu'\] has 2",
        ),
        (
            {"relu": [1.0]},
            "rleu",
            {},
            "baseline 'rleu' is not one of .* Did you mean 'relu'.*Choose one of: relu",
        ),
        ({"relu": ["high"]}, "relu", {}, "values must hold numbers, nan where a run diverged"),
        ({"relu": [1.0]}, "relu", {"margin": -1.0}, "margin must be finite and 0 or more"),
        ({"relu": [1.0]}, "relu", {"alpha": 5.0}, "alpha must lie between 0 and 1, both excluded, not 5.0"),
    ],
)
def test_compare_refuses_with_a_sentence(
    values: dict[str, list[float]], baseline: str, options: dict[str, float], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        compare(values, baseline, margin=options.get("margin", 0.1), alpha=options.get("alpha", 0.05))


# ------------------------------------------------------------------------------------------ wording

ROW = Comparison(
    name="mish",
    n=10,
    diverged=0,
    mean=97.8,
    low=97.4,
    high=98.1,
    difference=0.81,
    diff_low=0.32,
    diff_high=1.18,
    p=0.002,
    p_holm=0.0082,
    p_same_holm=0.9,
    verdict="better",
    rank=1,
    rank_low=1,
    rank_high=2,
    pairs=10,
    baseline="relu",
    margin=0.5,
    alpha=0.05,
    higher_is_better=True,
    seeds_needed=7,
)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "0.8 points better than relu (95 % interval 0.3 to 1.2, p = 0.0082 after Holm)"),
        (
            {"verdict": "worse", "difference": -0.81, "diff_low": -1.18, "diff_high": -0.32, "p_holm": 2e-4},
            "0.8 points worse than relu (95 % interval 0.3 to 1.2, p < 0.001 after Holm)",
        ),
        (
            {"verdict": "undecided", "diff_low": -0.4, "difference": 0.1, "diff_high": 0.6, "p_holm": 0.4},
            "undecided: 0.1 points better than relu (95 % interval -0.4 to 0.6, p = 0.40 after Holm)",
        ),
        (
            {
                "verdict": "the same",
                "diff_low": 0.0,
                "difference": 0.0,
                "diff_high": 0.0,
                "p_same_holm": 0.001,
            },
            "the same as relu within 0.5 points (no difference to relu, 95 % interval 0 to 0, "
            "p = 0.001 for sameness after Holm)",
        ),
        ({"verdict": "baseline"}, "the baseline: mean 97.8 points (95 % interval 97.4 to 98.1)"),
        (
            {"verdict": "too few seeds", "pairs": 5},
            "too few seeds to tell: 0.8 points better than relu over 5 seeds (95 % interval 0.3 to 1.2); "
            "a difference can be significant from 7 seeds on; relu diverged on 5 of 10 seeds",
        ),
        (
            {"verdict": "diverges", "diverged": 2, "pairs": 8},
            "diverged in 2 of 10 runs; over the 8 seeds on which both finished, "
            "0.8 points better than relu (95 % interval 0.3 to 1.2, p = 0.0082 after Holm)",
        ),
    ],
)
def test_sentences(changes: dict[str, Any], sentence: str) -> None:
    row = dataclasses.replace(ROW, **({"p_holm": 0.2} | changes if changes.get("verdict") == "the same" else changes))
    assert verdict_sentence(row) == sentence


def test_sentence_scales_and_speaks_of_the_level() -> None:
    row = dataclasses.replace(ROW, difference=0.0081, diff_low=0.0032, diff_high=0.0118, alpha=0.1)
    assert verdict_sentence(row, "points", scale=100).startswith("0.8 points better than relu (90 % interval 0.3 to 1.2,")
