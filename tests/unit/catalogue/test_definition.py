"""What a definition may be: names, formulas, parameters and their ranges, each refusal a sentence."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from nonlin.catalogue import Definition, Param, noise, param
from nonlin.catalogue.definition import camel, make
from nonlin.errors import FormulaError, ParameterError
from nonlin.expr import call, parse, var, where

x = var("x")


def test_param_ranges_in_words() -> None:
    assert param(0.5).range_text() == "any finite number"
    assert param(0.5, low=0).range_text() == "at least 0"
    assert param(0.5, high=1).range_text() == "at most 1"
    assert param(0.5, low=0, high=1).range_text() == "0 to 1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"default": -1, "low": 0}, "param: default=-1 is out of range; allowed is at least 0"),
        ({"default": math.inf}, "param: default must be finite, not inf; allowed is any finite number"),
        ({"default": math.nan}, "param: default must be finite, not nan"),
        ({"default": "1"}, "param: default must be a number, not '1'"),
        ({"default": True}, "param: default must be a number, not True"),
        ({"default": 1.0, "per": "row"}, "per must be 'tensor' or 'channel', not 'row'"),
    ],
)
def test_param_refuses(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        param(**arguments)


def test_make_fills_in_what_is_not_said() -> None:
    made = make("soft_bump", "a*exp(-x**2)", params={"a": 2})
    assert (made.title, made.family, made.aliases, made.kind) == ("SoftBump", "user", (), "elementwise")
    assert made.params == {"a": Param(2)}
    assert made.defaults == {"a": 2.0}
    assert made.formula == "a*exp(-x**2)"
    assert camel("hard_swish") == "HardSwish"
    assert make("bump", x * x, params={}).textbook is x * x


@pytest.mark.parametrize(
    ("name", "formula", "params", "error", "message"),
    [
        ("Bad", "x", {}, ParameterError, "name must be lower-case letters, digits and _, starting with a letter, not 'Bad'"),
        ("2x", "x", {}, ParameterError, "name must be lower-case"),
        ("a-b", "x", {}, ParameterError, "name must be lower-case"),
        ("", "x", {}, ParameterError, "name must be lower-case"),
        ("bad\n", "x", {}, ParameterError, "name must be lower-case"),
        ("bad", "x*k", {}, FormulaError, "unknown name 'k'"),
        ("bad", x * var("k"), {}, ParameterError, r"the formula uses k, which is not declared; add k=param\(default\)"),
        ("bad", "x", {"k": 1.0}, ParameterError, "the parameter 'k' is declared or named but not used"),
        ("bad", "x*k", {"k": param(1.0, above="high")}, ParameterError, "the parameter 'high' is declared or named but not"),
        ("bad", "x", {"x": 1.0}, ParameterError, "a parameter cannot be called 'x'"),
        ("bad", 3, {}, ParameterError, "formula must be text or an expression, not int"),
        ("bad", x > 0, {}, ParameterError, "is a comparison"),
        ("bad", "x +", {}, FormulaError, "cannot be read"),
        ("bad", "x*k", {"k": "1"}, ParameterError, "must be a number, not '1'"),
        ("bad", "x*k", {"k": math.nan}, ParameterError, "must be finite"),
        ("bad", "x*a*b", {"a": 2.0, "b": param(1.0, above="a")}, ParameterError, "bad: a=2.0 must not exceed b=1.0"),
    ],
)
def test_make_refuses(name: str, formula: Any, params: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make(name, formula, params=params)


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("max(x, 0)", "elementwise"), ("exp(x)/row_sum(exp(x))", "rowwise"), ("x - row_max(x)", "rowwise"),
        ("row_max(x)", "grouped"), ("log(row_sum(exp(x)))", "grouped"), ("row_softmax(x)", "rowwise"),
        ("x*row_max(x)", "rowwise"),
    ],
)  # fmt: skip
def test_kinds(formula: str, kind: str) -> None:
    assert make("some", formula, params={}).kind == kind


def leaky() -> Definition:
    slopes = {"slope": param(0.01, low=0, high=1), "top": param(6.0, low=1)}
    return make("leaky", call("min", where(x > 0, x, var("slope") * x), var("top")), params=slopes)


def test_bind_names_what_changed_and_validates() -> None:
    made = leaky()
    assert made.bind() is made
    assert made.bind(slope=0.01) is made
    bound = made.bind(slope=0.3)
    assert (bound.name, bound.defaults) == ("leaky(slope=0.3)", {"slope": 0.3, "top": 6.0})
    assert made.defaults["slope"] == 0.01
    assert bound.bind(top=2).defaults == {"slope": 0.3, "top": 2.0}
    assert bound.bind(slope=Fraction(1, 3)).closed() is parse("min(where(x > 0, x, x/3), 6)", textbook=True)
    for values, message in (
        ({"slope": 2}, "leaky: slope=2 is out of range; allowed is 0 to 1"),
        ({"slope": math.nan}, "leaky: slope must be finite, not nan; allowed is 0 to 1"),
        ({"slope": True}, "leaky: slope must be a number, not True"),
        ({"slop": 0.1}, r"leaky has no parameter 'slop'. Did you mean 'slope'\? its parameters are: slope, top"),
    ):
        with pytest.raises(ParameterError, match=message):
            made.bind(**values)


def test_a_second_binding_keeps_the_first_in_the_name() -> None:
    assert leaky().bind(slope=0.3).bind(top=2).name == "leaky(slope=0.3, top=2)"


def test_random_parameters_rest_at_their_mean() -> None:
    low, high, u = map(var, ("low", "high", "u"))
    bounds = {"u": noise("uniform"), "low": param(0.1), "high": param(0.3, above="low")}
    made = make("noisy", where(x > 0, x, (low + (high - low) * u) * x), params=bounds)
    assert made.random == {"u": "uniform"}
    assert list(made.settable) == ["low", "high"]
    assert made.closed() is parse("where(x > 0, x, x/5)", textbook=True)
    with pytest.raises(ParameterError, match="must not exceed"):
        made.bind(low=0.5)
    with pytest.raises(ParameterError, match="has no parameter 'u'"):
        made.bind(u=0.5)


def test_definitions_are_frozen() -> None:
    with pytest.raises(AttributeError):
        leaky().name = "other"  # type: ignore[misc]
