"""Where a formula cancels, its polynomial: a function replaced on an interval by what it is there to the last bit.

x - tanh(x) is x**3/3 near 0 and loses every digit when computed as written. On an interval where a kernel misses its budget
the exact values at Chebyshev nodes give the polynomial that agrees with them, and its degree is the least that suffices
for the type. At 0 and at the points where the formula turns the power of the distance that leads is taken out first; even and
odd functions get a polynomial in x**2; towards infinity the polynomial is one in 1/x.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from nonlin.backends.rounding import Format
from nonlin.backends.truth import Exact
from nonlin.expr import Expr, const, var
from nonlin.expr.nodes import ONE

X = var("x")
NODES = {24: 18, 53: 32}
"""Interpolation nodes, by the bits of the type; one more than the highest degree."""
PRECISION = 320
"""Bits in which polynomials are computed."""
POWERS = range(-6, 13)
"""Powers of x that may be taken out."""


@dataclass(frozen=True)
class Chart:
    """A way to write a function on an interval: ``offset`` + ``factor(x)`` times a polynomial in y, for y from ``low`` to ``high``.

    ``to_x`` gives the point of a y, ``write`` the expression of a polynomial's coefficients.
    """

    low: Any
    high: Any
    to_x: Callable[[Any], Any]
    factor: Callable[[Any], Any]
    write: Callable[[list[Fraction]], Expr]
    offset: Any = 0


def candidates(exact: Exact, low: float, high: float, anchors: tuple[float, ...], form: Format) -> Iterator[Expr]:
    """Yield expressions that may stand for a function between ``low`` and ``high``, either of which may be infinite.

    With ``low`` > ``high`` they stand for both tails, below ``high`` and above ``low``. ``anchors`` are the points at which
    the formula turns; a power of the distance to one at either end is taken out. The first that passes a test is
    the cheapest.
    """
    for chart in _charts(exact, low, high, anchors):
        for coefficients in _polynomials(exact, chart, form):
            yield chart.write(coefficients)


# -- charts ------------------------------------------------------------------------------------------------------------


def _charts(exact: Exact, low: float, high: float, anchors: tuple[float, ...]) -> Iterator[Chart]:
    from mpmath import inf, mpf

    if low > high:
        yield from _tails(exact, mpf(max(low, -high)), (1, -1))
    elif high == inf or low == -inf:
        start, sign = (low, 1) if high == inf else (-high, -1)
        if 0 < start < inf:
            yield from _tails(exact, mpf(start), (sign,))
    elif low <= 0 <= high:
        yield from _around(exact, 0.0, mpf(low), mpf(high))
    else:
        for end in (low, high):
            if end in anchors:
                yield from _around(exact, end, mpf(low), mpf(high))
        middle = _short((low + high) / 2)
        yield _plain(middle, 0, mpf(low), mpf(high))


def _short(value: float) -> float:
    """A number of few digits near ``value``, so that subtracting it is often exact."""
    from math import frexp, ldexp

    mantissa, exponent = frexp(value)
    return ldexp(round(mantissa * 64) / 64, exponent)


def _around(exact: Exact, point: float, low: Any, high: Any) -> Iterator[Chart]:
    """Charts of an interval that holds ``point`` or ends there."""
    orders = [_order(exact, point, s * (e - point)) for s, e in ((1, high), (1, low)) if e != point]
    if None in orders or len(set(orders)) != 1:
        return
    order = orders[0]
    assert order is not None
    if len(orders) == 2 and point == 0:
        size = max(-low, high)
        signs = [exact(-size * q) / exact(size * q) for q in (Fraction(1, 3), Fraction(2, 7)) if exact(size * q)]
        if signs and (_all_near(signs, 1) or _all_near(signs, -1)):
            order += (order % 2 == 0) != _all_near(signs, 1)
            yield _even(order, size)
            return
    yield _plain(point, order, low, high)
    if order == 0:  # the value there may be tiny, log(1 + exp(x)) - 0.6931 for one
        yield _from_value(exact, point, low, high)


def _all_near(values: list[Any], target: int) -> bool:
    return all(abs(v - target) < 1e-20 for v in values)


def _order(exact: Exact, point: float, width: Any) -> int | None:
    """The power of the distance that a function behaves as near ``point``, on the side ``width`` points to."""
    from mpmath import mp, mpf

    with mp.workprec(PRECISION):
        far, near = (exact(mpf(point) + width * mpf(2) ** -k) for k in (100, 101))
        if far == 0 and near == 0:
            return 0
        if not (mp.isnormal(far) and mp.isnormal(near)):
            return None
        order = mp.log(abs(far / near), 2)
        whole = int(mp.nint(order))
        return whole if abs(order - whole) < 1e-12 and whole in POWERS else None


def _plain(point: float, order: int, low: Any, high: Any) -> Chart:
    """(x - point)**order times a polynomial in x - point."""
    from mpmath import mpf

    distance = X if point == 0 else Expr("sub", (X, const(Fraction(point))))
    return Chart(
        low - point,
        high - point,
        lambda y: mpf(point) + y,
        lambda x: (x - point) ** order,
        lambda c: _scaled(distance, order, c, distance),
    )


def _from_value(exact: Exact, point: float, low: Any, high: Any) -> Chart:
    """The value at ``point`` plus (x - point) times a polynomial in x - point."""
    value = exact(point)
    plain = _plain(point, 1, low, high)
    start = _fraction(value, exact.form) if abs(value) < exact.form.largest else Fraction(0)
    return replace(plain, write=lambda c: Expr("add", (const(start), plain.write(c))), offset=value)


def _even(order: int, size: Any) -> Chart:
    """x**order times a polynomial in x**2."""
    from mpmath import mp

    square = Expr("mul", (X, X))
    return Chart(size * 0, size**2, mp.sqrt, lambda x: x**order, lambda c: _scaled(X, order, c, square, square))


def _tails(exact: Exact, start: Any, signs: tuple[int, ...]) -> Iterator[Chart]:
    """Charts of the tails beyond ``start``: a power of x times a polynomial in 1/x or 1/x**2."""

    orders = {_growth(exact, sign, start) for sign in signs}
    if None in orders or len(orders) != 1:
        return
    (order,) = orders
    assert order is not None
    if order != int(order):
        yield from _roots(exact, start, signs, order)
        return
    order = int(order)
    end, sign, size, mirror = 1 / start, signs[0], X, ONE
    if len(signs) == 2:
        ratios = [exact(-start * q) / exact(start * q) for q in (Fraction(4, 3), Fraction(9, 4)) if exact(start * q)]
        odd = bool(ratios) and _all_near(ratios, -1)
        if not odd and not (ratios and _all_near(ratios, 1)):
            return
        size, mirror = Expr("abs", (X,)), Expr("sign", (X,)) if odd else ONE
        if odd == bool(order % 2):  # else sqrt(x*x + 1), which is |x|, or x/(1 + |x|), which is the sign of x
            yield _squares(end, sign, order, X, ONE)
        else:
            yield _squares(end, sign, order, size, mirror)
    else:
        yield _squares(end, sign, order, X, ONE)
    low_end, high_end = sorted((end * sign, end * 0))
    yield Chart(
        low_end,
        high_end,
        lambda y: 1 / y,
        lambda x: x**order,
        lambda c: _times(mirror, _tail(size, order, c, 1)),
    )


def _growth(exact: Exact, sign: int, start: Any) -> Any:
    """The power of x that a function behaves as far out on one side: a whole number, or if it is none a float; or None."""
    from mpmath import mp, mpf

    with mp.workprec(PRECISION):
        near, far = (exact(sign * start * mpf(2) ** k) for k in (100, 101))
        if near == 0 and far == 0:
            return 0
        if not (mp.isnormal(near) and mp.isnormal(far)):
            return None
        order = mp.log(abs(far / near), 2)
        whole = int(mp.nint(order))
        if abs(order - whole) < 1e-12:
            return whole if whole in POWERS else None
        simple = Fraction(float(order)).limit_denominator(1000)
        return float(order) if abs(order - mp.mpf(simple.numerator) / simple.denominator) < 1e-9 else None


def _roots(exact: Exact, start: Any, signs: tuple[int, ...], order: float) -> Iterator[Chart]:
    """A constant times a broken power of |x|, or with the sign of x: what is left of x/(1 + |x|**1.5) far out."""
    from mpmath import mp

    power = Fraction(order).limit_denominator(1000)
    exponent = mp.mpf(power.numerator) / power.denominator
    size, mirror = Expr("abs", (X,)), ONE
    if len(signs) == 2:
        ratio = exact(-start * 2) / exact(start * 2)
        if not _all_near([abs(ratio)], 1):
            return
        mirror = Expr("sign", (X,)) if ratio < 0 else ONE
    low_end, high_end = sorted((signs[0] / start, 0 * start))
    yield Chart(
        low_end,
        high_end,
        lambda y: 1 / y,
        lambda x: abs(x) ** exponent,
        lambda c: _times(mirror, _times(_horner(c, Expr("div", (ONE, size))), Expr("pow", (size, const(power))))),
    )


def _squares(end: Any, sign: int, order: int, size: Expr, mirror: Expr) -> Chart:
    """size**order times a polynomial in 1/x**2."""
    from mpmath import mp

    return Chart(
        end * 0,
        end**2,
        lambda y: sign / mp.sqrt(y),
        lambda x: x**order,
        lambda c: _times(mirror, _tail(size, order, c, 2)),
    )


# -- polynomials -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _chebyshev(n: int) -> tuple[list[Any], list[list[Any]]]:
    """Nodes in (-1, 1) and the cosines that turn values there into coefficients."""
    from mpmath import mp, mpf

    with mp.workprec(PRECISION):
        cosines = [mp.cos(mp.pi * k / (2 * n)) for k in range(4 * n)]
        nodes = [cosines[2 * j + 1] for j in range(n)]
        rows = [[cosines[(2 * j + 1) * k % (4 * n)] * (mpf(2) / n) for j in range(n)] for k in range(n)]
    return nodes, rows


def _polynomials(exact: Exact, chart: Chart, form: Format) -> Iterator[list[Fraction]]:
    """Yield the coefficients, rounded to the type, of polynomials of rising degree that come close to the function."""
    from mpmath import mp

    nodes, rows = _chebyshev(NODES[form.bits])
    with mp.workprec(PRECISION):
        middle, half = (chart.high + chart.low) / 2, (chart.high - chart.low) / 2
        points = [chart.to_x(middle + half * z) for z in nodes]
        values = [(exact(p) - chart.offset) / chart.factor(p) for p in points]
        if not all(mp.isfinite(v) for v in values):
            return
        series = [mp.fdot(row, values) for row in rows]
        series[0] /= 2
        left = [sum(abs(c) for c in series[k + 1 :]) for k in range(len(series))]
        least, most = min(abs(v) for v in values), max(abs(v) for v in values)
        wanted = form.unit / 2 * max(least, most * mp.mpf("1e-4"))
        enough = next((k for k, rest in enumerate(left) if rest <= wanted), None)
    if enough is None or enough > len(series) - 3:
        return
    for degree in range(enough, min(enough + 4, len(series) - 2)):
        with mp.workprec(PRECISION):
            exactly = _monomials(series[: degree + 1], middle, half)
        if max(abs(c) for c in exactly) < form.largest:
            yield [_fraction(c, form) for c in exactly]


def _monomials(series: list[Any], middle: Any, half: Any) -> list[Any]:
    """Coefficients in y of a Chebyshev series in (y - middle)/half, by Clenshaw's recurrence on polynomials."""
    from mpmath import mpf

    first: list[Any] = [mpf(0)]
    second: list[Any] = [mpf(0)]
    for c in reversed(series[1:]):
        first, second = _step(first, second, middle, half, c), first
    total = _step([v / 2 for v in first], second, middle, half, series[0])  # z rather than 2 z in the last step
    return total


