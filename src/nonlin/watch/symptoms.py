"""What one sampled step shows against the lines of the rules: a function for each rule, in one table.

A symptom is what crosses a line now. Whether it becomes an alert (for how long, how severe) is ``nonlin.watch.judge``'s.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from nonlin.facts.floors import Floor, known_floors
from nonlin.findings import Remedy, Severity
from nonlin.watch.derive import Seen
from nonlin.watch.parameters import Weights
from nonlin.watch.rules import EFFECTIVE, LINES, TINY_GRADIENT, UPDATES
from nonlin.watch.trend import CHECK, Trend

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR


@dataclass
class State:
    """Everything a rule may look at after a sampled step."""

    step: int = 0
    seen: list[Seen] = field(default_factory=list)
    """The places seen in this step, in depth."""
    weights: Weights | None = None
    trend: Trend = field(default_factory=Trend)
    norms: deque[float] = field(default_factory=lambda: deque(maxlen=50))
    """Gradient norms of the samples before this one."""
    updates: dict[str, deque[float]] = field(default_factory=dict)
    """log10 of update over weights of the last samples, by layer."""
    loss_kind: str = ""
    """As ``nonlin.facts.floors.known_floors`` knows it, or empty."""
    classes: int | None = None
    normed: bool = False
    """Whether the model has normalisation layers."""
    bad_loss: int | None = None
    """Step of the first loss that was NaN or infinite, once."""
    began: int = 0
    """Step at which watching began."""

    @property
    def affine(self) -> list[Seen]:
        """Layers with weights, in depth."""
        return [s for s in self.seen if s.site.kind == "affine"]

    @property
    def hidden(self) -> list[Seen]:
        """Activations that neither gate nor make the output."""
        return [s for s in self.seen if s.site.kind == "activation" and not s.site.final and not s.site.gate]


@dataclass(frozen=True)
class Symptom:
    """A line that is crossed now."""

    code: str
    layer: str
    value: float
    text: str
    remedy: Remedy | None = None
    cap: Severity = ERROR
    """The severity at most."""
    gated: bool = True
    """Whether progress of the training makes it information only."""
    confidence: str = "likely"
    healing: bool = False
    """Crossed only the line of healing: it keeps an alert standing, but raises none."""


def _who(seen: Seen) -> str:
    function = seen.site.shape.name if seen.site.shape else ""
    name = seen.site.name
    return (
        f"layer {name!r} ({function})" if function and function.partition("(")[0] + "()" not in name else f"layer {name!r}"
    )


def _over(code: str, value: float) -> bool | None:
    """Whether a value is over the line (True), only over the line of healing (False), or fine (None)."""
    line = LINES[code]
    return True if value > line.line else False if value > line.heal else None


def _under(code: str, value: float) -> bool | None:
    line = LINES[code]
    return True if value < line.line else False if value < line.heal else None


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"


def dead_units(state: State) -> Iterator[Symptom]:
    """NW101: over a full window; for smooth functions, units that are next to 0."""
    for s in state.hidden:
        shape = s.site.shape
        if shape is None or shape.rows or "dead" not in s.stats:
            continue
        word, share = ("on", s.stats["dead"]) if shape.dies else ("above 1e-3 in size", s.stats["dormant"])
        over = _over("NW101", share)
        if over is None:
            continue
        count = round(share * s.site.units)
        yield Symptom(
            "NW101", s.site.name, share,
            f"{_who(s)}: {count} of {s.site.units} units ({_percent(share)}) were never {word} in at least {EFFECTIVE} "
            f"effective samples (line: {_percent(LINES['NW101'].line)})",
            Remedy("replace", s.site.name, "take a function with a slope below 0, or lower the learning rate",
                   before=shape.name, after="leaky_relu" if shape.dies else "gelu",
                   expect="the share of dead units falls under 40 %", check="statistic dead of this layer"),
            cap=ERROR if share > 0.9 else WARNING, healing=not over,
        )  # fmt: skip


def saturated(state: State) -> Iterator[Symptom]:
    """NW102: functions that are flat on both sides; gates and attention only as information."""
    for s in state.seen:
        shape, share = s.site.shape, s.stats.get("saturated")
        if shape is None or share is None or s.site.final or not (shape.saturates or shape.rows):
            continue
        over = _over("NW102", share if not shape.rows else share - 0.4)
        if over is None:
            continue
        what = "rows hold one probability above 0.987" if shape.rows else "inputs lie where |f'| is under 5 % of its maximum"
        line = LINES["NW102"].line + 0.4 * shape.rows
        yield Symptom(
            "NW102", s.site.name, share, f"{_who(s)}: {_percent(share)} of its {what} (line: {_percent(line)})",
            Remedy("initialise", s.site.name, "make the pre-activations smaller: scale inputs, initialise, or normalise",
                   expect="the share falls under 40 %", check="statistic saturated of this layer"),
            cap=INFO if s.site.gate or s.site.kind != "activation" else WARNING, healing=not over,
        )  # fmt: skip


def _depth_gradients(state: State) -> list[tuple[str, float]]:
    """Gradient norms of the layers with weights, in the order of the forward."""
    if state.weights is None:
        return []
    names = dict.fromkeys(s.site.module or s.site.name for s in state.seen if s.site.kind in ("affine", "recurrent"))
    return [(n, state.weights.grads[n]) for n in names if n in state.weights.grads]


def gradient_ratio(state: State) -> float | None:
    """Return the gradient norm of the first layer with weights over that of the last; None if not known."""
    found = _depth_gradients(state)
    return found[0][1] / found[-1][1] if len(found) > 1 and found[-1][1] > 0 else None


def vanishing(state: State) -> Iterator[Symptom]:
    """NW103."""
    found, ratio = _depth_gradients(state), gradient_ratio(state)
    if ratio is None or not math.isfinite(ratio) or found[0][1] >= TINY_GRADIENT:
        return
    under = _under("NW103", ratio)
    if under is None:
        return
    (first, norm), (last, other) = found[0], found[-1]
    yield Symptom(
        "NW103", first, ratio,
        f"the gradient of layer {first!r} is {norm:.3g}, {ratio:.2g} times that of {last!r} ({other:.3g}; line: "
        f"{LINES['NW103'].line:g} and {TINY_GRADIENT:g})",
        Remedy("initialise", "model", "initialise for the activation: nonlin.nn.init_(model, batch)",
               expect="the ratio rises above 0.01", check="statistic grad_ratio"),
        healing=not under,
    )  # fmt: skip


def exploding(state: State) -> Iterator[Symptom]:
    """NW104: against the rolling median of the samples before."""
    if state.weights is None or len(state.norms) < 10 or not math.isfinite(state.weights.total) or state.weights.skipped:
        return
    usual = statistics.median(state.norms)
    over = _over("NW104", state.weights.total / usual) if usual > 0 else None
    if over is None:
        return
    yield Symptom(
        "NW104", "", state.weights.total / usual,
        f"the gradient norm is {state.weights.total:.3g}, {state.weights.total / usual:.3g} times the median of the last "
        f"{len(state.norms)} samples (line: {LINES['NW104'].line:g} times)",
        Remedy("insert", "before optimizer.step()", "clip the gradient norm",
               after=f"torch.nn.utils.clip_grad_norm_(model.parameters(), {2 * usual:.2g})",
               expect="no step moves more than a few times the usual", check="statistic grad_norm"),
        cap=WARNING, healing=not over,
    )  # fmt: skip


def not_finite(state: State) -> Iterator[Symptom]:
    """NW105: the loss, the first layer whose output is broken, or else the gradient nearest to the output."""
    broken = [s for s in state.seen if s.broken]
    bad = [n for n, g in state.weights.grads.items() if not math.isfinite(g)] if state.weights else []
    if state.weights is not None and state.weights.skipped:
        bad = []  # the gradient scaler left the step out, as it should
    if not broken and not bad and state.bad_loss is None:
        return
    layer = ""
    if state.weights is not None and state.weights.broken:
        text = (
            f"the weights of {len(state.weights.broken)} layers are NaN or infinite, the first {state.weights.broken[0]!r}; "
            "which layer it began in is lost: watch with every=1 to see it"
        )
    elif broken:
        layer = broken[0].site.name
        text = f"{_who(broken[0])}: its output is NaN or infinite, the first of {len(broken)} such layers in the forward"
    elif bad:
        order = [n for n, _ in _depth_gradients(state)]
        layer = max(bad, key=lambda n: order.index(n) if n in order else -1)
        text = f"layer {layer!r}: its gradient is NaN or infinite, nearest to the output of {len(bad)} such layers"
    else:
        text = "the loss is NaN or infinite, while every sampled activation and gradient is finite"
    when = f"; the loss was not finite at step {state.bad_loss}" if state.bad_loss is not None else ""
    yield Symptom(
        "NW105", layer, math.nan, text + when,
        Remedy("advise", layer or "the loss", "look for a division, log, exp or square root of an extreme value there",
               expect="all values are finite", check="torch.autograd.set_detect_anomaly(True) around the failing step"),
        gated=False, confidence="certain",
    )  # fmt: skip


def constant_output(state: State) -> Iterator[Symptom]:
    """NW106: the last layer gives one value for all samples, while the first does not."""
    ends = [s for s in state.seen if s.site.kind == "affine" or (s.site.kind == "activation" and s.site.final)]
    if len(ends) < 2 or ends[-1].n < 8 or not ends[-1].constant or ends[0].constant or ends[-1].broken:
        return
    last = ends[-1]
    yield Symptom(
        "NW106", last.site.name, 0.0,
        f"{_who(last)}, the last one: every unit gave one and the same value for all {last.n} samples (range under 1e-6)",
        Remedy("advise", last.site.name, "find the first layer whose outputs do not vary, and what it is given",
               expect="outputs differ between samples", check="statistic spread, layer by layer"),
        confidence="certain",
    )  # fmt: skip


def _spreads(state: State) -> list[tuple[str, float]]:
    """Standard deviation over samples of hidden layers with weights, in depth; the last, the head, is left out."""
    found = [(s.site.name, s.stats["spread"]) for s in state.affine if "spread" in s.stats]
    return found[:-1]


def signal_decay(state: State) -> Iterator[Symptom]:
    """NW107."""
    found = _spreads(state)
    if state.normed or len(found) < 3 or not found[0][1] > 0:
        return
    ratio = found[-1][1] / found[0][1]
    under = _under("NW107", ratio)
    if under is None:
        return
    yield Symptom(
        "NW107", found[-1][0], ratio,
        f"the spread over samples falls from {found[0][1]:.3g} in layer {found[0][0]!r} to {found[-1][1]:.3g} in "
        f"{found[-1][0]!r}, to {ratio:.2g} of it (line: {LINES['NW107'].line:g})",
        Remedy("initialise", "model", "initialise for the activation: nonlin.nn.init_(model, batch)",
               expect="the ratio is near 1", check="statistic spread of both layers"),
        cap=WARNING, healing=not under,
    )  # fmt: skip


def no_progress(state: State) -> Iterator[Symptom]:
    """NW108: a warning only where the loss has not fallen by one in a hundred."""
    trend = state.trend
    if trend.progress is not False or trend.count < 2 * CHECK:
        return
    share = trend.now / trend.first if trend.first > 0 else math.nan
    stuck = trend.first - trend.now < 0.01 * abs(trend.first)
    yield Symptom(
        "NW108", "", share,
        f"after {trend.count} steps the loss is {trend.now:.4g}, having been {trend.first:.4g} at first (line: a fall by 10 %)",
        Remedy("advise", "learning rate", "try a tenth and ten times the learning rate, and one batch alone",
               expect="one batch is learnt by heart", check="loss of that batch"),
        cap=WARNING if stuck else INFO, gated=False, confidence="possible",
    )  # fmt: skip


def first_loss(state: State) -> Iterator[Symptom]:
    """NW109: classification only, where ln K is what guessing costs."""
    guess = {"bce_logits": math.log(2), "bce": math.log(2)}.get(state.loss_kind, 0.0)
    if state.loss_kind in ("cross_entropy", "nll") and state.classes and state.classes > 1:
        guess = math.log(state.classes)
    trend = state.trend
    if not guess or not trend.start or trend.count > CHECK:
        return
    ratio = trend.start[0] / guess
    if ratio > LINES["NW109"].line:
        yield Symptom(
            "NW109", "", ratio,
            f"the first loss is {trend.start[0]:.4g}, {ratio:.3g} times the {guess:.4g} of guessing (line: 10 times)",
            Remedy("initialise", "the last layer", "scale inputs to unit variance and initialise the last layer smaller",
                   expect=f"a first loss near {guess:.4g}", check="loss of the first step"),
            cap=WARNING,
        )  # fmt: skip


def on_floor(state: State) -> Iterator[Symptom]:
    """NW110: certain where the output's own activation is known to confine it, else the loss must stand very close."""
    level = state.trend.steady(60)
    floors = known_floors(state.loss_kind, state.classes) if state.loss_kind and level is not None else ()
    if level is None or not floors:
        return
    final = [s.site.shape.name.partition("(")[0] for s in state.seen if s.site.final and s.site.shape]
    confined = [n for n in final if n in ("softmax", "sigmoid", "tanh")]
    near: list[tuple[float, Floor]] = [(abs(level - f.value) / max(abs(f.value), 0.05), f) for f in floors]
    distance, floor = min(near, key=lambda pair: pair[0])
    if distance > (LINES["NW110"].line if confined else 0.005):
        return
    before = f"the model's last function is {confined[-1]}" if confined else "as outputs confined to [0, 1] would make it"
    yield Symptom(
        "NW110", "", level,
        f"the loss stands at {level:.4f}, on the floor {floor} of {floor.cause}: {before}",
        Remedy("remove", confined[-1] if confined else "the function before the loss", "give the loss the logits",
               before=confined[-1] if confined else "", expect=f"the loss falls below {floor.value:.4f}", check="the loss"),
        cap=ERROR if confined else WARNING, gated=not confined, confidence="certain" if confined else "possible",
    )  # fmt: skip


