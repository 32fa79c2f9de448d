"""A watch of a Keras 3 training: the model run on a few samples of its own now and then, on any backend."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nonlin.catalogue import Definition
from nonlin.errors import NonlinError
from nonlin.peers import find
from nonlin.watch.budget import Budget
from nonlin.watch.evaluator import Evaluator, Step, warn
from nonlin.watch.function import shape_of
from nonlin.watch.history import Run
from nonlin.watch.losses import kind_of_loss
from nonlin.watch.parameters import Weights
from nonlin.watch.records import Alert, Layer, Sample, Sink
from nonlin.watch.sites import Book
from nonlin.watch.summary import text
from nonlin.watch.symptoms import State

_LOSSES = {
    "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
    "binary_crossentropy": "bce_logits",
}
_ENTRIES = 1024
_ARGUMENTS = ("negative_slope", "alpha", "max_value", "threshold")


class KerasWatch:
    """Watches one ``model.fit``; made by :func:`nonlin.watch.keras_callback`.

    Args:
        model: the Keras model.
        probe: inputs of some samples.
        every: batches from one look to the next; None for what the budget allows.
        budget: share of the batch time that looking may cost.
        loss: kind of the loss for the rules about losses; None for the model's own.
        sinks: what takes samples and alerts.
        ignore: codes of rules that are left out.
    """

    def __init__(
        self,
        model: Any,
        probe: Any,
        *,
        every: int | None = None,
        budget: float = 0.01,
        loss: Any = None,
        sinks: Iterable[Sink] = (),
        ignore: Iterable[str] = (),
    ) -> None:
        self.model, self.probe, self.budget = model, probe, Budget(budget, every)
        self.steps, self.remarks = 0, list[str]()
        self._book = Book()
        normed = any("Normalization" in type(layer).__name__ for layer in _layers(model))
        kind = kind_of_loss(loss) if loss is not None else _loss_kind(model)
        self._evaluator = Evaluator(sinks, ignore, State(normed=normed, loss_kind=kind), self.remarks)
        self._before: dict[str, Any] = {}
        self._next, self._mean, self._active, self._began = 0, 0.0, True, 0.0

    @property
    def alerts(self) -> list[Alert]:
        """Every alert so far, in the order in which they were raised."""
        return list(self._evaluator.judge.alerts)

    @property
    def open(self) -> list[Alert]:
        """The alerts that stand, the worst first."""
        return self._evaluator.judge.open

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The samples that are kept."""
        return self._evaluator.history.run().samples

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The places that are watched."""
        return tuple(s.layer for s in self._book)

    def run(self) -> Run:
        """Return what is known so far, as the views take it."""
        return self._evaluator.history.run()

    def summary(self) -> str:
        """Return the state of the training as text."""
        samples, b = self.samples, self.budget
        return text(self.layers, samples[-1] if samples else None, self.open, steps=self.steps, samples=b.samples,
                    interval=b.interval, overhead=b.overhead, remarks=self.remarks)  # fmt: skip

    def report(self, path: str | Path) -> Path:
        """Write what was found as one HTML file, and return its path."""
        from nonlin.watch.page import report

        return report(self, path)

    def begin_batch(self) -> None:
        """Before a batch: on a sampled one keep some of the weights."""
        if self._active and self.steps >= self._next:
            self._guarded(self._keep)

    def end_batch(self, batch: int, logs: dict[str, Any]) -> None:
        """After a batch: its loss, and on a sampled one a look at the probe."""
        if not self._active:
            return
        sampled = self.steps >= self._next
        seconds = self.budget.step(sampled)
        if "loss" in logs:  # Keras tells the mean over the epoch so far
            mean = float(logs["loss"])
            self._evaluator.take_losses([(self.steps, mean * (batch + 1) - self._mean * batch if batch else mean)])
            self._mean = mean
        if sampled:
            self._guarded(self._look, seconds)
            self.budget.sample()
            self._next = self.steps + self.budget.next()
        self.steps += 1

    def close(self) -> None:
        """End watching."""
        if self._active:
            self._active = False
            self._evaluator.end(self.steps - 1)

    def _guarded(self, work: Callable[..., Any], *args: Any) -> None:
        began = time.perf_counter()
        try:
            work(*args)
        except Exception as err:
            self._active = False
            told = f"nonlin.watch stopped at batch {self.steps}; the training goes on unwatched. The reason: {type(err).__name__}: {err}"
            self.remarks.append(told)
            self._evaluator.close()
            warn(told)
        finally:
            self.budget.add(time.perf_counter() - began)

    def _keep(self) -> None:
        self._before = {layer.name: _entries(layer) for layer in _layers(self.model) if _kernel(layer) is not None}

    def _look(self, seconds: float) -> None:
        with self._recording():
            output = self.model(self.probe, training=False)
        if getattr(output, "ndim", 0) == 2:
            self._evaluator.state.classes = int(output.shape[1])
        self._mark_last()
        updates = {}
        for layer in _layers(self.model):
            old = self._before.get(layer.name)
            if old is not None and (size := float(np.linalg.norm(old))) > 0:
                updates[layer.name] = float(np.linalg.norm(_entries(layer) - old)) / size
        sites, counts, flat = self._book.pack()
        totals = self._book.unpack(sites, counts, np.zeros(0) if flat is None else flat.numpy())
        self._evaluator.begin(self.layers, self._about)
        rate = getattr(self.model.optimizer, "learning_rate", None)
        step = Step(self.steps, seconds, None if rate is None else float(rate))
        self._evaluator.evaluate(step, sites, totals, Weights({}, updates, 0.0))

    @contextmanager
    def _recording(self) -> Iterator[None]:
        """Let the layers' activations, and layers that are one, tell what they are given and return."""
        undo: list[Callable[[], None]] = []
        try:
            for layer in _layers(self.model):
                undo += self._record(layer)
            yield
        finally:
            for put_back in undo:
                put_back()

    def _record(self, layer: Any) -> list[Callable[[], None]]:
        own = getattr(layer, "activation", None)
        kind = type(layer).__name__
        if callable(own) and _kernel(layer) is not None and not hasattr(layer, "recurrent_activation"):
            layer.activation = self._telling(layer, own, _function(own), affine=True)
            return [lambda: setattr(layer, "activation", own)]
        made = _function(own) if kind == "Activation" else _layer_function(layer)
        if made is None:
            return []
        call = layer.call
        layer.call = self._telling(layer, call, made, affine=False)
        return [lambda: layer.__dict__.pop("call", None)]

    def _telling(self, layer: Any, call: Callable[..., Any], made: Definition | None, *, affine: bool) -> Callable[..., Any]:
        def told(x: Any, *args: Any, **kwargs: Any) -> Any:
            output = call(x, *args, **kwargs)
            before, after = _tensor(x), _tensor(output)
            if affine and (site := self._book.get((layer.name,), layer.name, "affine", None, layer.name)) is not None:
                site.see(before, producer=(int(before.shape[-1]), False), shift=self.steps)
            if made is not None and made.name != "identity":
                name = f"{layer.name}.{made.name.partition('(')[0]}" if affine else layer.name
                site = self._book.get((layer.name, "act"), name, "activation", shape_of(made), layer.name)
                if site is not None:
                    site.see(after, before, producer=(int(after.shape[-1]), False), shift=self.steps)
            return output

        return told

    def _mark_last(self) -> None:
        for site in reversed(list(self._book)):
            if site.kind == "affine":
                return
            site.final = True

    def _about(self) -> dict[str, Any]:
        import keras

        return {
            "model": self.model.name,
            "optimizer": type(self.model.optimizer).__name__,
            "parameters": int(self.model.count_params()),
            "loss": self._evaluator.state.loss_kind,
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
            "python": sys.version.split()[0],
        }


