"""Thirty-four ReLU layers with He's weights."""

import torch
from sklearn.datasets import make_circles
from torch import nn


class Plain(nn.Module):
    def __init__(self, depth=34, width=32):
        super().__init__()
        self.inp = nn.Linear(2, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = nn.Linear(width, 2)
        self.apply(self._init)

    @staticmethod
    def _init(module):
        if isinstance(module, nn.Linear):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)

    def forward(self, x):
        x = torch.relu(self.inp(x))
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)


def make_model():
    return Plain()


def make_data():
    x, y = make_circles(400, noise=0.05, factor=0.5, random_state=0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


LOSS = "cross_entropy"

if __name__ == "__main__":
    net = Plain()
    x, y = make_data()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    for epoch in range(100):
        loss = nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
