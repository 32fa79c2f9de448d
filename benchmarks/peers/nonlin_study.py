"""nonlin's own side: the same study through ``nonlin.lab``."""

from __future__ import annotations

import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from benchmarks.peers.common import SLOPE, Job, Outcome, arguments, side
from nonlin.lab.arrays import from_arrays
from nonlin.lab.compare import plan
from nonlin.lab.study import collect, run


def timed(job: Job) -> Outcome:
    """Train the study into a store of its own; the time includes the final test.

    Reading the data, and starting workers until the first of them reports progress (64 steps), is set-up.
    """
    start = time.perf_counter()
    with np.load(job.npz) as arrays:
        parts = {name: arrays[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    x_train, x_test = (parts[n].astype(np.float32) / 255 for n in ("x_train", "x_test"))
    data = from_arrays("mnist", x_train, parts["y_train"], x_test, parts["y_test"])
    functions = [f"leaky_relu=leaky_relu(slope={SLOPE})" if a == "leaky_relu" else a for a in job.activations]
    study = plan(functions, task=data, preset="classic", seeds=job.seeds, epochs=job.epochs, baseline=job.activations[0])
    reports: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.sqlite"
        run(study, path, workers=job.threads, on_progress=lambda _: reports.append(time.perf_counter()))
        ended = time.perf_counter()
        results = next(iter(collect(study, path).values()))
    accuracy = {label: [r["test_accuracy"] for r in trials if r] for label, trials in results.items()}
    return Outcome(ended - reports[0], reports[0] - start, accuracy)


def installed(name: str) -> str:
    """Return a package's version, or ``"unknown"`` when it runs from a checkout."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


if __name__ == "__main__":
    side("nonlin", {"nonlin": installed("nonlin"), "torch": installed("torch")}, timed, arguments())
