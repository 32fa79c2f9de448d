"""A 1-8-1 ReLU network with uniform weights fits a sine."""

import torch
from torch import nn


def make_model():
    model = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1))
    for layer in (model[0], model[2]):
        nn.init.uniform_(layer.weight, -1, 1)
    return model


def make_data(n=200):
    x = torch.linspace(-3, 3, n).unsqueeze(1)
    return x, torch.sin(x)


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
