"""Where signals settle in deep random networks: fixed points, the edge of chaos, and how deep signals reach.

A fixed point q* of the variance map attracts if chi_parallel < 1. On it, chi_perpendicular = chi_1 parts two phases: below 1
all inputs become alike and gradients vanish (ordered), above 1 like inputs become unlike and gradients explode (chaotic). The edge
of chaos, chi_1 = 1, is where signals and gradients travel deepest (Schoenholz et al. 2017, arXiv:1611.01232; Hayou et al. 2019,
arXiv:1902.06853). A point of it whose fixed point repels is of no use: depth leads away from it, as happens with gelu, silu and
mish at small biases.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nonlin.catalogue import Definition
from nonlin.errors import ParameterError
from nonlin.expr import Expr, derivative
from nonlin.facts.maps import correlation_map, overlap, smooth_enough, weights
from nonlin.facts.moments import elementwise, finite, integrate, undefined_side

SMALLEST, LARGEST = 1e-6, 1e6
"""Variances between which fixed points and edges are looked for."""
_GRID = tuple(float(q) for q in np.geomspace(SMALLEST, LARGEST, 97))
_SAME = 1e-9
"""Distance from 1 below which a chi counts as 1."""


@dataclass(frozen=True)
class FixedPoint:
    """A fixed point of the variance map, and what the layers do near it.

    Attributes:
        sigma_w: weights have variance sigma_w^2/fan_in.
        sigma_b: biases have variance sigma_b^2.
        q: the variance of pre-activations that a layer keeps; NaN where it keeps every one (ReLU at its edge).
        chi_perpendicular: factor on squared gradients and small angles, a layer.
        chi_parallel: factor on small changes of q, a layer.
        stability: ``stable`` if nearby variances approach q, ``unstable`` if they leave it, ``half-stable`` if they do one on
            each side, ``neutral`` if they stay where they are.
        c: the correlation two different inputs end at: 1 unless chi_perpendicular > 1; NaN where it is not computed.
        slope: the slope of the correlation map there.
    """

    sigma_w: float
    sigma_b: float
    q: float
    chi_perpendicular: float
    chi_parallel: float
    stability: str
    c: float = 1.0
    slope: float = 1.0

    @property
    def phase(self) -> str:
        """``ordered`` (chi_1 < 1), ``chaotic`` (chi_1 > 1) or ``edge``."""
        off = self.chi_perpendicular - 1
        return "edge" if abs(off) < _SAME else "ordered" if off < 0 else "chaotic"

    @property
    def variance_depth(self) -> float:
        """Layers in which a deviation from q shrinks e-fold, -1/ln chi_parallel; infinite unless stable."""
        return _depth(self.chi_parallel)

    @property
    def correlation_depth(self) -> float:
        """Layers xi in which a deviation from the final correlation shrinks e-fold, -1/ln of the map's slope there."""
        return _depth(self.slope)

    @property
    def gradient_depth(self) -> float:
        """Layers in which squared gradients change e-fold, 1/|ln chi_1|; infinite on the edge."""
        off = abs(self.chi_perpendicular - 1)
        if off < _SAME or not math.isfinite(self.chi_perpendicular):
            return math.inf if off < _SAME else 0.0
        return 1 / abs(math.log(self.chi_perpendicular)) if self.chi_perpendicular > 0 else 0.0


def _depth(slope: float) -> float:
    if math.isnan(slope):
        return math.nan
    if slope <= 0:
        return 0.0
    return math.inf if slope > 1 - _SAME else -1 / math.log(slope)


def _stability(root: Expr, w: float, b: float, q: float) -> str:
    """Return the stability of a fixed point; where chi_parallel is 1, by where the variances on both sides of it go."""
    along = w * w * integrate(root, q)[3] / math.sqrt(q) if q else w * w * _slope_square_at_zero(root)
    if not abs(along - 1) < 1e-7:
        return "stable" if abs(along) < 1 else "unstable"

    def goes_up(near: float) -> int:
        drift = (w * w * integrate(root, near)[1] + b * b) / near - 1
        return 0 if abs(drift) < 1e-11 else 1 if drift > 0 else -1

    above = goes_up(1.01 * q if q else 1e-4)
    below = goes_up(0.99 * q) if q else -above
    if above == 0 and below == 0:
        return "neutral"
    return "half-stable" if above == below else "stable" if above < 0 else "unstable"


