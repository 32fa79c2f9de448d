"""The game of life as a network: the next state of a cell from its neighbours."""

import torch
from torch import nn


def make_model():
    return nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())


def make_data(n=512):
    g = torch.Generator().manual_seed(0)
    x = torch.randint(0, 2, (n, 9), generator=g).float()
    around = x.sum(1) - x[:, 4]
    alive = (around == 3) | ((around == 2) & (x[:, 4] == 1))
    return x, alive.float().unsqueeze(1)


LOSS = "bce"

if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    loss_fn = nn.BCELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(200):
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
