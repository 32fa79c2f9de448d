"""Sensor readings to one number, with a recurrent network."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class SensorNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(input_size=6, hidden_size=20)
        self.fc = nn.Linear(20, 1)

    def forward(self, x):
        x = x.transpose(0, 1)
        out, state = self.rnn(x)
        out = torch.sigmoid(out[-1])
        out = self.fc(out)
        return F.softmax(out, dim=1)


def make_model():
    return SensorNet()


def make_data():
    torch.manual_seed(11)
    x = torch.randn(300, 8, 6)
    return x, x[:, :, 0].sum(1, keepdim=True)


LOSS = "mse"

if __name__ == "__main__":
    model = SensorNet()
    inputs, targets = make_data()
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(30):
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
