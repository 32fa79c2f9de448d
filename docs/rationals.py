"""Find the rational approximations of ``nonlin.backends.rationals``: ``python -m docs.rationals`` prints its table.

Each is a weighted least-squares fit in 60-digit arithmetic, reweighted until the relative error is level (Lawson), with the
denominator of the last round as weight, which makes the rational problem linear.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from mpmath import mp, mpf

ROUNDS, DIGITS = 12, 60


def over_root(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return ``s -> f(sqrt(s)) / sqrt(s)``: what an odd function is apart from its factor x, as a function of x squared."""
    return lambda s: function(mp.sqrt(s)) / mp.sqrt(s)


FITS: dict[tuple[str, str], tuple[Callable[[Any], Any], float, int, int]] = {
    # name, precision: the function, the end of [0, end], degrees of numerator and denominator
    ("erfcx", "float32"): (lambda x: mp.erfc(x) * mp.exp(x * x), 10.5, 4, 5),
    ("atan", "float64"): (over_root(mp.atan), 1.0, 6, 6),
    ("tanh", "float32"): (over_root(mp.tanh), 0.26, 1, 2),
    ("atanh", "float32"): (over_root(mp.atanh), 0.1112, 4, 0),
}


def fit(function: Callable[[Any], Any], end: float, top: int, bottom: int) -> tuple[list[Any], list[Any], Any]:
    """Return the coefficients of numerator and denominator, lowest power first, and the largest relative error."""
    count, ratio = 6 * (top + bottom + 1), mpf(end) / (mpf(end) + 1.5)
    # Chebyshev points in x / (x + 1.5), so that long ranges are dense where the function bends
    spots = [(mp.cos(mp.pi * (2 * i + 1) / (2 * count)) + 1) / 2 * ratio for i in range(count)]
    xs = [mpf("1.5") * s / (1 - s) for s in spots] if end > 1 else [mpf(end) * s / ratio for s in spots]
    true = [function(x) for x in xs]
    below, level = [mpf(1)] * count, [mpf(1)] * count
    for turn in range(ROUNDS):
        table, wanted = mp.matrix(count, top + 1 + bottom), mp.matrix(count, 1)
        for i, (x, value) in enumerate(zip(xs, true, strict=True)):
            weight = mp.sqrt(level[i]) / (value * below[i])
            for j in range(top + 1):
                table[i, j] = weight * x**j
            for j in range(1, bottom + 1):
                table[i, top + j] = -weight * value * x**j
            wanted[i] = weight * value
        found = list(mp.lu_solve(table.T * table, table.T * wanted))
        p, q = found[: top + 1], [mpf(1), *found[top + 1 :]]
        below = [abs(mp.polyval(q[::-1], x)) for x in xs]
        errors = [abs(mp.polyval(p[::-1], x) / mp.polyval(q[::-1], x) / v - 1) for x, v in zip(xs, true, strict=True)]
        if turn > 3:
            level = [w * (e + mpf(10) ** -40) for w, e in zip(level, errors, strict=True)]
            mean = sum(level) / count
            level = [w / mean for w in level]
    return p, q, max(errors)


def main() -> None:
    """Print the table, one function after the other."""
    for (name, precision), row in FITS.items():
        with mp.workdps(DIGITS):
            p, q, error = fit(*row)
        shown = ["(" + ", ".join(repr(float(c)) for c in side) + ")" for side in (p, q)]
        sys.stdout.write(f'("{name}", "{precision}"): (  # relative error {mp.nstr(error, 2)}\n')
        sys.stdout.write("".join(f"    {side},\n" for side in shown) + "),\n")


if __name__ == "__main__":
    main()
