"""Every rule of ``nonlin lint`` by its code, and how a finding of one is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nonlin.errors import UnknownNameError, unknown
from nonlin.findings import NOWHERE, Finding, Place, Rule, Severity
from nonlin.lint.rows import pairing, settings, structure

__all__ = ["GROUPS", "RULES", "finding", "rule"]

RULES: Mapping[str, Rule] = {r.code: r for r in (*pairing.ROWS, *structure.ROWS, *settings.ROWS)}
"""The rules of lint, by code."""

GROUPS: Mapping[str, str] = {
    "NL1": "Loss and output",
    "NL2": "Structure",
    "NL3": "Initialisation",
    "NL4": "Learning rate and data",
    "NL9": "Reading",
}
"""What the first digit of a code means."""


def rule(word: str) -> Rule:
    """Return the rule with this code or name.

    Raises:
        UnknownNameError: there is none; the message names a near one.

    >>> rule("nl102").name
    'softmax-into-cross-entropy'
    """
    found = RULES.get(word.upper()) or next((r for r in RULES.values() if r.name == word.lower()), None)
    if found is None:
        names = [*RULES, *(r.name for r in RULES.values())]
        error: UnknownNameError = unknown("rule", word, names, "nonlin lint --list shows all.")
        raise error
    return found


def finding(code: str, message: str, place: Place = NOWHERE, severity: Severity | None = None, **more: Any) -> Finding:
    """Return a finding of rule ``code``; the severity is the rule's unless a milder one is given.

    Keywords are the other fields of :class:`nonlin.findings.Finding`: ``proof``, ``confidence``, ``remedy``, ``related``, ``data``.
    """
    row = RULES[code]
    return Finding(row, row.severity if severity is None else min(severity, row.severity), message, place, **more)


DOCS = "https://github.com/nonlin/nonlin/blob/main/docs/lint.md"
"""The page of the rules; the anchor of each is its code in small letters."""


def docs_link(of: Rule) -> str:
    """Return the address of a rule's section.

    >>> docs_link(rule("NL102")).rpartition("/")[2]
    'lint.md#nl102'
    """
    return f"{DOCS}#{of.code.lower()}"
