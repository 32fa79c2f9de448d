"""Problems by their names and other words for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nonlin.advise.literature import cited
from nonlin.advise.row import filled
from nonlin.advise.rows.problems import PROBLEMS_ROWS, Cure, Problem
from nonlin.errors import UnknownNameError, unknown
from nonlin.findings import Rule

__all__ = ["PROBLEMS", "Cure", "Problem", "problem", "seen_by", "told_problem"]

PROBLEMS: Mapping[str, Problem] = {p.id: p for p in PROBLEMS_ROWS}
"""Every problem."""
_WORDS: Mapping[str, Problem] = {word: p for p in PROBLEMS_ROWS for word in (p.id, *p.also)}


def problem(word: str) -> Problem:
    """Return a problem by its id or another word for it.

    Raises:
        UnknownNameError: there is none; the message names a near one.

    >>> problem("dead units").id
    'dying-relu'
    """
    key = word.strip().lower().replace(" ", "-").replace("_", "-")
    found = _WORDS.get(key)
    if found is None:
        near_all = list(_WORDS)
        error: UnknownNameError = unknown("problem", word, near_all, f"Choose one of: {', '.join(PROBLEMS)}.")
        raise error
    return found


def seen_by(of: Problem) -> tuple[Rule, ...]:
    """Return the rules of lint and watch that see a problem or its cause."""
    from nonlin.lint.rules import RULES as linted
    from nonlin.watch.rules import RULES as watched

    both = {**linted, **watched}
    return tuple(both[code] for code in of.rules)


def told_problem(of: Problem) -> dict[str, Any]:
    """Return a problem as JSON values, with its numbers filled in."""
    return {
        "id": of.id,
        "also": list(of.also),
        "what": of.what,
        "why": filled(of.why),
        "look": of.look,
        "cures": [
            {"do": c.do, "function": c.function, "why": filled(c.why), "sources": [cited(k) for k in c.sources.split()]}
            for c in of.cures
        ],
        "note": filled(of.note),
        "rules": [{"code": r.code, "name": r.name, "what": r.what} for r in seen_by(of)],
    }
