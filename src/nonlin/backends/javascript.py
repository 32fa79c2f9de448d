"""JavaScript of a function and its derivatives: an ES module of plain functions of numbers, or of rows (arrays of numbers).

``Math`` lacks erf and erfc; a module that needs them carries them, to 4 ulps. Parameters have their defaults.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from nonlin.backends.kernel import guarded
from nonlin.backends.listing import Piece, base_name, check_arguments, check_order, known, pieces, prepared, title
from nonlin.backends.loops import INDEX, LENGTH, Loops, body
from nonlin.backends.precise import CENTRE, END, HALF_ERF, STEPS, TERMS, slow_part
from nonlin.catalogue import Definition
from nonlin.expr import Expr
from nonlin.expr.program import Syntax, identifiers, source

_KEYWORDS = """
arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally
for function if implements import in instanceof interface let new null package private protected public return static super
switch this throw true try typeof undefined var void while with yield i n y Math Infinity NaN Float64Array
"""
KEYWORDS = frozenset(_KEYWORDS.split())
"""Words a function or a parameter cannot be called in a module."""


def _numbers(values: Iterable[float]) -> str:
    """Return an array literal, a few numbers a line."""
    texts = [repr(v) for v in values]
    return "[" + ",\n        ".join(", ".join(texts[i : i + 5]) for i in range(0, len(texts), 5)) + "]"


def _error_functions() -> str:
    """erf and erfc by the formulas of ``nonlin.backends.precise``, whose coefficients take a moment to compute."""
    series = [(-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(TERMS["float64"][2])]
    steps = STEPS["float64"]
    return f"""\
function $erf(x) {{
    const u = Math.abs(x);
    return u < {HALF_ERF} ? $nearErf(x) : Math.sign(x) * (1 - $farErfc(u));
}}

function $erfc(x) {{
    const u = Math.abs(x);
    return u < {HALF_ERF} ? 1 - $nearErf(x) : x < 0 ? 2 - $farErfc(u) : $farErfc(u);
}}

function $nearErf(x) {{
    return {2 / math.sqrt(math.pi)!r} * x * $polynomial({_numbers(series)}, x * x);
}}

function $farErfc(x) {{
    const u = Math.min(x, {END["float64"]}); // beyond, the result is 0
    const cut = Math.floor({steps} * u) / {steps}; // its square is exact
    const slow = $polynomial({_numbers(slow_part("float64"))}, (u - {CENTRE}) / (u + {CENTRE}));
    return Math.exp(-cut * cut) * (Math.exp((cut - u) * (cut + u)) * (slow / (1 + 2 * u)));
}}

function $polynomial(coefficients, u) {{
    let total = 0;
    for (let i = coefficients.length - 1; i >= 0; i--) total = total * u + coefficients[i];
    return total;
}}"""


HELPERS: tuple[tuple[str, str], ...] = (
    # name, definition; a later one may be called by an earlier one
    ("$round", """\
function $round(x) { // halves go to the even neighbour
    const r = Math.round(x);
    return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
}"""),
    ("$row_sum", """\
function $row_sum(u) {
    let total = 0;
    for (const v of u) total += v;
    return total;
}"""),
    ("$row_max", """\
function $row_max(u) {
    let top = -Infinity;
    for (const v of u) top = Math.max(top, v);
    return top;
}"""),
    ("$row_first_max", """\
function $row_first_max(u) { // an index
    let first = 0;
    for (let i = 1; i < u.length; i++) if (u[i] > u[first]) first = i;
    return first;
}"""),
    ("$row_top", """\
function $row_top(u, k) { // the index of the k-th largest entry, the first of equal ones coming first
    const order = Array.from(u, (_, i) => i).sort((a, b) => u[b] - u[a] || a - b);
    return order[Math.min(Math.floor(k), u.length) - 1];
}"""),
    ("$row_logsumexp", """\
function $row_logsumexp(u) {
    let first = 0, rest = 0;
    for (let i = 1; i < u.length; i++) if (u[i] > u[first] || Number.isNaN(u[i])) first = i;
    if (!Number.isFinite(u[first])) return u[first];
    for (let i = 0; i < u.length; i++) if (i !== first) rest += Math.exp(u[i] - u[first]);
    return u[first] + Math.log1p(rest);
}"""),
    ("$row_threshold", """\
