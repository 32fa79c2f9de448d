"""The playground in Chromium: that its networks learn what they must, and that a person can work it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import scripted

from nonlin.explore.page import page as explorer_page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = pytest.mark.skipif(scripted.CHROMIUM is None, reason="no Chromium is installed")

HOW = "{widths: [8, 8], init: 'he', seed: 0, rate: 0.03, optimiser: 'adam', batch: 32}"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return scripted.written(tmp_path_factory.mktemp("playground"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with scripted.browser(tmp_path_factory.mktemp("chromium")) as context:
        yield context


@pytest.fixture(scope="module")
def bare(browser: Any, address: str) -> Iterator[Any]:
    """The page with nothing mounted, for the arithmetic."""
    with scripted.opened(browser, address) as page:
        yield page


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    with scripted.opened(browser, address) as made:
        mount(made, "relu", "tanh")
        yield made


def mount(page: Any, *names: str) -> None:
    page.evaluate(
        """(names) => {
            globalThis.told = [];
            globalThis.view = NL.playground.mount(document.getElementById("here"), (final) => told.push(final));
            view.update(bound(...names), theme());
        }""",
        names,
    )


def status(page: Any) -> str:
    return str(page.locator(".play-status").inner_text())


# -- the networks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tanh", "gelu", "x*tanh(softplus(x))", "elu", "identity"])
@pytest.mark.parametrize("widths", [[5], [4, 3, 3]])
def test_the_gradient_is_that_of_finite_differences(bare: Any, name: str, widths: list[int]) -> None:
    pairs = bare.evaluate(
        """([name, widths]) => {
            const [f] = bound(name), {x, y} = NL.net.data("spiral", 20, 0.2, 3), net = NL.net.network(f, widths, "large", 4), made = [];
            const copy = () => { const {gradient} = NL.net; return gradient(net, x, y, 20); };
            copy();
            const slopes = net.layers.map((l) => [[l.w, Array.from(l.dw)], [l.b, Array.from(l.db)]]).flat();
            for (const [values, d] of slopes) values.forEach((kept, k) => {
                const h = 1e-5;
                values[k] = kept + h; const above = copy();
                values[k] = kept - h; const below = copy();
                values[k] = kept;
                made.push([d[k], (above - below) / (2 * h)]);
            });
            return made;
        }""",
        [name, widths],
    )
    assert len(pairs) > 20
    assert max(abs(d) for d, _ in pairs) > 1e-3
    for exact, measured in pairs:
        assert exact == pytest.approx(measured, rel=1e-6, abs=1e-8)


def trained(page: Any, name: str, data: str, epochs: int, how: str = HOW) -> dict[str, Any]:
    return dict(page.evaluate(
        f"""([name, data, epochs]) => {{
            const train = NL.net.data(data, 240, 0.1, 1), test = NL.net.data(data, 240, 0.1, 2);
            const t = NL.net.training(bound(name)[0], {how}, train, test);
            for (let k = 0; k < epochs; k++) t.advance();
            return {{right: t.train.right, fresh: t.test.right, loss: t.train.loss, losses: t.losses, diverged: t.diverged,
                    weights: t.net.layers.map((l) => [...l.w, ...l.b])}};
        }}""",
        [name, data, epochs],
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("data", "least"), [("moons", 0.95), ("circles", 0.95), ("xor", 0.95), ("gaussian", 0.95), ("spiral", 0.75)]
)
def test_a_rectifier_learns_every_shape(bare: Any, data: str, least: float) -> None:
    made = trained(bare, "relu", data, 30 if data != "spiral" else 80)
    assert made["right"] > least and made["fresh"] > least
    assert made["losses"][-1] < 0.5 * made["losses"][0] or data == "spiral"


@pytest.mark.parametrize(("data", "most"), [("circles", 0.72), ("xor", 0.72)])
def test_layers_without_a_nonlinearity_stay_a_line(bare: Any, data: str, most: float) -> None:
    assert trained(bare, "identity", data, 40)["fresh"] < most
    assert trained(bare, "identity", "gaussian", 20)["fresh"] > 0.95  # which a line parts


def test_plain_gradient_descent_learns_too(bare: Any) -> None:
    how = "{widths: [8], init: 'glorot', seed: 1, rate: 0.3, optimiser: 'sgd', batch: 8}"
    assert trained(bare, "tanh", "moons", 40, how)["fresh"] > 0.95


def test_the_same_seed_gives_the_same_numbers(bare: Any) -> None:
    first, again = (trained(bare, "gelu", "moons", 5) for _ in range(2))
    assert first == again
    other = trained(bare, "gelu", "moons", 5, HOW.replace("seed: 0", "seed: 1"))
    assert first["weights"] != other["weights"]


def test_functions_begin_with_the_same_weights_and_see_the_same_points(bare: Any) -> None:
    relu, tanh = (trained(bare, name, "moons", 0) for name in ("relu", "tanh"))
    assert relu["weights"] == tanh["weights"]
    how = HOW.replace("'he'", "'gain'")
    relu, tanh = (trained(bare, name, "moons", 0, how) for name in ("relu", "tanh"))
    ratio = relu["weights"][0][0] / tanh["weights"][0][0]
    assert ratio == pytest.approx(2**0.5 / 1.5925374197, rel=1e-9)  # their gains
    batches = bare.evaluate("""() => {
        const seen = {}, train = NL.net.data("moons", 12, 0, 1);
        for (const name of ["relu", "tanh"]) {
            seen[name] = [];
            const f = {value: (x) => x, first: () => 1};
            const t = NL.net.training(f, {widths: [1], init: "he", seed: 5, rate: 0, optimiser: "sgd", batch: 5}, train, train);
            t.advance();
            seen[name].push(...t.net.layers[0].input.slice(0, 4));
        }
        return seen;
    }""")
    assert batches["relu"] == batches["tanh"]


def test_random_numbers_are_what_they_are_called(bare: Any) -> None:
    mean, square, fourth, product, low, high = bare.evaluate("""() => {
        const {normal, uniform} = NL.net.random(7, 1), n = 40000;
        const z = Float64Array.from({length: n}, normal), u = Array.from({length: n}, uniform);
        const mean = (f) => { let s = 0; for (let k = 0; k < n; k++) s += f(k); return s / n; };
        const powers = [1, 2, 4].map((p) => mean((k) => z[k] ** p));
        return [...powers, mean((k) => z[k] * z[(k + 1) % n]), Math.min(...u), Math.max(...u)];
    }""")
    assert abs(mean) < 0.02 and abs(square - 1) < 0.03 and abs(fourth - 3) < 0.25 and abs(product) < 0.02
    assert 0 <= low < 1e-3 and 1 - 1e-3 < high < 1


def test_data_have_as_many_points_of_either_class(bare: Any) -> None:
    made = bare.evaluate(
        "() => Object.keys(NL.net.DATA).map((d) => { const {x, y} = NL.net.data(d, 240, 0.1, 3); return [[...x], [...y]]; })"
    )
    for x, y in made:
        assert sum(y) == len(y) / 2 == 120
        assert max(map(abs, x)) < 2.3


def test_dead_and_saturated_units_are_counted(bare: Any) -> None:
    made = bare.evaluate("""() => {
        const data = NL.net.data("moons", 40, 0.1, 1), net = NL.net.network(bound("relu")[0], [4, 2], "he", 0);
        net.layers[0].b.set([-100, -100, 0, 100]);
        const flat = NL.net.network(bound("sigmoid")[0], [2], "he", 0);
        flat.layers[0].b.set([10, 0]);
        return [NL.net.health(net, data), NL.net.health(flat, data)];
    }""")
    assert made[0][0]["dead"] == 0.5 and made[0][0]["saturated"] >= 0.5
    assert made[1][0] == {"dead": 0, "saturated": 0.5}


# -- the page -----------------------------------------------------------------------------------------------------------------


def test_play_trains_and_pause_stops(page: Any) -> None:
    assert status(page).startswith("Epoch 0: relu ") and "Press Play" in status(page)
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".play-result").first).to_have_text(re.compile(r"(9\d|100) %"))
    page.get_by_role("button", name="Pause").press("Enter")
    expect(page.get_by_role("button", name="Play")).to_be_focused()
    found = re.fullmatch(
        r"Epoch (\d+): relu \d+ % right on new points; tanh \d+ % right on new points\. Paused\.", status(page)
    )
    assert found and int(found[1]) > 2
    page.wait_for_timeout(150)
    assert status(page) == found[0]  # it has stopped
    page.get_by_role("button", name="One epoch").click()
    assert status(page).startswith(f"Epoch {int(found[1]) + 1}:")
    page.get_by_role("button", name="Reset").click()
    assert status(page).startswith("Epoch 0:")


def test_the_picture_shows_what_the_network_answers(page: Any) -> None:
    for _ in range(3):
        page.get_by_role("button", name="One epoch").click()
    colours = page.evaluate("""() => {
        const canvas = document.querySelector(".play-cards canvas"), n = canvas.width, {data} = canvas.getContext("2d").getImageData(0, 0, n, n);
        const place = (v) => Math.round((v / 1.9 + 1) * n / 2), at = (x, y) => [...data.slice(4 * (place(-y) * n + place(x)))].slice(0, 4);
        return [at(-0.5, 1.7), at(0.5, -1.6)];
    }""")
    assert colours[0][2] > colours[0][0]  # bluish above, where the first moon is
    assert colours[1][0] > colours[1][2]  # reddish below
    label = page.locator(".play-cards canvas").first.get_attribute("aria-label")
    assert re.fullmatch(
        r"What the network with relu answers over the plane after 3 epochs: \d+ % right on new points\.", label
    )


def test_a_screen_reader_finds_names_for_all(page: Any) -> None:
    tree = page.locator("main").aria_snapshot()
    for part in ('group "Network and data"', 'combobox "Data"', 'slider "Hidden layers": "2"', 'button "Play"', "status", 'rowheader "tanh"',
                 'columnheader "Layer 2: dead units"', 'img "Training loss by epoch.'):  # fmt: skip
        assert part in tree, part


def test_settings_change_the_network_and_come_back_from_a_link(page: Any) -> None:
    assert page.evaluate("view.state()") == {}
    page.get_by_label("Data").select_option("spiral")
    page.get_by_label("Hidden layers").press("ArrowRight")
    page.get_by_label("Learning rate").select_option("0.3")
    assert page.evaluate("view.state()") == {"data": "spiral", "layers": 3, "rate": 0.3}
    assert page.evaluate("told").count(True) == 3
    assert page.locator(".play-table th").filter(has_text="Layer 3: saturated").count() == 1
    page.evaluate(
        "view.restore({data: 'xor', width: '12', rate: '7', noise: 'much', layers: ''})"
    )  # texts, some of them wrong
    assert page.evaluate("view.state()") == {"data": "xor", "width": 12}
    page.evaluate("view.restore({})")
    assert page.evaluate("view.state()") == {}


def test_new_objects_for_the_same_functions_do_not_start_over(page: Any) -> None:
    page.get_by_role("button", name="One epoch").click()
    page.evaluate("view.update(bound('relu', 'tanh'), theme(true))")
    assert status(page).startswith("Epoch 1:")
    page.evaluate("view.update(bound('relu', 'gelu'), theme(true))")
    assert status(page).startswith("Epoch 0: relu") and "gelu" in status(page)


def test_a_hidden_playground_stops(page: Any) -> None:
    page.get_by_role("button", name="Play").click()
    page.evaluate("view.shown(false)")
    assert "Paused" in status(page) or "Press Play" in status(page)
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_without_a_function_it_asks_for_one_and_many_are_cut(page: Any) -> None:
    page.evaluate("view.update([], theme())")
    assert status(page) == "Choose a function to train with."
    assert page.get_by_role("button", name="Play").is_disabled()
    page.evaluate("view.update(bound('relu', 'tanh', 'gelu', 'elu', 'silu', 'mish', 'softplus', 'sigmoid'), theme())")
    assert page.locator(".play-cards figure").count() == 6
    assert "The first 6 of 8 functions are trained." in status(page)


def test_a_training_that_diverges_says_so(page: Any) -> None:
    page.evaluate("view.update(bound('exp(x**2)'), theme())")
    page.evaluate("view.restore({init: 'large', optimiser: 'sgd', rate: '1', layers: 4})")
    for _ in range(4):
        if page.get_by_role("button", name="One epoch").is_enabled():
            page.get_by_role("button", name="One epoch").click()
    assert "diverged: the loss is not finite" in status(page)
    assert page.get_by_role("button", name="Play").is_disabled()


def test_a_label_is_text(page: Any) -> None:
    page.evaluate("view.update(bound('relu').map((f) => ({...f, label: '<b id=x>bold</b>'})), theme())")
    assert page.locator("#x").count() == 0
    assert page.locator("figcaption strong").inner_text() == "<b id=x>bold</b>"


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.get_by_role("button", name="One epoch").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_who_asks_for_less_motion_sees_fewer_pictures(browser: Any, address: str) -> None:
    drawn = {}
    for wish in ("reduce", "no-preference"):
        with scripted.opened(browser, address, reduced_motion=wish) as page:
            mount(page, "relu")
            page.evaluate(
                "() => { globalThis.count = 0; const lines = NL.page.lines; NL.page.lines = (...a) => { count++; lines(...a); }; }"
            )
            page.get_by_role("button", name="Play").click()
            page.wait_for_timeout(900)
            drawn[wish] = page.evaluate("count")
    assert drawn["reduce"] <= 2 < 4 <= drawn["no-preference"]


def test_the_file_is_under_its_policy(address: str) -> None:
    assert "default-src 'none'" in Path(address.removeprefix("file://")).read_text(encoding="utf-8")


# -- in the explorer, where views are links ---------------------------------------------------------------------------------------


def test_depth_and_playground_are_part_of_the_link(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "explorer.html"
    path.write_text(explorer_page(["relu", "tanh"], facts=False), encoding="utf-8")
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{path.as_uri()}#f=relu;=x*sigmoid(a*x)")
    page.wait_for_selector("html[data-ready]")
    page.get_by_role("tab", name="Playground").click()
    page.get_by_label("Data").select_option("circles")
    expect(page).to_have_url(re.compile("playground.data=circles"))
    page.get_by_role("button", name="One epoch").click()
    expect(page.locator(".play-status")).to_contain_text("Epoch 1: relu")
    page.get_by_role("tab", name="Depth").click()
    page.get_by_role("slider", name="Layers").press("Home")
    expect(page.locator(".depth-status li").nth(1)).to_contain_text("x*sigmoid(a*x), σ_w = 1.41: the gradient")
    expect(page).to_have_url(re.compile(r"depth.layers=2\b"))
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("html[data-ready]")
    expect(page.locator(".depth-status li").first).to_contain_text("after 2 layers")
    page.get_by_role("tab", name="Playground").click()
    assert page.get_by_label("Data").input_value() == "circles"
    page.close()
    assert said == []
