"""The elementary functions against mpmath: every binade of both types, and vectors of several widths."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from nonlin.backends.llvm import coefficients, fits
from nonlin.backends.llvm.elementary import WHOLE
from nonlin.expr import Expr, call, var
from nonlin.expr.nodes import const
from nonlin.expr.spellings.llvm import SPELLINGS

Array = np.ndarray[Any, Any]
BITS = {"float32": 24, "float64": 53}
X = var("x")


def _softplus(u: Any) -> Any:
    return mp.log1p(mp.exp(u)) if u < 0 else u + mp.log1p(mp.exp(-u))


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    # name: exact function, ends of its domain
    "exp": (mp.exp, -800, 800), "expm1": (mp.expm1, -800, 800), "log": (mp.log, 0, math.inf),
    "log1p": (mp.log1p, -1, math.inf), "tanh": (mp.tanh, -800, 800), "sigmoid": (lambda u: 1 / (1 + mp.exp(-u)), -800, 800),
    "softplus": (_softplus, -800, 1e30), "sech2": (lambda u: mp.sech(u) ** 2, -800, 800), "sech": (mp.sech, -800, 800),
    "sinh": (mp.sinh, -800, 800), "cosh": (mp.cosh, -800, 800), "sin": (mp.sin, -(2.0**40), 2.0**40),
    "cos": (mp.cos, -(2.0**40), 2.0**40), "arctan": (mp.atan, -math.inf, math.inf), "arcsinh": (mp.asinh, -math.inf, math.inf),
    "erf": (mp.erf, -100, 100), "erfc": (mp.erfc, -100, 100), "normal_cdf": (mp.ncdf, -100, 100), "normal_pdf": (mp.npdf, -100, 100),
    "tanh_softplus": (lambda u: mp.tanh(_softplus(u)), -800, 800),
    "sech2_softplus": (lambda u: mp.sech(_softplus(u)) ** 2, -400, 400),
    "sqrt": (mp.sqrt, 0, math.inf),
}  # fmt: skip
ULPS = {
    "sqrt": 0.5,
    "tanh": 2.5,
    "sin": 3.0,
    "cos": 3.0,
    "erfc": 3.0,
    "normal_cdf": 3.5,
    "tanh_softplus": 3.0,
    "sech2": 4.0,
    "sech2_softplus": 9.0,
}
"""Allowed errors in units in the last place; 2 for those not named."""
EXACT = {"add", "sub", "mul", "div", "neg", "lt", "le", "gt", "ge", "abs", "sign", "floor", "round", "pow", "where", "min", "max", "pi",
         "straight_through", "join"}  # fmt: skip
"""Operations that are the processor's own or choose between numbers."""


def test_every_function_the_kernels_spell_is_tested() -> None:
    assert set(SPELLINGS) - EXACT == set(FUNCTIONS)


@lru_cache(maxsize=64)
def points(name: str, kind: str) -> tuple[Array, tuple[Any, ...]]:
    """Some numbers of every binade of the domain, more about 1, and the exact values there."""
    function, low, high = FUNCTIONS[name]
    info, source = np.finfo(kind), np.random.default_rng(7)
    first, last = round(math.log2(float(info.smallest_subnormal))), round(math.log2(float(info.max))) - 1
    exponents = [*range(first, last, 1 if kind == "float32" else 6), *range(-12, 11), *np.repeat(np.arange(-4, 8), 12)]
    sizes = np.concatenate([np.ldexp(1 + source.random(len(exponents)), exponents), source.uniform(0, 12, 300)])
    x = np.unique(np.concatenate([sizes, -sizes, [0.0]]).astype(kind))
    x = x[(x > low) & (x < high)]
    with mp.workprec(200):
        exact = tuple(function(mp.mpf(v)) for v in x.tolist())
    return x, exact


