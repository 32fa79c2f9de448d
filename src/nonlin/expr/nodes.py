"""Nodes of a formula: immutable, hash-consed, and simplified as they are built.

Two structurally equal expressions are the same object, so a value and its derivative share every common
part without looking for it. Numbers are exact fractions: ``0.044715`` means that decimal, not its nearest
binary64 neighbour; a target rounds once, when it prints the constant.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

Number: TypeAlias = "int | float | Fraction"
Operand: TypeAlias = "Expr | int | float | Fraction"

_live: weakref.WeakValueDictionary[tuple[Any, ...], Expr] = weakref.WeakValueDictionary()


class Expr:
    """One node: an operation's name, its arguments, and for leaves a payload (a number or a variable's name).

    Python's operators build expressions: ``x * 2 + 1``, ``x > 0``, ``x ** 2``, ``abs(x)``. Nodes compare by identity,
    which hash-consing makes structural equality.
    """

    __slots__ = ("__weakref__", "args", "op", "payload")
    op: str
    args: tuple[Expr, ...]
    payload: Fraction | str | None

    def __new__(cls, op: str, args: tuple[Expr, ...] = (), payload: Fraction | str | None = None) -> Expr:
        key = (op, args, payload)
        node = _live.get(key)
        if node is None:
            node = super().__new__(cls)
            object.__setattr__(node, "op", op)
            object.__setattr__(node, "args", args)
            object.__setattr__(node, "payload", payload)
            node = _live.setdefault(key, node)
        return node

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"expressions are immutable; cannot set {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (Expr, (self.op, self.args, self.payload))

    def __copy__(self) -> Expr:
        return self

    def __deepcopy__(self, memo: object) -> Expr:
        return self

    def __repr__(self) -> str:
        from nonlin.expr.show import to_text

        return f"Expr({to_text(self)!r})"

    def __bool__(self) -> bool:
        raise TypeError("a formula has no truth value; write where(x > 0, a, b) instead of 'a if x > 0 else b'")

    def __add__(self, other: Operand) -> Expr:
        return add(self, other)

    def __radd__(self, other: Operand) -> Expr:
        return add(other, self)

    def __sub__(self, other: Operand) -> Expr:
        return sub(self, other)

    def __rsub__(self, other: Operand) -> Expr:
        return sub(other, self)

    def __mul__(self, other: Operand) -> Expr:
        return mul(self, other)

    def __rmul__(self, other: Operand) -> Expr:
        return mul(other, self)

    def __truediv__(self, other: Operand) -> Expr:
        return div(self, other)

    def __rtruediv__(self, other: Operand) -> Expr:
        return div(other, self)

    def __pow__(self, other: Operand) -> Expr:
        return power(self, other)

    def __rpow__(self, other: Operand) -> Expr:
        return power(other, self)

    def __neg__(self) -> Expr:
        return mul(-1, self)

    def __pos__(self) -> Expr:
        return self

    def __abs__(self) -> Expr:
        return call("abs", self)

    def __lt__(self, other: Operand) -> Expr:
        return Expr("lt", (self, wrap(other)))

    def __le__(self, other: Operand) -> Expr:
        return Expr("le", (self, wrap(other)))

    def __gt__(self, other: Operand) -> Expr:
        return Expr("gt", (self, wrap(other)))

    def __ge__(self, other: Operand) -> Expr:
        return Expr("ge", (self, wrap(other)))


def const(value: Number) -> Expr:
    """Return the constant node of an exact number; a float stands for its shortest decimal.

    >>> const(0.1) is const(Fraction(1, 10))
    True
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"a formula's constants are finite numbers, not {value}")
        value = Fraction(repr(value))
    return Expr("const", (), Fraction(value))


def var(name: str) -> Expr:
    """Return the variable called ``name``."""
    return Expr("var", (), name)


