"""The polynomials under the elementary functions: near-minimax fits, made with mpmath and written to ``coefficients.py``.

``python -m nonlin.backends.llvm.fits`` writes the file again; a test holds it against a fresh fit. Each row says which function
is fitted where, and by how many coefficients in each type. The weight makes the error relative to the final result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpmath import mp, mpf

END = {32: mpf("10.5"), 64: mpf("27.5")}
"""From here on erfc is below the smallest number."""
CENTRE = {32: mpf(2), 64: mpf("2.5")}
"""erfc(u)*exp(u*u)*(u + CENTRE) is fitted in t = (u - CENTRE)/(u + CENTRE)."""
DIGITS = 60


@dataclass(frozen=True)
class Fit:
    """One polynomial: of what, on which interval by bits of the type, with what weight, and its numbers of coefficients."""

    name: str
    function: Callable[[Any, int], Any]
    low: Callable[[int], Any]
    high: Callable[[int], Any]
    weight: Callable[[Any, int], Any]
    terms: dict[int, int]


def _erfcx(t: Any, bits: int) -> Any:
    c = CENTRE[bits]
    u = c * (1 + t) / (1 - t)
    return (u + c) * mp.exp(u * u) * mp.erfc(u)


def _half(bits: int) -> Any:
    return mp.log(2) / 2 * (1 + mpf(2) ** -10)


def _series(name: str, function: Callable[[Any], Any], top: Any, weight: Callable[[Any], Any], terms: dict[int, int]) -> Fit:
    """A polynomial in z = u*u from 0 to ``top``."""
    return Fit(name, lambda z, bits: function(z), lambda bits: mpf(0), lambda bits: top(), lambda z, bits: weight(z), terms)


def _exp_rest(r: Any, bits: int) -> Any:
    return (mp.expm1(r) - r) / r**2 if r else mpf(1) / 2


def _log_rest(z: Any) -> Any:
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) / s - 2) / z if z else mpf(2) / 3


def _sin_rest(z: Any) -> Any:
    u = mp.sqrt(z)
    return (mp.sin(u) / u - 1) / z if z else -mpf(1) / 6


def _cos_rest(z: Any) -> Any:
    return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2 if z else mpf(1) / 24


def _atan_rest(z: Any) -> Any:
    u = mp.sqrt(z)
    return (mp.atan(u) / u - 1) / z if z else -mpf(1) / 3


def _tanh_rest(z: Any) -> Any:
    u = mp.sqrt(z)
    return (mp.tanh(u) / u - 1) / z if z else -mpf(1) / 3


def _quarter() -> Any:
    return (mp.pi / 4 * (1 + mpf(2) ** -10)) ** 2


def _short() -> Any:
    return (mp.pi / 32 * (1 + mpf(2) ** -10)) ** 2


FITS: tuple[Fit, ...] = (
    # exp(r) = 1 + r + r*r*P(r), for |r| up to half of log 2
    Fit("exp", _exp_rest, lambda bits: -_half(bits), _half, lambda r, bits: r**2 / mp.exp(r) + mpf("1e-6"), {32: 5, 64: 10}),
    # the same for |r| up to a thirty-second of log 2
    Fit("exp_short", _exp_rest, lambda bits: -_half(bits) / 16, lambda bits: _half(bits) / 16, lambda r, bits: r**2 + mpf("1e-6"), {32: 2}),
    # log((1 + s)/(1 - s)) = 2*s + s**3*P(s*s), for m from sqrt(1/2) to sqrt(2)
    _series("log", _log_rest, lambda: mpf("0.1716") ** 2, lambda z: z + mpf("1e-4"), {32: 4, 64: 8}),
    # the same for m from 1 to 2: log(1 + t) for t from 0 to 1; and without a division, log(1 + t) = t + t*t*P(t)
    _series("log_unit", _log_rest, lambda: mpf(1) / 9, lambda z: z + mpf("1e-4"), {64: 13}),
    Fit("log_short", lambda t, bits: (mp.log1p(t) - t) / t**2 if t else -mpf(1) / 2, lambda bits: mpf(0), lambda bits: mpf(1),
        lambda t, bits: t**2 / mp.log1p(t) + mpf("1e-4"), {32: 10}),
    _series("sin", _sin_rest, _quarter, lambda z: z + mpf("1e-4"), {32: 3, 64: 7}),
    _series("cos", _cos_rest, _quarter, lambda z: z**2 + mpf("1e-4"), {32: 3, 64: 7}),
    # cos(u) = 1 + u*u*P(u*u) and sin(u) = u + u**3*P(u*u), for u up to pi/32
    _series("cos_short", lambda z: z * _cos_rest(z) - mpf(1) / 2, _short, lambda z: z + mpf("1e-4"), {32: 2}),
    _series("sin_short", _sin_rest, _short, lambda z: z + mpf("1e-4"), {32: 2}),
    # tanh(u) = u + u**3*P(u*u), for u up to where it is a half
    _series("tanh", _tanh_rest, lambda: mpf("0.55") ** 2, lambda z: z + mpf("1e-4"), {32: 5, 64: 11}),
    # arctan(u) = u + u**3*P(u*u), for u up to tan(pi/8)
    _series("arctan", _atan_rest, lambda: mpf("0.41422") ** 2, lambda z: z + mpf("1e-4"), {32: 5, 64: 11}),
    # erf(u) = u*P(u*u), for u up to 1/2
    _series("erf", lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) if z else 2 / mp.sqrt(mp.pi), lambda: mpf("0.25"), lambda z: mpf(1),
            {32: 6, 64: 12}),
    # the normal distribution function is 1/2 + u*P(u*u), for u up to sqrt(1/2)
    _series("cdf", lambda z: mp.erf(mp.sqrt(z / 2)) / mp.sqrt(z) / 2 if z else 1 / mp.sqrt(2 * mp.pi), lambda: mpf("0.5"),
            lambda z: mpf(1), {64: 12}),
    Fit("erfcx", _erfcx, lambda bits: mpf(-1), lambda bits: (END[bits] - CENTRE[bits]) / (END[bits] + CENTRE[bits]),
        lambda t, bits: 1 / _erfcx(t, bits), {32: 10, 64: 26}),
    # the same for the tail of the normal distribution: its argument is sqrt(2) times, its value half as large
    Fit("mills", lambda t, bits: _erfcx(t, bits) / mp.sqrt(2), lambda bits: mpf(-1),
        lambda bits: (END[bits] - CENTRE[bits]) / (END[bits] + CENTRE[bits]), lambda t, bits: 1 / _erfcx(t, bits), {32: 10, 64: 26}),
)  # fmt: skip


@dataclass(frozen=True)
class Pieces:
    """A function of u >= 0 in single precision as ``PIECES`` polynomials about the multiples of a step, up to the last."""

    name: str
    function: Callable[[Any], Any]
    step: Any
    terms: int
    odd: bool = False
    """Whether it is 0 at 0, and accurate there."""
    limit: float | None = None
    """What it is beyond the last piece, which begins with it: rounding that constant to nearest could leave it short."""


PIECES = 32
IN_PIECES: tuple[Pieces, ...] = (
    # the tail of the normal distribution, up to where no more than a billionth is left of it
    Pieces("tail", lambda u: mp.erfc(u / mp.sqrt(2)) / 2, mpf(3) / 16, 7),
    # tanh and erf, up to where they are 1
    Pieces("tanh", mp.tanh, mpf(37) / 128, 6, odd=True, limit=1.0),
    Pieces("erf", mp.erf, mpf(33) / 256, 6, odd=True, limit=1.0),
)


def in_pieces(pieces: Pieces) -> tuple[list[list[float]], float]:
    """Return the coefficients about each multiple of the step, power by power, and the largest relative error."""
    rows, worst = [], 0.0
    half = pieces.step / 2 * (1 + mpf(2) ** -10)
    for k in range(PIECES):
        factor = pieces.odd and not k  # r*P(r) about 0

        def piece(r: Any, bits: int, centre: Any = k * pieces.step, factor: bool = factor) -> Any:
            r = r or mpf(10) ** -20
            return pieces.function(centre + r) / (r if factor else 1)

        low = -half if k else mpf(0)
        fit = Fit(pieces.name, piece, lambda bits, low=low: low, lambda bits: half,  # type: ignore[misc]
                  lambda r, bits, f=piece: 1 / f(r, bits), {32: pieces.terms - factor})  # type: ignore[misc]  # fmt: skip
        found, error = fitted(fit, 32)
        worst = max(worst, error)
        if pieces.limit is not None and k == PIECES - 1:
            found[0] = pieces.limit
        rows.append([0.0] * factor + found)
    return [list(column) for column in zip(*rows, strict=True)], worst


def fitted(fit: Fit, bits: int) -> tuple[list[float], float]:
    """Return the coefficients, rounded to the type, and the largest weighted error of the fit before rounding."""
    import numpy as np

    with mp.workdps(DIGITS):
        n = fit.terms[bits]
        low, high = fit.low(bits), fit.high(bits)
        count = 6 * n
        points = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * j + 1) / (2 * count)) for j in range(count)]
        values = [fit.function(p, bits) for p in points]
        weights = [fit.weight(p, bits) for p in points]
        chebyshev = [[mp.chebyt(k, (2 * p - low - high) / (high - low)) for k in range(n)] for p in points]
        pull = np.ones(count)
        best: tuple[Any, list[Any]] | None = None
        for _ in range(12):  # Lawson's: weigh more where the error is large, and the largest error falls
            rows = mp.matrix(
                [[c * w * mp.sqrt(mpf(float(p))) for c in row] for row, w, p in zip(chebyshev, weights, pull, strict=True)]
            )
            right = mp.matrix([v * w * mp.sqrt(mpf(float(p))) for v, w, p in zip(values, weights, pull, strict=True)])
            found = mp.lu_solve(rows.T * rows, rows.T * right)
            errors = [abs((mp.fdot(row, found) - v) * w) for row, v, w in zip(chebyshev, values, weights, strict=True)]
            worst = max(errors)
            if best is None or worst < best[0]:
                best = (worst, list(found))
            pull = pull * np.array([float(e / worst) for e in errors]) + 1e-9
            pull /= pull.sum()
        assert best is not None
        monomials = _monomials(best[1], (low + high) / 2, (high - low) / 2)
        kind = np.float32 if bits == 32 else np.float64
        return [float(kind(float(c))) for c in monomials], float(best[0])


def _monomials(series: list[Any], middle: Any, half: Any) -> list[Any]:
    """A Chebyshev series in (y - middle)/half as a polynomial in y."""
    basis = [[mpf(1)], [-middle / half, 1 / half]]
    for _ in range(len(series) - 2):
        nxt = [mpf(0), *[2 * c / half for c in basis[-1]]]
        for i, c in enumerate(basis[-1]):
            nxt[i] -= 2 * middle / half * c
        for i, c in enumerate(basis[-2]):
            nxt[i] -= c
        basis.append(nxt)
    total = [mpf(0)] * len(series)
    for c, poly in zip(series, basis, strict=False):
        for i, p in enumerate(poly):
            total[i] += c * p
    return total


def written() -> str:
    """The text of ``coefficients.py``."""
    lines = [
        '"""Coefficients of the polynomials in ``fits.py``, lowest power first; written by ``python -m nonlin.backends.llvm.fits``."""',
        "",
        "# fmt: off",
        "COEFFICIENTS: dict[tuple[str, int], tuple[float, ...]] = {",
    ]
    for fit in FITS:
        for bits in fit.terms:
            found, error = fitted(fit, bits)
            lines += [
                f"    # within 2**{mp.log(error, 2).__float__():.1f}",
                f'    ("{fit.name}", {bits}): ({", ".join(map(repr, found))}),',
            ]
    lines += ["}", "PIECES: dict[str, tuple[tuple[float, ...], ...]] = {"]
    for pieces in IN_PIECES:
        columns, error = in_pieces(pieces)
        lines += [f"    # within 2**{math.log2(error):.1f}", f'    "{pieces.name}": (']
        lines += [*(f"        {tuple(column)!r}," for column in columns), "    ),"]
    lines += ["}", f"STEPS = {{{', '.join(f'{p.name!r}: {float(p.step)!r}' for p in IN_PIECES)}}}".replace("'", '"')]
    for name, value, count in (("LN2", lambda: mp.log(2), 2), ("PI_HALVES", lambda: mp.pi / 2, 4)):
        split = {bits: parts(value, count, bits) for bits in (32, 64)}
        lines += [f"{name}: dict[int, tuple[float, ...]] = {split!r}"]
    for name, table in (("CENTRE", CENTRE), ("END", END)):
        lines += [f"{name} = {{32: {float(table[32])!r}, 64: {float(table[64])!r}}}"]
    return "\n".join([*lines, ""])


def parts(value: Callable[[], Any], count: int, bits: int) -> tuple[float, ...]:
    """A number as the sum of several of the type, each the rounding of what is left."""
    import numpy as np

    kind = np.float32 if bits == 32 else np.float64
    with mp.workdps(200):
        left, made = value(), []
        for _ in range(count):
            made.append(float(kind(float(left))))
            left -= mpf(made[-1])
    return tuple(made)


if __name__ == "__main__":
    Path(__file__).with_name("coefficients.py").write_text(written(), encoding="utf-8")
