"""Activation functions for Keras 3: ``nonlin.keras.Mish()`` is a layer, ``nonlin.keras.mish`` a function, on any backend.

Every function of the catalogue is a layer under its title and a function under its names; ``layer`` and ``get`` take a
name with parameters or a formula too. All are registered with Keras when this module is imported, so that saved models load.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from nonlin.catalogue import Definition, bearers, definitions, lookup, names
from nonlin.errors import EXTRAS, ModelError, near

EXTRAS["keras"].require()
try:
    import keras  # noqa: F401 (to say what is wrong if it cannot be)
except ImportError as err:  # Keras is there, the backend it is set to is not
    raise ModelError(
        f"Keras cannot be imported: {err}. Choose a backend that is installed before Keras is imported, "
        "for example with the environment variable KERAS_BACKEND=torch"
    ) from None

from nonlin.keras.functions import Function, get  # noqa: E402
from nonlin.keras.layers import ActivationLayer, Formula, class_of, layer, why_not  # noqa: E402
from nonlin.keras.saving import catalogued  # noqa: E402

__all__ = ["ActivationLayer", "Formula", "Function", "get", "layer"]


@lru_cache(maxsize=4096)
def _named(made: Definition) -> Function:
    return Function(made)


def __getattr__(name: str) -> Any:
    found = None if name.startswith("_") else lookup(name)
    if found is not None:
        if name != found.title or name in (found.name, *found.aliases):
            return _named(found)
        if why_not(found):
            raise AttributeError(why_not(found))
        return class_of(found) if catalogued(found) else partial(Formula, found)
    ids = ", ".join(made.name for made in bearers(name))
    hint = f" Several functions bear that name: {ids}." if ids else near(name, [*__all__, *names()])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}")


def __dir__() -> list[str]:
    titles = [made.title for made in definitions().values() if not why_not(made)]
    return sorted({*__all__, *definitions(), *titles})


for _made in definitions().values():  # a saved model can only be loaded if its classes are registered
    if catalogued(_made) and not why_not(_made):
        class_of(_made)
