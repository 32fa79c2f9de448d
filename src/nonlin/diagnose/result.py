"""What a diagnosis is: the ranked entries, how the training went, and the same as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nonlin.diagnose.changes import diff_of
from nonlin.diagnose.entries import Entry
from nonlin.diagnose.training import Course
from nonlin.findings import Place, Severity

__all__ = ["Diagnosis"]


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a model, its data, its loss or its training, as far as can be told in the time given."""

    name: str
    """The model's class."""
    entries: tuple[Entry, ...]
    """Ranked: what must change by cause, data and pairing first; then what is worth knowing."""
    course: Course
    facts: Mapping[str, Any]
    """How it was made: data, loss, optimiser, seed, versions."""
    remarks: tuple[str, ...] = ()
    """What could not be read or tried, a sentence each."""
    diffs: tuple[str, ...] = ()
    """For each entry the remedy as a diff; empty where it cannot be shown."""
    printed: str = field(default="", repr=False)
    """The model as PyTorch prints it."""

    @property
    def urgent(self) -> tuple[Entry, ...]:
        """Errors and warnings."""
        return tuple(e for e in self.entries if e.severity > Severity.INFO)

    @property
    def headline(self) -> str:
        """What was found, in one sentence."""
        errors = sum(e.severity == Severity.ERROR for e in self.entries)
        warnings = sum(e.severity == Severity.WARNING for e in self.entries)
        if not errors and not warnings:
            if self.course.learnt is False:
                return "No known mistake was found, but the loss did not fall."
            return "No known mistake was found."
        parts = [f"{n} {word}{'s' * (n > 1)}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
        first = self.entries[0]
        return f"{' and '.join(parts)}. First: {first.rule.name.replace('-', ' ')}."

    @property
    def advice(self) -> str:
        """What to try where no rule speaks but the network does not learn; empty otherwise."""
        if self.urgent or self.course.learnt is not False:
            return ""
        return (
            "Train on one batch alone: if its loss does not fall to nearly 0, the model, the loss or the targets are wrong; "
            "if it does, try learning rates ten times higher and lower, then look at the data."
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything that can be held in JSON; numbers that are not finite become words."""
        course = self.course
        plain: dict[str, Any] = finite({
            "model": self.name,
            "headline": self.headline,
            "advice": self.advice,
            "facts": dict(self.facts),
            "training": {
                "steps": course.steps, "seconds": round(course.seconds, 3), "first_loss": course.first,
                "last_loss": course.last, "baseline_loss": course.baseline, "learnt": course.learnt,
                "stopped": course.stopped or None, "error": course.error or None, "losses": thinned(course.losses),
            },
            "entries": [entry_json(e, d) for e, d in zip(self.entries, self.diffs, strict=True)],
            "remarks": list(self.remarks),
        })  # fmt: skip
        return plain


def entry_json(entry: Entry, diff: str) -> dict[str, Any]:
    """Return one entry as JSON."""
    return {
        "rule": entry.rule.code,
        "name": entry.rule.name,
        "cause": entry.cause,
        "severity": entry.severity.word,
        "confidence": entry.confidence,
        "message": entry.message,
        "why": entry.rule.why,
        "place": asdict(entry.place),
        "places": [asdict(p) for p in entry.places],
        "proof": entry.proof,
        "step": entry.step,
        "seen_in_training": [
            {"rule": a.rule.code, "name": a.rule.name, "layer": a.layer, "step": a.step, "message": a.message}
            for a in entry.seen
        ],
        "remedy": asdict(entry.remedy) if entry.remedy else {"action": "advise", "summary": entry.rule.fix},
        "diff": diff,
        "if_wrong": entry.cost,
        "source": entry.rule.source,
        "data": dict(entry.data),
    }


def thinned(values: list[float], most: int = 200) -> list[tuple[int, float]]:
    """Return (step, value) for at most ``most`` values, evenly spaced, and always the last.

    >>> thinned([5.0, 4.0, 3.0, 2.0, 1.0], 2)
    [(0, 5.0), (3, 2.0), (4, 1.0)]
    """
    every = max(1, math.ceil(len(values) / most))
    kept = [(i, v) for i, v in enumerate(values) if i % every == 0]
    return kept if not values or kept[-1][0] == len(values) - 1 else [*kept, (len(values) - 1, values[-1])]


def finite(value: Any) -> Any:
    """Return a value with NaN and infinities as the words ``nan``, ``inf`` and ``-inf``, and mappings and rows as plain ones."""
    if isinstance(value, Mapping):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def made_diffs(entries: tuple[Entry, ...], model: Any) -> tuple[str, ...]:
    """Return each entry's remedy as a diff of the model, or of the texts the remedy holds."""
    return tuple(diff_of(e.remedy, model, [p.layer for p in _alike(e) if p.layer], e.place) for e in entries)


def _alike(entry: Entry) -> tuple[Place, ...]:
    """Return the further places that change with an entry's own: an insertion is made once, whoever else takes part."""
    replaced = entry.remedy is not None and entry.remedy.action == "replace"
    return (*entry.places, *entry.related) if replaced else entry.places
