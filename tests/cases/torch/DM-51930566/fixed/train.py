"""Train the iris network."""

import torch
from net import IrisNet
from sklearn.datasets import load_iris


def make_model():
    return IrisNet()


def make_data():
    iris = load_iris()
    x = torch.tensor((iris.data - iris.data.mean(0)) / iris.data.std(0), dtype=torch.float32)
    return x, torch.tensor(iris.target)


LOSS = "cross_entropy"


def main():
    x, y = make_data()
    model = make_model()
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(50):
        for rows in torch.randperm(len(x)).split(5):
            optimizer.zero_grad()
            out = model(x[rows])
            loss = criterion(out, y[rows])
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    main()
