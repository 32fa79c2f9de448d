"""Symbolic derivatives: exact, of any order, sharing every common part with the value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from nonlin.expr.nodes import ONE, ZERO, Expr, walk
from nonlin.expr.primitives import PRIMITIVES
from nonlin.expr.rewrite import stabilise


def tangent(root: Expr, directions: Mapping[str, Expr]) -> Expr:
    """Return the derivative of ``root`` along ``directions`` (variable name -> its tangent).

    For an elementwise formula ``tangent(f, {"x": const(1)})`` is f'. For a rowwise one the tangent of ``x`` is itself a
    row, and the result is the Jacobian applied to it.
    """
    slopes: dict[Expr, Expr] = {}
    for node in walk(root):
        if node.op == "var":
            slopes[node] = directions.get(str(node.payload), ZERO)
        elif node.op == "const":
            slopes[node] = ZERO
        else:
            rule = PRIMITIVES[node.op].tangent
            d_args = tuple(slopes[a] for a in node.args)
            flat = rule is None or not any(d is not ZERO for d in d_args)
            slopes[node] = ZERO if flat or rule is None else rule(node.args, d_args, node)
    return slopes[root]


@lru_cache(maxsize=4096)
def derivative(root: Expr, name: str = "x", order: int = 1) -> Expr:
    """Return the ``order``-th derivative of an elementwise formula in the variable ``name``, in stable form.

    >>> from nonlin.expr.nodes import call, var
    >>> derivative(call("softplus", var("x")))
    Expr('sigmoid(x)')
    """
    for _ in range(order):
        root = stabilise(tangent(root, {name: ONE}))
    return root
