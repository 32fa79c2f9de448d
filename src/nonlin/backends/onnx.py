"""ONNX models of functions: nodes built from the formula, for any runtime; and the export of networks that hold them.

Half types are computed in float32 and rounded once, so a runtime needs float32 (or float64) arithmetic and casts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import takewhile
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from nonlin.backends.emission import build, emit
from nonlin.backends.kernel import differentiated, guarded
from nonlin.backends.layout import check_axis, check_gate
from nonlin.backends.listing import base_name, check_order
from nonlin.backends.nodes import NUMBERS, Graph, Node, Value, scope
from nonlin.catalogue import Definition, parts, resolve
from nonlin.errors import EXTRAS, DataError, ParameterError, near
from nonlin.expr import Expr, const, stabilise, substitute

if TYPE_CHECKING:
    import onnx

__all__ = ["code", "export", "model"]

OLDEST = 13
"""The oldest opset written: the first whose operators know double precision, bfloat16, and an axis for softmax."""
SEPARATE = "input"
"""Word for ``gate`` that makes it an input of the model rather than a part of ``x``."""


def model(
    function: str | Definition | Any,
    *,
    dtype: Any = "float32",
    opset: int | None = None,
    order: int = 0,
    axis: int = -1,
    pieces: int = 2,
    gate: str = "second",
    shape: Sequence[int | str | None] | None = ("batch", "features"),
    **params: Any,
) -> onnx.ModelProto:
    """Return an ONNX model with the input ``x`` and the output ``y``, the function at ``x``.

    Args:
        function: a name, a formula in ``x``, a definition or ``nonlin.get(...)``.
        dtype: type of ``x`` and ``y``: float32, float64, float16 or bfloat16.
        opset: version of ONNX's operators to write; by default the oldest that has all that are used, 13 or later.
        order: of the derivative by ``x`` (elementwise functions); 0 for the value.
        axis: the axis a function of rows, groups or halves works along.
        pieces: for a grouped function (maxout), the size of the groups of neighbours along ``axis``.
        gate: for a gated unit, where the gate stands in ``x``: ``second`` or ``first`` half, ``even`` or ``odd`` entries; or
            ``input`` for a second input of the model.
        shape: the shape of ``x``, with names for lengths that vary; None for any number of dimensions, which onnxruntime
            takes although ONNX's checker calls it incomplete.
        **params: parameter values: numbers, or arrays that broadcast against ``x``, which become initializers.

    Raises:
        ParameterError: an unknown parameter, dtype or opset, or a value out of range.
        MissingExtraError: the package ``onnx`` is not installed.

    >>> import nonlin
    >>> [node.op_type for node in nonlin.onnx.model("x*sigmoid(x)").graph.node]  # doctest: +SKIP
    ['Abs', 'Neg', 'Exp', 'Less', 'Where', 'Add', 'Div', 'Mul']
    """
    EXTRAS["onnx"].require()
    from onnx import defs

    made = resolve(getattr(function, "definition", function))
    kind = _dtype(dtype)
    order = check_order(order)
    if order and made.kind != "elementwise":
        raise ParameterError(f"{made.name} is {made.kind}; its derivative is not offered in ONNX, only order=0")
    if shape is not None and made.kind != "elementwise":
        check_axis(made, len(shape), axis)
    newest = defs.onnx_opset_version()
    if opset is not None and (isinstance(opset, bool) or not isinstance(opset, int) or opset > newest):
        raise ParameterError(f"opset must be a whole number up to {newest}, the newest that the installed onnx knows, "
                             f"not {opset!r}")  # fmt: skip
    graph = _graph(made, kind, opset or OLDEST, order, axis, pieces, gate, params)
    least = least_opset(graph, kind)
    if opset is not None and opset < least:
        raise ParameterError(
            f"opset={opset} is too old for {made.name} in {kind}: it needs {least}; leave opset out to get that"
        )
    inputs = dict.fromkeys(made.inputs if gate == SEPARATE else ("x",), shape)
    result = None if shape is None else list(shape)
    if result and (params or not made.keeps_length):
        result[axis] = None
    return _proto(graph, made, kind, opset or least, inputs, result)


def _dtype(given: Any) -> str:
    """Return the name of a floating type given as text, or as NumPy's or PyTorch's object."""
    name = (given if isinstance(given, str) else getattr(given, "__name__", str(given))).split(".")[-1]
    if name not in NUMBERS:
        raise ParameterError(f"dtype must be one of {', '.join(NUMBERS)}, not {name!r}.{near(name, NUMBERS)}")
    return name


def _graph(
    made: Definition,
    kind: str,
    opset: int,
    order: int,
    axis: int,
    pieces: int,
    gate: str,
    params: Mapping[str, Any],
) -> Graph:
    """Return the graph from the input ``x`` to the output ``y``."""
    numbers = {n: v for n, v in params.items() if isinstance(v, int | float | Fraction)}
    arrays = {n: np.asarray(v) for n, v in params.items() if n not in numbers}
    bound = made.bind(**numbers)
    for n, array in arrays.items():
        if n not in made.settable or array.dtype.kind not in "iuf":
            made.check({n: 0.0 if array.dtype.kind in "iuf" else params[n]})  # raises the sentence
    exact = {n: const(p.default) for n, p in bound.settable.items() if n not in arrays}
    root = stabilise(substitute(bound.resting, exact))
    work = "float64" if kind == "float64" else "float32"
    graph = Graph(work, opset, taken=frozenset((*made.inputs, *arrays)))
    x = Value(graph, "x")
    other = Value(graph, made.inputs[-1]) if gate == SEPARATE else None
    wide = [v if kind == work else graph.add("Cast", v, to=NUMBERS[work]) for v in (x, other) if v is not None]
    given = {n: Value(graph, n if n != "y" else "y_") for n in arrays}  # y is the output
    graph.constants.update({v.name: arrays[n].astype(work) for n, v in given.items()})
    outputs = [differentiated(o, ("x",) * order) for o in parts(root)]
    if made.kind == "elementwise":
        (result,) = run(graph, outputs, {"x": wide[0], **given}, order)
    else:
        result = _laid_out(made, graph, outputs, wide, given, axis, pieces, gate)
    if kind != work and isinstance(result, Value):
        result = graph.add("Cast", result, to=NUMBERS[kind])
    graph.finish(result, x)
    return graph


def run(graph: Graph, outputs: Sequence[Expr], given: Mapping[str, Value], order: int = 0) -> list[Any]:
    """Add the nodes that compute ``outputs`` from named values; return their values, numbers where they are constant."""
    text = emit("onnx", [guarded(o, graph.dtype, order=order) for o in outputs], list(given))
    found = build(text, scope(graph))(*given.values())
    return list(found) if isinstance(found, tuple) else [found]


def _laid_out(
    made: Definition,
    graph: Graph,
    outputs: Sequence[Expr],
    inputs: Sequence[Value],
    given: Mapping[str, Value],
    axis: int,
    pieces: int,
    gate: str,
) -> Any:
    """Take the input apart along ``axis`` as the function's kind says, run the formula, and put its outputs together."""
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise DataError(f"{made.name}: axis must be a whole number, not {axis!r}")
    x = inputs[0]
    if made.kind == "grouped":
        if isinstance(pieces, bool) or not isinstance(pieces, int) or pieces < 1:
            raise DataError(f"{made.name}: pieces={pieces!r} must be a whole number of at least 1")
        graph.axis = axis if axis < 0 else axis + 1
        rows = reshaped(graph, x, axis, [-1, pieces])
        return reshaped(graph, _beside(graph, run(graph, outputs, {"x": rows, **given})), graph.axis, [-1], over=2)
    graph.axis = axis
    named = {"x": x}
    if len(made.inputs) > 1 and len(inputs) == 1:
        named = dict(zip(made.inputs, _halves(graph, x, axis, check_gate(gate)), strict=True))
    elif len(inputs) > 1:
        named[made.inputs[1]] = inputs[1]
    return _beside(graph, run(graph, outputs, {**named, **given}))


