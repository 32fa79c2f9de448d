"""Layer objects: made from a library's class, and called."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from nonlin.findings import Place
from nonlin.lint.source import keras, misuse, torch
from nonlin.lint.source.arguments import bind
from nonlin.lint.source.machine import Frame, Run
from nonlin.lint.source.names import Spelling, activations
from nonlin.lint.source.torch import INITS, Row
from nonlin.lint.source.values import (
    ABSENT,
    Either,
    External,
    Instance,
    Layer,
    Tensor,
    Unknown,
    Weight,
    known,
    number,
    tensors,
    whole,
)

FACTS = (
    "in_features", "out_features", "groups", "bias", "kernel_size", "stride", "padding", "p", "inplace", "num_layers", "bidirectional",
    "nonlinearity", "output_size", "start_dim", "end_dim", "dim", "num_heads", "nhead", "affine", "scale_factor", "activation",
    "recurrent_activation",
)  # fmt: skip
"""Arguments of layers that become attributes of their nodes where their value is known."""
AXES = ("dim", "axis")


def layer(run: Run, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Layer | None:
    """Make a layer of a library's class, or return None where the name is none."""
    row = torch.LAYERS.get(name) or keras.LAYERS.get(name)
    if row is None:
        spelling = activations().get(name)
        if spelling is None or not name.rpartition(".")[2][:1].isupper():
            return None
        return _activation(run, name, spelling, args, kwargs, frame, node)
    place = run.place(frame, node)
    made = Layer(row, {}, place, uid=run.uid(row.op, place), shown=run.shown(frame, node))
    if name.startswith("keras."):
        run.framework = "keras"
    if row.special in ("chain", "list", "dict"):
        made.children = _children(run, row, args, kwargs, frame, node)
        made.given = {k: v for k, v in kwargs.items() if known(v)}
    else:
        made.given = keras.translated(run, bind(row.signature, args, kwargs), frame, node) if name.startswith("keras.") else bind(
            row.signature, args, kwargs
        )  # fmt: skip
    if isinstance(kwargs.get("name"), str):
        made.name = kwargs["name"]
    return made


def _activation(
    run: Run, name: str, spelling: Spelling, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: Any
) -> Layer:
    signature = list(spelling.names)
    axis = spelling.axis
    if axis is not None:
        signature.insert(0, axis[0])
    if name.startswith("torch."):
        signature.append("inplace")
    given = bind(" ".join(signature), args, kwargs)
    if name == "torch.nn.RReLU":
        given.pop("inplace", None)
    place = run.place(frame, node)
    facts: dict[str, Any] = {"function": spelling.meaning({k: v for k, v in given.items() if known(v)})}
    facts |= {"shown": _short(name), **activation_facts(spelling, given)}
    made = Layer(
        Row(name, "activation", "", facts), given, place, uid=run.uid("activation", place), shown=run.shown(frame, node)
    )
    if isinstance(kwargs.get("name"), str):
        made.name = kwargs["name"]
    return made


def _short(name: str) -> str:
    for long, short in (("torch.nn.functional.", "F."), ("torch.nn.", "nn."), ("keras.", ""), ("tensorflow.", "tf.")):
        if name.startswith(long):
            return short + name[len(long) :]
    return name


def activation_facts(spelling: Spelling, given: dict[str, Any]) -> dict[str, Any]:
    """Return the axis, the settings and whether it writes into its input, of an activation with these arguments."""
    facts: dict[str, Any] = {}
    if spelling.axis is not None:
        named = next((n for n in (*AXES, "_stacklevel") if n in given), None)
        value = given.get(named) if named is not None else spelling.axis[1]
        facts["dim"] = value if value is None or whole(value) is not None else "unknown"
        if facts["dim"] == "unknown":
            del facts["dim"]
            facts["dim_unknown"] = True
    if given.get("inplace") is True:
        facts["inplace"] = True
    params = spelling.settings(given)
    if params is None:
        return {**facts, "params_unknown": True}
    return {**facts, "params": params} if params else facts


