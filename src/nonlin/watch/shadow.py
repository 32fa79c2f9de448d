"""A forward beside the training: the original module, eager, without gradients, on a slice of the batch, leaving no trace.

Hooks that are added to a compiled model are ignored or make it compile again, so a compiled model is watched this way: its
random numbers, its buffers (batch norm's running statistics) and its parameters are as before afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

SLICE, AT_LEAST = 8, 16
"""One sample in eight is run, but at least sixteen, or all there are."""


def unwrap(model: nn.Module) -> nn.Module:
    """Return the user's own module inside compiled, data-parallel and averaging wrappers."""
    while True:
        inner = model.__dict__.get("_modules", {}).get("_orig_mod")
        if inner is None and isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = model.module
        if inner is None and type(model).__name__ in ("FullyShardedDataParallel", "DeepSpeedEngine"):
            inner = model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def compiled_parts(model: nn.Module) -> list[nn.Module]:
    """Return the modules of ``model`` that were compiled, as wrappers (``torch.compile``) or in place (``.compile()``)."""
    return [m for m in model.modules() if "_orig_mod" in m._modules or m._compiled_call_impl is not None]


def shadow_forward(core: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Run ``core`` eagerly on a slice of the batch; nothing of the model or of the random numbers changes."""
    size = next((t.shape[0] for t in _flat((args, kwargs)) if t.ndim), 0)
    rows = min(size, max(AT_LEAST, -(-size // SLICE)))
    few_args, few_kwargs = _sliced(args, size, rows), _sliced(dict(kwargs), size, rows)
    devices = sorted({t.device.index or 0 for t in core.parameters() if t.device.type == "cuda"})
    with torch.random.fork_rng(devices), kept_buffers(core), torch.compiler.set_stance("force_eager"), torch.no_grad():
        if rows == size:
            return core(*args, **kwargs)
        try:
            return core(*few_args, **few_kwargs)
        except Exception:  # a model that is tied to its batch size gets the whole batch
            return core(*args, **kwargs)


@contextmanager
def kept_buffers(model: nn.Module) -> Iterator[None]:
    """Give ``model`` copies of its buffers for a while, so that its own tensors are not written to."""
    own = [(m, name, buffer) for m in model.modules() for name, buffer in m._buffers.items() if buffer is not None]
    copies: dict[int, Tensor] = {id(b): b.clone() for _, _, b in own}
    for module, name, buffer in own:
        module._buffers[name] = copies[id(buffer)]
    try:
        yield
    finally:
        for module, name, buffer in own:
            module._buffers[name] = buffer


def _flat(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _flat(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _flat(inner)


def _sliced(value: Any, size: int, rows: int) -> Any:
    """Return a structure of tensors with the first ``rows`` of every one that has ``size`` rows."""
    if isinstance(value, Tensor):
        return value.detach()[:rows].clone() if value.ndim and value.shape[0] == size else value
    if type(value) in (tuple, list):
        return type(value)(_sliced(v, size, rows) for v in value)
    if type(value) is dict:
        return {k: _sliced(v, size, rows) for k, v in value.items()}
    return value
