"""The time for a file, and for a whole tree of files, is bounded in steps."""

from __future__ import annotations

import pytest

from nonlin.lint.source import machine
from nonlin.lint.source.machine import LimitError, Run
from nonlin.lint.source.world import run_for


def exhaust(run: Run) -> None:
    for _ in range(machine.STEPS + 2):
        run.tick()


def ticks(spent: int) -> int:
    run = run_for({})
    run.steps = spent
    run.next_file()
    with pytest.raises(LimitError):
        exhaust(run)
    return run.steps - 1


def test_each_file_has_its_steps() -> None:
    assert ticks(0) == machine.STEPS


def test_once_the_pool_is_spent_each_file_has_a_few() -> None:
    assert ticks(machine.POOL) == machine.LEAST
