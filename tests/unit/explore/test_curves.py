"""What is drawn of each kind of function; the numbers themselves are tested in the browser (tests/web/test_explorer.py)."""

from __future__ import annotations

import pytest

from nonlin.catalogue import definitions, lookup, noise, param
from nonlin.catalogue.definition import make
from nonlin.explore.curves import ORDERS, OTHERS, drawing
from nonlin.expr import var, where


def drawn(name: str):  # type: ignore[no-untyped-def]
    made = lookup(name)
    assert made is not None
    return drawing(made)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("silu", [""]),
        ("geglu", ["along the gate", "along the value", "value and gate equal"]),
        ("softmax", ["the entry that varies", "the next entry"]),
        ("logsumexp", [""]),
        ("max_min", ["output 1", "output 2"]),
        ("crelu", ["output 1", "output 2"]),
        ("cardioid", ["real part of the output, along the real part", "real part of the output, along the imaginary part",
                      "imaginary part of the output, along the real part", "imaginary part of the output, along the imaginary part"]),
    ],
)  # fmt: skip
def test_each_kind_has_its_curves(name: str, labels: list[str]) -> None:
    found = drawn(name)
    assert [c.label for c in found.curves] == labels
    assert all(len(c.orders) == ORDERS for c in found.curves)
    assert bool(found.says) == (name != "silu")


def test_parameters_are_arguments_and_not_numbers() -> None:
    (curve,) = drawn("leaky_relu").curves
    assert curve.sliders == ("slope",)
    assert curve.orders == (
        "(x, slope)=>(x > 0) ? x : (slope * x)",
        "(x, slope)=>((x > 0) ? 1 : slope) + Math.min(Math.abs(x), 0)",
        "(x, slope)=>0",
    )


def test_sliders_hold_what_the_definition_says() -> None:
    (slider,) = (s for s in drawn("probact").sliders if s.name == "scale")
    p = definitions()["probact"].params["scale"]
    assert (slider.default, slider.low, slider.high, slider.learnable) == (float(p.default), p.low, p.high, p.learnable)


def test_noise_comes_after_x_and_before_parameters() -> None:
    """What only training needs is an argument of both forms, so that the page calls them alike."""
    x, u, slope = var("x"), var("u"), var("slope")
    made = make(
        "jittery",
        where(x > 0, x, slope * u * x),
        params={"slope": param(0.5), "u": noise("uniform")},
        rest=where(x > 0, x, 0),
    )
    found = drawing(made)
    (curve,) = found.curves
    assert found.noise == ("uniform",)
    assert curve.sliders == ("slope",)
    assert curve.orders[0].startswith("(x, slope)=>")
    assert curve.noisy.startswith("(x, u, slope)=>")


def test_the_other_entries_of_a_row_are_sliders() -> None:
    held = [s for s in drawn("softmax").sliders if s.says]
    assert [(s.name, s.default) for s in held] == [("x2", OTHERS[0]), ("x3", OTHERS[1]), ("x4", OTHERS[2])]


def test_a_parameter_may_be_called_like_a_word_of_the_language() -> None:
    x, new = var("x"), var("new")
    (curve,) = drawing(make("odd_names", new * x, params={"new": 2.0})).curves
    assert curve.sliders == ("new",)
    assert "new" not in curve.orders[0].replace("new_", "").split("=>")[0]
