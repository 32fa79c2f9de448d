"""MathML is read back here by a reader of our own that knows only what a person sees: signs, brackets, exponents, fractions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from scipy import special

from nonlin.backends.emission import build, emit
from nonlin.backends.numpy import scope
from nonlin.catalogue import Definition, definitions, parts
from nonlin.expr import PRIMITIVES, derivative, parse, stabilise, to_text, variables
from nonlin.view.mathml import GREEK, NAMESPACE, mathml, written

APPLY, TIMES = "\u2061", "\u2062"
SPELLED = {**{letter: name for name, letter in GREEK.items()}, "λ": "lambda"}

CALLED: dict[str, Callable[..., Any]] = {
    "log": np.log, "tanh": np.tanh, "sin": np.sin, "cos": np.cos, "arctan": np.arctan, "arcsinh": np.arcsinh, "sinh": np.sinh,
    "cosh": np.cosh, "exp": np.exp, "erf": special.erf, "erfc": special.erfc, "sgn": np.sign, "round": np.round,
    "min": np.minimum, "max": np.maximum, "sech": lambda u: 1 / np.cosh(u), "softplus": lambda u: np.logaddexp(0, u),
    "σ": special.expit, "Φ": special.ndtr, "φ": lambda u: np.exp(-u * u / 2) / math.sqrt(2 * math.pi),
}  # fmt: skip
"""What a reader takes the names of functions to mean."""


class Reader:
    """Evaluates what a MathML element shows. Rows only group for the browser, so they are opened: a missing bracket is missed."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names

    def read(self, elements: list[Element]) -> Any:
        value, rest = self.relation([t for e in elements for t in flat(e)])
        assert not rest, f"left over: {[(t.tag, t.text) for t in rest]}"
        return value

    def relation(self, t: list[Element]) -> tuple[Any, list[Element]]:
        left, t = self.total(t)
        if t and sign(t[0]) in (">", "<", "≥", "≤"):
            right, rest = self.total(t[1:])
            compare = {">": np.greater, "<": np.less, "≥": np.greater_equal, "≤": np.less_equal}[sign(t[0])]
            return compare(left, right), rest
        return left, t

    def total(self, t: list[Element]) -> tuple[Any, list[Element]]:
        negative = sign(t[0]) == "−"
        value, t = self.product(t[1:] if negative else t)
        value = -value if negative else value
        while t and sign(t[0]) in ("+", "−"):
            more, rest = self.product(t[1:])
            value, t = (value + more if sign(t[0]) == "+" else value - more), rest
        return value, t

    def product(self, t: list[Element]) -> tuple[Any, list[Element]]:
        value, t = self.factor(t)
        while t and sign(t[0]) in (TIMES, "·", "/"):
            more, rest = self.factor(t[1:])
            value, t = (value / more if sign(t[0]) == "/" else value * more), rest
        return value, t

    def factor(self, t: list[Element]) -> tuple[Any, list[Element]]:
        head, rest = t[0], t[1:]
        if head.tag == "munder":  # a sum or maximum over j takes the product behind it
            body, rest = self.product(rest)
            return (np.sum if head[0].text == "∑" else np.max)(body), rest
        if rest and sign(rest[0]) == APPLY:
            inside, rest = bracketed(rest[1:])
            return self.called(head, [self.read(part) for part in split(inside)]), rest
        if sign(head) in ("(", "|", "[", "⌊"):
            inside, rest = bracketed(t)
            made = [self.read(part) for part in split(inside)]
            closed = {"(": lambda: made[0], "|": lambda: abs(made[0]), "⌊": lambda: np.floor(made[0]), "[": lambda: made}
            return closed[sign(head)](), rest
        if sign(head) == "{":
            return self.cases(rest[0]), rest[1:]
        return self.atom(head), rest

    def cases(self, table: Element) -> Any:
        rows = [(row[0], row[1]) for row in table]
        value = self.read(list(rows[-1][0]))
        assert rows[-1][1][0].text == "otherwise"
        for shown, when in reversed(rows[:-1]):
            assert (when[0].text or "").strip() == "if"
            value = np.where(self.read(list(when)[1:]), self.read(list(shown)), value)
        return value

    def called(self, head: Element, args: list[Any]) -> Any:
        if head.tag == "msup":
            return self.called(head[0], args) ** self.read([head[1]])
        return CALLED[head.text or ""](*args)

    def atom(self, e: Element) -> Any:
        if e.tag == "mn":
            return float(e.text or "")
        if e.tag == "mfrac":
            return self.read([e[0]]) / self.read([e[1]])
        if e.tag == "msqrt":
            return np.sqrt(self.read(list(e)))
        if e.tag == "msup":
            if e[0].get("mathvariant") == "normal":
                return np.exp(self.read([e[1]]))
            return self.read([e[0]]) ** self.read([e[1]])
        return self.name(e)

    def name(self, e: Element) -> Any:
        if e.tag == "msub":
            stem, index = (SPELLED.get(part.text or "", part.text or "") for part in e)
            return next(self.names[n] for n in (f"{stem}{index}", f"{stem}_{index}") if n in self.names)
        text = (e.text or "").replace(" ", "_")
        options = [text, SPELLED.get(text, ""), "lam" if text == "λ" else ""]
        return next((self.names[n] for n in options if n in self.names), math.pi if text == "π" else None)


def sign(e: Element) -> str:
    return (e.text or "") if e.tag == "mo" else ""


