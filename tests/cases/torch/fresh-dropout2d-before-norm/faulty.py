import torch.nn as nn


def conv_block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, 1, 1), nn.ReLU(), nn.Dropout2d(0.2), nn.BatchNorm2d(o))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.b1 = conv_block(3, 16)
        self.b2 = conv_block(16, 32)
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        return self.fc(self.b2(self.b1(x)).mean((2, 3)))
