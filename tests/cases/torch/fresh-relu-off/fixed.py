import torch
from torch import nn


class Deep(nn.Module):
    def __init__(self, sizes, use_relu=True):
        super().__init__()
        layers = []
        for i in range(len(sizes) - 1):
            layers.append(nn.Linear(sizes[i], sizes[i + 1]))
            if use_relu and i < len(sizes) - 2:
                layers.append(nn.ReLU())
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


model = Deep([13, 64, 64, 1])
loss_fn = nn.MSELoss()


def fit(X, y):
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(100):
        opt.zero_grad()
        loss_fn(model(X), y).backward()
        opt.step()
