"""Running a user's model once and leaving no trace: flags, buffers, gradients, random numbers, hooks and attributes as before."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

_TABLES = ("_parameters", "_buffers", "_modules", "_forward_hooks", "_forward_pre_hooks", "_forward_hooks_with_kwargs",
           "_forward_pre_hooks_with_kwargs", "_forward_hooks_always_called")  # fmt: skip
"""Dictionaries inside a module that a run may change in place."""


@contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """Give back a model's state, and the random generators', as they were when the block was entered.

    What is kept: which attributes, parameters, buffers, children and hooks each module has; the training flags; the numbers in
    the buffers (batch norm's statistics, spectral norm's vectors); the gradients; PyTorch's, NumPy's and Python's generators.
    What cannot be kept: what the model's forward does outside of itself, such as writing to a file.
    """
    modules = [m for m in model.modules() if not isinstance(m, torch.jit.ScriptModule)]
    attributes = [(m, dict(vars(m))) for m in modules]
    tables = [(m.__dict__[t], m.__dict__[t].copy()) for m in modules for t in _TABLES if t in m.__dict__]
    numbers = [(b, b.detach().clone()) for b in _unique(model.buffers()) if not _blank(b)]
    grads = [(p, p.grad, None if p.grad is None else p.grad.detach().clone()) for p in _unique(model.parameters())]
    devices = sorted({p.device.index for p in model.parameters() if p.device.type == "cuda"})
    python, numpy_state = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy_state)
        for m, before in attributes:
            m.__dict__.clear()
            m.__dict__.update(before)
        for table, before in tables:
            table.clear()
            table.update(before)
        with torch.no_grad():
            for buffer, value in numbers:
                if not _same(buffer, value):
                    buffer.copy_(value)
            for p, grad, value in grads:
                p.grad = grad
                if grad is not None and value is not None and not _same(grad, value):
                    grad.copy_(value)


def _unique(tensors: Any) -> list[Any]:
    return list({id(t): t for t in tensors}.values())


def _blank(tensor: Any) -> bool:
    """Whether a tensor has no numbers to keep: on the meta device, or not sized yet."""
    return isinstance(tensor, UninitializedParameter | UninitializedBuffer) or tensor.is_meta


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and torch.equal(a, b)


@contextmanager
def as_if_training(model: nn.Module, frozen: tuple[type[nn.Module], ...] = ()) -> Iterator[None]:
    """Set every training flag, except those of ``frozen`` classes; to be used inside :func:`untouched`, which undoes it."""
    for m in model.modules():
        if not isinstance(m, torch.jit.ScriptModule):
            m.__dict__["training"] = not isinstance(m, frozen)
    with ExitStack() as stack:
        if "torch._dynamo" in sys.modules:  # something is compiled, and would be compiled anew; importing it takes seconds
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield
