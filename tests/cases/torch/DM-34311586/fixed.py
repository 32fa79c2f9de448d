"""XOR with a small sigmoid network."""

import torch
from torch import nn, optim

torch.manual_seed(0)


def make_data():
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0], [0.0], [0.0]])
    return x, y


def make_model():
    return nn.Sequential(
        nn.Linear(2, 8),
        nn.Tanh(),
        nn.Linear(8, 1),
        nn.Sigmoid(),
    )


LOSS = "bce"

if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    criterion = nn.BCELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(3000):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        if epoch % 500 == 0:
            print(epoch, loss.item())
    print(model(x).round())
