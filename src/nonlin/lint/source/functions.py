"""Functions of torch and methods of tensors: one table row each, and the few that need more than a row."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from nonlin.findings import Place
from nonlin.lint.source.arguments import bind
from nonlin.lint.source.arithmetic import operate
from nonlin.lint.source.calls import EVENTS, followed_not
from nonlin.lint.source.layers import IN_PLACE, _short, activation_facts, initialised, layer
from nonlin.lint.source.losses import torch_loss
from nonlin.lint.source.machine import Frame, Run
from nonlin.lint.source.names import activations
from nonlin.lint.source.torch import FUNCTIONS, HOMES, INITS, WRAPPERS, Does
from nonlin.lint.source.trainers import BACKBONES, TRAINERS, optimiser, parameter, trained
from nonlin.lint.source.values import (
    Data,
    Either,
    External,
    Instance,
    Layer,
    Method,
    Tensor,
    Unknown,
    Weight,
    known,
    tensors,
    whole,
)


def external(run: Run, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Return what a thing of PyTorch gives, or None where its name is in no table."""
    made = layer(run, name, args, kwargs, frame, node)
    if made is not None:
        return made
    found = torch_loss(run, name, args, kwargs, frame, node)
    if found is not None:
        return found
    if name in activations():
        return activation(run, name, args, kwargs, frame, node)
    module, _, last = name.rpartition(".")
    if module == "torch.nn.init":
        return initialised(run, last, args, kwargs)
    if name in ("torch.nn.Parameter", "torch.nn.parameter.Parameter"):
        return parameter(args[0] if args else kwargs.get("data"))
    if last in TRAINERS and (last != "Learner" or module.startswith("fastai")):
        return trained(run, TRAINERS[last], args, kwargs, frame, node)
    if name in WRAPPERS:
        return args[0] if args else Unknown(name)
    if module == "torch.optim" and last[:1].isupper():
        return optimiser(run, last, args, kwargs)
    if module in HOMES and last in FUNCTIONS and (tensors(args) or tensors(list(kwargs.values()))):
        return function(run, FUNCTIONS[last], last, args, kwargs, frame, node)
    if last in BACKBONES or module.startswith(("torchvision.models", "timm")):
        return Unknown(f"backbone:{name}", True)
    return None


