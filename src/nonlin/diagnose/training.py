"""A short training under watch: bounded in time and steps, reproducible from its seed, and stoppable at any moment."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from nonlin.diagnose.losses import baseline
from nonlin.diagnose.problem import Problem
from nonlin.lint.model.batches import Batch
from nonlin.watch.history import Run

__all__ = ["Course", "train"]

FIRST, LAST = 5, 20
"""Losses whose median is called the first and the last one: much can be learnt in twenty steps."""
BROKEN = 25
"""Steps in a row without a finite loss after which going on tells nothing more."""
EVERY = 5
"""Every so many steps are watched: a diagnosis may cost more than the 1 % a long training is granted."""


@dataclass
class Course:
    """How a short training went."""

    steps: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    """Of every step; not finite where they were not."""
    baseline: float | None = None
    """The least loss of an answer that is the same for every input, on the first rows."""
    stopped: str = ""
    """Why it ended before its steps and its time were over: ``interrupted``, ``not finite``, ``data``, ``error``."""
    error: str = ""
    """The exception that ended it, in one line."""
    run: Run = field(default_factory=Run)
    """What watch saw."""
    remarks: tuple[str, ...] = ()
    """What watch could not see, one sentence each."""

    @property
    def first(self) -> float | None:
        """Median of the first losses that are finite."""
        return _median(self.losses[: min(FIRST, max(1, len(self.losses) // 5))])

    @property
    def last(self) -> float | None:
        """Median of the last losses; None where none of them is finite."""
        return _median(self.losses[-min(LAST, max(1, len(self.losses) // 5)) :])

    @property
    def learnt(self) -> bool | None:
        """Whether the loss fell below nine tenths of the first, or became far better than the same answer to all; None if unknown."""
        first, last = self.first, self.last
        if first is None or last is None or self.steps < 10:
            return False if self.stopped == "not finite" else None
        return last < first - 0.1 * abs(first)

    def sentence(self) -> str:
        """Return how it went in a sentence or three."""
        if not self.steps:
            return f"It was not trained: {self.error}." if self.error else "It was not trained."
        first, last = self.first, self.last
        went = f"{_number(first)} to {_number(last)}" if last is not None else f"{_number(first)} to no number at all"
        said = [f"Trained {self.steps} step{'s' * (self.steps != 1)} in {self.seconds:.1f} s: loss from {went}."]
        if self.baseline is not None and last is not None:
            better = (
                "worse than"
                if last > 1.02 * self.baseline
                else "no better than"
                if last > 0.98 * self.baseline
                else "better than"
            )
            said.append(
                f"That is {better} {_number(self.baseline)}, the loss of one and the same best answer to every input."
            )
        said.append(_ENDED.get(self.stopped, ""))
        if self.error:
            said.append(f"It broke off at step {self.steps}: {self.error}.")
        return " ".join(filter(None, said))


_ENDED = {
    "interrupted": "You stopped it; this is what is known so far.",
    "not finite": f"It was stopped after {BROKEN} steps without a finite loss.",
    "data": "The data were exhausted then.",
}


def _beside(loss: float, other: float) -> str:
    """Return in words how a loss stands to one that asks for no learning."""
    lines = ((1.02, "worse than"), (0.98, "no better than"), (0.9, "hardly better than"))
    return next((words for factor, words in lines if loss > factor * other), "better than")


def _median(values: list[float]) -> float | None:
    finite = sorted(v for v in values if math.isfinite(v))
    return finite[len(finite) // 2] if finite else None


def _number(value: float | None) -> str:
    return "no number" if value is None else f"{value:.4g}"


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw from a generator of this seed, and give the caller's own back afterwards."""
    cuda = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(seed)
        yield


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the watch from telling its alerts one by one: they are all in the diagnosis."""
    log = logging.getLogger("nonlin.watch")
    before = log.disabled
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = before


def train(
    problem: Problem,
    *,
    seconds: float = 120.0,
    steps: int = 1000,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    clock: Callable[[], float] = time.monotonic,
) -> Course:
    """Train the problem's model under watch until its steps, its time or its data are over; never raises what training raises.

    Args:
        problem: what is trained, in place.
        seconds: of wall time at most.
        steps: of the optimiser at most. The same seed and steps give the same numbers, unless time ends it sooner.
        seed: of the order of samples, dropout and whatever else is drawn.
        progress: called after each step with steps done and in all.
        clock: for tests.
    """
    from nonlin.watch import watch

    course = Course(baseline=baseline(problem.loss.kind, problem.data.sample.targets))
    compute = problem.loss.function
    if compute is None:
        course.error = f"the loss {problem.loss.shown} cannot be computed from one output and its targets"
        return course
    watched, began = watch(problem.model, problem.optimizer, loss=problem.loss.kind, every=EVERY), clock()
    bad: deque[bool] = deque(maxlen=BROKEN)
    with _seeded(seed), _silent():
        problem.model.train()
        batches = problem.data.batches(seed)
        try:
            with watched:
                while course.steps < steps and clock() - began < seconds:
                    batch = next(batches, None)
                    if batch is None:
                        course.stopped = "data"
                        break
                    loss = _step(problem, compute, batch.on(problem.device))
                    watched.step(loss=loss)
                    course.losses.append(float(loss.detach()))
                    course.steps += 1
                    progress(course.steps, steps)
                    bad.append(not math.isfinite(course.losses[-1]))
                    if len(bad) == BROKEN and all(bad):
                        course.stopped = "not finite"
                        break
        except KeyboardInterrupt:
            course.stopped = "interrupted"
        except Exception as error:  # of the user's model, loss or data: that it breaks is a result
            lines = str(error).strip().splitlines()
            course.stopped, course.error = "error", f"{type(error).__name__}: {lines[0].rstrip('.') if lines else ''}"
    course.seconds = clock() - began
    course.run, course.remarks = watched.run(), tuple(watched.remarks)
    return course


def _step(problem: Problem, compute: Callable[[Any, Any], Any], batch: Batch) -> torch.Tensor:
    problem.optimizer.zero_grad(set_to_none=True)
    output = problem.model(*batch.args, **batch.kwargs)
    loss = compute(output, batch.targets)
    if not isinstance(loss, torch.Tensor) or loss.dim():
        shape = f" of shape {tuple(loss.shape)}" if isinstance(loss, torch.Tensor) else ""
        raise TypeError(f"the loss gave {type(loss).__name__}{shape}, not one number; reduce it, for instance with .mean()")
    loss.backward()
    problem.optimizer.step()
    return loss
