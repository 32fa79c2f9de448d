"""An expression as the text of a straight-line program: one assignment per shared node, in a target's spelling."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from nonlin.expr.nodes import Expr, walk
from nonlin.expr.primitives import PRIMITIVES

Literal = Callable[[Expr], str | None]
"""The text of a node to be written as it is, such as a number; None for a node to be computed from its arguments."""


@dataclass(frozen=True)
class Syntax:
    """How a language writes a function of one straight line: its head, an assignment, what it returns, its end.

    ``words`` fill further places of the target's templates (``{f}`` in ``exp{f}({0})``); ``width`` is the length from which
    an intermediate result gets a line of its own.
    """

    head: str = "def {function}({arguments}):"
    argument: str = "{name}"
    line: str = "    {name} = {value}"
    returned: str = "    return {value}"
    end: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    width: int = 400


PYTHON = Syntax()


def source(
    target: str,
    outputs: Sequence[Expr],
    names: Sequence[str],
    literal: Literal,
    *,
    function: str = "f",
    syntax: Syntax = PYTHON,
    spelled: Mapping[str, str] | None = None,
) -> str:
    """Return the source of ``def f(x, ...)`` that computes ``outputs``, each common part once.

    Variables are called ``v_<name>``, so no name from a user's formula can collide with anything, unless ``spelled`` says
    how each is written.
    """
    written = {n: f"v_{n}" for n in names} if spelled is None else spelled
    arguments = ", ".join(syntax.argument.format(name=written[n]) for n in names)
    head = syntax.head.format(function=function, arguments=arguments)
    lines, results = assignments(target, outputs, with_names(literal, written), syntax)
    returned = syntax.returned.format(value=", ".join(bare(r) for r in results))
    return "\n".join([head, *lines, returned, *([syntax.end] if syntax.end else [])]) + "\n"


def with_names(literal: Literal, written: Mapping[str, str]) -> Literal:
    """Return ``literal`` that also knows how each variable is written."""
    return lambda node: written[str(node.payload)] if node.op == "var" else literal(node)


def assignments(
    target: str, outputs: Sequence[Expr], literal: Literal, syntax: Syntax, first: int = 1
) -> tuple[list[str], list[str]]:
    """Return the lines that compute ``outputs``, and the text of each output after them.

    ``literal`` writes every variable; temporaries are ``t<first>`` and on.
    """
    text: dict[Expr, str] = {}
    lines: list[str] = []
    uses = Counter(a for n in walk(*outputs) for a in n.args)
    uses.update(outputs)
    skip = _below_literals(outputs, literal)
    for node in walk(*outputs):
        if node in skip:
            continue
        written = literal(node)
        if written is not None:
            text[node] = written
            continue
        template = PRIMITIVES[node.op].spellings[target]
        inside = [bare(text[a]) if i in _enclosed(template) else text[a] for i, a in enumerate(node.args)]
        spelled = template.format(*inside, **syntax.words)
        if uses[node] > 1 or (len(spelled) > syntax.width and node not in outputs):
            name = f"t{first + len(lines)}"
            lines.append(syntax.line.format(name=name, value=bare(spelled)))
            text[node] = name
        else:
            text[node] = spelled
    return lines, [text[o] for o in outputs]


@lru_cache(maxsize=1024)
def _enclosed(template: str) -> frozenset[int]:
    """Which arguments stand alone between a template's parentheses and commas, so that they need none of their own."""
    return frozenset(int(i) for i in re.findall(r"(?<=[(,])(?:(?<=,) )?\{(\d)\}(?=[,)])", template))


@lru_cache(maxsize=65536)
def bare(text: str) -> str:
    """Return ``text`` without the parentheses around the whole of it: ``(a + b)`` -> ``a + b``."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for letter in text[:-1]:
        depth += (letter == "(") - (letter == ")")
        if depth == 0 or (depth == 1 and letter == ","):  # two of them, or a pair
            return text
    return text[1:-1]


def identifiers(names: Iterable[str], reserved: Container[str] = ()) -> dict[str, str]:
    """Return for each name an identifier of letters, digits and ``_`` that any language takes, no two the same.

    Greek letters are written out, words in ``reserved`` and the names of temporaries get a ``_``.

    >>> identifiers(["slope", "β", "double", "t1"], {"double"})
    {'slope': 'slope', 'β': 'beta', 'double': 'double_', 't1': 't1_'}
    """
    made: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"\W", "_", "".join(_ascii(letter) for letter in name)) or "_"
        while plain in reserved or plain in made.values() or re.fullmatch(r"[stv]\d+|\d.*", plain):
            plain = f"_{plain}" if plain[0].isdigit() else f"{plain}_"
        made[name] = plain
    return made


def _ascii(letter: str) -> str:
    if letter.isascii():
        return letter
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    said = unicodedata.name(letter, "")
    if not plain and "LETTER" in said:
        return said.split(" WITH ")[0].split()[-1].lower()
    return plain or f"u{ord(letter):x}"


def _below_literals(outputs: Sequence[Expr], literal: Literal) -> set[Expr]:
    """Nodes that only occur inside constants, which need no line of their own."""
    kept: set[Expr] = set()
    stack = list(outputs)
    while stack:
        node = stack.pop()
        if node in kept:
            continue
        kept.add(node)
        if literal(node) is None:
            stack.extend(node.args)
    return {n for n in walk(*outputs) if n not in kept}
