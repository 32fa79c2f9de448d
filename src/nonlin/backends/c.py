"""C99 source of a function and its derivatives, for people who port to a device: ``<math.h>`` and nothing else.

Elementwise functions are ``double nonlin_mish(double x)``, rowwise ones ``void nonlin_softmax(const double *x, double *y,
size_t n)``. Parameters are further arguments. Names of the float versions end in ``f``, as those of the C library do.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nonlin.backends.kernel import guarded
from nonlin.backends.listing import Piece, base_name, check_arguments, check_order, known, pieces, prepared, title
from nonlin.backends.loops import INDEX, LENGTH, Loops, body
from nonlin.catalogue import Definition
from nonlin.expr import Expr, variables
from nonlin.expr.program import Syntax, identifiers, source

_KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int long register restrict
return short signed sizeof static struct switch typedef union unsigned void volatile while i n y main
acos asin atan atan2 ceil cos cosh erf erfc exp exp2 expm1 fabs floor fma fmax fmin fmod gamma hypot isnan j0 j1 jn ldexp
lgamma log log10 log1p log2 logb modf pow rint round signbit sin sinh sqrt tan tanh tgamma trunc y0 y1 yn
smaller larger signum INFINITY NAN size_t asm bool true false class new this"""
KEYWORDS = frozenset(_KEYWORDS.split())
"""Words a parameter cannot be called in C, in C++, or beside the functions of math.h."""


@dataclass(frozen=True)
class Precision:
    """A floating type of C: its name, the suffix of its functions and numbers, and what computes in it in Python."""

    real: str
    f: str
    dtype: str


PRECISIONS = (Precision("double", "", "float64"), Precision("float", "f", "float32"))

NOTE = (
    "Written by nonlin. C99: cc -std=c99 -O2 -c, and link with -lm.",
    "Not for -ffast-math, which gives up NaN and infinities. Rows x and y must not overlap.",
)
"""What stands at the top of every file."""

HELPERS: tuple[tuple[str, str], ...] = (
    # name, definition; fmin and fmax would lose a NaN. Later ones may call earlier ones
    ("smaller", "static {real} {name}({real} a, {real} b) {{ return a < b || a != a ? a : b; }}"),
    ("larger", "static {real} {name}({real} a, {real} b) {{ return a > b || a != a ? a : b; }}"),
    ("signum", "static {real} {name}({real} a) {{ return a > 0 ? 1 : a < 0 ? -1 : a; }}"),
    ("row_sum", """\
static {real} {name}(const {real} *u, size_t n) {{
    {real} total = 0;
    for (size_t i = 0; i < n; i++) total += u[i];
    return total;
}}"""),
    ("row_max", """\
static {real} {name}(const {real} *u, size_t n) {{
    {real} top = -INFINITY;
    for (size_t i = 0; i < n; i++) if (u[i] > top || u[i] != u[i]) top = u[i];
    return top;
}}"""),
    ("row_first_max", """\
static size_t {name}(const {real} *u, size_t n) {{
    size_t first = 0;
    for (size_t i = 1; i < n; i++) if (u[i] > u[first]) first = i;
    return first;
}}"""),
    ("row_top", """\
/* the index of the k-th largest entry, the first of equal ones coming first */
static size_t {name}(const {real} *u, size_t n, {real} k) {{
    const size_t wanted = k < ({real})n ? (size_t)k : n;
    for (size_t i = 0; i < n; i++) {{
        size_t rank = 0;
        for (size_t j = 0; j < n; j++) rank += u[j] > u[i] || (u[j] == u[i] && j <= i);
        if (rank == wanted) return i;
    }}
    return 0;
}}"""),
    ("row_logsumexp", """\
/* log of the sum of exp(u), with the digits of a small remainder kept */
static {real} {name}(const {real} *u, size_t n) {{
    size_t first = 0;
    {real} rest = 0;
    for (size_t i = 0; i < n; i++) if (u[i] > u[first] || u[i] != u[i]) first = i;
    if (isinf(u[first])) return u[first];
    for (size_t i = 0; i < n; i++) if (i != first) rest += exp{f}(u[i] - u[first]);
    return u[first] + log1p{f}(rest);
}}"""),
    ("row_threshold", """\
/* the t for which max(u - t, 0)**(1/(alpha - 1)) sums to 1, by Newton's method from below */
static {real} {name}(const {real} *u, size_t n, {real} alpha) {{
    const {real} power = 1 / (alpha - 1);
    {real} top = -INFINITY, t = -1;
    for (size_t i = 0; i < n; i++) if (u[i] > top || u[i] != u[i]) top = u[i];
    for (int step = 0; step < 40; step++) {{
        {real} total = 0, slope = 0;
        for (size_t i = 0; i < n; i++) {{
            const {real} excess = (u[i] - top) - t;
            if (excess > 0) {{
                total += pow{f}(excess, power);
                slope += power * pow{f}(excess, power - 1);
            }}
        }}
        if (!(total > 1)) break;
        t += (total - 1) / slope;
    }}
    return t + top;
}}"""),
)  # fmt: skip
"""What the emitted functions may call beside math.h; only those that are called are written."""


