"""Digits with a hand-written training loop and weights kept in a list."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn


class ListNet(nn.Module):
    def __init__(self, sizes=(64, 48, 32, 10)):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(n, m) for n, m in zip(sizes, sizes[1:])])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


def make_model():
    return ListNet()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = ListNet()
    x, y = make_data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(20):
        for rows in torch.randperm(len(x)).split(50):
            logits = model(x[rows])
            loss = F.cross_entropy(logits, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
