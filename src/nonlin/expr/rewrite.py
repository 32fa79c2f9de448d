"""From the textbook form to the stable one: a table of rules, applied bottom-up until none fits.

Each rule is written in the language people type: ``u`` and ``v`` match any subexpression, ``c`` and ``d`` numbers that
single precision holds exactly. Sums and products match in any order and inside longer sums and products.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

from nonlin.expr.nodes import Expr, add, const, div, mul, number, rebuild, substitute

RULES: tuple[tuple[str, str, str], ...] = (
    ("log(1 + exp(u))", "softplus(u)", "exp(u) overflows, and 1 + exp(u) is 1 for negative u"),
    ("log1p(exp(u))", "softplus(u)", "exp(u) overflows"),
    ("log(1 + u)", "log1p(u)", "1 + u loses the digits of a small u"),
    ("exp(u) - 1", "expm1(u)", "cancels for small u"),
    ("1 - exp(u)", "-expm1(u)", "cancels for small u"),
    ("exp(u)/(1 + exp(u))", "sigmoid(u)", "inf/inf for large u"),
    ("v/(1 + exp(u))", "v*sigmoid(-u)", "exp(u) overflows, and inf/inf where v grows too"),
    ("1 - sigmoid(u)", "sigmoid(-u)", "cancels for large u"),
    ("log(sigmoid(u))", "-softplus(-u)", "log(0) in the tail"),
    ("1 - tanh(u)**2", "sech2(u)", "is exactly 0 in the tails"),
    ("1 + tanh(u)", "2*sigmoid(2*u)", "cancels for negative u"),
    ("1 - tanh(u)", "2*sigmoid(-2*u)", "cancels for positive u"),
    ("(exp(u) - exp(-u))/(exp(u) + exp(-u))", "tanh(u)", "inf/inf for large u"),
    ("2*sigmoid(2*u) - 1", "tanh(u)", "cancels for small u"),
    ("2*sigmoid(u) - 1", "tanh(u/2)", "cancels for small u"),
    ("1 + erf(u)", "erfc(-u)", "cancels for negative u"),
    ("1 - erf(u)", "erfc(u)", "cancels for positive u"),
    ("1 - erfc(u)", "erf(u)", "cancels for small u"),
    ("1 - normal_cdf(u)", "normal_cdf(-u)", "cancels for positive u"),
    ("exp(u)/row_sum(exp(u))", "row_softmax(u)", "exp(u) overflows"),
    ("log(row_sum(exp(u)))", "row_logsumexp(u)", "exp(u) overflows"),
    ("log(row_softmax(u))", "row_log_softmax(u)", "log(0) for entries far below the largest"),
    ("u - row_logsumexp(u)", "row_log_softmax(u)", "cancels for the largest entry"),
    ("max(u + c, d)", "max(u, d - c) + c", "u + c rounds onto the bound d before u is there"),
    ("min(u + c, d)", "min(u, d - c) + c", "u + c rounds onto the bound d before u is there"),
    ("max(d, u + c)", "max(d - c, u) + c", "u + c rounds onto the bound d before u is there"),
    ("min(d, u + c)", "min(d - c, u) + c", "u + c rounds onto the bound d before u is there"),
    ("max(u - c, d)", "max(u, d + c) - c", "u - c rounds onto the bound d before u is there"),
    ("min(u - c, d)", "min(u, d + c) - c", "u - c rounds onto the bound d before u is there"),
    ("max(d, u - c)", "max(d + c, u) - c", "u - c rounds onto the bound d before u is there"),
    ("min(d, u - c)", "min(d + c, u) - c", "u - c rounds onto the bound d before u is there"),
    ("max(c - u, d)", "c - min(u, c - d)", "c - u rounds onto the bound d before u is there"),
    ("min(c - u, d)", "c - max(u, c - d)", "c - u rounds onto the bound d before u is there"),
    ("max(d, c - u)", "c - min(c - d, u)", "c - u rounds onto the bound d before u is there"),
    ("min(d, c - u)", "c - max(c - d, u)", "c - u rounds onto the bound d before u is there"),
)
"""Textbook form, stable form, and what goes wrong in the first."""

_WILD, _NUMBERS = ("u", "v"), ("c", "d")


@lru_cache(maxsize=1)
def _rules() -> list[tuple[Expr, Expr]]:
    from nonlin.expr.parse import parse

    names = (*_WILD, *_NUMBERS)
    return [(parse(a, names, textbook=True), parse(b, names, textbook=True)) for a, b, _ in RULES]


def _single(node: Expr) -> bool:
    """Whether a node is a number that single precision holds exactly, so that shifting a bound by it is exact."""
    value = number(node)
    if value is None or value.denominator.bit_count() != 1:
        return False
    return abs(value.numerator).bit_length() <= 24 and value.denominator.bit_length() <= 24


def _match(pattern: Expr, node: Expr, bound: dict[str, Expr]) -> dict[str, Expr] | None:
    if pattern.op == "var":
        name = str(pattern.payload)
        if bound.get(name, node) is not node or (name in _NUMBERS and not _single(node)):
            return None
        return {**bound, name: node}
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


def _flatten(op: str, node: Expr) -> list[tuple[int, Expr]]:
    """Return the signed terms of a sum (or the factors of a product, all with sign 1)."""
    if op == "add" and node.op in ("add", "sub"):
        right = _flatten(op, node.args[1])
        flip = -1 if node.op == "sub" else 1
        return _flatten(op, node.args[0]) + [(s * flip, t) for s, t in right]
    if op == "mul" and node.op == "mul":
        return _flatten(op, node.args[0]) + _flatten(op, node.args[1])
    return [(1, node)]


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


def _quotient_inside(node: Expr) -> Expr | None:
    """Apply a rule to one factor over one divisor of a longer product: x*(A - B)/(A + B)."""
    tops, bottoms = _factors(node)
    if not 2 < len(tops) + len(bottoms) <= 12:
        return None
    for (i, top), (j, bottom) in product(enumerate(tops), enumerate(bottoms)):
        pair = div(top, bottom) if number(bottom) != 0 else node
        for pattern, stable in _rules():
            whole = pattern.op != "div" or pattern.args[0].op == "var"  # v/(...) takes the whole numerator
            bound = None if whole else _match(pattern, pair, {})
            if bound is not None:
                result = substitute(stable, bound)
                for factor in tops[:i] + tops[i + 1 :]:
                    result = mul(factor, result)
                for divisor in bottoms[:j] + bottoms[j + 1 :]:
                    result = div(result, divisor)
                return result
    return None


def _once(node: Expr) -> Expr:
    inside = _quotient_inside(node) if node.op in ("mul", "div") else None
    if inside is not None:
        return inside
    for pattern, stable in _rules():
        bound = _match(pattern, node, {})
        if bound is not None:
            return substitute(stable, bound)
    if node.op in ("add", "sub"):  # two terms of a longer sum may fit a rule together
        terms = _flatten("add", node)
        for i in range(len(terms)) if 2 < len(terms) <= 8 else ():
            for j in range(i + 1, len(terms)):
                pair = add(mul(terms[i][0], terms[i][1]), mul(terms[j][0], terms[j][1]))
                if pair.op in ("add", "sub"):
                    for pattern, stable in _rules():
                        bound = _match(pattern, pair, {}) if pattern.op in ("add", "sub") else None
                        if bound is not None:
                            rest = [t for k, t in enumerate(terms) if k not in (i, j)]
                            total = substitute(stable, bound)
                            for sign, term in rest:
                                total = add(total, mul(sign, term))
                            return total
    return node


@lru_cache(maxsize=4096)
def stabilise(root: Expr) -> Expr:
    """Return the numerically stable form of ``root``.

    >>> from nonlin.expr.parse import parse
    >>> stabilise(parse("x*tanh(log(1 + exp(x)))", textbook=True))
    Expr('x*tanh(softplus(x))')
    """
    for _ in range(16):
        again = rebuild(root, _once)
        if again is root:
            return root
        root = again
    return root


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
