"""The explorer's scripts on an otherwise empty page in Chromium, under the policy of the explorer: no request, no eval."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nonlin.explore import rules

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
THEME = """({dark, ink: dark ? "#e8e6e1" : "#1c2024", soft: dark ? "#a7adb4" : "#5a646e", rule: "#ccc", paper: dark ? "#16181b" : "#fff",
             colours: ["#0072b2", "#d55e00", "#009e73"]})"""
SETUP = f"""<script>
globalThis.bound = (...names) => names.map((name, k) => {{
    const made = name === "identity" ? {{ value: (x) => x, first: () => 1 }} : NL.formula.compile(name);
    const drawn = {{ name, label: name, colour: ["#0072b2", "#d55e00", "#009e73"][k % 3], dash: [] }};
    return {{ ...drawn, value: (x) => made.value(x), first: (x) => made.first(x) }};
}});
globalThis.theme = (dark = false) => {THEME};
</script>"""


def written(folder: Path) -> str:
    """Write the page and return its address."""
    style = "".join(rules.static(name) for name in ("style.css", "depth.css", "playground.css"))
    head = (f'<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>scripts</title><style>{style}</style>'
            '<main id="here"></main>')  # fmt: skip
    scripts = "".join(f"<script>{text}</script>" for text in rules.scripts())
    path = folder / "scripts.html"
    path.write_text(head + scripts + SETUP, encoding="utf-8")
    return path.resolve().as_uri()


@contextmanager
def browser(folder: Path) -> Iterator[Any]:
    """Open Chromium with a profile of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        context = started.chromium.launch_persistent_context(
            str(folder / "profile"), executable_path=CHROMIUM, args=list(FLAGS), headless=True
        )
        context.set_default_timeout(20_000)
        yield context
        context.close()


@contextmanager
def opened(context: Any, address: str, **media: Any) -> Iterator[Any]:
    """Open the page; afterwards it must have said nothing and asked for nothing."""
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    if media:
        page.emulate_media(**media)
    page.goto(address)
    yield page
    page.close()
    assert said == []
    assert asked == [address]
