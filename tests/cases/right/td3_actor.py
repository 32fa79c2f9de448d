import torch
import torch.nn as nn


class Actor(nn.Module):
    def __init__(self, s, a, max_action):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(s, 256), nn.Linear(256, 256), nn.Linear(256, a)
        self.max_action = max_action

    def forward(self, x):
        x = torch.relu(self.l2(torch.relu(self.l1(x))))
        return self.max_action * torch.tanh(self.l3(x))


actor = Actor(3, 1, 2.0)
critic = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 1))


def update(s, opt):
    loss = -critic(torch.cat([s, actor(s)], 1)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
