import torch
import torch.nn as nn
import torch.nn.functional as F


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 16))

    def forward(self, x):
        return F.normalize(self.f(x), dim=1)


m = SimCLR()


def info_nce(a, b, t=0.1):
    sim = m(a) @ m(b).t() / t
    return F.cross_entropy(sim, torch.arange(len(a)))
