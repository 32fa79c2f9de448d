"""The range of the entries of a row function, proved from the structure of its formula, whatever it is called.

Bounds come from rules about parts: a positive quantity over its own row sum lies in (0, 1), and so does a softmax; what a threshold
leaves of a row (Peters, Niculae and Martins 2019) lies in [0, 1]; products and monotone functions of what is bounded are
bounded. That a bound which may be taken is taken, or one that may not is come near to, is shown by rows of whole numbers.
All is for rows of two or more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

import numpy as np

from nonlin.expr import Expr, is_rowwise, variables
from nonlin.expr.nodes import number
from nonlin.facts.once import INF, Span, of_one, of_two, once
from nonlin.facts.reach import Reach, values_of_rows
from nonlin.facts.shape import END
from nonlin.facts.smooth import one_sign

OPEN, CLOSED = Span(0.0, 1.0, False, False), Span(0.0, 1.0, True, True)
_BIG = 2**20
_WITNESSES = ((_BIG, 0), (-_BIG, 0), (0, -_BIG, _BIG), (3, 0, 0), (0, 0), (1, 1, -5))
_NEAR = 1e-5
"""A bound that a row of the size 2^20 comes so near to is taken for approached."""


def proved(root: Expr, found: Reach) -> bool:
    """Whether the range found of a row formula's entries is the one that its structure gives, each end shown by a row.

    >>> from nonlin.catalogue import resolve
    >>> from nonlin.facts import reach
    >>> proved(resolve("softmax").closed(), reach("softmax")), proved(resolve("poly_norm").closed(), reach("poly_norm"))
    (True, False)
    """
    span = bounds(root)
    if span is None or (span.low, span.high) != (found.low, found.high):
        return False
    # an end that may be one of the values must be seen to be one; an open one is never one
    return all(
        _shown(root, bound, taken, may)
        for bound, taken, may in (
            (found.low, found.low_attained, span.low_in),
            (found.high, found.high_attained, span.high_in),
        )
    )


def _shown(root: Expr, bound: float, taken: bool, may: bool) -> bool:
    if math.isinf(bound):
        return root.op == "row_log_softmax" and _spreads(root.args[0])  # x_i - x_j bounds an entry from above
    if taken != may:
        return False
    values = [v for row in _WITNESSES for v in values_of_rows(root, np.array([row], dtype=float))[0].tolist()]
    return any(v == bound if taken else abs(v - bound) <= _NEAR for v in values)


def _spreads(root: Expr) -> bool:
    """Whether an expression is x times a number."""
    if root.op in ("mul", "div", "neg"):
        rest = [a for a in root.args if variables(a)]
        return len(rest) == 1 and _spreads(rest[0])
    return root.op == "var"


@lru_cache(maxsize=1024)
def bounds(root: Expr) -> Span | None:
    """Return bounds that hold for every entry of every row, and whether each may be taken; None where no rule applies."""
    if not is_rowwise(root):
        return _of_entries(root)
    if root.op == "row_softmax":
        return OPEN
    if root.op == "row_log_softmax":
        return Span(-INF, 0.0, False, False)
    if root.op in ("row_first_max", "row_top"):
        return CLOSED
    if root.op == "row_logsumexp":
        return Span(-INF, INF, False, False)
    if (alpha := _thresholded(root)) is not None:
        return CLOSED if alpha == 2 else None
    if root.op == "pow" and (alpha := _thresholded(root.args[0])) is not None:
        return CLOSED if number(root.args[1]) == 1 / (alpha - 1) else None
    if root.op == "div" and _sums(root.args[1], root.args[0]):
        own = bounds(root.args[0])
        if own is None or own.low < 0:
            return None
        return OPEN if own.low > 0 or not own.low_in else CLOSED
    return _of_parts(root.op, [bounds(a) for a in root.args])


def _of_entries(root: Expr) -> Span | None:
    """An expression without reductions: its range where x stands once, else whether it is proved positive."""
    if (span := once(root)) is not None:
        return span
    value = number(root)
    if value is not None:
        return Span(float(value), float(value), True, True)
    return Span(0.0, INF, False, False) if one_sign(root, -END, END, False) else None


def _thresholded(root: Expr) -> Fraction | None:
    """The alpha of max(u - row_threshold(u, alpha), 0); None for anything else."""
    if root.op != "max" or number(root.args[1]) != 0 or root.args[0].op != "sub":
        return None
    whole, cut = root.args[0].args
    return number(cut.args[1]) if cut.op == "row_threshold" and cut.args[0] is whole else None


def _sums(bottom: Expr, top: Expr) -> bool:
    """Whether a divisor is the row sum of what it divides."""
    return bottom.op == "row_sum" and bottom.args[0] is top


def _of_parts(op: str, parts: Iterable[Span | None]) -> Span | None:
    spans = [p for p in parts if p is not None]
    if len(spans) == 1:
        return of_one(op, spans[0])
    if len(spans) != 2:
        return None
    a, b = spans
    if op == "mul" and a.low >= 0 and b.low >= 0:
        low_in = (a.low_in and a.low == 0) or (b.low_in and b.low == 0) or (a.low_in and b.low_in)
        return Span(a.low * b.low, a.high * b.high, low_in, a.high_in and b.high_in)
    return of_two(op, a, b)


__all__ = ["bounds", "proved"]
