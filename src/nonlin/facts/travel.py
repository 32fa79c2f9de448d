"""How a signal travels through depth: what theory says of wide random networks, and what a simulated network does.

Both follow layers ``h_next = W f(h) + b`` with Gaussian weights of variance sigma_w^2/width and biases of variance sigma_b^2, from
pre-activations of variance 1, two inputs of correlation c at a time, and a random gradient sent back from the last layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nonlin.catalogue import Definition
from nonlin.errors import ParameterError, unknown
from nonlin.expr import Expr
from nonlin.facts.maps import overlap, weights
from nonlin.facts.moments import elementwise, finite, gain, integrate
from nonlin.facts.propagation import edge, half_stable

MOST_LAYERS, MOST_WIDTH = 2000, 8192


class Scales(NamedTuple):
    """The scales of weights and biases."""

    sigma_w: float
    sigma_b: float


class Init(NamedTuple):
    """An initialisation: its scales for a function between layers of one width, and what it is."""

    scales: Callable[[Definition, int], Scales]
    about: str


INITS: Mapping[str, Init] = {
    "he": Init(lambda made, width: Scales(math.sqrt(2), 0.0), "sigma_w = sqrt(2), right for ReLU (He et al. 2015)"),
    "glorot": Init(
        lambda made, width: Scales(1.0, 0.0), "variance 2/(fan_in + fan_out), here sigma_w = 1 (Glorot & Bengio 2010)"
    ),
    "lecun": Init(lambda made, width: Scales(1.0, 0.0), "sigma_w = 1, variance 1/fan_in (LeCun et al. 1998)"),
    "torch": Init(
        lambda made, width: Scales(3**-0.5, (3 * width) ** -0.5), "PyTorch's default for nn.Linear: sigma_w = 1/sqrt(3)"
    ),
    "gain": Init(lambda made, width: Scales(gain(made), 0.0), "the function's own forward gain, 1/sqrt(E f^2)"),
    "backward": Init(
        lambda made, width: Scales(gain(made, "backward"), 0.0), "the function's own backward gain, 1/sqrt(E f'^2)"
    ),
    "edge": Init(
        lambda made, width: _edge(made),
        "the edge of chaos, where gradients keep their size; with biases where the function needs them",
    ),
}
"""Initialisations by name; weights are normal, their scales independent of what they are followed by unless said."""


def _edge(made: Definition) -> Scales:
    """Return the edge of chaos: without biases if that is stable, else its half-stable point, else the first stable of a few."""
    searches = [
        partial(edge, made),
        partial(half_stable, made),
        *(partial(edge, made, b) for b in (0.05, 0.1, 0.2, 0.5, 1.0)),
    ]
    for search in searches:
        try:
            usable = [p for p in search() if p.stability != "unstable"]
        except ParameterError:
            continue
        if usable:
            return Scales(usable[0].sigma_w, usable[0].sigma_b)
    first = edge(made)[0]  # raises, with the reason, where there is none
    return Scales(first.sigma_w, first.sigma_b)


@dataclass(frozen=True)
class Track:
    """One quantity, layer by layer: theory, and the simulated networks' median, smallest and largest; NaN or inf where lost."""

    theory: tuple[float, ...]
    median: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Travel:
    """A signal's way through a deep random network.

    Attributes:
        definition: the function.
        sigma_w: weights have variance sigma_w^2/width.
        sigma_b: biases have variance sigma_b^2.
        layers: number of nonlinear layers.
        width: units in each simulated layer.
        networks: how many were simulated.
        seed: of the simulation.
        variance: mean square of the pre-activations of layer 1, 2, ..., layers + 1 (those the last nonlinearity leads to).
        gradient: mean square of the gradient there, in units of that at the end.
        correlation: cosine of the pre-activations of two inputs.
        chi_parallel: what theory's last layer multiplies a deviation of the variance by; above 1, chance deviations of networks of
            finite width grow with depth, and they leave theory's path.
    """

    definition: Definition
    sigma_w: float
    sigma_b: float
    layers: int
    width: int
    networks: int
    seed: int
    variance: Track
    gradient: Track
    correlation: Track
    chi_parallel: float


def travel(
    definition: Definition | str,
    layers: int = 50,
    *,
    init: str = "he",
    width: int = 512,
    sigma_w: float | None = None,
    sigma_b: float | None = None,
    correlation: float = 0.5,
    networks: int = 3,
    seed: int = 0,
) -> Travel:
    """Follow a signal through depth, in theory and in simulated networks.

    Args:
        definition: an elementwise function: a definition, a name, or a formula.
        layers: nonlinear layers, from 1 to 2000.
        init: a key of :data:`INITS`.
        width: units in each simulated layer, from 2 to 8192; theory holds for wide ones.
        sigma_w: scale of the weights, instead of that of ``init``.
        sigma_b: scale of the biases, instead of that of ``init``.
        correlation: of the two inputs' first pre-activations, from -1 to 1.
        networks: how many to simulate, 0 for theory alone.
        seed: of the simulation; the same seed gives the same numbers.

    Raises:
        UnknownNameError: no such ``init``.
        ParameterError: a number out of range, a rowwise function, or moments or a gain that do not exist.

    >>> found = travel("sigmoid", layers=20, init="glorot", networks=0)
    >>> found.gradient.theory[0] < 1e-20  # the vanishing gradient
    True
    """
    made = elementwise(definition)
    for name, value, low, high in (("layers", layers, 1, MOST_LAYERS), ("width", width, 2, MOST_WIDTH), ("networks", networks, 0, 1000),
                                   ("seed", seed, 0, 2**63)):  # fmt: skip
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ParameterError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    if not -1 <= finite(correlation, "correlation of the two inputs") <= 1:
        raise ParameterError(f"correlation of the two inputs must be from -1 to 1, not {correlation!r}")
    if init not in INITS:
        raise unknown("initialisation", init, INITS)
    if sigma_w is None or sigma_b is None:
        own = INITS[init].scales(made, width)
        sigma_w, sigma_b = own.sigma_w if sigma_w is None else sigma_w, own.sigma_b if sigma_b is None else sigma_b
    scales = Scales(*weights(sigma_w, sigma_b))
    root = made.closed()
    theory = _theory(root, layers, scales, float(correlation))
    runs = [_simulated(root, layers, width, scales, float(correlation), (seed, n)) for n in range(networks)]
    variance, gradient, cosine = (_track(theory[k], [run[k] for run in runs]) for k in range(3))
    along = _along(root, theory[0][-2], scales.sigma_w)
    return Travel(
        made, scales.sigma_w, scales.sigma_b, layers, width, networks, seed, variance, gradient, cosine, chi_parallel=along
    )


