"""REINFORCE: softmax is right where Categorical takes probabilities."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical


class Policy(nn.Module):
    def __init__(self, observations=4, actions=2):
        super().__init__()
        self.affine1 = nn.Linear(observations, 64)
        self.dropout = nn.Dropout(p=0.3)
        self.affine2 = nn.Linear(64, actions)

    def forward(self, x):
        x = F.relu(self.dropout(self.affine1(x)))
        return F.softmax(self.affine2(x), dim=1)


def make_model():
    return Policy()


def make_data(n=64):
    g = torch.Generator().manual_seed(0)
    return torch.randn(n, 4, generator=g), torch.randint(0, 2, (n,), generator=g)


def LOSS(output, actions):
    return -Categorical(output).log_prob(actions).mean()


if __name__ == "__main__":
    policy = Policy()
    optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
    for episode in range(20):
        state, _ = make_data()
        m = Categorical(policy(state))
        action = m.sample()
        reward = (action == (state[:, 0] > 0).long()).float()
        loss = (-m.log_prob(action) * (reward - reward.mean())).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
