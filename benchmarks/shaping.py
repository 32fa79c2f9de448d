"""Do shaped functions let deep networks train that plain ones do not? ``python -m benchmarks.shaping``.

Networks of equal width without shortcuts or normalisation, on the 8x8 digits that scikit-learn ships, trained with momentum.
Weights are orthogonal times the function's own forward gain, which is 1 for shaped ones; every function starts from the
same draws and sees the same batches, so that runs pair by seed. Each function has its own learning rate: the one of the
grid with the lowest mean training loss at the end (diverged runs count as infinite). Networks of all seeds and rates are stacked and
trained together.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import nonlin
from nonlin.facts import gain
from nonlin.lab.data import load

PAIRS = (("tanh", "tanh", "dks"), ("gelu", "gelu", "dks"), ("relu", "relu", "tat"))
"""Plain function, what is shaped, and how."""
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)
MOMENTUM, BATCH = 0.9, 64


def orthogonal(count: int, width: int, seed: int) -> torch.Tensor:
    """Return orthogonal matrices, shape (count, width, width)."""
    draws = np.random.default_rng(seed).standard_normal((count, width, width))
    q, r = np.linalg.qr(draws)
    return torch.tensor(q * np.sign(np.einsum("nii->ni", r))[:, None, :], dtype=torch.float32)


def train(function: Callable[[Any], Any], scale: float, depth: int, steps: int, seeds: int) -> dict[str, Any]:
    """Train ``seeds`` times ``RATES`` networks; return training loss and test accuracy, shape (rates, seeds)."""
    data = load("digits")
    x, y = torch.tensor(data.train_x, dtype=torch.float32).flatten(1), torch.tensor(data.train_y)
    x_test, y_test = torch.tensor(data.test_x, dtype=torch.float32).flatten(1), torch.tensor(data.test_y)
    mean, spread = x.mean(), x.std()
    x, x_test = (x - mean) / spread, (x_test - mean) / spread
    width, nets = x.shape[1], len(RATES) * seeds
    first = torch.stack([orthogonal(depth, width, seed) for seed in range(seeds)])  # (seeds, depth, width, width)
    weights = [(scale * first[:, n]).repeat(len(RATES), 1, 1).requires_grad_() for n in range(depth)]
    biases = [torch.zeros(nets, 1, width, requires_grad=True) for _ in range(depth)]
    heads = torch.zeros(nets, width, 10, requires_grad=True)
    every = [*weights, *biases, heads]
    moved = [torch.zeros_like(p) for p in every]
    rates = torch.tensor(RATES).repeat_interleave(seeds)[:, None, None]

    def logits(inputs: torch.Tensor) -> torch.Tensor:
        h = inputs
        for w, b in zip(weights, biases, strict=True):
            h = function(torch.baddbmm(b, h, w))
        return h @ heads

    losses = []
    orders = [np.random.default_rng(1000 + seed) for seed in range(seeds)]
    for _ in range(steps):
        rows = torch.tensor(np.stack([o.choice(len(y), BATCH, replace=False) for o in orders])).repeat(len(RATES), 1)
        out = logits(x[rows])
        each = (
            torch.nn.functional.cross_entropy(out.flatten(0, 1), y[rows].flatten(), reduction="none")
            .view(nets, BATCH)
            .mean(1)
        )
        losses.append(each.detach())
        grads = torch.autograd.grad(each.sum(), every)
        with torch.no_grad():
            for p, g, m in zip(every, grads, moved, strict=True):
                m.mul_(MOMENTUM).add_(g)
                p.sub_(rates * m)
    with torch.no_grad():
        right = (logits(x_test.expand(nets, -1, -1)).argmax(-1) == y_test).float().mean(1)
    last = torch.stack(losses[-10:]).mean(0)
    return {
        "loss": torch.where(last.isfinite(), last, math.inf).view(len(RATES), seeds),
        "accuracy": right.view(len(RATES), seeds),
    }


def row(name: str, made: Any, depth: int, steps: int, seeds: int) -> dict[str, Any]:
    """Return the result of one function at its best learning rate."""
    found = train(nonlin.get(made), gain(made), depth, steps, seeds)
    best = int(torch.argmin(found["loss"].mean(1)))
    return {
        "function": name,
        "rate": RATES[best],
        "loss": found["loss"][best].tolist(),
        "accuracy": found["accuracy"][best].tolist(),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depth", type=int, default=50)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    if not args.json:
        print(
            f"{args.depth} layers, {args.steps} steps, {args.seeds} seeds; test accuracy (median, range) and training loss at the end"
        )
    for plain, base, method in PAIRS:
        shaped = nonlin.shape(base, depth=args.depth, method=method)
        pair = [row(plain, plain, args.depth, args.steps, args.seeds),
                row(f"{base}, {method}", shaped, args.depth, args.steps, args.seeds)]  # fmt: skip
        gaps = [b - a for a, b in zip(*(r["accuracy"] for r in pair), strict=True)]
        pair[1]["gain"] = gaps
        rows += pair
        if not args.json:
            for r in pair:
                a = r["accuracy"]
                print(f"{r['function']:18} rate {r['rate']:<6g} accuracy {statistics.median(a):.3f} ({min(a):.3f} to {max(a):.3f})"
                      f"  loss {statistics.median(r['loss']):.3f}", flush=True)  # fmt: skip
            print(f"{'':18} shaped - plain, seed by seed: {', '.join(f'{g:+.3f}' for g in gaps)}", flush=True)
    if args.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
