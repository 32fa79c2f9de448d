"""JAX: derivatives of every order under every transform, types, parameters, rows, noise, names, and what is refused."""

from __future__ import annotations

import copy
import importlib.util
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import pytest
from jax import numpy as jnp
from jax.test_util import check_grads
from mpmath import mp, mpf

import nonlin
import nonlin.jax as nj
from nonlin.backends import jax as backend
from nonlin.backends import precise
from nonlin.backends.numpy import evaluate as by_numpy
from nonlin.errors import DataError, MissingExtraError, ParameterError, UnknownNameError
from nonlin.expr import parse

DEFINITIONS = nonlin.definitions()
ELEMENTWISE = sorted(n for n, d in DEFINITIONS.items() if d.kind == "elementwise")
ALONG = sorted(n for n, d in DEFINITIONS.items() if d.kind != "elementwise")
SAMPLE = sorted({*ELEMENTWISE[::25], "elu", "gelu", "mish", "relu", "selu", "softplus", "tanh"})


@pytest.fixture
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.fixture
def op_by_op() -> Iterator[None]:
    """Compiling every kernel takes XLA longer than all else here; some tests do compile."""
    with jax.disable_jit():
        yield


def sample(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(0, 2, shape)


def exact(name: str, x: Any, order: int = 0) -> Any:
    return by_numpy(DEFINITIONS[name].closed(), x, None, ("x",) * order)


# -- derivatives -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("x64", "op_by_op")
@pytest.mark.parametrize("name", SAMPLE)
def test_every_order_of_derivative_is_the_emitted_one(name: str) -> None:
    x = sample(9)
    made: Callable[..., Any] = nj.get(name)
    for order in range(4):
        assert np.allclose(jax.vmap(made)(x), exact(name, x, order), rtol=1e-12, atol=1e-13)
        made = jax.grad(made)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", ["mish", "gelu", "hard_swish"])
def test_the_transforms(name: str) -> None:
    function, x = nj.get(name), jnp.asarray(sample(6))
    slopes, curves = exact(name, np.asarray(x), 1), exact(name, np.asarray(x), 2)
    value, pushed = jax.jvp(function, (x,), (2 * jnp.ones(6),))
    assert np.array_equal(value, function(x))
    close = {"rtol": 1e-13, "atol": 1e-15}
    assert np.allclose(pushed, 2 * slopes, **close)
    assert np.allclose(jax.jacrev(function)(x), np.diag(slopes), **close)
    assert np.allclose(jax.jacfwd(function)(x), np.diag(slopes), **close)
    assert np.allclose(jax.hessian(lambda v: function(v).sum())(x), np.diag(curves), **close)
    assert np.allclose(jax.linearize(function, x)[1](jnp.ones(6)), slopes, **close)
    assert np.allclose(jax.jit(jax.vmap(jax.grad(jax.checkpoint(function))))(x), slopes, **close)
    assert np.allclose(jax.jit(function)(x), function(x), **close)


def test_tails_keep_their_digits_and_nothing_is_nan() -> None:
    for name in ("mish", "gelu", "elu", "softplus", "tanh", "log_sigmoid"):
        for x in (-80.0, -1e30, -np.inf, 80.0, 1e30, np.inf):
            slope = float(jax.grad(nj.get(name))(x))
            assert slope == pytest.approx(float(exact(name, np.float64(x), 1)), rel=1e-5, abs=1e-33)
    assert np.isnan(jax.grad(nj.mish)(np.nan))
    with jax.debug_nans(True):  # nor in a branch that is not taken
        assert float(jax.grad(nj.elu)(500.0)) == 1


@pytest.mark.usefixtures("x64")
def test_parameters_as_arrays_broadcast_and_get_gradients() -> None:
    x, slope = jnp.asarray(sample(4, 3, 5)), jnp.asarray([[0.1], [0.2], [0.3]])
    value, pull = jax.vjp(lambda a, s: nj.prelu(a, slope=s), x, slope)
    assert np.array_equal(value, np.where(x > 0, x, slope * x))
    by_x, by_slope = pull(jnp.ones_like(value))
    assert np.array_equal(by_x, np.where(x > 0, 1, np.broadcast_to(slope, x.shape)))
    assert by_slope.shape == slope.shape
    assert np.allclose(by_slope[:, 0], np.minimum(x, 0).sum((0, 2)), rtol=1e-13)
    for name, param in (("swish_beta", "beta"), ("prelu", "slope"), ("celu", "alpha")):
        function = nj.get(name)
        check_grads(lambda a, p, f=function, n=param: f(a, **{n: p}), (x[0], jnp.full((3, 1), 0.7)), 2, rtol=1e-5)
    slopes = jnp.asarray([0.1, 0.5])
    each = jax.vmap(lambda s: nj.leaky_relu(x, slope=s))(slopes)
    assert np.array_equal(each, np.where(x > 0, x, slopes[:, None, None, None] * x))


def test_a_parameter_keeps_its_own_precision() -> None:
    x, slope = jnp.asarray([-1.0, -2.0], jnp.bfloat16), jnp.float32(0.3)
    value, by_slope = jax.value_and_grad(lambda s: nj.prelu(x, slope=s).sum())(slope)
    assert (value.dtype, by_slope.dtype) == (jnp.bfloat16, jnp.float32)
    assert float(by_slope) == -3


def test_a_division_by_a_quotient_does_not_overflow_under_jit() -> None:
    root = parse("x*x/(1 + x*x)/(1 + x*x)")
    x = jnp.full(64, 1e12, jnp.float32)
    assert np.allclose(jax.jit(lambda v: backend.evaluate(root, v))(x), 1e-24, rtol=1e-5)
    # and without our writing of it XLA does overflow, or the test tests nothing
    assert float(jax.jit(lambda v: v * v / (1 + v * v) / (1 + v * v))(x)[0]) == 0
    kept = parse("tanh(x)/(1 + exp(-abs(x)))/(1 + exp(-abs(x)))")
    assert precise.unchained(kept) is kept


# -- types and shapes --------------------------------------------------------------------------------------------------


def test_numbers_arrays_lists_and_integers() -> None:
    assert nj.relu(-3.0).dtype == nj.relu(2).dtype == jnp.float32
    assert nj.relu(np.float64(2)).dtype == nj.relu([1.0, -1.0]).dtype == jnp.float32
    assert nj.relu(jnp.asarray([-1, 2])).tolist() == [0, 2]
    assert nj.relu(jnp.asarray([-1, 2])).dtype == jnp.float32
    # a number adapts to what it meets, as everywhere in JAX
    assert (nj.mish(2.0) * jnp.ones(2, jnp.bfloat16)).dtype == jnp.bfloat16
    with jax.enable_x64(True):
        assert nj.mish(2).dtype == nj.mish(np.float64(2)).dtype == jnp.float64
        assert nj.mish(np.float32(2)).dtype == jnp.float32
        assert float(nj.mish(2.0)) == pytest.approx(float(exact("mish", np.float64(2))), rel=1e-15)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3)])
