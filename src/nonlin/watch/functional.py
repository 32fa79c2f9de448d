"""Functional activations (``F.relu``, ``x.sigmoid()``, attention in one call), seen through a TorchFunctionMode.

The mode is on only inside the forward of a sampled step. A call is named after the module whose ``forward`` makes it, and its
line of code: ``blocks.0.relu() (model.py:31)`` is told from another relu of the same module.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from nonlin.nn.recognise import Found, calls, recognise_call

_PRODUCTS = {torch.mul, Tensor.mul, Tensor.mul_, Tensor.__mul__, Tensor.__rmul__, Tensor.__imul__}
ATTENTION = F.scaled_dot_product_attention
Report = Callable[[str, str, Found, Any, Callable[[], Any]], Any]
Attended = Callable[[str, str, tuple[Any, ...], dict[str, Any]], None]
_DEEP = 40  # frames looked through for the module that calls


@lru_cache(maxsize=1)
def table() -> dict[Any, Any]:
    """Return what a mode is called with -> how ``recognise_call`` knows it: functions as such, methods by name."""
    found: dict[Any, Any] = {}
    for target in calls():
        if isinstance(target, str):
            method = getattr(Tensor, target, None)
            if method is not None:
                found[method] = target
        else:
            found[target] = target
    return found


class Calls(TorchFunctionMode):
    """Reports the activations a forward computes by functions.

    Args:
        names: the path of every module of the model, by id.
        closed: ids of modules that are watched as such, whose own calls are not reported again.
        report: called with the module's path, the line of code, the function, its input, and what runs it; returns its result.
        attention: called with path, line and arguments before a fused attention.
    """

    def __init__(self, names: dict[int, str], closed: set[int], report: Report, attention: Attended) -> None:
        super().__init__()
        self.names, self.closed, self.report, self.attention = names, closed, report, attention
        self.table = table()
        self.outputs: list[tuple[weakref.ref[Any], Any]] = []
        self.quiet = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.quiet:
            return func(*args, **kwargs)
        spelled = self.table.get(func)
        if spelled is not None:
            place = self._place()
            found = recognise_call(spelled, args, kwargs) if place else None
            if place is not None and found is not None:
                given = args[0] if args else kwargs.get("input")
                return self.report(*place, found, given, lambda: func(*args, **kwargs))
        elif func in _PRODUCTS:
            self._gate(args)
        elif func is ATTENTION:
            place = self._place()
            if place is not None:
                self.attention(*place, args, kwargs)
        return func(*args, **kwargs)

    def remember(self, output: Any, site: Any) -> None:
        """Note whose output a tensor is, until the forward ends: a product with it makes a gate of it."""
        if isinstance(output, Tensor):
            self.outputs.append((weakref.ref(output), site))

    def owner(self, tensor: Any) -> Any:
        """Return the place whose output a tensor is, or None."""
        for ref, site in reversed(self.outputs):
            if ref() is tensor:
                return site
        return None

    def _gate(self, args: tuple[Any, ...]) -> None:
        if len(args) > 1 and all(isinstance(a, Tensor) for a in args[:2]):
            for a in args[:2]:
                site = self.owner(a)
                if site is not None:
                    site.gate = True

    def _place(self) -> tuple[str, str] | None:
        """Return the path of the module whose forward is running, and its line; None inside a watched module."""
        frame = sys._getframe(2)
        line = ""
        for _ in range(_DEEP):
            if frame is None:
                return None
            owner = frame.f_locals.get("self")
            if not line and not _internal(frame.f_code.co_filename):
                line = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
            if isinstance(owner, nn.Module) and id(owner) in self.names:
                return None if id(owner) in self.closed else (self.names[id(owner)], line)
            frame = frame.f_back  # type: ignore[assignment]
        return None


_TORCH = os.path.dirname(torch.__file__)


@lru_cache(maxsize=4096)
def _internal(path: str) -> bool:
    return path.startswith((_TORCH, os.path.dirname(__file__)))
