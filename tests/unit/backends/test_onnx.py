"""ONNX models: every kind, type and version, axes and gates, parameters, the printed script, and what is refused."""

from __future__ import annotations

import collections
import importlib.util
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from battery.languages import session
from onnx import checker, defs, numpy_helper
from registry import REPRESENTATIVES

import nonlin
from nonlin.backends import onnx as backend
from nonlin.backends.nodes import Graph, Value
from nonlin.backends.onnx import code, model
from nonlin.catalogue import definitions, param
from nonlin.catalogue.definition import make
from nonlin.errors import DataError, MissingExtraError, ParameterError, UnknownNameError

ALONG = [n for n, d in definitions().items() if d.kind != "elementwise"]
NEWEST = 23
"""The newest opset that the oldest onnxruntime worth supporting knows."""
X = np.random.default_rng(0).normal(0, 2, (3, 6, 4)).astype(np.float32)


def operators(proto: onnx.ModelProto) -> list[str]:
    return [n.op_type for n in proto.graph.node]


@pytest.mark.parametrize("opset", [None, 13, 17, 18, NEWEST])
def test_every_sort_of_function_is_a_valid_model(opset: int | None) -> None:
    for name in REPRESENTATIVES:
        proto = model(name, opset=opset)
        checker.check_model(proto, full_check=True)
        assert proto.opset_import[0].version == (opset or 13)
        assert proto.ir_version == onnx.helper.find_min_ir_version_for(proto.opset_import)


