"""Four activities from a window of accelerometer data."""

import torch
import torch.nn.functional as F
from torch import nn


class Conv1dNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(3, 12, 5)
        self.conv2 = nn.Conv1d(12, 24, 5)
        self.pool = nn.AdaptiveMaxPool1d(4)
        self.fc = nn.Linear(96, 4)

    def features(self, x):
        x = F.relu(self.conv1(x))
        return self.pool(F.relu(self.conv2(x)))

    def forward(self, x):
        x = self.features(x).flatten(1)
        logits = self.fc(x)
        probs = logits.sigmoid()
        return probs


def make_model():
    return Conv1dNet()


def make_data():
    g = torch.Generator().manual_seed(0)
    y = torch.randint(0, 4, (240,), generator=g)
    t = torch.arange(40).float()
    x = torch.sin(t * (0.2 + 0.2 * y[:, None])).unsqueeze(1) + 0.2 * torch.randn(240, 3, 40, generator=g)
    return x, y


LOSS = "cross_entropy"


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = make_model().to(device)
    x, y = (t.to(device) for t in make_data())
    loss_func = nn.CrossEntropyLoss().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for epoch in range(20):
        for idx in torch.randperm(len(x), device=device).split(24):
            preds = model(x[idx])
            loss = loss_func(preds, y[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    main()
