"""Nine gestures from small images."""

import torch
import torch.nn as nn


class GestureNet(nn.Module):
    def __init__(self, classes=9):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        )  # fmt: skip
        self.fc = nn.Sequential(
            nn.Linear(16 * 9, 64), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(64, classes), nn.ReLU()
        )

    def forward(self, x):
        x = self.conv(x)
        x = x.view(x.size(0), -1)
        return self.fc(x)


def make_model():
    return GestureNet()


def make_data():
    g = torch.Generator().manual_seed(0)
    y = torch.randint(0, 9, (360,), generator=g)
    centres = torch.randn(9, 1, 12, 12, generator=g)
    return centres[y] + 0.5 * torch.randn(360, 1, 12, 12, generator=g), y


LOSS = "cross_entropy"


class Trainer:
    def __init__(self, model, lr=1e-3):
        self.model = model
        self.loss_fn = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)

    def step(self, x, y):
        logits = self.model(x)
        loss = self.loss_fn(logits, y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss


if __name__ == "__main__":
    x, y = make_data()
    trainer = Trainer(GestureNet())
    for _ in range(200):
        rows = torch.randint(len(x), (32,))
        trainer.step(x[rows], y[rows])
