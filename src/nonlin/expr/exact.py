"""Formulas evaluated in arbitrary precision, through mpmath: constants, limits, and the tests' oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nonlin.expr.nodes import Expr, variables
from nonlin.expr.primitives import PRIMITIVES
from nonlin.expr.program import source

if TYPE_CHECKING:
    import mpmath

_HUGE = 10**9
"""From here on bounded functions stand at their limits: exp(-1e9) is zero in every float type."""
_SMALL = 64
"""Up to here whole powers are products."""
_LARGE, _MANY_BITS = 2**16, 1024
"""From this argument on exp reduces it itself, and gives no more than so many bits of such a tiny or huge number."""
_HUGER = 2**4096
"""From here on exp and powers are infinite or zero, and sin and cos unknown. Below, mpmath holds them exactly (textbook
quotients such as tanh's need that); the cost is as many bits as the argument's own exponent."""


@lru_cache(maxsize=1)
def namespace() -> dict[str, Any]:
    """Return what an emitted mpmath program may call; special functions from their definitions, limits saturated."""
    from mpmath import mp

    huger = mp.mpf(_HUGER)  # once: a comparison with the integer would convert its 4096 bits each time

    def exp(u: mpmath.mpf) -> mpmath.mpf:
        if abs(u) < _LARGE:
            return mp.exp(u)
        u = mp.convert(u)  # a row may hold fractions
        if abs(u) > huger:
            return mp.inf if u > 0 else mp.zero
        digits = min(mp.prec, _MANY_BITS)
        with mp.workprec(digits + mp.mag(u)):  # mp.exp would take powers of e, at a hundred times the cost
            whole = int(mp.floor(u / mp.ln2))
            rest = u - whole * mp.ln2
        with mp.workprec(digits):
            return mp.ldexp(mp.exp(rest), whole)

    def power(a: mpmath.mpf, b: mpmath.mpf) -> mpmath.mpf:
        if abs(b) <= _SMALL and mp.isint(b):
            return a ** int(b)
        if a < 0 and not mp.isint(b):
            return mp.nan  # real arithmetic, as the kernels do
        if a and abs(b * mp.log(abs(a))) > huger:
            return mp.inf if (abs(a) > 1) == (b > 0) else mp.zero
        return mp.power(a, b)

    def sigmoid(u: mpmath.mpf) -> mpmath.mpf:
        return 1 / (1 + exp(-u))

    def sech2(u: mpmath.mpf) -> mpmath.mpf:
        t = exp(-2 * abs(u))
        return 4 * t / (1 + t) ** 2

    def sech(u: mpmath.mpf) -> mpmath.mpf:
        t = exp(-abs(u))
        return 2 * t / (1 + t * t)

    def log_cosh(u: mpmath.mpf) -> mpmath.mpf:
        if abs(u) < 1:
            return mp.log1p(2 * mp.sinh(u / 2) ** 2)
        return abs(u) + mp.log1p(exp(-2 * abs(u))) - mp.ln2

    def log(u: mpmath.mpf) -> mpmath.mpf:
        return mp.log(u) if u > 0 else (-mp.inf if u == 0 else mp.nan)

    def log1p(u: mpmath.mpf) -> mpmath.mpf:
        return mp.log1p(u) if -1 < u < mp.inf else log(1 + u)

    def pick(a: mpmath.mpf, b: mpmath.mpf, lower: bool) -> mpmath.mpf:
        if mp.isnan(a) or mp.isnan(b):
            return mp.nan
        return a if (a < b) == lower else b

    return {
        "mp": mp,
        "exp": exp,
        "expm1": lambda u: exp(u) - 1 if abs(u) > _HUGE else mp.expm1(u),
        "log": log,
        "log1p": log1p,
        "power": power,
        "sqrt": lambda u: mp.sqrt(u) if u >= 0 else mp.nan,
        "sin": lambda u: mp.sin(u) if abs(u) < huger else mp.nan,
        "cos": lambda u: mp.cos(u) if abs(u) < huger else mp.nan,
        "tanh": lambda u: mp.sign(u) if abs(u) > _HUGE else mp.tanh(u),
        "sech2": sech2,
        "sech": sech,
        "sinh": lambda u: (exp(u) - exp(-u)) / 2 if abs(u) > _LARGE else mp.sinh(u),
        "cosh": lambda u: (exp(u) + exp(-u)) / 2,
        "log_cosh": log_cosh,
        "sigmoid": sigmoid,
        "softplus": lambda u: u if u > _HUGE else log1p(exp(u)),
        "erf": lambda u: mp.sign(u) if abs(u) > _HUGE else mp.erf(u),
        "erfc": lambda u: 1 - mp.sign(u) if abs(u) > _HUGE else mp.erfc(u),
        "normal_cdf": lambda u: (1 + mp.sign(u)) / 2 if abs(u) > _HUGE else mp.ncdf(u),
        "normal_pdf": lambda u: mp.zero if abs(u) > _HUGE else mp.npdf(u),
        "least": lambda a, b: pick(a, b, True),
        "greatest": lambda a, b: pick(a, b, False),
        **_rows(exp),
    }


def _rows(exp: Callable[[Any], Any]) -> dict[str, Any]:
    """Reductions over a row held as a Python object array-like ``Row``."""

    def reduce_sum(u: Row) -> Any:
        from mpmath import mp

        return mp.fsum(u.items)

    def first_max(u: Row) -> Row:
        best = max(range(len(u.items)), key=lambda i: (u.items[i], -i))
        return Row([Fraction(i == best) for i in range(len(u.items))])

    def softmax(u: Row) -> Row:
        shifted = [exp(v) for v in u.items]
        total = sum(shifted)
        return Row([v / total for v in shifted])

    def logsumexp(u: Row) -> Any:
        from mpmath import mp

        return mp.log(sum(exp(v) for v in u.items))

    def top(u: Row, k: Any) -> Row:
        order = sorted(range(len(u.items)), key=lambda i: (-u.items[i], i))[: int(k)]
        return Row([Fraction(i in order) for i in range(len(u.items))])

    def threshold(u: Row, alpha: Any) -> Any:
        from mpmath import mp

        def excess(t: Any) -> Any:
            return mp.fsum(max(v - t, 0) ** (1 / (alpha - 1)) for v in u.items if v > t) - 1

        low, high = max(u.items) - 1, max(u.items)
        for _ in range(int(mp.prec) + 8):
            middle = (low + high) / 2
            low, high = (middle, high) if excess(middle) > 0 else (low, middle)
        return (low + high) / 2

    return {
        "row_length": lambda u: len(u.items),
        "row_top": top,
        "row_threshold": threshold,
        "row_sum": reduce_sum,
        "row_max": lambda u: max(u.items),
        "row_first_max": first_max,
        "row_softmax": softmax,
        "row_logsumexp": logsumexp,
        "row_log_softmax": lambda u: u - logsumexp(u),
    }


class Row:
    """A row of exact numbers with the arithmetic an emitted program needs."""

    def __init__(self, items: Sequence[Any]) -> None:
        self.items = list(items)

    def _with(self, other: Any, combine: Callable[[Any, Any], Any]) -> Row:
        others = other.items if isinstance(other, Row) else [other] * len(self.items)
        return Row([combine(a, b) for a, b in zip(self.items, others, strict=True)])

    def __add__(self, other: Any) -> Row:
        return self._with(other, lambda a, b: a + b)

    def __radd__(self, other: Any) -> Row:
        return self._with(other, lambda a, b: b + a)

    def __sub__(self, other: Any) -> Row:
        return self._with(other, lambda a, b: a - b)

    def __abs__(self) -> Row:
        return Row([abs(v) for v in self.items])

    def __mul__(self, other: Any) -> Row:
        return self._with(other, lambda a, b: a * b)

    def __truediv__(self, other: Any) -> Row:
        return self._with(other, lambda a, b: a / b)


def _by_entry(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda u: Row([function(v) for v in u.items]) if isinstance(u, Row) else function(u)


@lru_cache(maxsize=2048)
def _program(root: Expr, names: tuple[str, ...]) -> Callable[..., Any]:
    from nonlin.expr.rewrite import lower

    text = source("mpmath", [lower(root, "mpmath")], names, _exact_literal)
    scope = dict(namespace())
    if "row_" in text:  # the exponentials of a row go entry by entry
        for name in ("exp", "expm1"):
            scope[name] = _by_entry(scope[name])
    exec(compile(text, "<nonlin exact>", "exec"), scope)  # text emitted from our own nodes, never from a user's
    made: Callable[..., Any] = scope["f"]
    return made


def _exact_literal(node: Expr) -> str | None:
    if isinstance(node.payload, Fraction):
        return f"(mp.mpf({node.payload.numerator}) / {node.payload.denominator})"
    return None


@lru_cache(maxsize=2048)
def _names(root: Expr) -> tuple[str, ...]:
    return tuple(variables(root))


def evaluate(root: Expr, values: Mapping[str, Any] | None = None, digits: int = 50) -> Any:
    """Return ``root`` at ``values`` as an mpmath number, computed with ``digits`` significant digits.

    Values may be ints, floats (taken exactly), fractions, mpmath numbers, or a :class:`Row`.
    """
    from mpmath import mp

    names = _names(root)
    given = values or {}
    with mp.workdps(digits):
        args = []
        for name in names:
            value = given[name]
            if isinstance(value, Fraction):
                value = mp.mpf(value.numerator) / value.denominator
            args.append(value if isinstance(value, Row) else mp.mpf(value))
        try:
            result = _program(root, names)(*args)
        except ZeroDivisionError:
            return mp.nan
        return result if isinstance(result, Row) else mp.mpf(result)


def sample(root: Expr, x: Any, bits: int) -> Any:
    """Return an expression in ``x`` alone at one number, computed with ``bits`` bits; NaN where it is undefined."""
    from mpmath import mp

    with mp.workprec(bits):
        try:
            return mp.mpf(_program(root, ("x",))(mp.mpf(x)))
        except (ZeroDivisionError, OverflowError):
            return mp.nan


@lru_cache(maxsize=8192)
def constant(root: Expr) -> float:
    """Return a variable-free expression correctly rounded to a Python float."""
    if isinstance(root.payload, Fraction):
        return float(root.payload)
    return float(evaluate(root, digits=40))


def is_constant(root: Expr) -> bool:
    """Whether an expression holds no variable and is a number (not a condition)."""
    return not variables(root) and (root.op not in PRIMITIVES or PRIMITIVES[root.op].tangent is not None)
