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
        nn.Linear(2, 2),
        nn.Sigmoid(),
        nn.Linear(2, 3),
        nn.Sigmoid(),
        nn.Linear(3, 1),
        nn.Softmax(dim=1),
    )


LOSS = "mse"

if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    criterion = nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(3000):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        if epoch % 500 == 0:
            print(epoch, loss.item())
    print(model(x).round())
