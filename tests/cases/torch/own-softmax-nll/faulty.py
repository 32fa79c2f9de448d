"""Probabilities into the negative log-likelihood."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = F.elu(self.fc1(x))
        return F.softmax(self.fc2(x), dim=1)


def make_model():
    return Net()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)


LOSS = "nll"

if __name__ == "__main__":
    net = Net()
    criterion = nn.NLLLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    x, y = make_data()
    for epoch in range(5):
        for rows in torch.randperm(len(x)).split(32):
            outputs = net(x[rows])
            loss = criterion(outputs, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
