"""Sinks that hand samples on: to TensorBoard, or to any ``log(dict)`` of an experiment tracker.

Both are throttled, because trackers are slow and people are: not every sample is passed on, and of each layer only the
statistics that are asked for.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from nonlin.errors import ParameterError, unknown
from nonlin.findings import Severity
from nonlin.watch.history import merged
from nonlin.watch.records import STATISTICS, Alert, Layer, Sample
from nonlin.watch.words import alert_line

__all__ = ["Log", "TensorBoard", "Writer"]

DEFAULT = ("rate", "dead", "saturated", "grad_norm", "update")
_PER = {s.name: s.per for s in STATISTICS}


class Writer(Protocol):
    """What a TensorBoard writer can do, PyTorch's ``SummaryWriter`` or another's."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> Any:
        """Add a point to a curve."""

    def add_text(self, tag: str, text_string: str, global_step: int) -> Any:
        """Add a note."""

    def add_histogram(self, tag: str, values: Any, global_step: int) -> Any:
        """Add a distribution."""


class _Throttle:
    """Says which samples to pass on: one in ``every``, and none sooner than ``seconds`` after the last."""

    def __init__(self, every: int, seconds: float) -> None:
        if every < 1:
            raise ParameterError(f"every must be at least 1 sample, not {every}.")
        if not seconds >= 0:
            raise ParameterError(f"seconds must be 0 or more, not {seconds}.")
        self.every, self.seconds = every, seconds
        self._seen, self._last = 0, -math.inf

    def __call__(self) -> bool:
        self._seen += 1
        now = time.monotonic()
        if (self._seen - 1) % self.every or now - self._last < self.seconds:
            return False
        self._last = now
        return True


def _chosen(statistics: Collection[str]) -> frozenset[str]:
    """Check the names of statistics of layers."""
    if isinstance(statistics, str):
        raise ParameterError(f"statistics must be a list of names, such as [{statistics!r}], not a string.")
    known = [name for name, per in _PER.items() if per == "layer"]
    for name in statistics:
        if name not in known:
            raise unknown("statistic of a layer", name, known)
    return frozenset(statistics)


class TensorBoard:
    """A sink that writes curves, units' histograms and alerts through a ``SummaryWriter``; closing the writer stays with its owner.

    Args:
        writer: anything with ``add_scalar``; ``add_histogram`` and ``add_text`` are used where it has them.
        statistics: of each layer, to pass on; names of ``nonlin.watch.records.STATISTICS``.
        every: pass on one sample in so many.
        seconds: and none sooner than so long after the last.
        prefix: of every tag: ``nonlin/dead/features.3``.

    Raises:
        ParameterError: a writer without ``add_scalar``, or a number out of range.
        UnknownNameError: a statistic that is not in the table.
    """

    def __init__(
        self,
        writer: Writer,
        statistics: Collection[str] = DEFAULT,
        *,
        every: int = 1,
        seconds: float = 1.0,
        prefix: str = "nonlin",
    ) -> None:
        if not callable(getattr(writer, "add_scalar", None)):
            raise ParameterError(
                f"writer must be a TensorBoard writer with add_scalar, such as torch.utils.tensorboard.SummaryWriter(), "
                f"not {type(writer).__name__}."
            )
        self.writer, self.prefix = writer, prefix
        self._statistics, self._due = _chosen(statistics), _Throttle(every, seconds)

    def begin(self, layers: tuple[Layer, ...], about: Mapping[str, Any]) -> None:
        """Write the facts of the run as a note."""
        self._note("about", "\n".join(f"* {k}: {v}" for k, v in about.items()), 0)

    def sample(self, sample: Sample) -> None:
        """Write a sample, if it is due."""
        if not self._due():
            return
        for name, value in sample.model.items():
            self.writer.add_scalar(f"{self.prefix}/{name}", float(value), sample.step)
        for layer, row in sample.layers.items():
            for name in sorted(self._statistics & row.keys()):
                self.writer.add_scalar(f"{self.prefix}/{name}/{layer}", float(row[name]), sample.step)
        histogram = getattr(self.writer, "add_histogram", None)
        if histogram is None:
            return
        for layer, arrays in sample.units.items():
            for name, values in arrays.items():
                histogram(f"{self.prefix}/{name}/{layer}", values, sample.step)

    def alert(self, alert: Alert) -> None:
        """Write an alert as a note, raised or cleared."""

        cleared = alert.cleared is not None
        self._note(
            "alerts", f"**{'cleared' if cleared else alert.severity.word}** {alert_line(alert)}", alert.cleared or alert.step
        )

    def close(self) -> None:
        """Leave the writer open: others may use it."""
        flush = getattr(self.writer, "flush", None)
        if flush is not None:
            flush()

    def _note(self, tag: str, text: str, step: int) -> None:
        add = getattr(self.writer, "add_text", None)
        if add is not None and text:
            add(f"{self.prefix}/{tag}", text, step)


