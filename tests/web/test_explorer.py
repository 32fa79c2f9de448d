"""The explorer in a real browser: Chromium, without a window. The page is a file, as a person opens it."""

from __future__ import annotations

import math
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from battery.oracle import truth

from nonlin.catalogue import Definition, definitions
from nonlin.explore import explorer
from nonlin.explore.curves import HELD, OTHERS
from nonlin.explore.page import page as explorer_page
from nonlin.expr import Expr, const, substitute, var, walk

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
expect.set_options(timeout=15_000)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
SMALL = ["relu", "silu", "gelu", "tanh", "leaky_relu", "hard_tanh", "swiglu", "softmax", "probact", "maxout", "crelu"]
POINTS = (-7.5, -2.75, -1.0, -0.3125, 0.03125, 0.4375, 1.0, 2.5, 6.25)
MOST = 1_000_000
"""Bytes of the whole page."""

PROBE = """([name, values, points]) => {
    const it = NL.item(name, 0);
    for (const [k, v] of Object.entries(values)) NL.set(it, k, v);
    return it.entry.curves.map((_, k) => {
        it.curve = k;
        return NL.bound(it).map((f) => points.map((x) => f(x)));
    });
}"""
"""Curve, order, point -> number, as the page draws it."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        context = started.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("chromium")), executable_path=CHROMIUM, args=list(FLAGS), headless=True,
            viewport={"width": 1300, "height": 900},
        )  # fmt: skip
        context.set_default_timeout(15_000)
        yield context
        context.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that must not complain, nor ask for anything but the file it came from."""
    made = browser.new_page()
    said: list[str] = []
    asked: list[str] = []
    made.on("console", lambda message: said.append(message.text))
    made.on("pageerror", lambda error: said.append(str(error)))
    made.on("request", lambda request: asked.append(request.url))
    yield made
    made.close()
    assert said == []
    assert [u for u in asked if not u.startswith(("file:", "data:"))] == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The whole catalogue, as the command writes it but without facts, which take a minute."""
    return explorer(tmp_path_factory.mktemp("whole") / "explorer.html", facts=False).as_uri()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("small") / "explorer.html"
    path.write_text(explorer_page(SMALL), encoding="utf-8")
    return path.as_uri()


def opened(page: Any, url: str, link: str = "") -> Any:
    page.goto(url + link)
    page.wait_for_selector("html[data-ready]")
    return page


def until(page: Any, condition: str) -> None:
    """Wait for a condition; Playwright's own waiting needs eval, which the page's policy forbids."""
    deadline = time.monotonic() + 15
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"{condition} did not come true"
        time.sleep(0.02)


def names(page: Any) -> list[str]:
    return [str(n) for n in page.evaluate("NL.app.state().items.map((it) => it.name)")]


def tried(made: Definition) -> dict[str, float]:
    """Parameter values other than the defaults, within the range."""
    values = {}
    for name, p in made.settable.items():
        value = float(p.default) * 1.25 + 0.0625
        if not (p.low <= value <= p.high) or p.above or any(q.above == name for q in made.settable.values()):
            value = float(p.default)
        values[name] = value
    return values


def at(made: Definition, values: dict[str, float], root: Expr | None = None) -> Expr:
    return substitute(made.resting if root is None else root, {n: const(v) for n, v in values.items()})


def agrees(got: list[float], root: Expr, order: int, what: str) -> None:
    """The page's numbers lie between the oracle's (which differ at a kink), within rounding of values of their size."""
    exact = truth(root, POINTS)
    low, high = exact.low[order], exact.high[order]
    error = np.maximum(np.maximum(low - got, got - high), 0)
    # rounding of the formula's parts: their size is not less than that of the values themselves, and of order one
    allowed = 1e-12 * np.maximum(1.0, np.maximum(np.abs(low), np.abs(high)))
    known = np.isfinite(low) & np.isfinite(high)
    assert known.sum() >= len(POINTS) - 2, what
    assert (error[known] <= allowed[known]).all(), f"{what}: {got} is not in {low} to {high}"


def test_every_function_draws(page: Any, whole: str) -> None:
    """Value and derivatives of every curve of every function are finite numbers, all over the window."""
    found = opened(page, whole).evaluate("""() => {
        const xs = NL.chart.places(-5, 5, 401), missing = [];
        let lines = 0;
        for (const e of NL.data.functions) {
            const it = NL.item(e.name, 0);
            it.entry.curves.forEach((_, k) => {
                it.curve = k;
                NL.bound(it).forEach((f, order) => {
                    lines++;
                    const at = xs.find((x) => typeof f(x) !== "number" || !Number.isFinite(f(x)));
                    if (at !== undefined) missing.push(`${e.name} curve ${k} order ${order} at ${at}: ${f(at)}`);
                });
            });
        }
        return [NL.data.functions.map((e) => e.name), lines, missing];
    }""")
    assert found[0] == list(definitions())
    assert found[1] >= 3 * len(definitions())
    assert found[2] == []


def test_numbers_are_those_of_the_textbook_formula(page: Any, whole: str) -> None:
    """Every elementwise function at default and at other parameters, against balls of the formula."""
    opened(page, whole)
    chosen = [d for d in definitions().values() if d.kind == "elementwise"]
    for made in chosen:
        for values in [made.defaults, *([tried(made)] if made.settable else [])]:
            ((value, first, second),) = page.evaluate(PROBE, [made.name, values, POINTS])
            root = at(made, values)
            for order, got in enumerate((value, first, second)):
                if order and any(n.op == "straight_through" for n in walk(root)):
                    continue  # trained with another derivative than its own
                agrees(got, root, order, f"{made.name} {values} order {order}")


@pytest.mark.parametrize("name", ["swiglu", "geglu", "gtu"])
def test_a_gated_function_is_drawn_along_each_input(page: Any, whole: str, name: str) -> None:
    made = definitions()[name]
    gate, value, both = opened(page, whole).evaluate(PROBE, [name, {"x_held": 1.5, "gate_held": -0.5}, POINTS])
    along_gate = substitute(substitute(made.textbook, {"x": const(1.5)}), {"gate": var("x")})
    for curve, root in ((gate, along_gate), (value, substitute(made.textbook, {"gate": const(-0.5)})),
                        (both, substitute(made.textbook, {"gate": var("x")}))):  # fmt: skip
        for order in range(3):
            agrees(curve[order], root, order, f"{name} order {order}")


def test_a_row_function_is_drawn_along_its_first_entry(page: Any, whole: str) -> None:
    """Softmax against its closed form: s, s (1 - s), s (1 - s) (1 - 2 s); and the neighbour's entry."""
    own, other = opened(page, whole).evaluate(PROBE, ["softmax", {}, POINTS])
    for n, x in enumerate(POINTS):
        powers = [math.exp(v) for v in (x, *OTHERS)]
        s, t = powers[0] / sum(powers), powers[1] / sum(powers)
        assert [line[n] for line in own] == pytest.approx([s, s * (1 - s), s * (1 - s) * (1 - 2 * s)], rel=1e-12, abs=1e-15)
        assert [line[n] for line in other] == pytest.approx([t, -s * t, -s * t * (1 - 2 * s)], rel=1e-12, abs=1e-15)
    (line,) = page.evaluate(PROBE, ["maxout", {"x2": 3.0, "x3": -8.0}, POINTS])
    assert line[0] == [max(x, 3.0, OTHERS[2]) for x in POINTS]
    assert line[1] == [float(x > 3.0) for x in POINTS]


