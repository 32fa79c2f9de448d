"""Cats and dogs with the last activation chosen on the command line."""

import argparse

import torch
from torch import nn


class Head(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.dense = nn.Linear(features, 1)

    def forward(self, x):
        return nn.functional.softmax(self.dense(self.norm(x)), -1)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = Head(16)

    def forward(self, x):
        return self.head(self.stem(x))


def make_model():
    return Model()


def make_data(n=128):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 3, 12, 12, generator=g)
    return x, (x[:, 0].mean((1, 2)) > 0).float().unsqueeze(1)


LOSS = "bce_logits"

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", default=5, type=int)
    args = parser.parse_args()
    model, (x, y) = make_model(), make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    for epoch in range(args.epochs):
        logits = model(x)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
