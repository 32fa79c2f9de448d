"""nonlin's ONNX nodes against ONNX's own operators in onnxruntime, on one thread: ``python -m benchmarks.operators``.

Both sides run in alternation in one session; the best of several rounds is shown, in nanoseconds an element, and the largest
relative error over inputs from -20 to 20 against nonlin in double precision.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

import nonlin
from nonlin.backends.onnx import model

OPERATORS: dict[str, tuple[str, int]] = {
    # function: ONNX's operator and the opset that has it
    "gelu": ("Gelu", 20),
    "mish": ("Mish", 18),
    "silu": ("", 13),
    "sigmoid": ("Sigmoid", 13),
    "softplus": ("Softplus", 13),
    "elu": ("Elu", 13),
    "selu": ("Selu", 13),
    "tanh": ("Tanh", 13),
    "hard_swish": ("HardSwish", 14),
    "relu": ("Relu", 13),
}
"""SiLU has none; exporters write x times Sigmoid."""


def plain(op: str, opset: int) -> onnx.ModelProto:
    """Return the model of one operator, or of x times Sigmoid."""
    nodes = [helper.make_node(op, ["x"], ["y"])] if op else [
        helper.make_node("Sigmoid", ["x"], ["s"]), helper.make_node("Mul", ["x", "s"], ["y"])
    ]  # fmt: skip
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n"]) for n in "xy"]
    graph = helper.make_graph(nodes, "plain", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def runner(proto: onnx.ModelProto) -> Callable[[Any], Any]:
    """Return a function that runs a model on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    made = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda x: made.run(None, {"x": x})[0]


def measure(size: int, rounds: int) -> list[dict[str, Any]]:
    """Return a row for each function: nodes, nanoseconds an element and errors of both sides."""
    x = np.random.default_rng(0).normal(0, 2, size).astype(np.float32)
    points = np.linspace(-20, 20, 4001).astype(np.float32)
    rows = []
    for name, (op, opset) in OPERATORS.items():
        sides = {"ours": model(name, shape=("n",)), "operator": plain(op, opset)}
        run = {side: runner(proto) for side, proto in sides.items()}
        best = dict.fromkeys(sides, float("inf"))
        for _ in range(rounds):
            for side in sides:
                started = time.perf_counter()
                run[side](x)
                best[side] = min(best[side], time.perf_counter() - started)
        true = nonlin.get(name)(points.astype(np.float64))
        error = {s: float(np.max(np.abs(run[s](points) - true) / np.maximum(np.abs(true), 1e-30))) for s in sides}
        rows.append({"function": name, "operator": op or "x * Sigmoid", "nodes": len(sides["ours"].graph.node),
                     "ns": {s: round(t / size * 1e9, 2) for s, t in best.items()}, "error": error})  # fmt: skip
    return rows


def main() -> None:
    """Print the table, or with ``--json`` the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2**20)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = measure(given.size, given.rounds)
    if given.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'function':<11} {'nodes':>5} {'ours':>8} {'operator':>21} {'ours, error':>12} {'operator, error':>15}")
    for row in rows:
        ns, error = row["ns"], row["error"]
        print(f"{row['function']:<11} {row['nodes']:>5} {ns['ours']:>5} ns {row['operator']:>13} {ns['operator']:>4} ns"
              f" {error['ours']:>12.1e} {error['operator']:>15.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
