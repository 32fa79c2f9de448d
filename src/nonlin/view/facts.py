"""Facts as text: the card of one function, and tables for the terminal, Markdown and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import groupby

from rich.console import ConsoleOptions, RenderableType
from rich.text import Text

from nonlin.catalogue import Definition
from nonlin.facts.presets import cell, columns
from nonlin.facts.subject import COMPUTED, HOW, UNKNOWN, Fact
from nonlin.facts.table import FACTS, facts
from nonlin.view import words
from nonlin.view.columns import Col, Fitted, Late
from nonlin.view.terminal import Lines, _facts, _text, _wrapped

_STYLES = {"proved": "green", "computed": "", "measured": "cyan", "unknown": "dim"}
MARK = "~"
"""Stands behind what is computed and not proved."""


def facts_card(definition: Definition, more: Sequence[Fact] = ()) -> RenderableType:
    """Return everything that is true of one function, each fact with how it is known; ``more`` are facts to add."""

    def lines(options: ConsoleOptions) -> Lines:
        shown = str if options.ascii_only else words.pretty
        found = [*facts(definition), *more]
        yield Text.assemble((definition.name, "bold"), "  ", (shown(definition.formula), "dim"), overflow="fold")
        yield ""
        yield Fitted(
            [
                Col("fact", [FACTS[f.name].title for f in found]),
                Col("value", [f.text for f in found], wrap=24),
                Col("how", [(f.how, _STYLES[f.how]) for f in found]),
                Col("note", [f.note for f in found], wrap=16, drop=1, style="dim"),
            ]
        )
        yield ""
        occurring = {f.how for f in found}
        yield from _facts([(how, text) for how, text in HOW.items() if how in occurring], options)

    return Late(lines)


def facts_table(definitions: Sequence[Definition], names: Sequence[str]) -> RenderableType:
    """Return a table of functions by facts; ``~`` marks what is computed and not proved."""
    cells = {name: [cell(d, name) for d in definitions] for name in names}

    def lines(options: ConsoleOptions) -> Lines:
        heads = columns()
        made = [Col("function", [(d.name, "bold") for d in definitions], wrap=10)]
        # unlike other tables this one holds what was asked for, so that no column is left out
        made += [Col(heads[n], [(_marked(f), _STYLES[f.how]) for f in cells[n]], wrap=9) for n in names]
        for group in _blocks(made, options.max_width):
            yield Fitted(group)
            yield ""
        every = [f for column in cells.values() for f in column]
        if any(f.how == COMPUTED for f in every):
            yield from _wrapped(f"{MARK} {COMPUTED}: {HOW[COMPUTED]}.", options, style="dim")
        for (name, note), those in groupby(_reasons(cells, definitions), key=lambda r: r[:2]):
            who = ", ".join(r[2] for r in those)
            yield _text(f"{heads[name]} of {who}: {note}", options, "dim")

    return Late(lines)


def _reasons(cells: dict[str, list[Fact]], definitions: Sequence[Definition]) -> list[tuple[str, str, str]]:
    return sorted((name, f.note, d.name) for name, column in cells.items() for f, d in zip(column, definitions, strict=True)
                  if f.how == UNKNOWN)  # fmt: skip


def _blocks(made: list[Col], width: int) -> list[list[Col]]:
    """Split the columns into tables that fit a width, the functions' names first in each."""
    first, rest = made[0], made[1:]
    room = max(width - 16, 20)
    per = max(1, room // 16)
    return [[first, *rest[n : n + per]] for n in range(0, len(rest), per)]


def _marked(found: Fact) -> str:
    return f"{found.text}{MARK}" if found.how == COMPUTED and found.name in FACTS else found.text


def facts_markdown(definitions: Sequence[Definition], names: Sequence[str]) -> str:
    """Return the table in Markdown, with a line on what ``~`` means if it occurs."""
    heads = columns()
    body = [[f"`{d.name}`", *(_escaped(_marked(cell(d, n))) for n in names)] for d in definitions]
    rows = [["function", *(heads[n] for n in names)], ["---"] * (len(names) + 1), *body]
    text = "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
    return text + (f"\n{MARK} {COMPUTED}: {HOW[COMPUTED]}.\n" if any(MARK in c for row in body for c in row) else "")


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def facts_csv(definitions: Sequence[Definition], names: Sequence[str]) -> str:
    """Return the table as comma-separated values: for each fact its text and how it is known."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["function", *(head for n in names for head in ((n, f"{n}_how") if n in FACTS else (n,)))])
    for d in definitions:
        row = [d.name]
        for n in names:
            found = cell(d, n)
            row += [found.text, found.how] if n in FACTS else [found.text]
        writer.writerow(row)
    return out.getvalue()


def column_list() -> RenderableType:
    """Return the list of columns with what each tells and how it is defined."""

    def lines(options: ConsoleOptions) -> Lines:
        rows = list(FACTS.values())
        yield Fitted([Col("column", [(r.name, "bold") for r in rows]), Col("tells", [r.meaning for r in rows], wrap=20),
                      Col("is", [r.definition for r in rows], wrap=24, drop=2), Col("unit", [r.unit for r in rows], drop=1)])  # fmt: skip

    return Late(lines)
