"""Tests and intervals for one sample of paired differences: bootstrap, sign flips, Holm, equivalence."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nonlin.errors import ParameterError

__all__ = ["equivalence_p", "holm", "mean_interval", "min_seeds", "paired_permutation_p"]

Floats = NDArray[np.float64]

_RESAMPLES = 9_999  # of the bootstrap of a mean
_FLIPS = 99_999  # random sign flips where all 2^n are too many
_TIE = 1e-10  # relative: sums that differ by rounding only are one value


def mean_interval(values: ArrayLike, level: float = 0.95, seed: int = 0) -> tuple[float, float, float]:
    """Return the mean of ``values`` and the two ends of its bootstrap interval (BCa).

    The plain BCa interval is too narrow for few values: at level 0.95 it covers the mean of a normal distribution
    84 % of the time for n = 5 and 90 % for n = 10. The percentiles are therefore taken further out, by the factor that
    makes a percentile interval equal Student's (Hesterberg 2015, doi:10.1080/00031305.2015.1089789). Coverage
    measured on 6,000 samples each, plain -> ours, for n = 5, 6, 10, 20:

    * normal: 84 -> 92 %, 86 -> 93 %, 90 -> 94.5 %, 93 -> 95 %;
    * exponential: 79 -> 87 %, 83 -> 90 %, 87 -> 92 %, 91 -> 93 % (Student's own: 88, 88, 89, 91.5 %).

    No bootstrap interval is wider than the data: with 2, 3 or 4 values of a symmetric distribution at most 50, 75 or
    87.5 % can be covered.

    Args:
        values: finite numbers, shape ``(n,)``, n >= 1. With n = 1 the ends are nan; equal values give zero
            width.
        level: nominal coverage, between 0 and 1.
        seed: of the resampling; the same input gives the same interval.

    Raises:
        ParameterError: no value, a value that is not finite, or a level outside (0, 1).

    >>> mean_interval([2.0, 2.0, 2.0])
    (2.0, 2.0, 2.0)
    """
    x = _finite_vector("values", values)
    check_fraction("level", level)
    if not x.size:
        raise ParameterError("values is empty; give at least one number.")
    if x.size == 1:
        return float(x[0]), math.nan, math.nan
    lowest, spread = float(x.min()), float(np.ptp(x))
    if spread == 0.0:
        return lowest, lowest, lowest
    from scipy.stats import bootstrap, norm, t

    n = x.size
    tail = float(norm.cdf(-math.sqrt(n / (n - 1)) * t.ppf(0.5 + level / 2, n - 1)))
    tail = max(tail, 1.0 / _RESAMPLES)  # a percentile further out than the last resample means nothing
    # BCa does not depend on origin and unit; values moved to 0..1 lose nothing to rounding.
    found = bootstrap(
        ((x - lowest) / spread,),
        np.mean,
        n_resamples=_RESAMPLES,
        confidence_level=1.0 - 2.0 * tail,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(x.mean()), lowest + spread * float(found.low), lowest + spread * float(found.high)


def paired_permutation_p(diff: ArrayLike, seed: int = 0, exact_up_to: int = 16) -> float:
    """Return the two-sided p-value of "the mean difference is zero" by flipping signs.

    All ``2^n`` sign patterns are counted for ``n <= exact_up_to``; above, 99,999 random ones, and the
    observed pattern counts as one of them (so p is never 0, and the test keeps its level: Phipson and Smyth
    2010).

    Args:
        diff: finite paired differences, shape ``(n,)``. All zero gives 1.0; none at all gives nan.
        seed: of the random patterns.
        exact_up_to: 0 to 22; memory is ``8 * 2^n`` bytes.

    Raises:
        ParameterError: a difference that is not finite, or ``exact_up_to`` out of range.

    >>> paired_permutation_p([0.4, 0.2, 0.9, 0.1, 0.5, 0.3])  # 2 of 64 patterns
    0.03125
    """
    return _flip_p(_finite_vector("diff", diff), seed, exact_up_to, two_sided=True)


def holm(pvalues: ArrayLike) -> Floats:
    """Return Holm's adjusted p-values, shape ``(m,)``, in the order given; nan stays nan and is no test.

    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(pvalues, dtype=np.float64)
    if p.ndim != 1 or np.any((p < 0) | (p > 1)):
        raise ParameterError(f"pvalues must be a vector of numbers from 0 to 1 (or nan), not {pvalues!r}.")
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(factors * p[order]))
    return adjusted


