"""A mixture of experts: the gate's softmax multiplies, a temperature before the cross-entropy."""

import torch
from torch import nn


class MoE(nn.Module):
    def __init__(self, d=20, experts=4, classes=5):
        super().__init__()
        self.gate = nn.Linear(d, experts)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(d, 32), nn.ReLU(), nn.Linear(32, 16)) for _ in range(experts))
        self.act = nn.ReLU()
        self.head = nn.Linear(16, classes)

    def forward(self, x):
        weights = torch.softmax(self.gate(x), dim=-1)
        outputs = torch.stack([e(x) for e in self.experts], dim=1)
        mixed = (weights.unsqueeze(-1) * outputs).sum(dim=1)
        return self.head(self.act(mixed))


def make_model():
    return MoE()


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
        loss = nn.functional.cross_entropy(model(x) / 0.7, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
