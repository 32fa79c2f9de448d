"""The order of what was found, and symptoms under the cause that explains them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nonlin.diagnose.entries import EXPLAINS, WRONG, entries, from_finding, wrong_cost
from nonlin.findings import CAUSES, Finding, Place, Remedy, Severity
from nonlin.lint.rules import RULES as LINT
from nonlin.watch.records import Alert
from nonlin.watch.rules import RULES as WATCH

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR


def finding(code: str, severity: Severity = ERROR, layer: str = "", remedy: Remedy | None = None) -> Finding:
    return Finding(LINT[code], severity, f"{code} at {layer}", Place(layer), remedy=remedy)


def alert(code: str, severity: Severity = WARNING, layer: str = "", step: int = 10, cleared: int | None = None) -> Alert:
    return Alert(WATCH[code], severity, layer, f"{code} at {layer}", step, 1.0, 0.5, cleared=cleared)


def codes(found: list[Finding], alerts: list[Alert]) -> list[str]:
    return [e.rule.code for e in entries(found, alerts)]


def test_data_and_pairing_come_first_and_remarks_last() -> None:
    found = [finding("NL207", WARNING), finding("NL102"), finding("NL403", WARNING), finding("NL211", INFO)]
    assert codes(found, [alert("NW111")]) == ["NL403", "NL102", "NL207", "NW111", "NL211"]
    assert codes([*found, finding("NL301")], []) == ["NL403", "NL102", "NL301", "NL207", "NL211"]


def test_alerts_that_a_finding_explains_are_its_evidence() -> None:
    (entry,) = entries([finding("NL102", layer="softmax")], [alert("NW110", ERROR, step=300), alert("NW108", step=100)])
    assert [a.rule.code for a in entry.seen] == ["NW110", "NW108"]


def test_what_a_finding_does_not_explain_stands_by_itself() -> None:
    assert codes([finding("NL102")], [alert("NW104")]) == ["NL102", "NW104"]


def test_a_remark_explains_nothing() -> None:
    assert codes([finding("NL104", INFO)], [alert("NW101", ERROR)]) == ["NW101", "NL104"]


def test_the_most_telling_alert_heads_the_others() -> None:
    (entry,) = entries([], [alert("NW108"), alert("NW117", INFO), alert("NW105", ERROR)])
    assert entry.rule.code == "NW105"
    assert {a.rule.code for a in entry.seen} == {"NW108", "NW117"}


def test_no_alert_is_lost_however_they_explain_each_other() -> None:
    every = [alert(code, WATCH[code].severity, step=i) for i, code in enumerate(WATCH)]
    told = entries([], every)
    assert {e.rule.code for e in told} | {a.rule.code for e in told for a in e.seen} == set(WATCH)


def test_one_mistake_in_several_layers_is_one_entry() -> None:
    (entry,) = entries([finding("NL204", WARNING, "a"), finding("NL204", WARNING, "b")], [])
    assert entry.place.layer == "a" and [p.layer for p in entry.places] == ["b"]


def test_healed_alerts_are_told_only_where_nothing_else_is() -> None:
    healed = alert("NW102", WARNING, "relu", cleared=50)
    (entry,) = entries([], [healed])
    assert entry.severity == INFO and "healed at step 50" in entry.message
    assert codes([finding("NL207", WARNING)], [healed]) == ["NL207"]
    assert codes([], [replace(healed, severity=INFO)]) == []


def test_explanations_name_rules_and_never_go_in_a_circle() -> None:
    assert set(EXPLAINS) <= set(LINT) | set(WATCH)
    assert {c for row in EXPLAINS.values() for c in row} <= set(WATCH)
    for start in WATCH:
        reached, queue = set(), [start]
        while queue:
            for code in EXPLAINS.get(queue.pop(), ()):
                if code not in reached:
                    reached.add(code)
                    queue.append(code)
        assert start not in reached, f"{start} explains itself"


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_has_its_cost_of_being_wrong(cause: str) -> None:
    assert WRONG[cause].endswith(".")


def test_a_safe_remedy_costs_nothing() -> None:
    safe = from_finding(
        finding("NL212", remedy=Remedy("replace", "act", "write parentheses", "nn.ReLU", "nn.ReLU()", safe=True))
    )
    assert wrong_cost(safe).startswith("nothing")
    assert safe.cost != from_finding(finding("NL212")).cost
