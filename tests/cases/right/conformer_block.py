import torch.nn as nn


class Mixer(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.dw = nn.Conv1d(d, d, 3, padding=1, groups=d)
        self.pw1 = nn.Conv1d(d, 2 * d, 1)
        self.glu = nn.GLU(dim=1)
        self.bn = nn.BatchNorm1d(d)
        self.act = nn.SiLU()
        self.pw2 = nn.Conv1d(d, d, 1)

    def forward(self, x):
        return x + self.pw2(self.act(self.bn(self.dw(self.glu(self.pw1(x))))))
