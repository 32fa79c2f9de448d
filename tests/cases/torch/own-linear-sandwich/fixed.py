"""A transformer-like block."""

import torch
from torch import nn


class FeedForward(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.up = nn.Linear(d, hidden)
        self.drop = nn.Dropout(0.1)
        self.down = nn.Linear(hidden, d)

    def forward(self, x):
        return self.down(self.drop(nn.functional.gelu(self.up(x))))


class Encoder(nn.Module):
    def __init__(self, d=16, heads=2):
        super().__init__()
        self.embed = nn.Embedding(20, d)
        self.attn = nn.MultiheadAttention(d, heads, batch_first=True)
        self.norm1 = nn.LayerNorm(d)
        self.norm2 = nn.LayerNorm(d)
        self.ff = FeedForward(d, 4 * d)
        self.head = nn.Linear(d, 3)

    def forward(self, tokens):
        x = self.embed(tokens)
        h = self.norm1(x)
        x = x + self.attn(h, h, h, need_weights=False)[0]
        x = x + self.ff(self.norm2(x))
        return self.head(x.mean(dim=1))


def make_model():
    return Encoder()


def make_data():
    g = torch.Generator().manual_seed(0)
    tokens = torch.randint(0, 20, (200, 8), generator=g)
    return tokens, tokens.sum(1) % 3


LOSS = "cross_entropy"

if __name__ == "__main__":
    model = Encoder()
    x, y = make_data()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for epoch in range(10):
        for rows in torch.randperm(len(x)).split(25):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
