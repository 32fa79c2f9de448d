"""Names, attributes and elements: what a value's parts are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from nonlin.lint.source.library import BUILTINS
from nonlin.lint.source.machine import UNROLLED, Frame, Run, Source
from nonlin.lint.source.names import canonical
from nonlin.lint.source.values import (
    ABSENT,
    SIMPLE,
    Bound,
    Class,
    Data,
    Either,
    External,
    Function,
    Instance,
    Layer,
    Method,
    Super,
    Tensor,
    Unknown,
    whole,
)


def look_up(run: Run, frame: Frame, name: str) -> Any:
    """Return what a name stands for: the nearest frame's, a star import's, Python's own, or something unknown."""
    at: Frame | None = frame
    while at is not None:
        if name in at.names:
            return at.names[name]
        at = at.outer
    for star in reversed(frame.source.stars):
        found = run.build["starred"](star, name)
        if found is not None:
            return found
    if name in BUILTINS:
        return BUILTINS[name]
    top = frame.top()
    return top.names.setdefault(("?", name), Unknown(name))


def attribute(run: Run, value: Any, name: str, frame: Frame, node: ast.AST | None) -> Any:
    """Return an attribute of a value."""
    if isinstance(value, Instance):
        return _instance_attribute(run, value, name, frame, node)
    if isinstance(value, External):
        return External(canonical(f"{value.name}.{name}"))
    if isinstance(value, Source):
        return _module_attribute(run, value, name)
    if isinstance(value, Class):
        found = value.find(name)
        return _method(value, found[1], True) if found else Unknown(name)
    if isinstance(value, Super):
        return _super_attribute(value, name)
    if isinstance(value, Either):
        parts = [attribute(run, v, name, frame, node) for v in value.options if v is not ABSENT and v is not None]
        return one_of(run, parts)
    if isinstance(value, Layer):
        if name in value.attrs:
            return value.attrs[name]
        return run.build["layer_attribute"](run, value, name, frame, node)
    if isinstance(value, Tensor):
        return run.build["tensor_attribute"](run, value, name, frame, node)
    if isinstance(value, Unknown):
        return value.parts[name] if name in value.parts else Method(value, name)
    if isinstance(value, Data):
        return run.build["data_attribute"](run, value, name)
    return Method(value, name)


def one_of(run: Run, parts: list[Any]) -> Any:
    """Return what is known of a value that is one of several."""
    found = parts[0] if parts else Unknown()
    for part in parts[1:]:
        found = run.either(found, part)
    return found


def _instance_attribute(run: Run, value: Instance, name: str, frame: Frame, node: ast.AST | None) -> Any:
    if name in value.attrs:
        return value.attrs[name]
    found = value.cls.find(name)
    if found is not None:
        held = found[1]
        if isinstance(held, Function) and held.kind == "property":
            return run.call(Bound(value, held), [], {}, frame, node)
        return _method(value, held)
    if name == "training":
        return True
    if name == "__class__":
        return value.cls
    if name == "__dict__":
        return value.attrs
    if name in ("_modules", "children", "modules", "named_children") or value.core is not None or value.cls.externals():
        return Method(value, name)
    made = Unknown(name)
    value.attrs.setdefault(name, made)
    return made


def _method(owner: Any, held: Any, unbound: bool = False) -> Any:
    if not isinstance(held, Function):
        return held
    if held.kind == "class":
        return Bound(owner.cls if isinstance(owner, Instance) else owner, held)
    return held if held.kind == "static" or unbound else Bound(owner, held)


def _super_attribute(value: Super, name: str) -> Any:
    cls = value.self.cls if isinstance(value.self, Instance) else value.self
    lineage = cls.lineage() if isinstance(cls, Class) else []
    behind = lineage[lineage.index(value.after) + 1 :] if value.after in lineage else value.after.lineage()[1:]
    for base in behind:
        if isinstance(base, Class) and name in base.attrs:
            return _method(value.self, base.attrs[name])
    return Method(value, name)


def _module_attribute(run: Run, source: Source, name: str) -> Any:
    run.build["load"](run, source)
    if source.frame is not None and name in source.frame.names:
        return source.frame.names[name]
    inner = run.sources.get(f"{source.module}.{name}")
    if inner is not None:
        run.build["load"](run, inner)
        return inner
    return Unknown(name)


