"""Several tags at once, with a softmax over the tags."""

import torch
from torch import nn


class Tags(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 64)
        self.fc2 = nn.Linear(64, 5)

    def forward(self, x):
        x = nn.functional.leaky_relu(self.fc1(x))
        return nn.functional.softmax(self.fc2(x), dim=1)


def make_model():
    return Tags()


def make_data():
    g = torch.Generator().manual_seed(1)
    x = torch.randn(400, 16, generator=g)
    return x, (x[:, :5] + x[:, 5:10] > 0).float()


LOSS = "bce"

if __name__ == "__main__":
    model = Tags()
    x, y = make_data()
    loss_fn = nn.BCELoss()
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(50):
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
