"""The three measures that courses teach an activation function by, made exact: how nonlinear it is, how much of its input
has a gradient, and how centred its output is. All are for a standard normal input.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial

import numpy as np

from nonlin.expr import Expr
from nonlin.facts.boxes import bounds
from nonlin.facts.crossing import crossing
from nonlin.facts.extent import at
from nonlin.facts.forms import grouped
from nonlin.facts.intervals import Array
from nonlin.facts.shape import Piece
from nonlin.facts.subject import COMPUTED, Subject, Told, Untold

SLOPE = 0.01
"""A slope above this counts as a gradient."""
_FAR = 40.0
"""Beyond it lies a part of the inputs below 1e-300."""


_EDGE, _PANELS, _NODES = 14.0, 56, 40
"""Gauss-Legendre quadrature on so many panels of [-14, 14] and with so many nodes, split at switches."""


@lru_cache(maxsize=2048)
def _moments(root: Expr, cuts: tuple[float, ...]) -> tuple[float, float, float]:
    """Return E f, E f**2 and E z f; two resolutions must agree to 1e-9."""
    coarse, fine = (_integrals(root, cuts, panels) for panels in (_PANELS, 2 * _PANELS))
    tails = abs(_EDGE * at(root, -_EDGE)), abs(_EDGE * at(root, _EDGE))  # beyond, the normal density must have tamed them
    tamed = max(tails) ** 2 * math.exp(-_EDGE * _EDGE / 2) <= 1e-12 * (1 + abs(float(fine[1])))
    if not np.isfinite(fine).all() or not tamed:
        raise Untold("its mean or mean square is infinite or undefined for a Gaussian input")
    if (np.abs(fine - coarse) > 1e-9 * (1 + np.abs(fine))).any():
        raise Untold("it is too steep, or oscillates too fast, for its Gaussian moments to be integrated to 1e-9")
    mean, square, mixed = fine.tolist()
    return mean, square, mixed


def _integrals(root: Expr, cuts: tuple[float, ...], panels: int) -> Array:
    from nonlin.backends.rounding import FORMATS
    from nonlin.backends.truth import run

    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    inner = [x for x in cuts if abs(x) < _EDGE]
    edges = np.unique(np.concatenate([np.linspace(-_EDGE, _EDGE, panels + 1), inner]))
    half = np.diff(edges)[:, None] / 2
    z = edges[:-1, None] + half + half * nodes
    mass = np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * weights * half
    with np.errstate(all="ignore"):
        f = run(root, z.ravel(), FORMATS["float64"]).reshape(z.shape)
        return np.array([(f * mass).sum(), (f * f * mass).sum(), (z * f * mass).sum()])


def nonlinearity(subject: Subject) -> Told:
    """1 - (E z f)**2 / Var f."""
    mean, square, linear = _moments(subject.root, subject.shape.cuts)
    spread = square - mean * mean
    if spread <= 1e-14 * max(square, 1e-300):
        raise Untold("the function is constant for a Gaussian input")
    share = min(max(1 - linear * linear / spread, 0.0), 1.0)
    share = 0.0 if share < 1e-11 else share
    return Told(share, f"{share:.4f}", COMPUTED)


def zero_centredness(subject: Subject) -> Told:
    """1 - |E f| / sqrt(E f**2)."""
    mean, square, _ = _moments(subject.root, subject.shape.cuts)
    if square == 0:
        raise Untold("the function is 0 for a Gaussian input")
    centred = min(max(1 - abs(mean) / math.sqrt(square), 0.0), 1.0)
    return Told(centred, f"{centred:.4f}", COMPUTED)


def gradient_availability(subject: Subject) -> Told:
    """P(|f'(z)| > 0.01)."""
    share = math.fsum(_share(subject.trained, piece) for piece in subject.trained_bend if not piece.undefined)
    if subject.endless:
        share += sum(_outside(subject.trained, subject.shape.edge, side) for side in (-1, 1))
    note = "of the derivative that training uses" if subject.pretends else ""
    return Told(min(share, 1.0), f"{min(share, 1.0):.4f}", COMPUTED, note)


def _share(slope: Expr, piece: Piece) -> float:
    """The probability of being in a piece, where f' is monotone, with |f'| above the threshold."""
    low, high = max(piece.low, -_FAR), min(piece.high, _FAR)
    if not low < high:
        return 0.0
    ends = [
        at(slope, low, 1) if low == piece.low else at(slope, low),
        at(slope, high, -1) if high == piece.high else at(slope, high),
    ]
    if any(math.isnan(v) for v in ends):
        return 0.0
    cuts = [low]
    for level in (-SLOPE, SLOPE):
        if (ends[0] - level) * (ends[1] - level) < 0:
            above = partial(_above, slope, level)
            cuts.append(crossing(above, low, high, *(_scaled(v) - _scaled(level) for v in ends))[1])
    cuts = [*sorted(cuts), high]
    total = 0.0
    for a, b in zip(cuts, cuts[1:], strict=False):
        if abs(at(slope, a + (b - a) / 2)) > SLOPE:
            total += _mass(a, b)
    return total


def _outside(slope: Expr, edge: float, side: int) -> float:
    """The same probability beyond a window, where the signs of the slope are not followed: proved on boxes."""
    grid = np.linspace(edge, _FAR, 400)
    low, high = (grid[:-1], grid[1:]) if side > 0 else (-grid[1:], -grid[:-1])
    found = bounds(grouped(slope), low, high)
    above = (found.low > SLOPE) | (found.high < -SLOPE)
    open_ = ~above & (np.maximum(np.abs(found.low), np.abs(found.high)) > SLOPE)
    masses = np.array([_mass(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)])
    if (lost := math.fsum(masses[open_])) > 1e-12:
        raise Untold(f"its slope oscillates too fast to be followed beyond {edge:g}; {2 * lost:.1g} of the inputs lie there")
    return math.fsum(masses[above])


def _above(slope: Expr, level: float, x: float) -> float:
    return _scaled(at(slope, x)) - _scaled(level)


def _scaled(slope: float) -> float:
    """A scale that is logarithmic away from 0, on which slopes that fall like exp are straight."""
    return math.asinh(slope / SLOPE)


def _mass(low: float, high: float) -> float:
    root = math.sqrt(2)
    return (
        (math.erfc(low / root) - math.erfc(high / root)) / 2
        if low > 0
        else (math.erfc(-high / root) - math.erfc(-low / root)) / 2
    )


__all__ = ["SLOPE", "gradient_availability", "nonlinearity", "zero_centredness"]