def activation(run: Run, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
    """Apply an activation function to its first argument."""
    spelling = activations()[name]
    last = name.rpartition(".")[2]
    signature = ["x", *([spelling.axis[0]] if spelling.axis is not None else []), *spelling.names]
    if name.startswith("torch.nn.functional."):
        signature.append("training" if last == "rrelu" else "inplace")
    given = bind(
        " ".join(signature),
        args,
        {("x" if k in ("input", "features", "logits", "self") else k): v for k, v in kwargs.items()},
    )
    value = given.pop("x", None)
    if isinstance(value, Data):
        return Data(value.shape, 0.0 if last in ("sigmoid", "relu", "softmax") else None)
    if value is None or known(value) or isinstance(value, External | Layer | Instance | Method):
        return Unknown(name)
    if isinstance(value, Unknown) and not (run.path or value.given or run.calls):
        return Unknown(name)
    place = run.place(frame, node)
    facts = {
        **activation_facts(spelling, given),
        "shown": _short(name) if not name.startswith("torch.Tensor.") else f".{last}()",
    }
    if last.endswith("_") and name.startswith("torch."):
        facts["inplace"] = True
    meaning = spelling.meaning({k: v for k, v in given.items() if known(v)})
    return run.emit("activation", [value], place, function=meaning, attrs=facts)


def tensor_method(
    run: Run, tensor: Tensor, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None
) -> Any:
    """Return what a method of a tensor gives."""
    if tensor.tape is not run.tape:
        tensor = run.tensor(tensor)
    if name in EVENTS:
        run.events += 1
        return None
    if f"torch.Tensor.{name}" in activations() or f"torch.{name}" in activations():
        full = f"torch.Tensor.{name}" if f"torch.Tensor.{name}" in activations() else f"torch.{name}"
        return activation(run, full, [tensor, *args], kwargs, frame, node)
    if name in FUNCTIONS:
        return function(run, FUNCTIONS[name], name, [tensor, *args], kwargs, frame, node)
    if name in ("size", "dim"):
        return _size(run, tensor, args)
    if name in (
        "item",
        "tolist",
        "new_zeros",
        "new_ones",
        "new_tensor",
        "nelement",
        "numel",
        "ndimension",
        "is_cuda",
        "cpu_",
    ):
        return Unknown(name)
    found = tensors([*args, *kwargs.values()])
    return followed_not(run, name, [tensor, *found], frame, node)


def tensor_attribute(run: Run, tensor: Tensor, name: str, frame: Frame, node: ast.AST | None) -> Any:
    """Return an attribute of a tensor: its shape as far as known, or a method."""
    if name == "shape":
        return _size(run, tensor, [])
    if name in ("T", "mT", "H"):
        return run.emit("transpose", [tensor], run.place(frame, node))
    if name == "data":
        return tensor
    if name in ("device", "dtype", "grad", "requires_grad", "ndim", "is_cuda", "layout", "grad_fn", "name"):
        return Unknown(name)
    return Method(tensor, name)


def _size(run: Run, tensor: Tensor, args: list[Any]) -> Any:
    shape = tensor.tape.node(tensor).shape
    if shape is None:
        return Unknown("size", True)
    lengths = tuple(n if n is not None else Unknown("length", True) for n in shape)
    at = whole(args[0]) if args else None
    if at is None:
        return lengths
    return lengths[at] if -len(lengths) <= at < len(lengths) else Unknown()


def function(
    run: Run, row: Does, name: str, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None
) -> Any:
    """Append what a function or method does."""
    place = run.place(frame, node)
    kwargs = {("input" if k in ("input", "x", "tensors", "tensor", "self") else k): v for k, v in kwargs.items()}
    if "input" in kwargs:
        args = [kwargs.pop("input"), *args]
    if row.special:
        return SPECIAL[row.special](run, row, name, args, kwargs, place)
    count = sum(isinstance(a, Tensor | Either) for a in args[: row.tensors]) or 1
    inputs = [a for a in args[: row.tensors] if isinstance(a, Tensor | Either)] or args[:1]
    inputs += [v for k, v in kwargs.items() if isinstance(v, Tensor) and len(inputs) < row.tensors]
    given = bind(row.signature, args[1 if row.tensors == 1 else count :], kwargs)
    attrs = {**{k: v for k, v in row.facts.items() if k != "function"}, **{k: v for k, v in given.items() if known(v)}}
    if row.op == "arithmetic":
        attrs.setdefault("kind", name)
    if row.op in ("avg_pool", "max_pool") and attrs.get("output_size") in (1, (1, 1), [1, 1], (1,), (1, 1, 1)):
        attrs["global"] = True
    if row.op == "reshape" and name in ("squeeze", "unsqueeze"):
        attrs["kind"] = name
        width = run.tape.node(run.tensor(args[0])).attrs.get("out_features")
        attrs |= {"out_features": width} if name == "squeeze" and width is not None else {}
    return run.emit(row.op, inputs, place, function=row.facts.get("function", ""), attrs=attrs)


def _reshape(run: Run, row: Does, name: str, args: list[Any], kwargs: dict[str, Any], place: Place) -> Any:
    lengths = list(args[1]) if len(args) == 2 and isinstance(args[1], list | tuple) else args[1:]
    before = run.tape.node(run.tensor(args[0]))
    if name.endswith("_as") or not lengths:
        return run.emit("reshape", args[:1], place)
    shape = tuple(n if (n := whole(v)) is not None and n >= 0 else None for v in lengths)
    attrs: dict[str, Any] = {}
    op = "reshape"
    if len(shape) == 2 and not (before.shape is not None and len(before.shape) < 2):
        op = "flatten" if before.shape is not None and len(before.shape) > 2 else "reshape"
    if shape[-1] is not None:
        attrs["out_features"] = shape[-1]
    elif before.attrs.get("global") or (len(shape) == 2 and before.shape is not None and len(before.shape) == 2):
        attrs |= {"out_features": before.width} if before.width is not None else {}
    if op == "flatten" and shape[-1] is None:
        return run.emit("flatten", args[:1], place, attrs=attrs)
    return run.emit(op, args[:1], place, shape=shape, attrs=attrs)


def _reduce(run: Run, row: Does, name: str, args: list[Any], kwargs: dict[str, Any], place: Place) -> Any:
    if len(args) > 1 and isinstance(args[1], Tensor):
        return run.emit("arithmetic", args[:2], place, attrs={"kind": name})
    skip = 1 if name in ("norm", "topk") else 0
    dims = kwargs.get("dim", kwargs.get("axis", args[1 + skip] if len(args) > 1 + skip else None))
    attrs: dict[str, Any] = {"kind": name, "dim": dims if known(dims) else "unknown"}
    before = run.tape.node(run.tensor(args[0]))
    axes = [whole(d) for d in (dims if isinstance(dims, list | tuple) else [dims])]
    width = before.attrs.get("out_features")
    if before.attrs.get("features_dim") == 1 and width is not None and None not in axes and 1 not in axes and all(
        a is not None and (a >= 2 or -2 <= a < 0) for a in axes
    ):  # fmt: skip
        attrs |= {"out_features": width, "features_dim": 1, "global": True}
        if len(axes) >= 2 and kwargs.get("keepdim") is not True:
            attrs["features_dim"] = -1
    elif (
        before.attrs.get("features_dim", -1) == -1
        and width is not None
        and axes == [1]
        and (before.shape is None or len(before.shape) > 2)
        and before.op in ("recurrent", "attention", "embedding")
    ):
        attrs["out_features"] = width
    return run.emit("reduce", args[:1], place, attrs=attrs)


def matmul(run: Run, left: Any, right: Any, place: Place) -> Any:
    """Append a product of matrices: an affine map where one of them is learned and used directly."""
    for value, weight in ((left, right), (right, left)):
        if isinstance(weight, Weight) and not isinstance(value, Weight):
            attrs = dict(weight.facts)
            if weight.shape is not None and len(weight.shape) == 2 and weight is right:
                attrs |= {k: v for k, v in zip(("in_features", "out_features"), weight.shape, strict=True) if v is not None}
            attrs = {k: v for k, v in attrs.items() if isinstance(k, str) and k in ("init", "in_features", "out_features")}
            return run.emit("linear", [value], place, attrs={"bias": False, **attrs})
    return run.emit("matmul", [left, right], place)


def _matmul(run: Run, row: Does, name: str, args: list[Any], kwargs: dict[str, Any], place: Place) -> Any:
    values = [*args, *(kwargs[k] for k in ("other", "mat2", "b") if k in kwargs)]
    return matmul(run, values[0], values[1], place) if len(values) >= 2 else run.emit("unknown", values[:1], place)


def _einsum(run: Run, row: Does, name: str, args: list[Any], kwargs: dict[str, Any], place: Place) -> Any:
    values = [a for a in args if not isinstance(a, str)]
    values = list(values[0]) if len(values) == 1 and isinstance(values[0], list | tuple) else values
    if len(values) == 2:
        return matmul(run, values[0], values[1], place)
    return run.emit("matmul" if len(values) > 1 else "unknown", values, place)


def _concat(run: Run, row: Does, name: str, args: list[Any], kwargs: dict[str, Any], place: Place) -> Any:
    values = args[0] if args else []
    if not isinstance(values, list | tuple):
        return run.emit("unknown", tensors(values)[:8] or [values], place)
    dim = kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else 0))
    inputs = [v for v in values if v is not None]
    attrs: dict[str, Any] = {"dim": dim} if known(dim) else {}
    if name in ("stack", "hstack", "vstack"):
        attrs["kind"] = name
        return run.emit("concat", inputs, place, attrs=attrs)
    nodes = [run.tape.node(run.tensor(v, place)) for v in inputs]
    widths = [n.attrs.get("out_features") for n in nodes]
    axes = {n.attrs.get("features_dim", -1) for n in nodes}
    if nodes and len(axes) == 1 and (dim in axes or (dim == 3 and axes == {-1})) and all(isinstance(w, int) for w in widths):
        attrs |= {"out_features": sum(w for w in widths if w is not None), "features_dim": axes.pop()}
    return run.emit("concat", inputs, place, attrs=attrs)


