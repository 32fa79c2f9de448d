"""The training loop of one unit of work: every network of the unit advances together, batch by batch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from nonlin.errors import DataError
from nonlin.lab.arrays import Dataset
from nonlin.lab.recipe import Recipe, Unit

Progress = Callable[[float], None]
"""Called several times an epoch with the model-epochs trained since the last call; may raise to stop the training."""

_STEPS_PER_REPORT = 64
_SORTED = 5.0
"""So many standard deviations more of a class in the held-out part than a shuffled order would bring there."""


class Stack(Protocol):
    """Networks trained together. All returned tensors have shape (seeds, columns) unless said otherwise.

    ``how`` says, for each column, how its networks were trained.
    """

    how: list[str]

    def step(self, xs: list[Tensor], ys: Tensor) -> tuple[Tensor, Tensor]:
        """Train on one batch per seed; return loss and share of right answers before the update."""

    def logits(self, x: Tensor) -> Tensor:
        """Return (seeds, columns, samples, classes) for shared samples."""

    def dead(self, x: Tensor) -> Tensor:
        """Return the share of units that no gradient reaches on ``x``; NaN where that cannot be told."""

    def finite(self) -> Tensor:
        """Return which networks have only finite weights."""


@contextmanager
def worker_settings() -> Iterator[None]:
    """One thread per worker, subnormal numbers flushed: Adam's moments of unlit pixels decay into them and cost 18 %.

    Both settings belong to the calling thread; the flag is put back, so that nobody else's arithmetic changes.
    """
    threads, flushed = torch.get_num_threads(), _flushes_denormals()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with torch.no_grad(), np.errstate(all="ignore"):
            yield
    finally:
        torch.set_flush_denormal(flushed)
        torch.set_num_threads(threads)


def _flushes_denormals() -> bool:
    """Whether this thread flushes subnormal numbers; torch can set that but not tell."""
    tiny = torch.tensor(2.0**-100)
    return float(tiny * 2.0**-40) == 0.0


def split(data: Dataset, recipe: Recipe) -> tuple[int, int]:
    """Return the sizes of the training and validation parts; validation is taken from the end, as Keras does.

    Raises:
        DataError: one of them would be empty, or the samples are sorted, so that classes would be held out of training.
    """
    total = len(data.train_y)
    held = round(total * recipe.validation)
    if total - held < 1 or (recipe.validation > 0 and held < 1):
        raise DataError(
            f"{data.name} has {total} training samples; holding out the share {recipe.validation} leaves nothing. "
            "Choose another validation share"
        )
    count, lost = (np.bincount(y, minlength=data.classes) for y in (data.train_y, data.train_y[total - held :]))
    share = held / total
    far = lost - count * share > _SORTED * np.sqrt(count * share * (1 - share))
    wrong = np.flatnonzero((count > 0) & (far | (lost == count)))
    if wrong.size:
        k = wrong[0]
        raise DataError(
            f"{data.name}: the last {recipe.validation:.0%} of the training samples, held out for validation, are "
            f"{lost[k]} of the {count[k]} of class {k}; are they sorted by class? Shuffle the samples, or use validation=0"
        )
    return total - held, held


def samples(array: np.ndarray[Any, Any], image: bool) -> Tensor:
    """Return samples as rows of numbers, or as images with one channel."""
    x = torch.from_numpy(np.ascontiguousarray(array))
    if not image:
        return x.flatten(1)
    return x.unsqueeze(1) if x.dim() == 3 else x


def train(unit: Unit, data: Dataset, stack: Stack, progress: Progress | None = None) -> list[list[dict[str, Any]]]:
    """Train a unit's networks and return the result of each trial, as JSON: ``results[seed][column]``.

    The order of the data depends on the seed alone. A network whose loss or weights stop being finite is marked as
    diverged at that epoch and left to itself; one whose test loss is not finite at the end, at the last epoch.
    """
    recipe = unit.recipe
    n, held = split(data, recipe)
    image = recipe.net != "mlp"
    x, y = samples(data.train_x, image), torch.from_numpy(data.train_y)
    test_x, test_y = samples(data.test_x, image), torch.from_numpy(data.test_y)
    orders = [torch.Generator().manual_seed(seed + 7919) for seed in unit.seeds]
    shape = len(unit.seeds), len(unit.columns)
    curves: list[dict[str, Tensor]] = []
    diverged = torch.full(shape, -1)
    seconds = 0.0
    for epoch in range(recipe.epochs):
        begun = time.perf_counter()
        losses: list[Tensor] = []
        rights: list[Tensor] = []
        permutations = torch.stack([torch.randperm(n, generator=g) for g in orders])
        starts = range(0, n, recipe.batch_size)
        for i, start in enumerate(starts):
            if progress is not None and i % _STEPS_PER_REPORT == 0:
                progress(unit.models * min(i, _STEPS_PER_REPORT) / len(starts))
            index = permutations[:, start : start + recipe.batch_size]
            xs = [x.index_select(0, rows) for rows in index]
            batch_loss, batch_right = stack.step(xs, y[index])
            losses.append(batch_loss)
            rights.append(batch_right)
        sizes = torch.tensor([float(min(recipe.batch_size, n - start)) for start in starts], dtype=torch.float64)
        row = {
            "loss": torch.tensordot(sizes, torch.stack(losses).double(), 1) / n,
            "accuracy": torch.tensordot(sizes, torch.stack(rights).double(), 1) / n,
        }
        if held:
            row["validation_loss"], row["validation_accuracy"] = score(stack, x[n:], y[n:])
        curves.append(row)
        bad = ~(row["loss"].isfinite() & stack.finite()) & (diverged < 0)
        diverged[bad] = epoch + 1
        seconds += time.perf_counter() - begun
        if progress is not None:
            progress(unit.models * ((len(starts) - 1) % _STEPS_PER_REPORT + 1) / len(starts))
    test_loss, test_accuracy = score(stack, test_x, test_y)
    diverged[~test_loss.isfinite() & (diverged < 0)] = recipe.epochs
    dead = stack.dead(x[n:] if held else x)
    per_model_epoch = seconds / (recipe.epochs * unit.models)
    return [
        [
            {
                "test_accuracy": float(test_accuracy[s, c]),
                "test_loss": float(test_loss[s, c]),
                "diverged_at": int(diverged[s, c]) if diverged[s, c] > 0 else None,
                "dead_share": float(dead[s, c]) if diverged[s, c] < 0 else math.nan,
                "seconds_per_epoch": per_model_epoch,
                "how": stack.how[c],
                "curves": {k: [_short(row[k][s, c]) for row in curves] for k in curves[0]},
            }
            for c in range(shape[1])
        ]
        for s in range(shape[0])
    ]


def score(stack: Stack, x: Tensor, y: Tensor, size: int = 1000) -> tuple[Tensor, Tensor]:
    """Return mean loss and accuracy on shared samples, each (seeds, columns), float64."""
    if not len(y):
        raise DataError("there are no samples to score")
    loss = right = torch.zeros((), dtype=torch.float64)
    for part, target in zip(x.split(size), y.split(size), strict=True):
        z = stack.logits(part)
        wide = target.view(1, 1, -1, 1).expand(*z.shape[:2], -1, 1)
        logp = torch.log_softmax(z, 3).gather(3, wide)
        total, hits = -logp.double().sum((2, 3)), (z.argmax(3) == target).double().sum(2)
        loss, right = loss + total, right + hits
    return loss / len(y), right / len(y)


def _short(value: Tensor) -> float:
    """Seven digits: what float32 holds, and half the size in the store."""
    number = float(value)
    return float(f"{number:.7g}") if math.isfinite(number) else number
