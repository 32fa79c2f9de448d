"""The explorer as one HTML file: nothing is requested, so that it opens from a double click and works offline.

A policy in the file forbids every request, and any script but those written here (each by its hash). The generated functions
stand in it as JavaScript; what is said about them is compressed, and unpacked by the browser.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nonlin.backends.javascript import helpers
from nonlin.catalogue import Definition, definitions, resolve
from nonlin.errors import ParameterError
from nonlin.explore import rules
from nonlin.explore.curves import Drawing
from nonlin.explore.entries import PROPERTIES, entry, fact_rows, how_words
from nonlin.explore.store import Store, drawings
from nonlin.view.charts import NIGHT, PALETTE

__all__ = ["SCRIPTS", "STYLES", "checked", "page"]

STATIC = Path(__file__).parent / "static"
SCRIPTS = (
    "vendor/uPlot.iife.min.js",
    *rules.SCRIPTS,
    "core.js",
    "link.js",
    "chart.js",
    "near.js",
    "catalogue.js",
    "cards.js",
    "readings.js",
    "keys.js",
    "app.js",
)
"""Written into the page in this order; each adds to ``globalThis.NL``."""
STYLES = ("vendor/uPlot.min.css", "style.css", "depth.css", "playground.css")
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {hashes}; base-uri 'none'; form-action 'none'"
)
START = ("relu", "silu", "gelu")
"""What is drawn when the page is opened without a link."""


def page(functions: Sequence[Definition | str] | None = None, *, facts: bool = True, store: Store | None = None,
         progress: Callable[[str, int, int], None] | None = None, show: Sequence[Definition | str] = ()) -> str:  # fmt: skip
    """Return the explorer as the text of an HTML file.

    Args:
        functions: the functions it offers, as definitions, names or formulas; the whole catalogue if not given.
        facts: whether it tells what is true of them. Facts of the whole catalogue take about 100 s of processor time,
            once for each version of nonlin on a machine.
        store: where curves are kept once they are made; the user's cache folder if not given.
        progress: called with (what, done, total) as curves and facts are made.
        show: the functions that are drawn when the page is opened without a link, at most seven; a formula of one's own may
            be among them. A few well-known ones if not given.

    Raises:
        UnknownNameError, FormulaError, ParameterError: as :func:`nonlin.catalogue.resolve`.

    >>> text = page(["relu"], facts=False)
    >>> "Math.max(x, 0)" in text and "default-src 'none'" in text
    True
    """
    from nonlin.facts import all_facts

    chosen = [resolve(f) for f in functions] if functions is not None else list(definitions().values())
    start = [_item(d) for d in checked(show)] or _usual(chosen)
    told = progress or (lambda what, done, total: None)
    drawn = drawings(chosen, store, lambda done, total, name: told(f"curves of {name}", done, total))
    known = all_facts(chosen, progress=lambda done, total, name: told(f"facts of {name}", done, total)) if facts else {}
    code, places = _code(drawn.values())
    entries = []
    for definition in chosen:
        picture = drawn[definition.name]
        about = fact_rows(known.get(definition.name, ()))
        curves = [[c.label, list(c.sliders), [places[t] for t in c.orders], c.rowwise, c.entry, places.get(c.noisy, -1)]
                  for c in picture.curves]  # fmt: skip
        entries.append({**entry(definition, picture), "curves": curves, "facts": about["rows"], "words": about["words"]})
    return _html(code, {"functions": entries, "hasFacts": facts, **_words(), "start": start})


def _words() -> dict[str, Any]:
    try:
        edition = version("nonlin")
    except PackageNotFoundError:  # run from its source
        edition = ""
    return {**how_words(), "properties": {w: says for w, (says, _) in PROPERTIES.items()}, "version": edition,
            "colours": [PALETTE, NIGHT]}  # fmt: skip


def checked(show: Sequence[Definition | str]) -> list[Definition]:
    """Return the functions to be shown, or raise with a sentence: one is not known, or there are more of them than colours."""
    found = [resolve(f) for f in show]
    if len(found) > len(PALETTE):
        raise ParameterError(
            f"show: {len(found)} functions were given, and at most {len(PALETTE)} can be told apart in one drawing"
        )
    return found


def _usual(chosen: Sequence[Definition]) -> list[str]:
    names = [d.name for d in chosen]
    return [n for n in START if n in names] or names[:1]


def _item(made: Definition) -> str:
    """Return a function as links name it: ``leaky_relu:slope=0.3``, or a formula behind ``=``."""
    if made.family == "formula":
        return f"={quote(made.formula, safe='')}"
    given = ",".join(f"{quote(n, safe='')}={float(v)!r}" for n, v in made.given.items())
    return made.name.split("(")[0] + (f":{given}" if given else "")


def _code(drawn: Iterable[Drawing]) -> tuple[str, dict[str, int]]:
    """Return the script that holds every function once, and where each text stands in its list."""
    texts = [t for d in drawn for c in d.curves for t in (*c.orders, *filter(None, [c.noisy]))]
    places = {text: n for n, text in enumerate(dict.fromkeys(texts))}
    body = ",\n".join(places)
    return f'"use strict";\n(()=>{{\n{helpers(body)}\n(globalThis.NL??={{}}).code=[\n{body}\n];\n}})();', places


def _html(code: str, data: Mapping[str, Any]) -> str:
    scripts = [code, rules.script(), *(_static(name) for name in SCRIPTS if (STATIC / name).exists())]
    styles = "\n".join(_static(name) for name in STYLES if (STATIC / name).exists())
    packed = base64.b64encode(zlib.compress(json.dumps(data, ensure_ascii=False, allow_nan=False).encode(), 9)).decode()
    filled = {
        "policy": escape(_POLICY.format(hashes=" ".join(_hash(s) for s in scripts)), quote=False),
        "style": styles,
        "data": packed,
        "scripts": "\n".join(f"<script>{s}</script>" for s in scripts),
        "version": escape(str(data["version"])),
    }
    text = _static("page.html")
    for name, value in filled.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


def _static(name: str) -> str:
    own = name.endswith(".js") and not name.startswith("vendor/")
    text = rules.static(name) if own else (STATIC / name).read_text(encoding="utf-8")
    if name.endswith(".js"):
        assert "</script" not in text.lower(), f"{name} would end the element it is written in"
        assert "<!--" not in text, f"{name} would open a comment in the element it is written in"
    if name.endswith(".css"):
        text = "\n".join(line.strip() for line in text.splitlines())
    return text


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


if __name__ == "__main__":  # while the page is being worked on: OUT [--no-facts] [name ...]
    import sys

    out, *rest = sys.argv[1:]
    names = [a for a in rest if not a.startswith("--")]
    Path(out).write_text(page(names or None, facts="--no-facts" not in rest), encoding="utf-8")
