"""The short way of the most common call: one plain tensor without gaps, on the CPU, and no parameters.

At a few thousand elements Python costs more than the arithmetic, so this way asks each question once and keeps the answers:
what the function is compiled to, for the value and for the gradient. Whatever it does not know goes the general way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function, forward_ad

from nonlin.backends.kernel import differentiated
from nonlin.backends.llvm import calls
from nonlin.backends.llvm.calls import PARALLEL, Kernel
from nonlin.backends.llvm.tensors import ARRIVING, PLAIN, STORED, stored
from nonlin.expr import Expr, is_rowwise, variables
from nonlin.expr.nodes import ZERO

General = Callable[[Expr, Tensor, Tensor], Tensor]
_functorch = torch._C._are_functorch_transforms_active
_tracing, _modes = torch._C._get_tracing_state, torch._C._len_torch_dispatch_stack
_recording, _like, _strided = torch.is_grad_enabled, torch.empty_like, torch.strided


class Lane:
    """The kernels of one function of ``x`` in one type."""

    def __init__(self, root: Expr, dtype: torch.dtype, value: Kernel, general: General) -> None:
        self.root, self.dtype, self.kernel, self.general = root, dtype, value, general
        self.near = value.code.flat
        """The code that one core runs, called without asking how many cores there are."""

    @cached_property
    def product(self) -> Kernel | None:
        """The gradient that arrives times the derivative; None if the derivative is zero everywhere or has no kernel."""
        slope = differentiated(self.root, ("x",))
        if slope is ZERO:
            return None
        return calls.prepared((slope,), ("x", ARRIVING), (), STORED[self.dtype], 1, ARRIVING)

    def value(self, x: Tensor) -> Tensor:
        """Return the function at a tensor that is ``ready``."""
        out, n = _like(x), x.numel()
        (self.near if n < PARALLEL else self.kernel.flat)(n, 0, x.data_ptr(), out.data_ptr())
        return out


@lru_cache(maxsize=4096)
def lane(root: Expr, dtype: torch.dtype, general: General) -> Lane | None:
    """Return the kernels of a function of ``x`` alone, or None where there are none."""
    if dtype not in STORED or is_rowwise(root) or variables(root) != ["x"]:
        return None
    value = calls.prepared((root,), ("x",), (), STORED[dtype], 0)
    return None if value is None else Lane(root, dtype, value, general)


def ready(t: Tensor) -> bool:
    """Whether a tensor is plain numbers in the CPU's memory, one after the other."""
    return type(t) in PLAIN and t.is_cpu and t.layout is _strided and t.is_contiguous() and not t.is_neg() and stored(t)


def watched() -> bool:
    """Whether something that a kernel would pass by records or transforms operations."""
    return _tracing() is not None or _modes() > 0 or _functorch() or forward_ad._current_level >= 0 or not calls.enabled()


class _Step(Function):
    """The value, and for the gradient the tensor it was computed at."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, found: Lane) -> Tensor:
        ctx.lane = found
        ctx.save_for_backward(x)
        return found.value(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        found: Lane = ctx.lane
        product = found.product
        # what hooks on saved tensors give back may be another tensor, so it is looked at again
        if (
            product is None
            or _recording()
            or not (x.dtype is grad.dtype is found.dtype and grad.shape == x.shape and ready(x) and ready(grad))
            or watched()
        ):
            return found.general(found.root, x, grad), None
        out, n = _like(x), x.numel()
        (product.code.flat if n < PARALLEL else product.flat)(n, 0, x.data_ptr(), grad.data_ptr(), out.data_ptr())
        return out, None


_step = super(Function, _Step).apply  # without what torch.func needs, which is not active here


def quick(root: Expr, x: Any, general: General) -> Tensor | None:
    """Return ``root`` at ``x``, or None where this is not the way for it.

    Args:
        root: an expression.
        x: anything.
        general: gives the gradient for (root, x, gradient that arrives) where a kernel will not do: it can be differentiated.
    """
    if type(x) not in PLAIN or not ready(x) or watched():
        return None
    found = lane(root, x.dtype, general)
    if found is None:
        return None
    if x.requires_grad and _recording():
        made: Tensor = _step(x, found)  # type: ignore[no-untyped-call]
        return made
    return found.value(x)