def _children(run: Run, row: Row, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    values: Any = list(args)
    nodes: list[Any] = list(node.args) if isinstance(node, ast.Call) else []
    if (
        row.special != "chain"
        or (len(args) == 1 and isinstance(args[0], list | tuple | dict))
        or row.name.startswith("keras.")
    ):
        first = args[0] if args else kwargs.get("layers", kwargs.get("modules", []))
        values = first if isinstance(first, list | tuple | dict) else [] if not args and first == [] else [first]
        nodes = list(nodes[0].elts) if nodes and isinstance(nodes[0], ast.List | ast.Tuple) else []
    if any(isinstance(n, ast.Starred) for n in nodes) or len(nodes) != len(values):
        nodes = [node] * len(values)
    if isinstance(values, dict):
        for key, value in values.items():
            _named(run, value, str(key), frame, node, row, False)
        return dict(values)
    if row.special == "dict":
        return {}
    flat = [v for v in values if v is not None]
    for at, value in enumerate(values):
        _named(run, value, str(at), frame, nodes[at], row, nodes[at] is not node)
    return flat


def _named(run: Run, value: Any, name: str, frame: Frame, node: ast.AST | None, row: Row, sure: bool) -> None:
    """Name a child after its key, and report a class that stands where a layer should."""
    for option in value.options if isinstance(value, Either) else (value,):
        if isinstance(option, Instance | Layer) and not option.name and not row.name.startswith("keras."):
            option.name = name
        elif isinstance(option, External) and option is value and (row.special == "chain" or sure):
            misuse.class_as_layer(run, option, frame, node, _short(row.name))


def call(run: Run, made: Layer, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Call a layer: append what it does to the graph."""
    made.called = True
    value = args[0] if args else next((kwargs[k] for k in ("input", "inputs", "x") if k in kwargs), None)
    if value is None and made.row.special not in keras.CALLS:
        return Unknown()
    if made.row.special == "chain":
        return _chain(run, made, value, args, frame, node)
    if made.row.special in ("list", "dict"):
        return Unknown()
    place = _place(run, made, frame, node)
    if made.row.special in keras.CALLS:
        return keras.CALLS[made.row.special](run, made, args, kwargs, frame, place)
    given = value if isinstance(value, list | tuple) else [value]
    inputs = [taken(run, v, place) for v in (given if tensors(given) or len(given) == 1 else given[:1])]
    return emit(run, made, inputs, place)


def taken(run: Run, value: Any, place: Place) -> Tensor:
    """Return what a layer is given as a tensor; what comes from outside the network is its input."""
    given = not run.path or (isinstance(value, Unknown) and value.given)
    return run.tensor(value, place, "input" if given else "unknown")


def emit(run: Run, made: Layer, inputs: list[Any], place: Place) -> Any:
    """Append the nodes of a layer that is one operation, its activation where it has one, and return what it gives."""
    row = made.row
    attrs: dict[str, Any] = {k: v for k, v in row.facts.items() if k != "function"}
    attrs |= {k: v for k in FACTS if k in made.given and known(v := made.given[k])}
    if row.op == "activation":
        attrs = {k: v for k, v in attrs.items() if k != "activation"}
    attrs |= {k: v for k, v in made.attrs.items() if k in ("init", "bias_init")}
    for key in ("in_features", "out_features", "groups"):
        if key in attrs and whole(attrs[key]) is None:
            del attrs[key]
    if row.name.startswith("keras.") and row.op == "conv" and inputs:
        shape = run.tape.node(run.tensor(inputs[0], place)).shape
        if shape is not None and isinstance(shape[-1], int):
            attrs["in_features"] = shape[-1]  # channels come last in Keras
    if row.op == "norm" and "out_features" in attrs:
        del attrs["out_features"]
    if made.place.line:
        attrs |= {"made_line": made.place.line, "made_file": made.place.file}
    if row.op in ("conv", "conv_transpose") and not row.name.startswith("keras."):
        attrs["features_dim"] = 1
    if row.op == "recurrent" and attrs.get("bidirectional") is True and "out_features" in attrs:
        attrs["out_features"] *= 2
    if row.op == "recurrent":
        attrs["function"] = attrs.get("nonlinearity", "tanh")
    if row.op in ("avg_pool", "max_pool") and attrs.get("output_size") in (1, (1, 1), [1, 1], (1,), (1, 1, 1)):
        attrs["global"] = True
    function = row.facts.get("function", "")
    if function == "glu":
        width = run.tape.node(inputs[0]).attrs.get("out_features")
        attrs |= {"out_features": width // 2} if isinstance(width, int) else {}
    result = run.emit(row.op, inputs, place, function=function, attrs=attrs, owner=made.uid)
    if row.op == "recurrent" and row.name.startswith("torch.") and (not attrs.get("cell") or row.facts["kind"] == "lstm"):
        hidden = run.emit("select", [result], place, attrs={"kind": "state", "index": 1})
        if attrs.get("cell"):
            return (result, hidden)
        return (result, (hidden, hidden) if row.facts["kind"] == "lstm" else hidden)
    if row.op == "attention" and row.facts.get("kind") == "multihead" and row.name.startswith("torch."):
        return (result, Unknown("weights"))
    if row.name.startswith("keras."):
        return keras.finished(run, made, result, place)
    return result


def _place(run: Run, made: Layer, frame: Frame, node: ast.AST | None) -> Place:
    """Where a layer acts: at its call where the program calls it, else (inside a chain) where it was made; by its path."""
    name = ".".join(n for n in (*(name for _, name, _ in run.path[1:]), made.name) if n)
    if node is None or not isinstance(node, ast.Call):
        return Place(name, made.place.file, made.place.line, made.place.column, made.place.end_line, made.place.end_column)
    return run.place(frame, node, name)


def _chain(run: Run, made: Layer, value: Any, args: list[Any], frame: Frame, node: ast.AST | None) -> Any:
    children = list(made.children.values()) if isinstance(made.children, dict) else made.children or []
    top = not run.path
    if top and isinstance(value, Unknown):
        value = run.tape.leaf(value, "input", keras.given_shape(made), run.place(frame, node))
    elif isinstance(value, Unknown):
        value = run.tensor(value, op="input")
    name = made.name or ("" if not top else "Sequential")
    run.path.append((made.uid, made.name, name if top else "Sequential"))
    try:
        for child in children:
            if isinstance(child, Tensor) and not child.tape.node(child).inputs:
                continue  # keras.Input inside a Sequential only tells the shape
            if isinstance(child, External) and misuse.activation_class(child):
                value = run.emit("unknown", [value], run.place(frame, node), attrs={"shown": child.name})
                continue
            value = run.call(child, [value], {}, frame, None)
    finally:
        run.path.pop()
    if top:
        run.tape.outputs.extend(t.index for t in tensors(value) if t.tape is run.tape)
    return value


# -- attributes and methods


def attribute(run: Run, made: Layer, name: str, frame: Frame, node: ast.AST | None) -> Any:
    """Return an attribute of a layer: a child, a weight, an argument it was made with."""
    if name in ("weight", "bias") and made.row.op not in ("identity", "activation"):
        return made.attrs.setdefault(name, Weight(name, made.attrs))
    if isinstance(made.children, dict) and name in made.children:
        return made.children[name]
    if name == "training":
        return True
    if name in ("in_features", "out_features", "in_channels", "out_channels", "hidden_size"):
        found = made.given.get(
            {"in_channels": "in_features", "out_channels": "out_features", "hidden_size": "out_features"}.get(name, name)
        )
        return found if known(found) and found is not None else Unknown(name)
    if name == "layers" and made.children is not None:
        return made.children
    return run.build["library_method"](made, name)


def inner_layers(value: Any, found: list[Layer], depth: int = 0) -> list[Layer]:
    """Return the layers inside a value, each once."""
    if depth > 8 or len(found) > 256:
        return found
    if isinstance(value, Layer):
        if not any(f is value for f in found):
            found.append(value)
        inner_layers(value.children, found, depth + 1)
        inner_layers([v for v in value.attrs.values() if isinstance(v, Layer)], found, depth + 1)
    elif isinstance(value, Instance):
        inner_layers(list(value.attrs.values()), found, depth + 1)
        inner_layers(value.core, found, depth + 1)
    elif isinstance(value, list | tuple):
        for part in value:
            inner_layers(part, found, depth + 1)
    elif isinstance(value, dict):
        inner_layers(list(value.values()), found, depth + 1)
    elif isinstance(value, Either):
        inner_layers([o for o in value.options if o is not ABSENT], found, depth + 1)
    return found


def method(
    run: Run, made: Layer, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None
) -> Any:
    """Return what a method of a layer gives."""
    if name in keras.MODEL_METHODS and (made.row.name.startswith("keras.") or name == "compile"):
        return keras.MODEL_METHODS[name](run, made, args, kwargs, frame, node)
    if name in ("append", "add", "extend", "insert") and isinstance(made.children, list):
        value = args[-1] if args else Unknown()
        run.touch(made.children)
        many = list(run.build["items"](run, value, frame, node)) if name == "extend" else [value]
        start = whole(args[0]) if name == "insert" and len(args) > 1 else None
        for at, each in enumerate(many):
            held = f"{made.name}." if made.row.special == "list" and made.name else ""
            _named(run, each, f"{held}{len(made.children)}", frame, _argument(node), made.row, True)
            made.children.insert(len(made.children) if start is None else start + at, each)
        return made
    if name in ("add_module", "register_module") and len(args) >= 2:
        if isinstance(made.children, list):
            run.touch(made.children)
            made.children.append(args[1])
        elif isinstance(made.children, dict) and isinstance(args[0], str):
            run.put(made.children, args[0], args[1])
        _named(run, args[1], str(args[0]), frame, _argument(node, 1), made.row, True)
        return None
    if name in ("items", "values", "keys", "update", "pop", "children", "named_children", "modules", "named_modules"):
        return _inside(run, made, name, args)
    if name in ("forward", "call", "__call__"):
        return call(run, made, args, kwargs, frame, node)
    if name in ("parameters", "trainable_variables"):
        return Unknown(f"parameters:{made.uid}")
    if name == "apply" and args:
        return applied(run, made, args[0], frame, node)
    found = tensors([*args, *kwargs.values()])
    return run.build["followed_not"](run, name, found, frame, node) if found else made


def _argument(node: ast.AST | None, which: int = 0) -> ast.AST | None:
    return node.args[which] if isinstance(node, ast.Call) and len(node.args) > which else node


def _inside(run: Run, made: Layer, name: str, args: list[Any]) -> Any:
    children = made.children if made.children is not None else []
    pairs = list(children.items()) if isinstance(children, dict) else [(str(i), v) for i, v in enumerate(children)]
    if name == "modules":
        return inner_layers(made, [])
    if name == "update" and isinstance(children, dict) and args and isinstance(args[0], dict):
        run.touch(children)
        children.update(args[0])
        return None
    return {"keys": [k for k, _ in pairs], "items": pairs, "named_children": pairs, "named_modules": pairs}.get(
        name, [v for _, v in pairs]
    )


def applied(run: Run, owner: Any, function: Any, frame: Frame, node: ast.AST | None) -> Any:
    """``model.apply(f)``: call a function with every layer, so that its initialisation is seen."""
    for each in inner_layers(owner, []):
        run.call(function, [each], {}, frame, node)
    return owner


def initialised(run: Run, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Note what a function of ``torch.nn.init`` or an in-place method does to a weight."""
    weight = args[0] if args else None
    kind = INITS.get(name)
    if isinstance(weight, Weight) and kind is not None:
        run.put(weight.facts, "bias_init" if weight.which == "bias" else "init", _started(kind, args, kwargs))
    return weight


def _started(kind: str, args: list[Any], kwargs: dict[str, Any]) -> str:
    """How a weight starts, with the number that tells its variance where the mean is 0 and the number certain."""
    signature = {"normal": "tensor mean std", "uniform": "tensor a b", "constant": "tensor val"}.get(kind, "tensor gain")
    given = bind("tensor a mode nonlinearity" if kind.startswith("he_") else signature, args, kwargs)
    if kind == "normal":
        std = number(given.get("std", 1.0))
        return f"normal:{std:g}" if std is not None and number(given.get("mean", 0.0)) == 0 else kind
    if kind == "constant":
        value = number(given.get("val"))
        return "zeros" if value == 0 else f"constant:{value:g}" if value is not None else kind
    if kind == "uniform":
        low, high = number(given.get("a", 0.0)), number(given.get("b", 1.0))
        return f"uniform:{high:g}" if low is not None and high is not None and low == -high else kind
    if kind.startswith("glorot_") and number(given.get("gain", 1.0)) != 1:
        return "glorot"
    return _fan_in(kind, given) if kind.startswith("he_") else kind


GAINS: Mapping[str, float] = {"relu": 2.0, "linear": 1.0, "sigmoid": 1.0, "tanh": 25 / 9, "selu": 9 / 16}
"""fan_in times the variance that PyTorch's Kaiming initialisation gives for a nonlinearity: the square of calculate_gain."""


def _fan_in(kind: str, given: Mapping[str, Any]) -> str:
    """Kaiming's initialisation by its arguments: ``he_normal`` for rectifiers, ``fan_in:1`` for linear layers."""
    slope, word = number(given.get("a", 0.0)), given.get("nonlinearity", "leaky_relu")
    if given.get("mode", "fan_in") != "fan_in" or slope is None or not isinstance(word, str):
        return "he"
    square = 2 / (1 + slope**2) if word == "leaky_relu" else GAINS.get(word)
    return kind if square == 2 else f"fan_in:{square:g}" if square is not None else "he"


IN_PLACE: Mapping[str, str] = {"zero_": "zeros_", "fill_": "constant_", "normal_": "normal_", "uniform_": "uniform_"}
"""In-place methods of weights, and the function of ``torch.nn.init`` that does the same."""
