"""``nonlin lint`` on the command line: what it prints in each format, when it fails, and that it never runs what it reads."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from shell import fails, invoke, process
from typer.testing import CliRunner

from nonlin.cli import app
from nonlin.lint.rules import RULES

WRONG = RULES["NL102"].wrong
RIGHT = RULES["NL102"].right
MODULE = """
import torch
from torch import nn

def make_model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 10), nn.Softmax(dim=1))

def right_model():
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 10))

def make_batch():
    g = torch.Generator().manual_seed(0)
    return torch.randn(64, 8, generator=g), torch.randint(0, 10, (64,), generator=g)

def broken():
    raise ValueError("no such thing")

loss = nn.functional.cross_entropy
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with a wrong and a right program in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.py").write_text(WRONG)
    (tmp_path / "right.py").write_text(RIGHT)
    return tmp_path


def test_a_wrong_program_is_told_with_line_and_proof(here: Path) -> None:
    told = invoke("lint", "wrong.py")
    assert told.code == 1
    assert told.out.startswith("wrong.py:3:71  error NL102 softmax-into-cross-entropy\n")
    assert "nn.Softmax(dim=1)" in told.out and "^" * 17 in told.out
    assert "this loss cannot go below ln(1+9/e) = 1.4612" in told.out
    assert told.out.endswith("1 error in 1 file.\n") and told.err == ""


def test_a_right_program_is_quiet(here: Path) -> None:
    told = invoke("lint", "right.py")
    assert (told.code, told.out) == (0, "Nothing found in 1 file.\n")
    assert (invoke("lint", "right.py", "--quiet").out, invoke("lint", "right.py", "--quiet").code) == ("", 0)


def test_folders_and_standard_input(here: Path) -> None:
    (here / "inner").mkdir()
    (here / "inner" / "also.py").write_text(WRONG)
    told = invoke("lint", ".")
    assert told.code == 1 and "2 errors in 3 files." in told.out and "inner/also.py:3" in told.out
    typed = CliRunner().invoke(app, ["lint", "-"], input=WRONG, env={"COLUMNS": "120"})
    assert typed.exit_code == 1 and typed.stdout.startswith("<stdin>:3:71  error NL102")


def test_a_notebook(here: Path) -> None:
    book = {
        "cells": [{"cell_type": "markdown", "source": ["x"]}, {"cell_type": "code", "source": WRONG.splitlines(True)}],
        "nbformat": 4,
    }
    (here / "train.ipynb").write_text(json.dumps(book))
    told = invoke("lint", "train.ipynb")
    assert told.code == 1 and "NL102" in told.out


def test_nothing_of_a_file_is_run_and_torch_is_not_loaded(here: Path) -> None:
    (here / "harmful.py").write_text(WRONG + "import pathlib\npathlib.Path('ran').touch()\nraise SystemExit(7)\n")
    assert invoke("lint", "harmful.py").code == 1 and not (here / "ran").exists()
    done = process("lint", "harmful.py", "--json", cwd=here)
    assert done.code == 1 and not (here / "ran").exists()
    import subprocess

    code = "import sys; from nonlin.lint.gather import check_files; check_files(['wrong.py']); print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


def test_json(here: Path) -> None:
    told = invoke("lint", "wrong.py", "right.py", "--json")
    assert told.code == 1
    assert told.value["summary"] == {"error": 1, "warning": 0, "info": 0, "files": 2, "ignored": 0, "hidden": 0, "known": 0}
    (only,) = told.value["findings"]
    assert (only["code"], only["file"], only["line"], only["column"]) == ("NL102", "wrong.py", 3, 71)
    assert invoke("lint", "wrong.py", "--format", "json").out == invoke("lint", "wrong.py", "--json").out