def equivalence_p(diff: ArrayLike, margin: float, seed: int = 0) -> float:
    """Return the p-value of "the mean difference is ``margin`` or more, up or down": small means *the same*.

    Two one-sided sign-flip tests, of ``diff > -margin`` and ``diff < margin``; the larger p counts. With n
    seeds it is at least ``2^-n``, also where all differences are zero; a constant difference of exactly
    ``margin`` gives 1.

    Args:
        diff: finite paired differences, shape ``(n,)``; none at all gives nan.
        margin: finite, 0 or more (0 can never be shown), in the unit of ``diff``.
        seed: of the random patterns above 16 differences.

    Raises:
        ParameterError: a difference that is not finite, or a margin that is negative or not finite.

    >>> equivalence_p([0.0] * 5, margin=0.5)
    0.03125
    """
    # Why not the t-test: accuracies are counts, so a few seeds often differ by exactly the same amount; t
    # then sees no variance and reports certainty from two seeds. Why not a bootstrap: too narrow below 15
    # seeds (see mean_interval). Sign flips ask no more than the test of difference does, keep their level at
    # any n, and bring the seed count in.
    d = _finite_vector("diff", diff)
    check_margin(margin)
    shifted = np.stack([margin + d, margin - d])
    noise = 1e-12 * max(margin, float(np.abs(d).max(initial=0.0)))
    shifted[np.abs(shifted) <= noise] = 0.0  # exactly at the margin, but for rounding
    return max(_flip_p(side, seed, 16, two_sided=False) for side in shifted)


def min_seeds(alpha: float = 0.05, comparisons: int = 1) -> int:
    """Return the smallest number of seeds with which a difference can be significant at all.

    The smallest two-sided p of n sign flips is ``2 / 2^n``, and Holm multiplies the smallest of them by the
    number of comparisons: below this count "better" and "worse" cannot be said, whatever the data.

    >>> min_seeds(), min_seeds(comparisons=3)
    (6, 7)
    """
    check_fraction("alpha", alpha)
    if comparisons < 1:
        raise ParameterError(f"comparisons must be 1 or more, not {comparisons!r}.")
    return next(n for n in range(1, 1100) if 2.0 * comparisons <= alpha * 2.0**n)


def _flip_p(d: Floats, seed: int, exact_up_to: int, *, two_sided: bool) -> float:
    """Return the share of sign patterns whose sum is as extreme (two-sided) or as large as observed."""
    if not 0 <= exact_up_to <= 22:
        raise ParameterError(f"exact_up_to must be 0 to 22 (memory doubles with each), not {exact_up_to!r}.")
    if not d.size:
        return math.nan
    largest = float(np.abs(d).max())
    if largest == 0.0:
        return 1.0
    d = d / largest
    statistic = np.abs if two_sided else np.positive
    threshold = statistic(d.sum()) - _TIE * np.abs(d).sum()
    if d.size <= exact_up_to:
        sums = np.zeros(1)
        for value in d:
            sums = np.concatenate([sums + value, sums - value])
        return float(np.mean(statistic(sums) >= threshold))
    rng, hits, left = np.random.default_rng(seed), 1, _FLIPS
    while left:
        rows = min(left, 10_000)
        signs = rng.integers(0, 2, size=(rows, d.size), dtype=np.int8) * 2 - 1
        hits += int(np.sum(statistic(signs @ d) >= threshold))
        left -= rows
    return hits / (_FLIPS + 1)


def _finite_vector(name: str, given: ArrayLike) -> Floats:
    x = np.asarray(given, dtype=np.float64)
    if x.ndim != 1:
        raise ParameterError(f"{name} must be a vector, not an array of shape {x.shape}.")
    if not np.isfinite(x).all():
        bad = int(np.sum(~np.isfinite(x)))
        raise ParameterError(f"{name} holds {bad} of {x.size} numbers that are not finite; drop them first.")
    return x


def check_fraction(name: str, given: float) -> None:
    """Raise a ParameterError unless ``given`` lies in (0, 1)."""
    if not 0.0 < given < 1.0:
        raise ParameterError(f"{name} must lie between 0 and 1, both excluded, not {given!r}.")


def check_margin(margin: float) -> None:
    """Raise a ParameterError unless ``margin`` is finite and not negative."""
    if not (math.isfinite(margin) and margin >= 0):
        raise ParameterError(f"margin must be finite and 0 or more, in the values' unit, not {margin!r}.")
