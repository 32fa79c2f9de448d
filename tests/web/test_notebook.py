"""What a notebook shows of a function, in a real browser: MathML is laid out, the curve is drawn, nothing is requested."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from nonlin.catalogue import definitions, resolve
from nonlin.view.mathml import mathml
from nonlin.view.notebook import card

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

PAGE = '<!doctype html><meta charset="utf-8"><style>:root{{color-scheme:light dark}}</style><body>{}</body>'
LAYOUT = """() => [...document.querySelectorAll('.one')].map((one) => ({
  name: one.dataset.name,
  maths: [...one.querySelectorAll('math')].map((m) => m.getBoundingClientRect().width > 5 && m.getBoundingClientRect().height > 5),
  broken: one.querySelectorAll('merror').length,
  drawn: [...one.querySelectorAll('svg path')].filter((p) => p.getBBox().width > 50).length,
  wide: one.scrollWidth - one.clientWidth,
}))"""


def test_cards_are_laid_out_without_a_request_or_an_error(tmp_path: Path) -> None:
    names = ["relu", "gelu", "softmax", "glu", "selu", "hard_swish", "maxout", "entmax", "crelu"]
    cards = "".join(f'<div class="one" data-name="{n}">{card(resolve(n))}</div>' for n in names)
    path = tmp_path / "cards.html"
    path.write_text(PAGE.format(cards), encoding="utf-8")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        requests: list[str] = []
        errors: list[str] = []
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 900, "height": 800}, color_scheme=scheme)
            page.on("request", lambda r: requests.append(r.url))
            page.on("console", lambda m: errors.append(m.text))
            page.on("pageerror", lambda e: errors.append(str(e)))
            page.goto(path.as_uri())
            for one in page.evaluate(LAYOUT):
                assert one["maths"], one
                assert all(one["maths"]), one
                assert one["broken"] == 0
                assert one["drawn"] >= 2, one  # the value and the derivative
                assert one["wide"] <= 1, one
            ink = page.evaluate("getComputedStyle(document.querySelector('svg text')).fill")
            light = sum(int(v) for v in re.findall(r"\d+", ink)[:3]) > 382
            assert light == (scheme == "dark")  # letters take the colour of the text around them
        browser.close()
    assert set(requests) == {path.as_uri()}
    assert errors == []


def test_every_formula_of_the_catalogue_is_laid_out(tmp_path: Path) -> None:
    shown = "".join(
        f'<p class="one" data-name="{n}">{mathml(d.textbook, name="f", inputs=d.inputs)}</p>'
        for n, d in definitions().items()
    )
    path = tmp_path / "formulas.html"
    path.write_text(PAGE.format(shown), encoding="utf-8")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        page = browser.new_page()
        page.goto(path.as_uri())
        found = page.evaluate(LAYOUT)
        browser.close()
    assert len(found) == len(definitions())
    assert [one["name"] for one in found if one["maths"] != [True] or one["broken"]] == []
