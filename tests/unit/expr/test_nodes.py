"""Nodes: one object per expression, immutable, and simplified only by rules that hold for every input."""

from __future__ import annotations

import copy
import gc
import pickle
from fractions import Fraction
from typing import Any

import pytest

from nonlin.expr import Expr, call, const, parse, substitute, var, variables, walk, where
from nonlin.expr.nodes import ONE, ZERO, _live, mul, number, rebuild, wrap

x, y = var("x"), var("y")


def test_equal_expressions_are_one_object() -> None:
    assert var("x") is x
    assert x + y * 2 is x + y * 2
    assert call("tanh", x) is call("tanh", var("x"))
    assert Expr("tanh", (x,)) is call("tanh", x)
    assert x + y is not x * y
    assert copy.copy(x) is x
    assert copy.deepcopy(x + 1) is x + 1
    assert pickle.loads(pickle.dumps(where(x > 0, x, y / 3))) is where(x > 0, x, y / 3)


def test_dropped_expressions_are_forgotten() -> None:
    made = call("tanh", var("nobody_else_uses_this"))
    key = (made.op, made.args, made.payload)
    assert key in _live
    del made, key
    gc.collect()
    assert not any(node.payload == "nobody_else_uses_this" for node in list(_live.values()))


def test_nodes_cannot_be_changed_or_tested() -> None:
    with pytest.raises(AttributeError, match="expressions are immutable; cannot set 'op'"):
        x.op = "y"
    with pytest.raises(TypeError, match=r"write where\(x > 0, a, b\)"):
        bool(x > 0)
    with pytest.raises(TypeError, match="not str"):
        x + "1"  # type: ignore[operator]


def test_numbers_are_exact() -> None:
    assert number(const(0.1)) == Fraction(1, 10)
    assert const(2) is const(2.0) is const(Fraction(4, 2))
    assert number(const(0.1) + const(0.2)) == Fraction(3, 10)
    assert number(x) is None
    for bad in (float("inf"), float("nan")):
        with pytest.raises(ValueError, match="constants are finite numbers"):
            const(bad)
    assert wrap(x) is x


SIMPLER: list[tuple[Any, Any]] = [
    (x + 0, x), (0 + x, x), (x - x, ZERO), (x + x, 2 * x), (x * 1, x), (x * 0, ZERO), (x / 1, x), (x / x, ONE),
    (x * x, x**2), (x**2 * x**3, x**5), (x**3 / x, x**2), (2 * x + 3 * x, 5 * x), (mul(-1, -x), x), (+x, x),
    (x - 2 * x, -x), ((x + y) - y, x), (x**0, ONE), (x**1, x), (const(2) ** 3, const(8)), (1 - x + x, ONE),
    (x ** Fraction(1, 2), call("sqrt", x)), (call("sqrt", const(2)) * call("sqrt", const(2)), const(2)),
    (abs(-x), abs(x)), (abs(abs(x)), abs(x)), (abs(-3 * x), 3 * abs(x)), (abs(const(-2)), const(2)),
    (abs(x) * call("sign", x), x), (x * call("sign", x), abs(x)), ((1 + abs(x)) - x * call("sign", x), ONE),
    (call("max", x, x), x), (call("min", 2, 3), const(2)), (call("max", 2, 3), const(3)), (where(x > 0, y, y), y),
    (call("exp", 0), ONE), (call("log", 1), ZERO), (call("tanh", 0), ZERO), (call("tanh", -x), -call("tanh", x)),
    (call("sin", -x), -call("sin", x)), (call("cos", 0), ONE), (call("sign", -x), -call("sign", x)),
    (3 * where(x > 0, y, 0), where(x > 0, 3 * y, 0)), (x / 2 + x / 2, x), (2 / (1 / x), 2 * x),
]  # fmt: skip


@pytest.mark.parametrize(("made", "expected"), SIMPLER)
def test_simplifications(made: Expr, expected: Expr) -> None:
    assert made is expected


@pytest.mark.parametrize("made", [x**65, x ** Fraction(1, 3), 2**x, call("tanh", x), x / (x + 1), call("round", x)])
def test_what_does_not_simplify_is_kept(made: Expr) -> None:
    assert number(made) is None
    assert "x" in variables(made)


def test_division_by_the_number_zero_is_refused() -> None:
    with pytest.raises(ZeroDivisionError, match="divides by the constant 0"):
        x / 0
    with pytest.raises(ZeroDivisionError):
        1 / (x - x)


def test_operators_from_both_sides() -> None:
    assert 1 + x is parse("1 + x", textbook=True)
    assert 1 - x is parse("1 - x", textbook=True)
    assert 2 / x is parse("2/x", textbook=True)
    assert 2**x is parse("2**x", textbook=True)
    assert where(x <= 1, x, 0) is parse("where(x <= 1, x, 0)", textbook=True)
    assert where(x >= 1, x, 0) is not where(x > 1, x, 0)
    assert (x < 1).op == "lt"


def test_walk_yields_arguments_first_and_once() -> None:
    root = call("tanh", x * y) + x * y
    nodes = list(walk(root))
    assert len(nodes) == len(set(nodes))
    seen: set[Expr] = set()
    for node in nodes:
        assert all(a in seen for a in node.args)
        seen.add(node)
    assert nodes[-1] is root
    assert variables(root) == ["x", "y"]


def test_walk_of_a_shared_tower_is_linear() -> None:
    node = x
    for _ in range(200):
        node = call("tanh", node * node + 1)
    assert sum(1 for _ in walk(node)) < 1000


def test_substitute_and_rebuild() -> None:
    assert substitute(x * y + x, {"x": 3}) is 3 * y + 3
    assert substitute(x + y, {"x": y}) is 2 * y
    assert rebuild(x + y, lambda n: n) is x + y
    assert substitute(where(x > 0, x, y), {"y": x}) is x
