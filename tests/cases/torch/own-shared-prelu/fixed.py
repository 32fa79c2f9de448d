"""A PReLU behind each layer."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class Net(nn.Module):
    def __init__(self, sizes=(64, 64, 64, 32)):
        super().__init__()
        blocks = []
        for a, b in zip(sizes[:-1], sizes[1:]):
            blocks += [nn.Linear(a, b), nn.PReLU()]
        self.body = nn.Sequential(*blocks)
        self.head = nn.Linear(sizes[-1], 10)

    def forward(self, x):
        return self.head(self.body(x))


def make_model():
    return Net()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = Net()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters())
    for rows in torch.randperm(len(x)).split(64):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
