"""``module:function`` given by a user: found and called on request, never guessed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nonlin.errors import ModelError, near
from nonlin.loading import load_module

_codes: dict[str, str] = {}


def code_of(spec: str, purpose: str) -> str:
    """Return the SHA-256 of the file ``spec``'s module was loaded from, as it was then; empty where there is no file.

    Part of the key of every trial of the user's own network: edited code means other trials.
    """
    load_object(spec, purpose)
    return _codes[_module_name(spec)]


def _module_name(spec: str) -> str:
    return spec.partition(":")[0].removesuffix(".py")


def load_object(spec: str, purpose: str) -> Callable[[], Any]:
    """Return the function ``module:function`` names; the current folder is searched too.

    Raises:
        ModelError: the module cannot be imported, or has no such function.
    """
    module_name, _, name = spec.partition(":")
    if not module_name or not name.isidentifier():
        raise ModelError(f"{purpose} {spec!r} must have the form module:function, such as mymodel:make_model")
    try:
        module = load_module(_module_name(spec))
    except Exception as err:
        text = f"importing {_module_name(spec)!r} failed: {type(err).__name__}: {err}"
        raise ModelError(f"{purpose} {spec!r}: {text}") from err
    if _module_name(spec) not in _codes:
        path = Path(getattr(module, "__file__", None) or "")
        _codes[_module_name(spec)] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    found = getattr(module, name, None)
    if found is None:
        raise ModelError(f"{purpose} {spec!r}: {module_name} has no {name!r}.{near(name, dir(module))}")
    if not callable(found):
        raise ModelError(f"{purpose} {spec!r}: {name} is {type(found).__name__}, not a function")
    made: Callable[[], Any] = found
    return made
