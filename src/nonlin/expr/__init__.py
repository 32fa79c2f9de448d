"""The formula: nodes, the primitives table, derivatives, stable rewriting, parsing and printing."""

from nonlin.expr.derive import derivative, tangent
from nonlin.expr.nodes import Expr, call, const, substitute, var, variables, walk, where
from nonlin.expr.parse import parse
from nonlin.expr.primitives import PRIMITIVES, is_rowwise
from nonlin.expr.rewrite import stabilise
from nonlin.expr.show import to_text

__all__ = [
    "PRIMITIVES",
    "Expr",
    "call",
    "const",
    "derivative",
    "is_rowwise",
    "parse",
    "stabilise",
    "substitute",
    "tangent",
    "to_text",
    "var",
    "variables",
    "walk",
    "where",
]
