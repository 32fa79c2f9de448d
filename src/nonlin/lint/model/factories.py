"""``package.module:make_model`` given by a user: imported and called on request, with a sentence for whatever goes wrong."""

from __future__ import annotations

from typing import Any

from nonlin.errors import ModelError, near
from nonlin.loading import load_module


def made(spec: str, purpose: str) -> Any:
    """Return what ``module:name`` names, or what it makes if it is a function or class without required arguments.

    Args:
        spec: a module as ``import`` writes it, found from the current folder too, and a name in it.
        purpose: what it is for, in the messages: ``"the model"``.

    Raises:
        ModelError: the text has another form, the module cannot be imported or lacks the name, or the function raises.

    >>> made("collections:OrderedDict", "the model")
    OrderedDict()
    """
    module_name, colon, name = spec.partition(":")
    module_name = module_name.removesuffix(".py").replace("/", ".")
    if not colon or not module_name or not name.isidentifier():
        raise ModelError(f"{purpose} {spec!r} must have the form module:function, such as mymodel:make_model")
    try:
        module = load_module(module_name)
    except Exception as err:  # the user's module may raise anything
        raise ModelError(f"{purpose} {spec!r}: importing {module_name!r} failed: {type(err).__name__}: {err}") from err
    if not hasattr(module, name):
        raise ModelError(f"{purpose} {spec!r}: {module_name} has no {name!r}.{near(name, dir(module))}")
    found = getattr(module, name)
    if not callable(found) or _is_model(found):
        return found
    try:
        return found()
    except Exception as err:  # and so may the function
        raise ModelError(f"{purpose} {spec!r}: calling {name}() raised {type(err).__name__}: {err}") from err


def _is_model(found: Any) -> bool:
    """Whether a callable is a model already, and not what makes one."""
    return not isinstance(found, type) and (hasattr(found, "parameters") or hasattr(found, "layers"))
