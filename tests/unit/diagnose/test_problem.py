"""What people give as data, model and optimiser, and the sentences for what they should not."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from nonlin.diagnose.problem import ROWS, make_optimizer, pose, read_data
from nonlin.errors import DataError, ModelError, ParameterError

X, Y = torch.arange(20.0).reshape(10, 2), torch.arange(10.0).reshape(10, 1)


def rows(given: Any, seed: int = 0, count: int = 3, **options: Any) -> list[list[float]]:
    """The targets of the first batches."""
    return [b.targets.flatten().tolist() for b in islice(read_data(given, **options).batches(seed), count)]


def net() -> nn.Module:
    return nn.Linear(2, 1)


def test_arrays_are_shuffled_by_seed_and_each_row_is_seen_once_an_epoch() -> None:
    first = rows((X, Y), batch_size=4)
    assert sorted(v for batch in first for v in batch) == list(range(10))
    assert rows((X, Y), batch_size=4) == first
    assert rows((X, Y), seed=1, batch_size=4) != first


def test_inputs_and_targets_stay_together() -> None:
    for batch in islice(read_data((X, Y), 3).batches(5), 7):
        assert torch.equal(batch.args[0][:, :1], 2 * batch.targets)


def test_a_single_row_left_over_is_dropped() -> None:
    assert [len(b) for b in rows((X, Y), batch_size=3, count=6)] == [3, 3, 3, 3, 3, 3]


def test_numpy_dictionaries_and_several_inputs() -> None:
    assert sorted(rows((X.numpy(), Y.numpy()), batch_size=5, count=1)[0]) != []
    named = read_data({"a": X, "b": X, "labels": Y}, 5)
    assert {"a", "b"} <= set(named.sample.kwargs) and named.sample.targets is not None
    several = next(read_data(((X, X + 1), Y), 5).batches(0))
    assert len(several.args) == 2 and torch.equal(several.args[0] + 1, several.args[1])


def test_data_sets_loaders_and_iterables() -> None:
    data_set = TensorDataset(X, Y)
    assert sorted(v for b in rows(data_set, batch_size=5, count=2) for v in b) == list(range(10))
    assert rows(data_set, seed=3, batch_size=5) == rows(data_set, seed=3, batch_size=5)
    assert rows(DataLoader(data_set, 5), count=3) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [0, 1, 2, 3, 4]]
    assert rows([(X[:2], Y[:2])], count=2) == [[0, 1], [0, 1]]
    assert rows(((X[i : i + 2], Y[i : i + 2]) for i in (0, 2)), count=9) == [[0, 1], [2, 3]]


def test_lint_sees_no_more_rows_than_it_needs() -> None:
    many = torch.zeros(3 * ROWS, 2)
    assert len(read_data((many, many)).sample.args[0]) == ROWS
    assert len(read_data(TensorDataset(many, many)).sample.args[0]) == ROWS


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((X, Y[:5]), "10 rows of inputs but 5 of targets"),
        ((X[:0], Y[:0]), "no rows"),
        (3, "data is int"),
        ("file.csv", "data is str"),
        ([], "no batch at all"),
        ([X], "has no targets"),
        ([(X, Y, Y)], "3 parts"),
        (np.zeros(3), "has no targets|holds no tensor|data is"),
    ],
)
def test_what_is_no_data_is_a_sentence(given: object, says: str) -> None:
    with pytest.raises(DataError, match=says):
        next(read_data(given).batches(0))


def test_a_model_may_bring_its_optimiser() -> None:
    class Own(nn.Linear):
        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.25)

    model = net()
    sgd = torch.optim.SGD(model.parameters(), lr=0.5)
    assert pose((model, sgd), (X, Y)).optimizer is sgd
    assert "0.25 (the model's own)" in pose(Own(2, 1), (X, Y)).how
    assert pose(net(), (X, Y)).how == "Adam, learning rate 0.001 (none was given)"
    assert (
        pose(net(), (X, Y), optimizer=lambda m: torch.optim.RMSprop(m.parameters(), lr=0.1)).how
        == "RMSprop, learning rate 0.1"
    )
    assert pose((model, sgd), (X, Y), lr=0.125).optimizer.param_groups[0]["lr"] == 0.125


@pytest.mark.parametrize(
    ("model", "options", "error", "says"),
    [
        (nn.Linear, {}, ModelError, "is the class Linear"),
        (3, {}, ModelError, "torch.nn.Module, not int"),
        (nn.ReLU(), {}, ModelError, "no parameter that can be trained"),
        (nn.Linear(2, 1), {"lr": 0.0}, ParameterError, "lr must be above 0"),
        (nn.Linear(2, 1), {"optimizer": "adam"}, ParameterError, "optimizer is str"),
        (nn.Linear(2, 1), {"batch_size": 0}, ParameterError, "batch_size"),
        (nn.Linear(3, 1), {}, ModelError, "cannot run on its data"),
        (nn.Linear(2, 2), {}, DataError, "give --loss"),
    ],
)
def test_what_cannot_be_posed_is_a_sentence(model: Any, options: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        pose(model, (X, Y), **options)


def test_telling_the_loss_leaves_the_model_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    state = torch.random.get_rng_state()
    pose(model, (X, Y))
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert model.training and torch.equal(state, torch.random.get_rng_state())


def test_make_optimizer_trains_only_what_may_be_trained() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    model[0].requires_grad_(False)
    made, _ = make_optimizer(model, None, None)
    assert sum(len(g["params"]) for g in made.param_groups) == 2
