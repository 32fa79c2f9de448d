"""Dropout between convolution and ReLU, and on the logits."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class DropNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, padding=1)
        self.drop = nn.Dropout(0.5)
        self.fc1 = nn.Linear(256, 64)
        self.fc2 = nn.Linear(64, 10)
        self.last = nn.Dropout(0.8)

    def forward(self, x):
        x = self.drop(self.conv(x)).relu()
        x = nn.functional.max_pool2d(x, 2)
        x = self.fc1(x.flatten(1)).relu()
        return self.last(self.fc2(x))


def make_model():
    return DropNet()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.images / 16, dtype=torch.float32).unsqueeze(1), torch.tensor(digits.target)


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = DropNet()
    x, y = make_data()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    for step in range(300):
        rows = torch.randint(len(x), (64,))
        loss = criterion(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
