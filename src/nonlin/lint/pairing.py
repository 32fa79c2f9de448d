"""NL101 to NL109, NL111, NL114: checks of what the loss gets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from nonlin.findings import Finding, Remedy, Severity
from nonlin.lint.follow import (
    Ending,
    activations,
    called,
    classes_of,
    ending,
    is_log_softmax,
    is_softmax,
    over_one,
    reach_of,
    reaches_end,
    readers,
)
from nonlin.lint.net import AFFINE, Loss, Net, Node
from nonlin.lint.rules import finding

if TYPE_CHECKING:
    from nonlin.facts.reach import Reach

_LOUD = 0.25
"""A cross-entropy floor above this share of ln K makes classes inseparable; below it, training merely ends early."""
_FLOOR = 0.3
"""A binary floor from here on is told; log-sigmoid's and smaller ones are left alone."""


# -- softmax over one class -----------------------------------------------------------------------------------------


def softmax_over_one_class(net: Net) -> Iterator[Finding]:
    """NL101: a softmax along an axis that a layer makes of length 1, and a cross-entropy over one class."""
    met = set()
    for index, node in activations(net):
        if not (is_softmax(node) or is_log_softmax(node)):
            continue
        one = over_one(net, index)
        if one is None and _ends_two_axes(net, index, node):
            one = True
        if one:
            met.add(index)
            constant = "0" if is_log_softmax(node) else "1"
            yield finding(
                "NL101", f"{called(node)} runs over 1 class: its output is {constant} whatever the network computes", node.place,
                proof=f"output is constant {constant}: softmax runs over 1 class, and exp(z)/exp(z) = 1; its gradient is zero",
                remedy=_one_class_remedy(net, node),
                related=tuple(loss.place for loss in net.losses if ending(net, loss.input).at == index),
            )  # fmt: skip
    for loss in net.losses:
        if loss.kind not in ("cross_entropy", "categorical"):
            continue
        end = ending(net, loss.input)
        if end.at in met or classes_of(net, loss.input) != 1:
            continue
        yield finding(
            "NL101", f"{loss.shown or 'cross-entropy'} gets one value per sample: the loss is constant 0 and nothing is learned",
            loss.place, proof="cross-entropy over 1 class is -ln(exp(z)/exp(z)) = 0 for every z", related=(end.node.place,),
            remedy=Remedy("replace", end.node.place.layer or "the last layer",
                          "use BCEWithLogitsLoss for two classes, or one output per class",
                          expect="the loss starts near ln 2 = 0.6931 and falls"),
        )  # fmt: skip


def _ends_two_axes(net: Net, index: int, node: Node) -> bool:
    """Whether a softmax along axis 1 after a layer of width 1, of unknown rank, ends the network, so that axis 1 is the last.

    In attention pooling the softmax along axis 1 of (batch, time, 1) weights a sum: its reader is a product.
    """
    if node.shape is not None or node.attrs.get("dim", 0) not in (1, None) or "dim" not in node.attrs:
        return False
    return classes_of(net, node.inputs[0]) == 1 and not readers(net, index) and reaches_end(net, index)


def _one_class_remedy(net: Net, node: Node) -> Remedy:
    kinds = {loss.kind for loss in net.losses}
    if kinds & {"mse", "l1", "huber"}:
        return Remedy("remove", node.place.layer or "softmax", "remove the softmax: a regression's last layer is linear",
                      expect="the predictions differ between samples")  # fmt: skip
    return Remedy("replace", node.place.layer or "softmax", "replace the softmax by a sigmoid, or use two outputs",
                  expect="the predictions differ between samples")  # fmt: skip


# -- what each loss must get ----------------------------------------------------------------------------------------


def pairing(net: Net) -> Iterator[Finding]:
    """NL102 to NL109, NL111: the last activation does not fit the loss."""
    for loss in net.losses:
        judge = _JUDGES.get(loss.kind)
        if judge is not None:
            end = ending(net, loss.input)
            if classes_of(net, end.at) == 1 and (is_softmax(end.node) or is_log_softmax(end.node)):
                continue  # NL101 tells more
            yield from judge(net, loss, end)


def _remove(node: Node, loss: Loss, why: str) -> Remedy:
    return Remedy("remove", node.place.layer or called(node), f"remove the {called(node)} before {loss.shown or loss.kind}", expect=why,
                  check="the loss of the first steps, and whether it goes below the floor")  # fmt: skip


def _told(code: str, net: Net, loss: Loss, end: Ending, message: str, proof: str, severity: Severity | None = None,
          why: str = "", confidence: str = "certain", remedy: Remedy | None = None) -> Finding:  # fmt: skip
    return finding(
        code, message, end.node.place, severity, proof=proof, related=(loss.place,), confidence=confidence,
        remedy=remedy or _remove(end.node, loss, why or "the loss can fall to 0"),
    )  # fmt: skip


