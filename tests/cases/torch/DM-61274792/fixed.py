"""Sequence to one value: LSTM, then two dense layers with dropout between."""

import torch
from torch import nn


class Predictor(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 64, batch_first=True)
        self.dropout1 = nn.Dropout(0.2)
        self.dense1 = nn.Linear(64, 128)
        self.dropout2 = nn.Dropout(0.2)
        self.dense2 = nn.Linear(128, 1)

    def forward(self, x):
        x, _ = self.lstm(x)
        x = self.dropout1(x[:, -1, :])
        x = torch.relu(self.dense1(x))
        x = self.dropout2(x)
        return self.dense2(x)


def make_model():
    return Predictor()


def make_data():
    torch.manual_seed(1)
    x = torch.randn(256, 10, 4)
    return x, (x[:, -1, :1] * x[:, -2, 1:2]).tanh()


LOSS = "mse"


def train(model, data, epochs):
    x, y = data
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        for xb, yb in zip(x.chunk(8), y.chunk(8)):
            loss = nn.functional.mse_loss(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    train(make_model(), make_data(), epochs=20)
