"""A study: which trials it consists of, how they are grouped into units, and the loop that runs and stores them."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nonlin.errors import ParameterError, near
from nonlin.lab.arrays import Dataset
from nonlin.lab.engine import Engine, default_engine
from nonlin.lab.jsontext import trial_key
from nonlin.lab.paired import check_margin
from nonlin.lab.recipe import Column, Recipe, Unit
from nonlin.lab.store import Store, Trial, environment
from nonlin.lab.train import split
from nonlin.lab.work import hold, model_bytes

CACHE_BYTES = 24 * 2**20
"""Weights, gradients and moments of one unit should fit a core's share of the last-level cache. A constant, not the
machine's own size: how trials are grouped must not depend on where a study runs."""
SEEDS_PER_UNIT = 10
"""So many seeds of a small network train together: each operation then serves ten networks."""
MODELS_PER_UNIT = 50
"""A study of small networks is split by functions into units of about this size, so that every core gets some."""
DEFAULT_MEMORY = 2 * 2**30


@dataclass(frozen=True)
class Study:
    """Everything that determines a study's numbers, and the words of its report.

    Attributes:
        task: name of the data, see ``tasks.load_task``.
        data: the data set.
        recipe: for the first depth; the others repeat its last width.
        columns: the contestants.
        seeds: whole numbers, one repetition each.
        baseline: label of the column the others are compared with.
        margin: difference in accuracy that counts as the same.
        depths: numbers of hidden layers; each is compared on its own.
        factory: the user's ``module:function``, for ``recipe.net == "own"``.
        code: hash of the file that function stands in.
        folder: where the user keeps data files.
        note: printed under the results.
    """

    task: str
    data: Dataset
    recipe: Recipe
    columns: tuple[Column, ...]
    seeds: tuple[int, ...]
    baseline: str
    margin: float
    depths: tuple[int, ...] = ()
    factory: str = ""
    folder: str | None = None
    note: str = ""
    code: str = ""
    shape: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        labels = [c.label for c in self.columns]
        if not labels:
            raise ParameterError("a study needs at least one function")
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ParameterError(f"{twice[0]!r} is given twice; to enter a function against itself write 'again={twice[0]}'")
        if self.baseline not in labels:
            raise ParameterError(
                f"the baseline {self.baseline!r} is not in the study.{near(self.baseline, labels)} "
                f"Choose one of: {', '.join(labels)}"
            )
        object.__setattr__(self, "seeds", _whole_seeds(self.seeds))
        if len(set(self.depths)) != len(self.depths):
            raise ParameterError(f"depths must be different whole numbers, not {list(self.depths)}")
        check_margin(self.margin)
        split(self.data, self.recipe)
        self.at_depths()
        object.__setattr__(self, "shape", self.data.shape)

    def at_depths(self) -> list[tuple[int, Recipe, tuple[Column, ...]]]:
        """Return (depth, recipe, columns) for each depth; a network of the user's own has its own depth, 0."""
        if self.recipe.net == "own":
            return [(0, self.recipe, self.columns)]
        rows = []
        for depth in self.depths or (len(self.recipe.hidden),):
            rows.append((depth, self.recipe.at_depth(depth), tuple(c.at_depth(depth) for c in self.columns)))
        return rows

    def whole(self, recipe: Recipe, columns: tuple[Column, ...]) -> Unit:
        """Return all seeds of some columns at one depth as a single unit: what names their trials."""
        options = {"folder": self.folder} if self.folder else {}
        return Unit(
            self.task, self.data.fingerprint, recipe, columns, self.seeds, self.factory, options=options, code=self.code
        )

    def units(self, memory: int = DEFAULT_MEMORY) -> list[Unit]:
        """Return the units of work of the whole study.

        Raises:
            ParameterError: ``memory`` (bytes) does not hold a single network.
        """
        made = []
        for _, recipe, columns in self.at_depths():
            for group in _same_shape(columns):
                each = model_bytes(recipe, self.data)
                # a quarter, so that four workers fit; never by the number of workers or cores, on which no result may depend
                room = max(int(memory // 4 // each), int(memory >= each))
                if room < 1:
                    raise ParameterError(
                        f"memory={memory / 2**20:.0f} MiB is too small: one network of this study needs "
                        f"{each / 2**20:.1f} MiB while it trains"
                    )
                weights = 16 * _parameters(recipe, self.data)
                together = max(1, min(SEEDS_PER_UNIT, len(self.seeds), CACHE_BYTES // (weights * len(group))))
                width = min(room, max(1, MODELS_PER_UNIT // together))
                for part in _chunks(group, -(-len(group) // -(-len(group) // width))):
                    made += [
                        replace(self.whole(recipe, ()), columns=tuple(part), seeds=tuple(seeds))
                        for seeds in _even(self.seeds, min(together, max(1, room // len(part))))
                    ]
        return made

    def described(self) -> dict[str, Any]:
        """Return the study as JSON, for its report and its file name."""
        return {
            "task": self.task,
            "data": self.data.fingerprint,
            "data_note": self.data.note,
            "features": self.data.features,
            "classes": self.data.classes,
            "samples": {"train": len(self.data.train_y), "test": len(self.data.test_y)},
            "recipe": {**vars(self.recipe), "hidden": list(self.recipe.hidden)},
            "functions": [c.described() for c in self.columns],
            "seeds": list(self.seeds),
            "depths": [depth for depth, _, _ in self.at_depths()],
            "baseline": self.baseline,
            "margin": self.margin,
            "factory": self.factory,
            "code": self.code,
            "note": self.note,
        }


def _whole_seeds(seeds: Sequence[Any]) -> tuple[int, ...]:
    good = [isinstance(s, int | np.integer) and not isinstance(s, bool) and 0 <= s < 2**32 for s in seeds]
    if not seeds or not all(good) or len(set(seeds)) != len(seeds):
        raise ParameterError(f"seeds must be different whole numbers from 0 to {2**32 - 1}, at least one, not {list(seeds)}")
    return tuple(int(s) for s in seeds)


def _parameters(recipe: Recipe, data: Dataset) -> int:
    taps, before = (1, data.features) if recipe.net == "mlp" else (9, 1)
    total = 0
    for width in (*recipe.hidden, data.classes):
        total += width * (taps * before + 1)
        before = width
    return total


def _chunks(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[i : i + size] for i in range(0, len(items), size)]


def _even(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Cut into parts of at most ``size``, nearly equal and even in number, so that two cores finish together."""
    count = -(-len(items) // size)
    if 1 < count < len(items):
        count += count % 2
    edges = [round(i * len(items) / count) for i in range(count + 1)]
    return [items[a:b] for a, b in pairwise(edges)]


def _same_shape(columns: Sequence[Column]) -> list[list[Column]]:
    """Group columns whose networks have the same weights: maxout and gated units need wider layers."""
    groups: dict[tuple[bool, ...], list[Column]] = {}
    for column in columns:
        groups.setdefault(tuple(d.keeps_length for d in column.layers), []).append(column)
    return list(groups.values())


@dataclass(frozen=True)
class Outcome:
    """What running a study came to: how many trials it has, had before, and trained now; the first error, if any."""

    total: int
    known: int
    trained: int
    interrupted: bool = False


def run(
    study: Study,
    path: Path,
    *,
    engine: Engine | None = None,
    workers: int | None = None,
    memory: int = DEFAULT_MEMORY,
    on_start: Callable[[float, float], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Outcome:
    """Train every trial of ``study`` that its store at ``path`` lacks, and store each unit as it ends.

    Stopping at any moment loses only the units in progress; the same call goes on where this one stopped. Ctrl-C ends
    cleanly: finished units are kept, and the outcome says ``interrupted``.

    Args:
        study: what to train.
        path: the study's SQLite file.
        engine: where the units run; by default this machine.
        workers: processes of the default engine; by default one for each core, or none for a small study.
        memory: budget in bytes for all networks in training at the same time.
        on_start: called with (model-epochs in all, model-epochs already in the store).
        on_progress: called with model-epochs as they are trained.
    """
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise ParameterError(f"workers must be a whole number of at least 1, not {workers!r}")
    if isinstance(memory, bool) or not isinstance(memory, int | float) or not 0 < memory < float("inf"):
        raise ParameterError(f"memory must be a number of bytes above 0, not {memory!r}")
    units = study.units(int(memory))
    hold(study.data)
    with Store.open(path) as store:
        keys = {
            (n, s, c): trial_key(u.trial_config(u.columns[c], u.seeds[s])) for n, u in enumerate(units) for s, c in _cells(u)
        }
        known = set(store.finished(keys.values()))
        epochs = study.recipe.epochs
        if on_start is not None:
            on_start(len(keys) * epochs, len(known) * epochs)
        if store.get_meta("environment") is None:
            store.set_meta("environment", environment() | {"torch_threads": torch.get_num_threads()})
        store.set_meta("study", study.described())
        store.set_meta("last_run", environment() | {"host": platform.node()})
        pending = _pending(units, keys, known)
        per_epoch = -(-len(study.data.train_y) // study.recipe.batch_size)
        model_steps = float(sum(u.models for u in pending) * epochs * per_epoch)
        largest = max((u.models * model_bytes(u.recipe, study.data) for u in pending), default=1)
        at_most = max(1, min(int(memory // largest), len(pending)))
        outcome = _drive(pending, store, engine or default_engine(workers, at_most, model_steps), on_progress)
    return replace(outcome, total=len(keys), known=len(known))


def _cells(unit: Unit) -> list[tuple[int, int]]:
    return [(s, c) for s in range(len(unit.seeds)) for c in range(len(unit.columns))]


def _pending(units: list[Unit], keys: dict[tuple[int, int, int], str], known: set[str]) -> list[Unit]:
    """Return units of exactly the trials left to train; columns that lack the same seeds stay together."""
    rest = []
    for n, unit in enumerate(units):
        by_seeds: dict[tuple[int, ...], list[Column]] = {}
        for c, column in enumerate(unit.columns):
            missing = tuple(seed for s, seed in enumerate(unit.seeds) if keys[n, s, c] not in known)
            if missing:
                by_seeds.setdefault(missing, []).append(column)
        rest += [replace(unit, seeds=seeds, columns=tuple(columns)) for seeds, columns in by_seeds.items()]
    return rest


def _drive(units: list[Unit], store: Store, engine: Engine, on_progress: Callable[[float], None] | None) -> Outcome:
    open_units = dict(enumerate(units))
    trained, interrupted = 0, False
    try:
        for number, unit in open_units.items():
            engine.submit(number, unit)
        while open_units:
            # results first: what has ended is stored before anything else in the same batch can raise
            for event in sorted(engine.poll(0.2), key=lambda e: (e.results is None, e.error is not None)):
                if event.error is not None:
                    raise event.error
                if event.advanced and on_progress is not None:
                    on_progress(event.advanced)
                if event.results is not None:
                    trained += store.add(_trials(open_units.pop(event.number), event.results))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        engine.close()
    return Outcome(0, 0, trained, interrupted)


def _trials(unit: Unit, results: list[list[dict[str, Any]]]) -> list[Trial]:
    made = []
    for s, seed in enumerate(unit.seeds):
        for c, column in enumerate(unit.columns):
            config, result = unit.trial_config(column, seed), results[s][c]
            status = "diverged" if result["diverged_at"] else "ok"
            made.append(Trial(trial_key(config), config, result, status))
    return made


def collect(study: Study, path: Path) -> dict[int, dict[str, list[dict[str, Any] | None]]]:
    """Return ``results[depth][label]``: one trial result per seed in the study's order, None where it is missing."""
    with Store.open(path, write=False) as store:
        found: dict[int, dict[str, list[dict[str, Any] | None]]] = {}
        for depth, recipe, columns in study.at_depths():
            unit = study.whole(recipe, columns)
            keys = {(c.label, s): trial_key(unit.trial_config(c, s)) for c in columns for s in study.seeds}
            known = store.finished(keys.values())
            found[depth] = {c.label: [known.get(keys[c.label, s]) for s in study.seeds] for c in columns}
        return found
