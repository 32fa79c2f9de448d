"""From findings and alerts to a short ranked list: symptoms are put under the cause that explains them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nonlin.findings import CAUSES, Finding, Place, Remedy, Rule, Severity
from nonlin.watch.records import Alert

__all__ = ["EXPLAINS", "Entry", "entries", "from_alert", "from_finding", "wrong_cost"]

_STUCK = ("NW106", "NW108", "NW110", "NW117")
"""A network that gets nowhere: what most faults look like from outside."""
_SIGNAL = ("NW101", "NW102", "NW103", "NW104", "NW105", "NW107", "NW109", "NW114", "NW115", "NW116")
"""What wrong scales do to layers."""

EXPLAINS: Mapping[str, tuple[str, ...]] = {
    "NL101": (*_STUCK, "NW102", "NW103"),
    "NL102": (*_STUCK, "NW103", "NW112"),
    "NL103": (*_STUCK, "NW102", "NW103"),
    "NL104": (*_STUCK, "NW101", "NW114"),
    "NL106": (*_STUCK, "NW101", "NW102"),
    "NL107": (*_STUCK, "NW101", "NW104", "NW105", "NW109", "NW113", "NW114"),
    "NL108": (*_STUCK, "NW104", "NW109", "NW113"),
    "NL110": (*_STUCK, "NW101", "NW102", "NW103", "NW114"),
    "NL111": _STUCK,
    "NL112": (*_STUCK, "NW102", "NW103", "NW113"),
    "NL113": _STUCK,
    "NL115": (*_STUCK, "NW104", "NW105", "NW109"),
    "NL202": ("NW108", "NW117"),
    "NL203": ("NW103", "NW107", "NW108", "NW115", "NW117"),
    "NL207": (*_STUCK, "NW102", "NW103", "NW107", "NW115", "NW116"),
    "NL214": ("NW103", "NW104", "NW105", "NW109", "NW112", "NW113"),
    "NL301": (*_STUCK, *_SIGNAL),
    "NL302": (*_STUCK, *_SIGNAL),
    "NL303": ("NW103", "NW107", "NW116"),
    "NL304": (*_STUCK, *_SIGNAL),
    "NL401": (*_STUCK, *_SIGNAL, "NW111", "NW112", "NW113"),
    "NL402": (*_STUCK, *_SIGNAL, "NW111", "NW112", "NW113"),
    "NL403": _STUCK,
    "NW105": ("NW104", "NW108", "NW113", "NW117", "NW106"),
    "NW106": ("NW108", "NW117"),
    "NW109": ("NW104", "NW111", "NW113"),
    "NW103": ("NW107", "NW108", "NW117", "NW116"),
    "NW101": ("NW108", "NW114", "NW117"),
    "NW102": ("NW103", "NW115"),
    "NW113": ("NW104", "NW108", "NW112"),
    "NW110": ("NW108", "NW117"),
}
"""A rule -> the alerts that are what it looks like in training; they are its evidence then, and no entries of their own."""


def symptoms(code: str) -> frozenset[str]:
    """Return the alerts that a rule explains, directly or because it explains what explains them.

    >>> sorted(symptoms("NW106"))
    ['NW108', 'NW117']
    """
    found: set[str] = set()
    queue = [code]
    while queue:
        new = set(EXPLAINS.get(queue.pop(), ())) - found
        found |= new
        queue += new
    return frozenset(found)


WRONG: Mapping[str, str] = {
    "data": "little: a change where the data are made ready. The loss of the first steps shows whether it was right; results on "
    "data made ready in the old way can no longer be compared.",
    "pairing": "little: a line at the end of the network, and the loss shows within a few hundred steps whether it was right. "
    "Outputs change their meaning: code that reads them as probabilities then needs a softmax or sigmoid of its own.",
    "initialisation": "a restart: only the weights at the start change, so a trained checkpoint is neither harmed nor helped.",
    "activation": "a training: checkpoints of the old function must be trained again, and accuracy may be lower; compare both on "
    "a few seeds before keeping it.",
    "structure": "a training: the network computes something else, so checkpoints must be trained again; compare both on a few "
    "seeds before keeping it.",
    "normalisation": "a training: parameters and buffers come or go, so checkpoints no longer fit, and training and evaluation "
    "differ more or less than before.",
    "optimisation": "the run: a setting only, and nothing of the model changes.",
}
"""What a rule blames -> what it costs to follow the advice where it was wrong."""


@dataclass(frozen=True)
class Entry:
    """One thing that is wrong, or may be: what is known of it before and from training."""

    rule: Rule
    severity: Severity
    message: str
    place: Place
    confidence: str
    proof: str = ""
    remedy: Remedy | None = None
    step: int | None = None
    """Of an alert: the step at which it was raised."""
    seen: tuple[Alert, ...] = ()
    """Alerts that this explains."""
    places: tuple[Place, ...] = ()
    """Further places with the same mistake."""
    related: tuple[Place, ...] = ()
    """Places that take part in it, such as the loss."""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cause(self) -> str:
        """What is blamed."""
        return self.rule.cause

    @property
    def cost(self) -> str:
        """What it would cost to follow the advice if the diagnosis is wrong."""
        return wrong_cost(self)


def wrong_cost(entry: Entry) -> str:
    """Return what it costs to follow an entry's advice where it was wrong, in words."""
    if entry.remedy is not None and entry.remedy.safe:
        return "nothing: the change provably leaves everything else as it is."
    return WRONG.get(entry.rule.cause, WRONG["structure"])


