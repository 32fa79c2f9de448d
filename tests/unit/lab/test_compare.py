"""From names to a ranked table: what plan() accepts and refuses, and whether the table tells the truth."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import blobs

import nonlin
from nonlin.catalogue import Definition, resolve
from nonlin.errors import DataError, FormulaError, ModelError, NonlinError, ParameterError, StoreError, UnknownNameError
from nonlin.lab import stats
from nonlin.lab.arrays import Dataset
from nonlin.lab.compare import Result, column, compare, default_path, plan
from nonlin.lab.engine import ProcessEngine
from nonlin.lab.store import Store
from nonlin.lab.study import run
from nonlin.lab.tasks import DEFAULT_FUNCTIONS, PRESETS, TASKS

TINY: dict[str, Any] = {"hidden": (16, 8), "epochs": 2, "seeds": 2}


def table(result: Result) -> dict[str, Any]:
    """A result without its times and places."""
    told = result.to_json()
    for name in ("environment", "store", "trials"):
        del told[name]
    for row in told["rows"]:
        del row["seconds_per_epoch"]
    return told


# -- contestants ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "label", "formulas"),
    [
        ("relu", "relu", ["max(x, 0)"]),
        ("swish", "silu", ["x/(1 + exp(-x))"]),
        ("x*sigmoid(2*x)", "x*sigmoid(2*x)", None),
        ("again=relu", "again", ["max(x, 0)"]),
        (" mine = leaky_relu(slope=0.3) ", "mine", None),
        ("leaky_relu(slope=0.3)", "leaky_relu(slope=0.3)", None),
        (["relu", "tanh"], "relu-tanh", None),
        (("relu", "again=tanh", "relu"), "relu-again-relu", None),
        (resolve("mish"), "mish", None),
        (nonlin.get("mish"), "mish", None),
        (nonlin.nn.Mish(), "mish", None),
    ],
    ids=str,
)
def test_a_contestant_is_a_name_a_formula_or_one_function_for_each_layer(
    spec: Any, label: str, formulas: list[str] | None
) -> None:
    made = column(spec)
    assert made.label == label
    assert formulas is None or [d.formula for d in made.layers] == formulas
    assert len(made.layers) == (len(spec) if isinstance(spec, list | tuple) else 1)


@pytest.mark.parametrize("spec", [3, None, [], (), {"relu": 1}, [["relu"], 3]], ids=str)
def test_what_is_no_function_is_a_sentence(spec: Any) -> None:
    with pytest.raises(ParameterError, match=r"a function is a name, a formula, a definition, or a list of these .* not"):
        column(spec)


def test_parameters_of_a_definition_reach_the_network(tmp_path: Path) -> None:
    made = compare(["relu", "leaky_relu(slope=0)", "leaky_relu(slope=1)", "identity"], store=tmp_path / "s.sqlite",
                   task=blobs(), hidden=(8,), epochs=2, seeds=2, init="he", learning_rate=0.01)  # fmt: skip
    losses = {r.comparison.name: r.curves["loss"] for r in made.rows}
    assert losses["leaky_relu(slope=0)"] == pytest.approx(losses["relu"], rel=1e-4)
    assert losses["leaky_relu(slope=1)"] == pytest.approx(losses["identity"], rel=1e-4)
    assert losses["relu"] != pytest.approx(losses["identity"], rel=1e-2)


# -- plans ------------------------------------------------------------------------------------------------------


def test_the_default_study() -> None:
    made = plan()
    assert made.task == "digits"
    assert tuple(c.label for c in made.columns) == DEFAULT_FUNCTIONS
    assert (made.seeds, made.baseline, made.margin) == (tuple(range(10)), "relu", TASKS["digits"].margin)
    assert made.recipe == TASKS["digits"].recipe


def test_the_classic_study(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonlin.lab.compare.load_task", lambda name, **_: blobs((28, 28), 10, 300))
    made = plan(preset="classic")
    recipe = made.recipe
    assert made.task == "mnist"
    assert [c.label for c in made.columns] == ["sigmoid", "tanh", "relu", "leaky_relu(slope=0.3)"]
    assert (recipe.net, recipe.hidden, recipe.epochs, recipe.batch_size) == ("mlp", (128, 64), 10, 32)
    assert (recipe.optimizer, recipe.learning_rate, recipe.validation, recipe.init) == ("adam", 0.001, 0.2, "glorot")
    assert "slope 0.3" in made.note
    assert plan(preset="classic", epochs=1).recipe.epochs == 1  # what is given goes before the preset
    assert [c.label for c in plan(["mish", "relu"], preset="classic").columns] == ["mish", "relu"]
    deep = plan(preset="classic", depths=(2, 5, 10, 20))
    assert [r.hidden for _, r, _ in deep.at_depths()][1] == (128, 64, 64, 64, 64)
    mixed = plan(preset="classic", layers=["relu", "relu", "tanh"])
    assert mixed.columns[-1].label == "relu-relu-tanh"
    assert [(d, len(r.hidden)) for d, r, _ in mixed.at_depths()] == [(3, 3)]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_planned(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonlin.lab.compare.load_task", lambda name, **_: blobs())
    made = plan(preset=preset)
    assert made.note == PRESETS[preset].note
    assert made.baseline == PRESETS[preset].baseline


def test_layers_set_the_depth_and_are_compared_with_relu() -> None:
    made = plan(layers=["relu", "tanh", "gelu"], task=blobs())
    assert [c.label for c in made.columns] == ["relu", "relu-tanh-gelu"]
    assert [(d, r.hidden) for d, r, _ in made.at_depths()] == [(3, (64, 32, 32))]
    both = plan(["mish"], layers=["relu", "tanh"], task=blobs(), hidden=(7, 7))
    assert [c.label for c in both.columns] == ["mish", "relu-tanh"]
    assert both.baseline == "mish"


def test_seeds_are_a_count_or_a_list() -> None:
    assert plan(["relu"], task=blobs(), seeds=3, seed=5).seeds == (5, 6, 7)
    assert plan(["relu"], task=blobs(), seeds=[4, 9]).seeds == (4, 9)
    taken = plan(["relu"], task=blobs(), seeds=np.array([4, 9])).seeds
    assert taken == (4, 9)
    assert all(type(s) is int for s in taken)
    assert plan(["relu"], task=blobs(), seeds=range(2)).seeds == (0, 1)


def test_one_function_may_be_given_without_a_list() -> None:
    assert [c.label for c in plan("relu", task=blobs()).columns] == ["relu"]
    assert [c.label for c in plan(resolve("mish"), task=blobs()).columns] == ["mish"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"functions": ["reluu"]}, UnknownNameError, "unknown function 'reluu'. Did you mean 'relu'?"),
        ({"functions": ["x*tanh("]}, FormulaError, r"x\*tanh\("),
        ({"functions": ["__import__('os')"]}, FormulaError, "__import__"),
        ({"functions": ["leaky_relu(slop=0.3)"]}, ParameterError, "no parameter 'slop'. Did you mean 'slope'?"),
        ({"functions": [3]}, ParameterError, "a function is a name, a formula"),
        ({"functions": ["relu", "relu"]}, ParameterError, "'relu' is given twice; .* write 'again=relu'"),
        ({"functions": ["silu", "swish"]}, ParameterError, "'silu' is given twice"),
        ({"preset": "clasic"}, UnknownNameError, "unknown preset 'clasic'. Did you mean 'classic'?"),
        ({"task": "mnits"}, UnknownNameError, "unknown task 'mnits'. Did you mean 'mnist'.*file.npz or module:function"),
        ({"task": 3}, ParameterError, "task must be a name, file.npz, module:function or a Dataset, not int"),
        ({"task": ([[1.0]], [0])}, ParameterError, r"not tuple; .*from_arrays\(name, x, y\) makes a Dataset"),
        ({"baseline": "relyu"}, UnknownNameError, "unknown function 'relyu'. Did you mean 'relu'"),
        ({"baseline": "mish"}, ParameterError, "the baseline 'mish' is not in the study. .*one of: relu, tanh"),
        ({"baseline": "tanj=tanh"}, ParameterError, "the baseline 'tanj' is not in the study. Did you mean 'tanh'?"),
        ({"seeds": 0}, ParameterError, "seeds must be a whole number of at least 1, or a list of seeds, not 0"),
        ({"seeds": True}, ParameterError, "seeds must be a whole number of at least 1, or a list of seeds, not True"),
        ({"seeds": 2.5}, ParameterError, "seeds must be a whole number of at least 1, or a list of seeds, not 2.5"),
        ({"seeds": []}, ParameterError, "seeds must be different whole numbers from 0 to 4294967295, at least one"),
        ({"seeds": [1, 2, 1]}, ParameterError, r"seeds must be different whole numbers .*, not \[1, 2, 1\]"),
        ({"seeds": ["1"]}, ParameterError, "seeds must be different whole numbers"),
        ({"seeds": [-1]}, ParameterError, "seeds must be different whole numbers"),
        ({"seeds": 2, "seed": 2**32 - 1}, ParameterError, "seeds must be different whole numbers"),
        ({"margin": -0.1}, ParameterError, "margin must be finite and 0 or more, .* not -0.1"),
        ({"margin": math.nan}, ParameterError, "margin must be finite and 0 or more, .* not nan"),
        ({"depths": 3}, ParameterError, r"depths must be a list with one entry for each, such as \[3\], not 3"),
        ({"depths": (0,)}, ParameterError, "depth must be a whole number from 1 to 200, not 0"),
        ({"depths": (2, 2)}, ParameterError, "depths must be different whole numbers"),
        ({"depths": ("2",)}, ParameterError, "depth must be a whole number from 1 to 200, not '2'"),
        ({"hidden": 64}, ParameterError, r"hidden must be a list with one entry for each, such as \[64\], not 64"),
        ({"hidden": "64,32"}, ParameterError, "hidden must be a list with one entry for each"),
        ({"layers": "relu,tanh"}, ParameterError, "layers must be a list with one entry for each"),
        ({"layers": ["relu", "tanh", "relu"], "hidden": (8, 8)}, ParameterError, "names 3 layers, .* has 2 hidden layers"),
        ({"layers": ["relu", "tahn"]}, UnknownNameError, "unknown function 'tahn'"),
        ({"net": "rnn"}, ParameterError, "net='rnn' is not known; allowed: mlp, cnn, own"),
        ({"net": "own"}, ParameterError, "net='own' needs a factory: give the function that makes your model"),
        ({"factory": "own_models:plain", "depths": (2,)}, ParameterError, "depths says nothing about a network of your own"),
        ({"factory": "own_models:plain", "hidden": (2,)}, ParameterError, "hidden says nothing about a network of your own"),
        ({"factory": "own_models:plain", "init": "he"}, ParameterError, "set it in the factory own_models:plain"),
        ({"factory": "own_models"}, ModelError, "model 'own_models' must have the form module:function"),
        ({"factory": "own_models:plian"}, ModelError, "has no 'plian'. Did you mean 'plain'?"),
        ({"epochs": 0}, ParameterError, "epochs must be a whole number of at least 1, not 0"),
        ({"optimizer": "adm"}, ParameterError, "optimizer='adm' is not known"),
        ({"validation": 0.999}, DataError, "leaves nothing"),
    ],
    ids=str,
)
def test_a_plan_that_makes_no_sense_is_a_sentence_before_anything_is_trained(
    options: dict[str, Any], error: type[NonlinError], says: str
) -> None:
    given = {"functions": ["relu", "tanh"], **({} if {"task", "preset"} & set(options) else {"task": blobs()}), **options}
    with pytest.raises(error, match=says):
        plan(given.pop("functions"), **given)


def npz(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    data = blobs()
    arrays: dict[str, Any] = {"x_train": data.train_x.astype(float), "y_train": data.train_y,
                              "x_test": data.test_x.astype(float), "y_test": data.test_y}  # fmt: skip
    change(arrays)
    np.savez(tmp_path / "mine.npz", **arrays)
    return tmp_path / "mine.npz"


def put(name: str, where: Any, value: float) -> Callable[[dict[str, Any]], None]:
    def change(arrays: dict[str, Any]) -> None:
        arrays[name][where] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (put("x_train", (4, 2), math.nan), r"train_x holds 1 values that are NaN or infinite, the first at index \(4, 2\)"),
        (put("x_test", (0, 0), math.inf), "test_x holds 1 values that are NaN or infinite"),
        (put("y_test", 3, 7), "test_y holds the label 7, which train_y never shows; labels must lie in 0..2"),
        (put("y_train", 3, -1), r"train_y\[3\] is -1; labels must be whole numbers"),
        (put("y_train", 3, 4), "train_y has no example of class 3"),
        (lambda a: a.update(x_train=a["x_train"][:, :5]), r"test_x has shape \(6,\), one of train_x has \(5,\)"),
        (lambda a: a.update(y_train=a["y_train"][:-1]), "train_x has 100 samples but train_y has 99 labels"),
        (lambda a: a.update(x_train=a["x_train"][:, 0]), r"train_x has shape \(100,\); expected \(samples, features...\)"),
        (lambda a: a.update(y_train=a["y_train"].astype(str)), "train_y has type <U"),
        (lambda a: a.pop("x_train"), "expected x_train and y_train"),
    ],
)
def test_data_that_cannot_be_used_are_a_sentence(change: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=says):
        compare(["relu"], task=npz(tmp_path, change), store=tmp_path / "s.sqlite")
    assert not (tmp_path / "s.sqlite").exists()


def test_a_file_of_ones_own_trains_and_is_noticed_when_it_changes(tmp_path: Path) -> None:
    one = compare(["relu"], task=npz(tmp_path, lambda a: None), store=tmp_path / "s.sqlite", epochs=25, seeds=1,
                  learning_rate=0.01)  # fmt: skip
    assert one.rows[0].comparison.mean > 0.85
    two = compare(["relu"], task=npz(tmp_path, put("x_train", (0, 0), 9.0)), store=tmp_path / "s.sqlite", epochs=25, seeds=1)
    assert (two.outcome.known, two.outcome.trained) == (0, 1)


def test_data_are_loaded_once_in_this_process(tmp_path: Path) -> None:
    file = npz(tmp_path, lambda a: None)
    made = plan(["relu"], task=file, epochs=1, seeds=2)
    file.unlink()
    assert run(made, tmp_path / "s.sqlite", workers=1).trained == 2


# -- where studies are kept -------------------------------------------------------------------------------------


def test_the_default_path_is_stable_and_shared_by_what_may_be_added() -> None:
    base = default_path(plan(["relu", "tanh"], **TINY))
    assert base.parent == Path("nonlin-results")
    assert base.name.startswith("digits-")
    same: list[dict[str, Any]] = [{"functions": ["mish"]}, {"seeds": 5}, {"seed": 3}, {"margin": 0.5}, {"depths": (1, 3)}]
    for options in same:
        given = {"functions": ["relu", "tanh"], **TINY, **options}
        assert default_path(plan(given.pop("functions"), **given)) == base
    for other in ({"epochs": 3}, {"hidden": (8,)}, {"learning_rate": 0.1}, {"net": "cnn"}, {"task": blobs()}):
        assert default_path(plan(["relu"], **{**TINY, **other})) != base
    assert default_path(plan(["relu"], task=blobs())).name.startswith("memory-blobs-")


def test_where_the_data_lie_does_not_move_the_study(tmp_path: Path) -> None:
    from dataclasses import replace

    made = plan(["relu"], task=blobs())
    moved = replace(made, data=replace(made.data, note=f"from {tmp_path}"), folder=str(tmp_path))
    assert default_path(moved) == default_path(made)


def test_an_added_function_reuses_what_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = compare(["relu", "tanh"], **TINY)
    assert first.path.parent == Path("nonlin-results")
    assert (first.outcome.known, first.outcome.trained) == (0, 4)
    second = compare(["relu", "tanh", "mish"], **TINY)
    assert second.path == first.path
    assert (second.outcome.known, second.outcome.trained) == (4, 2)
    third = compare(["mish", "relu", "tanh"], **{**TINY, "seeds": 3})
    assert (third.outcome.known, third.outcome.trained) == (6, 3)
    again = compare(["relu", "tanh"], **TINY)
    assert (again.outcome.known, again.outcome.trained) == (4, 0)
    assert table(again) == table(first)


def test_edited_code_of_ones_own_network_is_trained_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = []
    for code in ("a", "a", "b"):
        monkeypatch.setattr("nonlin.lab.work.code_of", lambda *_, code=code: code)
        monkeypatch.setattr("nonlin.lab.compare.code_of", lambda *_, code=code: code)
        made = compare(["relu"], factory="own_models:plain", task=blobs(), epochs=1, seeds=2, store=tmp_path / "s.sqlite")
        trained.append(made.outcome.trained)
    assert trained == [2, 0, 2]


@pytest.mark.parametrize("kind", ["file in the way", "not ours", "folder"])
def test_a_place_that_cannot_hold_the_study_is_a_sentence(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("something else")
    path, says = {
        "file in the way": (tmp_path / "file" / "below" / "s.sqlite", "Its folder must exist, have space, and be writable"),
        "not ours": (tmp_path / "file", "is not a nonlin study, nor any SQLite file; it was left alone"),
        "folder": (tmp_path, "is a folder; give the path of a study's file"),
    }[kind]
    with pytest.raises(StoreError, match=says):
        compare(["relu"], task=blobs(), store=path, **TINY)
    assert (tmp_path / "file").read_text() == "something else"


# -- the table --------------------------------------------------------------------------------------------------


def test_the_same_command_gives_the_same_table(tmp_path: Path) -> None:
    functions = ["relu", "tanh", "rrelu", "maxout", "x*sigmoid(2*x)"]
    here = compare(functions, store=tmp_path / "a.sqlite", **{**TINY, "seeds": 12})
    there = compare(functions, store=tmp_path / "b.sqlite", engine=ProcessEngine(2), **{**TINY, "seeds": 12})
    assert table(here) == table(there)
    json.dumps(here.to_json(), allow_nan=False)


def test_rows_hold_what_the_trials_measured(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    made = compare(["relu", "tanh"], depths=(1, 3), store=path, **TINY)
    with Store.open(path, write=False) as store:
        trials = store.trials()

    def key(row: Any) -> tuple[str, int]:
        return row.comparison.name, row.depth

    assert len(trials) == 8
    assert [r.depth for r in made.rows] == [1, 1, 3, 3]
    for row in made.rows:
        mine = [t.result for t in trials if (t.config["column"]["label"], len(t.config["recipe"]["hidden"])) == key(row)]
        assert len(mine) == 2
        assert row.comparison.mean == pytest.approx(np.mean([r["test_accuracy"] for r in mine]))
        assert row.dead_share == pytest.approx(np.mean([r["dead_share"] for r in mine]))
        assert row.curves["loss"] == pytest.approx(np.mean([r["curves"]["loss"] for r in mine], axis=0).tolist())
        assert row.comparison.verdict == ("baseline" if row.comparison.name == "relu" else "too few seeds")
    assert [r.comparison.rank for r in made.rows] == [1, 2, 1, 2]


def test_a_function_that_diverges_ranks_last(tmp_path: Path) -> None:
    made = compare(["relu", "exp(exp(x))", "tanh"], store=tmp_path / "s.sqlite", task=blobs(), epochs=2, seeds=3,
                   learning_rate=0.5)  # fmt: skip
    last = made.rows[-1]
    assert last.comparison.name == "exp(exp(x))"
    assert (last.comparison.diverged, last.comparison.verdict) == (3, "diverges")
    assert last.verdict == "diverged in all 3 runs"
    assert math.isnan(last.dead_share)
    assert made.to_json()["rows"][-1]["dead_share"] is None
    json.dumps(made.to_json(), allow_nan=False)


def test_everything_may_diverge(tmp_path: Path) -> None:
    made = compare(["relu", "identity"], store=tmp_path / "s.sqlite", task=blobs(), epochs=1, seeds=2, learning_rate=1e30)
    assert Counter(r.comparison.diverged for r in made.rows) == {2: 2}
    json.dumps(made.to_json(), allow_nan=False)


def test_a_better_function_is_found(tmp_path: Path) -> None:
    """On digits, two epochs: a network that squashes everything to almost a constant is worse, and said to be."""
    made = compare(["relu", "0.001*sigmoid(x)"], store=tmp_path / "s.sqlite", **{**TINY, "seeds": 8, "init": "glorot"})
    assert [(r.comparison.name, r.comparison.verdict) for r in made.rows] == [
        ("relu", "baseline"), ("0.001*sigmoid(x)", "worse")]  # fmt: skip


# -- one function against itself --------------------------------------------------------------------------------


@pytest.mark.parametrize("net", ["mlp", "cnn"])
def test_one_function_under_two_names_is_the_same(net: str, tmp_path: Path) -> None:
    options = {"hidden": (16, 8), "epochs": 3} if net == "mlp" else {"hidden": (3, 4), "epochs": 1, "net": "cnn"}
    made = compare(["relu", "again=relu", "third=relu"], store=tmp_path / "s.sqlite", seeds=10, **options)
    assert {r.comparison.name: r.comparison.verdict for r in made.rows} == {
        "relu": "baseline", "again": "the same", "third": "the same"}  # fmt: skip
    for row in made.rows[1:]:
        assert abs(row.comparison.difference) < 0.001  # one of 360 samples on three seeds, at most, for rounding's sake
        assert "the same as relu within 1 points" in row.verdict or row.comparison.name == "relu"


def test_real_trials_of_one_function_come_out_the_same_at_the_stated_rate(tmp_path: Path) -> None:
    """The trials of one function on other seeds, entered under four names: unpaired, so the differences are real noise."""
    path = tmp_path / "s.sqlite"
    compare(["relu"], store=path, **{**TINY, "seeds": 120, "epochs": 3})
    with Store.open(path, write=False) as store:
        accuracy = np.array([t.result["test_accuracy"] for t in store.trials()])
    assert len(accuracy) == 120
    margin = 2 * math.sqrt(2) * accuracy.std(ddof=1)  # twice the standard deviation of a difference
    assert margin > 0
    rng = np.random.default_rng(1)
    wrong, same, studies = 0, 0, 150
    for _ in range(studies):
        picked = rng.choice(accuracy, (4, 10), replace=False)
        diffs = picked[1:] - picked[0]
        wrong += bool((stats.holm([stats.paired_permutation_p(d) for d in diffs]) <= 0.05).any())
        same += int((stats.holm([stats.equivalence_p(d, margin) for d in diffs]) <= 0.05).sum())
    # false claims of any difference: at most 5 % of the studies, and three standard deviations of 150 draws
    assert wrong / studies <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)
    # "the same": stated as over 99.9 % for normal differences; the trials' own are not quite
    assert same / (3 * studies) >= 0.99
    rows = stats.compare({f"name{k}": picked[k].tolist() for k in range(4)}, "name0", margin=margin)
    assert {r.verdict for r in rows[1:] if r.name != "name0"} <= {"the same", "undecided"}


def test_data_in_memory_and_definitions_may_be_given(tmp_path: Path) -> None:
    data: Dataset = blobs()
    mine: Definition = resolve("x*tanh(exp(x))")
    made = compare([mine, "relu"], task=data, store=tmp_path / "s.sqlite", epochs=1, seeds=2)
    assert {r.comparison.name for r in made.rows} == {mine.name, "relu"}
    assert made.study.described()["data"] == data.fingerprint
