"""The documentation of the catalogue, written from the definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nonlin.catalogue import EVIDENCE, LAW_WORDS, REFERENCES, Definition
from nonlin.expr import derivative, to_text
from nonlin.expr.bridge import to_latex

_HEAD = """# Functions

{count} functions. This page is made from their definitions by `make docs`; do not edit it.

Evidence: {evidence}.

"""


def entry(definition: Definition) -> str:
    """Return the Markdown section of one function: formula, derivative, parameters, names, reference."""
    lines = [f"## {definition.name}", "", definition.summary, "", f"$${to_latex(definition.textbook)}$$", ""]
    rows = [("formula", f"`{definition.formula}`")]
    if definition.kind == "elementwise":
        rest = definition.at_rest()
        rows.append(("derivative", f"`{to_text(derivative(rest))}`"))
    rows.append(("kind", ", ".join((*definition.labels, f"family {definition.family}"))))
    for name, p in definition.settable.items():
        learned = f", learnable (one per {p.per})" if p.learnable else ""
        rows.append((f"parameter `{name}`", f"default {float(p.default):g}; {p.range_text()}{learned}"))
    for name, law in definition.random.items():
        rows.append((f"noise `{name}`", f"{LAW_WORDS[law]}, drawn for every element while training"))
    rows.append(("module", f"`nonlin.nn.{definition.title}`"))
    if definition.aliases:
        rows.append(("also called", ", ".join(f"`{a}`" for a in definition.aliases)))
    if definition.shared:
        rows.append(("shares the name", ", ".join(f"`{a}`" for a in definition.shared)))
    if definition.context:
        rows.append(("parameters from", definition.context))
    if definition.rest is not None:
        rows.append(("outside training", f"`{to_text(definition.rest)}`"))
    if definition.cite:
        rows.append(("reference", REFERENCES.get(definition.cite, definition.cite)))
    if definition.evidence:
        rows.append(("evidence", f"{definition.evidence}: {EVIDENCE[definition.evidence]}"))
    lines += ["| | |", "|---|---|", *(f"| {name} | {text.replace('|', '&#124;')} |" for name, text in rows), ""]
    return "\n".join(lines)


def catalogue_page(definitions: Iterable[Definition]) -> str:
    """Return the whole catalogue as one Markdown page."""
    every = list(definitions)
    families: dict[str, list[Definition]] = {}
    for made in every:
        families.setdefault(made.family, []).append(made)
    counts = Counter(made.evidence for made in every)
    told = ", ".join(f"{counts[mark]} *{mark}* ({meaning})" for mark, meaning in EVIDENCE.items())
    lists = [
        f"- **{family}** ({len(members)}): " + ", ".join(f"[{d.name}](#{d.name})" for d in members)
        for family, members in sorted(families.items())
    ]
    head = _HEAD.format(count=len(every), evidence=told)
    return head + "\n".join(lists) + "\n\n" + "\n".join(entry(d) for d in every)
