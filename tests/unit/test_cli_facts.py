"""``nonlin table`` and ``nonlin show --facts``: tables in every form, and sentences for what cannot be shown."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from shell import fails, invoke

from nonlin.facts.presets import PRESETS, columns
from nonlin.facts.table import FACTS


def test_the_comparison_table() -> None:
    out = invoke("table", "--columns", "range,zero_centred,lipschitz", "sigmoid", "tanh", "relu").out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "function range zero-centred Lipschitz constant"
    assert "sigmoid (0, 1) no 0.25" in lines
    assert "tanh (-1, 1) yes 1" in lines
    assert "relu [0, inf) no 1" in lines


def test_json_has_values_and_provenance() -> None:
    told = json.loads(invoke("table", "--columns", "range,limits", "relu", "x*x", "--json").out)
    assert [row["name"] for row in told] == ["relu", "x**2"]
    assert told[0]["facts"]["range"] == {
        "value": {"low": 0.0, "high": "inf", "low_attained": True, "high_attained": False},
        "text": "[0, inf)", "how": "proved", "note": "",
    }  # fmt: skip
    assert told[1]["facts"]["limits"]["value"] == {"left": "inf", "right": "inf"}


def test_csv_and_markdown() -> None:
    rows = list(csv.reader(io.StringIO(invoke("table", "--columns", "formula,range", "--format", "csv", "tanh").out)))
    assert rows[0] == ["function", "formula", "range", "range_how"]
    assert rows[1][2:] == ["(-1, 1)", "proved"]
    lines = invoke("table", "--columns", "range,nonlinearity", "--format", "md", "relu").out.splitlines()
    assert lines[:2] == ["| function | range | nonlinearity |", "| --- | --- | --- |"]
    assert lines[2] == "| `relu` | [0, inf) | 0.2665~ |"
    assert lines[-1].startswith("~ computed: ")


@pytest.mark.parametrize("name", PRESETS)
def test_presets(name: str) -> None:
    told = json.loads(invoke("table", "--preset", name, "--json").out)
    assert [row["name"] for row in told] == list(PRESETS[name].functions)
    assert all(list(row["facts"]) == list(PRESETS[name].columns) for row in told)
    assert set(PRESETS[name].columns) <= set(columns())


def test_a_preset_takes_other_functions_and_columns() -> None:
    told = json.loads(invoke("table", "--preset", "measures", "--columns", "range", "gelu", "--json").out)
    assert [(row["name"], list(row["facts"])) for row in told] == [("gelu", ["range"])]


def test_patterns_and_formulas() -> None:
    told = json.loads(invoke("table", "--columns", "kind", "gelu*", "x*sigmoid(2*x)", "gelu", "--json").out)
    names = [row["name"] for row in told]
    assert "gelu_tanh" in names
    assert names.count("gelu") == 1
    assert names[-1] == "x*sigmoid(2*x)"


def test_unknown_is_shown_with_its_reason() -> None:
    out = " ".join(invoke("table", "--columns", "lipschitz", "softmax").out.split())
    assert "unknown" in out
    assert "Lipschitz constant of softmax: defined for functions of one number" in out


def test_show_facts() -> None:
    out = invoke("show", "gelu", "--facts").out
    assert all(row.title in out for row in FACTS.values() if not row.on_request)
    assert "a theorem about the formula" in out
    assert "[-0.169971, inf)" in out
    told = json.loads(invoke("show", "relu", "--facts", "--measure", "--json").out)
    assert told["facts"]["dead_zone"]["value"] == [["-inf", 0.0]]
    assert told["facts"]["nanoseconds"]["how"] == "measured"


def test_patterns_with_an_x_in_them_are_no_formulas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told = json.loads(invoke("table", "--columns", "range", "*softmax", "--json").out)
    assert {"softmax", "log_softmax", "gumbel_softmax"} <= {row["name"] for row in told}
    assert [row["name"] for row in json.loads(invoke("table", "--columns", "range", "x*x", "--json").out)] == ["x**2"]


def test_a_long_table_keeps_its_facts_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = invoke("table", "--columns", "range", "relu", "relu?", "hard_*", "--json").out
    assert len(json.loads(first)) > 12
    assert list((tmp_path / "nonlin" / "facts").glob("*/*.json"))
    assert invoke("table", "--columns", "range", "relu", "relu?", "hard_*", "--json").out == first


def test_show_facts_of_rows() -> None:
    told = json.loads(invoke("show", "softmax", "--facts", "--json").out)
    assert told["facts"]["range"]["text"] == "(0, 1)"
    assert "lipschitz" not in told["facts"]


def test_list_columns() -> None:
    assert {row["name"] for row in json.loads(invoke("table", "--list-columns", "--json").out)} == set(FACTS)
    assert "lipschitz" in invoke("table", "--list-columns").out


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--columns", "rang", "relu"], "unknown column 'rang'. Did you mean 'range'?"),
        (["--columns", "", "relu"], "--columns is empty"),
        (["--preset", "clasic"], "Did you mean 'classic'?"),
        (["--format", "html", "relu"], "unknown format 'html'"),
        ([], "no function is given; name some"),
        (["reluu"], "Did you mean 'relu'?"),
        (["x +* 2"], "formula"),
    ],
)
def test_sentences(words: list[str], part: str) -> None:
    assert part in fails(2, "table", *words)


def test_completion() -> None:
    from nonlin.cli.facts import _columns, _formats, _presets

    assert _columns("range,lip") == ["range,lipschitz"]
    assert _columns("lip") == ["lipschitz"]
    assert _presets("cl") == ["classic"]
    assert _formats("m") == ["md"]
