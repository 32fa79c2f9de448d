import argparse

import torch
import torch.nn as nn
import torch.optim as optim

MODELS = {}


def register(name):
    def deco(cls):
        MODELS[name] = cls
        return cls

    return deco


@register("mlp")
class MLP(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.l1 = nn.Linear(n_in, 64)
        self.l2 = nn.Linear(64, n_out)
        self.out = nn.Softmax(dim=-1)

    def forward(self, x):
        return self.out(self.l2(torch.relu(self.l1(x))))


LOSSES = {"ce": nn.CrossEntropyLoss, "mse": nn.MSELoss}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--model", default="mlp")
    p.add_argument("--loss", default="ce")
    args = p.parse_args()
    model = MODELS[args.model](20, 5)
    criterion = LOSSES[args.loss]()
    opt = optim.Adam(model.parameters())
    for i in range(10):
        x, y = torch.randn(8, 20), torch.randint(0, 5, (8,))
        opt.zero_grad()
        criterion(model(x), y).backward()
        opt.step()


if __name__ == "__main__":
    main()
