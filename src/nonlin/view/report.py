"""The report of a study: one HTML file that needs nothing else, and opens from a double click."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from nonlin.errors import StoreError
from nonlin.view import words
from nonlin.view.charts import depth_chart, interval_plot, learning_curves, swatch
from nonlin.view.frame import page

_GLANCE = ("better", "the same", "undecided", "too few seeds", "worse", "diverges")


def html_report(result: Mapping[str, Any]) -> str:
    """Return the report of a study as one self-contained HTML page.

    Args:
        result: what ``Result.to_json()`` returns.
    """
    study, depths = result["study"], words.by_depth(result["rows"])
    numbers = {f["label"]: n for n, f in enumerate(study["functions"])}
    title = f"{study['task']}: which activation function?"
    network = "" if len(depths) > 1 else f"{words.network(study, next(iter(depths), 0))}; "
    body = [f"<h1>{escape(title)}</h1>", f'<p class="lead">{escape(network + words.training(study))}</p>']
    if missing := words.unfinished(result):
        body.append(f'<p class="warn">{escape(missing)}</p>')
    if study.get("note"):
        body.append(f'<p class="note"><b>Note.</b> {escape(study["note"])}</p>')
    if len(depths) > 1:
        body += ["<h2>Accuracy and depth</h2>", _scrolled(depth_chart(result, numbers)), _legend(numbers)]
    for depth, rows in depths.items():
        body += _depth(study, depth, rows, numbers, several=len(depths) > 1)
    if depths:
        body += ["<h2>How to read this</h2>", _definitions(words.how_to_read(result))]
    body += ["<h2>How it was made</h2>", _definitions(_made(result)), _functions(study)]
    kept = {**result, "rows": [{k: v for k, v in r.items() if k != "curves"} for r in result["rows"]]}
    text = escape(json.dumps(kept, indent=1, ensure_ascii=False, default=str))
    body.append(f"<details><summary>Everything but the curves, as JSON</summary><pre>{text}</pre></details>")
    return page(title, "\n".join(body))


def _depth(
    study: Mapping[str, Any], depth: int, rows: words.Rows, numbers: Mapping[str, int], *, several: bool
) -> list[str]:
    heading = words.section(study, depth) if several else "Ranking"
    made = [f'<section><h2>{escape(heading)}</h2><p class="glance">{_glance(rows)}</p>', _scrolled(_table(rows, numbers))]
    made += ["<details><summary>Each verdict in words</summary><ul>"]
    made += [f"<li><b>{escape(r['name'])}</b>: {escape(r['sentence'])}</li>" for r in rows]
    made += ["</ul></details>"]
    if len(rows) > 1:
        made += ["<h3>How large the differences are</h3>", _scrolled(interval_plot(rows, numbers))]
    curves = learning_curves(rows, numbers)
    if curves:
        broken = " Where a run diverged there is no loss, and its accuracy is what the broken network scored."
        text = f"Means over {words.count(rows[0]['n'], 'seed')}. Point at a function to pick it out."
        text += broken if any(r["diverged"] for r in rows) else ""
        made += [f"<h3>Learning curves</h3><p>{text}</p>", _legend({r["name"]: numbers[r["name"]] for r in rows}),
                 f'<div class="curves">{"".join(curves)}</div>']  # fmt: skip
    return [*made, "</section>"]


def _glance(rows: words.Rows) -> str:
    """Return which functions got which verdict, in a line."""
    baseline = rows[0]["baseline"]
    found = {v: [r["name"] for r in rows if r["verdict"] == v] for v in _GLANCE}
    parts = [f"<b>{v}</b>: {escape(', '.join(names))}" for v, names in found.items() if names]
    return f"Against {escape(baseline)}. " + "; ".join(parts) if parts else f"Only {escape(baseline)} was trained."


def _table(rows: words.Rows, numbers: Mapping[str, int]) -> str:
    d, baseline = words.decimals_for(rows), rows[0]["baseline"]
    level = f"{100 * (1 - rows[0]['alpha']):g} % interval"
    diverged = any(r["diverged"] for r in rows)
    heads = ["rank", "function", "accuracy, %", level, f"vs {baseline}", f"its {level}", "verdict", "dead", "ms/epoch"]
    heads += ["diverged"] * diverged
    lines = []
    for r in rows:
        cells: list[tuple[Any, str]] = [
            (r["rank"], escape(words.rank(r))),
            (r["name"], f"{swatch(numbers[r['name']])} {escape(r['name'])}"),
            (r["mean"], words.points(r["mean"], d)),
            (r["low"], words.interval(r["low"], r["high"], d)),
            (r["difference"], words.points(r["difference"], d, sign=True)),
            (r["diff_low"], words.interval(r["diff_low"], r["diff_high"], d, sign=True)),
            (r["verdict"], f'<span class="verdict {r["verdict"].replace(" ", "-")}">{escape(r["verdict"])}</span>'),
            (r["dead_share"], escape(words.dead(r))),
            (r["seconds_per_epoch"], words.milliseconds(r["seconds_per_epoch"])),
        ]
        cells += [(r["diverged"], f"{r['diverged']} of {r['n']}")] * diverged
        data = "".join(f'<td data-v="{escape("" if v is None else str(v))}">{text}</td>' for v, text in cells)
        lines.append(f'<tr class="one f{numbers[r["name"]]}" title="{escape(r["sentence"])}">{data}</tr>')
    head = "".join(f'<th scope="col"><button type="button">{escape(h)}</button></th>' for h in heads)
    return f'<table class="ranks"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'


def _legend(numbers: Mapping[str, int]) -> str:
    items = "".join(f'<li class="one f{n}">{swatch(n)} {escape(name)}</li>' for name, n in numbers.items())
    return f'<ul class="legend">{items}</ul>'


def _scrolled(inner: str) -> str:
    return f'<div class="wide">{inner}</div>'


def _definitions(pairs: Sequence[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(t)}</dt><dd>{escape(text)}</dd>' for t, text in pairs)}</dl>"


def _made(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the provenance of the numbers as (term, text) pairs; what is not known is called unknown."""
    study, where = result["study"], result.get("environment") or {}
    recipe, trials, machine = study["recipe"], result["trials"], where.get("machine") or {}
    versions = {"python": where.get("python", "unknown"), **(where.get("versions") or {})}
    cores = f", {machine['cores']} cores" if machine.get("cores") else ""
    threads = f", {where['torch_threads']} threads for PyTorch" if where.get("torch_threads") else ""
    optimizer = f"{recipe['optimizer']} with learning rate {recipe['learning_rate']:g}"
    known = f"{trials['known_before']} were known, {trials['trained']} trained in the last run"
    held = f"the last {100 * recipe['validation']:g} % of the training set" if recipe["validation"] else "none held out"
    return [
        ("data", f"{study['task']}: {study.get('data_note') or 'no note'}"),
        ("data SHA-256", study["data"]),
        ("training", f"{recipe['epochs']} epochs, batches of {recipe['batch_size']}, {optimizer}, "
         f"initial weights: {recipe['init']}"),
        ("validation", held),
        ("measured", result["metric"]),
        ("seeds", ", ".join(map(str, study["seeds"]))),
        ("baseline", f"{study['baseline']}; less than {words.margin_text(study['margin'])} from it counts as the same"),
        ("trials", f"{trials['total']} in all; {known}"),
        ("started", str(where.get("created", "unknown"))),
        ("command", shlex.join(map(str, where.get("command", []))) or "unknown"),
        ("versions", ", ".join(f"{k} {v}" for k, v in versions.items())),
        ("machine", f"{machine.get('system', 'unknown')}{cores}{threads}"),
        ("study file", str(result["store"])),
    ]  # fmt: skip


