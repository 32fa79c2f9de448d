"""Building the graph that the rules see: one node for each call of a module or function, whoever met it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import nn

from nonlin.findings import NOWHERE, Place
from nonlin.lint.model.ops import VIEWS, Kind, functions, module_facts, of_module, spelled
from nonlin.lint.net import Node
from nonlin.nn.base import ActivationModule
from nonlin.nn.maxout import MaxoutLinear
from nonlin.nn.recognise import Found, recognise, recognise_call

COMPUTED, LEARNED, FIXED = "computed", "learned", "fixed"
"""Whether a value depends on the network's input, only on its parameters, or on neither."""


class Operand(NamedTuple):
    """A tensor that a call gets: the node that made it, what it depends on, and what is known of it."""

    node: int
    role: str
    shape: tuple[int, ...] | None = None
    tensor: torch.Tensor | None = None


class Applied(NamedTuple):
    """A loss and the node it was applied to."""

    kind: str
    input: int
    place: Place = NOWHERE
    shown: str = ""
    attrs: Mapping[str, Any] = {}


class Finished(NamedTuple):
    """A graph as the rules see it."""

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    losses: tuple[Applied, ...]


class Builder:
    """The nodes so far: only what depends on the network's input has one; parameters and constants are operands without."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def add(self, op: str, inputs: Iterable[int] = (), **fields: Any) -> int:
        """Append a node and return its index."""
        self.nodes.append(Node(op, tuple(inputs), **fields))
        return len(self.nodes) - 1

    def module(self, module: nn.Module, operands: list[Operand], shape: Any, place: Place) -> int:
        """Append the call of a module that is not looked into, at least one operand of which is computed."""
        inputs = [o.node for o in operands if o.role == COMPUTED]
        common: dict[str, Any] = {"place": place, "shape": shape, "owner": place.layer, "module": module}
        if isinstance(module, MaxoutLinear):
            wide = {"in_features": module.in_features, "out_features": module.out_features * module.pieces, "maxout": True}
            inner = self.add("linear", inputs, attrs=wide, **{**common, "shape": None})
            return self.add("activation", [inner], function="maxout", **common)
        found = recognise(module)
        if found is not None:
            attrs = _of_activation(found)
            attrs["learnable"] = any(p.requires_grad for p in module.parameters())
            return self.add("activation", inputs, function=found.name, attrs=attrs, **common)
        if type(module) is nn.GLU or isinstance(module, ActivationModule):
            name = "glu" if isinstance(module, nn.GLU) else module.definition.name
            return self.add("activation", inputs, function=name, attrs={"kind": "gated"}, **common)
        kind = of_module(module)
        if kind is None:
            return self.add("unknown", inputs, **common)
        if kind.op == "avg_pool":
            return self.add(kind.op, inputs, attrs={**module_facts(module, kind), **_whole(operands[0], module)}, **common)
        return self.add(kind.op, inputs, attrs=module_facts(module, kind), **common)

    def call(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], shape: Any, place: Place, *,
             alias: bool | None = None) -> int:  # fmt: skip
        """Append the call of a function or method whose tensors have become operands, at least one of them computed."""
        operands = list(operands_in((args, kwargs)))
        name, _, inplace = spelled(func)
        common: dict[str, Any] = {"place": place, "shape": shape}
        inputs = [o.node for o in operands if o.role == COMPUTED]
        met = recognised(func, name, args, kwargs)
        if met is not None:
            attrs = _of_activation(met)
            attrs["learnable"] = any(o.role == LEARNED for o in operands)
            return self.add("activation", inputs, function=met.name, attrs=attrs, **common)
        if name == "glu":
            return self.add("activation", inputs, function="glu", attrs={"kind": "gated"}, **common)
        row = functions().get(name, Kind("unknown", name))
        op, attrs = _settle(row, name, operands, args, kwargs)
        if op == "arithmetic" and name == "sin" and self._affine_before(inputs[0]):
            return self.add("activation", inputs, function="sin", **common)
        if inplace:
            attrs["inplace"] = True
        if alias or (alias is None and row.kind == "view"):
            attrs["alias"] = True
        return self.add(op, inputs, attrs=attrs, **common)

    def _affine_before(self, index: int) -> bool:
        """Whether a value comes from an affine layer with only scaling between: then a sine is an activation function."""
        node = self.nodes[index]
        while node.op == "scale" and node.inputs:
            node = self.nodes[node.inputs[0]]
        return node.op in ("linear", "conv")

    def finish(self, outputs: Iterable[int], losses: Iterable[Applied] = (), more: Iterable[int] = ()) -> Finished:
        """Return what leads to an output or a loss, renumbered, with the facts about what is overwritten while others read it.

        ``more`` are further nodes to keep with all they depend on, such as the value of a loss. What leads nowhere, such as a
        check of the input, is dropped: it would look like a reader. Without any end everything is kept.
        """
        ends, applied, further = list(outputs), list(losses), list(more)
        for n, node in enumerate(self.nodes):
            if node.attrs.get("inplace") and node.inputs and n not in ends:
                old = node.inputs[0]
                if not any(n in later.inputs for later in self.nodes[n + 1 :]):
                    # ``x.relu_()`` as a statement: whoever reads x later means the result
                    self._take_over(n, old)
                    ends = [n if e == old else e for e in ends]
                    applied = [a._replace(input=n) if a.input == old else a for a in applied]
        for n, node in enumerate(self.nodes):
            if node.attrs.get("inplace") and node.inputs:
                late = self._read_later(n, node.inputs[0], ends)
                self.nodes[n] = replace(node, attrs={**node.attrs, "read_later": late})
        live = self._leading_to([*ends, *(a.input for a in applied), *further])
        new = {old: k for k, old in enumerate(live)}
        nodes = [self._renumbered(self.nodes[old], new) for old in live]
        told = [a._replace(input=new[a.input]) for a in applied]
        return Finished(tuple(nodes), tuple(dict.fromkeys(new[e] for e in ends)), tuple(told))

    def _leading_to(self, ends: list[int]) -> list[int]:
        """Return what the given nodes depend on, inputs, and what works in place or could not be followed, in order."""
        if not ends:
            return list(range(len(self.nodes)))
        rest = [*ends, *(n for n, node in enumerate(self.nodes) if node.op == "input" or node.attrs.get("inplace"))]
        live: set[int] = set()
        while rest:
            n = rest.pop()
            if n not in live:
                live.add(n)
                rest.extend((*self.nodes[n].inputs, *self.nodes[n].attrs.get("read_later", ())))
                if self.nodes[n].op == "unknown" and not self.nodes[n].inputs:
                    rest.extend(range(n))  # what made it was not seen, and may have read anything
        return sorted(live)

    @staticmethod
    def _renumbered(node: Node, new: Mapping[int, int]) -> Node:
        inputs = tuple(new[i] for i in node.inputs)
        late = node.attrs.get("read_later")
        if late is None:
            return replace(node, inputs=inputs)
        return replace(node, inputs=inputs, attrs={**node.attrs, "read_later": tuple(new[i] for i in late)})

    def _take_over(self, n: int, old: int) -> None:
        for later in range(n + 1, len(self.nodes)):
            node = self.nodes[later]
            if old in node.inputs:
                self.nodes[later] = replace(node, inputs=tuple(n if i == old else i for i in node.inputs))

    def _read_later(self, n: int, overwritten: int, ends: list[int]) -> tuple[int, ...]:
        """Indices of nodes after ``n`` that read the tensor it overwrites, under that tensor's or a view's own name."""
        root = overwritten
        while self._is_view(root):
            root = self.nodes[root].inputs[0]
        same = {root}
        for k in range(root + 1, n):
            if self._is_view(k) and self.nodes[k].inputs[0] in same:
                same.add(k)
        late = [k for k in range(n + 1, len(self.nodes)) if same & set(self.nodes[k].inputs)]
        return tuple(late + [e for e in ends if e in same])

    def _is_view(self, index: int) -> bool:
        node = self.nodes[index]
        return node.op in VIEWS and bool(node.attrs.get("alias")) and len(node.inputs) == 1


def operands_in(value: Any) -> Iterator[Operand]:
    """Yield the operands in nested arguments, in order."""
    if isinstance(value, Operand):
        yield value
    elif isinstance(value, tuple | list):
        for v in value:
            yield from operands_in(v)
    elif isinstance(value, Mapping):
        for v in value.values():
            yield from operands_in(v)


def recognised(func: Any, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Found | None:
    """Return the activation function that a call computes; of methods and of aten's operators by their name."""
    found = recognise_call(func, args, kwargs)
    if found is None and not isinstance(func, str):
        method = getattr(func, "__objclass__", None) is torch._C.TensorBase or str(type(func).__name__).startswith(
            "OpOverload"
        )
        shown = str(getattr(func, "__name__", "")).partition(".")[0]
        found = recognise_call(shown, args, kwargs) if method and shown else None
    if found is None and isinstance(func, str):
        found = recognise_call(name, args, kwargs)
    return found


