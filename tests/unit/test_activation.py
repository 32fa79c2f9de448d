"""The public handle: what it tells about itself, and how it is obtained."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch

import nonlin
from nonlin.catalogue import forget, lookup
from nonlin.errors import FormulaError, ParameterError, UnknownNameError


@pytest.fixture
def clean() -> Iterator[None]:
    yield
    if lookup("own_bend") is not None:
        forget("own_bend")


def test_it_tells_what_it_is() -> None:
    leaky = nonlin.get("leaky_relu", slope=0.3)
    assert (leaky.name, leaky.kind, dict(leaky.params)) == ("leaky_relu(slope=0.3)", "elementwise", {"slope": 0.3})
    assert leaky.formula == "where(x > 0, x, slope*x)"
    assert repr(leaky) == "<nonlin leaky_relu(slope=0.3): where(x > 0, x, slope*x)>"
    assert nonlin.get("softmax").kind == "rowwise"
    assert nonlin.get("maxout").kind == "grouped"


def test_formula_and_derivative_read_back() -> None:
    silu = nonlin.get("silu")
    slope = nonlin.get(silu.derivative())
    assert slope(0.7) == pytest.approx(silu.grad(0.7), rel=1e-15)
    assert nonlin.get(silu.derivative(2))(0.7) == pytest.approx(silu.grad(0.7, 2), rel=1e-15)
    assert nonlin.get(silu.formula)(0.7) == silu(0.7)
    with pytest.raises(ParameterError, match="softmax works on whole rows or pairs; its derivative is a Jacobian"):
        nonlin.get("softmax").derivative()


def test_order_zero_is_the_value_and_higher_orders_go_on() -> None:
    sine = nonlin.get("sin(x)")
    assert [sine.grad(0.5, k) for k in range(5)] == pytest.approx(
        [math.sin(0.5), math.cos(0.5), -math.sin(0.5), -math.cos(0.5), math.sin(0.5)]
    )


def test_get_takes_what_people_have() -> None:
    gelu = nonlin.get("gelu")
    assert nonlin.get(gelu).definition is gelu.definition
    assert nonlin.get(gelu.definition).definition is gelu.definition
    assert nonlin.get("k*tanh(x)", k=2)(100.0) == 2.0
    with pytest.raises(UnknownNameError, match=r"Did you mean 'gelu'\?"):
        nonlin.get("gelo")
    with pytest.raises(FormulaError, match="an attribute"):
        nonlin.get("x.real")


def test_define_gives_a_function_with_the_same_rights(clean: None) -> None:
    bend = nonlin.define("own_bend", "x*exp(-k*x*x)", k=nonlin.param(1.0, low=0), aliases=["bent"], summary="Mine.")
    assert bend(1.0) == pytest.approx(math.exp(-1))
    assert nonlin.get("bent", k=0)(3.0) == 3.0
    assert bend.grad(np.array([-np.inf, 0.0, np.inf])).tolist() == [0.0, 1.0, 0.0]
    assert isinstance(bend.module(), torch.nn.Module)


def test_random_slopes_are_drawn_by_modules_only() -> None:
    noisy, x = nonlin.get("rrelu"), np.full(5, -1.0)
    assert noisy(x).tolist() == [-11 / 48] * 5
    assert noisy(-1.0, low=0.5, high=0.5) == -0.5
    with pytest.raises(ParameterError, match="must not exceed"):
        noisy(-1.0, low=0.9)
