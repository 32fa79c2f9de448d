"""The tasks of the laboratory: which data, which network, how long, and what counts as the same accuracy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nonlin.errors import DataError, ModelError, unknown
from nonlin.lab import data as datasets
from nonlin.lab.arrays import Dataset, load_npz
from nonlin.lab.factories import load_object
from nonlin.lab.recipe import Recipe


@dataclass(frozen=True)
class Task:
    """One row: a data set with its default recipe.

    ``margin`` is the difference in accuracy below which two functions count as the same: about what another seed for the
    test split would change. ``cnn`` are the channels of the convolutional reference network.
    """

    name: str
    recipe: Recipe
    margin: float
    seeds: int = 10
    cnn: tuple[int, ...] = (8, 16)


TASKS: dict[str, Task] = {
    t.name: t
    for t in (
        Task("digits", Recipe(hidden=(64, 32), epochs=20, batch_size=32), margin=0.01),
        Task("mnist1d", Recipe(hidden=(64, 64), epochs=50, batch_size=32), margin=0.02),
        Task("mnist", Recipe(hidden=(128, 64), epochs=10, batch_size=32), margin=0.003, cnn=(16, 32)),
        Task("fashion_mnist", Recipe(hidden=(128, 64), epochs=10, batch_size=32), margin=0.005, cnn=(16, 32)),
    )
}

DEFAULT_TASK = "digits"
DEFAULT_FUNCTIONS = ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "tanh", "sigmoid")
DEFAULT_BASELINE = "relu"
_OWN = Recipe(hidden=(64, 32), epochs=20)


@dataclass(frozen=True)
class Preset:
    """A whole study as one word; ``note`` is printed with its results."""

    name: str
    summary: str
    task: str
    functions: tuple[str, ...]
    baseline: str
    options: dict[str, Any] = field(default_factory=dict)
    note: str = ""


PRESETS: dict[str, Preset] = {
    p.name: p
    for p in (
        Preset(
            "classic",
            "The MNIST comparison of the teaching texts: 784-128-64-10, Adam, batch 32, 10 epochs, 20 % validation",
            task="mnist",
            functions=("sigmoid", "tanh", "relu", "leaky_relu(slope=0.3)"),
            baseline="relu",
            options={"net": "mlp", "hidden": (128, 64), "epochs": 10, "batch_size": 32, "optimizer": "adam",
                     "learning_rate": 1e-3, "validation": 0.2, "init": "glorot"},
            note="The text writes slope 0.01, but the Keras layer it uses, LeakyReLU(), has slope 0.3; so has this study. "
            "Weights start from Keras' default, Glorot uniform, and Adam has Keras' epsilon of 1e-7.",
        ),
    )
}  # fmt: skip

_given: dict[str, Dataset] = {}


def provide(data: Dataset) -> str:
    """Make a data set in memory usable as a task of this process; return the name to ask for it by."""
    name = f"memory:{data.name}:{data.fingerprint[:12]}"
    _given[name] = data
    return name


def provided(name: str) -> Dataset | None:
    """Return the data set in memory behind a task's name, or None for a task that anyone can load."""
    return _given.get(name)


def task_row(name: str) -> Task:
    """Return a task's defaults; a user's own data get those of a small network."""
    if name in TASKS:
        return TASKS[name]
    return Task(name, _OWN, margin=0.01)


def load_task(name: str, *, folder: str | None = None, progress: Callable[..., None] | None = None) -> Dataset:
    """Return the data of a task: a named one, a user's ``file.npz``, or what ``module:function`` returns.

    Raises:
        UnknownNameError: none of these.
        DataError: the data cannot be had or used; the message says what to do.
    """
    if name in _given:
        return _given[name]
    if name in TASKS:
        return datasets.load(name, folder=folder, progress=progress)
    if name.endswith(".npz"):
        return load_npz(name)
    if ":" in name and not name.startswith("memory:"):
        return _from_function(name)
    hint = f"Known: {', '.join(TASKS)}; or give your own data as file.npz or module:function."
    raise unknown("task", name, TASKS, hint)


def _from_function(spec: str) -> Dataset:
    make = load_object(spec, "task")
    try:
        made = make()
    except Exception as err:
        raise ModelError(f"the task function {spec} raised {type(err).__name__}: {err}") from err
    if isinstance(made, Dataset):
        return made
    if isinstance(made, tuple) and len(made) in (2, 4):
        return datasets.from_arrays(spec, *made)
    raise DataError(
        f"the task function {spec} returned {type(made).__name__}; it must return (x, y), "
        "(train_x, train_y, test_x, test_y), or a nonlin Dataset"
    )


def title(name: str) -> str:
    """Return a task's name as a file name can hold it."""
    return Path(name.replace(":", "-").removesuffix(".npz")).name or "task"
