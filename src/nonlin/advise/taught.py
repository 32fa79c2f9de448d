"""What teaching texts recommend, by id, beside the rules that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nonlin.advise.literature import cited
from nonlin.advise.row import filled
from nonlin.advise.rows.taught import TAUGHT_ROWS, VERDICTS, Taught

__all__ = ["TAUGHT", "VERDICTS", "Taught", "told_taught"]

TAUGHT: Mapping[str, Taught] = {t.id: t for t in TAUGHT_ROWS}
"""Every claim."""


def told_taught(of: Taught) -> dict[str, Any]:
    """Return a claim as JSON values, with its numbers filled in."""
    return {
        "id": of.id,
        "group": of.group,
        "case": of.case,
        "says": of.says,
        "verdict": of.verdict,
        "rules": list(of.rules),
        "note": filled(of.note),
        "sources": [cited(k) for k in of.sources.split()],
    }
