"""How much a kernel's rounding errors come to, input by input: a first-order error analysis of its straight-line program.

Every operation rounds its result; what that does to the output is the output's derivative by that result, found for all
operations at once by going through the program backwards. The square root of the sum of their squares is the error to
expect, and the derivative by ``x`` itself times ``x`` is what the rounding of the input alone would do, the condition of the
problem. Where the first is many times the second and the result, terms cancel. Everything is computed in double precision
for thousands of inputs at once, with the range of the type imposed on every result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nonlin.backends.emission import build, elementwise_scope, emit
from nonlin.expr import PRIMITIVES, Expr, call, var, walk
from nonlin.expr.exact import constant, is_constant
from nonlin.expr.nodes import ONE, ZERO

Array = Any


@dataclass(frozen=True)
class Format:
    """A floating type: the bits of its significand, its largest number, least normal and least subnormal."""

    name: str
    bits: int
    largest: float
    tiny: float
    smallest: float

    @property
    def unit(self) -> float:
        """The relative error of one rounding, half the distance from 1 to the next number."""
        return 2.0**-self.bits

    def ulp(self, size: Array) -> Array:
        """Spacing of the numbers at ``size``; at no less than 128 least normals, where relative accuracy ends."""
        held = np.clip(np.abs(size), 128 * self.tiny, self.largest)
        return np.ldexp(1.0, np.frexp(held)[1] - self.bits)

    def rounded(self, values: Array) -> Array:
        """``values`` rounded to this type, as float64."""
        with np.errstate(all="ignore"):
            return np.asarray(values, np.float64).astype(self.name).astype(np.float64)


FORMATS = {
    "float32": Format("float32", 24, float(np.finfo(np.float32).max), 2.0**-126, 2.0**-149),
    "float64": Format("float64", 53, float(np.finfo(np.float64).max), 2.0**-1022, 2.0**-1074),
}
EXACT = {"neg", "abs", "min", "max", "where", "sign", "floor", "round", "straight_through", "var"}
"""Operations that do not round."""
ULPS = {**dict.fromkeys(("add", "sub", "mul", "div", "sqrt"), 0.5), "pow": 1.0, "erf": 1.0, "erfc": 1.5}
"""Error of an operation's result in units in the last place; ``ELEMENTARY`` for those not named."""
ELEMENTARY = {24: 1.25, 53: 0.75}
"""By the bits of the type: the libraries' float32 functions are made for speed and leave up to two ulps."""
EXCUSED = 2
"""Ulps excused for each unit of the condition number; rounding the input costs half of one."""


@dataclass(frozen=True)
class Analysis:
    """Arrays over the inputs: the result as computed, the error to expect, |x times the derivative|, and whether an

    operation on finite numbers gave an infinite one or NaN, so that nothing is known of the error.
    """

    value: Array
    error: Array
    condition: Array
    broken: Array

    def share(self, x: Array, form: Format, budget: float) -> Array:
        """The expected error over what is allowed: ``budget`` ulps and what the condition excuses. NaN where nothing is known."""
        with np.errstate(all="ignore"):
            excused = EXCUSED * 2 * form.unit * self.condition + form.tiny * np.minimum(np.abs(x), 128)
            return self.error / (budget * form.ulp(self.value) + np.where(np.isnan(excused), 0.0, excused))


