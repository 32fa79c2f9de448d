"""NL203, NL204, NL206 to NL211 and NL214: checks of activations, normalisation and dropout by their neighbours."""

from __future__ import annotations

from collections.abc import Iterator

from nonlin.findings import Finding, Remedy, Severity
from nonlin.lint.follow import (
    SAME_VALUES,
    activations,
    called,
    changes_nothing,
    classes_of,
    definition_of,
    ending,
    is_softmax,
    reaches_end,
    readers,
    saturates,
)
from nonlin.lint.net import AFFINE, Net, Node
from nonlin.lint.rules import finding

_WEIGHTED = ("matmul", "einsum", "mm", "bmm", "baddbmm", "addmm")
"""Affine nodes that are a product with a parameter: a softmax before one weights a sum of its rows."""
_GATING = ("mul", "matmul", "reduce", "attention")
"""Readers for which a softmax or sigmoid is a weight, not an activation."""
_UNBOUNDED = ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus")
"""Activations with which the state of a recurrent layer can grow at each step."""
_STACK = {"flat": 4, "steep": 6}
"""How many saturating layers in a row are too many: with a largest slope of at most one half, and with a larger one."""


def hidden_softmax(net: Net) -> Iterator[Finding]:
    """NL203: a softmax whose only readers are affine layers; a product with a given matrix is an expectation instead."""
    for index, node in activations(net):
        made = definition_of(node)
        if made is None or not is_softmax(node) or made.random or node.training is not None or classes_of(net, index) == 1:
            continue
        read = readers(net, index, (*SAME_VALUES, "avg_pool", "max_pool", "norm"))
        if any(net.nodes[j].op in (*_GATING, "add") for i in read for j in readers(net, i)):
            continue  # talking heads: layers mix attention weights before they weight; or a branch that a skip goes around
        found = [net.nodes[i] for i in read]
        layers = found and all(n.op in AFFINE and n.attrs.get("kind") not in _WEIGHTED for n in found)
        if layers and not reaches_end(net, index):
            wide = classes_of(net, index)
            size = f"its {wide} outputs sum to 1: each is about 1/{wide}" if wide else "its outputs sum to 1 and compete"
            yield finding("NL203", f"{called(node)} is used as a hidden activation: {size}", node.place, confidence="likely",
                          related=(found[0].place,), proof="the derivative of a softmax output is at most 1/4, and 1/n - 1/n^2 at the start",
                          remedy=Remedy("replace", node.place.layer or called(node), "use ReLU, GELU or SiLU", after="nn.ReLU()"))  # fmt: skip


def double_activation(net: Net) -> Iterator[Finding]:
    """NL204: an activation of an activation; information where the second changes nothing."""
    for index, node in activations(net):
        inner = _only_input(net, index)
        if inner is None or net.nodes[inner].op != "activation":
            continue
        before = net.nodes[inner]
        outer_made, inner_made = definition_of(node), definition_of(before)
        if outer_made is None or inner_made is None or {outer_made.kind, inner_made.kind} - {"elementwise", "rowwise"}:
            continue
        if node.training is not None or before.training is not None:
            continue  # the two may belong to different branches
        read = readers(net, index)
        if (
            any(net.nodes[i].op in (*_GATING, "unknown") for i in read)
            or len(readers(net, inner, ("identity", "dropout", "cast"))) > 1
        ):
            continue  # a gate, attention scores, or a value that others read too
        if "log_softmax" in (outer_made.name, inner_made.name) or any(ending(net, loss.input).at == index for loss in net.losses
                                                                     if loss.kind == "cross_entropy" and is_softmax(before)):  # fmt: skip
            continue  # the pairing rules tell more
        nothing = changes_nothing(outer_made, inner_made)
        does = "which changes nothing there" if nothing else f"which sees only the range of {inner_made.name}"
        yield finding("NL204", f"{called(before)} is followed by {called(node)}, {does}", node.place, Severity.INFO if nothing else None,
                      confidence="certain" if nothing else "likely", related=(before.place,),
                      remedy=Remedy("remove", node.place.layer or called(node), "keep one of the two"))  # fmt: skip


