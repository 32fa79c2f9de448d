"""Gated units on a tensor that holds the value and the gate side by side: one pass reads both, one pass writes both gradients.

Slicing would make autograd fill a tensor of zeros for each half and add the two; here the gradient is written where it belongs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function

from nonlin.backends.kernel import differentiated
from nonlin.backends.llvm import calls
from nonlin.backends.llvm.calls import Kernel
from nonlin.backends.llvm.lane import ready, watched
from nonlin.backends.llvm.owned import applied
from nonlin.backends.llvm.tensors import ARRIVING, MANY, SHORT, STORED
from nonlin.expr import Expr, is_rowwise, variables
from nonlin.expr.nodes import ZERO

General = Callable[["Unit", "Cut", Tensor, Tensor], Tensor]


class Cut(NamedTuple):
    """How a tensor is cut: each of ``rows`` pieces of memory holds one half of ``n`` elements, then the other."""

    axis: int
    gate_first: bool
    rows: int
    n: int


class Unit:
    """The kernels of a gated unit in one type."""

    def __init__(self, root: Expr, names: tuple[str, str], dtype: torch.dtype, value: Kernel, general: General) -> None:
        self.root, self.names, self.dtype, self.value, self.general = root, names, dtype, value, general

    @cached_property
    def product(self) -> Kernel | None:
        """The gradient that arrives times each derivative; None if one of them is zero everywhere or has no kernel."""
        slopes = tuple(differentiated(self.root, (name,)) for name in self.names)
        if ZERO in slopes:
            return None
        return calls.prepared(slopes, (*self.names, ARRIVING), (), STORED[self.dtype], 1, ARRIVING)

    def forward(self, x: Tensor, cut: Cut) -> Tensor:
        """Return the unit at a tensor that is ``ready``."""
        shape = list(x.shape)
        shape[cut.axis] //= 2
        out = x.new_empty(shape)
        self.value.rows(cut.rows, cut.n, 0, 1, *self._sides(x, cut), (out.data_ptr(), cut.n))
        return out

    def backward(self, x: Tensor, grad: Tensor, cut: Cut) -> Tensor | None:
        """Return the gradient by both halves, in place; None where there is no kernel for these tensors."""
        alike = x.dtype is self.dtype and grad.dtype is self.dtype and grad.numel() == cut.rows * cut.n == x.numel() // 2
        if not alike or self.product is None or watched() or not ready(x):
            return None
        grad = grad.contiguous()
        if not ready(grad):
            return None
        out = torch.empty_like(x)
        sides = (*self._sides(x, cut), (grad.data_ptr(), cut.n), *self._sides(out, cut))
        self.product.rows(cut.rows, cut.n, 0, 1, *sides)
        return out

    def _sides(self, x: Tensor, cut: Cut) -> tuple[tuple[int, int], tuple[int, int]]:
        """Address and step from row to row of the value and of the gate."""
        first, step = x.data_ptr(), 2 * cut.n
        second = first + cut.n * x.element_size()
        return ((second, step), (first, step)) if cut.gate_first else ((first, step), (second, step))


@lru_cache(maxsize=4096)
def unit(root: Expr, gate: str, dtype: torch.dtype, general: General) -> Unit | None:
    """Return the kernels of a function of ``x`` and a gate alone, or None where there are none."""
    if dtype not in STORED or is_rowwise(root) or set(variables(root)) != {"x", gate}:
        return None
    names = ("x", gate)
    value = calls.prepared((root,), names, (), STORED[dtype], 0)
    return None if value is None else Unit(root, names, dtype, value, general)


class _Halves(Function):
    """The value, and for the gradient the tensor it was computed at."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, found: Unit, cut: Cut) -> Tensor:
        ctx.unit, ctx.cut = found, cut
        ctx.save_for_backward(x)
        return found.forward(x, cut)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        made = None if torch.is_grad_enabled() else ctx.unit.backward(x, grad, ctx.cut)
        return ctx.unit.general(ctx.unit, ctx.cut, x, grad) if made is None else made, None, None


_halves = applied(_Halves)


def quick(root: Expr, gate: str, x: Any, axis: int, place: str, general: General) -> Tensor | None:
    """Return a gated unit of the two halves of an axis, or None where this is not the way for it.

    Args:
        root: an expression in ``x`` and ``gate``.
        gate: the name of the gate.
        x: anything.
        axis: the axis that is cut in two.
        place: where the gate stands: the ``"second"`` half or the ``"first"``.
        general: gives the gradient where a kernel will not do: it can be differentiated.
    """
    if place not in ("first", "second") or not isinstance(x, Tensor) or not ready(x) or watched():
        return None
    rank = x.dim()
    if not isinstance(axis, int) or not -rank <= axis < rank or x.shape[axis] % 2 or not x.numel():
        return None
    axis %= rank
    n = x.shape[axis:].numel() // 2
    found = None if n < SHORT and x.numel() > MANY else unit(root, gate, x.dtype, general)
    if found is None:
        return None
    cut = Cut(axis, place == "first", x.numel() // (2 * n), n)
    if x.requires_grad and torch.is_grad_enabled():
        made: Tensor = _halves(x, found, cut)
        return made
    return found.forward(x, cut)
