"""Softmax regression."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class SoftmaxRegression(nn.Module):
    def __init__(self, features=64, classes=10):
        super().__init__()
        self.linear = nn.Linear(features, classes)

    def forward(self, x):
        return self.linear(x)


def make_model():
    return SoftmaxRegression()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)


LOSS = "cross_entropy"


if __name__ == "__main__":
    model = SoftmaxRegression()
    x, y = make_data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(500):
        rows = torch.randint(len(x), (100,))
        output = model(x[rows])
        loss = nn.functional.cross_entropy(output, y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