def _only_input(net: Net, index: int, over: tuple[str, ...] = ("identity", "dropout", "cast")) -> int | None:
    """Return the node before this one, over what does nothing."""
    inputs = net.nodes[index].inputs
    while len(inputs) == 1 and net.nodes[inputs[0]].op in over:
        inputs = net.nodes[inputs[0]].inputs
    return inputs[0] if len(inputs) == 1 else None


def shared_learnable(net: Net) -> Iterator[Finding]:
    """NL206: one learnable activation object after different layers. Stateless ones may be shared."""
    calls: dict[str, list[int]] = {}
    for index, node in activations(net):
        made = definition_of(node)
        learns = node.attrs.get("learnable", made is not None and "learnable" in made.labels)
        if node.owner and learns:
            calls.setdefault(node.owner, []).append(index)
    for where in calls.values():
        before = {_layer_behind(net, i) for i in where}
        if len(before) < 2 or "" in before:
            continue  # one block called again, or not known
        node = net.nodes[where[0]]
        yield finding("NL206", f"one {called(node)} is used after {len(before)} different layers, which so share its parameters", node.place,
                      related=tuple(net.nodes[i].place for i in where[1:4]), confidence="likely",
                      remedy=Remedy("insert", node.place.layer or called(node), "make one object per layer"))  # fmt: skip


def _layer_behind(net: Net, index: int) -> str:
    """Return the owner of the affine layer before an activation, empty if there is none or it has no object."""
    at: int | None = index
    while at is not None:
        at = _only_input(net, at, (*SAME_VALUES, "norm", "avg_pool", "max_pool", "pad", "scale"))
        if at is None or net.nodes[at].op in AFFINE:
            break
        return ""
    return net.nodes[at].owner if at is not None else ""


def saturating_stack(net: Net) -> Iterator[Finding]:
    """NL207: saturating activations, one after each layer, with nothing that rescues the gradient between them."""
    if sum(1 for _ in activations(net)) < min(_STACK.values()):
        return
    depth: dict[int, tuple[int, int, int]] = {}  # how many of each kind end here, and where the stack begins
    best: tuple[int, int] | None = None
    for index, node in enumerate(net.nodes):
        kind = saturates(node) if node.op == "activation" else ""
        through = node.op in (*AFFINE, *SAME_VALUES, "avg_pool", "max_pool", "pad", "scale")
        if len(node.inputs) != 1 or not (kind or through) or node.training is False:
            continue
        flat, steep, start = depth.get(node.inputs[0], (0, 0, index))
        if kind:
            read = readers(net, index, (*SAME_VALUES, "avg_pool", "max_pool", "pad", "scale"))
            if not read or not all(net.nodes[i].op in AFFINE for i in read):
                continue  # the last one, a gate, or the branch of a skip
            flat, steep = flat + (kind == "flat"), steep + 1
            start = index if steep == 1 else start
            if (flat >= _STACK["flat"] or steep >= _STACK["steep"]) and (best is None or steep > best[0]):
                best = (steep, start)
        depth[index] = (flat, steep, start)
    if best is not None:
        first = net.nodes[best[1]]
        yield finding("NL207", f"{best[0]} saturating activations follow each other from {called(first)} on, without normalisation or skip",
                      first.place, confidence="likely", data={"layers": best[0]},
                      proof="each multiplies the gradient by its slope, at most 1/4 for a sigmoid and below 1 for tanh off zero",
                      remedy=Remedy("replace", first.place.layer or called(first), "use ReLU, GELU or SiLU with He initialisation",
                                    after="nn.ReLU()", expect="gradients of the first and last layer are of one size"))  # fmt: skip


