"""How size, angle and gradient of a signal change in one wide random layer: the mean-field maps of signal propagation.

A layer is h -> W f(h) + b with independent weights of variance sigma_w^2/fan_in and biases of variance sigma_b^2. In the limit of
wide layers pre-activations are Gaussian, and two numbers describe a pair of inputs: the variance q of their pre-activations and
their correlation c (Poole et al. 2016, arXiv:1606.05340; Schoenholz et al. 2017, arXiv:1611.01232).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from nonlin.catalogue import Definition
from nonlin.errors import ParameterError
from nonlin.expr import Expr, derivative
from nonlin.facts.kinks import breaks, switches
from nonlin.facts.moments import elementwise, finite, graded_edges, integrate, moments, positive

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_EDGE = 9.0
"""Half-width of the square integrated over for pairs; beyond it a standard normal has 1e-19 of its mass."""
_LAYER_EDGES = np.array([-8.0, -4.0, -2.0, -1.0, -0.5, -0.2, 0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0])
_MOST_PANELS = 400
_WIDE = 50.0
"""Standard deviation of pre-activations from which a function may turn between two nodes."""


def weights(sigma_w: Any, sigma_b: Any) -> tuple[float, float]:
    """Return the two scales as floats; raise ParameterError unless sigma_w > 0 and sigma_b >= 0."""
    positive(sigma_w, "sigma_w, the scale of the weights,")
    if finite(sigma_b, "sigma_b, the scale of the biases,") < 0:
        raise ParameterError(f"sigma_b is the scale of the biases and must not be below 0, not {sigma_b!r}")
    return float(sigma_w), float(sigma_b)


def variance_map(definition: Definition | str, q: float, sigma_w: float = 1.0, sigma_b: float = 0.0) -> float:
    """Return V(q) = sigma_w^2 E f(sqrt(q) z)^2 + sigma_b^2, the variance of the next layer's pre-activations.

    Args:
        definition: an elementwise function: a definition, a name, or a formula.
        q: variance of the pre-activations, above 0.
        sigma_w: weights have variance sigma_w^2/fan_in.
        sigma_b: biases have variance sigma_b^2.

    Raises:
        ParameterError: a number out of range, a rowwise function, or moments that do not exist.

    >>> round(variance_map("relu", 3.0, sigma_w=2**0.5), 12)
    3.0
    """
    w, b = weights(sigma_w, sigma_b)
    return w * w * moments(definition, q).square + b * b


def chi_perpendicular(definition: Definition | str, q: float = 1.0, sigma_w: float = 1.0) -> float:
    """Return chi_1 = sigma_w^2 E f'(sqrt(q) z)^2: what one layer multiplies squared gradients and small angles by.

    Below 1 gradients vanish and neighbouring inputs merge (the ordered phase), above 1 gradients explode and neighbours
    part (the chaotic phase).

    Raises:
        ParameterError: as :func:`variance_map`.

    >>> round(chi_perpendicular("tanh", 1.0), 7)
    0.4644029
    """
    w, _ = weights(sigma_w, 0.0)
    return w * w * moments(definition, q).slope_square


def chi_parallel(definition: Definition | str, q: float = 1.0, sigma_w: float = 1.0) -> float:
    """Return V'(q) = sigma_w^2 E[z f(sqrt(q) z) f'(sqrt(q) z)]/sqrt(q): what one layer multiplies small changes of q by.

    Below 1 a fixed point of the variance map attracts, above 1 it repels.

    Raises:
        ParameterError: as :func:`variance_map`.

    >>> round(chi_parallel("relu", 5.0, sigma_w=2**0.5), 12)
    1.0
    """
    w, _ = weights(sigma_w, 0.0)
    return w * w * moments(definition, q).cross / math.sqrt(q)


def correlation_map(
    definition: Definition | str, c: float, q: float = 1.0, sigma_w: float = 1.0, sigma_b: float = 0.0, *, order: int = 0
) -> float:
    """Return C(c): the correlation in the next layer of two pre-activations of variance q and correlation c.

    ``C(c) = (sigma_w^2 E f(u) f(v) + sigma_b^2)/V(q)`` with (u, v) Gaussian, of mean 0, variance q and covariance c q. Means are
    not taken off: this is the cosine of the angle between two wide layers. With ``order=1`` the derivative
    ``C'(c) = sigma_w^2 q E f'(u) f'(v)/V(q)``, at c = 1 and a fixed point of the variance equal to chi_1.

    Args:
        definition: an elementwise function: a definition, a name, or a formula.
        c: correlation, -1 to 1.
        q: variance of the pre-activations, above 0.
        sigma_w: weights have variance sigma_w^2/fan_in; without biases it cancels.
        sigma_b: biases have variance sigma_b^2.
        order: 0 for the map, 1 for its derivative in c.

    Raises:
        ParameterError: a number out of range, a rowwise function, or moments that do not exist.

    >>> round(correlation_map("relu", 0.0), 9)  # 1/pi, the arc-cosine kernel
    0.318309886
    """
    made, (w, b) = elementwise(definition), weights(sigma_w, sigma_b)
    if not -1 <= finite(c, "c is a correlation and") <= 1:
        raise ParameterError(f"c is a correlation and must be from -1 to 1, not {c!r}")
    if order not in (0, 1) or isinstance(order, bool):
        raise ParameterError(f"order must be 0 (the map) or 1 (its derivative), not {order!r}")
    size = w * w * moments(made, q).square + b * b
    if not size > 0:
        raise ParameterError(f"{made.name} is zero for inputs of variance {q:g}, so nothing is left to correlate")
    root = made.closed()
    if order:
        smooth_enough(made)
        return w * w * float(q) * overlap(derivative(root), float(c), float(q)) / size
    return (w * w * overlap(root, float(c), float(q)) + b * b) / size


@lru_cache(maxsize=4096)
def overlap(root: Expr, c: float, q: float) -> float:
    """Return E f(u) f(v) of a closed formula for Gaussian u, v of variance q and correlation c.

    The inner integral runs over v given u, split at the kinks of f; the outer one is graded around them, where the inner
    one turns within sqrt(1 - c^2).

    >>> from nonlin.expr import parse
    >>> round(overlap(parse("erf(x)"), 0.5, 1.0), 12)  # (2/pi) asin(2 c q/(1 + 2 q))
    0.216346895939
    """
    scale = math.sqrt(q)
    if abs(c) >= 1 or c == 0:
        mean, square, *_ = integrate(root, q)
        if c == 0 or c >= 1:
            return square if c else mean * mean
        edges = _merged(np.concatenate([_panels(root, q), -_panels(root, q)]))
        z, w = _spread(edges)
        return float((_at(root, scale * z) * _at(root, -scale * z) * w).sum())
    side = math.sqrt((1 - c) * (1 + c))
    own = _panels(root, q)
    turns = np.array(switches(root, -_EDGE * scale, _EDGE * scale)) / scale
    if scale > _WIDE:  # from so far away a smooth function has a kink at 0
        turns = np.append(turns, 0.0)
    around = (turns[:, None] + side * _LAYER_EDGES).ravel() / c if len(turns) else turns
    u, w = _spread(_merged(np.concatenate([own, own / c, around])))
    ends = np.concatenate(
        [np.broadcast_to(np.linspace(-_EDGE, _EDGE, 9), (len(u), 9)), (own - c * u[:, None]) / side], axis=1
    )
    ends = np.sort(np.clip(ends, -_EDGE, _EDGE), axis=1)
    half = np.diff(ends, axis=1) / 2
    inner = (ends[:, :-1] + half)[..., None] + half[..., None] * _NODES
    mass = np.exp(-inner * inner / 2) * _WEIGHTS * half[..., None] / math.sqrt(2 * math.pi)
    given = (_at(root, scale * (c * u[:, None, None] + side * inner)) * mass).sum(axis=(1, 2))
    return float((_at(root, scale * u) * given * w).sum())


@lru_cache(maxsize=1024)
def jumps(root: Expr, low: float = -14.0, high: float = 14.0) -> tuple[float, ...]:
    """Return the points of (low, high) where the value of a closed formula jumps, from one number to another.

    >>> from nonlin.expr import parse
    >>> jumps(parse("where(x > 1, x, 0) + max(x, 0)"))
    (1.0,)
    """
    points = np.array([p for p in switches(root, low, high) if not breaks(root, p)])
    near = np.maximum(1.0, np.abs(points)) * 1e-9
    before, after = _at(root, points - near), _at(root, points + near)
    torn = ~(np.abs(after - before) <= 1e-6 * (1 + np.abs(before) + np.abs(after)))
    return tuple(points[torn].tolist())


def smooth_enough(made: Definition) -> None:
    """Raise ParameterError for a function with jumps: chi_1 is infinite there, though E f'^2 of the formula is not."""
    torn = jumps(made.closed())
    if torn:
        raise ParameterError(
            f"{made.name} jumps at x = {torn[0]:g}: two inputs however near are torn apart there, so the slope of its "
            "correlation map at c = 1 is infinite and there is no edge of chaos; choose a continuous function"
        )


