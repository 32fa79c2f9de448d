"""What an engine runs: one unit of work, from its data to the results of its trials."""

from __future__ import annotations

from typing import Any

from nonlin.errors import DataError, ModelError
from nonlin.lab.arrays import Dataset
from nonlin.lab.factories import code_of
from nonlin.lab.recipe import Recipe, Unit
from nonlin.lab.tasks import load_task
from nonlin.lab.train import Progress, Stack, train, worker_settings

_held: dict[str, Dataset] = {}


def hold(data: Dataset) -> None:
    """Keep a data set for the units of this process that name its fingerprint; the two latest are kept."""
    _held.pop(data.fingerprint, None)
    _held[data.fingerprint] = data
    for old in list(_held)[:-2]:
        _held.pop(old, None)


def run_unit(unit: Unit, progress: Progress | None = None) -> list[list[dict[str, Any]]]:
    """Train a unit and return ``results[seed][column]``; a pure function of the unit, on any machine.

    Raises:
        DataError: this machine's data are not the ones the study was planned with.
        ModelError: the code of the user's factory is not.
    """
    data = _held.get(unit.fingerprint) or load_task(unit.task, folder=unit.options.get("folder"))
    if data.fingerprint != unit.fingerprint:
        raise DataError(
            f"the data of {unit.task!r} changed since the study was planned "
            f"(now {data.fingerprint[:12]}, then {unit.fingerprint[:12]}); start a new study"
        )
    hold(data)
    if unit.factory and code_of(unit.factory, "model") != unit.code:
        raise ModelError(f"the file of {unit.factory} changed since the study was planned; start it again")
    with worker_settings():
        return train(unit, data, build(unit, data), progress)


def build(unit: Unit, data: Dataset) -> Stack:
    """Return the networks of a unit, initialised."""
    if unit.recipe.net == "mlp":
        from nonlin.lab.mlp import StackedMLP

        return StackedMLP(data.features, data.classes, unit.recipe, unit.columns, unit.seeds)
    if unit.recipe.net == "cnn":
        from nonlin.lab.cnn import StackedCNN

        return StackedCNN(data.shape, data.classes, unit.recipe, unit.columns, unit.seeds)
    from nonlin.lab.own import OwnNetworks

    return OwnNetworks(unit.factory, unit.recipe, unit.columns, unit.seeds, data)


def model_bytes(recipe: Recipe, data: Dataset, parameters: int | None = None) -> int:
    """Return the memory one network of a unit needs while it trains: weights, gradients, two moments, activations."""
    if parameters is None:
        taps, before = (1, data.features) if recipe.net == "mlp" else (9, 1)
        parameters = 0
        for width in (*recipe.hidden, data.classes):
            parameters += width * (taps * before + 1)
            before = width
    units = sum(recipe.hidden) * (data.features if recipe.net != "mlp" else 1)
    samples = max(recipe.batch_size, 2000 if recipe.net == "mlp" else 500)
    return 16 * parameters + 4 * 4 * units * samples
