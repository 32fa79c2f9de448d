"""The curves of the catalogue take some 15 s to make ready, and are kept on the machine.

The file is named by a fingerprint of everything that could change a curve (the source of nonlin that makes it, Python's version),
so that it is never out of date. Each line is one function's; a line cut short by a crash is passed over.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from nonlin.catalogue import Definition
from nonlin.explore.curves import Curve, Drawing, Slider, drawing
from nonlin.folders import cache_dir

__all__ = ["Store", "drawings", "fingerprint"]

_ROOMS = ("expr", "backends", "catalogue/definition.py", "explore/curves.py")
"""The source that decides what a curve is; the formula itself is in its key."""
_KEPT = 3
"""Files that are kept: those of other versions of nonlin on this machine go, the oldest first."""

Progress = Callable[[int, int, str], None]
"""Called with how many functions are done, of how many, and the name of the last one."""


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Return a mark of the source that makes curves, and of Python, which writes their numbers."""
    house = Path(__file__).parents[1]
    mark = hashlib.sha256(platform.python_version().encode())
    for room in _ROOMS:
        place = house / room
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            mark.update(path.relative_to(house).as_posix().encode() + path.read_bytes())
    return mark.hexdigest()[:16]


def key(made: Definition) -> str:
    """Return the name of a function's line: everything of a definition that its curves follow from."""
    said = repr((made.name, made.textbook, made.rest, made.params, made.inputs, made.groups, made.context))
    return hashlib.sha256(said.encode()).hexdigest()[:24]


class Store:
    """The curves kept in a folder, by default the user's cache. A folder that cannot be read or written is as good as none."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = cache_dir() if folder is None else folder
        self.path = self.folder / f"explorer-{fingerprint()}.jsonl"
        self.known: dict[str, Drawing] = {}
        with suppress(OSError):
            for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
                with suppress(ValueError, TypeError, KeyError):
                    row = json.loads(line)
                    self.known[row["key"]] = _drawing(row["drawing"])

    def drawing(self, made: Definition) -> Drawing:
        """Return what is drawn of a function; what had to be made is in the file before this returns."""
        name = key(made)
        if name not in self.known:
            self.known[name] = drawing(made)
            line = json.dumps({"key": name, "drawing": asdict(self.known[name])})
            with suppress(OSError):
                self.folder.mkdir(parents=True, exist_ok=True)
                if not self.path.exists():
                    self._tidy()
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
        return self.known[name]

    def _tidy(self) -> None:
        others = sorted(self.folder.glob("explorer-*.jsonl"), key=lambda p: p.stat().st_mtime)
        for old in others[: max(0, len(others) - _KEPT + 1)]:
            old.unlink(missing_ok=True)


def _drawing(plain: dict[str, Any]) -> Drawing:
    curves = tuple(Curve(**{**c, "sliders": tuple(c["sliders"]), "orders": tuple(c["orders"])}) for c in plain["curves"])
    return Drawing(curves, tuple(Slider(**s) for s in plain["sliders"]), plain["says"], tuple(plain["noise"]))


def drawings(
    functions: Sequence[Definition], store: Store | None = None, progress: Progress | None = None
) -> dict[str, Drawing]:
    """Return what is drawn of each function, by name.

    Args:
        functions: the functions.
        store: where curves are kept; the user's cache if not given.
        progress: called after each function with the number done, the number in all, and its name.
    """
    store = Store() if store is None else store
    found = {}
    for done, made in enumerate(functions, 1):
        found[made.name] = store.drawing(made)
        if progress is not None:
            progress(done, len(functions), made.name)
    return found
