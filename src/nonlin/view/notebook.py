"""A function as HTML for notebooks: formula, curve and the facts that take no time. No script, no style sheet, no request."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from html import escape

from nonlin.catalogue import KINDS, REFERENCES, Definition
from nonlin.expr import derivative, to_text
from nonlin.facts.extent import limit_at
from nonlin.facts.kinks import kinks
from nonlin.facts.once import once
from nonlin.facts.table import fact
from nonlin.view.inline import curve_svg, legend
from nonlin.view.mathml import mathml
from nonlin.view.sampling import subject

LONGEST = 240
"""Letters of a derivative that is still printed."""
_KINKS = 6


def card(definition: Definition) -> str:
    """Return a function as an HTML fragment: name, formula and derivative as MathML, a small curve, and facts.

    Most functions take 10 to 50 ms; facts that need more stand in ``.facts()``. All text is escaped.

    >>> from nonlin.catalogue import resolve
    >>> "<math" in card(resolve("relu")), "<script" in card(resolve("relu"))
    (True, False)
    """
    rows = [(head, text) for head, tell in ROWS.items() if (text := tell(definition))]
    table = "".join(f'<tr><th style="{_HEAD}">{head}</th><td style="{_CELL}">{text}</td></tr>' for head, text in rows)
    orders = (0, 1)
    title = f"<b>{escape(definition.title)}</b> <code>{escape(definition.name)}</code>"
    about = f'<div style="opacity:.8">{escape(definition.summary)}</div>' if definition.summary else ""
    what = subject(definition)
    drawn = f'<div style="font-size:12px;opacity:.8">{legend(orders)}{f" ({escape(what)})" if what else ""}</div>'
    beside = f'<div style="flex:1 1 20em;min-width:14em"><table style="{_TABLE}">{table}</table></div>'
    return (
        f'<div style="max-width:56em"><div style="margin-bottom:.3em">{title}</div>{about}{_formulas(definition)}'
        f'<div style="display:flex;flex-wrap:wrap;gap:1.2em;align-items:flex-start;margin-top:.5em">'
        f"<div>{curve_svg(definition, orders=orders)}{drawn}</div>{beside}</div></div>"
    )


_TABLE = "border-collapse:collapse;font-size:13px;background:none;margin:0"
_HEAD = "text-align:left;font-weight:normal;opacity:.75;padding:.15em 1em .15em 0;vertical-align:top;background:none;white-space:nowrap"
_CELL = "text-align:left;padding:.15em 0;background:none;overflow-wrap:anywhere"


def _formulas(definition: Definition) -> str:
    line = '<div style="overflow-x:auto;padding:.2em 0">{}</div>'
    made = line.format(mathml(definition.textbook, name="f", inputs=definition.inputs))
    if definition.kind == "elementwise":
        slope = derivative(definition.at_rest())
        if len(to_text(slope)) <= LONGEST:
            made += line.format(mathml(slope, name="f′"))
    return made


# -- facts: one row for each, empty where there is nothing to say ---------------------------------------------------------


def _kind(definition: Definition) -> str:
    return f"{escape(definition.kind)}: {escape(KINDS[definition.kind])}; family {escape(definition.family)}"


def _parameters(definition: Definition) -> str:
    return "<br>".join(
        f"<code>{escape(name)}</code> = {float(p.default):g} ({escape(p.range_text())}{', learnable' if p.learnable else ''})"
        for name, p in definition.settable.items()
    )


def _range(definition: Definition) -> str:
    """The range, where the formula gives it without a search: x stands in it once."""
    found = once(definition.closed()) if definition.kind == "elementwise" else None
    if found is None:
        return ""
    left, right = "[" if found.low_in else "(", "]" if found.high_in else ")"
    return f"{left}{_number(found.low)}, {_number(found.high)}{right}"


def _limits(definition: Definition) -> str:
    if definition.kind != "elementwise":
        return ""
    low, high = (limit_at(definition.closed(), side) for side in (-1, 1))
    return f"{_number(low)} at −∞, {_number(high)} at ∞"


def _symmetry(definition: Definition) -> str:
    found = fact(definition, "parity")
    return escape(found.text) if found.text in ("odd", "even") else ""


def _kinks(definition: Definition) -> str:
    found = kinks(definition.closed()) if definition.kind == "elementwise" else ()
    told = [f"{_number(k.x)} (slope {_number(k.left)} to {_number(k.right)}{_used(k.at)})" for k in found[:_KINKS]]
    return "<br>".join(told + [f"and {len(found) - _KINKS} more"] * (len(found) > _KINKS))


def _used(slope: float) -> str:
    return "" if math.isnan(slope) else f", {_number(slope)} used"


def _number(value: float) -> str:
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.6g}".replace("-", "−")


def _reference(definition: Definition) -> str:
    return escape(REFERENCES.get(definition.cite, definition.cite) or "")


ROWS: Mapping[str, Callable[[Definition], str]] = {
    "kind": _kind,
    "parameters": _parameters,
    "range": _range,
    "limits": _limits,
    "symmetry": _symmetry,
    "kinks": _kinks,
    "reference": _reference,
}
"""The facts of a card, in order: heading -> what finds them."""
