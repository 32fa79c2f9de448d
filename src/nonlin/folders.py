"""Where nonlin keeps files of its own."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return the folder for what can be made or fetched again: ``$XDG_CACHE_HOME/nonlin``, or else ``~/.cache/nonlin``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "nonlin"