def _along(root: Expr, q: float, sigma_w: float) -> float:
    return sigma_w**2 * integrate(root, float(q))[3] / math.sqrt(q) if 1e-280 < q < 1e280 else math.nan


def _track(theory: Any, runs: list[Any]) -> Track:
    if not runs:
        empty = (math.nan,) * len(theory)
        return Track(tuple(theory.tolist()), empty, empty, empty)
    both = np.stack(runs)
    with np.errstate(all="ignore"):  # medians of what is infinite
        return Track(tuple(theory.tolist()), *(tuple(f(both, axis=0).tolist()) for f in (np.median, np.min, np.max)))


def _theory(root: Expr, layers: int, scales: Scales, correlation: float) -> tuple[Any, Any, Any]:
    """Return variance, gradient and correlation at each of layers + 1 pre-activations, NaN where they are lost.

    Variances beyond the range of double precision are 0 or infinite from there on.
    """
    w2, b2 = scales.sigma_w**2, scales.sigma_b**2
    q, c, factor = (np.full(layers + 1, np.nan) for _ in range(3))
    q[0], c[0] = 1.0, correlation
    for n in range(layers):
        # beyond these sizes nothing is left in double precision either
        if not 1e-280 < q[n] < 1e280:
            q[n:] = np.nan if math.isnan(q[n]) else 0.0 if q[n] < 1 else math.inf
            break
        _, square, slope_square, *_ = integrate(root, float(q[n]))
        q[n + 1], factor[n] = w2 * square + b2, w2 * slope_square
        if math.isnan(q[n + 1]) and n > 0 and q[n] > q[n - 1]:
            q[n + 1] = math.inf  # what has grown until it cannot be integrated any more
        same = abs(c[n]) == 1 or not 1e-280 < q[n + 1] < 1e280
        c[n + 1] = c[n] if same and c[n] == 1 else _cosine(root, q[n], c[n], w2, b2, q[n + 1])
    gradient = np.concatenate([np.cumprod(factor[:-1][::-1])[::-1], [1.0]])
    return q, gradient, c


def _cosine(root: Expr, q: float, c: float, w2: float, b2: float, size: float) -> float:
    if not (0 < size < math.inf) or math.isnan(c):
        return math.nan
    return min(1.0, (w2 * overlap(root, float(c), float(q)) + b2) / size)


def _simulated(
    root: Expr, layers: int, width: int, scales: Scales, correlation: float, seed: tuple[int, int]
) -> tuple[Any, Any, Any]:
    """Run one random network on four pairs of inputs, then send four random gradients back."""
    from nonlin.backends.numpy import evaluate

    def layer(n: int) -> Any:
        drawn = np.random.default_rng((*seed, n + 1)).standard_normal((width, width), dtype=np.float32)
        return drawn * np.float32(scales.sigma_w / math.sqrt(width))

    start = np.random.default_rng((*seed, 0))
    first, other = start.standard_normal((2, 4, width))
    first = _sized(first)
    other = _sized(other - first * (first * other).mean(-1, keepdims=True))
    pair = np.stack([first, correlation * first + math.sqrt(1 - correlation**2) * other])
    biases = start.standard_normal((layers, width)) * scales.sigma_b
    variance, cosine, gradient = (np.full(layers + 1, np.nan) for _ in range(3))
    seen = [pair]
    variance[0], cosine[0] = 1.0, correlation
    with np.errstate(all="ignore"):
        for n in range(layers):
            after = evaluate(root, seen[-1])
            seen.append(after @ layer(n) + biases[n])
            variance[n + 1], cosine[n + 1] = (seen[-1] ** 2).mean(), _cosines(seen[-1])
            if not math.isfinite(variance[n + 1]):
                variance[n + 1 :] = math.nan if np.isnan(after).any() else math.inf
                return variance, gradient, cosine
        back = start.standard_normal((4, width))
        first_size = (back**2).mean()
        gradient[-1] = 1.0
        for n in reversed(range(layers)):
            back = (back @ layer(n).T) * evaluate(root, seen[n][0], wrt=("x",))
            gradient[n] = (back**2).mean() / first_size
    return variance, gradient, cosine


def _cosines(pair: Any) -> float:
    """Return the mean cosine of the two inputs' rows; each is scaled first, so that large ones do not overflow."""
    first, second = (h / np.abs(h).max(-1, keepdims=True) for h in pair)
    return float(((first * second).sum(-1) / np.sqrt((first**2).sum(-1) * (second**2).sum(-1))).mean())


def _sized(rows: Any) -> Any:
    """Return rows scaled to a mean square of 1, so that simulation and theory begin at the same point."""
    return rows / np.sqrt((rows**2).mean(-1, keepdims=True))
