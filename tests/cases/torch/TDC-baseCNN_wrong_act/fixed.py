"""A LeNet-like CNN on digits, trained with plain SGD."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class BaseCNN(nn.Module):
    def __init__(self, channels=8):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, channels, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels * 16, 64),
            nn.ReLU(),
            nn.Linear(64, 10),
        )

    def forward(self, x):
        return self.classifier(self.features(x))


def make_model():
    return BaseCNN()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.images[:, None] / 16, dtype=torch.float32), torch.tensor(digits.target)


LOSS = "cross_entropy"

if __name__ == "__main__":
    images, labels = make_data()
    net = make_model()
    criterion = nn.CrossEntropyLoss()
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(300):
        pick = torch.randint(len(images), (50,))
        loss = criterion(net(images[pick]), labels[pick])
        sgd.zero_grad()
        loss.backward()
        sgd.step()
