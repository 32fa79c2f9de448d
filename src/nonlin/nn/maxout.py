"""Maxout as its paper has it: a linear layer with several pieces per unit, of which the largest counts."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from nonlin.catalogue import resolve
from nonlin.errors import ParameterError
from nonlin.nn.base import module


class MaxoutLinear(nn.Module):
    """Linear layer and maxout in one: ``y_j = max_k (W_jk x + b_jk)``, k = 1 .. pieces, with independent ``W_jk``.

    Shapes: input (..., in_features), output (..., out_features); ``weight`` (out_features * pieces, in_features), the
    pieces of a unit next to each other; ``bias`` (out_features * pieces).

    Args:
        in_features: size of each input.
        out_features: size of each output.
        pieces: linear maps per output, at least 1.
        bias: whether each piece has a bias.
        device: as for ``nn.Linear``.
        dtype: as for ``nn.Linear``.

    At a tie the first piece gets the gradient. Weights start as those of ``nn.Linear``; ``nonlin.nn.init_`` knows better.

    Reference: I. Goodfellow et al., Maxout Networks, ICML 2013, arXiv:1302.4389

    >>> MaxoutLinear(4, 3)(torch.ones(2, 4)).shape
    torch.Size([2, 3])
    """

    def __init__(self, in_features: int, out_features: int, pieces: int = 2, bias: bool = True,
                 device: Any = None, dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        for name, value in (("in_features", in_features), ("out_features", out_features), ("pieces", pieces)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ParameterError(f"MaxoutLinear: {name} must be a whole number of at least 1, not {value!r}")
        self.in_features, self.out_features, self.pieces = in_features, out_features, pieces
        rows = out_features * pieces
        self.weight = nn.Parameter(torch.empty(rows, in_features, device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(rows, device=device, dtype=dtype)) if bias else None
        self.maxout = module(resolve("maxout"), pieces=pieces)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and biases as ``nn.Linear`` does."""
        bound = 1 / math.sqrt(self.in_features)
        for p in self.parameters():
            nn.init.uniform_(p, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        largest: Tensor = self.maxout(nn.functional.linear(x, self.weight, self.bias))
        return largest

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, pieces={self.pieces}, "
            f"bias={self.bias is not None}"
        )
