"""Perceptrons in lockstep against the same networks built of torch's own parts and trained by torch's own optimisers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from small import blobs, columns
from torch import Tensor, nn

import nonlin
from nonlin.catalogue import resolve
from nonlin.facts.moments import gain
from nonlin.lab.mlp import StackedMLP
from nonlin.lab.recipe import INITS, OPTIMIZERS, Recipe
from nonlin.lab.train import samples

FEATURES, CLASSES = 6, 3
HIDDEN = (8, 5)


class Beta(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.beta * x)


class Largest(nn.Module):
    """Maxout over pairs of neighbours."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x.unflatten(-1, (-1, 2)).amax(-1)  # type: ignore[no-untyped-call]
        return y


NATIVE: dict[str, Callable[[], nn.Module]] = {
    "identity": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu(slope=0.3)": lambda: nn.LeakyReLU(0.3),
    "prelu": lambda: nn.PReLU(init=0.25),
    "elu": nn.ELU,
    "selu": nn.SELU,
    "softplus": nn.Softplus,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "softsign": nn.Softsign,
    "hard_tanh": nn.Hardtanh,
    "gelu": nn.GELU,
    "gelu_tanh": lambda: nn.GELU("tanh"),
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "hard_swish": nn.Hardswish,
    "swish_beta": Beta,
    "softmax": lambda: nn.Softmax(-1),
    "log_softmax": lambda: nn.LogSoftmax(-1),
    "x*sigmoid(2*x)": lambda: _Lambda(lambda x: x * torch.sigmoid(2 * x)),
}


class _Lambda(nn.Module):
    def __init__(self, f: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.f = f

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.f(x)
        return y


OPTIMISERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, eps=1e-7),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.01),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
}


def stacked(specs: Sequence[Any], seeds: Sequence[int] = (0, 5), **recipe: Any) -> StackedMLP:
    made = Recipe(**{"hidden": HIDDEN, "learning_rate": 0.01, **recipe})
    return StackedMLP(FEATURES, CLASSES, made, columns(*specs, depth=len(made.hidden)), seeds)


def weights(stack: StackedMLP, s: int, c: int) -> list[tuple[Tensor, Tensor]]:
    """Weight (out, in) and bias (out,) of each layer of one network, as views."""
    first = stack.first[s].view(stack.columns, -1, stack.first[s].shape[1])[c]
    later = [layer.weight[c, s] for layer in stack.layers[1:] if layer.weight is not None]
    return [(w, layer.bias[c, s, :, 0]) for w, layer in zip([first, *later], stack.layers, strict=True)]


def reference(stack: StackedMLP, s: int, c: int, native: Sequence[nn.Module]) -> nn.Sequential:
    """One network of a stack out of torch's own modules, float64, with the same weights."""
    parts: list[nn.Module] = []
    for (weight, bias), bend in itertools.zip_longest(weights(stack, s, c), native):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(weight)
            linear.bias.copy_(bias)
        parts += [linear] if bend is None else [linear, bend]
    return nn.Sequential(*parts).double()


def batches(steps: int, seeds: int, size: int = 12) -> list[tuple[list[Tensor], Tensor]]:
    x, y = samples(blobs().train_x, False), torch.from_numpy(blobs().train_y)
    generator = torch.Generator().manual_seed(0)
    made = []
    for _ in range(steps):
        picked = torch.randint(len(x), (seeds, size), generator=generator)
        made.append(([x[rows] for rows in picked], y[picked]))
    return made


def train_both(stack: StackedMLP, models: Mapping[tuple[int, int], nn.Module], optimiser: str, steps: int = 8) -> None:
    """Train all networks of a stack and some references on the same batches, comparing loss and accuracy at each step."""
    trainers = {k: OPTIMISERS[optimiser](m.parameters()) for k, m in models.items()}
    for xs, ys in batches(steps, stack.seeds):
        with torch.no_grad():
            loss, right = stack.step(xs, ys)
        for (s, c), model in models.items():
            z = model(xs[s].double())
            expected = nn.functional.cross_entropy(z, ys[s])
            trainers[s, c].zero_grad()
            expected.backward()
            trainers[s, c].step()
            assert loss[s, c].item() == pytest.approx(expected.item(), abs=2e-5)
            assert right[s, c].item() == pytest.approx((z.argmax(1) == ys[s]).double().mean().item())


