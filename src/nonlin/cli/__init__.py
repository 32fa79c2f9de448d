"""The command line: parse, call, print. Nothing is computed here."""

from __future__ import annotations

from nonlin.cli import catalogue, compare, machine, peers
from nonlin.cli.base import app

__all__ = ["app", "catalogue", "compare", "machine", "main", "peers"]


def main() -> None:
    """Run the command line; the console script calls this."""
    app()
