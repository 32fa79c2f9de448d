"""Does a sequence contain more ones than zeros?"""

import torch
import torch.nn as nn


class SequenceClassifier(nn.Module):
    def __init__(self, n_features=3, n_hidden=16):
        super().__init__()
        self.lstm = nn.LSTM(n_features, n_hidden, num_layers=1, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.linear = nn.Linear(n_hidden, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, seq):
        _, (h, c) = self.lstm(seq)
        h = self.drop(h[-1])
        return self.sigmoid(self.linear(h))


def make_model():
    return SequenceClassifier()


def make_data():
    g = torch.Generator().manual_seed(4)
    x = torch.randint(0, 2, (512, 11, 3), generator=g).float()
    y = (x[:, :, 0].mean(1, keepdim=True) > 0.5).float()
    return x, y


LOSS = "bce"


def run(epochs=10):
    model = make_model()
    loss_function = nn.BCELoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    x, y = make_data()
    for epoch in range(epochs):
        for start in range(0, len(x), 32):
            optimizer.zero_grad()
            scores = model(x[start : start + 32])
            loss = loss_function(scores, y[start : start + 32])
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    run()
