"""Functions of a whole row: value, Jacobian and second derivatives against the textbook sums in mpmath."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from mpmath import mp, mpf

import nonlin
from nonlin.errors import DataError, ParameterError

ROWS = {
    "ordinary": [0.3, -1.2, 2.5, 0.0],
    "all equal": [1.5, 1.5, 1.5],
    "all zero": [0.0, -0.0, 0.0],
    "one huge": [1e30, 0.0, -3.0],
    "far below": [0.0, -80.0, -90.0],
    "far apart": [700.0, -700.0, 699.0],
    "large and close": [1000.0, 1000.5, 999.0],
    "an entry at -inf": [0.5, -math.inf, 1.5],
    "one alone": [3.0],
    "tiny": [1e-30, -1e-30, 2e-30],
}
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23}
TOLERANCE = 4
"""Rounding errors allowed, of the scale of an entry: of softmax and its derivatives s_i, of log-softmax the entry itself."""
TINY = {"float64": 2.0**-1022, "float32": 2.0**-126}


def softmax(row: list[Any]) -> list[Any]:
    powers = [mp.exp(v) if v != -mp.inf else mpf(0) for v in row]
    return [p / mp.fsum(powers) for p in powers]


def exact(name: str, row: list[float], order: int) -> Any:
    """Value (n), Jacobian (n, n) or second derivatives (n, n, n) of a row, and the scale errors are measured by."""
    with mp.workdps(900):
        given = [mpf(v) for v in row]
        s = softmax(given)
        n = range(len(row))
        same = lambda a, b: mpf(a == b)  # noqa: E731 (Kronecker's delta)
        if name == "softmax":
            tables: list[Any] = [
                s,
                [[s[i] * (same(i, j) - s[j]) for j in n] for i in n],
                [[[s[i] * ((same(i, j) - s[j]) * (same(i, k) - s[k]) - s[j] * (same(j, k) - s[k])) for k in n]
                  for j in n] for i in n],
            ]  # fmt: skip
            scale = np.array([float(v) for v in s])
        else:
            total = mp.log(mp.fsum(mp.exp(v) if v != -mp.inf else mpf(0) for v in given))
            tables = [
                [v - total for v in given],
                [[same(i, j) - s[j] for j in n] for i in n],
                [[[-s[j] * (same(j, k) - s[k]) for k in n] for j in n] for _ in n],
            ]
            scale = np.array([1.0 if order else float(abs(v)) for v in tables[0]])
        true = np.array(tables[order], dtype=object).astype(np.float64)
    return true, scale.reshape(-1, *(1,) * order)


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("dtype", EPSILON)
@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_agrees_with_the_textbook(name: str, row: str, library: str, dtype: str, order: int) -> None:
    stored = np.array(ROWS[row], dtype=dtype)
    true, scale = exact(name, stored.tolist(), order)
    given: Any = stored if library == "numpy" else torch.from_numpy(stored)
    got = np.asarray(nonlin.get(name).grad(given, order))
    assert got.shape == (len(stored),) * (order + 1)
    assert got.dtype == stored.dtype
    spread = stored[np.isfinite(stored)]
    inner = 1 + min(float(spread.max() - spread.min()), 100.0)  # rounding of x_j - max, carried through exp
    finite = np.isfinite(true)
    assert np.array_equal(got[~finite], true[~finite])
    allowed = np.broadcast_to(TOLERANCE * inner * EPSILON[dtype] * scale + TINY[dtype], true.shape)
    wrong = ~(np.abs(got[finite] - true[finite]) <= allowed[finite])
    assert not wrong.any(), f"{got[finite][wrong][:3]} but exactly {true[finite][wrong][:3]}"


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_a_row_of_nothing_but_minus_infinity_has_no_answer_as_in_pytorch(name: str) -> None:
    row = np.full(3, -np.inf)
    assert np.isnan(nonlin.get(name)(row)).all()
    tensor = torch.from_numpy(row)
    assert torch.isnan(nonlin.get(name)(tensor)).all()
    assert torch.isnan(getattr(torch, name)(tensor, -1)).all()


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_nan_spoils_its_own_row_only(name: str, library: str) -> None:
    rows = np.array([[1.0, np.nan, 2.0], [1.0, 0.0, 2.0]])
    got = np.asarray(nonlin.get(name)(rows if library == "numpy" else torch.from_numpy(rows)))
    assert np.isnan(got[0]).all()
    assert np.isfinite(got[1]).all()


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_every_axis(name: str, library: str) -> None:
    data = np.random.default_rng(3).normal(size=(2, 3, 4))
    for axis in (-3, -2, -1, 0, 1, 2):
        given: Any = data if library == "numpy" else torch.from_numpy(data)
        function, rows = nonlin.get(name), np.moveaxis(data, axis, -1)
        assert np.allclose(np.asarray(function(given, axis=axis)), np.moveaxis(function(rows), -1, axis), rtol=1e-14)
        expected = np.stack([function.grad(r) for r in rows.reshape(-1, rows.shape[-1])])
        got = np.asarray(function.grad(given, axis=axis))
        assert got.shape == (*rows.shape, rows.shape[-1])
        assert np.allclose(got.reshape(expected.shape), expected, rtol=1e-14)


def test_torch_differentiates_rows_to_any_order() -> None:
    x = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    for name in ("softmax", "log_softmax"):
        function = nonlin.get(name)
        assert torch.autograd.gradcheck(function, x)
        assert torch.autograd.gradgradcheck(function, x)
        jacobian = torch.autograd.functional.jacobian(function, x[0].detach())
        assert torch.allclose(jacobian, function.grad(x[0].detach()), rtol=1e-12)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_maxout_takes_the_largest_of_each_group(library: str) -> None:
    make: Any = np.array if library == "numpy" else torch.tensor
    maxout = nonlin.get("maxout")
    x = make([[1.0, 5.0, 2.0, 2.0, -3.0, -4.0]])
    assert np.asarray(maxout(x)).tolist() == [[5.0, 2.0, -3.0]]
    assert np.asarray(maxout(x, pieces=3)).tolist() == [[5.0, 2.0]]
    assert np.asarray(maxout(x, pieces=1)).tolist() == np.asarray(x).tolist()
    # the second group is a tie: its first piece gets the gradient
    assert np.asarray(maxout.grad(x)).tolist() == [[0.0, 1.0, 1.0, 0.0, 1.0, 0.0]]
    assert np.asarray(maxout.grad(x, 2)).tolist() == [[0.0] * 6]
    column = x.T
    assert np.asarray(maxout(column, axis=0)).tolist() == [[5.0], [2.0], [-3.0]]
    assert np.asarray(maxout.grad(column, axis=0)).tolist() == [[0.0], [1.0], [1.0], [0.0], [1.0], [0.0]]


def test_maxout_in_torch_sends_the_gradient_to_one_piece() -> None:
    x = torch.tensor([2.0, 2.0, 1.0, 3.0], requires_grad=True)
    (slope,) = torch.autograd.grad(nonlin.get("maxout")(x).sum(), x)
    assert slope.tolist() == [1.0, 0.0, 0.0, 1.0]
    assert nonlin.get("maxout")(torch.zeros(0, 4)).shape == (0, 2)


def test_a_groups_second_derivative_is_never_a_silent_zero() -> None:
    smooth = nonlin.get("log(row_sum(exp(x)))")
    assert smooth.kind == "grouped"
    assert smooth.grad(np.zeros(4)).tolist() == [0.5] * 4
    with pytest.raises(ParameterError, match="derivatives above the first are not offered"):
        smooth.grad(np.zeros(4), 2)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_half_types_are_computed_in_single_precision(library: str) -> None:
    rows = np.random.default_rng(9).normal(0, 5, (20, 7)).astype(np.float16)
    given: Any = rows if library == "numpy" else torch.from_numpy(rows)
    for name in ("softmax", "log_softmax"):
        got = np.asarray(nonlin.get(name)(given))
        wide = nonlin.get(name)(rows.astype(np.float64)).astype(np.float16)
        assert got.dtype == np.float16
        assert np.all(np.abs(got.astype(float) - wide.astype(float)) <= np.spacing(np.abs(wide)))


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_wrong_axes_and_groups_are_sentences(library: str) -> None:
    make: Any = np.ones if library == "numpy" else torch.ones
    with pytest.raises(DataError, match="at least one dimension"):
        nonlin.get("softmax")(make(()))
    with pytest.raises(DataError, match="axis=2 is out of range for x with 2 dimensions"):
        nonlin.get("softmax")(make((2, 3)), axis=2)
    with pytest.raises(DataError, match="at least one entry along axis -1"):
        nonlin.get("softmax")(make((2, 0)))
    with pytest.raises(DataError, match="pieces=4 must be a whole number of at least 1 that divides the 6 entries"):
        nonlin.get("maxout")(make((2, 6)), pieces=4)
    with pytest.raises(DataError, match="pieces=True"):
        nonlin.get("maxout")(make((2, 6)), pieces=True)
    with pytest.raises(ParameterError, match="softmax has no parameter 'beta'"):
        nonlin.get("softmax")(make(3), beta=make(3))
