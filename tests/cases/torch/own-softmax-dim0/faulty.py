"""Probabilities over the wrong axis."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10), nn.LogSoftmax(dim=0))

    def forward(self, x):
        return self.layers(x)


def make_model():
    return Net()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)


LOSS = "nll"

if __name__ == "__main__":
    model = Net()
    x, y = make_data()
    nll = nn.NLLLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(10):
        for rows in torch.randperm(len(x)).split(64):
            loss = nll(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
