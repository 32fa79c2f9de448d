"""Four joint angles from a camera's features."""

import torch
from torch import nn


class Angles(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(20, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 32)
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        x = torch.sigmoid(self.fc1(x))
        x = torch.sigmoid(self.fc2(x))
        x = torch.sigmoid(self.fc3(x))
        x = self.out(x)
        return torch.softmax(x, 1)


def make_model():
    return Angles()


def make_data():
    torch.manual_seed(0)
    x = torch.randn(500, 20)
    w = torch.randn(20, 4)
    return x, torch.atan(x @ w) * 2


LOSS = "mse"

if __name__ == "__main__":
    net = make_model()
    x, y = make_data()
    objective = torch.nn.MSELoss(reduction="mean")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    for epoch in range(100):
        pred = net(x)
        loss = objective(pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
