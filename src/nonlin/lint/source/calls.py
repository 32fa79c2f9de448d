"""Calls: functions and classes of the program, modules, library things, and what is not known."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from nonlin.lint.source import data, misuse, objects, origins
from nonlin.lint.source.arguments import words
from nonlin.lint.source.library import PYTHON_LIBRARY, method
from nonlin.lint.source.machine import DEPTH, Frame, Run
from nonlin.lint.source.values import (
    ABSENT,
    Bound,
    Builtin,
    Class,
    Criterion,
    Data,
    Either,
    External,
    Function,
    Instance,
    Layer,
    Method,
    Partial,
    Super,
    Tensor,
    Unknown,
    Weight,
    tensors,
)

SELF = words(
    "to cuda cpu float half double bfloat16 train eval requires_grad_ apply share_memory type to_empty compile_ "
    "freeze unfreeze"
)
"""Methods of modules that give the module back."""


def call(run: Run, function: Any, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Return what calling a value gives."""
    run.tick()
    does = CALLED.get(type(function))
    if does is not None:
        return does(run, function, args, kwargs, frame, node)
    name = function.name if isinstance(function, Unknown) else ""
    if name.startswith("backbone:") and args:
        return run.build["with_head"](run, function, args, kwargs, frame, node)
    found = tensors([*args, *kwargs.values()])
    return followed_not(run, name, found, frame, node) if found else Unknown(name, True)


def followed_not(run: Run, name: str, found: list[Tensor], frame: Frame, node: ast.AST | None) -> Any:
    """Return the node of an operation that is not known."""
    here = [t for t in found if t.tape is run.tape]
    return run.emit("unknown", list(here), run.place(frame, node), attrs={"shown": name}) if here else Unknown(name)


# -- functions of the program


def _function(
    run: Run, function: Function, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None
) -> Any:
    before = len(run.tape.nodes)
    result = invoke(run, function, None, args, kwargs)
    run.build["loss_by_name"](run, function.name, args, before, run.place(frame, node))
    return result


