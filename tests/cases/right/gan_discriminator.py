"""A classic GAN: the discriminator's sigmoid with BCELoss, the generator's tanh for data in [-1, 1]."""

import torch
from torch import nn

generator = nn.Sequential(nn.Linear(10, 32), nn.ReLU(True), nn.Linear(32, 16), nn.Tanh())
discriminator = nn.Sequential(nn.Linear(16, 32), nn.LeakyReLU(0.2, inplace=True), nn.Linear(32, 1), nn.Sigmoid())


def make_model():
    return discriminator


def make_data(n=128):
    g = torch.Generator().manual_seed(0)
    real = torch.tanh(torch.randn(n, 16, generator=g))
    fake = torch.rand(n, 16, generator=g) * 2 - 1
    return torch.cat([real, fake]), torch.cat([torch.ones(n, 1), torch.zeros(n, 1)])


LOSS = "bce"

if __name__ == "__main__":
    criterion = nn.BCELoss()
    opt_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    opt_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    real = make_data()[0][:128]
    for step in range(50):
        discriminator.zero_grad()
        loss_real = criterion(discriminator(real), torch.ones(128, 1))
        fake = generator(torch.randn(128, 10))
        loss_fake = criterion(discriminator(fake.detach()), torch.zeros(128, 1))
        (loss_real + loss_fake).backward()
        opt_d.step()
        generator.zero_grad()
        criterion(discriminator(fake), torch.ones(128, 1)).backward()
        opt_g.step()
