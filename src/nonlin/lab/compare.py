"""``nonlin.compare``: the product's main job, from names of functions to a ranked, honest table."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

from nonlin.catalogue import Definition, resolve
from nonlin.errors import ParameterError, StoreError, unknown
from nonlin.lab import stats
from nonlin.lab.arrays import Dataset
from nonlin.lab.engine import Engine
from nonlin.lab.factories import code_of
from nonlin.lab.recipe import Column, Recipe
from nonlin.lab.store import Store
from nonlin.lab.study import DEFAULT_MEMORY, Outcome, Study, collect, run
from nonlin.lab.tasks import (
    DEFAULT_BASELINE,
    DEFAULT_FUNCTIONS,
    DEFAULT_TASK,
    PRESETS,
    load_task,
    provide,
    task_row,
    title,
)

RESULTS = Path("nonlin-results")
"""Folder, below the current one, where studies are kept unless told otherwise."""


@dataclass(frozen=True)
class Row:
    """One line of the table: the statistics of a function at one depth, and what else its trials measured."""

    depth: int
    comparison: stats.Comparison
    verdict: str
    dead_share: float
    seconds_per_epoch: float
    how: str
    curves: dict[str, list[float]]


@dataclass(frozen=True)
class Result:
    """A finished (or interrupted) study: its plan, where it is stored, and its rows, best first within each depth."""

    study: Study
    path: Path
    outcome: Outcome
    rows: tuple[Row, ...]
    environment: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values; NaN and infinities are null."""
        rows = [
            {
                "depth": r.depth,
                **asdict(r.comparison),
                "sentence": r.verdict,
                "dead_share": r.dead_share,
                "seconds_per_epoch": r.seconds_per_epoch,
                "how": r.how,
                "curves": r.curves,
            }
            for r in self.rows
        ]
        return {
            "study": self.study.described(),
            "store": str(self.path),
            "trials": {"total": self.outcome.total, "known_before": self.outcome.known, "trained": self.outcome.trained},
            "interrupted": self.outcome.interrupted,
            "environment": self.environment,
            "metric": "test accuracy at the last epoch",
            "rows": _finite(rows),
        }


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def column(spec: str | Definition | Sequence[str | Definition]) -> Column:
    """Return a contestant: a function, ``label=function``, or a sequence of functions, one for each hidden layer."""
    if isinstance(spec, Definition):
        return Column(spec.name, (spec,))
    definition = getattr(spec, "definition", None)
    if isinstance(definition, Definition):
        return Column(definition.name, (definition,))
    if isinstance(spec, str):
        label, sign, rest = spec.partition("=")
        if sign and label.strip().isidentifier() and "(" not in label:
            return replace(column(rest.strip()), label=label.strip())
        found = resolve(spec)
        return Column(found.name if found.family != "formula" else spec.strip(), (found,))
    if not isinstance(spec, Sequence) or not spec:
        raise ParameterError(
            f"a function is a name, a formula, a definition, or a list of these with one for each hidden layer, not {spec!r}"
        )
    layers = [column(s) for s in spec]
    return Column("-".join(c.label for c in layers), tuple(d for c in layers for d in c.layers))


