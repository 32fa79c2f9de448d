"""The documentation of the catalogue, written from the definitions: the index, and a page for each function.

Pages are Markdown with HTML where Markdown has no words: formulas are MathML, pictures inline SVG, so that a site made of them
needs no network and no script.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from nonlin.catalogue import EVIDENCE, KINDS, LAW_WORDS, REFERENCES, Definition
from nonlin.errors import NonlinError
from nonlin.expr import Expr, derivative, to_text
from nonlin.facts.subject import HOW
from nonlin.facts.table import FACTS, facts
from nonlin.facts.twins import twins
from nonlin.peers import peers
from nonlin.peers.rows import REQUIRED, Row, To
from nonlin.view.code import code
from nonlin.view.inline import INKS, STROKES, curve_svg
from nonlin.view.kin import alike, same_reference
from nonlin.view.mathml import mathml
from nonlin.view.sampling import subject
from nonlin.view.words import count

_HEAD = """# Functions

{count} functions. This page is made from their definitions by `make docs`; do not edit it. In the documentation's site each name
leads to a page with derivatives, facts, a graph, other libraries' names and defaults, and code; `nonlin show NAME` and
`nonlin show NAME --facts` print the same.

Evidence: {evidence}.

"""
ORDERS = ("f", "f′", "f″")
EXPLORER = "explorer-app.html"
"""The file of the explorer within the site, beside the folder of these pages."""
LISTINGS = {"numpy": ("NumPy", "python", 45), "javascript": ("JavaScript", "javascript", 45)}
"""Target of ``nonlin show --as`` -> its title, the language its text is coloured as, and the most lines a page shows."""
_LONG = 700
"""Letters of a formula beyond which a page leaves it out: a wall of terms tells a reader nothing."""


def escaped(text: str) -> str:
    """Return plain text as Markdown that shows it letter by letter, also within a table.

    >>> escaped("a|b, x*y")
    'a\\\\|b, x\\\\*y'
    """
    return re.sub(r"([\\`*_\[\]<>|$#~&{}])", r"\\\1", text)


def _cell(text: str) -> str:
    """A code span within a table: there a bar ends the cell, within code too."""
    return f"`{text}`" if "|" not in text else "`" + text.replace("|", "\\|") + "`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines, ""] if lines else []


def index_page(definitions: Iterable[Definition], linked: bool = False) -> str:
    """Return the catalogue as one Markdown page: a table for each family, of names, formulas and summaries.

    Args:
        definitions: the functions.
        linked: whether names link to ``functions/NAME.md``, which is there when the site is built.
    """
    every = list(definitions)
    families: dict[str, list[Definition]] = {}
    for made in every:
        families.setdefault(made.family, []).append(made)
    counts = Counter(made.evidence for made in every)
    told = ", ".join(f"{counts[mark]} *{mark}* ({meaning})" for mark, meaning in EVIDENCE.items())
    lines = [_HEAD.format(count=len(every), evidence=told)]
    for family, members in sorted(families.items()):
        rows = []
        for d in sorted(members, key=lambda d: d.name):
            name = f"[`{d.name}`](functions/{d.name}.md)" if linked else f"`{d.name}`"
            rows.append((name, _cell(_shortened(d.formula)), escaped(d.summary)))
        lines += [f"## {family.capitalize()}", "", count(len(members), "function") + ".", ""]
        lines += _table(("function", "formula", "what it is"), rows)
    return "\n".join(lines)


def _shortened(text: str, most: int = 120) -> str:
    return text if len(text) <= most else text[: most - 2].rstrip() + " …"


def function_page(definition: Definition) -> str:
    """Return the Markdown page of one function: formula, graph, derivatives, facts, names, code, references, relatives."""
    sections = (_opening, _identity, _derivatives, _parameters, _facts, _peers, _code, _relatives)
    return "\n".join(line for section in sections for line in section(definition))


def _opening(d: Definition) -> Iterator[str]:
    yield from (f"# {d.name}", "", escaped(d.summary), "")
    yield from _formula(f"{d.name}({', '.join(d.inputs)})", d.textbook)
    yield from ("```text", d.formula, "```", "")
    what = "; ".join(filter(None, (subject(d), "parameters at their defaults" if d.settable else "")))
    legend = " ".join(f'<span class="key">{_swatch(n)} {name}</span>' for n, name in enumerate(ORDERS))
    caption = legend + (f" <span>({_html(what)})</span>" if what else "")
    picture = _one_line(curve_svg(d, orders=range(len(ORDERS)), low=-5, high=5, width=640, height=320))
    yield from (f'<figure class="curve">{picture}<figcaption>{caption}</figcaption></figure>', "")
    yield from (f'<p><a href="../{EXPLORER}#f={d.name}&amp;o=012">The same in the explorer, with sliders</a></p>', "")


def _swatch(order: int) -> str:
    return (f'<svg viewBox="0 0 30 6" width="30" height="6" aria-hidden="true"><path d="M0 3H30" fill="none" '
            f'stroke="{INKS[order]}" stroke-width="2"{STROKES[order]}/></svg>')  # fmt: skip


def _formula(left: str, root: Expr) -> Iterator[str]:
    """A displayed formula, or a word about why it is not there."""
    shown = _one_line(mathml(root, display=True))
    yield from (f'<div class="formula"><span class="left">{_html(left)} =</span> {shown}</div>', "")


def _identity(d: Definition) -> Iterator[str]:
    rows = [("kind", f"{', '.join(d.labels)}: {escaped(KINDS[d.kind])}"),
            ("family", f"[{d.family}](../functions.md#{d.family.lower()})"),
            ("PyTorch module", f"`nonlin.nn.{d.title}`")]  # fmt: skip
    if d.aliases:
        rows.append(("also called", ", ".join(f"`{a}`" for a in d.aliases)))
    if d.shared:
        rows.append(("shares the name", ", ".join(f"`{a}`" for a in d.shared)))
    if d.context:
        rows.append(("parameters from", escaped(d.context)))
    if d.rest is not None:
        rows.append(("outside training", _cell(to_text(d.rest))))
    if d.cite:
        rows.append(("reference", escaped(REFERENCES.get(d.cite, d.cite))))
    if d.evidence:
        rows.append(("evidence", f"{d.evidence}: {EVIDENCE[d.evidence]}"))
    yield from _table(("", ""), rows)


def _derivatives(d: Definition) -> Iterator[str]:
    if d.kind != "elementwise":
        return
    yield from ("## Derivatives", "", "As they are computed, in numerically stable form" +
                (", outside training." if d.random else "."), "")  # fmt: skip
    for order, (marks, word) in enumerate((("′", "first"), ("″", "second")), 1):
        root = derivative(d.at_rest(), "x", order)
        text = to_text(root)
        if len(text) > _LONG:
            yield from (f"The {word} derivative has {len(text)} letters: `nonlin show {d.name} --as latex --order {order}` "
                        "prints it.", "")  # fmt: skip
            continue
        yield from _formula(f"{d.name}{marks}(x)", root)
        yield from ("```text", text, "```", "")


def _parameters(d: Definition) -> Iterator[str]:
    if not d.params:
        return
    rows = [(f"`{n}`", f"{float(p.default):.10g}", p.range_text(), f"one per {p.per}" if p.learnable else "no")
            for n, p in d.settable.items()]  # fmt: skip
    drawn = "drawn for every element"
    rows += [(f"`{n}`", drawn, LAW_WORDS[law], "no: noise, in training only") for n, law in d.random.items()]
    yield from ("## Parameters", "", *_table(("name", "default", "allowed", "learned"), rows))


def _facts(d: Definition) -> Iterator[str]:
    found = list(facts(d))
    rows = [(FACTS[f.name].title, escaped(f.text), f.how, escaped(f.note)) for f in found]
    head = ("fact", "", "how it is known", "note")
    wide = len(head) if any(f.note for f in found) else len(head) - 1
    yield from ("## Facts", "", "At the default parameters." if d.settable else "", "",
                *_table(head[:wide], [row[:wide] for row in rows]))  # fmt: skip
    met = {f.how for f in found}
    for how, meaning in HOW.items():
        if how in met:
            yield f"- *{how}*: {meaning}."
    yield ""


def _peers(d: Definition) -> Iterator[str]:
    """What the function is called elsewhere, with the defaults it has there."""
    rows = []
    for peer in peers().values():
        for row in (r for r in peer.rows if r.ours == d.name):
            names = ", ".join(f"`{n}`" for n in row.names)
            said = (f"from {row.since}" if row.since else "", f"until {row.until}" if row.until else "", row.note)
            rows.append((peer.title, names, escaped(_taken(d, row)), escaped("; ".join(filter(None, said)))))
    if rows:
        yield from ("## In other libraries", "", *_table(("library", "name", "defaults there", ""), rows))
        yield from ("An arrow leads from their argument to ours. `nonlin.from_peer` takes these names, `nonlin port` "
                    "translates from one library to another.", "")  # fmt: skip


def _taken(d: Definition, row: Row) -> str:
    """The arguments of a peer's function and what they are here; differing defaults are pointed out."""
    told = []
    for theirs, taken in row.takes.items():
        if not isinstance(taken, To):
            told.append(f"{theirs} = {taken!r}")
            continue
        ours = f" → {taken.ours}" if taken.ours != theirs or taken.factor != 1 else ""
        factor = f" × {taken.factor:g}" if taken.factor != 1 else ""
        if taken.default is REQUIRED:
            told.append(f"{theirs} (required){ours}{factor}")
            continue
        here = d.defaults.get(taken.ours)
        there = taken.default * taken.factor if isinstance(taken.default, int | float) else None
        differs = f" (here {here:g})" if here is not None and there is not None and abs(there - here) > 1e-6 else ""
        told.append(f"{theirs} = {taken.default!r}{ours}{factor}{differs}")
    told += [f"{ours} fixed at {value:g}" for ours, value in row.fixed.items()]
    if row.axis:
        told.append(f"{row.axis[0]} = {'guessed' if row.axis[1] is None else row.axis[1]}")
    return ", ".join(told) or "none"


