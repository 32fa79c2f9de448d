"""Colourisation: tanh output, targets between -1 and 1, mean squared error."""

import torch
from torch import nn


class Colourer(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU())
        self.decoder = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(32, 16, 3, padding=1), nn.ReLU())
        self.last = nn.Conv2d(16, 2, 3, padding=1)

    def forward(self, lightness):
        return torch.tanh(self.last(self.decoder(self.encoder(lightness))))


def make_model():
    return Colourer()


def make_data(n=16):
    g = torch.Generator().manual_seed(0)
    lightness = torch.rand(n, 1, 16, 16, generator=g)
    ab = torch.cat([torch.sin(6 * lightness), torch.cos(6 * lightness)], 1)
    return lightness, ab


LOSS = "mse"


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(100):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