def from_finding(finding: Finding) -> Entry:
    """Return the entry of a finding of lint."""
    return Entry(finding.rule, finding.severity, finding.message, finding.place, finding.confidence, finding.proof,
                 finding.remedy, related=finding.related, data=finding.data)  # fmt: skip


def from_alert(alert: Alert) -> Entry:
    """Return the entry of an alert raised in training; a healed one is only worth knowing."""
    severity = alert.severity if alert.cleared is None else Severity.INFO
    healed = f" It healed at step {alert.cleared}." if alert.cleared is not None else ""
    return Entry(alert.rule, severity, alert.message + healed, Place(alert.layer), alert.confidence, remedy=alert.remedy,
                 step=alert.step, data={"value": alert.value, "line": alert.line})  # fmt: skip


def _order(entry: Entry) -> tuple[Any, ...]:
    sure = ("certain", "likely", "possible")
    return (
        entry.severity == Severity.INFO,  # what must change comes first, by cause; then what is only worth knowing
        CAUSES.index(entry.cause),
        -entry.severity,
        sure.index(entry.confidence) if entry.confidence in sure else len(sure),
        -1 if entry.step is None else entry.step,
        entry.place.file,
        entry.place.line,
        entry.rule.code,
        entry.place.layer,
    )


def entries(findings: Iterable[Finding], alerts: Iterable[Alert]) -> list[Entry]:
    """Return the ranked list: data and pairing first, then initialisation, activation, structure, normalisation, optimiser.

    Alerts that a finding explains become its evidence; so do alerts that a more telling alert explains. The same mistake in
    several layers is one entry with several places. Alerts that healed are told only where nothing else accounts for them.

    Args:
        findings: of lint, any order.
        alerts: of watch, raised or healed.
    """
    causes = _joined([from_finding(f) for f in findings])
    standing = [a for a in alerts if a.cleared is None]
    strong = [e for e in causes if e.severity > Severity.INFO]
    rest = [a for a in standing if not any(a.rule.code in symptoms(e.rule.code) for e in strong)]
    heads = [a for a in rest if not any(a.rule.code in symptoms(b.rule.code) and b.severity > Severity.INFO
                                        for b in rest if b is not a)]  # fmt: skip
    found = [_with_evidence(e, standing) if e in strong else e for e in causes]
    found += _joined([_with_evidence(from_alert(a), [b for b in rest if b not in heads]) for a in heads])
    told = {code for e in found for code in (e.rule.code, *symptoms(e.rule.code))}
    healed = (a for a in alerts if a.cleared is not None and a.severity > Severity.INFO and a.rule.code not in told)
    found += _joined([from_alert(a) for a in healed])
    return sorted(found, key=_order)


def _with_evidence(entry: Entry, alerts: Iterable[Alert]) -> Entry:
    codes = symptoms(entry.rule.code)
    seen = sorted((a for a in alerts if a.rule.code in codes), key=lambda a: (-a.severity, a.step, a.rule.code, a.layer))
    return replace(entry, seen=tuple(seen))


def _joined(found: list[Entry]) -> list[Entry]:
    """Join entries of one rule and severity: the first stands, the others are further places."""
    made: dict[tuple[str, int, bool], Entry] = {}
    for entry in sorted(found, key=_order):
        key = (entry.rule.code, entry.severity, entry.step is None)
        if key in made:
            first = made[key]
            made[key] = replace(first, places=(*first.places, entry.place), seen=first.seen or entry.seen)
        else:
            made[key] = entry
    return list(made.values())
