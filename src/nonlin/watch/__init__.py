"""What happens to activations and gradients while a network trains.

``with nonlin.watch(model, optimizer) as w:`` around a training loop samples a few steps and raises alerts. This package can be
called: ``nonlin.watch(...)`` is :func:`nonlin.watch.watcher.watch`, loaded with PyTorch when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nonlin.doors import open_door
from nonlin.errors import near

if TYPE_CHECKING:
    from nonlin.watch.integrations import huggingface_callback, keras_callback, lightning_callback
    from nonlin.watch.watcher import Watcher, watch

_PLACES = {
    "Watcher": "watcher",
    "huggingface_callback": "integrations",
    "keras_callback": "integrations",
    "lightning_callback": "integrations",
    "watch": "watcher",
}
__all__ = ["Watcher", "huggingface_callback", "keras_callback", "lightning_callback", "watch"]


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    hint = "" if name.startswith("_") else near(name, _PLACES)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}")


open_door(__name__)
