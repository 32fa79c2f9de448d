"""Formulas as text a person reads, and that the parser reads back to the same expression."""

from __future__ import annotations

from fractions import Fraction

from nonlin.expr.nodes import Expr
from nonlin.expr.primitives import PRIMITIVES

INFIX = {"add": ("+", 1), "sub": ("-", 1), "mul": ("*", 2), "div": ("/", 2), "pow": ("**", 4), "neg": ("-", 3),
          "lt": ("<", 0), "le": ("<=", 0), "gt": (">", 0), "ge": (">=", 0)}  # fmt: skip
"""Primitive -> its sign between its arguments, and how tightly that binds."""


def number_text(value: Fraction) -> str:
    """Return the shortest exact text of a fraction: ``3``, ``0.044715`` or ``1/3``."""
    if value.denominator == 1:
        return str(value.numerator)
    decimal = repr(float(value))
    return decimal if Fraction(decimal) == value else f"{value.numerator}/{value.denominator}"


def to_text(node: Expr) -> str:
    """Return the formula as text, with as few parentheses as Python's precedence allows.

    >>> from nonlin.expr.nodes import call, var
    >>> x = var("x")
    >>> to_text(x * call("tanh", call("exp", x)))
    'x*tanh(exp(x))'
    """
    return _text(node)[0]


def _text(node: Expr) -> tuple[str, int]:
    """Return the text and the precedence of its outermost operation (5: an atom)."""
    if node.op == "const":
        assert isinstance(node.payload, Fraction)
        text = number_text(node.payload)
        return text, 3 if node.payload < 0 else (2 if "/" in text else 5)
    if node.op == "var":
        return str(node.payload), 5
    if node.op not in INFIX:
        inner = [to_text(a) for a in node.args]
        if node.op == "join":  # of any number of outputs
            return f"join({', '.join(inner)})", 5
        return PRIMITIVES[node.op].spellings["text"].format(*inner), 5
    sign, level = INFIX[node.op]
    if node.op == "neg":
        inside, rank = _text(node.args[0])
        return (f"-{inside}", min(rank, 3)) if rank >= 2 else (f"-({inside})", 3)
    left = _bracket(node.args[0], level + (node.op == "pow"))
    right = _bracket(node.args[1], level + (node.op in ("sub", "div")))
    if node.op in ("mul", "div", "pow"):
        return f"{left}{sign}{right}", level
    return f"{left} {sign} {right}", level


def _bracket(node: Expr, least: int) -> str:
    text, level = _text(node)
    return f"({text})" if level < least else text
