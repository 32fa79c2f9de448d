"""A small graph of a function in characters: braille where the terminal has it, ASCII where not."""

from __future__ import annotations

import numpy as np

from nonlin.catalogue import Definition
from nonlin.view.sampling import sample, visible
from nonlin.view.usual import CURVES

_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # of a braille cell: 4 rows of 2 dots
_AXES = {True: ("┤", "│", "└", "┴", "─", "┈", "┊"), False: ("+", "|", "+", "+", "-", ".", ":")}


def graph(
    definition: Definition,
    order: int = 0,
    *,
    low: float = CURVES.low,
    high: float = CURVES.high,
    width: int = 36,
    height: int = 10,
    unicode: bool = True,
) -> list[str]:
    """Return the lines of a graph of the ``order``-th derivative, ``height + 2`` of them, each ``width`` wide.

    The y axis is labelled at its ends and at 0, the x axis at its ends and at 0, where 0 is in sight.
    """
    tick, wall, corner, foot, floor, across, down = _AXES[unicode]
    x, y = sample(definition, order, low, high, 801, quick=True)
    bottom, top = visible(y, pad=0.0)
    if bottom <= 0.2 * top:
        bottom = min(bottom, 0.0)  # graphs of positive functions stand on 0
    labels = {0: f"{top:.3g}", height - 1: f"{bottom:.3g}"}
    zero_row = _cell(top, bottom, 0.0, height) if bottom < 0 < top else None
    if zero_row is not None and zero_row not in labels:
        labels[zero_row] = "0"
    margin = max(map(len, labels.values())) + 1
    columns = width - margin - 1
    zero_column = _cell(low, high, 0.0, columns) if low < 0 < high else None
    cells = _dots(x, y, (low, high), (bottom, top), columns, height)
    lines = []
    for r in range(height):
        letters = [_letter(cells[r, c], unicode) for c in range(columns)]
        for c in range(columns):
            if letters[c] == " ":
                letters[c] = across if r == zero_row and c % 2 == 0 else down if c == zero_column else " "
        lines.append(f"{labels.get(r, ''):>{margin}}{tick if r in labels else wall}{''.join(letters)}")
    ground = [foot if c == zero_column else floor for c in range(columns)]
    lines.append(" " * margin + corner + "".join(ground))
    ends = list(f"{low:g}".ljust(columns))
    ends[columns - len(f"{high:g}") :] = f"{high:g}"
    if zero_column is not None and "".join(ends[zero_column - 1 : zero_column + 2]).isspace():
        ends[zero_column] = "0"
    lines.append(" " * (margin + 1) + "".join(ends))
    return lines


def _cell(start: float, end: float, value: float, cells: int) -> int:
    return min(cells - 1, int((value - start) / (end - start) * cells))


def _dots(
    x: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    y: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    across: tuple[float, float],
    up: tuple[float, float],
    columns: int,
    rows: int,
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return the braille bits of each cell, shape (rows, columns); neighbours are joined unless a gap is between."""
    cells = np.zeros((rows, columns), dtype=np.int64)
    px = np.round((x - across[0]) / (across[1] - across[0]) * (2 * columns - 1))
    py = np.round((up[1] - y) / (up[1] - up[0]) * (4 * rows - 1))
    for i in range(len(x)):
        if not np.isfinite(py[i]):
            continue
        joined = i > 0 and np.isfinite(py[i - 1]) and np.isfinite(px[i - 1])
        start = py[i - 1] if joined else py[i]
        first, last = sorted((int(start), int(py[i])))
        for dot in range(max(first, 0), min(last, 4 * rows - 1) + 1):
            column = int(px[i] if joined and abs(dot - start) > abs(dot - py[i]) else px[i - 1] if joined else px[i])
            cells[dot // 4, column // 2] |= int(_BITS[dot % 4, column % 2])
    return cells


def _letter(bits: int, unicode: bool) -> str:
    if not bits:
        return " "
    if unicode:
        return chr(0x2800 + int(bits))
    used = [bool(bits & (int(a) | int(b))) for a, b in _BITS]
    if used[0] and used[3]:
        return "|"
    return "'" if used[0] else "." if used[3] else "-"
