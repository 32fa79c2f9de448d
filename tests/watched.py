"""A training that never happened: layers, samples and alerts for the tests of what shows them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from nonlin.findings import Remedy, Rule, Severity
from nonlin.watch.records import Alert, Layer, Sample, Sink

ABOUT = {"model": "Net", "parameters": 12345, "interval": 10, "nonlin": "0.1.0", "torch": "2.13.0", "device": "cpu"}

DEAD = Rule("NW101", "dead-units", "activation", Severity.ERROR, "Most units of a layer are never on.",
            "A unit that is never on has no gradient, so it cannot come back.",
            "Lower the learning rate, or use leaky_relu.", "Maas et al. 2013")  # fmt: skip
VANISHING = Rule("NW103", "vanishing-gradient", "initialisation", Severity.WARNING, "The first layers hardly learn.",
                 "Their gradient is a thousandth of the last layer's.", "Initialise with He's rule.", "Glorot 2010")  # fmt: skip
UPDATE = Rule("NW111", "update-size", "optimisation", Severity.INFO, "Updates are large beside the weights.", "It jumps.",
              "Lower the learning rate.", "a text")  # fmt: skip


def layers(depth: int = 6, units: int = 64) -> tuple[Layer, ...]:
    """Affine layers and ReLUs in turn."""
    return tuple(
        Layer(f"features.{n}", n, "activation" if n % 2 else "affine", "relu" if n % 2 else "", units) for n in range(depth)
    )


def samples(over: tuple[Layer, ...], count: int = 40, every: int = 10, seed: int = 0) -> Iterator[Sample]:
    """Losses that fall, and one activation layer whose units die."""
    rng = np.random.default_rng(seed)
    for k in range(count):
        t = k / max(1, count - 1)
        rows: dict[str, dict[str, float]] = {}
        units: dict[str, dict[str, Any]] = {}
        for layer in over:
            row = {"mean": 0.1 * math.sin(9 * t + layer.index), "std": math.exp(-layer.index / 3 + t),
                   "spread": 0.5 + 0.1 * t}  # fmt: skip
            row["centre"] = abs(row["mean"]) / row["std"]
            if layer.kind == "activation":
                dead = 0.8 * t if layer.index == 3 else 0.02
                row |= {"rate": 0.5 * (1 - dead), "dead": dead, "saturated": dead / 2}
                on = rng.beta(2, 2, layer.units) * (rng.random(layer.units) >= dead)
                if k % 5 == 4:
                    units[layer.name] = {"unit_rate": on.astype("f4"), "unit_max": (3 * on).astype("f4")}
            else:
                row |= {"grad_norm": math.exp(layer.index - 6 - t), "update": -2.5 - t}
            rows[layer.name] = row
        model = {"loss": 2.3 * math.exp(-2 * t) + 0.05 * float(rng.random()), "lr": 1e-3, "seconds": 0.01,
                 "grad_ratio": 1e-2}  # fmt: skip
        yield Sample(k * every, k * 0.37, model, rows, units)


def alerts(over: tuple[Layer, ...]) -> list[Alert]:
    """One of each severity: an error on a layer, a warning for the model, and a remark that was cleared."""
    remedy = Remedy("replace", over[3].name, "Use leaky_relu in place of relu.", "nn.ReLU()", "nn.LeakyReLU(0.01)",
                    "dead units fall below 10 %", "watch 500 more steps")  # fmt: skip
    return [
        Alert(UPDATE, Severity.INFO, over[0].name, "Updates of features.0 are 10^-0.5 of its weights.", 40, -0.5, -1.0, 30),
        replace(Alert(UPDATE, Severity.INFO, over[0].name, "Updates of features.0 are 10^-0.5 of its weights.", 40, -0.5,
                      -1.0, 30), cleared=120),
        Alert(VANISHING, Severity.WARNING, "", "The gradient of features.0 is 0.0004 of the last layer's.", 90, 4e-4, 1e-3, 60,
              "likely"),
        Alert(DEAD, Severity.ERROR, over[3].name, "72 % of the 64 units of features.3 were never on in 512 samples.", 200,
              0.72, 0.5, 100, "certain", remedy),
    ]  # fmt: skip


def produce(sink: Sink, depth: int = 6, count: int = 40, units: int = 64, close: bool = True) -> None:
    """Tell a sink the whole story, alerts at their steps."""
    over = layers(depth, units)
    sink.begin(over, ABOUT)
    waiting = sorted(alerts(over), key=lambda a: a.cleared or a.step)
    for sample in samples(over, count):
        while waiting and (waiting[0].cleared or waiting[0].step) <= sample.step:
            sink.alert(waiting.pop(0))
        sink.sample(sample)
    if close:
        sink.close()
