"""Network in network: the last ReLU is pooled over all positions."""

import torch
import torch.nn.functional as F
from torch import nn


def mlpconv(c_in, c_mid, c_out, k):
    return nn.Sequential(nn.Conv2d(c_in, c_mid, k, padding=k // 2), nn.ReLU(), nn.Conv2d(c_mid, c_out, 1), nn.ReLU())


class NiN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = mlpconv(3, 24, 16, 5)
        self.block2 = mlpconv(16, 24, 5, 3)

    def forward(self, x):
        x = F.max_pool2d(self.block1(x), 2)
        x = self.block2(x)
        return x.mean(dim=(2, 3))


def make_model():
    return NiN()


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
