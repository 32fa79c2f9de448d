"""Piecewise linear functions: which slopes they have, read off the derivative itself, and the bits that tell which one.

The derivative of such a function holds x only in comparisons. Each combination of their answers is tried, which gives the
few numbers the derivative can be; comparing the derivative with numbers between them gives one bit for two slopes, two for
four. Nothing is listed by name, and a formula typed by a person is treated alike.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from nonlin.backends.kernel import differentiated, guarded
from nonlin.expr import Expr, call, const, var, variables, walk
from nonlin.expr.exact import constant, is_constant
from nonlin.expr.nodes import rebuild, where

COMPARISONS = frozenset({"lt", "le", "gt", "ge"})
MOST_COMPARISONS, MOST_SLOPES = 4, 4
ARITHMETIC: dict[str, Callable[..., Fraction]] = {
    "add": operator.add, "sub": operator.sub, "neg": operator.neg, "mul": operator.mul, "div": operator.truediv,
}  # fmt: skip
"""What may be done with the answers; anything else is left to the usual kernel."""
_TAIL = call("min", call("abs", var("x")), 0)


class Bits(NamedTuple):
    """The derivative of a piecewise linear function as bits."""

    planes: tuple[Expr, ...]
    """Conditions on x, one for each bit."""
    slope: Expr
    """The derivative in terms of the bits, which are variables called as in ``names``."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the bits are called in ``slope``: no parameter can have such a name."""
        return tuple(f"·bit{i}" for i in range(len(self.planes)))


@lru_cache(maxsize=4096)
def bits(root: Expr, lane: str) -> Bits | None:
    """Return the derivative of a function of ``x`` as bits; None if it is not one of a few numbers everywhere but at NaN.

    Args:
        root: the function.
        lane: ``float32`` or ``float64``, in which it is computed.
    """
    slope = _without_tail(guarded(differentiated(root, ("x",)), lane, order=1))
    if variables(slope) != ["x"]:
        return None
    slope = rebuild(slope, _compared)
    values = _values(slope, np.float32 if lane == "float32" else np.float64)
    if values is None or not 2 <= len(values) <= MOST_SLOPES:
        return None
    numbers = [const(v) for v in values]
    over = [call("gt", slope, const((a + b) / 2)) for a, b in itertools.pairwise(values)]
    first, second = var("·bit0"), var("·bit1")
    if len(values) == 2:
        return Bits((over[0],), where(first, numbers[1], numbers[0]))
    fourth = len(values) == 4
    middle = over[1]
    low = where(middle, where(over[2], 1, 0) if fourth else const(0), where(over[0], 1, 0))
    high = where(first, numbers[3], numbers[2]) if fourth else numbers[2]
    return Bits((call("gt", low, const(Fraction(1, 2))), middle), where(second, high, where(first, numbers[1], numbers[0])))


def _without_tail(slope: Expr) -> Expr:
    """The derivative without the term that is NaN for NaN and 0 elsewhere, which ``guarded`` adds."""
    if slope.op == "add" and _TAIL in slope.args:
        return slope.args[1] if slope.args[0] is _TAIL else slope.args[0]
    if slope.op == "sub" and slope.args[0] is _TAIL:
        return call("neg", slope.args[1])
    return slope


def _compared(node: Expr) -> Expr:
    """The sign of a number, by comparisons."""
    if node.op != "sign":
        return node
    return where(call("gt", node.args[0], 0), const(1), where(call("lt", node.args[0], 0), const(-1), const(0)))


def _values(slope: Expr, dtype: type[np.floating[Any]]) -> list[Fraction] | None:
    """The numbers that ``slope`` can be, as they are computed, in order; None if x is not in comparisons alone."""
    questions = [n for n in walk(slope) if n.op in COMPARISONS and "x" in variables(n)]
    if not 1 <= len(questions) <= MOST_COMPARISONS:
        return None
    found: set[Fraction] = set()
    for answers in itertools.product((True, False), repeat=len(questions)):
        value = _answered(slope, dict(zip(questions, answers, strict=True)), dtype)
        if value is None:
            return None
        found.add(value)
    return sorted(found)


def _answered(node: Expr, known: dict[Expr, bool], dtype: type[np.floating[Any]]) -> Fraction | None:
    """The number a derivative is, rounded in ``dtype`` step by step as kernels do; None if the answers known do not tell."""
    if is_constant(node):
        return _rounded(constant(node), dtype)
    if node.op == "where" and node.args[0] in known:
        return _answered(node.args[1] if known[node.args[0]] else node.args[2], known, dtype)
    if node.op not in ARITHMETIC:
        return None
    values = [_answered(a, known, dtype) for a in node.args]
    if None in values or (node.op == "div" and not values[1]):
        return None
    exact = ARITHMETIC[node.op](*values)
    made = _rounded(exact, dtype)
    # a product is rounded where it stands alone, and not where it is part of a sum: only an exact one is the same number
    return None if node.op in ("mul", "div") and made != exact else made


def _rounded(value: float | Fraction, dtype: type[np.floating[Any]]) -> Fraction | None:
    # float() rounds a fraction to the nearest double; rounding that again could err, but not for sums of two of the type
    made = float(dtype(float(value)))
    return Fraction(made) if math.isfinite(made) else None
