"""Initial weights and the optimiser of a recipe."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from nonlin.catalogue import Definition
from nonlin.errors import NonlinError
from nonlin.facts.moments import gain
from nonlin.lab.recipe import OPTIMIZERS, Recipe


@lru_cache(maxsize=4096)
def initial_scale(init: str, fan_in: int, fan_out: int, follows: Definition | None) -> tuple[float, float]:
    """Return what to multiply unit draws by: weights (normal or uniform on [-1, 1]) and biases (uniform on [-1, 1]).

    ``glorot`` and ``torch`` scale uniform draws, ``gain`` and ``he`` normal ones. ``follows`` is the function after the
    layer, None after the last.
    """
    if init == "glorot":
        return math.sqrt(6 / (fan_in + fan_out)), 0.0
    if init == "torch":
        return 1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in)
    if init == "he":
        return math.sqrt(2 / fan_in), 0.0
    return _gain(follows) / math.sqrt(fan_in), 0.0


def _gain(follows: Definition | None) -> float:
    if follows is None or follows.kind != "elementwise":
        return 1.0
    try:
        return gain(follows)
    except NonlinError:
        return 1.0  # a function without finite moments has no gain of its own


class FusedAdam:
    """Adam on flat tensors by torch's fused kernel, called directly.

    ``torch.optim.Adam(fused=True)`` runs the same kernel, but its bookkeeping took a third of the optimiser's time on
    networks of this size.
    """

    def __init__(self, parameters: Sequence[Tensor], lr: float, eps: float) -> None:
        self.parameters = list(parameters)
        self.moments = [torch.zeros_like(p) for p in self.parameters]
        self.squares = [torch.zeros_like(p) for p in self.parameters]
        self.count = torch.zeros(())
        self.counts = [self.count] * len(self.parameters)
        self.lr, self.eps = lr, eps

    def step(self) -> None:
        """Update every parameter from its ``.grad``."""
        self.count += 1
        grads = [p.grad for p in self.parameters if p.grad is not None]
        torch._fused_adam_(self.parameters, grads, self.moments, self.squares, [], self.counts, lr=self.lr, beta1=0.9,
                           beta2=0.999, weight_decay=0.0, eps=self.eps, amsgrad=False, maximize=False)  # fmt: skip


def make_optimizer(recipe: Recipe, parameters: Sequence[Tensor]) -> FusedAdam | torch.optim.Optimizer:
    """Return the recipe's optimiser over flat parameter tensors; fused kernels read each number once."""
    name, options = OPTIMIZERS[recipe.optimizer]
    if name == "Adam" and hasattr(torch, "_fused_adam_"):
        return FusedAdam(parameters, recipe.learning_rate, **options)
    made: torch.optim.Optimizer = getattr(torch.optim, name)(parameters, lr=recipe.learning_rate, fused=True, **options)
    return made
