"""What one batch of targets tells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from nonlin.errors import DataError
from nonlin.lint.model.batches import split
from nonlin.lint.model.losses import ROWS, by_name, of_function, of_module
from nonlin.lint.model.targets import facts


def test_class_indices() -> None:
    found = facts(torch.tensor([0, 3, 1, 3]))
    assert found is not None
    assert (found.low, found.high, found.whole, found.classes, found.shape, found.samples) == (0.0, 3.0, True, 3, (4,), 4)
    assert (found.one_hot, found.multi_hot, found.rows_sum_to_one) == (None, None, None)
    assert found.values.tolist() == [0.0, 3.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("rows", "one_hot", "multi_hot", "summed", "classes"),
    [
        (np.eye(3), True, False, True, 3),
        (np.array([[1, 0, 1], [0, 0, 0]]), False, True, False, 2),
        (np.array([[0.2, 0.8], [0.5, 0.5]]), False, False, True, None),
        (np.array([[2.0, -1.0], [0.5, 0.5]]), False, False, False, None),
        (np.array([[2, 5], [7, 2]]), False, False, False, 3),
    ],
)
def test_rows(rows: Any, one_hot: bool, multi_hot: bool, summed: bool, classes: int | None) -> None:
    for given in (rows, torch.tensor(rows), rows.tolist()):
        found = facts(given)
        assert found is not None
        assert (found.one_hot, found.multi_hot, found.rows_sum_to_one, found.classes) == (
            one_hot,
            multi_hot,
            summed,
            classes,
        )


def test_values_that_are_not_finite_do_not_count_for_the_range() -> None:
    found = facts(torch.tensor([0.5, float("nan"), 2.0, float("inf")]))
    assert found is not None
    assert (found.low, found.high, found.whole) == (0.5, 2.0, False)
    nothing = facts(torch.tensor([float("nan")]))
    assert nothing is not None
    assert (nothing.low, nothing.high, nothing.whole) == (None, None, False)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.bfloat16, torch.float64])
def test_types(dtype: torch.dtype) -> None:
    found = facts(torch.tensor([0, 1, 1]).to(dtype))
    assert found is not None
    assert (found.low, found.high, found.whole, found.classes) == (0.0, 1.0, True, 2)


def test_what_is_not_known_is_none() -> None:
    assert facts(None) is None
    assert facts({"boxes": torch.zeros(2, 4), "labels": torch.zeros(2)}) is None
    assert facts((torch.zeros(2), torch.zeros(2))) is None
    assert facts(torch.zeros(2, dtype=torch.complex64)) is None
    only = facts({"labels": torch.zeros(2)})
    assert only is not None and only.shape == (2,)
    number = facts(3.0)
    assert number is not None and number.shape == () and number.samples == 1


def test_a_dictionary_of_arguments_may_hold_the_labels() -> None:
    given = split({"input_ids": np.zeros((2, 3), np.int64), "labels": np.array([0, 1])})
    assert given is not None
    assert set(given.kwargs) == {"input_ids", "labels"}
    assert list(given.targets) == [0, 1]


def test_a_number_of_targets_and_inputs_must_be_there() -> None:
    with pytest.raises(DataError, match="empty"):
        facts([])


def test_every_spelling_of_a_loss_is_there_and_means_its_row() -> None:
    from torch import nn
    from torch.nn import functional as F

    for row in ROWS:
        for name in row.modules.split():
            if hasattr(nn, name) and row.kind != "unknown":
                assert by_name(name) == row, name
        for name in row.functions.split():
            if hasattr(F, name):
                assert of_function(getattr(F, name)) == row, name
        for name in row.names.split():
            assert by_name(name).kind == row.kind, name
    assert of_module(nn.Linear(2, 2)) is None
    losses = {n for n in dir(nn) if n.endswith("Loss") or n == "AdaptiveLogSoftmaxWithLoss"}
    assert losses <= {m for row in ROWS for m in row.modules.split()}, "a loss of this PyTorch is in no row"
