"""What the explorer draws of a function: curves over one number, with everything else that goes in held by sliders.

An elementwise function is one curve. A gated one is three (along the gate, along the value, both equal), a function of two
outputs one for each, and a function of rows the entry of the row that varies and its neighbour's, the other entries held.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nonlin.backends.javascript import arrow
from nonlin.backends.kernel import differentiated
from nonlin.backends.listing import ALONG, Piece
from nonlin.catalogue import Definition, Param, parts
from nonlin.expr import Expr, is_rowwise, stabilise, substitute, tangent, var, variables

ORDERS = 3
"""Value, first and second derivative."""
OTHERS = (1.0, 0.0, -1.0)
"""The entries of a row beside the one that varies, to begin with: distinct, so that the largest and the sum are not the same."""
HELD = {"gate": 1.0, "x": 1.0, "imag": 0.0}
"""Where the input that does not vary is held to begin with."""
NAMES = {"x": "value", "gate": "gate", "imag": "imaginary part"}
"""What the inputs of a function of two are called."""


@dataclass(frozen=True)
class Slider:
    """A number a person can set: its default, the closed range allowed, and what it is if not a parameter."""

    name: str
    default: float
    low: float = -math.inf
    high: float = math.inf
    learnable: bool = False
    above: str = ""
    says: str = ""


@dataclass(frozen=True)
class Curve:
    """One line over ``x``: its value and derivatives as text of JavaScript, ``(x, slider, ...) => number``.

    Attributes:
        label: what it is, for a function that has several; empty for the only one.
        sliders: names of its arguments after x, in order.
        orders: the texts, value first; a row's take a row and are drawn at ``entry``.
        entry: for a function of rows, which entry of the output is drawn; -1 where the whole row becomes one number.
        noisy: the value in training, with its noise as further arguments; empty for a function without.
    """

    label: str
    sliders: tuple[str, ...]
    orders: tuple[str, ...]
    rowwise: bool = False
    entry: int = -1
    noisy: str = ""


@dataclass(frozen=True)
class Drawing:
    """All curves of a function, the sliders they share, and the laws of the noise in the order it is taken."""

    curves: tuple[Curve, ...]
    sliders: tuple[Slider, ...]
    says: str = ""
    noise: tuple[str, ...] = ()


def drawing(made: Definition) -> Drawing:
    """Return what the explorer draws of a function.

    >>> from nonlin.catalogue import lookup
    >>> drawing(lookup("leaky_relu")).curves[0].orders[0]
    '(x, slope)=>(x > 0) ? x : (slope * x)'
    >>> [c.label for c in drawing(lookup("swiglu")).curves]
    ['along the gate', 'along the value', 'value and gate equal']
    """
    own = tuple(_slider(n, p) for n, p in made.settable.items())
    if is_rowwise(made.textbook):
        more = tuple(Slider(f"x{n}", v, says="another entry of the row") for n, v in enumerate(OTHERS, 2))
        return Drawing(tuple(_rows(made)), own + more, _row_words(made))
    if len(made.inputs) > 1:
        held = tuple(Slider(f"{n}_held", HELD[n], says=f"the {NAMES[n]}, where the other varies") for n in made.inputs)
        return Drawing(tuple(_pairs(made, own)), own + held, _pair_words(made))
    outputs = parts(stabilise(made.resting))
    labels = [""] if len(outputs) == 1 else [f"output {n}" for n in range(1, len(outputs) + 1)]
    says = "" if len(outputs) == 1 else f"Makes {len(outputs)} outputs of each number; they are drawn as separate lines."
    made_curves = tuple(_curve(made, root, label, own) for root, label in zip(outputs, labels, strict=True))
    if made.random:
        says = "The line is the function outside training; the dots are draws as in training."
    if made.context:
        says = f"In a network its parameters come from {made.context}. Here they are sliders."
    return Drawing(made_curves, own, says, tuple(made.random.values()))


def _slider(name: str, p: Param) -> Slider:
    return Slider(name, float(p.default), p.low, p.high, p.learnable, p.above)


def _piece(root: Expr, params: Mapping[str, float], order: int) -> Piece:
    return Piece("", "", root, ("x",), dict(params), order=order)


def _curve(made: Definition, root: Expr, label: str, sliders: tuple[Slider, ...]) -> Curve:
    training = stabilise(made.textbook) if made.random else root
    used = {*variables(root), *variables(training)}  # what only training needs stays an argument, so that both take the same
    params = {s.name: s.default for s in sliders if s.name in used}
    orders = tuple(arrow(_piece(differentiated(root, ("x",) * k), params, k)) for k in range(ORDERS))
    noisy = arrow(Piece("", "", training, ("x", *made.random), params)) if made.random else ""
    return Curve(label, tuple(params), orders, noisy=noisy)


def _pairs(made: Definition, own: tuple[Slider, ...]) -> Iterator[Curve]:
    """Yield the curves of a function of two inputs: each varies while the other is held; a gated one also with both equal."""
    first, second = made.inputs
    outputs = parts(stabilise(made.resting))
    for n, output in enumerate(outputs, 1):
        tag = "" if len(outputs) == 1 else f"{'real' if n == 1 else 'imaginary'} part of the output, "
        for moving, still in (
            ((first, second), (second, first)) if made.kind == "paired" else ((second, first), (first, second))
        ):
            root = substitute(output, {moving: var("x"), still: var(f"{still}_held")})
            held = Slider(f"{still}_held", HELD[still])
            yield _curve(made, stabilise(root), f"{tag}along the {_called(made, moving)}", (*own, held))
        if made.kind == "gated":
            equal = stabilise(substitute(output, {second: var("x")}))
            yield _curve(made, equal, f"{_called(made, first)} and {_called(made, second)} equal", own)


def _called(made: Definition, name: str) -> str:
    return "real part" if made.kind == "paired" and name == "x" else NAMES[name]


def _pair_words(made: Definition) -> str:
    if made.kind == "paired":
        return "Acts on complex numbers: one part of the input varies, the other is held by a slider."
    return "One half of its axis gates the other: one of the two varies, the other is held by a slider."


def _rows(made: Definition) -> Iterator[Curve]:
    """Yield the curves of a function of rows along its first entry: that entry of the output, and the second."""
    root = stabilise(substitute(made.resting, {}))
    outputs = parts(root)
    for n, output in enumerate(outputs, 1):
        slopes = [output]
        for _ in range(ORDERS - 1):
            slopes.append(stabilise(tangent(slopes[-1], {"x": var(ALONG)})))
        used = set(variables(root))
        params = {k: float(p.default) for k, p in made.settable.items() if k in used}
        one = not made.keeps_length or len(outputs) > 1
        texts = tuple(
            arrow(Piece("", "", slope, ("x", ALONG) if k else ("x",), params, rowwise=True, one=one, order=k))
            for k, slope in enumerate(slopes)
        )
        if one:
            yield Curve("" if len(outputs) == 1 else f"output {n}", tuple(params), texts, True)
            continue
        yield Curve("the entry that varies", tuple(params), texts, True, 0)
        yield Curve("the next entry", tuple(params), texts, True, 1)


def _row_words(made: Definition) -> str:
    what = "a group" if made.kind == "grouped" else "a row"
    return (f"Works on {what} of numbers: here {len(OTHERS) + 1}, of which the first varies along the axis and the others are held "
            "by sliders; derivatives are by the first.")  # fmt: skip
