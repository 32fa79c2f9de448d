"""Networks and tasks as a user's own module would make them, good ones and bad ones."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def plain() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 3))


def normalised() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def dropping() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))


def always_dropping() -> nn.Module:
    """Drops while it is evaluated too, by a common mistake."""

    class Careless(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(6, 8), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.b(F.dropout(torch.relu(self.a(x)), 0.3))

    return Careless()


def functional() -> nn.Module:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(6, 8), nn.Linear(8, 5), nn.Linear(5, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.c(torch.tanh(self.b(F.relu(self.a(x)))))

    return Functional()


def untraceable() -> nn.Module:
    """A network whose path depends on its numbers: vmap cannot follow it."""

    class Fork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.act, self.b = nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            h = self.a(x)
            return self.b(self.act(h if float(h.detach().sum()) > -1e9 else -h))

    return Fork()


def frozen() -> nn.Module:
    model = plain()
    model.get_submodule("0").requires_grad_(False)
    return model


def lazy() -> nn.Module:
    return nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(3))


def convolutional() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


def talkative() -> nn.Module:
    print("a model says hello")
    os.write(1, b"and by the back door\n")
    return plain()


def raising() -> nn.Module:
    raise FileNotFoundError("no such checkpoint")


def nothing() -> Any:
    return None


def linear() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 3))


def wrong_output() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4))


def wrong_input() -> nn.Module:
    return nn.Sequential(nn.Linear(7, 8), nn.ReLU(), nn.Linear(8, 3))


def lazy_wrong_input() -> nn.Module:
    return nn.Sequential(nn.Linear(7, 8), nn.ReLU(), nn.LazyLinear(3))


def tuple_output() -> nn.Module:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = plain()

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return self.inner(x), x

    return Pair()


def weightless() -> nn.Module:
    model = plain()
    return model.requires_grad_(False)


def fails_while_training() -> nn.Module:
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = plain()

        def forward(self, x: Tensor) -> Tensor:
            if self.training and len(x) > 2:
                raise RuntimeError("out of cheese")
            out: Tensor = self.inner(x)
            return out

    return Broken()


NOT_A_FUNCTION = 3


def two_arrays() -> Any:
    rng = torch.Generator().manual_seed(0)
    y = torch.arange(90) % 3
    x = torch.randn(3, 6, generator=rng)[y] + 0.5 * torch.randn(90, 6, generator=rng)
    return x, y


def raising_task() -> Any:
    raise OSError("the disk is in the washing machine")


def wrong_task() -> Any:
    return {"x": 1}
