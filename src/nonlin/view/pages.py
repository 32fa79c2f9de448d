"""The documentation of the catalogue, written from the definitions."""

from __future__ import annotations

from collections.abc import Iterable

from nonlin.catalogue import REFERENCES, Definition
from nonlin.expr import derivative, to_text
from nonlin.expr.bridge import to_latex

_HEAD = """# Functions

{count} functions. This page is made from their definitions by `make docs`; do not edit it.

"""


def entry(definition: Definition) -> str:
    """Return the Markdown section of one function: formula, derivative, parameters, names, reference."""
    lines = [f"## {definition.name}", "", definition.summary, "", f"$${to_latex(definition.textbook)}$$", ""]
    rows = [("formula", f"`{definition.formula}`")]
    if definition.kind == "elementwise":
        rest = definition.at_rest()
        rows.append(("stable form", f"`{to_text(rest)}`"))
        rows.append(("derivative", f"`{to_text(derivative(rest))}`"))
    rows.append(("kind", f"{definition.kind}, family {definition.family}"))
    for name, p in definition.settable.items():
        learned = f", learnable (one per {p.per})" if p.learnable else ""
        rows.append((f"parameter `{name}`", f"default {float(p.default):g}; {p.range_text()}{learned}"))
    for name, (low, high) in definition.random.items():
        rows.append((f"random `{name}`", f"uniform between `{low}` and `{high}` while training, their mean otherwise"))
    rows.append(("module", f"`nonlin.nn.{definition.title}`"))
    if definition.aliases:
        rows.append(("also called", ", ".join(f"`{a}`" for a in definition.aliases)))
    if definition.cite:
        rows.append(("reference", REFERENCES.get(definition.cite, definition.cite)))
    lines += ["| | |", "|---|---|", *(f"| {name} | {text.replace('|', '&#124;')} |" for name, text in rows), ""]
    return "\n".join(lines)


def catalogue_page(definitions: Iterable[Definition]) -> str:
    """Return the whole catalogue as one Markdown page."""
    sections = [entry(d) for d in definitions]
    return _HEAD.format(count=len(sections)) + "\n".join(sections)
