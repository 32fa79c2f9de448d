"""What every side of ``benchmarks.classic`` shares: constants, arguments and the one line of JSON.

Needs NumPy only, so that it runs in the environment of every peer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu")
SLOPE = 0.3  # what Keras' LeakyReLU() layer means when no slope is given
WIDTHS = (784, 128, 64, 10)
BATCH, VALIDATION = 32, 0.2
LEARNING_RATE, EPSILON = 1e-3, 1e-7

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Data:
    """The study's data: inputs in [0, 1], float32 ``[N, 784]``; labels 0-9, int64 ``[N]``."""

    x_train: Floats
    y_train: Labels
    x_val: Floats
    y_val: Labels
    x_test: Floats
    y_test: Labels


@dataclass(frozen=True)
class Job:
    """What the command line asks for; ``layout`` is used by the sides that know several."""

    npz: str
    epochs: int
    seeds: int
    activations: tuple[str, ...]
    threads: int
    layout: str


@dataclass(frozen=True)
class Outcome:
    """What a side measured.

    ``seconds`` is training with per-epoch validation, net of ``setup`` (compiling, tracing, choosing a
    variant) and of the final test. ``accuracy`` maps an activation to one test accuracy in [0, 1] per seed.
    """

    seconds: float
    setup: float
    accuracy: Mapping[str, Sequence[float]]
    note: str = ""


def read(npz: str) -> Data:
    """Read the driver's ``.npz``; the last 20 % of the training set is the validation set, as in Keras."""
    with np.load(npz) as z:
        x, y = z["x_train"].astype(np.float32) / np.float32(255), z["y_train"].astype(np.int64)
        xt, yt = z["x_test"].astype(np.float32) / np.float32(255), z["y_test"].astype(np.int64)
    cut = int(len(x) * (1 - VALIDATION))
    return Data(x[:cut], y[:cut], x[cut:], y[cut:], xt, yt)


def glorot(rng: np.random.Generator) -> list[Floats]:
    """Draw one model, w1, b1, ... b3: weights ``[inputs, outputs]`` glorot-uniform, biases zero."""
    out: list[Floats] = []
    for i, o in pairwise(WIDTHS):
        limit = (6 / (i + o)) ** 0.5
        out += [rng.uniform(-limit, limit, (i, o)).astype(np.float32), np.zeros(o, np.float32)]
    return out


def arguments(layouts: Sequence[str] = ("",)) -> Job:
    """Parse a side's command line; the first of ``layouts`` is the default."""
    p = argparse.ArgumentParser()
    p.add_argument("npz", help="x_train, y_train, x_test, y_test as unsigned bytes")
    p.add_argument("--epochs", type=int, default=1)
    p.add_argument("--seeds", type=int, default=1)
    p.add_argument("--activations", default=",".join(ACTIVATIONS), help="comma separated")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--layout", choices=list(layouts), default=layouts[0])
    a = p.parse_args()
    names = tuple(a.activations.split(","))
    strange = [n for n in names if n not in ACTIVATIONS]
    if strange or a.epochs < 1 or a.seeds < 1 or a.threads < 1:
        known = ", ".join(ACTIVATIONS)
        sys.exit(f"--activations takes names among {known}; --epochs, --seeds and --threads are at least 1.")
    return Job(a.npz, a.epochs, a.seeds, names, a.threads, a.layout)


def side(engine: str, versions: Mapping[str, str], run: Callable[[Job], Outcome], job: Job) -> None:
    """Run one side and print its result as the last line of standard output."""
    got = run(job)
    models = len(job.activations) * job.seeds
    line: dict[str, Any] = {
        "engine": engine,
        "versions": dict(versions),
        "models": models,
        "epochs": job.epochs,
        "seconds_total": got.seconds,
        "seconds_setup": got.setup,
        "seconds_per_model_epoch": got.seconds / (models * job.epochs),
        "test_accuracy": {name: list(values) for name, values in got.accuracy.items()},
        "note": got.note,
    }
    print(json.dumps(line), flush=True)
