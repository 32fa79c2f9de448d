"""Normaliser-free residual network: scaled activations, standardised weights, a gain that starts at zero."""

import torch
import torch.nn.functional as F
from torch import nn


class ScaledStdConv2d(nn.Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.gain = nn.Parameter(torch.ones(self.out_channels, 1, 1, 1))

    def forward(self, x):
        w = self.weight
        mean, var = w.mean((1, 2, 3), keepdim=True), w.var((1, 2, 3), keepdim=True)
        w = (w - mean) * torch.rsqrt(var * w[0].numel() + 1e-4) * self.gain
        return F.conv2d(x, w, self.bias, self.stride, self.padding)


class NFBlock(nn.Module):
    def __init__(self, channels, alpha=0.2, beta=1.0):
        super().__init__()
        self.alpha, self.beta = alpha, beta
        self.conv1 = ScaledStdConv2d(channels, channels, 3, padding=1)
        self.conv2 = ScaledStdConv2d(channels, channels, 3, padding=1)
        self.skip_gain = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        out = F.gelu(x) * 1.7015043497085571 * self.beta
        out = self.conv1(out)
        out = self.conv2(F.gelu(out) * 1.7015043497085571)
        return x + self.alpha * out * self.skip_gain


class NFNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ScaledStdConv2d(3, 16, 3, padding=1)
        self.stages = nn.Sequential(*[NFBlock(16) for _ in range(4)])
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        x = F.gelu(self.stages(self.stem(x))) * 1.7015043497085571
        return self.head(x.mean((2, 3)))


def make_model():
    return NFNet()


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