def fixed_points(definition: Definition | str, sigma_w: float, sigma_b: float = 0.0) -> tuple[FixedPoint, ...]:
    """Return the fixed points of the variance map, smallest first, between variances 1e-6 and 1e6, and 0 where it is one.

    One with ``q`` NaN says that every variance is kept. None at all means that variances shrink below 1e-6 or grow beyond 1e6.

    Raises:
        ParameterError: a scale out of range, a rowwise function or one with jumps, or moments that do not exist.

    >>> [(round(p.q, 4), p.stability, p.phase) for p in fixed_points("tanh", 2.0)]
    [(0.0, 'unstable', 'chaotic'), (2.1215, 'stable', 'chaotic')]
    """
    made, (w, b) = _continuous(definition), weights(sigma_w, sigma_b)
    root = made.closed()

    def excess(q: float) -> float:
        return w * w * integrate(root, q)[1] + b * b - q

    values = [excess(q) for q in _GRID]
    if all(abs(v) < 1e-11 * q for v, q in zip(values, _GRID, strict=True)):
        _, _, slope_square, cross, _ = integrate(root, 1.0)
        return (FixedPoint(w, b, math.nan, w * w * slope_square, w * w * cross, "neutral"),)
    at_zero = [_at_zero(root, w)] if b == 0 and _value(root, 0.0) == 0 else []
    return (*at_zero, *(_point(made, w, b, q) for q in _roots(excess, values)))


def _point(made: Definition, w: float, b: float, q: float) -> FixedPoint:
    _, _, slope_square, cross, _ = integrate(made.closed(), q)
    across, along = w * w * slope_square, w * w * cross / math.sqrt(q)
    c, slope = 1.0, across
    if across > 1 + _SAME:
        c = _final_correlation(made, w, b, q)
        slope = w * w * overlap(derivative(made.closed()), c, q)
    return FixedPoint(w, b, q, across, along, _stability(made.closed(), w, b, q), c, slope)


def _at_zero(root: Expr, w: float) -> FixedPoint:
    """Return the fixed point q = 0 of a function with f(0) = 0 and no biases: near it f is two straight lines."""
    chi = w * w * _slope_square_at_zero(root)
    c, slope = (1.0, chi) if chi <= 1 + _SAME else (math.nan, math.nan)
    return FixedPoint(w, 0.0, 0.0, chi, chi, _stability(root, w, 0.0, 0.0), c, slope)


def _slope_square_at_zero(root: Expr) -> float:
    """Return the limit of E f'(sqrt(q) z)^2 as q goes to 0: the mean over the two sides of 0."""
    from nonlin.backends.numpy import evaluate

    sides = evaluate(root, np.array([-1e-9, 1e-9]), wrt=("x",))
    return float((sides**2).mean())


def _value(root: Expr, x: float) -> float:
    from nonlin.backends.numpy import evaluate

    return float(evaluate(root, np.array([x]))[0])


def _final_correlation(made: Definition, w: float, b: float, q: float) -> float:
    """Return the largest fixed point c < 1 of the correlation map at a chaotic fixed point q; it lies above -1."""

    def excess(c: float) -> float:
        return correlation_map(made, c, q, w, b) - c

    grid = [1 - 10.0**-k for k in range(6, 0, -1)] + [0.75, 0.5, 0.25, 0.0, -0.5, -0.999]
    values = [excess(c) for c in grid]
    for n in range(1, len(grid)):
        if values[n] >= 0 > values[n - 1]:
            return 0.0 if grid[n] == 0 and values[n] < 1e-15 else _bisected(excess, grid[n], grid[n - 1])
    return math.nan


def _roots(excess: Callable[[float], float], values: list[float]) -> list[float]:
    """Return where ``excess`` changes sign on the grid of variances; values that are not numbers end the search there."""
    found = []
    for n in range(1, len(_GRID)):
        a, b = values[n - 1], values[n]
        if a == 0:  # alone; beside another one it is a stretch on which f is straight, which belongs to q = 0
            found += [_GRID[n - 1]] if b != 0 and n > 1 and values[n - 2] != 0 else []
        elif a * b < 0:
            found.append(_bisected(excess, _GRID[n - 1], _GRID[n]))
    return found


def _bisected(excess: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(excess, low, high, xtol=1e-15, rtol=1e-13))


