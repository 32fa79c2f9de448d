"""Can a network learn the mean of its inputs?"""

import torch
from torch import nn

N = 30


def make_data():
    torch.manual_seed(7)
    x = torch.randn(900, N)
    return x, x.mean(dim=1, keepdim=True) * N**0.5


def make_model():
    model = nn.Sequential()
    model.add_module("hidden", nn.Linear(N, 1))
    model.add_module("act", nn.ReLU())
    model.add_module("out", nn.Linear(1, 1))
    model.add_module("final", nn.Sigmoid())
    return model


LOSS = "mse"


def training_step(model, batch, optimizer):
    x, y = batch
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


if __name__ == "__main__":
    x, y = make_data()
    model = make_model()
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(600):
        rows = torch.randint(0, len(x), (32,))
        loss = training_step(model, (x[rows], y[rows]), adam)
    print(loss.item())
