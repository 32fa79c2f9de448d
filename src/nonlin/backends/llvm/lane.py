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

from nonlin.backends.kernel import differentiated, guarded
from nonlin.backends.llvm import calls, masks
from nonlin.backends.llvm.calls import PARALLEL, Kernel
from nonlin.backends.llvm.loops import STORAGES, Plan
from nonlin.backends.llvm.owned import applied, counts, free, uses
from nonlin.backends.llvm.saving import way
from nonlin.backends.llvm.tensors import ARRIVING, PLAIN, STORED, stored
from nonlin.errors import DataError
from nonlin.expr import Expr, is_rowwise, var, variables
from nonlin.expr.nodes import ZERO, mul

General = Callable[[Expr, Tensor, Tensor], Tensor]
MASKED = 2**18
"""Elements from which bits are kept without being asked for: below, the input's memory is small and its handling cheaper."""
_functorch = torch._C._are_functorch_transforms_active
_tracing, _modes = torch._C._get_tracing_state, torch._C._len_torch_dispatch_stack
_recording, _like = torch.is_grad_enabled, torch.empty_like


class Lane:
    """The kernels of one function of ``x`` in one type."""

    def __init__(self, root: Expr, dtype: torch.dtype, value: Kernel, general: General) -> None:
        self.root, self.dtype, self.kernel, self.general = root, dtype, value, general
        self.near = value.near
        free()  # measured before it is asked for in the middle of a backward pass

    @cached_property
    def product(self) -> Kernel | None:
        """The gradient that arrives times the derivative; None if the derivative is zero everywhere or has no kernel."""
        slope = differentiated(self.root, ("x",))
        if slope is ZERO:
            return None
        return calls.prepared((slope,), ("x", ARRIVING), (), STORED[self.dtype], 1, ARRIVING)

    @cached_property
    def mask(self) -> masks.Mask | None:
        """The kernels that keep bits; None where the function is not piecewise linear."""
        return masks.mask(self.root, STORED[self.dtype])

    @cached_property
    def both(self) -> tuple[Kernel, Kernel] | None:
        """Value and derivative at once, and the product with what was kept; None in half types, which would round it."""
        storage, slope = STORED[self.dtype], differentiated(self.root, ("x",))
        lane = STORAGES[storage].lane
        product = self.product
        if product is None or lane != storage or not self.kernel.plan.storage == product.plan.storage == storage:
            return None
        outputs = guarded(self.root, lane), guarded(slope, lane, order=1)
        made = calls.kernel(Plan(outputs, ("x",), (), storage))
        times = calls.kernel(Plan((mul(var(ARRIVING), var("x")),), ("x", ARRIVING), (), storage))
        return None if made is None or times is None else (made, times)

    def value(self, x: Tensor) -> Tensor:
        """Return the function at a tensor that is ``ready``."""
        out, n = _like(x), x.numel()
        (self.near if n < PARALLEL else self.kernel.flat)(n, 0, x.data_ptr(), out.data_ptr())
        return out

    def step(self, x: Tensor, saved: str) -> Tensor:
        """Return the function at a tensor that is ``ready`` and needs a gradient."""
        if saved == "auto":
            saved = "mask" if x.numel() >= MASKED else "input"
        made: Tensor
        if saved == "mask" and self.mask is not None and x.dim():
            made = _masked(x, x.narrow_copy(0, 0, 0), self)
        elif saved == "derivative" and self.both is not None:
            made = _kept(x, self)
        else:
            made = _step(x, self)
        return made

    def gradient(self, x: Tensor, grad: Tensor, spare: bool) -> Tensor:
        """Return the gradient from the input, written over the one that arrives if that is ``spare``."""
        product = self.product
        # what hooks on saved tensors give back may be another tensor, so it is looked at again
        if (
            product is None
            or _recording()
            or not (x.dtype is grad.dtype is self.dtype and grad.shape == x.shape and ready(x) and ready(grad))
            or watched()
        ):
            return self.general(self.root, x, grad)
        out, n = grad if spare else _like(x), x.numel()
        (product.near if n < PARALLEL else product.flat)(n, 0, x.data_ptr(), grad.data_ptr(), out.data_ptr())
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
    # a sparse tensor and one of another library have no storage
    return type(t) in PLAIN and t.is_cpu and stored(t) and t.is_contiguous() and not t.is_neg()


