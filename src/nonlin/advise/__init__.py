"""Which activation functions to take, and what goes with them: rules as rows, each with a reason and its sources.

``nonlin.advise(arch="cnn", task="binary")`` answers from a description, ``nonlin.advise(model)`` from a model. This package can be
called: ``nonlin.advise(...)`` is :func:`nonlin.advise.advise`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nonlin.doors import open_door

if TYPE_CHECKING:
    import os

    from nonlin.advise.answer import Advice

__all__ = ["advise"]


def advise(
    model: Any = None,
    *,
    arch: str | None = None,
    task: str | None = None,
    depth: int | None = None,
    norm: str | None = None,
    device: str | None = None,
    constraints: Iterable[str] = (),
    loss: Any = None,
    batch: Any = None,
    store: str | os.PathLike[str] | None = None,
    measure: bool = False,
    factory: str = "",
) -> Advice:
    """Return which functions to take for a network, and the loss, initialisation, order and dropout that go with them.

    Each part of the answer is a row of the table of rules, with its reason, its sources, and its alternatives; numbers are
    computed from the functions. What stored studies of ours say is told beside it.

    Args:
        model: a ``torch.nn.Module`` or a Keras model, which is read as ``nonlin.lint`` does and not changed; what is given
            beside it goes before what is read.
        arch: a kind of network, such as ``"cnn"`` (see ``nonlin.advise.question.ARCHS``); needed without a model.
        task: such as ``"binary"``; else the usual for the network.
        depth: hidden layers, at least 1.
        norm: ``"batch"``, ``"layer"``, ``"rms"``, ``"group"`` or ``"none"``.
        device: ``"cpu"`` or ``"gpu"``, where it will run; else ``"gpu"``.
        constraints: any of ``"int8"``, ``"latency"`` and ``"smooth"``.
        loss: of a model, as ``nonlin.lint`` takes it.
        batch: of a model, ``(inputs, targets)``.
        store: a study's file or a folder of them; else ``nonlin-results``.
        measure: also time the functions here, on this machine; done anyway for latency on a CPU.
        factory: the ``module:function`` that made the model; studies of it (``nonlin compare --model``) are evidence, too.

    Raises:
        UnknownNameError, ParameterError: a word that is not known, or a combination that no row answers.
        ModelError, DataError: the model cannot be read. StoreError: ``store`` is no study.

    >>> answer = advise(arch="gan-discriminator")
    >>> answer.hidden, answer.loss
    ('leaky_relu(slope=0.2)', 'nn.BCEWithLogitsLoss()')
    """
    from nonlin.advise.answer import answer
    from nonlin.advise.question import ask
    from nonlin.errors import ParameterError

    seen = None
    given: dict[str, Any] = {"arch": arch, "task": task, "depth": depth, "norm": norm}
    if model is not None:
        from nonlin.advise.reading import look

        seen = look(model, loss, batch)
        read: dict[str, Any] = {"arch": seen.arch, "task": seen.task, "depth": seen.depth, "norm": seen.norm}
        if arch is not None and arch != seen.arch:  # a task read for another kind of network says nothing of this one
            read["task"] = task
        given = {name: value if value is not None else read[name] for name, value in given.items()}
    elif given["arch"] is None:
        raise ParameterError("arch is needed: which network is it? Give arch='cnn' or another, or a model")
    skips = seen.skips if seen is not None and (arch is None or arch == seen.arch) else None
    asked = ask(given["arch"], given["task"], depth=given["depth"], norm=given["norm"], device=device, constraints=constraints,
                skips=skips)  # fmt: skip
    return answer(asked, seen, store=store, measure=measure, factory=factory)


open_door(__name__)
