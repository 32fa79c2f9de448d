"""A graph of ONNX nodes in the making: values that record the operations done to them, each different node once.

An emitted program runs on such values as it would on arrays. What ONNX lacks (expm1, log1p, erfc), or runtimes do (most of
double precision), or get wrong in the tails (Sigmoid, Softplus, Elu, Gelu) is made from other operators.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nonlin.backends import precise
from nonlin.backends.rationals import RATIONALS, STEPS_PER_UNIT

THRESHOLD_STEPS = 40
"""Newton steps of ``row_threshold``, as in the NumPy backend."""


@dataclass(frozen=True)
class Node:
    """One operation: the names of its inputs and of its only output, and its attributes."""

    op: str
    inputs: tuple[str, ...]
    output: str
    attributes: tuple[tuple[str, Any], ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """Its output, and the second one that ONNX insists on."""
        return (self.output, f"{self.output}_where") if self.op == "TopK" else (self.output,)


@dataclass
class Graph:
    """Nodes and constants so far.

    ``dtype`` is 'float32' or 'float64'; ``axis`` is the one that rows lie along; ``taken`` are names not to be given.
    """

    dtype: str
    opset: int
    axis: int = -1
    taken: frozenset[str] = frozenset()
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    _known: dict[Any, Value] = field(default_factory=dict)
    _makers: dict[str, Node] = field(default_factory=dict)

    def add(self, op: str, *inputs: Any, **attributes: Any) -> Value:
        """Return the output of a node; of an equal one that is there already, if there is."""
        values = tuple(self.value(i) for i in inputs)
        key = op, tuple(v.name for v in values), tuple(sorted(attributes.items()))
        if key not in self._known:
            made = Value(self, self._name("t", len(self.nodes)))
            self._makers[made.name] = Node(op, key[1], made.name, key[2])
            self.nodes.append(self._makers[made.name])
            self._known[key] = made
        return self._known[key]

    def value(self, given: Any) -> Value:
        """Return a value of this graph; a number becomes a constant of the graph's type, an array keeps its own."""
        if isinstance(given, Value):
            return given
        array = given if isinstance(given, np.ndarray) else np.asarray(given, dtype=self.dtype)
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._known:
            self._known[key] = Value(self, self._name("c", len(self.constants)))
            self.constants[self._known[key].name] = array
        return self._known[key]

    def _name(self, letter: str, count: int) -> str:
        """Return a new name for a node's output or a constant: no input or parameter can be called so."""
        name = f"{letter}{count + 1}"
        return f"{name}_" if name in self.taken else name

    def number(self, name: str) -> float | None:
        """Return the constant called ``name`` if it is a single number, else None."""
        array = self.constants.get(name)
        return None if array is None or array.shape else float(array)

    def maker(self, name: str, *ops: str) -> tuple[str, ...]:
        """Return the inputs of the node that computes a value if it is one of ``ops``, else nothing."""
        node = self._makers.get(name)
        return node.inputs if node is not None and node.op in ops else ()

    def finish(self, result: Any, like: Value, name: str = "y") -> None:
        """Make ``result`` the output ``name`` and drop what it does not need; a number takes the shape of ``like``."""
        if not isinstance(result, Value):
            result = self.add("Expand", self.value(result), self.add("Shape", like))
        elif result.name not in self._makers:
            result = self.add("Identity", result)
        kept: list[Node] = []
        needed = {result.name}
        for node in reversed(self.nodes):
            if needed & set(node.outputs):
                kept.append(node)
                needed.update(node.inputs)
        said = {result.name: name}
        self.nodes = [
            replace(n, inputs=tuple(said.get(i, i) for i in n.inputs), output=said.get(n.output, n.output))
            for n in kept[::-1]
        ]
        self.constants = {n: a for n, a in self.constants.items() if n in needed}


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor of the graph; Python's operators add nodes."""

    graph: Graph
    name: str

    def __add__(self, other: Any) -> Value:
        return _arithmetic(self.graph, "Add", self, other)

    def __radd__(self, other: Any) -> Value:
        return _arithmetic(self.graph, "Add", other, self)

    def __sub__(self, other: Any) -> Value:
        return _arithmetic(self.graph, "Sub", self, other)

    def __rsub__(self, other: Any) -> Value:
        return _arithmetic(self.graph, "Sub", other, self)

    def __mul__(self, other: Any) -> Value:
        return _arithmetic(self.graph, "Mul", self, other)

    def __rmul__(self, other: Any) -> Value:
        return _arithmetic(self.graph, "Mul", other, self)

    def __truediv__(self, other: Any) -> Value:
        return _arithmetic(self.graph, "Div", self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return self.graph.add("Div", other, self)

    def __neg__(self) -> Value:
        return self.graph.add("Neg", self)

    def __lt__(self, other: Any) -> Value:
        return self.graph.add("Less", self, other)

    def __le__(self, other: Any) -> Value:
        return self.graph.add("LessOrEqual", self, other)

    def __gt__(self, other: Any) -> Value:
        return self.graph.add("Greater", self, other)

    def __ge__(self, other: Any) -> Value:
        return self.graph.add("GreaterOrEqual", self, other)

    def __eq__(self, other: object) -> Value:  # type: ignore[override]
        return self.graph.add("Equal", self, other)

    __hash__ = object.__hash__


SAME = {"exp": "Exp", "log": "Log", "sin": "Sin", "cos": "Cos", "sqrt": "Sqrt", "abs": "Abs", "sign": "Sign",
        "floor": "Floor", "round": "Round"}  # fmt: skip
"""Functions that are one operator."""


def _arithmetic(graph: Graph, op: str, a: Any, b: Any) -> Value:
    """Add a node, or others that onnxruntime does not take for idle.

    Its optimiser drops u + c and u * c in double precision where c is 0 or 1 after rounding to single precision.
    """
    c = next((float(v) for v in (a, b) if not isinstance(v, Value)), 2.0)
    if graph.dtype == "float32" or c in (0.0, 1.0) or np.float32(min(max(c, -2.0), 2.0)) not in (0.0, 1.0):
        return graph.add(op, a, b)
    if op == "Sub":
        b = -b
    if op in ("Add", "Sub"):
        return graph.add("Sum", a, b) if abs(c) < 0.5 else graph.add("Add", a, b)
    u = a if isinstance(a, Value) else b
    if abs(c) < 0.5:
        return graph.add(op, a, b)
    half = c / 2 if op == "Mul" else c * 2
    return graph.add("Mul", graph.add(op, u, half), 2.0)


class Operators:
    """Functions under NumPy's names that add nodes to ``graph``; what ``nonlin.backends.precise`` is written in."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        for name, op in SAME.items():
            setattr(self, name, self.operator(op))

    def operator(self, op: str) -> Callable[[Any], Value]:
        """Return the function of one argument that is the operator ``op``."""
        return lambda u: self.graph.add(op, u)

    def minimum(self, a: Any, b: Any) -> Value:
        """The smaller of two, NaN if either is; of numbers below and above, the operator that clips."""
        return self._bounded("Min", "Max", a, b)

    def maximum(self, a: Any, b: Any) -> Value:
        """The larger of two, NaN if either is; against 0 the operator that runtimes fuse with the layer before it."""
        return self._bounded("Max", "Min", a, b)

    def _bounded(self, op: str, other: str, a: Any, b: Any) -> Value:
        if isinstance(b, Value):
            return self.graph.add(op, a, b)
        limit = self._limit(a, other)
        if limit is not None and (limit[1] <= b if op == "Min" else b <= limit[1]):
            return self.graph.add("Clip", limit[0], *sorted((limit[1], b)))
        return self.graph.add("Relu", a) if op == "Max" and b == 0 else self.graph.add(op, a, b)

    def _limit(self, value: Any, op: str) -> tuple[Value, float] | None:
        """What ``value`` is the Min or Max of, with which number."""
        inputs = self.graph.maker(value.name, op) if isinstance(value, Value) else ()
        bound = self.graph.number(inputs[1]) if inputs else None
        if isinstance(value, Value) and op == "Max" and not inputs:
            inputs, bound = self.graph.maker(value.name, "Relu"), 0.0
        return (Value(self.graph, inputs[0]), bound) if inputs and bound is not None else None

    def where(self, condition: Value, a: Any, b: Any) -> Value:
        """``a`` where the condition holds, else ``b``; a leaky rectifier is one operator."""
        slope = self._slope_below(condition, a, b)
        if slope is not None:
            return self.graph.add("LeakyRelu", a, alpha=slope)
        return self.graph.add("Where", condition, a, b)

    def _slope_below(self, condition: Value, a: Any, b: Any) -> float | None:
        """The k of where(u > 0, u, k*u), whose operator holds k in single precision."""
        graph = self.graph
        compared = graph.maker(condition.name, "Greater")
        if graph.dtype != "float32" or not (isinstance(a, Value) and isinstance(b, Value)) or not compared:
            return None
        if compared[0] != a.name or graph.number(compared[1]) != 0:
            return None
        for i, factor in enumerate(graph.maker(b.name, "Mul")):
            if factor == a.name:
                return graph.number(graph.maker(b.name, "Mul")[1 - i])
        divided = graph.maker(b.name, "Div")
        divisor = graph.number(divided[1]) if divided and divided[0] == a.name else None
        return None if divisor is None else 1 / divisor

    def power(self, a: Any, b: Any) -> Value:
        """``a`` to the power ``b``."""
        return self.graph.add("Pow", a, b)


def scope(graph: Graph) -> dict[str, Any]:
    """Return the names an emitted program may use."""
    ops: Any = Operators(graph)
    made = single(ops) if graph.dtype == "float32" else double(ops)
    plain = {n: getattr(ops, n) for n in (*SAME, "minimum", "maximum", "where", "power")}
    return {"pi": math.pi, **plain, **made, **rows(graph, ops, made)}


def single(ops: Any) -> dict[str, Any]:
    """Return what ONNX lacks in single precision, to two or three ulps in few nodes, and what runtimes have to four."""

    def ratio(name: str, u: Any) -> Any:
        top, bottom = (precise.polynomial(side, u) for side in RATIONALS[name, "float32"])
        return top / bottom if isinstance(bottom, Value) else top

    def expm1(u: Any) -> Any:
        v = ops.minimum(ops.maximum(u, -1.0), 1.0)
        t = v * ratio("tanh", v * v * 0.25)  # 2 tanh(v/2), with nothing lost where v/2 would be no number
        return ops.where(ops.abs(u) < 1.0, t / (1.0 - t * 0.5), ops.exp(u) - 1.0)

    def log1p(u: Any) -> Any:
        v = ops.minimum(ops.maximum(u, -0.5), 1.0)
        s = (v + v) / (2.0 + v)  # log1p(v) is 2 artanh(s/2)
        return ops.where(u == v, s * ratio("atanh", s * s * 0.25), ops.log(1.0 + u))

    def erfc(u: Any) -> Any:
        size = ops.minimum(ops.abs(u), precise.END["float32"])  # beyond, the result is 0
        cut = ops.floor(size * STEPS_PER_UNIT) * (1 / STEPS_PER_UNIT)  # its square is exact
        tail = ops.exp(-(cut * cut)) * ops.exp((cut - size) * (cut + size)) * ratio("erfcx", size)
        return ops.where(u < 0.0, 2.0 - tail, tail)

    operators = {"tanh": "Tanh", "erf": "Erf", "arctan": "Atan", "arcsinh": "Asinh"}
    sigmoid = precise.functions(ops, "float32")["sigmoid"]  # Sigmoid itself is 0 from -18 or so on
    return {
        **{f.__name__: f for f in (expm1, log1p, erfc, sigmoid)},
        **{n: ops.operator(op) for n, op in operators.items()},
    }


def double(ops: Any) -> dict[str, Any]:
    """Return what runtimes lack in double precision: all but exp, log, sin and cos."""
    made = precise.functions(ops, "float64")

    def arctan(u: Any) -> Any:
        size = ops.abs(u)
        v = ops.where(size > 1.0, 1.0 / ops.maximum(size, 1.0), size)
        near = v
        for side, join in zip(RATIONALS["atan", "float64"], (Value.__mul__, Value.__truediv__), strict=True):
            near = join(near, precise.polynomial(side, v * v))
        found = ops.where(size > 1.0, math.pi / 2 - near, near)
        return ops.where(u < 0.0, -found, found)

    def arcsinh(u: Any) -> Any:
        size = ops.abs(u)
        v = ops.minimum(size, 1e9)
        near = made["log1p"](v + v * v / (1.0 + ops.sqrt(1.0 + v * v)))
        found = ops.where(size > 1e9, ops.log(size) + math.log(2), near)
        return ops.where(u < 0.0, -found, found)

    return {**made, "arctan": arctan, "arcsinh": arcsinh}


def rows(graph: Graph, ops: Any, made: dict[str, Any]) -> dict[str, Any]:
    """Return the reductions along the graph's axis, which they keep with length 1."""
    axis = graph.axis
    axes = np.array([axis], np.int64)

    def reduced(op: str, u: Value) -> Value:
        if op == "ReduceSum" or graph.opset >= 18:
            return graph.add(op, u, axes, keepdims=1)
        return graph.add(op, u, axes=(axis,), keepdims=1)

    def row_sum(u: Value) -> Value:
        return reduced("ReduceSum", u)

    def row_max(u: Value) -> Value:
        return reduced("ReduceMax", u)

    def row_softmax(u: Value) -> Value:
        return graph.add("Softmax", u, axis=axis)

    def as_number(condition: Value) -> Value:
        return ops.where(condition, 1.0, 0.0)  # type: ignore[no-any-return]

    def first_of(marks: Value, count: Any) -> Value:
        """Of the entries marked 1 the first ``count``."""
        return marks * as_number(graph.add("CumSum", marks, np.array(axis, np.int64)) <= count)

    def row_first_max(u: Value) -> Value:
        return first_of(as_number(u == row_max(u)), 1.0)

    def excess(shifted: Value) -> Value:
        """log of the sum of exp(shifted), whose largest entry is 0, with the digits of a small remainder kept."""
        rest = ops.where(row_first_max(shifted) > 0.0, 0.0, ops.exp(shifted))
        return made["log1p"](row_sum(rest))  # type: ignore[no-any-return]

    def row_logsumexp(u: Value) -> Value:
        top = row_max(u)
        safe = ops.where(ops.abs(top) == math.inf, 0.0, top)
        return safe + excess(u - safe)  # type: ignore[no-any-return]

    def row_log_softmax(u: Value) -> Value:
        shifted = u - row_max(u)
        return shifted - excess(shifted)

    def length(u: Value) -> Value:
        return graph.add("Gather", graph.add("Shape", u), axes)

    def row_length(u: Value) -> Value:
        return graph.add("Cast", length(u), to=NUMBERS[graph.dtype])

    def row_top(u: Value, k: float) -> Value:
        many = graph.add("Min", length(u), np.array([max(int(k), 0)], np.int64))
        least = reduced("ReduceMin", graph.add("TopK", u, many, axis=axis))
        above = as_number(u > least)
        return above + first_of(as_number(u == least), graph.add("Cast", many, to=NUMBERS[graph.dtype]) - row_sum(above))

    def row_threshold(u: Value, alpha: float) -> Value:
        power = 1 / (float(alpha) - 1)
        top = row_max(u)
        z = u - top  # the largest entry is 0, so t lies in [-1, 0)
        t: Any = -1.0
        for _ in range(THRESHOLD_STEPS):
            above = ops.maximum(z - t, 0.0)
            inside = above > 0.0
            if power == 1:
                total, slope = row_sum(above), row_sum(as_number(inside))
            else:
                total = row_sum(ops.power(above, power))
                steep = ops.power(ops.where(inside, above, 1.0), power - 1)
                slope = power * row_sum(ops.where(inside, steep, 0.0))
            t = ops.where(total > 1.0, t + (total - 1.0) / slope, t)
        return t + top  # type: ignore[no-any-return]

    found = (
        row_sum,
        row_max,
        row_first_max,
        row_softmax,
        row_logsumexp,
        row_log_softmax,
        row_length,
        row_top,
        row_threshold,
    )
    return {f.__name__: f for f in found}


NUMBERS = {"float32": 1, "float64": 11, "float16": 10, "bfloat16": 16}
"""ONNX's numbers of the floating types."""
