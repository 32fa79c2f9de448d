"""The NumPy backend: types in and out, shapes, parameters, and what it refuses."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from registry import REPRESENTATIVES

import nonlin
from nonlin.backends import kernel
from nonlin.backends import numpy as backend
from nonlin.backends.kernel import guarded
from nonlin.errors import DataError, ParameterError
from nonlin.expr import parse, var
from nonlin.expr.nodes import ONE

NAMES = [n for n in REPRESENTATIVES if nonlin.definitions()[n].kind == "elementwise"]


@pytest.mark.parametrize("name", NAMES)
def test_a_number_in_is_a_float_out(name: str) -> None:
    function = nonlin.get(name)
    for order in (0, 1, 2):
        expected = float(function.grad(np.array([2.0]), order)[0])
        for given in (2.0, 2):
            got = function.grad(given, order)
            assert type(got) is float
            assert got == expected
    assert type(function(np.float32(2))) is np.float32
    assert type(function(np.float64(2))) is np.float64


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("name", NAMES)
def test_shape_and_type_are_kept(name: str, dtype: Any) -> None:
    function = nonlin.get(name)
    for shape in ((0,), (3, 0, 2), (2, 3), (1,)):
        x = np.ones(shape, dtype)
        for order in (0, 1, 2):
            got = function.grad(x, order)
            assert got.shape == shape
            assert got.dtype == dtype
    x = np.linspace(-3, 3, 12).astype(dtype)
    before = x.copy()
    result = function(x)
    assert np.array_equal(x, before)
    assert not np.shares_memory(result, x)


def test_lists_integers_and_zero_dimensions() -> None:
    relu = nonlin.get("relu")
    assert relu([-1.0, 2.0]).tolist() == [0.0, 2.0]
    assert relu(np.array([-1, 2], np.int8)).dtype == np.float64
    assert relu(np.array(3.0)) == 3.0
    assert relu([[1, -1], [2, -2]]).tolist() == [[1.0, 0.0], [2.0, 0.0]]
    assert nonlin.get("sigmoid")(np.longdouble(0)) == 0.5


@pytest.mark.parametrize("x", [np.arange(6.0).reshape(2, 3).T, np.arange(12.0)[::2], np.broadcast_to(1.0, (2, 3))])
def test_any_memory_layout(x: Any) -> None:
    assert np.array_equal(nonlin.get("silu")(x), nonlin.get("silu")(np.ascontiguousarray(x)))


def test_the_callers_error_state_is_left_alone() -> None:
    with np.errstate(all="raise"):
        assert nonlin.get("mish")(np.array([-1e300, 1e300])).tolist() == [0.0, 1e300]
        assert nonlin.get("sigmoid").grad(np.array([1e300])).tolist() == [0.0]


def test_parameters_as_numbers_and_arrays() -> None:
    leaky, x = nonlin.get("leaky_relu"), np.array([[-1.0, -2.0], [3.0, -4.0]])
    assert leaky(x, slope=0.5).tolist() == [[-0.5, -1.0], [3.0, -2.0]]
    assert leaky(x, slope=Fraction(1, 4)).tolist() == [[-0.25, -0.5], [3.0, -1.0]]
    assert leaky(x, slope=np.array([0.5, 0.25])).tolist() == [[-0.5, -0.5], [3.0, -1.0]]
    assert leaky(np.array([-1.0]), slope=np.array([[0.5], [0.25]])).tolist() == [[-0.5], [-0.25]]
    assert leaky.grad(x, slope=np.array([0.5, 0.25])).tolist() == [[0.5, 0.25], [1.0, 0.25]]
    # a shape of the result that only the parameter has, where the formula forgets it
    assert leaky(np.ones(1), slope=np.ones((2, 1))).shape == (2, 1)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([True]), r"x has dtype bool; .* convert it with .astype\(float\)"),
        (np.array([1j]), "x has dtype complex128; .* apply the function to .real and .imag"),
        (np.array(["a"]), "x has dtype <?str32; .* give numbers"),
        (np.array([None]), "x has dtype object; .* give numbers"),
        (["a"], "give numbers"),
    ],
)
def test_other_types_are_refused_with_a_way_out(x: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        nonlin.get("tanh")(x)


@pytest.mark.parametrize("x", [None, "x", True, {1: 2}, object(), 1j])
def test_what_is_no_array_is_named(x: Any) -> None:
    with pytest.raises(DataError, match=f"x is a .*{type(x).__name__}; given can be a torch.Tensor, a NumPy array, or a"):
        nonlin.get("tanh")(x)


def test_ragged_lists_are_a_sentence() -> None:
    with pytest.raises(DataError, match=r"x cannot be read as an array"):
        nonlin.get("tanh")([[1.0], [1.0, 2.0]])


def test_parameters_out_of_range_or_unknown() -> None:
    with pytest.raises(ParameterError, match=r"softplus: beta=-1 is out of range; allowed is at least 1e-06"):
        nonlin.get("softplus")(1.0, beta=-1)
    with pytest.raises(ParameterError, match=r"tanh has no parameter 'beta'. it has no parameters"):
        nonlin.get("tanh")(1.0, beta=2)
    with pytest.raises(DataError, match=r"slope has dtype bool"):
        nonlin.get("leaky_relu")(np.ones(2), slope=np.array([True]))


def test_a_guard_holds_where_the_arithmetic_fails_and_not_elsewhere() -> None:
    x = var("x")
    guarded = kernel.guarded(parse("x*sigmoid(x)"), "float32")
    assert guarded is not parse("x*sigmoid(x)")
    assert kernel.guarded(parse("tanh(x)"), "float32") is parse("tanh(x)")
    assert kernel.guarded(ONE, "float32") is ONE
    assert kernel.guarded(x, "float64") is x
    for dtype in ("float32", "float64"):
        with np.errstate(all="ignore"):
            values = backend.compiled((parse("x*sigmoid(x)"),), ("x",), dtype)(np.array([-np.inf, -1e30, 5.0], dtype))
        assert values[:2].tolist() == [0.0, 0.0]


def test_emitted_source_shares_common_parts() -> None:
    root = parse("tanh(exp(x))*exp(x) + exp(x)")
    text = kernel.emit("numpy", [root], ["x"])
    assert text.count("np.exp(") == 1
    assert text.startswith("def f(v_x):")


PARTIAL = ["sqrt(x)", "x**1.5", "log(x)", "log1p(x)", "x**x", "sin(exp(x))", "pow(2, exp(x))", "1/x"]


@pytest.mark.parametrize("formula", PARTIAL)
def test_formulas_outside_their_domain_give_nan_and_do_not_hang(formula: str) -> None:
    function = nonlin.get(formula)
    got = function(np.array([-1.5, 2.0, np.nan]))
    assert np.isfinite(got[1])
    assert np.isnan(got[2])
    assert np.isfinite(function.grad(2.0))


def test_kernels_are_analysed_alike_where_pytorch_flushes_subnormal_numbers() -> None:
    torch = pytest.importorskip("torch")
    root = nonlin.get("x*tanh(exp(x)) + normal_cdf(3*x)").definition.closed()
    wanted = guarded(root, "float64")
    guarded.cache_clear()
    torch.set_flush_denormal(True)
    try:
        assert guarded(root, "float64") is wanted
        assert float(torch.tensor(2.0**-100) * 2.0**-40) == 0  # and the setting is as it was
    finally:
        torch.set_flush_denormal(False)
