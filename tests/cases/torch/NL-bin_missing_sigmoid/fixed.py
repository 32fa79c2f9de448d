"""LeNet with one output: odd or even digits."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 16, 3, padding=1)
        self.fc1 = nn.Linear(16 * 2 * 2, 84)
        self.fc2 = nn.Linear(84, 1)

    def forward(self, img):
        x = F.max_pool2d(F.relu(self.conv1(img)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.reshape(x.shape[0], -1)
        x = F.relu(self.fc1(x))
        return torch.sigmoid(self.fc2(x))


def make_model():
    return LeNet()


def make_data():
    digits = load_digits()
    x = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None]
    return x, torch.tensor(digits.target % 2, dtype=torch.float32)[:, None]


LOSS = "bce"

if __name__ == "__main__":
    lenet = LeNet()
    images, odd = make_data()
    optimizer = torch.optim.Adam(lenet.parameters(), lr=1e-3)
    for epoch in range(5):
        for rows in torch.randperm(len(images)).split(64):
            loss = F.binary_cross_entropy(lenet(images[rows]), odd[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
