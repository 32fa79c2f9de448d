"""From counts to the statistics of records: one sampled step's layers, and the windows over which units are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nonlin.watch.measure import BOTTOM, FIRED, FLAT, MEAN, SQUARE, TOP, VARIANCE
from nonlin.watch.rules import DORMANT, EFFECTIVE
from nonlin.watch.sites import Site, Total

_SAME = 1e-6
"""A range under this (of the value itself, if that is above 1) is rounding."""


@dataclass
class Seen:
    """What one sampled step shows of a place."""

    site: Site
    stats: dict[str, float]
    n: int
    constant: bool = False
    """Whether every unit had one value for all samples."""
    broken: bool = False
    """Whether a value was NaN or infinite."""
    units: dict[str, Any] = field(default_factory=dict)
    """Arrays over units, where a window was completed."""


@np.errstate(all="ignore")  # broken numbers are found, and not used
def derived(places: Sequence[tuple[Site, Total]]) -> list[Seen]:
    """Return the statistics of places from their counts; all places in one pass."""
    if not places:
        return []
    units = np.array([t.rows.shape[1] for _, t in places])
    starts = np.cumsum(units) - units
    rows = np.concatenate([t.rows for _, t in places], axis=1)
    n = np.repeat([t.n for _, t in places], units)
    mean, within = rows[MEAN] / n, rows[VARIANCE] / n
    several = np.repeat([t.parts > 1 for _, t in places], units)
    within = within + np.where(several, np.maximum(rows[SQUARE] / n - mean * mean, 0), 0)
    largest = np.maximum(np.abs(rows[TOP]), np.abs(rows[BOTTOM]))
    same = rows[TOP] + rows[BOTTOM] <= _SAME * np.maximum(1.0, largest)

    def average(values: Any) -> Any:
        return np.add.reduceat(values, starts) / units

    means = average(mean)
    scale = np.sqrt(average(within) + average((mean - np.repeat(means, units)) ** 2))
    spread, rate, flat = average(np.sqrt(within)), average(rows[FIRED] / n), average(rows[FLAT] / n)
    constant, whole = np.logical_and.reduceat(same, starts), np.logical_and.reduceat(np.isfinite(rows).all(0), starts)
    found = []
    for k, (site, total) in enumerate(places):
        if not whole[k]:
            found.append(Seen(site, {}, total.n, broken=True))
            continue
        stats = {"mean": float(means[k]), "std": float(scale[k]), "spread": float(spread[k])}
        if scale[k] > 0:
            stats["centre"] = abs(stats["mean"]) / stats["std"]
        if site.kind in ("activation", "recurrent"):
            stats["rate"] = float(rate[k])
        if site.shape is not None and (site.shape.flat or site.shape.rows):
            stats["saturated"] = float(flat[k])
        found.append(Seen(site, stats, total.n, constant=bool(constant[k])))
    return found


class Window:
    """Counts of a place's units, added up until there are enough effective samples to call a unit dead."""

    def __init__(self, units: int) -> None:
        self.fired, self.largest = np.zeros(units), np.zeros(units)
        self.n = self.effective = 0

    def add(self, seen: Seen, total: Total) -> None:
        """Add a step; when the window is complete ``seen`` gets the statistics of units, and the window begins anew."""
        self.fired += total.rows[FIRED]
        self.largest = np.fmax(self.largest, np.maximum(np.abs(total.rows[TOP]), np.abs(total.rows[BOTTOM])))
        self.n += total.n
        self.effective += total.effective
        if self.effective < EFFECTIVE:
            return
        seen.stats["dead"] = float((self.fired == 0).mean())
        seen.stats["dormant"] = float((self.largest < DORMANT).mean())
        seen.units = {"unit_rate": self.fired / self.n, "unit_max": self.largest}
        self.__init__(len(self.fired))  # type: ignore[misc]
