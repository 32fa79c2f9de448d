"""PyTorch modules: one real ``nn.Module`` class for every function of the catalogue, made from its definition.

``nonlin.nn.Mish()``, ``nonlin.nn.PReLU(channels=64)``; the classes come into being when they are first asked for. Beside
them: ``module`` (of any function or formula), ``swap`` (replace activations in a model), ``init_`` (initialise weights for
the activation that follows each layer), and ``MaxoutLinear``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nonlin.errors import near

_PLACES = {
    "ActivationModule": "base",
    "BiasAct": "biased",
    "Formula": "base",
    "Dice": "contextual",
    "DynamicReLU": "contextual",
    "FunnelReLU": "contextual",
    "InitReport": "init",
    "MaxoutLinear": "maxout",
    "MetaACON": "contextual",
    "SwapReport": "swapping",
    "bias_act": "biased",
    "class_of": "base",
    "init_": "init",
    "module": "base",
    "swap": "swapping",
}
__all__ = ["ActivationModule", "BiasAct", "Dice", "DynamicReLU", "Formula", "FunnelReLU", "InitReport", "MaxoutLinear",
           "MetaACON", "SwapReport", "bias_act", "class_of", "init_", "module", "swap"]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    if not name.startswith("_"):
        titles = _titles()
        if name in titles:
            from nonlin.nn.base import class_of

            return class_of(titles[name])
    hint = "" if name.startswith("_") else near(name, [*_PLACES, *_titles()])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}")


def _titles() -> dict[str, Any]:
    from nonlin.catalogue import definitions

    return {made.title: made for made in definitions().values()}


def __dir__() -> list[str]:
    return sorted({*__all__, *_titles()})