def item(run: Run, value: Any, key: Any, frame: Frame, node: ast.AST | None) -> Any:
    """Return ``value[key]``."""
    if isinstance(value, Layer) and value.children is not None:
        return _child(run, value, key, frame, node)
    if isinstance(value, Instance):
        if isinstance(value.core, Layer):
            return item(run, value.core, key, frame, node)
        found = value.cls.find("__getitem__")
        return run.call(Bound(value, found[1]), [key], {}, frame, node) if found else Unknown()
    if isinstance(value, list | tuple | str):
        return _element(run, value, key)
    if isinstance(value, dict):
        if fixed_key(key) and key in value:
            return value[key]
        choices = list(value.values())
        return one_of(run, choices) if isinstance(key, Unknown) and 0 < len(choices) <= 6 else Unknown()
    if isinstance(value, Tensor):
        return run.build["select"](run, value, key, frame, node)
    if isinstance(value, Data):
        return run.build["data_item"](run, value, key)
    if isinstance(value, Unknown):
        return value.part(("item", key) if isinstance(key, int | str) else ("item", "?"))
    if isinstance(value, Method):
        return (
            Unknown(value.name)
            if not isinstance(value.self, Unknown)
            else value.self.part(value.name).part(("item", str(key)))
        )
    if isinstance(value, Either):
        return one_of(run, [item(run, v, key, frame, node) for v in value.options if v is not ABSENT and v is not None])
    if isinstance(value, External | Class):  # a generic: list[int], Tensor[...]
        return value if not value_is_table(value) else External(f"{value.name}[{key!r}]")
    return Unknown()


def value_is_table(value: Any) -> bool:
    """Whether a library's thing is a table of activations by name, such as ``ACT2FN`` of transformers."""
    return isinstance(value, External) and value.name.endswith("ACT2FN")


def _element(run: Run, value: Any, key: Any) -> Any:
    if isinstance(key, slice):
        return value[key]
    at = whole(key)
    if at is not None:
        return value[at] if -len(value) <= at < len(value) else Unknown()
    if isinstance(key, Unknown | Tensor) and not isinstance(value, str) and 0 < len(value) <= 4:
        return one_of(run, list(value))
    return Unknown()


def _child(run: Run, layer: Layer, key: Any, frame: Frame, node: ast.AST | None) -> Any:
    children = layer.children
    if isinstance(children, list):
        found = _element(run, children, key)
        if isinstance(key, slice) and isinstance(found, list):
            return Layer(layer.row, dict(layer.given), layer.place, layer.name, layer.uid, layer.shown, found)
        return found
    if isinstance(children, dict):
        at = whole(key)
        if isinstance(key, slice) or (at is not None and at not in children):
            picked = list(children.values())[key] if isinstance(key, slice) else None
            if picked is not None:
                return Layer(layer.row, dict(layer.given), layer.place, layer.name, layer.uid, layer.shown, picked)
            return _element(run, list(children.values()), at)
        return item(run, children, key, frame, node)
    return Unknown()


def items(run: Run, value: Any, frame: Frame, node: ast.AST | None) -> Iterator[Any]:
    """Yield what a loop over a value runs through; one unknown element where that is not known."""
    if isinstance(value, Instance) and isinstance(value.core, Layer):
        value = value.core
    if isinstance(value, Layer):
        children = value.children
        value = list(children) if isinstance(children, dict) else children if children is not None else Unknown()
    if isinstance(value, range | dict | str | set):
        value = list(value)[: UNROLLED + 1] if len(value) else []
    if isinstance(value, list | tuple):
        yield from list(value[: UNROLLED + 1])
    elif isinstance(value, Unknown):
        yield value.part(("item", "each"))
    elif isinstance(value, Tensor):
        yield item(run, value, Unknown(), frame, node)
    elif isinstance(value, Data):
        yield item(run, value, 0, frame, node)
    elif isinstance(value, Either):
        options = [v for v in value.options if isinstance(v, list | tuple | Layer)]
        yield from items(run, options[0], frame, node) if options else iter([Unknown()])
    else:
        yield Unknown()


def fixed_key(value: Any) -> bool:
    """Whether a value can be looked up in a dictionary: a constant, or a tuple of constants."""
    return isinstance(value, SIMPLE) or (isinstance(value, tuple) and all(isinstance(v, SIMPLE) for v in value))
