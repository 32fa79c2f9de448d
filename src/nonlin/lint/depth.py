"""How the signal's size changes with depth, from the weights alone.

Within a chain of affine layers the pre-activations of two samples have a common part, of variance c, and parts of their own, of
variance v. A layer of weights with second moment s = fan_in E w^2 makes of them c' = s E f(u1) f(u2) + Var b and
v' = s (E f(u)^2 - E f(u1) f(u2)), where (u1, u2) are Gaussian of variance c + v and covariance c (Poole et al. 2016,
arXiv:1606.05340). What tells samples apart is v: for small signals v' = s v E f'^2, so a sigmoid has the factor 1/16 and not
its large mean. The gain over the chain is sqrt(v_last / v_first).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from nonlin.catalogue import Definition, lookup
from nonlin.errors import NonlinError
from nonlin.lint.drawn import drawn
from nonlin.lint.net import PLAIN, Net, Node

LAYERS = ("linear", "conv", "conv_transpose")
"""The affine layers whose weights tell a gain."""
_PASSED = (*PLAIN, "max_pool")
_SAME = 1e-6
"""Own parts of a smaller share of the variance are followed by the derivative: the difference would be rounding."""


class Step(NamedTuple):
    """An affine layer of a chain: its node, the functions applied since the layer before, and a constant factor."""

    node: int
    functions: tuple[Definition, ...]
    factor: float


@dataclass(frozen=True)
class Gain:
    """What the map predicts for a chain: the between-sample deviation of each pre-activation, in order."""

    steps: tuple[Step, ...]
    deviations: tuple[float, ...]

    @property
    def total(self) -> float:
        """Last over first, without the output layer if that makes it milder: a small head is a choice."""
        first, last = self.deviations[0], self.deviations[-1]
        inner = self.deviations[-2]
        if first == 0:
            return 0.0
        return min(last / first, inner / first, key=lambda g: abs(math.log(g)) if g > 0 else math.inf)


def weight_of(node: Node) -> Any:
    """Return the weight of an affine node as a detached tensor of at least float32, or as the text says it is drawn; or None."""
    held = node.attrs.get("weight")
    if held is None and node.module is None:
        return drawn(node)
    if held is None and node.module is not None:
        held = getattr(node.module, "weight", None)
    if held is None or not hasattr(held, "detach") or held.is_meta or held.is_complex() or held.numel() == 0:
        return None
    held = held.detach()
    return held if held.element_size() >= 4 and held.is_floating_point() else held.float()


def second_moment(weight: Any) -> float:
    """Return E w^2, without a copy of the weight: layers may have a hundred million."""
    norm = float(weight.norm())
    return norm * norm / int(weight.numel())


def bias_of(node: Node) -> Any:
    """Return the bias of an affine node as a detached tensor in float64, or None."""
    held = node.attrs.get("bias_weight", getattr(node.module, "bias", None))
    return None if held is None or not hasattr(held, "detach") or held.is_meta else held.detach().double()


def fan_in(node: Node, weight: Any) -> float:
    """Return how many weights meet in one output of an affine node."""
    shape = tuple(int(n) for n in weight.shape)
    if node.op == "linear" or len(shape) < 3:
        return float(shape[-1])
    window = math.prod(shape[2:])
    if node.op == "conv":
        return float(shape[1] * window)
    stride = node.attrs.get("stride", 1)
    steps = math.prod(stride) if isinstance(stride, tuple) else stride ** (len(shape) - 2)
    return float(shape[0] / node.attrs.get("groups", 1) * window / steps)


def chains(net: Net) -> Iterator[tuple[Step, ...]]:
    """Yield the longest chains of affine layers that end in an output: no norm, skip, gate or unknown operation between."""
    before: dict[int, Step] = {}
    after: dict[int, int] = {}
    fans = [0] * len(net.nodes)
    for node in net.nodes:
        for i in set(node.inputs):
            fans[i] += 1
    for i, node in enumerate(net.nodes):
        if node.op in LAYERS and len(node.inputs) == 1:
            found = _previous(net, i, fans)
            if found is not None:
                source, step = found
                before[i], after[source] = step, i
    ends = {e for out in net.outputs if (e := _layer_behind(net, out)) is not None}
    for end in sorted(ends):
        steps: list[Step] = []
        at = end
        sources = {t: s for s, t in after.items()}
        while at in before:
            steps.append(before[at])
            at = sources[at]
        yield (Step(at, (), 1.0), *reversed(steps))


def _previous(net: Net, index: int, fans: list[int]) -> tuple[int, Step] | None:
    """Return the affine layer whose output alone this one gets, and what was applied between; None where they are no chain."""
    functions: list[Definition] = []
    factor = 1.0
    at = net.nodes[index].inputs[0]
    while True:
        node = net.nodes[at]
        if fans[at] > 1 or at in net.outputs:
            return None
        if node.op in LAYERS:
            return at, Step(index, tuple(reversed(functions)), factor)
        if len(node.inputs) != 1:
            return None
        if node.op == "activation":
            made = definition(node)
            if made is None or made.kind != "elementwise":
                return None
            functions.append(made)
        elif node.op not in _PASSED or (node.op == "avg_pool" and node.attrs.get("global")):
            return None
        factor *= float(node.attrs.get("factor", 1.0)) if node.op == "scale" else 1.0
        at = node.inputs[0]


def _layer_behind(net: Net, index: int) -> int | None:
    """Return the affine layer behind an output, through activations and what keeps values."""
    while True:
        node = net.nodes[index]
        if node.op in LAYERS:
            return index
        if len(node.inputs) != 1 or not (node.op == "activation" or node.op in _PASSED):
            return None
        index = node.inputs[0]


def definition(node: Node) -> Definition | None:
    """Return the function of an activation node, with the parameters it has there."""
    given = node.attrs.get("definition")
    return given if isinstance(given, Definition) else lookup(node.function) if node.function else None


def gain(net: Net, steps: tuple[Step, ...], common: float = 0.0, own: float = 1.0) -> Gain | None:
    """Return what the map predicts for a chain; None where weights or moments are not known.

    Args:
        net: the network.
        steps: its chain, from :func:`chains`.
        common: second moment of the inputs' mean over samples (their common part), per feature.
        own: variance of the inputs over samples, per feature.
    """
    c, v = common, own
    found: list[float] = []
    for step in steps:
        node = net.nodes[step.node]
        weight = weight_of(node)
        if weight is None:
            return None
        s = fan_in(node, weight) * second_moment(weight) * step.factor**2
        try:
            for made in step.functions:
                c, v = _through(made, c, v)
        except NonlinError:  # a function without moments at this variance
            return None
        bias = bias_of(node)
        c, v = s * c + (0.0 if bias is None else float((bias**2).mean())), s * v
        if not (math.isfinite(c) and math.isfinite(v)):
            return None
        found.append(math.sqrt(v))
    return Gain(steps, tuple(found))


def _through(made: Definition, c: float, v: float) -> tuple[float, float]:
    """Return the common and the own part of f's output."""
    from nonlin.facts.maps import overlap
    from nonlin.facts.moments import moments

    q = c + v
    if q <= 0 or v <= 0:
        return c, 0.0
    square = moments(made, q)
    if v < _SAME * q:
        return square.square, v * square.slope_square
    shared = overlap(made.closed(), _rounded(c / q), _rounded(q))
    own = moments(made, _rounded(q)).square - shared
    return shared, max(own, 0.0)


def _rounded(x: float) -> float:
    """Round to six digits: enough here, and equal layers then share one integral."""
    return float(f"{x:.6g}")
