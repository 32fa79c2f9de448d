"""The loss to train with: by name, as a module or function, or told from the targets where none was given."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nonlin.errors import DataError, ParameterError
from nonlin.lint.model.losses import by_name, of_module

__all__ = ["Objective", "baseline", "objective", "tell_loss"]

EPS = 1e-12
TINY = torch.finfo(torch.float32).tiny


def _categorical(output: Tensor, target: Tensor) -> Tensor:
    return F.nll_loss(output.clamp_min(EPS).log(), target)


FUNCTIONS: Mapping[str, Callable[[Any, Any], Tensor]] = {
    "cross_entropy": F.cross_entropy,
    "nll": F.nll_loss,
    "categorical": _categorical,
    "bce": F.binary_cross_entropy,
    "bce_logits": F.binary_cross_entropy_with_logits,
    "mse": F.mse_loss,
    "l1": F.l1_loss,
    "huber": F.smooth_l1_loss,
    "poisson": F.poisson_nll_loss,
    "hinge": F.soft_margin_loss,
    "kl": lambda output, target: F.kl_div(output, target, reduction="batchmean"),
}
"""A kind of loss by name -> what computes it; those of generators and sequences need a function of the user's own."""


@dataclass(frozen=True)
class Objective:
    """A loss that can be computed, and how it became this one."""

    function: Callable[[Any, Any], Tensor] | None
    """``(output, targets)`` to a scalar; None for a loss that needs more than that, such as a critic's."""
    given: Any
    """What lint is told: the name, module or function; None where it was guessed and pairing is not to be judged."""
    kind: str
    """As in :class:`nonlin.lint.net.Loss`; ``unknown`` for a function of the user's own."""
    shown: str
    """In words: ``cross_entropy``, or ``cross_entropy (told from the targets)``."""
    guessed: bool = False


def objective(loss: Any) -> Objective:
    """Return a loss given by name, as a module, or as a function of the output and the targets.

    Raises:
        ParameterError: there is no such name, or it is no loss.

    >>> objective("mse").kind, objective(nn.BCELoss()).kind
    ('mse', 'bce')
    """
    if isinstance(loss, str):
        kind = by_name(loss).kind
        return Objective(FUNCTIONS.get(kind), loss, kind, kind)
    if isinstance(loss, type) and issubclass(loss, nn.Module):
        raise ParameterError(f"loss is the class {loss.__name__}, not a loss; pass an instance: {loss.__name__}()")
    if isinstance(loss, nn.Module):
        row = of_module(loss)
        return Objective(loss, loss, row.kind if row else "unknown", f"{type(loss).__name__}()")
    if callable(loss):
        return Objective(loss, loss, "unknown", f"{getattr(loss, '__name__', type(loss).__name__)}()")
    raise ParameterError(f"loss must be a name, a loss module or a function of (output, targets), not {type(loss).__name__}")


def tell_loss(output: Any, targets: Any, last: str) -> Objective:
    """Return the loss that fits what the network gives and what it is to give; it is never said to be the user's.

    Args:
        output: what the network returned for a batch.
        targets: the targets of that batch.
        last: the catalogue id of the activation behind the last layer; empty for none.

    Raises:
        DataError: they do not tell; the message asks for ``--loss``.

    >>> tell_loss(torch.zeros(4, 3), torch.tensor([0, 1, 2, 0]), "").shown
    'cross_entropy (no loss was given; told from the targets)'
    """
    if isinstance(getattr(output, "loss", None), Tensor):  # as models of the transformers library do that are given labels
        return Objective(lambda output, _: output.loss, None, "unknown", "the model's own", guessed=True)
    if not isinstance(output, Tensor) or not isinstance(targets, Tensor):
        raise DataError(
            f"no loss was given, and none can be told from outputs of type {type(output).__name__} and targets of type "
            f"{type(targets).__name__}; give --loss module:function, a function of both"
        )
    whole = not targets.is_floating_point() and not targets.is_complex()
    if whole and output.dim() == targets.dim() + 1 and output.shape[1] > 1:
        kind = {"softmax": "categorical", "log_softmax": "nll"}.get(last, "cross_entropy")
    elif output.shape != targets.shape:
        raise DataError(
            f"no loss was given, and none fits outputs of shape {tuple(output.shape)} and {targets.dtype} targets of shape "
            f"{tuple(targets.shape)}; give --loss, and look whether the shapes are meant"
        )
    elif bool(((targets == 0) | (targets == 1)).all()):
        kind = "bce" if last in ("sigmoid", "softmax", "hard_sigmoid") else "bce_logits"
    else:
        kind = "mse"
    given = kind if kind == "mse" else None  # whether targets are in reach can be judged; what else the output fits, cannot
    return Objective(FUNCTIONS[kind], given, kind, f"{kind} (no loss was given; told from the targets)", guessed=True)


def baseline(kind: str, targets: Any) -> float | None:
    """Return the least loss of a network that gives one and the same best answer to everything; None where it is not known.

    >>> round(baseline("cross_entropy", torch.tensor([0, 1, 2, 3])), 4), baseline("mse", torch.tensor([0.0, 2.0]))
    (1.3863, 1.0)
    """
    if not isinstance(targets, Tensor) or targets.numel() < 2:
        return None
    flat = targets.detach().double()
    if kind in ("cross_entropy", "nll", "categorical") and not targets.is_floating_point():
        share = torch.unique(targets, return_counts=True)[1].double() / targets.numel()
        return float(-(share * share.log()).sum())
    if kind in ("bce", "bce_logits") and 0 <= float(flat.min()) and float(flat.max()) <= 1:
        share = flat.reshape(len(flat), -1).mean(0).clamp(TINY, 1)
        other = (1 - share).clamp(TINY, 1)
        return float(-(share * share.log() + (1 - share) * other.log()).mean())
    rows = flat.reshape(len(flat), -1)
    found: float | None = None
    if kind == "mse":
        found = float(rows.var(0, unbiased=False).mean())
    elif kind == "l1":
        found = float((rows - rows.median(0).values).abs().mean())
    return found if found is None or math.isfinite(found) else None
