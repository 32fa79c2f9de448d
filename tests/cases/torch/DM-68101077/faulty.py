"""Ten classes with the negative log-likelihood loss."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.dropout(x, 0.2, training=self.training)
        return self.fc2(x)


def make_model():
    return Net()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)


LOSS = "nll"


def train(model, data, target, optimizer, epoch, log_interval=10):
    model.train()
    for batch_idx, rows in enumerate(torch.randperm(len(data)).split(64)):
        optimizer.zero_grad()
        output = model(data[rows])
        loss = F.nll_loss(output, target[rows])
        loss.backward()
        optimizer.step()
        if batch_idx % log_interval == 0:
            print(f"Train Epoch: {epoch} Loss: {loss.item():.6f}")


def main():
    model = Net()
    optimizer = torch.optim.Adam(model.parameters())
    data, target = make_data()
    for epoch in range(5):
        train(model, data, target, optimizer, epoch)


if __name__ == "__main__":
    main()
