from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import nonlin
from nonlin.catalogue import definitions, resolve
from nonlin.errors import ParameterError
from nonlin.view.inline import INKS, STROKES, curve_svg, legend
from nonlin.view.notebook import ROWS, card
from nonlin.view.sampling import values

SVG = "{http://www.w3.org/2000/svg}"


def tree(markup: str) -> ElementTree.Element:
    """Inline SVG has no name space of its own in HTML; XML wants one."""
    return ElementTree.fromstring(markup.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def points(path: str) -> list[tuple[float, float]]:
    return [(float(a), float(b)) for a, b in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path)]


def curve(markup: str, order: int = 0) -> list[tuple[float, float]]:
    found = next(p for p in tree(markup).iter(f"{SVG}path") if p.get("stroke") == INKS[order])
    return points(found.get("d") or "")


def test_the_curve_goes_through_the_function() -> None:
    seen = np.array(curve(curve_svg(resolve("tanh"), orders=(0,), width=400, height=300)))
    x = -4 + 8 * (seen[:, 0] - seen[0, 0]) / (seen[-1, 0] - seen[0, 0])
    up = seen[np.abs(x).argmin(), 1]
    scale = (seen[0, 1] - up) / np.tanh(4)
    np.testing.assert_allclose((up - seen[:, 1]) / scale, np.tanh(x), atol=0.02)


def test_a_jump_lifts_the_pen_and_a_kink_gets_a_dot() -> None:
    step = next(
        p for p in tree(curve_svg(resolve("binary_step"), orders=(0,))).iter(f"{SVG}path") if p.get("stroke") == INKS[0]
    )
    assert (step.get("d") or "").count("M") == 2
    dots = list(tree(curve_svg(resolve("hard_swish"))).iter(f"{SVG}circle"))
    assert [d[0].text for d in dots] == ["kink at −3", "kink at 3"]
    assert not list(tree(curve_svg(resolve("gelu"))).iter(f"{SVG}circle"))
    assert not list(tree(curve_svg(resolve("relu"), marks=False)).iter(f"{SVG}circle"))


def test_finite_limits_are_dotted_lines() -> None:
    dotted = [p for p in tree(curve_svg(resolve("sigmoid"))).iter(f"{SVG}path") if p.get("stroke-dasharray") == "1 3"]
    assert len(dotted) == 1
    assert (dotted[0].get("d") or "").count("M") == 2
    assert not [p for p in tree(curve_svg(resolve("x**3"))).iter(f"{SVG}path") if p.get("stroke-dasharray") == "1 3"]


@pytest.mark.parametrize(
    "name", ["softmax", "glu", "maxout", "crelu", "z_relu", "1/x", "exp(x*x)", "rrelu", "x/0.0000001", "floor(x)"]
)
def test_every_kind_is_drawn_as_well_formed_svg_without_a_request(name: str) -> None:
    markup = curve_svg(resolve(name), orders=(0, 1))
    tree(markup)
    assert not re.search(r"nan|inf\b|http|<script|id=|url\(", markup)
    assert len(markup) < 25_000


def test_the_inks_stand_out_from_white_and_from_black() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for ink in INKS:  # WCAG 2.1, 1.4.11: 3 to 1 for what is not text
        assert 1.05 / (luminance(ink) + 0.05) >= 3
        assert (luminance(ink) + 0.05) / (luminance("#111111") + 0.05) >= 3
    assert len(set(STROKES)) == len(STROKES)
    assert legend((0, 1, 2)).count("<svg") == 3


@pytest.mark.parametrize("options", [{"orders": (3,)}, {"orders": ()}, {"low": 2.0, "high": 1.0}, {"high": float("nan")}])
def test_what_cannot_be_drawn_gets_a_sentence(options: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match=r"orders must be some of|the x axis must go"):
        curve_svg(resolve("relu"), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [n for k, n in enumerate(definitions()) if k % 23 == 0])
def test_the_quick_values_of_pictures_are_those_of_the_kernels(name: str) -> None:
    x = np.linspace(-4, 4, 33)
    for order in (0, 1):
        exact = values(definitions()[name], x, order)
        np.testing.assert_allclose(values(definitions()[name], x, order, quick=True), exact, rtol=1e-6, atol=1e-9)


def test_a_notebook_shows_formula_curve_and_facts() -> None:
    shown = nonlin.get("leaky_relu(slope=0.3)")._repr_html_()
    assert shown == card(resolve("leaky_relu(slope=0.3)"))
    assert shown.count("<math") == 2
    assert "<svg" in shown
    assert "0 (slope 0.3 to 1, 0.3 used)" in shown
    assert "−∞ at −∞, ∞ at ∞" in shown
    assert "slope</code> = 0.3" in shown
    assert ">odd<" in card(resolve("tanh"))
    assert "(−1, 1)" in card(resolve("tanh"))
    assert set(ROWS) >= {"kind", "parameters", "range", "limits", "symmetry", "kinks", "reference"}


def test_nothing_a_user_wrote_becomes_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    evil = "<img src=x onerror=alert(1)>"
    made = replace(resolve("relu"), title=evil, summary=evil, cite=evil, family=evil, name=f"relu{evil}")
    shown = card(made)
    assert "<img" not in shown
    assert "&lt;img" in shown
    assert set(re.findall(r"https?://[^\"' <]+", shown)) <= {"http://www.w3.org/1998/Math/MathML"}
    assert not re.search(r"<(script|link|iframe|style|img)\b", shown)


def test_plot_of_a_function_draws_it() -> None:
    assert len(nonlin.get("gelu").plot(derivative=1).figure.axes) == 2
