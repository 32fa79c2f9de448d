"""Four dense layers, then softmax by hand at prediction time."""

import torch
from sklearn.datasets import load_wine
from torch import nn

model = nn.Sequential(
    nn.Linear(13, 64),
    nn.Linear(64, 64),
    nn.Linear(64, 32),
    nn.Linear(32, 3),
)


def make_model():
    return model


def make_data():
    wine = load_wine()
    x = (wine.data - wine.data.mean(0)) / wine.data.std(0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(wine.target)


LOSS = "cross_entropy"

if __name__ == "__main__":
    x, y = make_data()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(200):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        print(torch.softmax(model(x), dim=1)[:5])
