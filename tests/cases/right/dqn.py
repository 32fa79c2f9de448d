import torch
import torch.nn as nn


class DQN(nn.Module):
    def __init__(self, n, a):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n, 64), nn.ReLU(), nn.Linear(64, a))

    def forward(self, x):
        return self.net(x)


policy, target = DQN(4, 2), DQN(4, 2)
crit = nn.SmoothL1Loss()


def opt_step(s, a, r, s2, o):
    q = policy(s).gather(1, a)
    with torch.no_grad():
        e = r + 0.99 * target(s2).max(1)[0]
    l = crit(q, e.unsqueeze(1))
    o.zero_grad()
    l.backward()
    o.step()
