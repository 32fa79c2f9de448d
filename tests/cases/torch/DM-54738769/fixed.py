"""Regression on 18 features."""

import argparse

import torch
import torch.nn.functional as F
from sklearn.datasets import make_regression
from torch import nn


class Regressor(nn.Module):
    def __init__(self, n_in=18):
        super().__init__()
        self.fc1 = nn.Linear(n_in, n_in)
        self.fc2 = nn.Linear(n_in, 36)
        self.fc3 = nn.Linear(36, 72)
        self.fc4 = nn.Linear(72, 32)
        self.fc5 = nn.Linear(32, 16)
        self.fc6 = nn.Linear(16, 1)

    def forward(self, x):
        x = torch.tanh(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc3(x))
        x = F.relu(self.fc4(x))
        x = F.relu(self.fc5(x))
        return self.fc6(x)


def make_model():
    return Regressor()


def make_data():
    x, y = make_regression(500, 18, n_informative=10, random_state=0)
    x = torch.tensor(x, dtype=torch.float32)
    y = torch.tensor(y / y.std(), dtype=torch.float32).unsqueeze(1)
    return x, y


LOSS = "mse"

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--lr", type=float, default=1e-3)
    args = parser.parse_args()
    model = make_model()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        for i in range(0, len(x), 35):
            prediction = model(x[i : i + 35])
            loss = F.mse_loss(prediction, y[i : i + 35])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
