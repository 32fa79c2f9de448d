"""Rational functions fitted to an activation function by least squares: where rational units start from.

A rational unit is P(x)/Q(x) with a polynomial P of degree m and a denominator that never vanishes. Its versions are the
four of the literature and its software: A ``1 + |b1 x| + ... + |bn x^n|``, B ``1 + |b1 x + ... + bn x^n|``, C
``0.1 + |b0 + b1 x + ... + bn x^n|`` and D, which is B with noise on the coefficients of P while training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from nonlin.catalogue import Definition, resolve
from nonlin.errors import ParameterError

Array: TypeAlias = "np.ndarray[Any, Any]"

FLOOR_C = 0.1
"""The constant that keeps version C's denominator from vanishing."""
POINTS, STARTS, SEED = 1001, 40, 20190715
"""Evenly spaced sample points, starting points of the search, and the seed that draws them."""
DIGITS = 7
"""Significant digits the coefficients are rounded to; the residuals are those of the rounded coefficients."""


def _rounded(coefficients: Array, span: float) -> Array:
    """Round to significant digits; a coefficient that cannot matter on the interval (``span`` its reach) becomes 0."""
    reach = np.abs(coefficients) * np.maximum(span, 1.0) ** np.arange(len(coefficients))
    kept = np.where(reach > 10.0**-DIGITS * reach.max(initial=0.0), coefficients, 0.0)
    return np.array([float(f"{c:.{DIGITS}g}") + 0.0 for c in kept])


def _powers(x: Array, first: int, last: int) -> Array:
    """The powers ``x**first .. x**last`` as columns."""
    return np.asarray(np.vander(x, last + 1, increasing=True)[:, first:])


def _hermite(x: Array, first: int, last: int) -> Array:
    """The probabilists' Hermite polynomials ``He_first .. He_last`` as columns."""
    return np.asarray(np.polynomial.hermite_e.hermevander(x, last)[:, first:])


def _chebyshev(x: Array, first: int, last: int) -> Array:
    """The Chebyshev polynomials of the first kind ``T_first .. T_last`` as columns."""
    return np.asarray(np.polynomial.chebyshev.chebvander(x, last)[:, first:])


BASES: dict[str, Callable[[Array, int, int], Array]] = {
    "power": _powers,
    "hermite": _hermite,
    "chebyshev": _chebyshev,
}

DENOMINATORS: dict[str, tuple[int, Callable[[Array, Array], Array]]] = {
    # version: the lowest degree of the denominator, and its value from the basis' columns and the coefficients
    "A": (1, lambda columns, b: 1 + np.abs(columns * b).sum(axis=1)),
    "B": (1, lambda columns, b: 1 + np.abs(columns @ b)),
    "C": (0, lambda columns, b: FLOOR_C + np.abs(columns @ b)),
    "D": (1, lambda columns, b: 1 + np.abs(columns @ b)),
}
"""How each version's denominator is computed."""


def evaluate(x: Array, numerator: Array, denominator: Array, version: str = "A", basis: str = "power") -> Array:
    """Return the rational unit's values at ``x`` (any number of points, one dimension).

    >>> evaluate(np.array([2.0]), np.array([0.0, 1.0]), np.array([0.5]), "A")
    array([1.])
    """
    first, bottom = DENOMINATORS[version]
    columns = BASES[basis](x, first, first + len(denominator) - 1)
    return np.asarray(BASES[basis](x, 0, len(numerator) - 1) @ numerator / bottom(columns, denominator))


