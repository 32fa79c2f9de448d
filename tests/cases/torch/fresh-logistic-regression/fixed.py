import torch
import torch.nn as nn


class LogReg(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.linear = nn.Linear(n, 1)

    def forward(self, x):
        return self.linear(x)


m = LogReg(5)
c = nn.BCEWithLogitsLoss()
o = torch.optim.SGD(m.parameters(), lr=0.01)
for e in range(100):
    yp = m(torch.randn(10, 5))
    l = c(yp, torch.ones(10, 1))
    l.backward()
    o.step()
    o.zero_grad()
