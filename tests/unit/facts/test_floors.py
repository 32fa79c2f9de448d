"""Closed-form floors against a numeric minimum of the loss itself, and against PyTorch's losses at the floor."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp
from torch.nn import functional as F

from nonlin.errors import ParameterError
from nonlin.facts import bce_logits_floor, cross_entropy_floor, known_floors, nll_floor, squared_floor


@pytest.mark.parametrize("classes", [2, 3, 10, 37])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (0.0, 6.0), (-0.5, 2.25)])
def test_cross_entropy_in_a_box(classes: int, low: float, high: float) -> None:
    start = np.full(classes, (low + high) / 2)
    best = minimize(lambda z: logsumexp(z) - z[0], start, bounds=[(low, high)] * classes, tol=1e-12)
    assert cross_entropy_floor(classes, low, high).value == pytest.approx(best.fun, rel=1e-6)


@pytest.mark.parametrize(("classes", "told"), [(2, 0.3133), (10, 1.4612), (100, 3.6222), (1000, 5.9095)])
def test_softmax_into_cross_entropy(classes: int, told: float) -> None:
    logits = torch.zeros(1, classes)
    logits[0, 0] = 1e4
    floor = cross_entropy_floor(classes)
    assert floor.value == pytest.approx(told, abs=5e-5)
    assert F.cross_entropy(logits.softmax(1), torch.tensor([0])).item() == pytest.approx(floor.value, rel=1e-6)
    generator = torch.Generator().manual_seed(0)
    tried = F.cross_entropy(
        (torch.randn(500, classes, generator=generator) * 9).softmax(1), torch.zeros(500, dtype=torch.long), reduction="none"
    )
    assert tried.min().item() >= floor.value - 1e-6


def test_one_class_has_the_floor_zero() -> None:
    assert cross_entropy_floor(1).value == 0


@pytest.mark.parametrize("target", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (-5.0, -1.0), (2.0, 3.0)])
def test_binary_cross_entropy_in_a_range(target: float, low: float, high: float) -> None:
    grid = np.linspace(low, high, 200_001)
    numeric = (np.logaddexp(0, grid) - target * grid).min()
    assert bce_logits_floor(low, high, target).value == pytest.approx(numeric, abs=1e-9)


def test_binary_floors_as_they_are_told() -> None:
    assert str(bce_logits_floor(0, math.inf, 0)) == "ln 2 = 0.6931"
    assert bce_logits_floor(0, math.inf, 1).value == 0 and bce_logits_floor(-math.inf, math.inf, 0).value == 0
    assert str(bce_logits_floor(-math.inf, 0, 1)) == "ln 2 = 0.6931"
    assert str(bce_logits_floor(-1, 1, 0)) == "ln(1+1/e) = 0.3133"


def test_nll_of_probabilities() -> None:
    assert nll_floor(1).value == -1 and nll_floor(1).formula == "-1"
    assert F.nll_loss(torch.tensor([[1.0, 0.0]]), torch.tensor([0])).item() == -1


def test_squared_error_outside_the_range() -> None:
    targets = np.random.default_rng(1).normal(0, 3, 50)
    best = minimize(lambda z: np.mean((z - targets) ** 2), np.full(50, 0.5), bounds=[(0, 1)] * 50)
    assert squared_floor(targets, 0, 1).value == pytest.approx(best.fun, rel=1e-6)


def test_known_floors() -> None:
    first = known_floors("cross_entropy", 10)[0]
    assert first.rule == "NL102" and str(first) == "ln(1+9/e) = 1.4612" and "10 classes" in first.cause
    assert [round(f.value, 4) for f in known_floors("bce_logits")] == [0.3133, 0.5032, 0.6931]
    assert known_floors("nll")[0].value == -1
    assert known_floors("mse") == () and known_floors("cross_entropy") == () and known_floors("cross_entropy", 1) == ()


def test_bad_arguments() -> None:
    with pytest.raises(ParameterError, match="low <= high, not low=2 and high=1"):
        cross_entropy_floor(3, 2, 1)
    with pytest.raises(ParameterError, match="classes must be at least 1, not 0"):
        cross_entropy_floor(0)
    with pytest.raises(ParameterError, match=r"target must lie in \[0, 1\], not 2"):
        bce_logits_floor(0, 1, 2)
    with pytest.raises(ParameterError, match="at least one number"):
        squared_floor([], 0, 1)
