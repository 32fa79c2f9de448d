"""A self-normalising network."""

import torch
from sklearn.datasets import load_breast_cancer
from torch import nn


def make_model(width=64, depth=6):
    layers = []
    sizes = [30] + [width] * depth
    for a, b in zip(sizes[:-1], sizes[1:]):
        linear = nn.Linear(a, b)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="linear")
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.SELU(), nn.AlphaDropout(0.1)]
    layers.append(nn.Linear(width, 1))
    return nn.Sequential(*layers)


def make_data():
    data = load_breast_cancer()
    x = (data.data - data.data.mean(0)) / data.data.std(0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(data.target, dtype=torch.float32)[:, None]


LOSS = "bce_logits"

if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for epoch in range(50):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
