import torch
from torch import nn

cfg = dict(hidden=32, activation="ReLU", final="Sigmoid")


def build(cfg):
    act = getattr(nn, cfg["activation"])
    return nn.Sequential(nn.Linear(10, cfg["hidden"]), act(), nn.Linear(cfg["hidden"], 1), getattr(nn, cfg["final"])())


model = build(cfg)
loss_fn = nn.BCEWithLogitsLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in [(torch.randn(4, 10), torch.ones(4, 1))]:
    loss = loss_fn(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
