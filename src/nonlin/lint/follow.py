"""Following tensors through a network's graph: what the checks share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from nonlin.catalogue import Definition, lookup
from nonlin.errors import ParameterError
from nonlin.expr import derivative, walk
from nonlin.lint.net import AFFINE, Net, Node

if TYPE_CHECKING:
    from nonlin.facts.reach import Reach

SAME_VALUES = ("identity", "cast", "flatten", "reshape", "transpose", "dropout", "select", "output")
"""Operations that keep each value, or leave some out; dropout keeps them in evaluation."""
SAME_PLACES = ("identity", "cast", "dropout", "output")
"""Those that also keep every axis."""
_WIDEST = 4.0
"""How far apart the bounds of a function that squashes may be; relu6 is bounded too."""
AVERAGES = ("avg_pool", "max_pool", "reduce")
"""Operations whose results lie between the values they get (of reductions: mean, max and min)."""
_BETWEEN = ("mean", "max", "min", "amax", "amin", "median")


class Ending(NamedTuple):
    """What a loss gets: the node that made the values, and what they went through afterwards."""

    at: int
    node: Node
    through: tuple[int, ...]
    pooled: bool
    """Whether pooling or a mean stands between."""


def ending(net: Net, index: int) -> Ending:
    """Walk back from what a loss gets over whatever keeps the values, or averages them, and what runs only in evaluation."""
    through: list[int] = []
    pooled = False
    while True:
        node = net.nodes[index]
        skipped = node.training is False  # the loss is taken in training
        averaged = node.op in AVERAGES and (node.op != "reduce" or node.attrs.get("kind") in _BETWEEN)
        if len(node.inputs) != 1 or not (skipped or averaged or node.op in SAME_VALUES):
            return Ending(index, node, tuple(through), pooled)
        pooled |= averaged and not skipped
        through.append(index)
        index = node.inputs[0]


def definition_of(node: Node) -> Definition | None:
    """Return the function an activation computes; None if it is not known."""
    given = node.attrs.get("definition")
    if isinstance(given, Definition):
        return given
    return lookup(node.function) if node.op == "activation" and node.function else None


def reach_of(node: Node) -> Reach | None:
    """Return the range of an activation's outputs; None where it is unknown or training may change it."""
    made = definition_of(node)
    if made is None or made.kind not in ("elementwise", "rowwise") or {"learnable", "contextual"} & {*made.labels}:
        return None
    if node.attrs.get("params_unknown"):
        return None
    params = node.attrs.get("params")
    if params:
        try:
            made = made.bind(**params)
        except ParameterError:
            return None
    from nonlin.facts.reach import reach

    return reach(made)


def is_softmax(node: Node) -> bool:
    """Whether an activation gives probabilities over classes: softmax, sparsemax and their kin."""
    made = definition_of(node)
    if made is None or made.kind != "rowwise":
        return False
    from nonlin.facts.reach import sums_to_one

    return sums_to_one(made)


def changes_nothing(outer: Definition, inner: Definition) -> bool:
    """Whether a function applied to another's results changes none of them, as ReLU after ReLU."""
    from nonlin.facts.reach import changes_nothing as told

    return told(outer, inner)


def is_log_softmax(node: Node) -> bool:
    """Whether an activation gives log-probabilities over classes."""
    made = definition_of(node)
    return made is not None and made.name.partition("(")[0] == "log_softmax"


def called(node: Node) -> str:
    """Return an activation's name for messages: ``softmax``, ``Softmax 'head.2'``."""
    made = definition_of(node)
    name = made.name if made is not None else (node.function or node.op)
    return f"{name} '{node.place.layer}'" if node.place.layer else name


def classes_of(net: Net, index: int) -> int | None:
    """Return how many classes a node gives, where that is certain: a layer's width, or a shape of two axes."""
    while True:
        node = net.nodes[index]
        if node.shape is not None and len(node.shape) == 2:
            return node.shape[1]
        dim = node.attrs.get("features_dim")
        if node.shape is not None and len(node.shape) > 2 and dim == 1:
            return node.shape[1]
        if node.op in AFFINE:
            width = node.attrs.get("out_features")
            return width if isinstance(width, int) else None
        if len(node.inputs) != 1 or not (
            node.op in SAME_PLACES or node.op in ("activation", "norm", "avg_pool", "max_pool", "scale")
        ):
            return None
        if node.op == "activation" and node.attrs.get("kind") in ("gated", "paired", "grouped", "concatenated"):
            return None
        index = node.inputs[0]