def update_size(state: State) -> Iterator[Symptom]:
    """NW111: over the last samples of each layer."""
    low, high = UPDATES
    for name, past in state.updates.items():
        if len(past) < 10:
            continue
        outside = sum(not low <= v <= high for v in past) / len(past)
        over = _over("NW111", outside)
        if over is None:
            continue
        usual = statistics.median(past)
        way = "raise" if usual < low else "lower"
        yield Symptom(
            "NW111", name, usual,
            f"layer {name!r}: updates are 10^{usual:.1f} of the weights, outside [1e-4, 0.1] in {_percent(outside)} of "
            f"{len(past)} samples (line: {_percent(LINES['NW111'].line)})",
            Remedy("set", "learning rate", f"{way} the learning rate of this layer", expect="updates near 10^-3",
                   check="statistic update of this layer"),
            cap=INFO, healing=not over,
        )  # fmt: skip


def oscillation(state: State) -> Iterator[Symptom]:
    """NW112."""
    growth = state.trend.swinging()
    if growth is not None:
        yield Symptom(
            "NW112", "", growth,
            f"the swing of the loss grew {growth:.3g} times over the last 150 steps (line: 1.6 times, twice in a row)",
            Remedy("set", "learning rate", "lower it by three to ten times", expect="the swing shrinks", check="the loss"),
            cap=WARNING,
        )  # fmt: skip


