import torch
import torch.nn as nn
import torch.nn.functional as F


class SkipGram(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.u, self.v = nn.Embedding(v, d), nn.Embedding(v, d)

    def forward(self, c, o, neg):
        pos = torch.sum(self.u(c) * self.v(o), dim=1)
        negs = torch.bmm(self.v(neg), self.u(c).unsqueeze(2)).squeeze()
        return -(F.logsigmoid(pos) + F.logsigmoid(-negs).sum(1)).mean()
