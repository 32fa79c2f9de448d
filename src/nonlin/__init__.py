"""nonlin: the activation-function workbench.

``nonlin.get("mish")`` or ``nonlin.mish`` is a function: call it on tensors, arrays or numbers, and ask it for ``.grad(x)``,
``.latex()`` or ``.module()``. ``nonlin.nn`` holds the PyTorch modules, ``nonlin.compare`` trains functions against
each other. Importing this module loads no framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nonlin.errors import EXTRAS, NonlinError, near

if TYPE_CHECKING:
    from nonlin import nn
    from nonlin.activation import Activation, define, from_peer, get
    from nonlin.advise import advise
    from nonlin.allocator import tune_allocator
    from nonlin.backends.llvm.saving import saving
    from nonlin.catalogue import Definition, definitions, noise, param
    from nonlin.diagnose import diagnose
    from nonlin.expr import parse
    from nonlin.facts.moments import gain
    from nonlin.facts.shaping import shape
    from nonlin.lab.compare import compare
    from nonlin.lint import lint
    from nonlin.watch import watch

__version__ = "0.1.0"
__all__ = [
    "Activation",
    "Definition",
    "NonlinError",
    "advise",
    "compare",
    "define",
    "definitions",
    "diagnose",
    "from_peer",
    "gain",
    "get",
    "lint",
    "nn",
    "noise",
    "param",
    "parse",
    "saving",
    "shape",
    "tune_allocator",
    "watch",
]

_ROOMS = {
    "nn": "nonlin.nn",
    "advise": "nonlin.advise",
    "diagnose": "nonlin.diagnose",
    "jax": "nonlin.jax",
    "keras": "nonlin.keras",
    "lint": "nonlin.lint",
    "onnx": "nonlin.backends.onnx",
    "watch": "nonlin.watch",
}
"""Modules that are loaded when they are first asked for; those of other frameworks need an extra. ``advise``,
``lint``, ``watch`` and ``diagnose`` can also be called (:mod:`nonlin.doors`)."""
_PLACES = {
    "Activation": "nonlin.activation",
    "Definition": "nonlin.catalogue",
    "compare": "nonlin.lab.compare",
    "define": "nonlin.activation",
    "from_peer": "nonlin.activation",
    "definitions": "nonlin.catalogue",
    "gain": "nonlin.facts.moments",
    "get": "nonlin.activation",
    "noise": "nonlin.catalogue",
    "param": "nonlin.catalogue",
    "parse": "nonlin.expr",
    "saving": "nonlin.backends.llvm.saving",
    "shape": "nonlin.facts.shaping",
    "tune_allocator": "nonlin.allocator",
}


def __getattr__(name: str) -> Any:
    """Load public names on first use; any catalogue name is a function: ``nonlin.mish``."""
    if name in _ROOMS:
        if name in EXTRAS:
            EXTRAS[name].require()
        return import_module(_ROOMS[name])
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    if not name.startswith("_"):
        from nonlin.catalogue import lookup

        found = lookup(name)
        if found is not None:
            from nonlin.activation import Activation

            return Activation(found)
    if name in EXTRAS:
        EXTRAS[name].require()
        raise AttributeError(f"{EXTRAS[name].purpose} is not part of nonlin {__version__}; it is planned")
    raise AttributeError(f"module 'nonlin' has no attribute {name!r}.{near(name, __all__)}")


def __dir__() -> list[str]:
    from nonlin.catalogue import definitions

    return sorted({*__all__, *definitions()})