def _cross_entropy(net: Net, loss: Loss, end: Ending) -> Iterator[Finding]:
    """Cross-entropy of logits: nothing may be squashed before it."""
    node, shown = end.node, loss.shown or "cross-entropy"
    if node.op != "activation":
        return
    if is_log_softmax(node):
        yield _told("NL105", net, loss, end, f"{called(node)} reaches {shown}, which applies log-softmax again",
                    "log-softmax of log-softmax is itself: values and gradients are right", why="nothing changes but the time")  # fmt: skip
        return
    bounds = reach_of(node)
    if bounds is None:
        return
    classes = classes_of(net, end.at)
    if is_softmax(node):
        code = "NL109" if net.framework == "keras" else "NL102"
        yield _told(
            code,
            net,
            loss,
            end,
            f"{called(node)} reaches {shown}, which applies softmax again",
            _ce_proof(classes, 0.0, 1.0),
        )
    elif bounds.bounded:
        from nonlin.facts.floors import cross_entropy_floor

        floor = cross_entropy_floor(classes or 10, bounds.low, bounds.high)
        if floor.value >= _LOUD * math.log(classes or 10):
            yield _told("NL103", net, loss, end, f"{called(node)} confines the logits of {shown} to {bounds}",
                        _ce_proof(classes, bounds.low, bounds.high))  # fmt: skip
        elif bounds.low >= 0 and not end.pooled:
            yield from _rectified(net, loss, end, bounds)
    elif not end.pooled:
        yield from _rectified(net, loss, end, bounds)


def _ce_proof(classes: int | None, low: float, high: float) -> str:
    from nonlin.facts.floors import cross_entropy_floor

    if classes is None:
        ten = cross_entropy_floor(10, low, high)
        return f"values in [{low:g}, {high:g}] keep this loss above a floor: with 10 classes it cannot go below {ten}"
    return f"this loss cannot go below {cross_entropy_floor(classes, low, high)}"


def _rectified(net: Net, loss: Loss, end: Ending, bounds: Reach) -> Iterator[Finding]:
    """A rectifier right before the loss; smooth ones that let a little through are information."""
    if not math.isfinite(bounds.low):
        return
    hard = bounds.low >= 0
    what = "no class can get a negative logit" if hard else f"no logit can be below {bounds.low:.4g}"
    yield _told(
        "NL104", net, loss, end, f"{called(end.node)} stands between the last layer and {loss.shown or 'cross-entropy'}: {what}",
        f"outputs lie in {bounds}", None if hard else Severity.INFO, confidence="likely",
        why="units of rare classes stay trainable",
    )  # fmt: skip


def _categorical(net: Net, loss: Loss, end: Ending) -> Iterator[Finding]:
    """Cross-entropy of probabilities (Keras, from_logits=False)."""
    node, shown = end.node, loss.shown or "categorical cross-entropy"
    if node.op in AFFINE:
        yield _told("NL109", net, loss, end, f"{shown} expects probabilities but gets the logits of {_layer(node)}",
                    "without from_logits=True the loss divides by the sum of the outputs and clips them to [1e-7, 1]: negative "
                    "logits have no gradient",
                    remedy=Remedy("set", shown, f"{_from_logits(loss)}, or end the model with softmax",
                                  before="from_logits=False", after="from_logits=True",
                                  expect="the loss starts near ln K and falls"))  # fmt: skip
    elif node.op == "activation" and not is_softmax(node):
        bounds = reach_of(node)
        if bounds is None or end.pooled:
            return
        if is_log_softmax(node) or bounds.high <= 0:
            yield _told(
                "NL109", net, loss, end, f"{shown} expects probabilities but gets {called(node)}", f"outputs lie in {bounds}"
            )
        elif bounds.bounded and bounds.high <= 1:
            yield _told("NL103", net, loss, end, f"{called(node)} outputs reach {shown}, which expects probabilities that sum to 1",
                        "the loss divides them by their sum: what is learned is not the probability each output tells",
                        Severity.WARNING, why="the outputs are probabilities of the classes",
                        remedy=Remedy("replace", node.place.layer or called(node), "replace it by softmax", after="softmax"))  # fmt: skip
        elif math.isfinite(bounds.low):
            yield _told("NL104", net, loss, end, f"{called(node)} outputs reach {shown}, which expects probabilities that sum to 1",
                        f"outputs lie in {bounds}; where all are 0 the loss divides 0 by 0", confidence="likely",
                        remedy=Remedy("replace", node.place.layer or called(node), "replace it by softmax", after="softmax"))  # fmt: skip