def _functions(study: Mapping[str, Any]) -> str:
    lines = []
    for f in study["functions"]:
        layers = [f["layers"][0]] if len({json.dumps(x, sort_keys=True) for x in f["layers"]}) == 1 else f["layers"]
        lines.append(f"<tr><td>{escape(f['label'])}</td><td>{'<br>'.join(escape(_layer(x)) for x in layers)}</td></tr>")
    head = "<thead><tr><th>function</th><th>formula, from the first layer to the last where they differ</th></tr></thead>"
    return _scrolled(f'<table class="formulas">{head}<tbody>{"".join(lines)}</tbody></table>')


def _layer(layer: Mapping[str, Any]) -> str:
    learned = set(layer.get("learnable", ()))
    params = [f"{k} = {v:.6g}{' at the start, learned' if k in learned else ''}" for k, v in layer["params"].items()]
    return str(layer["formula"]) + (f"   with {', '.join(params)}" if params else "")


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write ``text`` as UTF-8 to ``path``, whole or not at all, making its folder where it is missing; return the path.

    Raises:
        StoreError: it cannot be written; an older file of the name is left as it was.
    """
    target = Path(path).expanduser().resolve()
    if target.exists() and not target.is_file():
        raise StoreError(f"{path} is not a file, so nothing can be written to it; give the name of a file.")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # a full disk may tell only now
        os.replace(part, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}. Choose a folder that may be written, "
            "with room on its disk."
        ) from error
    return Path(path)