def watched() -> bool:
    """Whether something that a kernel would pass by records or transforms operations."""
    return _modes() > 0 or _functorch() or forward_ad._current_level >= 0 or _tracing() is not None or not calls.enabled()


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
        spare = stored(grad) and uses(grad) == 1 and counts(grad) == free()  # no other reference on the way here
        return ctx.lane.gradient(x, grad, spare), None


class _Masked(Function):
    """The value, and for the gradient bits that tell which slope each element has.

    Without the input its place in the graph would be lost, through which a gradient that is differentiated again reaches it, if
    only as zero: ``edge`` is a piece of it without elements.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, edge: Tensor, found: Lane) -> Tensor:
        mask, n = found.mask, x.numel()
        assert mask is not None
        out, bits = _like(x), torch.empty(mask.size(n), dtype=torch.uint8)
        missing = mask.value(n, x.data_ptr(), out.data_ptr(), bits.data_ptr())
        ctx.lane, ctx.bits, ctx.shape = found, not missing, x.shape
        ctx.save_for_backward(*((x,) if missing else (bits, edge)))
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        spare = stored(grad) and uses(grad) == 1 and counts(grad) == free()
        saved, found = ctx.saved_tensors, ctx.lane
        if not ctx.bits:
            return found.gradient(saved[0], grad, spare), None, None
        bits, edge = saved
        bits = bits.to(torch.uint8).contiguous()  # hooks on saved tensors may give back another type
        plain = stored(grad) and grad.is_cpu and grad.dtype is found.dtype and grad.shape == ctx.shape
        if not plain or _recording() or watched():
            slope = torch.ones(ctx.shape, dtype=found.dtype)
            found.mask.gradient(slope.numel(), slope.data_ptr(), slope.data_ptr(), bits.data_ptr())
            return (grad * slope + edge.sum()).to(found.dtype), None, None
        if not ready(grad):
            grad, spare = grad.resolve_neg().contiguous(), False
        out = grad if spare else _like(grad)
        found.mask.gradient(grad.numel(), grad.data_ptr(), out.data_ptr(), bits.data_ptr())
        return out, None, None


class _Kept(Function):
    """Value and derivative at once; the gradient is a product with what was kept."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, found: Lane) -> Tensor:
        assert found.both is not None
        out, slope = _like(x), _like(x)
        found.both[0].flat(x.numel(), 0, x.data_ptr(), out.data_ptr(), slope.data_ptr())
        ctx.lane = found
        ctx.save_for_backward(slope)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        spare = stored(grad) and uses(grad) == 1 and counts(grad) == free()
        (slope,), found = ctx.saved_tensors, ctx.lane
        if _recording():
            raise DataError(
                "the gradient of a function that kept only its derivative cannot be differentiated again; "
                'call the function under nonlin.saving("input"), or leave create_graph out'
            )
        if watched() or not (slope.dtype is grad.dtype is found.dtype and ready(slope) and ready(grad)):
            return (grad * slope).to(found.dtype), None
        out = grad if spare else _like(slope)
        found.both[1].flat(slope.numel(), 0, slope.data_ptr(), grad.data_ptr(), out.data_ptr())
        return out, None


_step, _masked, _kept = applied(_Step), applied(_Masked), applied(_Kept)


def quick(root: Expr, x: Any, general: General, saved: str | None = None) -> Tensor | None:
    """Return ``root`` at ``x``, or None where this is not the way for it.

    Args:
        root: an expression.
        x: anything.
        general: gives the gradient for (root, x, gradient that arrives) where a kernel will not do: it can be differentiated.
        saved: what is kept for the gradient (see ``saving``); None for what this thread has chosen.
    """
    if not (type(x) in PLAIN and x.is_cpu and stored(x) and x.is_contiguous() and not x.is_neg()) or watched():
        return None  # what ``ready`` asks, without a call
    found = lane(root, x.dtype, general)
    if found is None:
        return None
    if x.requires_grad and _recording():
        return found.step(x, saved or way())
    return found.value(x)
