"""Heat maps, layers by time: an indexed PNG inside an SVG, so that a map of 100 x 240 cells takes a few kilobytes.

The PNG is written here: a row is a layer, a column a span of steps, and a cell an index of one palette. The page's script reads
the indices back from the picture's colours, so that values can be pointed at without a second copy of them.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from nonlin.findings import Severity
from nonlin.view.charts import ticks
from nonlin.watch.history import Run
from nonlin.watch.records import Statistic
from nonlin.watch.words import spoken

__all__ = ["PALETTE", "Grid", "Scale", "grid", "heat_map", "png", "scale_of"]

_ANCHORS = ("440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725")
"""Viridis, which is even in lightness and safe for colour-blind readers (van der Walt and Smith 2015, CC0)."""
MISSING, BROKEN, FIRST, LEVELS = 0, 1, 2, 240
"""Indices: not measured (transparent), NaN or infinite, the first of the levels, and how many: as many as keep a colour each."""


def _palette() -> tuple[str, ...]:
    stops = [tuple(int(a[k : k + 2], 16) for k in (0, 2, 4)) for a in _ANCHORS]
    found = []
    for level in range(LEVELS):
        at = level / (LEVELS - 1) * (len(stops) - 1)
        low = min(int(at), len(stops) - 2)
        mixed = (round(a + (at - low) * (b - a)) for a, b in zip(stops[low], stops[low + 1], strict=True))
        found.append("".join(f"{v:02x}" for v in mixed))
    return ("000000", "ff3ea5", *found)


PALETTE = _palette()
"""Six hexadecimal digits for each index."""


@dataclass(frozen=True)
class Scale:
    """From values to levels: linear between two numbers, or between their logarithms."""

    low: float
    high: float
    logarithmic: bool = False

    def index(self, value: float | None) -> int:
        """Return the palette's index of a value."""
        if value is None:
            return MISSING
        if not math.isfinite(value):
            return BROKEN
        if self.logarithmic:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return FIRST + round(max(0.0, min(1.0, share)) * (LEVELS - 1))


