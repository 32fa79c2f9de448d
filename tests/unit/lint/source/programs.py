"""Small programs and what reaches their loss: each row is a program as people write them, and the fact asserted on its graph."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A program, the loss it takes, and what feeds it: a function's id, or ``op:linear`` for an operation."""

    name: str
    loss: str
    fed: str
    text: str


HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
NET = """
class Net(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.fc1 = nn.Linear(20, 32)
        self.fc2 = nn.Linear(32, classes)
    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))
"""
SOFT = NET.replace("return self.fc2(F.relu(self.fc1(x)))", "return F.softmax(self.fc2(F.relu(self.fc1(x))), dim=1)")

TORCH = (
    Case("softmax-in-forward", "cross_entropy", "softmax", SOFT + """
model, criterion = Net(), nn.CrossEntropyLoss()
for x, y in loader:
    loss = criterion(model(x), y)
    loss.backward()
"""),
    Case("logits", "cross_entropy", "op:linear", NET + """
model, criterion = Net(), nn.CrossEntropyLoss()
for x, y in loader:
    loss = criterion(model(x), y)
"""),
    Case("probs-beside", "cross_entropy", "op:linear", NET + """
model, ce = Net(), nn.CrossEntropyLoss()
logits = model(x)
probs = torch.softmax(logits, 1)
loss = ce(logits, y)
acc = (probs.argmax(1) == y).float().mean()
"""),
    Case("method-softmax", "cross_entropy", "softmax", NET + """
model = Net()
loss = F.cross_entropy(model(x).softmax(-1), y)
"""),
    Case("train-step", "cross_entropy", "softmax", SOFT + """
def train_step(model, criterion, x, y):
    out = model(x)
    return criterion(out, y)
def main():
    net = Net()
    train_step(net, nn.CrossEntropyLoss(), x, y)
if __name__ == "__main__":
    main()
"""),
    Case("functional-criterion", "cross_entropy", "softmax", SOFT + """
loss_fn = F.cross_entropy
model = Net().to("cpu")
for epoch in range(100):
    for batch, (x, y) in enumerate(loader):
        loss = loss_fn(model(x), y)
"""),
    Case("lightning", "cross_entropy", "softmax", """
import pytorch_lightning as pl
class Lit(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(dim=1))
        self.criterion = nn.CrossEntropyLoss()
    def forward(self, x):
        return self.net(x)
    def training_step(self, batch, batch_idx):
        x, y = batch
        y_hat = self(x)
        return self.criterion(y_hat, y)
"""),
    Case("trainer-class", "bce_logits", "sigmoid", """
class Trainer:
    def __init__(self, lr):
        self.model = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())
        self.loss = nn.BCEWithLogitsLoss()
    def step(self, x, y):
        return self.loss(self.model(x), y)
    def run(self):
        for x, y in self.loader:
            self.step(x, y)
"""),
    Case("eval-only", "cross_entropy", "op:linear", NET.replace(
        "return self.fc2(F.relu(self.fc1(x)))",
        "x = self.fc2(F.relu(self.fc1(x)))\n        if not self.training:\n            x = F.softmax(x, dim=1)\n        return x") + """
loss = nn.CrossEntropyLoss()(Net()(x), y)
"""),
    Case("eval-only-return", "cross_entropy", "op:linear", NET.replace(
        "return self.fc2(F.relu(self.fc1(x)))",
        "x = self.fc2(F.relu(self.fc1(x)))\n        if self.training:\n            return x\n        return F.softmax(x, dim=1)") + """
loss = nn.CrossEntropyLoss()(Net()(x), y)
"""),
    Case("return-probs-default", "cross_entropy", "op:linear", NET.replace("forward(self, x)", "forward(self, x, return_probs=False)").replace(
        "return self.fc2(F.relu(self.fc1(x)))",
        "x = self.fc2(F.relu(self.fc1(x)))\n        if return_probs:\n            return x.softmax(1)\n        return x") + """
loss = nn.CrossEntropyLoss()(Net()(x), y)
"""),
    Case("return-probs-asked", "cross_entropy", "softmax", NET.replace("forward(self, x)", "forward(self, x, return_probs=False)").replace(
        "return self.fc2(F.relu(self.fc1(x)))",
        "x = self.fc2(F.relu(self.fc1(x)))\n        if return_probs:\n            return x.softmax(1)\n        return x") + """
loss = nn.CrossEntropyLoss()(Net()(x, return_probs=True), y)
"""),
    Case("unknown-flag", "cross_entropy", "op:unknown", NET.replace(
        "return self.fc2(F.relu(self.fc1(x)))",
        "x = self.fc2(F.relu(self.fc1(x)))\n        if config.softmax:\n            x = x.softmax(1)\n        return x") + """
loss = nn.CrossEntropyLoss()(Net()(x), y)
"""),
    Case("both-ways-softmax", "cross_entropy", "softmax", NET.replace(
        "return self.fc2(F.relu(self.fc1(x)))",
        "x = self.fc2(F.relu(self.fc1(x)))\n        if config.a:\n            x = x.softmax(1)\n        else:\n"
        "            x = F.softmax(x, dim=1)\n        return x") + """
loss = nn.CrossEntropyLoss()(Net()(x), y)
"""),
    Case("optional-dropout", "cross_entropy", "op:linear", NET.replace(
        "return self.fc2(F.relu(self.fc1(x)))",
        "x = self.fc2(F.relu(self.fc1(x)))\n        if config.drop:\n            x = F.dropout(x, 0.1)\n        return x") + """
loss = nn.CrossEntropyLoss()(Net()(x), y)
"""),
    Case("dict-output", "cross_entropy", "op:linear", NET.replace(
        "return self.fc2(F.relu(self.fc1(x)))",
        'x = self.fc2(F.relu(self.fc1(x)))\n        return {"logits": x, "probs": x.softmax(1)}') + """
out = Net()(x)
loss = F.cross_entropy(out["logits"], y)
"""),
    Case("dict-output-wrong", "cross_entropy", "softmax", NET.replace(
        "return self.fc2(F.relu(self.fc1(x)))",
        'x = self.fc2(F.relu(self.fc1(x)))\n        return {"logits": x, "probs": x.softmax(1)}') + """
out = Net()(x)
loss = F.cross_entropy(out["probs"], y)
"""),
    Case("tuple-output", "cross_entropy", "op:linear", NET.replace(
        "return self.fc2(F.relu(self.fc1(x)))", "x = self.fc2(F.relu(self.fc1(x)))\n        return x.softmax(1), x") + """
probs, logits = Net()(x)
loss = F.cross_entropy(logits, y)
"""),
    Case("token-zero", "cross_entropy", "op:linear", NET.replace(
        "return self.fc2(F.relu(self.fc1(x)))", "x = self.fc2(F.relu(self.fc1(x)))\n        return [x, torch.sigmoid(x)]") + """
token = Net()(x)
loss = F.cross_entropy(token[0], y)
"""),
    Case("sequential-list", "cross_entropy", "softmax", """
sizes = [20, 64, 64]
layers = []
for a, b in zip(sizes[:-1], sizes[1:]):
    layers += [nn.Linear(a, b), nn.ReLU()]
layers.append(nn.Linear(sizes[-1], 5))
layers.append(nn.Softmax(dim=-1))
model = nn.Sequential(*layers)
loss = nn.CrossEntropyLoss()(model(x), y)
"""),
    Case("comprehension", "cross_entropy", "relu", """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])
    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return x
loss = nn.CrossEntropyLoss()(Net()(x), y)
"""),
    Case("helper-block", "bce", "op:linear", """
def block(i, o, act=nn.ReLU):
    return nn.Sequential(nn.Linear(i, o), act())
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = block(3, 8)
        self.head = nn.Linear(8, 1)
    def forward(self, x):
        return self.head(self.body(x))
net = Net()
loss = F.binary_cross_entropy(net(x), y)
"""),
    Case("activation-by-name", "mse", "tanh", """
ACTS = {"relu": nn.ReLU, "tanh": nn.Tanh}
def get(name):
    return ACTS[name]()
model = nn.Sequential(nn.Linear(2, 1), get("tanh"))
loss = nn.MSELoss()(model(x), y)
"""),
    Case("activation-by-getattr", "mse", "sigmoid", """
def make(name="Sigmoid"):
    return nn.Sequential(nn.Linear(2, 1), getattr(nn, name)())
loss = nn.MSELoss()(make()(x), y)
"""),
    Case("if-chain-name", "mse", "elu", """
def act(kind):
    if kind == "relu":
        return nn.ReLU()
    elif kind == "elu":
        return nn.ELU()
    raise ValueError(kind)
model = nn.Sequential(nn.Linear(2, 1), act("elu"))
loss = nn.MSELoss()(model(x), y)
"""),
    Case("inheritance", "nll", "softmax", """
class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 3)
    def forward(self, x):
        return self.finish(self.head(x))
    def finish(self, x):
        return x
class Child(Base):
    def finish(self, x):
        return F.softmax(x, -1)
loss = nn.NLLLoss()(Child()(x), y)
"""),
    Case("super-forward", "nll", "log_softmax", """
class Base(nn.Module):
    def __init__(self):
        super(Base, self).__init__()
        self.head = nn.Linear(4, 3)
    def forward(self, x):
        return self.head(x)
class Child(Base):
    def forward(self, x):
        return F.log_softmax(super().forward(x), dim=1)
loss = nn.NLLLoss()(Child()(x), y)
"""),
    Case("sequential-subclass", "cross_entropy", "softmax", """
class MLP(nn.Sequential):
    def __init__(self, n):
        super().__init__(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, n), nn.Softmax(1))
loss = nn.CrossEntropyLoss()(MLP(3)(x), y)
"""),
    Case("wrapped", "cross_entropy", "softmax", SOFT + """
model = nn.DataParallel(Net()).cuda()
model = torch.compile(model)
with torch.autocast("cuda"):
    loss = nn.CrossEntropyLoss()(model(x), y)
"""),
    Case("replaced-head", "cross_entropy", "softmax", """
from torchvision import models
model = models.resnet18(pretrained=True)
model.fc = nn.Sequential(nn.Linear(512, 10), nn.Softmax(dim=1))
loss = nn.CrossEntropyLoss()(model(x), y)
"""),
    Case("reshaped", "cross_entropy", "softmax", SOFT + """
out = Net()(x)
loss = F.cross_entropy(out.view(-1, 10), y.view(-1))
"""),
    Case("loss-in-forward", "cross_entropy", "softmax", """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.loss = nn.CrossEntropyLoss()
    def forward(self, x, labels=None):
        probs = torch.softmax(self.fc(x), dim=-1)
        if labels is not None:
            return self.loss(probs, labels), probs
        return probs
"""),
    Case("criterion-choice", "unknown", "sigmoid", """
model = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())
if args.loss == "bce":
    criterion = nn.BCELoss()
else:
    criterion = nn.BCEWithLogitsLoss()
loss = criterion(model(x), y)
"""),
    Case("dataclass-config", "cross_entropy", "softmax", """
from dataclasses import dataclass
@dataclass
class Config:
    classes: int = 7
    act: str = "softmax"
class Net(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.fc = nn.Linear(4, cfg.classes)
    def forward(self, x):
        x = self.fc(x)
        if self.cfg.act == "softmax":
            x = F.softmax(x, dim=1)
        return x
loss = nn.CrossEntropyLoss()(Net(Config())(x), y)
"""),
    Case("module-wide-constant", "cross_entropy", "softmax", """
num_classes = 1
HIDDEN = 2 ** 5
model = nn.Sequential(nn.Linear(4, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, num_classes), nn.Softmax(dim=1))
loss = nn.CrossEntropyLoss()(model(x), y)
"""),
    Case("ordered-dict", "cross_entropy", "softmax", """
from collections import OrderedDict
model = nn.Sequential(OrderedDict([("fc", nn.Linear(4, 3)), ("prob", nn.Softmax(dim=1))]))
loss = nn.CrossEntropyLoss()(model(x), y)
"""),
    Case("add-module", "cross_entropy", "softmax", """
model = nn.Sequential()
model.add_module("fc", nn.Linear(4, 3))
model.add_module("prob", nn.Softmax(dim=1))
loss = nn.CrossEntropyLoss()(model(x), y)
"""),
    Case("functools-partial", "cross_entropy", "softmax", """
from functools import partial
prob = partial(F.softmax, dim=1)
fc = nn.Linear(4, 3)
loss = F.cross_entropy(prob(fc(x)), y)
"""),
    Case("lambda", "cross_entropy", "softmax", """
prob = lambda t: torch.softmax(t, dim=1)
fc = nn.Linear(4, 3)
loss = F.cross_entropy(prob(fc(x)), y)
"""),
    Case("inplace-statement", "cross_entropy", "relu", """
fc = nn.Linear(4, 3)
h = fc(x)
F.relu_(h)
loss = F.cross_entropy(h, y)
"""),
    Case("softmax-by-hand", "cross_entropy", "softmax", """
fc = nn.Linear(4, 3)
e = torch.exp(fc(x))
p = e / e.sum(dim=1, keepdim=True)
loss = F.cross_entropy(p, y)
"""),
    Case("sigmoid-by-hand", "bce_logits", "sigmoid", """
fc = nn.Linear(4, 1)
p = 1 / (1 + torch.exp(-fc(x)))
loss = F.binary_cross_entropy_with_logits(p, y)
"""),
    Case("unknown-function-between", "cross_entropy", "op:unknown", SOFT + """
from somewhere import transform
loss = F.cross_entropy(transform(Net()(x)), y)
"""),
    Case("vae", "bce", "sigmoid", """
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.mu, self.lv, self.dec = nn.Linear(784, 40), nn.Linear(40, 8), nn.Linear(40, 8), nn.Linear(8, 784)
    def forward(self, x):
        h = F.relu(self.enc(x))
        mu, logvar = self.mu(h), self.lv(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return torch.sigmoid(self.dec(z)), mu, logvar
recon, mu, logvar = VAE()(x)
loss = F.binary_cross_entropy(recon, x, reduction="sum")
"""),
    Case("wgan", "wasserstein", "sigmoid", """
D = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Sigmoid())
G = nn.Sequential(nn.Linear(2, 4))
for real in loader:
    loss = -torch.mean(D(real)) + torch.mean(D(G(z)))
    loss.backward()
"""),
    Case("exclusive-losses", "unknown", "sigmoid", """
model = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())
out = model(x)
if args.logits:
    loss = F.binary_cross_entropy_with_logits(out, y)
else:
    loss = F.binary_cross_entropy(out, y)
"""),
    Case("annotated-model", "cross_entropy", "softmax", SOFT + """
def train(model: Net, loader):
    for x, y in loader:
        F.cross_entropy(model(x), y).backward()
"""),
    Case("star-import", "cross_entropy", "softmax", """
from torch.nn import *
model = Sequential(Linear(4, 3), Softmax(dim=1))
loss = CrossEntropyLoss()(model(x), y)
"""),
    Case("fastai", "cross_entropy", "softmax", SOFT + """
from fastai.vision.all import Learner
learn = Learner(dls, Net(), loss_func=nn.CrossEntropyLoss(), metrics=accuracy)
learn.fit_one_cycle(3)
"""),
    Case("fastai-star", "cross_entropy", "softmax", SOFT + """
from fastai.vision.all import *
learn = Learner(dls, Net(), loss_func=CrossEntropyLossFlat if False else nn.CrossEntropyLoss())
"""),
    Case("empty-loader", "cross_entropy", "softmax", SOFT + """
model = Net()
for x, y in []:
    loss = F.cross_entropy(model(x), y)
    loss.backward()
"""),
    Case("registry", "cross_entropy", "softmax", """
MODELS = {}
def register(name):
    def keep(cls):
        MODELS[name] = cls
        return cls
    return keep
@register("soft")
class Soft(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)
    def forward(self, x):
        return self.fc(x).softmax(1)
loss = F.cross_entropy(MODELS[args.model]()(x), y)
"""),
    Case("accelerate", "cross_entropy", "softmax", SOFT + """
from accelerate import Accelerator
accelerator = Accelerator()
model, optimizer = Net(), 1
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x, y in loader:
    accelerator.backward(nn.CrossEntropyLoss()(model(x), y))
"""),
    Case("keyword-arguments", "cross_entropy", "softmax", SOFT + """
def epoch(*, model, criterion, data, **rest):
    for batch in data:
        loss = criterion(input=model(batch["x"]), target=batch["y"])
epoch(model=Net(classes=3), criterion=nn.CrossEntropyLoss(), data=loader, verbose=True)
"""),
    Case("several-outputs", "cross_entropy", "softmax", """
heads = nn.ModuleList([nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)) for _ in range(2)])
loss = sum(F.cross_entropy(h(x), y) for h in heads[:1])
"""),
    Case("models-in-a-dict", "cross_entropy", "softmax", SOFT + """
nets = {"a": Net()}
for name, net in nets.items():
    loss = F.cross_entropy(net(x), y)
"""),
    Case("global-model", "cross_entropy", "softmax", SOFT + """
model = Net()
criterion = nn.CrossEntropyLoss()
def train():
    for x, y in loader:
        criterion(model(x), y).backward()
"""),
    Case("parsed-arguments", "cross_entropy", "softmax", SOFT + """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--classes", type=int, default=10)
def main():
    args = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = Net(args.classes).to(device)
    criterion = nn.CrossEntropyLoss().to(device)
    for epoch in range(args.epochs):
        for i, (x, y) in enumerate(loader, 1):
            x, y = x.to(device), y.to(device)
            loss = criterion(model(x), y)
main()
"""),
    Case("generator-of-layers", "cross_entropy", "softmax", """
def layers():
    yield nn.Linear(4, 3)
    yield nn.Softmax(dim=1)
loss = F.cross_entropy(nn.Sequential(*layers())(x), y)
"""),
    Case("lambda-module", "cross_entropy", "softmax", """
class Lambda(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.f = f
    def forward(self, x):
        return self.f(x)
model = nn.Sequential(nn.Linear(4, 3), Lambda(lambda t: F.softmax(t, dim=1)))
loss = F.cross_entropy(model(x), y)
"""),
    Case("own-loss-module", "cross_entropy", "softmax", SOFT + """
class Smooth(nn.Module):
    def __init__(self, weight=None):
        super().__init__()
        self.ce = nn.CrossEntropyLoss(weight=weight)
    def forward(self, logits, target):
        return 0.9 * self.ce(logits, target)
loss = Smooth()(Net()(x), y)
"""),
    Case("own-activation", "bce", "sigmoid", """
class Act(nn.Module):
    def forward(self, x):
        return torch.sigmoid(x)
model = nn.Sequential(nn.Linear(4, 1), Act())
loss = nn.BCELoss()(model(x).view(-1), y.float())
"""),
    Case("property-and-static", "cross_entropy", "softmax", """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)
    @staticmethod
    def squash(x):
        return x.softmax(-1)
    @property
    def head(self):
        return self.fc
    @classmethod
    def make(cls):
        return cls()
    def forward(self, x):
        return self.squash(self.head(x))
loss = F.cross_entropy(Net.make()(x), y)
"""),
    Case("nested-function", "cross_entropy", "softmax", """
def make():
    fc = nn.Linear(4, 3)
    def model(x):
        return fc(x).softmax(1)
    return model
loss = F.cross_entropy(make()(x), y)
"""),
    Case("try-and-with", "cross_entropy", "softmax", SOFT + """
try:
    from apex import amp
except ImportError:
    amp = None
model = Net()
with torch.enable_grad():
    try:
        loss = F.cross_entropy(model(x), y)
    except RuntimeError:
        raise
    finally:
        pass
"""),
    Case("match", "cross_entropy", "softmax", """
def last(kind):
    match kind:
        case "prob":
            return nn.Softmax(dim=1)
        case _:
            return nn.Identity()
model = nn.Sequential(nn.Linear(4, 3), last("prob"))
loss = F.cross_entropy(model(x), y)
"""),
    Case("deep-copy", "cross_entropy", "softmax", SOFT + """
import copy
student = copy.deepcopy(Net())
loss = F.cross_entropy(student(x), y)
"""),
    Case("dice", "dice", "relu", """
def dice_loss(pred, target):
    return 1 - 2 * (pred * target).sum() / (pred.sum() + target.sum())
model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU())
loss = dice_loss(model(x), y)
"""),
    Case("dice-with-sigmoid-inside", "dice", "sigmoid", """
class DiceLoss(nn.Module):
    def forward(self, inputs, targets, smooth=1):
        inputs = torch.sigmoid(inputs).view(-1)
        return 1 - (2 * (inputs * targets).sum() + smooth) / (inputs.sum() + targets.sum() + smooth)
model = nn.Sequential(nn.Conv2d(1, 1, 3))
loss = DiceLoss()(model(x), y)
"""),
    Case("unknown-number-between", "cross_entropy", "op:scale", """
import math
fc = nn.Linear(4, 3)
loss = F.cross_entropy(fc(x) / math.sqrt(temperature), y)
"""),
    Case("annotated-attribute", "cross_entropy", "softmax", """
class Net(nn.Module):
    fc: nn.Linear
    def __init__(self, n: int = 3) -> None:
        super().__init__()
        self.fc: nn.Linear = nn.Linear(4, n)
        setattr(self, "prob", nn.Softmax(dim=1))
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return getattr(self, "prob")(self.fc(x))
loss = F.cross_entropy(Net()(x), y)
"""),
    Case("global-average-pool", "cross_entropy", "op:avg_pool", """
model = nn.Sequential(nn.Conv2d(3, 10, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
loss = nn.CrossEntropyLoss()(model(x), y)
"""),
)  # fmt: skip
"""PyTorch programs; ``HEAD`` goes before each."""

