"""Every function that is not elementwise against its textbook formula in mpmath: rows, groups, gates, pairs, and gradients.

The oracle walks the formula as the literature writes it, on rows of 60-digit numbers, and differentiates by differences; it
knows nothing of stable forms. Errors are measured in ulps of the largest entry of the row that goes in or comes out,
since an output depends on all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from mpmath import mp, mpf

import nonlin
from nonlin.catalogue import Definition, definitions, parts
from nonlin.expr import Expr, const, substitute, walk

NAMES = [n for n, d in definitions().items() if d.kind != "elementwise"]
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
TOLERANCE = {"float64": 16, "float32": 16, "float16": 1, "bfloat16": 1}
"""In ulps of the scale: each of the few operations may lose one, times up to six terms; half types round once."""
ROWS = {
    "ordinary": [0.3, -1.2, 2.5, -0.7, 1.1, 0.4],
    "large": [40.0, -35.0, 38.0, 20.0, -60.0, 39.7],
    "small": [1e-3, -2e-3, 3e-3, 1.5e-3, -4e-3, 2.5e-3],
    "one sign": [-3.1, -1.2, -2.3, -0.6, -4.7, -2.9],
}

Row = list[Any]


def spread(function: Callable[..., Any]) -> Callable[..., Row]:
    """A function of numbers, applied entry by entry; rows of one entry serve for all."""

    def apply(*rows: Row) -> Row:
        n = max(map(len, rows))
        return [function(*(r[i if len(r) > 1 else 0] for r in rows)) for i in range(n)]

    return apply


def order(row: Row) -> list[int]:
    return sorted(range(len(row)), key=lambda i: (-row[i], i))


def threshold(row: Row, alpha: Row) -> Row:
    low, high = max(row) - 1, max(row)
    for _ in range(mp.prec + 8):
        t = (low + high) / 2
        total = mp.fsum((v - t) ** (1 / (alpha[0] - 1)) for v in row if v > t)
        low, high = (t, high) if total > 1 else (low, t)
    return [low]


PLAIN: dict[str, Callable[..., Row]] = {
    **{
        op: spread(f)
        for op, f in {
            "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
            "neg": lambda a: -a, "sin": mp.sin, "cos": mp.cos, "pow": mp.power, "exp": mp.exp, "log": mp.log, "sqrt": mp.sqrt, "tanh": mp.tanh,
            "abs": abs, "min": min, "max": max, "gt": lambda a, b: a > b, 
            "ge": lambda a, b: a >= b, "le": lambda a, b: a <= b, "lt": lambda a, b: a < b, "where": lambda c, a, b: a if c else b,
            "sigmoid": lambda a: 1 / (1 + mp.exp(-a)), "normal_cdf": mp.ncdf,
        }.items()
    },
    "pi": lambda: [+mp.pi],
    "row_sum": lambda r: [mp.fsum(r)],
    "row_max": lambda r: [max(r)],
    "row_length": lambda r: [mpf(len(r))],
    "row_first_max": lambda r: [mpf(i == order(r)[0]) for i in range(len(r))],
    "row_top": lambda r, k: [mpf(i in order(r)[: int(k[0])]) for i in range(len(r))],
    "row_threshold": threshold,
}  # fmt: skip


def textbook(made: Definition) -> Expr:
    return substitute(made.resting, {n: const(p.default) for n, p in made.settable.items()})


def evaluated(root: Expr, **inputs: Row) -> Row:
    """One output of a formula on rows of numbers."""
    values: dict[Expr, Row] = {}
    for node in walk(root):
        if node.op == "var":
            values[node] = inputs[str(node.payload)]
        elif node.op == "const":
            values[node] = [mpf(node.payload.numerator) / node.payload.denominator]  # type: ignore[union-attr]
        else:
            values[node] = PLAIN[node.op](*(values[a] for a in node.args))
    n = len(inputs["x"])
    made = values[root]
    reduced = len(made) == 1 and any(v.op.startswith("row_") for v in walk(root))
    return made if reduced or len(made) == n else made * n


def truth(made: Definition, row: Row) -> Row:
    """The outputs for one row, laid out as the library lays them out: groups of two, the gate in the second half."""
    outputs = parts(textbook(made))
    half = len(row) // 2
    if made.kind in ("gated", "paired"):
        return [v for o in outputs for v in evaluated(o, x=row[:half], **{made.inputs[1]: row[half:]})]
    if made.kind == "grouped":
        return [v for i in range(0, len(row), 2) for o in outputs for v in evaluated(o, x=row[i : i + 2])]
    return [v for o in outputs for v in evaluated(o, x=row)]


def stored(row: list[float], dtype: str) -> np.ndarray[Any, Any]:
    return np.array(row).astype(getattr(ml_dtypes, dtype, dtype))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_the_textbook(name: str, row: str) -> None:
    made = definitions()[name]
    for dtype, epsilon in EPSILON.items():
        x = stored(ROWS[row], dtype)
        with mp.workdps(60):
            true = np.array([float(v) for v in truth(made, [mpf(float(v)) for v in x])])
        for library in ("numpy", "torch"):
            given: Any = x if library == "numpy" else torch.tensor(x.astype(np.float64)).to(getattr(torch, dtype))
            out = nonlin.get(name)(given)
            got = out.astype(np.float64) if library == "numpy" else out.double().numpy()
            assert got.shape == true.shape
            product = made.kind == "gated" and made.textbook.op != "sub"  # a difference cancels near its zeros
            scale = np.abs(true) if product else np.maximum(np.abs(true).max(), made.kind == "gated")
            scale = np.maximum(scale, 1e-3 if dtype == "float16" else 1e-30)
            inner = 1 + np.abs(x.astype(float)).max() * (dtype in ("float32", "float64"))  # rounding carried through exp
            wrong = ~(np.abs(got - true) <= TOLERANCE[dtype] * inner * epsilon * scale)
            assert not wrong.any(), f"{library} {dtype}: {got[wrong][:3]} but exactly {true[wrong][:3]}"


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_the_textbook(name: str, row: str) -> None:
    """The gradient of a weighted sum of the outputs, by autograd, against one-sided differences in 60 digits."""
    made, numbers = definitions()[name], ROWS[row]
    x = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    out = nonlin.get(name)(x)
    weights = torch.linspace(0.5, 1.5, out.numel(), dtype=torch.float64)
    (got,) = torch.autograd.grad((out * weights).sum(), x)
    with mp.workdps(60):
        h = mpf(10) ** -25
        base = [mpf(v) for v in numbers]

        def total(point: Row) -> Any:
            return mp.fsum(mpf(w) * v for w, v in zip(weights.tolist(), truth(made, point), strict=True))

        slopes = [(total([*base[:i], v + h, *base[i + 1 :]]) - total(base)) / h for i, v in enumerate(base)]
        true = np.array([float(s) for s in slopes])
    size = max(np.abs(true).max(), float(out.detach().abs().max()), 1e-12)
    assert np.abs(got.numpy() - true).max() <= 1e-11 * size


@pytest.mark.parametrize("name", NAMES)
def test_nan_is_not_lost(name: str) -> None:
    """NaN comes out wherever its row, group or pair goes; hardmax and its kin choose entries and are exempt."""
    row = np.array([1.0, np.nan, 0.5, 2.0])
    got = nonlin.get(name)(row)
    if not any(n.op in ("row_first_max", "row_top") for n in walk(definitions()[name].textbook)):
        assert np.isnan(got).any()
    assert np.isnan(np.asarray(nonlin.get(name)(torch.from_numpy(row)))).any() == np.isnan(got).any()
