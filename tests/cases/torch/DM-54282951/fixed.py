"""A convolutional network for two classes."""

import torch
from torch import nn


class TwoClass(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, kernel_size=3)
        self.flatten = nn.Flatten()
        self.dense = nn.Linear(8 * 100, 64)
        self.dropout = nn.Dropout(0.5)
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        x = self.flatten(x)
        x = torch.relu(self.dense(x))
        x = self.dropout(x)
        return self.out(x)


def make_model():
    return TwoClass()


def make_data():
    g = torch.Generator().manual_seed(0)
    x = torch.randn(300, 1, 12, 12, generator=g)
    y = (x[:, 0, :6].mean((1, 2)).abs() > 0.08).float()
    return x, y.unsqueeze(-1)


LOSS = "bce_logits"

if __name__ == "__main__":
    net = TwoClass()
    x, y = make_data()
    criterion = nn.BCEWithLogitsLoss()
    opt = torch.optim.Adam(net.parameters(), lr=0.001)
    for epoch in range(10):
        for rows in torch.randperm(len(x)).split(30):
            y_pred = net(x[rows])
            loss = criterion(y_pred, y[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
