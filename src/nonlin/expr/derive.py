"""Symbolic derivatives: exact, of any order, sharing every common part with the value."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from nonlin.expr.nodes import ONE, ZERO, Expr, add, const, div, factors, mul, multiplied, summands, walk
from nonlin.expr.primitives import PRIMITIVES
from nonlin.expr.rewrite import stabilise


def tangent(root: Expr, directions: Mapping[str, Expr], *, over_one: bool = True) -> Expr:
    """Return the derivative of ``root`` along ``directions`` (variable name -> its tangent).

    For an elementwise formula ``tangent(f, {"x": const(1)})`` is f'. For a rowwise one the tangent of ``x`` is itself a
    row, and the result is the Jacobian applied to it. With ``over_one`` quotients whose terms then cancel are put over one
    denominator.
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
            if rule is None or not any(d is not ZERO for d in d_args):
                slopes[node] = ZERO
            else:
                made = _quotient(node, slopes) if over_one else None
                slopes[node] = rule(node.args, d_args, node) if made is None else made
    return slopes[root]


# -- quotients ---------------------------------------------------------------------------------------------------------
# The derivative of x/(1 + x*x)**2 or x/sqrt(1 + x*x), term by term, is a difference of two large numbers. Over one denominator
# the numerator is a polynomial in which they cancel exactly: (1 - 3*x*x)/(1 + x*x)**3 and 1/sqrt(1 + x*x)**3.

ALGEBRAIC = {"var", "const", "pi", "add", "sub", "mul", "div", "neg", "abs", "sign", "sqrt", "pow"}
"""Primitives of a formula whose derivative is brought over one denominator."""
_MOST_TERMS = 12


def _quotient(node: Expr, slopes: Mapping[Expr, Expr]) -> Expr | None:
    """Return the derivative of a quotient over one denominator, if its numerator then is simple.

    None where the plain rule, (N' - y D')/D for y = N/D, will do better.
    """
    if node.op != "div":
        return None
    coefficient, parts = factors(node)
    bottoms = {b: -e for b, e in parts.items() if e < 0 and slopes.get(b, ZERO) is not ZERO}
    if not bottoms or any(b not in slopes for b in parts):
        return None
    kept = {b: e for b, e in parts.items() if b not in bottoms}
    top = multiplied(coefficient, kept)
    # each divisor brings its logarithmic derivative: e*b'/b, or of a root e*(b*b)'/2/(b*b)
    squares = {b: b.args[0] if b.op == "sqrt" else b for b in bottoms}
    products = [[_product_tangent(coefficient, kept, slopes), *squares.values()]]
    for b, e in bottoms.items():
        turn = div(slopes[b.args[0]], 2) if b.op == "sqrt" else slopes[b]
        products.append([const(-e), top, turn, *(s for c, s in squares.items() if c is not b)])
    expanded = [_expanded(those) for those in products]
    opened = ZERO
    for terms in expanded:
        opened = add(opened, ZERO if terms is None else terms)
    met = sum(0 if terms is None else len(summands(terms)) for terms in expanded)
    if None not in expanded and len(summands(opened)) < met:  # some terms cancel
        numerator = opened
    elif all(_algebraic(b) and b.op != "sqrt" and _size(b) <= _SIMPLE for b in bottoms):
        numerator = ZERO
        for those in products:
            numerator = add(numerator, _multiplied(those))
    else:
        return None
    for b, e in bottoms.items():
        for _ in range(e + (2 if b.op == "sqrt" else 1)):
            numerator = div(numerator, b)
    return numerator


_SIMPLE = 6
"""Distinct parts of a divisor up to which its square is worth having."""


def _size(node: Expr) -> int:
    return sum(1 for _ in walk(node))


def _algebraic(node: Expr) -> bool:
    return all(n.op in ALGEBRAIC for n in walk(node))


def _product_tangent(coefficient: Fraction, parts: Mapping[Expr, int], slopes: Mapping[Expr, Expr]) -> Expr:
    """Return the derivative of coefficient * product of base ** exponent, term by term."""
    total: Expr = ZERO
    for base, exponent in parts.items():
        if slopes[base] is not ZERO:
            rest = multiplied(coefficient * exponent, {**parts, base: exponent - 1})
            total = add(total, mul(rest, slopes[base]))
    return total


def _expanded(parts: list[Expr]) -> Expr | None:
    """Return a product with the sums among its factors multiplied out; None if that makes very many terms."""
    made: list[Expr] = [ONE]
    for part in parts:
        terms = [mul(s, t) for s, t in summands(part)]
        if len(made) * len(terms) > _MOST_TERMS:
            return None
        made = [mul(a, b) for a in made for b in terms]
    total: Expr = ZERO
    for term in made:
        total = add(total, term)
    return total


def _multiplied(parts: list[Expr]) -> Expr:
    made: Expr = ONE
    for part in parts:
        made = mul(made, part)
    return made


@lru_cache(maxsize=4096)
def derivative(root: Expr, name: str = "x", order: int = 1, over_one: bool = True) -> Expr:
    """Return the ``order``-th derivative of an elementwise formula in the variable ``name``, in stable form.

    ``over_one`` is as in :func:`tangent`; the two forms are the same function with other rounding errors.

    >>> from nonlin.expr.nodes import call, var
    >>> derivative(call("softplus", var("x")))
    Expr('sigmoid(x)')
    """
    for _ in range(order):
        root = stabilise(tangent(root, {name: ONE}, over_one=over_one))
    return root
