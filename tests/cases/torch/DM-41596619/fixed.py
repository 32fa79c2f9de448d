"""Four classes."""

import torch
from sklearn.datasets import make_blobs
from torch import nn


class Mlp(nn.Module):
    def __init__(self, hidden_units):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(10, hidden_units), nn.ReLU(), nn.Linear(hidden_units, 4))

    def forward(self, x):
        return self.net(x)


def make_model():
    return Mlp(32)


def make_data():
    x, y = make_blobs(600, 10, centers=4, random_state=1)
    x = (x - x.mean(0)) / x.std(0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


LOSS = "cross_entropy"

if __name__ == "__main__":
    x, y = make_data()
    model = make_model()
    sgd = torch.optim.SGD(model.parameters(), lr=0.1)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(20):
        for i in range(0, len(x), 20):
            out = model(x[i : i + 20])
            loss = criterion(out, y[i : i + 20])
            sgd.zero_grad()
            loss.backward()
            sgd.step()
