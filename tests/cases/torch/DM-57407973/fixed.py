"""A deep binary classifier, with He's weights."""

import torch
from sklearn.datasets import make_classification
from torch import nn


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
        nn.init.zeros_(m.bias)


def make_model():
    model = nn.Sequential(
        nn.Linear(28, 28),
        nn.ReLU(),
        nn.Linear(28, 200),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(200, 300),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(300, 300),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(300, 150),
        nn.ReLU(),
        nn.Dropout(0.4),
        nn.Linear(150, 1),
    )
    model.apply(init_weights)
    return model


def make_data():
    x, y = make_classification(1000, 28, n_informative=12, weights=[0.16], random_state=3)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32).unsqueeze(1)


LOSS = "bce_logits"


if __name__ == "__main__":
    torch.manual_seed(0)
    model = make_model()
    x, y = make_data()
    loss_function = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(500):
        rows = torch.randint(len(x), (32,))
        optimizer.zero_grad()
        loss = loss_function(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