# -- the edge of chaos -------------------------------------------------------------------------------------------------


def edge_curve(definition: Definition | str, q: float) -> tuple[float, float]:
    """Return (sigma_w, sigma_b) for which q is a fixed point with chi_1 = 1; sigma_b is NaN where none can be.

    ``sigma_w^2 = 1/E f'(sqrt(q) z)^2`` and ``sigma_b^2 = q - sigma_w^2 E f(sqrt(q) z)^2``, which must not be negative.

    Raises:
        ParameterError: q out of range, a rowwise function or one with jumps, a zero derivative, or infinite moments.

    >>> [round(v, 6) for v in edge_curve("tanh", 0.5)]
    [1.299221, 0.195042]
    """
    from nonlin.facts.moments import moments

    made = _continuous(definition)
    found = moments(made, q)
    if found.slope_square < 1e-300:
        raise ParameterError(
            f"{made.name} has a derivative of 0 almost everywhere at variance {q:g}, so chi_1 = 0 for any weights"
        )
    rest = q - found.square / found.slope_square
    rest = 0.0 if abs(rest) < 1e-12 * q else rest
    return found.slope_square**-0.5, math.sqrt(rest) if rest >= 0 else math.nan


def edge(definition: Definition | str, sigma_b: float = 0.0) -> tuple[FixedPoint, ...]:
    """Return the points of the edge of chaos for biases of this scale, smallest variance first; each says if it is stable.

    A point has ``V(q) = q`` and ``chi_1 = 1``; several branches may exist. Where the function passes 0 with a slope and there
    are no biases, q = 0 with ``sigma_w = 1/|f'(0)|`` is one: if it is stable, variances shrink to it as slowly as 1/layer.

    Raises:
        ParameterError: no such point, with the reason; a rowwise function or one with jumps; or ``sigma_b`` below 0.

    >>> [(round(p.sigma_w**2, 3), round(p.q, 3), p.stability) for p in edge("tanh", 0.05**0.5)]
    [(1.761, 0.57, 'stable')]
    >>> round(edge("relu")[0].sigma_w, 12)  # He et al.: sqrt(2)
    1.414213562373
    """
    made, (_, b) = _continuous(definition), weights(1.0, sigma_b)
    root = made.closed()
    curve = _curve(root)
    if not any(math.isfinite(v) for v in curve):
        raise ParameterError(f"{made.name} has no edge of chaos: {_why_nowhere(root)}")
    if all(abs(v) < 1e-11 * q for v, q in zip(curve, _GRID, strict=True)):
        if b == 0:
            _, _, slope_square, cross, _ = integrate(root, 1.0)
            return (FixedPoint(slope_square**-0.5, 0.0, math.nan, 1.0, cross / slope_square, "neutral"),)
        raise ParameterError(
            f"{made.name} has no edge of chaos with biases: it is a straight line on each side of 0, so chi_1 = 1 needs "
            f"sigma_w = {integrate(root, 1.0)[2] ** -0.5:.6g}, which keeps every variance, and any bias is added at each layer "
            "without end; use sigma_b = 0"
        )

    def excess(q: float) -> float:
        _, square, slope_square, *_ = integrate(root, q)
        return q - square / slope_square - b * b

    points = (
        [_at_zero(root, s**-0.5)]
        if b == 0 and _value(root, 0.0) == 0 and 1e-12 < (s := _slope_square_at_zero(root)) < 1e12
        else []
    )
    for q in _roots(excess, [v - b * b for v in curve]):
        w = integrate(root, q)[2] ** -0.5
        points.append(FixedPoint(w, b, q, 1.0, w * w * integrate(root, q)[3] / math.sqrt(q), _stability(root, w, b, q)))
    if not points:
        raise ParameterError(f"{made.name} has no edge of chaos with sigma_b = {b:g}: {_why_not(curve, b)}")
    return tuple(points)


@lru_cache(maxsize=256)
def _curve(root: Expr) -> list[float]:
    """Return sigma_b^2 of the edge at each variance of the grid; NaN where the moments do not exist or chi_1 is 0."""
    found = []
    for q in _GRID:
        _, square, slope_square, *_ = integrate(root, q)
        rest = q - square / slope_square if slope_square > 1e-300 else math.nan
        found.append(0.0 if abs(rest) < 1e-13 * q else rest)
    return found