def _beside(graph: Graph, outputs: Sequence[Any]) -> Any:
    if len(outputs) == 1:
        return outputs[0]
    return graph.add("Concat", *outputs, axis=graph.axis)


def reshaped(graph: Graph, x: Value, axis: int, into: Sequence[int], over: int = 1) -> Value:
    """Return ``x`` with the dimension ``axis`` (with ``over`` = 2, also the one before it) replaced by ``into``."""
    whole = graph.add("Shape", x)
    first = axis - over + 1

    def cut(start: int, stop: int) -> Value:
        return graph.add("Slice", whole, np.array([start], np.int64), np.array([stop], np.int64))

    middle = graph.value(np.array(into, np.int64))
    sides = [cut(0, first), middle, *([] if axis == -1 else [cut(axis + 1, np.iinfo(np.int64).max)])]
    return graph.add("Reshape", x, graph.add("Concat", *sides, axis=0))


def _halves(graph: Graph, x: Value, axis: int, gate: str) -> list[Value]:
    """Return the value's and the gate's entries of ``x``; a length that is odd fails when the model runs."""
    beside = gate in ("even", "odd")  # value and gate alternate
    split = reshaped(graph, x, axis, [-1, 2] if beside else [2, -1])
    at = axis - (not beside) if axis < 0 else axis + beside
    order = (0, 1) if gate in ("second", "odd") else (1, 0)
    return [graph.add("Gather", split, np.array(i, np.int64), axis=at) for i in order]


