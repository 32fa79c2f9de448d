"""NL110, NL111, NL112: checks of targets against what the outputs can be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nonlin.findings import Finding, Remedy, Severity
from nonlin.lint.follow import called, classes_of, ending, is_softmax, reach_of, spelled
from nonlin.lint.net import Loss, Net, Targets
from nonlin.lint.rules import finding

if TYPE_CHECKING:
    from nonlin.facts.reach import Reach

_REGRESSION = ("mse", "l1", "huber", "mape", "msle", "log_cosh", "poisson")
"""Losses that want the output to equal the target."""
_BINARY = ("bce", "bce_logits")
_SHARE = 0.01
"""Share of targets outside from which on the fault is beyond doubt."""
_FAR = 0.25
"""Where only the extremes are known: how far outside they must lie, as a share of their distance, to be as sure."""


def target_out_of_reach(net: Net) -> Iterator[Finding]:
    """NL110: targets of a regression, or of a binary loss, outside the closed range of the output."""
    targets = net.targets
    if targets is None:
        return
    for loss in net.losses:
        end = ending(net, loss.input)
        if loss.kind in _BINARY:
            if not _labels(targets):
                from nonlin.facts.reach import Reach

                yield from _outside(
                    net, loss, targets, Reach(0.0, 1.0, True, True), f"{loss.shown or loss.kind} takes targets", ""
                )
        elif loss.kind in _REGRESSION and end.node.op == "activation":
            bounds = reach_of(end.node)
            if bounds is None or (is_softmax(end.node) and classes_of(net, end.at) == 1):
                continue  # NL101 tells more
            if loss.kind == "poisson" and net.framework == "torch" and loss.attrs.get("log_input", True) is not False:
                continue  # PyTorch's takes the logarithm of the rate unless told otherwise
            found = list(_outside(net, loss, targets, bounds, f"{called(end.node)} gives values", end.node.function))
            yield from found
            if (
                not found
                and is_softmax(end.node)
                and targets.rows_sum_to_one is False
                and targets.shape
                and len(targets.shape) == 2
            ):
                yield finding(
                    "NL110", f"{called(end.node)} outputs of each sample sum to 1, but the targets' rows do not", end.node.place,
                    proof="a row of targets with another sum can never be equalled", related=(loss.place, targets.place),
                    remedy=_linear(end.node.place.layer or called(end.node)),
                )  # fmt: skip


def _outside(net: Net, loss: Loss, targets: Targets, bounds: Reach, gives: str, function: str) -> Iterator[Finding]:
    """Compare targets with a range; the share outside decides how sure it is."""
    node = ending(net, loss.input).node
    closed = str(bounds._replace(low_attained=math.isfinite(bounds.low), high_attained=math.isfinite(bounds.high)))
    share, extremes = _share(targets, bounds, function), ""
    if targets.low is not None and targets.high is not None:
        extremes = f"; targets run from {spelled(float(targets.low))} to {spelled(float(targets.high))}"
    if share is None:
        beyond = max(bounds.low - (targets.low if targets.low is not None else math.inf),
                     (targets.high if targets.high is not None else -math.inf) - bounds.high)  # fmt: skip
        if beyond <= 0:
            return
        span = (targets.high - targets.low) if targets.low is not None and targets.high is not None else 0.0
        severity = Severity.ERROR if beyond >= _FAR * span else Severity.WARNING
        message, sure = f"some targets lie outside {closed}", "likely"
    elif share <= 0:
        return
    else:
        severity, sure = (Severity.ERROR, "certain") if share > _SHARE else (Severity.WARNING, "likely")
        message = f"{share:.1%} of the targets lie outside {closed}"
    proof = f"{gives} in {bounds}{extremes}"
    if targets.values is not None and len(targets.values) and loss.kind == "mse":
        from nonlin.facts.floors import squared_floor

        proof += f"; the loss cannot go below {squared_floor(targets.values, bounds.low, bounds.high).value:.4g}"
    target = node.place.layer or called(node) if function else "the targets"
    remedy = (
        _linear(target) if function else Remedy("set", target, "scale the targets into [0, 1], or use a regression loss")
    )
    yield finding("NL110", f"{message}: {'the output can never equal them' if function else 'the loss is not defined there'}",
                  node.place if function else loss.place, severity, proof=proof, confidence=sure, related=(loss.place, targets.place),
                  remedy=remedy, data={} if share is None else {"share": share})  # fmt: skip


def _share(targets: Targets, bounds: Reach, function: str) -> float | None:
    """Return the share of targets outside the closed range, None if only their extremes are known."""
    if targets.values is not None and len(targets.values):
        import numpy as np

        values = np.asarray(targets.values, dtype=float)
        slack = 1e-6 * max(1.0, *(abs(b) for b in (bounds.low, bounds.high) if math.isfinite(b)))
        return float(np.mean((values < bounds.low - slack) | (values > bounds.high + slack)))
    return targets.outside.get(function) if function else None


def _linear(target: str) -> Remedy:
    return Remedy("remove", target, "leave the output linear, or scale the targets into the range",
                  expect="the error falls below that of the best output in the range",
                  check="compare the range of predictions and targets")  # fmt: skip


def _labels(targets: Targets) -> bool:
    """Whether targets are labels of more than two classes, which NL112 is about."""
    return (
        bool(targets.whole)
        and targets.low is not None
        and targets.low >= 0
        and targets.high is not None
        and targets.high >= 2
    )


def one_sigmoid_for_classes(net: Net) -> Iterator[Finding]:
    """NL112: a binary loss with labels of three classes or more."""
    targets = net.targets
    if targets is None or not _labels(targets):
        return
    for loss in net.losses:
        if loss.kind in _BINARY and classes_of(net, loss.input) in (1, None):
            count = targets.classes or int(targets.high or 0) + 1
            yield finding(
                "NL112", f"{loss.shown or loss.kind} gets labels from {spelled(targets.low)} to {spelled(targets.high)}: one output cannot "
                f"tell {count} classes apart", loss.place,
                proof="for a label y > 1 the loss is negative and falls without bound as the output grows",
                related=(ending(net, loss.input).node.place, targets.place),
                remedy=Remedy("replace", ending(net, loss.input).node.place.layer or "the last layer",
                              f"give {count} outputs to a cross-entropy", expect=f"the loss starts near ln {count}"),
            )  # fmt: skip


def several_labels(net: Net) -> Iterator[Finding]:
    """NL111: a cross-entropy over classes with targets of which several are true."""
    targets = net.targets
    if targets is None or not targets.multi_hot or targets.shape is None or len(targets.shape) != 2:
        return
    for loss in net.losses:
        given = net.nodes[loss.input].shape
        if loss.kind not in ("cross_entropy", "categorical") or given is None or len(given) != 2:
            continue
        if given[1] is not None and given[1] > 1 and given[1] == targets.shape[1] and not loss.attrs.get("sparse"):
            yield finding(
                "NL111", f"{loss.shown or loss.kind} shares 1 among the classes, but some rows of the targets hold not exactly one 1",
                loss.place, proof="with k labels true the best is 1/k for each: the loss of that row cannot go below k ln k",
                related=(targets.place,),
                remedy=Remedy("replace", loss.shown or "loss", "use BCEWithLogitsLoss: one yes or no per label"),
            )  # fmt: skip


CHECKS = (target_out_of_reach, one_sigmoid_for_classes, several_labels)
