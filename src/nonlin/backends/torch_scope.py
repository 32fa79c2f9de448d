"""The functions an emitted PyTorch program may call: PyTorch's own, and those of rows that PyTorch lacks or does otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from nonlin.backends.numpy import THRESHOLD_STEPS
from nonlin.errors import ParameterError

__all__ = ["exporting", "scope"]


def exporting() -> bool:
    """Whether ``torch.onnx.export`` asks: its own erfc, log1p and expm1 lose the tails, so it gets our nodes."""
    known = getattr(torch.compiler, "is_exporting", None)  # since torch 2.7
    return bool(known and known() and torch.onnx.is_in_onnx_export() and hasattr(torch.onnx, "ops"))


def minimum(a: Tensor | float, b: Tensor | float) -> Tensor | float:
    """The smaller of two tensors or numbers, NaN if either is."""
    if isinstance(b, Tensor):
        return torch.minimum(a, b) if isinstance(a, Tensor) else torch.clamp(b, max=a)
    return torch.clamp(a, max=b) if isinstance(a, Tensor) else min(a, b)


def maximum(a: Tensor | float, b: Tensor | float) -> Tensor | float:
    """The larger of two tensors or numbers, NaN if either is."""
    if isinstance(b, Tensor):
        return torch.maximum(a, b) if isinstance(a, Tensor) else torch.clamp(b, min=a)
    return torch.clamp(a, min=b) if isinstance(a, Tensor) else max(a, b)


def row_sum(u: Tensor) -> Tensor:
    """Sum over the last axis, kept with length 1."""
    return u.sum(-1, keepdim=True)


def row_max(u: Tensor) -> Tensor:
    """Largest entry of the last axis, kept with length 1; the first of equal ones gets the gradient."""
    return torch.gather(u, -1, u.argmax(-1, keepdim=True))


def row_first_max(u: Tensor) -> Tensor:
    """One at the first largest entry of the last axis, zero elsewhere."""
    return torch.zeros_like(u).scatter(-1, u.argmax(-1, keepdim=True), 1.0)


def row_softmax(u: Tensor) -> Tensor:
    """exp(u) over its sum along the last axis."""
    return torch.softmax(u, -1)


def _shifted(u: Tensor) -> tuple[Tensor, Tensor]:
    top = u.amax(-1, keepdim=True).detach()
    safe = torch.where(torch.isinf(top), torch.zeros_like(top), top)
    return u - safe, safe


def _excess(shifted: Tensor) -> Tensor:
    """log of the sum of exp(shifted), whose largest entry is 0, with the digits of a small remainder kept."""
    first = row_first_max(shifted.detach())
    rest = torch.where(first > 0, torch.zeros_like(shifted), torch.exp(shifted))
    # the largest entry adds exp(0) - 1 = 0 to the remainder, but its gradient counts
    return torch.log1p(row_sum(rest) + row_sum(first * torch.expm1(torch.where(first > 0, shifted, first))))


def row_logsumexp(u: Tensor) -> Tensor:
    """log of the sum of exp(u) along the last axis."""
    shifted, top = _shifted(u)
    return top + _excess(shifted)


def row_log_softmax(u: Tensor) -> Tensor:
    """log of softmax along the last axis; of nothing but -inf, NaN."""
    shifted = u - u.amax(-1, keepdim=True).detach()
    return shifted - _excess(shifted)


def row_length(u: Tensor) -> Tensor:
    """Number of entries of the last axis."""
    return u.new_full((), u.shape[-1])


def row_top(u: Tensor, k: float) -> Tensor:
    """One at the k largest entries of the last axis, the first of equal ones; zero elsewhere."""
    count = min(max(int(k), 0), u.shape[-1])
    if exporting():  # ONNX's own takes the first of equal ones, and PyTorch's exporter knows no stable sort
        order = torch.topk(u.detach(), count, dim=-1).indices
    else:
        order = torch.argsort(u.detach(), dim=-1, descending=True, stable=True)[..., :count]
    return torch.zeros_like(u).scatter(-1, order, 1.0)


def _solved(u: Tensor, power: float) -> Tensor:
    """Newton's method from below, which converges quadratically and never overshoots."""
    wide = u.double()
    top = wide.amax(-1, keepdim=True)
    z = wide - top  # the largest entry is 0, so t lies in [-1, 0)
    t = torch.full_like(top, -1.0)
    for _ in range(THRESHOLD_STEPS):
        excess = (z - t).clamp_min(0)
        total = (excess**power).sum(-1, keepdim=True)
        weight = torch.where(excess > 0, torch.where(excess > 0, excess, 1.0) ** (power - 1), 0.0)
        t = torch.where(total > 1, t + (total - 1) / (power * weight.sum(-1, keepdim=True)), t)
    return (t + top).to(u.dtype)


