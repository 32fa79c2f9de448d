"""Bias and activation in one pass over memory, forward and backward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nonlin.backends.layout import check_axis
from nonlin.backends.torch import checked, with_bias
from nonlin.catalogue import Definition, resolve
from nonlin.errors import DataError, ParameterError


def _formula(function: str | Definition) -> Definition:
    made = resolve(function)
    if made.kind != "elementwise" or made.random or made.context:
        raise ParameterError(
            f"{made.name} is {'random' if made.random else made.kind}; a bias is added for functions of single numbers, such as gelu"
        )
    return made


def bias_act(x: Tensor, bias: Tensor, function: str | Definition = "relu", dim: int = -1) -> Tensor:
    """Return f(x + b): the same as adding the bias first, without the pass over memory that this takes.

    On the CPU one kernel reads x once and writes the result; in the backward pass one reads x and the gradient that arrives and
    writes that of x, adding up that of the bias on the way. It pays where x + b is a pass of its own: behind a convolution, an
    embedding or a normalisation without a bias. Behind ``nn.Linear`` it does not, for matrix products add the bias themselves.

    Args:
        x: real tensor of any shape but that of a single number.
        bias: vector of the length of x along ``dim``.
        function: a name or formula as ``nonlin.get`` takes it, or a definition: an elementwise function.
        dim: the dimension of x that the bias belongs to: -1 for features, 1 for the channels of images.

    Returns:
        A tensor of the shape of x; of the type of x + b. NaN in x or b gives NaN. The gradient of the bias is added up in an order
        that depends on the shape alone: the same bits for any number of threads.

    Raises:
        DataError: ``x`` or ``bias`` is no real tensor, ``dim`` is no dimension of x, or the bias has another length.
        ParameterError: the function is not elementwise.

    >>> import torch
    >>> bias_act(torch.tensor([[-3.0, 1.0]]), torch.tensor([1.0, 2.0]), "relu")
    tensor([[0., 3.]])
    """
    made, x, bias = _formula(function), checked(x), checked(bias, "bias")
    axis = check_axis(made, x.dim(), dim, "dim") % x.dim()
    if bias.shape != x.shape[axis : axis + 1]:
        raise DataError(
            f"bias has the shape {tuple(bias.shape)}, but x of shape {tuple(x.shape)} has {x.shape[axis]} entries along dimension "
            f"{axis}; give one number for each, or another dim"
        )
    return with_bias(made.closed(), x, bias, axis)


class BiasAct(nn.Module):
    """A learned bias and an activation function in one pass; see :func:`bias_act`.

    Args:
        features: length of the bias, that of x along ``dim``.
        function: a name or formula as ``nonlin.get`` takes it, or a definition: an elementwise function.
        dim: the dimension of x that the bias belongs to: -1 for features, 1 for the channels of images.

    Shapes: any whose dimension ``dim`` is ``features`` long; the result has the same.

    >>> BiasAct(64, "gelu", dim=1)
    BiasAct(64, 'gelu', dim=1)
    """

    def __init__(self, features: int, function: str | Definition = "relu", dim: int = -1) -> None:
        super().__init__()
        if isinstance(features, bool) or not isinstance(features, int) or features < 1:
            raise ParameterError(f"features must be a whole number of at least 1, not {features!r}")
        self.function, self.dim = _formula(function), dim
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x: Tensor) -> Tensor:
        """Return the function at ``x`` plus the bias."""
        return bias_act(x, self.bias, self.function, self.dim)

    def extra_repr(self) -> str:
        return f"{len(self.bias)}, {self.function.name!r}" + (f", dim={self.dim}" if self.dim != -1 else "")


# torch.fx writes annotations into the graphs it traces and cannot pickle those that are text
BiasAct.forward.__annotations__.update({"x": Tensor, "return": Tensor})
bias_act.__annotations__.update({"x": Tensor, "bias": Tensor, "function": Any, "dim": int, "return": Tensor})
