"""Shaping: turning a function so that networks of a given depth without shortcuts or normalisation can be trained.

Deep kernel shaping (DKS; Martens et al. 2021, arXiv:2110.01765) replaces f by ``gamma (f(alpha x + beta) + delta)`` with, for pre-activations
of variance 1, Q(1) = 1 and Q'(1) = 1 (variances are kept, and deviations neither grow nor shrink), C(0) = 0 (unlike inputs stay unlike) and
C'(1) = zeta^(1/depth): the slope of the whole network's correlation map at 1 is zeta, so that it is nearly, but not quite, linear.

Tailored activation transformation (TAT; Zhang, Botev & Martens 2022, arXiv:2203.08120) asks for C'(1) = 1 and
C''(1) = tau/depth instead of the last two; of a rectifier, which has no C''(1), it chooses the slope below 0 so that the whole
network takes correlation 0 to eta.

Weights are drawn with variance 1/fan_in (sigma_w = 1), better orthogonal; biases are 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from nonlin.catalogue import Definition
from nonlin.errors import ParameterError
from nonlin.expr import Expr, const, derivative, substitute, to_text, var
from nonlin.expr.nodes import add, mul
from nonlin.facts.kinks import kinks, switches
from nonlin.facts.maps import jumps
from nonlin.facts.moments import elementwise, finite, integrate, positive

Method = Literal["dks", "tat"]
MOST_LAYERS = 100_000
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_EDGE = 9.0
"""Half-width of the interval integrated over."""
# log(alpha) and beta where searches begin; published solutions for common functions lie between them
_STARTS = tuple((math.log(a), b) for a in (0.3, 0.1, 1.0, 0.03) for b in (0.5, 1.0, -0.5, -1.0, 0.1, 2.0, -2.0))
_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Shape:
    """A shaped function: ``gamma*(f(alpha*x + beta) + delta)``, or a leaky ReLU of a tailored slope, scaled and shifted so.

    Attributes:
        definition: the new function.
        method: ``dks`` or ``tat``.
        depth: the number of nonlinear layers it is meant for.
        alpha: scale of the input.
        beta: shift of the input.
        gamma: scale of the output.
        delta: shift of the output, before its scale.
        leak: the slope below 0 of a tailored rectifier; None for other functions.
    """

    definition: Definition
    method: str
    depth: int
    alpha: float
    beta: float
    gamma: float
    delta: float
    leak: float | None = None


def shape(
    definition: Definition | str,
    depth: int,
    method: Method = "dks",
    *,
    slope: float = 1.5,
    curvature: float = 0.3,
    similarity: float = 0.9,
) -> Definition:
    """Return the function, shaped so that a network this deep can be trained without shortcuts and normalisation.

    The result is an ordinary definition with its numbers written into the formula. Arguments and errors are those of
    :func:`nonlin.facts.solve_shape`, which gives the numbers by name.

    >>> shape("tanh", depth=50).formula
    '10.6044...*(tanh(0.12844...*x + 0.57077...) - 0.50980...)'
    """
    return solve_shape(definition, depth, method, slope=slope, curvature=curvature, similarity=similarity).definition


def solve_shape(
    definition: Definition | str,
    depth: int,
    method: Method = "dks",
    *,
    slope: float = 1.5,
    curvature: float = 0.3,
    similarity: float = 0.9,
) -> Shape:
    """Return the shaped function and its numbers.

    Args:
        definition: an elementwise function: a definition, a name, or a formula.
        depth: number of nonlinear layers of the network, from 1.
        method: ``dks``, or ``tat`` for a function with a continuous derivative or a rectifier (leaky ReLU and ReLU).
        slope: for ``dks``, zeta, above 1: the slope at 1 of the whole network's correlation map.
        curvature: for ``tat``, tau, above 0: the second derivative at 1 of the whole network's correlation map.
        similarity: for ``tat`` of a rectifier, eta, between 0 and 1: the correlation at which orthogonal inputs arrive.

    Raises:
        ParameterError: a number out of range, a rowwise function, one that cannot be shaped so (with the reason), or none found.

    >>> found = solve_shape("leaky_relu", depth=50, method="tat")
    >>> round(found.leak, 4)
    0.4305
    """
    made = elementwise(definition)
    _check(depth, method, slope, curvature, similarity)
    root = made.closed()
    sides = _two_lines(root)
    if sides is not None:
        if sides[0] == sides[1]:
            raise ParameterError(f"{made.name} is linear; no shaping makes it anything else")
        if not 0 <= sides[0] < sides[1]:
            raise ParameterError(
                f"{made.name} is straight on each side of 0, with slopes {sides[0]:g} and {sides[1]:g}; of such functions only leaky "
                "ReLU, with a slope below 0 that is tailored to the depth, can be shaped. Ask for leaky_relu"
            )
        leak = _tailored(depth, similarity) if method == "tat" else _leak_of_slope(slope ** (1 / depth))
        return _rectifier(method, depth, leak)
    torn = jumps(root)
    if torn:
        raise ParameterError(
            f"{made.name} jumps at x = {torn[0]:g}, which no scale or shift removes; choose a continuous function"
        )
    bends = kinks(root)
    if method == "tat" and bends:
        raise ParameterError(
            f"{made.name} has a kink at x = {bends[0].x:g}, where C''(1) is infinite; TAT shapes functions with a continuous derivative, "
            "and ReLU and leaky ReLU by their slope. Use method='dks'"
        )
    local = slope ** (1 / depth) if method == "dks" else curvature / depth
    for solved in _solutions(root, method, local):
        numbers = _short(solved)
        return Shape(_named(_transformed(root, *numbers), made.name, method, depth), method, depth, *numbers)
    what = "C'(1)" if method == "dks" else "C''(1)"
    raise ParameterError(
        f"{made.name} has no scale and shift that give Q(1) = Q'(1) = 1 and {what} = {local:.6g} a layer, as far as a search from "
        f"{len(_STARTS)} starting points can tell; try another depth, or the other method"
    )


def _check(depth: Any, method: Any, slope: Any, curvature: Any, similarity: Any) -> None:
    if isinstance(depth, bool) or not isinstance(depth, int) or not 1 <= depth <= MOST_LAYERS:
        raise ParameterError(
            f"depth is the number of nonlinear layers and must be a whole number from 1 to {MOST_LAYERS}, not {depth!r}"
        )
    if method not in ("dks", "tat"):
        raise ParameterError(f"method must be 'dks' (deep kernel shaping) or 'tat' (tailored activation), not {method!r}")
    if finite(slope, "slope, zeta of DKS,") <= 1:
        raise ParameterError(
            f"slope, zeta of DKS, must be above 1, not {slope!r}; 1 would make the network linear, 1.5 is usual"
        )
    positive(curvature, "curvature, tau of TAT,")
    if not 0 < finite(similarity, "similarity, eta of TAT,") < 1:
        raise ParameterError(f"similarity, eta of TAT, must be between 0 and 1, not {similarity!r}; 0.9 is usual")


def _short(values: Iterable[float]) -> tuple[float, ...]:
    """Return numbers of 12 digits: as many as the conditions need, and the formula can be read."""
    return tuple(float(f"{v:.12g}") for v in values)


def _exact(value: float) -> Expr:
    return const(Fraction(repr(value)))


def _transformed(root: Expr, alpha: float, beta: float, gamma: float, delta: float) -> Expr:
    inner = substitute(root, {"x": add(mul(_exact(alpha), var("x")), _exact(beta))})
    return mul(_exact(gamma), add(inner, _exact(delta)))


def _named(formula: Expr, name: str, method: str, depth: int) -> Definition:
    text = f"{name}, shaped by {method.upper()} for a network of {depth} layers."
    return Definition(to_text(formula), formula, title="Formula", summary=text)


# -- rectifiers: closed forms ------------------------------------------------------------------------------------------


def _two_lines(root: Expr) -> tuple[float, float] | None:
    """Return the slopes below and above 0 of a function that is a straight line through 0 on each side, else None."""
    from nonlin.backends.numpy import evaluate

    x = np.array([0.013, 0.7, 1.0, 3.1, 50.0])
    with np.errstate(all="ignore"):
        above, below = evaluate(root, x) / x, evaluate(root, -x) / -x
    slopes = np.concatenate([above, below])
    if not np.isfinite(slopes).all() or max(np.ptp(above), np.ptp(below)) > 1e-12 * (1 + abs(above[0]) + abs(below[0])):
        return None
    return float(below[0]), float(above[0])


def rectifier_map(c: float, leak: float) -> float:
    """Return C(c) of leaky ReLU with this slope below 0: the arc-cosine kernel of degree 1 and a linear part.

    >>> round(rectifier_map(0.0, 0.0), 9)
    0.318309886
    """
    bent = (math.sqrt((1 - c) * (1 + c)) + (math.pi - math.acos(c)) * c) / math.pi
    return ((1 - leak) ** 2 * bent + 2 * leak * c) / (1 + leak * leak)


def _tailored(depth: int, similarity: float) -> float:
    """Return the slope below 0 with which so many rectifiers take correlation 0 to ``similarity``."""
    from scipy.optimize import brentq

    def end(leak: float) -> float:
        c = 0.0
        for _ in range(depth):
            c = min(rectifier_map(c, leak), 1.0)
        return c

    most = end(0.0)
    if most <= similarity:
        raise ParameterError(
            f"{depth} layers of plain ReLU take correlation 0 to {most:.4g} only, below similarity = {similarity:g}, so there is nothing to "
            f"tailor; use ReLU as it is, or a similarity below {most:.4g}"
        )
    return float(brentq(lambda leak: end(leak) - similarity, 0.0, 1.0, xtol=1e-14))


def _leak_of_slope(psi: float) -> float:
    """Return the slope below 0 with C'(1) = psi once the mean is taken off: 1 - 1/psi = (1 - a)^2/(pi (1 + a^2)), a < 1."""
    share = math.pi * (1 - 1 / psi)
    if share >= 1:
        raise ParameterError(
            f"rectifiers have slopes up to {math.pi / (math.pi - 1):.4g} a layer (ReLU with its mean taken off), and this depth asks for "
            f"{psi:.4g}; choose a smaller slope or more layers"
        )
    return (1 - math.sqrt(share * (2 - share))) / (1 - share)