def analyse(root: Expr, x: Array, form: Format) -> Analysis:
    """Analyse an elementwise expression in ``x`` alone, lowered to operations of the target, at the float64 array ``x``."""
    order = [n for n in walk(root) if n.op not in PRIMITIVES or not is_constant(n)]
    inner = {a for n in order for a in n.args if is_constant(a)}
    values: dict[Expr, Array] = {}
    broken = np.zeros(x.shape, bool)
    with np.errstate(all="ignore"):
        for node in [*inner, *order] if not is_constant(root) else [root]:
            values[node] = value = _value(node, values, x, form)
            if value.dtype != bool and not is_constant(node):
                lost = ~np.isfinite(value)
                for arg in node.args if lost.any() else ():
                    lost = lost & np.isfinite(values[arg])
                broken = broken | lost
        adjoint: dict[Expr, Array] = {root: np.ones_like(x)}
        total = condition = doubt = np.zeros_like(x)
        for node in reversed([*inner, *order] if not is_constant(root) else [root]):
            if node not in adjoint:
                continue
            weight = adjoint[node]
            if node.op == "var":
                condition = weight * x
                continue
            total = total + _product(weight, _rounding(node, values, form)) ** 2
            for i, arg in enumerate(node.args if node not in inner else ()):
                if values[arg].dtype != bool:
                    slope = _slope(node, i, [values[a] for a in node.args])
                    part = _product(weight, slope)
                    adjoint[arg] = adjoint.get(arg, 0.0) + part
                    if arg.op == "var":
                        doubt = np.maximum(doubt, np.abs(part))
        # where the derivative itself cancels, what is left of it in double precision excuses nothing
        condition = np.maximum(np.abs(condition) - 2.0**-48 * doubt * np.abs(x), 0.0)
        return Analysis(np.broadcast_to(values[root], x.shape), np.sqrt(total), condition, broken)


def _product(a: Array, b: Array) -> Array:
    """a*b, where 0 times anything is 0: what does not reach the output cannot harm it."""
    return np.where((a == 0) | (b == 0), 0.0, a * b)


def _value(node: Expr, values: dict[Expr, Array], x: Array, form: Format) -> Array:
    """The result of one operation with the range of ``form`` imposed."""
    if node.op == "var":
        return x
    made = np.float64(constant(node)) if is_constant(node) else _program(node.op, -1)(*(values[a] for a in node.args))
    if made.dtype == bool or form.bits == 53:
        return made
    made = np.where(abs(made) > form.largest, np.copysign(np.inf, made), made)
    return np.where(abs(made) < form.smallest / 2, 0.0, made)


def _rounding(node: Expr, values: dict[Expr, Array], form: Format) -> Array:
    """Size of the error an operation makes itself."""
    value = values[node]
    if is_constant(node):
        held = float(form.rounded(value))
        return np.float64(0.0 if held == node.payload else abs(held) * form.unit)
    if node.op in EXACT or (node.op in ("mul", "div") and any(is_constant(a) and _binary(values[a]) for a in node.args)):
        return np.float64(0.0)
    size = ULPS.get(node.op, ELEMENTARY[form.bits]) * 2 * form.unit * abs(value)
    least = np.where(value == 0, 0.0, form.smallest / 2) if node.op in ("add", "sub") else form.smallest / 2
    return np.where(np.isfinite(size), np.maximum(size, least), 0.0)


def _binary(value: Array) -> bool:
    """Whether a number is a power of two, so that multiplying by it is exact."""
    return abs(math.frexp(float(value))[0]) == 0.5


def _slope(node: Expr, i: int, given: list[Array]) -> Array:
    """Derivative of an operation's result by its argument number ``i``."""
    if node.op in ("add", "sub", "neg"):
        return np.float64(-1.0 if node.op == "neg" or (node.op == "sub" and i == 1) else 1.0)
    if node.op == "where":
        return np.where(given[0], i == 1, i == 2).astype(np.float64)
    if node.op in ("min", "max"):
        first = given[0] < given[1] if node.op == "min" else given[0] > given[1]
        return (first == (i == 0)).astype(np.float64)
    return _program(node.op, i)(*given)


@lru_cache(maxsize=512)
def _program(op: str, which: int) -> Callable[..., Array]:
    """The NumPy function of an operation (``which`` = -1) or of its derivative by its argument number ``which``."""
    names = [f"a{i}" for i in range(PRIMITIVES[op].arity)]
    node = call(op, *(var(n) for n in names))
    if which >= 0:
        rule = PRIMITIVES[op].tangent
        assert rule is not None
        node = rule(node.args, tuple(ONE if i == which else ZERO for i in range(len(names))), node)
    made = build(emit("numpy", [node], names), elementwise_scope())
    return lambda *given: np.asarray(made(*given))