def normalisation_order(net: Net) -> Iterator[Finding]:
    """NL208, NL209, NL211: what stands right before a batch normalisation; each told once per network."""
    met: dict[str, list[tuple[Node, Node]]] = {"NL208": [], "NL209": [], "NL211": []}
    for node in net.nodes:
        if node.op != "norm" or not str(node.attrs.get("kind", "")).startswith("batch") or len(node.inputs) != 1:
            continue
        before = net.nodes[node.inputs[0]]
        if before.op == "dropout" and before.attrs.get("kind") != "alpha" and before.attrs.get("p", 0.5) != 0:
            met["NL209"].append((before, node))
            continue
        if before.op == "activation":
            met["NL208"].append((before, node))
        elif before.op in AFFINE and before.attrs.get("bias", "shown" in before.attrs) is True:  # layers have one by default
            met["NL211"].append((before, node))
    words = {"NL208": "comes before batch normalisation", "NL209": "stands right before batch normalisation",
             "NL211": "has a bias that the batch normalisation after it subtracts"}  # fmt: skip
    for code, pairs in met.items():
        if pairs:
            first, norm = pairs[0]
            more = f", and {len(pairs) - 1} more" if len(pairs) > 1 else ""
            name = (
                called(first)
                if first.op == "activation"
                else f"{first.op} '{first.place.layer}'"
                if first.place.layer
                else first.op
            )
            remedy = (
                Remedy("set", first.place.layer or name, "write bias=False", after="bias=False") if code == "NL211" else None
            )
            yield finding(
                code,
                f"{name} {words[code]}{more}",
                first.place,
                related=(norm.place,),
                remedy=remedy,
                data={"count": len(pairs)},
            )


def dropout_on_logits(net: Net) -> Iterator[Finding]:
    """NL210: dropout between the last layer and the loss."""
    for loss in net.losses:
        end = ending(net, loss.input)
        if end.node.op not in (*AFFINE, "activation") or loss.kind == "unknown":
            continue
        for i in end.through:
            node = net.nodes[i]
            if node.op == "dropout" and node.training is not False and node.attrs.get("p", 0.5) != 0:
                what = "logits" if end.node.op in AFFINE else f"{called(end.node)} outputs"
                yield finding("NL210", f"dropout sets {what} to zero at random before {loss.shown or 'the loss'}", node.place,
                              related=(loss.place,), proof="the loss of a sample whose target output is dropped is noise",
                              remedy=Remedy("remove", node.place.layer or "dropout", "put the dropout before the last layer"))  # fmt: skip


def relu_in_recurrent(net: Net) -> Iterator[Finding]:
    """NL214: an unbounded activation in a recurrent layer, unless its recurrent matrix is the identity."""
    for node in net.nodes:
        function = str(node.attrs.get("function", ""))
        if node.op != "recurrent" or function not in _UNBOUNDED or node.attrs.get("identity") or _starts_as_identity(node):
            continue
        name = (
            f"{node.attrs.get('kind', 'recurrent layer')} '{node.place.layer}'"
            if node.place.layer
            else "the recurrent layer"
        )
        yield finding("NL214", f"{name} uses {function}: nothing bounds its state", node.place, confidence="likely",
                      proof="after T steps the state has been multiplied by the same matrix T times",
                      remedy=Remedy("set", node.place.layer or "activation", "use tanh", before=function, after="tanh"))  # fmt: skip


def _starts_as_identity(node: Node) -> bool:
    """Whether the recurrent matrix of a module is near a multiple of the identity, as IRNN has it."""
    weight = getattr(node.module, "weight_hh_l0", getattr(node.module, "weight_hh", None))
    if weight is None or weight.shape[0] != weight.shape[1]:
        return False
    import numpy as np

    matrix = weight.detach().cpu().numpy().astype(float)
    scale = float(np.trace(matrix)) / len(matrix)
    return bool(scale > 0 and np.abs(matrix - scale * np.eye(len(matrix))).max() < 0.05 * scale)


CHECKS = (hidden_softmax, double_activation, shared_learnable, saturating_stack, normalisation_order, dropout_on_logits,
          relu_in_recurrent)  # fmt: skip
