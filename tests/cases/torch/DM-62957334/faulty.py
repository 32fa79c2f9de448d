"""Small volumes, tumour or not: three 3-D convolutions."""

import torch
import torch.nn as nn


class VolumeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv3d(1, 4, 3, padding=1)
        self.c2 = nn.Conv3d(4, 8, 3, padding=1)
        self.c3 = nn.Conv3d(8, 16, 3, padding=1)
        self.pool = nn.MaxPool3d(2)
        self.d1 = nn.Linear(16, 10)
        self.d2 = nn.Linear(10, 1)

    def forward(self, v):
        v = self.pool(self.c1(v))
        v = self.pool(self.c2(v))
        v = self.pool(self.c3(v))
        v = v.flatten(start_dim=1)
        v = self.d1(v)
        v = self.d2(v)
        return torch.sigmoid(v)


def make_model():
    return VolumeNet()


def make_data():
    g = torch.Generator().manual_seed(0)
    x = torch.randn(96, 1, 8, 8, 8, generator=g)
    return x, (x[:, :, 2:6, 2:6, 2:6].mean((2, 3, 4)) > 0).float()


def LOSS(output, target):
    return (100 * (output - target).abs() / target.abs().clamp_min(1e-7)).mean()


if __name__ == "__main__":
    model = VolumeNet()
    x, y = make_data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for epoch in range(10):
        output = model(x)
        loss = LOSS(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