def test_sliders_begin_where_the_definition_says(page: Any, whole: str) -> None:
    """Name, default, range and learnability of every parameter of the catalogue."""
    found = opened(page, whole).evaluate(
        "Object.fromEntries(NL.data.functions.map((e) => [e.name, e.sliders.map((s) => [s.name, s.value, s.low, s.high, s.learnable, s.says])]))"
    )
    for made in definitions().values():
        own = [s[:5] for s in found[made.name] if not s[5]]
        wanted = [[n, float(p.default), *(v if math.isfinite(v) else None for v in (p.low, p.high)), p.learnable]
                  for n, p in made.settable.items()]  # fmt: skip
        assert own == wanted, made.name
        held = {s[0]: s[1] for s in found[made.name] if s[5]}
        assert all(HELD.get(n.removesuffix("_held"), v) == v for n, v in held.items())


def test_values_stay_in_range(page: Any, small: str) -> None:
    """A slider, a typed number and a link are held to the parameter's range, and low <= high of a pair is kept."""
    opened(page, small, "#f=swiglu;leaky_relu;hard_tanh")
    kept = page.evaluate("""() => {
        const it = NL.item("hard_tanh", 0), names = it.entry.sliders.map((s) => s.name);
        for (const n of names) NL.set(it, n, n === it.entry.sliders.find((s) => s.above)?.name ? -1e9 : 1e9);
        return [it.values, it.entry.sliders];
    }""")
    for s in kept[1]:
        if s["above"]:
            assert kept[0][s["name"]] >= kept[0][s["above"]]
    probact = page.evaluate(
        "(() => { const it = NL.item('probact', 0); NL.set(it, 'scale', -3); return it.values.scale; })()"
    )
    assert probact == definitions()["probact"].params["scale"].low


