import torch.nn as nn


class Deep(nn.Module):
    def __init__(self, n_layers=6, n_hidden=100):
        super().__init__()
        self.inp = nn.Linear(784, n_hidden)
        self.hidden = nn.ModuleList([nn.Linear(n_hidden, n_hidden) for _ in range(n_layers)])
        self.out = nn.Linear(n_hidden, 10)
        self.sig = nn.Sigmoid()

    def forward(self, x):
        x = self.sig(self.inp(x))
        for h in self.hidden:
            x = self.sig(h(x))
        return self.out(x)


net = Deep()
