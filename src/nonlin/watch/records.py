"""What watching gives: samples of every layer's statistics, alerts, and the sinks that take them.

A ``Sink`` is anything with ``begin``, ``sample``, ``alert`` and ``close``: the SQLite record, the live table, the live page,
TensorBoard, or a user's own ``log(dict)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from nonlin.findings import Remedy, Rule, Severity


@dataclass(frozen=True)
class Statistic:
    """A row of the table of statistics: the name in records, a title for people, its unit and meaning."""

    name: str
    title: str
    unit: str
    per: str
    """``layer`` (one number a layer and sample), ``unit`` (an array a layer), or ``model``."""
    what: str
    reference: tuple[float, float] | None = None
    """A band to draw, never an alarm: the texts' healthy 30-50 % of the activation rate."""


STATISTICS: tuple[Statistic, ...] = (
    Statistic("rate", "activation rate", "share", "layer", "share of outputs above 0", (0.3, 0.5)),
    Statistic("dead", "dead units", "share", "layer", "share of units never on over the window of effective samples"),
    Statistic(
        "dormant", "dormant units", "share", "layer", "share of units whose largest |output| over the window is below 1e-3"
    ),
    Statistic("saturated", "saturation", "share", "layer", "share of inputs where |f'| is under 5 % of its maximum"),
    Statistic("mean", "mean", "", "layer", "mean output"),
    Statistic("std", "scale", "", "layer", "standard deviation of the outputs"),
    Statistic("centre", "off-centre", "", "layer", "|mean| over standard deviation; 0 is zero-centred"),
    Statistic("spread", "spread over samples", "", "layer", "standard deviation over samples, mean over units"),
    Statistic("grad_norm", "gradient norm", "", "layer", "norm of the gradient of the layer's own parameters"),
    Statistic("update", "update size", "log10", "layer", "log10 of the norm of the update over the norm of the weights"),
    Statistic("unit_rate", "activation rate of units", "share", "unit", "share of outputs above 0, unit by unit"),
    Statistic("unit_max", "largest output of units", "", "unit", "largest |output| over the window, unit by unit"),
    Statistic("loss", "loss", "", "model", "the training loss"),
    Statistic("grad_ratio", "gradient ratio", "", "model", "gradient norm of the first layer with weights over the last"),
    Statistic("lr", "learning rate", "", "model", "of the optimiser's first group"),
    Statistic("seconds", "step time", "s", "model", "wall time of a training step"),
)
"""Everything recorded; the table is the only list of them."""


@dataclass(frozen=True)
class Layer:
    """A watched layer: its name in the user's model, place in depth, and the function it applies ('' if none)."""

    name: str
    index: int
    kind: str
    """``activation``, ``affine``, ``norm``, ``recurrent`` or ``attention``."""
    function: str = ""
    units: int = 0


@dataclass(frozen=True)
class Sample:
    """The statistics of one sampled step: by layer name, then by statistic; units' arrays only where they were flushed."""

    step: int
    seconds: float
    """Since watching began."""
    model: Mapping[str, float]
    layers: Mapping[str, Mapping[str, float]]
    units: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Alert:
    """A rule that fired: raised once, and raised again only after it was cleared."""

    rule: Rule
    severity: Severity
    layer: str
    """Empty for the model as a whole."""
    message: str
    """What happened, with the number, the line it crossed and for how long."""
    step: int
    value: float
    line: float
    """The threshold that was crossed."""
    lasted: int = 0
    """Steps for which it had been crossed when the alert was raised."""
    confidence: str = "likely"
    remedy: Remedy | None = None
    cleared: int | None = None
    """Step at which it healed, or None."""


class Sink(Protocol):
    """Takes what watching records; every method returns at once and may be called from the training loop."""

    def begin(self, layers: tuple[Layer, ...], about: Mapping[str, Any]) -> None:
        """Watching begins: the layers, and facts of the run (versions, model name, interval)."""

    def sample(self, sample: Sample) -> None:
        """A sampled step."""

    def alert(self, alert: Alert) -> None:
        """An alert was raised, or an earlier one cleared (``alert.cleared`` is set)."""

    def close(self) -> None:
        """Watching ended; called once, also after an error."""
