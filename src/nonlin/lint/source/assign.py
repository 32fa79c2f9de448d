"""Assignment: to names, attributes, elements, and several at once."""

from __future__ import annotations

import ast
from typing import Any

from nonlin.lint.source.arithmetic import LARGE
from nonlin.lint.source.machine import Frame, Run, Source
from nonlin.lint.source.misuse import activation_class
from nonlin.lint.source.objects import is_module
from nonlin.lint.source.values import (
    Class,
    Either,
    Instance,
    Layer,
    Tensor,
    Unknown,
    Weight,
)


def assign(run: Run, frame: Frame, target: ast.expr, value: Any) -> None:
    """Give a value to a name, an attribute, an element, or several of them."""
    if isinstance(target, ast.Name):
        place = frame
        if target.id in frame.globals:
            place = frame.top()
        elif target.id in frame.outside:
            place = next((f for f in _outers(frame) if target.id in f.names), frame)
        run.put(place.names, target.id, value)
        if isinstance(value, Instance | Layer) and not value.name and frame.outer is None:
            value.name = target.id
    elif isinstance(target, ast.Attribute):
        set_attribute(run, run.evaluate(frame, target.value), target.attr, value)
    elif isinstance(target, ast.Subscript):
        _set_item(run, run.evaluate(frame, target.value), run.evaluate(frame, target.slice), value)
    elif isinstance(target, ast.Starred):
        assign(run, frame, target.value, value)
    elif isinstance(target, ast.Tuple | ast.List):
        for part, item in zip(target.elts, unpacked(run, value, target.elts), strict=True):
            assign(run, frame, part, item)


def _outers(frame: Frame) -> list[Frame]:
    found = []
    outer = frame.outer
    while outer is not None:
        found.append(outer)
        outer = outer.outer
    return found


def unpacked(run: Run, value: Any, targets: list[ast.expr]) -> list[Any]:
    """Return the values for the targets of ``a, b = value``; parts of what is unknown are unknown."""
    count = len(targets)
    starred = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
    if isinstance(value, Either):
        columns = [unpacked(run, option, targets) for option in value.options]
        found = columns[0]
        for other in columns[1:]:
            found = [run.either(a, b) for a, b in zip(found, other, strict=True)]
        return found
    if isinstance(value, str | dict):
        value = list(value)
    if isinstance(value, list | tuple):
        if starred is not None and len(value) >= count - 1:
            after = len(value) - (count - starred - 1)
            return [*value[:starred], list(value[starred:after]), *value[after:]]
        if starred is None and len(value) == count:
            return list(value)
    if isinstance(value, Tensor):
        return [
            run.emit("select", [value], run.tape.node(run.tensor(value)).place, attrs={"index": i}) for i in range(count)
        ]
    if isinstance(value, Unknown):
        return [value.part(("item", i)) for i in range(count)]
    return [Unknown() for _ in targets]


def set_attribute(run: Run, owner: Any, name: str, value: Any) -> None:
    """Set an attribute of an object."""
    if isinstance(owner, Instance | Layer):
        if isinstance(value, Instance | Layer) and (not value.name or value.name.isdigit()):
            value.name = name
        _name_children(value, name)
        if isinstance(owner, Instance) and isinstance(owner.core, Layer):
            _add_child(run, owner, owner.core, name, value)
        run.put(owner.attrs, name, value)
    elif isinstance(owner, Class):
        run.put(owner.attrs, name, value)
    elif isinstance(owner, Unknown):
        run.put(owner.parts, name, value)
    elif isinstance(owner, Source) and owner.frame is not None:
        run.put(owner.frame.names, name, value)


def _add_child(run: Run, owner: Instance, core: Layer, name: str, value: Any) -> None:
    """A module that a subclass of ``nn.Sequential`` sets as an attribute joins its chain, or takes the place of an older one."""
    children = core.children
    if core.row.special != "chain" or core.row.name.startswith("keras.") or not _may_be_module(value):
        return
    old = owner.attrs.get(name)
    if isinstance(children, dict):
        run.put(children, name, value)
    elif isinstance(children, list):
        run.touch(children)
        at = next((i for i, child in enumerate(children) if child is old), None)
        if at is None:
            children.append(value)
        else:
            children[at] = value


def _may_be_module(value: Any) -> bool:
    """Whether a value is a module or something not followed, which may be one."""
    if isinstance(value, Either):
        return any(_may_be_module(option) for option in value.options)
    if isinstance(value, Instance):
        return is_module(value.cls)
    return isinstance(value, Layer) or (isinstance(value, Unknown) and not isinstance(value, Weight))


def _name_children(value: Any, name: str, depth: int = 0) -> None:
    """Name layers kept in a list or dictionary, plain or of modules, after the attribute that holds it."""
    held = isinstance(value, Layer) and value.row.special in ("list", "dict")
    value = value.children if held else value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if isinstance(item, Instance | Layer) and (not item.name or (held and item.name == str(key))):
            item.name = f"{name}.{key}"
            if depth < 4:
                _name_children(item, item.name, depth + 1)


def _set_item(run: Run, owner: Any, key: Any, value: Any) -> None:
    if isinstance(owner, Layer) and owner.children is not None:
        owner = owner.children
    elif isinstance(owner, Instance) and isinstance(owner.core, Layer):
        return _set_item(run, owner.core, key, value)
    if isinstance(owner, list) and isinstance(key, int) and -len(owner) <= key < len(owner):
        run.touch(owner)
        owner[key] = value
    elif isinstance(owner, dict) and isinstance(key, str | int | float | bool):
        run.put(owner, key, value)
    elif isinstance(owner, Unknown):
        run.put(owner.parts, ("item", key) if isinstance(key, int | str) else ("item", "?"), value)
    return None


def plain(run: Run, frame: Frame, node: ast.Assign) -> str:
    """``a = b = value``."""
    value = run.evaluate(frame, node.value)
    for target in node.targets:
        assign(run, frame, target, value)
        if isinstance(target, ast.Attribute) and activation_class(value):
            owner = run.evaluate(frame, target.value)
            if isinstance(owner, Instance) and not isinstance(node.value, ast.Name):
                run.classes[owner.uid, target.attr] = (run.place(frame, node.value), run.shown(frame, node.value))
    return ""


def annotated(run: Run, frame: Frame, node: ast.AnnAssign) -> str:
    """``a: int = value``."""
    if node.value is not None:
        assign(run, frame, node.target, run.evaluate(frame, node.value))
    elif isinstance(node.target, ast.Name) and frame.owner == "class":
        frame.names.setdefault(("field", node.target.id), True)
    return ""


def augmented(run: Run, frame: Frame, node: ast.AugAssign) -> str:
    """``a += value``."""
    old = run.evaluate(frame, ast.copy_location(_load(node.target), node.target))
    if isinstance(old, list) and isinstance(node.op, ast.Add):
        more = run.evaluate(frame, node.value)
        run.touch(old)
        if len(old) < LARGE:
            old.extend(list(more[:LARGE]) if isinstance(more, list | tuple) else [Unknown()])
        return ""
    value = run.build["operate"](run, type(node.op), old, run.evaluate(frame, node.value), frame, node)
    assign(run, frame, node.target, value)
    return ""


def _load(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    return target
