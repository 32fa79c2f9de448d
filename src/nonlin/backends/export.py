"""Our functions inside PyTorch networks that are exported to ONNX: PyTorch's exporters get the nodes of ``backends.nodes``.

Left to themselves they would write erfc as 1 - erf, log1p(u) as log(1 + u) and expm1(u) as exp(u) - 1, which lose the tails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from nonlin.backends.nodes import NUMBERS, Graph, Node, Value
from nonlin.backends.onnx import run
from nonlin.errors import EXTRAS, ModelError
from nonlin.expr import Expr

if TYPE_CHECKING:
    import onnx

OPSET = 18
"""What PyTorch's newer exporter writes at least."""
_TYPES = {"float32": torch.float32, "float64": torch.float64}
_CONDITIONS = ("Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal")


def _recorded(root: Expr, names: Sequence[str], dtype: str, order: int) -> tuple[Graph, Any]:
    """Return the nodes of an elementwise formula whose inputs are called ``names``, and its result."""
    graph = Graph(dtype, OPSET, taken=frozenset(names))
    (result,) = run(graph, [root], {n: Value(graph, n) for n in names}, order)
    return graph, result


def _replayed(
    graph: Graph, result: Any, given: Mapping[str, Any], constant: Callable[[Any], Any], call: Callable[..., Any]
) -> Any:
    """Do what ``graph`` recorded with another library's values: ``call(node, inputs)`` for each node that counts."""
    if not isinstance(result, Value):
        return constant(result)
    known = dict(given)
    for node in needed(graph, result.name):
        for name in node.inputs:
            if name not in known:
                known[name] = constant(graph.constants[name])
        known[node.output] = call(node, [known[n] for n in node.inputs])
    return known[result.name]


def needed(graph: Graph, name: str) -> list[Node]:
    """Return the nodes that the value ``name`` depends on, in order."""
    wanted, kept = {name}, []
    for node in reversed(graph.nodes):
        if node.output in wanted:
            kept.append(node)
            wanted.update(node.inputs)
    return kept[::-1]


def exported(root: Expr, names: Sequence[str], tensors: Sequence[Tensor], order: int = 0) -> Tensor:
    """Return ``root`` (elementwise) at ``tensors`` as ONNX operators in the graph that ``torch.onnx.export`` captures."""
    kind = "float64" if tensors[0].dtype == torch.float64 else "float32"
    dtype = _TYPES[kind]
    graph, result = _recorded(root, names, kind, order)

    def constant(value: Any) -> Tensor:
        return torch.tensor(value, dtype=dtype)

    def call(node: Node, inputs: Sequence[Tensor]) -> Tensor:
        made: Tensor = torch.onnx.ops.symbolic(
            node.op,
            tuple(inputs),
            dict(node.attributes),
            dtype=torch.bool if node.op in _CONDITIONS else dtype,
            shape=torch.broadcast_shapes(*(t.shape for t in inputs)),
            version=OPSET,
        )
        return made

    found: Tensor = _replayed(graph, result, {n: t.to(dtype) for n, t in zip(names, tensors, strict=True)}, constant, call)
    return found.expand(torch.broadcast_shapes(*(t.shape for t in tensors))).to(tensors[0].dtype)


def symbolic(g: Any, root: Expr, names: Sequence[str], tensors: Sequence[Any], order: int = 0) -> Any:
    """The same for PyTorch's older exporter (``dynamo=False``), whose graph is ``g``."""
    given = tensors[0].type().scalarType()
    kind = "float64" if given == "Double" else "float32"
    graph, result = _recorded(root, names, kind, order)

    def cast(value: Any, to: str) -> Any:
        return g.op("Cast", value, to_i=NUMBERS[to])

    def constant(value: Any) -> Any:
        return g.op("Constant", value_t=torch.tensor(value, dtype=_TYPES[kind]))

    def call(node: Node, inputs: Sequence[Any]) -> Any:
        return g.op(node.op, *inputs, **{f"{n}_f": v for n, v in node.attributes})

    wide = {n: t if given in ("Double", "Float") else cast(t, kind) for n, t in zip(names, tensors, strict=True)}
    found = _replayed(graph, result, wide, constant, call)
    if not isinstance(result, Value):
        found = g.op("Expand", found, g.op("Shape", wide[names[0]]))
    return found if given in ("Double", "Float") else cast(found, {"Half": "float16", "BFloat16": "bfloat16"}[given])


def export(network: torch.nn.Module, path: str | PathLike[str], example: Any, **options: Any) -> onnx.ModelProto:
    """Write a network as an ONNX model; see ``nonlin.onnx.export``."""
    replace(EXTRAS["onnx"], package="onnxscript").require()
    import onnx

    if not isinstance(network, torch.nn.Module):
        raise ModelError(
            f"model must be a torch.nn.Module, not {type(network).__name__}; make one with nonlin.get(...).module()"
        )
    given = example if isinstance(example, tuple) else (example,)
    training = {m: m.training for m in network.modules()}
    network.eval()
    try:
        torch.onnx.export(network, given, str(path), **{"dynamo": True, "verbose": False, "external_data": False, **options})
    except torch.onnx.errors.OnnxExporterError as err:
        raise ModelError(f"PyTorch could not export the {type(network).__name__}: {_first(err)}") from err
    finally:
        for module, mode in training.items():
            module.training = mode
    made = onnx.load(str(path))
    onnx.checker.check_model(made)
    return made


def _first(err: Exception) -> str:
    cause = err.__cause__ or err
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
