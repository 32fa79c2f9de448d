"""A squeeze-and-excitation block: the sigmoid is a gate, not a hidden layer."""

import torch
from torch import nn


class SELayer(nn.Module):
    def __init__(self, channel, reduction=4):
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(
            nn.Linear(channel, channel // reduction, bias=False), nn.ReLU(inplace=True),
            nn.Linear(channel // reduction, channel, bias=False), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x):
        b, c, _, _ = x.size()
        y = self.avg_pool(x).view(b, c)
        y = self.fc(y).view(b, c, 1, 1)
        return x * y.expand_as(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        blocks = []
        for c_in in (3, 16, 16, 16, 16):
            blocks += [nn.Conv2d(c_in, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(inplace=True), SELayer(16)]
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(16, 5)

    def forward(self, x):
        return self.fc(self.blocks(x).mean((2, 3)))


def make_model():
    return Net()


def make_data(n=32):
    g = torch.Generator().manual_seed(0)
    y = torch.randint(0, 5, (n,), generator=g)
    return torch.randn(5, 3, 16, 16, generator=g)[y] + torch.randn(n, 3, 16, 16, generator=g), y


LOSS = "cross_entropy"


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(100):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
