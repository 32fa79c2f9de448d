import torch
import torch.nn as nn


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.m = nn.Sequential(nn.Linear(784, 512), nn.LeakyReLU(0.2, inplace=True), nn.Linear(512, 1))

    def forward(self, img):
        return self.m(img.view(img.size(0), -1))


G = nn.Sequential(nn.Linear(100, 256), nn.ReLU(), nn.Linear(256, 784), nn.Tanh())
D = Critic()
optD = torch.optim.RMSprop(D.parameters(), lr=0.00005)
optG = torch.optim.RMSprop(G.parameters(), lr=0.00005)
for i in range(100):
    z = torch.randn(64, 100)
    real = torch.randn(64, 784)
    fake = G(z).detach()
    lossD = -(torch.mean(D(real)) - torch.mean(D(fake)))
    optD.zero_grad()
    lossD.backward()
    optD.step()
    for p in D.parameters():
        p.data.clamp_(-0.01, 0.01)
    lossG = -torch.mean(D(G(z)))
    optG.zero_grad()
    lossG.backward()
    optG.step()
