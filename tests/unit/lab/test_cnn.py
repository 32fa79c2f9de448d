"""Convolutional networks in lockstep against the same networks built of torch's own parts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from small import blobs, columns, results, unit_of
from torch import Tensor, nn

from nonlin.errors import ParameterError
from nonlin.facts.moments import gain
from nonlin.lab.cnn import StackedCNN
from nonlin.lab.recipe import INITS, OPTIMIZERS, Recipe
from nonlin.lab.train import samples

CLASSES, CHANNELS = 3, (4, 6)


class Beta(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.beta * x)


NATIVE: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "mish": nn.Mish,
    "elu": nn.ELU,
    "leaky_relu(slope=0.3)": lambda: nn.LeakyReLU(0.3),
    "prelu": lambda: nn.PReLU(init=0.25),
    "swish_beta": Beta,
    "softmax": lambda: nn.Softmax(1),
}
OPTIMISERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, eps=1e-7),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.01),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
}
TOLERANCE = 5e-5  # see test_mlp: what Adam makes of float32's error in a gradient close to 0
SHAPES = {"signal": (12,), "image": (6, 5), "image with channels": (3, 6, 5)}


def stacked(shape: tuple[int, ...], specs: Sequence[Any], seeds: Sequence[int] = (0, 5), **recipe: Any) -> StackedCNN:
    made = Recipe(**{"net": "cnn", "hidden": CHANNELS, "learning_rate": 0.01, **recipe})
    return StackedCNN(shape, CLASSES, made, columns(*specs, depth=len(made.hidden)), seeds)


def kernels(stack: StackedCNN, s: int, c: int) -> list[Tensor]:
    """The convolutions' weights of one network, (out, in, ...), as views."""
    return [b.weight.unflatten(0, (*stack.shape, -1))[s, c] for b in stack.blocks]


def reference(stack: StackedCNN, s: int, c: int, native: Callable[[], nn.Module]) -> nn.Sequential:
    """One network of a stack out of torch's own modules, float64, with the same weights."""
    conv, norm, pool = {1: (nn.Conv1d, nn.BatchNorm1d, nn.AdaptiveAvgPool1d),
                        2: (nn.Conv2d, nn.BatchNorm2d, nn.AdaptiveAvgPool2d)}[stack.space]  # fmt: skip
    parts: list[nn.Module] = []
    for i, kernel in enumerate(kernels(stack, s, c)):
        made = conv(kernel.shape[1], kernel.shape[0], 3, stride=2 if i else 1, padding=1, bias=False)
        with torch.no_grad():
            made.weight.copy_(kernel)
        parts += [made, norm(kernel.shape[0]), native()]
    head = nn.Linear(CHANNELS[-1], CLASSES)
    flat = s * stack.shape[1] + c
    with torch.no_grad():
        head.weight.copy_(stack.head[flat].t())
        head.bias.copy_(stack.head_bias[flat, 0])
    return nn.Sequential(*parts, pool(1), nn.Flatten(), head).double()


def train_both(stack: StackedCNN, models: dict[tuple[int, int], nn.Sequential], optimiser: str, shape: tuple[int, ...],
               steps: int = 6) -> None:  # fmt: skip
    data = blobs(shape)
    x, y = samples(data.train_x, True), torch.from_numpy(data.train_y)
    wide = x if x.dim() == stack.space + 2 else x.unsqueeze(1)
    trainers = {k: OPTIMISERS[optimiser](m.parameters()) for k, m in models.items()}
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        picked = torch.randint(len(x), (2, 12), generator=generator)
        with torch.no_grad():
            loss, right = stack.step([x[rows] for rows in picked], y[picked])
        for (s, c), model in models.items():
            z = model(wide[picked[s]].double())
            expected = nn.functional.cross_entropy(z, y[picked[s]])
            trainers[s, c].zero_grad()
            expected.backward()
            trainers[s, c].step()
            assert loss[s, c].item() == pytest.approx(expected.item(), abs=5e-5)
            assert right[s, c].item() == pytest.approx((z.argmax(1) == y[picked[s]]).double().mean().item())


