"""Small networks in NumPy for pictures: random ones, and ones trained for a short while on points in a plane.

Everything follows from the seed. Every function gets the same random numbers, so that pictures side by side differ by the function
alone. Values and slopes of the function come from its definition.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nonlin.backends.numpy import evaluate
from nonlin.catalogue import KINDS, Definition, resolve
from nonlin.errors import ParameterError, unknown
from nonlin.expr import Expr
from nonlin.facts.travel import INITS

Floats = np.ndarray[Any, np.dtype[np.float64]]


class Layer(NamedTuple):
    """One affine map: ``x @ weights + bias``; weights (inputs, outputs), or (networks, inputs, outputs)."""

    weights: Any
    bias: Any


def whole(name: str, value: object, low: int, high: int) -> int:
    """Return a whole number within its range.

    Raises:
        ParameterError: it is not one.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ParameterError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return value


def chosen(given: Sequence[Definition | str] | Definition | str, most: int = 12) -> list[Definition]:
    """Return the elementwise functions a picture is about.

    Raises:
        ParameterError: none, too many, or one that is not elementwise.
    """
    listed = [given] if isinstance(given, Definition | str) else list(given)
    if not listed:
        raise ParameterError("there is nothing to draw; name at least one function")
    if len(listed) > most:
        raise ParameterError(f"this picture holds at most {most} functions, and these are {len(listed)}; choose fewer")
    made = [resolve(d) for d in listed]
    for definition in made:
        if definition.kind != "elementwise":
            raise ParameterError(f"{definition.name} {KINDS[definition.kind]}; this picture is of functions of one number")
    return made


def random_layers(made: Definition, widths: Sequence[int], init: str, seed: int, dtype: str = "float64") -> list[Layer]:
    """Return Gaussian layers between ``widths``; the scales are those of an initialisation for this function.

    Raises:
        UnknownNameError: no such initialisation.
        ParameterError: it has no scales for this function.
    """
    if init not in INITS:
        raise unknown("initialisation", init, INITS)
    layers = []
    for n, (inputs, outputs) in enumerate(zip(widths, widths[1:], strict=False)):
        try:
            scales = INITS[init].scales(made, inputs)
        except ParameterError as error:
            raise ParameterError(f"{error}; the initialisation {init!r} needs it, 'he' does not") from None
        rng = np.random.default_rng((seed, n))
        weights = rng.standard_normal((inputs, outputs)) * (scales.sigma_w / math.sqrt(inputs))
        bias = rng.standard_normal(outputs) * scales.sigma_b
        layers.append(Layer(weights.astype(dtype), bias.astype(dtype)))
    return layers


def forward(root: Expr, layers: Sequence[Layer], x: Any) -> list[Any]:
    """Return what each layer gives: the function's values after all but the last, which is affine."""
    made = []
    with np.errstate(all="ignore"):
        for n, layer in enumerate(layers):
            x = x @ layer.weights + layer.bias
            if n < len(layers) - 1:
                x = evaluate(root, x)
            made.append(x)
    return made


# -- points in a plane ----------------------------------------------------------------------------------------------


def _moons(rng: np.random.Generator, n: int) -> tuple[Floats, Any]:
    angle = rng.uniform(0, np.pi, n)
    label = np.arange(n) % 2
    x = np.where(label == 0, np.cos(angle), 1 - np.cos(angle))
    y = np.where(label == 0, np.sin(angle), 0.5 - np.sin(angle))
    return np.stack([x - 0.5, y - 0.25], axis=1) * 1.2 + 0.1 * rng.standard_normal((n, 2)), label


def _circles(rng: np.random.Generator, n: int) -> tuple[Floats, Any]:
    angle, label = rng.uniform(0, 2 * np.pi, n), np.arange(n) % 2
    radius = np.where(label == 0, 0.55, 1.45) + 0.08 * rng.standard_normal(n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), label


