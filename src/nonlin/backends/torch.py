"""PyTorch: a differentiable function that saves only its input, exact to any order.

The backward pass multiplies by the emitted derivative rather than differentiating the emitted value, so no NaN comes
out of a branch that was not taken, and tails keep their relative accuracy. Half types are computed in float32
and rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from nonlin.backends import fusing
from nonlin.backends.branchless import branchless
from nonlin.backends.kernel import Kernel, build, differentiated, emit, guarded
from nonlin.backends.llvm import biased, halves
from nonlin.backends.llvm.gradients import added
from nonlin.backends.llvm.lane import quick
from nonlin.backends.llvm.owned import applied
from nonlin.backends.llvm.tensors import ARRIVING, compute, usable
from nonlin.backends.torch_scope import exporting, scope
from nonlin.errors import DataError
from nonlin.expr import Expr, is_rowwise
from nonlin.expr.nodes import ZERO

compiling = torch.compiler.is_compiling
DRAW = {"uniform": torch.rand, "normal": torch.randn}
"""How noise of each law is drawn; given a shape, and a generator or dtype and device."""


@lru_cache(maxsize=4096)
def compiled(
    roots: tuple[Expr, ...], names: tuple[str, ...], dtype: torch.dtype, finite_only: bool = False, order: int = 0
) -> Kernel:
    """Return the function of ``names`` that computes ``roots`` in ``dtype`` (float32 or float64).

    ``order`` tells which derivative the first root is; the others are one more.
    """
    kind = "float64" if dtype == torch.float64 else "float32"
    outputs = [guarded(branchless(r), kind, finite_only, order + (i > 0)) for i, r in enumerate(roots)]
    text = emit("torch", outputs, names)
    return build(text, scope(kind))


def checked(x: Any, what: str = "x") -> Tensor:
    """Return ``x`` if it is a real tensor; integers become the default floating type.

    Raises:
        DataError: for boolean and complex tensors and for anything else.
    """
    if not isinstance(x, Tensor):
        raise DataError(f"{what} must be a torch.Tensor, not {type(x).__name__}")
    if x.is_floating_point():
        return x
    if x.dtype == torch.bool or x.is_complex():
        hint = "convert it with .float()" if x.dtype == torch.bool else "apply the function to .real and .imag"
        raise DataError(f"{what} has dtype {x.dtype}; an activation function takes real numbers: {hint}")
    return x.to(torch.get_default_dtype())


def _shape(tensors: Sequence[Tensor]) -> torch.Size:
    return torch.broadcast_shapes(*(t.shape for t in tensors))  # type: ignore[no-any-return]


def _run(root: Expr, names: tuple[str, ...], tensors: Sequence[Tensor], order: int) -> Tensor:
    """Evaluate one expression, a derivative of that order, without recording a derivative."""
    x = tensors[0]
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    args = [t if t.dtype == dtype else t.to(dtype) for t in tensors]
    kernel = compiled((root,), names, dtype, order=order)
    if fusing.wanted(x):
        result = fusing.fused((root, names, dtype, order, x.device), kernel, *args)
    else:
        result = kernel(*args)
    if not isinstance(result, Tensor):
        shape = _shape(tensors)
        return torch.full(shape, result, dtype=x.dtype, device=x.device)
    if result.dim() == 0 and x.dim() > 0:
        result = result.expand(_shape(tensors))
    if any(result is t for t in tensors):  # the identity; autograd wants a tensor of its own
        return result.clone()
    return result.to(x.dtype)


@dataclass(frozen=True)
class _Plan:
    """What to compute: ``root`` of the variables ``names``, differentiated once by each name in ``wrt``."""

    root: Expr
    names: tuple[str, ...]
    wrt: tuple[str, ...]

    def slope(self, i: int) -> _Plan | None:
        """The plan differentiated by its i-th variable, or None where that is zero everywhere."""
        more = _Plan(self.root, self.names, (*self.wrt, self.names[i]))
        return None if differentiated(more.root, more.wrt) is ZERO else more


class _Elementwise(torch.autograd.Function):
    """A plan on tensors; its derivative is the same function of the plan with one more name."""

    @staticmethod
    def forward(plan: _Plan, *tensors: Tensor) -> Tensor:
        return _run(differentiated(plan.root, plan.wrt), plan.names, tensors, len(plan.wrt))

    @staticmethod
    def symbolic(g: Any, plan: _Plan, *tensors: Any) -> Any:
        """What ``torch.onnx.export(..., dynamo=False)`` writes for it."""
        from nonlin.backends.export import symbolic

        return symbolic(g, differentiated(plan.root, plan.wrt), plan.names, tensors, len(plan.wrt))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.plan, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        tensors = ctx.saved_tensors
        if not torch.is_grad_enabled():  # nobody will differentiate this: one pass gives every product
            fused = _products(ctx.plan, tensors, grads[0], ctx.needs_input_grad[1:])
            if fused is not None:
                return (None, *fused)
        results: list[Tensor | None] = [None]
        for i, tensor in enumerate(tensors):
            slope = ctx.plan.slope(i) if ctx.needs_input_grad[1 + i] else None
            if slope is None:
                results.append(torch.zeros_like(tensor) if ctx.needs_input_grad[1 + i] else None)
            else:
                product = _product(slope, tensors, grads[0])
                results.append(product.sum_to_size(tensor.shape).to(tensor.dtype))
        return tuple(results)

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
        tensors = ctx.saved_tensors
        shape = _shape(tensors)
        total: Tensor = tensors[0].new_zeros(shape)
        for i, tangent in enumerate(tangents[1:]):
            slope = ctx.plan.slope(i)
            if tangent is not None and slope is not None:
                total = total + tangent * _apply(slope, tensors)
        return total

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], plan: _Plan, *tensors: Tensor) -> tuple[Tensor, int]:
        rank = max(t.dim() - (d is not None) for t, d in zip(tensors, in_dims[1:], strict=True))
        aligned = []
        for tensor, dim in zip(tensors, in_dims[1:], strict=True):
            if dim is not None:  # batch first, then ones, so that the rest still broadcasts from the right
                tensor = tensor.movedim(dim, 0)
                ones = (1,) * (rank - tensor.dim() + 1)
                tensor = tensor.reshape(tensor.shape[:1] + ones + tensor.shape[1:])
            aligned.append(tensor)
        return _apply(plan, aligned), 0


def _product(slope: _Plan, tensors: Sequence[Tensor], grad: Tensor) -> Tensor:
    """The gradient that arrives times a derivative, differentiable; in one pass where PyTorch's compiler is asked."""
    x = tensors[0]
    if (
        torch.is_grad_enabled()
        or not fusing.wanted(x)
        or x.dtype != grad.dtype
        or x.dtype not in (torch.float32, torch.float64)
    ):
        return grad * _apply(slope, tensors)
    root, order = differentiated(slope.root, slope.wrt), len(slope.wrt)
    key = root, slope.names, x.dtype, order, x.device, tuple(t.dtype for t in tensors), "product"
    product: Tensor = fusing.fused(key, _times(compiled((root,), slope.names, x.dtype, order=order)), grad, *tensors)
    return product


