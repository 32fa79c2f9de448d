"""The answer to a question: a row for each part with its numbers filled in, the functions compared, and the evidence."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nonlin.advise.evidence import Search, evidence
from nonlin.advise.literature import cited
from nonlin.advise.question import Question
from nonlin.advise.reading import Seen
from nonlin.advise.row import PARTS, Row, filled
from nonlin.advise.rules import fitting
from nonlin.advise.snippet import snippet
from nonlin.advise.spelling import torch_call
from nonlin.errors import NonlinError

__all__ = ["Advice", "answer", "told"]

COLUMNS = ("range", "smoothness", "dead_zone", "gradient_availability", "zero_centredness", "lipschitz", "flops")
"""Facts that functions are compared by."""
MOST = 6
"""Alternatives whose facts are shown."""


@dataclass(frozen=True)
class Advice:
    """What is recommended, and why."""

    asked: Question
    rows: tuple[Row, ...]
    """The rules that answer, in the order of ``PARTS``."""
    gains: Mapping[str, float]
    """Of the hidden function: ``forward``, ``variance``, ``backward``."""
    functions: tuple[Mapping[str, str], ...]
    """The hidden function and its alternatives, with facts as texts."""
    evidence: Search
    snippet: str
    seen: Seen | None = None
    now: tuple[str, ...] = ()
    """How the model given differs from this."""

    def row(self, part: str) -> Row:
        """Return the first rule of a part."""
        return next(r for r in self.rows if r.part == part)

    @property
    def hidden(self) -> str:
        """The function of the hidden layers."""
        return self.row("hidden").choose

    @property
    def output(self) -> str:
        """The function the network ends with in training; ``identity`` where the loss wants logits."""
        return self.row("output").choose

    @property
    def loss(self) -> str:
        """The loss, as torch spells it."""
        return self.row("output").loss

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "question": asdict(self.asked)
            | {"constraints": list(self.asked.constraints), "assumed": list(self.asked.assumed)},
            "model": asdict(self.seen) if self.seen else None,
            "differences": list(self.now),
            "hidden": self.hidden,
            "output": self.output,
            "loss": self.loss,
            "parts": [told(r) for r in self.rows],
            "gains": dict(self.gains),
            "functions": [dict(f) for f in self.functions],
            "evidence": asdict(self.evidence),
            "snippet": self.snippet,
        }

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        from nonlin.advise.text import report

        page = Console(file=StringIO(), width=100, no_color=True, highlight=False)
        page.print(report(self))
        return page.file.getvalue()  # type: ignore[attr-defined, no-any-return]

    def __repr__(self) -> str:
        return f"<Advice for {self.asked}: {self.hidden}, {self.loss}>"


def told(row: Row) -> dict[str, Any]:
    """Return a rule as JSON values, with its numbers filled in and its sources written out."""
    others = [
        {"choice": o.choice, "when": filled(o.when), "loss": o.torch, "sources": _works(o.sources)} for o in row.others
    ]
    return {
        "id": row.id,
        "part": row.part,
        "when": str(row.when),
        "choose": row.choose,
        "reason": filled(row.reason),
        "note": filled(row.note),
        "sources": _works(row.sources),
        "alternatives": others,
        "reads": row.reads,
        "loss": row.loss,
        "targets": row.targets,
        "code": row.code,
        "rules": list(row.rules),
    }


def _works(keys: str) -> list[str]:
    return [cited(key) for key in keys.split()]


def answer(
    asked: Question,
    seen: Seen | None = None,
    *,
    store: str | os.PathLike[str] | None = None,
    measure: bool = False,
    factory: str = "",
) -> Advice:
    """Return the advice for a question.

    Args:
        asked: from :func:`nonlin.advise.question.ask`.
        seen: what was read of a model, if the question comes from one.
        store: a study's file or a folder of them, for the evidence.
        measure: time the functions on this machine, too; done anyway where latency on a CPU is asked for.
        factory: the model's ``module:function``, whose own studies then count as evidence.

    Raises:
        StoreError: ``store`` is given and is no study.
    """
    rows = tuple(fitting(asked))
    measure = measure or ("latency" in asked.constraints and asked.device == "cpu")
    first = {part: next(r for r in rows if r.part == part) for part in ("hidden", "output", "init", "dropout")}
    hidden = first["hidden"].choose
    gains = _gains(hidden)
    current = [f for f in seen.functions if _known(f)] if seen else []
    others = [o.choice for o in first["hidden"].others]
    found = evidence(asked, hidden, [*current, *others], Path(store) if store is not None else None, factory)
    program = snippet(asked, first, gains.get("forward"), (seen.inputs, seen.width) if seen else (None, None))
    functions = tuple(_facts(f, measure) for f in dict.fromkeys([hidden, *current, *others[:MOST]]))
    return Advice(
        asked,
        rows,
        gains,
        functions,
        found,
        program,
        seen,
        _differences(first, seen, asked),
    )


def _known(spec: str) -> bool:
    from nonlin.catalogue import resolve

    try:
        resolve(spec)
    except NonlinError:
        return False
    return True


def _gains(spec: str) -> dict[str, float]:
    from nonlin.facts.moments import KINDS, gain

    made = {}
    for kind in KINDS:
        try:
            made[kind] = gain(spec, kind)  # type: ignore[arg-type]
        except NonlinError:
            continue
    return made


def _facts(spec: str, measure: bool) -> Mapping[str, str]:
    from nonlin.catalogue import resolve
    from nonlin.facts.table import fact

    made = resolve(spec)
    names = (*COLUMNS, "nanoseconds") if measure else COLUMNS
    gains = _gains(spec)
    told = {name: fact(made, name).text for name in names}
    return {
        "name": spec,
        "torch": torch_call(spec),
        **told,
        "gain": f"{gains['forward']:.4g}" if "forward" in gains else "none",
    }


# -- a model as it is -------------------------------------------------------------------------------------------------


def _same(a: str, b: str) -> bool:
    """Whether two functions are one, whatever they are called; parameters count."""
    from nonlin.catalogue import resolve

    return a == b or (_known(a) and resolve(a).closed() is resolve(b).closed())


def _differences(first: Mapping[str, Row], seen: Seen | None, asked: Question) -> tuple[str, ...]:
    """Say of each function of a model whether the rules recommend it."""
    if seen is None:
        return ()
    hidden, output = first["hidden"], first["output"]
    lines = []
    for name, count in seen.functions.items():
        places = f"{count} place{'s' if count > 1 else ''}"
        other = next((o for o in hidden.others if _same(name, o.choice)), None)
        if _same(name, hidden.choose) or (asked.arch == "siren" and name.startswith("sin")):
            lines.append(f"{name} in {places}: as recommended")
        elif other is not None:
            lines.append(f"{name} in {places}: an alternative to {hidden.choose}, to be taken if {filled(other.when)}")
        else:
            lines.append(f"{name} in {places}: the rule {hidden.id} says {hidden.choose}")
    if not seen.functions and asked.arch != "rnn":
        unread = (
            "could be followed: give a batch, so that the model can be run"
            if seen.remarks
            else "was found in its hidden layers"
        )
        lines.append(f"no activation {unread}")
    lines += _ends(seen, output)
    return (*lines, *(f"lint: {fault}" for fault in seen.faults))


def _ends(seen: Seen, output: Row) -> Sequence[str]:
    if not seen.ended:
        return []
    ending = seen.output or "identity"
    if _same(ending, output.choose):
        return [f"ends with {'no function' if ending == 'identity' else ending}: as recommended"]
    other = next((o for o in output.others if _same(ending, o.choice)), None)
    loss = f" with {other.torch}" if other is not None and other.torch else ""
    if other is not None:
        return [f"ends with {ending}: right{loss} ({other.when})"]
    end = "no function" if output.choose == "identity" else output.choose
    return [f"ends with {ending}: the rule {output.id} says {end}, and {output.loss}"]


def parts(advice: Advice) -> Mapping[str, tuple[Row, ...]]:
    """Return the rules of each part, in order; parts without one are left out."""
    made = {part: tuple(r for r in advice.rows if r.part == part) for part in PARTS}
    return {part: rows for part, rows in made.items() if rows}