def _code(d: Definition) -> Iterator[str]:
    """Short listings; longer ones are a command away."""
    shown = []
    for target, (title, language, most) in LISTINGS.items():
        try:
            text = code(d, target, 1).strip()
        except NonlinError:  # a target that cannot hold the function: the command says why
            continue
        if len(text.splitlines()) <= most:
            fence = f"```{language}\n{text}\n```"
            shown += [f"<details><summary>{title}</summary>", "", fence, "", "</details>", ""]
    yield from ("## Code", "", f"`nonlin show {d.name} --as c` (or `numpy`, `torch`, `jax`, `javascript`, `sympy`, `onnx`, `latex`) prints "
                "programs that need nothing of nonlin.", "", *shown)  # fmt: skip


def _relatives(d: Definition) -> Iterator[str]:
    same = [twin.name for twin in twins(d)]
    lists = (
        ("The same function at these defaults", [(n, "") for n in same]),
        ("From the same paper", [(n, "") for n in same_reference(d)]),
        ("Nearest in shape", [(n, f" {c:.3f}") for n, c in alike(d, leave_out=same)]),
    )
    if any(found for _, found in lists):
        yield from ("## Related functions", "")
        for title, found in lists:
            if found:
                yield f"- {title}: " + ", ".join(f"[{n}]({n}.md){more}" for n, more in found)
        if lists[2][1]:
            yield ""
            yield "The numbers are correlations of outputs for one standard normal input; scale and offset do not count."
        yield ""


def _one_line(markup: str) -> str:
    """HTML without line breaks: a blank line would end its block in Markdown."""
    return re.sub(r"\s*\n\s*", " ", markup)


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
