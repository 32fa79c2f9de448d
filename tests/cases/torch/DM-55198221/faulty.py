"""A LightningModule-like classifier with five classes."""

import torch
from torch import nn


class LitCNN(nn.Module):
    """The hooks of a LightningModule, without the package."""

    def __init__(self, num_classes=5, lr=1e-3):
        super().__init__()
        self.lr = lr
        self.model = nn.Sequential(
            nn.Conv2d(3, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 5 * 5, num_classes), nn.Sigmoid()
        )
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, x):
        return self.model(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        y_hat = self(x)
        loss = self.criterion(y_hat, y)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.lr)


def make_model():
    return LitCNN()


def make_data():
    g = torch.Generator().manual_seed(3)
    y = torch.randint(0, 5, (200,), generator=g)
    return torch.randn(5, 3, 12, 12, generator=g)[y] + torch.randn(200, 3, 12, 12, generator=g), y


LOSS = "cross_entropy"

if __name__ == "__main__":
    module = LitCNN()
    optimizer = module.configure_optimizers()
    x, y = make_data()
    for i in range(100):
        rows = torch.randint(len(x), (20,))
        optimizer.zero_grad()
        module.training_step((x[rows], y[rows]), i).backward()
        optimizer.step()
