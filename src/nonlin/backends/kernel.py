"""From an expression to compiled functions: what every array target shares.

A *kernel* computes one or more expressions from ``x`` and the parameters that arrive as arrays. Before emission numbers known
in advance are folded exactly and rounded once, and each output is repaired where its arithmetic would miss its error budget
(see ``nonlin.backends.repair``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import nonlin.backends.repair as repair
from nonlin.backends.emission import Kernel, build, elementwise_scope, emit, literal
from nonlin.expr import Expr, call, derivative, is_rowwise, var, variables
from nonlin.expr.nodes import const, rebuild
from nonlin.expr.rewrite import steadied

__all__ = ["Kernel", "build", "differentiated", "emit", "guarded", "literal"]


@lru_cache(maxsize=4096)
def differentiated(root: Expr, wrt: tuple[str, ...]) -> Expr:
    """Return ``root`` differentiated once by each name in ``wrt``, in the form with the smaller rounding errors."""
    forms = []
    for over_one in (True, False):
        made = root
        for name in wrt:
            made = derivative(made, name, over_one=over_one)
        forms.append(made)
    if forms[0] is forms[1] or is_rowwise(root):
        return forms[0]
    with gradual_underflow():
        return min(forms, key=repair.doubt)


@contextmanager
def gradual_underflow() -> Iterator[None]:
    """Let subnormal numbers be numbers while kernels are analysed, in a thread where PyTorch flushes them to zero."""
    import numpy as np

    torch = sys.modules.get("torch")
    flushed = torch is not None and float(np.float64(2.0**-1000) * np.float64(2.0**-60)) == 0.0
    if torch is None or not flushed:
        yield
        return
    torch.set_flush_denormal(False)
    try:
        yield
    finally:
        torch.set_flush_denormal(True)


@lru_cache(maxsize=4096)
def guarded(root: Expr, dtype: str, finite_only: bool = False, order: int = 0) -> Expr:
    """Return ``root`` with the remedies it needs to keep its error budget when computed in ``dtype``.

    With ``finite_only`` failures at x = +-inf and NaN alone are left as they are (a training loop has diverged by then), so
    that a value and its derivative keep sharing their parts. ``order`` tells which derivative it is; derivatives are
    allowed twice the error of the value.
    """
    names = variables(root)
    if "x" not in names or is_rowwise(root):
        return root
    root = steadied(root)
    with gradual_underflow():
        if names == ["x"]:
            safe = repair.repaired(root, dtype, order, finite_only)
        else:
            safe = repair.settled_far(root, dtype)
    return safe if finite_only else passing_nan(safe)


def passing_nan(root: Expr) -> Expr:
    """Return ``root``, with zero added where it does not give NaN for NaN: a missing value stays missing."""
    return root if _passes_nan(root, variables(root)) else call("add", root, call("min", call("abs", var("x")), 0))


def _passes_nan(root: Expr, names: list[str]) -> bool:
    """Whether the kernel gives NaN for NaN; piecewise constants such as a rectifier's derivative do not by themselves."""
    import numpy as np

    root = rebuild(root, lambda n: const(1) if n.op == "sign" else n)  # PyTorch's sign of NaN is 0
    if "x" not in variables(root):
        return False
    with np.errstate(all="ignore"):
        function = build(emit("numpy", [root], names), elementwise_scope())
        got = function(*(np.float64(np.nan if n == "x" else 0.5) for n in names))
    return bool(np.isnan(got))
