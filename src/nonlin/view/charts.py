"""Charts of a study as inline SVG: no library, no request, coloured by the page's style sheet.

Every function keeps one class, ``f0``, ``f1``, ..., through all charts of a report, so that the page can pick it out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import median_low
from typing import Any

from nonlin.view import words
from nonlin.view.words import Rows

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's colours, which colour-blind readers can tell apart; their yellow is too pale for white paper."""
NIGHT = ("#4CA6E8", "#FF8A57", "#2CC79B", "#E6A6CB", "#F0B83F", "#A5DBFF", "#EEEEEE")
"""The same hues for a dark page."""
DASHES = ("none", "7 3", "7 3 2 3", "2 2.5")
"""Four line styles against seven colours: 28 lines before one comes again, and neighbours differ in both."""

_POINTS = 200  # of a line: a screen shows no more, and the report stays small

CURVES: Mapping[str, tuple[str, bool]] = {
    "loss": ("Training loss", False),
    "validation_loss": ("Validation loss", False),
    "accuracy": ("Training accuracy, %", True),
    "validation_accuracy": ("Validation accuracy, %", True),
}
"""What each learning curve is called, and whether it is a share."""


@dataclass(frozen=True)
class Series:
    """One line: its function's number and label, its points, and (low, high) for each point where intervals are known."""

    number: int
    label: str
    x: Sequence[float]
    y: Sequence[float | None]
    ends: Sequence[tuple[float | None, float | None]] = ()


def style_of(number: int) -> str:
    """Return the classes that draw the ``number``-th function's line."""
    return f"f{number} c{number % len(PALETTE)} d{number % len(DASHES)}"


