"""A diagnosis as people read it in a terminal: one page, the first thing to do first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from nonlin.diagnose.entries import Entry
from nonlin.diagnose.result import Diagnosis
from nonlin.findings import Severity

if TYPE_CHECKING:
    from nonlin.findings import Place

__all__ = ["SHOWN", "diagnosis_text", "seen_line", "where"]

SHOWN = 5
"""Entries told in full; the rest are a line each."""
STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
DIFF_STYLES = {"-": "red", "+": "green", "@": "dim"}


def where(place: Place, others: tuple[Place, ...] = ()) -> str:
    """Return a place in words, with how many others there are: ``fc3 (net.py:12), and 2 more``."""
    more = f", and {len(others)} more" if others else ""
    return (str(place) or "the model") + more


def seen_line(entry: Entry) -> str:
    """Return what training showed of an entry, a rule once: ``NW108 no progress (step 100)``."""
    told: dict[str, str] = {}
    for alert in entry.seen:
        at = f" at {alert.layer}" if alert.layer else ""
        told.setdefault(alert.rule.code, f"{alert.rule.code} {alert.rule.name.replace('-', ' ')}{at} (step {alert.step})")
    return "; ".join(told.values())


def diagnosis_text(found: Diagnosis, shown: int = SHOWN) -> RenderableType:
    """Return a diagnosis for ``rich.console.Console.print``.

    Args:
        found: the diagnosis.
        shown: how many entries are told in full.
    """
    return Group(*_lines(found, shown))


def _lines(found: Diagnosis, shown: int) -> Iterator[RenderableType]:
    yield Text(f"{found.name}: {found.headline}", "bold")
    facts = found.facts
    yield Text(f"{facts['data']}; loss {facts['loss']}; {facts['optimizer']}; seed {facts['seed']}", "dim")
    yield Text(found.course.sentence(), "dim")
    if found.advice:
        yield Text(found.advice)
    full = [(e, d) for e, d in zip(found.entries, found.diffs, strict=True) if e.severity > Severity.INFO][:shown]
    for number, (entry, diff) in enumerate(full, 1):
        yield ""
        yield _head(entry, number)
        yield Padding(_details(entry, diff), (0, 0, 0, 3))
    rest = [e for e in found.entries if all(e is not told for told, _ in full)]
    if rest:
        yield ""
        yield Text("Also" if full else "Worth knowing", "bold")
        for entry in rest:
            yield Text.assemble((f"   {entry.severity.word} ", STYLES[entry.severity]), f"{entry.rule.code} "
                                f"{entry.rule.name.replace('-', ' ')}, {where(entry.place, entry.places)}: {entry.message}")  # fmt: skip
    for remark in found.remarks:
        yield Text(f"Note: {remark}", "dim")


def _head(entry: Entry, number: int) -> Text:
    return Text.assemble(
        f"{number}. ", (entry.severity.word, STYLES[entry.severity]), " ", (entry.rule.name.replace("-", " "), "bold"),
        (f"  {entry.rule.code}, {entry.cause}, {entry.confidence}", "dim"),
    )  # fmt: skip


def _details(entry: Entry, diff: str) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    remedy = entry.remedy
    rows = [
        ("where", where(entry.place, entry.places)),
        ("what", entry.message),
        ("proof", entry.proof),
        ("why", entry.rule.why),
        ("seen", seen_line(entry)),
        ("do", remedy.summary if remedy else entry.rule.fix),
    ]
    if remedy and not diff and remedy.action not in ("advise",) and remedy.after:
        rows.append(("", f"{remedy.before} -> {remedy.after}" if remedy.before else remedy.after))
    for name, text in rows:
        if text:
            table.add_row(name, Text(text))
    if diff:
        table.add_row("", coloured(diff))
    for name, text in (("expect", remedy.expect if remedy else ""), ("check", remedy.check if remedy else ""),
                       ("if wrong", entry.cost)):  # fmt: skip
        if text:
            table.add_row(name, Text(text))
    return table


def coloured(diff: str) -> Text:
    """Return a diff with its lines coloured; the signs say the same without colour."""
    return Text("\n").join(Text(line, DIFF_STYLES.get(line[:1], "")) for line in diff.splitlines())
