"""The places that are watched, as one sampled step after another meets them, with what was counted there.

Everything counted during a step stays on the device, in one small tensor for each place; ``Book.pack`` joins them so that one
copy brings them to the host, and ``Totals`` is what arrives there (and what ranks add up).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nonlin.watch.function import Shape
from nonlin.watch.measure import FIRED, FLAT, ROWS, SUMMED, flat_counts, merge, moments, peaked_rows, plain, reduce, thin
from nonlin.watch.records import Layer

MOST_CALLS = 16
"""Calls of one module in a forward that are kept apart; later ones count as the last (an unrolled recurrent cell)."""
MOST_PLACES = 2000
"""Places watched at most; beyond them a model is watched in part, so that memory and time stay bounded."""


class Site:
    """One place: a module's k-th call in a forward, a functional call in a line of code, or a gate inside a kernel."""

    def __init__(self, name: str, kind: str, index: int, shape: Shape | None = None, module: str = "") -> None:
        self.name, self.kind, self.index, self.shape, self.module = name, kind, index, shape, module
        self.units, self.axis, self.ndim = 0, -1, 0
        self.gate = self.final = False
        self.acc: Tensor | None = None
        self.n = self.effective = self.parts = 0

    @property
    def layer(self) -> Layer:
        """The place as records show it."""
        return Layer(self.name, self.index, self.kind, self.shape.name if self.shape else "", self.units)

    def see(self, output: Any, given: Any = None, *, producer: tuple[int, bool] = (0, False), shift: int = 0) -> None:
        """Count one call: its output, and for an activation what it was given, before an in-place call overwrites it.

        ``producer`` is the width of the last layer with weights and whether its units are on axis 1.
        """
        x = plain(output)
        if x is None:
            return
        if self.shape is not None and self.shape.rows and x.ndim > 2:
            self._see_rows(x, shift)
            return
        if not self.units:
            self.axis, self.ndim = axis_of(x, producer), x.ndim
            self.units = x.shape[self.axis]
        if x.ndim != self.ndim or x.shape[self.axis] != self.units:
            return  # another use of the place, which would mix units
        kept, effective = thin(x, self.axis, shift)
        self.add(reduce(kept, self.kind != "affine", self._flat(given, shift)), len(kept), effective)

    def _flat(self, given: Any, shift: int) -> Tensor | None:
        """Return counts of flat inputs; None where there are none, or they are the outputs that are off."""
        if self.shape is None or not self.shape.flat or self.shape.flat == (OFF,):
            return None
        if isinstance(given, Counted):
            return given.counts
        before = plain(given)
        if before is None or before.ndim != self.ndim or before.shape[self.axis] != self.units:
            return None
        return flat_counts(thin(before, self.axis, shift)[0], self.shape.flat)

    def _see_rows(self, x: Tensor, shift: int) -> None:
        """Count a softmax over keys: its rows matter, not its entries."""
        self.units = 1
        kept, effective = thin(x, x.ndim - 1, shift)
        self.add(peaked_rows(kept), len(kept), effective)

    def add(self, raw: Tensor, n: int, effective: int) -> None:
        """Add raw statistics of shape (ROWS, units) over ``n`` outputs a unit; of a single call they stay raw."""
        if self.acc is None:
            self.acc = raw
        else:
            if self.parts == 1:
                moments(self.acc, self.n)
            merge(self.acc, moments(raw, n))
        self.n += n
        self.effective += effective
        self.parts += 1

    def before_inplace(self, given: Any, producer: tuple[int, bool], shift: int) -> Counted | None:
        """Count where the function is flat before it overwrites its input; None where there is nothing to count."""
        x = plain(given)
        if x is None or self.shape is None or not self.shape.flat or self.shape.flat == (OFF,) or self.shape.rows:
            return None
        axis = axis_of(x, producer) if not self.units else self.axis
        if self.units and (x.ndim != self.ndim or x.shape[axis] != self.units):
            return None
        return Counted(flat_counts(thin(x, axis, shift)[0], self.shape.flat))


OFF = (-float("inf"), 0.0)