def _rectifier(method: str, depth: int, leak: float) -> Shape:
    """Return the scaled leaky ReLU: for TAT Q(1) = 1 suffices, for DKS its mean is taken off as well."""
    from nonlin.catalogue import resolve

    square = (1 + leak * leak) / 2
    delta = 0.0 if method == "tat" else -(1 - leak) / math.sqrt(2 * math.pi)
    gamma = (square - delta * delta) ** -0.5
    leak, gamma, delta = _short((leak, gamma, delta))
    body = substitute(resolve("leaky_relu").resting, {"slope": _exact(leak)})
    formula = mul(_exact(gamma), body if method == "tat" else add(body, _exact(delta)))
    return Shape(_named(formula, "leaky_relu", method, depth), method, depth, 1.0, 0.0, gamma, delta, leak)


# -- other functions: two equations in alpha and beta -------------------------------------------------------------------


def _solutions(root: Expr, method: str, local: float) -> Iterator[tuple[float, float, float, float]]:
    """Yield alpha, beta, gamma, delta that meet the conditions on a fixed grid of nodes."""
    from scipy.optimize import root as find

    conditions = _dks if method == "dks" else _tat
    expectations, finer = (_quadrature(root, method == "tat", panels) for panels in (9, 31))
    for start in _STARTS:
        for sign in (1.0,) if method == "dks" else (1.0, -1.0):

            def miss(p: Any, sign: float = sign) -> Any:
                if not (-30 < p[0] < 10 and abs(p[1]) < 100):
                    return np.array([1e3, 1e3])
                return np.array(conditions(expectations(math.exp(p[0]), float(p[1])), local, sign)[:2])

            with np.errstate(all="ignore"):
                found = find(miss, np.array(start), method="hybr", options={"maxfev": 60, "xtol": 1e-13})
                alpha, beta = math.exp(found.x[0]), float(found.x[1])
                if not np.abs(miss(found.x)).max() < _TOLERANCE:
                    continue
                first, second, gamma, delta = conditions(finer(alpha, beta), local, sign)
            if max(abs(first), abs(second)) < 10 * _TOLERANCE:
                yield alpha, beta, gamma, delta - _value(root, beta)


