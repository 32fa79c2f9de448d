"""Reading a model leaves no trace: weights, buffers, gradients, flags, hooks, attributes and random numbers stay as they were."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import _get_current_function_mode_stack

import nonlin
from nonlin.errors import DataError
from nonlin.lint.model import read
from nonlin.lint.model.quiet import untouched


class Busy(nn.Module):
    """Does everything that a forward may leave behind: running statistics, counters, caches, random numbers."""

    def __init__(self, trace: bool) -> None:
        super().__init__()
        self.trace, self.seen = trace, 0
        self.conv, self.bn, self.drop = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Dropout(0.5)
        self.spectral = nn.utils.parametrizations.spectral_norm(nn.Linear(8, 8))
        self.head = nn.Linear(8, 4)
        self.register_buffer("average", torch.zeros(8))
        self.cache: list[Any] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen += 1
        x = F.relu(self.bn(self.conv(x))).mean((2, 3))
        if not self.trace and x.sum() > -1:
            self.average.mul_(0.9).add_(x.mean(0))
        self.last = x
        x = self.drop(self.spectral(x)) + random.random() * np.random.rand()
        return self.head(x + torch.randn_like(x))


def state(model: nn.Module) -> dict[str, Any]:
    return {
        "numbers": {k: v.clone() for k, v in model.state_dict().items()},
        "grads": {k: None if p.grad is None else (id(p.grad), p.grad.clone()) for k, p in model.named_parameters()},
        "flags": [m.training for m in model.modules()],
        "names": [sorted(vars(m)) for m in model.modules()],
        "hooks": [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in model.modules()],
        "parameters": [id(p) for p in model.parameters()] + [id(b) for b in model.buffers()],
        "random": (torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()),  # type: ignore[index]
        "modes": len(_get_current_function_mode_stack()),
        "grad": torch.is_grad_enabled(),
    }


def same(a: Any, b: Any) -> bool:
    if isinstance(a, Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def prepared(trace: bool) -> Busy:
    torch.manual_seed(1)
    model = Busy(trace)
    model.train()
    model.bn.eval()  # a frozen norm
    model.conv.register_forward_hook(lambda m, i, o: None)
    model(torch.randn(2, 3, 8, 8)).sum().backward()
    model.seen = 7
    return model


@pytest.mark.parametrize("trace", [True, False])
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize(
    "loss", ["cross_entropy", nn.CrossEntropyLoss(), lambda out, y: F.cross_entropy(out, y) + out.std()]
)
def test_everything_is_as_it_was(trace: bool, batched: bool, loss: Any) -> None:
    model = prepared(trace)
    x, y = torch.randn(4, 3, 8, 8), torch.tensor([0, 1, 2, 3])
    kept = x.clone()
    before = state(model)
    net = read(model, loss, (x, y) if batched else None)
    after = state(model)
    for part in before:
        assert same(before[part], after[part]), part
    assert model.seen == 7
    assert not isinstance(model.last, torch.fx.Proxy)
    assert torch.equal(x, kept)
    assert net.reader in ("fx", "calls")


def test_also_when_the_model_or_the_loss_raises() -> None:
    model = prepared(False)
    wrong, right = torch.randn(2, 4, 8, 8), torch.randn(2, 3, 8, 8)
    before = state(model)
    with pytest.raises(DataError):
        read(model, "mse", wrong)

    def raising(out: Tensor, y: Tensor) -> Tensor:
        raise OSError

    assert "OSError" in read(model, raising, (right, torch.zeros(2))).settings["loss_error"]
    after = state(model)
    for part in before:
        assert same(before[part], after[part]), part


def test_a_forward_that_accumulates_gradients_gets_them_back() -> None:
    class Inner(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            self.fc(x).sum().backward()
            return self.fc(x)

    model = Inner()
    model(torch.randn(2, 4))
    grad = model.fc.weight.grad
    assert grad is not None
    kept = grad.clone()
    assert read(model, batch=torch.randn(2, 4)).reader == "calls"
    assert model.fc.weight.grad is grad and torch.equal(grad, kept)


def test_training_afterwards_is_bit_identical() -> None:
    def trained(look: bool) -> list[float]:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(16, 3))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        losses = []
        for _ in range(3):
            x, y = torch.randn(8, 4), torch.randint(0, 3, (8,))
            if look:
                nonlin.lint(model, nn.CrossEntropyLoss(), (x, y), optimizer=optimizer)
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    assert trained(True) == trained(False)


def test_the_block_restores_what_is_removed_and_replaced() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    before = state(model)
    with untouched(model):
        model.extra = 1
        model.register_parameter("new", nn.Parameter(torch.zeros(1)))
        del model[1]._buffers["running_mean"]
        model[0].register_forward_hook(lambda m, i, o: None)
        model[0] = nn.Linear(3, 3)
        model.eval()
        torch.rand(3)
    after = state(model)
    for part in before:
        assert same(before[part], after[part]), part
