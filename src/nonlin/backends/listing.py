"""What a listing of a function in another language holds: its value and its derivatives, each under a name of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

from nonlin.backends.kernel import differentiated
from nonlin.backends.loops import INDEX, stages
from nonlin.catalogue import REFERENCES, Definition, parts
from nonlin.errors import ParameterError
from nonlin.expr import Expr, const, is_rowwise, stabilise, substitute, tangent, to_text, var, variables, walk
from nonlin.expr.exact import constant, is_constant
from nonlin.expr.nodes import number
from nonlin.expr.rewrite import lower

ALONG = "d x"
"""The variable that holds the direction of a row's derivative; no parameter can be called so."""
UNROLLED = 4
"""Whole powers up to this are written as products."""


@dataclass(frozen=True)
class Piece:
    """One function of a listing: ``suffix`` follows the function's name, ``says`` tells what it returns.

    ``inputs`` are its numbers (or, of a rowwise function, its rows), ``params`` the parameters that are arguments and their
    defaults; ``one`` marks a row that becomes a single number, ``order`` a derivative.
    """

    suffix: str
    says: str
    root: Expr
    inputs: tuple[str, ...]
    params: dict[str, float]
    rowwise: bool = False
    one: bool = False
    order: int = 0


def base_name(made: Definition) -> str:
    """Return an identifier for a definition: its id without parameter values, or ``formula`` for a typed one."""
    name = made.name.split("(")[0] if made.given else made.name
    return name if re.fullmatch(r"[a-z][a-z0-9_]*", name) else "formula"


def check_order(order: object) -> int:
    """Return ``order`` if it is a whole number of at least 0; raise ParameterError with a sentence if not."""
    if isinstance(order, bool) or not isinstance(order, int) or order < 0:
        raise ParameterError(f"order must be a whole number of at least 0, not {order!r}")
    return order


ARGUMENTS: dict[str, Callable[[Definition, str], bool]] = {
    "learned": lambda made, name: made.params[name].learnable or bool(made.context),
    "all": lambda made, name: True,
    "none": lambda made, name: False,
}
"""Which parameters are arguments of the functions of a listing; the others are folded into the formula at their defaults."""


def check_arguments(arguments: object) -> str:
    """Return ``arguments`` if it is one of :data:`ARGUMENTS`; raise ParameterError with a sentence if not."""
    if not isinstance(arguments, str) or arguments not in ARGUMENTS:
        raise ParameterError(f"arguments must be one of {', '.join(ARGUMENTS)}, not {arguments!r}")
    return arguments


def pieces(made: Definition, order: int, arguments: str = "learned") -> Iterator[Piece]:
    """Yield the value and the derivatives up to ``order`` of each output, outside training.

    Rowwise functions come with the derivative along a direction, from ``order`` 1 on; their higher ones are left out.
    """
    chosen = ARGUMENTS[arguments]
    folded = {n: const(p.default) for n, p in made.settable.items() if not chosen(made, n)}
    root = stabilise(substitute(made.resting, folded))
    used = variables(root)
    params = {n: v for n, v in made.defaults.items() if n in used}
    outputs = parts(root)
    for i, output in enumerate(outputs, 1):
        tag = f"_{i}" if len(outputs) > 1 else ""
        what = f"output {i} of {len(outputs)}" if tag else "the value"
        value = Piece(tag, what, output, made.inputs, params, is_rowwise(root), is_rowwise(root) and not _survives(output))
        yield value
        if value.rowwise:
            if order:
                slope = stabilise(tangent(output, {"x": var(ALONG)}))
                yield replace(value, suffix=f"{tag}_jvp", says=f"the derivative of {what} along a direction", root=slope,
                              inputs=(*made.inputs, ALONG), order=1)  # fmt: skip
            continue
        for wrt in (w for k in range(order) for w in combinations_with_replacement(made.inputs, k + 1)):
            yield replace(value, suffix=tag + _derivative_suffix(wrt, made.inputs), says=_derivative_words(wrt, what),
                          root=differentiated(output, wrt), order=len(wrt))  # fmt: skip


def _derivative_suffix(wrt: tuple[str, ...], inputs: tuple[str, ...]) -> str:
    if len(inputs) > 1:
        return "_grad_" + "_".join(wrt)
    return "_grad" + (str(len(wrt)) if len(wrt) > 1 else "")


def _derivative_words(wrt: tuple[str, ...], what: str) -> str:
    order = {1: "derivative", 2: "second derivative", 3: "third derivative"}.get(len(wrt), f"{len(wrt)}th derivative")
    return f"the {order} of {what} by {', '.join(dict.fromkeys(wrt))}"


def title(made: Definition) -> list[str]:
    """Return the lines that head a listing: name, formula, parameters, reference."""
    said = [f"{made.name}: {to_text(made.textbook)}" if made.name != made.formula else made.formula]
    said += [f"  {n} = {v!r} ({made.params[n].range_text()})" for n, v in made.defaults.items()]
    return [*said, REFERENCES.get(made.cite, made.cite)] if made.cite else said


def _survives(root: Expr) -> bool:
    """Whether the entries of a row differ after its reductions."""
    return bool({"x", INDEX} & set(variables(stages(root)[1])))


def prepared(root: Expr, target: str) -> Expr:
    """Return ``root`` in primitives that ``target`` can spell, small whole powers as products, nothing else rearranged."""
    done: dict[Expr, Expr] = {}
    for node in walk(lower(root, target)):
        args = tuple(done[a] for a in node.args)
        exponent = number(args[1]) if node.op == "pow" else None
        if node.op == "straight_through":
            done[node] = args[0]  # its surrogate is for derivatives, and would be an idle line
        elif exponent is not None and exponent in range(2, UNROLLED + 1) and not is_constant(node):
            square = Expr("mul", (args[0], args[0]))
            powers = {2: square, 3: Expr("mul", (square, args[0])), 4: Expr("mul", (square, square))}
            done[node] = powers[int(exponent)]
        else:
            done[node] = Expr(node.op, args, node.payload)
    return done[node]


def known(node: Expr) -> float | None:
    """Return the value of a node that is a known number, correctly rounded to double; None for all others."""
    return constant(node) if is_constant(node) else None
