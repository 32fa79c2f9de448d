"""A rowwise formula as loops over one row, for languages without array operations.

Each reduction becomes a *stage*: a loop that writes the reduced expression into the output, which serves as room to work in,
and a call of a helper that reduces it to a number. What is left is one loop that computes the outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nonlin.expr import PRIMITIVES, Expr, var, walk
from nonlin.expr.nodes import ONE, ZERO
from nonlin.expr.program import Literal, Syntax, assignments, bare

INDEX, LENGTH = "the index", "the length"
"""Names of the variables that stand for an entry's index and the number of entries; no parameter can be called so."""


@dataclass(frozen=True)
class Stage:
    """``result`` is the number that the helper ``op`` makes of the row of ``entry`` and further numbers ``extra``.

    An ``index`` is a position in the row; ``value``, if not empty, names the entry that stands there.
    """

    op: str
    entry: Expr
    extra: tuple[Expr, ...]
    result: str
    value: str = ""
    index: bool = False


@dataclass
class _Stages:
    """The stages made so far; reductions that occur twice are one stage."""

    made: list[Stage] = field(default_factory=list)

    def add(self, op: str, entry: Expr, *extra: Expr, index: bool = False, value: bool = False) -> tuple[Expr, Expr]:
        """Return the variables of a stage's result and, with ``value``, of the entry at that index."""
        for stage in self.made:
            if (stage.op, stage.entry, stage.extra) == (op, entry, extra):
                break
        else:
            stage = Stage(op, entry, extra, f"s{len(self.made) + 1}", f"v{len(self.made) + 1}" if value else "", index)
            self.made.append(stage)
        return var(f"the {stage.result}"), var(f"the {stage.value}")


def _raw(op: str, *args: Expr) -> Expr:
    return Expr(op, args)


def _softmax(stages: _Stages, u: Expr) -> Expr:
    e = _raw("exp", _raw("sub", u, stages.add("row_max", u)[0]))
    return _raw("div", e, stages.add("row_sum", e)[0])


def _log_softmax(stages: _Stages, u: Expr) -> Expr:
    shifted = _raw("sub", u, stages.add("row_max", u)[0])
    return _raw("sub", shifted, stages.add("row_logsumexp", shifted)[0])


def _first_max(stages: _Stages, u: Expr) -> Expr:
    where, _ = stages.add("row_first_max", u, index=True)
    i = var(INDEX)
    return _raw("where", _raw("lt", i, where), ZERO, _raw("where", _raw("gt", i, where), ZERO, ONE))


def _top(stages: _Stages, u: Expr, k: Expr) -> Expr:
    where, least = stages.add("row_top", u, k, index=True, value=True)
    tied = _raw("where", _raw("lt", u, least), ZERO, _raw("where", _raw("gt", var(INDEX), where), ZERO, ONE))
    return _raw("where", _raw("gt", u, least), ONE, tied)


_ROWS = {
    "row_softmax": _softmax,
    "row_log_softmax": _log_softmax,
    "row_first_max": _first_max,
    "row_top": _top,
    "row_length": lambda stages, u: var(LENGTH),
}
"""Reductions that are more than one helper; the others are the helper of their own name."""


def stages(root: Expr) -> tuple[list[Stage], Expr]:
    """Return the stages of a rowwise formula and the expression of one output entry."""
    made = _Stages()
    done: dict[Expr, Any] = {}
    for node in walk(root):
        args = tuple(done[a] for a in node.args)
        row = node.op in PRIMITIVES and PRIMITIVES[node.op].rowwise
        if not row:
            done[node] = Expr(node.op, args, node.payload)
        elif node.op in _ROWS:
            done[node] = _ROWS[node.op](made, *args)  # type: ignore[operator]
        else:
            done[node] = made.add(node.op, *args)[0]
    return made.made, done[root]


@dataclass(frozen=True)
class Loops:
    """How a language writes a stage: ``loop`` opens one over i, ``store`` writes an entry, ``reduce`` calls a helper."""

    loop: str
    store: str
    reduce: str
    reduce_index: str
    value: str
    single: str
    row: str = "y"


def body(
    target: str,
    root: Expr,
    arrays: Mapping[str, str],
    written: Mapping[str, str],
    literal: Literal,
    syntax: Syntax,
    loops: Loops,
    prepared: Callable[[Expr], Expr],
    *,
    one: bool = False,
) -> list[str]:
    """Return the lines that compute a row, or with ``one`` the single number that a group is reduced to.

    ``arrays`` are the names of the input rows, ``written`` the texts of all variables as they stand inside a loop;
    ``prepared`` makes an expression one that the target can spell.
    """
    made, entry = stages(root)
    text = dict(written)

    def known(node: Expr) -> str | None:
        return text[str(node.payload)] if node.op == "var" else literal(node)

    def filled(expr: Expr) -> list[str]:
        inner, (result,) = assignments(target, [prepared(expr)], known, syntax)
        return [loops.loop, *("    " + line for line in inner), loops.store.format(value=bare(result)), "    }"]

    lines: list[str] = []
    for stage in made:
        row = loops.row
        if stage.entry.op == "var" and stage.entry.payload in arrays:
            row = arrays[str(stage.entry.payload)]
        else:
            lines += filled(stage.entry)
        more, extra = assignments(target, [prepared(e) for e in stage.extra], known, syntax, first=len(lines) + 1)
        given = "".join(f", {bare(e)}" for e in extra)
        form = loops.reduce_index if stage.index else loops.reduce
        lines += [*more, form.format(name=stage.result, op=stage.op, row=row, extra=given)]
        text[f"the {stage.result}"] = stage.result
        if stage.value:
            lines.append(loops.value.format(name=stage.value, row=row, index=stage.result))
            text[f"the {stage.value}"] = stage.value
    if not one:
        return [*lines, *filled(entry)]
    more, (result,) = assignments(target, [prepared(entry)], known, syntax, first=len(lines) + 1)
    return [*lines, *more, loops.single.format(value=bare(result))]
