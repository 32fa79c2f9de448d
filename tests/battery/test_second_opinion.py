"""Independent second opinions: SymPy's derivatives, PyTorch's own functions, and autograd through the textbook formula."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
import torch
from battery.measure import ELEMENTWISE
from battery.oracle import textbook, truth
from mpmath import mp, mpf
from torch.nn import functional as F

import nonlin
from nonlin.expr import Expr, derivative, stabilise, variables, walk
from nonlin.expr.bridge import to_sympy
from nonlin.expr.exact import evaluate
from nonlin.expr.nodes import rebuild

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


def surrogate(root: Expr) -> Expr:
    """The formula that is differentiated: of ``straight_through`` the second argument."""
    return rebuild(root, lambda n: n.args[1] if n.op == "straight_through" else n)


def steps(root: Expr) -> bool:
    """Whether a formula counts whole numbers, which SymPy does not differentiate."""
    return any(n.op in ("floor", "round") for n in walk(root))


def split(u: Any) -> Any:
    """|u| by cases: where u may be infinite SymPy cannot tell that it is real, and leaves Abs(u) undifferentiated."""
    return sympy.Piecewise((u, u > 0), (-u, True))


SMOOTH = {"Heaviside": lambda u, *_: mpf(u > 0), "DiracDelta": lambda *_: mpf(0), "sign": mp.sign}
"""What SymPy's derivatives of selections are made of, away from the kinks."""


@pytest.mark.parametrize("name", [n for n in ELEMENTWISE if not steps(textbook(nonlin.definitions()[n]))])
def test_sympys_derivatives_are_ours(name: str) -> None:
    """The first derivative of all, the second of every third function (by a hash of its name), at four points of eleven."""
    made, chance = nonlin.definitions()[name], zlib.crc32(name.encode())
    ours = stabilise(surrogate(textbook(made)))
    theirs = to_sympy(surrogate(textbook(made))).replace(sympy.Abs, split)
    symbol = sympy.Symbol("x", real=True)
    with mp.workdps(50):
        for order in (1, 2) if chance % 3 == 0 else (1,):
            theirs = sympy.diff(theirs, symbol)
            compute = sympy.lambdify(symbol, theirs, [SMOOTH, "mpmath"])
            expression = derivative(ours, "x", order)
            for k in range(4):
                point = mpf(POINTS[(chance + 3 * k) % len(POINTS)])
                exact = compute(point)
                got = evaluate(expression, {"x": point}, 60) if variables(expression) else evaluate(expression)
                assert abs(got - exact) <= mpf(10) ** -30 * max(abs(exact), 1), f"order {order} at {point}"


@pytest.mark.parametrize("name", NATIVE)
def test_pytorchs_own_function_agrees_in_double_precision(name: str) -> None:
    x = torch.linspace(-30.01, 30.02, 601, dtype=torch.float64, requires_grad=True)
    native, ours = NATIVE[name](x), nonlin.get(name)(x)
    assert torch.allclose(native, ours, rtol=1e-11, atol=LOOSE.get(name, 1e-13))
    (theirs,) = torch.autograd.grad(native.sum(), x)
    (slopes,) = torch.autograd.grad(ours.sum(), x)
    assert torch.allclose(theirs, slopes, rtol=1e-10, atol=LOOSE.get(name, 1e-12))


TORCH: dict[str, Callable[..., Any]] = {
    "abs": abs, "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b, "neg": lambda a: -a, "pow": lambda a, b: a**b, "exp": torch.exp, "log": torch.log,
    "expm1": torch.expm1, "log1p": torch.log1p, "tanh": torch.tanh, "sech2": lambda a: torch.cosh(a) ** -2,
    "sinh": torch.sinh, "cosh": torch.cosh, "sech": lambda a: 1 / torch.cosh(a),
    "log_cosh": lambda a: torch.log(torch.cosh(a)),
    "sqrt": torch.sqrt, "softplus": F.softplus, "sigmoid": torch.sigmoid, "erf": torch.erf, "erfc": torch.erfc,
    "normal_cdf": torch.special.ndtr, "normal_pdf": lambda a: torch.exp(-a * a / 2) / (2 * np.pi) ** 0.5,
    "sin": torch.sin, "cos": torch.cos, "arctan": torch.atan, "arcsinh": torch.asinh, "sign": torch.sign,
    "floor": torch.floor, "round": torch.round, "pi": lambda: torch.tensor(np.pi, dtype=torch.float64),
    "straight_through": lambda a, b: b + (a - b).detach(),
    "max": torch.maximum, "min": torch.minimum,
    "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
}  # fmt: skip


def plain(root: Expr, x: torch.Tensor) -> torch.Tensor:
    """The textbook formula at one number in ordinary differentiable torch operations, in the branches that are taken."""
    made: dict[Expr, torch.Tensor] = {}

    def value(node: Expr) -> torch.Tensor:
        if node not in made:
            if node.op == "var":
                made[node] = x
            elif node.op == "const":
                made[node] = torch.full_like(x, float(node.payload or 0))
            elif node.op == "where":
                made[node] = value(node.args[1 if value(node.args[0]) else 2])
            else:
                made[node] = TORCH[node.op](*(value(a) for a in node.args))
        return made[node]

    return value(root)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_autograd_through_the_textbook_formula_agrees(name: str) -> None:
    """With the oracle, which the kernels are held against elsewhere."""
    root = textbook(nonlin.definitions()[name])
    true = truth(root, POINTS)
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    naive = torch.stack([plain(root, point) for point in x])
    for order, tolerance in ((0, 1e-10), (1, 1e-9), (2, 1e-8)):
        expected = torch.from_numpy(true.low[order].copy())
        assert torch.allclose(naive, expected, rtol=tolerance, atol=tolerance / 100), f"order {order}"
        if not naive.requires_grad:
            assert not true.low[order + 1 :].any()
            break
        if order < 2:
            (naive,) = torch.autograd.grad(naive.sum(), x, create_graph=True)
