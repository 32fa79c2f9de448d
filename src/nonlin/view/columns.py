"""A table that fits the terminal: the columns that matter least go first, then the widest texts wrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rich.box import Box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

_LINES = Box("    \n    \n ── \n    \n    \n ── \n    \n    \n")
_ASCII_LINES = Box("    \n    \n -- \n    \n    \n -- \n    \n    \n", ascii=True)

_SPELLED = str.maketrans({"–": "-", "−": "-", "×": "x", "·": "*", "±": "+-", "′": "'", "″": "''", "≤": "<=", "≥": ">=",
                          "→": "->", "“": '"', "”": '"', "’": "'", "…": "..."})  # fmt: skip


def spelled(text: str, options: ConsoleOptions) -> str:
    """Return ``text`` in letters the terminal's encoding has: our own signs are spelled out, what is left becomes ``?``."""
    if not options.ascii_only:
        return text
    return text.translate(_SPELLED).encode(options.encoding, errors="replace").decode(options.encoding)


@dataclass(frozen=True)
class Col:
    """One column: its heading, its cells (a style may follow a cell's text), and how it behaves when room is short.

    ``short``: the heading where room is short. ``drop``: columns with larger numbers leave first, those with 0 never.
    ``wrap``: the least width it may be folded to, 0 for never.
    """

    head: str
    cells: Sequence[str | tuple[str, str]]
    right: bool = False
    drop: int = 0
    wrap: int = 0
    style: str = ""
    short: str = ""


def _text(cell: str | tuple[str, str]) -> str:
    return cell if isinstance(cell, str) else cell[0]


def _width(col: Col, options: ConsoleOptions) -> int:
    return max(cell_len(spelled(_text(t), options)) for t in (col.head, *col.cells))


def _least(col: Col, options: ConsoleOptions) -> int:
    full = _width(col, options)
    return min(full, max(col.wrap, cell_len(col.head))) if col.wrap else full


def _taken(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


@dataclass
class Fitted:
    """A table laid out when its terminal's width is known, each column two spaces from the next."""

    columns: Sequence[Col]
    sections: Sequence[int] = field(default_factory=tuple)  # rows after which a line is left free

    def chosen(self, options: ConsoleOptions) -> list[tuple[Col, int]]:
        """Return the columns that are shown at the terminal's width, and the width of each."""
        full = [(c, _width(c, options)) for c in self.columns]
        if _taken([w for _, w in full]) <= options.max_width:
            return full
        kept = [replace(c, head=c.short or c.head) for c in self.columns]
        while len(kept) > 1 and _taken([_least(c, options) for c in kept]) > options.max_width:
            last = max(kept, key=lambda c: c.drop)
            if not last.drop:
                break
            kept.remove(last)
        widths = [_width(c, options) for c in kept]
        while _taken(widths) > options.max_width:
            foldable = [n for n, c in enumerate(kept) if widths[n] > _least(c, options)]
            if not foldable:
                break
            widths[max(foldable, key=lambda n: widths[n])] -= 1
        return list(zip(kept, widths, strict=True))

    def left_out(self, options: ConsoleOptions) -> list[str]:
        """Return the headings of the columns that are not shown at the terminal's width."""
        shown = [{c.head, c.short} for c, _ in self.chosen(options)]
        return [c.head for c in self.columns if not any(c.head in s or (c.short and c.short in s) for s in shown)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = _ASCII_LINES if options.ascii_only else _LINES
        table = Table(box=lines, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
        chosen = self.chosen(options)
        for col, width in chosen:
            table.add_column(Text(spelled(col.head, options)), justify="right" if col.right else "left", width=width,
                             style=col.style, overflow="fold", no_wrap=not col.wrap)  # fmt: skip
        for n in range(len(chosen[0][0].cells)):
            cells = [c.cells[n] for c, _ in chosen]
            shown = [Text(spelled(_text(t), options), style="" if isinstance(t, str) else t[1]) for t in cells]
            table.add_row(*shown, end_section=n in self.sections)
        yield table


@dataclass
class Late:
    """Something made when the terminal's width and encoding are known."""

    make: Callable[[ConsoleOptions], RenderResult]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.make(options)
