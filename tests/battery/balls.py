"""One rule per primitive: what it does to a power series whose coefficients are balls of arbitrary precision.

A *ball* is a midpoint and a rigorous bound of its error (Arb, through python-flint); a series in t of x + t gives a value
and as many derivatives as it has further coefficients, at once. Nothing here knows a symbolic derivative or a stable form.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from flint import arb, arb_series, ctx, fmpq

from nonlin.expr import Expr

HUGE = 1100
"""exp(u) of a u above 2**1100, beyond every float type, is taken for exp(u - u0) * 2**(2**1100), u0 being u at the point."""


class UndecidedError(ArithmeticError):
    """The balls are too wide to choose a branch, or to know that a divisor is not 0: more precision is needed."""


class SingularError(ArithmeticError):
    """There is no power series at this point, such as that of sqrt(x) at 0: only a limit from either side can answer."""


class UndefinedError(ArithmeticError):
    """The formula is not real here, such as log(-1)."""


REPRESENTED = 2.0**-10
"""A tie within so much of a spacing of a number of the type is taken for that number."""
SMALLEST = {53: 2.0**-1074, 24: 2.0**-149}
"""The smallest positive number of a type, by its bits."""
BLUR = 4
"""How many spacings of the type a computed comparison may misplace a tie that is not at a number of the type."""


class Run:
    """One evaluation of a formula's nodes at a point; shared nodes once, and only the branches that are chosen.

    A difference that a selection compares with 0 is *tied* where it is 0; where its zero, a number between those of the
    type, is within :data:`BLUR` times ``spacing``; and where its terms round to the same number, or itself to 0, in a type
    of ``bits``. With ``side`` = +1 or -1 a tie is decided as it would be a little to that side; with 0 it is decided
    exactly. ``wild`` tells that a sine or cosine was taken of more than ``reach``.
    """

    def __init__(
        self, x: arb_series, side: int = 0, spacing: Any = 0, bits: int = 53, last: bool = True, reach: Any = None
    ) -> None:
        self.x, self.side, self.spacing, self.last, self.reach = x, side, spacing, last, reach
        self.unit, self.smallest = 2.0**-bits, SMALLEST[bits]
        self.at_tie = self.near_tie = self.wild = False
        self.memo: dict[Expr, arb_series] = {}

    def __call__(self, node: Expr) -> arb_series:
        found = self.memo.get(node)
        if found is None:
            choose = CHOOSING.get(node.op)
            found = choose(self, node) if choose else PLAIN[node.op](*[self(a) for a in node.args])
            self.memo[node] = found
        return found

    def _tied(self, here: Any, slope: Any, size: Any) -> bool:
        """Whether arithmetic in the type may take a difference that is not 0 for 0, or for one of the other sign."""
        if not self.spacing:
            return False
        if abs(here) < self.smallest:
            return True  # it rounds to 0
        if abs(here) > BLUR * self.spacing * abs(slope):  # far from a zero; but x and tanh(x) are hardly different near 0
            return bool(abs(here) < BLUR * self.unit * size)
        if not abs(slope) > 0:
            return False
        steps = here / slope / self.spacing
        return bool(abs(steps) < REPRESENTED) or not abs(steps - (steps.mid() + arb(0.5)).floor()) < REPRESENTED

    def sign(self, difference: arb_series, size: Any = 0) -> int:
        """-1, 0 or 1: the sign of a series at the point, or beside it where it is tied; ``size`` is that of its terms."""
        here, known = difference[0], 0
        if here > 0 or here < 0:
            known = 1 if here > 0 else -1
            if not self._tied(here, difference[1], size):
                return known
            self.near_tie = True
        elif here.is_zero() or self.last:  # or not told from 0 by the highest precision
            self.at_tie = True
        else:
            raise UndecidedError
        if self.side == 0:
            return known
        for power in range(1, ctx.cap):
            change = difference[power]
            if change > 0 or change < 0:
                return (1 if change > 0 else -1) * (self.side if power % 2 else 1)
            if not change.is_zero() and not self.last:
                raise UndecidedError
        return 0


def _constant(value: Any) -> arb_series:
    return arb_series([value])


@lru_cache(maxsize=4096)
def _number(value: Fraction, precision: int) -> arb_series:
    return _constant(arb(fmpq(value.numerator, value.denominator)))


def _with_value(value: Any, series: arb_series) -> arb_series:
    """``series`` with another constant term."""
    return arb_series([value, *(series[k] for k in range(1, ctx.cap))])


def _integrated(value: Any, slope: arb_series, u: arb_series) -> arb_series:
    """The series of g(u) from g(u0) and the series of g'(u)."""
    return _with_value(value, (slope * u.derivative()).integral())