def export(network: Any, path: str | PathLike[str], example: Any, **options: Any) -> onnx.ModelProto:
    """Write a PyTorch network, with any functions of ours in it, as an ONNX model; return the model.

    The network is exported as it is outside training, whatever its mode, which it keeps. Plain ``torch.onnx.export``
    writes the same nodes for our functions; this checks the result and puts it into one file.

    Args:
        network: a ``torch.nn.Module``.
        path: where to write the ``.onnx`` file.
        example: an input, or a tuple of the inputs, of the shapes and types the network takes.
        **options: those of ``torch.onnx.export``, such as ``dynamic_shapes`` or ``opset_version``.

    Raises:
        ModelError: ``network`` is not a network, or PyTorch cannot export it.
        MissingExtraError: the packages ``onnx`` and ``onnxscript`` are not installed.
    """
    EXTRAS["onnx"].require()
    from nonlin.backends.export import export as written

    return written(network, path, example, **options)


# -- versions ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _schemas() -> dict[str, list[Any]]:
    """Every version of every operator of ONNX's main domain, the newest first."""
    from onnx import defs

    found: dict[str, list[Any]] = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            found.setdefault(schema.name, []).append(schema)
    return {name: sorted(versions, key=lambda s: -s.since_version) for name, versions in found.items()}


def _fits(schema: Any, node: Node, kind: str) -> bool:
    """Whether a version of an operator takes a node's inputs, attributes and type."""
    typed = [t for c in schema.type_constraints for t in c.allowed_type_strs]
    wanted = {"float32": "tensor(float)", "float64": "tensor(double)"}.get(kind, f"tensor({kind})")
    return (
        schema.min_input <= len(node.inputs) <= schema.max_input
        and all(n in schema.attributes for n, _ in node.attributes)
        and (wanted in typed or node.op == "Shape")
    )


def least_opset(graph: Graph, kind: str) -> int:
    """Return the oldest opset, from 13 on, that has every operator of ``graph`` in the form used."""
    return max(
        [OLDEST, *(_least(n, kind if n.op == "Cast" else graph.dtype, max(graph.opset, OLDEST)) for n in graph.nodes)]
    )


