"""How signals travel through depth, theory beside simulated networks: a figure, and tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from nonlin.facts.travel import Track, Travel
from nonlin.view.charts import NIGHT, PALETTE
from nonlin.view.paper import save as _save
from nonlin.view.paper import suffix_of as _suffix
from nonlin.view.words import count

MARKS = ("o", "s", "^", "D", "v", "P", "X")
_LIGHT = {"paper": "white", "ink": "#222222", "soft": "#8c8c8c", "grid": "#d9d9d9"}
_DARK = {"paper": "#16181d", "ink": "#e8e8e8", "soft": "#9a9a9a", "grid": "#363a42"}
_PANELS = (
    ("variance", "Forward: variance", "mean square of pre-activations"),
    ("gradient", "Backward: gradient", "mean square of gradients, relative to the last"),
    ("correlation", "Two inputs: correlation", "cosine of their pre-activations"),
)
_WIDEST = 6
"""Entries of the legend in one line."""
_FLOOR, _CEILING = 1e-30, 1e30
"""What the logarithmic axes show at most; they show 0.1 to 10 at least."""


def depth_figure(
    travels: Sequence[Travel], *, dark: bool = False, path: str | Path | None = None, title: str = ""
) -> Figure:
    """Draw variance, gradient and correlation against depth: a line for theory, marks for the simulated median, a band for all.

    Args:
        travels: what ``facts.travel`` returned, for one function each.
        dark: light letters on a dark ground.
        path: where to write it, as .png, .svg or .pdf; folders must exist.
        title: above the figure; by default what was simulated.

    Raises:
        ParameterError: the file's suffix is not one of those allowed.
        StoreError: the file cannot be written.
    """
    suffix, look = _suffix(path), _DARK if dark else _LIGHT
    figure = Figure(figsize=(14.4, 5.0), layout="constrained", facecolor=look["paper"])
    FigureCanvasAgg(figure)
    grid: Any = figure.subplots(1, 3)
    for axes, (name, heading, label) in zip(grid, _PANELS, strict=True):
        _panel(axes, travels, name, look, NIGHT if dark else PALETTE)
        axes.set_title(heading, color=look["ink"], fontsize=12)
        axes.set_ylabel(label, color=look["ink"])
        axes.set_xlabel("layer", color=look["ink"])
    figure.suptitle(title or _said(travels), color=look["ink"], fontsize=12, parse_math=False)
    handles = [_handle(n, t, NIGHT if dark else PALETTE) for n, t in enumerate(travels)]
    handles.append(Line2D([], [], color=look["soft"], label="theory, infinitely wide"))
    if any(t.networks for t in travels):
        handles.append(Line2D([], [], color=look["soft"], linestyle="", marker="o", label="simulated, median and range"))
    lines = -(-len(handles) // _WIDEST)
    legend = figure.legend(handles=handles, loc="outside lower center", frameon=False, ncols=-(-len(handles) // lines),
                           labelcolor=look["ink"])  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)
    if path is not None:
        _save(figure, Path(path), suffix)
    return figure


def label(travel: Travel) -> str:
    """Return the function's name, cut short if it is a long formula, and the scales it was given."""
    name = travel.definition.name
    name = name if len(name) <= 32 else name[:29] + "..."
    biases = f", σb = {travel.sigma_b:.3g}" if travel.sigma_b else ""
    return f"{name} (σw = {travel.sigma_w:.4g}{biases})"


def _handle(n: int, travel: Travel, colours: Sequence[str]) -> Line2D:
    return Line2D([], [], color=colours[n % len(colours)], marker=MARKS[n % len(MARKS)], markersize=5, label=label(travel))


def _said(travels: Sequence[Travel]) -> str:
    first = travels[0]
    if not first.networks:
        return f"{count(first.layers, 'layer')}, theory of infinitely wide networks"
    return f"{count(first.layers, 'layer')} of {first.width} units, {count(first.networks, 'random network')} each, seed {first.seed}"


def _panel(axes: Axes, travels: Sequence[Travel], name: str, look: Mapping[str, str], colours: Sequence[str]) -> None:
    logarithmic = name != "correlation"
    for n, travel in enumerate(travels):
        track: Track = getattr(travel, name)
        x = np.arange(1, travel.layers + 2)
        theory, median, low, high = (_shown(v, logarithmic) for v in (track.theory, track.median, track.low, track.high))
        colour, mark = colours[n % len(colours)], MARKS[n % len(MARKS)]
        axes.fill_between(x, low, high, color=colour, alpha=0.22, linewidth=0, zorder=2)
        axes.plot(x, theory, color=colour, linewidth=1.8, zorder=3)
        every = max(1, travel.layers // 12)
        # marks of several functions are staggered, so that equal curves can be told apart
        start = (n * every) // max(1, len(travels))
        axes.plot(x[start::every], median[start::every], color=colour, linestyle="", marker=mark, markersize=5,
                  markeredgecolor=look["paper"], markeredgewidth=0.6, zorder=4)  # fmt: skip
    axes.set_xlim(1, max(t.layers for t in travels) + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if logarithmic:
        _log_axis(axes)
    else:
        low_end = min(axes.get_ylim()[0], 0.0)
        axes.set_ylim(-1.05 if low_end < -0.1 else -0.05, 1.05)
    axes.set_facecolor(look["paper"])
    axes.grid(color=look["grid"], linewidth=0.7)
    axes.tick_params(colors=look["ink"])
    axes.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(look["soft"])


def _shown(values: Sequence[float], logarithmic: bool) -> Any:
    """Return values that can be drawn; on a logarithmic axis nothing is drawn of 0, nor of what has overflowed."""
    y = np.asarray(values, float)
    return np.where(np.isfinite(y) & (y > 0), y, np.nan) if logarithmic else y


def _log_axis(axes: Axes) -> None:
    axes.set_yscale("log")
    low, high = axes.dataLim.intervaly
    if not (np.isfinite([low, high]).all() and 0 < low <= high):
        low, high = 0.1, 10.0
    # the curve of what vanishes or explodes leaves the panel, and the others stay readable
    low, high = min(max(low, _FLOOR), 0.1), max(min(high, _CEILING), 10.0)
    room = (high / low) ** 0.03
    axes.set_ylim(low / room, high * room)
    axes.yaxis.set_major_locator(LogLocator(numticks=8))
    axes.yaxis.set_minor_locator(NullLocator())
