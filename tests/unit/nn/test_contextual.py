"""Modules that compute an activation's parameters from the whole input; the bend is the definition's."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest
import torch

import nonlin
from nonlin import nn
from nonlin.catalogue import definitions
from nonlin.errors import DataError, ModelError, ParameterError
from nonlin.nn.contextual import CLASSES

X = torch.randn(5, 8, 6, 6, generator=torch.Generator().manual_seed(0)) * 2


def made(name: str) -> Any:
    torch.manual_seed(1)
    return CLASSES[name](8)


def test_every_contextual_definition_has_a_module() -> None:
    assert {n for n, d in definitions().items() if d.context} == set(CLASSES)
    for name, cls in CLASSES.items():
        assert getattr(nn, definitions()[name].title) is cls


@pytest.mark.parametrize("name", CLASSES)
def test_training_evaluation_and_copies(name: str) -> None:
    module = made(name)
    for _ in range(3):
        y = module(X)
    assert y.shape == X.shape
    y.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in module.parameters())
    module.eval()
    wanted = module(X)
    assert torch.equal(module(X), wanted)
    assert torch.allclose(module(X[:2]), wanted[:2], atol=1e-5)  # outside training a sample does not depend on its batch
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(other(X), wanted)
    again = CLASSES[name](8)
    again.load_state_dict(module.state_dict())
    assert torch.equal(again.eval()(X), wanted)
    assert torch.allclose(module.double()(X.double()).float(), wanted, atol=1e-4)


def test_dynamic_relu_is_the_larger_of_two_lines() -> None:
    for shared in (True, False):
        module = nn.DynamicReLU(8, shared=shared).eval()
        hidden = torch.relu(X.mean((2, 3)) @ module.squeeze.weight.T + module.squeeze.bias)
        theta = 2 * torch.sigmoid(hidden @ module.excite.weight.T + module.excite.bias) - 1
        a1, a2, b1, b2 = (t.reshape(5, -1, 1, 1) for t in theta.chunk(4, 1))
        wanted = torch.maximum((1 + a1) * X + b1 / 2, a2 * X + b2 / 2)
        torch.testing.assert_close(module(X), wanted, rtol=1e-5, atol=1e-5)
        assert a1.shape[1] == (1 if shared else 8)


def test_funnel_relu_is_the_larger_of_x_and_its_surroundings() -> None:
    module = made("funnel_relu")
    torch.testing.assert_close(module(X), torch.maximum(X, copy.deepcopy(module).train().condition(X)))
    assert nn.FunnelReLU(8, space=1)(X[..., 0]).shape == (5, 8, 6)
    weight = module.condition[0].weight
    assert tuple(weight.shape) == (8, 1, 3, 3)  # depthwise


def test_meta_acon_is_acon_with_a_computed_switch() -> None:
    module = made("meta_acon").eval()
    beta = torch.sigmoid(module.switch(X.mean((2, 3))))[..., None, None]
    torch.testing.assert_close(module(X), X * torch.sigmoid(beta * X), rtol=1e-5, atol=1e-6)


def test_dice_follows_batch_normalisation() -> None:
    module, norm = made("dice"), torch.nn.BatchNorm2d(8, eps=1e-8, affine=False)
    torch.nn.init.constant_(module.alpha, 0.25)
    for k in range(3):
        share = torch.sigmoid(norm(X + k))
        torch.testing.assert_close(module(X + k), share * (X + k) + (1 - share) * 0.25 * (X + k), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(module.mean, norm.running_mean)
    share = torch.sigmoid(norm.eval()(X))
    torch.testing.assert_close(module.eval()(X), share * X + (1 - share) * 0.25 * X, rtol=3e-2, atol=3e-2)  # n or n - 1
    assert nn.Dice(4)(torch.randn(3, 4)).shape == (3, 4)


def test_the_definition_takes_the_parameters_as_arrays() -> None:
    surround = torch.randn(5, 8, 6, 6)
    assert torch.equal(nonlin.funnel_relu(X, surround=surround), torch.maximum(X, surround))
    assert torch.equal(nonlin.dynamic_relu(X), torch.relu(X))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.DynamicReLU(0), ParameterError, "DynamicReLU: channels must be a whole number of at least 1, not 0"),
        (lambda: nn.DynamicReLU(4, reduction=0.5), ParameterError, "DynamicReLU: reduction must be a whole number"),
        (lambda: nn.FunnelReLU(4, kernel_size=2), ParameterError, "FunnelReLU: kernel_size must be odd, so that the window"),
        (lambda: nn.FunnelReLU(4, space=4), ParameterError, "FunnelReLU: space must be 1, 2 or 3, not 4"),
        (lambda: nn.FunnelReLU(4)(torch.ones(2, 4, 3)), DataError, "x must have 2 axes after the channels, not 1"),
        (lambda: nn.Dice(4, momentum=2), ParameterError, "Dice: momentum must be a number from 0 to 1, not 2"),
        (lambda: nn.Dice(4)(torch.ones(2, 3)), DataError, "x must have shape (samples, 4, ...), not (2, 3)"),
        (lambda: nn.module("dice"), ParameterError, "dice needs the batch: mean and variance of each channel"),
        (lambda: nn.swap(torch.nn.Sequential(torch.nn.ReLU()), "relu", "dice"), ModelError, "dice needs the batch"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()
