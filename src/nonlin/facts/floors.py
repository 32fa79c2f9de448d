"""Losses that cannot fall to zero because of what they are given, in closed form.

A loss of logits that gets values confined to [low, high] has a smallest value, its floor: training ends there however good
the network is. Softmax into cross-entropy over 10 classes ends at ln(1 + 9/e) = 1.4612.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from nonlin.errors import ParameterError

__all__ = ["Floor", "bce_logits_floor", "cross_entropy_floor", "known_floors", "nll_floor", "squared_floor"]


@dataclass(frozen=True)
class Floor:
    """The smallest value a loss can take."""

    value: float
    formula: str
    """How it follows: ``ln(1+(K-1)/e)``."""
    rule: str = ""
    """The code of the rule about it, where it is a well-known one."""
    cause: str = ""
    """In words: ``softmax into cross-entropy over 10 classes``."""

    def __str__(self) -> str:
        return f"{self.formula} = {self.value:.4f}"


def cross_entropy_floor(classes: int, low: float = 0.0, high: float = 1.0) -> Floor:
    """Return the smallest cross-entropy of logits that lie in [low, high], which softmax outputs also reach.

    The best are ``high`` for the right class and ``low`` for the others: ln(1 + (K-1) exp(low - high)).

    Args:
        classes: K, at least 1.
        low: the least logit.
        high: the greatest, not below ``low``.

    Raises:
        ParameterError: K is below 1, or the range is empty.

    >>> str(cross_entropy_floor(10))
    'ln(1+9/e) = 1.4612'
    """
    if classes < 1:
        raise ParameterError(f"classes must be at least 1, not {classes!r}")
    span = _span(low, high)
    power = "/e" if span == 1 else f"*e^-{span:.4g}"
    return Floor(math.log1p((classes - 1) * math.exp(-span)), f"ln(1+{classes - 1}{power})")


def bce_logits_floor(low: float, high: float, target: float) -> Floor:
    """Return the smallest binary cross-entropy of a logit that lies in [low, high], for a target in [0, 1].

    It is ln(1+e^z) - target*z at the z of the range nearest to the target's own logit.

    Raises:
        ParameterError: the target is not in [0, 1], or the range is empty.

    >>> str(bce_logits_floor(0, 1, 1)), str(bce_logits_floor(0, 1, 0))
    ('ln(1+1/e) = 0.3133', 'ln 2 = 0.6931')
    """
    _span(low, high)
    if not 0 <= target <= 1:
        raise ParameterError(f"target must lie in [0, 1], not {target!r}")
    wanted = math.log(target / (1 - target)) if 0 < target < 1 else math.copysign(math.inf, target - 0.5)
    z = min(max(wanted, low), high)
    if math.isinf(z):
        return Floor(0.0, "0")
    value = max(z, 0.0) + math.log1p(math.exp(-abs(z))) - target * z
    if 0 < target < 1:
        return Floor(value, f"ln(1+e^{z:.4g}) - {target:.4g}*{z:.4g}")
    steep = z if target == 0 else -z  # the loss is ln(1 + e^steep)
    special = {0.0: "ln 2", -1.0: "ln(1+1/e)", 1.0: "ln(1+e)"}
    return Floor(value, special.get(steep, f"ln(1+e^{steep:.4g})"))


def nll_floor(high: float) -> Floor:
    """Return the smallest negative log-likelihood of values that are no log-probabilities but at most ``high``.

    >>> nll_floor(1.0).value
    -1.0
    """
    return Floor(-high, f"-{high:.4g}" if high >= 0 else f"{-high:.4g}")


def squared_floor(targets: object, low: float, high: float) -> Floor:
    """Return the smallest mean squared error of outputs confined to [low, high]: what the targets lie outside, squared.

    Args:
        targets: any array of numbers.
        low: the least output.
        high: the greatest.

    Raises:
        ParameterError: the range is empty, or there are no targets.

    >>> squared_floor([0.5, 3.0], 0.0, 1.0).value
    2.0
    """
    import numpy as np

    _span(low, high)
    values = np.asarray(targets, dtype=float)
    if values.size == 0:
        raise ParameterError("targets must hold at least one number")
    return Floor(
        float(np.mean((values - np.clip(values, low, high)) ** 2)), "mean squared distance of the targets from the range"
    )


def known_floors(loss: str, classes: int | None = None) -> tuple[Floor, ...]:
    """Return the floors of the usual wrong pairings of a loss, each with its rule and cause.

    Args:
        loss: ``cross_entropy``, ``bce_logits`` or ``nll``, as :class:`nonlin.lint.net.Loss` has it; others have none.
        classes: K, needed for ``cross_entropy``.

    >>> [str(f) for f in known_floors("cross_entropy", 10)]
    ['ln(1+9/e) = 1.4612', 'ln(1+9*e^-2) = 0.7966']
    """
    if loss == "cross_entropy" and classes is not None and classes > 1:
        softmax, tanh = cross_entropy_floor(classes), cross_entropy_floor(classes, -1, 1)
        over = f"cross-entropy over {classes} classes"
        return (
            Floor(softmax.value, softmax.formula, "NL102", f"softmax or sigmoid into {over}"),
            Floor(tanh.value, tanh.formula, "NL103", f"tanh into {over}"),
        )
    if loss == "bce_logits":
        yes, no = bce_logits_floor(0, 1, 1), bce_logits_floor(0, 1, 0)
        return (
            Floor(yes.value, yes.formula, "NL106", "sigmoid into binary cross-entropy of logits, all targets 1"),
            Floor((yes.value + no.value) / 2, "(ln(1+1/e) + ln 2)/2", "NL106",
                  "sigmoid into binary cross-entropy of logits, half of the targets 1"),
            Floor(no.value, no.formula, "NL106", "sigmoid into binary cross-entropy of logits, all targets 0"),
        )  # fmt: skip
    if loss == "nll":
        floor = nll_floor(1.0)
        return (Floor(floor.value, floor.formula, "NL108", "softmax instead of log-softmax into NLLLoss"),)
    return ()


def _span(low: float, high: float) -> float:
    if not low <= high:
        raise ParameterError(f"the range must have low <= high, not low={low!r} and high={high!r}")
    return high - low
