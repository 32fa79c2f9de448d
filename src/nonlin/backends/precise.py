"""Elementary functions to two or three ulps, for libraries whose own are worse.

XLA's and TensorFlow's kernels on a CPU err by up to 4 ulps (single) and 7 (double) in tanh, 60 and 480 in erfc, and XLA's
log1p by 125 in double precision below zero. Here they are made from exp, log, arithmetic and selections alone, in ways that
survive XLA's algebraic simplifier: it turns (1 + u) - 1 into u and exp(a)*exp(b) into exp(a + b), so that tricks that
rely on rounding do not work. Every branch sees only inputs of its own range, so nothing overflows in the one not taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from nonlin.expr import Expr
from nonlin.expr.nodes import ONE, number, walk

LOG_3 = math.log(3)
"""From here on exp(u) - 1 is at least 2 and exp's own error is no longer magnified; half of it is where tanh is 1/2."""
HALF_ERF = 0.4769
"""Where erf is 1/2: 1 - erf loses nothing below, and 1 - erfc loses nothing above."""
LOG1P_SERIES = 0.41
"""Below this size log(1 + u) would lose digits to the rounding of 1 + u."""
CENTRE = 2.5
"""erfc(u)*exp(u*u)*(1 + 2u) is nearly a polynomial in t = (u - CENTRE)/(u + CENTRE), for all u that matter."""
END = {"float32": 10.5, "float64": 27.5}
"""Beyond this, erfc is below the smallest number."""
STEPS = {"float32": 2.0**7, "float64": 2.0**20}
"""u is cut to a multiple of 1/STEPS, whose square is exact, before exp(-u*u) is taken."""
TERMS = {
    # type: of the series of expm1, of log1p, of erf, of the rest of exp(-u*u); coefficients of the polynomial in t
    "float32": (13, 7, 9, 5, 12),
    "float64": (21, 15, 16, 4, 24),
}
"""Lengths for which what is cut off is below a tenth of an ulp."""


def functions(ops: Any, dtype: str) -> dict[str, Callable[[Any], Any]]:
    """Return the functions by name, on arrays of ``dtype``; ``ops`` has NumPy's names: ``jax.numpy``, ``keras.ops``."""
    expm1_terms, log1p_terms, erf_terms, rest_terms, _ = TERMS[dtype]
    inverse_factorials = [Fraction(1, math.factorial(n)) for n in range(expm1_terms + 1)]
    odd = [Fraction(1, (2 * n + 1) * 4**n) for n in range(log1p_terms)]
    alternating = [Fraction((-1) ** n, math.factorial(n) * (2 * n + 1)) for n in range(erf_terms)]

    def clip(u: Any, low: float, high: float) -> Any:
        return ops.minimum(ops.maximum(u, low), high)

    def zero_kept(u: Any, result: Any) -> Any:
        """``result``, but -0 at -0; where subnormals count as zero, they are kept too."""
        return ops.where(u == 0, u, result)

    def power(u: Any) -> Any:
        """exp(u) - 1 for |u| up to log 3."""
        return u + u * u * polynomial(inverse_factorials[2:], u)

    def expm1(u: Any) -> Any:
        near = power(clip(u, -LOG_3, LOG_3))
        return zero_kept(u, ops.where(ops.abs(u) < LOG_3, near, ops.exp(u) - 1.0))

    def log1p(u: Any) -> Any:
        v = clip(u, -LOG1P_SERIES, LOG1P_SERIES)
        s = (v + v) / (2.0 + v)  # log1p(v) is 2 artanh(s/2); half a smallest normal would be flushed to zero
        near = s * polynomial(odd, s * s)
        return ops.where(ops.abs(u) < LOG1P_SERIES, near, ops.log(1.0 + u))

    def tanh(u: Any) -> Any:
        size = ops.abs(u)
        near = power(clip(u + u, -LOG_3, LOG_3))
        e = ops.exp(-2.0 * size)
        far = 1.0 - 2.0 * e / (1.0 + e)
        return zero_kept(u, ops.where(size < LOG_3 / 2, near / (2.0 + near), ops.where(u < 0, -far, far)))

    def sigmoid(u: Any) -> Any:
        e = ops.exp(-ops.abs(u))
        return ops.where(u < 0, e, 1.0) / (1.0 + e)

    def tail(u: Any) -> Any:
        """erfc for u of at least HALF_ERF: exp(-u*u) with the rounding of u*u made good, times a slow function."""
        cut = ops.floor(u * STEPS[dtype]) / STEPS[dtype]
        rest = (cut - u) * (cut + u)
        power = ops.exp(-cut * cut) * polynomial(inverse_factorials[: rest_terms + 1], rest)
        slow = polynomial(slow_part(dtype), (u - CENTRE) / (u + CENTRE))
        return power * (slow / (1.0 + 2.0 * u))

    def middle(u: Any) -> Any:
        """erf for |u| up to HALF_ERF."""
        return 2.0 / math.sqrt(math.pi) * u * polynomial(alternating, u * u)

    def erfc(u: Any) -> Any:
        size = ops.abs(u)
        near = 1.0 - middle(clip(u, -HALF_ERF, HALF_ERF))
        far = tail(clip(size, HALF_ERF, END[dtype]))
        return ops.where(size < HALF_ERF, near, ops.where(u < 0, 2.0 - far, far))

    def erf(u: Any) -> Any:
        size = ops.abs(u)
        near = middle(clip(u, -HALF_ERF, HALF_ERF))
        far = 1.0 - tail(clip(size, HALF_ERF, END[dtype]))
        return ops.where(size < HALF_ERF, near, ops.where(u < 0, -far, far))

    return {f.__name__: f for f in (expm1, log1p, tanh, sigmoid, erfc, erf)}