def _parts(run: Run, row: Does, name: str, args: list[Any], kwargs: dict[str, Any], place: Place) -> Any:
    count = whole(kwargs.get("chunks", args[1] if len(args) > 1 else None)) if name == "chunk" else None
    sizes = kwargs.get("split_size_or_sections", kwargs.get("split_size", args[1] if len(args) > 1 else None))
    if isinstance(sizes, list | tuple):
        count = len(sizes)
    if count is None or not 0 < count <= 16:
        return run.emit("select", args[:1], place, attrs={"kind": name})
    return tuple(run.emit("select", args[:1], place, attrs={"kind": name, "index": i}) for i in range(count))


OPERATORS: Mapping[str, type] = {
    "add": ast.Add, "sub": ast.Sub, "subtract": ast.Sub, "mul": ast.Mult, "multiply": ast.Mult, "div": ast.Div, "divide": ast.Div,
    "true_divide": ast.Div, "matmul": ast.MatMult, "pow": ast.Pow, "add_": ast.Add, "sub_": ast.Sub, "mul_": ast.Mult, "div_": ast.Div,
}  # fmt: skip
"""Methods and functions that are operators."""


def _operator(run: Run, row: Does, name: str, args: list[Any], kwargs: dict[str, Any], place: Place) -> Any:
    values = [*args, *(kwargs[k] for k in ("other", "y", "exponent") if k in kwargs)]
    frame, node = run.build["top"](run), ast.Pass()
    node.lineno, node.col_offset, node.end_lineno, node.end_col_offset = (
        place.line,
        place.column,
        place.end_line,
        place.end_column,
    )
    if name == "neg":
        return operate(run, ast.Mult, values[0], -1, frame, node)
    if len(values) < 2:
        return run.emit("unknown", values[:1], place)
    if name == "rsub":
        return operate(run, ast.Sub, values[1], values[0], frame, node)
    return operate(run, OPERATORS[name], values[0], values[1], frame, node)