def _function(f: str | Definition | Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return a function of arrays: ``f`` itself, or the catalogue's function of that name or formula."""
    if not isinstance(f, str | Definition):
        return f
    from nonlin.backends.numpy import evaluate as values

    root = resolve(f).closed()
    return lambda x: values(root, x)


def fit(
    f: str | Definition | Callable[[Array], Array],
    m: int = 5,
    n: int = 4,
    low: float = -3,
    high: float = 3,
    version: str = "A",
    basis: str = "power",
) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], float, float]:
    """Return the rational function of degrees ``m``/``n`` nearest to ``f`` on [low, high] in the sense of least squares.

    Only the denominator is searched for: the best numerator to a given denominator is a linear problem. The search starts
    from the linearised problem's solution and from seeded random points, so that the same call gives the same numbers.

    Args:
        f: a name or formula, a definition, or a function that takes and returns an array of numbers.
        m: degree of the numerator, at least 0.
        n: degree of the denominator, at least 1.
        low: left end of the interval.
        high: right end, above ``low``.
        version: "A", "B", "C" or "D" (fitted like B: its noise has mean zero).
        basis: "power", "hermite" or "chebyshev", the polynomials the coefficients multiply.

    Returns:
        The coefficients ``(a0..am, b1..bn)`` (``b0..bn`` for version C), rounded, the largest absolute error over the
        sample points, and the root of the mean squared error.

    Raises:
        ParameterError: for an unknown version or basis, a degree that is too small or an empty interval.
    """
    from scipy.optimize import least_squares

    if version not in DENOMINATORS or basis not in BASES:
        known = f"versions are {', '.join(DENOMINATORS)}, bases are {', '.join(BASES)}"
        raise ParameterError(f"there is no version {version!r} with basis {basis!r}; {known}")
    if m < 0 or n < 1 or not low < high:
        raise ParameterError(f"fit needs m >= 0, n >= 1 and low < high, not m={m}, n={n}, low={low}, high={high}")
    first, bottom = DENOMINATORS[version]
    x = np.linspace(low, high, POINTS)
    target = np.asarray(_function(f)(x), dtype=float)
    top, columns = BASES[basis](x, 0, m), BASES[basis](x, first, n)

    def numerator(b: Array) -> Array:
        return np.asarray(np.linalg.lstsq(top / bottom(columns, b)[:, None], target, rcond=None)[0])

    def residual(b: Array) -> Array:
        scaled = top / bottom(columns, b)[:, None]
        return np.asarray(scaled @ np.linalg.lstsq(scaled, target, rcond=None)[0] - target)

    # f * Q = P with Q = 1 + b1 x + ... solved for a and b together: right where the absolute values do not bite
    linear = np.linalg.lstsq(np.hstack([top, -target[:, None] * BASES[basis](x, 1, n)]), target, rcond=None)[0][m + 1 :]
    lead = np.full(1 - first, 1 - FLOOR_C)  # so that version C starts where the others do
    draw = np.random.default_rng(SEED)
    sizes = 10.0 ** draw.uniform(-3, 0.5, (STARTS, n + 1 - first)) * draw.choice([-1.0, 1.0], (STARTS, n + 1 - first))
    starts = (np.concatenate([lead, linear]), *sizes)
    rule = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-14)
    found = [least_squares(residual, b, method="trf", x_scale="jac", max_nfev=200, **rule) for b in starts]
    b = min(found, key=lambda r: float(r.cost)).x
    b = np.abs(b) if version == "A" else b * np.sign(b[-1] or 1.0)  # signs the denominator does not see
    span = max(abs(low), abs(high))
    b = _rounded(b, span)
    a = _rounded(numerator(b), span)
    error = evaluate(x, a, b, version, basis) - target
    largest, typical = float(np.abs(error).max()), float(np.sqrt(np.mean(error**2)))
    return (tuple(a.tolist()), tuple(b.tolist())), largest, typical


TARGETS = ("relu", "leaky_relu", "elu", "gelu", "silu", "mish", "softplus", "tanh", "sigmoid", "sin")
"""The functions rational units are commonly started from."""


def table(
    versions: str = "ABC", **options: Any
) -> list[tuple[str, str, tuple[float, ...], tuple[float, ...], float, float]]:
    """Return one row per target and version: name, version, numerator, denominator, largest error, root mean square."""
    rows = []
    for name in TARGETS:
        for version in versions:
            (a, b), largest, typical = fit(name, version=version, **options)
            rows.append((name, version, a, b, largest, typical))
    return rows
