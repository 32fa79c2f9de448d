"""Networks of the user's own: stacked or one by one, equal to training them by hand; and what is said of bad ones."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import own_models
import pytest
import torch
from small import blobs, columns, results, timeless, unit_of
from torch import nn

from nonlin.errors import ModelError
from nonlin.lab.arrays import Dataset
from nonlin.lab.factories import code_of, load_object
from nonlin.lab.own import OwnNetworks
from nonlin.lab.recipe import Column, Recipe, Unit
from nonlin.lab.train import samples
from nonlin.lab.work import run_unit

OWN = Recipe(net="own", epochs=2, batch_size=16, learning_rate=0.01)
LOCKSTEP = "in lockstep through torch.func"


def networks(
    factory: str, specs: Sequence[Any] = ("relu", "tanh"), seeds: Sequence[int] = (0, 5), data: Dataset | None = None
) -> OwnNetworks:
    cols = tuple(
        Column(c.label, c.layers) for spec in specs for c in columns(spec, depth=1 if isinstance(spec, str) else len(spec))
    )
    return OwnNetworks(f"own_models:{factory}", OWN, cols, seeds, data or blobs())


def own_unit(factory: str, specs: Sequence[Any] = ("relu", "tanh"), seeds: Sequence[int] = (0, 5),
             data: Dataset | None = None, **recipe: Any) -> Unit:  # fmt: skip
    from dataclasses import replace

    made = unit_of(specs, seeds, data, net="own", hidden=(1,), learning_rate=0.01, **recipe)
    spec = f"own_models:{factory}"
    return replace(made, factory=spec, code=code_of(spec, "model"))


def by_hand(model: nn.Module, seed: int, steps: int = 6) -> tuple[list[float], nn.Module]:
    """Train one network by torch's own means on the batches of ``batches``; return its losses."""
    optimiser = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01, eps=1e-7)
    losses = []
    for xs, ys in batches(steps):
        loss = nn.functional.cross_entropy(model.train()(xs[seed]), ys[seed])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses, model.eval()


def batches(steps: int) -> list[tuple[list[torch.Tensor], torch.Tensor]]:
    x, y = samples(blobs().train_x, False), torch.from_numpy(blobs().train_y)
    generator = torch.Generator().manual_seed(0)
    made = []
    for _ in range(steps):
        picked = torch.randint(len(x), (2, 12), generator=generator)
        made.append(([x[rows] for rows in picked], y[picked]))
    return made


def seeded(factory: str, seed: int) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = getattr(own_models, factory)()
        assert isinstance(model, nn.Module)
        if factory == "lazy":
            model(torch.zeros(2, 6))
        return model


@pytest.mark.parametrize(
    ("factory", "how"),
    [
        ("plain", LOCKSTEP),
        ("functional", LOCKSTEP),
        ("frozen", LOCKSTEP),
        ("lazy", LOCKSTEP),
        ("normalised", "one after the other: batch normalisation updates its running statistics in place"),
        ("untraceable", "one after the other: "),
    ],
)
def test_networks_train_as_they_would_one_by_one(factory: str, how: str) -> None:
    stack = networks(factory, ["relu"] if factory != "functional" else [["relu", "tanh"]])
    assert stack.how[0].startswith(how)
    references = [by_hand(seeded(factory, seed), k) for k, seed in enumerate((0, 5))]
    for step, (xs, ys) in enumerate(batches(6)):
        with torch.no_grad():
            loss, _ = stack.step(xs, ys)
        for k in range(2):
            assert loss[k, 0].item() == pytest.approx(references[k][0][step], abs=1e-5)
    x = samples(blobs().test_x, False)
    with torch.no_grad():
        for k in range(2):
            torch.testing.assert_close(stack.logits(x)[k, 0], references[k][1](x), rtol=0, atol=1e-4)
            for mine, theirs in zip(stack.groups[0].current()[k].parameters(), references[k][1].parameters(), strict=True):
                torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-5)


