"""Interval extensions of the elementary functions, with room for the rounding of NumPy's and SciPy's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import numpy as np

from nonlin.facts.intervals import EPS, Array, Boxes, down, everything, hull, mul, neg, of_size, reciprocal, sign, up

SLACK = {"erfc": 512, "sech2_softplus": 4096, "normal_cdf": 512, "normal_pdf": 8192, "erf": 64, "pow": 4096}
"""Units in the last place by which an elementary function of NumPy or SciPy may be off; 16 for those not named."""
_DEFAULT_SLACK = 16


def _rising(op: str, function: Callable[[Array], Array], least: float, most: float) -> Callable[[Boxes], Boxes]:
    """A strictly rising function with values in (least, most), which it only tends to."""
    slack = SLACK.get(op, _DEFAULT_SLACK)
    value, place = _FIXED.get(op, math.nan), _FIXED_AT.get(op, 0.0)

    def bound(a: Boxes) -> Boxes:
        at_low, at_high = function(a.low), function(a.high)
        exact_low = (np.abs(at_low) == value) & (a.low == place)
        exact_high = (np.abs(at_high) == value) & (a.high == place)
        low: Array = np.where(exact_low, at_low, np.maximum(down(at_low, slack), least))
        high: Array = np.where(exact_high, at_high, np.minimum(up(at_high, slack), most))
        low, high = np.where(np.isnan(low), least, low), np.where(np.isnan(high), most, high)
        return Boxes(low, high, a.above | ~exact_low, a.below | ~exact_high)

    return bound


_FIXED = {"expm1": 0.0, "log1p": 0.0, "tanh": 0.0, "erf": 0.0, "arctan": 0.0, "arcsinh": 0.0, "sinh": 0.0, "exp": 1.0,
          "sqrt": 0.0, "log": 0.0, "erfc": 1.0, "cosh": 1.0, "log_cosh": 0.0, "sech": 1.0, "sech2": 1.0, "abs": 0.0}  # fmt: skip
"""Values that an elementary function takes exactly at the point below, so that nothing is added there."""
_FIXED_AT = {"log": 1.0}


def _even(rising: Callable[[Boxes], Boxes]) -> Callable[[Boxes], Boxes]:
    return lambda a: rising(of_size(a))


def _falling(rising: Callable[[Boxes], Boxes]) -> Callable[[Boxes], Boxes]:
    """A falling function of u from a rising one of -u."""
    return lambda a: rising(neg(a))


def _wave(shift: float) -> Callable[[Boxes], Boxes]:
    """sin(u + shift*pi/2): extremes where the box holds one, else the ends."""

    def bound(a: Boxes) -> Boxes:
        turn = math.pi / 2
        safe = np.abs(a.low) + np.abs(a.high) < 2.0**40
        low_in, high_in = np.where(safe, a.low, 0.0), np.where(safe, a.high, 0.0)
        wave = np.sin if shift == 0 else np.cos
        ends = np.stack([wave(low_in), wave(high_in)])
        fuzz = 1e-15 * (1 + np.abs(low_in) + np.abs(high_in))
        first, last = (low_in - fuzz) / turn + shift, (high_in + fuzz) / turn + shift  # in quarter turns
        top = np.floor((last - 1) / 4) >= np.ceil((first - 1) / 4)
        bottom = np.floor((last - 3) / 4) >= np.ceil((first - 3) / 4)
        origin = (shift == 0) & ((a.low == 0) | (a.high == 0))
        pad = np.where(origin, 0.0, 32 * EPS)
        least, most = ends.min(axis=0), ends.max(axis=0)
        low = np.where(bottom | ~safe, -1.0, np.maximum(least - np.abs(least) * (32 * EPS) - pad, -1.0))
        high = np.where(top | ~safe, 1.0, np.minimum(most + np.abs(most) * (32 * EPS) + pad, 1.0))
        low = np.where(np.isnan(low), -1.0, low)
        high = np.where(np.isnan(high), 1.0, high)
        # at 0 the sine is exactly 0, and reached only if the box's end is
        return Boxes(low, high, origin & (low == 0) & a.above & (a.low == 0), origin & (high == 0) & a.below & (a.high == 0))

    return bound


def _steps(function: Callable[[Array], Array]) -> Callable[[Boxes], Boxes]:
    def bound(a: Boxes) -> Boxes:
        low, high = function(a.low), function(a.high)
        # an open end at a whole number belongs to the step below it
        inside = np.where(
            a.below & (function(np.nextafter(a.high, -np.inf)) != high), function(np.nextafter(a.high, -np.inf)), high
        )
        first = np.where(
            a.above & (function(np.nextafter(a.low, np.inf)) != low), function(np.nextafter(a.low, np.inf)), low
        )
        high, low = np.maximum(inside, first), np.minimum(first, inside)
        nothing = np.zeros(low.shape, bool)
        return Boxes(low, high, nothing, nothing)

    return bound


@lru_cache(maxsize=1)
def functions() -> dict[str, Callable[[Boxes], Boxes]]:
    """Return the rule of each function of one argument."""
    from scipy import special

    def softplus(u: Array) -> Array:
        return np.logaddexp(0.0, u)

    def log_cosh(u: Array) -> Array:
        size = np.abs(u)
        return np.where(
            size < 1, np.log1p(2 * np.sinh(np.minimum(size, 1) / 2) ** 2), size + np.log1p(np.exp(-2 * size)) - np.log(2)
        )

    def minus_sech(power: int) -> Callable[[Array], Array]:
        def function(size: Array) -> Array:
            t = np.exp(-size)
            return -((2 * t / (1 + t * t)) ** power)

        return function

    def minus_pdf(size: Array) -> Array:
        return -np.exp(-size * size / 2) / math.sqrt(2 * math.pi)

    half_pi = math.pi / 2 * (1 + EPS)
    table: dict[str, tuple[Callable[[Array], Array], float, float]] = {
        "exp": (np.exp, 0, np.inf),
        "expm1": (np.expm1, -1, np.inf),
        "log": (np.log, -np.inf, np.inf),
        "log1p": (np.log1p, -np.inf, np.inf),
        "tanh": (np.tanh, -1, 1),
        "sigmoid": (special.expit, 0, 1),
        "softplus": (softplus, 0, np.inf),
        "erf": (special.erf, -1, 1),
        "normal_cdf": (special.ndtr, 0, 1),
        "arctan": (np.arctan, -half_pi, half_pi),
        "arcsinh": (np.arcsinh, -np.inf, np.inf),
        "sqrt": (np.sqrt, 0, np.inf),
        "sinh": (np.sinh, -np.inf, np.inf),
        "tanh_softplus": (lambda u: np.tanh(softplus(u)), 0, 1),
    }
    made = {op: _rising(op, *row) for op, row in table.items()}
    made["sech2_softplus"] = _falling(_rising("sech2_softplus", lambda u: -minus_sech(2)(softplus(-u)), 0, 1))
    made["erfc"] = _falling(_rising("erfc", lambda u: special.erfc(-u), 0, 2))
    made["abs"] = of_size
    made["cosh"] = _even(_rising("cosh", np.cosh, 1, np.inf))
    made["log_cosh"] = _even(_rising("log_cosh", log_cosh, 0, np.inf))
    for op, function, most in (("sech", minus_sech(1), 1.0), ("sech2", minus_sech(2), 1.0), ("normal_pdf", minus_pdf, 0.4)):
        falling = _rising(op, function, -most, 0)
        made[op] = lambda a, falling=falling: neg(falling(of_size(a)))  # type: ignore[misc]
    made |= {
        "sin": _wave(0),
        "cos": _wave(1),
        "floor": _steps(np.floor),
        "round": _steps(np.round),
        "sign": sign,
        "neg": neg,
    }
    return made


def power(a: Boxes, b: Boxes, exponent: Fraction | None) -> Boxes:
    """Return a ** b; ``exponent`` is the number b is, if it is one."""
    if exponent is not None and exponent.denominator == 1 and abs(exponent) <= 64:
        n = abs(int(exponent))
        base = of_size(a) if n % 2 == 0 else a
        made = base
        for _ in range(n - 1):
            made = mul(made, base) if n % 2 == 0 else _odd_power(made, base)
        return reciprocal(made) if exponent < 0 else made
    if exponent is not None and exponent > 0:
        unusable = a.low < 0
        low = np.maximum(down(np.maximum(a.low, 0) ** float(exponent), SLACK["pow"]), 0)
        high = up(np.maximum(a.high, 0) ** float(exponent), SLACK["pow"])
        low, high = np.where(a.low == 0, 0.0, low), np.where(a.high == 0, 0.0, high)
        wide = Boxes(low, high, a.above, a.below | (a.high != 0))
        return hull((~unusable, unusable), wide, everything(low.shape))
    return (
        functions()["exp"](mul(b, functions()["log"](a)))
        if bool(np.all(a.positive))
        else hull(
            (a.positive, ~a.positive), functions()["exp"](mul(b, functions()["log"](_safe(a)))), everything(a.low.shape)
        )
    )


def _odd_power(made: Boxes, base: Boxes) -> Boxes:
    """made * base where both rise together with base: the ends are products of ends."""
    crossing = ~(base.positive | base.negative | base.zero) & (base.low < 0) & (base.high > 0)
    plain = mul(made, base)
    size = mul(of_size(made), of_size(base))
    return hull((~crossing, crossing), plain, Boxes(-size.high, size.high, size.below, size.below))


def _safe(a: Boxes) -> Boxes:
    return Boxes(np.where(a.positive, a.low, 1.0), np.where(a.positive, a.high, 1.0), a.above, a.below)
