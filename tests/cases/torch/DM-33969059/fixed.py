"""Exclusive or, again: tanh hidden units, uniform initial weights."""

import torch
from torch import nn


class XorNet(nn.Module):
    def __init__(self, hidden=4):
        super().__init__()
        self.hidden = nn.Linear(2, hidden)
        self.output = nn.Linear(hidden, 1)
        self.reset()

    def reset(self):
        for p in self.parameters():
            nn.init.uniform_(p, -0.5, 0.5)

    def forward(self, inputs):
        hidden = torch.tanh(self.hidden(inputs))
        return torch.sigmoid(self.output(hidden))


def make_model():
    return XorNet()


def make_data():
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return x, torch.tensor([[0.0], [1.0], [1.0], [0.0]])


LOSS = "mse"

if __name__ == "__main__":
    net = XorNet()
    x, y = make_data()
    opt = torch.optim.SGD(net.parameters(), lr=0.5)
    for epoch in range(2000):
        error = ((net(x) - y) ** 2).mean()
        opt.zero_grad()
        error.backward()
        opt.step()