def test_dropout_draws_as_torch_would_from_a_stream_of_the_networks_own() -> None:
    stack = networks("dropping", ["relu", "again=relu"])
    references = []
    for k, seed in enumerate((0, 5)):
        with torch.random.fork_rng():
            model = seeded("dropping", seed)
            torch.manual_seed(seed + 104_729)
            references.append(by_hand(model, k)[0])
    for step, (xs, ys) in enumerate(batches(6)):
        with torch.no_grad():
            loss, _ = stack.step(xs, ys)
        for k in range(2):
            assert loss[k].tolist() == pytest.approx([references[k][step]] * 2, abs=1e-5)


def test_the_functions_are_swapped_in_and_learned_parameters_learn() -> None:
    stack = networks("plain", ["prelu", "gelu", ["tanh", "relu"]])
    natives: list[list[nn.Module]] = [[nn.PReLU(), nn.PReLU()], [nn.GELU(), nn.GELU()], [nn.Tanh(), nn.ReLU()]]
    for c, (first, second) in enumerate(natives):
        model = seeded("plain", 5)
        assert isinstance(model, nn.Sequential)
        model[1], model[3] = first, second
        losses, trained = by_hand(model, 1)
        other = networks("plain", [["prelu", "gelu", ["tanh", "relu"]][c]]) if c else stack
        for step, (xs, ys) in enumerate(batches(6)):
            with torch.no_grad():
                loss, right = other.step(xs, ys)
            assert loss[1, 0].item() == pytest.approx(losses[step], abs=1e-5)
            assert right.shape == loss.shape
        if not c:
            slopes = [p.item() for n, p in trained.named_parameters() if p.numel() == 1]
            got = [p.item() for n, p in other.groups[0].current()[1].named_parameters() if p.numel() == 1]
            assert got == pytest.approx(slopes, abs=1e-5)
            assert all(abs(s - 0.25) > 1e-3 for s in got)


def test_a_seed_makes_the_same_network_for_every_function() -> None:
    stack = networks("plain", ["relu", "tanh"])
    for a, b in zip(stack.groups[0].models, stack.groups[1].models, strict=True):
        for p, q in zip(a.parameters(), b.parameters(), strict=True):
            assert torch.equal(p, q)
    weights = [next(m.parameters()) for m in stack.groups[0].models]
    assert not torch.equal(weights[0], weights[1])


@pytest.mark.parametrize("factory", ["plain", "dropping", "normalised", "always_dropping", "convolutional"])
def test_results_repeat_and_do_not_depend_on_company(factory: str) -> None:
    data = blobs((6, 5)) if factory == "convolutional" else blobs()
    torch.manual_seed(77)
    before = torch.get_rng_state()
    first = results(own_unit(factory, ["relu", "tanh", "rrelu"], (2, 5), data))
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(78)
    assert results(own_unit(factory, ["relu", "tanh", "rrelu"], (2, 5), data)) == first
    for c, name in ((1, "tanh"), (2, "rrelu")):
        alone = results(own_unit(factory, [name], (5,), data))[0][0]
        assert alone["test_loss"] == pytest.approx(first[1][c]["test_loss"], rel=1e-4)
        assert alone["curves"]["loss"] == pytest.approx(first[1][c]["curves"]["loss"], rel=1e-4)
        assert alone["how"] == first[1][c]["how"]
    assert first[0][0]["test_loss"] != pytest.approx(first[1][0]["test_loss"], rel=1e-3)


def test_how_says_why_networks_are_trained_one_by_one() -> None:
    assert networks("dropping").how == [
        "one after the other: the network draws random numbers, and each needs a stream of its own"] * 2  # fmt: skip
    assert networks("plain", ["relu", "rrelu"]).how[1].startswith("one after the other: the network draws random numbers")
    assert networks("normalised").how[0] == (
        "one after the other: batch normalisation updates its running statistics in place")  # fmt: skip
    reason = networks("untraceable").how[0].removeprefix("one after the other: ")
    assert 10 < len(reason) <= 200
    assert "\n" not in reason


