"""The watch itself: notices steps, opens and closes the sampled ones, and turns what they show into samples and alerts."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import nonlin.watch.ranks as ranks
from nonlin.errors import ModelError, ParameterError, unknown
from nonlin.watch.budget import Budget
from nonlin.watch.evaluator import Evaluator, Step, log, warn
from nonlin.watch.history import Run
from nonlin.watch.hooks import Observer
from nonlin.watch.losses import Losses
from nonlin.watch.parameters import Reader, Weights
from nonlin.watch.records import Alert, Layer, Sample, Sink
from nonlin.watch.rules import RULES
from nonlin.watch.shadow import unwrap
from nonlin.watch.sites import Book, Site, Total
from nonlin.watch.summary import text
from nonlin.watch.symptoms import State

LATE = 4
"""Steps after a sample until which its copy from the device may take its time."""


@dataclass
class Pending:
    """A sampled step whose numbers are on their way to the host."""

    when: Step
    sites: list[Site]
    counts: list[tuple[int, int, int]]
    sizes: tuple[int, int]
    """Lengths of the parts of parameters and losses; the rest are the places."""
    flat: Tensor | None
    copied: Any
    """A CUDA event, or None where the copy is there."""

    @property
    def step(self) -> int:
        """The step it was taken in."""
        return self.when.step


class Watcher:
    """Watches one model while it trains; made by :func:`watch`, and used as a context manager.

    Attributes:
        steps: optimiser steps noticed so far.
        remarks: what could not be watched, one sentence each.
    """

    def __init__(self, model: nn.Module, optimizer: Any, loss: Any, budget: Budget, sinks: Sequence[Sink],
                 ignore: Iterable[str]) -> None:  # fmt: skip
        self.model, self.core = model, unwrap(model)
        self.optimizer = optimizer
        self.budget = budget
        self.steps = 0
        self.remarks: list[str] = []
        self._losses = Losses(loss)
        self._book = Book()
        self._observer = Observer(self.core, model, self._book, self, self._losses.output)
        self._reader = Reader(self.core, self._observer.names)
        state = State(normed=self._observer.normed, loss_kind=self._losses.kind)
        self._evaluator = Evaluator(sinks, ignore, state, self.remarks)
        self._undo: list[Callable[[], None]] = []
        self._undo_sample: list[Callable[[], None]] = []
        self._ranks: ranks.Ranks | None = None
        self._pending: Pending | None = None
        self._sampling = self._active = self._busy = False
        self._next = 0

    # -- what a person uses -------------------------------------------------------------------------------------

    @property
    def alerts(self) -> list[Alert]:
        """Every alert so far in the order in which they were raised; one that healed has ``cleared`` set."""
        return list(self._evaluator.judge.alerts)

    @property
    def open(self) -> list[Alert]:
        """The alerts that stand, the worst first."""
        return self._evaluator.judge.open

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The samples that are kept, in order: at most a thousand, thinned out evenly."""
        return self._evaluator.history.run().samples

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The places that are watched, in the order of the forward; empty before the first sample."""
        return tuple(s.layer for s in self._book)

    def step(self, loss: Any = None) -> None:
        """Tell the loss of the step that has just ended; without an optimiser, tell that a step has ended.

        Args:
            loss: a number, or a tensor with one; a tensor on a device is not waited for.

        Raises:
            ParameterError: the loss is not one number.
        """
        if not self._active:
            return
        if self.optimizer is None:
            self.guarded(self._stepped)
        if loss is not None:
            self._losses.give(self.steps - 1, loss)
        if self._pending is not None and self._pending.copied is None:
            self.guarded(self._read)
            self.guarded(self._open_if_due)
        elif self._losses.broken:
            self.guarded(self._open_if_due)

    def run(self) -> Run:
        """Return what is known so far, as the views take it."""
        return self._evaluator.history.run()

    def summary(self) -> str:
        """Return the state of the training as text: one line, and the worst five alerts that stand."""
        run = self._evaluator.history.run()
        return text(
            self.layers,
            run.samples[-1] if run.samples else None,
            self.open,
            steps=self.steps,
            samples=self.budget.samples,
            interval=self.budget.interval,
            overhead=self.budget.overhead,
            remarks=self.remarks,
        )

    def report(self, path: str | Path) -> Path:
        """Write what was found as one HTML file, and return its path."""
        from nonlin.watch.page import report

        return report(self, path)

    def __enter__(self) -> Watcher:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> Watcher:
        """Begin to watch; the next forward is sampled."""
        if self._active:
            raise ParameterError("this watch is already running; make another for another training")
        self._active = True
        self._ranks = ranks.find()
        if self.optimizer is not None:
            self._undo.append(self.optimizer.register_step_post_hook(self._after_step).remove)
        self._undo.append(self._losses.hook(self.guarded, self.model))
        self.guarded(self._open)
        return self

    def close(self) -> None:
        """End watching: read what is on its way, take all hooks off, close the sinks. Closing twice is no error."""
        if not self._active:
            return
        self._detach()
        with contextlib.suppress(Exception):
            if self._pending is not None:
                self.guarded(self._read)
            self.guarded(self._last_losses)
        self._active = False
        self._evaluator.end(self.steps - 1)

    def _last_losses(self) -> None:
        """Take the losses that came after the last sample."""
        packed = self._losses.pack()
        self._evaluator.take_losses(self._losses.read([] if packed is None else packed.cpu().numpy()))

    # -- safety ---------------------------------------------------------------------------------------------------

    def guarded(self, work: Callable[..., Any], *args: Any) -> Any:
        """Run a part of watching inside the user's training: measured, and never letting an error out."""
        if not self._active:
            return None
        outer, self._busy = self._busy, True  # inside a shadow forward, hooks are guarded again
        began = time.perf_counter()
        try:
            with _by_itself(), torch.no_grad():
                return work(*args)
        except Exception as err:
            self._fail(err)
            return None
        finally:
            self._busy = outer
            if not outer:
                self.budget.add(time.perf_counter() - began)

    def _fail(self, err: Exception) -> None:
        """Stop watching for good, and say so once."""
        self._active = False
        self._pending = None
        self._detach(ended=False)
        told = (
            f"nonlin.watch stopped at step {self.steps} and took its hooks off; the training goes on unwatched. "
            f"The reason: {type(err).__name__}: {err}"
        )
        self.remarks.append(told)
        log.debug("the failure", exc_info=err)
        self._evaluator.close()
        warn(told)

    def _detach(self, ended: bool = True) -> None:
        for undo in [*self._undo_sample, *self._undo]:
            with contextlib.suppress(Exception):
                undo()
        with contextlib.suppress(Exception):
            self._observer.release(ended)
        self._undo_sample, self._undo, self._sampling = [], [], False

    # -- steps ----------------------------------------------------------------------------------------------------

    def _before_step(self, *_: Any) -> None:
        self.guarded(self._reader.before_step, self.optimizer)

    def _after_step(self, *_: Any) -> None:
        if self._sampling or self._pending is not None or self._losses.pending or self.steps + 1 >= self._next:
            self.guarded(self._stepped)
        else:  # most steps: nothing to do but to count
            self.budget.step(False)
            self.steps += 1

    def _open(self) -> None:
        """Make the step that begins now a sampled one."""
        self._sampling = True
        self._observer.open(self.steps)
        if self.optimizer is not None:
            self._undo_sample.append(self.optimizer.register_step_pre_hook(self._before_step).remove)
        else:
            self._reader.before_step()

    def _stepped(self) -> None:
        sampled = self._sampling
        seconds = self.budget.step(sampled)
        self._losses.end(self.steps)
        if self._pending is not None:
            self._read(wait=sampled or self.steps - self._pending.step >= LATE)
        if sampled:
            self._close_sample(seconds)
        self.steps += 1
        self._open_if_due()

    def _open_if_due(self) -> None:
        if self._losses.broken:
            self._losses.broken, self._next = False, self.steps  # to see which layer it comes from
        if self.steps >= self._next and not self._sampling and (self._pending is None or self.budget.every is not None):
            self._open()

    def _close_sample(self, seconds: float) -> None:
        """End a sampled step: take its hooks off, and send everything it counted to the host in one copy."""
        self._sampling = False
        for undo in self._undo_sample:
            undo()
        self._undo_sample = []
        self._observer.close()
        if self.optimizer is None or not self._reader.grads:
            self._reader.read_gradients(self.optimizer)  # an optimiser with a closure has them only now
        own, losses = self._reader.after_step(), self._losses.pack()
        sites, counts, places = self._book.pack()
        parts = [p for p in (own, losses, places) if p is not None]
        sizes = (0 if own is None else own.numel(), 0 if losses is None else losses.numel())
        flat, copied = _to_host(parts)
        self._pending = Pending(Step(self.steps, seconds, self._rate()), sites, counts, sizes, flat, copied)
        every = self.budget.every
        self._next = sys.maxsize if every is None else self.steps + every  # known when this sample has been read

    def _rate(self) -> float | None:
        groups = getattr(self.optimizer, "param_groups", None)
        rate = groups[0].get("lr") if groups else None
        return (
            float(rate)
            if isinstance(rate, int | float) or (isinstance(rate, Tensor) and rate.device.type == "cpu")
            else None
        )

    # -- reading a sample -------------------------------------------------------------------------------------------

    def _read(self, wait: bool = True) -> None:
        """Evaluate the sample that is on its way, if it has arrived or must be waited for."""
        pending = self._pending
        if pending is None or (pending.copied is not None and not wait and not pending.copied.query()):
            return
        if pending.copied is not None:
            pending.copied.synchronize()
        self._pending = None
        flat = np.zeros(0) if pending.flat is None else pending.flat.numpy()
        own, losses = pending.sizes
        weights = self._reader.told(flat[:own])
        self._evaluator.take_losses(self._losses.read(flat[own : own + losses]))
        totals = self._book.unpack(pending.sites, pending.counts, flat[own + losses :])
        if self._ranks is not None:
            totals = self._ranks.gather(pending.step, totals)
        if self._ranks is None or self._ranks.rank == 0:
            self._evaluate(pending, weights, totals)
        self.budget.sample()
        following = pending.step + self.budget.next()
        if self._ranks is not None:
            following = self._ranks.agree(pending.step, following)
            self.budget.add(-self._ranks.waited)
            self._ranks.waited = 0.0
        self._next = following

    def _evaluate(self, pending: Pending, weights: Weights, totals: dict[str, Total]) -> None:
        evaluator = self._evaluator
        evaluator.state.classes = self._losses.classes
        evaluator.begin(self.layers, self._about)
        evaluator.evaluate(pending.when, pending.sites, totals, weights)
        if self._book.full and not any("only the first" in r for r in self.remarks):
            self.remarks.append(f"the model has more places than are watched: only the first {len(self._book)} are")
        if not pending.sites and self.budget.samples == 2:
            self.remarks.append("no forward of the model was seen; give watch the module that the training loop calls")

    def _about(self) -> dict[str, Any]:
        return {
            "model": type(self.core).__name__,
            "optimizer": type(self.optimizer).__name__ if self.optimizer is not None else "",
            "parameters": sum(p.numel() for p in self.core.parameters()),
            "budget": self.budget.share if self.budget.every is None else None,
            "every": self.budget.every,
            "ranks": self._ranks.world if self._ranks is not None else 1,
            "shadow": self._observer.shadowed,
            "loss": self._losses.kind,
            "torch": str(torch.__version__),
            "python": sys.version.split()[0],
        }