def plan(
    functions: Sequence[Any] | None = None,
    *,
    task: str | os.PathLike[str] | Dataset | None = None,
    preset: str | None = None,
    layers: Sequence[Any] | None = None,
    seeds: int | Sequence[int] | None = None,
    seed: int = 0,
    baseline: str | None = None,
    margin: float | None = None,
    depths: Sequence[int] = (),
    net: str | None = None,
    hidden: Sequence[int] | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    optimizer: str | None = None,
    learning_rate: float | None = None,
    validation: float | None = None,
    init: str | None = None,
    factory: str = "",
    folder: str | None = None,
    progress: Callable[..., None] | None = None,
) -> Study:
    """Return the study these arguments describe, checked, with its data loaded (see :func:`compare`)."""
    if preset is not None and preset not in PRESETS:
        raise unknown("preset", preset, PRESETS)
    chosen = PRESETS[preset] if preset else None
    name = _task_name(task) or (chosen.task if chosen else DEFAULT_TASK)
    functions = [functions] if isinstance(functions, str | Definition) else functions
    hidden, layers, depths = _listed("hidden", hidden), _listed("layers", layers), _listed("depths", depths) or ()
    given: list[Any] = list(functions) if functions else list(chosen.functions if chosen else DEFAULT_FUNCTIONS)
    if layers and not functions and not chosen:
        given = [DEFAULT_BASELINE]
    columns = [column(f) for f in given]
    if layers:
        columns.append(column(layers))
    row = task_row(name)
    options: dict[str, Any] = dict(chosen.options) if chosen else {}
    own = {"net": net, "hidden": hidden, "epochs": epochs, "batch_size": batch_size,
           "optimizer": optimizer, "learning_rate": learning_rate, "validation": validation, "init": init}  # fmt: skip
    options |= {k: v for k, v in own.items() if v is not None}
    if factory:
        options["net"] = "own"
    if options.get("net") == "cnn" and own["hidden"] is None:
        options["hidden"] = row.cnn
    recipe = replace(row.recipe, **options)
    if (recipe.net == "own") != bool(factory):
        raise ParameterError("net='own' needs a factory: give the function that makes your model as module:function")
    idle = [n for n, v in (("hidden", hidden), ("depths", depths), ("init", init)) if v] if factory else []
    if idle:
        raise ParameterError(f"{idle[0]} says nothing about a network of your own; set it in the factory {factory}")
    if layers and not depths and recipe.net != "own" and hidden is None:
        depths = (len(columns[-1].layers),)  # a function for each layer says how many layers there are
    labels = [c.label for c in columns]
    if baseline is None:
        preferred = (chosen.baseline if chosen else None, DEFAULT_BASELINE, labels[0])
        baseline = next(b for b in preferred if b in labels)
    elif baseline not in labels:
        baseline = column(baseline).label
    count = row.seeds if seeds is None else seeds
    if isinstance(count, bool) or not isinstance(count, int | Iterable) or (isinstance(count, int) and count < 1):
        raise ParameterError(f"seeds must be a whole number of at least 1, or a list of seeds, not {count!r}")
    many = tuple(range(seed, seed + count)) if isinstance(count, int) else tuple(count)
    data = load_task(name, folder=folder, progress=progress)
    return Study(name, data, recipe, tuple(columns), many, baseline, row.margin if margin is None else margin,
                 depths, factory, folder, chosen.note if chosen else "",
                 code_of(factory, "model") if factory else "")  # fmt: skip


def _task_name(task: str | os.PathLike[str] | Dataset | None) -> str | None:
    if isinstance(task, Dataset):
        return provide(task)
    if task is None or isinstance(task, str | os.PathLike):
        return None if task is None else os.fspath(task)
    raise ParameterError(
        f"task must be a name, file.npz, module:function or a Dataset, not {type(task).__name__}; "
        "nonlin.lab.data.from_arrays(name, x, y) makes a Dataset of arrays"
    )


def _listed(name: str, value: Any) -> tuple[Any, ...] | None:
    """Return ``value`` as a tuple; a lone number or text is no list, and would be taken apart letter by letter."""
    if value is not None and (isinstance(value, str) or not isinstance(value, Iterable)):
        raise ParameterError(f"{name} must be a list with one entry for each, such as [{value!r}], not {value!r}")
    return None if value is None else tuple(value)


def default_path(study: Study) -> Path:
    """Return where a study is kept: its file name holds the task and a hash of everything that shapes its numbers.

    Functions and seeds are not part of the hash, so adding either to a study reuses what is already trained.
    """
    described = study.described()
    for key in ("functions", "seeds", "baseline", "margin", "note", "depths", "data_note", "code"):
        described.pop(key)
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:8]
    return RESULTS / f"{title(study.task)}-{digest}.sqlite"