def test_dropout_is_off_while_scoring() -> None:
    stack = networks("dropping", ["relu"])
    x = samples(blobs().test_x, False)
    with torch.no_grad():
        assert torch.equal(stack.logits(x), stack.logits(x))
        model = seeded("dropping", 5).eval()
        torch.testing.assert_close(stack.logits(x)[1, 0], model(x), rtol=0, atol=1e-6)


def test_frozen_parameters_stay_as_they_are() -> None:
    stack = networks("frozen", ["relu"])
    before = seeded("frozen", 0)
    for xs, ys in batches(3):
        with torch.no_grad():
            stack.step(xs, ys)
    after = dict(stack.groups[0].current()[0].named_parameters())
    for name, p in before.named_parameters():
        assert torch.equal(p, after[name]) == (not p.requires_grad), name


def test_images_come_with_a_channel_and_flat_data_without() -> None:
    image = networks("convolutional", data=blobs((6, 5)))
    assert image.logits(samples(blobs((6, 5)).test_x, True)).shape == (2, 2, 50, 3)
    assert networks("plain").logits(samples(blobs().test_x, True)).shape == (2, 2, 50, 3)


def test_dead_units_are_counted_in_the_swapped_functions() -> None:
    stack = networks("plain", ["relu", "tanh", "leaky_relu(slope=0)", "leaky_relu", "softmax"])
    x = samples(blobs().train_x, True)
    with torch.no_grad():
        for group in stack.groups:
            for name, p in zip(group.names, group.values, strict=True):
                if name.endswith("bias"):
                    p.fill_(1.0)
        alive = stack.dead(x)
        assert alive[:, :4].tolist() == [[0.0] * 4] * 2
        assert alive[:, 4].isnan().all()  # of rows that cannot be told
        for group in stack.groups:
            bias = dict(zip(group.names, group.values, strict=True))["0.bias"]
            bias[1, :4] = -100
        dead = stack.dead(x)
    assert dead[0, :4].tolist() == [0] * 4
    assert dead[1, :4].tolist() == pytest.approx([4 / 13, 4 / 13, 4 / 13, 0])


def test_convolutional_networks_have_dead_channels() -> None:
    stack = networks("convolutional", ["relu"], data=blobs((6, 5)))
    x = samples(blobs((6, 5)).train_x, True)
    with torch.no_grad():
        dict(zip(stack.groups[0].names, stack.groups[0].values, strict=True))["0.bias"][1, :3] = -100
        assert stack.dead(x)[:, 0].tolist() == [0, 0.75]


@pytest.mark.parametrize("factory", ["plain", "normalised"])
def test_divergence_is_recorded_and_the_others_are_unaffected(factory: str) -> None:
    both = results(own_unit(factory, ["exp(exp(exp(x)))" if factory == "plain" else "exp(exp(9*x))", "relu"], (0,)))[0]
    alone = results(own_unit(factory, ["relu"], (0,)))[0][0]
    assert both[0]["diverged_at"]
    assert math.isnan(both[0]["dead_share"])
    assert both[1]["diverged_at"] is None
    assert both[1]["test_loss"] == pytest.approx(alone["test_loss"], rel=1e-5)


def test_networks_with_weights_that_are_not_finite_are_told_apart() -> None:
    stacked, single = networks("plain"), networks("normalised")
    with torch.no_grad():
        stacked.groups[1].values[2][0, 1, 1] = math.inf
        next(single.groups[1].models[0].parameters())[0, 0] = math.nan
    assert stacked.finite().tolist() == single.finite().tolist() == [[True, False], [True, True]]


