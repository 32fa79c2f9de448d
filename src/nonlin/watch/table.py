"""The terminal's view of a run: layers with alerts first, then the top five alerts. For the live table and ``nonlin watch show``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from rich.console import ConsoleOptions, RenderableType
from rich.text import Text

from nonlin.findings import Severity
from nonlin.view.columns import Col, Fitted, Late, spelled
from nonlin.watch.history import Run, ranked_alerts, worst
from nonlin.watch.words import alert_line, headline, spoken

__all__ = ["TOP", "run_table"]

TOP = 5
STYLES: Mapping[Severity, str] = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
COLUMNS: tuple[tuple[str, str, str, int], ...] = (
    ("dead", "dead", "dead", 0),
    ("dormant", "dormant", "dorm.", 6),
    ("saturated", "saturated", "sat.", 1),
    ("rate", "active", "act.", 3),
    ("mean", "mean", "mean", 7),
    ("std", "scale", "scale", 4),
    ("centre", "off-centre", "off", 8),
    ("spread", "spread", "spr.", 9),
    ("grad_norm", "gradient", "grad.", 2),
    ("update", "update", "upd.", 5),
)
"""Statistic, its heading, the short one, and when its column leaves a narrow terminal: larger numbers first, 0 never."""


def run_table(run: Run, most: int | None = None, remedies: bool = True) -> RenderableType:
    """Return a run's table of layers and its top five alerts.

    Args:
        run: what is known of it.
        most: lines of the table at most, those without alerts left out first; all by default.
        remedies: tell what to do about each alert.
    """

    def lines(options: ConsoleOptions) -> Iterator[RenderableType]:
        title = str(run.about.get("model") or "model")
        state = {"running": "in training", "stopped": "its process is gone", "unknown": "", "ended": ""}[run.state]
        yield Text(spelled(" · ".join(filter(None, (title, state))), options), style="bold", overflow="fold")
        yield from _wrapped(headline(run), options, "dim")
        table, left_out = _layers(run, most)
        if table is not None:
            yield ""
            yield table
            if left_out:
                without = "without alerts" if left_out <= len(run.layers) - len(worst(run.alerts)) else "more"
                yield from _wrapped(f"and {left_out} layers {without}", options, "dim")
        if run.alerts:
            yield ""
            yield from _alerts(run, options, remedies)

    return Late(lines)


def _layers(run: Run, most: int | None) -> tuple[Fitted | None, int]:
    last, marks = run.last(), worst(run.alerts)
    known = [layer for layer in run.layers if layer.name in last or layer.name in marks]
    if not known:
        return None, 0
    ordered = sorted(known, key=lambda layer: (-marks.get(layer.name, 0), layer.index))
    shown = ordered[: max(1, most)] if most is not None else ordered
    standing = [a for a in ranked_alerts(run.alerts) if a.cleared is None]
    codes = {layer.name: " ".join(dict.fromkeys(a.rule.code for a in standing if a.layer == layer.name)) for layer in shown}
    columns = [
        Col("layer", [(la.name, STYLES[marks[la.name]] if la.name in marks else "") for la in shown], wrap=14),
        Col("function", [la.function or la.kind for la in shown], drop=10, style="dim"),
    ]
    for name, head, short, drop in COLUMNS:
        cells = [spoken(name, last.get(la.name, {}).get(name)) for la in shown]
        if any(c != "–" for c in cells):
            columns.append(Col(head, cells, right=True, drop=drop, short=short))
    if any(codes.values()):
        columns.append(Col("alerts", [(codes[la.name], STYLES.get(marks.get(la.name, Severity.INFO), "")) for la in shown]))
    return Fitted(columns), len(known) - len(shown)


def _alerts(run: Run, options: ConsoleOptions, remedies: bool) -> Iterator[RenderableType]:
    ranked = ranked_alerts(run.alerts)
    for number, alert in enumerate(ranked[:TOP], 1):
        healed = alert.cleared is not None
        head = f"{number}. {'healed' if healed else alert.severity.word}: "
        style = "dim" if healed else STYLES[alert.severity]
        yield from _hanging(head, alert_line(alert), options, style)
        remedy = alert.remedy.summary if alert.remedy else alert.rule.fix
        if remedies and not healed and remedy:
            yield from _hanging("   → ", remedy, options, "")
    if len(ranked) > TOP:
        yield from _wrapped(f"and {len(ranked) - TOP} more alerts", options, "dim")


def _hanging(head: str, text: str, options: ConsoleOptions, style: str) -> Iterator[Text]:
    width = max(20, min(110, options.max_width))
    folded = textwrap.wrap(spelled(head + text, options), width, subsequent_indent="   ", drop_whitespace=True)
    head = spelled(head, options)
    for n, line in enumerate(folded):
        if n == 0 and line.startswith(head.rstrip()):
            cut = len(head.rstrip())
            yield Text.assemble((line[:cut], style), line[cut:], overflow="fold")
        else:
            yield Text(line, overflow="fold")


def _wrapped(text: str, options: ConsoleOptions, style: str) -> Iterator[Text]:
    for line in textwrap.wrap(spelled(text, options), max(20, min(110, options.max_width))):
        yield Text(line, style=style, overflow="fold")
