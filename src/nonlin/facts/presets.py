"""Tables of facts: which columns there are beside the facts, and the comparison tables that courses teach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nonlin.catalogue import Definition, matching, resolve
from nonlin.errors import ParameterError, unknown
from nonlin.expr import derivative, to_text
from nonlin.facts.subject import COMPUTED, PROVED, UNKNOWN, Fact
from nonlin.facts.table import FACTS, fact


def _slope(definition: Definition) -> Fact:
    if definition.kind != "elementwise":
        return Fact("derivative", None, "unknown", UNKNOWN, "the derivative is a matrix; nonlin.get(name).grad(x) gives it")
    text = to_text(derivative(definition.at_rest()))
    return Fact("derivative", text, text, PROVED)


WORDS: dict[str, tuple[str, Callable[[Definition], Fact]]] = {
    "formula": ("f(x)", lambda d: Fact("formula", d.formula, d.formula, PROVED)),
    "derivative": ("f'(x)", _slope),
    "kind": ("kind", lambda d: Fact("kind", d.kind, d.kind, PROVED)),
    "summary": ("summary", lambda d: Fact("summary", d.summary, d.summary, COMPUTED)),
}
"""Columns that are no facts: heading and content."""


@dataclass(frozen=True)
class Preset:
    """A ready-made table: its functions, its columns, and what it is for."""

    name: str
    about: str
    functions: tuple[str, ...]
    columns: tuple[str, ...]


_TAUGHT = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu")
PRESETS: dict[str, Preset] = {
    p.name: p
    for p in (
        Preset("classic", "the functions every course starts with: output range, symmetry, where the gradient is lost",
               (*_TAUGHT, "softmax"), ("formula", "range", "zero_centred", "monotone", "dead_zone", "saturates")),
        Preset("gradients", "the same functions by their derivatives",
               _TAUGHT, ("derivative", "lipschitz", "steepest", "kinks", "saturates")),
        Preset("measures", "three measures of quality, for a standard normal input",
               (*_TAUGHT, "selu", "silu", "mish"), ("nonlinearity", "gradient_availability", "zero_centredness")),
        Preset("rectifiers", "ReLU and what was made of it",
               ("relu", "leaky_relu", "prelu", "rrelu", "elu", "selu", "gelu", "silu", "mish"),
               ("range", "monotone", "minima", "dead_zone", "smoothness", "lipschitz")),
        Preset("shapes", "monotone and convex or not, and how smooth",
               (*_TAUGHT, "silu", "mish", "softplus", "softsign", "hard_swish"),
               ("monotone", "convex", "inflections", "zeros", "fixed_points", "smoothness", "asymptotes")),
    )
}  # fmt: skip
"""Ready-made tables by name."""
DEFAULT = ("range", "monotone", "zero_centred", "lipschitz", "smoothness")
"""The columns of a table that are shown unless told otherwise."""


def columns() -> dict[str, str]:
    """Return every column and its heading."""
    return {**{name: head for name, (head, _) in WORDS.items()}, **{name: row.title for name, row in FACTS.items()}}


def checked(names: Sequence[str]) -> tuple[str, ...]:
    """Return column names if all are known; raise UnknownNameError with a near match if not."""
    known = columns()
    for name in names:
        if name not in known:
            raise unknown("column", name, known)
    return tuple(dict.fromkeys(names))


def chosen(specs: Sequence[str]) -> list[Definition]:
    """Return the functions that names, formulas, and patterns such as ``'*relu*'`` mean, each once."""
    made: dict[str, Definition] = {}
    for spec in specs:
        # no formula begins or ends with a star, or holds a ? or a [
        sure = spec.startswith("*") or spec.endswith("*") or any(c in spec for c in "?[")
        several = sure or ("*" in spec and not any(c in spec for c in "()x+-/ "))
        for definition in matching(spec) if several else [resolve(spec)]:
            made.setdefault(definition.name, definition)
    if not made:
        raise ParameterError("no function is given; name some, as in 'nonlin table relu gelu', or take a --preset")
    return list(made.values())


def cell(definition: Definition, column: str) -> Fact:
    """Return what stands in one cell of a table."""
    return WORDS[column][1](definition) if column in WORDS else fact(definition, column)


__all__ = ["DEFAULT", "PRESETS", "WORDS", "Preset", "cell", "checked", "chosen", "columns"]
