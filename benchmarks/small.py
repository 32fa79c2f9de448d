"""Small tasks, nonlin's lockstep training against an ordinary PyTorch loop: ``python -m benchmarks.small``.

Both train the same networks (same task, widths, batch size, epochs, validation after each epoch) in alternation in one
session. The loop trains one network after another, on one thread, which is faster than two at this size: once with
``torch.optim.Adam`` as it comes, once with its fused kernel. nonlin's time includes starting its worker processes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

from nonlin.lab.compare import plan
from nonlin.lab.study import Study, collect, run
from nonlin.lab.train import split

TORCH = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "elu": nn.ELU, "selu": nn.SELU, "gelu": nn.GELU, "silu": nn.SiLU,
         "mish": nn.Mish, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}  # fmt: skip


def plain_loop(study: Study, label: str, seed: int, fused: bool) -> float:
    """Train one network as a tutorial would; return its test accuracy."""
    torch.manual_seed(seed)
    data, recipe = study.data, study.recipe
    widths = [data.features, *recipe.hidden]
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), TORCH[label]()]
    model = nn.Sequential(*layers, nn.Linear(widths[-1], data.classes))
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate, fused=fused or None)
    loss = nn.CrossEntropyLoss()
    n, _ = split(data, recipe)
    x, y = torch.from_numpy(data.train_x).flatten(1), torch.from_numpy(data.train_y)
    for _ in range(recipe.epochs):
        for index in torch.randperm(n).split(recipe.batch_size):
            optimizer.zero_grad()
            loss(model(x[index]), y[index]).backward()
            optimizer.step()
        with torch.no_grad():
            (model(x[n:]).argmax(1) == y[n:]).float().mean()
    with torch.no_grad():
        test = model(torch.from_numpy(data.test_x).flatten(1)).argmax(1)
    return float((test == torch.from_numpy(data.test_y)).float().mean())


SIDES = ("plain loop", "loop, fused Adam", "nonlin")


def measure(task: str, epochs: int | None, seeds: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return, for each side, the median of seconds per model-epoch and the mean test accuracy."""
    study = plan(list(TORCH), task=task, epochs=epochs, seeds=seeds)
    epochs = study.recipe.epochs
    times: dict[str, list[float]] = {side: [] for side in SIDES}
    accuracy: dict[str, list[float]] = {side: [] for side in SIDES}
    for turn in range(rounds):
        for side in SIDES[:2]:
            begun = time.perf_counter()
            accuracy[side] += [plain_loop(study, label, turn, side != SIDES[0]) for label in TORCH]
            times[side].append((time.perf_counter() - begun) / (len(TORCH) * epochs))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "study.sqlite"
            begun = time.perf_counter()
            run(study, path)
            times["nonlin"].append((time.perf_counter() - begun) / (len(TORCH) * epochs * seeds))
            trials = [r for rows in next(iter(collect(study, path).values())).values() for r in rows]
            accuracy["nonlin"] += [r["test_accuracy"] for r in trials if r]
    return {side: {"seconds": statistics.median(times[side]), "accuracy": statistics.mean(accuracy[side])} for side in SIDES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, help="default: the task's own")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    tables = {task: measure(task, options.epochs, options.seeds, options.rounds) for task in ("digits", "mnist1d")}
    if options.json:
        print(json.dumps(tables))
        return
    print(f"{'task':<9} {'side':<17} {'ms per model-epoch':>18} {'x nonlin':>9} {'accuracy':>9}")
    for task, sides in tables.items():
        for side, row in sides.items():
            ratio = row["seconds"] / sides["nonlin"]["seconds"]
            print(f"{task:<9} {side:<17} {row['seconds'] * 1e3:18.2f} {ratio:9.1f} {row['accuracy']:9.4f}")


if __name__ == "__main__":
    main()
