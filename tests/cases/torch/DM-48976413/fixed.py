"""Learn y = 20 * sum(x) + 5."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def make_data(rows=1000):
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(rows, 5, generator=generator)
    y = 20 * x.sum(dim=1, keepdim=True) + 5
    return x, y


def make_model():
    layers = [nn.Linear(5, 12), nn.ReLU(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 1)]
    return nn.Sequential(*layers)


LOSS = "mse"


def main():
    x, y = make_data()
    loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
    net = make_model()
    loss_fn = nn.MSELoss()
    opt = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(75):
        for xb, yb in loader:
            opt.zero_grad()
            loss_fn(net(xb), yb).backward()
            opt.step()
    print("mse", loss_fn(net(x), y).item())


if __name__ == "__main__":
    main()