@dataclass
class Counted:
    """Counts of flat inputs, unit by unit, taken before the call."""

    counts: Tensor


def axis_of(x: Tensor, producer: tuple[int, bool]) -> int:
    """Return the axis of units, counted from 0: where the layer before has as many, else channels of pictures, else the last."""
    width, second = producer
    if x.ndim > 2 and second and x.shape[1] == width:
        return 1
    if x.ndim > 2 and not second and width and x.shape[-1] == width:
        return x.ndim - 1
    return 1 if x.ndim in (4, 5) else x.ndim - 1


@dataclass
class Total:
    """What was counted at one place in a sampled step, on the host."""

    rows: Any
    """Shape (ROWS, units), float64."""
    n: int
    effective: int
    parts: int = 1
    """How many ranks or calls were added up."""

    def add(self, other: Total) -> None:
        """Add another rank's counts of the same place."""
        if other.rows.shape != self.rows.shape:
            return
        self.rows[:SUMMED] += other.rows[:SUMMED]
        self.rows[SUMMED:] = np.fmax(self.rows[SUMMED:], other.rows[SUMMED:])
        self.n += other.n
        self.effective += other.effective
        self.parts += other.parts


@dataclass
class Book:
    """All places met so far, in the order in which the first sampled forward met them."""

    sites: dict[tuple[Any, ...], Site] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    full: bool = False

    def __iter__(self) -> Iterator[Site]:
        return iter(self.sites.values())

    def __len__(self) -> int:
        return len(self.sites)

    def get(self, key: tuple[Any, ...], name: str, kind: str, shape: Shape | None = None, module: str = "") -> Site | None:
        """Return the place of a key, made if it is new; None if there are too many."""
        site = self.sites.get(key)
        if site is None:
            if len(self.sites) >= MOST_PLACES:
                self.full = True
                return None
            unique, again = name, 2
            while unique in self.names:
                unique, again = f"{name}#{again}", again + 1
            self.names.add(unique)
            site = self.sites[key] = Site(unique, kind, len(self.sites), shape, module)
        return site

    def pack(self) -> tuple[list[Site], list[tuple[int, int, int]], Tensor | None]:
        """Return the places seen since the last call, their counts (n, effective, calls), and all their statistics in one tensor."""
        seen = [s for s in self if s.acc is not None]
        counts = [(s.n, s.effective, s.parts) for s in seen]
        if not seen:
            return [], [], None
        parts = [s.acc.reshape(-1) for s in seen if s.acc is not None]
        home, wide = parts[0].device, torch.promote_types(parts[0].dtype, parts[-1].dtype)
        flat = torch.cat([p.to(home, wide) if (p.device, p.dtype) != (home, wide) else p for p in parts])
        for s in seen:
            s.acc, s.n, s.effective, s.parts = None, 0, 0, 0
        return seen, counts, flat

    @staticmethod
    def unpack(seen: list[Site], counts: list[tuple[int, int, int]], flat: Any) -> dict[str, Total]:
        """Return the moments of what ``pack`` joined, by name, from the array on the host."""
        blocks, at = [], 0
        for site in seen:
            size = ROWS * site.units
            blocks.append(np.asarray(flat[at : at + size]).reshape(ROWS, site.units))
            at += size
        if not blocks:
            return {}
        units = [site.units for site in seen]
        whole = np.concatenate(blocks, axis=1).astype(np.float64)
        raw = np.repeat([parts == 1 for _, _, parts in counts], units)
        whole[:, raw] = moments(whole[:, raw], np.repeat([n for n, _, _ in counts], units)[raw])
        ends = np.cumsum(units)
        for k, (site, (n, _, _)) in enumerate(zip(seen, counts, strict=True)):
            if site.shape is not None and site.shape.flat == (OFF,):
                part = whole[:, ends[k] - units[k] : ends[k]]
                part[FLAT] = n - part[FIRED]
        return {
            site.name: Total(whole[:, end - site.units : end], *count)
            for site, end, count in zip(seen, ends, counts, strict=True)
        }