def test_shapes_are_kept(shape: tuple[int, ...]) -> None:
    for name in ("mish", "identity", "relu", "hard_tanh"):
        for order in (0, 1, 2):
            got = backend.evaluate(DEFINITIONS[name].closed(), jnp.ones(shape), None, ("x",) * order)
            assert got.shape == shape
    assert nj.leaky_relu(jnp.ones(1), slope=jnp.ones((2, 1))).shape == (2, 1)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
@pytest.mark.parametrize("name", ["mish", "relu", "sigmoid"])
def test_half_types_are_rounded_once(name: str, dtype: Any) -> None:
    x = jnp.asarray(sample(500), dtype)
    for order in (0, 1):
        got = backend.evaluate(DEFINITIONS[name].closed(), x, None, ("x",) * order)
        wide = backend.evaluate(DEFINITIONS[name].closed(), x.astype(jnp.float32), None, ("x",) * order)
        assert got.dtype == dtype
        assert np.array_equal(got, wide.astype(dtype))
    assert jax.grad(lambda v: nj.get(name)(v).sum())(x).dtype == dtype


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (jnp.asarray([True]), r"x has dtype bool; .* takes real numbers: convert it with .astype\(float\)"),
        (True, "x has dtype bool"),
        (jnp.asarray([1j]), "x has dtype complex64; .* apply the function to .real and .imag"),
        (jax.random.key(0), "x has dtype key<fry>; .* give numbers"),
        (np.asarray(["a"]), "x cannot be read as an array of numbers"),
        ([[1.0], [1.0, 2.0]], "x cannot be read as an array of numbers"),
        ("x", "x must be a JAX array, a NumPy array or a number, not builtins.str"),
        (None, "x must be a JAX array, .* not builtins.NoneType"),
    ],
    ids=str,
)
def test_other_types_are_refused_with_a_way_out(x: Any, message: str) -> None:
    for name in ("tanh", "softmax"):
        with pytest.raises(DataError, match=message):
            nj.get(name)(x)


