"""ReLU layers whose weights start between -0.05 and 0.05."""

import torch
from sklearn.datasets import make_regression
from torch import nn


def dense(n_in, n_out):
    layer = nn.Linear(n_in, n_out)
    nn.init.uniform_(layer.weight, -0.05, 0.05)
    nn.init.zeros_(layer.bias)
    return layer


class Regressor(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.net = nn.Sequential(
            dense(10, width), nn.ReLU(), dense(width, width), nn.ReLU(), dense(width, width), nn.ReLU(),
            dense(width, width), nn.ReLU(), dense(width, 1),
        )  # fmt: skip

    def forward(self, x):
        return self.net(x)


def make_model():
    return Regressor()


def make_data():
    x, y = make_regression(400, 10, random_state=0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y / y.std(), dtype=torch.float32).view(-1, 1)


LOSS = "mse"

if __name__ == "__main__":
    model = Regressor()
    x, y = make_data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, weight_decay=0.01)
    loss_fn = nn.MSELoss()
    for epoch in range(100):
        for rows in torch.randperm(len(x)).split(32):
            loss = loss_fn(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