@lru_cache(maxsize=4096)
def _times(kernel: Kernel) -> Kernel:
    """The function of a gradient and what ``kernel`` takes that multiplies the two."""

    def product(grad: Tensor, *tensors: Tensor) -> Tensor:
        made: Tensor = grad * kernel(*tensors)
        return made

    return product


@lru_cache(maxsize=4096)
def _slopes(plan: _Plan, needed: tuple[bool, ...]) -> tuple[tuple[int, ...], tuple[Expr, ...]]:
    """The variables by which a derivative is needed and not zero everywhere, and those derivatives."""
    found = [(i, slope) for i, need in enumerate(needed) if need and (slope := plan.slope(i)) is not None]
    return tuple(i for i, _ in found), tuple(differentiated(s.root, s.wrt) for _, s in found)


def _products(plan: _Plan, tensors: Sequence[Tensor], grad: Tensor, needed: tuple[bool, ...]) -> list[Tensor | None] | None:
    """The gradient of each tensor that needs one, by one kernel; None where there is none for them."""
    x = tensors[0]
    if grad.shape != x.shape or grad.dtype != x.dtype:
        return None
    places, roots = _slopes(plan, needed)
    if not places or not usable((*tensors, grad)):
        return None
    order = len(plan.wrt) + 1
    made = added(roots, places, plan.names, (*tensors, grad), order)
    if made is None:
        made = compute(roots, (*plan.names, ARRIVING), (*tensors, grad), order, factor=True)
    if made is None:
        return None
    results: list[Tensor | None] = [None] * len(tensors)
    for i, product in zip(places, made, strict=True):
        tensor = tensors[i]
        results[i] = product if tensor.shape == product.shape else product.sum_to_size(tensor.shape)
        if tensor.dtype != x.dtype:
            results[i] = results[i].to(tensor.dtype)  # type: ignore[union-attr]
    return [torch.zeros_like(t) if n and r is None else r for t, n, r in zip(tensors, needed, results, strict=True)]


