"""Statements: what a program does, with branches that are only possible kept apart."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from nonlin.lint.source import assign, imports
from nonlin.lint.source.machine import UNROLLED, Frame, Run
from nonlin.lint.source.values import (
    Bound,
    Class,
    Criterion,
    Data,
    Either,
    Function,
    Instance,
    Layer,
    Method,
    Tensor,
    Unknown,
    known,
)


def execute(run: Run, frame: Frame, body: list[ast.stmt]) -> str:
    """Run statements in order; return how they end."""
    for position, statement in enumerate(body):
        run.tick()
        if isinstance(statement, ast.If):
            ended = _if(run, frame, statement, body[position + 1 :])
        else:
            does = STATEMENTS.get(type(statement))
            ended = does(run, frame, statement) if does is not None else ""
        if ended:
            return "" if ended == "done" else ended
    return ""


# -- branches


def truth(run: Run, frame: Frame, test: ast.expr) -> bool | None:
    """Return whether a condition holds, or None where that is not known."""
    return true(run.evaluate(frame, test))


def true(value: Any) -> bool | None:
    """Return whether a value counts as true."""
    if known(value):
        return bool(value)
    if isinstance(value, list | tuple | dict):
        return len(value) > 0
    if isinstance(value, Either):
        found = {true(option) for option in value.options}
        return found.pop() if len(found) == 1 else None
    return None if isinstance(value, Unknown | Tensor | Data | Method) else True


def _asks_mode(test: ast.expr) -> bool:
    """Whether a condition asks if this is training: ``self.training``."""
    return any(isinstance(n, ast.Attribute) and n.attr == "training" for n in ast.walk(test))


def _if(run: Run, frame: Frame, node: ast.If, rest: list[ast.stmt]) -> str:
    value = truth(run, frame, node.test)
    if value is not None and _asks_mode(node.test):
        return _mode(run, frame, node, value)
    if value is not None:
        return run.execute(frame, node.body if value else node.orelse)
    count = len(frame.results)
    with run.branch(id(node), 0) as journal:
        first = run.execute(frame, node.body)
    given, frame.results = frame.results[count:], frame.results[:count]
    changed = journal.undo()
    alone = bool(first) and not node.orelse
    with run.branch(id(node), 1) as journal:  # after ``if a: return b`` the rest runs only where the branch was not taken
        second = run.execute(frame, rest) or "done" if alone else run.execute(frame, node.orelse)
    other = journal.undo()
    frame.results.extend(given)
    if first in ("return", "raise"):
        changed = other
    elif second in ("return", "raise"):
        other = changed
    run.merge(changed, other)
    if alone:
        return second if first in ("return", "raise", second) else "done"
    if not first or not second:
        return ""
    return first if first == second else "return" if {first, second} == {"return", "raise"} else "continue"


def _mode(run: Run, frame: Frame, node: ast.If, value: bool) -> str:
    """Run a branch on training: the one taken in training counts, the other is only looked at."""
    taken, other = (node.body, node.orelse) if value else (node.orelse, node.body)
    count = len(frame.results)
    with run.branch(id(node), 1, training=False) as journal:
        run.execute(frame, other)
    journal.undo()
    del frame.results[count:]
    old, run.training = run.training, True
    try:
        return run.execute(frame, taken)
    finally:
        run.training = old


# -- assignment


# -- loops


def _for(run: Run, frame: Frame, node: ast.For | ast.AsyncFor) -> str:
    over = run.evaluate(frame, node.iter)
    if (
        isinstance(over, list | tuple) and not over and _trains(run, frame, node)
    ):  # a stand-in for a loader: what the loop would do is looked at, and undone
        count = len(frame.results)
        with run.branch(id(node), 0) as journal:
            assign.assign(run, frame, node.target, Unknown("batch", True))
            run.execute(frame, node.body)
        journal.undo()
        del frame.results[count:]
    items = run.build["items"](run, over, frame, node.iter)
    for count, item in enumerate(items):
        events = run.events
        assign.assign(run, frame, node.target, item)
        ended = run.execute(frame, node.body)
        if ended in ("return", "raise"):
            return ended if ended == "return" else ""
        if ended == "break" or run.events != events or count >= UNROLLED:  # a loop that trains is followed once
            break
    return run.execute(frame, node.orelse) if node.orelse else ""


def _trains(run: Run, frame: Frame, node: ast.For | ast.AsyncFor) -> bool:
    """Whether a loop takes training steps or a loss, itself or in a function of the program that it calls by name."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and part.attr in STEPPING:
            return True
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            called = run.evaluate(frame, part.func)
            if isinstance(called, Criterion):
                return True
            if isinstance(called, Function) and any(
                isinstance(n, ast.Attribute) and n.attr in STEPPING for n in ast.walk(called.node)
            ):
                return True
    return False


STEPPING = ("backward", "manual_backward", "train_on_batch", "minimize", "apply_gradients")
"""Methods that a training step calls."""


def _while(run: Run, frame: Frame, node: ast.While) -> str:
    for _ in range(UNROLLED):
        value = truth(run, frame, node.test)
        if value is False:
            break
        events = run.events
        ended = run.execute(frame, node.body)
        if ended == "return":
            return ended
        if ended or value is None or run.events != events or isinstance(node.test, ast.Constant):
            break
    return ""


# -- definitions


