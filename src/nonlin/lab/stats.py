"""Which function is better, and how sure that is: paired statistics over seeds.

Every function of a study is trained with the same seeds, and a seed fixes the data order, so the unit of
evidence is the *difference to the baseline on one seed*. What is controlled, and what is not:

* ``better`` and ``worse`` are one family: over all functions of one study, the chance of even one such claim
  where there is no difference is at most ``alpha`` (two-sided sign-flip tests, Holm, valid under any
  dependence).
* ``the same`` is a second family with its own Holm correction: the chance of even one such claim where the
  true mean difference is ``margin`` or more is at most ``alpha``. The two families are not corrected for each
  other.
  How often it is said of one function under two names depends on the margin over the standard deviation of the
  difference on one seed; measured with three comparisons and 10 seeds: 65 % at 1, 99 % at 1.5, over 99.9 % at 2
  (7 seeds: 24, 84, 99 %).
* Intervals are one at a time, at level ``1 - alpha``. One may leave zero out while the verdict is
  ``undecided``.
* The interval of a rank describes how the ranking moves when seeds are drawn again; it is no test.

The tests assume that differences are spread symmetrically about their mean. Where two functions really are
the same, that holds by construction (swapping the two names flips the sign), so false ``better`` and
``worse`` need no normal distribution. Diverged runs (any value that is not finite) are counted, ranked last
and never dropped: means, differences and p-values are then over the seeds that finished, and the verdict says
``diverges``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from nonlin.errors import ParameterError, near
from nonlin.lab.paired import (
    Floats,
    check_fraction,
    check_margin,
    equivalence_p,
    holm,
    mean_interval,
    min_seeds,
    paired_permutation_p,
)

__all__ = [
    "VERDICTS",
    "Comparison",
    "compare",
    "equivalence_p",
    "holm",
    "mean_interval",
    "min_seeds",
    "paired_permutation_p",
    "verdict_sentence",
]

VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "baseline": "the function the others are compared with",
        "better": "the mean difference favours it, significant at alpha after Holm",
        "worse": "the mean difference is against it, significant at alpha after Holm",
        "the same": "the mean difference is shown to be smaller than the margin, at alpha after Holm",
        "undecided": "neither a difference nor sameness is shown",
        "too few seeds": "not shown to be the same, and no difference could be significant with so few seeds",
        "diverges": "at least one of its runs ended in NaN or infinity",
    }
)

_RANK_RESAMPLES = 4_000  # of the bootstrap of ranks: ranks are coarse, fewer do


@dataclass(frozen=True)
class Comparison:
    """One function of a study against the baseline; numbers in the unit of the values, nan where unknown."""

    name: str
    n: int  # seeds, diverged ones included
    diverged: int  # seeds whose value is not finite
    mean: float  # over finite values
    low: float
    high: float
    difference: float  # mean of own value - baseline's, over `pairs`; nan for the baseline itself
    diff_low: float
    diff_high: float
    p: float  # two-sided, sign flips
    p_holm: float
    p_same_holm: float  # of "the difference is as large as the margin"
    verdict: str  # a key of VERDICTS
    rank: int  # 1 is best; equal means share a rank
    rank_low: int
    rank_high: int
    pairs: int  # seeds on which this function and the baseline both finished
    baseline: str
    margin: float
    alpha: float
    higher_is_better: bool
    seeds_needed: int  # the fewest pairs with which "better" or "worse" is possible


def compare(
    values: Mapping[str, Sequence[float]],
    baseline: str,
    *,
    margin: float,
    alpha: float = 0.05,
    higher_is_better: bool = True,
    seed: int = 0,
) -> list[Comparison]:
    """Compare every function of a study with ``baseline``, best first; the module says which rate means what.

    A row with a diverged run ranks after all rows with fewer, and those that never finished come last. "The
    same" goes before "better" and "worse": a difference may be significant and still smaller than the margin.
    If the *baseline* diverged on some seeds, nothing is called the same as it or worse than it.

    Args:
        values: name -> one number per seed, all in the same order of seeds; nan or infinity marks a diverged
            run.
        baseline: one of the names.
        margin: the largest difference that does not matter, 0 or more, in the unit of the values.
        alpha: error rate of each family of claims; intervals have level ``1 - alpha``.
        higher_is_better: True for accuracies, False for losses.
        seed: of all resampling; a row's numbers do not depend on the other rows, but for Holm and ranks.

    Raises:
        ParameterError: no values, lists of different length, an unknown baseline, margin or alpha out of
            range.

    >>> rows = compare({"relu": [90.1, 90.3, 90.2], "mish": [91.0, 91.4, 91.1]}, "relu", margin=0.2)
    >>> [(row.name, row.verdict) for row in rows]
    [('mish', 'too few seeds'), ('relu', 'baseline')]
    """
    names, table = _table(values)
    if baseline not in names:
        raise ParameterError(
            f"baseline {baseline!r} is not one of the functions compared.{near(baseline, names)} "
            f"Choose one of: {', '.join(names)}."
        )
    check_fraction("alpha", alpha)
    check_margin(margin)
    finite = np.isfinite(table)
    base = names.index(baseline)
    good = np.where(finite, table, 0.0) * (1.0 if higher_is_better else -1.0)
    ranks = _ranks(np.ones((1, table.shape[1])), good, finite)[0, 0]
    rank_low, rank_high = _rank_intervals(good, finite, alpha, seed)

    both = finite & finite[base]
    others = both & (np.arange(len(names)) != base)[:, None]  # the baseline is not compared with itself
    diffs = [table[k, used] - table[base, used] for k, used in enumerate(others)]
    p = np.array([paired_permutation_p(d, seed) for d in diffs])
    p_holm = holm(p)
    p_same_holm = holm([equivalence_p(d, margin, seed) for d in diffs])
    needed = min_seeds(alpha, max(1, int(np.sum(~np.isnan(p)))))

    rows = []
    for k, name in enumerate(names):
        mean, low, high = _interval_or_nan(table[k, finite[k]], 1 - alpha, seed)
        difference, diff_low, diff_high = _interval_or_nan(diffs[k], 1 - alpha, seed)
        verdict = _verdict(
            is_baseline=k == base,
            diverges=not finite[k].all(),
            baseline_diverges=not finite[base].all(),
            gain=difference if higher_is_better else -difference,
            different=bool(p_holm[k] <= alpha),  # nan compares False
            same=bool(p_same_holm[k] <= alpha),
            enough=diffs[k].size >= needed,
        )
        rows.append(
            Comparison(
                name=name,
                n=table.shape[1],
                diverged=int(np.sum(~finite[k])),
                mean=mean,
                low=low,
                high=high,
                difference=difference,
                diff_low=diff_low,
                diff_high=diff_high,
                p=float(p[k]),
                p_holm=float(p_holm[k]),
                p_same_holm=float(p_same_holm[k]),
                verdict=verdict,
                rank=int(ranks[k]),
                rank_low=min(int(rank_low[k]), int(ranks[k])),
                rank_high=max(int(rank_high[k]), int(ranks[k])),
                pairs=int(both[k].sum()),
                baseline=baseline,
                margin=float(margin),
                alpha=float(alpha),
                higher_is_better=higher_is_better,
                seeds_needed=needed,
            )
        )
    return sorted(rows, key=lambda row: row.rank)  # stable: ties stay in the order given


def _verdict(
    *,
    is_baseline: bool,
    diverges: bool,
    baseline_diverges: bool,
    gain: float,
    different: bool,
    same: bool,
    enough: bool,
) -> str:
    """Return the first verdict whose condition holds."""
    table = (
        ("baseline", is_baseline),
        ("diverges", diverges),
        ("the same", same and not baseline_diverges),
        ("better", different and gain > 0),
        ("worse", different and gain < 0 and not baseline_diverges),
        ("too few seeds", not enough),
        ("undecided", True),
    )
    return next(verdict for verdict, holds in table if holds)


def verdict_sentence(comparison: Comparison, unit: str = "points", scale: float = 1.0) -> str:
    """Return the verdict in words, with its numbers times ``scale`` (100 turns fractions into points).

    The interval is written in the direction of the claim: for "worse", positive numbers are how much worse.

    >>> rows = compare({"relu": [0.0] * 8, "mish": [1.0, 2, 3, 1, 2, 3, 1, 3]}, "relu", margin=0.5)
    >>> verdict_sentence(rows[0])
    '2.0 points better than relu (95 % interval 1.2 to 2.8, p = 0.0078 after Holm)'
    """
    c = comparison
    level = f"{100 * (1 - c.alpha):g} % interval"
    if c.diverged == c.n:
        text = f"diverged in {'its only run' if c.n == 1 else f'all {c.n} runs'}"
        return f"the baseline: {text}" if c.verdict == "baseline" else text
    if c.verdict == "baseline":
        number = _numbers(scale, c.low, c.high)
        text = f"the baseline: mean {number(c.mean)} {unit} ({level} {number(c.low)} to {number(c.high)})"
        return text if not c.diverged else f"{text}, diverged in {c.diverged} of {c.n} runs"
    if not c.pairs:
        return f"no seed on which both it and {c.baseline} finished; it diverged in {c.diverged} of {c.n} runs"
    number = _numbers(scale, c.diff_low, c.diff_high)
    up = (c.difference >= 0) == c.higher_is_better
    low, high = (c.diff_low, c.diff_high) if c.difference >= 0 else (-c.diff_high, -c.diff_low)
    amount = f"{number(abs(c.difference))} {unit} {'better' if up else 'worse'} than {c.baseline}"
    if c.difference == 0:
        amount = f"no difference to {c.baseline}"
    interval = f"{level} {number(low)} to {number(high)}" if c.pairs > 1 else "one seed: no interval"
    evidence = f"({interval}, {_p_text(c.p_holm)} after Holm)"
    seeds = f"{c.pairs} {'seed' if c.pairs == 1 else 'seeds'}"
    sentences = {
        "better": f"{amount} {evidence}",
        "worse": f"{amount} {evidence}",
        "the same": f"the same as {c.baseline} within {c.margin * scale:g} {unit} "
        f"({amount}, {interval}, {_p_text(c.p_same_holm)} for sameness after Holm)"
        + ("; the difference is significant but smaller than the margin" if c.p_holm <= c.alpha else ""),
        "undecided": f"undecided: {amount} {evidence}",
        "too few seeds": f"too few seeds to tell: {amount} over {seeds} ({interval}); "
        f"a difference can be significant from {c.seeds_needed} seeds on",
        "diverges": f"diverged in {c.diverged} of {c.n} runs; over the {seeds} on which both finished, {amount} {evidence}",
    }
    text = sentences[c.verdict]
    lost = c.n - c.pairs if c.verdict != "diverges" else 0
    return f"{text}; {c.baseline} diverged on {lost} of {c.n} seeds" if lost else text


def _numbers(scale: float, low: float, high: float) -> _Numbers:
    width = abs(high - low) * abs(scale)
    if not (math.isfinite(width) and width > 0):
        return _Numbers(scale, ".4g")
    return _Numbers(scale, f".{min(9, max(0, math.ceil(0.5 - math.log10(width))))}f")


@dataclass(frozen=True)
class _Numbers:
    """Writes numbers with as many decimals as their interval gives meaning to."""

    scale: float
    spec: str

    def __call__(self, value: float) -> str:
        text = format(value * self.scale, self.spec)
        return text.lstrip("-") if float(text) == 0 else text  # no "-0.0"


def _p_text(p: float) -> str:
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.2g}" if p < 0.1 else f"p = {p:.2f}"


def _interval_or_nan(x: Floats, level: float, seed: int) -> tuple[float, float, float]:
    return mean_interval(x, level, seed) if x.size else (math.nan, math.nan, math.nan)


def _ranks(weights: Floats, good: Floats, finite: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return ranks, shape ``(2, draws, names)``: the first and the last of the places a tie shares.

    ``weights``: how often each seed was drawn, shape ``(draws, seeds)``; ``good``: larger is better, 0 where
    diverged, shape ``(names, seeds)``.
    """
    diverged = weights @ (~finite).T.astype(np.float64)
    count = weights @ finite.T.astype(np.float64)
    mean = np.where(count > 0, (weights @ good.T) / np.maximum(count, 1), -np.inf)
    tie = 1e-12 * float(np.abs(good).max())
    before = np.empty((2, *mean.shape), dtype=np.int64)
    for k in range(mean.shape[1]):
        fewer, equal = diverged < diverged[:, k : k + 1], diverged == diverged[:, k : k + 1]
        ahead = mean > mean[:, k : k + 1] + tie
        behind = mean < mean[:, k : k + 1] - tie
        before[0, :, k] = np.sum(fewer | (equal & ahead), axis=1)
        before[1, :, k] = np.sum(fewer | (equal & ~behind), axis=1) - 1  # itself is among those not behind
    return before + 1