def test_wrong_parameters_are_refused() -> None:
    x = jnp.ones(4)
    with pytest.raises(ParameterError, match=r"leaky_relu has no parameter 'slop'. Did you mean 'slope'\?"):
        nj.leaky_relu(x, slop=0.5)
    with pytest.raises(ParameterError, match=r"leaky_relu has no parameter 'slop'. Did you mean 'slope'\?"):
        nj.leaky_relu(x, slop=x)
    with pytest.raises(ParameterError, match=r"softplus: beta=-1 is out of range; allowed is at least"):
        nj.softplus(x, beta=-1)
    with pytest.raises(DataError, match="slope has dtype bool"):
        nj.leaky_relu(x, slope=jnp.asarray([True]))
    with pytest.raises(ParameterError, match="mish draws no random numbers"):
        nj.mish(x, key=jax.random.key(0))
    with pytest.raises(DataError, match="softmax: axis=1 is out of range for x with 1 dimensions"):
        nj.softmax(x, axis=1)
    with pytest.raises(ParameterError, match="alpha has no gradient here, so it can be neither learned nor an array"):
        backend.evaluate(parse("row_threshold(x, alpha)", ["x", "alpha"]), x, {"alpha": jnp.float32(2.0)})


# -- functions along an axis -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("x64", "op_by_op")
@pytest.mark.parametrize("name", ALONG)
def test_functions_along_an_axis_agree_with_numpy(name: str) -> None:
    x = sample(3, 8, seed=2)
    expected = nonlin.get(name)(x)
    assert np.allclose(nj.get(name)(x), expected, rtol=1e-12, atol=1e-14)
    assert np.allclose(nj.get(name)(x.T, axis=0), np.asarray(expected).T, rtol=1e-12, atol=1e-14)


@pytest.mark.usefixtures("x64", "op_by_op")
@pytest.mark.parametrize("name", sorted(n for n in ALONG if DEFINITIONS[n].kind == "rowwise"))
def test_jacobians_of_rows(name: str) -> None:
    function, x = nj.get(name), sample(5, seed=3)
    jacobian = nonlin.get(name).grad(x)
    assert np.allclose(jax.jacrev(function)(x), jacobian, rtol=1e-10, atol=1e-12)
    assert np.allclose(jax.jacfwd(function)(x), jacobian, rtol=1e-10, atol=1e-12)
    second = nonlin.get(name).grad(x, 2)
    for outer, inner in ((jax.jacfwd, jax.jacrev), (jax.jacrev, jax.jacrev), (jax.jacrev, jax.jacfwd)):
        assert np.allclose(outer(inner(function))(x), second, rtol=1e-8, atol=1e-10)


@pytest.mark.usefixtures("x64", "op_by_op")
@pytest.mark.parametrize("name", ["swiglu", "glu", "crelu", "maxout", "logsumexp"])
def test_gates_groups_and_pairs_are_differentiated(name: str) -> None:
    if name in DEFINITIONS:
        check_grads(nj.get(name), (sample(2, 8, seed=4),), 2, rtol=1e-4)


