"""What is wrong with a network and its training: lint, a short training under watch, and one ranked page.

``nonlin diagnose module:make_model --data module:make_data`` does it from the command line. This package can be called:
``nonlin.diagnose(...)`` is :func:`nonlin.diagnose.diagnose`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nonlin.doors import open_door

if TYPE_CHECKING:
    from nonlin.diagnose.result import Diagnosis

__all__ = ["diagnose"]


def diagnose(
    model: Any,
    data: Any,
    loss: Any = None,
    *,
    minutes: float = 2.0,
    steps: int = 1000,
    optimizer: Any = None,
    lr: float | None = None,
    batch_size: int = 64,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Diagnosis:
    """Lint a model, train it briefly under watch, and return what is wrong, ranked: data and pairing first.

    The model is trained in place: give one that was just made. Ctrl-C ends the training and gives what is known so far.

    Args:
        model: a ``torch.nn.Module``, or ``(module, optimizer)``.
        data: ``(inputs, targets)`` as tensors or arrays, a ``Dataset``, a ``DataLoader``, or an iterable of batches.
        loss: a name (``"cross_entropy"``, ``"bce_logits"``, ``"mse"`` ...), a loss module, or a function of output and targets.
            Where none is given the training takes the one that fits the targets, and pairing is not judged.
        minutes: of training at most; 0 for lint alone.
        steps: of training at most. The same seed and steps give the same result unless the time ends it sooner.
        optimizer: a ``torch.optim`` optimiser of this model, or a function of the model that makes one. Default: the model's
            own ``configure_optimizers()``, or else Adam.
        lr: the learning rate, in place of the optimiser's.
        batch_size: of data that come without one.
        seed: of the order of samples and whatever else is drawn.
        progress: called with the steps done and in all.

    Raises:
        ModelError: there is no model, or nothing in it that can be trained.
        DataError: the data cannot be read, or no loss was given and none can be told.
        ParameterError: another argument is out of its range.

    >>> import torch
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(dim=1))
    >>> x = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
    >>> found = diagnose(net, (x, x[:, :3].argmax(1)), "cross_entropy", steps=50)
    >>> found.entries[0].rule.code, found.entries[0].place.layer
    ('NL102', '3')
    """
    from nonlin.diagnose.work import run

    return run(model, data, loss, minutes=minutes, steps=steps, optimizer=optimizer, lr=lr, batch_size=batch_size, seed=seed,
               progress=progress)  # fmt: skip


open_door(__name__)
