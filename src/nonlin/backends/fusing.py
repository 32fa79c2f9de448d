"""PyTorch's compiler for tensors on devices that kernels of our own do not reach: one pass in place of one for each operation.

A function compiles at the ``AFTER``-th call with large tensors, since compiling takes seconds and a short program would wait for
nothing. Where the compiler fails, PyTorch's own operations go on computing, the reason is said once, and ``nonlin
doctor`` shows it. The numbers are those of the same emitted program either way.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

DEVICES = {"cuda"}
"""Types of devices whose tensors are computed this way."""
AFTER = 8
"""Calls of a function before it is compiled."""
LARGE = 2**14
"""Elements below which starting the operations costs more than what they do, and calls are not counted."""
MOST = 64
"""Functions compiled in one process: each takes seconds and megabytes."""


class _State:
    """What this process has compiled, and why it stopped."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.calls: dict[Any, int] = {}
        self.made: dict[Any, Callable[..., Any]] = {}
        self.refused = ""


state = _State()


def wanted(x: Tensor) -> bool:
    """Whether a tensor is one to compute this way."""
    return x.device.type in DEVICES and x.numel() >= LARGE and type(x) in (Tensor, torch.nn.Parameter)


def fused(key: Any, function: Callable[..., Any], *args: Any) -> Any:
    """Return ``function(*args)``, compiled if it has been called often enough and the compiler can do it.

    Args:
        key: what identifies the function, its device and its types: hashable.
        function: of tensors, without side effects.
        *args: what it is called with.
    """
    ready = state.made.get(key)
    if ready is not None:
        return ready(*args)
    if state.refused or _busy():
        return function(*args)
    with state.lock:
        count = state.calls[key] = state.calls.get(key, 0) + 1
        if count < AFTER or len(state.made) >= MOST or key in state.made:
            return function(*args)
        try:
            made = torch.compile(function, dynamic=True)
            result = made(*args)
        except Exception as err:  # whatever a compiler, a driver or a missing program raises
            state.refused = (
                f"{type(err).__name__}: {str(err).strip().splitlines()[0][:200] if str(err).strip() else 'no reason given'}"
            )
            warnings.warn(
                f"PyTorch's compiler failed, so functions are computed by PyTorch's own operations, with the same numbers more "
                f"slowly ({state.refused}); NONLIN_ENGINE=plain in the environment keeps it from being tried",
                RuntimeWarning,
                stacklevel=2,
            )
            return function(*args)
        state.made[key] = made
        return result


def _busy() -> bool:
    """Whether the compiler must not be called here, or was not asked for."""
    return (
        os.environ.get("NONLIN_ENGINE", "llvm") == "plain"
        or torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or torch._C._len_torch_dispatch_stack() > 0
        or torch._C._get_tracing_state() is not None
    )


def told() -> str:
    """One sentence: what this process computes with on such devices."""
    if os.environ.get("NONLIN_ENGINE", "llvm") == "plain":
        return "PyTorch's own operations: the environment says NONLIN_ENGINE=plain"
    if state.refused:
        return f"PyTorch's own operations, since its compiler failed: {state.refused}"
    return f"torch.compile after {AFTER} calls of a function; {len(state.made)} compiled in this process"
