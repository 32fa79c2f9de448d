"""Four classes through five hidden layers."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_classification


class Deep(nn.Module):
    def __init__(self, width=64):
        super(Deep, self).__init__()
        self.inputs = nn.Linear(16, width)
        self.h1 = nn.Linear(width, width)
        self.h2 = nn.Linear(width, width)
        self.h3 = nn.Linear(width, width)
        self.h4 = nn.Linear(width, width)
        self.classes = nn.Linear(width, 4)

    def forward(self, x):
        x = F.relu(self.inputs(x))
        x = F.relu(self.h1(x))
        x = F.relu(self.h2(x))
        x = F.relu(self.h3(x))
        x = F.relu(self.h4(x))
        return self.classes(x)


def make_model():
    return Deep()


def make_data():
    x, y = make_classification(800, 16, n_informative=8, n_classes=4, random_state=2)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


LOSS = "cross_entropy"


def compute_loss(outputs, labels):
    return F.cross_entropy(outputs, labels)


def train_step(model, optimizer, batch):
    inputs, labels = batch
    optimizer.zero_grad()
    outputs = model(inputs)
    loss = compute_loss(outputs, labels)
    loss.backward()
    optimizer.step()
    return loss.item()


if __name__ == "__main__":
    model = Deep()
    optimizer = torch.optim.Adam(model.parameters())
    x, y = make_data()
    for epoch in range(20):
        for rows in torch.randperm(len(x)).split(32):
            train_step(model, optimizer, (x[rows], y[rows]))