def test_the_gate_is_found_where_it_is_said_to_be() -> None:
    x, gate = sample(3, 4), sample(3, 4, seed=1)
    expected = nj.swiglu(x, gate=gate)
    assert np.array_equal(nj.swiglu(np.concatenate([x, gate], -1)), expected)
    assert np.array_equal(nj.swiglu(np.concatenate([gate, x], -1), gate="first"), expected)
    assert np.array_equal(nj.swiglu(np.stack([x, gate], -1).reshape(3, 8), gate="odd"), expected)
    with pytest.raises(DataError, match="splits an axis into two halves, but x has 3 entries"):
        nj.swiglu(np.ones(3))


def test_rows_at_their_edges() -> None:
    infinite = jnp.asarray([0.5, -jnp.inf, 1.5])
    assert nj.softmax(infinite)[1] == 0
    assert nj.log_softmax(infinite)[1] == -jnp.inf
    assert np.isfinite(jax.jacrev(nj.softmax)(infinite)).all()
    assert np.isnan(nj.softmax(jnp.full(3, -jnp.inf))).all()
    far = jnp.asarray([1000.0, 1000.5, 999.0])
    assert np.allclose(nj.log_softmax(far), exact("log_softmax", np.asarray(far, np.float64)), rtol=1e-6)
    with jax.enable_x64(True):  # a remainder far below the largest entry keeps its digits
        value = nj.log_softmax(jnp.asarray([0.0, -80.0, -90.0]))[0]
        assert float(value) == pytest.approx(-np.exp(-80.0) - np.exp(-90.0), rel=1e-12)
    ties = jnp.asarray([2.0, 1.0, 2.0, 2.0])
    assert backend.row_top(ties, 2.0).tolist() == [1, 0, 1, 0]
    assert backend.row_first_max(ties).tolist() == [1, 0, 0, 0]
    assert jax.grad(lambda v: nj.maxout(v, pieces=4).sum())(ties).tolist() == [1, 0, 0, 0]


# -- noise -------------------------------------------------------------------------------------------------------------


def test_noise_is_drawn_with_a_key_and_only_then() -> None:
    x, key = -jnp.ones(4000), jax.random.key(1)
    drawn = nj.rrelu(x, key=key)
    assert np.array_equal(drawn, nj.rrelu(x, key=key))
    assert not np.array_equal(drawn, nj.rrelu(x, key=jax.random.key(2)))
    assert float(drawn.min()) >= -1 / 3
    assert float(drawn.max()) <= -1 / 8
    assert float(drawn.mean()) == pytest.approx(-11 / 48, abs=5e-3)
    assert np.allclose(nj.rrelu(x), -11 / 48)
    slopes = jax.grad(lambda v: nj.rrelu(v, key=key).sum())(x)
    assert np.allclose(slopes, -drawn, rtol=1e-6)
    assert np.array_equal(jax.jit(nj.rrelu)(x, key=key), drawn)


@pytest.mark.usefixtures("op_by_op")
@pytest.mark.parametrize("name", sorted(n for n, d in DEFINITIONS.items() if d.random))
def test_every_function_with_noise(name: str) -> None:
    x, function = sample(6), nj.get(name)
    drawn = function(x, key=jax.random.key(0))
    assert drawn.shape == function(x).shape
    assert np.isfinite(drawn).all()


# -- names -------------------------------------------------------------------------------------------------------------