class _Direct(torch.autograd.Function):
    """The same with kernels alone, and without what ``torch.func`` needs, which costs ten microseconds a call."""

    @staticmethod
    def forward(ctx: Any, plan: _Plan, *tensors: Tensor) -> Tensor:
        ctx.plan = plan
        ctx.save_for_backward(*tensors)
        return _computed(plan, tensors)

    backward = _Elementwise.backward


_direct = applied(_Direct)


def _computed(plan: _Plan, tensors: Sequence[Tensor]) -> Tensor:
    """A plan at usable tensors, by a kernel if it fits them, without recording a derivative."""
    root = differentiated(plan.root, plan.wrt)
    made = compute((root,), plan.names, tensors, len(plan.wrt))
    return _run(root, plan.names, tensors, len(plan.wrt)) if made is None else made[0]


def _apply(plan: _Plan, tensors: Sequence[Tensor]) -> Tensor:
    result: Tensor
    if torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0 or not usable(tensors):
        result = _Elementwise.apply(plan, *tensors)  # type: ignore[no-untyped-call]
    elif torch.is_grad_enabled() and any(t.requires_grad for t in tensors):
        result = _direct(plan, *tensors)
    else:
        result = _computed(plan, tensors)
    return result


def _slope_times(root: Expr, x: Tensor, grad: Tensor) -> Tensor:
    """The gradient of a function of ``x`` alone, itself differentiable."""
    slope = _Plan(root, ("x",), ()).slope(0)
    return torch.zeros_like(x) if slope is None else (grad * _apply(slope, (x,))).to(x.dtype)


_rowwise = lru_cache(maxsize=4096)(is_rowwise)


def at_once(root: Expr, x: Any, saved: str | None = None) -> Tensor | None:
    """Return a function of ``x`` alone by the shortest way, or None where that is not the way; not while compiling."""
    return quick(root, x, _slope_times, saved)


def _halves_times(unit: halves.Unit, cut: halves.Cut, x: Tensor, grad: Tensor) -> Tensor:
    """The gradient of a gated unit of the halves of an axis, itself differentiable."""
    parts = x.chunk(2, cut.axis)
    tensors = parts[::-1] if cut.gate_first else parts
    slopes = [_Plan(unit.root, unit.names, ()).slope(i) for i in range(2)]
    made = [torch.zeros_like(t) if s is None else grad * _apply(s, tensors) for s, t in zip(slopes, tensors, strict=True)]
    return torch.cat(made[::-1] if cut.gate_first else made, cut.axis).to(x.dtype)


def halves_at_once(root: Expr, gate: str, x: Any, axis: int, place: Any) -> Tensor | None:
    """Return a gated unit of the halves of an axis by the shortest way, or None where that is not the way."""
    if compiling() or not isinstance(place, str):
        return None
    return halves.quick(root, gate, x, axis, place, _halves_times)


def with_bias(root: Expr, x: Tensor, bias: Tensor, axis: int) -> Tensor:
    """Return a function of ``x`` alone at ``x`` + ``bias``, in one pass where there is a kernel for them; differentiable.

    Args:
        root: an expression in ``x``.
        x: real tensor.
        bias: vector as long as the axis.
        axis: the axis of x the bias belongs to, from 0.
    """
    found = None if compiling() else biased.quick(root, x, bias, axis, _slope_times)
    return evaluate(root, x + bias.reshape(-1, *(1,) * (x.dim() - axis - 1))) if found is None else found


