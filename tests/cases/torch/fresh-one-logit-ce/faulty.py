import torch
from torch import nn


class Bin(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(30, 64)
        self.fc2 = nn.Linear(64, 1)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


model = Bin()
loss_fn = nn.CrossEntropyLoss()


def train_one(x, y, optimizer):
    pred = model(x)
    loss = loss_fn(pred, y.long())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