def _of_activation(found: Found) -> dict[str, Any]:
    attrs: dict[str, Any] = {"definition": found.definition, "inplace": found.inplace, "kind": found.definition.kind}
    if found.definition.kind != "elementwise":
        attrs["dim"] = found.dim
    return attrs


# -- what an operation is, where that depends on its operands -------------------------------------------------------


def _settle(row: Kind, name: str, operands: list[Operand], args: Any, kwargs: Any) -> tuple[str, dict[str, Any]]:
    """Return the operation and its attributes."""
    attrs: dict[str, Any] = {"kind": row.kind if row.kind not in ("", "view") else name}
    chosen = _SETTLE.get(row.op)
    return chosen(row, attrs, operands, args, kwargs) if chosen else (row.op, attrs)


def _sum(row: Kind, attrs: dict[str, Any], operands: list[Operand], args: Any, kwargs: Any) -> tuple[str, dict[str, Any]]:
    """Sums and products: of two computed tensors, or with a parameter or number, which only scales or shifts."""
    if sum(o.role == COMPUTED for o in operands) > 1:
        return row.op, attrs
    attrs["learned"] = any(o.role == LEARNED for o in operands)
    numbers = [a for a in args if isinstance(a, int | float) and not isinstance(a, bool)]
    if row.op == "mul" and numbers:
        attrs["factor"] = float(numbers[0])
    return "scale", attrs


