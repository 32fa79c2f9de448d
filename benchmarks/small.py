"""Small tasks, nonlin's lockstep training against an ordinary PyTorch loop: ``python -m benchmarks.small``.

Both train the same networks (same task, widths, batch size, epochs, validation after each epoch) in alternation in one process; the
loop trains one model after another with PyTorch's fused Adam, on one thread, which is faster than two at this size.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch import nn

from nonlin.lab.compare import plan
from nonlin.lab.study import Study, collect, run
from nonlin.lab.train import split

TORCH = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "elu": nn.ELU, "selu": nn.SELU, "gelu": nn.GELU, "silu": nn.SiLU,
         "mish": nn.Mish, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}  # fmt: skip


def plain_loop(study: Study, label: str, seed: int) -> float:
    """Train one network as a tutorial would; return its test accuracy."""
    torch.manual_seed(seed)
    data, recipe = study.data, study.recipe
    widths = [data.features, *recipe.hidden]
    layers: list[nn.Module] = []
    for before, after in zip(widths, widths[1:], strict=False):
        layers += [nn.Linear(before, after), TORCH[label]()]
    model = nn.Sequential(*layers, nn.Linear(widths[-1], data.classes))
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate, fused=True)
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


def measure(task: str, epochs: int, seeds: int, rounds: int) -> dict[str, object]:
    """Return medians of seconds per model-epoch and mean accuracies of both sides."""
    study = plan(list(TORCH), task=task, epochs=epochs, seeds=seeds)
    times: dict[str, list[float]] = {"plain": [], "nonlin": []}
    accuracy: dict[str, list[float]] = {"plain": [], "nonlin": []}
    for turn in range(rounds):
        begun = time.perf_counter()
        accuracy["plain"] += [plain_loop(study, label, turn) for label in TORCH]
        times["plain"].append((time.perf_counter() - begun) / (len(TORCH) * epochs))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "study.sqlite"
            begun = time.perf_counter()
            run(study, path, workers=2)
            times["nonlin"].append((time.perf_counter() - begun) / (len(TORCH) * epochs * seeds))
            trials = [r for rows in next(iter(collect(study, path).values())).values() for r in rows]
            accuracy["nonlin"] += [r["test_accuracy"] for r in trials if r]
    plain, ours = (statistics.median(times[k]) for k in ("plain", "nonlin"))
    return {"task": task, "plain_seconds": plain, "nonlin_seconds": ours, "ratio": plain / ours,
            "plain_accuracy": statistics.mean(accuracy["plain"]), "nonlin_accuracy": statistics.mean(accuracy["nonlin"])}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [measure(task, options.epochs, options.seeds, options.rounds) for task in ("digits", "mnist1d")]
    if options.json:
        print(json.dumps(rows))
        return
    print("task        ms per trained model-epoch     ratio   mean test accuracy")
    print("             plain loop     nonlin             plain loop  nonlin")
    for r in rows:
        print(f"{r['task']:<10} {r['plain_seconds'] * 1e3:12.2f} {r['nonlin_seconds'] * 1e3:10.2f} {r['ratio']:9.1f}"
              f" {r['plain_accuracy']:11.4f} {r['nonlin_accuracy']:8.4f}")  # fmt: skip


if __name__ == "__main__":
    main()
