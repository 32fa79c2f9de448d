"""Reading a network by symbolic tracing: torch.fx runs the forward on proxies, without data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import fx, nn

from nonlin.findings import Place
from nonlin.lint.model.building import COMPUTED, FIXED, LEARNED, Applied, Builder, Operand, operands_in
from nonlin.lint.model.calls import is_leaf, line_of_user, shape_of, tensors_in
from nonlin.lint.model.losses import loss_call, loss_module
from nonlin.lint.model.ops import SCALARS, spelled

_LINE = "nonlin_line"


class _Tracer(fx.Tracer):
    """Notes the user's line of each call itself: torch.fx's own stack traces load the compiler, which takes seconds."""

    def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
        node = super().create_node(*args, **kwargs)
        node.meta[_LINE] = line_of_user()
        return node

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return is_leaf(m) or super().is_leaf_module(m, module_qualified_name)


def trace(model: nn.Module) -> fx.Graph:
    """Return the graph of the model's forward as it is now, in training or evaluation; raises what the forward raises."""
    if isinstance(model, fx.GraphModule):
        return model.graph
    return _Tracer().trace(model)


class Run(fx.Interpreter):
    """Runs a graph and remembers the shape of every value."""

    def __init__(self, model: nn.Module, graph: fx.Graph) -> None:
        super().__init__(model, graph=graph)
        self.shapes: dict[fx.Node, Any] = {}

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        made = next(tensors_in(result), None)
        self.shapes[n] = None if made is None else shape_of(made)
        return result


def inputs_for(graph: fx.Graph, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    """Return the values of a graph's placeholders, in their order, as calling the model with these arguments gives them."""
    values: list[Any] = []
    left = list(args)
    for node in graph.nodes:
        if node.op == "placeholder":
            name = str(node.target)
            if name.startswith("**"):
                values.append({})
            elif name.startswith("*"):
                values.append(tuple(left))
                left = []
            elif left:
                values.append(left.pop(0))
            elif name in kwargs:
                values.append(kwargs[name])
            elif node.args:
                values.append(node.args[0])
            else:
                raise TypeError(f"the model's forward misses its argument {name!r}")
    if left:
        raise TypeError(f"the model's forward takes {len(values)} argument(s), not {len(args)}")
    return values


class Reading:
    """Turns a traced graph into nodes of ours."""

    def __init__(self, model: nn.Module, graph: fx.Graph, shapes: Mapping[fx.Node, Any] | None = None) -> None:
        self.model, self.graph = model, graph
        self.shapes = shapes or {}
        self.builder = Builder()
        self.known: dict[fx.Node, Operand | None] = {}
        self.losses: list[Applied] = []
        self.outputs: list[int] = []
        self.paths = {id(m): path for path, m in reversed(list(model.named_modules()))}
        for node in graph.nodes:
            getattr(self, f"_{node.op}")(node)

    def _placeholder(self, node: fx.Node) -> None:
        index = self.builder.add("input", place=Place(str(node.target)), shape=self.shapes.get(node))
        self.known[node] = Operand(index, COMPUTED, self.shapes.get(node))

    def _get_attr(self, node: fx.Node) -> None:
        held: Any = self.model
        for part in str(node.target).split("."):
            held = getattr(held, part, None)
        if isinstance(held, torch.Tensor):
            learned = isinstance(held, nn.Parameter)
            self.known[node] = Operand(-1, LEARNED if learned else FIXED, tuple(held.shape), held if learned else None)
        else:
            self.known[node] = None

    def _call_module(self, node: fx.Node) -> None:
        module = self.model.get_submodule(str(node.target))
        operands = list(operands_in((self._given(node.args), self._given(node.kwargs))))
        applied = loss_module(module, operands)
        place = Place(self.paths.get(id(module), str(node.target)), *_line(node))
        if applied is not None:
            self.losses.append(applied._replace(place=place))
        self._settle(node, operands, lambda shape: self.builder.module(module, operands, shape, place))

    def _call_function(self, node: fx.Node) -> None:
        self._call(node, node.target)

    def _call_method(self, node: fx.Node) -> None:
        self._call(node, str(node.target))

    def _call(self, node: fx.Node, func: Any) -> None:
        name, shown, _ = spelled(func)
        args, kwargs = self._given(node.args), self._given(node.kwargs)
        if name == "getattr":
            name = func = str(node.args[1])
            args = args[:1]
        operands = list(operands_in((args, kwargs)))
        shape = self.shapes.get(node)
        if name in SCALARS or not operands or (self.shapes and shape is None):
            self.known[node] = None
            return
        owner = _owner(node) or type(self.model).__name__
        place = Place(f"{shown} in {owner}", *_line(node))
        applied = loss_call(func, name, args, kwargs)
        if applied is not None:
            self.losses.append(applied._replace(place=place, shown=shown))
        self._settle(node, operands, lambda shape: self.builder.call(func, args, kwargs, shape, place))
        made = self.known[node]
        if name == "setitem" and made is not None and isinstance(node.args[0], fx.Node):
            self.known[node.args[0]] = made  # from here on the name means the changed tensor

    def _settle(self, node: fx.Node, operands: list[Operand], make: Any) -> None:
        shape = self.shapes.get(node)
        if any(o.role == COMPUTED for o in operands):
            self.known[node] = Operand(make(shape), COMPUTED, shape)
        else:
            self.known[node] = Operand(-1, LEARNED if any(o.role == LEARNED for o in operands) else FIXED, shape)

    def _output(self, node: fx.Node) -> None:
        self.outputs = [o.node for o in operands_in(self._given(node.args)) if o.role == COMPUTED]

    def _given(self, value: Any) -> Any:
        if isinstance(value, fx.Node):
            return self.known.get(value)
        if isinstance(value, tuple | list):
            return tuple(self._given(v) for v in value)
        if isinstance(value, Mapping):
            return {k: self._given(v) for k, v in value.items()}
        return value


def _owner(node: fx.Node) -> str:
    """Return the path of the module whose forward makes a call."""
    stack = node.meta.get("nn_module_stack") or {}
    last = next(reversed(stack.values()), None)
    return str(last[0]) if isinstance(last, tuple) else ""


def _line(node: fx.Node) -> tuple[str, int]:
    """Return the file and line in the user's code that a node comes from; ("", 0) in a graph that another tracer made."""
    found: tuple[str, int] = node.meta.get(_LINE, ("", 0))
    return found
