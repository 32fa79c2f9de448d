"""How smooth a function is: analytic pieces compared where they meet, symbolically where the point is exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from nonlin.expr import Expr, derivative, stabilise, substitute, variables, walk
from nonlin.expr.exact import evaluate as exactly
from nonlin.expr.nodes import ZERO, sub
from nonlin.facts.extent import short
from nonlin.facts.forms import restricted
from nonlin.facts.shape import END, signs

ORDERS = 4
"""Derivatives up to this order are compared on both sides of a switch."""
_BRANCHING = ("where", "min", "max", "abs", "sign", "floor", "round")
_PARTIAL = ("sqrt", "log", "log1p", "pow", "div")
_SAME, _DIGITS, _APART = 1e-30, 60, 1e-6


@lru_cache(maxsize=4096)
def analytic(root: Expr, low: float = -END, high: float = END) -> bool:
    """Whether a formula is proved analytic on (low, high): no branches, and roots, logarithms and divisors of one sign."""
    for node in walk(root):
        if "x" not in variables(node) or not node.args:
            continue
        if node.op in _BRANCHING:
            return False
        if node.op in _PARTIAL and not _safe(node, low, high):
            return False
    return True


def _safe(node: Expr, low: float, high: float) -> bool:
    argument = node.args[1] if node.op == "div" else node.args[0]
    if node.op == "div" and "x" not in variables(argument):
        return True
    exponent = node.args[1].payload if node.op == "pow" else None
    if isinstance(exponent, Fraction) and exponent.denominator == 1 and exponent > 0:
        return True
    return one_sign(argument + 1 if node.op == "log1p" else argument, low, high, node.op == "div")


@lru_cache(maxsize=4096)
def one_sign(root: Expr, low: float, high: float, either: bool) -> bool:
    """Whether an expression is proved positive on (low, high), or of ``either`` sign."""
    cuts = tuple(sorted({x for x in (0.0, low, high) if abs(x) < END}))
    pieces = [p for p in signs(root, cuts, closed=True) if p.high > low and p.low < high]
    told = {p.sign for p in pieces}
    if not (told == {1} or (either and told == {-1})) or not all(p.proved for p in pieces):
        return False
    return all(exactly(root, {"x": Fraction(c)}) != 0 for c in cuts if low < c < high)


@lru_cache(maxsize=2048)
def parts(root: Expr, cuts: tuple[float, ...]) -> tuple[tuple[float, float, Expr], ...] | None:
    """Return the analytic pieces of a function between cuts, the same formula on both sides of a cut joined.

    None if some piece is not proved analytic.
    """
    ends = [-END, *cuts, END]
    made: list[tuple[float, float, Expr]] = []
    for low, high in zip(ends, ends[1:], strict=False):
        part = restricted(root, low, high)
        if made and made[-1][2] is part and (analytic(part, made[-1][0], high) or not analytic(part, low, high)):
            made[-1] = (made[-1][0], high, part)
        else:
            made.append((low, high, part))
    return tuple(made) if all(analytic(part, low, high) for low, high, part in made) else None


def seam(left: Expr, right: Expr, x: float) -> tuple[int, bool]:
    """Return how many derivatives of two analytic functions agree at a point (-1: not even the values), and whether it is proved.

    Derivatives agree by proof if their difference at an exact point is 0 by algebra; they differ if it is not 0 in 60 digits.
    """
    proved = short(x)
    for order in range(ORDERS + 1):
        a, b = (derivative(f, "x", order) if order else f for f in (left, right))
        there = [exactly(f, {"x": Fraction(x)}, _DIGITS) for f in (a, b)]
        if _APART * (1 + abs(there[0])) < abs(there[0] - there[1]) < math.inf:  # so far apart that algebra need not be asked
            return order - 1, True
        try:
            gap = sub(*(stabilise(substitute(f, {"x": Fraction(x)})) for f in (a, b)))
        except ZeroDivisionError:  # a pole
            return order - 1, proved
        if gap is ZERO or stabilise(gap) is ZERO:
            continue
        value = exactly(gap, digits=_DIGITS) if not variables(gap) else math.nan
        if not abs(value) <= (_SAME if proved else 1e-12):
            return order - 1, True
        proved = False
    return ORDERS, proved


def seams(pieces: Sequence[tuple[float, float, Expr]]) -> list[tuple[float, int, bool]]:
    """Return (x, order, proved) for each point where two analytic pieces meet."""
    return [(a[1], *seam(a[2], b[2], a[1])) for a, b in zip(pieces, pieces[1:], strict=False)]
