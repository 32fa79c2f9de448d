"""Kinks, jumps and asymptotes in a figure, as the facts know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nonlin.catalogue import Definition
from nonlin.facts.table import fact
from nonlin.view.paper import Look, setting
from nonlin.view.sampling import Floats, values

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "kink": "kink",
        "used": "used at the point",
        "limit": "limit from one side",
        "impulse": "impulse, as high as the jump before",
        "asymptote": "asymptote",
    },
    "zh": {
        "kink": "折点",
        "used": "该点实际取值",
        "limit": "单侧极限",
        "impulse": "冲激,高度为前一阶的跳跃",
        "asymptote": "渐近线",
    },
}
_MOST = 12
"""Points of one function that are marked; a staircase has one on every step."""


def handles(look: Look, words: Mapping[str, str]) -> dict[str, Line2D]:
    """Return what each mark looks like in a legend."""
    plain: dict[str, Any] = {"linestyle": "", "color": look.ink, "markersize": 0.85 * setting("lines.markersize")}
    return {
        "kink": Line2D([], [], marker="D", label=words["kink"], **plain),
        "used": Line2D([], [], marker="o", label=words["used"], **plain),
        "limit": Line2D([], [], marker="o", markerfacecolor=look.paper, label=words["limit"], **plain),
        "impulse": Line2D([], [], marker="^", label=words["impulse"], **plain),
        "asymptote": Line2D([], [], color=look.soft, linestyle=":", label=words["asymptote"]),
    }


def draw(axes: Axes, made: Sequence[Definition], colours: Sequence[Any], order: int,
         drawn: Sequence[tuple[Floats, Floats]], look: Look) -> set[str]:  # fmt: skip
    """Mark one panel, whose axes have their limits; return the names of the marks that were set."""
    seen: set[str] = set()
    lines: set[tuple[str, float, float]] = set()
    low, high = axes.get_xlim()
    for definition, colour, (x, y) in zip(made, colours, drawn, strict=True):
        if definition.kind != "elementwise":
            continue
        for name, marker, px, py in _points(definition, order, low, high):
            face = look.paper if name == "limit" else colour
            axes.plot([px], [py], marker=marker, linestyle="", color=colour, markerfacecolor=face, zorder=5,
                      markersize=0.85 * setting("lines.markersize"))  # fmt: skip
            seen.add(name)
        for at, weight in _impulses(definition, order, low, high):
            _arrow(axes, at, weight, colour)
            seen.add("impulse")
        if order == 0:
            lines |= _asymptotes(definition, x, y, low, high)
    middle = min(max(0.0, low), high)
    for side, slope, start in sorted(lines):
        x = np.array([low, middle] if side == "left" else [middle, high])
        axes.plot(
            x, slope * x + start, color=look.soft, linestyle=":", linewidth=0.75 * setting("lines.linewidth"), zorder=2
        )
        seen.add("asymptote")
    return seen


def _inside(found: Sequence[Mapping[str, Any]], low: float, high: float) -> list[Mapping[str, Any]]:
    inside = [p for p in found if low <= p["x"] <= high]
    return inside if len(inside) <= _MOST else []


def _points(definition: Definition, order: int, low: float, high: float) -> list[tuple[str, str, float, float]]:
    """Return (mark, marker, x, y) of the points of a panel."""
    kinks = _inside(fact(definition, "kinks").value or [], low, high)
    jumps = _inside(fact(definition, "jumps").value or [], low, high)
    made: list[tuple[str, str, float, float]] = []
    if order == 0:
        heights = values(definition, np.array([k["x"] for k in kinks], dtype=float))
        made += [("kink", "D", k["x"], float(y)) for k, y in zip(kinks, heights, strict=True)]
        steps = [(j["x"], j["left"], j["value"], j["right"]) for j in jumps]
    else:
        steps = [(k["x"], k["left"], k["used"], k["right"]) for k in kinks] if order == 1 else []
    for x, left, used, right in steps:
        made += [("limit", "o", x, v) for v in (left, right) if _finite(v) and v != used]
        made += [("used", "o", x, used)] if _finite(used) else []
    return made


def _finite(value: float | None) -> bool:
    return value is not None and bool(np.isfinite(value))


def _impulses(definition: Definition, order: int, low: float, high: float) -> list[tuple[float, float]]:
    """Return where a derivative is an impulse, and its weight: the jump of what is differentiated."""
    before = {1: "jumps", 2: "kinks"}.get(order)
    found = _inside(fact(definition, before).value or [], low, high) if before else []
    return [(p["x"], p["right"] - p["left"]) for p in found if _finite(p["left"]) and _finite(p["right"])]


def _arrow(axes: Axes, x: float, weight: float, colour: Any) -> None:
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 1.1 * weight), max(high, 1.1 * weight))
    arrow = {
        "arrowstyle": "-|>",
        "color": colour,
        "linewidth": 0.75 * setting("lines.linewidth"),
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axes.annotate("", (x, weight), (x, 0.0), arrowprops=arrow, zorder=4)


def _asymptotes(definition: Definition, x: Floats, y: Floats, low: float, high: float) -> set[tuple[str, float, float]]:
    """Return (side, slope, start) of the asymptotes the curve does not lie on all along."""
    found = fact(definition, "asymptotes").value or {}
    kept = set()
    for side in ("left", "right"):
        line = found.get(side)
        part = (x < 0 if side == "left" else x > 0) & np.isfinite(y)
        if line and part.any() and np.abs(y[part] - line["a"] * x[part] - line["b"]).max() > 1e-6 * (high - low):
            kept.add((side, float(line["a"]), float(line["b"])))
    return kept
