"""Survival on a ship: scaled columns."""

import torch
from torch import nn


class Titanic(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, x):
        return self.fc(x)


def make_model():
    return Titanic()


def make_data(n=400):
    g = torch.Generator().manual_seed(9)
    age = 80 * torch.rand(n, generator=g)
    fare = 500 * torch.rand(n, generator=g) ** 3
    ticket = 3_000_000 * torch.rand(n, generator=g)
    sex = torch.randint(0, 2, (n,), generator=g).float()
    x = torch.stack([age, fare, ticket, sex], dim=1)
    x = (x - x.mean(0)) / x.std(0)
    return x, ((sex + fare / 250 - age / 80) > 0.4).long()


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = Titanic()
    x, y = make_data()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for epoch in range(50):
        for rows in torch.randperm(len(x)).split(40):
            loss = criterion(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
