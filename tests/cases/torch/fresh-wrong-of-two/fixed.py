import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(12, 40)
        self.heads = nn.ModuleDict({"cls": nn.Linear(40, 6)})

    def forward(self, x):
        h = torch.tanh(self.fc(x))
        logits = self.heads["cls"](h)
        return logits, torch.softmax(logits, dim=1)


net = Net()
ce = nn.CrossEntropyLoss()
optim = torch.optim.Adam(net.parameters())


def step(x, y):
    out, _ = net(x)
    loss = ce(out, y)
    optim.zero_grad()
    loss.backward()
    optim.step()
    return loss.item()
