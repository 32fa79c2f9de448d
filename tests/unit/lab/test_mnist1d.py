"""The generated data set: seeded, the same everywhere, and as hard as published."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from nonlin.errors import ParameterError
from nonlin.lab import data, mnist1d

MNIST1D_LABELS = [8, 3, 6, 2, 6, 5, 1, 0, 8, 0, 0, 1]
MNIST1D_SUM = -1072.4117


def test_mnist1d_depends_on_its_seed_and_nothing_else() -> None:
    one, again, other = data.load("mnist1d"), data.load("mnist1d", seed=0), data.load("mnist1d", seed=1)
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert (one.train_x.shape, one.test_x.shape, one.classes) == ((4000, 40), (1000, 40), 10)
    assert (one.train_x.dtype, one.train_y.dtype, one.shape) == (np.float32, np.int64, (40,))
    assert np.bincount(np.concatenate([one.train_y, one.test_y])).tolist() == [500] * 10
    assert "seed 0" in one.note and "seed 1" in other.note


def test_mnist1d_is_the_same_on_every_machine() -> None:
    # Sums rather than the fingerprint: a float32 may round the other way under another SciPy.
    one = data.load("mnist1d")
    assert one.train_y[:12].tolist() == MNIST1D_LABELS
    assert float(one.train_x.astype(np.float64).sum()) == pytest.approx(MNIST1D_SUM, abs=1e-2)


def test_mnist1d_seed_out_of_range() -> None:
    with pytest.raises(ParameterError, match=r"seed is -1; it must lie in 0\.\.4294967295"):
        data.load("mnist1d", seed=-1)


def test_mnist1d_templates_begin_at_zero_and_have_the_published_size() -> None:
    table = mnist1d.templates()
    assert table.shape == (10, 12)
    assert np.all(table[:, 0] == 0)
    assert np.allclose(table.std(axis=1), 1 / 6)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Networks this small only lose by a second thread."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def accuracy(one: data.Dataset, widths: list[int]) -> float:
    """Train a ReLU network of these widths for 800 steps of Adam; return its share of right test answers."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers: list[torch.nn.Module] = []
        for fan_in, fan_out in itertools.pairwise(widths):
            layers += [torch.nn.ReLU(), torch.nn.Linear(fan_in, fan_out)]
        model = torch.nn.Sequential(*layers[1:])
        optimiser = torch.optim.Adam(model.parameters(), 1e-2)
        x, y = torch.from_numpy(one.train_x), torch.from_numpy(one.train_y)
        for _ in range(800):
            batch = torch.randint(0, len(x), (200,))
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimiser.step()
    right = model(torch.from_numpy(one.test_x)).argmax(1).numpy() == one.test_y
    return float(right.mean())


@pytest.mark.usefixtures("one_thread")
def test_mnist1d_is_as_hard_as_published() -> None:
    """The paper reports 32 % for logistic regression and 68 % for a small MLP after longer training."""
    one = data.load("mnist1d")
    assert 0.27 < accuracy(one, [40, 10]) < 0.37
    assert 0.55 < accuracy(one, [40, 100, 100, 10]) < 0.75
