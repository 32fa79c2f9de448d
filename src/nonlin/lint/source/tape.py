"""The graph under construction: nodes in the order in which a program makes them, with shapes as far as they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nonlin.findings import NOWHERE, Place
from nonlin.lint.net import PLAIN, Loss, Node, Targets
from nonlin.lint.source.values import Tensor

Shape = tuple[int | None, ...] | None

KEEPING = ("activation", "norm", "dropout", "identity", "scale", "cast", "add", "mul", "pad", "max_pool", "avg_pool")
"""Operations whose output has the features of their first input."""
CLEAR = (*PLAIN, "norm", "select")
"""What two ways to a value may differ by and still be the same kind of value: it does not change what a loss gets."""


@dataclass(eq=False)
class Step:
    """A loss taken at a node, on one way through the program's branches."""

    loss: Loss
    way: tuple[tuple[int, int], ...]
    targets: Targets | None
    model: Any = None
    settings: Mapping[str, Any] = field(default_factory=dict)


class Tape:
    """Nodes and losses of one run through a program."""

    def __init__(self, name: str, framework: str = "torch") -> None:
        self.name, self.framework = name, framework
        self.nodes: list[Node] = []
        self.models: list[tuple[str, str]] = []
        """For each node the outermost model that made it: its uid and its name."""
        self.steps: list[Step] = []
        self.absorbed: set[int] = set()
        self.leaves: dict[int, tuple[Any, int]] = {}
        self.outputs: list[int] = []
        self.remarks: list[str] = []
        self.settings: dict[str, Any] = {}

    def add(self, node: Node, model: tuple[str, str] = ("", "")) -> Tensor:
        """Append a node, with its shape and features worked out from its inputs where that is easy."""
        self.nodes.append(self._measured(node))
        self.models.append(model)
        return Tensor(self, len(self.nodes) - 1)

    def leaf(
        self, value: Any, op: str = "unknown", shape: Shape = None, place: Place = NOWHERE, model: Any = ("", "")
    ) -> Tensor:
        """Return the node that stands for a value from elsewhere; the same value is the same node."""
        held = self.leaves.get(id(value))
        if held is not None:
            return Tensor(self, held[1])
        made = self.add(Node(op, (), place, shape=shape), model)
        self.leaves[id(value)] = (value, made.index)
        return made

    def node(self, tensor: Tensor) -> Node:
        """The node of a tensor of this tape."""
        return self.nodes[tensor.index]

    def _measured(self, node: Node) -> Node:
        first = self.nodes[node.inputs[0]] if node.inputs else None
        if first is None:
            return node
        attrs, shape = dict(node.attrs), node.shape
        width = attrs.get("out_features")
        if node.op in KEEPING or (node.op == "select" and attrs.get("kind") == "state"):
            if width is None and first.attrs.get("out_features") is not None and node.function != "glu":
                attrs["out_features"] = first.attrs["out_features"]
                if "features_dim" in first.attrs:
                    attrs.setdefault("features_dim", first.attrs["features_dim"])
            same = node.op not in ("add", "mul") or all(self.nodes[i].shape == first.shape for i in node.inputs)
            if shape is None and same and node.op not in ("max_pool", "avg_pool", "pad"):
                shape = first.shape
        elif node.op in ("linear", "recurrent", "bilinear") and shape is None and first.shape is not None:
            shape = (*first.shape[:-1], width if isinstance(width, int) else None)
        elif node.op == "flatten":
            if first.attrs.get("global") and width is None and "out_features" in first.attrs:
                attrs["out_features"], attrs["features_dim"] = first.attrs["out_features"], -1
            shape = self._flattened(first, attrs) if shape is None else shape
            if shape is not None and isinstance(shape[-1], int):
                attrs.setdefault("out_features", shape[-1])
        last = node.op == "linear" and first.attrs.get("features_dim", -1) == -1
        if (last or node.op == "conv") and "in_features" not in attrs and isinstance(first.width, int):
            attrs["in_features"] = first.width
        return Node(node.op, node.inputs, node.place, node.function, attrs, shape, node.owner, None, node.training)

    def _flattened(self, first: Node, attrs: Mapping[str, Any]) -> Shape:
        start = attrs.get("start_dim", 1)
        if first.shape is None or start != 1 or attrs.get("end_dim", -1) != -1:
            return None
        count: int | None = 1
        for length in first.shape[1:]:
            count = count * length if count is not None and length is not None else None
        return (first.shape[0], count)

    def either(self, a: Tensor, b: Tensor, place: Place = NOWHERE) -> Tensor:
        """Return what is known of a tensor that is one of two: one of them where both are the same kind of value.

        An optional layer that does not change what a loss gets (dropout, a norm) is taken to be there. Otherwise the result is
        an unknown node behind both, so that no rule speaks about it.
        """
        if a.index == b.index:
            return a
        ends = [self._end(t.index) for t in (a, b)]
        first, second = (self.nodes[e] for e in ends)
        same = (first.op, first.function, first.attrs.get("out_features"), first.attrs.get("dim"), first.training) == (
            second.op, second.function, second.attrs.get("out_features"), second.attrs.get("dim"), second.training
        )  # fmt: skip
        if ends[0] == ends[1] or (same and first.op not in ("unknown", "input", "parameter", "constant")):
            return Tensor(self, max(a.index, b.index))
        return self.add(Node("unknown", (a.index, b.index), place, attrs={"kind": "either"}))

    def _end(self, index: int) -> int:
        """Walk back over what does not change the kind of a value."""
        for _ in range(200):
            node = self.nodes[index]
            if node.op not in CLEAR or not node.inputs:
                return index
            index = node.inputs[0]
        return index

    def behind(self, index: int) -> set[int]:
        """Every node that this one depends on, and itself."""
        found, rest = {index}, [index]
        while rest:
            for i in self.nodes[rest.pop()].inputs:
                if i not in found:
                    found.add(i)
                    rest.append(i)
        return found