def assert_alike(stack: StackedCNN, models: dict[tuple[int, int], nn.Sequential], shape: tuple[int, ...]) -> None:
    x = samples(blobs(shape).test_x, True)
    wide = x if x.dim() == stack.space + 2 else x.unsqueeze(1)
    with torch.no_grad():
        logits = stack.logits(x)
        for (s, c), model in models.items():
            model.eval()
            for i, kernel in enumerate(kernels(stack, s, c)):
                conv, norm = model[3 * i], model[3 * i + 1]
                torch.testing.assert_close(kernel.double(), conv.weight, rtol=0, atol=TOLERANCE)
                for mine, theirs in zip(
                    (stack.blocks[i].scale, stack.blocks[i].shift, stack.blocks[i].mean, stack.blocks[i].variance),
                    (norm.weight, norm.bias, norm.running_mean, norm.running_var),
                    strict=True,
                ):
                    one = mine.unflatten(0, (*stack.shape, -1))[s, c]
                    torch.testing.assert_close(one.double(), theirs, rtol=1e-5, atol=TOLERANCE)
            torch.testing.assert_close(logits[s, c].double(), model(wide.double()), rtol=0, atol=20 * TOLERANCE)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_function_trains_as_with_torchs_own_parts(shape: tuple[int, ...]) -> None:
    stack = stacked(shape, list(NATIVE))
    models = {(s, c): reference(stack, s, c, make) for s in range(2) for c, make in enumerate(NATIVE.values())}
    before = [k.clone() for k in kernels(stack, 1, 0)]
    train_both(stack, models, "adam", shape)
    assert_alike(stack, models, shape)
    assert all((k - b).abs().max() > 0.01 for k, b in zip(kernels(stack, 1, 0), before, strict=True))
    for c in (list(NATIVE).index("prelu"), list(NATIVE).index("swish_beta")):
        for i in range(2):
            learned = next(models[1, c][3 * i + 2].parameters()).item()
            (value,) = (t.flatten()[1].item() for t in stack.blocks[i].knobs[c].values())
            assert value == pytest.approx(learned, abs=TOLERANCE)
            assert abs(value - (0.25 if c == list(NATIVE).index("prelu") else 1.0)) > 1e-3


@pytest.mark.parametrize("optimiser", OPTIMIZERS)
def test_every_optimiser_is_torchs(optimiser: str) -> None:
    stack = stacked((12,), ["relu", "prelu"], optimizer=optimiser)
    models = {(s, c): reference(stack, s, c, m) for s in range(2) for c, m in enumerate((nn.ReLU, nn.PReLU))}
    train_both(stack, models, optimiser, (12,))
    assert_alike(stack, models, (12,))


def test_random_slopes_are_at_their_mean_outside_training_and_equal_under_two_names() -> None:
    stack = stacked((6, 5), ["rrelu", "again=rrelu"])
    model = reference(stack, 1, 0, lambda: nn.RReLU(1 / 8, 1 / 3)).eval()
    x = samples(blobs((6, 5)).test_x, True)
    with torch.no_grad():
        torch.testing.assert_close(stack.logits(x)[1, 0].double(), model(x.double()), rtol=0, atol=1e-6)
    mean = "leaky_relu(slope=0.22916666666666666)"
    one, two, still = results(unit_of(["rrelu", "again=rrelu", mean], (3,), blobs((6, 5)), net="cnn", learning_rate=0.01))[0]
    assert one["test_loss"] == pytest.approx(two["test_loss"], rel=1e-6)
    assert abs(still["test_loss"] - one["test_loss"]) > 1e-5 * one["test_loss"]
    z = -torch.ones(50, 2 * 2 * 4, 6, 5)  # at -1 the value is minus the slope that was drawn
    with torch.no_grad():
        first, second = (-stack._bent(0, z, True).unflatten(1, (2, 2, -1)) for _ in range(2))
    assert torch.equal(first[:, :, 0], first[:, :, 1])
    assert (first[:, 0] != first[:, 1]).any()
    assert (first != second).any()
    assert 1 / 8 <= first.min() < 0.13
    assert 0.33 < first.max() <= 1 / 3


@pytest.mark.parametrize("init", INITS)
def test_initial_kernels_have_the_stated_scale(init: str) -> None:
    stack = StackedCNN((8, 8), 40, Recipe(net="cnn", hidden=(40, 60), init=init), columns("relu", "tanh"), (0, 2))
    fans = [(9, 40 * 9), (40 * 9, 60 * 9)]
    for c, name in enumerate(("relu", "tanh")):
        for kernel, (i, o) in zip(kernels(stack, 1, c), fans, strict=True):
            deviation = {"gain": gain(name) / math.sqrt(i), "he": math.sqrt(2 / i), "glorot": math.sqrt(2 / (i + o)),
                         "torch": 1 / math.sqrt(3 * i)}[init]  # fmt: skip
            rough = 5 / math.sqrt(2 * kernel.numel())
            assert kernel.std().item() == pytest.approx(deviation, rel=rough)
            assert kernel.mean().abs() < 5 * deviation / math.sqrt(kernel.numel())


