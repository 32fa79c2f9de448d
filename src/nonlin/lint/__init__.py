"""Mistakes in a network and its training that can be found without training it.

``nonlin.lint(model, loss=..., batch=(x, y))`` reads a live model; ``nonlin lint train.py`` reads source. This package can be
called: ``nonlin.lint(...)`` is :func:`nonlin.lint.lint`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nonlin.doors import open_door

if TYPE_CHECKING:
    from nonlin.findings import Finding

__all__ = ["lint"]


def lint(
    model: Any,
    loss: Any = None,
    batch: Any = None,
    *,
    optimizer: Any = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> list[Finding]:
    """Return the mistakes in a model that can be found without training it, the worst first.

    The model is traced, or run once on the batch as in training; its weights, buffers, gradients, flags, hooks and the random
    generators are afterwards as they were.

    Args:
        model: a ``torch.nn.Module`` (compiled or wrapped or not), a program of ``torch.export``, or a Keras 3 model.
        loss: its name (``"cross_entropy"``, ``"bce_logits"``, ``"mse"`` ...), a loss module, or a function of output and targets.
        batch: ``(inputs, targets)`` as the training loop has them: tensors or arrays; inputs may be a tuple of arguments or a
            dictionary of keyword arguments. Targets are half of the diagnosis.
        optimizer: a ``torch.optim.Optimizer`` or a dictionary such as ``{"optimizer": "Adam", "lr": 1e-3}``.
        select: codes or beginnings of codes to keep (``"NL1"``); all when empty.
        ignore: codes or beginnings of codes to leave out.

    Raises:
        ModelError: ``model`` is no model, or its class.
        DataError: the model cannot run on the batch, or the targets are not numbers.
        ParameterError: the loss or the optimiser is none; UnknownNameError: no such rule.

    >>> from torch import nn
    >>> found = lint(nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 10), nn.Softmax(dim=1)), "cross_entropy")
    >>> found[0].rule.code, str(found[0].place)
    ('NL102', '3')
    """
    from nonlin.findings import Place, ranked
    from nonlin.lint.checks import run
    from nonlin.lint.model import read
    from nonlin.lint.rules import finding

    net = read(model, loss, batch, optimizer)
    remarks = [finding("NL903", text, Place(net.name)) for text in net.remarks]
    return chosen(ranked([*run(net), *remarks]), select, ignore)


def chosen(findings: Iterable[Finding], select: Iterable[str] = (), ignore: Iterable[str] = ()) -> list[Finding]:
    """Return the findings whose codes begin with one of ``select`` (all when empty) and with none of ``ignore``.

    Raises:
        UnknownNameError: a word that no rule's code begins with and no rule is called.
    """
    kept, dropped = _codes(select), _codes(ignore)
    return [
        f
        for f in findings
        if (not kept or f.rule.code.startswith(kept)) and not (dropped and f.rule.code.startswith(dropped))
    ]


def _codes(words: Iterable[str]) -> tuple[str, ...]:
    from nonlin.lint.rules import RULES, rule

    given = (words,) if isinstance(words, str) else tuple(words)
    return tuple(w.upper() if any(c.startswith(w.upper()) for c in RULES) else rule(w).code for w in given)


open_door(__name__)
