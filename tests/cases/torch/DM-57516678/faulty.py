"""Load of a power grid, a week of quarter hours, with a recurrent network that uses ReLU."""

import torch
from torch import nn


class GridRNN(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.rnn = nn.RNN(input_size=1, hidden_size=hidden, nonlinearity="relu", batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        y, _ = self.rnn(x)
        return self.head(y[:, -1])


def make_model():
    return GridRNN()


def make_data(rows=48, length=672):
    g = torch.Generator().manual_seed(0)
    t = torch.arange(rows * 8 + length + 1) * 2 * torch.pi / 96
    series = torch.sin(t) + 0.3 * torch.sin(t / 7) + 0.1 * torch.randn(len(t), generator=g)
    x = torch.stack([series[8 * i : 8 * i + length] for i in range(rows)]).unsqueeze(-1)
    y = torch.stack([series[8 * i + length] for i in range(rows)]).unsqueeze(-1)
    return x, y


LOSS = "mse"

if __name__ == "__main__":
    model = GridRNN()
    x, y = make_data()
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(10):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(epoch, loss.item())
