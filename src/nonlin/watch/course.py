"""Two small charts of a watched training: alerts on a time line, and histograms over the units of a layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from nonlin.view.charts import ticks
from nonlin.watch.history import Run, ranked_alerts, worst
from nonlin.watch.records import Layer

__all__ = ["alert_times", "unit_histograms"]

MOST_ALERTS = 14
MOST_LAYERS = 24
DORMANT = 1e-3
"""Largest |output| below which a unit is called dormant; the statistic of the name says so too."""


def alert_times(run: Run) -> str:
    """Return an SVG with a bar for each alert, from the step it was raised at to the one it healed at or the last."""
    ranked = sorted(ranked_alerts(run.alerts)[:MOST_ALERTS], key=lambda a: (a.step, a.rule.code))
    width, left, right, line, top = 760, 46, 10, 32, 6
    floor = top + line * len(ranked)
    first = min([*(a.step for a in ranked), *(s.step for s in run.samples[:1])])
    last = max([run.last_step, *(a.cleared or a.step for a in ranked), first + 1])
    across = (width - left - right) / (last - first)

    def px(step: float) -> float:
        return round(left + (step - first) * across, 1)

    parts = []
    for v in ticks(first, last, 6):
        if v == round(v):
            parts.append(f'<path class="grid" d="M{px(v):g} {top}V{floor}"/>')
            parts.append(f'<text class="tick" x="{px(v):g}" y="{floor + 15}" text-anchor="middle">{round(v)}</text>')
    for n, alert in enumerate(ranked):
        y = top + line * n
        end = alert.cleared if alert.cleared is not None else last
        state = " healed" if alert.cleared is not None else ""
        until = f"healed at {alert.cleared}" if state else "still stands"
        label = f"{alert.severity.word}: {alert.rule.name}, {_short(alert.layer or 'the model', 60)}, {until}"
        long = max(6.0, px(end) - px(alert.step))
        start = px(alert.step)
        anchored = start if start + 6.4 * len(label) < width else width - right
        side = "start" if anchored == start else "end"
        parts.append(
            f'<text class="name" x="{anchored:g}" y="{y + 13}" text-anchor="{side}">{escape(label)}</text>'
            f'<rect class="bar s{alert.severity:d}{state}" x="{min(start, width - right - 6):g}" y="{y + 18}" width="{long:g}" '
            f'height="7" rx="2"><title>{escape(alert.message)}</title></rect>'
        )
    parts.append(f'<text class="tick" x="{(left + width - right) / 2:g}" y="{floor + 30}" text-anchor="middle">step</text>')
    told = f"{len(ranked)} alerts over steps {first} to {last}: " + "; ".join(
        f"{a.rule.name} of {a.layer or 'the model'} from {a.step}" for a in ranked
    )
    return (f'<svg class="chart" viewBox="0 0 {width} {floor + 36}" width="{width}" role="img" aria-label="{escape(told)}">'
            f"{''.join(parts)}</svg>")  # fmt: skip


def unit_histograms(run: Run) -> str:
    """Return histograms over the units of each layer, those with alerts first; empty where no unit was measured."""
    found, marks, last = run.units(), worst(run.alerts), run.last()
    layers = [la for la in run.layers if "unit_rate" in found.get(la.name, {}) or "unit_max" in found.get(la.name, {})]
    if not layers:
        return ""
    dead = {la.name: last.get(la.name, {}).get("dead", 0.0) for la in layers}
    ordered = sorted(layers, key=lambda la: (-marks.get(la.name, 0), -dead[la.name] if dead[la.name] > 0.1 else 0, la.index))
    figures = "".join(_figure(la, found[la.name]) for la in ordered[:MOST_LAYERS])
    more = f"<p>{len(layers) - MOST_LAYERS} more layers are in the record.</p>" if len(layers) > MOST_LAYERS else ""
    return (
        "<p>How many units are on how often: share of outputs above 0, unit by unit. The first bar, apart from the others, "
        "holds the units that were never on, in red those that are dormant as well: no |output| reached "
        f'{DORMANT:g}.</p><div class="units">{figures}</div>{more}'
    )


def _figure(layer: Layer, arrays: dict[str, Any]) -> str:
    """Return the histogram of a layer's units and, in words, how many are low: never on, or dormant where that is known.

    A unit of a smooth function that was never above 0 may still tell something below it; one that is dormant does not.
    """
    import numpy as np

    tops = np.asarray(arrays["unit_max"], float).ravel() if "unit_max" in arrays else None
    rates = np.asarray(arrays["unit_rate"], float).ravel() if "unit_rate" in arrays else None
    told = []
    count = len(tops) if tops is not None else 0 if rates is None else len(rates)
    dormant = int((tops < DORMANT).sum()) if tops is not None else None
    if rates is not None:
        never = int((rates == 0).sum())
        low = never if dormant is None else min(never, dormant)
        counts, _ = np.histogram(rates[rates > 0], bins=20, range=(0.0, 1.0))
        told.append(_marked(f"{never} of {count} units never on", low > 0.1 * count))
        label = f"{layer.name}: {never} of {count} units never on"
        svg = _histogram(never, low, [int(c) for c in counts], ("never", "0", "50 %", "100 %"), label)
    else:
        assert tops is not None
        assert dormant is not None
        finite = tops[np.isfinite(tops) & (tops >= DORMANT)]
        counts, _ = np.histogram(np.log10(np.minimum(finite, 99.9)), bins=20, range=(math.log10(DORMANT), 2.0))
        label = f"{layer.name}: {dormant} of {count} units dormant"
        svg = _histogram(dormant, dormant, [int(c) for c in counts], (f"< {DORMANT:g}", "", "|output|", "100"), label)
    if tops is not None and dormant is not None:
        broken = int((~np.isfinite(tops)).sum())
        if broken:
            told.append(_marked(f"{broken} NaN or infinite", True))
        told.append(_marked(f"{dormant} dormant", rates is None and dormant > 0.1 * count))
        finite = tops[np.isfinite(tops)]
        told.append(f"median of the largest |output| {float(np.median(finite)):.3g}" if finite.size else "no finite output")
    about = f" · {escape(layer.function)}" if layer.function else ""
    return f"<figure>{svg}<figcaption><b>{escape(layer.name)}</b>{about}<br>{'; '.join(told)}</figcaption></figure>"


def _marked(text: str, bad: bool) -> str:
    return f'<span class="bad">{text}</span>' if bad else text


def _histogram(apart: int, low: int, counts: Sequence[int], labels: tuple[str, str, str, str], label: str) -> str:
    """Return bars over units: those that stand apart, the ``low`` of them marked, then the others; heights are counts."""
    width, height, floor, top = 300, 112, 92, 14
    left = 46
    most = max([apart, *counts, 1])
    bar = (width - left - 6) / len(counts)
    parts = [f'<path class="axis" d="M6 {floor + 0.5:g}H32M{left} {floor + 0.5:g}H{width - 6}"/>']
    for count, style in ((apart, "bar"), (low, "bar low")):
        tall = (floor - top) * count / most
        parts.append(f'<rect class="{style}" x="8" y="{floor - tall:.1f}" width="22" height="{tall:.1f}"/>')
    over = floor - (floor - top) * apart / most - 3
    parts.append(f'<text class="tick" x="19" y="{over:.1f}" text-anchor="middle">{apart}</text>')
    drawn = []
    for n, count in enumerate(counts):
        if count:
            tall = (floor - top) * count / most
            drawn.append(f"M{left + bar * n + 0.5:.1f} {floor}v{-tall:.1f}h{bar - 1:.1f}V{floor}z")
    parts.append(f'<path class="bar" d="{"".join(drawn)}"/>')
    ends = ((19, labels[0], "middle"), (left, labels[1], "start"), ((left + width - 6) / 2, labels[2], "middle"),
            (width - 6, labels[3], "end"))  # fmt: skip
    parts += [
        f'<text class="tick" x="{x:g}" y="{floor + 14}" text-anchor="{side}">{text}</text>' for x, text, side in ends if text
    ]
    return (f'<svg class="chart" viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{escape(label)}">'
            f"{''.join(parts)}</svg>")  # fmt: skip


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else "…" + name[1 - most :]
