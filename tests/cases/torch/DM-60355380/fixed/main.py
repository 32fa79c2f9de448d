"""Stripes or checks: a binary image classifier."""

import torch
from models import build_cnn
from torch import nn


def make_model():
    return build_cnn(classes=1)


def make_data(n=256):
    g = torch.Generator().manual_seed(0)
    y = torch.randint(0, 2, (n, 1), generator=g).float()
    rows = torch.arange(16).view(16, 1) % 2
    columns = torch.arange(16).view(1, 16) % 2
    stripes = (rows + 0 * columns).float()
    checks = ((rows + columns) % 2).float()
    pattern = torch.where(y.view(n, 1, 1) > 0, checks, stripes)
    return pattern.unsqueeze(1).repeat(1, 3, 1, 1) + 0.3 * torch.randn(n, 3, 16, 16, generator=g), y


LOSS = "bce"

if __name__ == "__main__":
    model = make_model()
    images, labels = make_data()
    bce = nn.BCELoss()
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(5):
        for rows in torch.randperm(len(images)).split(32):
            optimizer.zero_grad()
            loss = bce(model(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()