def _bound(run: Run, function: Bound, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    return invoke(run, function.function, function.self, args, kwargs)


def invoke(run: Run, function: Function, owner: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Run a function's body and return what it gives: one of its results, or what is known of all."""
    node = function.node
    if len(run.calls) >= DEPTH or sum(n is node for n in run.calls) >= 2:
        found = [t for t in tensors([*args, *kwargs.values()]) if t.tape is run.tape]
        return run.emit("unknown", list(found), run.tape.node(found[0]).place) if found else Unknown(function.name)
    run.visited.add(node)
    inner = Frame({}, function.frame.source, function.frame, owner, function.owner)
    given = [owner, *args] if owner is not None and function.kind != "static" else args
    _parameters(run, inner, function, list(given), dict(kwargs))
    run.calls.append(node)
    mode = run.training
    try:
        if isinstance(node, ast.Lambda):
            return run.evaluate(inner, node.body)
        run.execute(inner, node.body)
    finally:
        run.calls.pop()
        run.training = mode
    if inner.yields is not None:
        return inner.yields
    if not inner.results:
        return None
    result = inner.results[-1]
    for other in reversed(inner.results[:-1]):
        result = run.either(result, other)
    return result


def _parameters(run: Run, inner: Frame, function: Function, given: list[Any], kwargs: dict[str, Any]) -> None:
    """Give a function's parameters their values; those that the caller does not give have their defaults or are unknown."""
    spec = function.node.args
    plain = [*spec.posonlyargs, *spec.args]
    defaults: list[ast.expr | None] = [*([None] * (len(plain) - len(spec.defaults))), *spec.defaults]
    for parameter, default in zip(plain, defaults, strict=True):
        inner.names[parameter.arg] = _argument(run, inner, function, parameter, default, given, kwargs)
    if spec.vararg is not None:
        inner.names[spec.vararg.arg] = given
    for parameter, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        inner.names[parameter.arg] = _argument(run, inner, function, parameter, default, [], kwargs)
    if spec.kwarg is not None:
        inner.names[spec.kwarg.arg] = kwargs


def _argument(run: Run, inner: Frame, function: Function, parameter: ast.arg, default: ast.expr | None, given: list[Any],
              kwargs: dict[str, Any]) -> Any:  # fmt: skip
    if given:
        return given.pop(0)
    if parameter.arg in kwargs:
        return kwargs.pop(parameter.arg)
    if default is not None:
        return run.evaluate(function.frame, default)
    if parameter.annotation is not None:
        found = run.evaluate(function.frame, parameter.annotation)
        if isinstance(found, Class) and objects.is_module(found):
            return objects.instance_of(run, found, function.frame)
    return Unknown(parameter.arg, True)


# -- classes of the program


# -- everything else that can be called


def _builtin(
    run: Run, function: Builtin, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None
) -> Any:
    return function.does(run, args, kwargs, frame, node)


def _partial(
    run: Run, function: Partial, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None
) -> Any:
    return run.call(function.function, [*function.args, *args], {**function.kwargs, **kwargs}, frame, node)


def _either(run: Run, function: Either, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Call each option; an element that may be absent gives what it was given."""
    criteria = [o for o in function.options if isinstance(o, Criterion)]
    if len(criteria) > 1:  # which loss it is decides what is right, and that is not known
        return run.build["loss"](
            run, Criterion("unknown", {}, run.place(frame, node), "one of several"), args, kwargs, frame, node
        )
    results = []
    for which, option in enumerate(function.options):
        if option is None:
            continue
        with run.branch(id(function), which) as journal:
            results.append(args[0] if option is ABSENT and args else run.call(option, args, kwargs, frame, node))
        changed = journal.undo()
        run.merge(changed, changed)
    found = results[0] if results else Unknown()
    for other in results[1:]:
        found = run.either(found, other)
    return found


def _external(
    run: Run, function: External, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None
) -> Any:
    name = function.name
    if name == "copy.deepcopy" and args:
        return objects.cloned(args[0], run)
    if name.endswith(".__init__") and args and isinstance(args[0], Instance):  # nn.Sequential.__init__(self)
        if args[0].core is None:
            objects.core(run, args[0], [name.removesuffix(".__init__")], args[1:], kwargs, frame, node)
        return None
    python = PYTHON_LIBRARY.get(name)
    if python is not None and not tensors(args[:1]):
        return python(run, args, kwargs, frame, node)
    misuse.tensor_in_constructor(run, name, args, frame, node)
    found = run.build["external"](run, name, args, kwargs, frame, node)
    if found is not None:
        return found
    found = origins.data_call(run, name, args, kwargs, frame, node)
    if found is not None:
        return found
    inside = tensors([*args, *kwargs.values()])
    return followed_not(run, name, inside, frame, node) if inside else Unknown(name, True)


def _method(run: Run, function: Method, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    does = METHODS.get(type(function.self))
    if does is not None:
        return does(run, function.self, function.name, args, kwargs, frame, node)
    return method(run, function.self, function.name, args, kwargs, frame, node)


def _super_method(
    run: Run, owner: Super, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: Any
) -> Any:
    made = owner.self
    if name == "__init__" and isinstance(made, Instance):
        if made.core is None:
            objects.core(
                run, made, [b.name for b in owner.after.lineage() if isinstance(b, External)], args, kwargs, frame, node
            )
        return None
    if name in objects.FORWARD and isinstance(made, Instance) and made.core is not None:
        return run.call(made.core, args, kwargs, frame, node)
    return followed_not(run, name, tensors([*args, *kwargs.values()]), frame, node)


def _instance_method(
    run: Run, made: Instance, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: Any
) -> Any:
    """A method that the program's class has from a library's class."""
    if name in ("forward", "call", "__call__"):
        return objects.call(run, made, args, kwargs, frame, node)
    if name == "apply" and args:
        return run.build["applied"](run, made, args[0], frame, node)
    if name in SELF:
        return made
    if name in ("modules", "named_modules") and made.core is None:
        found = run.build["inner_layers"](made, [])
        return [(layer.name, layer) for layer in found] if name == "named_modules" else found
    if name in ("register_buffer", "add_module", "register_module", "register_parameter", "add") and len(args) >= 2:
        if isinstance(args[0], str) and name in ("register_buffer", "register_parameter"):
            run.put(made.attrs, args[0], args[1])  # never part of a chain
        elif isinstance(args[0], str):
            run.build["set_attribute"](run, made, args[0], args[1])
        return None
    if name in ("children", "named_children") and made.core is None:
        inner = [(k, v) for k, v in made.attrs.items() if isinstance(v, Instance | Layer)]
        return inner if name == "named_children" else [v for _, v in inner]
    if name in ("parameters", "named_parameters", "trainable_variables"):
        return Unknown(f"parameters:{made.uid}")
    if made.core is not None and not name.startswith("_"):
        return run.build["layer_method"](run, made.core, name, args, kwargs, frame, node)
    found = run.build["model_method"](run, made, name, args, kwargs, frame, node)
    if found is not None:
        return found
    return followed_not(run, name, tensors([*args, *kwargs.values()]), frame, node)


def _unknown_method(
    run: Run, owner: Unknown, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: Any
) -> Any:
    if isinstance(owner, Weight):
        return run.build["weight_method"](run, owner, name, args, kwargs)
    if name in owner.parts and not isinstance(owner.parts[name], Unknown):
        return run.call(owner.parts[name], args, kwargs, frame, node)
    if name in EVENTS:
        run.events += 1
        return Unknown(name)
    if name in SELF:
        return owner
    if name in ("fit", "prepare", "setup", "log", "log_dict") and args and name in ("prepare", "setup"):
        return args[0] if len(args) == 1 else tuple(args)
    return method(run, owner, name, args, kwargs, frame, node)


EVENTS = words("backward step zero_grad fit manual_backward apply_gradients minimize train_on_batch")
"""Methods that only training programs call: a loop that does is followed once."""

Called = Callable[..., Any]
CALLED: Mapping[type, Called] = {
    Function: _function,
    Bound: _bound,
    Class: objects.make,
    Instance: objects.call,
    Builtin: _builtin,
    Partial: _partial,
    Either: _either,
    External: _external,
    Method: _method,
    Layer: lambda run, layer, args, kwargs, frame, node: run.build["layer_call"](run, layer, args, kwargs, frame, node),
    Criterion: lambda run, loss, args, kwargs, frame, node: run.build["loss"](run, loss, args, kwargs, frame, node),
}
"""How each kind of value is called."""
METHODS: Mapping[type, Called] = {
    Super: _super_method,
    Instance: _instance_method,
    Unknown: _unknown_method,
    Weight: _unknown_method,
    Layer: lambda run, layer, *rest: run.build["layer_method"](run, layer, *rest),
    Tensor: lambda run, tensor, *rest: run.build["tensor_method"](run, tensor, *rest),
    Criterion: lambda run, loss, name, *rest: loss if name in SELF else Unknown(name),
    Data: lambda run, value, name, args, kwargs, frame, node: data.data_method(value, name, args, kwargs),
}
"""How each kind of value's methods are called."""
