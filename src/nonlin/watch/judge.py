"""From symptoms to alerts: raised once after lasting, gated by progress, cleared when healed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from nonlin.findings import Severity
from nonlin.watch.records import Alert
from nonlin.watch.rules import LINES, RULES
from nonlin.watch.symptoms import CHECKS, State, Symptom
from nonlin.watch.trend import CHECK

HEALED = 3
"""Samples in a row without the symptom after which an alert is cleared."""


@dataclass
class Standing:
    """A symptom that has been met, and what became of it."""

    since: int
    samples: int = 0
    healthy: int = 0
    alert: Alert | None = None


class Judge:
    """Keeps what stands and what has been raised; ``look`` after each sampled step.

    Args:
        ignore: codes of rules that are not looked at.
    """

    def __init__(self, ignore: Iterable[str] = ()) -> None:
        self.checks = {code: check for code, check in CHECKS.items() if code not in set(ignore)}
        self.standing: dict[tuple[str, str], Standing] = {}
        self.alerts: list[Alert] = []
        """Every alert raised so far, in order; cleared ones have ``cleared`` set."""

    def look(self, state: State) -> list[Alert]:
        """Return the alerts raised or cleared by this step."""
        news: list[Alert] = []
        met: set[tuple[str, str]] = set()
        for check in self.checks.values():
            for symptom in check(state):
                # what is not finite spreads to every layer, and is told once
                key = symptom.code, "" if symptom.code == "NW105" else symptom.layer
                met.add(key)
                news += self._meet(key, symptom, state)
        for key in [k for k in self.standing if k not in met and self._looked_at(k, state)]:
            news += self._miss(key, state.step)
        return news

    def _meet(self, key: tuple[str, str], symptom: Symptom, state: State) -> list[Alert]:
        standing = self.standing.get(key)
        if symptom.healing and (standing is None or standing.alert is None):
            self.standing.pop(key, None)  # the line must be crossed in samples that follow each other
            return []
        if standing is None:
            standing = self.standing[key] = Standing(state.step)
        standing.samples += 1
        standing.healthy = 0
        if symptom.healing or standing.samples < LINES[symptom.code].samples:
            return []
        severity = gate(symptom, state)
        old = standing.alert
        if old is not None and severity <= old.severity:
            return []
        news = [self._clear(old, state.step)] if old is not None else []  # what was information has become worse
        new = _alert(symptom, severity, state, state.step - standing.since)
        standing.alert = new
        self.alerts.append(new)
        return [*news, new]

    def _looked_at(self, key: tuple[str, str], state: State) -> bool:
        """Whether this step could have shown the symptom: dead units only show when a window is complete."""
        code, layer = key
        if code == "NW101":
            return any(s.site.name == layer and "dead" in s.stats for s in state.seen)
        return True

    def _miss(self, key: tuple[str, str], step: int) -> list[Alert]:
        standing = self.standing[key]
        standing.healthy += 1
        if standing.alert is None:
            del self.standing[key]
            return []
        if standing.healthy < (1 if key[0] == "NW101" else HEALED) or key[0] == "NW105":
            return []  # a number that was not finite stays told
        del self.standing[key]
        return [self._clear(standing.alert, step)]

    def _clear(self, alert: Alert, step: int) -> Alert:
        done = replace(alert, cleared=step)
        self.alerts[self.alerts.index(alert)] = done
        return done

    @property
    def open(self) -> list[Alert]:
        """The alerts that stand, the worst first."""
        return sorted((a for a in self.alerts if a.cleared is None), key=lambda a: (-a.severity, a.step, a.rule.code))


def gate(symptom: Symptom, state: State) -> Severity:
    """Return the severity: a symptom in a training that makes progress, or has only begun, is information.

    Many networks with a plain initialisation look sick in their first steps and learn all the same. Where no loss is given
    nothing can be proven: then it is a warning at most, after as many steps as progress would have taken to judge.
    """
    worst = min(RULES[symptom.code].severity, symptom.cap)
    if not symptom.gated or state.trend.progress is False:
        return worst
    if state.trend.progress is None and not state.trend.count and state.step >= CHECK:
        return min(worst, Severity.WARNING)
    return Severity.INFO


_COURSE = {
    True: "The loss falls, so this is information.",
    False: "The loss does not fall.",
    None: "Whether the loss falls is not known yet.",
}


def _alert(symptom: Symptom, severity: Severity, state: State, lasted: int) -> Alert:
    for_steps = f", for {lasted} steps" if lasted else ""
    course = f" {_COURSE[state.trend.progress]}" if symptom.gated else ""
    if symptom.gated and state.trend.progress is None and not state.trend.count:
        course = " No loss was given, so whether it matters is not known: w.step(loss=loss) tells."
    return Alert(
        rule=RULES[symptom.code],
        severity=severity,
        layer=symptom.layer,
        message=f"{symptom.text}{for_steps}.{course}",
        step=state.step,
        value=symptom.value,
        line=LINES[symptom.code].line,
        lasted=lasted,
        confidence=symptom.confidence,
        remedy=symptom.remedy,
    )
