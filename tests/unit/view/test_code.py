"""The code that ``nonlin show --as`` prints: run in a fresh namespace, it gives the function's own numbers."""

from __future__ import annotations

import importlib.util
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from battery.languages import textbook_value
from registry import REPRESENTATIVES

import nonlin
from nonlin.catalogue import definitions, param, resolve
from nonlin.catalogue.definition import make
from nonlin.errors import MissingExtraError, ParameterError, UnknownNameError
from nonlin.expr.bridge import to_latex
from nonlin.view.code import TARGETS, code

PLAIN = [n for n in REPRESENTATIVES if definitions()[n].kind not in ("rowwise", "grouped")]
ROWS = [n for n, d in definitions().items() if d.kind in ("rowwise", "grouped")]
X = np.random.default_rng(4).normal(0, 2, (5, 6))
CLOSE = {"numpy": 1e-12, "torch": 1e-4, "jax": 1e-4}
HERE = [n for n in CLOSE if importlib.util.find_spec(n) is not None]


def run(text: str) -> dict[str, Any]:
    """Execute printed code (text of our own, from our own nodes) where nothing else is defined."""
    space: dict[str, Any] = {}
    exec(compile(text, "<printed>", "exec"), space)
    return space


def function(space: dict[str, Any], name: str) -> Any:
    """The function of that name; names that Python or a library uses have a ``_`` behind them."""
    return space.get(f"{name}_", space.get(name))


def arrays(library: str, *given: Any) -> list[Any]:
    if library == "torch":
        return [torch.tensor(g, dtype=torch.float32) for g in given]
    if library == "jax":
        from jax import numpy as jnp

        return [jnp.asarray(g, jnp.float32) for g in given]
    return list(given)


@pytest.mark.parametrize("library", HERE)
def test_elementwise_values_and_derivatives(library: str) -> None:
    (x,) = arrays(library, X)
    for name in PLAIN:
        if definitions()[name].kind == "elementwise":
            space = run(code(definitions()[name], library, 2))
            for order, suffix in enumerate(("", "_grad", "_grad2")):
                got = np.asarray(function(space, name + suffix)(x))
                true = nonlin.get(name).grad(np.asarray(x).astype(np.float64), order)
                assert got.shape == X.shape
                assert np.max(np.abs(got - true)) <= CLOSE[library] * (1 + np.max(np.abs(true))), (name, order)


@pytest.mark.parametrize("library", HERE)
def test_rows(library: str) -> None:
    (x,) = arrays(library, X)
    for name in ROWS:
        space = run(code(definitions()[name], library))
        parts = [space[n] for n in (name, f"{name}_1", f"{name}_2") if n in space]
        got = [np.asarray(part(x)) for part in parts]
        true = nonlin.get(name)(np.asarray(x).astype(np.float64), pieces=6)
        whole = np.stack(got, -1) if got[0].ndim == 1 else got[0]
        assert np.allclose(whole, true, rtol=CLOSE[library], atol=CLOSE[library]), name


