"""Findings for programs: JSON, SARIF 2.1.0 and GitHub's annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from nonlin.findings import Finding, Place, Rule, Severity
from nonlin.lint.baseline import fingerprints
from nonlin.lint.rules import RULES, docs_link
from nonlin.lint.spots import columns, relative

SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(findings: Sequence[Finding], texts: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """Return the findings as plain data; ``more`` stands beside them, such as how many files were read."""
    marks = fingerprints(findings, texts)
    counts = {s.word: sum(f.severity is s for f in findings) for s in sorted(Severity, reverse=True)}
    return {
        "version": 1,
        "summary": {**counts, **more},
        "findings": [_row(f, m, texts) for f, m in zip(findings, marks, strict=True)],
    }


def _row(found: Finding, mark: str, texts: Mapping[str, str]) -> dict[str, Any]:
    made = found.remedy
    return {
        "code": found.rule.code,
        "name": found.rule.name,
        "severity": found.severity.word,
        "confidence": found.confidence,
        "cause": found.rule.cause,
        "message": found.message,
        "proof": found.proof,
        **_place(found.place, texts),
        "related": [_place(p, texts) for p in found.related if str(p)],
        "remedy": None if made is None else {
            "action": made.action, "target": made.target, "summary": made.summary, "before": made.before, "after": made.after,
            "expect": made.expect, "check": made.check, "safe": made.safe,
        },
        "data": dict(found.data),
        "fingerprint": mark,
        "docs": docs_link(found.rule),
    }  # fmt: skip


def _place(place: Place, texts: Mapping[str, str]) -> dict[str, Any]:
    start, end = columns(place, texts)
    return {
        "layer": place.layer,
        "file": relative(place.file),
        "line": place.line,
        "column": start,
        "end_line": place.end_line,
        "end_column": end,
    }


def as_sarif(findings: Sequence[Finding], texts: Mapping[str, str], version: str) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log of one run, with every rule that was met.

    Args:
        findings: what was found.
        texts: the text of each file by its path.
        version: of nonlin.
    """
    met = sorted({f.rule.code for f in findings})
    index = {code: i for i, code in enumerate(met)}
    marks = fingerprints(findings, texts)
    results = [_result(f, index[f.rule.code], mark, texts) for f, mark in zip(findings, marks, strict=True)]
    driver = {"name": "nonlin", "version": version, "informationUri": docs_link(next(iter(RULES.values()))).partition("#")[0],
              "rules": [_sarif_rule(RULES[code]) for code in met]}  # fmt: skip
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{
        "tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results,
    }]}  # fmt: skip


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": f"{rule.what} {rule.why}"},
        "help": {"text": f"{rule.fix} Source: {rule.source}"},
        "helpUri": docs_link(rule),
        "defaultConfiguration": {"level": SARIF_LEVELS[rule.severity]},
        "properties": {"tags": [rule.cause]},
    }


def _result(found: Finding, index: int, mark: str, texts: Mapping[str, str]) -> dict[str, Any]:
    text = (
        found.message
        + (f" ({found.proof})" if found.proof else "")
        + (f" Fix: {found.remedy.summary}." if found.remedy else "")
    )
    made: dict[str, Any] = {
        "ruleId": found.rule.code,
        "ruleIndex": index,
        "level": SARIF_LEVELS[found.severity],
        "message": {"text": text},
        "partialFingerprints": {"nonlinFinding/v1": mark},
        "properties": {"confidence": found.confidence},
    }
    if str(found.place):
        made["locations"] = [_location(found.place, texts)]
    related = [p for p in found.related if p.file]
    if related:
        made["relatedLocations"] = [_location(p, texts) for p in related]
    return made


def _location(place: Place, texts: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if place.file:
        path = relative(place.file)
        made["physicalLocation"] = {"artifactLocation": {"uri": ("file://" if path.startswith("/") else "") + quote(path)}}
        if place.line:
            start, end = columns(place, texts)
            region = {
                "startLine": place.line,
                "startColumn": start,
                "endLine": place.line if end else 0,
                "endColumn": end and end + 1,
            }
            made["physicalLocation"]["region"] = {k: v for k, v in region.items() if v}
    if place.layer:
        made["logicalLocations"] = [{"fullyQualifiedName": place.layer, "kind": "member"}]
    return made


def as_github(findings: Sequence[Finding], texts: Mapping[str, str]) -> Iterator[str]:
    """Yield a workflow command for each finding; GitHub shows them beside the lines of a pull request."""
    for found in findings:
        place = found.place
        start, end = columns(place, texts)
        fields: dict[str, Any] = {"file": relative(place.file), "line": place.line, "endLine": place.line if end else 0, "col": start,
                                  "endColumn": end, "title": f"{found.rule.code} {found.rule.name}"}  # fmt: skip
        shown = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in fields.items() if value)
        text = (
            found.message
            + (f"\n{found.proof}" if found.proof else "")
            + (f"\nfix: {found.remedy.summary}" if found.remedy else "")
        )
        yield f"::{GITHUB_LEVELS[found.severity]} {shown}::{_escaped(text)}"


def _escaped(text: str, also: str = "") -> str:
    for letter in ("%", "\r", "\n", *also):
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text
