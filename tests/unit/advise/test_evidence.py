"""Evidence: stored studies of the same kind are found, paired by seed, and said with their numbers; else that there is none."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from statistics import mean

import pytest

import nonlin
from nonlin.advise.evidence import evidence
from nonlin.advise.question import ask
from nonlin.errors import StoreError

TINY = {"seeds": 3, "epochs": 1, "hidden": (8, 4), "workers": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one real study: relu, leaky_relu and gelu on the digits, three seeds."""
    path = tmp_path_factory.mktemp("studies")
    nonlin.compare(["relu", "leaky_relu", "gelu", "elu(alpha=0.5)"], store=path / "digits.sqlite", **TINY)
    return path


def test_differences_are_those_in_the_file(folder: Path) -> None:
    found = evidence(ask("mlp"), "relu", ["leaky_relu", "gelu", "elu", "selu"], folder)
    (only,) = found.found
    assert (only.task, only.seeds, only.recommended) == ("digits", 3, "relu")
    assert {row["name"] for row in only.rows} == {"leaky_relu", "gelu"}, "elu has another alpha, selu was not trained"
    assert "mlp 8-4, 1 epoch of adam" in only.recipe
    with sqlite3.connect(folder / "digits.sqlite") as file:
        accuracy: dict[str, dict[int, float]] = {}
        for config, result in file.execute("SELECT config, result FROM trials"):
            read = json.loads(config)
            accuracy.setdefault(read["column"]["label"], {})[read["seed"]] = json.loads(result)["test_accuracy"]
    for row in only.rows:
        name = str(row["name"])
        ours = mean(accuracy[name][s] - accuracy["relu"][s] for s in accuracy["relu"])
        assert row["difference"] == pytest.approx(ours, abs=1e-12)
        assert row["pairs"] == 3 and "3 seeds" in str(row["sentence"])


def test_the_answer_says_it(folder: Path) -> None:
    found = nonlin.advise(arch="mlp", store=folder)
    text = str(found)
    assert "digits, mlp 8-4" in text and "gelu: " in text and "too few seeds to tell" in text
    assert found.to_json()["evidence"]["found"][0]["seeds"] == 3


@pytest.mark.parametrize("words", [
    {"arch": "cnn"}, {"arch": "mlp", "task": "regression"}, {"arch": "mlp", "task": "binary"}, {"arch": "transformer"},
], ids=str)  # fmt: skip
def test_other_kinds_of_task_are_no_evidence(folder: Path, words: dict[str, str]) -> None:
    found = evidence(ask(**words), "relu", ["gelu"], folder)
    assert not found.found and found.studies == 1
    assert found.sentence.startswith("no evidence: 1 study in ") and "none of this kind" in found.sentence


def test_without_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = evidence(ask("mlp"), "relu", ["leaky_relu(slope=0.2)"])
    assert found.sentence == (
        "no evidence: there is no study in nonlin-results. To make some: nonlin compare relu 'leaky_relu(slope=0.2)' --baseline relu"
    )


def test_the_usual_folder(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nonlin-results").mkdir()
    (tmp_path / "nonlin-results" / "digits.sqlite").write_bytes((folder / "digits.sqlite").read_bytes())
    (tmp_path / "nonlin-results" / "other.sqlite").write_text("no study")
    found = evidence(ask("mlp"), "relu", ["gelu"])
    assert len(found.found) == 1
    assert len(found.remarks) == 1 and "is not a nonlin study" in found.remarks[0]


def test_a_store_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no study at"):
        nonlin.advise(arch="mlp", store=tmp_path / "none.sqlite")
    (tmp_path / "text.sqlite").write_text("hello")
    with pytest.raises(StoreError, match="is not a nonlin study"):
        nonlin.advise(arch="mlp", store=tmp_path / "text.sqlite")


def test_models_of_ones_own_count_by_their_factory(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "mine_for_advice.py").write_text(
        "from torch import nn\n\n\ndef make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10))\n"
    )
    where = tmp_path / "own.sqlite"
    nonlin.compare(["relu", "gelu"], factory="mine_for_advice:make", store=where, seeds=2, epochs=1, workers=1)
    asked = ask("transformer")
    assert len(evidence(asked, "gelu", ["relu"], where, "mine_for_advice:make").found) == 1
    assert not evidence(asked, "gelu", ["relu"], where).found
