"""Entropy regularisation: softmax and log_softmax of the logits beside the cross-entropy."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(20, 64)
        self.head = nn.Linear(64, 5)

    def forward(self, x):
        return self.head(F.mish(self.trunk(x)))


def make_model():
    return Net()


def make_data(n=256):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 20, generator=g)
    return x, (x @ torch.randn(20, 5, generator=g)).argmax(1)


LOSS = "cross_entropy"


def entropy(logits):
    p = F.softmax(logits, dim=1)
    return -(p * F.log_softmax(logits, dim=1)).sum(1).mean()


if __name__ == "__main__":
    net = make_model()
    x, y = make_data()
    optimizer = torch.optim.Adam(net.parameters())
    for step in range(50):
        logits = net(x)
        loss = F.cross_entropy(logits, y) - 0.01 * entropy(logits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