def _quotient(
    row: Kind, attrs: dict[str, Any], operands: list[Operand], args: Any, kwargs: Any
) -> tuple[str, dict[str, Any]]:
    """Division by a number scales; every other row of arithmetic is what it is."""
    kind, numbers = attrs["kind"], [a for a in args[1:] if isinstance(a, int | float)]
    first = bool(args) and isinstance(args[0], Operand) and args[0].role == COMPUTED
    if kind in ("div", "divide", "true_divide", "truediv") and first and sum(o.role == COMPUTED for o in operands) == 1:
        if numbers and numbers[0]:
            attrs["factor"] = 1 / float(numbers[0])
        return "scale", attrs
    if kind in ("neg", "negative"):
        return "scale", {**attrs, "factor": -1.0}
    return "arithmetic", attrs


def _weighted(
    row: Kind, attrs: dict[str, Any], operands: list[Operand], args: Any, kwargs: Any
) -> tuple[str, dict[str, Any]]:
    """Affine maps by function: their weight is the second operand, unless it is itself computed."""
    rest = [o for o in operands[1:] if o.node != operands[0].node]
    if operands[0].role != COMPUTED or not rest or rest[0].role == COMPUTED:
        return "matmul", attrs
    attrs.update(_weight_facts(row.op, rest[0], kwargs, args), bias=len(rest) > 1)
    return row.op, attrs


