"""The short training: bounded, reproducible, stoppable, and never an exception of the user's program."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import torch
from torch import nn

from nonlin.diagnose.problem import Problem, pose
from nonlin.diagnose.training import BROKEN, Course, train

X = torch.randn(128, 6, generator=torch.Generator().manual_seed(0))
Y = X[:, :1] * 2 - X[:, 1:2]


def problem(model: nn.Module | None = None, **options: Any) -> Problem:
    torch.manual_seed(0)
    return pose(
        model or nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1)), (X, Y), "mse", **{"lr": 0.01, **options}
    )


def test_the_same_seed_gives_the_same_numbers_and_another_does_not() -> None:
    def losses(seed: int) -> list[float]:
        torch.manual_seed(1)
        model = nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.5), nn.Linear(16, 1))
        return train(pose(model, (X, Y), "mse"), steps=12, seed=seed).losses

    assert losses(3) == losses(3) != losses(4)


def test_the_callers_generator_is_left_alone() -> None:
    given = problem()
    before = torch.random.get_rng_state()
    train(given, steps=3)
    assert torch.equal(before, torch.random.get_rng_state())


def test_it_learns_and_says_so() -> None:
    course = train(problem(), steps=300)
    assert course.learnt is True and course.stopped == "" and course.steps == len(course.losses) == 300
    assert course.baseline == pytest.approx(float(Y.var(unbiased=False)))
    assert "Trained 300 steps" in course.sentence() and "better than" in course.sentence()
    assert course.run.samples


def test_steps_and_progress() -> None:
    seen: list[tuple[int, int]] = []
    train(problem(), steps=4, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_time_ends_it() -> None:
    ticks = count()
    course = train(problem(), seconds=10.5, steps=1000, clock=lambda: float(next(ticks)))
    assert course.steps == 10 and course.stopped == ""


def test_ctrl_c_gives_what_is_known() -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    course = train(problem(), steps=100, progress=interrupt)
    assert (course.steps, course.stopped) == (7, "interrupted")
    assert "You stopped it" in course.sentence()


def test_a_loss_that_is_no_number_ends_it_soon() -> None:
    course = train(problem(lr=1e30), steps=1000)
    assert course.stopped == "not finite" and course.steps < 3 * BROKEN and course.learnt is False
    assert any(a.rule.code == "NW105" for a in course.run.alerts)


def test_data_may_end() -> None:
    given = pose(nn.Linear(6, 1), ((X[i : i + 8], Y[i : i + 8]) for i in (0, 8, 16)), "mse")
    course = train(given, steps=100)
    assert (course.steps, course.stopped) == (3, "data")
    assert "exhausted" in course.sentence()


class Raises(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            raise ValueError("the third branch is missing.\nsecond line")
        return super().forward(x)


@pytest.mark.parametrize(
    ("model", "loss", "says"),
    [
        (Raises(6, 1), "mse", "ValueError: the third branch is missing"),
        (nn.Linear(6, 1), "bce", "between 0 and 1"),
        (nn.Linear(6, 1), lambda output, target: output - target, "not one number"),
        (nn.Linear(6, 1), lambda output, target: 3.0, "gave float"),
        (nn.Linear(6, 1), "wasserstein", "cannot be computed"),
    ],
)
def test_what_training_raises_is_a_result(model: nn.Module, loss: str | Callable[..., Any], says: str) -> None:
    course = train(pose(model, (X, Y), loss), steps=5)
    assert course.steps == 0 and says in course.error and "second line" not in course.error
    assert course.sentence().startswith("It was not trained") and says in course.sentence()
    assert not any(m._forward_hooks for m in model.modules())


def test_alerts_are_not_told_one_by_one(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "nonlin.watch"):
        train(problem(lr=1e30), steps=40)
    assert not caplog.records
    assert not logging.getLogger("nonlin.watch").disabled


@pytest.mark.parametrize(
    ("losses", "learnt"),
    [([1.0] * 50, False), ([1.0, 0.9, 0.8] + [0.2] * 60, True), ([1.0] * 5, None), ([-1.0] * 40 + [-9.0] * 60, True)],
)
def test_progress_is_a_tenth_of_the_first_loss(losses: list[float], learnt: bool | None) -> None:
    assert Course(steps=len(losses), losses=losses).learnt is learnt


def test_sentences_never_show_what_is_not_there() -> None:
    assert Course().sentence() == "It was not trained."
    course = Course(steps=30, losses=[math.nan] * 30, stopped="not finite")
    assert "nan" not in course.sentence().lower()
