"""One ONNX operator as a function of NumPy arrays: a model of a single node, run by onnxruntime or the reference."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nonlin.peers.rows import Row

INPUTS = {"Clip": ("min", "max"), "PRelu": ("slope",)}
"""Arguments that are inputs of the operator rather than attributes."""
NEWEST_RUN = 21
"""The opset used where the row allows it: later ones are not run by every onnxruntime that is about."""


def node(name: str, arguments: Mapping[str, Any], row: Row, dtype: str) -> Callable[[Any], Any]:
    """Return an operator with these attributes as a function of one array (n) or (k, n) of ``dtype``."""
    import onnx
    from onnx import TensorProto, helper

    inputs = {n: np.asarray(v, dtype) for n, v in arguments.items() if n in INPUTS.get(name, ()) and v is not None}
    attributes = {n: v for n, v in arguments.items() if n not in INPUTS.get(name, ()) and v is not None}
    since = int(row.since or 1)
    opset = int(row.until) - 1 if row.until else max(since, NEWEST_RUN)
    kind = {"float64": TensorProto.DOUBLE, "float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16}[dtype]
    halves = ["value"] if row.separate else []  # the second of two inputs
    places = ["x", *halves, *(n if n in inputs else "" for n in INPUTS.get(name, ()))]
    made = helper.make_node(name, places, ["y"], **attributes)
    graph = helper.make_graph([made], "one", [helper.make_tensor_value_info(n, kind, None) for n in ("x", *halves)],
                              [helper.make_tensor_value_info("y", kind, None)],
                              [onnx.numpy_helper.from_array(v, n) for n, v in inputs.items()])  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset < 20 else 10)
    session = _runtime(model) if importlib.util.find_spec("onnxruntime") else None
    run = session or _reference(model)
    if not halves:
        return lambda x: run({"x": x})
    return lambda x: run({"x": x[..., : x.shape[-1] // 2], "value": x[..., x.shape[-1] // 2 :]})


def _runtime(model: Any) -> Callable[[dict[str, Any]], Any] | None:
    """The operator in onnxruntime; None if it has no kernel for this type or opset."""
    import onnxruntime  # type: ignore[import-untyped,import-not-found,unused-ignore]

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception:  # onnxruntime has no common class for what it cannot run
        return None
    return lambda given: _first(session.run(None, given))


def _first(outputs: Any) -> Any:
    return outputs[0]


def _reference(model: Any) -> Callable[[dict[str, Any]], Any]:
    """The operator in the reference implementation of the standard."""
    from onnx.reference import ReferenceEvaluator

    session = ReferenceEvaluator(model)
    return lambda given: _first(session.run(None, given))