def _weight_facts(op: str, weight: Operand, kwargs: Mapping[str, Any], args: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {"weight": weight.tensor, "trained": weight.role == LEARNED}
    if weight.shape is None:
        return facts
    if op == "linear":
        return {**facts, "out_features": weight.shape[0], "in_features": weight.shape[-1]}
    groups = kwargs.get("groups", next((a for a in args[6:7] if isinstance(a, int)), 1)) if op == "conv" else 1
    out, inner = (weight.shape[0], weight.shape[1] * groups) if op == "conv" else (weight.shape[1], weight.shape[0])
    return {**facts, "out_features": out, "in_features": inner, "groups": groups, "features_dim": 1,
            "kernel_size": weight.shape[2:]}  # fmt: skip


def _product(
    row: Kind, attrs: dict[str, Any], operands: list[Operand], args: Any, kwargs: Any
) -> tuple[str, dict[str, Any]]:
    """Matrix products: with a parameter they are affine maps, with a constant they mix, else they are attention's."""
    if sum(o.role == COMPUTED for o in operands) > 1:
        return "matmul", attrs
    learned = [o for o in operands if o.role == LEARNED]
    if not learned:
        return "arithmetic", attrs
    weight = max(learned, key=lambda o: len(o.shape or ()))
    first = attrs["kind"] != "einsum" and operands.index(weight) > 0 and len(weight.shape or ()) == 2
    if first and weight.shape:
        turned = None if weight.tensor is None else weight.tensor.detach().t()
        attrs.update(weight=turned, out_features=weight.shape[1], in_features=weight.shape[0], trained=True)
    return "linear", {**attrs, "bias": len(learned) > 1}


def _mean(row: Kind, attrs: dict[str, Any], operands: list[Operand], args: Any, kwargs: Any) -> tuple[str, dict[str, Any]]:
    """A mean over positions is pooling; every other reduction is itself."""
    dims = kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else None))
    wanted = (dims,) if isinstance(dims, int) else tuple(dims) if isinstance(dims, tuple | list) else ()
    attrs["dim"] = wanted if wanted else None
    rank = len(operands[0].shape) if operands[0].shape is not None else None
    if attrs["kind"] == "mean" and rank is not None and wanted and all(isinstance(d, int) for d in wanted):
        axes = {d % rank for d in wanted}
        if (rank in (4, 5) and axes == set(range(2, rank))) or (rank == 3 and len(axes) == 1 and 0 not in axes):
            return "avg_pool", {**attrs, "global": True}
    if attrs["kind"] in ("max", "min") and len(operands) > 1:
        return "arithmetic", attrs
    return "reduce", attrs


def _pooled(row: Kind, attrs: dict[str, Any], operands: list[Operand], args: Any, kwargs: Any) -> tuple[str, dict[str, Any]]:
    size = kwargs.get("output_size", args[1] if len(args) > 1 else None)
    whole = "adaptive" in attrs["kind"] and all(s == 1 for s in (size if isinstance(size, tuple | list) else (size,)))
    spatial = operands[0].shape[2:] if operands[0].shape and len(operands[0].shape) > 2 else None
    if spatial and "adaptive" not in attrs["kind"]:
        window = kwargs.get("kernel_size", args[1] if len(args) > 1 else None)
        whole = tuple(window if isinstance(window, tuple | list) else (window,) * len(spatial)) == tuple(spatial)
    return row.op, {**attrs, "global": whole}


def _whole(operand: Operand, module: Any) -> dict[str, Any]:
    """Whether an average-pooling module's window is the whole map of its input."""
    spatial = operand.shape[2:] if operand.shape and len(operand.shape) > 2 else ()
    size = getattr(module, "kernel_size", None)
    if not spatial or size is None:
        return {}
    return {"global": tuple(size if isinstance(size, tuple | list) else (size,) * len(spatial)) == tuple(spatial)}


def _dropped(
    row: Kind, attrs: dict[str, Any], operands: list[Operand], args: Any, kwargs: Any
) -> tuple[str, dict[str, Any]]:
    p, training = (
        kwargs.get("p", args[1] if len(args) > 1 else 0.5),
        kwargs.get("training", args[2] if len(args) > 2 else True),
    )
    return row.op, {**attrs, "kind": row.kind, "p": float(p) if isinstance(p, int | float) and training else 0.0}


def _placed(row: Kind, attrs: dict[str, Any], operands: list[Operand], args: Any, kwargs: Any) -> tuple[str, dict[str, Any]]:
    """A choice among tensors by a mask joins them; of one tensor it selects."""
    joined = attrs["kind"] == "where" and sum(o.role == COMPUTED for o in operands) > 1
    return ("concat" if joined else row.op), attrs


Settle = Callable[[Kind, dict[str, Any], list[Operand], Any, Any], tuple[str, dict[str, Any]]]
_SETTLE: Mapping[str, Settle] = {
    "add": _sum,
    "mul": _sum,
    "arithmetic": _quotient,
    "linear": _weighted,
    "conv": _weighted,
    "conv_transpose": _weighted,
    "bilinear": _weighted,
    "matmul": _product,
    "reduce": _mean,
    "avg_pool": _pooled,
    "dropout": _dropped,
    "select": _placed,
}
