"""nonlin's own side: the same study through ``nonlin.lab``."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from benchmarks.peers.common import SLOPE, Job, Outcome, arguments, side
from nonlin.lab.arrays import from_arrays
from nonlin.lab.compare import plan
from nonlin.lab.study import collect
from nonlin.lab.study import run as run_study


def run(npz: str, epochs: int, seeds: int, activations: Sequence[str], threads: int) -> dict[str, list[float]]:
    """Train the study and return, per activation, one test accuracy in [0, 1] per seed; into a store of its own."""
    with np.load(npz) as arrays:
        parts = {name: arrays[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    x_train, x_test = (parts[n].astype(np.float32) / 255 for n in ("x_train", "x_test"))
    data = from_arrays("mnist", x_train, parts["y_train"], x_test, parts["y_test"])
    functions = [f"leaky_relu=leaky_relu(slope={SLOPE})" if a == "leaky_relu" else a for a in activations]
    study = plan(functions, task=data, preset="classic", seeds=seeds, epochs=epochs)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.sqlite"
        run_study(study, path, workers=threads)
        results = next(iter(collect(study, path).values()))
    return {label: [r["test_accuracy"] for r in trials if r] for label, trials in results.items()}


def timed(job: Job) -> Outcome:
    """Time everything ``run`` does, reading the data and the final test included."""
    start = time.perf_counter()
    found = run(job.npz, job.epochs, job.seeds, job.activations, job.threads)
    return Outcome(time.perf_counter() - start, 0.0, found)


def installed(name: str) -> str:
    """Return a package's version, or ``"unknown"`` when it runs from a checkout."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


if __name__ == "__main__":
    side("nonlin", {"nonlin": installed("nonlin"), "torch": installed("torch")}, timed, arguments())
