"""LeNet with a tanh behind each sigmoid."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class Block(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.act1 = nn.Sigmoid()
        self.act2 = nn.Tanh()
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        return self.pool(self.act2(self.act1(self.conv(x))))


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(Block(1, 6), Block(6, 16))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(self.body(x).flatten(1))


def make_model():
    return LeNet()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.images / 16, dtype=torch.float32).unsqueeze(1), torch.tensor(digits.target)


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = LeNet()
    x, y = make_data()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(3):
        for rows in torch.randperm(len(x)).split(64):
            loss = criterion(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
