"""XNOR with ReLU everywhere."""

import torch
import torch.nn as nn
import torch.optim as optim

X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[1.0], [0.0], [0.0], [1.0]])


class Xnor(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Linear(2, 2)
        self.layer2 = nn.Linear(2, 2)
        self.layer3 = nn.Linear(2, 1)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.relu(self.layer1(x))
        x = self.relu(self.layer2(x))
        return self.relu(self.layer3(x))


def make_model():
    return Xnor()


def make_data():
    return X, Y


LOSS = "bce"

if __name__ == "__main__":
    model = Xnor()
    criterion = nn.BCELoss()
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    for epoch in range(1500):
        optimizer.zero_grad()
        output = model(X)
        loss = criterion(output, Y)
        loss.backward()
        optimizer.step()
    print(model(X))