def assert_alike(stack: StackedMLP, models: Mapping[tuple[int, int], nn.Module], tolerance: float) -> None:
    x = samples(blobs().test_x, False)
    with torch.no_grad():
        logits = stack.logits(x)
        for (s, c), model in models.items():
            linears = [m for m in model.modules() if isinstance(m, nn.Linear)]
            for (weight, bias), linear in zip(weights(stack, s, c), linears, strict=True):
                torch.testing.assert_close(weight.double(), linear.weight, rtol=0, atol=tolerance)
                torch.testing.assert_close(bias.double(), linear.bias, rtol=0, atol=tolerance)
            torch.testing.assert_close(logits[s, c].double(), model(x.double()), rtol=0, atol=20 * tolerance)


# Adam divides gradients by their size: one of about eps = 1e-7 with float32's error of about 1e-9 moves a weight by
# 1 % of the learning rate otherwise than in float64; all that is larger by less.
TOLERANCE = 2e-5


def test_every_function_trains_as_with_torchs_own_parts() -> None:
    stack = stacked(list(NATIVE))
    models = {
        (s, c): reference(stack, s, c, [make() for _ in HIDDEN]) for s in range(2) for c, make in enumerate(NATIVE.values())
    }
    before = [[w.clone() for w, _ in weights(stack, 0, c)] for c in range(len(NATIVE))]
    train_both(stack, models, "adam")
    assert_alike(stack, models, TOLERANCE)
    for c, old in enumerate(before):  # a network that stands still agrees with one that does, too
        assert all((w - o).abs().max() > 0.01 for (w, _), o in zip(weights(stack, 0, c), old, strict=True))


def test_learned_parameters_get_torchs_gradient() -> None:
    stack = stacked(["prelu", "swish_beta"])
    models = {(s, c): reference(stack, s, c, [m() for _ in HIDDEN])
              for s in range(2) for c, m in enumerate((lambda: nn.PReLU(init=0.25), Beta))}  # fmt: skip
    train_both(stack, models, "adam")
    for (s, c), model in models.items():
        for layer in range(len(HIDDEN)):
            learned = next(model[2 * layer + 1].parameters())
            value = stack.knobs[layer][c][0][0][s].item()
            assert value == pytest.approx(learned.item(), abs=TOLERANCE)
            assert abs(value - stack.bends[layer][c].initial[0]) > 0.005


def test_maxout_trains_as_the_largest_of_two_linear_maps() -> None:
    stack = stacked(["maxout", "again=maxout"])
    models = {(s, 0): reference(stack, s, 0, [Largest(), Largest()]) for s in range(2)}
    assert weights(stack, 0, 0)[0][0].shape == (2 * HIDDEN[0], FEATURES)
    train_both(stack, models, "adam")
    assert_alike(stack, models, TOLERANCE)


def test_a_function_for_each_layer() -> None:
    stack = stacked([["relu", "tanh"], ["tanh", "prelu"], "relu"])
    models: dict[tuple[int, int], nn.Module] = {
        (1, 0): reference(stack, 1, 0, [nn.ReLU(), nn.Tanh()]),
        (1, 1): reference(stack, 1, 1, [nn.Tanh(), nn.PReLU()]),
    }
    train_both(stack, models, "adam")
    assert_alike(stack, models, TOLERANCE)