def _spirals(rng: np.random.Generator, n: int) -> tuple[Floats, Any]:
    t, label = rng.uniform(0.15, 1, n), np.arange(n) % 2
    angle = 1.1 * 2 * np.pi * t + np.pi * label
    points = 1.6 * t[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return points + 0.03 * rng.standard_normal((n, 2)), label


def _xor(rng: np.random.Generator, n: int) -> tuple[Floats, Any]:
    points = rng.uniform(-1.5, 1.5, (n, 2))
    points += 0.12 * np.sign(points)  # a gap along the axes
    return points, (points[:, 0] * points[:, 1] > 0).astype(int)


POINTS: Mapping[str, Callable[[np.random.Generator, int], tuple[Floats, Any]]] = {
    "moons": _moons,
    "circles": _circles,
    "spirals": _spirals,
    "xor": _xor,
}
"""Two classes in a plane, by name: two half moons, two circles, two spirals, and opposite corners."""


def points(name: str, n: int, seed: int) -> tuple[Floats, Any]:
    """Return ``n`` points, shape (n, 2), and their classes 0 or 1; the same seed gives the same points.

    Raises:
        UnknownNameError: no such set of points.
    """
    if name not in POINTS:
        raise unknown("set of points", name, POINTS)
    return POINTS[name](np.random.default_rng((seed, 77)), n)


# -- training -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trained:
    """The best of a few networks trained at once.

    Attributes:
        layers: of the best: hidden layers, then the one to the single output; above 0 means class 1.
        accuracy: share of the points it classifies right.
        median: the median of that share over all networks.
        tried: how many networks were trained.
        loss: its mean cross-entropy.
        steps: how many were taken.
    """

    layers: tuple[Layer, ...]
    accuracy: float
    median: float
    tried: int
    loss: float
    steps: int


LEARNED = 0.03
"""Mean cross-entropy at which training ends: with more, units saturate, and the picture is one of corners."""
_LOOKS = 25
"""Steps between two looks at whether a network has learned its points."""


def train(made: Definition, x: Floats, label: Any, *, width: int, hidden: int, steps: int, tried: int, rate: float,
          seed: int) -> Trained:  # fmt: skip
    """Train networks from several starts at once with Adam on all points, and keep the best.

    Two units a layer are few, and a start may get stuck; the best of several shows what the function can do.

    Args:
        made: the function after each hidden layer.
        x: points, shape (n, 2).
        label: classes 0 or 1, shape (n,).
        width: units in each hidden layer.
        hidden: number of hidden layers.
        steps: of Adam, at most; training ends when the best network has learned its points.
        tried: how many starts.
        rate: Adam's learning rate at the start; it falls to 0 along a cosine.
        seed: of the starts.
    """
    root, widths = made.closed(), [2, *[width] * hidden, 1]
    layers = [_starts(k, a, b, tried, seed) for k, (a, b) in enumerate(zip(widths, widths[1:], strict=False))]
    wanted = np.asarray(label, dtype=np.float64)[:, None]
    state = [[np.zeros_like(p) for p in layer] for layer in layers for _ in range(2)]
    with np.errstate(all="ignore"):
        for step in range(1, steps + 1):
            if step % _LOOKS == 0 and _losses(root, layers, x, wanted)[0].min() < LEARNED:
                break
            gradients = _gradients(root, layers, x, wanted)
            layers = _adam(layers, gradients, state, step, rate * 0.5 * (1 + math.cos(math.pi * (step - 1) / steps)))
        losses, right = _losses(root, layers, x, wanted)
    right = np.where(np.isfinite(losses), right, 0.0)
    best = max(range(tried), key=lambda n: (right[n], -losses[n] if np.isfinite(losses[n]) else -np.inf))
    kept = tuple(Layer(layer.weights[best], layer.bias[best]) for layer in layers)
    return Trained(kept, float(right[best]), float(np.median(right)), tried, float(losses[best]), step)


def _losses(root: Expr, layers: Sequence[Layer], x: Floats, wanted: Floats) -> tuple[Any, Any]:
    """Return each network's mean cross-entropy and the share of the points it classifies right."""
    score = forward(root, layers, x)[-1]
    return np.logaddexp(0, np.where(wanted > 0, -score, score)).mean((1, 2)), ((score > 0) == (wanted > 0)).mean((1, 2))


def _starts(k: int, inputs: int, outputs: int, tried: int, seed: int) -> Layer:
    rng = np.random.default_rng((seed, 1, k))
    weights = rng.standard_normal((tried, inputs, outputs)) * math.sqrt(2 / (inputs + outputs)) * 1.5
    return Layer(weights, 0.1 * rng.standard_normal((tried, 1, outputs)))


def _gradients(root: Expr, layers: Sequence[Layer], x: Floats, wanted: Floats) -> list[Layer]:
    """Return the gradients of the mean cross-entropy, by the chain rule."""
    given: list[Any] = [x]
    before: list[Any] = []
    for layer in layers:
        before.append(given[-1] @ layer.weights + layer.bias)
        given.append(evaluate(root, before[-1]))
    back = (0.5 * (1 + np.tanh(before[-1] / 2)) - wanted) / len(x)
    made = []
    for k in reversed(range(len(layers))):
        made.append(Layer(np.swapaxes(given[k], -1, -2) @ back, back.sum(-2, keepdims=True)))
        if k:
            back = (back @ np.swapaxes(layers[k].weights, -1, -2)) * evaluate(root, before[k - 1], wrt=("x",))
    return made[::-1]


def _adam(
    layers: Sequence[Layer], gradients: Sequence[Layer], state: Sequence[list[Any]], step: int, rate: float
) -> list[Layer]:
    """One step of Adam (Kingma and Ba 2015) with its usual constants; ``state`` holds both moments of each layer."""
    made = []
    for k, (layer, gradient) in enumerate(zip(layers, gradients, strict=True)):
        parts = []
        for j, (value, slope) in enumerate(zip(layer, gradient, strict=True)):
            first, second = state[2 * k], state[2 * k + 1]
            first[j] = 0.9 * first[j] + 0.1 * slope
            second[j] = 0.999 * second[j] + 0.001 * slope**2
            size = np.sqrt(second[j] / (1 - 0.999**step)) + 1e-8
            parts.append(value - rate * first[j] / (1 - 0.9**step) / size)
        made.append(Layer(*parts))
    return made
