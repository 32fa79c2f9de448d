"""What watching found, as text for a terminal: one line, then the alerts that stand, the worst five."""

from __future__ import annotations

from collections.abc import Sequence

from nonlin.watch.records import Alert, Layer, Sample

TOP = 5


def text(
    layers: Sequence[Layer],
    last: Sample | None,
    alerts: Sequence[Alert],
    *,
    steps: int,
    samples: int,
    interval: int,
    overhead: float,
    remarks: Sequence[str] = (),
) -> str:
    """Return the summary; ``alerts`` are those that stand, the worst first, and ``overhead`` a share of the step time."""
    places = f"{len(layers)} place{'s' * (len(layers) != 1)}"
    lines = [
        f"watched {places} over {steps} steps: {samples} samples, now every {interval} steps, {100 * overhead:.2g} % of the time"
    ]
    if last is not None and "loss" in last.model:
        lines.append(f"loss {last.model['loss']:.4g} at step {last.step}")
    if not alerts:
        lines.append("no alert stands")
    for alert in alerts[:TOP]:
        lines.append(f"{alert.rule.code} {alert.severity.word}: {alert.message}")
        if alert.remedy is not None:
            lines.append(f"    {alert.remedy.summary}")
    if len(alerts) > TOP:
        lines.append(f"and {len(alerts) - TOP} more; .alerts has all")
    return "\n".join([*lines, *remarks])
