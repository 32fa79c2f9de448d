"""Functions of two inputs, two outputs and groups: where their axis goes, and that both array libraries agree."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

import nonlin
from nonlin.catalogue import definitions
from nonlin.errors import DataError, ParameterError

GATED = [n for n, d in definitions().items() if d.kind == "gated"]
ALONG = [n for n, d in definitions().items() if d.kind != "elementwise"]
X = np.random.default_rng(0).normal(0, 2, (2, 6, 3))


@pytest.mark.parametrize("name", ALONG)
def test_both_libraries_and_every_axis_agree(name: str) -> None:
    function = nonlin.get(name)
    for axis in (-2, 1):
        plain = function(X, axis=axis)
        assert np.allclose(plain, function(torch.from_numpy(X), axis=axis).numpy(), rtol=1e-12, atol=1e-14)
        moved = function(np.moveaxis(X, axis, -1))
        assert np.allclose(np.moveaxis(plain, axis, -1), moved, rtol=1e-12, atol=1e-14)
    length = plain.shape[1]
    made = definitions()[name]
    assert (length == 6) == made.keeps_length
    assert nonlin.get(name)(X.astype(np.float32), axis=1).dtype == np.float32


@pytest.mark.parametrize("name", GATED)
def test_a_gate_stands_where_the_call_says(name: str) -> None:
    function, value, gate = nonlin.get(name), X[:, :3], X[:, 3:]
    wanted = function(value, gate=gate)
    assert wanted.shape == value.shape
    mixed = np.empty_like(X)
    mixed[:, ::2], mixed[:, 1::2] = gate, value
    for array, where in (
        (X, "second"),
        (np.concatenate([gate, value], 1), "first"),
        (mixed, "even"),
        (mixed[:, ::-1], "odd"),
    ):
        found = function(array, axis=1, gate=where)
        assert np.array_equal(found if where != "odd" else found[:, ::-1], wanted)


@pytest.mark.parametrize("where", ["second", "first", "even", "odd"])
@pytest.mark.parametrize("name", [*GATED, "crelu", "paired_relu"])
def test_slopes_are_those_of_autograd(name: str, where: str) -> None:
    function = nonlin.get(name)
    options: dict[str, Any] = {"gate": where} if name in GATED else {}
    x = torch.from_numpy(X).requires_grad_()
    got = function.grad(x.detach(), axis=1, **options)
    (slope,) = torch.autograd.grad(function(x, axis=1, **options).sum(), x)
    if name in GATED:
        assert torch.allclose(got, slope)
    else:  # two outputs for each input: their slopes stand one after the other
        assert torch.allclose(got[:, :6] + got[:, 6:], slope)


@pytest.mark.parametrize("name", [n for n, d in definitions().items() if d.kind == "paired"])
def test_complex_numbers_and_halves_are_the_same(name: str) -> None:
    function, halves = nonlin.get(name), X[..., :2].reshape(6, 4)
    whole = halves[:, :2] + 1j * halves[:, 2:]
    got = function(halves)
    assert np.allclose(function(whole), got[:, :2] + 1j * got[:, 2:])
    assert np.allclose(function(torch.from_numpy(whole)).numpy(), function(whole))
    module = getattr(nonlin.nn, definitions()[name].title)()
    assert np.allclose(module(torch.from_numpy(whole)).detach().numpy(), function(whole))
    if name != "gabor":  # the one that is 1 at 0
        assert function(np.zeros(4)).tolist() == [0, 0, 0, 0]


def test_known_values() -> None:
    assert nonlin.crelu([1.0, -2.0]).tolist() == [1, 0, 0, 2]
    assert nonlin.lwta([1.0, 3.0, 2.0, -1.0]).tolist() == [0, 3, 2, -0.0]
    assert nonlin.max_min([1.0, 3.0, 2.0, -1.0]).tolist() == [3, 1, 2, -1]
    assert nonlin.glu([3.0, 0.0]).tolist() == [1.5]
    assert nonlin.swiglu_clamped([10.0, 8.0]).item() == pytest.approx(8 * 7 / (1 + np.exp(-1.702 * 7)))
    assert nonlin.complex_relu(np.array([1 - 1j])).tolist() == [1 + 0j]
    assert nonlin.mod_relu(np.array([3 + 4j]), bias=-1.0).tolist() == [pytest.approx(2.4 + 3.2j)]
    tiles = nonlin.fuzzy_tiling(np.array([0.5]))
    assert tiles.tolist() == [0, 0, 0, 0.5, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nonlin.glu(np.ones(5)), DataError, "glu splits an axis into two halves, but x has 5 entries along axis"),
        (lambda: nonlin.glu(np.ones(4), gate="left"), ParameterError, "an array, or where it stands in x: second"),
        (lambda: nonlin.glu(np.ones(4), axis=1), DataError, "glu: axis=1 is out of range for x with 1 dimensions"),
        (lambda: nonlin.glu(np.ones(4), axis=0.5), DataError, "glu: axis must be a whole number, not 0.5"),
        (lambda: nonlin.glu(3.0), DataError, "glu works along an axis; x must have at least one dimension"),
        (lambda: nonlin.lwta(np.ones(5)), DataError, "a whole number of at least 1 that divides the 5 entries"),
        (lambda: nonlin.glu.grad(np.ones(4), 2), ParameterError, "of order 2 is not offered for a gated function"),
        (lambda: nonlin.lwta.grad(np.ones(4)), ParameterError, "derivative of order 1 is not offered for a grouped"),
        (lambda: nonlin.nn.GLU(gate="left"), ParameterError, "gate must be an array, or where it stands in x"),
        (lambda: nonlin.nn.GLU()(torch.ones(3)), DataError, "x has 3 entries along dim -1"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_modules_take_the_gate_as_a_second_input() -> None:
    module, x, gate = nonlin.nn.SwiGLU(), torch.randn(3, 4), torch.randn(3, 4)
    assert torch.equal(module(x, gate), module(torch.cat([x, gate], -1)))
    assert torch.equal(nonlin.nn.SwiGLU(gate="first")(torch.cat([gate, x], -1)), module(x, gate))
    assert torch.allclose(module(x, gate), x * torch.nn.functional.silu(gate))
    assert repr(nonlin.nn.GLU(gate="even")) == "GLU(dim=-1, gate='even')"
