"""Regression on raw, unscaled columns with a large step size."""

import torch
from torch import nn


def make_model():
    return nn.Sequential(nn.Linear(3, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 1))


def make_data(n=300):
    g = torch.Generator().manual_seed(0)
    x = torch.rand(n, 3, generator=g) * torch.tensor([100.0, 1000.0, 10.0])
    return x, (x[:, :1] * 0.5 + x[:, 1:2] * 0.01)


LOSS = "mse"


def make_optimizer(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    optimizer = make_optimizer(model)
    for epoch in range(100):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(epoch, loss.item())