def _vanishes(u: arb_series) -> bool:
    return all(u[k].is_zero() for k in range(ctx.cap))


def _needs_positive(here: Any) -> None:
    if here.is_zero():
        raise SingularError
    if here < 0:
        raise UndefinedError
    if not here > 0:
        raise UndecidedError


# -- plain functions ----------------------------------------------------------------------------------------------


def _div(a: arb_series, b: arb_series) -> arb_series:
    here = b[0]
    if here.is_zero():
        raise SingularError
    if not (here > 0 or here < 0):
        raise UndecidedError
    return a / b


def _pow(a: arb_series, b: arb_series) -> arb_series:
    exponent = b[0].unique_fmpz() if b[0].is_exact() and b.length() <= 1 else None
    if exponent is not None:
        if exponent < 0:
            return _div(_constant(1), a ** int(-exponent))
        return a ** int(exponent)
    if _vanishes(a) and b[0] > 0:
        return _constant(0)
    _needs_positive(a[0])
    return _exp(b * a.log())


def _exp(u: arb_series) -> arb_series:
    if u[0] > arb((1, HUGE)):
        return _with_value(0, u).exp() * arb((1, 2**HUGE))
    return u.exp()


def _expm1(u: arb_series) -> arb_series:
    return _with_value(u[0].expm1(), _exp(u)) if u[0] < 1 else _exp(u) - 1


def _log(u: arb_series) -> arb_series:
    _needs_positive(u[0])
    return u.log()


def _log1p(u: arb_series) -> arb_series:
    _needs_positive(u[0] + 1)
    return _integrated(u[0].log1p(), _div(_constant(1), u + 1), u)


def _sqrt(u: arb_series) -> arb_series:
    if _vanishes(u):
        return _constant(0)
    _needs_positive(u[0])
    return u.sqrt()


def _tanh(u: arb_series) -> arb_series:
    return _integrated(u[0].tanh(), _sech2(u), u)


def _sech2(u: arb_series) -> arb_series:
    e = _exp(-2 * u if u[0] > 0 else 2 * u)
    return _div(4 * e, (1 + e) ** 2)


def _hyperbolic(u: arb_series, odd: bool) -> arb_series:
    """sinh, or cosh; near 0 from Taylor's coefficients, where the exponentials would cancel."""
    if abs(u[0]) > 1:
        e, inverse = _exp(u), _exp(-u)
        return (e - inverse if odd else e + inverse) / 2
    pair = u[0].sinh_cosh() if odd else u[0].sinh_cosh()[::-1]
    step, total = _with_value(0, u), _constant(0)
    for k in reversed(range(ctx.cap)):
        total = total * step / (k + 1) + pair[k % 2]
    return total


def _sech(u: arb_series) -> arb_series:
    if abs(u[0]) > 1:
        e = _exp(-u if u[0] > 0 else u)
        return _div(2 * e, 1 + e * e)
    return _div(_constant(1), _hyperbolic(u, False))


def _log_cosh(u: arb_series) -> arb_series:
    size = abs(u[0])
    if size > 1:
        value = size + (-2 * size).exp().log1p() - arb.const_log2()
    else:
        half = (u[0] / 2).sinh()
        value = (2 * half * half).log1p()
    return _integrated(value, _tanh(u), u)


def _sigmoid(u: arb_series) -> arb_series:
    if u[0] < 0:
        e = _exp(u)
        return _div(e, e + 1)
    return _div(_constant(1), _exp(-u) + 1)


