"""Facts that are identities: odd, even, idempotent, homogeneous; by algebra, else at points in many digits."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

from nonlin.expr import Expr, derivative, stabilise, substitute, var, variables
from nonlin.expr.exact import Row, evaluate
from nonlin.expr.nodes import ZERO, mul, sub
from nonlin.facts.forms import restricted
from nonlin.facts.pieces import fixed_points, value_range
from nonlin.facts.shape import END
from nonlin.facts.subject import COMPUTED, PROVED, Subject, Told, Untold, num, surest

_POINTS = tuple(
    Fraction(n, 1009) for n in (-7013, -3307, -1511, -1009, -419, -101, 7, 211, 613, 1009, 1277, 2909, 6067, 24499)
)
_ROWS = (("1379/1000", "-1723/1009", "211/613"), ("-3", "-2", "1/7"), ("5", "1/100", "-1/3"))
_DIGITS = 50


def _equal(a: Any, b: Any) -> bool:
    from mpmath import mp

    if isinstance(a, Row) or isinstance(b, Row):
        return all(_equal(p, q) for p, q in zip(a.items, b.items, strict=True))
    a, b = (_number(v) if isinstance(v, Fraction) else v for v in (a, b))
    with mp.workdps(_DIGITS):
        if mp.isnan(a) or mp.isnan(b):
            return bool(mp.isnan(a) and mp.isnan(b))
        return bool(a == b or abs(a - b) <= mp.mpf(10) ** -25 * max(abs(a), abs(b)) + mp.mpf(10) ** -40)


def _number(value: Any) -> Any:
    from mpmath import mp

    with mp.workdps(_DIGITS):
        return mp.mpf(value.numerator) / value.denominator


def _inputs(subject: Subject) -> list[Any]:
    """Points for a function of one number, rows for one of rows, as mpmath takes them."""
    if subject.definition.kind == "elementwise":
        return [_number(p) for p in _POINTS]
    if subject.definition.kind == "rowwise":
        return [Row([_number(Fraction(t)) for t in row]) for row in _ROWS]
    raise Untold(f"it is asked of functions of one number or of rows; this one is {subject.definition.kind}")


def _scaled(x: Any, by: Any) -> Any:
    from mpmath import mp

    with mp.workdps(_DIGITS):
        return x * by


def _value(root: Expr, x: Any) -> Any:
    try:
        return evaluate(root, {"x": x} if "x" in variables(root) else {}, _DIGITS)
    except TypeError:
        raise Untold("this row function cannot be evaluated in exact arithmetic") from None


@lru_cache(maxsize=1024)
def _parity_by_algebra(root: Expr) -> str:
    flipped = stabilise(substitute(root, {"x": mul(-1, var("x"))}))
    if flipped is root or stabilise(sub(flipped, root)) is ZERO:
        return "even"
    if flipped is stabilise(mul(-1, root)) or stabilise(flipped + root) is ZERO:
        return "odd"
    return ""


def parity(subject: Subject) -> Told:
    """Odd, even or neither."""
    inputs = _inputs(subject)
    root = subject.root
    # the values at 0 are left out: a step may take either of its sides there
    odd = all(_equal(_value(root, _scaled(x, -1)), _scaled(_value(root, x), -1)) for x in inputs)
    even = all(_equal(_value(root, _scaled(x, -1)), _value(root, x)) for x in inputs)
    word = "both" if odd and even else "odd" if odd else "even" if even else "neither"
    proof = word == "neither" or (subject.definition.kind == "elementwise" and _parity_by_algebra(root) == word)
    return Told(word, word, surest(proof))


def zero_centred(subject: Subject) -> Told:
    """Whether the mean output is 0 for every symmetric distribution of inputs, which is to say that f is odd."""
    told = parity(subject)
    holds = told.value in ("odd", "both")
    return Told(holds, "yes" if holds else "no", told.how)


def idempotent(subject: Subject) -> Told:
    """Whether f(f(x)) = f(x)."""
    root = subject.root
    inputs = _inputs(subject)
    for x in inputs:
        once = _value(root, x)
        if not _equal(_value(root, once), once):
            return Told(False, "no", PROVED)
    return Told(True, "yes", surest(subject.definition.kind == "elementwise" and _stays(subject)))


def _stays(subject: Subject) -> bool:
    """Whether the whole range is proved to consist of fixed points."""
    reached, fixed = value_range(subject), fixed_points(subject)
    low, high = reached.value["low"], reached.value["high"]
    spans = [*fixed.value["intervals"], *([p["x"], p["x"]] for p in fixed.value["points"])]
    return reached.how == fixed.how == PROVED and any(a <= low and high <= b for a, b in spans)


def homogeneous(subject: Subject) -> Told:
    """The degree k for which f(c*x) = c**k f(x) for every c > 0."""
    from mpmath import mp

    root, inputs = subject.root, _inputs(subject)
    with mp.workdps(_DIGITS):
        pairs = [(_first(_value(root, _scaled(x, 2))), _first(_value(root, x))) for x in inputs]
        known = [mp.log(a / b, 2) for a, b in pairs if b and a / b > 0 and not mp.isnan(a / b)]
        if not known or any(abs(k - known[0]) > mp.mpf(10) ** -20 for k in known):
            if not known and all(_equal(a, b) for a, b in pairs):
                return Told(None, "no", COMPUTED)
            return Told(None, "no", PROVED)
        degree = known[0]
    for x in inputs:
        for c in (Fraction(2), Fraction(3), Fraction(1, 7)):
            with mp.workdps(_DIGITS):
                factor = _number(c) ** degree
            if not _equal(_value(root, _scaled(x, _number(c))), _scaled(_value(root, x), factor)):
                return Told(None, "no", PROVED)
    near = round(float(degree), 12) + 0.0
    return Told(
        near,
        f"of degree {num(near)}",
        surest(subject.definition.kind == "elementwise" and _euler(root, near, subject.shape.cuts)),
    )


def _first(value: Any) -> Any:
    return value.items[0] if isinstance(value, Row) else value


def _euler(root: Expr, degree: float, cuts: tuple[float, ...]) -> bool:
    """Whether algebra gives Euler's identity x f'(x) = k f(x), on each side of switches that lie at 0 alone."""
    if any(x != 0 for x in cuts) or not math.isfinite(degree):
        return False
    sides = [restricted(root, -END, 0.0), restricted(root, 0.0, END)]
    return all(stabilise(sub(mul(var("x"), derivative(f)), mul(degree, f))) is ZERO for f in sides)


__all__ = ["COMPUTED", "homogeneous", "idempotent", "parity", "zero_centred"]