def polynomial(coefficients: Sequence[Fraction | float], u: Any) -> Any:
    """Return c[0] + c[1]*u + c[2]*u**2 + ... by Horner's rule."""
    total: Any = float(coefficients[-1])
    for c in coefficients[-2::-1]:
        total = total * u + float(c)
    return total


@lru_cache(maxsize=2)
def slow_part(dtype: str) -> tuple[float, ...]:
    """Coefficients in t of (1 + 2u) exp(u*u) erfc(u) on [HALF_ERF, END]: interpolation at Chebyshev's points, with mpmath.

    The polynomial is within 3e-11 of the function, relatively, for single precision and within 1e-18 for double.
    """
    from mpmath import mp

    n = TERMS[dtype][-1]
    with mp.workdps(50):
        low, high = ((mp.mpf(u) - CENTRE) / (u + CENTRE) for u in (HALF_ERF, END[dtype]))
        points = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * j + 1) / (2 * n)) for j in range(n)]
        sizes = [CENTRE * (1 + t) / (1 - t) for t in points]
        values = [(1 + 2 * u) * mp.exp(u * u) * mp.erfc(u) for u in sizes]
        found = mp.lu_solve(mp.matrix([[t**j for j in range(n)] for t in points]), mp.matrix(values))
        return tuple(float(c) for c in found)


def _small(divisor: Expr) -> bool:
    """Whether a divisor is a number, or plainly no more than a few: 1 + exp(-|u|)."""
    if divisor.op == "add":
        return all(_small(a) for a in divisor.args)
    if divisor.op == "exp":
        inside = divisor.args[0]
        factor = number(inside.args[0]) if inside.op == "mul" else None
        size = inside.args[-1].op == "abs" if inside.args else False
        return size and (inside.op == "neg" or (factor is not None and factor < 0))
    return number(divisor) is not None


def unchained(root: Expr) -> Expr:
    """Return ``root`` with a/b/c as a/b * (1/c): XLA would make it a/(b*c), and b*c overflows where 1/b/c is a number."""
    done: dict[Expr, Expr] = {}
    for node in walk(root):
        args = tuple(done[a] for a in node.args)
        if node.op == "div" and node.args[0].op == "div" and not _small(node.args[1]):
            done[node] = Expr("mul", (args[0], Expr("div", (ONE, args[1]))))
        else:
            done[node] = Expr(node.op, args, node.payload)
    return done[root]