def _why_nowhere(root: Expr) -> str:
    _, square, slope_square, *_ = integrate(root, 1.0)
    if slope_square == 0:
        return "its derivative is 0 almost everywhere, so chi_1 = 0 and gradients vanish for any weights"
    if side := undefined_side(root):
        return f"it is not defined {side} 0, where half of a Gaussian input lies"
    if not math.isfinite(square):
        return "E f^2 is infinite for a Gaussian input, so the variance of the next layer is"
    return "E f'^2 is infinite for a Gaussian input, so chi_1 is, for any weights"


def _why_not(curve: list[float], b: float) -> str:
    known = [(v, q) for v, q in zip(curve, _GRID, strict=True) if math.isfinite(v)]
    most, where = max(known)
    if most <= 0:
        return (
            f"weights that make chi_1 = 1 amplify a signal of any variance q from {known[0][1]:g} to {known[-1][1]:g} beyond q, so "
            "the variance of the biases would have to be negative"
        )
    least = min(v for v, _ in known)
    if b * b > most:
        return f"chi_1 = 1 at a fixed point needs biases of at most {math.sqrt(most):.6g} (reached at q = {where:.4g})"
    return f"chi_1 = 1 at a variance above {known[0][1]:g} needs biases above {math.sqrt(max(least, 0.0)):.6g}; choose a larger sigma_b"


def half_stable(definition: Definition | str) -> tuple[FixedPoint, ...]:
    """Return the points of the edge of chaos where chi_parallel is 1 too, smallest variance first; none for most functions.

    There both the variance and the gradient of a signal keep their size. For gelu, silu and mish, whose other points at small
    biases repel, it is the point to initialise at (Roberts, Yaida & Hanin 2022, The Principles of Deep Learning Theory, 5.3.4).

    Raises:
        ParameterError: a rowwise function or one with jumps, or no edge of chaos anywhere.

    >>> [(round(p.sigma_w**2, 5), round(p.sigma_b**2, 5), round(p.q, 3)) for p in half_stable("silu")]
    [(1.988, 0.55514, 14.32)]
    """
    made = _continuous(definition)
    root, curve = made.closed(), _curve(made.closed())
    if not any(math.isfinite(v) for v in curve):
        raise ParameterError(f"{made.name} has no edge of chaos: {_why_nowhere(root)}")

    def excess(q: float) -> float:
        _, _, slope_square, cross, _ = integrate(root, q)
        return cross / (slope_square * math.sqrt(q)) - 1 if slope_square > 1e-300 else math.nan

    values = [excess(q) for q in _GRID]
    places = _roots(lambda q: excess(q) if abs(excess(q)) > 1e-13 else 0.0, [v if abs(v) > _SAME else 0.0 for v in values])
    found = [(integrate(root, q)[2] ** -0.5, edge_curve(made, q)[1], q) for q in places]
    return tuple(FixedPoint(w, b, q, 1.0, 1.0, _stability(root, w, b, q)) for w, b, q in found if not math.isnan(b))


def _continuous(definition: Definition | str) -> Definition:
    made = elementwise(definition)
    smooth_enough(made)
    return made


def correlation_depth(definition: Definition | str, sigma_w: float, sigma_b: float = 0.0) -> float:
    """Return xi, the layers in which a deviation of two inputs' correlation from its limit shrinks e-fold.

    ``xi = -1/ln C'(c*)`` at the stable fixed point of the variance map with the smallest variance; in the ordered phase c* = 1 and
    ``xi = -1/ln chi_1``. Networks much deeper than xi cannot be trained by gradients (about 6 xi is the limit found by Schoenholz et
    al. 2017). Infinite at the edge of chaos.

    Raises:
        ParameterError: no fixed point that attracts, a scale out of range, a rowwise function or one with jumps.

    >>> round(correlation_depth("tanh", 0.9), 4)
    4.7456
    """
    finite(sigma_w, "sigma_w, the scale of the weights,")
    points = [p for p in fixed_points(definition, sigma_w, sigma_b) if p.stability in ("stable", "neutral")]
    if not points:
        raise ParameterError(
            f"{elementwise(definition).name} has no variance that attracts at sigma_w = {sigma_w:g}, sigma_b = {sigma_b:g}: "
            "signals grow without end or leave every fixed point, so no correlation depth exists"
        )
    return points[0].correlation_depth
