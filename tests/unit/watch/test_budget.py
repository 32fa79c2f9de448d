"""The interval follows from measured times and the budget."""

from __future__ import annotations

from typing import Any

import pytest

from nonlin.errors import ParameterError
from nonlin.watch.budget import FULL, LONGEST, Budget


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("nonlin.watch.budget.time", made)
    return made


def run(budget: Budget, clock: Clock, steps: int, step: float, cost: float, hidden: float = 0.0) -> list[int]:
    """Simulate a training and return the sampled steps."""
    sampled, following = [], 0
    for i in range(steps):
        sample = i >= following
        clock.now += step + (cost + hidden) * sample
        if sample:
            budget.add(cost)
        budget.step(sample)
        if sample:
            sampled.append(i)
            budget.sample()
            following = i + budget.next()
    return sampled


@pytest.mark.parametrize(("share", "cost"), [(0.01, 0.1), (0.01, 0.001), (0.1, 0.3), (0.5, 0.1)])
def test_the_share_is_kept_in_the_long_run(clock: Clock, share: float, cost: float) -> None:
    budget = Budget(share)
    sampled = run(budget, clock, 20_000, 1.0, cost)
    spent = len(sampled) * cost / 20_000
    assert spent <= share
    assert spent >= 0.5 * share or budget.interval == 1, "it looks as often as it may"
    assert budget.overhead <= share


def test_the_first_samples_come_soon(clock: Clock) -> None:
    assert run(Budget(0.01), clock, 100, 1.0, 1.0)[:5] == [0, 1, 3, 11, 27]


def test_what_hooks_cost_outside_themselves_counts(clock: Clock) -> None:
    plain, hidden = Budget(0.01), Budget(0.01)
    run(plain, clock, 5000, 1.0, 0.1)
    run(hidden, clock, 5000, 1.0, 0.1, hidden=0.05)
    assert hidden.cost == pytest.approx(0.15) and plain.cost == pytest.approx(0.1)
    assert hidden.interval == pytest.approx(0.15 / (FULL * 0.01), abs=1)


def test_a_fixed_interval_is_kept(clock: Clock) -> None:
    assert run(Budget(0.01, 7), clock, 30, 1.0, 100.0) == [0, 7, 14, 21, 28]


def test_the_interval_ends_somewhere(clock: Clock) -> None:
    budget = Budget(0.001)
    run(budget, clock, 9000, 0.001, 10.0)
    assert budget.interval == LONGEST


@pytest.mark.parametrize(
    ("share", "every"), [(0, None), (1, None), (True, None), ("x", None), (0.1, 0), (0.1, 1.5), (0.1, True)]
)
def test_errors_say_the_range(share: Any, every: Any) -> None:
    with pytest.raises(ParameterError, match="between 0 and 1|at least 1"):
        Budget(share, every)
