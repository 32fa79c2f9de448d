"""RetinaNet's focal loss: it takes logits and applies the sigmoid itself."""

import torch
import torch.nn.functional as F
from torch import nn


def sigmoid_focal_loss(inputs, targets, alpha=0.25, gamma=2.0):
    p = torch.sigmoid(inputs)
    ce = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    p_t = p * targets + (1 - p) * (1 - targets)
    weight = alpha * targets + (1 - alpha) * (1 - targets)
    return (weight * ce * (1 - p_t) ** gamma).mean()


class Head(nn.Module):
    def __init__(self, classes=5):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU())
        self.cls_logits = nn.Linear(16, classes)
        nn.init.constant_(self.cls_logits.bias, -4.6)

    def forward(self, x):
        return self.cls_logits(self.conv(x).amax((2, 3)))


LOSS = sigmoid_focal_loss


def make_model():
    return Head()


def make_data(n=32):
    g = torch.Generator().manual_seed(0)
    return torch.randn(n, 3, 16, 16, generator=g), (torch.rand(n, 5, generator=g) > 0.8).float()


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(100):
        loss = sigmoid_focal_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
