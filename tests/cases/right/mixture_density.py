import torch
import torch.nn as nn


class MDN(nn.Module):
    def __init__(self, k=5):
        super().__init__()
        self.h = nn.Sequential(nn.Linear(1, 20), nn.Tanh())
        self.pi, self.mu, self.sigma = nn.Linear(20, k), nn.Linear(20, k), nn.Linear(20, k)

    def forward(self, x):
        h = self.h(x)
        return torch.softmax(self.pi(h), -1), self.mu(h), torch.exp(self.sigma(h))


net = MDN()


def nll(x, y):
    pi, mu, sigma = net(x)
    p = torch.distributions.Normal(mu, sigma).log_prob(y) + torch.log(pi + 1e-8)
    return -torch.logsumexp(p, 1).mean()
