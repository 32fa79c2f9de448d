"""From expressions to compiled Python functions: constants folded and rounded once, text emitted, text compiled."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from nonlin.expr import Expr
from nonlin.expr.exact import constant, is_constant
from nonlin.expr.program import source
from nonlin.expr.rewrite import lower

Kernel = Callable[..., Any]


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


@lru_cache(maxsize=1)
def elementwise_scope() -> dict[str, Any]:
    """Return the names an emitted elementwise NumPy program may use where its results are judged, not used.

    The error functions are those of Python's ``math``: SciPy's erfc is up to 19 ulps off in double precision, and what is its
    fault is no reason to change a formula.
    """
    from types import SimpleNamespace

    import numpy as np

    def accurate(function: Callable[[float], float]) -> Callable[[Any], Any]:
        each = np.vectorize(function, otypes=[np.float64])
        return lambda u: each(u).astype(np.asarray(u).dtype)

    return {"np": np, "special": SimpleNamespace(erf=accurate(math.erf), erfc=accurate(math.erfc))}
