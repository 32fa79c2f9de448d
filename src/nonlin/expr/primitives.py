"""The primitives table: for each operation its derivative, its lowering, and one spelling per target.

The spellings stand in ``nonlin.expr.spellings``, one column per target. A primitive without a spelling for
a target is *lowered*: rewritten into primitives the target has, in a form that keeps full relative accuracy
(``sigmoid`` through ``exp(-|x|)``, the normal CDF through ``erfc``, ...). Adding a target is adding a column.

Kinks: at a tie ``min`` and ``max`` differentiate their second argument, ``where`` the branch its condition chooses,
and ``abs`` and ``sign`` give 0 at 0. So the derivative of ``max(x, 0)`` at 0 is 0, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from nonlin.expr.nodes import ONE, ZERO, Expr, add, call, const, div, mul, sub, where
from nonlin.expr.spellings import COLUMNS

Tangent = Callable[..., Expr]


@dataclass(frozen=True)
class Primitive:
    """One row. ``tangent(args, d_args, node)`` is the derivative along ``d_args``; None marks a condition."""

    name: str
    arity: int
    tangent: Tangent | None
    spellings: dict[str, str] = field(default_factory=dict)
    lower: Callable[..., Expr] | None = None
    rowwise: bool = False


PRIMITIVES: dict[str, Primitive] = {}
"""Every primitive by its name; formulas are made of these alone."""


def primitive(
    name: str,
    arity: int,
    tangent: Tangent | None,
    *,
    lower: Callable[..., Expr] | None = None,
    rowwise: bool = False,
) -> Primitive:
    """Add a row to the table; a target whose column does not name it gets the lowered form."""
    plain = f"{name}({', '.join(f'{{{i}}}' for i in range(arity))})"
    spelled = {target: column[name] for target, column in COLUMNS.items() if name in column}
    row = Primitive(name, arity, tangent, {"text": plain, **spelled}, lower, rowwise)
    PRIMITIVES[name] = row
    return row


def _unary(slope: Callable[[Expr], Expr]) -> Tangent:
    """Chain rule for a function of one argument whose derivative is ``slope``."""
    return lambda args, d, node: mul(slope(args[0]), d[0])


_zero: Tangent = lambda args, d, node: ZERO  # noqa: E731 (a table entry)
_HALF = const(0.5)

# -- arithmetic, written infix everywhere --------------------------------------------------------------------
for _name, _tangent in (
    ("add", lambda a, d, n: add(d[0], d[1])),
    ("sub", lambda a, d, n: sub(d[0], d[1])),
    ("mul", lambda a, d, n: add(mul(d[0], a[1]), mul(a[0], d[1]))),
):
    primitive(_name, 2, _tangent)


def _div_tangent(a: tuple[Expr, ...], d: tuple[Expr, ...], node: Expr) -> Expr:
    if d[1] is ZERO:
        return div(d[0], a[1])
    # (N' - y D')/D for y = N/D: nothing is squared, so nothing overflows that N and D do not. Quotients whose terms cancel
    # are differentiated over one denominator instead, see nonlin.expr.derive
    return div(sub(d[0], mul(node, d[1])), a[1])


def _pow_tangent(a: tuple[Expr, ...], d: tuple[Expr, ...], node: Expr) -> Expr:
    base = mul(mul(a[1], call("pow", a[0], sub(a[1], ONE))), d[0])
    return base if d[1] is ZERO else add(base, mul(mul(node, call("log", a[0])), d[1]))


primitive("div", 2, _div_tangent)
primitive("neg", 1, lambda a, d, n: mul(-1, d[0]))
primitive("pow", 2, _pow_tangent)

# -- conditions and selection ----------------------------------------------------------------------------------
for _name in ("lt", "le", "gt", "ge"):
    primitive(_name, 2, None)
primitive("where", 3, lambda a, d, n: where(a[0], d[1], d[2]))
primitive("min", 2, lambda a, d, n: where(a[0] < a[1], d[0], d[1]))
primitive("max", 2, lambda a, d, n: where(a[0] > a[1], d[0], d[1]))
primitive("abs", 1, _unary(lambda u: call("sign", u)))
for _name in ("sign", "floor", "round"):
    primitive(_name, 1, _zero)
# the value of the first, the derivative of the second: what functions without a useful derivative are trained with
primitive("straight_through", 2, lambda a, d, n: d[1])
# two or more outputs of one function, concatenated by whoever evaluates it; stands only at the root
primitive("join", 2, lambda a, d, n: call("join", *d))

# -- elementary functions ----------------------------------------------------------------------------------------


def _exp_minus_twice_abs(u: Expr) -> Expr:
    return call("exp", mul(-2, call("abs", u)))


def _lower_sigmoid(u: Expr) -> Expr:
    # neither exponential overflows, and for negative u the first is all that is left in the far tail
    return div(call("exp", call("min", u, ZERO)), add(ONE, call("exp", mul(-1, call("abs", u)))))


def _lower_softplus(u: Expr) -> Expr:
    return add(call("max", u, ZERO), call("log1p", call("exp", mul(-1, call("abs", u)))))


def _lower_sech2(u: Expr) -> Expr:
    t = _exp_minus_twice_abs(u)  # 1 - tanh(u)**2 would be 0 from |u| = 9 on in single precision
    return div(div(mul(4, t), add(ONE, t)), add(ONE, t))


def _lower_sech(u: Expr) -> Expr:
    t = call("exp", mul(-1, call("abs", u)))  # cosh(u) overflows
    return div(mul(2, t), add(ONE, mul(t, t)))


def _lower_log_cosh(u: Expr) -> Expr:
    # log(1 + 2*sinh(u/2)**2) keeps the digits of a small result; beyond 20 one more unit of u is one more unit of it
    size = call("abs", u)
    half = call("sinh", div(call("min", size, 20), 2))
    return add(call("log1p", mul(2, mul(half, half))), call("max", sub(size, 20), ZERO))


def _gaussian(u: Expr) -> Expr:
    return call("exp", div(mul(-1, mul(u, u)), 2))


_PI = Expr("pi")
_ROOT_2 = call("sqrt", const(2))

primitive("pi", 0, _zero)
_elementary: tuple[tuple[str, Callable[[Expr], Expr]], ...] = (
    # name, derivative
    ("exp", lambda u: call("exp", u)),
    ("expm1", lambda u: call("exp", u)),
    ("log", lambda u: div(ONE, u)),
    ("log1p", lambda u: div(ONE, add(ONE, u))),
    ("tanh", lambda u: call("sech2", u)),
    ("sech2", lambda u: mul(-2, mul(call("tanh", u), call("sech2", u)))),
    ("sigmoid", lambda u: div(call("sech2", div(u, 2)), 4)),
    ("softplus", lambda u: call("sigmoid", u)),
    ("erf", lambda u: mul(div(2, call("sqrt", _PI)), call("exp", mul(-1, mul(u, u))))),
    ("erfc", lambda u: mul(div(-2, call("sqrt", _PI)), call("exp", mul(-1, mul(u, u))))),
    ("normal_cdf", lambda u: call("normal_pdf", u)),
    ("normal_pdf", lambda u: mul(-1, mul(u, call("normal_pdf", u)))),
    ("sin", lambda u: call("cos", u)),
    ("cos", lambda u: mul(-1, call("sin", u))),
    ("arctan", lambda u: div(ONE, add(ONE, mul(u, u)))),
    ("arcsinh", lambda u: div(ONE, call("sqrt", add(ONE, mul(u, u))))),
    ("sqrt", lambda u: div(_HALF, call("sqrt", u))),
    ("sinh", lambda u: call("cosh", u)),
    ("cosh", lambda u: call("sinh", u)),
    ("sech", lambda u: mul(-1, mul(call("tanh", u), call("sech", u)))),
    ("log_cosh", lambda u: call("tanh", u)),
    # compositions that a target may compute in one go; ``fused`` writes them, no formula does
    ("tanh_softplus", lambda u: mul(call("sech2_softplus", u), call("sigmoid", u))),
    ("sech2_softplus", lambda u: mul(-2, mul(mul(call("tanh_softplus", u), call("sech2_softplus", u)), call("sigmoid", u)))),
)
_lowerings: dict[str, Callable[[Expr], Expr]] = {
    "sigmoid": _lower_sigmoid,
    "softplus": _lower_softplus,
    "sech2": _lower_sech2,
    "normal_cdf": lambda u: div(call("erfc", div(mul(-1, u), _ROOT_2)), 2),
    "sinh": lambda u: div(sub(call("expm1", u), call("expm1", mul(-1, u))), 2),
    "cosh": lambda u: add(div(call("exp", u), 2), div(call("exp", mul(-1, u)), 2)),
    "sech": _lower_sech,
    "log_cosh": _lower_log_cosh,
    "tanh_softplus": lambda u: call("tanh", call("softplus", u)),
    "sech2_softplus": lambda u: call("sech2", call("softplus", u)),
    "normal_pdf": lambda u: div(_gaussian(u), call("sqrt", mul(2, _PI))),
}
for _name, _slope in _elementary:
    primitive(_name, 1, _unary(_slope), lower=_lowerings.get(_name))

# -- reductions over the last axis, which they keep with length 1 -----------------------------------------------


def _softmax_tangent(a: tuple[Expr, ...], d: tuple[Expr, ...], node: Expr) -> Expr:
    return mul(node, sub(d[0], call("row_sum", mul(node, d[0]))))


def _log_softmax_tangent(a: tuple[Expr, ...], d: tuple[Expr, ...], node: Expr) -> Expr:
    return sub(d[0], call("row_sum", mul(call("row_softmax", a[0]), d[0])))


for _name, _tangent in (
    ("row_sum", lambda a, d, n: call("row_sum", d[0])),
    ("row_max", lambda a, d, n: call("row_sum", mul(call("row_first_max", a[0]), d[0]))),
    ("row_logsumexp", lambda a, d, n: call("row_sum", mul(call("row_softmax", a[0]), d[0]))),
    ("row_softmax", _softmax_tangent),
    ("row_log_softmax", _log_softmax_tangent),
):
    primitive(_name, 1, _tangent, rowwise=True)
for _name in ("row_length", "row_first_max"):
    primitive(_name, 1, _zero, rowwise=True)
primitive("row_top", 2, _zero, rowwise=True)  # 1 at the k largest entries, the first of equal ones, else 0


def _threshold_tangent(a: tuple[Expr, ...], d: tuple[Expr, ...], node: Expr) -> Expr:
    u, alpha = a
    excess = sub(u, node)
    weight = call("pow", excess, div(sub(2, alpha), sub(alpha, 1)))
    weight = where(excess > 0, weight, ZERO)
    return div(call("row_sum", mul(weight, d[0])), call("row_sum", weight))


# the t for which max(u - t, 0)**(1/(alpha - 1)) sums to 1: what sparsemax (alpha = 2) and entmax subtract
primitive("row_threshold", 2, _threshold_tangent, rowwise=True)


def is_rowwise(*roots: Expr) -> bool:
    """Return whether any node reduces over the last axis."""
    from nonlin.expr.nodes import walk

    return any(n.op in PRIMITIVES and PRIMITIVES[n.op].rowwise for n in walk(*roots))
