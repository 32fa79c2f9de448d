"""A small network for a binary decision."""

import torch
from torch import nn


class Narrow(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 16)
        self.second = nn.Linear(16, 1)

    def forward(self, x):
        x = torch.relu(self.first(x))
        return torch.sigmoid(self.second(x))


def make_model():
    return Narrow()


def make_data():
    g = torch.Generator().manual_seed(6)
    x = torch.randn(400, 6, generator=g)
    return x, (x[:, :2].sum(1, keepdim=True) > 0).float()


LOSS = "bce"

if __name__ == "__main__":
    net = Narrow()
    x, y = make_data()
    bce_loss = nn.BCELoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(100):
        predicted = net(x)
        loss = bce_loss(predicted, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