def compare(
    functions: Sequence[Any] | None = None,
    *,
    store: str | Path | None = None,
    engine: Engine | None = None,
    workers: int | None = None,
    memory: int = DEFAULT_MEMORY,
    on_start: Callable[[float, float], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
    **options: Any,
) -> Result:
    """Train activation functions against each other and return a ranked table with honest statistics.

    All functions and seeds train in lockstep on the same batches. Per seed every function starts from the same random
    numbers and sees the same order of data, so differences to the baseline are paired.

    Args:
        functions: names, formulas, definitions, or ``label=function``; default: nine common ones.
        store: the study's SQLite file (default: below ``nonlin-results``). What it holds is not trained again.
        engine: where the work runs; default: this machine.
        workers: processes; default: one for each core, or none for a small study.
        memory: bytes all networks in training may use.
        on_start: called with (model-epochs in all, model-epochs known).
        on_progress: called with model-epochs as they are trained.
        **options: those of :func:`plan`: ``task`` (name, ``file.npz``, ``module:function`` or a Dataset), ``preset``,
            ``layers`` (one function for each hidden layer), ``seeds`` (a count or a list), ``seed`` (the first),
            ``baseline``, ``margin``, ``depths``, ``net`` (``mlp`` or ``cnn``), ``hidden``, ``epochs``, ``batch_size``,
            ``optimizer``, ``learning_rate``, ``validation``, ``init``, ``factory`` (``module:function`` that makes your
            own model), ``folder`` (of data files).

    Raises:
        NonlinError: with a sentence, for anything that cannot be used.

    >>> result = compare(["relu", "tanh"], seeds=2, epochs=1, store="/tmp/study.sqlite")  # doctest: +SKIP
    >>> [row.comparison.name for row in result.rows]  # doctest: +SKIP
    ['tanh', 'relu']
    """
    study = plan(functions, **options)
    path = Path(store) if store is not None else default_path(study)
    outcome = run(study, path, engine=engine, workers=workers, memory=memory, on_start=on_start, on_progress=on_progress)
    return summarise(study, path, outcome)


def summarise(study: Study, path: Path, outcome: Outcome) -> Result:
    """Return the table of what a study's store holds; seeds that some function lacks are left out."""
    rows: list[Row] = []
    for depth, by_label in collect(study, path).items():
        complete = [i for i in range(len(study.seeds)) if all(results[i] is not None for results in by_label.values())]
        if not complete:
            continue
        picked = {label: [results[i] for i in complete] for label, results in by_label.items()}
        rows += _rows(study, depth, picked)  # type: ignore[arg-type]
    with Store.open(path, write=False) as opened:
        environment = opened.get_meta("environment", {})
    if not rows and not outcome.interrupted:
        raise StoreError(f"{path} holds no complete seed of this study; run it again to go on")
    return Result(study, path, outcome, tuple(rows), environment)


def _rows(study: Study, depth: int, results: dict[str, list[dict[str, Any]]]) -> list[Row]:
    values = {
        label: [math.nan if r["diverged_at"] else r["test_accuracy"] for r in trials] for label, trials in results.items()
    }
    made = []
    for c in stats.compare(values, study.baseline, margin=study.margin):
        trials = results[c.name]
        curves = {k: _mean_curve([t["curves"][k] for t in trials]) for k in trials[0]["curves"]}
        sentence = stats.verdict_sentence(c, unit="points", scale=100)
        dead = [t["dead_share"] for t in trials if math.isfinite(t["dead_share"])]
        seconds = mean(t["seconds_per_epoch"] for t in trials)
        made.append(Row(depth, c, sentence, mean(dead) if dead else math.nan, seconds, trials[0]["how"], curves))
    return made


def _mean_curve(curves: list[list[float]]) -> list[float]:
    return [mean(values) for values in zip(*curves, strict=True)]


__all__ = ["Recipe", "Result", "Row", "column", "compare", "plan"]
