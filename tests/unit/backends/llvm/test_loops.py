"""Loops over arrays: every size and layout, half types, and bits that depend on an element's input alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from torch import Tensor

import nonlin
from nonlin.backends.llvm import calls, engine, loops, stores
from nonlin.backends.llvm.calls import Kernel
from nonlin.backends.llvm.loops import MOST_LINES, STORAGES, Plan
from nonlin.backends.llvm.tensors import layout
from nonlin.expr import call, var
from nonlin.expr.nodes import const

X, Y, A, B = var("x"), var("y"), var("a"), var("b")
Array = np.ndarray[Any, Any]
TYPES = {"float32": np.float32, "float64": np.float64, "bfloat16": ml_dtypes.bfloat16, "float16": np.float16,
         "float32 in float64": np.float32}  # fmt: skip
GUARD = 7.0
"""What lies around an output and must stay."""


def bits(a: Array) -> Array:
    return a.view(f"u{a.dtype.itemsize}")


def sample(n: int, kind: str = "float32", seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(0, 3, n).astype(TYPES[kind])


@pytest.mark.parametrize("kind", STORAGES)
def test_every_size_writes_its_elements_and_no_other(kind: str, vectors: str) -> None:
    kernel = Kernel(Plan((call("tanh", X),), ("x",), (), kind))
    data = sample(70, kind)
    whole = np.empty_like(data)
    kernel.flat(70, 0, data.ctypes.data, whole.ctypes.data)
    for n in range(70):
        out = np.full(n + 40, GUARD, TYPES[kind])
        kernel.flat(n, 0, data.ctypes.data, out[20:].ctypes.data)
        assert np.array_equal(bits(out[20 : 20 + n]), bits(whole[:n])), n
        assert (out[:20] == GUARD).all()
        assert (out[20 + n :] == GUARD).all()


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_rows_steps_and_periods(kind: str, vectors: str) -> None:
    """a[r mod 3]*x + b[r mod 3]*y for rows with gaps; y is read again in every row."""
    rows, period = 8, 3
    for n in (1, 5, 16, 33, 70):
        x, y = sample(rows * (n + 9), kind), sample(n, kind, seed=1)
        numbers = sample(period * 2, kind, seed=2)
        out = np.full(rows * (n + 4), GUARD, TYPES[kind])
        kernel = Kernel(Plan((A * X + B * Y,), ("x", "y"), ("a", "b"), kind))
        sides = ((x.ctypes.data, n + 9), (y.ctypes.data, 0), (out.ctypes.data, n + 4))
        kernel.rows(rows, n, numbers.ctypes.data, period, *sides)
        table = out.reshape(rows, n + 4)
        a, b = (numbers.reshape(period, 2)[np.arange(rows) % period, i][:, None] for i in (0, 1))
        exact = a * x.reshape(rows, n + 9)[:, :n] + b * y
        assert np.allclose(table[:, :n], exact, rtol=1e-6, atol=1e-6)
        assert (table[:, n:] == GUARD).all()


def test_several_outputs_from_one_reading() -> None:
    x = sample(333)
    outs = [np.empty_like(x) for _ in range(3)]
    roots = (call("sin", X), call("cos", X), X * X)
    Kernel(Plan(roots, ("x",), (), "float32")).flat(333, 0, x.ctypes.data, *(o.ctypes.data for o in outs))
    for got, exact in zip(outs, (np.sin(x), np.cos(x), x * x), strict=True):
        assert np.allclose(got, exact, rtol=1e-6)


def test_an_array_may_begin_at_any_byte(vectors: str) -> None:
    kernel = Kernel(Plan((call("sigmoid", X),), ("x",), (), "float32"))
    data, whole = sample(100), np.empty(100, np.float32)
    kernel.flat(100, 0, data.ctypes.data, whole.ctypes.data)
    for shift in (0, 1, 2, 3, 4, 8, 12, 20, 60):
        raw = np.zeros(1000, np.uint8)
        raw[shift : shift + 400] = data.view(np.uint8)
        out = np.empty(100, np.float32)
        kernel.flat(100, 0, raw.ctypes.data + shift, out.ctypes.data)
        assert np.array_equal(bits(out), bits(whole))


@pytest.mark.parametrize("kind", STORAGES)
def test_results_past_the_cache_are_the_same_bits(kind: str, vectors: str) -> None:
    n = 4096 + 13
    x, raw = sample(n, kind), np.zeros(2 * 8 * n + 64, np.uint8)
    start = -raw.ctypes.data % 64
    out = raw[start : start + n * x.itemsize].view(TYPES[kind])
    usual = np.empty_like(x)
    kernel = Kernel(Plan((call("erf", X) * X,), ("x",), (), kind))
    kernel.flat(n, 0, x.ctypes.data, usual.ctypes.data)
    kernel.streaming.flat(n, 0, x.ctypes.data, out.ctypes.data)
    assert np.array_equal(bits(out), bits(usual))


def test_large_arrays_give_the_bits_of_small_ones_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a pretended cache of 64 KiB: results that are not aligned never go past it, and the bits are those of small calls."""
    monkeypatch.setattr(calls, "last_level_cache", lambda: 2**16)
    kernel = Kernel(Plan((call("tanh", X),), ("x",), (), "float32"))
    n = calls.PARALLEL + 1234
    x, raw = sample(n), np.zeros(4 * n + 128, np.uint8)
    start = -raw.ctypes.data % 64
    for address, step, elements in ((4, 0, 2 * n), (0, 24, 2 * n), (0, 0, 2**10)):
        assert kernel._chosen(elements, [(raw.ctypes.data + start + address, step)]) is kernel.code
    assert kernel._chosen(2 * n, [(raw.ctypes.data + start, 0)]) is not kernel.code
    parts = [np.empty_like(x[i : i + 1000]) for i in range(0, n, 1000)]
    for i, part in enumerate(parts):
        kernel.flat(part.size, 0, x[1000 * i :].ctypes.data, part.ctypes.data)
    for shift in (0, 4, *[0] * 20):
        out = raw[start + shift : start + shift + 4 * n].view(np.float32)
        out[:] = GUARD
        kernel.flat(n, 0, x.ctypes.data, out.ctypes.data)
        assert np.array_equal(bits(out), bits(np.concatenate(parts)))
    assert len(list(stores.folder().iterdir())) == 1


