"""A discriminator that ends in tanh, trained with binary cross-entropy."""

import torch
from torch import nn


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Linear(2, 64), nn.LeakyReLU(0.2, inplace=True), nn.Linear(64, 64), nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(64, 1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, x):
        return self.main(x).view(-1)


def make_model():
    return Discriminator()


def make_data():
    g = torch.Generator().manual_seed(0)
    x = torch.randn(200, 2, generator=g)
    return x, (x.norm(dim=1) < 1).float()


LOSS = "bce"

if __name__ == "__main__":
    netD = Discriminator()
    criterion = nn.BCELoss()
    optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-4, betas=(0.5, 0.999))
    x, y = make_data()
    for step in range(50):
        netD.zero_grad()
        output = netD(x)
        errD = criterion(output.clamp(1e-6, 1 - 1e-6), y)
        errD.backward()
        optimizerD.step()
