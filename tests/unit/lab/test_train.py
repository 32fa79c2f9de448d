"""The training loop: parts of the data, what a trial records, and what its result may and may not depend on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from small import blobs, columns, results, unit_of
from torch import nn

from nonlin.errors import DataError, ModelError, ParameterError
from nonlin.lab.arrays import Dataset, from_arrays
from nonlin.lab.mlp import StackedMLP
from nonlin.lab.recipe import Recipe
from nonlin.lab.train import samples, score, split, train, worker_settings
from nonlin.lab.work import run_unit

FUNCTIONS = ["relu", "tanh", "prelu", "rrelu", "gelu", "softmax", "again=rrelu"]


# -- parts of the data ------------------------------------------------------------------------------------------


def of_size(n: int) -> Dataset:
    return from_arrays("few", np.arange(n)[:, None], np.arange(n) % 2, [[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize(
    ("n", "share", "parts"),
    [(10, 0.2, (8, 2)), (10, 0.0, (10, 0)), (7, 0.2, (6, 1)), (11, 0.25, (8, 3)), (10, 0.5, (5, 5)), (30, 0.9, (3, 27))],
)
def test_validation_is_the_end_of_the_training_set(n: int, share: float, parts: tuple[int, int]) -> None:
    assert split(of_size(n), Recipe(validation=share)) == parts


@pytest.mark.parametrize(("n", "share"), [(2, 0.2), (4, 0.1), (4, 0.99)])
def test_a_share_that_leaves_nothing_is_refused(n: int, share: float) -> None:
    with pytest.raises(DataError, match=f"few has {n} training samples; holding out the share {share} leaves nothing"):
        split(of_size(n), Recipe(validation=share))


def test_sorted_samples_are_refused_before_a_class_is_held_out_of_training() -> None:
    y = np.repeat(np.arange(3), 40)
    ordered = from_arrays("mine", y[:, None], y, [[0.0]], [0])
    with pytest.raises(
        DataError, match=r"mine: the last 20% of the training samples.* are 24 of the 40 of class 2; are they"
    ):
        split(ordered, Recipe(validation=0.2))
    with pytest.raises(DataError, match="are 40 of the 40 of class 2"):
        split(ordered, Recipe(validation=0.4))
    assert split(ordered, Recipe(validation=0.0)) == (120, 0)
    for seed in range(200):  # and a shuffled order never is
        mixed = np.random.RandomState(seed).permutation(y)
        split(from_arrays("mine", mixed[:, None], mixed, [[0.0]], [0]), Recipe(validation=0.2))


def test_samples_are_rows_or_images() -> None:
    assert samples(np.zeros((5, 4, 3), np.float32), False).shape == (5, 12)
    assert samples(np.zeros((5, 4, 3), np.float32), True).shape == (5, 1, 4, 3)
    assert samples(np.zeros((5, 2, 4, 3), np.float32), True).shape == (5, 2, 4, 3)
    assert samples(np.zeros((5, 4), np.float32), True).shape == (5, 4)


# -- the loop against one written out ---------------------------------------------------------------------------


def test_curves_and_scores_are_those_of_a_loop_written_out() -> None:
    """Order of the data, last short batch, running loss, validation from the end, test: all by hand for one network."""
    data = blobs(samples=200)
    unit = unit_of(["relu", "tanh"], (3, 4), data, epochs=3, batch_size=20, learning_rate=0.01)
    got = results(unit)[1][1]
    stack = StackedMLP(data.features, data.classes, unit.recipe, unit.columns, unit.seeds)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    with torch.no_grad():
        model[0].weight.copy_(stack.first[1].view(2, 8, 6)[1])
        for n in (1, 2):
            weight = stack.layers[n].weight
            assert weight is not None
            model[2 * n].weight.copy_(weight[1, 1])
        for n in range(3):
            model[2 * n].bias.zero_()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01, eps=1e-7)
    x, y = torch.from_numpy(data.train_x).double(), torch.from_numpy(data.train_y)
    n = round(0.8 * len(x))
    assert n % 20  # the last batch is a short one
    order = torch.Generator().manual_seed(4 + 7919)
    curves: dict[str, list[float]] = {k: [] for k in ("loss", "accuracy", "validation_loss", "validation_accuracy")}
    for _ in range(3):
        rows = torch.randperm(n, generator=order)
        loss = right = 0.0
        for part in rows.split(20):
            z = model(x[part])
            mean = nn.functional.cross_entropy(z, y[part])
            loss += mean.item() * len(part) / n
            right += (z.argmax(1) == y[part]).sum().item() / n
            optimiser.zero_grad()
            mean.backward()
            optimiser.step()
        with torch.no_grad():
            z = model(x[n:])
        curves["loss"].append(loss)
        curves["accuracy"].append(right)
        curves["validation_loss"].append(nn.functional.cross_entropy(z, y[n:]).item())
        curves["validation_accuracy"].append((z.argmax(1) == y[n:]).double().mean().item())
    for name, values in curves.items():
        assert got["curves"][name] == pytest.approx(values, rel=1e-4), name
    with torch.no_grad():
        z = model(torch.from_numpy(data.test_x).double())
    test_y = torch.from_numpy(data.test_y)
    assert got["test_loss"] == pytest.approx(nn.functional.cross_entropy(z, test_y).item(), rel=1e-4)
    assert got["test_accuracy"] == pytest.approx((z.argmax(1) == test_y).double().mean().item())


def test_without_validation_there_are_no_curves_of_it() -> None:
    got = results(unit_of(["relu"], (0,), validation=0.0))[0][0]
    assert set(got["curves"]) == {"loss", "accuracy"}
    assert set(results(unit_of(["relu"], (0,)))[0][0]["curves"]) == {
        "loss", "accuracy", "validation_loss", "validation_accuracy"}  # fmt: skip


def test_a_trial_records_what_the_report_needs() -> None:
    (row,) = run_unit(unit_of(["relu"], (0,), epochs=2))
    got = row[0]
    assert set(got) == {"test_accuracy", "test_loss", "diverged_at", "dead_share", "seconds_per_epoch", "how", "curves"}
    assert got["how"] == "in lockstep"
    assert got["diverged_at"] is None
    assert 0 < got["seconds_per_epoch"] < 10
    assert all(len(curve) == 2 for curve in got["curves"].values())


def test_networks_learn() -> None:
    for row in results(unit_of(["relu", "tanh"], (0, 1), epochs=30, learning_rate=0.02)):
        for got in row:
            assert got["test_accuracy"] > 0.85  # of clouds that overlap
            assert got["curves"]["loss"][-1] < 0.3 * got["curves"]["loss"][0]


def test_scores_do_not_depend_on_the_size_of_their_parts() -> None:
    stack = StackedMLP(6, 3, Recipe(hidden=(8,)), columns("relu", "tanh", depth=1), (0, 1))
    data = blobs()
    x, y = samples(data.train_x, False), torch.from_numpy(data.train_y)
    with torch.no_grad():
        whole, parts = score(stack, x, y), score(stack, x, y, size=7)
        expected = nn.functional.cross_entropy(stack.logits(x)[1, 0].double(), y)
    assert whole[0][1, 0].item() == pytest.approx(expected.item(), rel=1e-5)
    torch.testing.assert_close(whole[0], parts[0], rtol=1e-6, atol=0)
    assert torch.equal(whole[1], parts[1])
    with pytest.raises(DataError, match="no samples"):
        score(stack, x[:0], y[:0])


# -- what a result may depend on --------------------------------------------------------------------------------


def close(one: dict[str, Any], other: dict[str, Any]) -> None:
    # Products of other sizes round otherwise, by about 1e-7; 12 steps of Adam at 0.01 make that 1e-5 at most here.
    for name in one["curves"]:
        assert one["curves"][name] == pytest.approx(other["curves"][name], rel=1e-4, abs=1e-6)
    assert one["test_loss"] == pytest.approx(other["test_loss"], rel=1e-4)
    assert one["test_accuracy"] == other["test_accuracy"]
    assert one["dead_share"] == other["dead_share"]


def test_company_changes_nothing_but_rounding() -> None:
    together = results(unit_of(FUNCTIONS, (1, 5, 9), learning_rate=0.01))
    for c, name in enumerate(FUNCTIONS):
        close(together[1][c], results(unit_of([name], (5,), learning_rate=0.01))[0][0])
    rest = results(unit_of(FUNCTIONS[::-1], (9, 5), learning_rate=0.01))
    for s, t in ((2, 0), (1, 1)):
        for c in range(len(FUNCTIONS)):
            close(together[s][c], rest[t][-1 - c])
    losses = [row[0]["test_loss"] for row in together]
    assert min(abs(a - b) for a, b in ((losses[0], losses[1]), (losses[1], losses[2]))) > 1e-3  # seeds do differ


def test_one_function_under_two_names_gives_equal_results() -> None:
    for row in results(unit_of(["relu", "again=relu", "rrelu", "other=rrelu"], (0, 1), learning_rate=0.01)):
        close(row[0], row[1])
        close(row[2], row[3])
        assert row[0]["test_loss"] != pytest.approx(row[2]["test_loss"], rel=1e-3)


def test_the_same_unit_repeats_bit_for_bit() -> None:
    unit = unit_of(FUNCTIONS, (1, 5), epochs=3)
    first = results(unit)
    torch.manual_seed(12345)  # whatever the state of PyTorch's own generator
    assert results(unit) == first


def test_the_state_of_torchs_generator_is_not_touched() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    results(unit_of(["rrelu", "relu"], (0,)))
    assert torch.equal(before, torch.get_rng_state())


# -- divergence -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", [{"learning_rate": 1e30}, {"learning_rate": 1e30, "optimizer": "sgd"}])
def test_a_step_that_is_far_too_large_is_recorded_as_diverged(recipe: dict[str, Any]) -> None:
    for got in results(unit_of(["relu", "identity", "prelu"], (0,), epochs=3, **recipe))[0]:
        assert got["diverged_at"] in (1, 2)
        assert math.isnan(got["dead_share"])
        assert len(got["curves"]["loss"]) == 3


def test_a_formula_that_overflows_leaves_the_others_alone() -> None:
    both = results(unit_of(["exp(exp(x))", "relu", "tanh"], (0, 1), learning_rate=0.3))
    assert [row[0]["diverged_at"] for row in both] == [1, 1]
    assert all(math.isnan(row[0]["dead_share"]) for row in both)
    alone = results(unit_of(["relu", "tanh"], (0, 1), learning_rate=0.3))
    for s, c in ((0, 0), (0, 1), (1, 0), (1, 1)):
        assert both[s][c + 1]["diverged_at"] is None
        assert both[s][c + 1]["test_loss"] == pytest.approx(alone[s][c]["test_loss"], rel=1e-2)


def test_a_network_that_breaks_in_its_very_last_step_is_recorded_too() -> None:
    """One batch, one epoch: the loss was finite and so are the weights, but nothing the network says is."""
    unit = unit_of(["identity"], (0, 1), epochs=1, batch_size=1000, learning_rate=1e30, validation=0.0)
    for row in results(unit):
        assert math.isfinite(row[0]["curves"]["loss"][0])
        assert not math.isfinite(row[0]["test_loss"])
        assert row[0]["diverged_at"] == 1
        assert math.isnan(row[0]["dead_share"])


def test_dead_units_are_counted_on_the_validation_part() -> None:
    got = results(unit_of(["relu", "tanh", "x - 100 + relu(x - 100) - x"], (0, 1), epochs=1))
    assert [row[1]["dead_share"] for row in got] == [0, 0]
    assert [row[2]["dead_share"] for row in got] == [1, 1]
    assert all(row[0]["dead_share"] < 0.5 for row in got)


# -- progress and settings --------------------------------------------------------------------------------------


def test_progress_adds_up_to_the_model_epochs() -> None:
    parts: list[float] = []
    run_unit(unit_of(["relu", "tanh"], (0, 1, 2), blobs(samples=900), epochs=3, batch_size=2), parts.append)
    assert sum(parts) == pytest.approx(2 * 3 * 3)
    assert len([p for p in parts if p]) >= 9  # 240 steps an epoch: several reports in each


def test_progress_may_stop_the_training() -> None:
    class Enough(Exception):
        pass

    def stop(amount: float) -> None:
        if amount:
            raise Enough

    with pytest.raises(Enough):
        run_unit(unit_of(["relu"], (0,)), stop)
    assert not flushes()


def flushes() -> bool:
    return float(torch.tensor(2.0**-100) * 2.0**-40) == 0.0


@pytest.mark.parametrize("flushed", [False, True])
def test_settings_of_a_worker_are_put_back(flushed: bool) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.set_flush_denormal(flushed)
    try:
        for _ in range(2):
            with worker_settings():
                assert flushes()
                assert torch.get_num_threads() == 1
                assert not torch.is_grad_enabled()
            assert flushes() == flushed
            assert torch.get_num_threads() == 2
            assert torch.is_grad_enabled()
        with pytest.raises(ZeroDivisionError), worker_settings():
            raise ZeroDivisionError
        assert flushes() == flushed
        assert torch.get_num_threads() == 2
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)


# -- units and recipes that cannot be run -----------------------------------------------------------------------


def test_data_that_changed_since_planning_are_refused(tmp_path: Any) -> None:
    from dataclasses import replace

    data = blobs()
    path = tmp_path / "mine.npz"
    np.savez(path, x=data.train_x, y=data.train_y)
    unit = replace(unit_of(["relu"], (0,)), task=str(path), fingerprint="0" * 64)
    with pytest.raises(DataError, match=r"mine.npz' changed since the study was planned \(now .*, then 000000000000\)"):
        run_unit(unit)


def test_a_factory_whose_file_changed_since_planning_is_refused() -> None:
    from dataclasses import replace

    unit = replace(unit_of(["relu"], (0,), net="own"), factory="own_models:plain", code="other")
    with pytest.raises(ModelError, match="the file of own_models:plain changed since the study was planned"):
        run_unit(unit)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"net": "rnn"}, "net='rnn' is not known; allowed: mlp, cnn, own"),
        ({"optimizer": "lion"}, "optimizer='lion' is not known; allowed: adam, adamw, sgd, momentum"),
        ({"init": "xavier"}, "init='xavier' is not known; allowed: gain"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, not 0"),
        ({"epochs": 2.5}, "epochs must be a whole number of at least 1, not 2.5"),
        ({"batch_size": True}, "batch_size must be a whole number of at least 1, not True"),
        ({"hidden": ()}, "hidden must be one or more whole numbers of at least 1"),
        ({"hidden": (8, 0)}, "hidden must be one or more whole numbers of at least 1"),
        ({"hidden": ("8",)}, "hidden must be one or more whole numbers of at least 1"),
        ({"learning_rate": 0}, "learning_rate must be a positive number, not 0"),
        ({"learning_rate": math.nan}, "learning_rate must be a positive number, not nan"),
        ({"learning_rate": math.inf}, "learning_rate must be a positive number, not inf"),
        ({"learning_rate": "fast"}, "learning_rate must be a positive number, not 'fast'"),
        ({"validation": 1}, "validation must be a share from 0 to below 1, not 1"),
        ({"validation": -0.1}, "validation must be a share from 0 to below 1, not -0.1"),
        ({"validation": "a fifth"}, "validation must be a share from 0 to below 1, not 'a fifth'"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_a_sentence(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        Recipe(**options)


def test_depths_repeat_the_last_width() -> None:
    recipe = Recipe(hidden=(64, 32))
    assert [recipe.at_depth(d).hidden for d in (1, 2, 4)] == [(64,), (64, 32), (64, 32, 32, 32)]
    for depth in (0, 201, 2.0, True):
        with pytest.raises(ParameterError, match="depth must be a whole number from 1 to 200"):
            recipe.at_depth(depth)  # type: ignore[arg-type]


def test_train_needs_only_the_protocol_of_a_stack() -> None:
    """Any stack will do: here one that knows nothing and always answers class 0."""

    class Constant:
        how: list[str] = ["not at all"]  # noqa: RUF012

        def step(self, xs: list[torch.Tensor], ys: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return torch.ones(1, 1), (ys == 0).float().mean(1, keepdim=True)

        def logits(self, x: torch.Tensor) -> torch.Tensor:
            return torch.tensor([1.0, 0.0, 0.0]).expand(1, 1, len(x), 3)

        def dead(self, x: torch.Tensor) -> torch.Tensor:
            return torch.full((1, 1), 0.25)

        def finite(self) -> torch.Tensor:
            return torch.ones(1, 1, dtype=torch.bool)

    data = blobs()
    got = train(unit_of(["relu"], (0,)), data, Constant())[0][0]
    assert got["test_accuracy"] == pytest.approx(np.mean(data.test_y == 0))
    assert got["curves"]["accuracy"][0] == pytest.approx(np.mean(data.train_y[:80] == 0))
    assert (got["how"], got["dead_share"]) == ("not at all", 0.25)
