"""Confidence of a match per token: the sigmoid belongs to another head than the cross-entropy."""

import torch
from torch import nn


class TokenConfidence(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.token = nn.Sequential(nn.Linear(dim, 1), nn.Sigmoid())
        self.loss_fn = nn.BCEWithLogitsLoss(reduction="none")

    def forward(self, desc):
        return self.token(desc.detach()).squeeze(-1)

    def loss(self, desc, correct):
        logit = self.token[0](desc.detach()).squeeze(-1)
        return self.loss_fn(logit, correct).mean()


class Matcher(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(20, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.confidence = TokenConfidence(dim)
        self.head = nn.Linear(dim, 5)

    def forward(self, x):
        return self.head(torch.relu(self.encoder(x)))


def make_model():
    return Matcher()


def make_data(n=256):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 20, generator=g)
    return x, (x @ torch.randn(20, 5, generator=g)).argmax(1)


LOSS = "cross_entropy"


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters())
    for step in range(50):
        scores = model(x)
        loss = nn.functional.cross_entropy(scores, y)
        correct = (scores.argmax(1) == y).float()
        loss = loss + model.confidence.loss(model.encoder(x), correct)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