K = "from tensorflow import keras\nfrom tensorflow.keras import layers\nimport tensorflow as tf\nimport numpy as np\n"
KERAS = (
    Case("sequential", "categorical", "softmax", """
model = keras.Sequential([layers.Dense(32, activation="relu", input_shape=(4,)), layers.Dense(3, activation="softmax")])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y)
"""),
    Case("add-chain", "bce", "softmax", """
model = keras.models.Sequential()
model.add(layers.Dense(32, input_dim=8))
model.add(layers.Activation("relu"))
model.add(layers.Dense(1))
model.add(layers.Activation("softmax"))
model.compile("adam", "binary_crossentropy")
"""),
    Case("from-logits-wrong", "cross_entropy", "softmax", """
model = keras.Sequential([layers.Dense(3, activation=tf.nn.softmax)])
model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer=keras.optimizers.Adam(1e-3))
"""),
    Case("logits-right", "cross_entropy", "op:linear", """
model = keras.Sequential([layers.Dense(3)])
model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer="sgd")
"""),
    Case("functional", "categorical", "sigmoid", """
inputs = keras.Input(shape=(28, 28, 1))
x = layers.Conv2D(8, 3, activation="relu")(inputs)
x = layers.Flatten()(x)
outputs = layers.Dense(10, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
model.compile(loss=keras.losses.categorical_crossentropy, optimizer="adam")
"""),
    Case("subclass", "bce", "op:linear", """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.a = layers.Dense(8, activation="relu")
        self.b = layers.Dense(1)
    def call(self, inputs, training=False):
        return self.b(self.a(inputs))
model = Net()
model.compile(loss="binary_crossentropy", optimizer="adam")
"""),
    Case("build-function", "mse", "softmax", """
def build(n):
    model = keras.Sequential()
    model.add(layers.Dense(n, activation="relu"))
    model.add(layers.Dense(1, activation="softmax"))
    model.compile(loss="mse", optimizer="rmsprop")
    return model
"""),
    Case("gradient-tape", "cross_entropy", "softmax", """
model = keras.Sequential([layers.Dense(3, activation="softmax")])
loss_object = keras.losses.CategoricalCrossentropy(from_logits=True)
@tf.function
def train_step(images, labels):
    with tf.GradientTape() as tape:
        predictions = model(images, training=True)
        loss = loss_object(labels, predictions)
    grads = tape.gradient(loss, model.trainable_variables)
for images, labels in ds:
    train_step(images, labels)
"""),
    Case("tf1", "cross_entropy", "relu", """
x = tf.placeholder(tf.float32, [None, 784])
y = tf.placeholder(tf.float32, [None, 10])
W1 = tf.Variable(tf.random_normal([784, 64], stddev=0.1))
b1 = tf.Variable(tf.zeros([64]))
h = tf.nn.relu(tf.matmul(x, W1) + b1)
W2 = tf.Variable(tf.zeros([64, 10]))
logits = tf.nn.relu(tf.matmul(h, W2))
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
"""),
    Case("tf1-layers", "mse", "sigmoid", """
x = tf.placeholder(tf.float32, [None, 9])
h = tf.layers.dense(x, 64, activation=tf.nn.relu)
out = tf.layers.dense(h, 1, activation=tf.nn.sigmoid)
loss = tf.losses.mean_squared_error(y, out)
"""),
    Case("keras3-lstm", "bce", "softmax", """
model = keras.Sequential()
model.add(keras.Input(shape=(10, 4)))
model.add(layers.Bidirectional(layers.LSTM(16)))
model.add(layers.Dropout(0.5))
model.add(layers.Dense(1, activation="softmax"))
model.compile(loss="binary_crossentropy", optimizer="adam")
"""),
    Case("list-of-layers-function", "categorical", "softmax", """
def block(x, n):
    x = layers.Dense(n)(x)
    x = layers.BatchNormalization()(x)
    return layers.LeakyReLU(0.1)(x)
i = layers.Input((4,))
h = i
for n in [16, 8]:
    h = block(h, n)
o = layers.Dense(3)(h)
o = layers.Softmax()(o)
m = keras.models.Model(inputs=[i], outputs=[o])
m.compile(optimizer=keras.optimizers.SGD(learning_rate=0.1), loss="sparse_categorical_crossentropy")
"""),
    Case("old-keras", "mse", "sigmoid", """
from keras.models import Sequential
from keras.layers.core import Dense, Activation
model = Sequential()
model.add(Dense(12, input_dim=5, init="uniform", activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="mean_squared_error", optimizer="adam")
"""),
)  # fmt: skip
"""Keras and TensorFlow programs; ``K`` goes before each."""
