"""A GRU that predicts the next value of a noisy wave."""

import math

import torch
from torch import nn


class Forecaster(nn.Module):
    def __init__(self, hidden_size=32):
        super().__init__()
        self.gru = nn.GRU(1, hidden_size, batch_first=True)
        self.fc = nn.Linear(hidden_size, 1)

    def forward(self, x):
        out, _ = self.gru(x)
        last = out[:, -1, :]
        return torch.sigmoid(self.fc(last))


def make_model():
    return Forecaster()


def make_data(length=600, window=12):
    generator = torch.Generator().manual_seed(5)
    t = torch.arange(length, dtype=torch.float32)
    wave = 2 * torch.sin(2 * math.pi * t / 25) + 0.1 * torch.randn(length, generator=generator)
    pieces = wave.unfold(0, window + 1, 1)
    return pieces[:, :-1].unsqueeze(-1), pieces[:, -1:]


LOSS = "mse"


def main():
    model = make_model()
    x, y = make_data()
    mse = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(50):
        for rows in torch.randperm(len(x)).split(256):
            pred = model(x[rows])
            loss = mse(pred, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"{epoch}: {loss.item():.4f}")


if __name__ == "__main__":
    main()