def divergence(state: State) -> Iterator[Symptom]:
    """NW113: an error only above the loss the training began with."""
    ratio = state.trend.diverging()
    if ratio is None or not ratio > LINES["NW113"].line or state.trend.now < 0.3 * abs(state.trend.first):
        return
    worse = state.trend.now > 2 * state.trend.first
    yield Symptom(
        "NW113", "", ratio,
        f"the loss is {state.trend.now:.4g}, {ratio:.3g} times its best ({state.trend.best:.4g}; line: 2 times, rising)",
        Remedy("set", "learning rate", "lower it by ten, or clip the gradient norm", expect="the loss stays under its best",
               check="the loss"),
        cap=ERROR if worse else WARNING, gated=False,
    )  # fmt: skip


def one_sided(state: State) -> Iterator[Symptom]:
    """NW114: functions that are off on a half line."""
    for s in state.hidden:
        rate = s.stats.get("rate")
        if rate is None or s.site.shape is None or not s.site.shape.dies or s.site.shape.saturates:
            continue
        side = min(rate, 1 - rate)
        under = _under("NW114", side)
        if under is None or s.stats.get("dead", 0.0) > LINES["NW101"].line:
            continue
        yield Symptom(
            "NW114", s.site.name, rate,
            f"{_who(s)}: {_percent(rate)} of its outputs are above 0 (line: 5 % or 95 %)",
            Remedy("insert", s.site.name, "a normalisation before it", expect="a rate between 5 and 95 %",
                   check="statistic rate of this layer"),
            cap=WARNING if rate < 0.5 else INFO, healing=not under,
        )  # fmt: skip


