"""In which type a kernel on float32 numbers computes: polynomials and quotients whose terms cancel do better in float64.

Half as many numbers fit into a vector, but the formula stays what it is, while in float32 it takes a polynomial of many terms
for each stretch where it misses its budget.
"""

from __future__ import annotations

from collections.abc import Sequence

from nonlin.backends.kernel import gradual_underflow, passing_nan
from nonlin.backends.repair import roomy
from nonlin.expr import Expr, walk
from nonlin.expr.exact import is_constant
from nonlin.expr.rewrite import steadied

COSTS = {"div": 6, "neg": 0, "const": 0, "var": 0}
"""Of an operation on a vector of float32 numbers, in additions; 1 for those not named."""
DIVIDED, CONVERTED = 20, 4
"""Of two divisions in float64, and of widening and rounding a vector."""


def cost(outputs: Sequence[Expr]) -> int:
    """Return about how long a kernel takes for as many float32 numbers as fit into a vector, in additions."""
    return sum(COSTS.get(n.op, 1) for n in walk(*outputs) if not is_constant(n))


def cost_in_double(outputs: Sequence[Expr]) -> int:
    """The same where it computes in float64, in which a division by a number is a product."""

    def one(node: Expr) -> int:
        if node.op == "div":
            return 2 if is_constant(node.args[1]) else DIVIDED
        return 2 * COSTS.get(node.op, 1)

    return CONVERTED + sum(one(n) for n in walk(*outputs) if not is_constant(n))


def roomier(roots: Sequence[Expr], repaired: list[Expr], order: int) -> tuple[list[Expr], str]:
    """Return what to compute for float32 arrays, and the storage that tells in which type.

    Args:
        roots: expressions as they were given.
        repaired: the same with the remedies that they need in float32.
        order: of the derivatives that they are.
    """
    plain = [steadied(root) for root in roots]
    if cost(repaired) <= cost_in_double(plain):
        return repaired, "float32"
    with gradual_underflow():
        made = [roomy(root, order) for root in plain]
    wide = [passing_nan(m) for m in made if m is not None]
    if len(wide) < len(made) or cost(repaired) <= cost_in_double(wide):
        return repaired, "float32"
    return wide, "float32 in float64"