def wrap(value: Operand) -> Expr:
    """Return ``value`` as an expression."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, int | float | Fraction):
        return const(value)
    raise TypeError(f"a formula is built from expressions and numbers, not {type(value).__name__}")


ZERO, ONE = const(0), const(1)


def number(node: Expr) -> Fraction | None:
    """Return the exact number a constant node holds, or None for any other node."""
    return node.payload if isinstance(node.payload, Fraction) else None


def call(op: str, *args: Operand) -> Expr:
    """Return the node ``op(args)`` after the simplifications that hold for every input."""
    nodes = tuple(wrap(a) for a in args)
    if op in _SIMPLER:
        return _SIMPLER[op](*nodes)
    return Expr(op, nodes)


# -- sums and products -------------------------------------------------------------------------------------
# A sum is kept as coefficient * term, like terms collected; a product as base ** integer, powers collected.
# That is what makes (1 + |x|) - x*sign(x) the constant 1, so that softsign's derivative does not cancel.


def _terms(node: Expr, scale: Fraction, into: dict[Expr, Fraction]) -> None:
    if node.op == "add":
        _terms(node.args[0], scale, into)
        _terms(node.args[1], scale, into)
    elif node.op == "sub":
        _terms(node.args[0], scale, into)
        _terms(node.args[1], -scale, into)
    else:
        coefficient, term = _split_coefficient(node)
        into[term] = into.get(term, Fraction(0)) + scale * coefficient


def _split_coefficient(node: Expr) -> tuple[Fraction, Expr]:
    value = number(node)
    if value is not None:
        return value, ONE
    if node.op == "neg":
        coefficient, term = _split_coefficient(node.args[0])
        return -coefficient, term
    if node.op == "mul":
        value = number(node.args[0])
        if value is not None:
            return value, node.args[1]
    if node.op == "div":
        value = number(node.args[1])
        if value is not None:
            coefficient, term = _split_coefficient(node.args[0])
            return coefficient / value, term
        coefficient, term = _split_coefficient(node.args[0])
        if coefficient != 1:
            return coefficient, div(term, node.args[1])
    return Fraction(1), node


def _scaled(coefficient: Fraction, term: Expr) -> Expr:
    if term is ONE:
        return const(coefficient)
    if coefficient == 1:
        return term
    if coefficient == -1:
        return Expr("neg", (term,))
    if coefficient.numerator in (1, -1) and coefficient.denominator != 1:
        inner = term if coefficient > 0 else Expr("neg", (term,))
        return Expr("div", (inner, const(coefficient.denominator)))
    return Expr("mul", (const(coefficient), term))


def _sum(parts: Mapping[Expr, Fraction]) -> Expr:
    total: Expr | None = None
    kept = [(t, c) for t, c in _opened(parts).items() if c]
    # a positive term goes first so that no needless negation is emitted; constants go where they were met
    kept.sort(key=lambda item: item[1] < 0)
    for term, coefficient in kept:
        if total is None:
            total = _scaled(coefficient, term)
        elif coefficient < 0:
            total = Expr("sub", (total, _scaled(-coefficient, term)))
        else:
            total = Expr("add", (total, _scaled(coefficient, term)))
    return ZERO if total is None else total


def _opened(parts: Mapping[Expr, Fraction]) -> dict[Expr, Fraction]:
    """Multiples of sums multiplied out where that collects terms: a + (a - b)/2 is 1.5*a - b/2."""
    made = _merged(parts)
    for term, scale in list(made.items()):
        if term.op in ("add", "sub") and scale and term in made:
            inside: dict[Expr, Fraction] = {}
            _terms(term, scale, inside)
            if any(made.get(t) for t in inside):
                del made[term]
                for t, c in inside.items():
                    made[t] = made.get(t, Fraction(0)) + c
    return made


def _merged(parts: Mapping[Expr, Fraction]) -> dict[Expr, Fraction]:
    """Products of the same factors in another order made one term."""
    made: dict[Expr, Fraction] = {}
    seen: dict[frozenset[tuple[Expr, int]], Expr] = {}
    several = sum(term.op in ("mul", "div") for term in parts) > 1
    for term, scale in parts.items():
        if several and term.op in ("mul", "div"):
            coefficient, bases = factors(term)
            if coefficient == 1:
                term = seen.setdefault(frozenset(bases.items()), term)
        made[term] = made.get(term, Fraction(0)) + scale
    return made


def add(a: Operand, b: Operand) -> Expr:
    """Return ``a + b`` with like terms collected."""
    parts: dict[Expr, Fraction] = {}
    _terms(wrap(a), Fraction(1), parts)
    _terms(wrap(b), Fraction(1), parts)
    return _sum(parts)


def sub(a: Operand, b: Operand) -> Expr:
    """Return ``a - b`` with like terms collected."""
    parts: dict[Expr, Fraction] = {}
    _terms(wrap(a), Fraction(1), parts)
    _terms(wrap(b), Fraction(-1), parts)
    return _sum(parts)


def _factors(node: Expr, sign: int, into: dict[Expr, int]) -> Fraction:
    """Collect ``node ** sign`` into base -> exponent and return its numeric coefficient."""
    value = number(node)
    if value is not None:
        return value if sign > 0 else 1 / value
    if node.op == "neg":
        return -_factors(node.args[0], sign, into)
    if node.op == "mul":
        return _factors(node.args[0], sign, into) * _factors(node.args[1], sign, into)
    if node.op == "div" and number(node.args[1]) != 0:
        return _factors(node.args[0], sign, into) * _factors(node.args[1], -sign, into)
    if node.op == "pow":
        exponent = number(node.args[1])
        if exponent is not None and exponent.denominator == 1 and abs(exponent) <= 64:
            into[node.args[0]] = into.get(node.args[0], 0) + sign * int(exponent)
            return Fraction(1)
    into[node] = into.get(node, 0) + sign
    return Fraction(1)


def factors(node: Expr) -> tuple[Fraction, dict[Expr, int]]:
    """Return a product as its numeric coefficient and base -> whole exponent, negative for divisors."""
    parts: dict[Expr, int] = {}
    coefficient = _factors(node, 1, parts)
    return coefficient, {b: e for b, e in parts.items() if e}


def multiplied(coefficient: Fraction, parts: Mapping[Expr, int]) -> Expr:
    """Return the product of a number and of bases to whole powers, the inverse of :func:`factors`."""
    return _product(coefficient, {b: e for b, e in parts.items() if e})


def summands(node: Expr) -> list[tuple[Fraction, Expr]]:
    """Return a sum as its coefficients and terms; numeric multiples of sums are multiplied out."""
    parts: dict[Expr, Fraction] = {}
    _terms(node, Fraction(1), parts)
    made: list[tuple[Fraction, Expr]] = []
    for term, scale in parts.items():
        inner = summands(term) if term.op in ("add", "sub") else [(Fraction(1), term)]
        made += [(scale * c, t) for c, t in inner]
    return made


def _product(coefficient: Fraction, parts: Mapping[Expr, int]) -> Expr:
    if coefficient == 0:
        return ZERO
    bases = dict(parts)
    for base in list(bases):  # sqrt(2) * sqrt(2) is 2, not 2.0000000000000004
        inside = number(base.args[0]) if base.op == "sqrt" else None
        if inside is not None and inside > 0 and abs(bases[base]) >= 2:
            pairs = int(bases[base] / 2)
            coefficient *= inside**pairs
            bases[base] -= 2 * pairs
    for base, exponent in bases.items():  # k * where(c, a, 0) is where(c, k*a, 0): no 0 * inf in the dead branch
        if base.op == "where" and exponent == 1 and ZERO in base.args[1:]:
            rest = _product(coefficient, {b: e for b, e in bases.items() if b is not base})
            return where(base.args[0], mul(rest, base.args[1]), mul(rest, base.args[2]))
    for base in list(bases):  # sign(u)**2 is 1 but for the point where its factor, a derivative of |u|, is not defined
        if base.op == "sign" and bases[base] > 1:
            bases[base] %= 2
    for base in list(bases):  # |u| * sign(u) = u and u * sign(u) = |u|, with the same value at 0
        if base.op == "sign" and bases[base] == 1:
            inner = base.args[0]
            for met, gives in ((Expr("abs", (inner,)), inner), (inner, Expr("abs", (inner,)))):
                if bases.get(met, 0) > 0:
                    bases[met] -= 1
                    bases[gives] = bases.get(gives, 0) + 1
                    bases[base] = 0
                    break
    top: Expr | None = None
    for base, exponent in bases.items():
        if exponent > 0:
            factor = base if exponent == 1 else Expr("pow", (base, const(exponent)))
            top = factor if top is None else Expr("mul", (top, factor))
    result, outside = (const(coefficient), Fraction(1)) if top is None else (top, coefficient)
    for base, exponent in bases.items():
        for _ in range(-exponent):  # one division at a time: b * b would overflow first
            result = Expr("div", (result, base))
    return _scaled(outside, result)


def mul(a: Operand, b: Operand) -> Expr:
    """Return ``a * b`` with constants folded and powers of one base collected."""
    parts: dict[Expr, int] = {}
    coefficient = _factors(wrap(a), 1, parts) * _factors(wrap(b), 1, parts)
    return _product(coefficient, parts)


def div(a: Operand, b: Operand) -> Expr:
    """Return ``a / b`` with constants folded and powers of one base collected; ``b`` must not be the number 0."""
    a, b = wrap(a), wrap(b)
    if number(b) == 0:
        raise ZeroDivisionError("the formula divides by the constant 0")
    parts: dict[Expr, int] = {}
    coefficient = _factors(a, 1, parts) * _factors(b, -1, parts)
    return _product(coefficient, parts)


def power(a: Operand, b: Operand) -> Expr:
    """Return ``a ** b``; an integer exponent up to 64 in size is kept as repeated multiplication."""
    a, b = wrap(a), wrap(b)
    exponent, base = number(b), number(a)
    if exponent is not None:
        if exponent == 0:
            return ONE
        if exponent == 1:
            return a
        if exponent == Fraction(1, 2):
            return call("sqrt", a)
        if exponent.denominator == 1 and abs(exponent) <= 64:
            if base is not None and (base != 0 or exponent > 0):
                return const(base ** int(exponent))
            parts: dict[Expr, int] = {}
            coefficient = _factors(a, 1, parts)
            n = int(exponent)
            return _product(coefficient**n, {k: v * n for k, v in parts.items()})
    return Expr("pow", (a, b))


def where(condition: Expr, a: Operand, b: Operand) -> Expr:
    """Return ``a`` where ``condition`` holds and ``b`` elsewhere (NaN conditions choose ``b``)."""
    a, b = wrap(a), wrap(b)
    return a if a is b else Expr("where", (condition, a, b))


def _abs(a: Expr) -> Expr:
    coefficient, term = _split_coefficient(a)
    if term is ONE:
        return const(abs(coefficient))
    if term.op == "abs" or coefficient != 1:
        inner = term if term.op == "abs" else Expr("abs", (term,))
        return _scaled(abs(coefficient), inner)
    return Expr("abs", (a,))


def _fold(op: str, pick: Callable[[Fraction, Fraction], Fraction]) -> Callable[[Expr, Expr], Expr]:
    def build(a: Expr, b: Expr) -> Expr:
        x, y = number(a), number(b)
        if x is not None and y is not None:
            return const(pick(x, y))
        return a if a is b else Expr(op, (a, b))

    return build


def _at(op: str, point: int, value: int) -> Callable[[Expr], Expr]:
    def build(a: Expr) -> Expr:
        return const(value) if number(a) == point else Expr(op, (a,))

    return build


def _odd(op: str) -> Callable[[Expr], Expr]:
    def build(a: Expr) -> Expr:
        if number(a) == 0:
            return ZERO
        return Expr("neg", (Expr(op, (mul(-1, a),)),)) if _split_coefficient(a)[0] < 0 else Expr(op, (a,))

    return build


def _even(op: str, at_zero: int) -> Callable[[Expr], Expr]:
    def build(a: Expr) -> Expr:
        if number(a) == 0:
            return const(at_zero)
        return Expr(op, (mul(-1, a),)) if _split_coefficient(a)[0] < 0 else Expr(op, (a,))

    return build


_SIMPLER: dict[str, Callable[..., Expr]] = {
    "add": add,
    "sub": sub,
    "mul": mul,
    "div": div,
    "pow": power,
    "neg": lambda a: mul(-1, a),
    "where": where,
    "abs": _abs,
    "min": _fold("min", min),
    "max": _fold("max", max),
    "exp": _at("exp", 0, 1),
    "expm1": _at("expm1", 0, 0),
    "log1p": _at("log1p", 0, 0),
    "erfc": _at("erfc", 0, 1),
    "log": _at("log", 1, 0),
    "sqrt": _at("sqrt", 1, 1),
    **{op: _even(op, 1) for op in ("cos", "cosh", "sech", "sech2")},
    "log_cosh": _even("log_cosh", 0),
    **{op: _odd(op) for op in ("tanh", "erf", "sin", "arctan", "arcsinh", "sign", "sinh")},
}


# -- walking ---------------------------------------------------------------------------------------------


def walk(*roots: Expr) -> Iterator[Expr]:
    """Yield every node below ``roots`` once, arguments before the nodes that use them."""
    seen: set[Expr] = set()
    stack: list[tuple[Expr, bool]] = [(r, False) for r in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((a, False) for a in reversed(node.args) if a not in seen)


def variables(*roots: Expr) -> list[str]:
    """Return the names of the variables in ``roots``, in order of first use."""
    return list(dict.fromkeys(str(n.payload) for n in walk(*roots) if n.op == "var"))


def rebuild(root: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return ``root`` rebuilt bottom-up with ``change`` applied to every node (shared nodes once)."""
    done: dict[Expr, Expr] = {}
    for node in walk(root):
        args = tuple(done[a] for a in node.args)
        again = node if args == node.args else call(node.op, *args)
        done[node] = change(again)
    return done[root]


def substitute(root: Expr, values: Mapping[str, Operand]) -> Expr:
    """Return ``root`` with variables replaced by expressions or numbers."""
    table = {name: wrap(v) for name, v in values.items()}
    done: dict[Expr, Expr] = {}
    for node in walk(root):  # not rebuild: 1*y with y -> x is x, which must not be replaced again
        if node.op == "var":
            done[node] = table.get(str(node.payload), node)
        else:
            args = tuple(done[a] for a in node.args)
            done[node] = node if args == node.args else call(node.op, *args)
    return done[root]