class Log:
    """A sink that calls ``log`` with one flat dictionary of numbers a sample: ``wandb.log``, ``mlflow.log_metrics``, your own.

    Args:
        log: called as ``log({"nonlin/step": 120, "nonlin/loss": 0.4, "nonlin/dead/features.3": 0.7, "nonlin/alerts": 1, ...})``.
        statistics: of each layer, to pass on; ``()`` for none.
        every: pass on one sample in so many.
        seconds: and none sooner than so long after the last.
        prefix: of every name.
        with_step: call ``log(numbers, step=120)`` instead, as MLflow wants it. Not for wandb: watching tells of a step a little
            later, when wandb takes only larger steps.
        on_alert: called as ``on_alert(title, text, severity)`` for each alert raised, the severity as ``info``, ``warning`` or
            ``error``.

    Names hold letters, digits and ``_-./ `` only, what trackers allow; other characters become ``_``.

    >>> seen = []
    >>> sink = Log(seen.append)
    >>> sink.begin((Layer("relu1", 0, "activation"),), {})
    >>> sink.sample(Sample(10, 0.5, {"loss": 0.25}, {"relu1": {"dead": 0.5}}))
    >>> seen
    [{'nonlin/step': 10, 'nonlin/loss': 0.25, 'nonlin/dead/relu1': 0.5, 'nonlin/alerts': 0}]
    """

    def __init__(
        self,
        log: Callable[..., Any],
        statistics: Collection[str] = DEFAULT,
        *,
        every: int = 1,
        seconds: float = 1.0,
        prefix: str = "nonlin",
        with_step: bool = False,
        on_alert: Callable[[str, str, str], Any] | None = None,
    ) -> None:
        if not callable(log):
            raise ParameterError(f"log must be a function that takes a dictionary, such as wandb.log, not {log!r}.")
        self.log, self.prefix, self.with_step, self.on_alert = log, prefix, with_step, on_alert
        self._statistics, self._due = _chosen(statistics), _Throttle(every, seconds)
        self._alerts: list[Alert] = []

    def begin(self, layers: tuple[Layer, ...], about: Mapping[str, Any]) -> None:
        """Forget the alerts of an earlier run."""
        self._alerts = []

    def sample(self, sample: Sample) -> None:
        """Log a sample, if it is due."""
        if not self._due():
            return
        row: dict[str, float] = {} if self.with_step else {"step": sample.step}
        row |= {name: float(value) for name, value in sample.model.items()}
        for layer, found in sample.layers.items():
            row |= {f"{name}/{layer}": float(found[name]) for name in sorted(self._statistics & found.keys())}
        row["alerts"] = sum(a.cleared is None and a.severity > Severity.INFO for a in self._alerts)
        named = {self._name(name): value for name, value in row.items()}
        if self.with_step:
            self.log(named, step=sample.step)
        else:
            self.log(named)

    def alert(self, alert: Alert) -> None:
        """Count an alert, and tell ``on_alert`` of a new one."""

        merged(self._alerts, alert)
        if self.on_alert is not None and alert.cleared is None:
            self.on_alert(f"{alert.rule.code} {alert.rule.name}", alert_line(alert), alert.severity.word)

    def close(self) -> None:
        """Nothing is held that must be given back."""

    def _name(self, name: str) -> str:
        return re.sub(r"[^\w\-. /]", "_", f"{self.prefix}/{name}", flags=re.ASCII)
