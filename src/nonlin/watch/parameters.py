"""Gradients and updates of a model's layers on a sampled step: norms of ``p.grad``, and how far weights move.

Gradients are read between backward and the optimiser's step, when gradient accumulation and unscaling are done. The size of an
update comes from a few thousand entries of each weight, copied before and after the step, so that memory stays bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

BLOCKS, BLOCK = 32, 32
"""Entries of a weight that are copied: so many evenly spaced runs of so many neighbours, each a cache line or two."""


@dataclass
class Weights:
    """What was read of the parameters in one step, on the host."""

    grads: dict[str, float]
    """Norm of the gradient of each layer's own parameters; only layers that have gradients."""
    updates: dict[str, float]
    """Norm of the update over the norm of the weights, by layer."""
    total: float
    """Norm of the whole gradient."""
    skipped: bool = False
    """Whether a gradient scaler found infinities and the step was left out."""
    broken: tuple[str, ...] = ()
    """Layers whose weights were NaN or infinite before the step."""


class Reader:
    """Reads gradients and updates of the parameters of ``core``; ``names`` are the layers' names by id of the module."""

    def __init__(self, core: nn.Module, names: dict[int, str]) -> None:
        self.owned: list[tuple[str, nn.Parameter]] = []
        met: set[int] = set()
        for module in core.modules():
            for p in module._parameters.values():
                if p is not None and id(p) not in met:
                    met.add(id(p))
                    self.owned.append((names.get(id(module), ""), p))
        self.grads: list[Tensor] = []
        self.grad_names: list[str] = []
        self.before: list[Tensor] = []
        self.weights: list[tuple[str, nn.Parameter]] = []
        self.scale: Tensor | None = None
        self.found: Tensor | None = None

    @torch.no_grad()
    def before_step(self, optimizer: Any = None) -> None:
        """Take the norms of the gradients, and copies of some entries of the weights."""
        self.read_gradients(optimizer)
        self.weights = [(n, p) for n, p in self.owned if p.requires_grad and p.ndim > 1 and _dense(p)]
        self.before = [_entries(p).clone() for _, p in self.weights]

    @torch.no_grad()
    def read_gradients(self, optimizer: Any = None) -> None:
        """Take the norms of the gradients there are; a fused optimiser still has them scaled, and says by how much."""
        with_grad = [(n, _local(p.grad)) for n, p in self.owned if p.grad is not None and not p.grad.is_sparse]
        self.grad_names = [n for n, _ in with_grad]
        self.grads = _norms([g for _, g in with_grad])
        self.scale = getattr(optimizer, "grad_scale", None)
        self.found = getattr(optimizer, "found_inf", None)

    @torch.no_grad()
    def after_step(self) -> Tensor | None:
        """Return everything read in this step in one tensor on the device; None if there was nothing."""
        after = [_entries(p) for _, p in self.weights]
        moved = [a.float() - b.float() for a, b in zip(after, self.before, strict=True)]
        values = [*self.grads, *_norms(moved), *_norms(self.before)]
        values += [t.reshape(()).float() for t in (self.scale, self.found) if isinstance(t, Tensor)]
        self.before = []
        if not values:
            return None
        home = values[0].device
        return torch.stack([v.to(home, torch.float32, non_blocking=True) for v in values])

    def told(self, flat: Any) -> Weights:
        """Return what ``after_step`` packed, from the array on the host."""
        flat = np.asarray(flat, dtype=np.float64)
        g, w = len(self.grad_names), len(self.weights)
        extra = list(flat[g + 2 * w :])
        scale = extra.pop(0) if isinstance(self.scale, Tensor) else 1.0
        skipped = bool(extra and extra[-1] > 0) if isinstance(self.found, Tensor) else False
        norms = flat[:g] / scale
        grads: dict[str, float] = {}
        for name, norm in zip(self.grad_names, norms, strict=True):
            grads[name] = float(np.hypot(grads.get(name, 0.0), norm))
        updates: dict[str, float] = {}
        broken: list[str] = []
        for (name, _), moved, size in zip(self.weights, flat[g : g + w], flat[g + w : g + 2 * w], strict=True):
            if not np.isfinite(size):
                broken.append(name)
            elif size > 0:
                updates[name] = max(updates.get(name, 0.0), float(moved / size))
        return Weights(grads, updates, float(np.sqrt((norms**2).sum())), skipped, tuple(broken))


def _local(t: Tensor) -> Tensor:
    found: Tensor = t.to_local() if hasattr(t, "to_local") else t
    return found.detach()


def _dense(p: Tensor) -> bool:
    return p.numel() > 0 and p.layout is torch.strided and not p.is_meta and not hasattr(p, "to_local")


def _entries(p: Tensor) -> Tensor:
    """Return a view of evenly spaced runs of entries of a dense parameter, in whatever order its memory has."""
    flat = p.detach()
    if not flat.is_contiguous():
        flat = flat.as_strided((flat.numel(),), (1,)) if _packed(flat) else flat.reshape(-1)
    flat = flat.reshape(-1)
    if len(flat) <= BLOCKS * BLOCK:
        return flat
    return flat[: len(flat) // BLOCKS * BLOCKS].view(BLOCKS, -1)[:, :BLOCK]


def _packed(t: Tensor) -> bool:
    """Whether a tensor fills its memory without gaps or overlap, such as one in channels-last order."""
    return sum((n - 1) * s for n, s in zip(t.shape, t.stride(), strict=True)) + 1 == t.numel()


def _norms(tensors: list[Tensor]) -> list[Tensor]:
    """Return the 2-norms, in float32, with few launches."""
    found: list[Tensor | None] = [None] * len(tensors)
    groups: dict[tuple[torch.device, torch.dtype], list[int]] = {}
    for i, t in enumerate(tensors):
        groups.setdefault((t.device, t.dtype), []).append(i)
    for (_, dtype), members in groups.items():
        some = [tensors[i] for i in members]
        half = dtype in (torch.float16, torch.bfloat16)  # whose norms overflow or round
        norms = torch._foreach_norm(some, 2, torch.float32) if half else torch._foreach_norm(some)
        for i, norm in zip(members, norms, strict=True):
            found[i] = norm
    return [n for n in found if n is not None]
