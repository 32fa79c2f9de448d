"""A formula as MathML, which browsers draw by themselves: no script, no font, no request.

Written from our own nodes, so it needs no SymPy and takes well under a millisecond. The notation is that of
:func:`nonlin.expr.bridge.to_latex`: sigma, Phi, sums over j for rows, cases for branches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from html import escape
from typing import NamedTuple

from nonlin.expr import Expr, const, is_rowwise, var, walk
from nonlin.expr.nodes import ONE
from nonlin.expr.show import number_text

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
"""The name of the language; an address that nothing ever requests."""

_LOOSE, _SUM, _TERM, _PRODUCT, _POWER, _ATOM = range(6)
"""How tightly a piece holds together; a looser one gets brackets where a tighter one is needed."""

GREEK: Mapping[str, str] = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι",
    "kappa": "κ", "lambda": "λ", "lam": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
"""Parameters that are letters of Greek; ``lam`` is how Python spells lambda."""


class Piece(NamedTuple):
    """Markup, how tightly it holds, and what it begins and ends with: a ``number``, a ``word``, a ``call``, an ``open`` bracket."""

    markup: str
    level: int
    first: str = ""
    last: str = ""


def mathml(root: Expr, *, display: bool = False, name: str = "", inputs: Sequence[str] = ("x",)) -> str:
    """Return a formula as a ``<math>`` element.

    In a formula of rows ``x`` is written with its index: ``x_i`` for the entry that is computed, ``x_j`` inside a sum.
    A ``where`` becomes cases; the last one reads "otherwise".

    Args:
        root: the formula, such as ``definition.textbook`` or a derivative of it.
        display: as a block of its own, with full-size fractions, instead of within a line.
        name: what the formula is: ``f`` puts "f(x) =" before it, ``f′`` its derivative.
        inputs: what ``name`` is a function of.

    >>> from nonlin.expr import parse
    >>> mathml(parse("x**2"))
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    if is_rowwise(root):
        root = _indexed(root, "i")
    shape = ' display="block"' if display else ""
    left = ""
    if name:
        arguments = _mo(",", ' separator="true"').join(_variable(var(i)).markup for i in inputs)
        stem = name.rstrip("′")
        primes = f"<mo>{name[len(stem) :]}</mo>"
        head = f"<msup><mi>{escape(stem)}</mi>{primes}</msup>" if name != stem else f"<mi>{escape(name)}</mi>"
        left = f"{head}{_APPLY}{_fenced(arguments)}{_mo('=')}"
    return f'<math xmlns="{NAMESPACE}"{shape}>{left}{_piece(root).markup}</math>'


def _indexed(node: Expr, letter: str) -> Expr:
    """Give every ``x`` its index: that of the entry outside the reductions, j inside a sum or maximum."""
    if node.op == "var":
        return var(f"x_{letter}") if node.payload == "x" else node
    inside = "" if node.op in _WHOLE_ROW else "j" if node.op in _OVER_ROW else letter
    parts = tuple(_indexed(a, inside) if inside else a for a in node.args)
    return Expr(node.op, parts, node.payload)


_OVER_ROW = ("row_sum", "row_max")
_WHOLE_ROW = ("row_softmax", "row_log_softmax", "row_logsumexp", "row_first_max", "row_length", "row_top", "row_threshold")


def _piece(node: Expr) -> Piece:
    """Write one node; what is not arithmetic stands in a table."""
    if node.op in _ARITHMETIC:
        return _ARITHMETIC[node.op](node)
    if node.op in FUNCTIONS:
        return _applied(FUNCTIONS[node.op], node.args)
    return _SPECIAL[node.op](node)


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _mo(sign: str, attributes: str = "") -> str:
    return f"<mo{attributes}>{escape(sign)}</mo>"


_TIMES, _APPLY, _THIN = "<mo>&#x2062;</mo>", "<mo>&#x2061;</mo>", '<mspace width="0.167em"></mspace>'


def _fenced(inside: str, left: str = "(", right: str = ")") -> str:
    return _row(_mo(left, ' form="prefix"'), inside, _mo(right, ' form="postfix"'))