# -- what cannot be used ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factory", "specs", "says"),
    [
        ("raising", ["relu"], "the factory own_models:raising raised FileNotFoundError: no such checkpoint"),
        ("nothing", ["relu"], "the factory own_models:nothing returned NoneType; it must return a torch.nn.Module"),
        ("linear", ["relu"], "Sequential has no activation to swap"),
        ("weightless", ["relu"], "the model of own_models:weightless has no parameters to train"),
        ("wrong_output", ["relu"], r"returned \(2, 4\) for 2 samples; expected are logits of shape \(2, 3\)"),
        ("tuple_output", ["relu"], r"returned tuple for 2 samples; expected are logits of shape \(2, 3\)"),
        ("wrong_input", ["relu"], r"the model of own_models:wrong_input cannot take samples of shape \(6,\): RuntimeError"),
        ("lazy_wrong_input", ["relu"], r"own_models:lazy_wrong_input cannot take samples of shape \(6,\): RuntimeError"),
        (
            "plain",
            [["relu", "tanh", "relu"]],
            r"relu-tanh-relu names 3 functions, but .* has 2 activations to swap \(1, 3\)",
        ),
        ("plain", ["maxout"], "maxout does not give as many features as it takes"),
        ("no_such", ["relu"], "model 'own_models:no_such': own_models has no 'no_such'"),
        ("plan", ["relu"], "has no 'plan'. Did you mean 'plain'?"),
        ("NOT_A_FUNCTION", ["relu"], "NOT_A_FUNCTION is int, not a function"),
    ],
)
def test_a_factory_that_cannot_be_used_is_a_sentence(factory: str, specs: list[Any], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        networks(factory, specs)


@pytest.mark.parametrize("spec", ["", "own_models", "own_models:", ":plain", "own_models:a b", "own_models.plain"])
def test_a_factory_is_named_as_module_and_function(spec: str) -> None:
    with pytest.raises(ModelError, match="must have the form module:function, such as mymodel:make_model"):
        load_object(spec, "model")


def test_a_module_that_cannot_be_imported_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="importing 'no_such_module_here' failed: ModuleNotFoundError"):
        load_object("no_such_module_here:make", "model")
    (tmp_path / "broken_module_here.py").write_text("import nothing_like_this\n")
    (tmp_path / "wrong_module_here.py").write_text("1 +\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)  # the current folder is searched
    with pytest.raises(ModelError, match=r"importing 'broken_module_here' failed: ModuleNotFoundError: .*nothing_like_this"):
        load_object("broken_module_here:make", "model")
    with pytest.raises(ModelError, match="importing 'wrong_module_here' failed: SyntaxError"):
        load_object("wrong_module_here.py:make", "model")
    assert sys.path[-1] == os.fspath(tmp_path)  # and stays, behind Python's own


def test_the_hash_of_a_factory_is_that_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    assert code_of("own_models:plain", "model") == hashlib.sha256(Path(own_models.__file__).read_bytes()).hexdigest()
    monkeypatch.setattr(sys, "path", [os.fspath(tmp_path), *sys.path])
    file = tmp_path / "edited_module_here.py"
    file.write_text("def make():\n    return 1\n")
    loaded = code_of("edited_module_here:make", "model")
    file.write_text("def make():\n    return 2\n")
    assert code_of("edited_module_here:make", "model") == loaded  # what was imported is what runs
    assert code_of("math:sqrt", "model") != loaded


def test_what_a_network_raises_while_training_reaches_the_user() -> None:
    unit = own_unit("fails_while_training", ["relu"], (0,))
    with pytest.raises(RuntimeError, match="out of cheese"):
        run_unit(unit)


def test_a_flat_task_of_the_users_own_trains() -> None:
    (row,) = timeless(run_unit(own_unit("plain", ["relu"], (0,), epochs=25)))
    assert row[0]["test_accuracy"] > 0.85
    assert row[0]["how"] == LOCKSTEP