def _from_logits(loss: Loss) -> str:
    """How to tell Keras that a loss gets logits: a loss given by name must become an object for that."""
    name = (loss.shown or "").removeprefix("loss=").strip("'\"")
    known = {
        "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
        "categorical_crossentropy": "CategoricalCrossentropy",
    }
    made = known.get(name)
    return f"write loss=keras.losses.{made}(from_logits=True)" if made else "write from_logits=True in the loss"


def _layer(node: Node) -> str:
    return f"layer '{node.place.layer}'" if node.place.layer else "the last layer"


def _bce_logits(net: Net, loss: Loss, end: Ending) -> Iterator[Finding]:
    """Binary cross-entropy of logits: nothing may be squashed before it."""
    node, shown = end.node, loss.shown or "binary cross-entropy of logits"
    bounds = reach_of(node) if node.op == "activation" else None
    if bounds is None:
        return
    from nonlin.facts.floors import bce_logits_floor

    yes, no = bce_logits_floor(bounds.low, bounds.high, 1.0), bce_logits_floor(bounds.low, bounds.high, 0.0)
    if max(yes.value, no.value) < _FLOOR or (end.pooled and not bounds.bounded):
        return
    parts = [f"{floor} for {what} samples" for floor, what in ((yes, "positive"), (no, "negative")) if floor.value > 0]
    again = "applies sigmoid again" if bounds.bounded and bounds.low >= 0 else "applies sigmoid itself"
    yield _told("NL109" if net.framework == "keras" else "NL106", net, loss, end, f"{called(node)} reaches {shown}, which {again}",
                f"this loss cannot go below {' and '.join(parts)}")  # fmt: skip


def _bce(net: Net, loss: Loss, end: Ending) -> Iterator[Finding]:
    """Binary cross-entropy of probabilities."""
    node, shown = end.node, loss.shown or "binary cross-entropy"
    if node.op in AFFINE:
        yield _told("NL107", net, loss, end, f"{shown} expects probabilities but gets the logits of {_layer(node)}",
                    "an affine layer gives any number, and log(p) and log(1-p) exist only in [0, 1]: PyTorch raises an error outside, "
                    "Keras clips and the gradient is zero there", remedy=_logits_loss(loss))  # fmt: skip
        return
    cut = _clamped(net, node)
    if cut is not None:
        yield _told("NL107", net, loss, end, f"{called(cut) if cut.op == 'activation' else _layer(cut)} is clamped into the range that "
                    f"{shown} takes", "a clamp has gradient zero outside its range: samples that are most wrong are never learned",
                    remedy=_logits_loss(loss))  # fmt: skip
    if node.op != "activation":
        return
    if is_softmax(node):
        yield from _softmax_into_bce(net, loss, end)
        return
    bounds = reach_of(node)
    if bounds is not None and not (bounds.low >= 0 and bounds.high <= 1):
        yield _told("NL107", net, loss, end, f"{shown} expects probabilities but gets {called(node)} outputs",
                    f"outputs lie in {bounds}, and log(p) and log(1-p) exist only in [0, 1]", remedy=_logits_loss(loss))  # fmt: skip


def _clamped(net: Net, node: Node) -> Node | None:
    """Return what a clamp before the loss cuts: logits, or an activation that leaves [0, 1]; None for a clamped probability."""
    if node.op != "arithmetic" or node.attrs.get("kind") not in ("clamp", "clip", "clip_by_value") or len(node.inputs) != 1:
        return None
    inner = ending(net, node.inputs[0]).node
    if inner.op in AFFINE:
        return inner
    bounds = reach_of(inner) if inner.op == "activation" else None
    return inner if bounds is not None and not (bounds.low >= 0 and bounds.high <= 1) else None


def _logits_loss(loss: Loss) -> Remedy:
    keras = "from_logits" in loss.attrs or "_" in (loss.shown or "").partition("(")[0].strip()
    after = "from_logits=True" if keras else "nn.BCEWithLogitsLoss()"
    return Remedy("replace", loss.shown or "loss", f"use {after} on logits, or a sigmoid as the last activation", before=loss.shown,
                  after=after, expect="the loss starts near ln 2 = 0.6931 and falls")  # fmt: skip