_by_itself: Callable[[], Any] = torch._C.DisableTorchFunction
"""Within it no TorchFunctionMode, ours or the user's, sees what watching does."""


def _to_host(parts: list[Tensor]) -> tuple[Tensor | None, Any]:
    """Return everything in one tensor on the host, and the event after which it is there (None: it is)."""
    if not parts:
        return None, None
    home = parts[-1].device
    wide = torch.float64 if any(p.dtype == torch.float64 for p in parts) else torch.float32
    flat = torch.cat([p.reshape(-1).to(home, wide, non_blocking=True) for p in parts])
    if home.type != "cuda":
        return flat.cpu(), None
    host = torch.empty(flat.shape, dtype=flat.dtype, pin_memory=True)
    host.copy_(flat, non_blocking=True)
    event = torch.cuda.Event()
    event.record(torch.cuda.current_stream(home))
    return host, event


def watch(
    model: nn.Module,
    optimizer: Any = None,
    *,
    loss: Any = None,
    budget: float = 0.01,
    every: int | None = None,
    sinks: Iterable[Sink] = (),
    ignore: Iterable[str] = (),
) -> Watcher:
    """Return a watch over a training; use it as a context manager around the loop.

    On a few sampled steps it counts, layer by layer and unit by unit, what activations and gradients do, and raises alerts
    that name the layer, the number and the line it crossed. The training itself is the same to the bit; a failure of the watch
    ends the watch and not the training.

    Args:
        model: the module that the training loop calls; compiled and data-parallel wrappers are seen through.
        optimizer: its ``torch.optim.Optimizer``, whose steps are noticed; without one call ``w.step()`` after each step.
        loss: the loss module, function or name (``"cross_entropy"``), for the rules about losses. From a module the
            values are taken, with ``"output"`` from the ``loss`` that the model itself returns, else ``w.step(loss=loss)`` gives
            them; without values no alert knows whether training progresses.
        budget: share of the step time that watching may cost, between 0 and 1.
        every: a fixed number of steps from one sample to the next instead of a budget.
        sinks: what else takes samples and alerts: ``nonlin.watch.record.Record(path)``, ``nonlin.watch.live.Table()`` ...
        ignore: codes of rules to leave out.

    Raises:
        ModelError: ``model`` is no module, or the optimiser does not train it.
        ParameterError: the optimiser, budget, interval or loss is not one; UnknownNameError for an unknown code.

    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
    >>> sgd = torch.optim.SGD(net.parameters(), lr=0.01)
    >>> with watch(net, sgd, every=1) as w:
    ...     for _ in range(20):
    ...         loss = net(torch.randn(64, 8)).square().mean()
    ...         sgd.zero_grad()
    ...         loss.backward()
    ...         _ = sgd.step()
    ...         w.step(loss=loss)
    >>> [layer.name for layer in w.layers], len(w.samples)
    (['0', '1', '2'], 20)
    """
    _check_model(model)
    optimizer = _check_optimizer(model, optimizer)
    for code in ignore:
        if code not in RULES:
            raise unknown("rule", code, RULES)
    return Watcher(model, optimizer, loss, Budget(budget, every), tuple(sinks), tuple(ignore))


