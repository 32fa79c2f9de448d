"""Rigorous bounds of a formula on many intervals of x at once, by interval arithmetic over its graph.

A *box* is an open interval (low, high) of x. Every result is rounded outwards: sums and products by one unit in the last
place where they are inexact, elementary functions by the slack of their implementation. So "positive on the box" is a theorem
about the formula, not an observation about samples.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from nonlin.expr import Expr, walk
from nonlin.expr.nodes import number
from nonlin.facts.elementary import functions, power
from nonlin.facts.intervals import LARGEST, Array, Boxes, add, compare, divide, everything, hull, mul, neg, select, square


def _constant(node: Expr) -> tuple[float, float]:
    from nonlin.expr.exact import evaluate

    value = number(node)
    if value is not None:
        near = float(value)
        if Fraction(near) == value:
            return near, near
    else:
        near = float(evaluate(node, digits=40))
    return math.nextafter(near, -math.inf), math.nextafter(near, math.inf)


def bounds(root: Expr, low: Array, high: Array, *, closed: bool = False) -> Boxes:
    """Return rigorous bounds of an elementwise expression in ``x`` alone on the boxes (low, high).

    Args:
        root: the expression, in stable form for tight bounds.
        low: lower ends, float64, shape (n,); -inf is allowed.
        high: upper ends.
        closed: whether the ends belong to the boxes; only then may ``low`` equal ``high``.
    """
    done: dict[Expr, Any] = {}
    shape = low.shape
    edge = np.full(shape, not closed)
    none = np.zeros(shape, bool)
    with np.errstate(all="ignore"):
        for node in walk(root):
            done[node] = _sound(_bound(node, [done[a] for a in node.args], low, high, edge, none))
    found: Boxes = done[root]
    bad = np.isnan(found.low) | np.isnan(found.high) | (found.low > found.high)
    return hull((~bad, bad), found, everything(shape)) if bad.any() else found


def _sound(found: Any) -> Any:
    """A lower end that overflowed is a finite number beyond the largest double, and so is at least that one."""
    if not isinstance(found, Boxes):
        return found
    return Boxes(np.minimum(found.low, LARGEST), np.maximum(found.high, -LARGEST), found.above, found.below)


def _bound(node: Expr, args: list[Any], low: Array, high: Array, edge: Array, none: Array) -> Any:
    op = node.op
    if op == "var":
        return Boxes(low, high, edge | np.isneginf(low), edge | np.isposinf(high))
    if op in ("const", "pi"):
        least, most = _constant(node)
        loose = none | (least != most)
        return Boxes(np.full(low.shape, least), np.full(low.shape, most), loose, loose)
    if op in ("lt", "le", "gt", "ge"):
        return compare(op, *args)
    if op == "where":
        return hull(*args)
    if op in ("add", "sub"):
        return add(args[0], args[1] if op == "add" else neg(args[1]))
    if op == "mul":
        return square(args[0]) if node.args[0] is node.args[1] else mul(*args)
    if op == "div":
        return divide(args[0], args[1], number(node.args[1]))
    if op == "pow":
        return power(args[0], args[1], number(node.args[1]))
    if op in ("min", "max"):
        return select(op == "min")(*args)
    if op == "straight_through":
        return args[0]
    return functions()[op](args[0])


# -- sizes far below the smallest double --------------------------------------------------------------------------------

_LN2 = math.log(2)


def _tail_size(op: str, u: Boxes) -> Array | None:
    """An upper bound of log2 of a function that falls like exp, which holds on after the function underflows."""
    most, least_size = u.high, np.where((u.low <= 0) & (u.high >= 0), 0.0, np.minimum(np.abs(u.low), np.abs(u.high)))
    if op == "exp":
        return most / _LN2
    if op in ("sigmoid", "softplus"):
        return np.where(most < 0, most / _LN2, np.inf)
    if op in ("sech", "sech2"):
        return (1 if op == "sech" else 2) * (1 - least_size / _LN2)
    if op == "normal_pdf":
        return -least_size * least_size / 2 / _LN2 - 1
    if op == "normal_cdf":  # Mills: Phi(u) <= exp(-u*u/2)/2 below 0
        return np.where(most < 0, -most * most / 2 / _LN2, np.inf)
    if op == "erfc":
        return np.where(u.low > 0, -u.low * u.low / _LN2, np.inf)
    return None


def log2_size(root: Expr, low: Array, high: Array) -> Array:
    """Return an upper bound of log2 |value| on each box, down to sizes that no double holds: of exp(-1e300), -1.4e300."""
    boxes: dict[Expr, Boxes] = {}
    size: dict[Expr, Array] = {}
    edge, none = np.full(low.shape, True), np.zeros(low.shape, bool)
    with np.errstate(all="ignore"):
        for node in walk(root):
            boxes[node] = _sound(_bound(node, [boxes[a] for a in node.args], low, high, edge, none))
            if isinstance(boxes[node], Boxes):
                size[node] = _log2(node, boxes, size)
    return size[root] + 1


def _log2(node: Expr, boxes: dict[Expr, Boxes], size: dict[Expr, Array]) -> Array:
    own = boxes[node]
    plain = np.log2(np.maximum(np.maximum(np.abs(own.low), np.abs(own.high)), 5e-324))
    plain = np.where(own.zero, -np.inf, np.where(np.isnan(plain), np.inf, plain))
    args = [size[a] for a in node.args if a in size]
    if node.op in ("add", "sub"):
        other = np.maximum(*args) + 1
    elif node.op == "mul":
        other = args[0] + args[1]
    elif node.op == "div":
        bottom = boxes[node.args[1]]
        least = np.minimum(np.abs(bottom.low), np.abs(bottom.high))
        other = np.where(bottom.low * bottom.high > 0, args[0] - np.log2(least), np.inf)
    elif node.op in ("neg", "abs"):
        other = args[0]
    elif node.op == "pow" and (exponent := number(node.args[1])) is not None and exponent > 0:
        other = args[0] * float(exponent)
    elif node.op == "where":
        other = np.maximum(args[-2], args[-1])
    else:
        known = _tail_size(node.op, boxes[node.args[0]]) if node.args else None
        other = plain if known is None else known
    return np.fmin(plain, other)