def test_a_slider_changes_the_curve(page: Any, small: str) -> None:
    opened(page, small, "#f=leaky_relu&o=01")
    slope = page.locator("#p-0-slope")
    before = page.evaluate("NL.app.drawing.lines()[0][0].y[0]")
    assert before == pytest.approx(-5 * 0.01)
    slope.evaluate("(e) => { e.value = 0.5; e.dispatchEvent(new Event('input', {bubbles: true})); }")
    until(page, "Math.abs(NL.app.drawing.lines()[0][0].y[0] + 2.5) < 0.05")
    set_to = page.evaluate("NL.app.state().items[0].values.slope")
    assert page.evaluate("NL.app.drawing.lines()[0][1].y[0]") == set_to  # the derivative on the left
    expect(page.locator("#about .defaults-note")).to_contain_text("not at the sliders")
    slope.focus()
    page.keyboard.press("ArrowRight")
    until(page, f"NL.app.state().items[0].values.slope > {set_to}")
    page.locator("#parameters input[type=number]").fill("-0.25")
    page.keyboard.press("Enter")
    until(page, "NL.app.drawing.lines()[0][1].y[0] === -0.25")
    assert "leaky_relu:slope=-0.25" in page.evaluate("location.hash")
    page.get_by_role("button", name="Defaults").click()
    until(page, "NL.app.drawing.lines()[0][1].y[0] === 0.01")
    assert "slope" not in page.evaluate("location.hash")


def test_a_jump_is_a_gap_and_a_steep_place_is_not(page: Any, small: str) -> None:
    opened(page, small)
    gaps = page.evaluate("""() => {
        const xs = NL.chart.places(-5, 5, 801), holes = (f) => NL.chart.sample(f, xs).filter((y) => y === null).length;
        return [holes(NL.bound(NL.item("relu", 0))[1]), holes((x) => Math.tanh(3000 * x)), holes(Math.sin), holes((x) => 1 / x)];
    }""")
    assert gaps[:3] == [1, 0, 0]
    assert gaps[3] >= 1


def test_search_by_name_alias_author_and_library(page: Any, whole: str) -> None:
    opened(page, whole)
    box, first = page.locator("#search"), page.locator("#list [role=option]").first
    for typed, name in (
        ("silu", "silu"),
        ("SWISH-1", "silu"),
        ("hard swish", "hard_swish"),
        ("gelu new", "gelu_tanh"),
        ("misra", "mish"),
    ):
        box.fill(typed)
        expect(page.locator("#list [role=option]").filter(has_text=re.compile(f"^{name}")).first).to_be_visible()
        if typed != "misra":
            expect(first).to_contain_text(name)
    box.fill("swish_1")
    expect(first.locator("small")).to_have_text("also swish_1")
    box.fill("no such function anywhere")
    expect(page.locator("#found")).to_contain_text("No function answers this")
    box.fill("")
    expect(page.locator("#found")).to_have_text(f"{len(definitions())} functions")


