"""The probabilities are another method's business, and the metric's."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(20, 64)
        self.fc2 = nn.Linear(64, 5)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))

    @torch.no_grad()
    def predict_proba(self, x):
        return F.softmax(self(x), dim=1)


def make_model():
    return Net()


def make_data(n=256):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 20, generator=g)
    return x, (x @ torch.randn(20, 5, generator=g)).argmax(1)


LOSS = "cross_entropy"


def evaluate(model, x, y):
    probabilities = torch.softmax(model(x), dim=-1)
    confidence, guess = probabilities.max(dim=-1)
    return (guess == y).float().mean().item(), confidence.mean().item()


def main():
    model = make_model()
    x, y = make_data()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(50):
        output = model(x)
        loss = criterion(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        accuracy = (torch.softmax(output, dim=1).argmax(1) == y).float().mean()
        print(epoch, loss.item(), accuracy.item(), evaluate(model, x, y))


if __name__ == "__main__":
    main()
