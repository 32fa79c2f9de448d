"""NL4xx: checks of the learning rate, of the scale of the inputs, and of the labels' format."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nonlin.findings import Finding, Place, Remedy, Severity
from nonlin.lint.initialisation import input_values
from nonlin.lint.net import Loss, Net, Targets
from nonlin.lint.rules import finding

ABSURD: Mapping[str, float] = {
    **dict.fromkeys(("adam", "adamw", "nadam", "radam", "adamax", "rmsprop", "adagrad", "lion"), 1.0),
    "sgd": 10.0,
}
"""The learning rate from which an optimiser cannot work on a network of usual scale. Others, whose rate means something else
(L-BFGS, Adadelta, Rprop, Adafactor), are not judged."""
HIGH: Mapping[str, float] = dict.fromkeys((k for k, v in ABSURD.items() if v == 1.0), 0.1)
"""The rate from which it is unusual."""
LOW = 1e-7
"""Below it nothing moves; 0 is the start of a warm-up."""
LARGE = 20.0
"""Root mean square of inputs from which they are called unscaled: pixels up to 255 have about 130, standardised ones 1."""
SMALL = 1e-3
_CLASSES = ("cross_entropy", "nll")
_ELEMENTWISE = ("mse", "l1", "huber", "bce", "bce_logits", "poisson")


def learning_rate(net: Net) -> Iterator[Finding]:
    """NL401: a learning rate that cannot be meant."""
    rate = net.settings.get("lr")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or rate == 0:
        return
    kind = str(net.settings.get("optimizer", ""))
    name = kind.rpartition(".")[2].lower()
    place = net.settings.get("place", Place(kind))
    place = place if isinstance(place, Place) else Place(kind)
    start = 1e-3 if name != "sgd" else 1e-2
    severity: Severity | None = None
    if rate < 0 or not math.isfinite(rate):
        why = "it must be a positive number"
    elif name in ABSURD and rate >= ABSURD[name]:
        why = (
            "every weight moves by about that much at each step, and all that was learned is overwritten"
            if name != "sgd"
            else "a step is larger than the weights as soon as a gradient is"
        )
    elif name in HIGH and rate >= HIGH[name]:
        why, severity = "usual weights are overwritten within a few steps", Severity.INFO
    elif rate < LOW and name in ABSURD:
        why = "nothing moves in any practical time"
    else:
        return
    remedy = Remedy("set", f"{kind} lr", f"set the learning rate to {start:g} and search from there by factors of 3",
                    before=f"{rate:g}", after=f"{start:g}", expect="the loss falls steadily within the first hundred steps",
                    check="the loss after a hundred steps at a few rates")  # fmt: skip
    yield finding("NL401", f"the learning rate of {kind or 'the optimiser'} is {rate:g}: {why}", place, severity,
                  confidence="likely", remedy=remedy, data={"lr": float(rate)})  # fmt: skip


# -- inputs ---------------------------------------------------------------------------------------------------------------


def input_scale(net: Net) -> Iterator[Finding]:
    """NL402: inputs far from unit scale that reach a layer with weights unnormalised, or that are not finite."""
    x = input_values(net)
    if x is None:
        return
    import numpy as np

    finite = np.isfinite(x)
    if not finite.all():
        share = 1 - float(finite.mean())
        yield finding("NL402", f"{share:.2%} of the inputs in the batch are NaN or infinite, and every output that sees one is too",
                      Place("input"), remedy=Remedy("advise", "the data", "drop or impute the missing values",
                      expect="a finite loss", check="numpy.isfinite(x).all()"), data={"share": share})  # fmt: skip
        return
    if not _reaches_weights(net):
        return
    rms = float(np.sqrt((x**2).mean()))
    if SMALL <= rms <= LARGE or rms == 0:
        return
    fix = (
        "divide pixels by 255"
        if 0 <= x.min() and x.max() <= 255 and rms > LARGE
        else "subtract the mean and divide by the deviation"
    )
    yield finding(
        "NL402",
        f"the inputs lie in [{x.min():.4g}, {x.max():.4g}] with root mean square {rms:.4g}, and nothing normalises them before the "
        "first layer, whose initial weights assume about 1",
        Place("input"),
        confidence="likely",
        remedy=Remedy("advise", "the data", fix, before=f"{rms:.4g}", after="about 1",
                      expect="pre-activations of unit scale and a usable learning rate", check="the deviation of the inputs"),
        data={"rms": rms},
    )  # fmt: skip


def _reaches_weights(net: Net) -> bool:
    """Whether the input goes straight into affine layers, over nothing that may change its scale."""
    sources = [i for i, n in enumerate(net.nodes) if n.op == "input"]
    rest, seen = list(sources), set(sources)
    layers = 0
    while rest:
        for i in net.consumers(rest.pop()):
            op = net.nodes[i].op
            if op in ("linear", "conv", "conv_transpose"):
                layers += 1
            elif op in ("flatten", "reshape", "transpose", "identity", "pad", "dropout", "cast"):
                if i not in seen:
                    seen.add(i)
                    rest.append(i)
            else:
                return False  # a norm, a constant factor, an embedding: its scale after that is not known here
    return layers > 0


# -- labels ---------------------------------------------------------------------------------------------------------------


def label_format(net: Net) -> Iterator[Finding]:
    """NL403: targets of another shape or kind than the loss reads."""
    targets = net.targets
    if targets is None:
        return
    given = len(net.losses)
    for loss in net.losses[-1:]:
        found = _sparse(loss, targets) if net.framework == "keras" else None
        if found is None and targets.values is not None:
            found = _broadcast(net, loss, targets) or (_classes(net, loss, targets) if loss.kind in _CLASSES else None)
        if found is None and loss.kind == "hinge" and targets.low == 0.0 and targets.high == 1.0 and targets.whole:
            found = "a hinge loss reads labels -1 and 1, and these are 0 and 1: no sample of class 0 counts", "2*y - 1"
        if found is None and net.settings.get("loss_error") and given == 1:
            said = str(net.settings["loss_error"])
            found = (
                f"{loss.shown or loss.kind} cannot be computed on the batch: {said}",
                "targets of the shape and type the loss reads",
            )
        if found is not None:
            message, fix = found
            yield finding("NL403", message, loss.place, remedy=Remedy("replace", "the targets", f"give {fix}", after=fix,
                          expect="every prediction is compared with its own target", check="the shapes of output and targets"),
                          data={"samples": targets.samples})  # fmt: skip


def _broadcast(net: Net, loss: Loss, targets: Targets) -> tuple[str, str] | None:
    """Return what is wrong when (batch, 1) meets (batch,): each prediction with every target."""
    out, shape = net.nodes[loss.input].shape, targets.shape
    if loss.kind not in _ELEMENTWISE or out is None or shape is None or net.framework != "torch" or len(out) == len(shape):
        return None
    n = targets.samples
    if n > 1 and {(len(out), len(shape))} <= {(2, 1), (1, 2)} and out[0] == n and 1 in (out[-1], shape[-1]):
        if loss.kind in ("bce", "bce_logits"):
            return f"the output is {_shown(out)} and the targets are {_shown(shape)}; {loss.shown or loss.kind} refuses that", \
                "targets.unsqueeze(1)" if len(shape) == 1 else "targets.squeeze(1)"  # fmt: skip
        return (
            f"the output is {_shown(out)} and the targets are {_shown(shape)}: the loss compares every prediction with every target "
            f"({n} x {n} pairs) and learns their mean",
            "targets.unsqueeze(1), or model(x).squeeze(1)" if len(shape) == 1 else "targets.squeeze(1)",
        )
    return None


def _shown(shape: tuple[Any, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _classes(net: Net, loss: Loss, targets: Targets) -> tuple[str, str] | None:
    """Return what is wrong with the class indices or probabilities that a cross-entropy gets."""
    out, shape = net.nodes[loss.input].shape, targets.shape
    if out is None or shape is None or len(out) < 2 or targets.low is None or targets.high is None:
        return None
    k = out[1]
    shown = loss.shown or loss.kind
    if len(shape) == len(out) and shape == out:
        if loss.kind == "nll":
            return f"{shown} reads class indices, and the targets are rows of {k} values", "targets.argmax(1)"
        if len(shape) == 2 and not (
            targets.rows_sum_to_one or targets.one_hot or targets.multi_hot
        ):  # several labels are NL111's
            return (
                f"{shown} reads rows of {k} probabilities that sum to 1, and these rows hold {targets.low:g} to {targets.high:g} and do "
                "not",
                "class indices of shape (batch,), or rows of probabilities",
            )
        return None
    if len(shape) == len(out) and shape[1] == 1 and k != 1 and targets.whole:
        return (
            f"{shown} reads class indices of shape (batch,), and the targets are {_shown(shape)}",
            "targets.squeeze(1).long()",
        )
    if len(shape) != len(out) - 1 or not targets.whole or k is None:
        return None
    ignored = loss.attrs.get("ignore_index", -100)
    values = targets.values[targets.values != ignored]
    if len(values) and (values.max() >= k or values.min() < 0):
        low, high = int(values.min()), int(values.max())
        start = " (labels that start at 1?)" if low == 1 and high == k else ""
        return f"the labels go from {low} to {high}, and {shown} over {k} outputs reads 0 to {k - 1}{start}", \
            "targets - 1" if start else f"labels from 0 to {k - 1}, or an output for each class"  # fmt: skip
    return None


def _sparse(loss: Loss, targets: Targets) -> tuple[str, str] | None:
    """Return what is wrong when Keras' categorical loss gets indices, or its sparse one rows."""
    shape = targets.shape or ()
    if loss.attrs.get("sparse") and targets.one_hot:
        return f"{loss.shown or 'sparse_categorical_crossentropy'} reads class indices, and the targets are one-hot rows", \
            "targets.argmax(1), or use categorical_crossentropy"  # fmt: skip
    whole = targets.whole and (targets.high or 0) > 1 and (len(shape) == 1 or shape[-1:] == (1,))
    if loss.attrs.get("sparse") is False and whole:
        return f"{loss.shown or 'categorical_crossentropy'} reads one-hot rows, and the targets are class indices", \
            "one-hot rows, or use sparse_categorical_crossentropy"  # fmt: skip
    return None


CHECKS: tuple[Callable[[Net], Iterator[Finding]], ...] = (learning_rate, input_scale, label_format)
