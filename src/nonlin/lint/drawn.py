"""Weights known by how the program draws them, with what the checks of initialisation ask of a tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nonlin.lint.net import Node


@dataclass(frozen=True)
class Drawn:
    """A weight of mean 0 that has not been drawn yet: its shape, and the variance of what will stand in it."""

    shape: tuple[int, int]
    """Outputs and inputs."""
    variance: float

    def numel(self) -> int:
        """How many numbers it has."""
        return self.shape[0] * self.shape[1]

    def norm(self) -> float:
        """The expected Euclidean norm."""
        return math.sqrt(self.variance * self.numel())

    def var(self, correction: int = 0) -> float:
        """The variance; a drawn one differs from it the less the more numbers there are."""
        return self.variance


def drawn(node: Node) -> Drawn | None:
    """Return the weight of a linear layer that the program's text initialises, or None where its variance is not certain.

    Library defaults count as not certain: what sets a weight may stand where it was not read.
    """
    start, ins, outs = (node.attrs.get(k) for k in ("init", "in_features", "out_features"))
    if node.op != "linear" or not isinstance(start, str) or not isinstance(ins, int) or not isinstance(outs, int):
        return None
    variance = variance_of(start, ins, outs)
    return None if variance is None or not ins or not outs else Drawn((outs, ins), variance)


def variance_of(start: str, ins: int, outs: int) -> float | None:
    """Return the variance of weights started as the source reader tells it, None where that is not known.

    >>> variance_of("he_normal", 50, 10), variance_of("normal:0.1", 50, 10), variance_of("orthogonal", 50, 10)
    (0.04, 0.010000000000000002, None)
    """
    kind, _, number = start.partition(":")
    if kind in ("normal", "uniform", "fan_in") and number:
        value = float(number)
        return value**2 if kind == "normal" else value**2 / 3 if kind == "uniform" else value / max(ins, 1)
    rule, _, shape = kind.partition("_")
    if shape not in ("normal", "uniform") or number:
        return None
    return {"he": 2 / max(ins, 1), "lecun": 1 / max(ins, 1), "glorot": 2 / max(ins + outs, 1)}.get(rule)
