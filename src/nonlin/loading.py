"""Modules a user names: imported with the current folder searched too, as ``python -m`` does."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType


def load_module(name: str) -> ModuleType:
    """Import ``name``, from the current folder first.

    Raises:
        Exception: whatever importing raises; the module is a user's and may raise anything.
    """
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(here)
        if here not in sys.path:
            sys.path.append(here)  # for what it imports later; last, so that its random.py never replaces Python's