@pytest.mark.parametrize("kind", BITS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_within_an_ulp_or_two(name: str, kind: str, vectors: str, computed: Callable[..., Array]) -> None:
    x, exact = points(name, kind)
    got, worst, where = computed(call(name, X), x), 0.0, 0.0
    for at, value, true in zip(x.tolist(), got.tolist(), exact, strict=True):
        with np.errstate(over="ignore"):
            held = float(np.dtype(kind).type(float(true)))
        if math.isinf(held):
            assert value == held, at
            continue
        spacing = math.ldexp(1.0, math.frexp(max(abs(held), float(np.finfo(kind).tiny)))[1] - BITS[kind])
        with mp.workprec(200):
            error = float(abs(mp.mpf(value) - true)) / spacing
        if not error <= worst:
            worst, where = error, at
    assert worst <= ULPS.get(name, 2.0), f"{name}({where!r}) is {worst} ulps off"


@pytest.mark.parametrize("kind", BITS)
@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"sin", "cos"}))
def test_infinities_give_the_limits_and_nan_stays(
    name: str, kind: str, vectors: str, computed: Callable[..., Array]
) -> None:
    low, high, missing = computed(call(name, X), np.array([-np.inf, np.inf, np.nan], kind)).tolist()
    limits = {
        "exp": (0, math.inf), "expm1": (-1, math.inf), "log": (math.nan, math.inf), "log1p": (math.nan, math.inf), "tanh": (-1, 1),
        "sigmoid": (0, 1), "softplus": (0, math.inf), "sech2": (0, 0), "sech": (0, 0), "sinh": (-math.inf, math.inf),
        "cosh": (math.inf, math.inf), "arctan": (-math.pi / 2, math.pi / 2), "arcsinh": (-math.inf, math.inf), "erf": (-1, 1),
        "erfc": (2, 0), "normal_cdf": (0, 1), "normal_pdf": (0, 0), "tanh_softplus": (0, 1), "sech2_softplus": (1, 0),
        "sqrt": (math.nan, math.inf),
    }[name]  # fmt: skip
    assert (low, high) == pytest.approx(limits, rel=1e-6, abs=0, nan_ok=True)
    assert math.isnan(missing)


@pytest.mark.parametrize("kind", BITS)
def test_sine_and_cosine_of_anything_are_on_the_circle(kind: str, vectors: str, computed: Callable[..., Array]) -> None:
    info = np.finfo(kind)
    x = np.exp2(np.arange(0, math.log2(float(info.max)), 0.37)).astype(kind)
    s, c = (computed(call(f, X), np.concatenate([x, -x])).astype(np.float64) for f in ("sin", "cos"))
    assert abs(s * s + c * c - 1).max() < 4 * float(info.eps)
    half = len(x)
    assert np.array_equal(s[half:], -s[:half])
    assert np.array_equal(c[half:], c[:half])
    edge = float(WHOLE[BITS[kind] + (8 if kind == "float32" else 11)])
    assert computed(call("cos", X), np.array([edge * 4], kind))[0] == 1  # as if its argument were 0
    for f in ("sin", "cos"):
        assert np.isnan(computed(call(f, X), np.array([np.inf, -np.inf, np.nan], kind))).all()


@pytest.mark.parametrize("kind", BITS)
def test_zero_keeps_its_sign(kind: str, vectors: str, computed: Callable[..., Array]) -> None:
    for name in ("tanh", "sinh", "sin", "arctan", "arcsinh", "erf", "expm1", "log1p", "sqrt"):
        assert np.signbit(computed(call(name, X), np.array([-0.0, 0.0], kind))).tolist() == [True, False], name


@pytest.mark.parametrize("kind", BITS)
@pytest.mark.parametrize("power", [*range(-8, 9), 40])
def test_whole_powers(power: int, kind: str, computed: Callable[..., Array]) -> None:
    x = np.random.default_rng(3).normal(0, 2, 501).astype(kind)
    exact = x.astype(np.longdouble) ** power
    error = abs(computed(call("pow", X, const(power)), x) - exact) / np.spacing(abs(exact.astype(kind)))
    assert error.max() <= 1 + abs(power)


def test_a_careful_kernel_is_the_more_accurate(computed: Callable[..., Array]) -> None:
    x = np.random.default_rng(3).normal(0, 2, 4001).astype(np.float32)
    exact = 1 / np.cosh(x.astype(np.float64)) ** 2
    usual, careful = (computed(call("sech2", X), x, careful=c) - exact for c in (False, True))
    assert abs(careful / exact).mean() < 0.9 * abs(usual / exact).mean()


def test_the_coefficients_are_those_of_a_fresh_fit() -> None:
    assert coefficients.__file__ is not None
    with open(coefficients.__file__, encoding="utf-8") as file:
        assert file.read() == fits.written()


@pytest.mark.parametrize("bits", [32, 64])
def test_each_fit_is_as_good_as_its_type(bits: int) -> None:
    for fit in fits.FITS:
        if bits in fit.terms:
            made = coefficients.COEFFICIENTS[fit.name, bits]
            low, high = fit.low(bits), fit.high(bits)
            with mp.workprec(200):
                ats = [low + (high - low) * (k + mp.mpf(1) / 3) / 97 for k in range(97)]
                errors = [abs((mp.polyval(made[::-1], at) - fit.function(at, bits)) * fit.weight(at, bits)) for at in ats]
            assert max(errors) < 2.0 ** (-23 if bits == 32 else -52), fit.name


def test_a_name_the_kernels_have_no_code_for_is_refused(computed: Callable[..., Array]) -> None:
    from nonlin.backends.llvm.elementary import Unsupported

    with pytest.raises(Unsupported, match=r"a power with the exponent 2\.5"):
        computed(Expr("pow", (X, const(2.5))), np.ones(3))
