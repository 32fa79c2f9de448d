"""Gradients and updates as read from parameters, against the whole tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from nonlin.watch.parameters import BLOCK, BLOCKS, Reader, _entries


def read(model: nn.Module, change: float = 0.01, optimizer: object = None) -> object:
    reader = Reader(model, {id(m): name for name, m in model.named_modules()})
    reader.before_step(optimizer)
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(1 + change)
    packed = reader.after_step()
    assert packed is not None
    return reader.told(packed.numpy())


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_norms_and_updates_of_large_and_small_weights(order: torch.memory_format) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(16, 200, 3), nn.Flatten(), nn.Linear(200, 2)).to(memory_format=order)
    model(torch.randn(4, 16, 3, 3)).square().mean().backward()
    found = read(model)
    for name in ("0", "2"):
        layer = model[int(name)]
        want = torch.cat([p.grad.flatten() for p in layer.parameters()]).norm()
        assert found.grads[name] == pytest.approx(float(want), rel=1e-5)
        assert found.updates[name] == pytest.approx(0.01, rel=1e-3)
    whole = torch.cat([p.grad.flatten() for p in model.parameters()]).norm()
    assert found.total == pytest.approx(float(whole), rel=1e-5) and not found.skipped and not found.broken


def test_copies_are_bounded_and_spread_over_the_weight() -> None:
    p = torch.arange(100_000.0).reshape(100, 1000)
    kept = _entries(p)
    assert kept.numel() == BLOCKS * BLOCK and kept.min() == 0 and kept.max() > 90_000
    assert _entries(torch.ones(3, 5)).numel() == 15
    assert _entries(p[:, ::2]).numel() == BLOCKS * BLOCK, "a view with gaps"


def test_half_precision_norms_do_not_overflow() -> None:
    model = nn.Linear(64, 64).half()
    for p in model.parameters():
        p.grad = torch.full_like(p, 60_000.0)
    found = read(model)
    assert found.grads[""] == pytest.approx(60_000 * np.sqrt(64 * 65), rel=1e-3)


def test_a_fused_optimisers_scale_is_taken_out_and_its_skipped_step_told() -> None:
    class Fused:
        grad_scale, found_inf = torch.tensor(8.0), torch.tensor(1.0)

    model = nn.Linear(2, 2)
    for p in model.parameters():
        p.grad = torch.full_like(p, 8.0)
    found = read(model, optimizer=Fused())
    assert found.total == pytest.approx(np.sqrt(6)) and found.skipped


def test_broken_weights_are_named() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    with torch.no_grad():
        model[1].weight[0, 0] = float("inf")
    assert read(model).broken == ("1",)
    assert list(read(model).updates) == ["0"]
