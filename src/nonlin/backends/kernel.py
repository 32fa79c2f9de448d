"""From an expression to compiled functions: what every array target shares.

A *kernel* computes one or more expressions from ``x`` and the parameters that arrive as arrays. Before emission

* numbers known in advance are folded exactly and rounded once,
* each output is guarded where its arithmetic fails although its limit is known: x*sigmoid(x) at -inf is 0, not
  -inf*0; the derivative of x*tanh(exp(x)) at 100 is 1, not inf*0. The guard clamps the input, on the failing side, to a
  bound beyond which the exact result rounds to the limit. It is found by comparing the kernel with mpmath.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from nonlin.expr import Expr, call, const, derivative, stabilise, substitute, var, variables
from nonlin.expr.exact import constant, evaluate, is_constant
from nonlin.expr.nodes import rebuild
from nonlin.expr.program import source
from nonlin.expr.rewrite import lower

Kernel = Callable[..., Any]

_EXPONENTS = (*range(13), 16, 20, 24, 32, 40, 48, 64, 75, 96, 120)
_WIDER = (192, 256, 384, 512, 768, 1000)
PROBES = {"float32": _EXPONENTS, "float64": (*_EXPONENTS, *_WIDER)}
"""Powers of two at which a kernel's tails are compared with exact arithmetic."""
_STEADY = 5
"""So many equal results at the last probes make a constant tail."""
_FAR = {"float32": 2.0**40, "float64": 2.0**300}
"""Clamp for functions of parameters not known in advance: far beyond any use, short of overflow in a cube."""


def literal(node: Expr) -> str | None:
    """Text of a node that is a known number, correctly rounded to double; None for all others."""
    if not is_constant(node):
        return None
    value = constant(node)
    if not math.isfinite(value):
        return f"float('{value}')"
    return f"({value!r})" if value < 0 else repr(value)


def emit(target: str, outputs: Sequence[Expr], names: Sequence[str]) -> str:
    """Return the source of a function computing ``outputs`` on ``target``."""
    lowered = [lower(o, target) for o in outputs]
    return source(target, lowered, names, literal)


def build(text: str, scope: dict[str, Any]) -> Kernel:
    """Compile emitted source in ``scope``; the text comes from our own nodes, never from a user's text."""
    space = dict(scope)
    exec(compile(text, "<nonlin kernel>", "exec"), space)
    made: Kernel = space["f"]
    return made


@lru_cache(maxsize=4096)
def differentiated(root: Expr, wrt: tuple[str, ...]) -> Expr:
    """Return ``root`` differentiated once by each name in ``wrt``, in stable form."""
    for name in wrt:
        root = derivative(root, name)
    return root


@lru_cache(maxsize=4096)
def guarded(root: Expr, dtype: str, finite_only: bool = False) -> Expr:
    """Return ``root`` with its input clamped on the sides where plain arithmetic misses a known limit.

    ``dtype`` is the type it will be computed in. With ``finite_only`` failures at x = +-inf alone are left as they are
    (a training loop has diverged by then), so that a value and its derivative keep sharing their parts.
    """
    names = variables(root)
    if "x" not in names or "row_" in repr(root):
        return root
    closed = root
    if len(names) > 1:
        # the analysis needs numbers; any ordinary ones tell which side has a limit
        closed = stabilise(substitute(root, {n: const(1) / 2 for n in names if n != "x"}))
        if "x" not in variables(closed):
            return root
    x = guard = var("x")
    for sign in (-1.0, 1.0):
        bound = _bound(closed, sign, dtype, finite_only)
        if bound is not None:
            size = _FAR[dtype] if len(names) > 1 else bound
            guard = call("max", guard, -size) if sign < 0 else call("min", guard, size)
    safe = root if guard is x else substitute(root, {"x": guard})
    if not finite_only and not _passes_nan(safe, names):
        safe = call("add", safe, call("min", call("abs", x), 0))  # zero, but for NaN: a missing value stays missing
    return safe


def _passes_nan(root: Expr, names: list[str]) -> bool:
    """Whether the kernel gives NaN for NaN; piecewise constants such as a rectifier's derivative do not by themselves."""
    import numpy as np

    from nonlin.backends.numpy import scope

    root = rebuild(root, lambda n: const(1) if n.op == "sign" else n)  # PyTorch's sign of NaN is 0
    if "x" not in variables(root):
        return False
    with np.errstate(all="ignore"):
        got = build(emit("numpy", [root], names), scope())(*(np.float64(np.nan if n == "x" else 0.5) for n in names))
    return bool(np.isnan(got))


def _bound(root: Expr, sign: float, dtype: str, finite_only: bool) -> float | None:
    """Return the size of x from which the exact result is constant, if the kernel gets that tail wrong."""
    import numpy as np

    from nonlin.backends.numpy import scope

    kind = np.dtype(dtype).type
    points = [math.ldexp(1.0, e) for e in PROBES[dtype]]
    kernel = build(emit("numpy", [root], ["x"]), scope())
    inputs = np.array([sign * p for p in points] + ([] if finite_only else [sign * math.inf]), dtype=dtype)
    with np.errstate(all="ignore"):
        got = np.broadcast_to(np.asarray(kernel(inputs), dtype=dtype), inputs.shape)
    exact = [evaluate(root, {"x": sign * p}, digits=40) for p in points]
    with np.errstate(all="ignore"):
        true = [kind(float(v)) for v in exact]
    while true and np.isnan(true[-1]):  # so far out that even exact arithmetic says 0 * inf
        true.pop()
    if not true or not np.isfinite(true[-1]):
        return None
    limit, steady = true[-1], len(true)
    while steady > 0 and true[steady - 1] == limit:
        steady -= 1
    if steady > len(true) - _STEADY or all(got[i] == limit for i in range(steady, len(got))):
        return None  # no constant tail, or nothing to repair
    for i in range(steady, len(points)):
        if got[i] == limit:
            return points[i]
    return None
