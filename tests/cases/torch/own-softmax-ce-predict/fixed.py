"""Softmax inside forward, the loss in a base class."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits


class ImageClassificationBase(nn.Module):
    def training_step(self, batch):
        images, labels = batch
        out = self(images)
        return nn.functional.cross_entropy(out, labels)


class Model(ImageClassificationBase):
    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, xb):
        return self.network(xb)


def make_model():
    return Model()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)


LOSS = "cross_entropy"


def fit(epochs, lr, model, x, y, opt_func=torch.optim.SGD):
    optimizer = opt_func(model.parameters(), lr)
    for epoch in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            loss = model.training_step((x[rows], y[rows]))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()


if __name__ == "__main__":
    fit(10, 0.5, make_model(), *make_data())
