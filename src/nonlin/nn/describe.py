"""The docstring of a module class, written from its definition."""

from __future__ import annotations

from nonlin.catalogue import LAW_WORDS, REFERENCES, Definition
from nonlin.errors import ParameterError

_SHAPES = {
    "elementwise": "input and output: any shape, the same; dtype and device are kept",
    "rowwise": "input and output: any shape with at least one dimension, the same; it works along ``dim``",
    "grouped": "input (..., n, ...): groups of ``pieces`` neighbours along ``dim``; output the same, or one entry a group",
    "gated": "input (..., n, ...), output (..., n / 2, ...) along ``dim``; or two inputs of the output's shape",
    "concatenated": "input (..., n, ...), output (..., 2 n, ...) along ``dim``",
    "paired": "input and output: complex of any shape, or real with real and imaginary parts as halves of ``dim``",
}


def docstring(definition: Definition) -> str:
    """Return summary, formula, shapes, parameters, derivative at kinks, and reference, as a docstring."""
    parts = [definition.summary or f"The activation function {definition.name}.", f"Formula: ``{definition.formula}``"]
    parts.append(f"Shapes: {_SHAPES[definition.kind]}.")
    rows = [*_parameters(definition), *_options(definition)]
    if rows:
        parts.append("Args:\n" + "\n".join(f"    {row}" for row in rows))
    parts += [text for text in (_randomness(definition), _at_kinks(definition), _reference(definition)) if text]
    return "\n\n".join(parts) + "\n"


def _parameters(definition: Definition) -> list[str]:
    rows = []
    for name, p in definition.settable.items():
        traits = ["learned by default"] if p.learnable else []
        if p.per == "channel":
            traits.append("one value, or one per channel")
        rows.append(f"{name}: {p.range_text()}; default {float(p.default):g}{''.join(', ' + t for t in traits)}.")
    return rows


def _options(definition: Definition) -> list[str]:
    rows = []
    if any(not p.constant for p in definition.settable.values()):
        rows.append(
            "learnable: None learns the parameters declared so; True makes every one an ``nn.Parameter``, False none. "
            "Ranges hold for the values given, an optimiser may leave them."
        )
    if any(p.per == "channel" for p in definition.settable.values()):
        rows.append("channels: number of values of a parameter per channel (dimension 1; the only one of a 1-D input).")
    kind = definition.kind
    if kind != "elementwise":
        rows.append("dim: the dimension it works along.")
    if kind == "grouped":
        rows.append("pieces: size of the groups.")
    if kind == "gated":
        rows.append(f"gate: which part of ``dim`` is {definition.inputs[1]}: second or first (half), even or odd (entries).")
    return rows


def _randomness(definition: Definition) -> str:
    rows = [
        f"In training mode {n} is drawn for every element, {LAW_WORDS[law]} (PyTorch's random generator)."
        for n, law in definition.random.items()
    ]
    return " ".join(rows)


def _at_kinks(definition: Definition) -> str:
    if definition.kind != "elementwise":
        return ""
    from nonlin.facts import kinks

    points = kinks(definition.closed())[:8]
    if not points:
        return "Derivative: defined everywhere."
    told = [f"at {k.x:g} it is {k.at:g} (left {k.left:g}, right {k.right:g})" for k in points]
    return f"Derivative at kinks, with the default parameters: {'; '.join(told)}."


def _reference(definition: Definition) -> str:
    return f"Reference: {REFERENCES.get(definition.cite, definition.cite)}" if definition.cite else ""


def usable_names(definition: Definition, taken: set[str]) -> None:
    """Raise ParameterError if a parameter has a name that every torch module uses for something else."""
    for name in definition.settable:
        if name in taken:
            raise ParameterError(
                f"{definition.name}: a module cannot have a parameter called {name!r}, which PyTorch modules use for "
                f"something else; rename it in the definition, for example to {name + '_'!r}"
            )
