"""From the textbook form to the stable one: a table of rules, applied bottom-up until none fits.

The rules stand in ``nonlin.expr.rules``. Sums match in any order, up to a common numeric factor, and inside longer sums;
products and quotients match in any order and inside longer products.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache, partial
from itertools import combinations, product
from math import isqrt

from nonlin.expr.nodes import ZERO, Expr, add, const, div, factors, mul, multiplied, number, rebuild, substitute
from nonlin.expr.rules import FUSED, REPAIRS, RULES, WIDE, WILD

__all__ = ["FUSED", "REPAIRS", "RULES", "WIDE", "fused", "lower", "stabilise", "steadied", "widened"]

Table = dict[str, list[tuple[Expr, Expr]]]


@lru_cache(maxsize=4)
def _table(rules: tuple[tuple[str, str, str], ...]) -> Table:
    """The rules by the operation their pattern begins with."""
    from nonlin.expr.parse import parse

    made: Table = {}
    for written, stable, _ in rules:
        pattern = parse(written, WILD, textbook=True)
        made.setdefault(pattern.op, []).append((pattern, parse(stable, WILD, textbook=True)))
    return made


def _match(pattern: Expr, node: Expr, bound: dict[str, Expr]) -> dict[str, Expr] | None:
    if pattern.op == "var":
        name = str(pattern.payload)
        if bound.get(name, node) is not node or not WILD[name](node):
            return None
        return {**bound, name: node}
    if pattern.op == "pow" and pattern.args[0].op == "var" and number(pattern.args[1]) == 2:  # 9*w**2 fits u**2 with u = 3*w
        root = _root(node)
        return None if root is None else _match(pattern.args[0], root, bound)
    if pattern.op == "neg" and node.op != "neg":  # -u matches any v, with u = -v
        return _match(pattern.args[0], mul(-1, node), bound)
    if pattern.op != node.op or pattern.payload != node.payload or len(pattern.args) != len(node.args):
        return None
    orders = [node.args]
    if node.op in ("add", "mul"):
        orders.append(node.args[::-1])
    for args in orders:
        found: dict[str, Expr] | None = bound
        for p, a in zip(pattern.args, args, strict=True):
            found = None if found is None else _match(p, a, found)
        if found is not None:
            return found
    return None


def _root(node: Expr) -> Expr | None:
    """Return the expression of which ``node`` is the square, if that can be seen."""
    if node.op == "pow" and number(node.args[1]) == 2:
        return node.args[0]
    scale, inner = _coefficient(node), None
    if node.op == "mul":
        inner = _root(node.args[1])
    elif node.op == "div":
        inner = _root(node.args[0])
    parts = [isqrt(n) for n in (scale.numerator, scale.denominator)]
    exact = [k * k for k in parts] == [scale.numerator, scale.denominator]
    return mul(Fraction(*parts), inner) if inner is not None and scale != 1 and exact else None


def _applied(table: Table, node: Expr, ops: tuple[str, ...] = (), whole: bool = True) -> Expr | None:
    """Return what the first rule that fits makes of ``node``; None if none does.

    With ``whole`` False rules for v/(...), which take a whole numerator, are left out.
    """
    if ops and node.op not in ops:
        return None
    for pattern, stable in table.get(node.op, ()):
        if whole or pattern.args[0].op != "var":
            bound = _match(pattern, node, {})
            if bound is not None:
                return substitute(stable, bound)
    return None


# -- inside longer sums and products -------------------------------------------------------------------------------------

_MOST_TERMS, _MOST_FACTORS = 8, 12
_SUM, _PRODUCT = ("add", "sub"), ("mul", "pow", "div")


def _flatten(node: Expr) -> list[tuple[int, Expr]]:
    """Return the signed terms of a sum."""
    if node.op not in _SUM:
        return [(1, node)]
    flip = -1 if node.op == "sub" else 1
    return _flatten(node.args[0]) + [(s * flip, t) for s, t in _flatten(node.args[1])]


def _coefficient(node: Expr) -> Fraction:
    """The numeric factor of a term."""
    value = number(node)
    if value is not None:
        return abs(value) or Fraction(1)
    inside = number(node.args[0]) if node.op == "mul" else None
    outside = number(node.args[1]) if node.op == "div" else None
    return abs(inside) if inside else 1 / abs(outside) if outside else Fraction(1)


def _sum_inside(table: Table, node: Expr) -> Expr | None:
    """Apply a rule to two terms of a sum, or to two terms divided by what is common to their numeric factors."""
    terms = _flatten(node)
    if len(terms) > _MOST_TERMS:
        return None
    for (i, (s, a)), (j, (t, b)) in combinations(enumerate(terms), 2):
        for scale in dict.fromkeys((Fraction(1), _coefficient(a), _coefficient(b))):
            if len(terms) == 2 and scale == 1:
                continue
            made = _applied(table, add(mul(s / scale, a), mul(t / scale, b)), _SUM)
            if made is not None:
                total = mul(scale, made)
                for k, (sign, term) in enumerate(terms):
                    if k not in (i, j):
                        total = add(total, mul(sign, term))
                return total
    return None


def _factors(node: Expr) -> tuple[list[Expr], list[Expr]]:
    """Return what a product multiplies and what it divides by."""
    if node.op in ("mul", "div"):
        top, bottom = _factors(node.args[0])
        more, less = _factors(node.args[1])
        return (top + more, bottom + less) if node.op == "mul" else (top + less, bottom + more)
    if node.op == "neg":
        top, bottom = _factors(node.args[0])
        return [const(-1), *top], bottom
    exponent = number(node.args[1]) if node.op == "pow" else None
    if exponent is not None and exponent in range(2, 9):
        return [node.args[0]] * int(exponent), []
    return [node], []


def _pairs(tops: list[Expr], bottoms: list[Expr]) -> Iterator[tuple[Expr, set[int], set[int]]]:
    """Yield a factor over a divisor, then two factors, and the places they stand at."""
    for (i, top), (j, bottom) in product(enumerate(tops), enumerate(bottoms)):
        if number(bottom) != 0:
            yield div(top, bottom), {i}, {j}
    for (i, a), (j, b) in combinations(enumerate(tops), 2):
        if number(a) is None and number(b) is None:
            yield mul(a, b), {i, j}, set()


def _product_inside(table: Table, node: Expr) -> Expr | None:
    """Apply a rule to two factors of a longer product: x*(A - B)/(A + B)."""
    tops, bottoms = _factors(node)
    if not 2 < len(tops) + len(bottoms) <= _MOST_FACTORS:
        return None
    for pair, over, under in _pairs(tops, bottoms):
        made = _applied(table, pair, _PRODUCT, whole=False)
        if made is not None:
            for i, factor in enumerate(tops):
                made = made if i in over else mul(factor, made)
            for j, divisor in enumerate(bottoms):
                made = made if j in under else div(made, divisor)
            return made
    return None


def _once(table: Table, node: Expr) -> Expr:
    made = _product_inside(table, node) if node.op in ("mul", "div") else None
    if made is None:
        made = _applied(table, node)
    if made is None and node.op in _SUM:
        made = _sum_inside(table, node)
    return node if made is None else made


def _simply(table: Table, node: Expr) -> Expr:
    made = _applied(table, node)
    return node if made is None else made


@lru_cache(maxsize=4096)
def stabilise(root: Expr) -> Expr:
    """Return the numerically stable form of ``root``.

    >>> from nonlin.expr.parse import parse
    >>> stabilise(parse("x*tanh(log(1 + exp(x)))", textbook=True))
    Expr('x*tanh(softplus(x))')
    """
    change = partial(_once, _table(RULES))
    for _ in range(16):
        again = rebuild(root, change)
        if again is root:
            return root
        root = again
    return root


@lru_cache(maxsize=4096)
def steadied(root: Expr) -> Expr:
    """Return ``root`` with terms that cancel in a form fit for evaluation, though not for differentiating.

    >>> from nonlin.expr.parse import parse
    >>> steadied(parse("1 - cos(x)"))
    Expr('2*sin(x/2)**2')
    """
    return rebuild(rebuild(root, partial(_once, _table(REPAIRS))), _factored)


@lru_cache(maxsize=4096)
def widened(root: Expr) -> Expr:
    """Return ``root`` with square roots of sums of squares that do not overflow."""
    return rebuild(root, partial(_simply, _table(WIDE)))


@lru_cache(maxsize=4096)
def fused(root: Expr) -> Expr:
    """Return ``root`` with the compositions that have a primitive of their own."""
    return rebuild(root, partial(_simply, _table(FUSED)))


def _factored(node: Expr) -> Expr:
    """Return a sum with what all its terms share taken out: its rounding errors then do not add up in every term."""
    if node.op not in _SUM:
        return node
    terms = [(sign, *factors(term)) for sign, term in _flatten(node)]
    shared = dict(terms[0][2])
    for _, _, parts in terms[1:]:
        both = {b: (e, parts[b]) for b, e in shared.items() if b in parts and (e > 0) == (parts[b] > 0)}
        shared = {b: min(pair, key=abs) for b, pair in both.items()}
    if all(b.op == "var" for b in shared):  # an input has no error to take out
        return node
    inner: Expr = ZERO
    for sign, coefficient, parts in terms:
        inner = add(inner, mul(sign, multiplied(coefficient, {b: e - shared.get(b, 0) for b, e in parts.items()})))
    made = multiplied(Fraction(1), {b: e for b, e in shared.items() if e > 0})
    made = mul(made, inner)
    return mul(made, multiplied(Fraction(1), {b: e for b, e in shared.items() if e < 0}))


@lru_cache(maxsize=4096)
def lower(root: Expr, target: str) -> Expr:
    """Return ``root`` with every primitive that ``target`` cannot spell replaced by ones it can."""
    from nonlin.expr.primitives import PRIMITIVES

    def change(node: Expr) -> Expr:
        row = PRIMITIVES.get(node.op)
        if row is None or target in row.spellings:
            return node
        if row.lower is None:
            raise ValueError(f"the target {target!r} can neither spell nor lower the primitive {node.op!r}")
        return rebuild(row.lower(*node.args), change)

    return rebuild(root, change)