@pytest.mark.parametrize("name", ALONG)
def test_axes_and_types(name: str) -> None:
    function = nonlin.get(name)
    for dtype, close in (("float32", 1e-4), ("float64", 1e-11)):
        for axis, opset in ((1, 13), (-2, 18)):
            run = session(model(name, dtype=dtype, axis=axis, opset=opset, shape=("a", "b", "c")))
            got = run({"x": X.astype(dtype)})
            assert got.dtype == dtype
            assert np.allclose(got, function(X.astype(dtype), axis=axis), rtol=close, atol=close)
    last = session(model(name))({"x": X[0]})
    assert np.allclose(last, function(X[0]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_half_types_are_computed_in_single_precision_and_rounded_once(dtype: Any) -> None:
    x = np.random.default_rng(3).normal(0, 3, 1000).astype(dtype)
    for name in ("gelu", "mish", "relu"):
        proto = model(name, dtype=dtype, shape=("n",))
        if dtype is np.float16:
            got = session(proto)({"x": x})
        else:  # NumPy has no bfloat16 of its own to hand to onnxruntime: the reference evaluator takes it
            from onnx.reference import ReferenceEvaluator

            got = ReferenceEvaluator(proto).run(None, {"x": x})[0]
        true = nonlin.get(name)(x.astype(np.float64)).astype(dtype)
        assert got.dtype == np.dtype(dtype)
        assert np.array_equal(got.astype(np.float64), true.astype(np.float64))
        casts = [n for n in proto.graph.node if n.op_type == "Cast"]
        assert [c.attribute[0].i for c in casts] == [onnx.TensorProto.FLOAT, proto.graph.input[0].type.tensor_type.elem_type]


@pytest.mark.parametrize("name", [n for n, d in definitions().items() if d.kind == "gated"][:4])
def test_gates_stand_where_they_are_said_to(name: str) -> None:
    value, gate, function = X[:, :, :2], X[:, :, 2:], nonlin.get(name)
    wanted = function(value, gate=gate)
    for where in ("second", "first", "even", "odd"):
        run = session(model(name, gate=where, axis=-1, shape=("a", "b", "c")))
        assert np.allclose(run({"x": X}), function(X, gate=where), rtol=1e-5, atol=1e-6)
        run = session(model(name, gate=where, axis=1, shape=("a", "b", "c")))
        assert np.allclose(run({"x": X}), function(X, gate=where, axis=1), rtol=1e-5, atol=1e-6)
    both = model(name, gate="input", shape=("a", "b", "c"))
    assert [i.name for i in both.graph.input] == ["x", "gate"]
    assert np.allclose(session(both)({"x": value, "gate": gate}), wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(Exception, match=r"Reshape"):  # an axis of odd length
        session(model(name, shape=(None, None)))({"x": X[0, :, :3]})


def test_groups_that_do_not_divide_fail_when_the_model_runs() -> None:
    assert session(model("maxout", pieces=3))({"x": X[:, :, 0]}).shape == (3, 2)
    with pytest.raises(Exception, match=r"Reshape"):
        session(model("maxout", pieces=4, shape=(None, None)))({"x": X[:, :, 0]})


def test_parameters_are_folded_or_become_initializers() -> None:
    assert operators(model("prelu")) == ["LeakyRelu"]
    slopes = np.array([[0.5], [-1.0], [0.0]])
    proto = model("prelu", slope=slopes, shape=("a", 4))
    assert {t.name for t in proto.graph.initializer} >= {"slope"}
    assert np.allclose(session(proto)({"x": X[:, 0]}), np.where(X[:, 0] > 0, X[:, 0], slopes * X[:, 0]), rtol=1e-6)
    assert np.allclose(session(model("celu(alpha=2)"))({"x": X[0]}), nonlin.get("celu", alpha=2)(X[0]), rtol=1e-5, atol=1e-7)
    assert np.allclose(session(model("celu", alpha=2))({"x": X[0]}), nonlin.get("celu", alpha=2)(X[0]), rtol=1e-5, atol=1e-7)
    assert np.allclose(session(model(nonlin.get("x*tanh(x)")))({"x": X[0]}), X[0] * np.tanh(X[0]), rtol=1e-5)


def test_parameters_called_like_nodes_and_constants() -> None:
    made = make("odd", "t1*x**2 + c1*x**3 + y*c2", params={n: param(1.0) for n in ("t1", "c1", "c2", "y")})
    given = {"t1": np.array(2.0), "c1": np.array(-3.0), "c2": np.array(5.0), "y": np.array(7.0)}
    proto = model(made, **given)
    checker.check_model(proto, full_check=True)
    assert np.allclose(session(proto)({"x": X[0]}), 2 * X[0] ** 2 - 3 * X[0] ** 3 + 35, rtol=1e-5, atol=1e-5)


def test_derivatives() -> None:
    for order in (1, 2, 3):
        got = session(model("tanh", dtype="float64", order=order))({"x": X[0].astype(np.float64)})
        assert np.allclose(got, nonlin.tanh.grad(X[0].astype(np.float64), order), rtol=1e-12, atol=1e-13)
    flat = session(model("identity", order=1))({"x": X[0]})
    assert flat.shape == X[0].shape
    assert (flat == 1).all()
    assert np.array_equal(session(model("identity"))({"x": X[0]}), X[0])


def test_operators_that_runtimes_fuse_with_the_layer_before() -> None:
    assert operators(model("relu")) == ["Relu"]
    assert operators(model("leaky_relu")) == ["LeakyRelu"]
    (node,) = model("leaky_relu(slope=0.125)").graph.node
    assert node.attribute[0].f == 0.125
    assert operators(model("where(x > 0, x, x/8)")) == ["LeakyRelu"]
    assert "LeakyRelu" not in operators(model("leaky_relu", dtype="float64"))  # it holds its slope in single precision
    assert "LeakyRelu" not in operators(model("where(x > 1, x, x/8)"))
    assert "LeakyRelu" not in operators(model("where(x > 0, x, x/8 + 1)"))
    assert operators(model("relu6")) == operators(model("hard_tanh")) == operators(model("max(min(x, 1), -1)")) == ["Clip"]
    assert operators(model("max(min(x, -1), 1)")) == ["Min", "Max"]  # the bounds cross
    assert operators(model("softmax")) == ["Softmax"]


@pytest.mark.parametrize(
    ("formula", "constant"),
    [("x + c", 1e-60), ("c + x", -1e-60), ("x - c", 1e-60), ("c - x", 1e-60), ("c*x", 1 + 2.0**-40), ("x/c", 1 + 2.0**-40),
     ("x + c", 1 + 2.0**-40), ("c*x", 1e-60), ("c/x", 1 + 2.0**-40)],
)  # fmt: skip
def test_numbers_that_single_precision_takes_for_zero_or_one_count_in_double(formula: str, constant: float) -> None:
    made = make("near", formula, params={"c": param(constant)})
    x = np.array([[1e-61, -1e-60, 3.0, -7.5, np.inf, -np.inf, 1.5e308]])
    assert np.allclose(session(model(made, dtype="float64"))({"x": x}), nonlin.get(made)(x), rtol=4e-16, atol=0)


def test_operators_that_lose_the_tails_are_not_used() -> None:
    for name in ("sigmoid", "softplus", "elu", "selu", "gelu", "mish", "silu", "log_sigmoid", "hard_swish"):
        assert not {"Sigmoid", "Softplus", "Elu", "Selu", "Gelu", "Mish", "HardSwish", "Celu"} & set(operators(model(name)))
    x = np.array([[-80.0, -30.0, -12.0, -5.6, -1e-6]], np.float32)
    for name in ("sigmoid", "softplus", "elu", "gelu", "silu"):
        assert np.allclose(session(model(name))({"x": x}), nonlin.get(name)(x.astype(np.float64)), rtol=2e-5, atol=1e-37)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_node_is_written_twice_and_none_is_idle(dtype: str) -> None:
    for name in REPRESENTATIVES:
        graph = model(name, dtype=dtype).graph
        said = [(n.op_type, *n.input, str(n.attribute)) for n in graph.node]
        assert not [s for s, count in collections.Counter(said).items() if count > 1]
        used = {i for n in graph.node for i in n.input} | {"y"}
        assert all(set(n.output) & used for n in graph.node)
        assert {t.name for t in graph.initializer} <= used
        values = [(t.data_type, *t.dims, numpy_helper.to_array(t).tobytes()) for t in graph.initializer]
        assert not [v for v, count in collections.Counter(values).items() if count > 1]


def test_the_opset_is_the_oldest_that_will_do() -> None:
    graph = Graph("float32", 13)
    x = Value(graph, "x")
    assert backend.least_opset(graph, "float32") == 13
    graph.add("Gelu", x)
    assert backend.least_opset(graph, "float32") == 20
    newer = Graph("float32", 20)
    newer.add("ReduceMax", Value(newer, "x"), np.array([-1], np.int64), keepdims=1)
    assert backend.least_opset(newer, "float32") == 18  # where its axes became an input
    older = Graph("float32", 13)
    older.add("ReduceMax", Value(older, "x"), axes=(-1,), keepdims=1)
    assert backend.least_opset(older, "float32") == 13
    newest = defs.onnx_opset_version()
    checker.check_model(model("log_softmax", opset=newest), full_check=True)
    with pytest.raises(ParameterError, match=f"opset must be a whole number up to {newest}, .* not {newest + 1}"):
        model("relu", opset=newest + 1)
    with pytest.raises(ParameterError, match="opset=9 is too old for relu in float32: it needs 13"):
        model("relu", opset=9)
    with pytest.raises(ParameterError, match=r"opset must be a whole number up to .* not True"):
        model("relu", opset=True)


def test_shapes() -> None:
    proto = model("relu", shape=("batch", 3, None))
    dims = proto.graph.input[0].type.tensor_type.shape.dim
    assert (dims[0].dim_param, dims[1].dim_value, dims[2].WhichOneof("value")) == ("batch", 3, None)
    anything = session(model("mish", shape=None))
    for shape in ((), (2,), (2, 3, 4, 5)):
        assert anything({"x": np.ones(shape, np.float32)}).shape == shape
    with pytest.raises(DataError, match="axis=2 is out of range for x with 2 dimensions"):
        model("softmax", axis=2)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"dtype": "int32"}, ParameterError, "dtype must be one of float32, float64, float16, bfloat16, not 'int32'"),
        ({"dtype": "flaot32"}, ParameterError, "Did you mean 'float32'"),
        ({"dtype": bool}, ParameterError, "not 'bool'"),
        ({"order": -1}, ParameterError, "order must be a whole number of at least 0, not -1"),
        ({"slop": 1.0}, ParameterError, "leaky_relu has no parameter 'slop'. Did you mean 'slope'"),
        ({"slop": np.ones(2)}, ParameterError, "leaky_relu has no parameter 'slop'"),
        ({"slope": "steep"}, ParameterError, "slope must be a number"),
    ],
)
def test_what_is_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        model("leaky_relu", **options)


