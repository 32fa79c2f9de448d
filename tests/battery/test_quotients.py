"""The two oracles agree: power series of balls, and difference quotients in mpmath, of the same textbook formula."""

from __future__ import annotations

import pytest
from battery.measure import ELEMENTWISE
from battery.oracle import textbook, truth
from battery.quotients import TINY, quotients
from mpmath import mp, mpf

import nonlin

POINTS = [-31.4, -7.3, -1.0, -0.83, 0.0012, 0.37, 1.0, 1.7, 2.6, 4.4, 6.0, 23.0]
"""Both tails, the middle, and whole numbers, where many formulas have their kinks."""

JUMP = mpf(10) ** 40


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_difference_quotients_give_the_same(name: str) -> None:
    root = textbook(nonlin.definitions()[name])
    true = truth(root, POINTS)
    for i, x in enumerate(POINTS):
        seen = quotients(root, x)
        for order, pair in enumerate(seen):
            if max(abs(v) for v in pair) > JUMP:
                continue  # a quotient across a jump
            ends = ((true.low, true.low_rest), (true.high, true.high_rest))
            for (first, rest), other in zip(ends, pair, strict=True):
                with mp.workdps(40):
                    value = mpf(float(first[order, i])) + mpf(float(rest[order, i]))
                    size = max(abs(value), abs(other))
                    assert abs(value - other) <= size * mpf(10) ** -18 or size < 100 * TINY, f"{x}, order {order}"
