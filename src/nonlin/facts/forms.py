"""Forms of a formula that interval arithmetic can decide: common factors in front, branches resolved, and signs on boxes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import numpy as np

from nonlin.expr import Expr, call, stabilise, walk
from nonlin.expr.nodes import ONE, factors, mul, multiplied, sub, summands
from nonlin.facts.boxes import bounds
from nonlin.facts.intervals import Array


@lru_cache(maxsize=1024)
def grouped(root: Expr) -> Expr:
    """Return the same function with the factors that all terms of a sum share written once, in front of it.

    Where exp(-x*x) underflows nothing is known of 2*exp(-x*x) - x*x*exp(-x*x), but all of exp(-x*x)*(2 - x*x).
    """
    done: dict[Expr, Expr] = {}
    for node in walk(root):
        args = tuple(done[a] for a in node.args)
        made = node if args == node.args else Expr(node.op, args, node.payload)
        if node.op in ("add", "sub"):
            shared = _shared(node)
            made = made if shared is None else shared
        done[node] = made
    return done[root]


def _shared(node: Expr) -> Expr | None:
    split = [(scale, *factors(term)) for scale, term in summands(node)]
    if len(split) < 2:
        return None
    bases = dict.fromkeys(b for _, _, parts in split for b in parts)
    common = {b: min(parts.get(b, 0) for _, _, parts in split) for b in bases}
    common = {b: e for b, e in common.items() if e}
    if not common:
        return None
    rest: Expr | None = None
    for scale, coefficient, parts in split:
        term = multiplied(
            scale * coefficient, {b: e - common.get(b, 0) for b, e in {**dict.fromkeys(common, 0), **parts}.items()}
        )
        rest = term if rest is None else rest + term
    assert rest is not None
    return Expr("mul", (multiplied(Fraction(1), common), grouped(rest)))


@lru_cache(maxsize=1024)
def split(root: Expr) -> Expr:
    """Return the same function, grouped, with sech(u)**2 written as 4*sigmoid(2*u)*sigmoid(-2*u)."""
    done: dict[Expr, Expr] = {}
    for node in walk(root):
        args = tuple(done[a] for a in node.args)
        made = node if args == node.args else call(node.op, *args)
        if node.op == "sech2":
            made = 4 * call("sigmoid", 2 * args[0]) * call("sigmoid", -2 * args[0])
        done[node] = made
    return grouped(done[root])


def unpretended(root: Expr) -> Expr:
    """Return the function itself where a formula only pretends another derivative: ``straight_through(a, b)`` is ``a``."""
    done: dict[Expr, Expr] = {}
    for node in walk(root):
        args = tuple(done[a] for a in node.args)
        same = node if args == node.args else Expr(node.op, args, node.payload)
        done[node] = args[0] if node.op == "straight_through" else same
    return done[root]


@lru_cache(maxsize=8192)
def restricted(root: Expr, low: float, high: float) -> Expr:
    """Return the same function on (low, high) with the branches taken there alone, as far as they are decided.

    >>> from nonlin.expr import parse
    >>> restricted(parse("max(x, 0) + abs(x)"), -1.0, 0.0), restricted(parse("where(x < 5, x, 5)"), 0.0, 1.0)
    (Expr('-x'), Expr('x'))
    """
    ends = np.array([low]), np.array([high])

    def sign(expr: Expr) -> int:
        return int(sign_on(expr, *ends)[0])

    done: dict[Expr, Expr] = {}
    for node in walk(root):
        args = tuple(done[a] for a in node.args)
        made = node if args == node.args else Expr(node.op, args) if node.op in _COMPARISONS else call(node.op, *args)
        if node.op == "where" and (holds := _holds(args[0], sign)) is not None:
            made = args[1] if holds else args[2]
        elif node.op in ("min", "max") and (side := sign(sub(*args))) != 2:
            made = args[0] if (side > 0) == (node.op == "max") and side else args[1]
        elif node.op in ("abs", "sign") and (side := sign(args[0])) != 2:
            made = mul(side, args[0] if node.op == "abs" else ONE)
        done[node] = made
    return stabilise(done[root])


_COMPARISONS = {"gt": (1,), "ge": (1, 0), "lt": (-1,), "le": (-1, 0)}


def _holds(condition: Expr, sign: Callable[[Expr], int]) -> bool | None:
    found = sign(sub(*condition.args))
    return None if found == 2 else found in _COMPARISONS[condition.op]


def sign_on(root: Expr, low: Array, high: Array, *, closed: bool = False) -> Array:
    """Return the proved sign of an expression on each box: 1, 0, -1, or 2 where it is not decided."""
    found = np.full(low.shape, 2, np.int8)
    for form in dict.fromkeys((grouped(root), root, split(root))):
        open_ = np.flatnonzero(found == 2)
        if not len(open_):
            break
        boxes = bounds(form, low[open_], high[open_], closed=closed)
        for value, holds in ((1, boxes.positive), (-1, boxes.negative), (0, boxes.zero)):
            found[open_[holds]] = value
    return found
