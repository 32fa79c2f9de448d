"""Expressions: names, attributes, indices, arithmetic, literals and comprehensions."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from nonlin.lint.source.arithmetic import LARGE, operate
from nonlin.lint.source.execute import true
from nonlin.lint.source.machine import UNROLLED, Frame, Run
from nonlin.lint.source.parts import attribute, fixed_key, item, items, look_up, one_of
from nonlin.lint.source.values import (
    SIMPLE,
    Class,
    Either,
    External,
    Function,
    Instance,
    Method,
    Tensor,
    Unknown,
    known,
    whole,
)


def evaluate(run: Run, frame: Frame, node: ast.expr) -> Any:
    """Return the value of an expression."""
    run.tick()
    does = EXPRESSIONS.get(type(node))
    return does(run, frame, node) if does is not None else Unknown()


# -- parts


# -- expressions


def _name(run: Run, frame: Frame, node: ast.Name) -> Any:
    return look_up(run, frame, node.id)


def _attribute(run: Run, frame: Frame, node: ast.Attribute) -> Any:
    value = run.evaluate(frame, node.value)
    found = attribute(run, value, node.attr, frame, node)
    return plain(run, found, frame, node) if isinstance(found, Method) else found


def plain(run: Run, found: Method, frame: Frame, node: ast.AST) -> Any:
    """Return an attribute of a library's object that is used as a value rather than called."""
    if isinstance(found.self, Unknown):
        return found.self.part(found.name)
    if isinstance(found.self, Tensor) and found.self.tape is run.tape and run.tape.node(found.self).op == "unknown":
        return run.emit("select", [found.self], run.place(frame, node), attrs={"index": found.name})
    if isinstance(found.self, Instance) and found.name not in ("children", "modules", "named_children", "forward"):
        return found.self.attrs.setdefault(found.name, Unknown(found.name))
    return found


def _call(run: Run, frame: Frame, node: ast.Call) -> Any:
    if isinstance(node.func, ast.Attribute):
        function = attribute(run, run.evaluate(frame, node.func.value), node.func.attr, frame, node.func)
    else:
        function = run.evaluate(frame, node.func)
        if isinstance(function, External) and function.name == "super":
            return run.build["super"](run, frame, [run.evaluate(frame, a) for a in node.args])
    args: list[Any] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            value = run.evaluate(frame, argument.value)
            args.extend(items(run, value, frame, argument))
        else:
            args.append(run.evaluate(frame, argument))
    kwargs: dict[str, Any] = {}
    for keyword in node.keywords:
        value = run.evaluate(frame, keyword.value)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
        elif isinstance(value, dict):
            kwargs.update({k: v for k, v in value.items() if isinstance(k, str)})
    return run.call(function, args, kwargs, frame, node)


def _subscript(run: Run, frame: Frame, node: ast.Subscript) -> Any:
    return item(run, run.evaluate(frame, node.value), run.evaluate(frame, node.slice), frame, node)


def _slice(run: Run, frame: Frame, node: ast.Slice) -> Any:
    ends = [run.evaluate(frame, part) if part is not None else None for part in (node.lower, node.upper, node.step)]
    if all(end is None or whole(end) is not None for end in ends) and ends[2] != 0:
        return slice(*ends)
    return Unknown()


def _elements(run: Run, frame: Frame, nodes: list[ast.expr]) -> list[Any]:
    found: list[Any] = []
    for part in nodes:
        if isinstance(part, ast.Starred):
            found.extend(items(run, run.evaluate(frame, part.value), frame, part))
        else:
            found.append(run.evaluate(frame, part))
    return found


def _dict(run: Run, frame: Frame, node: ast.Dict) -> Any:
    found: dict[Any, Any] = {}
    for key, part in zip(node.keys, node.values, strict=True):
        value = run.evaluate(frame, part)
        if key is None:
            found.update(value if isinstance(value, dict) else {})
            continue
        name = run.evaluate(frame, key)
        found[name if fixed_key(name) else ("?", id(key))] = value
    return found


def _binary(run: Run, frame: Frame, node: ast.BinOp) -> Any:
    return operate(run, type(node.op), run.evaluate(frame, node.left), run.evaluate(frame, node.right), frame, node)


def _unary(run: Run, frame: Frame, node: ast.UnaryOp) -> Any:
    value = run.evaluate(frame, node.operand)
    if isinstance(node.op, ast.Not):
        found = true(value)
        return Unknown() if found is None else not found
    if isinstance(node.op, ast.USub) and not isinstance(value, Unknown):
        return operate(run, ast.Mult, value, -1, frame, node)
    return value if isinstance(node.op, ast.UAdd) else Unknown()


def _boolean(run: Run, frame: Frame, node: ast.BoolOp) -> Any:
    stop = isinstance(node.op, ast.Or)
    options: list[Any] = []
    for part in node.values:
        value = run.evaluate(frame, part)
        found = true(value)
        if found is stop:
            options.append(value)
            return value if len(options) == 1 else (value if not stop else one_of(run, options))
        if found is None or part is node.values[-1]:
            options.append(value)
    return options[-1] if len(options) == 1 else one_of(run, options)


COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
"""Comparisons computed where both sides are constants."""


def _compare(run: Run, frame: Frame, node: ast.Compare) -> Any:
    left = run.evaluate(frame, node.left)
    rights = [run.evaluate(frame, part) for part in node.comparators]
    if len(rights) != 1:
        return Unknown()
    return compared(type(node.ops[0]), left, rights[0])


def compared(op: type, left: Any, right: Any) -> Any:
    """Return the result of a comparison, or something unknown."""
    if op in (ast.Is, ast.IsNot, ast.Eq, ast.NotEq) and (left is None or right is None):
        other = right if left is None else left
        if isinstance(other, Unknown | Either) and not (isinstance(other, Unknown) and other.given):
            return Unknown()
        return (other is None) == (op in (ast.Is, ast.Eq))
    if (
        op in (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)
        and isinstance(left, External | Class)
        and isinstance(right, External | Class)
    ):
        return (left == right) == (op in (ast.Is, ast.Eq))
    if op in (ast.In, ast.NotIn) and known(left) and isinstance(right, list | tuple | dict | set | str):
        if isinstance(right, str):
            return (left in right) == (op is ast.In) if isinstance(left, str) else Unknown()
        if any(isinstance(v, type(left)) and v == left for v in right):
            return op is ast.In
        return op is not ast.In if known(list(right)) else Unknown()
    if known(left) and known(right) and op in (*COMPARE, ast.Is, ast.IsNot):
        try:
            return COMPARE[op](left, right) if op in COMPARE else (left is right) == (op is ast.Is)
        except TypeError:
            return Unknown()
    return Unknown()


def _choice(run: Run, frame: Frame, node: ast.IfExp) -> Any:
    found = true(run.evaluate(frame, node.test))
    if found is not None:
        return run.evaluate(frame, node.body if found else node.orelse)
    with run.branch(id(node), 0):
        first = run.evaluate(frame, node.body)
    with run.branch(id(node), 1):
        second = run.evaluate(frame, node.orelse)
    return run.either(first, second)


def _joined(run: Run, frame: Frame, node: ast.JoinedStr) -> Any:
    text = ""
    for part in node.values:
        value = run.evaluate(frame, part.value if isinstance(part, ast.FormattedValue) else part)
        if not isinstance(value, str | int | float) or (isinstance(value, str) and len(text) + len(value) > LARGE):
            return Unknown()
        text += str(value)
    return text


def _comprehension(run: Run, frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Any:
    inner = Frame({}, frame.source, frame, frame.self, frame.owner if frame.owner != "class" else None)
    pairs: list[Any] = []

    def through(which: int) -> None:
        if which == len(node.generators):
            if isinstance(node, ast.DictComp):
                pairs.append((run.evaluate(inner, node.key), run.evaluate(inner, node.value)))
            else:
                pairs.append(run.evaluate(inner, node.elt))
            return
        part = node.generators[which]
        for value in items(run, run.evaluate(inner, part.iter), inner, part.iter):
            run.build["assign"](run, inner, part.target, value)
            if all(true(run.evaluate(inner, test)) is not False for test in part.ifs) and len(pairs) < 4 * UNROLLED:
                through(which + 1)

    through(0)
    if isinstance(node, ast.DictComp):
        return {k if isinstance(k, SIMPLE) else ("?", i): v for i, (k, v) in enumerate(pairs)}
    return pairs


def _lambda(run: Run, frame: Frame, node: ast.Lambda) -> Any:
    return Function(node, frame)


def _walrus(run: Run, frame: Frame, node: ast.NamedExpr) -> Any:
    value = run.evaluate(frame, node.value)
    run.build["assign"](run, frame, node.target, value)
    return value


def _yield(run: Run, frame: Frame, node: ast.Yield) -> Any:
    value = run.evaluate(frame, node.value) if node.value is not None else None
    if frame.yields is None:
        frame.yields = []
    frame.yields.append(value)
    return Unknown()


def _yield_from(run: Run, frame: Frame, node: ast.YieldFrom) -> Any:
    found = list(items(run, run.evaluate(frame, node.value), frame, node))
    frame.yields = [*(frame.yields or []), *found]
    return Unknown()


EXPRESSIONS: dict[type, Callable[..., Any]] = {
    ast.Constant: lambda run, frame, node: node.value if node.value is not ... else Unknown(),
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.List: lambda run, frame, node: _elements(run, frame, node.elts),
    ast.Set: lambda run, frame, node: _elements(run, frame, node.elts),
    ast.Tuple: lambda run, frame, node: tuple(_elements(run, frame, node.elts)),
    ast.Dict: _dict,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.JoinedStr: _joined,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Lambda: _lambda,
    ast.NamedExpr: _walrus,
    ast.Await: lambda run, frame, node: run.evaluate(frame, node.value),
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Starred: lambda run, frame, node: run.evaluate(frame, node.value),
}
"""What each kind of expression gives; kinds not named here are unknown."""
