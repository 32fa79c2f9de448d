"""What is read of a model: its kind, task, depth, norm and functions; flags go before it; the model stays as it was."""

from __future__ import annotations

import pytest
import torch
from advised import inputs, run
from torch import nn

import nonlin
from nonlin.advise.question import ARCHS, ask
from nonlin.advise.reading import look
from nonlin.errors import ModelError, ParameterError


def mlp(*ends: nn.Module, out: int = 3, act: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 16), act(), nn.Linear(16, 16), act(), nn.Linear(16, out), *ends)


@pytest.mark.parametrize(("model", "task"), [
    (mlp(nn.Softmax(dim=1)), "multiclass"),
    (mlp(nn.LogSoftmax(dim=1)), "multiclass"),
    (mlp(), "multiclass"),
    (mlp(nn.Sigmoid(), out=1), "binary"),
    (mlp(nn.Sigmoid(), out=4), "multilabel"),
    (mlp(out=1), "regression"),
    (mlp(nn.Softplus(), out=1), "positive"),
    (mlp(nn.Tanh(), out=2), "bounded"),
], ids=str)  # fmt: skip
def test_the_end_tells_the_task(model: nn.Module, task: str) -> None:
    seen = look(model)
    assert (seen.arch, seen.task, seen.depth, seen.norm) == ("mlp", task, 2, "none")
    assert dict(seen.functions) == {"relu": 2}


def test_the_loss_tells_it_better() -> None:
    assert look(mlp(out=1), "bce_logits").task == "binary"
    assert look(mlp(out=5), "bce_logits").task == "multilabel"
    assert look(mlp(out=5), "mse").task == "regression"
    assert look(mlp(out=1), nn.PoissonNLLLoss()).task == "count"


@pytest.mark.parametrize(
    "arch", [a for a in ARCHS if a not in ("q-network", "policy-network", "pinn", "gan-discriminator", "diffusion")]
)
def test_each_recommended_network_is_recognised(arch: str) -> None:
    """But those that look like others: Q-networks, policies and solutions are fully connected, discriminators are classifiers."""
    asked = ask(arch, depth=4)
    made = run(asked)
    x = inputs(asked, made)
    seen = look(made["model"], batch=(x if len(x) > 1 else x[0], None))
    assert seen.arch == arch
    assert seen.norm == asked.norm
    if arch not in ("resnet", "autoencoder", "unet"):  # of which a layer more is counted than the blocks say
        assert seen.depth == asked.depth


def test_norms_and_skips() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(4, 4, 3, padding=1), nn.GroupNorm(2, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + torch.relu(self.norm(self.conv(x)))

    seen = look(nn.Sequential(Block(), Block(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)))
    assert (seen.arch, seen.norm, seen.skips) == ("resnet", "group", True)
    assert dict(seen.functions) == {"relu": 2}


class Sums(nn.Module):
    """A transformer that torch.fx cannot look into, and a batch can."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(100, 32)
        self.body = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, activation="gelu", batch_first=True), 3)
        self.head = nn.Linear(32, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum() < 0:
            raise ValueError
        return torch.log_softmax(self.head(self.body(self.tokens(x)).mean(1)), -1)


def test_what_cannot_be_followed_is_said() -> None:
    seen = look(Sums())
    assert (seen.arch, seen.norm, seen.depth) == ("transformer", "layer", 3), "known from its modules"
    assert not seen.ended and "could not be followed" in seen.how["task"] and seen.remarks
    assert nonlin.advise(Sums()).now == ("gelu in 3 places: as recommended",), "of PyTorch's own layers"
    batch = (torch.zeros(4, 7, dtype=torch.long), torch.tensor([0, 1, 0, 1]))
    seen = look(Sums(), batch=batch)
    assert (seen.arch, seen.task, seen.norm, seen.depth) == ("transformer", "multiclass", "layer", 3)
    assert seen.ended and seen.output == "log_softmax" and dict(seen.functions) == {"gelu": 3} and not seen.remarks


class Branches(nn.Module):
    """What torch.fx cannot follow, without a layer that would tell what is in it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x) if x.sum() > 0 else x


def test_an_activation_that_cannot_be_followed_is_asked_for() -> None:
    now = nonlin.advise(nn.Sequential(nn.Linear(3, 4), Branches(), nn.Linear(4, 2))).now
    assert now[0] == "no activation could be followed: give a batch, so that the model can be run"