@pytest.mark.parametrize("hidden", [(7,), (4, 4, 4, 3)])
def test_any_number_of_layers(hidden: tuple[int, ...]) -> None:
    stack = stacked(["gelu", "relu"], hidden=hidden)
    models = {(1, c): reference(stack, 1, c, [m() for _ in hidden]) for c, m in enumerate((nn.GELU, nn.ReLU))}
    train_both(stack, models, "adam")
    assert_alike(stack, models, TOLERANCE)


@pytest.mark.parametrize("optimiser", OPTIMIZERS)
def test_every_optimiser_is_torchs(optimiser: str) -> None:
    stack = stacked(["relu", "prelu"], optimizer=optimiser)
    models = {(s, c): reference(stack, s, c, [m() for _ in HIDDEN])
              for s in range(2) for c, m in enumerate((nn.ReLU, nn.PReLU))}  # fmt: skip
    train_both(stack, models, optimiser)
    assert_alike(stack, models, TOLERANCE)


def test_random_slopes_are_drawn_while_training_and_at_their_mean_otherwise() -> None:
    stack = stacked(["rrelu", "again=rrelu", "relu"])
    x = samples(blobs().test_x, False)
    model = reference(stack, 1, 0, [nn.RReLU(1 / 8, 1 / 3), nn.RReLU(1 / 8, 1 / 3)]).eval()
    with torch.no_grad():
        torch.testing.assert_close(stack.logits(x)[1, 0].double(), model(x.double()), rtol=0, atol=1e-6)
    slopes = [slopes_drawn(stack, c) for c in (0, 1)]
    torch.testing.assert_close(slopes[0], slopes[1], rtol=0, atol=0)  # two names of one function draw alike
    known = slopes[0][slopes[0] != 1]
    assert 1 / 8 <= known.min() < 0.14
    assert 0.32 < known.max() <= 1 / 3
    assert known.mean() == pytest.approx(11 / 48, abs=0.005)
    assert slopes_drawn(stack, 0).ne(slopes[0]).any()  # and anew at each step


def slopes_drawn(stack: StackedMLP, c: int) -> Tensor:
    z = torch.linspace(-1, 1, 200).expand(2, 8, 200)
    f = stack.bends[0][c]
    value, saved = f.forward(z, [], [stack._draw(c, z, "uniform")], True)
    torch.testing.assert_close(value, z * saved[0])  # the slope that was drawn is also the derivative
    return torch.as_tensor(saved[0]).clone()


def test_learned_parameters_of_rowwise_functions_keep_their_values() -> None:
    warm = nonlin.catalogue.definition.make(
        "warm_softmax", "exp(k*x)/row_sum(exp(k*x))", params={"k": nonlin.param(2.0, learnable=True)}
    )
    stack = stacked([warm, "relu"])
    models: dict[tuple[int, int], nn.Module] = {
        (0, 0): reference(stack, 0, 0, [_Lambda(lambda x: torch.softmax(2 * x, -1)) for _ in HIDDEN])
    }
    train_both(stack, models, "adam")
    assert_alike(stack, models, TOLERANCE)


# -- initial weights --------------------------------------------------------------------------------------------

SCALES: dict[str, Callable[[int, int, str], tuple[str, float, float]]] = {
    # init -> distribution, scale of the weights, bound of the biases
    "gain": lambda i, o, f: ("normal", gain(f) / math.sqrt(i), 0.0),
    "he": lambda i, o, f: ("normal", math.sqrt(2 / i), 0.0),
    "glorot": lambda i, o, f: ("uniform", math.sqrt(6 / (i + o)), 0.0),
    "torch": lambda i, o, f: ("uniform", 1 / math.sqrt(i), 1 / math.sqrt(i)),
}


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("function", ["relu", "tanh"])
def test_initial_weights_have_the_stated_scale(init: str, function: str) -> None:
    features, hidden = 100, (150, 120)
    recipe = Recipe(hidden=hidden, init=init)
    stack = StackedMLP(features, 90, recipe, columns("sigmoid", function), (3, 4))
    ins, outs, follows = (features, *hidden), (*hidden, 90), (function, function, "identity")
    for (weight, bias), i, o, f in zip(weights(stack, 1, 1), ins, outs, follows, strict=True):
        kind, scale, bound = SCALES[init](i, o, f)
        assert weight.shape == (o, i)
        assert weight.mean().abs() < 5 * scale / math.sqrt(i * o)
        deviation = scale if kind == "normal" else scale / math.sqrt(3)
        assert weight.std().item() == pytest.approx(deviation, rel=0.03)
        largest = weight.abs().max().item()
        assert largest <= scale * (1 + 1e-6) if kind == "uniform" else largest > 3 * scale
        assert bias.abs().max() <= bound
        assert bool(bias.abs().max() > 0.8 * bound) or bound == 0