def test_sarif_and_github(here: Path) -> None:
    assert invoke("lint", "wrong.py", "--format", "sarif", "--output", "lint.sarif").out == ""
    log = json.loads((here / "lint.sarif").read_text())
    assert log["version"] == "2.1.0" and log["runs"][0]["results"][0]["ruleId"] == "NL102"
    told = invoke("lint", "wrong.py", "--format", "github")
    assert told.code == 1 and told.out.startswith("::error file=wrong.py,line=3,endLine=3,col=71,")


def test_text_into_a_file(here: Path) -> None:
    assert invoke("lint", "wrong.py", "--output", "report.txt").code == 1
    assert (here / "report.txt").read_text().startswith("wrong.py:3:71  error NL102")
    assert "cannot be written" in fails(2, "lint", "wrong.py", "--output", "no/where.txt")


def test_select_and_ignore(here: Path) -> None:
    assert invoke("lint", "wrong.py", "--select", "NL2").code == 0
    assert invoke("lint", "wrong.py", "--select", "NL1,NL205").code == 1
    assert invoke("lint", "wrong.py", "--select", "softmax-into-cross-entropy").code == 1
    assert invoke("lint", "wrong.py", "--ignore", "NL102").code == 0
    assert "Did you mean 'NL102'" in fails(2, "lint", "wrong.py", "--ignore", "NL1022")


def test_what_is_shown_and_what_fails(here: Path) -> None:
    mild = RULES["NL105"].wrong
    (here / "mild.py").write_text(mild)
    told = invoke("lint", "mild.py")
    assert told.code == 0 and told.out == "Nothing found in 1 file (1 for information: --show info).\n"
    assert "NL105" in invoke("lint", "mild.py", "--show", "info").out
    assert invoke("lint", "mild.py", "--fail-on", "info").code == 1
    assert invoke("lint", "wrong.py", "--fail-on", "never").code == 0
    (here / "warned.py").write_text(RULES["NL104"].wrong)
    assert invoke("lint", "warned.py").code == 0 and invoke("lint", "warned.py", "--fail-on", "warning").code == 1
    assert "NL104" not in invoke("lint", "warned.py", "--show", "error").out


def test_comments_silence(here: Path) -> None:
    text = WRONG.replace("nn.Softmax(dim=1))", "nn.Softmax(dim=1))  # nonlin: ignore[NL102] a lesson")
    (here / "known.py").write_text(text)
    told = invoke("lint", "known.py")
    assert (told.code, told.out) == (0, "Nothing found in 1 file (1 ignored by comments).\n")
    (here / "other.py").write_text(text.replace("NL102]", "NL101]"))
    assert invoke("lint", "other.py").code == 1


def test_a_baseline(here: Path) -> None:
    assert "baseline.json'; write one with --write-baseline" in fails(2, "lint", "wrong.py", "--baseline", "baseline.json")
    told = invoke("lint", "wrong.py", "--write-baseline", "baseline.json")
    assert told.code == 0 and told.err == "Wrote 1 finding into baseline.json.\n"
    (here / "wrong.py").write_text("# moved\n\n\n" + WRONG)
    told = invoke("lint", "wrong.py", "--baseline", "baseline.json")
    assert (told.code, told.out) == (0, "Nothing found in 1 file (1 in the baseline).\n")
    (here / "wrong.py").write_text(WRONG.replace("16, 10", "16, 7"))
    assert invoke("lint", "wrong.py", "--baseline", "baseline.json").code == 1