def test_more_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'mish'"):
        model("mihs")
    with pytest.raises(ParameterError, match="softmax is rowwise; its derivative is not offered in ONNX"):
        model("softmax", order=1)
    with pytest.raises(ParameterError, match=r"gate must be .* second, first, even, odd"):
        model("glu", gate="left")
    with pytest.raises(DataError, match="pieces=0 must be a whole number of at least 1"):
        model("maxout", pieces=0)
    with pytest.raises(DataError, match=r"axis must be a whole number, not 1\.5"):
        model("softmax", axis=1.5, shape=None)  # type: ignore[arg-type]
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "onnx" else found(name, *rest))
    with pytest.raises(MissingExtraError, match=r"pip install 'nonlin\[onnx\]'"):
        model("relu")


@pytest.mark.parametrize("name", ["gelu", "swiglu", "hard_tanh", "log_softmax", "maxout"])
def test_the_printed_script_builds_the_same_model(name: str) -> None:
    space: dict[str, Any] = {}
    exec(compile(code(definitions()[name], 2), "<printed>", "exec"), space)
    assert np.array_equal(session(space[name])({"x": X[0]}), session(model(name))({"x": X[0]}))
    derived = [n for n in space if n.startswith(f"{name}_grad")]
    assert len(derived) == (2 if definitions()[name].kind == "elementwise" else 0)
    for order, each in enumerate(derived, 1):
        assert np.array_equal(session(space[each])({"x": X[0]}), session(model(name, order=order))({"x": X[0]}))