def code(made: Definition, order: int = 1, arguments: str = "learned") -> str:
    """Return C source of a function and its derivatives up to ``order``, in double and in single precision.

    ``arguments`` tells which parameters are arguments: the ``learned`` ones (the others are folded in, and the last digits
    kept), ``all`` or ``none``.

    Raises:
        ParameterError: ``order`` is not a whole number of at least 0, or ``arguments`` none of these words.

    >>> from nonlin.catalogue import definitions
    >>> print(code(definitions()["relu"], order=0).split("\\n\\n")[5])
    /* the value */
    double nonlin_relu(double x) {
        return larger(x, 0.0);
    }
    """
    return library([made], order, arguments)


def library(
    functions: Iterable[Definition],
    order: int = 1,
    arguments: str = "learned",
    precisions: Sequence[Precision] = PRECISIONS,
) -> str:
    """Return C source of several functions in one file, each helper once; ``precisions`` is which types to write."""
    order, arguments = check_order(order), check_arguments(arguments)
    texts = []
    for made in functions:
        listed = list(pieces(made, order, arguments))
        texts += [_comment(title(made)), *(_function(made, piece, p) for p in precisions for piece in listed)]
    text = "\n\n".join(texts)
    headers = "#include <math.h>" + ("\n#include <stddef.h>" if "size_t" in text else "")
    helpers = [helper for p in PRECISIONS for helper in _helpers(text, p)]
    return "\n\n".join([_comment(NOTE), headers, *helpers, text]) + "\n"


def _comment(lines: Sequence[str]) -> str:
    return "/* " + "\n * ".join(_safe(line) for line in lines) + (" */" if len(lines) == 1 else "\n */")


def _safe(text: str) -> str:
    """Text that cannot end a comment."""
    return text.replace("*/", "* /").replace("\n", " ")


def _helpers(text: str, p: Precision) -> list[str]:
    called = [(name + p.f, body) for name, body in HELPERS if re.search(rf"\b{name}{p.f}\(", text)]
    return [form.format(name=name, real=p.real, f=p.f) for name, form in called]


def _literal(p: Precision) -> Callable[[Expr], str | None]:
    """How known numbers are written in a type: rounded once, with as many digits as tell it from its neighbours."""

    def literal(node: Expr) -> str | None:
        value = known(node)
        if value is None:
            return None
        if p.f and math.isfinite(value):
            import numpy as np

            with np.errstate(over="ignore"):
                single = np.float32(value)
            value, text = float(single), f"{single!s}f"
        else:
            text = repr(value)
        if math.isnan(value):
            return "NAN"
        if math.isinf(value):
            return "INFINITY" if value > 0 else "(-INFINITY)"
        return f"({text})" if value < 0 else text

    return literal


def _function(made: Definition, piece: Piece, p: Precision) -> str:
    """Return one function with a comment above it."""
    written = identifiers((*piece.inputs, *piece.params), KEYWORDS)
    name = f"nonlin_{base_name(made)}{piece.suffix}{p.f}"
    defaults = "".join(f"; {written[n]} = {v!r}" for n, v in piece.params.items())
    comment = _comment([piece.says + defaults]) + "\n"
    if piece.rowwise:
        return comment + _row(piece, p, name, written)
    root = prepared(guarded(piece.root, p.dtype, order=piece.order), "c")
    idle = "".join(f"\n    (void){w};" for n, w in written.items() if n not in variables(root))
    syntax = Syntax(
        head=f"{p.real} {{function}}({{arguments}}) {{{{{idle}",
        argument=f"{p.real} {{name}}",
        line=f"    const {p.real} {{name}} = {{value}};",
        returned="    return {value};",
        end="}",
        words={"f": p.f},
        width=88,
    )
    text = source("c", [root], list(written), _literal(p), function=name, syntax=syntax, spelled=written)
    return comment + text.rstrip("\n")


def _row(piece: Piece, p: Precision, name: str, written: dict[str, str]) -> str:
    """Return one function of a row: n entries in, n out, or for a group that becomes one number, y[0]."""
    arrays = {n: written[n] for n in piece.inputs}
    texts = {**written, **{n: f"{w}[i]" for n, w in arrays.items()}, INDEX: f"({p.real})i", LENGTH: f"({p.real})n"}
    syntax = Syntax(line=f"    const {p.real} {{name}} = {{value}};", words={"f": p.f}, width=88)
    loops = Loops(
        loop="    for (size_t i = 0; i < n; i++) {",
        store="        y[i] = {value};",
        reduce=f"    const {p.real} {{name}} = {{op}}{p.f}({{row}}, n{{extra}});",
        reduce_index=f"    const size_t {{name}} = {{op}}{p.f}({{row}}, n{{extra}});",
        value=f"    const {p.real} {{name}} = {{row}}[{{index}}];",
        single="    y[0] = {value};",
    )
    lines = body("c", piece.root, arrays, texts, _literal(p), syntax, loops, lambda e: prepared(e, "c"), one=piece.one)
    given = [f"const {p.real} *{w}" for w in arrays.values()] + [f"{p.real} *y"]
    given += [f"{p.real} {written[n]}" for n in piece.params] + ["size_t n"]
    used = "\n".join(lines)
    idle = [f"    (void){w};" for w in written.values() if not re.search(rf"\b{w}\b", used)]
    return "\n".join([f"void {name}({', '.join(given)}) {{", *idle, *lines, "}"])