def _function(run: Run, frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    kind = ""
    for decorator in node.decorator_list:
        word = (
            decorator.attr
            if isinstance(decorator, ast.Attribute)
            else decorator.id
            if isinstance(decorator, ast.Name)
            else ""
        )
        kind = DECORATORS.get(word, kind)
    home = frame.outer if frame.owner == "class" and frame.outer is not None else frame
    if kind != "setter":
        run.put(frame.names, node.name, Function(node, home, kind=kind))
    return ""


DECORATORS = {
    "property": "property",
    "cached_property": "property",
    "staticmethod": "static",
    "classmethod": "class",
    "setter": "setter",
    "deleter": "setter",
    "overload": "setter",
}
"""Decorators that change how a method is called; all others are taken to change nothing."""


def _class(run: Run, frame: Frame, node: ast.ClassDef) -> str:
    bases = tuple(run.evaluate(frame, base) for base in node.bases)
    inner = Frame({}, frame.source, frame, owner="class")
    run.execute(inner, node.body)
    made = Class(node, bases, inner.names, frame)
    for value in inner.names.values():
        if isinstance(value, Function) and value.owner is None:
            value.owner = made
    run.put(frame.names, node.name, made)
    for decorator in reversed(node.decorator_list):
        value = run.evaluate(frame, decorator)
        if isinstance(value, Function | Bound):  # of the program, such as one that puts the class into a registry
            run.call(value, [made], {}, frame, decorator)
    return ""


# -- imports


# -- the rest


def _return(run: Run, frame: Frame, node: ast.Return) -> str:
    frame.results.append(run.evaluate(frame, node.value) if node.value is not None else None)
    return "return"


def _expression(run: Run, frame: Frame, node: ast.Expr) -> str:
    value = run.evaluate(frame, node.value)
    if isinstance(value, Tensor) and isinstance(node.value, ast.Call) and value.tape is run.tape:
        made = run.tape.node(value)
        if made.attrs.get("inplace"):  # F.relu(x, inplace=True) without a name for the result: x is it from now on
            call = node.value
            place = call.args[0] if call.args else call.func.value if isinstance(call.func, ast.Attribute) else None
            if isinstance(place, ast.Name):
                assign.assign(run, frame, place, value)
    return ""


def _with(run: Run, frame: Frame, node: ast.With | ast.AsyncWith) -> str:
    for item in node.items:
        value = run.evaluate(frame, item.context_expr)
        if item.optional_vars is not None:
            assign.assign(run, frame, item.optional_vars, value if isinstance(value, Instance) else Unknown())
    return run.execute(frame, node.body)


def _try(run: Run, frame: Frame, node: ast.Try) -> str:
    ended = run.execute(frame, node.body)
    for handler in node.handlers:
        count = len(frame.results)
        with run.branch(id(handler), 0) as journal:
            run.execute(frame, handler.body)
        journal.undo()
        del frame.results[count:]
    if not ended:
        ended = run.execute(frame, node.orelse)
    return run.execute(frame, node.finalbody) or ended


def _match(run: Run, frame: Frame, node: ast.Match) -> str:
    subject = run.evaluate(frame, node.subject)
    changes = []
    ends = set()
    for which, case in enumerate(node.cases):
        wanted = _patterns(case.pattern)
        if known(subject) and wanted is not None and subject not in wanted:
            continue
        if known(subject) and case.guard is None and (wanted is None or subject in wanted):
            return run.execute(frame, case.body)
        with run.branch(id(node), which) as journal:
            ended = run.execute(frame, case.body)
        after = journal.undo()
        ends.add(ended)
        if not ended:
            changes.append(after)
    if changes:
        merged = changes[0]
        for other in changes[1:]:
            run.merge(merged, other)
            merged = {key: (held, held.copy()) for key, (held, _) in {**merged, **other}.items()}
        if len(changes) == 1:
            run.merge(merged, merged)
    return "return" if ends == {"return"} and len(node.cases) > 1 else ""


def _patterns(pattern: ast.pattern) -> list[Any] | None:
    """The constants a pattern stands for; None for one that takes anything or is not looked into."""
    if isinstance(pattern, ast.MatchValue) and isinstance(pattern.value, ast.Constant):
        return [pattern.value.value]
    if isinstance(pattern, ast.MatchSingleton):
        return [pattern.value]
    if isinstance(pattern, ast.MatchOr):
        parts = [_patterns(p) for p in pattern.patterns]
        return None if any(p is None for p in parts) else [v for p in parts for v in p or []]
    return None


def _delete(run: Run, frame: Frame, node: ast.Delete) -> str:
    for target in node.targets:
        if isinstance(target, ast.Subscript):
            owner, key = run.evaluate(frame, target.value), run.evaluate(frame, target.slice)
            held = owner.children if isinstance(owner, Layer) and owner.children is not None else owner
            if isinstance(held, list) and isinstance(key, int) and -len(held) <= key < len(held):
                run.touch(held)
                del held[key]
    return ""


def _names(run: Run, frame: Frame, node: ast.Global | ast.Nonlocal) -> str:
    (frame.globals if isinstance(node, ast.Global) else frame.outside).update(node.names)
    return ""


STATEMENTS: dict[type, Callable[..., str]] = {
    ast.Assign: assign.plain,
    ast.AnnAssign: assign.annotated,
    ast.AugAssign: assign.augmented,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Import: imports.plain,
    ast.ImportFrom: imports.parts_of,
    ast.Return: _return,
    ast.Expr: _expression,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
    ast.Delete: _delete,
    ast.Global: _names,
    ast.Nonlocal: _names,
    ast.Raise: lambda run, frame, node: "raise",
    ast.Break: lambda run, frame, node: "break",
    ast.Continue: lambda run, frame, node: "continue",
}
"""What each kind of statement does; kinds not named here do nothing."""
