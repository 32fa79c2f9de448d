import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(8, 32), nn.Linear(32, 3)
        self.sm = nn.Softmax(dim=1)

    def forward(self, x, return_probs=False):
        z = self.fc2(torch.relu(self.fc1(x)))
        return self.sm(z) if return_probs else z


net = Net()
ce = nn.CrossEntropyLoss()


def train(x, y):
    return ce(net(x), y)


def evaluate(x):
    return net(x, return_probs=True).max(1)
