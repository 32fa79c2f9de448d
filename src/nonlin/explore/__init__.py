"""The explorer: the whole catalogue in one HTML file that opens from a double click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from nonlin.catalogue import Definition
from nonlin.errors import ParameterError
from nonlin.folders import cache_dir

__all__ = ["explorer", "open_in_browser"]


def explorer(
    path: str | Path | None = None,
    *,
    show: Sequence[Definition | str] = (),
    facts: bool = True,
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Write the explorer, one HTML file that needs nothing else, and return where it is.

    The file holds every function of the catalogue, those that were defined in this process too: curves with sliders for their
    parameters, derivatives, facts, formulas, a field for formulas of one's own, signals through depth, and a playground.

    Args:
        path: the file to write; ``explorer.html`` in nonlin's cache folder if not given.
        show: functions that are drawn when it is opened, at most seven: names, ``name(parameter=value)``, formulas in x.
        facts: whether to say what is true of each function. All facts take about a minute the first time.
        progress: called with (what, done, total) as curves and facts are made.

    Raises:
        ParameterError: the file cannot be written, or more functions are to be shown than there are colours.
        UnknownNameError, FormulaError: one of those to be shown is not known, or cannot be read.

    >>> explorer("no/such/folder/explorer.html")
    Traceback (most recent call last):
    ...
    nonlin.errors.ParameterError: cannot write no/such/folder/explorer.html: No such file or directory; give another file, ...
    """
    from nonlin.explore.page import checked, page

    chosen = checked(show)
    out = cache_dir() / "explorer.html" if path is None else Path(path)
    _try(out, made_here=path is None)
    text = page(facts=facts, progress=progress, show=chosen)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(out, error) from None
    return out


def _try(out: Path, made_here: bool) -> None:
    """Raise before the minute of work, not after it, if the file cannot be written."""
    try:
        if made_here:
            out.parent.mkdir(parents=True, exist_ok=True)
        there = out.exists()
        with out.open("ab"):
            pass
        if not there:
            out.unlink()
    except OSError as error:
        raise _unwritable(out, error) from None


def _unwritable(out: Path, error: OSError) -> ParameterError:
    return ParameterError(f"cannot write {out}: {error.strerror or error}; give another file, for example -o explorer.html")


def open_in_browser(path: Path) -> bool:
    """Open a file in the user's browser; return whether there is one to open it."""
    import webbrowser

    try:
        return webbrowser.open(path.resolve().as_uri())
    except (webbrowser.Error, OSError):
        return False
