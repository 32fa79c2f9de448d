"""``module:function`` given by a user: found and called on request, never guessed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nonlin.errors import ModelError, near


def load_object(spec: str, purpose: str) -> Callable[[], Any]:
    """Return the function ``module:function`` names; the current folder is searched too.

    Raises:
        ModelError: the module cannot be imported, or has no such function.
    """
    module_name, _, name = spec.partition(":")
    if not module_name or not name.isidentifier():
        raise ModelError(f"{purpose} {spec!r} must have the form module:function, such as mymodel:make_model")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name.removesuffix(".py"))
    except Exception as err:
        raise ModelError(f"{purpose} {spec!r}: importing {module_name!r} failed: {type(err).__name__}: {err}") from err
    found = getattr(module, name, None)
    if found is None:
        raise ModelError(f"{purpose} {spec!r}: {module_name} has no {name!r}.{near(name, dir(module))}")
    if not callable(found):
        raise ModelError(f"{purpose} {spec!r}: {name} is {type(found).__name__}, not a function")
    made: Callable[[], Any] = found
    return made
