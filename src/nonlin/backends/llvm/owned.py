"""Whether a gradient that arrives may be written over: nobody else can see it.

Autograd hands the gradient of a function's result to its backward pass and needs it no more, unless something else holds it: the
caller who gave it, a hook, another branch that gets the same tensor, a view. Three counts tell: of references to
PyTorch's tensor, to its memory, and to its Python object. What the last is when nobody else holds it depends on the
interpreter, so it is measured once, on gradients about which it is known; where the counts do not tell those apart, no gradient
is ever written over.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

_count = sys.getrefcount
_held = getattr(torch._C, "_storage_Use_Count", None)
uses: Callable[[Tensor], int] = getattr(Tensor, "_use_count", lambda t: 0)
"""References to PyTorch's tensor; 0 where it does not tell."""


def counts(grad: Tensor) -> tuple[int, int, int, bool]:
    """References to the tensor, to its Python object and to its memory, and whether the memory is PyTorch's own."""
    memory = grad.untyped_storage()
    return uses(grad), _count(grad), _held(memory._cdata), memory.resizable()  # type: ignore[misc]


def applied(function: Any) -> Any:
    """Return a ``Function``'s ``apply`` without what ``torch.func`` needs, which is not active where it is called.

    In the graph its backward pass is called as it stands: PyTorch's own class for that asks at each call which of the names
    ``backward`` and ``vjp`` a function has.
    """
    function._backward_cls.apply = function.backward
    return super(Function, function).apply


class _Probe(Function):
    """Passes a gradient on and notes what the counts are."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, seen: list[Any]) -> Tensor:
        ctx.seen = seen
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        ctx.seen.append(counts(grad))
        return grad * 2, None


_probe = applied(_Probe)


def _seen(case: str) -> tuple[int, int, int, bool]:
    """The counts of a gradient that is free, or held in a known way."""
    seen: list[Any] = []
    kept: list[Any] = []
    with torch.enable_grad():
        x = torch.ones(4, device="cpu", requires_grad=True)
        other = _probe(x, [])
        y = _probe(x, seen)
        if case == "branch":  # what was made last runs first, while the other still waits with the same tensor
            y = other + y
        elif case == "hook":
            y.register_hook(kept.append)
        elif case == "view":
            y = torch.cat((y, y.detach()))
        if case == "given":
            y.backward(torch.ones(4, device="cpu"))
        else:
            (y * 3).sum().backward()
    return seen[0]  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def free() -> tuple[int, int, int, bool] | None:
    """The counts of a gradient that nobody else holds; None where they cannot be told from those of one that is held."""
    if _held is None:
        return None
    try:
        with torch.inference_mode(False):
            alone = _seen("free")
            others = [_seen(case) for case in ("branch", "hook", "view", "given")]
    except (RuntimeError, AttributeError, TypeError):
        return None
    told = alone[0] == 1 and alone not in others and _seen("free") == alone
    return alone if told else None