def scale_of(statistic: Statistic, values: Sequence[float]) -> Scale:
    """Return the scale of a map: shares from 0 to 1, positive numbers over a factor of 20 and more logarithmic.

    >>> from nonlin.watch.records import STATISTICS
    >>> scale_of(STATISTICS[0], [0.2, 0.3])
    Scale(low=0.0, high=1.0, logarithmic=False)
    """
    if statistic.unit == "share":
        return Scale(0.0, 1.0)
    finite = [v for v in values if math.isfinite(v)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    positive = [v for v in finite if v > 0]
    if low >= 0 and positive and high / min(positive) >= 20:
        return Scale(min(positive), high, logarithmic=True)
    if high - low < 1e-9 * max(abs(high), abs(low), 1e-30):
        free = 0.5 * abs(high) or 0.5
        return Scale(low - free, high + free)
    return Scale(low, high)


@dataclass(frozen=True)
class Grid:
    """What all maps of a page share: the layers' names from first to last, and the last step of each column."""

    layers: tuple[str, ...]
    steps: tuple[int, ...]
    marks: tuple[Severity | None, ...] = ()
    """The severity of the alerts that stand on a layer."""

    def cells(self, run: Run, statistic: str) -> list[list[float | None]]:
        """Return a row of values for each layer: the last measured in each column's span of steps, or before it."""
        return [list(self._row(run.values(layer, statistic))) for layer in self.layers]

    def _row(self, values: Sequence[tuple[int, float]]) -> Iterator[float | None]:
        at, last = 0, None
        for step in self.steps:
            while at < len(values) and values[at][0] <= step:
                last = values[at][1]
                at += 1
            yield last


def grid(run: Run, layers: Sequence[str], marks: Sequence[Severity | None], columns: int) -> Grid:
    """Return a grid over a run's steps with so many columns at most."""
    steps = [s.step for s in run.detailed]
    if len(steps) > columns:
        first, span = steps[0], steps[-1] - steps[0]
        steps = sorted({first + round(span * (n + 1) / columns) for n in range(columns)})
    return Grid(tuple(layers), tuple(steps), tuple(marks))


def png(rows: Sequence[bytes]) -> bytes:
    """Return an indexed PNG of ``PALETTE``; every row holds one index a pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    parts = (
        (b"IHDR", header),
        (b"PLTE", bytes.fromhex("".join(PALETTE))),
        (b"tRNS", b"\0"),
        (b"IDAT", pixels),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def _uri(rows: Sequence[bytes]) -> str:
    return "data:image/png;base64," + base64.b64encode(png(rows)).decode("ascii")


LEGEND = _uri([bytes(range(FIRST, FIRST + LEVELS))])


def heat_map(
    statistic: Statistic, over: Grid, cells: Sequence[Sequence[float | None]], numbers: Sequence[int] | None = None
) -> str:
    """Return the figure of one statistic: its map, the scale beneath, and a line that tells the value pointed at.

    ``numbers`` are the rows' places among the layers of the whole page, where the map has some of them only.
    """
    found = [(v, n, k) for n, row in enumerate(cells) for k, v in enumerate(row) if v is not None]
    scale = scale_of(statistic, [v for v, _, _ in found])
    width, top, right = 760, 8, 16
    left = 14 + round(6.3 * max(len(_short(name)) for name in over.layers))
    line = min(20.0, max(1.0, 560 / len(over.layers)))
    floor = round(top + line * len(over.layers), 1)
    across = (width - left - right) / len(over.steps)
    rows = [bytes(scale.index(v) for v in row) for row in cells]
    parts = [
        f'<rect class="void" x="{left}" y="{top}" width="{width - left - right}" height="{floor - top:g}"/>',
        f'<image x="{left}" y="{top}" width="{width - left - right}" height="{floor - top:g}" preserveAspectRatio="none" '
        f'href="{_uri(rows)}"/>',
        '<rect class="cursor" width="0" height="0"/>',
    ]
    each = max(1, math.ceil(13 / line))
    for n, name in enumerate(over.layers):
        mark = over.marks[n] if n < len(over.marks) else None
        y = round(top + line * (n + 0.5), 1)
        if n % each == 0:
            parts.append(f'<text class="row" x="{left - 8}" y="{y + 4:g}" text-anchor="end">{escape(_short(name))}</text>')
        if mark is not None:
            tall = max(3.0, line - 2)
            parts.append(f'<rect class="mark s{mark:d}" x="{left - 5}" y="{y - tall / 2:g}" width="4" height="{tall:g}"/>')
    for k, label in _columns(over.steps):
        x = round(left + across * (k + 0.5), 1)
        parts.append(f'<text class="tick" x="{x:g}" y="{floor + 15:g}" text-anchor="middle">{label}</text>')
    parts.append(f'<text class="tick" x="{width - right}" y="{floor + 29:g}" text-anchor="end">step</text>')
    parts += _legend(statistic, scale, left, floor + 22, any(not math.isfinite(v) for v, _, _ in found))
    height = round(floor + 48)
    label = escape(_summary(statistic, over, found))
    kept = f' data-kept="{list(numbers)}"' if numbers is not None else ""
    data = f'data-low="{scale.low!r}" data-high="{scale.high!r}" data-log="{int(scale.logarithmic)}"{kept}'
    return (
        f'<figure class="heat" tabindex="0" data-unit="{statistic.unit}" {data} '
        f'aria-label="Map of {escape(statistic.title)}; arrow keys move from cell to cell">'
        f'<div class="wide"><svg class="chart" viewBox="0 0 {width} {height}" '
        f'width="{width}" role="img" aria-label="{label}">{"".join(parts)}</svg></div>'
        f'<output class="told" aria-live="polite"></output></figure>'
    )


def _columns(steps: Sequence[int]) -> list[tuple[int, str]]:
    """Return the columns that get a tick, and its text: a round step inside a narrow column, else the column's own."""
    if len(steps) < 2 or steps[-1] == steps[0]:
        return [(0, str(steps[0]))] if steps else []
    found = {}
    for round_step in ticks(steps[0], steps[-1], 6):
        column = next((k for k, step in enumerate(steps) if step >= round_step), len(steps) - 1)
        found[column] = str(round(round_step)) if len(steps) >= 60 else str(steps[column])
    return sorted(found.items())


def _legend(statistic: Statistic, scale: Scale, x: float, y: float, broken: bool) -> list[str]:
    # in place of "log10" the power itself is written
    low, high = (told(statistic, v) for v in (scale.low, scale.high))
    kind = " (log scale)" if scale.logarithmic else ""
    at = x + 8 + 6.5 * len(low)
    parts = [
        f'<text class="tick" x="{x}" y="{y + 9:g}">{low}</text>',
        f'<image x="{at:g}" y="{y:g}" width="120" height="10" preserveAspectRatio="none" href="{LEGEND}"/>',
        f'<text class="tick" x="{at + 128:g}" y="{y + 9:g}">{high}{kind}</text>',
    ]
    if broken:
        beside = at + 150 + 6.5 * len(high + kind)
        parts.append(f'<rect x="{beside:g}" y="{y:g}" width="10" height="10" fill="#{PALETTE[BROKEN]}"/>')
        parts.append(f'<text class="tick" x="{beside + 15:g}" y="{y + 9:g}">NaN or infinite</text>')
    return parts


def told(statistic: Statistic, value: float) -> str:
    """Return a value with its unit."""
    return spoken(statistic.name, value)


def _summary(statistic: Statistic, over: Grid, found: Sequence[tuple[float, int, int]]) -> str:
    finite = [f for f in found if math.isfinite(f[0])]
    if not finite:
        return f"{statistic.title.capitalize()}: nothing finite was measured."
    (low, n, k), (high, m, j) = min(finite), max(finite)
    return (
        f"{statistic.title.capitalize()}, {len(over.layers)} layers over steps {over.steps[0]} to {over.steps[-1]}: "
        f"lowest {told(statistic, low)} in {over.layers[n]} at step {over.steps[k]}, "
        f"highest {told(statistic, high)} in {over.layers[m]} at step {over.steps[j]}."
    )


def _short(name: str, most: int = 28) -> str:
    return name if len(name) <= most else "…" + name[1 - most :]  # the end of a layer's name tells it from its neighbours
