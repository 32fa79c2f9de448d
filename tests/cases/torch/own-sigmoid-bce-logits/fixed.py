"""Multi-label tagging."""

import torch
from torch import nn


class MultiLabel(nn.Module):
    def __init__(self, labels=6):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU())
        self.head = nn.Linear(64, labels)

    def forward(self, x):
        x = self.backbone(x)
        x = self.head(x)
        return x


def make_model():
    return MultiLabel()


def make_data():
    g = torch.Generator().manual_seed(0)
    x = torch.randn(500, 20, generator=g)
    return x, (x @ torch.randn(20, 6, generator=g) > 0).float()


LOSS = "bce_logits"


def train_one_epoch(model, criterion, optimizer, x, y):
    model.train()
    for rows in torch.randperm(len(x)).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()


def main():
    model = MultiLabel()
    criterion = nn.BCEWithLogitsLoss(pos_weight=torch.ones(6))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
    x, y = make_data()
    for _ in range(10):
        train_one_epoch(model, criterion, optimizer, x, y)


if __name__ == "__main__":
    main()