class RMSNorm(nn.Module):
    """As language models write it by hand."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * self.weight


class Decoder(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.tokens, self.norm1, self.norm2 = nn.Embedding(50, 16), RMSNorm(16), RMSNorm(16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.up, self.gate, self.down = nn.Linear(16, 32), nn.Linear(16, 32), nn.Linear(32, 16)
        self.head = nn.Linear(16, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.tokens(x)
        a = self.norm1(h)
        h = h + self.attention(a, a, a, need_weights=False)[0]
        a = self.norm2(h)
        return self.head(h + self.down(nn.functional.silu(self.gate(a)) * self.up(a)))


def test_a_language_model_by_hand() -> None:
    """As many outputs as tokens; a norm known by its name; SiLU times a projection is SwiGLU."""
    seen = look(Decoder(50))
    assert (seen.arch, seen.task, seen.norm, seen.skips) == ("transformer", "generation", "rms", True)
    assert dict(seen.functions) == {"swiglu": 1}
    assert nonlin.advise(Decoder(50)).now[0] == "swiglu in 1 place: as recommended"
    assert look(Decoder(7)).task == "multiclass"


def test_a_variational_autoencoder_has_no_skips() -> None:
    """Its mean plus noise is a sum of two branches as long as each other."""

    class Variational(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.mean, self.log_var = nn.Linear(20, 9), nn.Linear(9, 3), nn.Linear(9, 3)
            self.b, self.c = nn.Linear(3, 9), nn.Linear(9, 20)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = torch.relu(self.a(x))
            code = self.mean(h) + torch.randn(3) * torch.exp(0.5 * self.log_var(h))
            return torch.sigmoid(self.c(torch.relu(self.b(code))))

    found = nonlin.advise(Variational())
    assert found.seen is not None and (found.seen.arch, found.seen.skips) == ("autoencoder", False)
    assert any(line.startswith("ends with sigmoid: right with nn.BCELoss()") for line in found.now)


def discriminator(*ends: nn.Module, slope: float = 0.2, out: int = 1) -> nn.Sequential:
    layers = [(3, 8), (8, 16)]
    body = [m for a, b in layers for m in (nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(slope))]
    return nn.Sequential(*body, nn.Conv2d(16, out, 4), nn.Flatten(), *ends)


def test_discriminators() -> None:
    assert look(discriminator()).arch == look(discriminator(nn.Sigmoid())).arch == "gan-discriminator"
    assert look(discriminator(slope=0.01)).arch == look(discriminator(out=3)).arch == "cnn"


def test_a_u_net_with_transposed_convolutions() -> None:
    class Net(nn.Module):
        def __init__(self, out: int) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1), nn.Conv2d(8, out, 1)
            self.up = nn.ConvTranspose2d(8, 4, 2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            a = torch.relu(self.a(x))
            b = torch.relu(self.b(nn.functional.max_pool2d(a, 2)))
            return self.c(torch.cat([self.up(b), a], 1))

    seen = look(Net(2))
    assert (seen.arch, seen.task, seen.skips) == ("unet", "multiclass", False)
    assert look(Net(1)).task == "binary" and look(Net(1), "mse").task == "regression"


def test_the_model_is_compared_with_the_advice() -> None:
    found = nonlin.advise(mlp(nn.Softmax(dim=1), act=nn.Sigmoid), loss="cross_entropy")
    assert found.asked.task == "multiclass" and found.hidden == "relu"
    said = "\n".join(found.now)
    assert "sigmoid in 2 places: the rule hidden-default says relu" in said
    assert "ends with softmax: the rule output-multiclass says no function, and nn.CrossEntropyLoss()" in said
    assert "NL102" in said
    good = nonlin.advise(mlp(), loss="cross_entropy")
    assert good.now == ("relu in 2 places: as recommended", "ends with no function: as recommended")
    other = nonlin.advise(mlp(nn.LogSoftmax(dim=1), act=nn.ELU), loss="nll")
    assert other.now[0].startswith("elu in 2 places: an alternative to relu, to be taken if")
    assert other.now[1].startswith("ends with log_softmax: right with nn.NLLLoss()")


def test_the_program_has_the_sizes_of_the_model() -> None:
    assert "IN, WIDTH, OUT, DEPTH = 8, 64, 3, 2" in nonlin.advise(mlp()).snippet
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 7))
    assert "IN, WIDTH, OUT, DEPTH = 1, 32, 7, 1" in nonlin.advise(net).snippet


def test_parameters_count() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 4, 2), nn.LeakyReLU(0.01), nn.Conv2d(8, 8, 4, 2), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(8, 1)
    )
    found = nonlin.advise(model, arch="gan-discriminator")
    assert any("leaky_relu(slope=0.2) in 1 place: as recommended" in line for line in found.now)
    assert any(
        "leaky_relu" in line and "the rule hidden-gan-discriminator says leaky_relu(slope=0.2)" in line for line in found.now
    )


def test_flags_go_before_what_is_read() -> None:
    found = nonlin.advise(mlp(out=1), task="binary", norm="batch", depth=9)
    assert (found.asked.arch, found.asked.task, found.asked.norm, found.asked.depth) == ("mlp", "binary", "batch", 9)
    policy = nonlin.advise(mlp(out=4), arch="q-network")
    assert (policy.asked.arch, policy.asked.task, policy.asked.depth) == ("q-network", "regression", 2)


def test_the_model_stays_as_it_was() -> None:
    model = mlp()
    before = {n: t.clone() for n, t in model.state_dict().items()}
    model.eval()
    state = torch.random.get_rng_state()
    nonlin.advise(model)
    assert not model.training and torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())


def test_keras() -> None:
    keras = pytest.importorskip("keras")
    model = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(1, activation="sigmoid")]
    )
    seen = look(model)
    assert (seen.arch, seen.task, seen.depth, dict(seen.functions)) == ("mlp", "binary", 1, {"tanh": 1})


def test_what_is_no_model() -> None:
    with pytest.raises(ModelError, match="must be a torch.nn.Module"):
        nonlin.advise(3)
    with pytest.raises(ModelError, match="is the class Linear"):
        nonlin.advise(nn.Linear)
    with pytest.raises(ParameterError, match="arch is needed"):
        nonlin.advise()
