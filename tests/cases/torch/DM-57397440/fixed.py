"""Breast cancer: malignant or benign."""

import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler


def block(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out), nn.ReLU(), nn.BatchNorm1d(n_out))


class Classifier(nn.Module):
    def __init__(self, features=30):
        super().__init__()
        self.body = nn.Sequential(block(features, features), block(features, 2 * features))
        self.head = nn.Linear(2 * features, 1)
        self.activation = nn.Sigmoid()

    def forward(self, x):
        return self.activation(self.head(self.body(x)))


def make_model():
    return Classifier()


def make_data():
    data = load_breast_cancer()
    x = StandardScaler().fit_transform(data.data)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(data.target, dtype=torch.float32).view(-1, 1)


LOSS = "bce"


def fit(model, x, y, epochs=20, batch_size=32):
    criterion = nn.BCELoss()
    optimizer = torch.optim.Adam(model.parameters())
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for rows in order.split(batch_size):
            output = model(x[rows])
            loss = criterion(output, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    fit(model, x, y)
    model.eval()
    print("accuracy", ((model(x) > 0.5) == (y > 0.5)).float().mean().item())