def _bracketed(piece: Piece, least: int) -> Piece:
    """The piece, in brackets if it holds together less tightly than is needed."""
    return piece if piece.level >= least else Piece(_fenced(piece.markup), _ATOM, "open", "close")


# -- leaves ---------------------------------------------------------------------------------------------------------


def _number(node: Expr) -> Piece:
    value = node.payload
    assert isinstance(value, Fraction)
    size = number_text(abs(value))
    if "/" in size:
        top, bottom = size.split("/")
        made = Piece(f"<mfrac><mn>{top}</mn><mn>{bottom}</mn></mfrac>", _PRODUCT)
    elif "e" in size:
        digits, power = size.split("e")
        ten = f"<msup><mn>10</mn>{_exponent(int(power))}</msup>"
        made = Piece(ten if digits == "1" else _row(f"<mn>{digits}</mn>", _mo("·"), ten), _PRODUCT, "number", "power")
    else:
        made = Piece(f"<mn>{size}</mn>", _ATOM, "number", "number")
    return made if value >= 0 else _minus(made)


def _exponent(power: int) -> str:
    return f"<mn>{power}</mn>" if power >= 0 else _row(_mo("−"), f"<mn>{-power}</mn>")


def _variable(node: Expr) -> Piece:
    name = str(node.payload)
    split = re.fullmatch(r"([^\W\d_]+)_?(\d+)|([^\W\d_]+)_(\w+)", name)
    stem, index = [g for g in split.groups() if g] if split else (name, "")
    if len(GREEK.get(stem, stem)) > 1 and not index.isdigit():  # words: positive_slope
        stem, index = name.replace("_", " "), ""
    shown = GREEK.get(stem, stem)
    base = f"<mi>{escape(shown)}</mi>"
    if index:
        below = f"<mn>{index}</mn>" if index.isdigit() else f"<mi>{escape(GREEK.get(index, index))}</mi>"
        base = f"<msub>{base}{below}</msub>"
    kind = "word" if len(shown) > 1 else "sigma" if shown == "σ" else "letter"
    return Piece(base, _ATOM, kind, "index" if index and kind == "letter" else kind)


# -- arithmetic -----------------------------------------------------------------------------------------------------


def _minus(piece: Piece) -> Piece:
    inside = _bracketed(piece, _TERM)
    return Piece(_row(_mo("−", ' form="prefix"'), inside.markup), _SUM, "minus", inside.last)


def _opposite(node: Expr) -> Expr | None:
    """What a node is the negative of, as it is written; None if it has no minus in front."""
    if node.op == "neg":
        return node.args[0]
    if node.op == "const" and isinstance(node.payload, Fraction) and node.payload < 0:
        return Expr("const", (), -node.payload)
    if node.op in ("mul", "div"):
        inner = _opposite(node.args[0])
        if inner is None:
            return None
        return node.args[1] if inner is ONE and node.op == "mul" else Expr(node.op, (inner, node.args[1]))
    return None


def _neg(node: Expr) -> Piece:
    return _minus(_piece(node.args[0]))


def _sum(node: Expr) -> Piece:
    """``a + b``; ``a - b`` where b has a minus in front."""
    first, second = node.args
    sign = "+" if node.op == "add" else "−"
    inner = _opposite(second) if sign == "+" else None
    if inner is not None:
        sign, second = "−", inner
    left = _bracketed(_piece(first), _SUM)
    right = _bracketed(_piece(second), _TERM if sign == "−" or _opposite(second) is not None else _SUM)
    return Piece(_row(left.markup, _mo(sign, ' form="infix"'), right.markup), _SUM, left.first, right.last)


def _mul(node: Expr) -> Piece:
    inner = _opposite(node)
    if inner is not None:
        return _minus(_piece(inner))
    left, right = _bracketed(_piece(node.args[0]), _PRODUCT), _bracketed(_piece(node.args[1]), _PRODUCT)
    return Piece(_row(left.markup, _times(left.last, right.first), right.markup), _PRODUCT, left.first, right.last)


def _times(before: str, after: str) -> str:
    """The sign between two factors: none where they can be told apart without one."""
    dotted = after == "number" or "word" in (before, after) or (before == "sigma" and after == "open")
    if dotted:
        return _mo("·", ' form="infix"')
    return _TIMES + _THIN if after == "call" else _TIMES


