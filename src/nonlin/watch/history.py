"""What is known of one watched training, in memory: a sink that keeps a bounded history, and the run that views draw.

``Run`` is what every view takes, wherever it came from: a ``History`` of this process or an SQLite record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nonlin.errors import ParameterError
from nonlin.findings import CAUSES, Severity
from nonlin.watch.records import Alert, Layer, Sample

__all__ = ["History", "Run", "merged", "ranked_alerts", "worst"]


@dataclass(frozen=True)
class Run:
    """One watched training: its layers in order of depth, samples in order of time, and alerts as they were raised."""

    layers: tuple[Layer, ...] = ()
    samples: tuple[Sample, ...] = ()
    """Of a long run, statistics of layers may be left out of most samples; the model's numbers are in all of them."""
    alerts: tuple[Alert, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    """Facts of the run: versions, the model's name, the interval."""
    state: str = "ended"
    """``running``, ``ended``, ``stopped`` (its process is gone without an end), or ``unknown``."""
    started: str = ""
    """UTC, ISO 8601; empty where unknown."""
    ended: str = ""
    source: str = ""
    """The record's file, or empty."""
    number: int = 1
    """Of the run within its record, from 1."""
    runs: int = 1
    """How many runs the record holds."""

    @property
    def last_step(self) -> int:
        """The last step that was sampled; 0 before the first."""
        return self.samples[-1].step if self.samples else 0

    @property
    def detailed(self) -> tuple[Sample, ...]:
        """The samples that hold statistics of layers."""
        return tuple(s for s in self.samples if s.layers)

    def statistics(self) -> tuple[str, ...]:
        """Return the names of the layer statistics that occur, sorted."""
        return tuple(sorted({name for s in self.samples for row in s.layers.values() for name in row}))

    def values(self, layer: str, statistic: str) -> list[tuple[int, float]]:
        """Return (step, value) for each sample that has this statistic of this layer."""
        return [(s.step, s.layers[layer][statistic]) for s in self.samples if statistic in s.layers.get(layer, {})]

    def curve(self, statistic: str) -> list[tuple[int, float]]:
        """Return (step, value) of one of the model's own numbers, such as ``loss``."""
        return [(s.step, s.model[statistic]) for s in self.samples if statistic in s.model]

    def last(self) -> dict[str, dict[str, float]]:
        """Return layer -> statistic -> the last value that was measured."""
        found: dict[str, dict[str, float]] = {}
        for sample in self.samples:
            for layer, row in sample.layers.items():
                found.setdefault(layer, {}).update(row)
        return found

    def units(self) -> dict[str, dict[str, Any]]:
        """Return layer -> statistic -> the last array over units."""
        found: dict[str, dict[str, Any]] = {}
        for sample in self.samples:
            for layer, row in sample.units.items():
                found.setdefault(layer, {}).update(row)
        return found


def ranked_alerts(alerts: Iterable[Alert]) -> list[Alert]:
    """Return alerts, those that still stand first, then the worst, the cheaper cause to rule out, and the earlier step."""
    sure = ("certain", "likely", "possible")
    return sorted(
        alerts,
        key=lambda a: (
            a.cleared is not None,
            -a.severity,
            CAUSES.index(a.rule.cause) if a.rule.cause in CAUSES else len(CAUSES),
            sure.index(a.confidence) if a.confidence in sure else len(sure),
            a.step,
            a.rule.code,
            a.layer,
        ),
    )


def worst(alerts: Iterable[Alert]) -> dict[str, Severity]:
    """Return layer -> the severity of its worst alert that still stands."""
    found: dict[str, Severity] = {}
    for alert in alerts:
        if alert.cleared is None:
            found[alert.layer] = max(alert.severity, found.get(alert.layer, alert.severity))
    return found


def merged(alerts: list[Alert], alert: Alert) -> int:
    """Add an alert to the list, or put it in the place of the one it clears or repeats; return where it stands.

    One that was cleared at the very step at which the same is raised has not healed but changed its severity: it goes on.
    """
    for at in range(len(alerts) - 1, -1, -1):
        known = alerts[at]
        if (known.rule.code, known.layer) == (alert.rule.code, alert.layer) and (
            known.step == alert.step or known.cleared == alert.step or (alert.cleared is not None and known.cleared is None)
        ):
            alerts[at] = replace(alert, step=known.step)
            return at
    alerts.append(alert)
    return len(alerts) - 1


class History:
    """A sink that keeps a run in memory: ``most`` samples and the last; beyond that every second one is dropped, again and again.

    Of units' arrays only the last are kept, so memory is O(layers x most + units).

    >>> history = History(most=4)
    >>> history.begin((Layer("relu1", 0, "activation"),), {})
    >>> for step in range(100):
    ...     history.sample(Sample(step, step / 10, {"loss": 1.0 / (step + 1)}, {"relu1": {"rate": 0.5}}))
    >>> [s.step for s in history.run().samples]
    [0, 32, 64, 96, 99]
    """

    def __init__(self, most: int = 1000) -> None:
        if most < 2:
            raise ParameterError(f"most must be at least 2 samples, not {most}.")
        self.most = most
        self.layers: tuple[Layer, ...] = ()
        self.about: dict[str, Any] = {}
        self.alerts: list[Alert] = []
        self._samples: list[Sample] = []
        self._units: dict[str, dict[str, Any]] = {}
        self._last: Sample | None = None
        self._seen = 0
        self._stride = 1
        self._ended = False

    def begin(self, layers: tuple[Layer, ...], about: Mapping[str, Any]) -> None:
        """Watching begins."""
        self.layers, self.about = tuple(layers), dict(about)

    def sample(self, sample: Sample) -> None:
        """A sampled step."""
        for layer, row in sample.units.items():
            self._units.setdefault(layer, {}).update(row)
        self._last = replace(sample, units={})
        if self._seen % self._stride == 0:
            self._samples.append(self._last)
            if len(self._samples) > self.most:
                self._samples = self._samples[::2]
                self._stride *= 2
        self._seen += 1

    def alert(self, alert: Alert) -> None:
        """An alert was raised or cleared."""
        merged(self.alerts, alert)

    def close(self) -> None:
        """Watching ended."""
        self._ended = True

    def run(self) -> Run:
        """Return what is known so far."""
        samples = list(self._samples)
        if self._last is not None:
            last = replace(self._last, units={k: dict(v) for k, v in self._units.items()})
            samples = [*(s for s in samples if s is not self._last), last]
        state = "ended" if self._ended else "running"
        return Run(self.layers, tuple(samples), tuple(self.alerts), dict(self.about), state=state)