def _least(node: Node, kind: str, opset: int) -> int:
    """The oldest opset for one node that was written for ``opset``; a newer one if there its type is not known yet."""
    older = [s for s in _schemas()[node.op] if s.since_version <= opset]
    fitting = list(takewhile(lambda s: _fits(s, node, kind), older))
    if fitting:
        return int(fitting[-1].since_version)
    return int(min(s.since_version for s in _schemas()[node.op] if _fits(s, node, kind)))


# -- models and their text -----------------------------------------------------------------------------------------


def _proto(
    graph: Graph, made: Definition, kind: str, opset: int, inputs: Mapping[str, Any], result: Sequence[Any] | None
) -> onnx.ModelProto:
    """Return the model of a graph; ``inputs`` and ``result`` are shapes."""
    from onnx import helper, numpy_helper

    def tensor(name: str, size: Sequence[Any] | None) -> Any:
        return helper.make_tensor_value_info(name, NUMBERS[kind], size)

    nodes = [helper.make_node(n.op, n.inputs, n.outputs, **dict(n.attributes)) for n in graph.nodes]
    drawn = helper.make_graph(
        nodes,
        base_name(made),
        [tensor(n, size) for n, size in inputs.items()],
        [tensor("y", result)],
        [numpy_helper.from_array(a, n) for n, a in graph.constants.items()],
        doc_string=f"{made.name}: {made.formula}",
    )
    versions = [helper.make_opsetid("", opset)]
    return helper.make_model(
        drawn, opset_imports=versions, ir_version=helper.find_min_ir_version_for(versions), producer_name="nonlin"
    )


def code(made: Definition, order: int = 1) -> str:
    """Return a Python script that builds the model of a function, and those of its derivatives up to ``order``.

    Raises:
        ParameterError: ``order`` is not a whole number of at least 0.
        MissingExtraError: the package ``onnx`` is not installed.
    """
    orders = range(check_order(order) + 1) if made.kind == "elementwise" else (0,)
    names = [base_name(made) + {0: "", 1: "_grad"}.get(k, f"_grad{k}") for k in orders]
    scripts = [_script(model(made, order=k), name) for k, name in zip(orders, names, strict=True)]
    return "\n\n".join([_SCRIPT_HEAD, *scripts])


_SCRIPT_HEAD = """\
import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
"""


def _script(proto: onnx.ModelProto, name: str) -> str:
    """Return lines that build ``proto`` and call it ``name``."""
    from onnx import helper, numpy_helper

    graph = proto.graph
    nodes = []
    for node in graph.node:
        attributes = "".join(f", {a.name}={helper.get_attribute_value(a)!r}" for a in node.attribute)
        nodes.append(f"    helper.make_node({node.op_type!r}, {list(node.input)}, {list(node.output)}{attributes}),")
    constants = []
    for given in graph.initializer:
        array = numpy_helper.to_array(given)
        values = repr(array.tolist()).replace("inf", "np.inf").replace("nan", "np.nan")
        constants.append(f"    {given.name!r}: np.array({values}, np.{array.dtype}),")
    tensor = "helper.make_tensor_value_info({!r}, TensorProto.FLOAT, {!r})"
    ends = [[tensor.format(i.name, _shape(i)) for i in side] for side in (graph.input, graph.output)]
    return "\n".join(
        [
            f"# {graph.doc_string}",
            "nodes = [",
            *nodes,
            "]",
            "constants = {",
            *constants,
            "}",
            "graph = helper.make_graph(",
            f"    nodes, {name!r},",
            *(f"    [{', '.join(end)}]," for end in ends),
            "    [numpy_helper.from_array(array, name) for name, array in constants.items()],",
            ")",
            f"{name} = helper.make_model(graph, opset_imports=[helper.make_opsetid('', {proto.opset_import[0].version})],"
            f" ir_version={proto.ir_version})",
            f"checker.check_model({name}, full_check=True)",
            "",
        ]
    )


def _shape(info: onnx.ValueInfoProto) -> list[int | str | None]:
    return [d.dim_param or (d.dim_value if d.HasField("dim_value") else None) for d in info.type.tensor_type.shape.dim]
