"""A Wasserstein GAN on two-dimensional points."""

import torch
from sklearn.datasets import make_moons
from torch import nn

generator = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    def forward(self, points):
        return self.net(points)


def make_model():
    return Critic()


def make_data():
    x, _ = make_moons(256, noise=0.05, random_state=0)
    return torch.tensor(x, dtype=torch.float32), torch.zeros(256, 1)


LOSS = "wasserstein"


def main(steps=100, clip=0.01):
    critic = Critic()
    real, _ = make_data()
    opt_c = torch.optim.RMSprop(critic.parameters(), lr=5e-5)
    opt_g = torch.optim.RMSprop(generator.parameters(), lr=5e-5)
    for step in range(steps):
        fake = generator(torch.randn(256, 4))
        loss_c = -torch.mean(critic(real)) + torch.mean(critic(fake.detach()))
        opt_c.zero_grad()
        loss_c.backward()
        opt_c.step()
        for p in critic.parameters():
            p.data.clamp_(-clip, clip)
        if step % 5 == 0:
            loss_g = -torch.mean(critic(generator(torch.randn(256, 4))))
            opt_g.zero_grad()
            loss_g.backward()
            opt_g.step()


if __name__ == "__main__":
    main()
