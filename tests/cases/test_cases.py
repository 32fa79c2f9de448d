"""Every planted fault is found by its rule, and nothing else is blamed: on fixed twins and right programs there is no error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cases.programs import HERE, Case, ask, cases, readers_of
from nonlin.findings import Severity
from nonlin.lint.rules import RULES

CASES = cases()
LONGEST = 80


def reason(case: Case, reader: str) -> str:
    """Why the index says that this reader does not find it."""
    said = dict(part.strip().split(": ", 1) for part in case.missed.split(" | ") if part.strip())
    return said.get(reader, "")


def faults() -> list[Any]:
    """A parameter for each faulty program and each reader by which it can be found."""
    return [
        pytest.param(
            case, reader, id=f"{case.framework}-{case.id}-{reader}",
            marks=[pytest.mark.xfail(reason=why, strict=True)] if (why := reason(case, reader)) else [],
        )
        for case in CASES if case.kind == "fault" for reader in case.readers
    ]  # fmt: skip


def innocent() -> list[Any]:
    """A parameter for each fixed twin and right program and each reader that can read it."""
    return [
        pytest.param(case, side, reader, id=f"{case.framework}-{case.id}-{side}-{reader}")
        for case in CASES for side in case.sides if side != "faulty" for reader in readers_of(case)
    ]  # fmt: skip


@pytest.mark.parametrize(("case", "reader"), faults())
def test_the_fault_is_found_by_its_rule(case: Case, reader: str) -> None:
    said = ask(case, "faulty", reader)
    assert not said.failed
    assert said.found, f"expected {' or '.join(case.rules)}; said {[(f.rule.code, f.message) for f in said.findings]}"


@pytest.mark.parametrize(("case", "side", "reader"), innocent())
def test_no_error_on_what_is_right(case: Case, side: str, reader: str) -> None:
    said = ask(case, side, reader)
    assert not said.failed
    assert [(f.rule.code, str(f.place), f.message) for f in said.findings if f.severity == Severity.ERROR] == []


def test_at_most_one_warning_on_ten_right_programs() -> None:
    asked = [ask(c, side, r) for c in CASES for side in c.sides if side != "faulty" for r in readers_of(c)]
    warned = [(s.case.id, s.side, s.reader, f.rule.code) for s in asked for f in s.wrong]
    assert len(warned) <= len({(s.case.framework, s.case.id, s.side) for s in asked}) / 10, warned


def test_nothing_else_is_called_an_error_on_a_faulty_program() -> None:
    asked = [ask(c, "faulty", r) for c in CASES if c.kind == "fault" for r in c.readers]
    assert [
        (s.case.id, s.reader, f.rule.code, f.message) for s in asked for f in s.wrong if f.severity == Severity.ERROR
    ] == []


def test_every_program_is_in_the_index_and_every_row_has_its_programs() -> None:
    listed = {(c.framework, c.id) for c in CASES if c.kind == "fault"}
    assert listed == {(p.parent.name, p.name) for f in ("torch", "keras") for p in (HERE / f).iterdir()}
    assert {c.id for c in CASES if c.kind == "right"} == {p.stem for p in (HERE / "right").glob("*.py")}
    assert all(c.main(side).is_file() for c in CASES for side in c.sides)
    assert len({(c.framework, c.id) for c in CASES}) == len(CASES)


def test_every_expected_code_is_a_rule() -> None:
    assert {code for c in CASES for code in (*c.rules, *c.also)} <= set(RULES)
    assert all(c.rules and c.readers for c in CASES if c.kind == "fault")


def test_tier_a_is_never_given_up() -> None:
    assert [c.id for c in CASES if c.tier.startswith("A") and c.missed and c.framework == "torch"] == []


def test_programs_are_short() -> None:
    written: list[Path] = [p for p in HERE.rglob("*.py") if p.parent != HERE]
    assert [str(p) for p in written if len(p.read_text(encoding="utf-8").splitlines()) >= LONGEST] == []