def test_filters_follow_from_the_facts(page: Any, small: str) -> None:
    opened(page, small)
    page.locator("#filters summary").click()
    page.get_by_role("button", name="bounded", exact=True).click()
    expect(page.locator("#list [role=option]")).to_have_count(3)  # tanh, hard_tanh, softmax
    page.get_by_role("button", name="smooth", exact=True).click()
    expect(page.locator("#list [role=option]")).to_have_count(1)
    assert page.locator("#list [role=option] b").text_content() == "tanh"  # innerText is empty before it is painted
    assert page.evaluate("location.hash").endswith("with=bounded,smooth")  # Back takes off one filter after the other
    page.get_by_role("button", name="Clear the filter").click()
    expect(page.locator("#list [role=option]")).to_have_count(len(SMALL))
    page.locator("#family").select_option("rectifiers")
    assert set(page.locator("#list b").all_text_contents()) == {n for n in SMALL if definitions()[n].family == "rectifiers"}


def test_the_list_is_used_by_keyboard(page: Any, small: str) -> None:
    opened(page, small, "#f=relu")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("tanh")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#list")).to_be_focused()
    active = page.locator("#list").get_attribute("aria-activedescendant")
    assert active == "o-tanh"
    page.keyboard.press("Enter")
    assert names(page) == ["relu", "tanh"]
    expect(page.locator("#o-tanh")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#live")).to_have_text(
        re.compile("Drawn: the value and the first derivative of relu, tanh, for x from")
    )
    page.keyboard.press("Enter")
    assert names(page) == ["relu"]
    page.keyboard.press("Escape")
    page.locator("#charts").focus()
    page.keyboard.press("3")
    assert page.evaluate("NL.app.state().orders") == [True, True, True]
    page.keyboard.press("2")
    page.keyboard.press("3")
    page.keyboard.press("1")  # the last one stays
    assert page.evaluate("NL.app.state().orders") == [True, False, False]
    page.keyboard.press("ArrowRight")
    assert page.evaluate("NL.app.state().at") == pytest.approx(1.1)
    expect(page.locator("#live")).to_have_text("x 1.1: relu 1.1")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()


def test_everything_reached_by_tab_has_a_name(page: Any, small: str) -> None:
    opened(page, small, "#f=leaky_relu;swiglu")
    nameless = page.evaluate("""() => [...document.querySelectorAll("button, input, select, summary, [tabindex='0']")]
        .filter((e) => e.offsetParent !== null)
        .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length || e.getAttribute("aria-labelledby")))
        .map((e) => e.outerHTML)""")
    assert nameless == []


def test_a_view_is_a_link(page: Any, small: str) -> None:
    """The address says all of it, another window shows the same, and Back goes back step by step."""
    opened(page, small, "#f=leaky_relu:slope=0.5;swiglu*1:gate_held=2&o=02&apart=1&x=-2,8&at=3&about=1")
    wanted = page.evaluate("NL.link.write(NL.app.state())")
    assert wanted == "#f=leaky_relu:slope=0.5;swiglu*1:gate_held=2&o=02&apart=1&x=-2,8&at=3&about=1"
    expect(page.locator("#about h2")).to_have_text("swiglu")
    assert page.evaluate("NL.app.drawing.panels().length") == 2
    page.locator("#o-tanh").click()
    assert "tanh" in page.evaluate("location.hash")
    page.locator("[data-order='1']").click()
    page.go_back()
    until(page, "NL.app.state().orders.join() === 'true,false,true'")
    assert names(page) == ["leaky_relu", "swiglu", "tanh"]
    page.go_back()
    until(page, "NL.app.state().items.length === 2")
    assert page.evaluate("location.hash") == wanted
    page.go_forward()
    until(page, "NL.app.state().items.length === 3")


