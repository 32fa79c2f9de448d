"""What our own studies say: stored trials of the recommended function and of its alternatives, paired by seed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nonlin.advise.question import Question
from nonlin.errors import NonlinError

__all__ = ["Evidence", "Search", "evidence"]

_NETS: Mapping[str, str] = {"mlp": "mlp", "self-normalising": "mlp", "cnn": "cnn"}
"""Which networks the laboratory's own are."""


@dataclass(frozen=True)
class Evidence:
    """One comparison: a task, a network and its training, the seeds, and a sentence for each alternative."""

    path: str
    task: str
    recipe: str
    seeds: int
    recommended: str
    rows: tuple[Mapping[str, Any], ...]
    """For each alternative, its difference to the recommended function: ``name``, ``sentence``, ``difference``, ``low``, ``high``,
    ``pairs``, ``verdict``; differences in accuracy, 0.01 a point."""
    when: str


@dataclass(frozen=True)
class Search:
    """All comparisons found, how many studies were looked at, and what to say where nothing was found."""

    found: tuple[Evidence, ...]
    studies: int
    where: str
    sentence: str
    remarks: tuple[str, ...] = ()


def evidence(
    asked: Question, recommended: str, others: Iterable[str], store: Path | str | None = None, factory: str = ""
) -> Search:
    """Return what stored studies of the same kind of task say of a function and its alternatives.

    A study counts if its network is of the question's kind (fully connected or convolutional, or made by ``factory``) and
    its number of classes fits the task. Only seeds that the functions share are compared (:func:`nonlin.lab.stats.compare`).

    Args:
        asked: the question.
        recommended: a function as ``nonlin.get`` takes it.
        others: alternatives, likewise.
        store: a study's file, or a folder of them; by default ``nonlin-results``, where ``nonlin compare`` keeps them.
        factory: ``module:function`` of the model the question was read from; studies of it count, too.

    Raises:
        StoreError: ``store`` is given and is no study.
    """
    from nonlin.lab.compare import RESULTS

    where = Path(store).expanduser() if store is not None else RESULTS
    paths = sorted(where.glob("*.sqlite")) if where.is_dir() else [where] if store is not None else []
    names = list(dict.fromkeys([recommended, *others]))
    found: list[Evidence] = []
    remarks: list[str] = []
    for path in paths:
        try:
            found += _of_study(path, asked, names, factory)
        except NonlinError as error:
            if store is not None and not where.is_dir():
                raise
            remarks.append(str(error))
    found.sort(key=lambda e: -e.seeds)
    return Search(
        tuple(found), len(paths), str(where), "" if found else _nothing(asked, names, len(paths), where), tuple(remarks)
    )


def _nothing(asked: Question, names: Sequence[str], studies: int, where: Path) -> str:
    looked = f"{studies} {'study' if studies == 1 else 'studies'} in {where}" if studies else f"there is no study in {where}"
    functions = " ".join(f"'{n}'" if "(" in n else n for n in names[:4])
    if asked.arch in _NETS and asked.task in ("multiclass", "binary"):
        net = _NETS[asked.arch]
        way = (
            f"nonlin compare {functions}" + (f" --net {net}" if net != "mlp" else "") + f" --baseline {functions.split()[0]}"
        )
        return f"no evidence: {looked}{', none of this kind' if studies else ''}. To make some: {way}"
    return (
        f"no evidence: {looked}{', none of this kind' if studies else ''}; the laboratory trains fully connected and convolutional "
        f"classifiers. Of a network of your own: nonlin compare {functions} --model module:make_model --task module:make_data"
    )


