"""Where a formula turns: the points at which its branches switch and its divisors vanish, where those are linear in x."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from nonlin.expr.derive import derivative
from nonlin.expr.exact import constant, is_constant
from nonlin.expr.nodes import ZERO, Expr, number, rebuild, sub, substitute, variables, walk
from nonlin.expr.rewrite import stabilise

# what each branching primitive compares: the sign of this expression chooses the branch
COMPARED: dict[str, Callable[[tuple[Expr, ...]], Expr]] = {
    **dict.fromkeys(("lt", "le", "gt", "ge", "min", "max"), lambda a: sub(a[0], a[1])),
    **dict.fromkeys(("abs", "sign"), lambda a: a[0]),
}


def linear_root(compared: Expr) -> Fraction | float | None:
    """Return the zero of an expression linear in x; NaN for one without x or without a zero; None if not linear."""
    if "x" not in variables(compared):
        return float("nan")
    slope = derivative(compared, "x")
    if not is_constant(slope):
        return None
    at_zero = stabilise(substitute(compared, {"x": 0}))
    if at_zero is ZERO:
        return Fraction(0)
    top, bottom = number(at_zero), number(slope)
    if top is not None and bottom:
        return -top / bottom
    steep = constant(slope)
    return -constant(at_zero) / steep if steep else None


@lru_cache(maxsize=1024)
def turns(root: Expr) -> tuple[float, ...]:
    """Return the points, sorted, where a branch switches or a divisor vanishes, of those that are linear in ``x``.

    >>> from nonlin.expr import parse
    >>> turns(parse("max(x, 0) + sin(x - 1)/(x - 1)"))
    (0.0, 1.0)
    """
    found: set[float] = set()
    for node in walk(root):
        if node.op in COMPARED or node.op == "div":
            compared = COMPARED[node.op](node.args) if node.op in COMPARED else node.args[1]
            point = None if is_constant(compared) else linear_root(stabilise(compared))
            if point is not None and point == point:
                found.add(float(point) + 0.0)
    return tuple(sorted(found))


@lru_cache(maxsize=1024)
def centres(root: Expr) -> tuple[float, ...]:
    """Return the zeros, sorted, of the sums of a multiple of ``x`` and a number: a bump so narrow that no grid meets it stands at one.

    >>> from nonlin.expr import parse
    >>> centres(parse("exp(-1000000*(x - 3)**2)"))
    (3.0,)
    """
    found: set[float] = set()
    for node in walk(rebuild(root, _unclamped)):
        if node.op in ("add", "sub") and any(is_constant(a) for a in node.args) and not is_constant(node):
            point = linear_root(node)
            if point is not None and point == point:
                found.add(float(point) + 0.0)
    return tuple(sorted(found))


def _unclamped(node: Expr) -> Expr:
    """What a clamp holds within a bound: the other side of the same formula may have been clamped before."""
    inside = [a for a in node.args if not is_constant(a)]
    return inside[0] if node.op in ("min", "max") and len(inside) == 1 else node
