"""XOR with a sigmoid output: nothing is wrong with it."""

import torch
from torch import nn


class Xor(nn.Module):
    def __init__(self):
        super().__init__()
        self.h = nn.Linear(2, 8)
        self.o = nn.Linear(8, 1)

    def forward(self, x):
        return torch.sigmoid(self.o(torch.tanh(self.h(x))))


def make_model():
    return Xor()


def make_data():
    return torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), torch.tensor([[0.0], [1.0], [1.0], [0.0]])


LOSS = "mse"


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for step in range(100):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
