"""A Wasserstein critic with a linear output; only the generator ends in tanh."""

import torch
from torch import nn


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2), nn.Tanh())

    def forward(self, z):
        return self.net(z)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    def forward(self, x):
        return self.net(x)


def make_model():
    return Critic()


def make_data(n=256):
    g = torch.Generator().manual_seed(0)
    return torch.rand(n, 2, generator=g) * 2 - 1, torch.zeros(n, 1)


LOSS = "wasserstein"

if __name__ == "__main__":
    critic, generator = Critic(), Generator()
    real, _ = make_data()
    opt_c = torch.optim.RMSprop(critic.parameters(), lr=5e-5)
    for step in range(50):
        fake = generator(torch.randn(len(real), 8)).detach()
        loss = critic(fake).mean() - critic(real).mean()
        opt_c.zero_grad()
        loss.backward()
        opt_c.step()