def evaluate(root: Expr, x: Any, params: Mapping[str, Any] | None = None, wrt: tuple[str, ...] = ()) -> Tensor:
    """Return ``root``, differentiated by the names in ``wrt``, at ``x``; differentiable to any order.

    Args:
        root: an expression in ``x`` and the names of ``params``.
        x: real tensor of any shape; the result has its shape, dtype and device.
        params: tensors that broadcast against ``x``; they get gradients too.
        wrt: names to differentiate by, once each (elementwise expressions only).
    """
    if not (params or wrt or compiling()):
        found = at_once(root, x)
        if found is not None:
            return found
    x = checked(x)
    names = ("x", *(params or {}))
    tensors = [x, *(checked(v, n) for n, v in (params or {}).items())]
    if compiling():
        if exporting() and not is_rowwise(root):
            from nonlin.backends.export import exported

            return exported(differentiated(root, wrt), names, tensors, len(wrt))
        return _traced(root, names, wrt, tensors)
    if _rowwise(root):  # torch differentiates the reductions; each saves one tensor
        result = _run(differentiated(root, wrt), names, tensors, len(wrt))
        return _attached(result, x)
    return _apply(_Plan(root, names, wrt), tensors)


def _attached(result: Tensor, x: Tensor) -> Tensor:
    """Return ``result`` as a function of ``x``: the gradient of hardmax, which is constant in pieces, is 0 and no error."""
    if result.requires_grad or not x.requires_grad:
        return result
    return torch.where(torch.zeros_like(result, dtype=torch.bool), x.sum(-1, keepdim=True), result)


def _traced(root: Expr, names: tuple[str, ...], wrt: tuple[str, ...], tensors: Sequence[Tensor]) -> Tensor:
    """Under torch.compile: plain operations whose gradient is the emitted derivative.

    f(c) + f'(c) * (t - c) at c = t, with c held constant; the difference is 0, and 0 for infinite t too.
    """
    x = tensors[0]
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    kernel, rowwise = getattr(_TRACED, _looked_up(root, names, wrt, x.dtype == torch.float64))
    wide = [t.to(dtype) for t in tensors]
    if rowwise:
        return _attached(kernel(*wide).to(x.dtype), x)
    fixed = [t.detach() for t in wide]
    total, *slopes = kernel(*fixed)
    shape = _shape(tensors)
    if not isinstance(total, Tensor):
        total = torch.full(shape, total, dtype=dtype, device=x.device)
    for slope, tensor, constant in zip(slopes, wide, fixed, strict=True):
        total = total + slope * torch.nan_to_num(tensor - constant)
    expanded: Tensor = total.expand(shape).to(x.dtype)
    return expanded


def _constant_while_compiling(function: Callable[..., str]) -> Callable[..., str]:
    """What ``torch.compiler.assume_constant_result`` does, without loading the compiler (0.9 s) to do it."""
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


class _Shelf:
    """What was made while torch.compile traces, as attributes.

    A dictionary will not do: the tracer copies it at its first look and misses what later functions of the same model
    put into it, while attributes are looked up one by one. Their names may not hold dots.
    """

    def __init__(self) -> None:
        self.names: dict[Any, str] = {}

    def put(self, key: Any, value: Any) -> str:
        """Keep ``value`` and return the name of its attribute, the same for the same key."""
        name = self.names.setdefault(key, f"made_{len(self.names)}")
        setattr(self, name, value)
        return name


_TRACED, _KNOWN = _Shelf(), _Shelf()


def specialised(owner: Any, numbers: tuple[tuple[str, Any], ...], arrays: tuple[str, ...]) -> Expr:
    """Return ``owner.specialised(...)``, symbolic work that torch.compile must not trace into."""
    if torch.compiler.is_compiling():
        found: Expr = getattr(_KNOWN, _specialised(owner, numbers, arrays))
        return found
    made: Expr = owner.specialised(numbers, arrays)
    return made


@_constant_while_compiling
def _specialised(owner: Any, numbers: tuple[tuple[str, Any], ...], arrays: tuple[str, ...]) -> str:
    root = owner.specialised(numbers, arrays)
    return _KNOWN.put(root, root)


@_constant_while_compiling
def _looked_up(root: Expr, names: tuple[str, ...], wrt: tuple[str, ...], double: bool) -> str:
    """Compile value and slopes while torch.compile traces, out of its sight; return the key to find them by."""
    rowwise = is_rowwise(root)
    slopes = () if rowwise else tuple(differentiated(root, (*wrt, n)) for n in names)
    outputs = (differentiated(root, wrt), *slopes)
    made = compiled(outputs, names, torch.float64 if double else torch.float32, order=len(wrt)), rowwise
    return _TRACED.put((outputs, names, double), made)
