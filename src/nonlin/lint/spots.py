"""Places as reports tell them: paths from here, lines of a text, and columns that people count."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath

from nonlin.findings import Place


def relative(file: str) -> str:
    """Return a path as reports tell it: from the current folder where it lies below it, with forward slashes."""
    if not file or file.startswith("<"):
        return file
    path = PurePath(file)
    if path.is_absolute():
        here = Path.cwd()
        path = path.relative_to(here) if path.is_relative_to(here) else path
    return path.as_posix()


def line_of(text: str, number: int) -> str:
    """Return a line of a text, empty where there is none; 1-based."""
    lines = text.splitlines() if number > 0 else []
    return lines[number - 1] if number <= len(lines) and lines else ""


def columns(place: Place, texts: Mapping[str, str]) -> tuple[int, int]:
    """Return the first and the last column of a place in its line, in characters from 1; (0, 0) where they are not known.

    A place of several lines ends with its first.

    >>> columns(Place("", "a.py", 1, 4, 1, 5), {"a.py": "x = 1"})
    (5, 5)
    """
    line = line_of(texts.get(place.file, ""), place.line)
    if not place.end_line or not line:
        return 0, 0
    raw = line.encode()
    start = len(raw[: place.column].decode(errors="ignore"))
    whole = place.end_line != place.line or place.end_column <= place.column
    end = len(line) if whole else len(raw[: place.end_column].decode(errors="ignore"))
    return (start + 1, end) if start < end else (0, 0)
