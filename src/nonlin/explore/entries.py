"""What the explorer says about each function, as plain data: names, formula, sliders, references, other libraries, facts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nonlin.catalogue import EVIDENCE, KINDS, LAW_WORDS, REFERENCES, Definition
from nonlin.explore.curves import Drawing
from nonlin.expr import derivative, to_text

__all__ = ["PROPERTIES", "entry", "fact_rows", "how_words", "properties"]

_LONGEST = 700
"""Letters up to which a derivative is shown as a formula; beyond, nobody reads it."""

PROPERTIES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], bool]]] = {
    # word: what it is true of, by the values of the facts
    "monotone": ("never turns back", lambda f: f.get("monotone") not in (None, "no")),
    "bounded": ("outputs stay within two numbers", lambda f: _side(f, "below") and _side(f, "above")),
    "bounded below": ("outputs never fall below a number", lambda f: _side(f, "below")),
    "smooth": ("every derivative is continuous", lambda f: f.get("smoothness") == math.inf),
    "kinked": ("its slope jumps somewhere", lambda f: bool(f.get("kinks"))),
    "jumps": ("its value jumps somewhere", lambda f: bool(f.get("jumps"))),
    "zero-centred": ("symmetric inputs give outputs of mean 0", lambda f: f.get("zero_centred") is True),
    "even": ("the same on both sides of 0", lambda f: f.get("parity") == "even"),
    "convex": ("bends up everywhere", lambda f: f.get("convex") in ("convex", "linear")),
    "slope at most 1": ("Lipschitz constant of 1 or less", lambda f: (f.get("lipschitz") or math.inf) <= 1 + 1e-12),
    "has a dead zone": ("no gradient on some interval", lambda f: bool(f.get("dead_zone"))),
    "oscillates": ("has no limit far out", lambda f: _oscillates(f)),
}
"""Words to filter the catalogue by that follow from the facts."""


def _side(facts: Mapping[str, Any], side: str) -> bool:
    bounded = facts.get("bounded")
    return isinstance(bounded, Mapping) and bool(bounded.get(side))


def _oscillates(facts: Mapping[str, Any]) -> bool:
    return "oscillates" in str(facts.get("limits text", ""))


def properties(values: Mapping[str, Any]) -> list[str]:
    """Return the words of :data:`PROPERTIES` that hold, given fact name -> value."""
    return [word for word, (_, holds) in PROPERTIES.items() if holds(values)]


def fact_rows(found: Iterable[Any]) -> dict[str, Any]:
    """Return facts as plain data: ``rows`` of (name, text, how, note), and the ``words`` to filter by that follow from them."""
    told = list(found)
    values = {f.name: f.value for f in told} | {"limits text": next((f.text for f in told if f.name == "limits"), "")}
    return {"rows": [[f.name, f.text, f.how, f.note] for f in told], "words": properties(values)}


def how_words() -> dict[str, Any]:
    """Return what the facts are called and mean, and what the words for their provenance mean."""
    from nonlin.facts.subject import HOW
    from nonlin.facts.table import FACTS

    return {"factWords": {r.name: [r.title, r.meaning, r.definition] for r in FACTS.values()}, "how": dict(HOW)}


def entry(made: Definition, drawn: Drawing) -> dict[str, Any]:
    """Return everything that is shown of a function but its facts and the numbers of its curves.

    >>> from nonlin.catalogue import lookup
    >>> from nonlin.explore.curves import drawing
    >>> relu = lookup("relu")
    >>> entry(relu, drawing(relu))["formula"]
    'max(x, 0)'
    """
    from nonlin.view.mathml import mathml

    return {
        "name": made.name,
        "title": made.title,
        "formula": made.formula,
        "math": mathml(made.textbook, display=True),
        "slope": _derivative(made, mathml),
        "rest": mathml(made.rest, display=True) if made.rest is not None else "",
        "summary": made.summary,
        "family": made.family.replace("_", " "),
        "kind": made.kind,
        "kindSays": KINDS[made.kind],
        "labels": [w for w in made.labels if w != made.kind],
        "aliases": list(made.aliases),
        "shared": list(made.shared),
        "cite": REFERENCES.get(made.cite, made.cite),
        "evidence": f"{made.evidence}: {EVIDENCE[made.evidence]}" if made.evidence else "",
        "noise": [f"{n}: {LAW_WORDS[law]}" for n, law in made.random.items()],
        "says": drawn.says,
        "laws": list(drawn.noise),
        "sliders": [[s.name, s.default, _end(s.low), _end(s.high), s.learnable, s.above, s.says] for s in drawn.sliders],
        "peers": [list(row) for row in _peers(made)],
    }


def _end(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _derivative(made: Definition, mathml: Callable[..., str]) -> str:
    """The derivative as MathML where it is a formula of one number that a person can read; empty elsewhere."""
    if made.kind != "elementwise":
        return ""
    root = derivative(made.at_rest())
    return mathml(root, display=True) if len(to_text(root)) <= _LONGEST else ""


def _peers(made: Definition) -> Iterable[tuple[str, str, str]]:
    """Yield library, its names for the function, and what a person should know."""
    from nonlin.peers.find import peers

    for peer in peers().values():
        found: dict[str, list[str]] = {}
        for row in (r for r in peer.rows if r.ours == made.name):
            fixed = ", ".join(f"{n} = {v:g}" for n, v in row.fixed.items())
            found.setdefault("; ".join(filter(None, (fixed, row.note))), []).extend(row.names)
        for note, spellings in found.items():
            yield peer.title, ", ".join(dict.fromkeys(spellings)), note
