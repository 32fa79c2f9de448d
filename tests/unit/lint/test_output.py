"""Findings as text, JSON, SARIF and annotations, and the baseline that outlives moved lines."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from nonlin.errors import DataError
from nonlin.findings import Finding, Place, Remedy, Severity
from nonlin.lint.baseline import fingerprints, read_baseline, without_known, write_baseline
from nonlin.lint.output import as_github, as_json, as_sarif
from nonlin.lint.report import card, listing, report, summary
from nonlin.lint.rules import RULES, finding
from nonlin.lint.spots import columns, relative

TEXT = "import torch\n\nmodel = Sequential(Linear(8, 10), Softmax(dim=1))\nloss = CrossEntropyLoss()(model(x), y)\n"
SPOT = Place("1", "train.py", 3, 34, 3, 48)
FOUND = finding(
    "NL102", "softmax '1' reaches CrossEntropyLoss(), which applies softmax again", SPOT, proof="this loss cannot go below ln(1+9/e) = 1.4612",
    related=(Place("", "train.py", 4, 7, 4, 25),), remedy=Remedy("remove", "1", "remove the softmax", expect="the loss can fall to 0"),
)  # fmt: skip
MILD = finding("NL211", "linear has a bias", Place("0", "train.py", 3, 20))
ELSEWHERE = finding("NL301", "the signal shrinks 1000 times", Place("net.0"), confidence="likely")
TEXTS = {"train.py": TEXT}


def printed(*parts: Any, width: int = 100, soft: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, no_color=True)
    for part in parts:
        console.print(part, soft_wrap=soft)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_report_shows_the_line_with_a_caret_the_proof_and_the_fix() -> None:
    lines = printed(*report([FOUND], TEXTS)).splitlines()
    assert lines[0] == "train.py:3:35  error NL102 softmax-into-cross-entropy"
    code = next(i for i, line in enumerate(lines) if "3 |" in line)
    at = lines[code].index("Softmax(dim=1)")
    assert lines[code + 1][at : at + 15].rstrip() == "^" * 14 and lines[code + 1][:at].strip() == "|"
    text = "\n".join(lines)
    assert "why  this loss cannot go below ln(1+9/e) = 1.4612" in text
    assert "fix  remove the softmax; then the loss can fall to 0" in text
    assert "see  train.py:4:8  loss = CrossEntropyLoss()(model(x), y)" in text


def test_the_report_is_a_handful() -> None:
    many = [finding("NL204", f"number {i}", Place(str(i), "train.py", 3)) for i in range(8)]
    text = printed(*report(many, TEXTS))
    assert text.count("double-activation") == 5 and "and 3 more (NL204); --most 0 shows all" in text
    assert printed(*report(many, TEXTS, most=0)).count("double-activation") == 8


def test_a_finding_without_a_line_names_its_layer() -> None:
    text = printed(*report([ELSEWHERE], {}))
    assert text.startswith("layer 'net.0'  warning NL301 depth-gain  (likely)") and "|" not in text


def test_the_report_fits_a_narrow_terminal_and_long_lines() -> None:
    long = {"train.py": "x = [" + "1, " * 4000 + "]\n"}
    spot = finding("NL101", "m" * 50, Place("", "train.py", 1, 6000, 1, 6010))
    assert max(map(len, printed(*report([spot, FOUND], long), width=50, soft=True).splitlines())) <= 50


def test_a_long_path_is_not_broken() -> None:
    path = "/a/very/long/way/" + "down/" * 12 + "train.py"
    lines = printed(*report([finding("NL101", "m", Place("", path, 1))], {}), width=60, soft=True).splitlines()
    assert lines[:2] == [f"{path}:1", "error NL101 softmax-over-one-class"]


def test_a_tab_or_a_wrong_column_breaks_nothing() -> None:
    for place in (Place("", "a.py", 1, 400, 1, 500), Place("", "a.py", 9, 1), Place("", "a.py", 1), Place("", "b.py", 1, 2)):
        printed(*report([finding("NL101", "x", place)], {"a.py": "\tmodel = 1\n"}))


def test_columns_are_characters_from_one() -> None:
    texts = {"a.py": 'name = "h\u00f6he"; relu(x)\n'}
    at = texts["a.py"].encode().index(b"relu")
    place = Place("", "a.py", 1, at, 1, at + 7)
    start, end = columns(place, texts)
    assert texts["a.py"][start - 1 : end] == "relu(x)"
    assert columns(Place("", "a.py", 1, at, 3, 2), texts) == (start, end) and columns(Place("", "a.py", 1), texts) == (0, 0)


def test_the_summary_counts() -> None:
    assert summary([FOUND, FOUND, ELSEWHERE], "3 files") == "2 errors and 1 warning in 3 files."
    assert (
        summary([], "1 file", hidden=2, known=1)
        == "Nothing found in 1 file (2 for information: --show info; 1 in the baseline)."
    )
    assert summary([FOUND], "1 file", ignored=4) == "1 error in 1 file (4 ignored by comments)."


def test_json_tells_all_of_a_finding() -> None:
    told = as_json([FOUND, ELSEWHERE], TEXTS, files=1)
    json.dumps(told, allow_nan=False)
    assert told["summary"] == {"error": 1, "warning": 1, "info": 0, "files": 1}
    first = told["findings"][0]
    assert [first[k] for k in ("code", "severity", "file", "line", "column", "end_column")] == [
        "NL102",
        "error",
        "train.py",
        3,
        35,
        48,
    ]
    assert first["remedy"]["summary"] == "remove the softmax" and first["related"][0]["line"] == 4
    assert first["docs"].endswith("lint.md#nl102") and len(first["fingerprint"]) == 16


def test_sarif_has_the_structure_of_2_1_0() -> None:
    log = as_sarif([FOUND, MILD, ELSEWHERE], TEXTS, "1.2.3")
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert run["tool"]["driver"]["name"] == "nonlin" and run["tool"]["driver"]["version"] == "1.2.3"
    assert [r["id"] for r in rules] == ["NL102", "NL211", "NL301"]
    for rule in rules:
        assert {*rule} >= {"id", "name", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration"}
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] and result["message"]["text"]
        assert result["level"] in ("error", "warning", "note") and result["partialFingerprints"]
    region = results[0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 35, "endLine": 3, "endColumn": 49}
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "train.py"
    assert results[2]["locations"] == [{"logicalLocations": [{"fullyQualifiedName": "net.0", "kind": "member"}]}]
    json.dumps(log, allow_nan=False)


def test_sarif_follows_the_published_schema() -> None:
    """The properties a result, a rule and a location may have, from the standard (sections 3.27, 3.49, 3.28, 3.30)."""
    log = as_sarif([FOUND], TEXTS, "1")["runs"][0]
    assert {*log} <= {"tool", "columnKind", "results"} and log["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    assert {*log["results"][0]} <= {"ruleId", "ruleIndex", "level", "message", "locations", "relatedLocations", "partialFingerprints",
                                    "properties"}  # fmt: skip
    assert as_sarif([], {}, "1")["runs"][0]["results"] == []


def test_paths_with_blanks_are_quoted_in_sarif() -> None:
    log = as_sarif([finding("NL101", "x", Place("", "my models/a b.py", 1))], {}, "1")
    assert (
        log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "my%20models/a%20b.py"
    )


def test_github_annotations_are_escaped() -> None:
    (line,) = as_github([FOUND], TEXTS)
    assert line.startswith(
        "::error file=train.py,line=3,endLine=3,col=35,endColumn=48,title=NL102 softmax-into-cross-entropy::softmax"
    )
    assert "%0Athis loss cannot go below" in line and "\n" not in line
    (odd,) = as_github([finding("NL104", "100% wrong", Place("", "a,b:c.py", 2))], {})
    assert odd.startswith("::warning file=a%2Cb%3Ac.py,line=2,") and odd.endswith("::100%25 wrong")
    assert next(as_github([MILD], TEXTS)).startswith("::notice ")


def test_fingerprints_survive_moved_lines_but_not_other_code() -> None:
    moved = {"train.py": "# a comment\n\n" + TEXT}
    there = finding("NL102", FOUND.message, Place("1", "train.py", 5, 34, 5, 48))
    assert fingerprints([FOUND], TEXTS) == fingerprints([there], moved)
    indented = {"train.py": TEXT.replace("model =", "    model  =")}
    assert fingerprints([FOUND], TEXTS) == fingerprints([FOUND], indented)
    changed = {"train.py": TEXT.replace("Softmax(dim=1)", "Softmax(dim=0)")}
    assert fingerprints([FOUND], TEXTS) != fingerprints([FOUND], changed)
    assert fingerprints([FOUND], TEXTS) != fingerprints([MILD], TEXTS)
    assert len({*fingerprints([FOUND, FOUND, FOUND], TEXTS)}) == 3
    assert fingerprints([ELSEWHERE], {}) == fingerprints(
        [finding("NL301", "the signal shrinks 7 times", Place("net.0"))], {}
    )


def test_a_baseline_hides_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    write_baseline(path, [FOUND, ELSEWHERE], TEXTS)
    known = read_baseline(path)
    assert without_known([FOUND, MILD, ELSEWHERE], known, TEXTS) == [MILD]
    assert [row["code"] for row in json.loads(path.read_text())["findings"]] == ["NL301", "NL102"]
    assert without_known([FOUND, FOUND], known, TEXTS) == [FOUND]  # a second one like it is new


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "nonlin-lint-baseline", "version": 9, "findings": []}', "\x00"]
)
def test_another_file_is_no_baseline(tmp_path: Path, text: str) -> None:
    path = tmp_path / "known.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"known\.json"):
        read_baseline(path)


def test_a_missing_baseline_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="write one with --write-baseline"):
        read_baseline(tmp_path / "none.json")
    with pytest.raises(DataError, match="cannot be written"):
        write_baseline(tmp_path / "no" / "where.json", [], {})


def test_paths_are_told_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert relative(str(tmp_path / "src" / "a.py")) == "src/a.py" and relative("src/a.py") == "src/a.py"
    assert relative("/elsewhere/a.py") == "/elsewhere/a.py" and relative("<stdin>") == "<stdin>" and relative("") == ""


def test_a_card_and_the_list_tell_every_rule() -> None:
    every = printed(listing())
    for row in RULES.values():
        assert row.code in every
        text = printed(card(row), width=400)
        assert row.what in text and row.why in text and row.fix in text and row.source in text and "lint.md#" in text
    assert max(map(len, printed(*map(card, RULES.values()), width=60).splitlines())) <= 60


def test_severities_are_ordered() -> None:
    assert Severity.INFO < Severity.WARNING < Severity.ERROR and isinstance(FOUND, Finding)
