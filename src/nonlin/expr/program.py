"""An expression as the text of a straight-line program: one assignment per shared node, in a target's spelling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from nonlin.expr.nodes import Expr, walk
from nonlin.expr.primitives import PRIMITIVES


def source(
    target: str,
    outputs: Sequence[Expr],
    names: Sequence[str],
    literal: Callable[[Expr], str | None],
    *,
    function: str = "f",
) -> str:
    """Return the source of ``def f(x, ...)`` that computes ``outputs``, each common part once.

    ``literal`` returns the text of a node to be written as a constant, or None. Variables are called ``v_<name>``, so
    no name from a user's formula can collide with anything.
    """
    text: dict[Expr, str] = {}
    lines = [f"def {function}({', '.join('v_' + n for n in names)}):"]
    uses = Counter(a for n in walk(*outputs) for a in n.args)
    uses.update(outputs)
    skip = _below_literals(outputs, literal)
    for node in walk(*outputs):
        if node in skip:
            continue
        written = literal(node)
        if written is not None:
            text[node] = written
        elif node.op == "var":
            text[node] = f"v_{node.payload}"
        else:
            spelled = PRIMITIVES[node.op].spellings[target].format(*(text[a] for a in node.args))
            if uses[node] > 1 or len(spelled) > 400:
                name = f"t{len(lines)}"
                lines.append(f"    {name} = {spelled}")
                text[node] = name
            else:
                text[node] = spelled
    returned = ", ".join(text[o] for o in outputs)
    lines.append(f"    return {returned}")
    return "\n".join(lines) + "\n"


def _below_literals(outputs: Sequence[Expr], literal: Callable[[Expr], str | None]) -> set[Expr]:
    """Nodes that only occur inside constants, which need no line of their own."""
    kept: set[Expr] = set()
    stack = list(outputs)
    while stack:
        node = stack.pop()
        if node in kept:
            continue
        kept.add(node)
        if literal(node) is None:
            stack.extend(node.args)
    return {n for n in walk(*outputs) if n not in kept}
