"""Targets against the range of the output."""

from __future__ import annotations

import numpy as np
import pytest

from nonlin.findings import Severity
from nonlin.lint.checks import run
from nonlin.lint.net import Targets
from tests.unit.lint.handmade import chain, codes, found

ONE = ("linear 8 16", "relu", "linear 16 1")
FOUR = ("linear 8 16", "relu", "linear 16 4")


def targets(*values: float) -> Targets:
    array = np.array(values)
    return Targets(low=min(values), high=max(values), values=array, whole=bool((array == array.round()).all()))


@pytest.mark.parametrize(
    ("ending", "inside", "outside"),
    [
        ("sigmoid", (0.0, 0.3, 1.0), (0.5, 3.0)),
        ("tanh", (-1.0, 0.0, 1.0), (-0.5, -7.0)),
        ("relu", (0.0, 5.0, 100.0), (1.0, -2.0)),
        ("softplus", (0.0, 50.0), (1.0, -2.0)),
        ("relu6", (0.0, 6.0), (1.0, 7.0)),
        ("silu", (-0.27, 9.0), (1.0, -3.0)),
    ],
)  # fmt: skip
def test_targets_outside_the_closed_range_are_an_error(
    ending: str, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    assert run(chain(*ONE, ending, loss="mse", targets=targets(*inside))) == []
    it = found(chain(*ONE, ending, loss="mse", targets=targets(*outside)), "NL110")
    assert it.severity is Severity.ERROR and it.data["share"] == 0.5 and it.message.startswith("50.0%")
    assert run(chain(*ONE, loss="mse", targets=targets(*outside))) == []


def test_the_floor_of_the_squared_error_is_told() -> None:
    assert (
        "the loss cannot go below 2" in found(chain(*ONE, "sigmoid", loss="mse", targets=targets(0.5, 3.0)), "NL110").proof
    )


def test_a_few_targets_outside_are_a_warning() -> None:
    few = targets(*([0.5] * 199), 1.5)
    assert found(chain(*ONE, "sigmoid", loss="mse", targets=few), "NL110").severity is Severity.WARNING


def test_extremes_alone_are_an_error_only_far_outside() -> None:
    far, near = Targets(low=-3.0, high=40.0), Targets(low=0.0, high=1.05)
    assert found(chain(*ONE, "sigmoid", loss="l1", targets=far), "NL110").severity is Severity.ERROR
    assert found(chain(*ONE, "sigmoid", loss="l1", targets=near), "NL110").severity is Severity.WARNING
    assert run(chain(*ONE, "sigmoid", loss="l1", targets=Targets(low=0.0))) == []


def test_rows_of_a_softmax_sum_to_one() -> None:
    it = found(
        chain(*FOUR, "softmax dim=-1", loss="mse", targets=Targets(low=0, high=1, shape=(9, 4), rows_sum_to_one=False)),
        "NL110",
    )
    assert "sum to 1" in it.message
    right = Targets(low=0, high=1, shape=(9, 4), rows_sum_to_one=True)
    assert run(chain(*FOUR, "softmax dim=-1", loss="mse", targets=right)) == []


def test_colourisation_with_tanh_is_right() -> None:
    assert run(chain("conv 1 8", "relu", "conv 8 2", "tanh", loss="mse", targets=targets(-1.0, 0.5, 1.0))) == []
    assert run(chain("conv 1 8", "relu", "conv 8 2", "tanh", loss="mse")) == []  # without targets nothing can be said


def test_labels_of_more_than_two_classes_on_one_sigmoid() -> None:
    it = found(chain(*ONE, loss="bce_logits", targets=targets(0, 1, 2, 3)), "NL112")
    assert "4 classes" in it.message
    assert codes(chain(*ONE, "sigmoid", loss="bce", targets=targets(0, 1, 2, 3))) == ["NL112"]
    assert run(chain(*ONE, loss="bce_logits", targets=targets(0, 1, 1))) == []
    assert run(chain(*FOUR, loss="cross_entropy", targets=targets(0, 1, 2, 3))) == []


def test_targets_of_a_binary_loss_lie_between_0_and_1() -> None:
    assert codes(chain(*ONE, loss="bce_logits", targets=targets(-1, 1))) == ["NL110"]
    assert codes(chain(*ONE, "sigmoid", loss="bce", targets=targets(0.5, 20.5))) == ["NL110"]
    assert run(chain(*ONE, loss="bce_logits", targets=targets(0.0, 0.25))) == []


def test_several_labels_into_a_cross_entropy() -> None:
    several = Targets(low=0, high=1, shape=(64, 4), multi_hot=True)
    assert codes(chain(*FOUR, loss="cross_entropy", targets=several, shapes=True)) == ["NL111"]
    assert codes(chain(*FOUR, loss="bce_logits", targets=several, shapes=True)) == []
    tokens = Targets(low=0, high=1, shape=(64, 7), multi_hot=True)  # class indices 0 and 1 of seven tokens
    assert codes(chain(*FOUR, loss="cross_entropy", targets=tokens, shapes=True)) == []


def test_a_learnable_range_is_not_judged() -> None:
    assert run(chain(*ONE, "prelu", loss="mse", targets=targets(-5.0))) == []