def test_names_formulas_and_parameters() -> None:
    assert nj.mish is nj.mish
    assert nj.mish == nj.get("Mish") == nj.get(nonlin.get("mish"))
    assert hash(nj.mish) == hash(nj.get("mish"))
    assert nj.mish != nj.tanh
    assert nj.get("leaky_relu", slope=0.3) == nj.get("leaky_relu(slope=0.3)") != nj.leaky_relu
    assert float(nj.get("k*x", k=3)(2.0)) == 6
    assert repr(nj.relu) == "<nonlin.jax relu: max(x, 0)>"
    assert nj.mish.__name__ == "mish"
    assert "x*tanh(log(1 + exp(x)))" in (nj.mish.__doc__ or "")
    assert {"get", "mish", "softmax"} <= set(dir(nj))
    with pytest.raises(AttributeError, match=r"module 'nonlin.jax' has no attribute 'mihs'. Did you mean 'mish'\?"):
        _ = nj.mihs
    with pytest.raises(UnknownNameError, match=r"unknown function 'mihs'. Did you mean 'mish'\?"):
        nj.get("mihs")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_copies_and_pickles(copied: Callable[[Any], Any]) -> None:
    for function in (nj.get("leaky_relu(slope=0.3)"), nj.get("x*tanh(exp(x))")):
        assert copied(function) == function
        assert float(copied(function)(-1.0)) == float(function(-1.0))


def test_a_function_of_ones_own_is_there_at_once() -> None:
    nonlin.define("jax_bend", "x*tanh(k*x)", k=2.0)
    try:
        assert float(jax.grad(nj.jax_bend)(0.5)) == pytest.approx(float(nonlin.get("jax_bend").grad(0.5)), rel=1e-6)
    finally:
        nonlin.catalogue.forget("jax_bend")


def test_without_jax_the_install_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "jax" else found(name, *a))
    for ask in (lambda: nj.get("mish"), lambda: nj.gelu):
        with pytest.raises(MissingExtraError, match=r"pip install 'nonlin\[jax\]'"):
            ask()


# -- elementary functions ----------------------------------------------------------------------------------------------

RANGES = {
    "expm1": (mp.expm1, (-20, 88), (-40, 709)),
    "log1p": (mp.log1p, (-0.9999, 10), (-0.9999, 10)),
    "tanh": (mp.tanh, (-10, 10), (-20, 20)),
    "sigmoid": (lambda u: 1 / (1 + mp.exp(-u)), (-80, 20), (-700, 40)),
    "erfc": (mp.erfc, (-5, 9), (-7, 26)),
    "erf": (mp.erf, (-5, 5), (-7, 7)),
}


@pytest.mark.parametrize("jitted", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", RANGES)
@pytest.mark.usefixtures("x64")
def test_elementary_functions_are_within_four_ulps(name: str, dtype: str, jitted: bool) -> None:
    truth, *ranges = RANGES[name]
    low, high = ranges[dtype == "float64"]
    source = np.random.default_rng(7)
    points = [source.uniform(low, high, 150), source.normal(0, 1, 150).clip(low, high), 2.0 ** source.uniform(-60, 0, 50)]
    x = np.concatenate([*points, -points[2] * (low < -1), [0.0, -0.0]]).astype(dtype)
    function = precise.functions(jnp, dtype)[name]
    got = np.asarray((jax.jit(function) if jitted else function)(jnp.asarray(x)))
    assert got.dtype == dtype
    with mp.workdps(40):
        true = [truth(mpf(float(v))) for v in x]
        ulps = [float(abs(mpf(float(g)) - t)) / float(np.spacing(abs(g))) for g, t in zip(got, true, strict=True) if t]
    assert max(ulps) < 4
    zero = np.asarray(function(jnp.asarray([0.0, -0.0], dtype)))
    if name in ("expm1", "log1p", "tanh", "erf"):
        assert np.signbit(zero).tolist() == [False, True]


def test_elementary_functions_at_infinity() -> None:
    limits = {"expm1": (-1, np.inf), "tanh": (-1, 1), "sigmoid": (0, 1), "erfc": (2, 0), "erf": (-1, 1)}
    for name, function in precise.functions(jnp, "float32").items():
        left, right, missing = function(jnp.asarray([-np.inf, np.inf, np.nan])).tolist()
        assert np.isnan(missing)
        if name == "log1p":
            assert np.isnan(left)
            assert right == np.inf
        else:
            assert (left, right) == limits[name]
