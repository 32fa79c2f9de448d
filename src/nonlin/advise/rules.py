"""Every rule by its id, and which of them a question meets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nonlin.advise.question import Question
from nonlin.advise.row import ONE, PARTS, Row
from nonlin.advise.rows import around, hidden, output
from nonlin.errors import UnknownNameError, unknown

__all__ = ["RULES", "fitting", "rule"]

RULES: Mapping[str, Row] = {
    r.id: r for r in (*hidden.ROWS, *output.ROWS, *around.INIT, *around.ORDER, *around.DROPOUT, *around.COST)
}
"""The rules in the order in which they are tried."""


def fitting(asked: Question) -> Iterator[Row]:
    """Yield the rows that answer a question: of each part the first that fits, or all of them where a part takes all.

    >>> from nonlin.advise.question import ask
    >>> [row.id for row in fitting(ask("gan-discriminator"))][:2]
    ['hidden-gan-discriminator', 'output-gan-discriminator']
    """
    function = ""
    for part in PARTS:
        rows = [r for r in RULES.values() if r.part == part and r.when.holds(asked, function)]
        if part == "hidden" and rows:
            function = rows[0].choose
        yield from rows[:1] if part in ONE else rows


def rule(word: str) -> Row:
    """Return the rule with this id.

    Raises:
        UnknownNameError: there is none; the message names a near one.
    """
    found = RULES.get(word)
    if found is None:
        error: UnknownNameError = unknown("rule", word, RULES, "nonlin advise --rules shows all.")
        raise error
    return found