def _check_model(model: Any) -> None:
    if isinstance(model, type):
        raise ModelError(f"model must be a module, not the class {model.__name__}; give {model.__name__}(...)")
    if not isinstance(model, nn.Module):
        raise ModelError(f"model must be a torch.nn.Module, not {type(model).__name__}; other frameworks have callbacks, "
                         "see nonlin.watch.integrations")  # fmt: skip
    if any(c.__module__.startswith("keras.") for c in type(model).__mro__):
        raise ModelError("a Keras model is watched by nonlin.watch.integrations.keras_callback(), given to model.fit")


def _check_optimizer(model: nn.Module, optimizer: Any) -> Any:
    inner = optimizer
    while inner is not None and not hasattr(inner, "_optimizer_step_post_hooks") and hasattr(inner, "optimizer"):
        inner = inner.optimizer
    if inner is None:
        return None
    if not isinstance(inner, torch.optim.Optimizer) or not hasattr(inner, "register_step_post_hook"):
        several = (
            " for several optimisers open several watches, or leave it out and" if isinstance(inner, list | tuple) else ""
        )
        raise ParameterError(
            f"optimizer must be a torch.optim.Optimizer, not {type(inner).__name__};{several or ' leave it out and'} "
            "call w.step() after each step"
        )
    own = {id(p) for p in model.parameters()}
    trained = {id(p) for group in inner.param_groups for p in group["params"]}
    if own and trained and not own & trained and unwrap(model) is model:
        raise ModelError(
            "the optimiser holds none of the model's parameters; make it from model.parameters() of the model that is watched"
        )
    return inner
