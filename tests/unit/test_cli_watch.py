"""``nonlin watch``: what it prints, writes and refuses."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import watched
from shell import fails, invoke, process

from nonlin.cli.watch import _records
from nonlin.watch.record import Record
from nonlin.watch.records import Layer, Sample


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "run.sqlite"
    watched.produce(Record(path), count=20)
    watched.produce(Record(path))
    return path


def test_show_prints_layers_and_alerts(record: Path) -> None:
    done = invoke("watch", "show", record)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Net\nstep 390, loss")
    assert "1. error: NW101 dead-units from step 200" in done.out
    assert "step 190" in invoke("watch", "show", record, "--run", 1).out


def test_show_as_json_has_everything_a_script_wants(record: Path) -> None:
    value = invoke("watch", "show", record, "--json").value
    assert {k: value[k] for k in ("run", "runs", "state", "samples", "last_step")} == {
        "run": 2, "runs": 2, "state": "ended", "samples": 40, "last_step": 390}  # fmt: skip
    assert value["about"] == watched.ABOUT
    assert [(a["rule"], a["severity"], a["layer"], a["step"], a["cleared"]) for a in value["alerts"]] == [
        ("NW101", "error", "features.3", 200, None),
        ("NW103", "warning", "", 90, None),
        ("NW111", "info", "features.0", 40, 120),
    ]
    assert value["alerts"][0]["remedy"]["after"] == "nn.LeakyReLU(0.01)"
    layer = value["layers"][3]
    assert (layer["name"], layer["function"], layer["units"]) == ("features.3", "relu", 64)
    assert layer["last"]["dead"] == pytest.approx(0.8)


def test_numbers_that_are_none_are_words_in_json(tmp_path: Path) -> None:
    sink = Record(tmp_path / "run.sqlite")
    sink.begin((Layer("a", 0, "affine"),), {})
    sink.sample(Sample(1, 0.0, {"loss": math.nan}, {"a": {"std": math.inf}}))
    sink.close()
    value = invoke("watch", "show", tmp_path / "run.sqlite", "--json").value
    assert value["model"] == {"loss": "nan"}
    assert value["layers"][0]["last"] == {"std": "inf"}


def test_report_writes_a_page_and_says_where(record: Path, tmp_path: Path) -> None:
    done = invoke("watch", "report", record, "-o", tmp_path / "out" / "page.html")
    assert (done.code, done.out.strip()) == (0, str(tmp_path / "out" / "page.html"))
    assert "<!doctype html>" in (tmp_path / "out" / "page.html").read_text()
    assert invoke("watch", "report", record).out.strip() == str(record.with_suffix(".html"))


def test_what_cannot_be_is_a_sentence(record: Path, tmp_path: Path) -> None:
    assert "there is no record at" in fails(1, "watch", "show", tmp_path / "none.sqlite")
    assert "run must be 1 to 2" in fails(2, "watch", "show", record, "--run", 3)
    assert "cannot both be" in fails(2, "watch", "report", record, "-o", record)
    assert "there is no record at" in fails(1, "watch", "serve", tmp_path / "none.sqlite")
    assert "is not a file" in fails(1, "watch", "report", record, "-o", tmp_path)
    (tmp_path / "notes.txt").write_text("not a record")
    assert "it was left alone" in fails(1, "watch", "report", tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "not a record"
    assert not (tmp_path / "notes.html").exists()


def test_paths_are_completed(record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "report.html").touch()
    assert _records(f"{tmp_path}/r") == [str(record), f"{tmp_path}/runs/"]
    assert _records(f"{tmp_path}/none/x") == []
    monkeypatch.chdir(tmp_path)
    assert _records("ru") == ["run.sqlite", "runs/"]


def test_showing_a_record_loads_no_framework(record: Path) -> None:
    code = ("import sys; from nonlin.cli import app; app(['watch', 'show', sys.argv[1]], standalone_mode=False); "
            "assert not {'torch', 'jax', 'keras', 'scipy', 'matplotlib', 'starlette'} & set(sys.modules)")  # fmt: skip
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(record)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_process_of_its_own_prints_nothing_else(record: Path) -> None:
    done = process("watch", "show", record, "--json")
    assert done.value["samples"] == 40
    assert done.err == ""
