"""BERT's tanh pooler before the classifier, shared layers as in ALBERT."""

import torch
from torch import nn


class Pooler(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.dense = nn.Linear(d, d)
        self.activation = nn.Tanh()

    def forward(self, hidden_states):
        return self.activation(self.dense(hidden_states[:, 0]))


class TinyBert(nn.Module):
    def __init__(self, d=32, layers=6):
        super().__init__()
        self.embeddings = nn.Embedding(50, d)
        self.layer = nn.TransformerEncoderLayer(d, 4, 2 * d, activation="gelu", batch_first=True)
        self.layers = layers
        self.pooler = Pooler(d)
        self.dropout = nn.Dropout(0.1)
        self.classifier = nn.Linear(d, 3)

    def forward(self, input_ids):
        x = self.embeddings(input_ids)
        for _ in range(self.layers):
            x = self.layer(x)
        return self.classifier(self.dropout(self.pooler(x)))


def make_model():
    return TinyBert()


def make_data(n=64):
    g = torch.Generator().manual_seed(0)
    ids = torch.randint(0, 50, (n, 10), generator=g)
    return ids, ids[:, 1] % 3


LOSS = "cross_entropy"


if __name__ == "__main__":
    model = make_model()
    x, y = make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(100):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
