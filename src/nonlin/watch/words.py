"""The words and numbers that the terminal, the pages and the trackers share."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nonlin.findings import Severity
from nonlin.watch.history import Run
from nonlin.watch.records import STATISTICS, Alert

__all__ = ["alert_line", "clock", "headline", "spoken", "standing"]

NO_UPDATE = -12.0
"""log10 of an update over its weights that stands for no update at all."""
_BY_NAME = {s.name: s for s in STATISTICS}


def spoken(statistic: str, value: float | None) -> str:
    """Return a value as people read it: shares in percent, logarithms as powers of ten, the rest to three digits.

    >>> [spoken("dead", 0.724), spoken("update", -2.5), spoken("std", 0.0123456), spoken("std", None)]
    ['72 %', '10^-2.5', '0.0123', '–']
    """
    if value is None:
        return "–"
    if not math.isfinite(value):
        return str(value)
    unit = _BY_NAME[statistic].unit if statistic in _BY_NAME else ""
    if unit == "share":
        return "< 1 %" if 0 < value < 0.005 else "> 99 %" if 0.995 <= value < 1 else f"{100 * value:.0f} %"
    if unit == "log10":
        return "0" if value <= NO_UPDATE else f"10^{value:.1f}"
    return "0" if not value else f"{value:.3g}" if 1e-3 <= abs(value) < 1e5 else f"{value:.1e}"


def clock(seconds: float) -> str:
    """Return a time span in words.

    >>> [clock(4.2), clock(75), clock(7265)]
    ['4 s', '1 min 15 s', '2 h 1 min']
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def headline(run: Run) -> str:
    """Return the state of a run in a line: step, loss, and how many alerts stand."""
    if not run.samples:
        return "no sample yet"
    last, parts = run.samples[-1], [f"step {run.last_step}"]
    first = run.curve("loss")
    if first:
        parts.append(f"loss {first[-1][1]:.4g} (first {first[0][1]:.4g})")
    if "lr" in last.model:
        parts.append(f"learning rate {last.model['lr']:.3g}")
    parts.append(f"{clock(last.seconds)} watched")
    return ", ".join([*parts, standing(run.alerts)])


def standing(alerts: Sequence[Alert]) -> str:
    """Return how many alerts stand, by severity: ``1 error, 2 warnings``."""
    left = [a for a in alerts if a.cleared is None]
    if not left:
        return f"no alert stands ({len(alerts)} cleared)" if alerts else "no alerts"
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
    counts = {s: sum(a.severity == s for a in left) for s in sorted(Severity, reverse=True)}
    return ", ".join(f"{n} {words[s]}{'s' * (n > 1)}" for s, n in counts.items() if n)


def alert_line(alert: Alert) -> str:
    """Return an alert in a line: ``NW101 dead-units from step 200: 72 % of the 64 units of features.3 ...``.

    The layer is named before, where the message does not.
    """
    where = "" if not alert.layer or alert.layer in alert.message else f", {alert.layer},"
    until = f" to {alert.cleared}" if alert.cleared is not None else ""
    return f"{alert.rule.code} {alert.rule.name}{where} from step {alert.step}{until}: {alert.message}"