def _div(node: Expr) -> Piece:
    inner = _opposite(node)
    if inner is not None:
        return _minus(_piece(inner))
    top, bottom = _fraction(node)
    return Piece(f"<mfrac>{_piece(top).markup}{_piece(bottom).markup}</mfrac>", _PRODUCT, "fraction", "fraction")


def _fraction(node: Expr) -> tuple[Expr, Expr]:
    """Numerator and denominator; ``a/x/x`` is a over x squared, not a fraction in a fraction."""
    below: dict[Expr, int] = {}
    while node.op == "div":
        node, divisor = node.args
        below[divisor] = below.get(divisor, 0) + 1
    numbers_first = sorted(below.items(), key=lambda item: item[0].op != "const")
    factors = [Expr("pow", (b, const(n))) if n > 1 else b for b, n in numbers_first]
    return node, reduce(lambda a, b: Expr("mul", (a, b)), factors)


def _raised(exponent: Expr) -> str:
    """An exponent, where a fraction is written with a slash: a bar would make it too small to read."""
    inner = _opposite(exponent)
    if inner is not None:
        loose = inner.op != "div" and _piece(inner).level < _TERM
        return _row(_mo("−", ' form="prefix"'), _fenced(_raised(inner)) if loose else _raised(inner))
    if exponent.op == "const" and isinstance(exponent.payload, Fraction) and "/" in number_text(exponent.payload):
        return _slashed(const(exponent.payload.numerator), const(exponent.payload.denominator))
    return _slashed(*_fraction(exponent)) if exponent.op == "div" else _piece(exponent).markup


def _slashed(top: Expr, bottom: Expr) -> str:
    return _row(_bracketed(_piece(top), _PRODUCT).markup, _mo("/"), _bracketed(_piece(bottom), _POWER).markup)


def _pow(node: Expr) -> Piece:
    base, exponent = node.args
    if exponent.payload == Fraction(1, 2):
        return _sqrt(base)
    power = _raised(exponent)
    if (
        base.op in FUNCTIONS
        and isinstance(exponent.payload, Fraction)
        and exponent.payload > 1
        and "^" not in FUNCTIONS[base.op]
    ):
        return _applied(FUNCTIONS[base.op], base.args, power)
    below = _bracketed(_piece(base), _ATOM)
    return Piece(f"<msup>{below.markup}{power}</msup>", _POWER, below.first, "power")


def _sqrt(inside: Expr) -> Piece:
    return Piece(f"<msqrt>{_piece(inside).markup}</msqrt>", _ATOM, "root", "root")


def _compare(node: Expr) -> Piece:
    sign = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥"}[node.op]
    left, right = (_piece(a) for a in node.args)
    return Piece(_row(left.markup, _mo(sign), right.markup), _LOOSE, left.first, right.last)


# -- functions ------------------------------------------------------------------------------------------------------

FUNCTIONS: Mapping[str, str] = {
    **{op: op for op in ("log", "tanh", "softplus", "erf", "erfc", "sin", "cos", "arctan", "arcsinh", "sinh", "cosh", "sech",
                         "min", "max", "round")},
    "sign": "sgn", "sech2": "sech^2", "sigmoid": "σ", "normal_cdf": "Φ", "normal_pdf": "φ",
    "row_first_max": "first max", "row_logsumexp": "logsumexp", "row_softmax": "softmax", "row_log_softmax": "logsoftmax",
}  # fmt: skip
"""How a function is called in print; ``^2`` is an exponent of the name."""


def _applied(name: str, args: tuple[Expr, ...], power: str = "", below: str = "") -> Piece:
    name, _, square = name.partition("^")
    base = f"<mi>{escape(name)}</mi>"
    if below:
        base = f"<msub>{base}{below}</msub>"
    power = power or (f"<mn>{square}</mn>" if square else "")
    head = f"<msup>{base}{power}</msup>" if power else base
    inside = _mo(",", ' separator="true"').join(_piece(a).markup for a in args)
    return Piece(_row(head, _APPLY, _fenced(inside)), _ATOM, "call" if len(name) > 1 else "letter", "close")


