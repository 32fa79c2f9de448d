"""A deeper CNN with He's weights."""

import torch
from sklearn.datasets import load_digits
from torch import nn


class DeepCNN(nn.Module):
    def __init__(self, depth=10, channels=16):
        super().__init__()
        layers = [nn.Conv2d(1, channels, 3, padding=1), nn.ReLU()]
        for _ in range(depth):
            layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.classifier = nn.Linear(channels * 4, 10)
        self._init_weights()

    def _init_weights(self):
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.classifier(self.pool(self.features(x)).flatten(1))


def make_model():
    return DeepCNN()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.images / 16, dtype=torch.float32).unsqueeze(1), torch.tensor(digits.target)


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = DeepCNN()
    x, y = make_data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(100):
        rows = torch.randint(len(x), (32,))
        loss = nn.CrossEntropyLoss()(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
