"""LeNet, dropout and batch normalisation in each block."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits


def block(c_in, c_out, p=0.3):
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(c_out),
        nn.ReLU(),
        nn.Dropout(p),
        nn.MaxPool2d(2),
    )


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = block(1, 8)
        self.block2 = block(8, 16)
        self.fc = nn.Linear(16 * 4, 10)

    def forward(self, x):
        x = self.block2(self.block1(x))
        return self.fc(torch.flatten(x, 1))


def make_model():
    return LeNet()


def make_data():
    digits = load_digits()
    return torch.tensor(digits.images / 16, dtype=torch.float32).unsqueeze(1), torch.tensor(digits.target)


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = LeNet()
    x, y = make_data()
    opt = torch.optim.Adam(model.parameters())
    for step in range(100):
        rows = torch.randint(0, len(x), (64,))
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
