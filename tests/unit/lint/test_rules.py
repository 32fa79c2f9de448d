"""Every rule is a whole row, and its two programs are what they claim: one has the mistake, the other nothing to say about."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any

import pytest

from nonlin.errors import UnknownNameError
from nonlin.findings import CAUSES, Finding, Severity
from nonlin.lint.gather import check_text
from nonlin.lint.page import rules_page
from nonlin.lint.rules import GROUPS, RULES, docs_link, finding, rule

ROWS = list(RULES.values())
WITH_MODEL = [r for r in ROWS if "batch = (" in r.wrong]
"""Rules whose programs have ``model``, ``loss`` and ``batch``: they are about weights or data, so the program is run."""
AS_TEXT = [r for r in ROWS if r not in WITH_MODEL]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.code)
def test_every_row_is_whole(row: Any) -> None:
    assert re.fullmatch(r"NL[12349]\d\d", row.code) and row.code[:3] in GROUPS
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row.name)
    assert row.cause in CAUSES and isinstance(row.severity, Severity)
    for text in (row.what, row.why, row.fix):
        assert text[0].isupper() or text.startswith(("exp", "nn.")), text
        assert text.endswith("."), text
    assert len(row.source) > 10 and row.wrong and row.right and row.wrong != row.right
    assert "\t" not in row.wrong + row.right


def test_codes_and_names_are_given_once() -> None:
    assert len({r.name for r in ROWS}) == len(ROWS)
    assert [r.code for r in ROWS] == sorted(r.code for r in ROWS)


@pytest.mark.parametrize("row", [r for r in ROWS if r.code not in ("NL901", "NL902")], ids=lambda r: r.code)
def test_the_programs_are_python(row: Any) -> None:
    for text in (row.wrong, row.right):
        ast.parse(text)
        assert max(map(len, text.splitlines())) <= 160


def test_a_rule_is_found_by_code_and_by_name() -> None:
    assert rule("NL101") is rule("nl101") is rule("softmax-over-one-class")
    with pytest.raises(UnknownNameError, match="unknown rule 'softmax-dims'. Did you mean 'softmax-dim'"):
        rule("softmax-dims")


def test_a_finding_is_never_worse_than_its_rule() -> None:
    assert finding("NL211", "x", severity=Severity.ERROR).severity is Severity.INFO
    assert finding("NL101", "x").severity is Severity.ERROR
    assert finding("NL101", "x", severity=Severity.INFO).severity is Severity.INFO


def test_every_rule_has_a_section_on_the_page() -> None:
    page = rules_page()
    for row in ROWS:
        assert f"\n## {row.code}\n" in page and row.why in page and docs_link(row).endswith(f"#{row.code.lower()}")
    assert page.isprintable() or all(letter.isprintable() or letter in "\n\ufffd" for letter in page)


def by_model(text: str) -> list[Finding]:
    from nonlin.lint import lint

    scope: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, "<rule>", "exec"), scope)  # a program of our own table
    return lint(scope["model"], scope["loss"], scope["batch"])


def by_text(text: str) -> list[Finding]:
    return list(check_text(text, "program.py").findings)


@pytest.mark.parametrize("row", WITH_MODEL, ids=lambda r: r.code)
def test_the_wrong_model_has_the_mistake_and_the_right_one_nothing(row: Any) -> None:
    assert row.code in {f.rule.code for f in by_model(row.wrong)}
    told = [f for f in by_model(row.right) if f.severity > Severity.INFO or f.rule.code == row.code]
    assert told == []


@pytest.mark.parametrize("row", [r for r in AS_TEXT if r.code not in ("NL901", "NL903")], ids=lambda r: r.code)
def test_the_wrong_program_has_the_mistake_and_the_right_one_nothing(row: Any) -> None:
    assert row.code in {f.rule.code for f in by_text(row.wrong)}
    told = [f for f in by_text(row.right) if f.severity > Severity.INFO or f.rule.code == row.code]
    assert told == []