def test_a_live_model(here: Path) -> None:
    (here / "live_model.py").write_text(MODULE)
    told = invoke("lint", "live_model:make_model", "--loss", "cross_entropy", "--batch", "live_model:make_batch")
    assert told.code == 1 and "layer '3'  error NL102" in told.out and told.out.endswith("1 error in the model.\n")
    assert invoke("lint", "live_model:make_model", "--loss", "live_model:loss", "--batch", "live_model:make_batch").code == 1
    right = invoke("lint", "live_model:right_model", "--loss", "cross_entropy", "--batch", "live_model:make_batch")
    assert (right.code, right.out) == (0, "Nothing found in the model.\n")
    assert "raised ValueError: no such thing" in fails(2, "lint", "live_model:broken")
    assert "live_model has no 'make_mode'. Did you mean 'make_model'?" in fails(2, "lint", "live_model:make_mode")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "nothing to check: give files or folders"),
        (["nowhere.py"], "there is no file or folder 'nowhere.py'"),
        (["wrong.py", "a:b"], "a live model is checked by itself"),
        (["wrong.py", "--loss", "mse"], "--loss is for a live model"),
        (["wrong.py", "--batch", "a:b"], "--batch is for a live model"),
        (["-", "wrong.py"], "- is standard input; give it alone"),
        (["empty"], "no Python file or notebook below 'empty'"),
        (["wrong.py", "--format", "xml"], "unknown value of --format: 'xml'"),
        (["wrong.py", "--fail-on", "erorr"], "Did you mean 'error'?"),
        (["wrong.py", "--show", "never"], "unknown value of --show"),
        (["wrong.py", "--select", ""], "--select is empty"),
        (["--explain", "NL999"], "unknown rule 'NL999'"),
    ],
)  # fmt: skip
def test_mistakes_in_the_command_are_sentences_with_exit_code_2(here: Path, arguments: list[str], says: str) -> None:
    (here / "empty").mkdir()
    assert says in fails(2, "lint", *arguments)


def test_files_that_cannot_be_read_are_remarks(here: Path) -> None:
    (here / "old.py").write_text('print "epoch", epoch\n')
    (here / "binary.py").write_bytes(b"\x00\x01\x02" * 100)
    told = invoke("lint", "old.py", "binary.py", "right.py")
    assert (
        told.code == 0
        and "not read: old.py is written for Python 2" in told.out
        and "not read: binary.py is no text file" in told.out
    )
    assert invoke("lint", "old.py", "--fail-on", "info").code == 1


def test_explain_and_list() -> None:
    told = invoke("lint", "--explain", "nl102")
    assert told.code == 0 and RULES["NL102"].fix in told.out and "lint.md#nl102" in told.out
    assert invoke("lint", "--explain", "softmax-dim").out.startswith("NL113 softmax-dim  error")
    assert invoke("lint", "--explain", "NL101", "--json").value["severity"] == "error"
    every = invoke("lint", "--list")
    assert every.code == 0 and all(code in every.out for code in RULES)
    assert [r["code"] for r in invoke("lint", "--list", "--json").value] == list(RULES)


def test_codes_are_completed() -> None:
    from nonlin.cli.lint import _codes, _formats, _levels, _rules

    assert _codes("NL10") == [f"NL10{i}" for i in range(1, 10)]
    assert "NL2,NL110" in _codes("NL2,NL11") and "NL1" in _codes("NL")
    assert _rules("softmax-d") == ["softmax-dim"] and _levels("e") == ["error"] and _formats("s") == ["sarif"]


def test_safe_edits_are_shown_and_made(here: Path) -> None:
    (here / "slip.py").write_text(RULES["NL212"].wrong)
    shown = invoke("lint", "slip.py", "--diff")
    assert shown.code == 0 and "+model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))" in shown.out
    assert (here / "slip.py").read_text() == RULES["NL212"].wrong
    made = invoke("lint", "slip.py", "--fix")
    assert made.code == 0 and "Changed slip.py" in made.err and "Nothing found" in made.out
    assert (here / "slip.py").read_text() == RULES["NL212"].right
    assert "No edit is provably safe here" in invoke("lint", "slip.py", "--fix").err


def test_edits_keep_encoding_and_line_ends(here: Path) -> None:
    text = "# -*- coding: latin-1 -*-\n# h\u00f6he\n" + RULES["NL212"].wrong
    (here / "slip.py").write_bytes(text.replace("\n", "\r\n").encode("latin-1"))
    assert invoke("lint", "slip.py", "--fix").code == 0
    raw = (here / "slip.py").read_bytes()
    assert raw == text.replace("nn.ReLU,", "nn.ReLU(),").replace("\n", "\r\n").encode("latin-1")
