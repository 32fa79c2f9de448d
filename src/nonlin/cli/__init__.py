"""The command line: parse, call, print. Nothing is computed here."""

from __future__ import annotations

from nonlin.cli import (
    advise,
    bench,
    catalogue,
    compare,
    diagnose,
    explore,
    facts,
    lint,
    machine,
    peers,
    pictures,
    theory,
    watch,
)
from nonlin.cli.base import app

__all__ = [
    "advise",
    "app",
    "bench",
    "catalogue",
    "compare",
    "diagnose",
    "explore",
    "facts",
    "lint",
    "machine",
    "main",
    "peers",
    "pictures",
    "theory",
    "watch",
]


def main() -> None:
    """Run the command line; the console script calls this."""
    app()