def _at(root: Expr, x: Any) -> Any:
    from nonlin.backends.numpy import evaluate

    return evaluate(root, x)


def _merged(edges: Any) -> Any:
    """Return sorted edges within the square, those nearer than 1e-9 to another left out."""
    inside = np.unique(edges[np.abs(edges) < _EDGE])
    kept = inside[np.concatenate([[True], np.diff(inside) > 1e-9])] if len(inside) else inside
    return np.concatenate([[-_EDGE], kept, [_EDGE]])


def _spread(edges: Any) -> tuple[Any, Any]:
    """Return the nodes of all panels and their weights, the normal density included."""
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half + half * _NODES).ravel()
    return z, (half * _WEIGHTS).ravel() * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


@lru_cache(maxsize=4096)
def _panels(root: Expr, q: float) -> Any:
    """Return edges between which 16 nodes integrate f(sqrt(q) z) and its square: few for most functions, many for steep ones."""
    scale = math.sqrt(q)
    turns = np.array(switches(root, -_EDGE * scale, _EDGE * scale)) / scale
    start = [np.linspace(-6.0, 6.0, 7), turns]
    if scale > _WIDE:
        start.append(graded_edges(root) / scale)
    left, right = (edges := _merged(np.concatenate(start)))[:-1], edges[1:]
    settled = [edges]
    for _ in range(12):
        middle = (left + right) / 2
        whole, first, second = (_pieces(root, scale, a, b) for a, b in ((left, right), (left, middle), (middle, right)))
        rough = (np.abs(first + second - whole) > 1e-13 * (1 + np.abs(whole).sum(axis=1, keepdims=True))).any(axis=0)
        if not rough.any() or sum(map(len, settled)) > _MOST_PANELS:
            break
        settled.append(middle[rough])
        left, right = np.concatenate([left[rough], middle[rough]]), np.concatenate([middle[rough], right[rough]])
    return np.unique(np.concatenate(settled))


def _pieces(root: Expr, scale: float, left: Any, right: Any) -> Any:
    half = (right - left)[:, None] / 2
    z = left[:, None] + half + half * _NODES
    f, density = _at(root, scale * z), np.exp(-z * z / 2)
    return np.stack([(f * density * _WEIGHTS * half).sum(axis=1), (f * f * density * _WEIGHTS * half).sum(axis=1)])
