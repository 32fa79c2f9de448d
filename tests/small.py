"""Small studies: blobs of numbers as data, and short ways to make columns and units of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nonlin.lab.arrays import Dataset, from_arrays
from nonlin.lab.compare import column
from nonlin.lab.recipe import Column, Recipe, Unit
from nonlin.lab.tasks import provide
from nonlin.lab.work import run_unit


def blobs(shape: tuple[int, ...] = (6,), classes: int = 3, samples: int = 150, seed: int = 0) -> Dataset:
    """A learnable data set: one cloud of numbers around a centre for each class, in random order."""
    rng = np.random.RandomState(seed)
    y = rng.permutation(np.arange(samples) % classes)
    x = rng.randn(classes, *shape)[y] + 0.7 * rng.randn(samples, *shape)
    held = samples // 3
    return from_arrays("blobs", x[held:], y[held:], x[:held], y[:held])


def columns(*specs: Any, depth: int = 2) -> tuple[Column, ...]:
    return tuple(column(s).at_depth(depth) for s in specs)


def unit_of(specs: Sequence[Any], seeds: Sequence[int] = (0, 1), data: Dataset | None = None, **recipe: Any) -> Unit:
    """A unit of work on blobs, two epochs of two small layers unless told otherwise; the data are at hand in memory."""
    data = data if data is not None else blobs()
    made = Recipe(**{"hidden": (8, 5), "epochs": 2, "batch_size": 16, **recipe})
    return Unit(provide(data), data.fingerprint, made, columns(*specs, depth=len(made.hidden)), tuple(seeds))


def results(unit: Unit) -> list[list[dict[str, Any]]]:
    """Train a unit here and now; without its times, which never repeat."""
    return timeless(run_unit(unit))


def timeless(results: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    return [[{k: v for k, v in r.items() if k != "seconds_per_epoch"} for r in row] for row in results]
