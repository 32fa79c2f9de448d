"""Classify short signals with a stack of sigmoid convolutions."""

import torch
from torch import nn


class SignalNet(nn.Module):
    def __init__(self, depth=5, channels=16):
        super().__init__()
        layers = [nn.Conv1d(1, channels, 5, padding=2), nn.Sigmoid()]
        for _ in range(depth - 1):
            layers += [nn.Conv1d(channels, channels, 5, padding=2), nn.Sigmoid()]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(channels * 8, 3)

    def forward(self, x):
        x = self.layers(x)
        x = nn.functional.adaptive_max_pool1d(x, 8)
        return self.head(x.flatten(1))


def make_model():
    return SignalNet()


def make_data():
    g = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (300,), generator=g)
    t = torch.arange(64.0)
    return torch.sin(t * (0.1 + 0.15 * y[:, None])).unsqueeze(1) + 0.2 * torch.randn(300, 1, 64, generator=g), y


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = SignalNet()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(20):
        for rows in torch.randperm(len(x)).split(30):
            loss = criterion(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