def _exp(node: Expr) -> Piece:
    """``e`` with an exponent; ``exp(...)`` where that would hold more than arithmetic."""
    if any(n.op not in _ARITHMETIC and n.op not in ("abs", "pi", "sqrt") for n in walk(node.args[0])):
        return _applied("exp", node.args)
    return Piece(f'<msup><mi mathvariant="normal">e</mi>{_raised(node.args[0])}</msup>', _POWER, "letter", "power")


def _expm1(node: Expr) -> Piece:
    return Piece(_row(_exp(node).markup, _mo("−", ' form="infix"'), "<mn>1</mn>"), _SUM, "letter", "number")


def _log1p(node: Expr) -> Piece:
    return _applied("log", (Expr("add", (ONE, node.args[0])),))


def _between(left: str, right: str) -> Callable[[Expr], Piece]:
    return lambda node: Piece(_fenced(_piece(node.args[0]).markup, left, right), _ATOM, "open", "close")


def _where(node: Expr) -> Piece:
    """A table of cases; a ``where`` in the last branch continues it."""
    cases = []
    while node.op == "where":
        condition, value, node = node.args
        cases.append((_piece(value).markup, f"<mtext>if&#xA0;</mtext>{_piece(condition).markup}"))
    cases.append((_piece(node).markup, "<mtext>otherwise</mtext>"))
    lines = (f"<mtr>{_cell(value)}{_cell(when)}</mtr>" for value, when in cases)
    table = f"<mtable>{''.join(lines)}</mtable>"
    return Piece(_row(_mo("{", ' form="prefix"'), table), _LOOSE, "open", "cases")


def _cell(markup: str) -> str:
    return f'<mtd style="text-align: left; padding: 0.15em 0.4em">{markup}</mtd>'


def _reduction(sign: str) -> Callable[[Expr], Piece]:
    def write(node: Expr) -> Piece:
        body = _bracketed(_piece(node.args[0]), _PRODUCT)
        over = f"<munder>{sign}<mi>j</mi></munder>"
        return Piece(_row(over, _THIN, body.markup), _TERM, "call", body.last)

    return write


def _over_row(node: Expr) -> Piece:
    """A function of a whole row, whose entry i is meant; the row has no index."""
    return _applied({"row_top": "top", "row_threshold": "τ"}[node.op], node.args[:1], below=_piece(node.args[1]).markup)


def _join(node: Expr) -> Piece:
    inside = _mo(",", ' separator="true"').join(_piece(a).markup for a in node.args)
    return Piece(_fenced(inside, "[", "]"), _ATOM, "open", "close")


_ARITHMETIC: Mapping[str, Callable[[Expr], Piece]] = {
    "const": _number, "var": _variable, "neg": _neg, "add": _sum, "sub": _sum, "mul": _mul, "div": _div, "pow": _pow,
    **dict.fromkeys(("lt", "le", "gt", "ge"), _compare),
}  # fmt: skip

_SPECIAL: Mapping[str, Callable[[Expr], Piece]] = {
    "pi": lambda node: Piece("<mi>π</mi>", _ATOM, "letter", "letter"),
    "exp": _exp,
    "expm1": _expm1,
    "log_cosh": lambda node: _applied("log", (Expr("cosh", node.args),)),
    "log1p": _log1p,
    "sqrt": lambda node: _sqrt(node.args[0]),
    "abs": _between("|", "|"),
    "floor": _between("⌊", "⌋"),
    "where": _where,
    "straight_through": lambda node: _piece(node.args[0]),
    "tanh_softplus": lambda node: _applied("tanh", (Expr("softplus", node.args),)),
    "sech2_softplus": lambda node: _applied("sech^2", (Expr("softplus", node.args),)),
    "row_sum": _reduction('<mo largeop="true">∑</mo>'),
    "row_max": _reduction("<mi>max</mi>"),
    "row_length": lambda node: Piece("<mi>n</mi>", _ATOM, "letter", "letter"),
    "row_top": _over_row,
    "row_threshold": _over_row,
    "join": _join,
}


def written(ops: Mapping[str, object]) -> set[str]:
    """Return which of these primitives can be written here."""
    return {op for op in ops if op in _ARITHMETIC or op in FUNCTIONS or op in _SPECIAL}
