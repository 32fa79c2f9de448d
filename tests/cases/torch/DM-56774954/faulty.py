"""Counts per day with the Poisson loss."""

import torch
from torch import nn

model_options = {"hidden": 24, "features": 5, "outputs": 3}


def make_model(options=model_options):
    return nn.Sequential(
        nn.Linear(options["features"], options["hidden"]),
        nn.ReLU(),
        nn.Linear(options["hidden"], options["outputs"]),
        nn.Softmax(dim=1),
    )


def make_data():
    g = torch.Generator().manual_seed(0)
    x = torch.randn(500, 5, generator=g)
    rates = torch.exp(0.5 * x[:, :3] + 1)
    return x, torch.poisson(rates, generator=g)


def LOSS(output, target):
    return nn.functional.poisson_nll_loss(output, target, log_input=False)


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    criterion = nn.PoissonNLLLoss(log_input=False)
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(100):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
