import pytorch_lightning as pl
import torch
import torchmetrics
from torch import nn


class Lit(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
        self.loss = nn.CrossEntropyLoss()
        self.acc = torchmetrics.Accuracy("multiclass", num_classes=10)

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, i):
        x, y = batch
        z = self(x)
        self.acc(z.softmax(-1), y)
        return self.loss(z, y)

    def predict_step(self, batch, i):
        return torch.softmax(self(batch[0]), dim=1)
