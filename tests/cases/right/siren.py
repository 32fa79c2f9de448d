"""SIREN with its own initialisation."""

import math

import torch
from torch import nn


class SineLayer(nn.Module):
    def __init__(self, n_in, n_out, first=False, omega=30.0):
        super().__init__()
        self.omega = omega
        self.linear = nn.Linear(n_in, n_out)
        bound = 1 / n_in if first else math.sqrt(6 / n_in) / omega
        with torch.no_grad():
            self.linear.weight.uniform_(-bound, bound)

    def forward(self, x):
        return torch.sin(self.omega * self.linear(x))


def make_model():
    return nn.Sequential(SineLayer(2, 64, first=True), SineLayer(64, 64), SineLayer(64, 64), nn.Linear(64, 1))


def make_data(n=24):
    axis = torch.linspace(-1, 1, n)
    x = torch.cartesian_prod(axis, axis)
    return x, torch.sin(8 * x.sum(1, keepdim=True))


LOSS = "mse"


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(100):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
