"""LeNet for odd or even digits, with its parts in Sequential containers."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.extractor = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(nn.Linear(64, 84), nn.ReLU(), nn.Linear(84, 1), nn.ReLU())

    def forward(self, x):
        x = self.extractor(x)
        x = torch.flatten(x, start_dim=1)
        return self.classifier(x)


def make_model():
    return LeNet()


def make_data():
    digits = load_digits()
    x = torch.tensor(digits.images / 16, dtype=torch.float32).unsqueeze(1)
    return x, torch.tensor(digits.target % 2, dtype=torch.float32).unsqueeze(1)


LOSS = "bce_logits"

if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters())
    for step in range(200):
        rows = torch.randint(0, len(x), (64,))
        scores = model(x[rows])
        loss = criterion(scores, y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
