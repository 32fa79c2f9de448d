"""The view of a signal through depth, in Chromium: theory against nonlin's own and closed forms, and what a person sees."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
import scripted

from nonlin.facts.propagation import fixed_points
from nonlin.facts.travel import travel

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = pytest.mark.skipif(scripted.CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return scripted.written(tmp_path_factory.mktemp("depth"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with scripted.browser(tmp_path_factory.mktemp("chromium")) as context:
        yield context


@pytest.fixture(scope="module")
def bare(browser: Any, address: str) -> Iterator[Any]:
    with scripted.opened(browser, address) as page:
        yield page


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    with scripted.opened(browser, address) as made:
        mount(made, "sigmoid", "relu")
        yield made


def mount(page: Any, *names: str) -> None:
    page.evaluate(
        """(names) => {
            globalThis.told = [];
            globalThis.view = NL.depth.mount(document.getElementById("here"), (final) => told.push(final));
            view.restore({width: "64"});
            view.update(bound(...names), theme());
        }""",
        names,
    )


def done(page: Any) -> str:
    expect(page.locator(".depth-status li").first).to_be_visible()
    return str(page.locator(".depth-status").inner_text())


def theory(page: Any, name: str, layers: int, w: float, b: float = 0.0, c: float = 0.5) -> dict[str, list[float]]:
    return dict(page.evaluate(
        """([name, layers, w, b, c]) => {
            const made = NL.travel.finish(NL.travel.theory(bound(name)[0], layers, {sigmaW: w, sigmaB: b}, c));
            return Object.fromEntries(Object.entries(made).map(([k, v]) => [k, [...v]]));
        }""",
        [name, layers, w, b, c],
    ))  # fmt: skip


@pytest.mark.parametrize(("name", "w", "b", "c"), [
    ("relu", 2**0.5, 0.0, 0.5), ("tanh", 1.3, 0.2, 0.2), ("gelu", 1.6, 0.1, -0.5), ("sigmoid", 1.0, 0.0, 0.9), ("hard_tanh", 1.5, 0.0, 0.0),
    ("leaky_relu(slope=0.2)", 1.2, 0.3, -0.9), ("sin(3*x)", 1.1, 0.0, 0.7),
])  # fmt: skip
def test_theory_is_that_of_nonlin(bare: Any, name: str, w: float, b: float, c: float) -> None:
    got = theory(bare, name, 20, w, b, c)
    wanted = travel(name, 20, sigma_w=w, sigma_b=b, correlation=c, networks=0)
    assert got["variance"] == pytest.approx(wanted.variance.theory, rel=1e-9)
    assert got["gradient"] == pytest.approx(wanted.gradient.theory, rel=1e-8)
    assert got["correlation"] == pytest.approx(wanted.correlation.theory, abs=2e-5)


def test_theory_is_that_of_closed_forms(bare: Any) -> None:
    got = theory(bare, "relu", 1, 2**0.5, c=0.0)
    assert got["correlation"][1] == pytest.approx(1 / math.pi, abs=1e-5)  # the arc-cosine kernel, Cho & Saul 2009
    got = theory(bare, "erf(x)", 1, 1.0, c=0.5)
    assert got["variance"][1] == pytest.approx(2 / math.pi * math.asin(2 / 3), abs=1e-11)  # Williams 1997
    assert got["correlation"][1] == pytest.approx(math.asin(1 / 3) / math.asin(2 / 3), abs=1e-9)
    got = theory(bare, "identity", 10, 2.0)
    assert got["variance"] == pytest.approx([4.0**n for n in range(11)], rel=1e-12)
    assert got["gradient"] == pytest.approx([4.0 ** (10 - n) for n in range(11)], rel=1e-12)
    assert got["correlation"] == pytest.approx([0.5] * 11, abs=1e-10)


def test_what_is_lost_is_said_to_be_lost(bare: Any) -> None:
    got = theory(bare, "x**3", 12, 3.0)
    assert got["variance"][-1] is None or math.isinf(got["variance"][-1]) or got["variance"][-1] > 1e200
    got = theory(bare, "0.001*x", 80, 0.001)
    assert got["variance"][-1] == 0


def simulated(page: Any, names: list[str], w: float, layers: int, width: int, seed: int) -> list[dict[str, list[float]]]:
    return list(page.evaluate(
        """([names, w, layers, width, seed]) => {
            const runs = bound(...names).map((f) => ({f, sigmaW: w, sigmaB: 0.1}));
            const made = NL.travel.finish(NL.travel.simulate(runs, layers, width, 0.5, seed));
            return made.map((track) => Object.fromEntries(Object.entries(track).map(([k, v]) => [k, [...v]])));
        }""",
        [names, w, layers, width, seed],
    ))  # fmt: skip


def test_simulated_networks_scatter_about_the_theory(bare: Any) -> None:
    names = ["relu", "tanh"]
    runs = [simulated(bare, names, 1.4, 8, 128, seed) for seed in range(6)]
    for k, name in enumerate(names):
        wanted = theory(bare, name, 8, 1.4, 0.1)
        for key in ("variance", "gradient"):
            logs = [math.log(run[k][key][8 if key == "variance" else 0]) for run in runs]
            mean = sum(logs) / len(logs)
            assert abs(mean - math.log(wanted[key][8 if key == "variance" else 0])) < 0.35, (name, key)
        cosine = sum(run[k]["correlation"][8] for run in runs) / len(runs)
        assert abs(cosine - wanted["correlation"][8]) < 0.12, name


def test_the_same_seed_gives_the_same_numbers_and_company_changes_nothing(bare: Any) -> None:
    alone = simulated(bare, ["tanh"], 1.2, 5, 32, 3)[0]
    beside = simulated(bare, ["relu", "tanh"], 1.2, 5, 32, 3)[1]
    assert alone == beside
    assert alone != simulated(bare, ["tanh"], 1.2, 5, 32, 4)[0]
    assert alone["variance"][0] == pytest.approx(1, abs=1e-12) and alone["correlation"][0] == pytest.approx(0.5, abs=1e-9)


def edge(page: Any, name: str) -> dict[str, float] | None:
    made = page.evaluate("(name) => NL.travel.finish(NL.travel.edge(bound(name)[0]))", name)
    return None if made is None else dict(made)


@pytest.mark.parametrize(
    ("name", "scale"),
    [("relu", 2**0.5), ("tanh", 1.0), ("leaky_relu(slope=0.5)", (2 / 1.25) ** 0.5), ("erf(x)", math.pi**0.5 / 2)],
)
def test_the_edge_of_chaos_of_those_that_have_it_without_biases(bare: Any, name: str, scale: float) -> None:
    found = edge(bare, name)
    assert found is not None
    assert found["sigmaW"] == pytest.approx(scale, rel=1e-6) and found["sigmaB"] == 0


@pytest.mark.parametrize("name", ["gelu", "silu", "mish", "sigmoid", "softplus"])
def test_the_edge_of_chaos_of_others_is_a_fixed_point_that_attracts(bare: Any, name: str) -> None:
    found = edge(bare, name)
    if found is None:
        assert name == "softplus"
        return
    points = fixed_points(name, found["sigmaW"], found["sigmaB"])
    assert any(abs(p.chi_perpendicular - 1) < 1e-6 and p.chi_parallel < 1 for p in points), points


# -- the page -----------------------------------------------------------------------------------------------------------------


def test_vanishing_gradients_are_told_in_words(page: Any) -> None:
    told = done(page)
    assert re.search(r"sigmoid, σ_w = 1\.41: the gradient vanishes: [\d.]+e−\d\d of it is left after 50 layers", told)
    assert re.search(
        r"relu, σ_w = 1\.41: the gradient keeps its size \(1 times.*\); the signal ends at 1; the cosine of two inputs goes from 0\.5 to 0\.99",
        told,
    )
    label = page.locator(".depth-chart").nth(1).get_attribute("aria-label")
    assert re.match(
        r"Mean square of the gradient.* over 50 layers; at the first layer: sigmoid [\d.]+e−\d\d, relu 1\.", label
    )
    tree = page.locator("main").aria_snapshot()
    for part in (
        'combobox "Initialisation"',
        'slider "Layers": "50"',
        "status",
        'rowheader "sigmoid"',
        'columnheader "gradient at the start"',
    ):
        assert part in tree, part
    row = page.locator("tbody tr").nth(1).locator("td").all_inner_texts()
    assert row[:3] == ["1.41", "0", "1"]
    assert "…" not in row  # the simulation is there too


def test_lines_and_points_are_drawn(page: Any) -> None:
    done(page)
    shares = page.evaluate("""() => [...document.querySelectorAll(".depth-chart")].map((canvas) => {
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), found = [0, 0];
        for (let k = 0; k < data.length; k += 4) {
            if (data[k] < 40 && data[k + 2] > 150) found[0]++; // the first function's blue
            if (data[k] > 180 && data[k + 1] > 60 && data[k + 1] < 130 && data[k + 2] < 40) found[1]++; // the second's vermilion
        }
        return found;
    })""")
    assert len(shares) == 3
    assert all(blue > 60 and red > 60 for blue, red in shares)


def test_a_preset_is_computed_for_each_function(page: Any) -> None:
    done(page)
    page.get_by_label("Initialisation").select_option("edge")
    expect(page.locator(".depth-status li").first).to_contain_text("σ_w = 10.1")  # sigmoid's; relu's is sqrt(2)
    assert "relu, σ_w = 1.41" in done(page)
    assert page.evaluate("view.state()") == {"width": 64, "init": "edge"}
    assert page.evaluate("told") == [True]


def test_the_scale_of_the_slider_is_ones_own(page: Any) -> None:
    done(page)
    page.get_by_role("slider", name="σ_w").fill("2")
    expect(page.locator(".depth-status li").nth(1)).to_contain_text("relu, σ_w = 2: the gradient explodes")
    assert page.evaluate("view.state()") == {"width": 64, "init": "own", "sigma": 2}
    page.evaluate("view.restore({width: '32', layers: '10', seed: '3', init: 'glorot'})")
    expect(page.locator(".depth-status li").nth(1)).to_contain_text("relu, σ_w = 1: the gradient")
    assert page.evaluate("view.state()") == {"width": 32, "layers": 10, "seed": 3, "init": "glorot"}


def test_a_function_without_an_edge_says_so(page: Any) -> None:
    page.evaluate("view.restore({width: 32, layers: 5, init: 'edge'}); view.update(bound('exp(x)'), theme());")
    expect(page.locator(".depth-status li").first).to_contain_text("it has no edge of chaos that was found, so He's")


def test_moments_that_do_not_exist_do_not_break_the_page(page: Any) -> None:
    page.evaluate("view.restore({width: 32, layers: 5}); view.update(bound('exp(x**2)'), theme());")
    expect(page.locator(".depth-status li").first).to_contain_text("the gradient is lost")


def test_a_hidden_view_waits(browser: Any, address: str) -> None:
    with scripted.opened(browser, address) as page:
        page.evaluate("""() => {
            globalThis.view = NL.depth.mount(document.getElementById("here"), () => {});
            view.shown(false);
            view.restore({width: "32", layers: "5"});
            view.update(bound("relu"), theme());
        }""")
        page.wait_for_timeout(300)
        assert page.locator(".depth-status").inner_text() == ""
        page.evaluate("view.shown(true)")
        assert "relu" in done(page)


def test_without_a_function_it_asks_for_one(page: Any) -> None:
    page.evaluate("view.update([], theme())")
    expect(page.locator(".depth-status")).to_have_text("Choose a function to send a signal through.")


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    done(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
