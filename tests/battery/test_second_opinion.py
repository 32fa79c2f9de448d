"""Independent second opinions: SymPy's derivatives, PyTorch's own functions, and autograd through the textbook formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
import torch
from battery.measure import ELEMENTWISE
from battery.oracle import textbook
from mpmath import mp, mpf
from torch.nn import functional as F

import nonlin
from nonlin.expr import derivative, variables
from nonlin.expr.bridge import to_sympy
from nonlin.expr.exact import evaluate

POINTS = [-7.3, -3.6, -2.1, -0.83, -0.2, 0.37, 0.9, 1.7, 2.6, 4.4, 6.9]
NATIVE: dict[str, Callable[..., Any]] = {
    "celu": F.celu,
    "elu": F.elu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "hard_sigmoid": F.hardsigmoid,
    "hard_swish": F.hardswish,
    "hard_tanh": F.hardtanh,
    "identity": lambda x: x.clone(),
    "leaky_relu": F.leaky_relu,
    "log_sigmoid": F.logsigmoid,
    "mish": F.mish,
    "relu": F.relu,
    "relu6": F.relu6,
    "rrelu": F.rrelu,
    "selu": F.selu,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "tanh": torch.tanh,
}
LOOSE = {"softplus": 3e-9, "hard_sigmoid": 1e-8}
"""PyTorch's softplus is x from 20 on, where log(1 + exp(-20)) = 2e-9 is left, and its hardsigmoid's gradient is 1/6 in
single precision for doubles too; everything else agrees to rounding."""


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_sympys_derivatives_are_ours(name: str) -> None:
    made = nonlin.definitions()[name]
    ours = made.closed()
    theirs = to_sympy(textbook(made))
    symbol = sympy.Symbol("x", real=True)
    for order in (1, 2):
        theirs = sympy.diff(theirs, symbol)
        expression = derivative(ours, "x", order)
        for point in POINTS:
            with mp.workdps(50):
                exact = mpf(str(sympy.N(theirs.subs(symbol, sympy.Rational(str(point))).doit(), 40)))
                point_here = mpf(sympy.Rational(str(point)).p) / sympy.Rational(str(point)).q
                got = evaluate(expression, {"x": point_here}, 60) if variables(expression) else evaluate(expression)
                assert abs(got - exact) <= mpf(10) ** -30 * max(abs(exact), 1), f"order {order} at {point}"


@pytest.mark.parametrize("name", NATIVE)
def test_pytorchs_own_function_agrees_in_double_precision(name: str) -> None:
    x = torch.linspace(-30.01, 30.02, 601, dtype=torch.float64, requires_grad=True)
    native, ours = NATIVE[name](x), nonlin.get(name)(x)
    assert torch.allclose(native, ours, rtol=1e-11, atol=LOOSE.get(name, 1e-13))
    (theirs,) = torch.autograd.grad(native.sum(), x)
    (slopes,) = torch.autograd.grad(ours.sum(), x)
    assert torch.allclose(theirs, slopes, rtol=1e-10, atol=LOOSE.get(name, 1e-12))


TORCH = {
    "abs": abs, "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b, "neg": lambda a: -a, "pow": lambda a, b: a**b, "exp": torch.exp, "log": torch.log,
    "tanh": torch.tanh, "sqrt": torch.sqrt, "softplus": F.softplus, "sigmoid": torch.sigmoid,
    "normal_cdf": torch.special.ndtr, "pi": lambda: torch.tensor(np.pi, dtype=torch.float64),
    "where": torch.where, "max": torch.maximum, "min": torch.minimum, "gt": lambda a, b: a > b,
}  # fmt: skip


def plain(node: Any, x: torch.Tensor) -> torch.Tensor:
    """The textbook formula as ordinary differentiable torch operations, node by node."""
    if node.op == "var":
        return x
    if node.op == "const":
        return torch.full_like(x, float(node.payload))
    made: torch.Tensor = TORCH[node.op](*(plain(a, x) for a in node.args))
    return made


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_autograd_through_the_textbook_formula_agrees(name: str) -> None:
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    value = plain(textbook(nonlin.definitions()[name]), x)
    (slope,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    function = nonlin.get(name)
    assert torch.allclose(value, function(x), rtol=1e-10, atol=1e-12)
    assert torch.allclose(slope, function.grad(x), rtol=1e-9, atol=1e-11)
    if slope.requires_grad:
        (curve,) = torch.autograd.grad(slope.sum(), x)
        assert torch.allclose(curve, function.grad(x, 2), rtol=1e-8, atol=1e-10)
    else:
        assert not function.grad(x, 2).any()
