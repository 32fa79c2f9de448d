"""An autoencoder for standardised rows."""

import torch
import torch.nn as nn


class AutoEncoder(nn.Module):
    def __init__(self, features=12, code=64):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(features, code), nn.ReLU())
        self.decoder = nn.Linear(code, features)

    def forward(self, x):
        return self.decoder(self.encoder(x))


def make_model():
    return AutoEncoder()


def make_data():
    g = torch.Generator().manual_seed(2)
    basis = torch.randn(4, 12, generator=g)
    x = torch.randn(1000, 4, generator=g) @ basis
    x = (x - x.mean(0)) / x.std(0)
    return x, x


LOSS = "mse"

if __name__ == "__main__":
    model = AutoEncoder()
    data, _ = make_data()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    distance = nn.MSELoss()
    for epoch in range(50):
        for i in range(0, len(data), 64):
            batch = data[i : i + 64]
            reconstruction = model(batch)
            loss = distance(reconstruction, batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    print("reconstruction error", loss.item())
