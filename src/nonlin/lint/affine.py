"""NL201 and NL202: affine maps with nothing nonlinear between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nonlin.findings import Finding, Remedy, Severity
from nonlin.lint.follow import activations, reaches_end, readers
from nonlin.lint.net import AFFINE, Net, Node
from nonlin.lint.rules import finding

_BETWEEN = ("identity", "dropout", "flatten", "reshape", "transpose", "avg_pool", "pad", "cast", "scale")
_NOTHING = (*_BETWEEN, *AFFINE, "input", "output", "constant", "parameter", "add", "concat", "select", "embedding")
"""Operations that keep an affine network affine."""
_PRODUCTS = ("matmul", "einsum", "mm", "bmm", "baddbmm", "addmm")
"""Affine nodes that are a matrix product with a parameter: factored weights and attention, not a layer."""


class Pair(NamedTuple):
    """Two affine nodes of which the second gets what the first gives."""

    first: int
    second: int
    exempt: bool
    """Whether the pair is a design: grouped, a bottleneck, or of unknown widths."""
    pooled: bool
    """Whether the only thing between is max pooling."""


def affine_chain(net: Net) -> Iterator[Finding]:
    """NL202 where the whole net is affine, else NL201 for each pair of affine layers in a row."""
    pairs = [p for p in _pairs(net) if not p.exempt]
    plain = [p for p in pairs if not p.pooled]
    if plain and _all_affine(net):
        count = sum(n.op in AFFINE for n in net.nodes)
        sure = bool(net.losses)
        first, last = (net.nodes[i].place for i in plain[0][:2])
        yield finding(
            "NL202", f"{net.name or 'the network'} has {count} affine layers and no activation between them: it is one affine map",
            first, Severity.ERROR if sure else Severity.WARNING, related=(last,),
            proof="W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2)", confidence="certain" if sure else "likely",
            remedy=Remedy("insert", first.layer or "after each hidden layer", "put an activation after each hidden layer",
                          after="nn.ReLU()", expect="the network fits what a linear model cannot"),
            data={"layers": count},
        )  # fmt: skip
        return
    hidden = any(not _final(net, i) for i, _ in activations(net))
    for pair in pairs:
        if pair.pooled and (hidden or not net.complete):
            continue
        one, two = net.nodes[pair.first], net.nodes[pair.second]
        between = "only max pooling" if pair.pooled else "nothing nonlinear"
        yield finding(
            "NL201", f"{_shown(one)} feeds {_shown(two)} with {between} between them", one.place, related=(two.place,),
            proof="" if pair.pooled else "two affine maps in a row are one affine map", confidence="likely",
            remedy=Remedy("insert", one.place.layer or _shown(one), "put an activation between them, or merge them", after="nn.ReLU()"),
        )  # fmt: skip


def _pairs(net: Net) -> Iterator[Pair]:
    for second, node in enumerate(net.nodes):
        if node.op not in AFFINE or _product(node) or not node.inputs:
            continue
        found = _before(net, node.inputs[0])
        if found is not None:
            first, pooled, flat = found
            yield Pair(first, second, _exempt(net.nodes[first], node, flat), pooled)


def _before(net: Net, index: int) -> tuple[int, bool, bool] | None:
    """Return the affine node whose output alone reaches here, whether by way of max pooling, and of a flattening."""
    pooled = flat = False
    while True:
        node = net.nodes[index]
        if len(readers(net, index, over=())) != 1 or index in net.outputs:
            return None  # something else reads it: it is more than a step on the way
        if node.op in AFFINE:
            return None if _product(node) else (index, pooled, flat)
        batch = node.op == "norm" and str(node.attrs.get("kind", "")).startswith("batch")
        if len(node.inputs) != 1 or not (node.op in _BETWEEN or node.op == "max_pool" or batch):
            return None
        pooled |= node.op == "max_pool"
        flat |= node.op in ("flatten", "reshape", "transpose")
        index = node.inputs[0]


def _product(node: Node) -> bool:
    return node.attrs.get("kind") in _PRODUCTS or bool(node.attrs.get("maxout"))


def _exempt(first: Node, second: Node, flat: bool) -> bool:
    """Whether a pair is a design: grouped or depthwise, a bottleneck narrower than what it joins, or of unknown widths."""
    if any(n.attrs.get("groups", 1) != 1 for n in (first, second)):
        return True
    convs = first.op.startswith("conv") and second.op.startswith("conv")
    middle = second.attrs.get("in_features") if flat else first.attrs.get("out_features")
    ends = [None if flat and first.op != second.op else first.attrs.get("in_features"), second.attrs.get("out_features")]
    if not isinstance(middle, int):
        return True
    known = [e for e in ends if isinstance(e, int)]
    narrow = [middle <= e if convs else middle < e for e in known]
    return not (known and not all(narrow))


def _all_affine(net: Net) -> bool:
    """Whether nothing in the net is nonlinear, a last activation aside."""
    if not net.complete:
        return False
    for index, node in enumerate(net.nodes):
        batch = node.op == "norm" and str(node.attrs.get("kind", "")).startswith("batch")
        mean = node.op == "reduce" and node.attrs.get("kind") in ("sum", "mean")
        last = node.op == "activation" and _final(net, index)
        if not (node.op in _NOTHING or batch or mean or last):
            return False
    return True


def _final(net: Net, index: int) -> bool:
    return not readers(net, index) and reaches_end(net, index)


def _shown(node: Node) -> str:
    kind = {"conv": "convolution", "conv_transpose": "transposed convolution", "bilinear": "bilinear layer"}.get(
        node.op, "linear layer"
    )
    widths = [node.attrs.get(k) for k in ("in_features", "out_features")]
    size = f" ({widths[0]} -> {widths[1]})" if all(isinstance(w, int) for w in widths) else ""
    return f"{kind} '{node.place.layer}'{size}" if node.place.layer else f"{kind}{size}"


CHECKS = (affine_chain,)