def off_centre(state: State) -> Iterator[Symptom]:
    """NW115."""
    for s in state.hidden:
        over = _over("NW115", s.stats.get("centre", 0.0))
        if over is not None:
            yield Symptom(
                "NW115", s.site.name, s.stats["centre"],
                f"{_who(s)}: the mean of its outputs is {s.stats['centre']:.3g} times their standard deviation (line: 3)",
                Remedy("replace", s.site.name, "take a zero-centred function, or normalise", expect="a ratio under 2.5",
                       check="statistic centre of this layer"),
                cap=INFO, healing=not over,
            )  # fmt: skip


def scale_with_depth(state: State) -> Iterator[Symptom]:
    """NW116: the slope of a straight line through log spread, where a line fits."""
    found = [(n, v) for n, v in _spreads(state) if v > 0]
    if state.normed or len(found) <= 6:
        return
    depth, logs = np.arange(len(found)), np.log([v for _, v in found])
    centred = depth - depth.mean()
    slope = (centred * logs).sum() / (centred**2).sum()
    rest = logs - logs.mean() - slope * centred
    over = _over("NW116", abs(float(slope)))
    if over is None or rest.var() > 0.2 * logs.var():
        return
    way = "grows" if slope > 0 else "shrinks"
    yield Symptom(
        "NW116", "", float(slope),
        f"the spread over samples {way} by a factor {math.exp(abs(slope)):.3g} a layer over {len(found)} layers (line: 2)",
        Remedy("initialise", "model", "initialise for the activation: nonlin.nn.init_(model, batch)",
               expect="a factor near 1", check="statistic spread against depth"),
        cap=WARNING, healing=not over,
    )  # fmt: skip


def plateau(state: State) -> Iterator[Symptom]:
    """NW117: after some progress; information."""
    fall = state.trend.plateau(500)
    if fall is not None and state.trend.progress and 0 <= fall < LINES["NW117"].line:
        yield Symptom(
            "NW117", "", fall,
            f"the loss fell by {_percent(fall)} of its first value over the last 500 steps, to {state.trend.now:.4g} (line: 1 %)",
            Remedy("advise", "training", "lower the learning rate, or stop", expect="", check="the loss"),
            cap=INFO, gated=False, confidence="possible",
        )  # fmt: skip


CHECKS: dict[str, Callable[[State], Iterator[Symptom]]] = {
    "NW101": dead_units,
    "NW102": saturated,
    "NW103": vanishing,
    "NW104": exploding,
    "NW105": not_finite,
    "NW106": constant_output,
    "NW107": signal_decay,
    "NW108": no_progress,
    "NW109": first_loss,
    "NW110": on_floor,
    "NW111": update_size,
    "NW112": oscillation,
    "NW113": divergence,
    "NW114": one_sided,
    "NW115": off_centre,
    "NW116": scale_with_depth,
    "NW117": plateau,
}
"""The check of each rule; a test compares the keys with ``rules.RULES``."""