def _value(root: Expr, x: float) -> float:
    return float(np.ravel(_kernel(root, False)(np.array([x]))[0])[0])


Found6 = tuple[float, float, float, float, float, float]


@lru_cache(maxsize=512)
def _kernel(root: Expr, bends: bool) -> Callable[[Any], Any]:
    """Return a function that computes f, f' and, with ``bends``, f'' at once.

    Compiled without the guards of ``backends.numpy.compiled`` against overflow, which take longer to work out than all the rest.
    """
    from nonlin.backends.kernel import build, emit
    from nonlin.backends.numpy import scope

    roots = [derivative(root, "x", order) for order in range(3 if bends else 2)]
    return build(emit("numpy", roots, ("x",)), scope())


def _quadrature(root: Expr, bends: bool, panels: int = 9) -> Callable[[float, float], Found6]:
    """Return a function of (alpha, beta) that gives E g, E g^2, E g'^2, E z g g', E z g', E g''^2, g = f(alpha z + beta) - f(beta)."""
    kernel = _kernel(root, bends)
    turns = np.array(switches(root))
    grid = np.linspace(-_EDGE, _EDGE, panels + 1)
    plain = _nodes(grid)

    def expectations(alpha: float, beta: float) -> Found6:
        places = (turns - beta) / alpha
        inside = places[np.abs(places) < _EDGE]
        z, w = _nodes(np.unique(np.concatenate([grid, inside]))) if len(inside) else plain
        x = np.append(alpha * z + beta, beta)
        f, slope, *rest = (np.broadcast_to(np.asarray(v, np.float64), x.shape) for v in kernel(x))
        g, slope = f[:-1] - f[-1], alpha * slope[:-1]  # f itself would drown the digits of f(alpha z + beta) - f(beta)
        bend = alpha**4 * float((w * rest[0][:-1] ** 2).sum()) if bends else 0.0
        wg, ws = w * g, w * slope
        return (float(wg.sum()), float((wg * g).sum()), float((ws * slope).sum()), float((wg * slope * z).sum()), float((ws * z).sum()),
                bend)  # fmt: skip

    return expectations


