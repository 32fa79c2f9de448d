"""Gated units: F.glu, and a SwiGLU with three projections."""

import torch
import torch.nn.functional as F
from torch import nn


class SwiGLU(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.w1 = nn.Linear(d, hidden, bias=False)
        self.w2 = nn.Linear(hidden, d, bias=False)
        self.w3 = nn.Linear(d, hidden, bias=False)

    def forward(self, x):
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class GatedNet(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.inp = nn.Linear(20, 2 * d)
        self.norm = nn.LayerNorm(d)
        self.ff = SwiGLU(d, 2 * d)
        self.highway_t = nn.Linear(d, d)
        self.out = nn.Linear(d, 5)

    def forward(self, x):
        x = F.glu(self.inp(x), dim=-1)
        x = x + self.ff(self.norm(x))
        t = torch.sigmoid(self.highway_t(x))
        x = t * torch.tanh(x) + (1 - t) * x
        return self.out(x)


def make_model():
    return GatedNet()


def make_data(n=256):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 20, generator=g)
    return x, (x @ torch.randn(20, 5, generator=g)).argmax(1)


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