def _softmax_into_bce(net: Net, loss: Loss, end: Ending) -> Iterator[Finding]:
    targets = net.targets
    if targets is not None and (targets.one_hot or targets.rows_sum_to_one):
        severity, sure = Severity.INFO, "certain"
        proof = "the targets of each row sum to 1, so the loss can fall to 0; cross-entropy fits better"
    elif targets is not None and targets.multi_hot:
        severity, sure = Severity.ERROR, "certain"
        proof = "some rows of the targets hold not exactly one 1, and softmax outputs always sum to 1"
    else:
        severity, sure = Severity.WARNING, "likely"
        proof = "softmax outputs sum to 1: no two labels can both be true"
    yield _told("NL111", net, loss, end, f"{called(end.node)} reaches {loss.shown or 'binary cross-entropy'}, which treats each "
                "output as a label of its own", proof, severity, confidence=sure,
                remedy=Remedy("replace", end.node.place.layer or called(end.node),
                              "use sigmoid for independent labels, or cross-entropy on logits for exclusive classes"))  # fmt: skip


def _nll(net: Net, loss: Loss, end: Ending) -> Iterator[Finding]:
    """Negative log-likelihood: log-probabilities are expected."""
    node, shown = end.node, loss.shown or "NLLLoss"
    remedy = Remedy("replace", node.place.layer or "the end of the model", "end with log_softmax, or give logits to CrossEntropyLoss",
                    expect="the loss falls towards 0 and never below")  # fmt: skip
    if node.op in AFFINE:
        yield _told("NL108", net, loss, end, f"{shown} expects log-probabilities but gets the logits of {_layer(node)}",
                    "the loss is minus the right class's logit and falls without bound", remedy=remedy)  # fmt: skip
    elif node.op == "activation" and not is_log_softmax(node):
        bounds = reach_of(node)
        if bounds is None or bounds.high <= 0:
            return
        from nonlin.facts.floors import nll_floor

        finite = math.isfinite(bounds.high)
        ends = f"runs to {nll_floor(bounds.high).formula} instead of 0" if finite else "falls without bound"
        yield _told("NL108", net, loss, end, f"{shown} expects log-probabilities but gets {called(node)} outputs",
                    f"outputs lie in {bounds}: the loss {ends}", remedy=remedy)  # fmt: skip


def _kl(net: Net, loss: Loss, end: Ending) -> Iterator[Finding]:
    """Kullback-Leibler divergence: PyTorch's takes log-probabilities, Keras's probabilities."""
    node, shown = end.node, loss.shown or "KLDivLoss"
    bounds = reach_of(node) if node.op == "activation" and not is_log_softmax(node) else None
    if net.framework != "torch" or not (node.op in AFFINE or (bounds is not None and bounds.high > 0)):
        return
    gets = f"the logits of {_layer(node)}" if node.op in AFFINE else f"{called(node)} outputs"
    yield _told("NL108", net, loss, end, f"{shown} expects log-probabilities but gets {gets}",
                "the loss is the sum of t (ln t - input): with inputs above 0 it falls below 0 and measures no distance",
                remedy=Remedy("replace", node.place.layer or "the end of the model", "give log_softmax to the loss",
                              expect="the loss falls towards 0 and never below"))  # fmt: skip


def _wasserstein(net: Net, loss: Loss, end: Ending) -> Iterator[Finding]:
    """NL114: a critic is unbounded."""
    bounds = reach_of(end.node) if end.node.op == "activation" else None
    if bounds is not None and bounds.bounded:
        yield _told("NL114", net, loss, end, f"{called(end.node)} ends the critic of a Wasserstein loss",
                    f"scores lie in {bounds}: their difference is at most {bounds.high - bounds.low:.4g}, whatever the distance is",
                    why="the estimate follows the distance")  # fmt: skip


def _dice(net: Net, loss: Loss, end: Ending) -> Iterator[Finding]:
    """A loss of overlap: probabilities are expected. Logits are left alone: a metric may compare them with a threshold."""
    bounds = reach_of(end.node) if end.node.op == "activation" else None
    if bounds is not None and bounds.high > 1 and not end.pooled:
        yield _told("NL107", net, loss, end, f"{loss.shown or 'a loss of overlap'} expects probabilities but gets {called(end.node)} outputs",
                    f"outputs lie in {bounds}; with 1 - 2pt/(p + t), p = 3 for a target of 1 scores -0.5, better than the perfect 0",
                    Severity.WARNING, confidence="likely",
                    remedy=Remedy("replace", end.node.place.layer or called(end.node), "end with sigmoid, or softmax over exclusive classes",
                                  after="sigmoid", expect="the loss stays between 0 and 1"))  # fmt: skip


Judge = Callable[[Net, Loss, Ending], Iterator[Finding]]
_JUDGES: dict[str, Judge] = {
    "cross_entropy": _cross_entropy,
    "categorical": _categorical,
    "bce_logits": _bce_logits,
    "bce": _bce,
    "nll": _nll,
    "kl": _kl,
    "wasserstein": _wasserstein,
    "dice": _dice,
}
"""What is asked of the values each kind of loss gets."""


CHECKS = (softmax_over_one_class, pairing)
