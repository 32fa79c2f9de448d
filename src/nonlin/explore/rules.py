"""The tables that formulas typed into the page are read, rewritten, differentiated and evaluated with: Python's own, as JavaScript.

Nothing here is a second definition. Derivatives and lowerings are asked of the primitives table with symbols for arguments and
printed; rewrite rules, spellings and the parser's words are those Python uses; which functions are odd, even or known at 0 and 1 is
found by building them. The page brings a small interpreter of these tables (``static/tree.js``, ``parse.js``, ``rewrite.js``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from nonlin.backends import javascript
from nonlin.catalogue import definitions
from nonlin.catalogue.definition import Definition, Param
from nonlin.expr import PRIMITIVES, Expr, call, const, to_text, var
from nonlin.expr.derive import ALGEBRAIC
from nonlin.expr.nodes import number
from nonlin.expr.parse import CALLABLE, MAX_DEPTH, MAX_EXPONENT, MAX_LENGTH, MAX_NODES, SYNONYMS
from nonlin.expr.rules import REPAIRS, RULES, WIDE, WILD
from nonlin.expr.show import INFIX, number_text
from nonlin.expr.turns import COMPARED
from nonlin.facts.kinks import STEPS
from nonlin.facts.travel import INITS
from nonlin.view.mathml import FUNCTIONS, GREEK

TARGET = "javascript"
SCRIPTS = ("fractions.js", "tree.js", "syntax.js", "parse.js", "rewrite.js", "formula.js", "mathml.js", "measure.js", "net.js",
           "travel.js", "controls.js", "depth.js", "playground.js")  # fmt: skip
"""The files of ``static/`` that need :func:`script` before them, in the order they are loaded."""
_LETTERS = ("a", "b", "c")
_ARGUMENTS = tuple(map(var, _LETTERS))
_DIRECTIONS = tuple(var(f"d{letter}") for letter in _LETTERS)
_WHOLE = "row_"
"""What the names of functions of rows begin with; the page's formulas are elementwise."""


def _elementwise() -> list[str]:
    return [op for op, row in PRIMITIVES.items() if not row.rowwise and op != "join"]


def tangents() -> dict[str, str]:
    """Return for each elementwise primitive its derivative as text, in arguments ``a, b, c``, their tangents and the value ``y``.

    >>> tangents()["tanh"], tangents()["div"]
    ('sech2(a)*da', '(da - y*db)/b')
    """
    made = {}
    for op in _elementwise():
        row = PRIMITIVES[op]
        if row.tangent is not None and row.arity:
            arguments, directions = _ARGUMENTS[: row.arity], _DIRECTIONS[: row.arity]
            made[op] = to_text(row.tangent(arguments, directions, var("y")))
    return made


def lowerings() -> dict[str, str]:
    """Return for each primitive that JavaScript cannot spell its form in ones that it can, in the argument ``a``.

    >>> lowerings()["sech"]
    '2*exp(-abs(a))/(1 + exp(-abs(a))**2)'
    """
    made = {}
    for op in _elementwise():
        row = PRIMITIVES[op]
        if TARGET not in row.spellings and row.lower is not None:
            made[op] = to_text(row.lower(*_ARGUMENTS[: row.arity]))
    return made


def parity() -> dict[str, str]:
    """Return which primitives of one argument are simplified as odd or even functions.

    >>> parity()["tanh"], parity()["cos"], "exp" in parity()
    ('odd', 'even', False)
    """
    made, u = {}, _ARGUMENTS[0]
    for op, row in PRIMITIVES.items():
        if row.arity == 1 and not row.rowwise and op not in ("neg", "abs"):
            there, mirrored = call(op, u), call(op, -u)
            if mirrored is there:
                made[op] = "even"
            elif mirrored is Expr("neg", (there,)):
                made[op] = "odd"
    return made


def known_values() -> dict[str, dict[str, str]]:
    """Return the primitives that are exact numbers at 0 or 1: operation -> argument -> value.

    >>> known_values()["log"], known_values()["cos"]
    ({'1': '0'}, {'0': '1'})
    """
    made: dict[str, dict[str, str]] = {}
    for op, row in PRIMITIVES.items():
        if row.arity == 1 and not row.rowwise and op not in ("neg", "abs"):
            found = {str(k): number(call(op, const(k))) for k in (0, 1)}
            values = {k: number_text(v) for k, v in found.items() if v is not None}
            if values:
                made[op] = values
    return made


