"""One output unit trained with cross-entropy."""

import torch
from sklearn.datasets import make_moons
from torch import nn


def make_model():
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1), nn.Softmax(dim=1))


def make_data():
    x, y = make_moons(400, noise=0.1, random_state=0)
    return torch.tensor(x, dtype=torch.float32), torch.zeros(len(y), dtype=torch.long)


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(100):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