def _weighted(run: Run, row: Does, name: str, args: list[Any], kwargs: dict[str, Any], place: Place) -> Any:
    """``F.linear`` and ``F.conv2d`` with a weight that the program holds."""
    weight = kwargs.get("weight", args[1] if len(args) > 1 else None)
    attrs: dict[str, Any] = {k: v for k, v in weight.facts.items() if k == "init"} if isinstance(weight, Weight) else {}
    if row.op == "linear" and not isinstance(weight, Weight):
        attrs["kind"] = "matmul"  # by a matrix it is given: which may be no layer, but a weighted sum
    if isinstance(weight, Weight) and weight.shape and isinstance(weight.shape[0], int) and row.op != "conv_transpose":
        attrs["out_features"] = weight.shape[0]
    attrs |= {"groups": kwargs["groups"]} if whole(kwargs.get("groups")) is not None else {}
    if row.op != "linear":
        attrs["features_dim"] = 1
    return run.emit(row.op, args[:1], place, attrs=attrs)


SPECIAL: Mapping[str, Callable[..., Any]] = {
    "reshape": _reshape,
    "reduce": _reduce,
    "matmul": _matmul,
    "einsum": _einsum,
    "concat": _concat,
    "parts": _parts,
    "operator": _operator,
    "linear": _weighted,
    "conv": _weighted,
}
"""Functions that need more than a row."""


def select(run: Run, tensor: Tensor, key: Any, frame: Frame, node: ast.AST | None) -> Any:
    """Return a part of a tensor."""
    before = run.tape.node(run.tensor(tensor))
    attrs: dict[str, Any] = {}
    if isinstance(key, int | str):
        attrs["index"] = key
    sequence = before.op in ("recurrent", "attention", "embedding") and "out_features" in before.attrs
    if sequence and isinstance(key, tuple) and (len(key) == 2 or isinstance(key[-1], slice)):
        attrs["out_features"] = before.attrs["out_features"]
    return run.emit("select", [tensor], run.place(frame, node), attrs=attrs)


def weight_method(run: Run, weight: Weight, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Note what an in-place method does to a weight; other methods give something learned too."""
    if name in IN_PLACE and IN_PLACE[name] in INITS:
        return initialised(run, IN_PLACE[name], [weight, *args], kwargs)
    return weight