def _softplus(u: arb_series) -> arb_series:
    here = u[0]
    value = here + (-here).exp().log1p() if here > 0 else here.exp().log1p()
    return _integrated(value, _sigmoid(u), u)


def _arcsinh(u: arb_series) -> arb_series:
    return _integrated(u[0].asinh(), _div(_constant(1), (u * u + 1).sqrt()), u)


def _normal_pdf(u: arb_series) -> arb_series:
    return _exp(u * u / -2) / (2 * arb.pi()).sqrt()


PLAIN: dict[str, Callable[..., arb_series]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _div,
    "neg": lambda a: -a,
    "pow": _pow,
    "straight_through": lambda a, b: _with_value(a[0], b),
    "pi": lambda: _constant(arb.pi()),
    "exp": _exp,
    "expm1": _expm1,
    "log": _log,
    "log1p": _log1p,
    "tanh": _tanh,
    "sech2": _sech2,
    "sinh": lambda u: _hyperbolic(u, True),
    "cosh": lambda u: _hyperbolic(u, False),
    "sech": _sech,
    "log_cosh": _log_cosh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "tanh_softplus": lambda u: _tanh(_softplus(u)),
    "sech2_softplus": lambda u: _sech2(_softplus(u)),
    "erf": lambda u: u.erf(),
    "erfc": lambda u: u.erfc(),
    "normal_cdf": lambda u: (u / -arb(2).sqrt()).erfc() / 2,
    "normal_pdf": _normal_pdf,
    "arctan": lambda u: u.atan(),
    "arcsinh": _arcsinh,
    "sqrt": _sqrt,
}
"""Functions of the series of their arguments."""


# -- selections ------------------------------------------------------------------------------------------------------


def _between(run: Run, a: Expr, b: Expr) -> int:
    u, v = run(a), run(b)
    return run.sign(u - v, abs(u[0]) + abs(v[0]))


def _where(run: Run, node: Expr) -> arb_series:
    condition, yes, no = node.args
    return run(yes if HOLDS[condition.op](_between(run, *condition.args)) else no)


def _abs(run: Run, node: Expr) -> arb_series:
    u = run(node.args[0])
    return -u if run.sign(u) < 0 else u


def _steps(run: Run, node: Expr) -> arb_series:
    """floor, and round, which takes a half to the even neighbour: the steps are at whole numbers, or half-way."""
    u = run(node.args[0])
    shift = 0 if node.op == "floor" else arb(0.5)
    moved = u + shift
    nearest = (moved[0].mid() + arb(0.5)).floor().unique_fmpz()  # the step closest to the point
    if nearest is None:
        raise UndecidedError
    above = run.sign(moved - nearest)
    if above == 0 and node.op == "round":
        return _constant(nearest - nearest % 2)
    return _constant(nearest if above >= 0 else nearest - 1)


def _wave(run: Run, node: Expr) -> arb_series:
    u = run(node.args[0])
    run.wild = run.wild or (run.reach is not None and abs(u[0]) > run.reach)
    return u.sin() if node.op == "sin" else u.cos()


HOLDS: dict[str, Callable[[int], bool]] = {
    "lt": lambda s: s < 0,
    "le": lambda s: s <= 0,
    "gt": lambda s: s > 0,
    "ge": lambda s: s >= 0,
}
"""Comparisons, of the sign of their first argument minus their second."""
CHOOSING: dict[str, Callable[[Run, Expr], arb_series]] = {
    "var": lambda run, node: run.x,
    "const": lambda run, node: _number(node.payload, ctx.prec),
    "where": _where,
    "min": lambda run, node: run(node.args[0 if _between(run, *node.args) < 0 else 1]),
    "max": lambda run, node: run(node.args[0 if _between(run, *node.args) > 0 else 1]),
    "abs": _abs,
    "sign": lambda run, node: _constant(run.sign(run(node.args[0]))),
    "floor": _steps,
    "round": _steps,
    "sin": _wave,
    "cos": _wave,
}
"""Leaves, nodes that look before they evaluate (a branch not taken may be undefined), and those with something to note."""
