"""An activation class where an object is meant."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class MLP(nn.Module):
    def __init__(self, activation=nn.ReLU):
        super().__init__()
        self.fc1 = nn.Linear(64, 32)
        self.act = activation
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        x = self.act(self.fc1(x))
        return self.fc2(x)


def make_model():
    return MLP()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = MLP()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters())
    criterion = nn.CrossEntropyLoss()
    for epoch in range(10):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
