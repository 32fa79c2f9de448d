"""Softmax regression with the cross-entropy written by hand."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class SoftmaxRegression(nn.Module):
    def __init__(self, features=64, classes=10):
        super().__init__()
        self.linear = nn.Linear(features, classes)
        nn.init.normal_(self.linear.weight, std=1.0)

    def forward(self, x):
        return torch.softmax(self.linear(x), dim=1)


def make_model():
    return SoftmaxRegression()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.data, dtype=torch.float32), torch.tensor(digits.target)


def LOSS(output, target):
    one_hot = nn.functional.one_hot(target, 10).float()
    return -(one_hot * torch.log(output)).sum(dim=1).mean()


if __name__ == "__main__":
    model = SoftmaxRegression()
    x, y = make_data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(500):
        rows = torch.randint(len(x), (100,))
        one_hot = nn.functional.one_hot(y[rows], 10).float()
        output = model(x[rows])
        loss = -(one_hot * torch.log(output)).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