@pytest.mark.parametrize("threads", [1, 2, 3, 7, 64])
def test_bits_do_not_depend_on_the_number_of_threads(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    n = calls.PARALLEL + 777
    x, out, alone = sample(n), np.empty(n, np.float32), np.empty(n, np.float32)
    kernel = Kernel(Plan((call("softplus", X),), ("x",), (), "float32"))
    kernel.code.flat(n, 0, x.ctypes.data, alone.ctypes.data)
    monkeypatch.setattr(calls, "threads", lambda: threads)
    kernel.flat(n, 0, x.ctypes.data, out.ctypes.data)
    assert np.array_equal(bits(out), bits(alone))
    rows = n // 100
    kernel.rows(rows, 100, 0, 1, (x.ctypes.data, 100), (out.ctypes.data, 100))
    assert np.array_equal(bits(out[: rows * 100]), bits(alone[: rows * 100]))


@pytest.mark.parametrize("workers", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("unit", [1, 3, 64])
def test_the_cut_covers_everything_once(workers: int, unit: int) -> None:
    for n in (1, 2, 63, 64, 65, 1000):
        parts = calls.cut(n, workers, unit)
        assert [first for first, _ in parts] == [sum(c for _, c in parts[:i]) for i in range(len(parts))]
        assert sum(count for _, count in parts) == n
        assert len(parts) <= workers
        assert all(first % unit == 0 and count > 0 for first, count in parts)


@pytest.mark.parametrize("name", ["silu", "gelu", "tanh", "elu", "mish", "hard_swish", "softsign"])
def test_bits_do_not_depend_on_the_place(name: str) -> None:
    function, x = nonlin.get(name), torch.from_numpy(sample(331))
    for order in (0, 1, 2):
        whole = function.grad(x, order)
        for i in (0, 1, 15, 16, 31, 32, 200, 330):
            assert torch.equal(function.grad(x[i : i + 1], order), whole[i : i + 1])
        assert torch.equal(function.grad(x[::3], order), whole[::3])
        assert torch.equal(function.grad(x.flip(0), order).flip(0), whole)
        assert np.array_equal(function.grad(x.numpy(), order), whole.numpy(), equal_nan=True)


# -- half types ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
@pytest.mark.parametrize("op", ["tanh", "sigmoid", "exp", "sin"])
def test_half_types_are_what_single_precision_gives_rounded_once(kind: str, op: str, vectors: str) -> None:
    every = np.arange(2**16, dtype=np.uint16).view(TYPES[kind])
    with np.errstate(all="ignore"):
        wide = every.astype(np.float32)
    got, single = np.empty_like(every), np.empty_like(wide)
    root = call(op, X)
    Kernel(Plan((root,), ("x",), (), kind)).flat(2**16, 0, every.ctypes.data, got.ctypes.data)
    Kernel(Plan((root,), ("x",), (), "float32")).flat(2**16, 0, wide.ctypes.data, single.ctypes.data)
    with np.errstate(all="ignore"):
        expected = single.astype(TYPES[kind])
    missing = np.isnan(expected.astype(np.float32))
    assert np.array_equal(np.isnan(got.astype(np.float32)), missing)
    assert np.array_equal(bits(got)[~missing], bits(expected)[~missing])


# -- arrays and tensors as users have them -------------------------------------------------------------------------------


def layouts(x: Tensor) -> dict[str, Tensor]:
    """The 4-d tensor ``x`` and others of many layouts."""
    return {
        "contiguous": x, "transposed": x.transpose(1, 3), "channels last": x.to(memory_format=torch.channels_last),
        "a slice of rows": x[:, :, 1:3], "a slice of columns": x[..., 1:4], "every other": x[..., ::2], "reversed axes": x.permute(3, 2, 1, 0),
        "expanded": x[:1].expand(5, -1, -1, -1), "a column": x[..., 0], "a number, expanded": x[0, 0, 0, 0].expand(4, 5),
        "overlapping": x.flatten().unfold(0, 6, 2), "empty": x[:0], "empty inside": x[:, :0], "a number": x[0, 0, 0, 0],
        "offset by one": x.flatten()[1:], "narrow rows": x.reshape(-1, 3), "read again": x.as_strided((4, 6), (0, 1)),
    }  # fmt: skip


LAYOUTS = list(layouts(torch.zeros(2, 3, 4, 6)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("place", LAYOUTS)
def test_tensors_of_every_layout(place: str, dtype: torch.dtype) -> None:
    function = nonlin.get("silu")
    x = layouts(torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(3), dtype=torch.float64).to(dtype))[place]
    before = x.clone()
    got = function(x)
    flat = function(x.reshape(-1).clone()).reshape(x.shape)
    assert torch.equal(got, flat)
    assert torch.equal(x, before)
    leaf = x.detach().requires_grad_()
    arriving = torch.randn(x.shape, dtype=torch.float64).to(dtype)
    for g in (arriving, arriving.transpose(0, -1).contiguous().transpose(0, -1) if x.dim() > 1 else arriving):
        (slope,) = torch.autograd.grad(function(leaf), leaf, g)
        assert torch.allclose(slope, g * function.grad(x), rtol=1e-2 if dtype == torch.bfloat16 else 1e-6)
    (total,) = torch.autograd.grad(function(leaf).sum(), leaf)  # the gradient of a sum is one number, expanded
    assert torch.allclose(total, function.grad(x), rtol=1e-6)


def test_one_kernel_serves_a_row_of_a_transposed_tensor() -> None:
    x = torch.randn(6, 40)
    assert layout([x.t()]) is not None  # as dense as x: read in the order of memory
    held = layout([x[:, 3:35]])
    assert held is not None
    assert (held.rows, held.n, held.steps) == (6, 32, (40,))
    assert layout([torch.randn(5000, 3)[:, :2]]) is None  # so short rows leave vectors empty


@pytest.mark.parametrize(
    "shape", [(3, 1, 1), (1, 3, 1, 1), (6,), (1, 1, 1, 6), (1,), (), (2, 3, 4, 6), (3, 4, 1), (2, 1, 1, 1), (4, 1)]
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_parameters_of_every_shape_with_their_gradients(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    """swish with beta as an array against PyTorch's own x*sigmoid(beta*x)."""
    source = torch.Generator().manual_seed(11)
    x = torch.randn(2, 3, 4, 6, generator=source, dtype=torch.float64).to(dtype)
    beta = (1 + torch.rand(shape, generator=source, dtype=torch.float64)).to(dtype)
    for view in (x, x.to(memory_format=torch.channels_last), x.transpose(2, 3).contiguous().transpose(2, 3)):
        results = []
        for function in (lambda u, b: nonlin.get("swish_beta")(u, beta=b), lambda u, b: u * torch.sigmoid(b * u)):
            u, b = view.clone().requires_grad_(), beta.clone().requires_grad_()
            value = function(u, b)
            value.square().sum().backward()
            results.append((value.detach(), u.grad, b.grad))
        for got, expected in zip(*results, strict=True):
            assert got.shape == expected.shape
            assert torch.allclose(
                got, expected, rtol=1e-4 if dtype == torch.float32 else 1e-11, atol=1e-5 if dtype == torch.float32 else 1e-12
            )


@pytest.mark.parametrize("kind", [">f4", "<f4", ">f8", "float16", "bfloat16", "longdouble"])
def test_numpy_arrays_of_every_kind(kind: str) -> None:
    function, dtype = nonlin.get("mish"), np.dtype(ml_dtypes.bfloat16 if kind == "bfloat16" else kind)
    x = np.linspace(-4, 4, 77).astype(dtype)
    got = function(x)
    assert got.dtype == dtype
    exact = function(x.astype(np.float64))
    rtol, atol = {2: (1e-2, 1e-3), 4: (1e-6, 0.0)}.get(dtype.itemsize, (1e-14, 0.0))
    assert np.allclose(got.astype(np.float64), exact, rtol=rtol, atol=atol)


def test_numpy_arrays_of_every_layout() -> None:
    function = nonlin.get("gelu")
    base = np.random.default_rng(0).normal(0, 2, (6, 7, 8)).astype(np.float32)
    raw = bytearray(4 * 60 + 1)
    unaligned = np.frombuffer(raw, np.float32, 60, offset=1)
    unaligned[:] = base.reshape(-1)[:60]
    frozen = base.copy()
    frozen.flags.writeable = False
    cases: dict[str, Array] = {
        "plain": base, "Fortran": np.asfortranarray(base), "transposed": base.T, "backwards": base[::-1, :, ::-1], "strided": base[::2, 1::3],
        "broadcast": np.broadcast_to(base[:1], (5, 7, 8)), "read-only": frozen, "unaligned": unaligned, "a number": base[0, 0, 0, ...],
        "empty": base[:0], "overlapping": np.lib.stride_tricks.sliding_window_view(base.reshape(-1), 9),
    }  # fmt: skip
    for name, x in cases.items():
        got = function(x)
        expected = function(np.array(x, copy=True, order="C").reshape(-1)).reshape(x.shape)
        assert np.array_equal(bits(np.ascontiguousarray(got)), bits(np.ascontiguousarray(expected))), name
        assert not np.shares_memory(got, x)


@pytest.mark.parametrize("shape", [(), (1,), (5,), (4, 1), (3, 1, 1), (3, 4, 5), (1, 1, 1), (2, 3, 4, 5), (0,)])
def test_numpy_parameters_of_every_shape(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(0, 2, (3, 4, 5))
    beta = np.random.default_rng(1).uniform(0.5, 2, shape)
    if shape == (0,):
        x = x[..., :0]
    for array in (x, x[::-1, :, ::-1], np.asfortranarray(x)):
        got = nonlin.get("swish_beta")(array, beta=beta)
        assert np.allclose(got, array / (1 + np.exp(-beta * array)), rtol=1e-13, atol=0)
        assert got.shape == np.broadcast_shapes(array.shape, shape)


def test_a_formula_too_long_to_compile_takes_the_plain_path(monkeypatch: pytest.MonkeyPatch) -> None:
    root = X
    for k in range(200):
        root = root + call("sin", X * const(k + 2))
    plan = Plan((root,), ("x",), (), "float64")
    assert calls.kernel(plan) is None
    with pytest.raises(calls.Unsupported, match=rf"no more than {MOST_LINES} are compiled"):
        Kernel(plan)
    x, function = np.linspace(-5, 5, 50), nonlin.get("mish")
    usual = function(x)
    monkeypatch.setattr(loops, "MOST_LINES", 100)
    monkeypatch.setattr(engine._state, "kernels", {})
    calls.kernel.cache_clear()
    calls.prepared.cache_clear()
    assert calls.prepared((function.expr,), ("x",), (), "float64", 0) is None
    assert np.allclose(function(x), usual, rtol=1e-14)


@pytest.mark.parametrize("formula", ["x**2.5", "abs(x)**1.3", "x**a"])
def test_what_has_no_code_takes_the_plain_path(formula: str) -> None:
    function = nonlin.get(formula.replace("**a", "**0.3"))
    x = np.linspace(0.1, 3, 20)
    exact: Callable[[Array], Array] = {
        "x**2.5": lambda v: v**2.5,
        "abs(x)**1.3": lambda v: v**1.3,
        "x**a": lambda v: v**0.3,
    }[formula]
    assert np.allclose(function(x), exact(x), rtol=1e-14)


@pytest.mark.parametrize("formula", ["x*3/4", "x*0.30001", "x*abs(x)/3", "exp(x)"])
def test_every_bfloat16_is_rounded_to_the_nearest(formula: str) -> None:
    """Subnormals too, which the processor's own instruction flushes to zero."""
    every = torch.arange(1 << 16, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
    mixed = every[torch.randperm(1 << 16, generator=torch.Generator().manual_seed(0))]
    for x in (every, mixed, mixed[:1013]):
        function = nonlin.get(formula)
        got, exact = function(x), function(x.float()).to(torch.bfloat16)
        assert torch.equal(got.isnan(), exact.isnan())
        assert torch.equal(got[~got.isnan()], exact[~exact.isnan()])
        assert formula == "exp(x)" or int(((exact != 0) & (exact.abs().float() < 2.0**-126)).sum()) > 1