def swatch(number: int) -> str:
    """Return a short piece of a function's line, for a legend."""
    return (
        f'<svg class="swatch" viewBox="0 0 34 10" width="34" height="10" aria-hidden="true">'
        f'<path class="line {style_of(number)}" d="M1 5H33"/></svg>'
    )


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers within [low, high], about so many.

    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(m for m in (1, 2, 5, 10) if raw <= 1.0001 * m * power)
    return [round(n * step, 12) for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    """Return powers of ten within [low, high], with 2 and 5 times them where there are few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1, 2, 5) if len(powers) < 4 else (1,)
    found = [m * 10.0**p for p in powers for m in factors if low * 0.999 <= m * 10.0**p <= high * 1.001]
    return found[:: max(1, math.ceil(len(found) / 8))]


def line_chart(
    series: Sequence[Series],
    title: str,
    x_label: str,
    *,
    x_ticks: Sequence[tuple[float, str]] | None = None,
    room: float = 0.0,
    may_log: bool = False,
    size: tuple[int, int] = (380, 250),
) -> str:
    """Return an SVG of lines over a common x axis.

    With ``may_log``, positive values that spread over a factor of 50 or more get a logarithmic scale.
    ``room`` is left free at both ends of the x axis, in its unit. Unknown points break a line. Points have a title with
    their numbers, for the mouse.
    """
    width, height = size
    left, right, top, bottom = 46, 10, 28, 36
    seen = [v for s in series for v in (*s.y, *(e for pair in s.ends for e in pair)) if v is not None]
    low, high = (min(seen), max(seen)) if seen else (0.0, 1.0)
    logarithmic = may_log and low > 0 and high / low >= 50
    if not logarithmic:
        free = 0.05 * (high - low) or max(abs(high), 1.0) / 2
        low, high = (low - free if low < 0 or low > free else 0.0), high + free
    scale: Callable[[float], float] = math.log10 if logarithmic else float
    xs = [v for s in series for v in s.x] or [0.0, 1.0]
    x_low, x_high = min(xs) - room, max(xs) + room
    across = (width - left - right) / ((x_high - x_low) or 1.0)
    up = (height - top - bottom) / ((scale(high) - scale(low)) or 1.0)
    middle = (width - left - right) / 2 if x_low == x_high else 0.0

    def px(v: float) -> float:
        return round(left + (v - x_low) * across + middle, 1)

    def py(v: float) -> float:
        return round(height - bottom - (scale(v) - scale(low)) * up, 1)

    parts = [_text("head", left, 16, title + (" (log scale)" if logarithmic else ""))]
    for v in _log_ticks(low, high) if logarithmic else ticks(low, high):
        parts.append(f'<path class="grid" d="M{left} {py(v)}H{width - right}"/>')
        parts.append(_text("tick", left - 6, py(v) + 4, f"{v:g}", "end"))
    for v, text in x_ticks if x_ticks is not None else [(v, f"{v:g}") for v in _whole_ticks(x_low, x_high)]:
        parts.append(_text("tick", px(v), height - bottom + 16, text, "middle"))
    parts.append(f'<path class="axis" d="M{left} {top}V{height - bottom}H{width - right}"/>')
    parts.append(_text("tick", (left + width - right) / 2, height - 4, x_label, "middle"))
    parts += [_line(s, px, py) for s in series]
    return _svg(width, height, title, parts)


def _whole_ticks(low: float, high: float) -> list[float]:
    return [low] if low == high else [v for v in ticks(low, high, 6) if v == round(v)]


def _line(s: Series, px: Callable[[float], float], py: Callable[[float], float]) -> str:
    step = max(1, math.ceil(len(s.x) / _POINTS))
    chosen = sorted({*range(0, len(s.x), step), len(s.x) - 1}) if len(s.x) else []
    drawn, pen = [], "M"
    for i in chosen:
        y = s.y[i]
        if y is None:
            pen = "M"
            continue
        drawn.append(f"{pen}{px(s.x[i]):g} {py(y):g}")
        pen = "L"
    parts = [f'<g class="one {style_of(s.number)}"><path class="line {style_of(s.number)}" d="{"".join(drawn)}"/>']
    for i, (low, high) in enumerate(s.ends):
        if low is not None and high is not None:
            stroke = f"M{px(s.x[i]) - 4:g} {py(low):g}h8m-4 0V{py(high):g}m-4 0h8"
            parts.append(f'<path class="whisker {style_of(s.number)}" d="{stroke}"/>')
    for i in chosen[:: max(1, len(chosen) // 40)]:
        y = s.y[i]
        if y is not None:
            parts.append(f'<circle class="dot {style_of(s.number)}" cx="{px(s.x[i]):g}" cy="{py(y):g}" r="2">'
                         f"<title>{escape(s.label)}, at {s.x[i]:g}: {y:.4g}</title></circle>")  # fmt: skip
    return "".join(parts) + "</g>"


def learning_curves(rows: Rows, numbers: Mapping[str, int]) -> list[str]:
    """Return one SVG for each curve the trials recorded: loss and accuracy, in training and on held-out data.

    Args:
        rows: of one depth, as in ``Result.to_json()``.
        numbers: label of a function -> its number in this report.
    """
    made = []
    for key, (title, is_share) in CURVES.items():
        series = []
        for row in rows:
            curve = row["curves"].get(key)
            if curve:
                y = [None if v is None else 100 * v if is_share else v for v in curve]
                series.append(Series(numbers[row["name"]], row["name"], range(1, len(y) + 1), y))
        if series:
            made.append(line_chart(series, title, "epoch", may_log=not is_share))
    return made


def depth_chart(result: Mapping[str, Any], numbers: Mapping[str, int]) -> str:
    """Return an SVG of test accuracy against the number of hidden layers, with intervals."""
    groups = words.by_depth(result["rows"])
    depths = sorted(groups)
    series = []
    for name, number in numbers.items():
        found = [(n, r) for n, d in enumerate(depths) for r in groups[d] if r["name"] == name]
        shift = 0.02 * (number - (len(numbers) - 1) / 2)  # whiskers beside each other, not on top
        series.append(
            Series(
                number,
                name,
                [n + shift for n, _ in found],
                [None if r["mean"] is None else 100 * r["mean"] for _, r in found],
                [tuple(None if r[k] is None else 100 * r[k] for k in ("low", "high")) for _, r in found],  # type: ignore[misc]
            )
        )
    marks = [(float(n), str(d)) for n, d in enumerate(depths)]
    return line_chart(series, "Test accuracy, %, with intervals", "hidden layers", x_ticks=marks, room=0.15, size=(760, 320))


def interval_plot(rows: Rows, numbers: Mapping[str, int]) -> str:
    """Return an SVG of each function's difference to the baseline with its interval, over the band that counts as the same.

    Intervals far outside the others' are cut at the edge, with an arrow and the number.
    """
    baseline, margin = rows[0]["baseline"], 100 * rows[0]["margin"]
    width, right, top, line = 760, 24, 34, 26
    left = 24 + 7 * max(len(_short(r["name"])) for r in rows)
    height = top + line * len(rows) + 44
    spans = {r["name"]: _span(r) for r in rows}
    reaches = sorted(max(map(abs, s)) for s in spans.values() if s)
    typical = max(median_low(reaches or [0.0]), margin)
    limit = 1.08 * max(1.5 * margin, *(r for r in reaches if r <= 5 * typical), 1e-3)
    across = (width - left - right) / (2 * limit)

    def px(v: float) -> float:
        return float(round(left + (max(-limit, min(limit, v)) + limit) * across, 1))

    floor = height - 44
    parts = [_text("head", left, 16, f"Difference to {_short(baseline)} in points of test accuracy")]
    if margin > 0:
        wide = px(margin) - px(-margin)
        parts.append(f'<rect class="band" x="{px(-margin)}" y="{top}" width="{wide:.1f}" height="{floor - top}"/>')
    for v in ticks(-limit, limit, 8):
        parts.append(f'<path class="grid" d="M{px(v)} {top}V{floor}"/>')
        parts.append(_text("tick", px(v), floor + 16, f"{v:+g}" if v else "0", "middle"))
    parts.append(f'<path class="axis" d="M{px(0)} {top}V{floor}"/>')
    band = f"grey band: within {words.margin_text(rows[0]['margin'])} counts as the same" if margin > 0 else ""
    better = "right is better" if rows[0].get("higher_is_better", True) else "left is better"
    parts.append(_text("tick", left, height - 6, "; ".join(filter(None, (better, band)))))
    for n, row in enumerate(rows):
        y = top + line * n + line / 2
        style = style_of(numbers[row["name"]])
        parts.append(f'<g class="one {style}"><title>{escape(row["name"])}: {escape(row["sentence"])}</title>')
        parts.append(_text("name", left - 12, y + 4, _short(row["name"]), "end"))
        parts += _whisker(row, spans[row["name"]], style, y, px, limit)
        parts.append("</g>")
    return _svg(width, height, f"Differences to {baseline}", parts)


def _span(row: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the ends of what is drawn for a row, in points: its interval, or its difference alone."""
    ends = [100 * row[k] for k in ("difference", "diff_low", "diff_high") if row[k] is not None]
    return (min(ends), max(ends)) if ends else None


def _whisker(
    row: Mapping[str, Any],
    span: tuple[float, float] | None,
    style: str,
    y: float,
    px: Callable[[float], float],
    limit: float,
) -> list[str]:
    if span is None:
        text = "the baseline" if row["verdict"] == "baseline" else "no seed to compare"
        return [_text("tick", px(0) + 6, y + 4, text)]
    low, high = span
    if low > limit or high < -limit:
        side = 1 if low > limit else -1
        edge, anchor = px(side * limit), "end" if side > 0 else "start"
        return [f'<path class="arrow {style}" d="M{edge} {y}l{-8 * side} -5v10z"/>',
                _text("tick", edge - 14 * side, y + 4, words.points(row["difference"], 1, sign=True), anchor)]  # fmt: skip
    made = []
    if row["diff_low"] is not None:
        made.append(f'<path class="whisker {style}" d="M{px(low)} {y - 5:g}v10m0 -5H{px(high)}m0 -5v10"/>')
    made.append(f'<circle class="spot {style}" cx="{px(100 * row["difference"])}" cy="{y:g}" r="4.5"/>')
    return made


def _text(style: str, x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text class="{style}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _short(label: str, most: int = 24) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


def _svg(width: int, height: int, label: str, parts: Sequence[str]) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
