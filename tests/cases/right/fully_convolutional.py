"""Segmentation: logits over dim 1 at every pixel, argmax and softmax over dim=1 afterwards."""

import torch
from torch import nn


class FCN(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU(inplace=True))
        self.up = nn.ConvTranspose2d(16, 16, 2, 2)
        self.classifier = nn.Conv2d(16, classes, 1)

    def forward(self, x):
        x = torch.relu(self.up(self.encoder(x)))
        return self.classifier(x)


def make_model():
    return FCN()


def make_data(n=8):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 3, 16, 16, generator=g)
    return x, (x.sum(1) > 0).long() + 2 * (x[:, 0] > 1).long()


LOSS = "cross_entropy"


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    criterion = nn.CrossEntropyLoss(ignore_index=255)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for step in range(20):
        out = model(x)
        loss = criterion(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    masks = torch.softmax(out, dim=1).argmax(dim=1)