def test_functions_start_from_the_same_numbers_each_scaled_by_its_gain() -> None:
    stack = stacked(["relu", "tanh", "again=relu"], seeds=(7, 8))
    for s in range(2):
        relu, tanh, again = (weights(stack, s, c) for c in range(3))
        for n, last in ((0, False), (1, False), (2, True)):
            factor = 1.0 if last else gain("tanh") / gain("relu")
            torch.testing.assert_close(tanh[n][0], relu[n][0] * factor, rtol=1e-6, atol=0)
            assert torch.equal(again[n][0], relu[n][0])
    assert not torch.equal(weights(stack, 0, 0)[0][0], weights(stack, 1, 0)[0][0])
    alone = stacked(["tanh"], seeds=(8,))
    for (w, b), (v, d) in zip(weights(alone, 0, 0), weights(stack, 1, 1), strict=True):
        assert torch.equal(w, v)
        assert torch.equal(b, d)


def test_a_function_without_a_gain_starts_like_the_identity() -> None:
    stack = stacked(["exp(exp(x))", "identity"])
    assert torch.equal(weights(stack, 0, 0)[0][0], weights(stack, 0, 1)[0][0])
    assert resolve("exp(exp(x))").kind == "elementwise"


# -- dead units -------------------------------------------------------------------------------------------------


def test_dead_units_are_those_no_gradient_reaches() -> None:
    stack = stacked(["relu", "tanh", "leaky_relu", "leaky_relu(slope=0)", "softmax"])
    x = samples(blobs(samples=3600).train_x, False)  # more than one part of the data
    with torch.no_grad():
        for s, c in itertools.product(range(2), range(5)):
            (_, first), (_, second), _ = weights(stack, s, c)
            first[:], second[:] = 0.1, 0.1
        assert torch.equal(stack.dead(x), torch.zeros(2, 5))
        for c in range(5):
            (_, first), (_, second), _ = weights(stack, 1, c)
            first[:3] = -100
            second[:2] = -100
    dead = stack.dead(x)
    units = sum(HIDDEN)
    assert dead[0].tolist() == [0] * 5
    # the derivative of tanh at -100 is 1e-86, which float32 does not hold; rows have no dead units by this measure
    assert dead[1].tolist() == pytest.approx([5 / units, 5 / units, 0, 5 / units, 0])


def test_one_sample_is_enough_to_keep_a_unit_alive() -> None:
    stack = stacked(["relu"], seeds=(0,), hidden=(4,))
    x = torch.zeros(3000, FEATURES)
    (weight, bias), _ = weights(stack, 0, 0)
    with torch.no_grad():
        weight[:], bias[:] = 1.0, -1.0
        assert stack.dead(x).item() == 1
        for place in (0, 1023, 1024, 2999):
            lit = x.clone()
            lit[place] = 1.0
            assert stack.dead(lit).item() == 0


def test_networks_with_weights_that_are_not_finite_are_told_apart() -> None:
    for layer, kind in itertools.product(range(3), (math.nan, math.inf)):
        stack = stacked(["relu", "tanh"])
        assert stack.finite().all()
        with torch.no_grad():
            weights(stack, 1, 0)[layer][0][2, 1] = kind
        assert stack.finite().tolist() == [[True, True], [False, True]]