def _step(first: list[Any], second: list[Any], middle: Any, half: Any, constant: Any) -> list[Any]:
    """constant + 2 z first - second, with z = (y - middle)/half."""
    made = [type(constant)(0)] * (len(first) + 1)
    for k, c in enumerate(first):
        made[k + 1] += 2 * c / half
        made[k] -= 2 * c * middle / half
    for k, c in enumerate(second):
        made[k] -= c
    made[0] += constant
    return made


def _fraction(value: Any, form: Format) -> Fraction:
    return Fraction(float(form.rounded(float(value))))


# -- writing -----------------------------------------------------------------------------------------------------------
# Nodes are made without the simplifications of ``call``: those would collect powers and turn 1/x times a sum into divisions.


_MINUS_ONE = const(-1)


def _times(a: Expr, b: Expr) -> Expr:
    for one, other in ((a, b), (b, a)):
        if one is ONE:
            return other
        if one is _MINUS_ONE:
            return Expr("neg", (other,))
    return Expr("mul", (a, b))


def _horner(coefficients: list[Fraction], y: Expr) -> Expr:
    while len(coefficients) > 1 and coefficients[-1] == 0:
        coefficients = coefficients[:-1]
    made = const(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        product = _times(y, made)
        made = product if c == 0 else Expr("add", (const(c), product))
    return made


def _power(base: Expr, order: int, square: Expr | None = None) -> Expr:
    """base**order, ``order`` >= 0, by products."""
    if order < 2:
        return base if order else ONE
    square = Expr("mul", (base, base)) if square is None else square
    half = _power(square, order // 2)
    return _times(half, base) if order % 2 else half


def _scaled(base: Expr, order: int, coefficients: list[Fraction], y: Expr, square: Expr | None = None) -> Expr:
    if not any(coefficients):
        return const(0)
    made = _horner(coefficients, y)
    if order >= 0:
        return _times(_power(base, order, square), made)
    return Expr("div", (made, _power(base, -order, square)))


def _tail(size: Expr, order: int, coefficients: list[Fraction], step: int) -> Expr:
    """size**order times a polynomial in 1/size**step; a polynomial in size itself where no negative power is left."""
    if not any(coefficients):
        return const(0)
    while coefficients[-1] == 0:
        coefficients = coefficients[:-1]
    degree = len(coefficients) - 1
    if order >= degree * step:
        inner = _horner(coefficients[::-1], _power(size, step))
        return _times(inner, _power(size, order - degree * step))
    inverse = Expr("div", (ONE, size))
    square = Expr("mul", (inverse, inverse))
    made = _horner(coefficients, inverse if step == 1 else square)
    return _times(_power(size, order), made) if order >= 0 else _times(_power(inverse, -order, square), made)
