"""NL113 and NL115: checks of the axis of a softmax, and of its logarithm taken by hand."""

from __future__ import annotations

from collections.abc import Iterator

from nonlin.findings import Finding, Remedy, Severity
from nonlin.lint.follow import activations, called, definition_of, ending, is_log_softmax, is_softmax, reaches_end, readers
from nonlin.lint.net import AFFINE, Net, Node
from nonlin.lint.rules import finding


def softmax_axis(net: Net) -> Iterator[Finding]:
    """NL113: a softmax over the samples of a batch, or along an axis left to PyTorch's guess."""
    for index, node in activations(net):
        if not (is_softmax(node) or is_log_softmax(node)) or "dim" not in node.attrs or not node.inputs:
            continue
        rank, dim = (None if node.shape is None else len(node.shape)), node.attrs["dim"]
        if dim is None and net.framework == "torch":
            yield from _guessed(net, index, node, rank)
        elif isinstance(dim, int) and (dim == 0 or (rank is not None and dim == -rank)) and rank in (None, 2):
            if not _from_layer(net, index) or not reaches_end(net, index) or readers(net, index):
                continue  # over nodes, experts or a parameter it may be meant
            lost = any(ending(net, loss.input).at == index for loss in net.losses)
            if rank == 2 or lost:
                yield finding(
                    "NL113", f"{called(node)} runs along axis 0, the batch: the samples compete instead of the classes", node.place,
                    Severity.ERROR if rank == 2 else Severity.WARNING, proof="each column of the output sums to 1, its rows do not",
                    confidence="certain" if rank == 2 else "likely", remedy=_axis(node, "dim=0"),
                )  # fmt: skip


def _guessed(net: Net, index: int, node: Node, rank: int | None) -> Iterator[Finding]:
    """A softmax without dim: right for two and four axes, along the batch for one and three."""
    if rank == 3:
        yield finding("NL113", f"{called(node)} has no dim: for three axes PyTorch guesses 0, the batch", node.place,
                      proof="each position's outputs sum to 1 over the samples of the batch", remedy=_axis(node, ""))  # fmt: skip
    elif _from_layer(net, index):
        yield finding("NL113", f"{called(node)} has no dim: PyTorch guesses it from the number of axes, and warns", node.place,
                      Severity.INFO, proof="it guesses 1 for two and four axes, and 0, the batch, for one and three",
                      remedy=_axis(node, ""))  # fmt: skip


def _axis(node: Node, before: str) -> Remedy:
    return Remedy("set", node.place.layer or called(node), "write dim=-1 (dim=1 for images)", before=before, after="dim=-1",
                  expect="the outputs of each sample sum to 1")  # fmt: skip


def _from_layer(net: Net, index: int) -> bool:
    """Whether a softmax gets what a layer gives, every axis kept: not attention scores, not a parameter."""
    at = net.nodes[index].inputs[0]
    while net.nodes[at].op in ("identity", "dropout", "cast", "scale", "activation") and len(net.nodes[at].inputs) == 1:
        at = net.nodes[at].inputs[0]
    return net.nodes[at].op in AFFINE


def log_by_hand(net: Net) -> Iterator[Finding]:
    """NL115: the logarithm of a softmax or sigmoid, where one stable function gives both."""
    for node in net.nodes:
        if (node.attrs.get("kind") or node.function) != "log" or len(node.inputs) != 1:
            continue
        inner = net.nodes[node.inputs[0]]
        made = definition_of(inner)
        stable = "log_softmax" if is_softmax(inner) else _LOGS.get(made.name, "") if made is not None else ""
        if stable and not (is_softmax(inner) and made is not None and made.name != "softmax"):
            yield finding(
                "NL115", f"the logarithm of {called(inner)} is taken by hand: it is -inf, with gradient NaN, where {called(inner)} "
                "rounds to 0", node.place if node.place.line else inner.place, related=(inner.place,),
                proof="in float32 exp(-104) rounds to 0, in float16 exp(-18)",
                remedy=Remedy("replace", node.place.layer or "log", f"use {stable}, which never forms the small number", after=stable,
                              expect="the same values where they are finite"),
            )  # fmt: skip


_LOGS = {"sigmoid": "logsigmoid"}

CHECKS = (softmax_axis, log_by_hand)
