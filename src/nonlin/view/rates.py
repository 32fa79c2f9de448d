"""How active the units of a network are: a histogram for each layer, and the dead and saturated share through depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from nonlin.errors import ParameterError
from nonlin.view.networks import Floats
from nonlin.view.paper import DASHES, Paper, Picture, Sheet, legend, setting

LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "rate": "inputs for which a unit is above 0",
        "units": "share of the units",
        "through": "through depth",
        "layer": "layer",
        "share": "share",
        "active": "active",
        "dead": "dead units",
        "saturated": "saturated inputs",
        "band": "{low}–{high} %, often called healthy",
        "place": "layer {n}: {mean} % active",
    },
    "zh": {
        "rate": "输出大于 0 的输入比例",
        "units": "单元比例",
        "through": "随深度的变化",
        "layer": "层",
        "share": "比例",
        "active": "激活率",
        "dead": "死亡单元",
        "saturated": "饱和输入",
        "band": "{low}–{high} %,常称为健康范围",
        "place": "第 {n} 层:{mean} % 激活",
    },
}
BINS = 20
_SHOWN = 4
"""Layers with a histogram of their own; the last panel has all."""


class Place(Protocol):
    """One layer's units, as :class:`nonlin.watch.rates.UnitRates` has them."""

    @property
    def function(self) -> str: ...
    @property
    def rate(self) -> Any: ...
    @property
    def saturated(self) -> Any: ...
    @property
    def dead(self) -> Any: ...


def rates(
    networks: Mapping[str, Sequence[Place]], *, band: tuple[float, float] | None = None, paper: Paper | None = None
) -> Picture:
    """Draw activation rates: a row for each network, histograms over the units of up to four layers, and all layers' shares.

    Args:
        networks: what to call each network -> its layers in order, with arrays over units; at most 8 networks.
        band: two shares between which to shade, such as the (0.3, 0.5) of teaching texts.
        paper: look and file of the figure.

    Raises:
        ParameterError: there is no network, or one without layers.
        StoreError: the file cannot be written.

    >>> from types import SimpleNamespace
    >>> layer = SimpleNamespace(function="relu", rate=np.array([0.5, 0.0]), saturated=None, dead=np.array([False, True]))
    >>> len(rates({"a network": [layer]}).figure.axes)
    2
    """
    if not networks or not all(networks.values()):
        raise ParameterError("there is nothing to draw; give at least one network with a layer")
    if len(networks) > 8:
        raise ParameterError(f"this picture holds at most 8 networks, and these are {len(networks)}; choose fewer")
    sheet = Sheet(paper or Paper(), LANGUAGES, "".join(networks))
    columns = min(_SHOWN, max(len(v) for v in networks.values()))
    with sheet.figure(2.75 * (columns + 1) + 0.5, 2.25 * len(networks) + 0.9) as figure:
        grid = figure.subplots(len(networks), columns + 1, squeeze=False)
        for row, (name, places) in zip(grid, networks.items(), strict=True):
            chosen = np.unique(np.linspace(0, len(places) - 1, min(columns, len(places))).round().astype(int))
            for axes, n in zip(row, chosen, strict=False):
                _histogram(axes, places[n], int(n) + 1, band, sheet)
            for axes in row[len(chosen) : -1]:
                axes.set_visible(False)
            row[0].set_ylabel(f"{name if len(name) <= 28 else name[:27] + '…'}\n{sheet.words['units']}")
            _depth(row[-1], places, band, sheet)
        for axes in grid[-1][:-1]:
            axes.set_xlabel(sheet.words["rate"], fontsize=0.85 * setting("font.size"))
        grid[-1][-1].set_xlabel(sheet.words["layer"])
        grid[0][-1].set_title(sheet.words["through"], fontsize=setting("font.size"))
        legend(figure, _handles(networks, band, sheet))
    return sheet.done(figure, {"networks": {name: [_told(p) for p in places] for name, places in networks.items()}})


def _told(place: Place) -> dict[str, Any]:
    return {"function": place.function, "units": len(place.rate), "rate": float(np.mean(place.rate)), "dead": float(np.mean(place.dead)),
            "saturated": None if place.saturated is None else float(np.mean(place.saturated))}  # fmt: skip


def _histogram(axes: Axes, place: Place, n: int, band: tuple[float, float] | None, sheet: Sheet) -> None:
    """Units by how often they are active; those that are dead stand apart in the first bar."""
    rate: Floats = np.asarray(place.rate, dtype=np.float64)
    dead = np.asarray(place.dead, dtype=bool)
    edges = np.linspace(0, 1, BINS + 1)
    alive = np.histogram(rate[~dead], edges)[0] / len(rate)
    lost = np.histogram(rate[dead], edges)[0] / len(rate)
    if band:
        axes.axvspan(*band, color=sheet.look.grid, alpha=0.6, zorder=0, linewidth=0)
    axes.bar(edges[:-1], alive, 1 / BINS, align="edge", color=sheet.colour(0), zorder=3)
    axes.bar(edges[:-1], lost, 1 / BINS, align="edge", bottom=alive, color=sheet.colour(1), hatch="////", edgecolor=sheet.look.paper,
             linewidth=0, zorder=3)  # fmt: skip
    axes.axvline(
        float(rate.mean()), color=sheet.look.ink, linewidth=0.6 * setting("lines.linewidth"), linestyle=":", zorder=4
    )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, max(0.02, 1.08 * float((alive + lost).max())))
    axes.set_title(sheet.words["place"].format(n=n, mean=f"{100 * rate.mean():.0f}"), fontsize=setting("font.size"))
    _percent(axes.xaxis)
    _percent(axes.yaxis)


def _percent(axis: Any) -> None:
    axis.set_major_locator(MaxNLocator(4))
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.3g} %"))


def _depth(axes: Axes, places: Sequence[Place], band: tuple[float, float] | None, sheet: Sheet) -> None:
    x = np.arange(1, len(places) + 1)
    if band:
        axes.axhspan(*band, color=sheet.look.grid, alpha=0.6, zorder=0, linewidth=0)
    lines = [[float(np.mean(p.rate)) for p in places], [float(np.mean(p.dead)) for p in places],
             [np.nan if p.saturated is None else float(np.mean(p.saturated)) for p in places]]  # fmt: skip
    for k, y in enumerate(lines):
        axes.plot(
            x,
            y,
            color=sheet.colour(k),
            linestyle=DASHES[k],
            marker="os^"[k],
            markersize=0.6 * setting("lines.markersize"),
            zorder=3,
        )
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlim(0.5, len(places) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.3g} %"))
    axes.set_ylabel(sheet.words["share"])
    axes.grid(True)


def _handles(networks: Mapping[str, Sequence[Place]], band: tuple[float, float] | None, sheet: Sheet) -> list[Any]:
    """Legend: the shares of the last panel; the first two also colour the bars."""
    named = ["active", "dead"] + ["saturated"] * any(p.saturated is not None for places in networks.values() for p in places)
    made: list[Any] = [
        Line2D([], [], color=sheet.colour(k), linestyle=DASHES[k], marker="os^"[k], markersize=0.6 * setting("lines.markersize"),
               label=sheet.words[name]) for k, name in enumerate(named)
    ]  # fmt: skip
    if band:
        low, high = (f"{100 * v:g}" for v in band)
        made.append(Patch(color=sheet.look.grid, alpha=0.6, label=sheet.words["band"].format(low=low, high=high)))
    return made
