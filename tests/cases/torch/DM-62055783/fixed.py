"""Class indices as targets."""

import torch
from sklearn.datasets import load_iris
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(4, 16)
        self.out = nn.Linear(16, 3)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))


def make_model():
    return Classifier()


def make_data():
    iris = load_iris()
    x = (iris.data - iris.data.mean(0)) / iris.data.std(0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(iris.target)


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = Classifier()
    x, y = make_data()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(100):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
