"""Fuel consumption with a network written with torch.nn.functional."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(9, 64)
        self.l2 = nn.Linear(64, 64)
        self.l3 = nn.Linear(64, 1)

    def forward(self, x):
        h = F.relu(self.l1(x))
        h = F.relu(self.l2(h))
        y = self.l3(h)
        return y.softmax(dim=1)


def make_model():
    return Net()


def make_data(n=400):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 9, generator=g)
    return x, (x[:, :3].sum(1, keepdim=True) + 0.5 * x[:, 3:4] * x[:, 4:5])


LOSS = "mse"

if __name__ == "__main__":
    x, y = make_data()
    net = Net()
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    for i in range(600):
        rows = torch.randperm(len(x))[:32]
        pred = net(x[rows])
        loss = F.mse_loss(pred, y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
