"""The ordinary PyTorch loop: one ``nn.Sequential`` after another, index batches, ``torch.optim.Adam``.

No ``DataLoader`` (batches are rows picked from memory, float32). The implementation of Adam (default,
foreach, fused) and the number of threads are the fastest found by trying them first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.peers.common import (
    BATCH,
    EPSILON,
    LEARNING_RATE,
    SLOPE,
    Data,
    Job,
    Outcome,
    arguments,
    glorot,
    read,
    side,
)

MODULES: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(SLOPE),
}
ADAMS: dict[str, dict[str, Any]] = {"default": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}
TRIAL_STEPS, TRIAL_BLOCKS = 60, 6


def model(name: str, seed: int) -> nn.Sequential:
    """Build the study's network with glorot-uniform weights and zero biases."""
    act = MODULES[name]
    net = nn.Sequential(nn.Linear(784, 128), act(), nn.Linear(128, 64), act(), nn.Linear(64, 10))
    values = glorot(np.random.default_rng([seed, 1]))
    with torch.no_grad():
        for k, layer in enumerate(m for m in net if isinstance(m, nn.Linear)):
            layer.weight.copy_(torch.from_numpy(values[2 * k].T.copy()))
            layer.bias.zero_()
    return net


def optimiser(net: nn.Sequential, adam: str) -> torch.optim.Adam:
    """Adam with Keras' epsilon."""
    return torch.optim.Adam(net.parameters(), lr=LEARNING_RATE, eps=EPSILON, **ADAMS[adam])


def train(net: nn.Sequential, opt: torch.optim.Adam, x: Tensor, y: Tensor, order: Tensor) -> None:
    """Train on every batch of ``order`` (int64 ``[n]``), in that order."""
    loss = nn.CrossEntropyLoss()
    for i in range(0, len(order), BATCH):
        chosen = order[i : i + BATCH]
        opt.zero_grad()
        loss(net(x[chosen]), y[chosen]).backward()
        opt.step()


def accuracy(net: nn.Sequential, x: Tensor, y: Tensor) -> float:
    """Share of ``x`` ``[N, 784]`` classified as ``y`` ``[N]`` says."""
    with torch.no_grad():
        return float((net(x).argmax(1) == y).float().mean())


def fastest(x: Tensor, y: Tensor, threads: int) -> tuple[str, int, str]:
    """Time blocks of steps of every variant in turn; return Adam's name, the threads, and what was measured.

    The best block of each counts, so that a busy moment of the machine does not choose. A variant is given up
    when a block takes over a second (OpenMP threads that wait for a core somebody else holds).
    """
    best: dict[tuple[int, str], float] = {}
    order = torch.arange(TRIAL_STEPS * BATCH)
    for _ in range(TRIAL_BLOCKS):
        for n, adam in product(sorted({1, threads}), ADAMS):
            if best.get((n, adam), 0.0) * TRIAL_STEPS > 1.0:
                continue
            torch.set_num_threads(n)
            net = model("relu", 0)
            opt = optimiser(net, adam)
            train(net, opt, x, y, order[: 2 * BATCH])
            start = time.perf_counter()
            train(net, opt, x, y, order)
            seconds = (time.perf_counter() - start) / TRIAL_STEPS
            best[n, adam] = min(seconds, best.get((n, adam), seconds))
    (threads, adam), _ = min(best.items(), key=lambda item: item[1])
    tried = ", ".join(f"{a} x{n} {1e6 * s:.0f}" for (n, a), s in best.items())
    return adam, threads, f"Adam {adam}, {threads} thread(s); us per step: {tried}"


def run(job: Job) -> Outcome:
    """Train every (activation, seed), one model after another, validating after each epoch."""
    d: Data = read(job.npz)
    x, y, xv, yv = map(torch.from_numpy, (d.x_train, d.y_train, d.x_val, d.y_val))
    xt, yt = torch.from_numpy(d.x_test), torch.from_numpy(d.y_test)
    start = time.perf_counter()
    adam, threads, note = fastest(x, y, job.threads)
    setup = time.perf_counter() - start
    torch.set_num_threads(threads)
    seconds, found = 0.0, {name: [0.0] * job.seeds for name in job.activations}
    for name in job.activations:
        for seed in range(job.seeds):
            torch.manual_seed(seed)
            net = model(name, seed)
            start = time.perf_counter()
            opt = optimiser(net, adam)
            for _ in range(job.epochs):
                train(net, opt, x, y, torch.randperm(len(x)))
                accuracy(net, xv, yv)
            seconds += time.perf_counter() - start
            found[name][seed] = accuracy(net, xt, yt)
    return Outcome(seconds, setup, found, note)


if __name__ == "__main__":
    side("torch loop", {"torch": torch.__version__}, run, arguments())