def test_what_the_command_was_given_is_drawn_first(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "explorer.html"
    path.write_text(
        explorer_page(["leaky_relu"], facts=False, show=["leaky_relu(slope=0.25)", "x*tanh(exp(x))"]), encoding="utf-8"
    )
    opened(page, path.as_uri())
    assert names(page) == ["leaky_relu", "=x*tanh(exp(x))"]
    assert page.evaluate("NL.app.state().items.map((it) => it.bound[0](-1))") == pytest.approx(
        [-0.25, -math.tanh(math.exp(-1))]
    )


def test_a_formula_is_typed_drawn_and_told_about(page: Any, small: str) -> None:
    opened(page, small, "#f=relu")
    page.keyboard.press("f")
    page.keyboard.type("a*x + sin(b*x)")
    page.keyboard.press("Enter")
    assert names(page) == ["relu", "=a*x + sin(b*x)"]
    assert page.locator("#parameters .slider label").all_inner_texts() == ["a", "b"]
    page.locator("#parameters input[type=number]").first.fill("0.5")
    page.keyboard.press("Enter")
    assert page.evaluate("NL.app.state().items[1].bound.map((f) => f(2))") == pytest.approx(
        [1 + math.sin(2), 0.5 + math.cos(2), -math.sin(2)]
    )
    expect(page.locator("#about h2")).to_have_text("Your formula")
    expect(page.locator("#typed-facts")).to_contain_text("0, 1.5")  # f(0) and f'(0), at the slider's new position
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate("NL.app.state().items[1].values") == {"a": 0.5, "b": 1}
    page.locator("#formula").fill("x*tanhh(x)")
    page.keyboard.press("Enter")
    expect(page.locator("#formula-error")).to_contain_text("tanh")
    expect(page.locator("#formula")).to_be_focused()
    page.locator("#formula").fill("<img src=x onerror=alert(1)>")
    page.keyboard.press("Enter")
    expect(page.locator("#formula-error")).not_to_be_empty()
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("tab", ["depth", "playground"])
def test_the_other_views_are_in_the_link_too(page: Any, small: str, tab: str) -> None:
    opened(page, small, "#f=relu;tanh")
    page.get_by_role("tab", name=tab.capitalize()).click()
    choice = page.locator(f"#panel-{tab} select").first
    old = choice.input_value()
    other = next(v for v in choice.locator("option").evaluate_all("(all) => all.map((o) => o.value)") if v != old)
    choice.select_option(other)
    until(page, f"location.hash.includes('{tab}.')")
    assert f"tab={tab}" in page.evaluate("location.hash")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator(f"#panel-{tab} select").first).to_have_value(other)
    page.locator(f"#panel-{tab} select").first.select_option(old)
    until(page, f"!location.hash.includes('{tab}.')")
    page.go_back()
    expect(page.locator(f"#panel-{tab} select").first).to_have_value(other)


def test_views_draw_the_functions_as_their_sliders_stand(page: Any, small: str) -> None:
    opened(page, small, "#f=leaky_relu:slope=0.5&tab=depth")
    expect(page.locator("#panel-depth")).to_contain_text("leaky_relu")
    expect(page.locator("#about")).to_be_hidden()
    expect(page.locator("#p-0-slope")).to_be_visible()


