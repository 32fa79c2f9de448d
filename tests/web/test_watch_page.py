"""The report and the live page of a watched training in a real browser: Chromium, without a window."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import watched

import nonlin
from nonlin.watch.history import History
from nonlin.watch.page import report
from nonlin.watch.record import Record
from nonlin.watch.records import Sample

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
expect.set_options(timeout=15_000)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
SOURCE = str(Path(nonlin.__file__).parents[1])


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        context = started.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("chromium")), executable_path=CHROMIUM, args=list(FLAGS), headless=True
        )
        context.set_default_timeout(15_000)
        yield context
        context.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that must not complain, nor ask for anything but what it came from."""
    made = browser.new_page()
    said: list[str] = []
    made.on("console", lambda message: said.append(message.text))
    made.on("pageerror", lambda error: said.append(str(error)))
    made.said, made.asked = said, []
    made.on("request", lambda request: made.asked.append(request.url))
    yield made
    made.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    history = History()
    watched.produce(history, depth=12, count=120)
    return report(history, tmp_path_factory.mktemp("report") / "report.html").resolve().as_uri()


def told(page: Any, statistic: str) -> str:
    return str(page.locator(f"#map-{statistic} .told").inner_text())


def test_the_report_opens_from_a_double_click(page: Any, file: str) -> None:
    page.goto(file)
    assert page.title() == "Net: what happened in training"
    assert page.locator("#alerts h3").first.inner_text() == "error dead units · features.3"
    assert page.locator("svg").count() > 10
    assert page.said == []
    assert [u for u in page.asked if not u.startswith(("file:", "data:"))] == []


def test_a_cell_tells_its_value_by_keyboard_and_by_mouse(page: Any, file: str) -> None:
    page.goto(file)
    heat = page.locator("#map-dead .heat")
    heat.focus()
    page.keyboard.press("ArrowDown")  # from the first layer's last sample
    expect(page.locator("#map-dead .told")).to_have_text("features.3, step 1190: about 80 %")
    page.keyboard.press("Home")
    assert told(page, "dead") == "features.3, step 0: about 0 %"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # stays at the first
    assert told(page, "dead") == "features.1, step 0: about 2 %"
    picture = page.locator("#map-grad_norm image").first
    box = picture.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] - 3)
    expect(page.locator("#map-grad_norm .told")).not_to_be_empty()
    found = re.fullmatch(r"features\.10, step 1190: about ([\d.]+)", told(page, "grad_norm"))
    assert found
    assert float(found[1]) == pytest.approx(20.1, rel=0.05)  # exp(10 - 6 - 1)
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 3)
    expect(page.locator("#map-grad_norm .told")).to_have_text(re.compile(r"features\.0, step 1190: at most 0\.000912"))
    assert page.said == []


def test_the_table_is_sorted_by_its_heads(page: Any, file: str) -> None:
    page.goto(file)
    head = page.locator(".values th").nth(4)
    head.get_by_role("button", name="dead units").focus()
    page.keyboard.press("Enter")
    first = page.locator(".values tbody tr").first
    assert first.locator("td").first.inner_text() == "features.3"
    assert head.get_attribute("aria-sort") == "descending"
    page.keyboard.press("Enter")
    assert first.locator("td").first.inner_text() != "features.3"
    assert page.locator(".values tbody tr").last.locator("td").nth(4).inner_text() == "–"  # unknown stays last


def test_folded_parts_open_by_keyboard(page: Any, file: str) -> None:
    page.goto(file)
    summary = page.locator("#map-mean summary")
    assert not page.locator("#map-mean .heat").is_visible()
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("#map-mean .heat").is_visible()