def test_functions_of_a_seed_start_from_the_same_numbers_whatever_their_company() -> None:
    stack = stacked((6, 5), ["relu", "tanh"])
    alone = stacked((6, 5), ["tanh"], seeds=(5,))
    for i in range(2):
        factor = gain("tanh") / gain("relu")
        torch.testing.assert_close(kernels(stack, 1, 1)[i], kernels(stack, 1, 0)[i] * factor, rtol=1e-6, atol=0)
        assert torch.equal(kernels(alone, 0, 0)[i], kernels(stack, 1, 1)[i])
        assert not torch.equal(kernels(stack, 0, 1)[i], kernels(stack, 1, 1)[i])
    assert torch.equal(stack.head[2], stack.head[3])
    assert torch.equal(stack.head[3], alone.head[0])
    assert not torch.equal(stack.head[0], stack.head[2])


def test_dead_channels_are_those_no_gradient_reaches() -> None:
    stack = stacked((6, 5), ["relu", "tanh", "softmax"])
    x = samples(blobs((6, 5), samples=1200).train_x, True)  # more than one part
    with torch.no_grad():
        assert torch.equal(stack.dead(x), torch.zeros(2, 3))
        for block, gone in zip(stack.blocks, (1, 2), strict=True):
            block.shift.unflatten(0, (2, 3, -1))[1, :, :gone] = -100
        dead = stack.dead(x)
    assert dead[0].tolist() == [0] * 3
    assert dead[1].tolist() == pytest.approx([3 / 10, 3 / 10, 0])


def test_one_position_of_one_sample_keeps_a_channel_alive() -> None:
    stack = stacked((6, 5), ["relu"], seeds=(0,), hidden=(1,))
    x = torch.zeros(1100, 1, 6, 5)
    with torch.no_grad():
        stack.blocks[0].weight.fill_(1.0)
        stack.blocks[0].shift.fill_(-0.5)
        assert stack.dead(x).item() == 1
        x[777, 0, 5, 4] = 1.0
        assert stack.dead(x).item() == 0


def test_company_changes_nothing_but_rounding() -> None:
    data = blobs((6, 5))
    many = results(unit_of(["tanh", "prelu", "rrelu", "relu"], (1, 4), data, net="cnn", epochs=3))
    alone = results(unit_of(["rrelu"], (4,), data, net="cnn", epochs=3))[0][0]
    assert many[1][2]["test_loss"] == pytest.approx(alone["test_loss"], rel=1e-4)
    assert many[1][2]["curves"]["loss"] == pytest.approx(alone["curves"]["loss"], rel=1e-4)
    assert many[1][2]["test_loss"] != pytest.approx(many[0][2]["test_loss"], rel=1e-2)


def test_networks_that_diverge_leave_the_others_alone() -> None:
    data = blobs((6, 5))
    both = results(unit_of(["exp(exp(exp(x)))", "relu"], (1,), data, net="cnn"))[0]
    assert both[0]["diverged_at"]
    assert math.isnan(both[0]["dead_share"])
    assert both[1]["diverged_at"] is None
    assert both[1]["test_loss"] == pytest.approx(
        results(unit_of(["relu"], (1,), data, net="cnn"))[0][0]["test_loss"], rel=1e-5
    )


def test_finite_names_the_network() -> None:
    for i, kind in itertools.product(range(2), (math.nan, math.inf)):
        stack = stacked((12,), ["relu", "tanh"])
        with torch.no_grad():
            kernels(stack, 1, 0)[i][2, 0, 1] = kind
        assert stack.finite().tolist() == [[True, True], [False, True]]


def test_what_the_cnn_cannot_do_is_said() -> None:
    with pytest.raises(ParameterError, match="maxout changes the number of channels; use it in the mlp"):
        stacked((6, 5), ["maxout"])
    with pytest.raises(ParameterError, match=r"samples here have shape \(2, 3, 4, 5\)"):
        stacked((2, 3, 4, 5), ["relu"])