def rewriting(rules: Iterable[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """Return the rules among ``rules`` that are about elementwise functions, without their reasons."""
    return [(written, stable) for written, stable, _ in rules if _WHOLE not in written]


def functions() -> dict[str, tuple[int, str]]:
    """Return the functions a formula may call: name -> number of arguments, and a formula in ``a, b, c`` if it is no primitive.

    >>> functions()["tanh"], functions()["square"]
    ((1, ''), (1, 'a**2'))
    """
    made = {}
    for name, (arity, build) in CALLABLE.items():
        if name in PRIMITIVES:
            if not PRIMITIVES[name].rowwise and name != "join":
                made[name] = (arity, "")
        else:
            made[name] = (arity, to_text(build(*_ARGUMENTS[:arity])))
    return made


def _bounds(p: Param) -> list[float | None]:
    return [v if math.isfinite(v) else None for v in (p.low, p.high)]


@lru_cache(maxsize=1)
def ranges() -> tuple[str, ...]:
    """Return in words every range that a parameter of the catalogue must lie in.

    >>> "at least 0" in ranges(), "any finite number" in ranges()
    (True, False)
    """
    bounded = [p for d in definitions().values() for p in d.settable.values() if _bounds(p) != [None, None]]
    return tuple(sorted({p.range_text() for p in bounded}))


def _parameters(made: Definition) -> dict[str, Any]:
    """Return parameter -> its exact default, or [default, lowest, highest, place in :func:`ranges`] if it has bounds."""
    rows: dict[str, Any] = {}
    for name, p in made.settable.items():
        exact = number_text(p.default if isinstance(p.default, Fraction) else Fraction(repr(p.default)))
        bounds = _bounds(p)
        rows[name] = exact if bounds == [None, None] else [exact, *bounds, ranges().index(p.range_text())]
    return rows


def catalogue() -> dict[str, list[Any]]:
    """Return the elementwise functions formulas may name: id -> [formula outside training, parameters, further spellings].

    >>> catalogue()["elu"]
    ['where(x > 0, x, alpha*(exp(x) - 1))', {'alpha': '1'}, ['ELU', 'felu', 'fast_elu']]
    """
    made = {}
    for definition in definitions().values():
        if definition.kind == "elementwise" and set(definition.inputs) == {"x"}:
            others = dict.fromkeys((definition.title, *definition.aliases))
            names = [s for s in others if s.isidentifier() and s != definition.name]
            made[definition.name] = [to_text(definition.resting), _parameters(definition), names]
    return made


def refused() -> dict[str, str]:
    """Return the functions of the catalogue a formula cannot call in the page, by name: what each works on."""
    return {d.name: d.kind for d in definitions().values() if d.kind != "elementwise"}


def initialisations() -> dict[str, dict[str, Any]]:
    """Return the initialisations of :mod:`nonlin.facts.travel` without biases of their own: what they are, and sigma_w.

    It is null where it depends on the function; the page then computes it.

    >>> initialisations()["glorot"]["sigma_w"], initialisations()["gain"]["sigma_w"]
    (1.0, None)
    """
    tried = [definitions()[name] for name in ("relu", "tanh")]
    made: dict[str, dict[str, Any]] = {}
    for name, row in INITS.items():
        found = [row.scales(definition, width) for definition in tried for width in (64, 128)]
        if not any(s.sigma_b for s in found):
            made[name] = {"about": row.about, "sigma_w": found[0].sigma_w if len(set(found)) == 1 else None}
    return made


def tables() -> dict[str, Any]:
    """Return all tables but the spellings as one object that JSON can hold."""
    return {
        "tangents": tangents(),
        "lower": lowerings(),
        "parity": parity(),
        "at": known_values(),
        "rules": rewriting(RULES),
        "repairs": rewriting(REPAIRS),
        "wide": rewriting(WIDE),
        "wild": {name: test.__name__.removeprefix("_") for name, test in WILD.items()},
        "algebraic": sorted(ALGEBRAIC),
        "compared": {op: to_text(made(_ARGUMENTS)) for op, made in COMPARED.items()},
        "steps": list(STEPS),
        "infix": {op: list(row) for op, row in INFIX.items()},
        "functions": functions(),
        "synonyms": SYNONYMS,
        "inits": initialisations(),
        "limits": {"length": MAX_LENGTH, "depth": MAX_DEPTH, "nodes": MAX_NODES,
                   "exponent": MAX_EXPONENT},
        "catalogue": catalogue(),
        "printed": {op: name for op, name in FUNCTIONS.items() if not op.startswith(_WHOLE)},
        "greek": dict(GREEK),
        "ranges": ranges(),
        "refused": refused(),
    }  # fmt: skip


def spellings() -> str:
    """Return a JavaScript object literal from each primitive JavaScript can spell to a function of its arguments."""
    rows = []
    for op in _elementwise():
        template = PRIMITIVES[op].spellings.get(TARGET)
        if template is not None:
            letters = _LETTERS[: PRIMITIVES[op].arity]
            rows.append(f"{op}: ({', '.join(letters)}) => {template.format(*letters)}")
    return "{" + ",\n".join(rows) + "}"


@lru_cache(maxsize=1)
def script() -> str:
    """Return the JavaScript that sets ``NL.rules``: the tables, the spellings as functions, and the helpers they call.

    No ``</`` stands in it, so that it can stand inside a ``<script>`` element.
    """
    ops = spellings()
    data = json.dumps(tables(), ensure_ascii=True, separators=(",", ":")).replace("</", "<\\/")
    helpers = javascript.helpers(ops)
    return (
        '"use strict";\n(() => {\nconst NL = (globalThis.NL ??= {});\n'
        f"{helpers}\nNL.rules = {data};\nNL.rules.ops = {ops};\n}})();\n"
    )


def static(name: str) -> str:
    """Return the text of one file of ``static/``, without indentation and without lines that are only comment."""
    text = (Path(__file__).parent / "static" / name).read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def scripts() -> list[str]:
    """Return the texts of all scripts for formulas, depth and the playground, in the order they are loaded."""
    return [script(), *map(static, SCRIPTS)]


__all__ = ["SCRIPTS", "catalogue", "functions", "initialisations", "known_values", "lowerings", "parity", "ranges", "refused", "rewriting",
           "script", "scripts", "spellings", "static", "tables", "tangents"]  # fmt: skip
