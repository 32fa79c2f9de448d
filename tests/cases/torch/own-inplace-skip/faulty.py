"""A residual block whose skip connection is overwritten."""

import torch
from torch import nn


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.act = nn.Sigmoid()
        self.inplace = nn.ReLU(inplace=True)
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        gate = self.act(self.norm(x))
        hidden = self.inplace(gate)
        return x + self.fc(hidden) * gate


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(8, 16)
        self.block1 = Residual(16)
        self.block2 = Residual(16)
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        return self.head(self.block2(self.block1(torch.tanh(self.stem(x)))))


def make_model():
    return Net()


def make_data():
    g = torch.Generator().manual_seed(0)
    x = torch.randn(200, 8, generator=g)
    return x, (x[:, 0] * x[:, 1] > 0).long()


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = Net()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(20):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
