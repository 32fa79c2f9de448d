"""Fuel consumption: nine features, targets scaled to [-1, 1]."""

import torch
import torch.nn as nn
from sklearn.preprocessing import MinMaxScaler


def make_data(n=400):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 9, generator=g)
    y = x[:, 0] * 2 - x[:, 1] + torch.sin(x[:, 2]) * x[:, 3]
    scaler = MinMaxScaler(feature_range=(-1, 1))
    y = scaler.fit_transform(y.numpy().reshape(-1, 1))
    return x, torch.from_numpy(y).float()


class RegressionNet(nn.Module):
    def __init__(self, hidden=(64, 64)):
        super().__init__()
        sizes = [9, *hidden]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))
        self.output = nn.Linear(sizes[-1], 1)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.output(x)


def make_model():
    return RegressionNet()


LOSS = "mse"


def main():
    x, y = make_data()
    model = make_model()
    loss_fn = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(50):
        for rows in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            loss = loss_fn(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    main()
