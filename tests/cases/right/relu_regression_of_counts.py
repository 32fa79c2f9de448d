"""Non-negative targets: a softplus output with Poisson loss, and an exponential one for log input."""

import torch
from torch import nn


def make_model():
    return nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1), nn.Softplus())


def make_data(n=300):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 6, generator=g)
    return x, torch.poisson(torch.exp(0.5 * x[:, :1]), generator=g)


def LOSS(rate, counts):
    return nn.functional.poisson_nll_loss(rate, counts, log_input=False)


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(100):
        loss = LOSS(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
