"""A sine network that fits an image."""

import math

import torch
from torch import nn


class Sine(nn.Module):
    def __init__(self, w0=30.0):
        super().__init__()
        self.w0 = w0

    def forward(self, x):
        return torch.sin(self.w0 * x)


class Siren(nn.Module):
    def __init__(self, width=64, depth=3):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, width)] + [nn.Linear(width, width) for _ in range(depth - 1)])
        self.out = nn.Linear(width, 1)
        self.sine = Sine()
        self.reset()

    def reset(self):
        for i, layer in enumerate(self.layers):
            n = layer.in_features
            bound = 1 / n if i == 0 else math.sqrt(6 / n) / self.sine.w0
            nn.init.uniform_(layer.weight, -bound, bound)

    def forward(self, x):
        for layer in self.layers:
            x = self.sine(layer(x))
        return self.out(x)


def make_model():
    return Siren()


def make_data(n=24):
    axis = torch.linspace(-1, 1, n)
    x = torch.cartesian_prod(axis, axis)
    return x, torch.sin(8 * x[:, :1]) * torch.cos(math.pi * x[:, 1:])


LOSS = "mse"

if __name__ == "__main__":
    model = Siren()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    for step in range(200):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
