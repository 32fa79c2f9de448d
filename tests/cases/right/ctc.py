import torch
import torch.nn as nn


class OCR(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.cnn = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(True))
        self.rnn = nn.LSTM(32, 64, bidirectional=True)
        self.fc = nn.Linear(128, n)

    def forward(self, x):
        f = self.cnn(x).mean(2).permute(2, 0, 1)
        out, _ = self.rnn(f)
        return self.fc(out).log_softmax(2)


ctc = nn.CTCLoss(blank=0)
net = OCR(40)


def loss(x, y, il, tl):
    return ctc(net(x), y, il, tl)
