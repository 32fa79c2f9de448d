import torch
import torch.nn as nn
import torch.nn.functional as F

student = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 5))
teacher = nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 5))
kl = nn.KLDivLoss(reduction="batchmean")


def distill(x, optimizer, T=2.0):
    s = F.log_softmax(student(x) / T, dim=1)
    with torch.no_grad():
        t = F.softmax(teacher(x) / T, dim=1)
    loss = kl(s, t)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
