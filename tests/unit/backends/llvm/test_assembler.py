"""The assembler: equal instructions once, products fused with numbers only, NaN in every choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nonlin.backends.llvm import engine
from nonlin.backends.llvm.assembler import DOUBLE, FLOAT, LANES, Block, Lane, Value
from nonlin.backends.llvm.calls import Kernel
from nonlin.backends.llvm.loops import Plan, module
from nonlin.expr import Expr, call, var
from nonlin.expr.nodes import const

X, Y = var("x"), var("y")
Array = np.ndarray[Any, Any]


def value(block: Block, name: str = "%x") -> Value:
    return Value(block, name, "float")


def test_equal_instructions_are_written_once_and_commute() -> None:
    b = Block(FLOAT, 8)
    x, y = value(b), value(b, "%y")
    assert (x * y + x * y).name != (x * y).name
    lines = len(b.lines)
    assert (x * y).name == (y * x).name
    assert b.op("fadd", y, x).name == b.op("fadd", x, y).name
    assert (x - y).name != (y - x).name
    assert len(b.lines) == lines + 3


def test_a_product_is_fused_with_a_number_and_with_nothing_else() -> None:
    b = Block(DOUBLE, 4)
    x, y = value(b), value(b, "%y")
    for made in (x * y + 1.5, 1.5 + x * y, x * y - 1.5, 1.5 - x * y):
        assert any(line.startswith(f"  {made.name} = call") and "fma" in line for line in b.lines)
    # of two products neither may be preferred: a*b - c*d would not be 0 where the two are equal
    difference = x * y - y * x
    assert f"  {difference.name} = fsub" in b.lines[-1]


def test_division_by_a_power_of_two_is_a_product() -> None:
    b = Block(FLOAT, 4)
    x = value(b)
    assert "fmul" in b.lines[int((x / 4).name.removeprefix("%t"))]
    assert "fdiv" in b.lines[int((x / 3).name.removeprefix("%t"))]
    assert "fdiv" in b.lines[int((x / 2.0**-140).name.removeprefix("%t"))]  # its inverse would overflow


@pytest.mark.parametrize("lane", LANES.values())
def test_numbers_are_rounded_to_the_type(lane: Lane) -> None:
    b = Block(lane, 4)
    exact = np.float32(0.1) if lane is FLOAT else 0.1
    assert b.const(0.1).number == float(exact)
    assert b.const(1e300).number == (np.inf if lane is FLOAT else 1e300)
    assert (-b.const(2.0)).number == -2.0
    assert lane.sign == -(2 ** (lane.bits - 1))


@pytest.mark.parametrize("kind", LANES)
@pytest.mark.parametrize("op", ["min", "max"])
def test_the_smaller_and_the_larger_are_nan_if_either_is(op: str, kind: str, vectors: str) -> None:
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -1.0, 2.5], kind)
    x, y = (np.ascontiguousarray(a.reshape(-1)) for a in np.meshgrid(special, special))
    out = np.empty_like(x)
    Kernel(Plan((call(op, X, Y),), ("x", "y"), (), kind)).flat(x.size, 0, x.ctypes.data, y.ctypes.data, out.ctypes.data)
    expected = (np.minimum if op == "min" else np.maximum)(x, y)
    assert np.array_equal(out, expected, equal_nan=True)


@pytest.mark.parametrize("kind", LANES)
def test_the_smaller_and_the_larger_than_a_number(kind: str, vectors: str, computed: Callable[..., Array]) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -1.0, 2.5], kind)
    for op, plain in (("min", np.minimum), ("max", np.maximum)):
        for root in (Expr(op, (X, const(1))), Expr(op, (const(1), X))):
            assert np.array_equal(computed(root, x), plain(x, 1), equal_nan=True)


def test_comparisons_with_nan_are_false(computed: Callable[..., Array]) -> None:
    x = np.array([np.nan, -1.0, 0.0, 1.0])
    for op in ("lt", "le", "gt", "ge"):
        got = computed(Expr("where", (Expr(op, (X, const(0))), const(1), const(0))), x)
        with np.errstate(invalid="ignore"):
            assert got.tolist() == {"lt": x < 0, "le": x <= 0, "gt": x > 0, "ge": x >= 0}[op].astype(float).tolist()


def test_scaling_underflows_step_by_step_and_overflows_to_infinity(vectors: str, computed: Callable[..., Array]) -> None:
    x = np.arange(-107, 92, 0.5).astype(np.float32)
    got, exact = computed(call("exp", X), x).astype(np.float64), np.exp(x.astype(np.float64))
    largest, least = float(np.finfo(np.float32).max), 2.0**-149
    assert np.isinf(got[exact > largest]).all()
    assert (got[exact < least / 2] == 0).all()
    inside = (exact <= largest) & (exact >= least / 2)
    assert (abs(got - exact)[inside] <= np.maximum(2.0**-22 * exact, 0.51 * least)[inside]).all()


def test_a_detour_gives_each_lane_its_own_result(vectors: str, computed: Callable[..., Array]) -> None:
    """Sine makes one for large arguments: a near lane must not depend on whether its neighbour is far."""
    near = np.linspace(-20, 20, 512).astype(np.float32)
    alone = computed(call("sin", X), near)
    mixed = near.copy()
    mixed[::7] = 3e7
    together = computed(call("sin", X), mixed)
    kept = np.ones(512, bool)
    kept[::7] = False
    assert np.array_equal(together[kept], alone[kept])
    assert together[::7] == pytest.approx(np.sin(np.float64(3e7)), rel=1e-6)


def test_the_text_of_a_module_is_the_same_every_time() -> None:
    host = engine.host()
    assert host is not None
    plan = Plan((call("tanh", X) * X,), ("x",), (), "float32")
    assert module(plan, host.width, host.able) == module(plan, host.width, host.able)
