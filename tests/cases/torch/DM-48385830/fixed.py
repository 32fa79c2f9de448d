"""Handwritten digits with a two-layer network written as a class."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


class Network(nn.Module):
    def __init__(self, n_hidden=30):
        super(Network, self).__init__()
        self.hidden = nn.Linear(64, n_hidden)
        self.out = nn.Linear(n_hidden, 10)

    def forward(self, x):
        x = torch.sigmoid(self.hidden(x))
        x = self.out(x)
        return x


def make_model():
    return Network()


def make_data():
    digits = load_digits()
    x = torch.tensor(digits.data / 16.0, dtype=torch.float32)
    return x, torch.tensor(digits.target)


LOSS = "cross_entropy"


def train(model, x, y, lr=0.5, epochs=30, batch=10):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for epoch in range(epochs):
        for rows in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
        print("epoch %d: loss %.3f" % (epoch, loss.item()))


if __name__ == "__main__":
    train(make_model(), *make_data())