def _nodes(edges: Any) -> tuple[Any, Any]:
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half + half * _NODES).ravel()
    return z, (half * _WEIGHTS).ravel() * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _dks(found: Found6, local: float, sign: float) -> tuple[float, float, float, float]:
    """Return what Q'(1) and ln C'(1) miss, then gamma and delta (of g), which C(0) = 0 and Q(1) = 1 fix."""
    mean, square, steep, cross, tilt, _ = found
    spread = square - mean * mean
    if not (spread > 0 and steep > 0):
        return 1e3, 1e3, math.nan, math.nan
    return (cross - mean * tilt) / spread - 1, (steep / spread - local) / (local - 1), spread**-0.5, -mean


def _tat(found: Found6, local: float, sign: float) -> tuple[float, float, float, float]:
    """Return what Q'(1) and C''(1) miss, then gamma and delta (of g), which C'(1) = 1 and Q(1) = 1 fix up to a sign."""
    mean, square, steep, cross, tilt, bend = found
    if not steep > 0:
        return 1e3, 1e3, math.nan, math.nan
    # Var g <= E g'^2 for every function (Poincare), so the root exists
    delta = -mean + sign * math.sqrt(max(steep - (square - mean * mean), 0.0))
    return (cross + delta * tilt) / steep - 1, bend / steep / local - 1, steep**-0.5, delta


def conditions_met(definition: Definition | str) -> Iterator[tuple[str, float]]:
    """Yield the name and value of what shaping sets, of any function: Q(1), Q'(1), C(0), C'(1), C''(1)."""
    made = elementwise(definition)
    mean, square, steep, cross, _ = integrate(made.closed(), 1.0)
    yield "Q(1)", square
    yield "Q'(1)", cross
    yield "C(0)", mean * mean / square
    yield "C'(1)", steep / square
    smooth = not kinks(made.closed()) and not jumps(made.closed())
    yield "C''(1)", integrate(derivative(made.closed()), 1.0)[2] / square if smooth else math.inf
