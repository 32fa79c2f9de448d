"""A function of x + b in one pass, and in one pass the gradients of both: that of the bias is added up as it is computed.

The bias belongs to the last axis (a *column* of rows) or to another one, such as the channels of images (whole *rows* of memory
have one number).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function

from nonlin.backends.kernel import differentiated
from nonlin.backends.llvm import calls
from nonlin.backends.llvm.calls import Kernel
from nonlin.backends.llvm.lane import ready, watched
from nonlin.backends.llvm.loops import Plan
from nonlin.backends.llvm.owned import applied, counts, free, uses
from nonlin.backends.llvm.sums import BLOCK, SLOTS, Summing, summing
from nonlin.backends.llvm.tensors import ARRIVING, MANY, SHORT, STORED, stored
from nonlin.expr import Expr, is_rowwise, substitute, var, variables
from nonlin.expr.nodes import ZERO

General = Callable[[Expr, Tensor, Tensor], Tensor]
BIAS = "·bias"
LANES = {torch.float64: torch.float64}
"""In which type sums of a type are held, if not float32."""


class Place(NamedTuple):
    """How a tensor lies around the axis of its bias."""

    rows: int
    n: int
    period: int
    """Rows after which the biases begin anew."""


class Biased:
    """The kernels of a function of x + b in one type; ``mode`` tells what a bias belongs to."""

    def __init__(self, value: Kernel, product: Summing, root: Expr, dtype: torch.dtype, mode: str, general: General) -> None:
        self.value, self.product, self.root, self.dtype, self.mode = value, product, root, dtype, mode
        self.general, self.lane = general, LANES.get(dtype, torch.float32)

    def forward(self, x: Tensor, bias: Tensor, at: Place) -> Tensor:
        """Return the function at tensors that are ``ready``."""
        out = torch.empty_like(x)
        step = at.n
        if self.mode == "column":
            sides = ((x.data_ptr(), step), (bias.data_ptr(), 0), (out.data_ptr(), step))
            self.value.rows(at.rows, at.n, 0, 1, *sides)
        else:
            numbers = bias.detach().to(self.lane)
            self.value.rows(at.rows, at.n, numbers.data_ptr(), at.period, (x.data_ptr(), step), (out.data_ptr(), step))
        return out

    def backward(self, x: Tensor, bias: Tensor, grad: Tensor, at: Place, out: Tensor) -> Tensor:
        """Write the gradient of x to ``out``, which may be ``grad``, and return that of the bias."""
        step = at.n
        ends: tuple[tuple[int, int], ...] = ((grad.data_ptr(), step), (out.data_ptr(), step))
        if self.mode == "column":
            sums = torch.zeros(-(-at.rows // BLOCK), -(-at.n // SLOTS) * SLOTS, dtype=self.lane)
            self.product.rows(
                at.rows, at.n, 0, 1, (x.data_ptr(), step), (bias.data_ptr(), 0), *ends, (sums.data_ptr(), sums.shape[1])
            )
            total = sums[:, : at.n].sum(0, dtype=torch.float64)
        else:
            sums = torch.zeros(at.rows // at.period, at.period, SLOTS, dtype=self.lane)
            numbers = bias.detach().to(self.lane)
            ends = ((x.data_ptr(), step), *ends, (sums.data_ptr(), SLOTS))
            self.product.rows(at.rows, at.n, numbers.data_ptr(), at.period, *ends)
            total = sums.sum((0, 2), dtype=torch.float64)
        return total.to(bias.dtype)


@lru_cache(maxsize=1024)
def biased(root: Expr, dtype: torch.dtype, mode: str, general: General) -> Biased | None:
    """Return the kernels of a function of ``x`` where x + b stands for it, or None where there are none."""
    if dtype not in STORED or is_rowwise(root) or variables(root) != ["x"]:
        return None
    storage, slope = STORED[dtype], differentiated(root, ("x",))
    value = calls.prepared((root,), ("x",), (), storage, 0)
    product = None if slope is ZERO else calls.prepared((slope,), ("x", ARRIVING), (), storage, 1, ARRIVING)
    if value is None or product is None or not value.plan.storage == product.plan.storage == storage:
        return None
    shifted = {"x": var("x") + var(BIAS)}
    first, second = (substitute(k.plan.outputs[0], shifted) for k in (value, product))
    arrays, scalars = (("x", BIAS), ()) if mode == "column" else (("x",), (BIAS,))
    whole = calls.kernel(Plan((first,), arrays, scalars, storage))
    added = summing((second, second), (*arrays, ARRIVING), scalars, storage, (mode,))
    return None if whole is None or added is None else Biased(whole, added, root, dtype, mode, general)


def _over(x: Tensor, bias: Tensor, axis: int) -> Tensor:
    """x + b with the bias along an axis."""
    return x + bias.reshape(-1, *(1,) * (x.dim() - axis - 1))


class _Step(Function):
    """The value, and for the gradient the tensors it was computed at."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, bias: Tensor, found: Biased, at: Place, axis: int) -> Tensor:
        ctx.found, ctx.at, ctx.axis = found, at, axis
        ctx.save_for_backward(x, bias)
        return found.forward(x, bias, at)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        spare = stored(grad) and uses(grad) == 1 and counts(grad) == free()
        (x, bias), found = ctx.saved_tensors, ctx.found
        alike = x.dtype is bias.dtype is found.dtype and x.numel() == ctx.at.rows * ctx.at.n
        plain = alike and stored(grad) and grad.dtype is x.dtype and grad.shape == x.shape and ready(x) and ready(bias)
        if not plain or torch.is_grad_enabled() or watched() or not grad.is_cpu:
            made = found.general(found.root, _over(x, bias, ctx.axis), grad)
            others = [i for i in range(x.dim()) if i != ctx.axis]
            return made, made.sum(others) if others else made, None, None, None
        if not ready(grad):
            grad, spare = grad.resolve_neg().contiguous(), False
        out = grad if spare else torch.empty_like(x)
        return out, found.backward(x, bias, grad, ctx.at, out), None, None, None


_step = applied(_Step)


def quick(root: Expr, x: Any, bias: Any, axis: int, general: General) -> Tensor | None:
    """Return ``root`` at x + b, or None where this is not the way for it.

    Args:
        root: an expression in ``x``.
        x: anything.
        bias: anything; a kernel is there for a vector as long as the axis.
        axis: of x, from 0.
        general: gives the gradient for (root, x + b, gradient that arrives) where a kernel will not do: it can be differentiated.
    """
    if not isinstance(x, Tensor) or not isinstance(bias, Tensor) or watched() or not (ready(x) and ready(bias)):
        return None
    if bias.dtype is not x.dtype or bias.dim() != 1 or bias.shape[0] != x.shape[axis] or not x.numel():
        return None
    last = axis == x.dim() - 1
    n = x.shape[-1] if last else x.shape[axis + 1 :].numel()
    if n < SHORT and x.numel() > MANY:
        return None
    found = biased(root, x.dtype, "column" if last else "row", general)
    if found is None:
        return None
    at = Place(x.numel() // n, n, 1 if last else x.shape[axis])
    if torch.is_grad_enabled() and (x.requires_grad or bias.requires_grad):
        free()
        made: Tensor = _step(x, bias, found, at, axis)
        return made
    return found.forward(x, bias, at)