def _layers(model: Any) -> list[Any]:
    return [layer for layer in model._flatten_layers(include_self=False) if not getattr(layer, "layers", None)]


def _kernel(layer: Any) -> Any:
    return getattr(layer, "kernel", None) if getattr(layer, "built", False) else None


def _entries(layer: Any) -> Any:
    flat = np.asarray(_tensor(_kernel(layer))).reshape(-1)
    return flat[:: max(1, len(flat) // _ENTRIES)].astype(np.float64)


def _tensor(x: Any) -> torch.Tensor:
    """Return any backend's tensor as one of PyTorch on the host."""
    if isinstance(x, torch.Tensor):
        return x.detach().cpu()
    import keras

    return torch.from_numpy(np.array(keras.ops.convert_to_numpy(x)))


def _function(function: Any) -> Definition | None:
    """Return the catalogue function of a layer's ``activation``; None for one that is not known."""
    name = getattr(function, "__name__", "")
    if not name:
        return _layer_function(function)
    try:
        return find("keras", f"activations.{name}").definition
    except NonlinError:
        return None


def _layer_function(layer: Any) -> Definition | None:
    """Return the function of a layer that is an activation, with its arguments; None for another layer."""
    made = getattr(layer, "definition", None)
    if isinstance(made, Definition):
        return made
    if "activation" not in type(layer).__module__:
        return None
    given = layer.get_config()
    arguments = {k: v for k, v in given.items() if isinstance(v, int | float) and k in _ARGUMENTS}
    for some in (arguments, {}):
        try:
            return find("keras", f"layers.{type(layer).__name__}", **some).definition
        except NonlinError:
            continue
    return None


def _loss_kind(model: Any) -> str:
    """Return the kind of the model's loss where its floors are those of logits; from probabilities nothing stands on them."""
    loss = getattr(model, "loss", None)
    if loss is None or isinstance(loss, str) or not getattr(loss, "from_logits", False):
        return ""
    return _LOSSES.get(getattr(loss, "name", ""), "")