def over_one(net: Net, index: int) -> bool | None:
    """Whether the softmax at ``index`` runs over an axis of length 1 that a layer's width fixes; None if that is open.

    Lengths that only this batch has (one token, one object) prove nothing, so the axis must be the one a layer makes.
    """
    node = net.nodes[index]
    source = _layer_before(net, index)
    if source is None or source.attrs.get("out_features") != 1:
        return None if source is None else False
    features = source.attrs.get("features_dim", 1 if source.op.startswith("conv") else -1)
    if "dim" not in node.attrs:
        return None
    dim = node.attrs["dim"]
    rank = len(node.shape) if node.shape is not None else None
    if dim is None and rank is not None:
        dim = 0 if rank in (0, 1, 3) else 1
    if not (dim is None or isinstance(dim, int)) or not isinstance(features, int):
        return None
    if dim == features:
        return True
    if rank is not None and dim is not None:
        return dim % rank == features % rank
    return None if (dim is None or dim == 1) and features == -1 else False


def _layer_before(net: Net, index: int) -> Node | None:
    """Return the affine layer whose output, every axis kept, a node gets."""
    while True:
        node = net.nodes[index]
        if node.op in AFFINE:
            return node
        elementwise = node.op in ("scale", "norm", *SAME_PLACES) or (
            node.op == "activation" and node.function not in ("", "glu")
        )
        if not elementwise or len(node.inputs) != 1:
            return None
        index = node.inputs[0]


def readers(net: Net, index: int, over: Iterable[str] = SAME_VALUES) -> list[int]:
    """Return the nodes that read a value, also through the operations ``over``; outputs of the net are not listed."""
    over = tuple(over)
    found: list[int] = []
    rest = [index]
    while rest:
        for i in net.consumers(rest.pop()):
            (rest if net.nodes[i].op in over else found).append(i)
    return sorted({*found})


def reaches_end(net: Net, index: int, over: Iterable[str] = (*SAME_VALUES, *AVERAGES)) -> bool:
    """Whether a value, as it is or reshaped, is an output of the net or what a loss gets."""
    over = tuple(over)
    ends = {*net.outputs, *(loss.input for loss in net.losses)}
    seen, rest = {index}, [index]
    while rest:
        here = rest.pop()
        if here in ends:
            return True
        for i in net.consumers(here):
            if net.nodes[i].op in over and i not in seen:
                seen.add(i)
                rest.append(i)
    return False


def activations(net: Net) -> Iterator[tuple[int, Node]]:
    """Yield every activation with its index."""
    return ((i, node) for i, node in enumerate(net.nodes) if node.op == "activation")


def spelled(value: Any) -> str:
    """Return a number without needless digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@lru_cache(maxsize=256)
def _grows(made: Definition) -> bool:
    """Whether a value far out is too large for a function that saturates; most are ruled out here without their range."""
    from nonlin.expr.exact import evaluate

    root = made.closed()
    return any(not abs(float(evaluate(root, {"x": x}, 20))) <= _WIDEST for x in (-(10**6), 10**6))


@lru_cache(maxsize=256)
def _steepest(made: Definition) -> float:
    """Return the largest slope of an elementwise function among 129 points of [-8, 8]; exactly, without loading arrays."""
    from nonlin.expr.exact import evaluate

    slope = derivative(made.closed(), "x")
    found = (abs(float(evaluate(slope, {"x": k / 8}, 20))) for k in range(-64, 65))
    return max(s for s in found if s == s)


def saturates(node: Node) -> str:
    """Return ``flat`` for a function bounded on both sides whose slope is at most one half, ``steep`` for another such one.

    Empty for all others; waves and relu6 are bounded too, but do not squash a pre-activation of usual size.
    """
    made = definition_of(node)
    if made is None or made.kind != "elementwise" or _grows(made):
        return ""
    bounds = reach_of(node)
    if bounds is None or not bounds.bounded or bounds.high - bounds.low > _WIDEST:
        return ""
    if bounds.low_attained and bounds.high_attained and {"sin", "cos"} & {n.op for n in walk(made.closed())}:
        return ""
    return "flat" if _steepest(made) <= 0.5 else "steep"
