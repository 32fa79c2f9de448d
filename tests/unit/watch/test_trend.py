"""The course of the loss, and how losses are taken."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from nonlin.watch.losses import Losses, kind_of_loss
from nonlin.watch.trend import BLOCKS, KEPT, Trend


def trend(values: Any) -> Trend:
    made = Trend()
    for value in values:
        made.add(float(value))
    return made


def noise(n: int, scale: float = 0.05, seed: int = 0) -> Any:
    return 1 + scale * np.random.default_rng(seed).normal(size=n)


def test_progress_needs_a_tenth_and_a_hundred_losses() -> None:
    assert trend(noise(99)).progress is None
    assert trend(noise(200)).progress is False
    assert trend(noise(200) * np.linspace(1, 0.8, 200)).progress is True
    assert trend(-noise(200) * np.linspace(1, 2, 200)).progress is True, "a negative loss that falls"
    assert trend(noise(200) * np.linspace(1, 3, 200)).progress is False


def test_a_steady_loss_is_told_from_one_on_its_way() -> None:
    assert trend(1.46 * noise(100, 0.01)).steady(60) == pytest.approx(1.46, rel=0.01)
    assert trend(noise(100, 0.01) * np.linspace(2, 1, 100)).steady(60) is None
    assert trend(noise(20)).steady(60) is None


def test_divergence_needs_rising_losses_above_the_best() -> None:
    assert trend(noise(200)).diverging() is None or trend(noise(200)).diverging() < 1.2
    up = trend([*noise(100), *(noise(60) * np.linspace(1, 6, 60))]).diverging()
    assert up is not None and up > 3
    assert trend([*noise(50), *(-noise(50))]).diverging() is None, "ratios of losses of both signs mean nothing"


def test_growing_swings() -> None:
    t = np.arange(150)
    assert trend(1 + 0.05 * 2 ** (t // 50) * np.sin(t)).swinging() == pytest.approx(4, rel=0.1)
    assert trend(1 + 0.05 * np.sin(t)).swinging() is None
    assert trend(1 + 0.05 * np.sin(t) / (1 + t)).swinging() is None
    assert trend(3 - t / 100 + 1e-3 * np.sin(t)).swinging() is None, "a slope is no swing"
    assert trend(1 + 1e-6 * 4 ** (t // 50) * np.sin(t)).swinging() is None, "rounding that grows is none either"


def test_a_plateau_is_small_next_to_the_first_loss() -> None:
    assert trend(noise(600)).plateau(500) == pytest.approx(0, abs=0.02)
    assert trend(noise(600) * np.linspace(2, 1, 600)).plateau(500) > 0.2
    assert trend(noise(100)).plateau(500) is None


def test_memory_is_bounded_and_not_finite_losses_are_left_out() -> None:
    made = trend([math.nan, *noise(50_000), math.inf])
    assert made.count == 50_002 and len(made.recent) == KEPT and len(made.blocks) < BLOCKS
    assert np.mean(made.blocks) == pytest.approx(1, abs=0.01) and made.first == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("loss", "kind"),
    [
        (None, ""), ("mse", "mse"), (nn.CrossEntropyLoss(), "cross_entropy"), (F.cross_entropy, "cross_entropy"),
        (nn.CrossEntropyLoss(label_smoothing=0.1), ""), (nn.CrossEntropyLoss(reduction="sum"), ""),
        (F.binary_cross_entropy_with_logits, "bce_logits"), (nn.Identity(), ""), (lambda a, b: a, ""),
        (nn.BCEWithLogitsLoss(), "bce_logits"), ("own loss", ""),
    ],
)  # fmt: skip
def test_kinds_of_losses(loss: Any, kind: str) -> None:
    assert kind_of_loss(loss) == kind


def test_a_criterion_tells_classes_and_the_mean_over_a_step() -> None:
    losses, criterion = Losses(criterion := nn.CrossEntropyLoss()), criterion
    undo = losses.hook(lambda work, *args: work(*args))
    x, y = torch.randn(6, 5, requires_grad=True), torch.arange(5).repeat(2)[:6]
    want = [float(criterion(x, y).detach()), float(criterion(2 * x, y).detach())]
    with torch.no_grad():
        criterion(x, y)
    losses.end(3)
    assert losses.classes == 5 and losses.pack() is None
    assert losses.read([]) == [(3, pytest.approx(sum(want) / 2))]
    undo()
    assert not criterion._forward_hooks


def test_a_given_loss_wins_and_one_in_the_output_is_taken() -> None:
    losses = Losses()
    losses.output({"loss": torch.tensor(2.0), "logits": torch.zeros(2, 3)})
    losses.end(0)
    losses.give(0, 3)
    losses.give(1, torch.tensor([4.0]))
    losses.output({"loss": torch.tensor(5.0)})
    losses.end(2)
    losses.pack()
    assert losses.read([]) == [(0, 3.0), (1, 4.0)]
    losses.give(3, math.nan)
    assert losses.broken
