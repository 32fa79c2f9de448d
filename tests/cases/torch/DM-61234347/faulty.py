"""Iris through seven tanh layers."""

import torch
import torch.nn as nn
from sklearn.datasets import load_iris


class DeepTanh(nn.Module):
    def __init__(self, width=10, depth=7):
        super().__init__()
        self.first = nn.Linear(4, width)
        self.rest = nn.ModuleList([nn.Linear(width, width) for _ in range(depth - 1)])
        self.last = nn.Linear(width, 3)

    def forward(self, x):
        x = torch.tanh(self.first(x))
        for layer in self.rest:
            x = torch.tanh(layer(x))
        return self.last(x)


def make_model():
    return DeepTanh()


def make_data():
    iris = load_iris()
    x = (iris.data - iris.data.mean(0)) / iris.data.std(0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(iris.target)


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = DeepTanh()
    x, y = make_data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for rows in torch.randperm(len(x)).split(5):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
