"""Classes of the program and their objects: made, called as modules, and copied."""

from __future__ import annotations

import ast
from typing import Any

from nonlin.lint.source.arguments import words
from nonlin.lint.source.machine import Frame, Run
from nonlin.lint.source.values import (
    Class,
    Data,
    Function,
    Instance,
    Layer,
    Super,
    Unknown,
    tensors,
)

MODULES = words(
    "torch.nn.Module lightning.LightningModule keras.models.Model keras.layers.Layer keras.models.Sequential torch.nn.Sequential "
    "torch.nn.ModuleList torch.jit.ScriptModule tensorflow.Module fastai.vision.all.Module lightning.pytorch.LightningModule"
)
"""Library classes from which modules derive."""


FORWARD = ("forward", "call", "__call__")
"""Methods that say what a module computes."""


def is_module(cls: Class) -> bool:
    """Whether a class is a neural network's part: it derives from a library's, or says what it computes from tensors."""
    names = cls.externals()
    if any(name in MODULES or name.startswith(("torch.nn.", "keras.layers.")) for name in names):
        return True
    return bool(names or any(isinstance(b, Unknown) for b in cls.bases)) and any(
        isinstance(cls.find(f), tuple) for f in FORWARD[:2]
    )


def instance_of(run: Run, cls: Class, frame: Frame) -> Instance:
    """Return an object of a class of which only the class is known: its arguments have their defaults or are unknown."""
    if id(cls) not in run.examples:
        run.examples[id(cls)] = (cls, make(run, cls, [], {}, frame, cls.node))
    made: Instance = run.examples[id(cls)][1]
    return made


def make(run: Run, cls: Class, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Make an object: run its ``__init__``, or give a data class its fields."""
    place = run.place(frame, node)
    made = Instance(cls, {}, place, "", run.uid(cls.name, place))
    run.instances.append(made)
    found = cls.find("__init__")
    if found is not None and isinstance(found[1], Function):
        if found[0] is cls or isinstance(found[0], Class):
            run.build["invoke"](run, found[1], made, args, kwargs)
    elif not core(run, made, cls.externals(), args, kwargs, frame, node):
        fields = [k[1] for k in cls.attrs if isinstance(k, tuple) and k[0] == "field"]
        fields += [
            s.target.id for s in cls.node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name) and s.value
        ]
        order = [s.target.id for s in cls.node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
        made.attrs.update(dict(zip(order, args, strict=False)))
        made.attrs.update(kwargs)
        for name in fields:
            if name not in made.attrs and name not in cls.attrs:
                made.attrs[name] = Unknown(name, True)
    return made


def core(
    run: Run, made: Instance, names: list[str], args: list[Any], kwargs: dict[str, Any], frame: Frame, node: Any
) -> bool:
    """Make the layer that a library's class among the bases is: the chain of a subclass of nn.Sequential."""
    for name in names:
        if name == "keras.models.Model" and not args and not kwargs.get("outputs"):
            continue
        layer = run.build["layer"](run, name, args, kwargs, frame, node)
        if isinstance(layer, Layer):
            made.core = layer
            return True
    return False


def call(run: Run, made: Instance, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Call an object: a module's forward, with its name on the path."""
    found = next((f for name in FORWARD if (f := made.cls.find(name)) and isinstance(f[1], Function)), None)
    made.called, made.tape = True, run.tape
    if not is_module(made.cls):
        if found is not None:
            return run.build["invoke"](run, found[1], made, args, kwargs)
        return run.build["followed_not"](run, made.cls.name, tensors([*args, *kwargs.values()]), frame, node)
    if not run.path:
        args = [_input(run, a, frame, node) for a in args]
        kwargs = {k: _input(run, a, frame, node) for k, a in kwargs.items()}
    if len(run.path) > 40:
        return Unknown()
    before = len(run.tape.nodes)
    run.path.append((made.uid, made.name, made.cls.name))
    try:
        if found is not None:
            result = run.build["invoke"](run, found[1], made, args, kwargs)
        elif made.core is not None:
            result = run.call(made.core, args, kwargs, frame, node)
        else:
            result = run.build["followed_not"](run, made.cls.name, tensors([*args, *kwargs.values()]), frame, node)
    finally:
        run.path.pop()
    if not run.path:
        run.tape.outputs.extend(t.index for t in tensors(result) if t.tape is run.tape)
        run.build["loss_by_name"](run, made.cls.name, args, before, run.place(frame, node))
    return result


def _input(run: Run, value: Any, frame: Frame, node: ast.AST | None) -> Any:
    """What a whole network is given counts as its input."""
    if isinstance(value, Unknown):
        return run.tape.leaf(value, "input", None, run.place(frame, node))
    return run.tensor(value) if isinstance(value, Data) else value


def super_object(run: Run, frame: Frame, args: list[Any]) -> Any:
    """Return what ``super()`` gives inside a method."""
    at: Frame | None = frame
    while at is not None and not isinstance(at.owner, Class):
        at = at.outer
    if len(args) == 2 and isinstance(args[0], Class):
        return Super(args[1], args[0])
    return Super(at.self, at.owner) if at is not None and at.self is not None else Unknown("super")


def cloned(value: Any, run: Run, depth: int = 0) -> Any:
    """Return a copy whose layers are layers of their own."""
    if depth > 8:
        return value
    if isinstance(value, Layer):
        children = cloned(value.children, run, depth + 1) if value.children is not None else None
        attrs = {k: cloned(v, run, depth + 1) for k, v in value.attrs.items()}
        return Layer(
            value.row,
            dict(value.given),
            value.place,
            value.name,
            run.uid(value.row.op, value.place),
            value.shown,
            children,
            attrs,
        )
    if isinstance(value, Instance):
        attrs = {k: cloned(v, run, depth + 1) for k, v in value.attrs.items()}
        made = Instance(
            value.cls,
            attrs,
            value.place,
            value.name,
            run.uid(value.cls.name, value.place),
            cloned(value.core, run, depth + 1),
        )
        made.called = True  # a copy is not looked at on its own: the original is
        return made
    if isinstance(value, list | tuple):
        return type(value)(cloned(v, run, depth + 1) for v in value)
    return {k: cloned(v, run, depth + 1) for k, v in value.items()} if isinstance(value, dict) else value
