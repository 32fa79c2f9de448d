"""``nonlin advise`` as a person uses it: from flags, from a model, step by step, its tables, and its sentences for bad input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from shell import fails, invoke, process
from typer.testing import CliRunner

from nonlin.advise.problems import PROBLEMS
from nonlin.advise.rules import RULES
from nonlin.advise.taught import TAUGHT
from nonlin.cli import advise as command
from nonlin.cli import app


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without studies, with a model that is wrong in two ways."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "model_to_advise.py").write_text(
        "from torch import nn\n\n\ndef make():\n    return nn.Sequential(nn.Linear(8, 16), nn.Sigmoid(), nn.Linear(16, 16), nn.Sigmoid(),"
        " nn.Linear(16, 3), nn.Softmax(dim=1))\n"
    )
    yield tmp_path
    sys.modules.pop("model_to_advise", None)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_from_flags(here: Path) -> None:
    told = flat(
        invoke("advise", "--arch", "cnn", "--task", "multilabel", "--depth", "12", "--norm", "batch", "--device", "cpu").out
    )
    for words in ("relu nn.ReLU()", "nn.BCEWithLogitsLoss()", "nonlin.nn.init_(model)", "forward 1.41421", "conv (no bias), norm, activation",
                  "(Krizhevsky et al. 2012; Glorot et al. 2011)", "no evidence", "rule hidden-cnn", "As a program"):  # fmt: skip
        assert words in told
    assert "not told" not in told


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_terminal(here: Path, width: int) -> None:
    for words in (["--arch", "transformer"], ["--arch", "mlp", "--constraint", "latency", "--measure"], ["--rules"], ["--problem", "exploding"],
                  ["--explain", "taught-init"], ["--explain", "init-siren"]):  # fmt: skip
        told = invoke("advise", *words, COLUMNS=str(width)).out
        assert max(len(line.rstrip()) for line in told.splitlines()) <= width


def test_json(here: Path) -> None:
    told = invoke("advise", "--arch", "self-normalising", "--json").value
    assert (told["hidden"], told["output"], told["loss"]) == ("selu", "identity", "nn.CrossEntropyLoss()")
    assert told["gains"]["forward"] == pytest.approx(1.0, abs=1e-12)
    assert [p["id"] for p in told["parts"]][:2] == ["hidden-self-normalising", "output-multiclass"]
    assert told["question"]["assumed"] == ["task", "depth", "norm", "device"]
    assert told["parts"][0]["sources"][0].startswith("G. Klambauer")
    assert "nn.AlphaDropout(0.1)" in told["snippet"]


def test_constraints_repeat(here: Path) -> None:
    told = invoke("advise", "--arch", "mlp", "--constraint", "smooth", "--constraint", "latency", "--json").value
    assert told["parts"][0]["id"] == "hidden-smooth-latency" and told["question"]["constraints"] == ["smooth", "latency"]


def test_latency_on_a_cpu_is_measured(here: Path) -> None:
    told = invoke("advise", "--arch", "cnn", "--constraint", "latency", "--device", "cpu").out
    assert "time here" in told and " ns" in told and "NumPy on one thread" in flat(told)
    assert "time here" not in invoke("advise", "--arch", "cnn", "--constraint", "latency", "--device", "gpu").out


def test_only_the_program(here: Path) -> None:
    told = invoke("advise", "--arch", "rnn", "--code").out
    made: dict[str, object] = {}
    exec(compile(told, "told.py", "exec"), made)
    assert type(made["model"]).__name__ == "Model"


def test_from_a_model(here: Path) -> None:
    told = flat(invoke("advise", "model_to_advise:make", "--loss", "cross_entropy").out)
    assert (
        "Sequential, as it was read" in told
        and "it is made of linear layers" in told
        and "the loss is cross_entropy" in told
    )
    assert "sigmoid in 2 places: the rule hidden-default says relu" in told
    assert "error NL102 softmax-into-cross-entropy" in told
    over = invoke("advise", "model_to_advise:make", "--norm", "batch", "--arch", "q-network", "--json").value
    assert over["question"]["arch"] == "q-network" and over["question"]["norm"] == "batch" and over["model"]["arch"] == "mlp"


def test_studies_of_the_model_are_evidence(here: Path) -> None:
    (here / "model_of_a_study.py").write_text(
        "from torch import nn\n\n\ndef make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.GELU(), nn.Linear(8, 10))\n"
    )
    assert (
        invoke(
            "compare", "relu", "gelu", "--model", "model_of_a_study:make", "--seeds", "2", "--epochs", "1", "--workers", "1"
        ).code
        == 0
    )
    told = flat(invoke("advise", "model_of_a_study:make").out)
    assert "gelu in 1 place: an alternative to relu" in told
    assert (
        "study digits, model_of_a_study:make, 1 epoch of adam" in told
        and "2 seeds, test accuracy" in told
        and "than relu over 2 seeds" in told
    )


def test_the_tables(here: Path) -> None:
    told = invoke("advise", "--rules").out
    for name in (*RULES, *PROBLEMS, *TAUGHT):
        assert name in told
    rows = invoke("advise", "--rules", "--json").value
    assert [len(rows[k]) for k in ("rules", "problems", "taught")] == [len(RULES), len(PROBLEMS), len(TAUGHT)]


@pytest.mark.parametrize("name", ["hidden-transformer", "init-siren", "output-count", "taught-dead-xavier", "dying-relu"])
def test_one_row(name: str) -> None:
    assert name in invoke("advise", "--explain", name).out
    assert invoke("advise", "--explain", name, "--json").value["id"] == name


def test_problems() -> None:
    told = flat(invoke("advise", "--problem", "dying-relu").out)
    for words in ("leaky_relu", "NW101 dead-units", "lower the learning rate", "texts say", "Lu et al. 2020"):
        assert words in told
    assert invoke("advise", "--problem", "vanishing gradient", "--json").value["id"] == "vanishing"
    listed = invoke("advise", "--problem", "list")
    assert [line.split()[0] for line in listed.out.splitlines()] == list(PROBLEMS)
    assert [p["id"] for p in invoke("advise", "--problem", "list", "--json").value] == list(PROBLEMS)


# -- step by step -----------------------------------------------------------------------------------------------------


def interview(monkeypatch: pytest.MonkeyPatch, answers: str, *flags: str) -> tuple[int, str, str]:
    monkeypatch.setattr(command, "_asks", lambda: True)
    done = CliRunner().invoke(app, ["advise", *flags], input=answers, env={"COLUMNS": "100", "NO_COLOR": "1"})
    return done.exit_code, done.stdout, done.stderr


def test_step_by_step(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = interview(monkeypatch, "gan-d\n3\n\ncpu\n")
    assert code == 1, "one answer is missing: there is no more input"
    code, out, err = interview(monkeypatch, "gan-d\n3\n\ncpu\nlatency, smooth\n")
    assert code == 0 and "binary it is" in err and "Which network is it?" in err
    assert "3 hidden layers" in out and "cpu: a CPU" in out and "silu   nn.SiLU()" in out


def test_empty_answers_take_the_defaults(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = interview(monkeypatch, "\n" * 6)
    assert code == 0 and "mlp: fully connected" in out and "relu   nn.ReLU()" in out


def test_wrong_answers_are_asked_again(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = interview(monkeypatch, "what is best?\n99\n2\nregression\nmany\n0\n5\n\n\nint8,int9\nint8\n")
    assert code == 0 and "'what is best?' is none of them; give a number from 1 to 16 or a name" in err
    assert "depth must be a whole number of hidden layers from 1 to 10000, not 0" in err and "'int9' is none of them" in err
    assert "relu6   nn.ReLU6()" in out and "5 hidden layers" in out


def test_what_was_given_is_not_asked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = interview(monkeypatch, "cnn\n\n\n", "--task", "binary", "--norm", "layer", "--device", "gpu")
    assert code == 0 and "What does it answer?" not in err and "nn.BCEWithLogitsLoss()" in out


def test_without_a_terminal_it_says_which_flags(here: Path) -> None:
    said = fails(2, "advise")
    assert (
        "which network is it? Give --arch (mlp, cnn, " in said
        and "in a terminal, nonlin advise alone asks step by step" in said
    )
    done = process("advise", cwd=here)
    assert done.code == 2 and "Give --arch" in done.err and done.out == ""
    assert "Give --arch" in json.loads(invoke("advise", "--json").out)["error"]


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "said"), [
    (["--arch", "siren", "--task", "multilabel"], "a siren is not asked for multilabel (any number of several labels): it represents one"),
    (["--arch", "siren", "--norm", "batch"], "a network of sines is not normalised"),
    (["--arch", "transformr"], "unknown arch 'transformr'. Did you mean 'transformer'?"),
    (["--arch", "cnn", "--constraint", "fast"], "unknown constraint 'fast'. Choose one of: int8, latency, smooth."),
    (["--arch", "cnn", "--depth", "0"], "depth must be a whole number of hidden layers from 1 to 10000, not 0"),
    (["--problem", "dying-rellu"], "Did you mean 'dying-relu'?"),
    (["--explain", "hidden-cn"], "Did you mean 'hidden-cnn'?"),
    (["--rules", "--problem", "nan"], "--rules and --problem ask different things; give one of them"),
    (["--rules", "--arch", "cnn"], "--rules and --arch ask different things"),
    (["which function for images?"], "Questions in plain words are not read: give --arch and --task"),
    (["--arch", "cnn", "--loss", "mse"], "--loss is for a model (module:make_model)"),
])  # fmt: skip
def test_bad_input(here: Path, words: list[str], said: str) -> None:
    assert said in flat(fails(2, "advise", *words))


def test_bad_models_and_stores(here: Path) -> None:
    assert "importing 'nowhere' failed" in flat(fails(1, "advise", "nowhere:make"))
    assert "has no 'mak'. Did you mean 'make'?" in flat(fails(1, "advise", "model_to_advise:mak"))
    assert "there is no study at" in flat(fails(1, "advise", "--arch", "mlp", "--store", "none.sqlite"))
