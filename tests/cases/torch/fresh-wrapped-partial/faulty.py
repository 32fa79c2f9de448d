import functools

import torch
import torch.nn as nn
import torch.nn.functional as F


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))

    def forward(self, x):
        return self.body(x)


class WithProbabilities(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, x):
        return F.softmax(self.backbone(x), -1)


loss_fn = functools.partial(F.cross_entropy, label_smoothing=0.1)
net = WithProbabilities(Backbone())


def train(loader, optimizer):
    for images, labels in loader:
        images = images.cuda(non_blocking=True)
        optimizer.zero_grad()
        loss = loss_fn(net(images), labels.cuda())
        loss.backward()
        optimizer.step()