def _of_study(path: Path, asked: Question, names: Sequence[str], factory: str) -> Iterator[Evidence]:
    from nonlin.lab.store import Store

    with Store.open(path, write=False) as opened:
        study = opened.get_meta("study", {})
        environment = opened.get_meta("last_run", None) or opened.get_meta("environment", {}) or {}
        trials = [t for t in opened.trials() if t.status != "failed"]
    groups: dict[str, dict[str, dict[int, float]]] = {}
    configs: dict[str, Mapping[str, Any]] = {}
    known = {name: _described(name) for name in names}
    for trial in trials:
        if not _same_kind(trial.config, study, asked, factory):
            continue
        rest = {k: v for k, v in trial.config.items() if k not in ("column", "seed")}
        key = json.dumps(rest, sort_keys=True, default=str)
        for name, described in known.items():
            if _is_function(trial.config.get("column", {}), described):
                value = math.nan if trial.status == "diverged" else float(trial.result.get("test_accuracy", math.nan))
                groups.setdefault(key, {}).setdefault(name, {})[int(trial.config["seed"])] = value
                configs[key] = rest
    for key, values in groups.items():
        made = _compared(values, names[0], study)
        if made is not None:
            seeds, rows = made
            yield Evidence(str(path), str(configs[key].get("task", "")), _recipe(configs[key]), seeds, names[0], rows,
                           str(environment.get("created", "")))  # fmt: skip


def _described(name: str) -> Mapping[str, Any]:
    from nonlin.lab.compare import column

    layer: Mapping[str, Any] = column(name).described()["layers"][0]
    return layer


def _is_function(column: Mapping[str, Any], described: Mapping[str, Any]) -> bool:
    """Whether every hidden layer of a trial has this very function, with these parameters."""
    layers = column.get("layers") or []
    return bool(layers) and all(_plain(layer) == _plain(described) for layer in layers)


def _plain(layer: Mapping[str, Any]) -> tuple[Any, ...]:
    params = {k: float(v) for k, v in (layer.get("params") or {}).items()}
    return (layer.get("formula"), tuple(sorted(params.items())), tuple(layer.get("learnable") or ()))


def _same_kind(config: Mapping[str, Any], study: Mapping[str, Any], asked: Question, factory: str) -> bool:
    net = (config.get("recipe") or {}).get("net", "")
    if net == "own":
        return bool(factory) and config.get("factory") == factory
    classes = study.get("classes")
    task = {True: "binary", False: "multiclass"}[classes == 2] if isinstance(classes, int) else ""
    return net == _NETS.get(asked.arch) and task == asked.task


def _compared(
    values: Mapping[str, Mapping[int, float]], recommended: str, study: Mapping[str, Any]
) -> tuple[int, tuple[Mapping[str, Any], ...]] | None:
    """Return the number of seeds and the rows of one group of trials; None where there is nothing to compare."""
    from nonlin.lab import stats

    ours = values.get(recommended)
    if ours is None:
        return None
    shared = {name: sorted(set(ours) & set(row)) for name, row in values.items() if name != recommended}
    shared = {name: seeds for name, seeds in shared.items() if seeds}
    if not shared:
        return None
    seeds = sorted(set.intersection(*(set(s) for s in shared.values()))) or max(shared.values(), key=len)
    kept = [name for name, own in shared.items() if set(seeds) <= set(own)]
    table = {name: [values[name][s] for s in seeds] for name in (recommended, *kept)}
    margin = study.get("margin")
    compared = stats.compare(table, recommended, margin=margin if isinstance(margin, float | int) else 0.01)
    rows = []
    for c in compared:
        if c.name == recommended:
            continue
        row = {k: v for k, v in asdict(c).items() if k in ("name", "pairs", "verdict")}
        numbers = {"difference": c.difference, "low": c.diff_low, "high": c.diff_high}
        finite = {k: v if math.isfinite(v) else None for k, v in numbers.items()}
        rows.append({**row, **finite, "sentence": stats.verdict_sentence(c, unit="points", scale=100)})
    return len(seeds), tuple(rows)


def _recipe(config: Mapping[str, Any]) -> str:
    r = config.get("recipe") or {}
    widths = "-".join(map(str, r.get("hidden", ())))
    net = f"{r.get('net', '?')} {widths}" if r.get("net") != "own" else str(config.get("factory", "own network"))
    epochs = r.get("epochs", "?")
    length = f"{epochs} epoch{'s' if epochs != 1 else ''}"
    return f"{net}, {length} of {r.get('optimizer', '?')} at {r.get('learning_rate', '?')}, init {r.get('init', '?')}"