class _Threshold(torch.autograd.Function):
    """The threshold by Newton's method, its derivative by the implicit function theorem."""

    generate_vmap_rule = True

    @staticmethod
    def forward(u: Tensor, power: float) -> Tensor:
        return _solved(u, power)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        u, ctx.power = inputs
        ctx.save_for_backward(u)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (u,) = ctx.saved_tensors
        excess = u - _threshold(u, ctx.power)  # applied again, so that this can be differentiated too
        inside = excess > 0
        weight = torch.where(inside, torch.where(inside, excess, 1.0) ** (ctx.power - 1), 0.0)
        return grads[0] * weight / weight.sum(-1, keepdim=True), None


def _threshold(u: Tensor, power: float) -> Tensor:
    if torch.compiler.is_compiling():  # which cannot trace the class: one more Newton step carries the gradient
        t = _solved(u.detach(), power)
        excess = (u - t).clamp_min(0)
        inside = excess.detach() > 0
        weight = torch.where(inside, torch.where(inside, excess.detach(), 1.0) ** (power - 1), 0.0)
        return t + ((excess**power).sum(-1, keepdim=True) - 1) / (power * weight.sum(-1, keepdim=True))
    made: Tensor = _Threshold.apply(u, power)  # type: ignore[no-untyped-call]
    return made


def row_threshold(u: Tensor, alpha: float) -> Tensor:
    """The t for which max(u - t, 0)**(1/(alpha - 1)) sums to 1 along the last axis; see the NumPy one."""
    if isinstance(alpha, Tensor) and alpha.requires_grad:
        raise ParameterError("alpha of entmax cannot be learned: its gradient is not defined here; give it as a number")
    return _threshold(u, 1 / (float(alpha) - 1))


def _where(dtype: torch.dtype) -> Callable[..., Any]:
    """torch.where for a kernel in ``dtype``: of two plain numbers torch's own would give the default dtype."""

    def where(condition: Tensor | bool, a: Tensor | float, b: Tensor | float) -> Tensor | float:
        if isinstance(condition, bool):
            return a if condition else b
        if isinstance(a, float) and isinstance(b, float) and a == 1.0 and b == 0.0:
            return condition.to(dtype)
        if not isinstance(a, Tensor) and not isinstance(b, Tensor):
            return torch.where(condition, torch.full((), a, dtype=dtype, device=condition.device), b)
        return torch.where(condition, a, b)

    return where


_WHERE = {"float32": _where(torch.float32), "float64": _where(torch.float64)}
_SCOPE: dict[str, Any] = {
    "torch": torch,
    "math": math,
    **{f.__name__: f for f in (minimum, maximum, row_sum, row_max, row_first_max, row_softmax, row_logsumexp,
                               row_log_softmax, row_length, row_top, row_threshold)},
}  # fmt: skip


def scope(kind: str) -> dict[str, Any]:
    """Return the names an emitted program may use, for numbers of a kind: float32 or float64."""
    return {**_SCOPE, "where": _WHERE[kind]}
