"""A diagnosis as one HTML file that needs nothing else."""

from __future__ import annotations

import json
import os
from html import escape
from pathlib import Path

from nonlin.diagnose.entries import Entry
from nonlin.diagnose.result import Diagnosis
from nonlin.diagnose.text import seen_line, where
from nonlin.findings import Severity
from nonlin.view.frame import page
from nonlin.view.report import write_text

__all__ = ["html_page", "write_page"]

_WATCHED = ("course", "maps", "units", "values")
"""Parts of the watch's own report that are shown below the findings."""


def write_page(found: Diagnosis, path: str | os.PathLike[str]) -> Path:
    """Write a diagnosis as one HTML file and return its path.

    Raises:
        StoreError: the file cannot be written.
    """
    return write_text(path, html_page(found))


def html_page(found: Diagnosis) -> str:
    """Return a diagnosis as a self-contained HTML page: what to do first, then what training showed."""
    from nonlin.watch.page import sections
    from nonlin.watch.skin import SCRIPT, STYLE

    facts = found.facts
    made = f"{facts['data']}; loss {facts['loss']}; {facts['optimizer']}; seed {facts['seed']}."
    body = [f"<h1>{escape(found.name)}: {escape(found.headline)}</h1>", f'<p class="lead">{escape(found.course.sentence())}</p>',
            f'<p class="when">{escape(made)}</p>']  # fmt: skip
    if found.advice:
        body.append(f'<p class="note">{escape(found.advice)}</p>')
    told = list(zip(found.entries, found.diffs, strict=True))
    urgent = [(e, d) for e, d in told if e.severity > Severity.INFO]
    mild = [(e, d) for e, d in told if e.severity == Severity.INFO]
    if urgent:
        body.append(f'<h2>What to change, the first thing first</h2><ol class="alerts" role="list">'
                    f"{''.join(_card(e, d) for e, d in urgent)}</ol>")  # fmt: skip
    if mild:
        body.append(f"<details id='mild'><summary>Worth knowing: {len(mild)}</summary>"
                    f'<ol class="alerts" role="list">{"".join(_card(e, d) for e, d in mild)}</ol></details>')  # fmt: skip
    body += [f'<p class="when">{escape(r)}</p>' for r in found.remarks]
    if found.course.run.samples:
        body += [f'<section id="{n}">{html}</section>' for n, html in sections(found.course.run) if n in _WATCHED and html]
    if found.printed:
        body.append(f"<details><summary>The model</summary><pre>{escape(found.printed)}</pre></details>")
    rows = "".join(f"<dt>{escape(str(k))}</dt><dd>{escape(str(v))}</dd>" for k, v in facts.items())
    body.append(f"<h2>How it was made</h2><dl>{rows}</dl>")
    text = escape(json.dumps(found.to_json(), indent=1, ensure_ascii=False))
    body.append(f"<details><summary>Everything as JSON</summary><pre>{text}</pre></details>")
    return page(f"{found.name}: diagnosis", f"<main>{''.join(body)}</main>", style=STYLE, script=SCRIPT)


def _card(entry: Entry, diff: str) -> str:
    remedy, look = entry.remedy, f"s{entry.severity:d}"
    parts = [
        f'<li class="{look}"><h3><span class="badge {look}">{entry.severity.word}</span> '
        f"{escape(entry.rule.name.replace('-', ' '))} · <code>{escape(where(entry.place, entry.places))}</code></h3>",
        f"<p>{escape(entry.message)}</p>",
    ]
    if entry.proof:
        parts.append(f"<p>{escape(entry.proof)}</p>")
    parts.append(f'<p class="when">{entry.rule.code}, {escape(entry.cause)}, {escape(entry.confidence)}.</p>')
    if seen := seen_line(entry):
        parts.append(f"<p><b>Seen in training:</b> {escape(seen)}</p>")
    parts.append(f"<p><b>What to do:</b> {escape(remedy.summary if remedy else entry.rule.fix)}</p>")
    if diff:
        parts.append(f"<pre>{_coloured(diff)}</pre>")
    told = [("If wrong", entry.cost)]
    if remedy:
        told = [("Expect", remedy.expect), ("Check", remedy.check), *told]
    parts += [f'<p class="when"><b>{name}:</b> {escape(text)}</p>' for name, text in told if text]
    parts.append(f"<details><summary>Why this matters</summary><p>{escape(entry.rule.why)}</p>"
                 f'<p class="when">Source: {escape(entry.rule.source)}</p></details></li>')  # fmt: skip
    return "".join(parts)


def _coloured(diff: str) -> str:
    tags = {"-": "del", "+": "ins"}
    lines = []
    for line in diff.splitlines():
        tag = tags.get(line[:1])
        lines.append(f"<{tag}>{escape(line)}</{tag}>" if tag else escape(line))
    return "\n".join(lines)
