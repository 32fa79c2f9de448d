"""House prices, mean absolute error."""

import torch
import torch.nn as nn
from sklearn.datasets import make_regression


class PriceModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 32)
        self.fc2 = nn.Linear(32, 16)
        self.fc3 = nn.Linear(16, 2)

    def forward(self, x):
        x = self.fc1(x).relu()
        x = self.fc2(x).relu()
        return self.fc3(x)


def make_model():
    return PriceModel()


def make_data():
    x, y = make_regression(400, 8, n_targets=2, noise=1.0, random_state=0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y / 50, dtype=torch.float32)


LOSS = "l1"

if __name__ == "__main__":
    model = PriceModel()
    x, y = make_data()
    mae = nn.L1Loss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.001)
    for epoch in range(40):
        for xb, yb in zip(x.split(16), y.split(16)):
            optimizer.zero_grad()
            loss = mae(model(xb), yb)
            loss.backward()
            optimizer.step()
