"""The primitives table: for each operation its derivative, its lowering, and one spelling per target.

A *spelling* is a template in which ``{0}``, ``{1}``, ... stand for the arguments. A primitive without a spelling for
a target is *lowered*: rewritten into primitives the target has, in a form that keeps full relative accuracy
(``sigmoid`` through ``exp(-|x|)``, the normal CDF through ``erfc``, ...). Adding a target is adding a column.

Kinks: at a tie ``min`` and ``max`` differentiate their second argument, ``where`` the branch its condition chooses,
and ``abs`` and ``sign`` give 0 at 0. So the derivative of ``max(x, 0)`` at 0 is 0, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from nonlin.expr.nodes import ONE, ZERO, Expr, add, call, const, div, mul, sub, where

Tangent = Callable[..., Expr]

TARGETS = ("text", "numpy", "torch", "mpmath", "sympy")
"""The spelling columns, one per target; ``text`` is the form people type and read."""


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


def primitive(
    name: str,
    arity: int,
    tangent: Tangent | None,
    spellings: dict[str, str],
    *,
    lower: Callable[..., Expr] | None = None,
    rowwise: bool = False,
) -> Primitive:
    """Add a row to the table; a target without a spelling gets the lowered form."""
    plain = f"{name}({', '.join(f'{{{i}}}' for i in range(arity))})"
    row = Primitive(name, arity, tangent, {"text": plain, **spellings}, lower, rowwise)
    PRIMITIVES[name] = row
    return row


def _unary(slope: Callable[[Expr], Expr]) -> Tangent:
    """Chain rule for a function of one argument whose derivative is ``slope``."""
    return lambda args, d, node: mul(slope(args[0]), d[0])


def _calls(*functions: str) -> dict[str, str]:
    """Spellings of a function of one argument on numpy, torch, mpmath and sympy; an empty name has none."""
    return {target: f"{f}({{0}})" for target, f in zip(TARGETS[1:], functions, strict=True) if f}


def _everywhere(template: str) -> dict[str, str]:
    """The same spelling for every target."""
    return dict.fromkeys(TARGETS, template)


_zero: Tangent = lambda args, d, node: ZERO  # noqa: E731 (a table entry)
_HALF = const(0.5)

# -- arithmetic, written infix everywhere --------------------------------------------------------------------
for _name, _sign, _tangent in (
    ("add", "+", lambda a, d, n: add(d[0], d[1])),
    ("sub", "-", lambda a, d, n: sub(d[0], d[1])),
    ("mul", "*", lambda a, d, n: add(mul(d[0], a[1]), mul(a[0], d[1]))),
):
    primitive(_name, 2, _tangent, _everywhere(f"({{0}} {_sign} {{1}})"))


def _div_tangent(a: tuple[Expr, ...], d: tuple[Expr, ...], node: Expr) -> Expr:
    if d[1] is ZERO:
        return div(d[0], a[1])
    # one numerator over b*b lets the terms of softsign-like quotients cancel exactly instead of in floating point
    return div(div(sub(mul(d[0], a[1]), mul(a[0], d[1])), a[1]), a[1])


def _pow_tangent(a: tuple[Expr, ...], d: tuple[Expr, ...], node: Expr) -> Expr:
    base = mul(mul(a[1], call("pow", a[0], sub(a[1], ONE))), d[0])
    return base if d[1] is ZERO else add(base, mul(mul(node, call("log", a[0])), d[1]))


primitive("div", 2, _div_tangent, _everywhere("({0} / {1})"))
primitive("neg", 1, lambda a, d, n: mul(-1, d[0]), _everywhere("(-{0})"))
primitive("pow", 2, _pow_tangent, {
    "text": "({0} ** {1})", "numpy": "np.power({0}, {1})", "torch": "torch.pow({0}, {1})",
    "mpmath": "power({0}, {1})", "sympy": "sp.Pow({0}, {1})",
})  # fmt: skip

# -- conditions and selection ----------------------------------------------------------------------------------
for _name, _sign in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">=")):
    primitive(_name, 2, None, _everywhere(f"({{0}} {_sign} {{1}})"))
primitive("where", 3, lambda a, d, n: where(a[0], d[1], d[2]), {
    "numpy": "np.where({0}, {1}, {2})", "torch": "where({0}, {1}, {2})",
    "mpmath": "({1} if {0} else {2})", "sympy": "sp.Piecewise(({1}, {0}), ({2}, True))",
})  # fmt: skip
primitive("min", 2, lambda a, d, n: where(a[0] < a[1], d[0], d[1]), {
    "numpy": "np.minimum({0}, {1})", "torch": "minimum({0}, {1})",
    "mpmath": "least({0}, {1})", "sympy": "sp.Min({0}, {1})",
})  # fmt: skip
primitive("max", 2, lambda a, d, n: where(a[0] > a[1], d[0], d[1]), {
    "numpy": "np.maximum({0}, {1})", "torch": "maximum({0}, {1})",
    "mpmath": "greatest({0}, {1})", "sympy": "sp.Max({0}, {1})",
})  # fmt: skip
for _name, _rule, _np, _torch, _mp, _sp in (
    ("abs", _unary(lambda u: call("sign", u)), "np.abs", "torch.abs", "abs", "sp.Abs"),
    ("sign", _zero, "np.sign", "torch.sign", "mp.sign", "sp.sign"),
    ("floor", _zero, "np.floor", "torch.floor", "mp.floor", "sp.floor"),
    ("round", _zero, "np.round", "torch.round", "mp.nint", "round_half_even"),
):
    primitive(_name, 1, _rule, _calls(_np, _torch, _mp, _sp))

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


def _gaussian(u: Expr) -> Expr:
    return call("exp", div(mul(-1, mul(u, u)), 2))


_PI = Expr("pi")
_ROOT_2 = call("sqrt", const(2))

primitive("pi", 0, _zero, {"text": "pi", "numpy": "np.pi", "torch": "math.pi", "mpmath": "mp.pi", "sympy": "sp.pi"})
_elementary: tuple[tuple[str, Callable[[Expr], Expr], str, str, str, str], ...] = (
    # name, derivative, numpy, torch, mpmath, sympy
    ("exp", lambda u: call("exp", u), "np.exp", "torch.exp", "exp", "sp.exp"),
    ("expm1", lambda u: call("exp", u), "np.expm1", "torch.expm1", "expm1", "expm1"),
    ("log", lambda u: div(ONE, u), "np.log", "torch.log", "log", "sp.log"),
    ("log1p", lambda u: div(ONE, add(ONE, u)), "np.log1p", "torch.log1p", "log1p", "log1p"),
    ("tanh", lambda u: call("sech2", u), "np.tanh", "torch.tanh", "tanh", "sp.tanh"),
    ("sech2", lambda u: mul(-2, mul(call("tanh", u), call("sech2", u))), "", "", "sech2", "sech2"),
    ("sigmoid", lambda u: div(call("sech2", div(u, 2)), 4), "", "", "sigmoid", "sigmoid"),
    ("softplus", lambda u: call("sigmoid", u), "", "", "softplus", "softplus"),
    ("erf", lambda u: mul(div(2, call("sqrt", _PI)), call("exp", mul(-1, mul(u, u)))),
     "special.erf", "torch.erf", "erf", "sp.erf"),
    ("erfc", lambda u: mul(div(-2, call("sqrt", _PI)), call("exp", mul(-1, mul(u, u)))),
     "special.erfc", "torch.erfc", "erfc", "sp.erfc"),
    ("normal_cdf", lambda u: call("normal_pdf", u), "", "", "normal_cdf", "normal_cdf"),
    ("normal_pdf", lambda u: mul(-1, mul(u, call("normal_pdf", u))), "", "", "normal_pdf", "normal_pdf"),
    ("sin", lambda u: call("cos", u), "np.sin", "torch.sin", "sin", "sp.sin"),
    ("cos", lambda u: mul(-1, call("sin", u)), "np.cos", "torch.cos", "cos", "sp.cos"),
    ("arctan", lambda u: div(ONE, add(ONE, mul(u, u))), "np.arctan", "torch.atan", "mp.atan", "sp.atan"),
    ("arcsinh", lambda u: div(ONE, call("sqrt", add(ONE, mul(u, u)))), "np.arcsinh", "torch.asinh",
     "mp.asinh", "sp.asinh"),
    ("sqrt", lambda u: div(_HALF, call("sqrt", u)), "np.sqrt", "torch.sqrt", "sqrt", "sp.sqrt"),
)  # fmt: skip
_lowerings: dict[str, Callable[[Expr], Expr]] = {
    "sigmoid": _lower_sigmoid,
    "softplus": _lower_softplus,
    "sech2": _lower_sech2,
    "normal_cdf": lambda u: div(call("erfc", div(mul(-1, u), _ROOT_2)), 2),
    "normal_pdf": lambda u: div(_gaussian(u), call("sqrt", mul(2, _PI))),
}
for _name, _slope, _np, _torch, _mp, _sp in _elementary:
    primitive(_name, 1, _unary(_slope), _calls(_np, _torch, _mp, _sp), lower=_lowerings.get(_name))

# -- reductions over the last axis, which they keep with length 1 -----------------------------------------------


def _softmax_tangent(a: tuple[Expr, ...], d: tuple[Expr, ...], node: Expr) -> Expr:
    return mul(node, sub(d[0], call("row_sum", mul(node, d[0]))))


def _log_softmax_tangent(a: tuple[Expr, ...], d: tuple[Expr, ...], node: Expr) -> Expr:
    return sub(d[0], call("row_sum", mul(call("row_softmax", a[0]), d[0])))


for _name, _tangent in (
    ("row_sum", lambda a, d, n: call("row_sum", d[0])),
    ("row_max", lambda a, d, n: call("row_sum", mul(call("row_first_max", a[0]), d[0]))),
    ("row_first_max", _zero),
    ("row_logsumexp", lambda a, d, n: call("row_sum", mul(call("row_softmax", a[0]), d[0]))),
    ("row_softmax", _softmax_tangent),
    ("row_log_softmax", _log_softmax_tangent),
):
    primitive(_name, 1, _tangent, _everywhere(f"{_name}({{0}})"), rowwise=True)


def is_rowwise(*roots: Expr) -> bool:
    """Return whether any node reduces over the last axis."""
    from nonlin.expr.nodes import walk

    return any(n.op in PRIMITIVES and PRIMITIVES[n.op].rowwise for n in walk(*roots))