function $row_threshold(u, alpha) { // the t for which max(u - t, 0)**(1/(alpha - 1)) sums to 1, by Newton from below
    const power = 1 / (alpha - 1), top = $row_max(u);
    let t = -1;
    for (let step = 0; step < 40; step++) {
        let total = 0, slope = 0;
        for (const v of u) {
            const excess = v - top - t;
            if (excess > 0) {
                total += Math.pow(excess, power);
                slope += power * Math.pow(excess, power - 1);
            }
        }
        if (!(total > 1)) break;
        t += (total - 1) / slope;
    }
    return t + top;
}"""),
)  # fmt: skip
"""What the emitted functions may call beside Math; only those that are called are written. No id begins with ``$``."""

SYNTAX = Syntax(
    head="export function {function}({arguments}) {{",
    line="    const {name} = {value};",
    returned="    return {value};",
    end="}",
    width=88,
)
SHORT = Syntax(head="({arguments})=>", line="const {name}={value};", returned="return {value}", width=88)
ROWS = Loops(
    loop="    for (let i = 0; i < n; i++) {",
    store="        y[i] = {value};",
    reduce="    const {name} = ${op}({row}{extra});",
    reduce_index="    const {name} = ${op}({row}{extra});",
    value="    const {name} = {row}[{index}];",
    single="    return {value};",
)


def code(made: Definition, order: int = 1, arguments: str = "learned") -> str:
    """Return the text of an ES module with a function and its derivatives up to ``order``.

    ``arguments`` tells which parameters are arguments: the ``learned`` ones (the others are folded in, and the last digits
    kept), ``all`` or ``none``.

    Raises:
        ParameterError: ``order`` is not a whole number of at least 0, or ``arguments`` none of these words.

    >>> from nonlin.catalogue import definitions
    >>> print(code(definitions()["relu"], order=0))
    // relu: max(x, 0)
    // V. Nair, G. E. Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, ICML 2010
    <BLANKLINE>
    // the value
    export function relu(x) {
        return Math.max(x, 0);
    }
    <BLANKLINE>
    """
    return library([made], order, arguments)


def library(functions: Iterable[Definition], order: int = 1, arguments: str = "learned") -> str:
    """Return the text of one module with several functions, each helper once."""
    order, arguments = check_order(order), check_arguments(arguments)
    text = "\n\n".join(
        "\n\n".join([_comment(title(made)), *(_function(made, piece) for piece in pieces(made, order, arguments))])
        for made in functions
    )
    return "\n\n".join([*_helpers(text), text]) + "\n"


def _comment(lines: Iterable[str]) -> str:
    return "\n".join("// " + " ".join(line.splitlines()) for line in lines)


def _helpers(text: str) -> list[str]:
    """Return the helpers that ``text`` calls, and those that they call."""
    found = {name: body for name, body in HELPERS if f"{name}(" in text}
    if "$row_max" not in found and any("$row_max(" in body for body in found.values()):
        found["$row_max"] = dict(HELPERS)["$row_max"]
    errors = [_error_functions()] if "$erf(" in text or "$erfc(" in text else []
    return [*errors, *(body for name, body in HELPERS if name in found)]


def _literal(node: Expr) -> str | None:
    value = known(node)
    if value is None:
        return None
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "(-Infinity)"
    text = repr(value).removesuffix(".0")
    return f"({text})" if value < 0 else text


def arrow(piece: Piece) -> str:
    """Return one function as a short expression, ``(x,slope)=>...``, for a page that holds hundreds: parameters in order.

    Numbers come before parameters; a row takes, last, an array to write to, and makes one if there is none.
    """
    written = identifiers((*piece.inputs, *piece.params), KEYWORDS)
    if not piece.rowwise:
        root = prepared(guarded(piece.root, "float64", order=piece.order), "javascript")
        text = source("javascript", [root], list(written), _literal, syntax=SHORT, spelled=written)
        head, *lines = text.rstrip("\n").split("\n")
        return f"{head}{lines[0].removeprefix('return ')}" if len(lines) == 1 else f"{head}{{{''.join(lines)}}}"
    lines = [line.strip() for line in _row_lines(piece, written)]
    head = ",".join([*written.values(), "y=new Float64Array(x.length)"])
    return f"({head})=>{{const n=x.length;{''.join(lines)}{'' if piece.one else 'return y'}}}"


def helpers(text: str) -> str:
    """Return the definitions of all helpers that ``text`` calls."""
    return "\n".join(_helpers(text))


def _function(made: Definition, piece: Piece) -> str:
    """Return one function with a comment above it."""
    written = identifiers((*piece.inputs, *piece.params), KEYWORDS)
    (name,) = identifiers([base_name(made) + piece.suffix], KEYWORDS).values()
    comment = _comment([piece.says]) + "\n"
    defaults = {n: f"{written[n]} = {v!r}" for n, v in piece.params.items()}
    if piece.rowwise:
        return comment + _row(piece, name, written, list(defaults.values()))
    root = prepared(guarded(piece.root, "float64", order=piece.order), "javascript")
    text = source("javascript", [root], list(written), _literal, function=name, syntax=SYNTAX, spelled=written)
    head = SYNTAX.head.format(function=name, arguments=", ".join(defaults.get(n, w) for n, w in written.items()))
    return comment + "\n".join([head, *text.splitlines()[1:]])


def _row(piece: Piece, name: str, written: dict[str, str], defaults: list[str]) -> str:
    """Return one function of a row: an array in; an array out, or for a group that becomes one number, that number."""
    lines = _row_lines(piece, written)
    room = "y = new Float64Array(x.length)"
    head = SYNTAX.head.format(function=name, arguments=", ".join([*(written[n] for n in piece.inputs), *defaults, room]))
    return "\n".join([head, "    const n = x.length;", *lines, *([] if piece.one else ["    return y;"]), "}"])


def _row_lines(piece: Piece, written: dict[str, str]) -> list[str]:
    """Return the lines that compute a row into ``y``, or return the number it becomes."""
    arrays = {n: written[n] for n in piece.inputs}
    texts = {**written, **{n: f"{w}[i]" for n, w in arrays.items()}, INDEX: "i", LENGTH: "n"}
    return body("javascript", piece.root, arrays, texts, _literal, SYNTAX, ROWS, lambda e: prepared(e, "javascript"),
                one=piece.one)  # fmt: skip
