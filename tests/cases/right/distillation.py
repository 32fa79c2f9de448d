"""Knowledge distillation: log_softmax of the student, softmax of the teacher, KLDivLoss, and the usual cross-entropy."""

import torch
import torch.nn.functional as F
from torch import nn

teacher = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))


def make_model():
    return nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 5))


def make_data(n=256):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 20, generator=g)
    return x, (x @ torch.randn(20, 5, generator=g)).argmax(1)


def LOSS(output, target):
    return F.cross_entropy(output, target)


def distillation_loss(student_logits, teacher_logits, labels, T=4.0, alpha=0.7):
    soft_targets = F.softmax(teacher_logits / T, dim=-1)
    soft_prob = F.log_softmax(student_logits / T, dim=-1)
    kd = nn.KLDivLoss(reduction="batchmean")(soft_prob, soft_targets) * T**2
    return alpha * kd + (1 - alpha) * F.cross_entropy(student_logits, labels)


if __name__ == "__main__":
    student = make_model()
    x, y = make_data()
    optimizer = torch.optim.Adam(student.parameters())
    for step in range(50):
        with torch.no_grad():
            teacher_logits = teacher(x)
        loss = distillation_loss(student(x), teacher_logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
