"""Findings: ranked, and readable when printed."""

from __future__ import annotations

from nonlin.findings import CAUSES, Finding, Place, Rule, Severity, ranked

PAIRING = Rule("NL900", "made-up", "pairing", Severity.ERROR, "what", "why", "fix", "source")
STRUCTURE = Rule("NL800", "made-up-too", "structure", Severity.ERROR, "what", "why", "fix", "source")


def test_the_worst_comes_first_then_the_surest_then_the_cheaper_cause() -> None:
    mild = Finding(PAIRING, Severity.INFO, "mild")
    likely = Finding(PAIRING, Severity.ERROR, "likely", confidence="likely")
    costly = Finding(STRUCTURE, Severity.ERROR, "costly")
    sure = Finding(PAIRING, Severity.ERROR, "sure")
    assert [f.message for f in ranked([mild, likely, costly, sure])] == ["sure", "costly", "likely", "mild"]
    assert CAUSES.index("pairing") < CAUSES.index("structure")


def test_what_is_said_twice_of_one_place_is_said_once() -> None:
    here, there = Place("fc1"), Place("fc2")
    made = [Finding(PAIRING, Severity.ERROR, "m", place=p) for p in (here, there, here)]
    assert [f.place.layer for f in ranked(made)] == ["fc1", "fc2"]


def test_a_finding_prints_as_one_line() -> None:
    found = Finding(PAIRING, Severity.WARNING, "softmax twice", place=Place("head", "train.py", 7), proof="ln 2")
    assert str(found) == "head (train.py:7): warning NL900 made-up: softmax twice (ln 2)"
    assert repr([found]) == f"[<{found}>]"
    assert str(Finding(PAIRING, Severity.INFO, "m")) == "info NL900 made-up: m"
    assert repr(PAIRING) == "<NL900 made-up>"
    assert (str(Place(file="a.py")), str(Place("l")), str(Place())) == ("a.py", "l", "")