def flat(e: Element) -> Iterator[Element]:
    """What stands in the line: rows opened, room between signs left out."""
    if e.tag == "mrow":
        for part in e:
            yield from flat(part)
    elif e.tag != "mspace":
        yield e


def bracketed(t: list[Element]) -> tuple[list[Element], list[Element]]:
    """The tokens inside the bracket that opens ``t``, and those after it."""
    depth = 0
    for n, e in enumerate(t):
        depth += (e.get("form") == "prefix" and sign(e) in "([|⌊") - (e.get("form") == "postfix" and sign(e) in ")]|⌋")
        if depth == 0:
            return t[1:n], t[n + 1 :]
    raise AssertionError("a bracket is not closed")


def split(t: list[Element]) -> list[list[Element]]:
    """Arguments between the commas that stand in no inner bracket."""
    found: list[list[Element]] = [[]]
    depth = 0
    for e in t:
        depth += (e.get("form") == "prefix" and sign(e) in "([|⌊") - (e.get("form") == "postfix" and sign(e) in ")]|⌋")
        if depth == 0 and sign(e) == ",":
            found.append([])
        else:
            found[-1].append(e)
    return found


def shown(markup: str) -> list[Element]:
    return list(strip(ElementTree.fromstring(markup)))


def strip(e: Element) -> Element:
    for part in e.iter():
        part.tag = part.tag.removeprefix(f"{{{NAMESPACE}}}")
    return e


def values_of(definition: Definition) -> dict[str, Any]:
    """Numbers for all names of a formula: a row for what is a row, and a value of its own for each parameter."""
    x = np.array([-2.3, -0.6, 0.37, 1.9, 4.2])
    given = {n: float(p.default) + 0.013 * k for k, (n, p) in enumerate(definition.settable.items(), 1)}
    given |= {n: 0.3 + 0.1 * k for k, n in enumerate(definition.random)}
    given |= dict.fromkeys(definition.inputs, x[::-1] * 0.7)
    return {
        **given,
        "x": x,
        "x_i": x,
        "x_j": x,
        **({"n": float(len(x))} if definition.kind in ("rowwise", "grouped") else {}),
    }


UNREAD = ("row_top", "row_threshold", "row_first_max")
"""Functions of a whole row that the reader does not compute."""


@pytest.mark.parametrize("family", sorted({d.family for d in definitions().values()}))
def test_every_formula_of_the_catalogue_reads_back_to_its_values(family: str) -> None:
    for definition in definitions().values():
        root = definition.textbook
        if definition.family != family or any(op in to_text(root) for op in UNREAD):
            continue
        given = values_of(definition)
        names = tuple(variables(root))
        with np.errstate(all="ignore"):
            seen = Reader(given).read(shown(mathml(root)))
            for output, value in zip(parts(root), seen if root.op == "join" else [seen], strict=True):
                expected = build(emit("numpy", [stabilise(output)], names), scope())(*(given[n] for n in names))
                assert np.allclose(value, expected, rtol=1e-7, atol=1e-9, equal_nan=True), definition.name


@pytest.mark.parametrize("name", ["gelu", "mish", "silu", "elu", "hard_swish", "selu", "softsign", "snake", "gelu_tanh"])
def test_derivatives_read_back_too(name: str) -> None:
    definition = definitions()[name]
    given = values_of(definition)
    root = derivative(definition.at_rest())
    names = tuple(variables(root))
    expected = build(emit("numpy", [root], names), scope())(*(given[n] for n in names))
    np.testing.assert_allclose(Reader(given).read(shown(mathml(root))), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("formula", "at", "value"),
    [
        ("-(x + 1)*2", 3.0, -8.0),
        ("2 - (x - (1 - x))", 3.0, -3.0),
        ("(x/2)/4", 8.0, 1.0),
        ("x/(2/4)", 8.0, 16.0),
        ("(-x)**2", 3.0, 9.0),
        ("-x**2", 3.0, -9.0),
        ("(x**2)**3", 2.0, 64.0),
        ("2**(x - 1)", 3.0, 4.0),
        ("tanh(x)**2", 1.0, math.tanh(1) ** 2),
        ("sech2(x)", 1.0, 1 / math.cosh(1) ** 2),
        ("exp(-x/2)", 2.0, math.exp(-1)),
        ("expm1(x)*2 + log1p(x)", 1.0, 2 * math.expm1(1) + math.log(2)),
        ("1e-7*x + 1/3", 1.0, 1e-7 + 1 / 3),
        ("where(x > 0, x, where(x > -1, 2*x, 3)) + 1", -0.5, 0.0),
        ("abs(x - 1)*floor(x)", -1.5, -5.0),
        ("log_cosh(x)", 1.0, math.log(math.cosh(1))),
    ],
)
def test_brackets_stand_where_they_are_needed(formula: str, at: float, value: float) -> None:
    seen = Reader({"x": at}).read(shown(mathml(parse(formula))))
    assert float(seen) == pytest.approx(value, rel=1e-12)


def test_every_primitive_can_be_written() -> None:
    assert written(PRIMITIVES) == set(PRIMITIVES)


def test_nothing_a_formula_holds_becomes_markup() -> None:
    text = mathml(parse("where(x < 1, x, 2)"), display=True, name="<b>")
    assert "&lt;" in text
    assert "<b>" not in text
    assert strip(ElementTree.fromstring(text)).get("display") == "block"


def test_a_name_before_the_formula() -> None:
    head = "".join(strip(ElementTree.fromstring(mathml(parse("x"), name="f′"))).itertext())
    assert head == f"f′{APPLY}(x)=x"
