"""What becomes of a sampled step's numbers: statistics, a sample for every sink, and alerts. The same for every framework."""

from __future__ import annotations

import logging
import math
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nonlin.findings import Severity
from nonlin.watch.derive import Seen, Window, derived
from nonlin.watch.history import History
from nonlin.watch.judge import Judge
from nonlin.watch.parameters import Weights
from nonlin.watch.records import Alert, Layer, Sample, Sink
from nonlin.watch.sites import Site, Total
from nonlin.watch.symptoms import State, gradient_ratio

log = logging.getLogger("nonlin.watch")
_LEVELS = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING, Severity.ERROR: logging.ERROR}


@dataclass(frozen=True)
class Step:
    """When a sample was taken, and the optimiser's learning rate then."""

    step: int
    seconds: float = 0.0
    """The step's own time."""
    lr: float | None = None


class Evaluator:
    """Keeps what a watch knows between samples.

    Args:
        sinks: what takes samples and alerts besides the history.
        ignore: codes of rules that are left out.
        state: what rules know from the beginning.

    Attributes:
        remarks: what went wrong with sinks, one sentence each.
    """

    def __init__(self, sinks: Iterable[Sink], ignore: Iterable[str], state: State, remarks: list[str]) -> None:
        self.state, self.judge, self.history = state, Judge(ignore), History()
        self.sinks: list[Sink] = [self.history, *sinks]
        self.remarks = remarks
        self.begun = False
        self._windows: dict[str, Window] = {}
        self._places: dict[str, Site] = {}
        self._started = time.monotonic()

    def take_losses(self, losses: Sequence[tuple[int, float]]) -> None:
        """Add losses of steps, in order."""
        for step, loss in losses:
            self.state.trend.add(loss)
            if not math.isfinite(loss) and self.state.bad_loss is None:
                self.state.bad_loss = step

    def begin(self, layers: tuple[Layer, ...], about: Callable[[], Mapping[str, Any]]) -> None:
        """Tell the sinks what is watched; only the first call does."""
        if not self.begun:
            self.begun = True
            facts = about()
            for sink in list(self.sinks):
                self.tell(sink, "begin", layers, facts)

    def evaluate(self, step: Step, sites: Iterable[Site], totals: Mapping[str, Total], weights: Weights) -> None:
        """Turn counts into a sample and alerts, and give them to every sink."""
        self._places.update({s.name: s for s in sites})
        places = sorted(((self._places[n], t) for n, t in totals.items() if n in self._places), key=lambda p: p[0].index)
        seen = derived(places)
        for met, (_, total) in zip(seen, places, strict=True):
            self._count_units(met, total)
        state = self.state
        state.step, state.seen, state.weights = step.step, seen, weights
        logs = {n: math.log10(v) if v > 0 else -12.0 for n, v in weights.updates.items()}
        for name, value in logs.items():
            if math.isfinite(value) and not weights.skipped:
                state.updates.setdefault(name, deque(maxlen=20)).append(value)
        sample = self._sample(step, seen, weights, logs)
        for sink in list(self.sinks):
            self.tell(sink, "sample", sample)
        self.judged()
        if math.isfinite(weights.total) and weights.total > 0:
            state.norms.append(weights.total)

    def judged(self) -> None:
        """Look at the state with every rule, and tell what is new."""
        for alert in self.judge.look(self.state):
            self._announce(alert)

    def end(self, step: int) -> None:
        """Judge the losses that came after the last sample, and close the sinks."""
        self.state.step, self.state.seen, self.state.weights = max(0, step), [], None
        if self.begun:
            self.judged()
        self.close()

    def close(self) -> None:
        """Close every sink."""
        for sink in list(self.sinks):
            self.tell(sink, "close")

    def tell(self, sink: Sink, what: str, *args: Any) -> None:
        """Call a sink; one that fails is dropped, and told once."""
        try:
            getattr(sink, what)(*args)
        except Exception as err:
            if sink in self.sinks:
                self.sinks.remove(sink)
            told = f"nonlin.watch dropped the sink {type(sink).__name__}: {type(err).__name__}: {err}"
            self.remarks.append(told)
            warn(told)

    def _count_units(self, seen: Seen, total: Total) -> None:
        site = seen.site
        if not seen.broken and site.kind in ("activation", "recurrent"):
            self._windows.setdefault(site.name, Window(total.rows.shape[1])).add(seen, total)

    def _sample(self, step: Step, seen: list[Seen], weights: Weights, logs: dict[str, float]) -> Sample:
        layers = {s.site.name: dict(s.stats) for s in seen}
        for values, name in ((weights.grads, "grad_norm"), (logs, "update")):
            for layer, value in values.items():
                if layer in layers:
                    layers[layer][name] = value
        whole = {"seconds": step.seconds, "lr": step.lr, "grad_ratio": gradient_ratio(self.state)}
        if self.state.trend.recent:
            whole["loss"] = self.state.trend.recent[-1]
        model = {k: v for k, v in whole.items() if v is not None}
        units = {s.site.name: s.units for s in seen if s.units}
        return Sample(step.step, time.monotonic() - self._started, model, layers, units)

    def _announce(self, alert: Alert) -> None:
        for sink in list(self.sinks):
            self.tell(sink, "alert", alert)
        if alert.cleared is None:
            log.log(
                _LEVELS[alert.severity], "%s %s at step %d: %s", alert.rule.code, alert.rule.name, alert.step, alert.message
            )


def warn(message: str) -> None:
    """Warn; where warnings are errors, print instead: watching never breaks a training."""
    try:
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    except RuntimeWarning:
        print(message, file=sys.stderr)