def test_a_drag_is_one_step_back(page: Any, small: str) -> None:
    opened(page, small, "#f=tanh")
    over = page.locator("#charts .u-over").bounding_box()
    x, y = over["x"] + over["width"] / 2, over["y"] + over["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(x - 20 * step, y)
    page.mouse.up()
    low = page.evaluate("NL.app.state().x[0]")
    assert low == pytest.approx(-5 + 10 * 100 / over["width"], rel=0.02)
    page.go_back()
    until(page, "NL.app.state().x[0] === -5")


def test_the_wheel_zooms_a_chart_that_was_clicked(page: Any, small: str) -> None:
    """Before that it scrolls the page; a turn of the wheel, in however many clicks, is one step back."""
    opened(page, small, "#f=tanh")
    over = page.locator("#charts .u-over").bounding_box()
    page.mouse.move(over["x"] + over["width"] / 2, over["y"] + 40)
    page.mouse.wheel(0, -100)
    assert page.evaluate("NL.app.state().x") == [-5, 5]
    page.mouse.down()
    page.mouse.up()
    for _ in range(3):
        page.mouse.wheel(0, -100)
    until(page, f"Math.abs(NL.app.state().x[1] - 5 * {math.exp(-0.45)}) < 0.01")  # the pointer is between two pixels
    until(page, "location.hash.includes('x=')")
    page.go_back()
    until(page, "NL.app.state().x[1] === 5")


def test_a_long_drag_does_not_flood_the_address(page: Any, small: str) -> None:
    """Chromium complains on the console, where this test listens, after 200 changes within ten seconds."""
    opened(page, small, "#f=leaky_relu")
    page.evaluate("for (let n = 0; n < 500; n++) NL.app.act.set(0, 'slope', n / 500, false)")
    until(page, "location.hash.includes('slope=0.998')")
    page.evaluate("NL.app.act.set(0, 'slope', 0.75, true)")
    assert page.evaluate("location.hash") == "#f=leaky_relu:slope=0.75"
    page.go_back()
    until(page, "location.hash === '#f=leaky_relu'")
    assert page.evaluate("NL.app.state().items[0].values.slope") == 0.01


def test_a_link_that_cannot_be_read_says_so(page: Any, small: str) -> None:
    opened(page, small, "#f=relu;nonesuch;=x*tanh(;leaky_relu:slope=1e99,what=3&x=3,1&o=9&tab=no&about=77")
    assert names(page) == ["relu", "leaky_relu"]
    expect(page.locator("#toast")).to_contain_text("nonesuch, which this page does not have")
    state = page.evaluate("NL.app.state()")
    assert state["x"] == [-5, 5]
    assert state["tab"] == "curves"


def test_a_hostile_link_is_only_text(page: Any, small: str) -> None:
    evil = "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"
    opened(page, small, f"#f={evil};={evil}&find={evil}&family={evil}&depth.{evil}={evil}&tab={evil}")
    assert page.locator("img").count() == 0
    assert names(page) == []


def test_facts_formula_and_names_stand_beside_the_curve(page: Any, small: str) -> None:
    opened(page, small, "#f=silu")
    about = page.locator("#about")
    expect(about.locator("h2")).to_have_text("silu")
    assert about.locator(".formula math").first.is_visible()
    assert about.locator(".formula math").first.bounding_box()["width"] > 20
    row = about.locator(".facts tr", has_text="Lipschitz")
    assert row.locator("td").first.inner_text() == "1.09984"
    assert row.locator(".how").inner_text() == "proved"
    expect(about).to_contain_text("torch.nn.SiLU")
    expect(about).to_contain_text(definitions()["silu"].aliases[0])


def test_nearest_in_shape(page: Any, small: str) -> None:
    """Leaky ReLU beside ReLU, in closed form: max(x, a x) = (1 + a)/2 x + (1 - a)/2 |x|, and x and |x| are uncorrelated."""
    opened(page, small, "#f=leaky_relu:slope=0.3")
    flat = 1 - 2 / math.pi  # the variance of |z|

    def product(a: float, b: float) -> float:
        return (1 + a) * (1 + b) / 4 + (1 - a) * (1 - b) / 4 * flat

    exact = product(0.3, 0) / math.sqrt(product(0.3, 0.3) * product(0, 0))
    found = dict(page.evaluate("NL.near.nearest(NL.app.state().items[0])"))
    assert found["relu"] == pytest.approx(exact, abs=1e-3)
    assert 0.97 < exact < 0.98
    assert "leaky_relu" not in found
    page.locator("#near button", has_text="relu").first.click()
    assert names(page) == ["leaky_relu", "relu"]


def test_noise_is_dots_about_the_line(page: Any, small: str) -> None:
    opened(page, small, "#f=probact:scale=0.5&o=0&x=1,5")
    line, dots = page.evaluate("NL.app.drawing.lines()[0].map((l) => Array.from(l.y))")
    off = np.array([d - v for v, d in zip(line, dots, strict=True) if d is not None])
    assert len(off) > 100
    # standard normal noise of scale 0.5 on a line that is x: a mean of 300 within 5 standard errors, and so the spread
    assert abs(off.mean()) < 5 * 0.5 / math.sqrt(len(off))
    assert off.std() == pytest.approx(0.5, rel=5 / math.sqrt(2 * len(off)))


def test_the_table_of_values_says_what_is_drawn(page: Any, small: str) -> None:
    opened(page, small, "#f=tanh&o=01&x=-2,2")
    page.locator("#table summary").click()
    expect(page.locator("#table tbody tr")).to_have_count(21)
    assert page.locator("#table th").all_inner_texts()[:3] == ["x", "tanh", "tanh′"]
    last = page.locator("#table tbody tr").last.locator("th, td").all_inner_texts()
    assert [float(t) for t in last] == pytest.approx([2, math.tanh(2), 1 - math.tanh(2) ** 2], rel=1e-5)


def test_no_more_lines_than_colours(page: Any, small: str) -> None:
    opened(page, small, "#f=" + ";".join(SMALL[:7]))
    assert len(set(page.evaluate("NL.app.state().items.map((it) => it.slot)"))) == 7
    page.locator("#o-probact").click()
    expect(page.locator("#toast")).to_contain_text("7 functions are drawn at most")
    assert len(names(page)) == 7


@pytest.mark.parametrize("tab", ["curves", "depth", "playground"])
def test_a_phone_has_no_sideways_scroll(browser: Any, small: str, tab: str) -> None:
    phone = browser.new_page()
    phone.set_viewport_size({"width": 360, "height": 740})
    opened(phone, small, f"#f=leaky_relu;swiglu;softmax&o=012&tab={tab}")
    phone.wait_for_timeout(150)
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    phone.get_by_role("button", name="Functions", exact=True).click()
    expect(phone.locator("#list")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    phone.close()


def test_light_and_dark(page: Any, small: str) -> None:
    opened(page, small)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != paper
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.evaluate("localStorage.clear()")
    page.emulate_media(color_scheme="dark")
    page.evaluate("localStorage.clear()")


def test_text_can_be_read_on_its_ground(page: Any, small: str) -> None:
    """Contrast of the words' colours with both papers: 4.5 to 1, as WCAG 2.1 asks of text."""
    opened(page, small)
    for dark in (False, True):
        if (page.evaluate("document.documentElement.dataset.theme") == "dark") != dark:
            page.locator("#theme").click()
        theme = page.evaluate("NL.theme()")
        for ink in ("ink", "soft", "accent", "good", "bad"):
            for ground in ("paper", "panel"):
                assert contrast(theme[ink], theme[ground]) >= 4.5, (dark, ink, ground)
    page.evaluate("localStorage.clear()")


def contrast(a: str, b: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[1:][i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_policy_forbids_requests_and_strange_scripts(browser: Any, small: str) -> None:
    """What the page cannot do even if something in it tried: fetch, load a picture, run a script that was put in."""
    page = browser.new_page()
    came: list[str] = []
    refused: list[str] = []
    page.on("response", lambda response: came.append(response.url))
    page.on("requestfailed", lambda request: refused.append(str(request.failure)))
    opened(page, small)
    came.clear()
    done = page.evaluate("""async () => {
        const failed = await fetch("https://example.org/").then(() => false, () => true);
        const image = new Image();
        image.src = "https://example.org/x.png";
        const script = document.createElement("script");
        script.textContent = "globalThis.planted = true";
        document.body.append(script);
        await new Promise((done) => setTimeout(done, 200));
        return [failed, globalThis.planted === undefined];
    }""")
    assert done == [True, True]
    assert came == []
    assert all("csp" in reason.lower() for reason in refused)
    page.close()


def test_the_page_is_small(whole: str) -> None:
    """Without facts, which add some 110 kB: see the slow test for the page with everything."""
    assert os.path.getsize(whole.removeprefix("file://")) < 0.87 * MOST


@pytest.mark.slow
def test_the_page_with_all_facts_is_small(tmp_path: Path) -> None:
    assert explorer(tmp_path / "explorer.html").stat().st_size < MOST