def _rank_intervals(good: Floats, finite: NDArray[np.bool_], alpha: float, seed: int) -> NDArray[np.int64]:
    """Return the ends of each rank, shape ``(2, names)``, over seeds drawn again, one draw for all names."""
    names, seeds = good.shape
    if seeds == 1:  # drawing one seed again shows nothing: every rank is possible
        return np.array([[1] * names, [names] * names])
    draws = np.random.default_rng(seed).multinomial(seeds, np.full(seeds, 1 / seeds), size=_RANK_RESAMPLES)
    first, last = _ranks(draws.astype(np.float64), good, finite)
    low = np.quantile(first, alpha / 2, axis=0, method="lower")
    high = np.quantile(last, 1 - alpha / 2, axis=0, method="higher")
    return np.array([low, high], dtype=np.int64)


def _table(values: Mapping[str, Sequence[float]]) -> tuple[list[str], Floats]:
    """Return the names and their values, shape ``(names, seeds)``."""
    if not values:
        raise ParameterError("values is empty; give at least one function with its results.")
    lengths = {name: len(row) for name, row in values.items()}
    first, n = next(iter(lengths.items()))
    for name, length in lengths.items():
        if length < 1:
            raise ParameterError(f"values[{name!r}] is empty; give one number per seed (nan: diverged).")
        if length != n:
            raise ParameterError(
                f"values[{name!r}] has {length} numbers but values[{first!r}] has {n}; every function needs "
                "one number per seed, in the same order of seeds, nan where a run diverged."
            )
    try:
        return list(values), np.array([list(map(float, row)) for row in values.values()], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"values must hold numbers, nan where a run diverged ({error}).") from error
