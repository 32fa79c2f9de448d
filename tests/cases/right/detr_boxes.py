"""A detector's two heads: class logits with cross-entropy, sigmoid boxes with L1 on coordinates between 0 and 1."""

import torch
import torch.nn.functional as F
from torch import nn


class Detector(nn.Module):
    def __init__(self, d=32, classes=5):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(20, d), nn.ReLU(), nn.Linear(d, d), nn.ReLU())
        self.class_embed = nn.Linear(d, classes)
        self.bbox_embed = nn.Sequential(nn.Linear(d, d), nn.ReLU(), nn.Linear(d, 4))

    def forward(self, x):
        h = self.backbone(x)
        return {"pred_logits": self.class_embed(h), "pred_boxes": self.bbox_embed(h).sigmoid()}


def make_model():
    return Detector()


def make_data(n=256):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 20, generator=g)
    return x, (x @ torch.randn(20, 5, generator=g)).argmax(1)


def LOSS(outputs, labels):
    return F.cross_entropy(outputs["pred_logits"], labels)


class SetCriterion(nn.Module):
    def loss_labels(self, outputs, targets):
        return F.cross_entropy(outputs["pred_logits"], targets["labels"])

    def loss_boxes(self, outputs, targets):
        return F.l1_loss(outputs["pred_boxes"], targets["boxes"])

    def forward(self, outputs, targets):
        return self.loss_labels(outputs, targets) + 5 * self.loss_boxes(outputs, targets)


if __name__ == "__main__":
    model, criterion = make_model(), SetCriterion()
    x, y = make_data()
    targets = {"labels": y, "boxes": torch.rand(len(x), 4)}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    for step in range(50):
        loss = criterion(model(x), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
