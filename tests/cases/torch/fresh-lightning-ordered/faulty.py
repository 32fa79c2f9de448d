from collections import OrderedDict

import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import functional as F


class LitModel(pl.LightningModule):
    def __init__(self, hparams):
        super().__init__()
        self.save_hyperparameters(hparams)
        self.net = nn.Sequential(
            OrderedDict(
                [
                    ("fc1", nn.Linear(784, hparams.hidden)),
                    ("relu", nn.ReLU()),
                    ("fc2", nn.Linear(hparams.hidden, 10)),
                    ("softmax", nn.Softmax(dim=1)),
                ]
            )
        )

    def forward(self, x):
        return self.net(x.view(x.size(0), -1))

    def _shared_step(self, batch, stage):
        x, y = batch
        pred = self(x)
        loss = F.cross_entropy(pred, y)
        self.log(f"{stage}_loss", loss)
        return loss

    def training_step(self, batch, batch_idx):
        return self._shared_step(batch, "train")

    def validation_step(self, batch, batch_idx):
        self._shared_step(batch, "val")

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)
