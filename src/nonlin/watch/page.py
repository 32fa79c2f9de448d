"""The report of a watched training: one HTML file that needs nothing else, and opens from a double click."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Protocol

from nonlin.errors import ParameterError
from nonlin.view.charts import Series, line_chart
from nonlin.view.frame import page
from nonlin.view.report import write_text
from nonlin.watch.course import alert_times, unit_histograms
from nonlin.watch.heat import Grid, grid, heat_map
from nonlin.watch.history import Run, ranked_alerts, worst
from nonlin.watch.record import open_record
from nonlin.watch.records import STATISTICS, Alert, Statistic
from nonlin.watch.skin import SCRIPT, STYLE
from nonlin.watch.words import headline, spoken

__all__ = ["Watched", "html_report", "report", "sections"]

TOP = 5
CELLS = 400_000  # of all heat maps together: about half a megabyte
ROWS = 300  # of the table of last values, and of each map
OPEN = ("dead", "saturated", "grad_norm")
"""The maps that are open when the page is, where no alert asks for others."""
MAPS_OF: Mapping[str, tuple[str, ...]] = {
    "NW101": ("dead", "dormant"),
    "NW102": ("saturated",),
    "NW103": ("grad_norm",),
    "NW104": ("grad_norm",),
    "NW106": ("spread",),
    "NW107": ("spread",),
    "NW111": ("update",),
    "NW114": ("rate",),
    "NW115": ("centre",),
    "NW116": ("std",),
}
"""A rule -> the maps that show what it means."""


class Watched(Protocol):
    """What a watch is to its report: something that knows its run."""

    def run(self) -> Run:
        """Return what is known so far."""


def report(of: Run | Watched | str | os.PathLike[str], path: str | os.PathLike[str]) -> Path:
    """Write the report of a run as one HTML file, and return its path.

    Args:
        of: a run, anything with a ``run()`` that returns one (a watch, a ``History``), or the path of a record.
        path: of the file; its folder is made where it is missing.

    Raises:
        StoreError: the record cannot be read, or the file not be written.
        ParameterError: ``of`` is none of these.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report(Run(), folder + "/report.html").stat().st_size < 100_000
    True
    """
    return write_text(path, html_report(_run_of(of)))


def _run_of(of: Run | Watched | str | os.PathLike[str]) -> Run:
    if isinstance(of, Run):
        return of
    if isinstance(of, str | os.PathLike):
        return open_record(of, most=2000)
    if callable(getattr(of, "run", None)):
        found = of.run()
        if isinstance(found, Run):
            return found
    raise ParameterError(
        f"a report is made of a Run, a History, a watch or the path of a record, not of {type(of).__name__}; "
        "give for instance open_record('run.sqlite')."
    )


def html_report(run: Run) -> str:
    """Return the report of a run as one self-contained HTML page."""
    body = "\n".join(f'<section id="{name}">{html}</section>' for name, html in sections(run))
    return page(f"{_model(run)}: what happened in training", f"<main>{body}</main>", style=STYLE, script=SCRIPT)


def sections(run: Run) -> list[tuple[str, str]]:
    """Return the parts of the page as (id, HTML), each of which can be replaced alone."""
    made: list[tuple[str, str]] = [("summary", _summary(run)), ("alerts", _alerts(run)), ("course", _course(run))]
    made += [("maps", _maps(run)), ("units", _units(run)), ("values", _values(run)), ("facts", _facts(run))]
    return made


def _model(run: Run) -> str:
    return str(run.about.get("model") or "A model")


def _summary(run: Run) -> str:
    state = {
        "running": "Still in training.",
        "stopped": "Its process is gone without having ended the watch: killed, or crashed.",
        "unknown": "Whether it still runs is unknown: it was started on another machine.",
        "ended": "",
    }[run.state]
    lines = [f"<h1>{escape(_model(run))}: what happened in training</h1>", f'<p class="lead">{escape(headline(run))}</p>']
    if state:
        lines.append(f'<p class="{"warn" if run.state == "stopped" else "note"}">{state}</p>')
    return "".join(lines)


def _alerts(run: Run) -> str:
    ranked = ranked_alerts(run.alerts)
    if not ranked:
        text = "No alert was raised." if run.samples else "Nothing was sampled yet."
        return f'<h2>Alerts</h2><p class="fine">{text}</p>'
    items = "".join(_card(a) for a in ranked[:TOP])
    rest = ranked[TOP:]
    more = ""
    if rest:
        listed = "".join(_card(a) for a in rest[:60])
        beyond = f"<p>and {len(rest) - 60} more in the record.</p>" if len(rest) > 60 else ""
        more = (f'<details id="more-alerts"><summary>{len(rest)} more alerts</summary><ol class="alerts" role="list">{listed}</ol>'
                f"{beyond}</details>")  # fmt: skip
    title = f"The top {TOP} of {len(ranked)} alerts" if rest else "Alerts"
    return f'<h2>{title}</h2><ol class="alerts" role="list">{items}</ol>{more}'


def _card(alert: Alert) -> str:
    """Return one alert: what, where, since when, and what to do about it."""
    healed = alert.cleared is not None
    word, look = ("healed", "healed") if healed else (alert.severity.word, f"s{alert.severity:d}")
    where = f"<code>{escape(alert.layer)}</code>" if alert.layer else "the model"
    since = f"from step {alert.step} to step {alert.cleared}, when it healed" if healed else f"since step {alert.step}"
    parts = [
        f'<li class="{look}"><h3><span class="badge {look}">{word}</span> '
        f"{escape(alert.rule.name.replace('-', ' '))} · {where}</h3>",
        f"<p>{escape(alert.message[:1].upper() + alert.message[1:])}</p>",
        f'<p class="when">{escape(alert.rule.code)}, {since}, {escape(alert.confidence)}</p>',
    ]
    remedy = alert.remedy
    if not healed:
        parts.append(f"<p><b>What to do:</b> {escape(remedy.summary if remedy else alert.rule.fix)}</p>")
    if remedy and not healed and (remedy.before or remedy.after):
        parts.append(f"<pre>{_changed(remedy.before, remedy.after)}</pre>")
    told = [("expect", remedy.expect), ("check", remedy.check)] if remedy and not healed else []
    parts += [f'<p class="when"><b>{name}:</b> {escape(text)}</p>' for name, text in told if text]
    why = " ".join(filter(None, (alert.rule.what, alert.rule.why)))
    parts.append(f'<details><summary>Why this matters</summary><p>{escape(why)}</p><p class="when">Source: '
                 f"{escape(alert.rule.source)}</p></details></li>")  # fmt: skip
    return "".join(parts)


def _changed(before: str, after: str) -> str:
    lines = [f"<del>- {escape(line)}</del>" for line in before.splitlines()]
    return "\n".join([*lines, *(f"<ins>+ {escape(line)}</ins>" for line in after.splitlines())])


def _course(run: Run) -> str:
    curves = []
    for statistic in ("loss", "grad_ratio", "lr"):
        found = run.curve(statistic)
        row = next(s for s in STATISTICS if s.name == statistic)
        flat = statistic != "loss" and len({v for _, v in found}) < 2  # a constant rate is told by the summary
        if found and not flat:
            y = [v if math.isfinite(v) else None for _, v in found]
            title = row.title.capitalize() + (f", {row.unit}" if row.unit else "")
            curves.append(line_chart([Series(0, row.title, [s for s, _ in found], y)], title, "step", may_log=True))
    parts = ["<h2>Course of the training</h2>"]
    broken = [s for s, v in run.curve("loss") if not math.isfinite(v)]
    if broken:
        parts.append(f'<p class="warn">The loss is NaN or infinite from step {broken[0]} on, in {len(broken)} samples.</p>')
    parts.append(f'<div class="curves">{"".join(curves)}</div>' if curves else "<p>No loss was told to the watch.</p>")
    if run.alerts:
        parts += ["<h3>Alerts over time</h3>", f'<div class="wide">{alert_times(run)}</div>']
    return "".join(parts)


def _maps(run: Run) -> str:
    marks = worst(run.alerts)
    names = [la.name for la in run.layers if any(la.name in s.layers for s in run.samples)]
    measured = [s for s in STATISTICS if s.per == "layer" and s.name in run.statistics()]
    if not names or not measured:
        return "<h2>Layers over time</h2><p>No statistic of a layer was measured.</p>"
    left_out = ""
    if len(names) > ROWS:
        kept = {n for n in names if n in marks} | set(names[:: math.ceil(len(names) / ROWS)])
        left_out = f" Of {len(names)} layers those with alerts and one in {math.ceil(len(names) / ROWS)} are shown."
        names = [n for n in names if n in kept]
    columns = max(24, min(240, CELLS // (len(names) * len(measured))))
    whole = grid(run, names, [marks.get(n) for n in names], columns)
    asked = {m for a in run.alerts if a.cleared is None for m in MAPS_OF.get(a.rule.code, ())}
    shown = asked or set(OPEN)
    parts = ["<h2>Layers over time</h2><p>From the first layer at the top to the last. Point at a cell, or move with the arrow "
             f"keys, to read its value; bars beside names mark layers with alerts.{left_out}</p>",
             '<div class="heats">']  # fmt: skip
    for statistic in sorted(measured, key=lambda s: s.name not in shown):
        parts.append(_map(statistic, whole, run, open_=statistic.name in shown))
    axes = f"data-layers='{_attribute(whole.layers)}' data-steps='{_attribute(whole.steps)}'"
    return "".join([*parts, f'</div><div id="axes" hidden {axes}></div>'])


def _map(statistic: Statistic, whole: Grid, run: Run, open_: bool) -> str:
    """Return the map of one statistic, of those layers only that have it."""
    cells = whole.cells(run, statistic.name)
    band = ""
    if statistic.reference:
        low, high = statistic.reference
        band = f"; texts call {spoken(statistic.name, low)} to {spoken(statistic.name, high)} healthy, many good networks differ"
    kept = [n for n, row in enumerate(cells) if any(v is not None for v in row)]
    part = Grid(tuple(whole.layers[n] for n in kept), whole.steps, tuple(whole.marks[n] for n in kept))
    figure = heat_map(statistic, part, [cells[n] for n in kept], kept)
    return (f'<details id="map-{statistic.name}"{" open" if open_ else ""}><summary>{escape(statistic.title.capitalize())} '
            f"<small>{escape(statistic.what + band)}</small></summary>{figure}</details>")  # fmt: skip


def _attribute(value: Sequence[Any]) -> str:
    return escape(json.dumps(list(value), separators=(",", ":")))


def _units(run: Run) -> str:
    found = unit_histograms(run)
    if not found:
        return "<h2>Units</h2><p>No statistic of single units was measured yet.</p>"
    return "<h2>Units</h2>" + found


def _values(run: Run) -> str:
    last, marks = run.last(), worst(run.alerts)
    layers = [la for la in run.layers if la.name in last]
    if not layers:
        return ""
    shown = sorted(layers, key=lambda la: (-marks.get(la.name, 0), la.index))[:ROWS]
    used = [s for s in STATISTICS if any(s.name in last[la.name] for la in shown)]
    heads = ["layer", "function", "units", *(s.title for s in used), "alerts"]
    lines = []
    for la in shown:
        codes = " ".join(dict.fromkeys(a.rule.code for a in run.alerts if a.layer == la.name and a.cleared is None))
        cells: list[tuple[Any, str, bool]] = [
            (la.index, escape(la.name), False),
            (la.function or la.kind, escape(la.function or la.kind), True),
            (la.units, str(la.units or "–"), False),
        ]
        cells += [(last[la.name].get(s.name), escape(spoken(s.name, last[la.name].get(s.name))), False) for s in used]
        mark = f'<span class="badge s{marks[la.name]:d}">{escape(codes)}</span>' if la.name in marks else ""
        cells.append((marks.get(la.name, 0) * 1, mark, True))
        data = "".join(
            f'<td data-v="{escape("" if v is None else str(v))}"{" class=words" if word else ""}>{text}</td>'
            for v, text, word in cells
        )
        lines.append(f"<tr>{data}</tr>")
    head = "".join(f'<th scope="col"><button type="button">{escape(h)}</button></th>' for h in heads)
    opened = " open" if len(layers) <= 40 else ""
    left = f"<p>{len(layers) - ROWS} layers without room here are in the record.</p>" if len(layers) > ROWS else ""
    table = f'<table class="values"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    return (f'<h2>Last values</h2><details id="last-values"{opened}><summary>{len(layers)} layers, those with alerts first</summary>'
            f'<div class="wide" tabindex="0" role="region" aria-label="last values">{table}</div>{left}</details>')  # fmt: skip


def _facts(run: Run) -> str:
    told: list[tuple[str, str]] = [(k.replace("_", " "), _fact(v)) for k, v in run.about.items() if v not in (None, "")]
    if run.samples:
        first, last = run.samples[0], run.samples[-1]
        told.append(
            ("samples", f"{len(run.samples)}, steps {first.step} to {last.step}, {last.seconds - first.seconds:.1f} s")
        )
    told += [("layers", str(len(run.layers))), ("alerts", f"{len(run.alerts)} raised, "
             f"{sum(a.cleared is not None for a in run.alerts)} healed")]  # fmt: skip
    ends: Sequence[tuple[str, str]] = [("started", run.started), ("ended", run.ended)]
    told += [(name, text) for name, text in ends if text]
    if run.source:
        told.append(("record", f"{run.source}, run {run.number} of {run.runs}"))
    rows = "".join(f"<dt>{escape(t)}</dt><dd>{escape(text)}</dd>" for t, text in told)
    meanings = "".join(
        f"<dt>{escape(s.title)}</dt><dd>{escape(s.what)}</dd>"
        for s in STATISTICS if s.name in run.statistics() or (s.per == "model" and run.curve(s.name))
    )  # fmt: skip
    return f"<h2>How it was made</h2><dl>{rows}</dl>" + (f"<h2>What is measured</h2><dl>{meanings}</dl>" if meanings else "")


def _fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_fact(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_fact, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}".replace(",", " ") if isinstance(value, int) else str(value)