def test_a_screen_reader_hears_what_the_pictures_show(page: Any, file: str) -> None:
    page.goto(file)
    tree = page.locator("main").aria_snapshot()
    assert "Dead units, 6 layers over steps 0 to 1190: lowest 0 % in features.3 at step 0, highest 80 %" in tree
    assert '- heading "Alerts"' in tree
    assert 'img "features.3: 4' in tree or 'img "features.3: 5' in tree
    assert "3 alerts over steps 0 to 1190" in tree


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page(page: Any, file: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(file)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def luminance(colour: str) -> float:
    parts = [int(v) / 255 for v in re.findall(r"\d+", colour)[:3]]
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_by_day_and_by_night(page: Any, file: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(file)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    panel = page.evaluate("getComputedStyle(document.querySelector('.alerts > li')).backgroundColor")
    assert (luminance(paper) > 0.5) is (scheme == "light")
    for words in ("h1", ".lead", ".badge.s3", ".badge.s2", ".alerts .when", "del", "ins", "summary small", ".units .bad"):
        ink = page.evaluate("s => getComputedStyle(document.querySelector(s)).color", words)
        for under in (paper, panel):
            dark, light = sorted((luminance(ink), luminance(under)))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (words, ink, under)  # WCAG 2, level AA


@contextmanager
def served(path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    pytest.importorskip("starlette", reason="the extra 'web' is not installed")
    process = subprocess.Popen([sys.executable, "-m", "nonlin.cli", "watch", "serve", str(path)], text=True,
                               stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": SOURCE, "PYTHONUNBUFFERED": "1"})  # fmt: skip
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.communicate()


def test_the_live_page_follows_a_training(page: Any, tmp_path: Path) -> None:
    path, over = tmp_path / "run.sqlite", watched.layers(8)
    record = Record(path)
    record.begin(over, watched.ABOUT)
    story = list(watched.samples(over, 30))
    for sample in story[:20]:
        record.sample(sample)
    record.flush()
    with served(path) as (url, process):
        page.goto(url)
        page.get_by_text("Live.", exact=True).wait_for()
        assert "step 190" in page.locator("#summary .lead").inner_text()
        assert page.locator("#alerts .fine").inner_text() == "No alert was raised."
        page.locator("#map-mean summary").click()
        heat = page.locator("#map-dead .heat")
        heat.focus()
        page.keyboard.press("ArrowDown")
        expect(page.locator("#map-dead .told")).to_contain_text("step 190")

        for sample in story[20:]:
            record.sample(sample)
        record.alert(watched.alerts(over)[3])
        page.locator("#alerts h3").wait_for()
        assert page.locator("#alerts h3").inner_text() == "error dead units · features.3"
        expect(page).to_have_title("Net: step 290")
        assert page.locator("#map-mean .heat").is_visible()  # what was open stays open
        assert page.evaluate("document.activeElement.closest('details').id") == "map-dead"  # and the focus where it was
        expect(page.locator("#map-dead .told")).to_contain_text("step 290")

        page.get_by_role("button", name="Pause").click()
        record.sample(Sample(400, 30.0, {"loss": 0.5}, story[-1].layers))
        record.flush()
        expect(page).to_have_title("Net: step 400")
        assert "step 290" in page.locator("#summary .lead").inner_text()
        page.get_by_role("button", name="Go on").click()
        assert "step 400" in page.locator("#summary .lead").inner_text()

        record.alert(replace(watched.alerts(over)[3], cleared=400))
        page.locator("#alerts .badge.healed").wait_for()
        record.close()
        expect(page.locator("#summary")).not_to_contain_text("Still in training")
        assert page.said == []
        assert all(u.startswith((url, "data:")) for u in page.asked)
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        process.kill()
        page.get_by_text("The connection is lost").wait_for()


def test_without_the_token_the_browser_sees_nothing(page: Any, tmp_path: Path) -> None:
    watched.produce(Record(tmp_path / "run.sqlite"), count=3)
    with served(tmp_path / "run.sqlite") as (url, _):
        reply = page.goto(url.rsplit("/", 2)[0] + "/")
        assert reply.status == 403
        assert "features" not in page.content()
