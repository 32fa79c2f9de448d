import torch
import torch.nn as nn
import torch.nn.functional as F


class LabelSmoothing(nn.Module):
    def __init__(self, eps=0.1):
        super().__init__()
        self.eps = eps

    def forward(self, output, target):
        c = output.size()[-1]
        log_preds = F.log_softmax(output, dim=-1)
        loss = -log_preds.sum(dim=-1).mean()
        return loss * self.eps / c + (1 - self.eps) * F.nll_loss(log_preds, target)


model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 4))
crit = LabelSmoothing()


def step(x, y, opt):
    opt.zero_grad()
    crit(model(x), y).backward()
    opt.step()