@pytest.mark.parametrize("library", HERE)
def test_rows_derivative_along_a_direction(library: str) -> None:
    x, along = arrays(library, X[0], X[1])
    for name in ("softmax", "log_softmax", "sparsemax", "maxout"):
        got = np.asarray(run(code(definitions()[name], library))[f"{name}_jvp"](x, along))
        jacobian = torch.autograd.functional.jacobian(partial(nonlin.get(name), pieces=6), torch.from_numpy(X[0])).numpy()
        assert np.allclose(got, jacobian @ X[1] if got.ndim else (jacobian @ X[1])[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("library", HERE)
def test_gates_and_pairs(library: str) -> None:
    value, gate = arrays(library, X[:, :3], X[:, 3:])
    swiglu = run(code(definitions()["swiglu"], library, 1))
    assert np.allclose(np.asarray(swiglu["swiglu"](value, gate)), nonlin.swiglu(X), rtol=1e-5)
    slopes = nonlin.swiglu.grad(X)
    for name, true in (("x", slopes[:, :3]), ("gate", slopes[:, 3:])):
        assert np.allclose(np.asarray(swiglu[f"swiglu_grad_{name}"](value, gate)), true, rtol=1e-4, atol=1e-6)
    crelu = run(code(definitions()["crelu"], library))
    assert np.array_equal(np.asarray(crelu["crelu_1"](value)), np.maximum(np.asarray(value), 0))
    assert np.array_equal(np.asarray(crelu["crelu_2"](value)), np.maximum(-np.asarray(value), 0))


@pytest.mark.parametrize("library", HERE)
def test_parameters_and_odd_names(library: str) -> None:
    (x,) = arrays(library, X)
    prelu = run(code(definitions()["prelu"], library))["prelu"]
    assert np.allclose(np.asarray(prelu(x, slope=0.5)), np.where(X > 0, X, X / 2), rtol=1e-6)
    params = {n: param(1.0, learnable=True) for n in ("np", "torch", "β", "t1", "where", "special")}
    formula = "where(x > 0, x, 2) + " + " + ".join(f"{n}*x" for n in params)
    made = make("jnp", formula, params=params)
    space = run(code(made, library))
    assert np.allclose(np.asarray(space["jnp_"](x, beta=2.0)), np.where(X > 0, X, 2) + 7 * X, rtol=1e-5)


def test_numpy_code_keeps_the_tails_and_nan() -> None:
    space = run(code(definitions()["gelu"], "numpy", 2))
    x = np.array([-np.inf, -38.0, -5.6, 0.0, np.inf, np.nan])
    with np.errstate(invalid="ignore"):
        for order, suffix in enumerate(("", "_grad", "_grad2")):
            printed, ours = space["gelu" + suffix](x), nonlin.gelu.grad(x, order)
            # SciPy's erfc is 0 where the kernels' is subnormal, and up to 19 ulps off before
            assert np.allclose(printed, ours, rtol=1e-14, atol=1e-300, equal_nan=True)


def test_printed_python_needs_nothing_of_nonlin() -> None:
    for library in HERE:
        for name in (*PLAIN, *ROWS):
            assert "nonlin" not in code(definitions()[name], library), (library, name)


def test_sympy_code() -> None:
    import sympy as sp

    for name in PLAIN:
        made = definitions()[name]
        space = run(code(made, "sympy", 1))
        if "round(" in made.formula:  # SymPy has none that rounds halves to even
            assert space["round"].__name__ == "round"
            continue
        for i in range(len(made.outputs)):
            shown = name if len(made.outputs) == 1 else f"{name}_{i + 1}"
            found = function(space, shown)
            point = {sp.Symbol(n, real=True): sp.Rational(v) for n, v in zip(made.inputs, ("3/10", "-7/10"), strict=False)}
            value = sp.N(found.subs(point), 20)
            assert float(value) == pytest.approx(textbook_value(made, i, [0.3, -0.7][: len(point)]), rel=1e-12, abs=1e-15)
    second = run(code(definitions()["tanh"], "sympy", 2))["tanh_grad2"]
    assert float(second.subs(sp.Symbol("x", real=True), 1)) == pytest.approx(nonlin.tanh.grad(1.0, 2), rel=1e-12)
    with pytest.raises(ParameterError, match="softmax works on whole rows, which SymPy's scalars cannot hold"):
        code(definitions()["softmax"], "sympy")


def test_latex() -> None:
    silu = definitions()["silu"]
    first, second, third = code(silu, "latex", 2).splitlines()
    assert first == f"f(x) = {to_latex(silu.textbook)}"
    assert second.startswith("f'(x) = ")
    assert third.startswith("f''(x) = ")
    assert code(definitions()["softmax"], "latex", 2).count("\n") == 1
    assert r"f^{(4)}(x) = " in code(silu, "latex", 4)


def test_every_target_prints_something_for_every_kind() -> None:
    kinds = {d.kind: d for d in definitions().values()}
    for target in TARGETS:
        if target == "jax" and "jax" not in HERE:
            continue
        for kind, made in kinds.items():
            if target == "sympy" and kind in ("rowwise", "grouped"):
                continue
            assert made.name.split("(")[0] in code(made, target) or target == "latex"


def test_typed_formulas_and_bound_parameters() -> None:
    assert run(code(resolve("x*tanh(exp(x))"), "numpy"))["formula"](1.0) == pytest.approx(np.tanh(np.e), rel=1e-15)
    assert run(code(resolve("leaky_relu(slope=0.3)"), "numpy"))["leaky_relu"](np.array(-1.0)) == -0.3


def test_unknown_targets_and_wrong_orders_are_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown target 'pytorch'\. Did you mean 'torch'"):
        code(definitions()["relu"], "pytorch")
    for target in TARGETS:
        with pytest.raises(ParameterError, match="order must be a whole number of at least 0, not -2"):
            code(definitions()["relu"], target, -2)
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "jax" else found(name, *rest))
    assert "jnp.maximum(x, 0.0)" in code(definitions()["relu"], "jax")  # text needs no JAX
    with pytest.raises(MissingExtraError, match=r"pip install 'nonlin\[jax\]'"):
        code(definitions()["sparsemax"], "jax")  # the helpers of rows stand in a module that does
