"""Moments, edges of chaos and shaping: how long they take and how exact they are: ``python -m benchmarks.theory``.

Times are medians in one process, on one thread. ``first`` is the first call for a function in this process, which derives its
derivatives and compiles them; ``again`` is a call with another variance or depth. Errors are absolute, against closed forms;
beside them those of Gauss-Hermite quadrature with 200 nodes, which is what is usually done.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import ndtr

from nonlin.backends.numpy import evaluate
from nonlin.catalogue import resolve
from nonlin.errors import NonlinError
from nonlin.facts import edge, moments, solve_shape

NAMES = ("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "mish", "softplus", "elu", "selu", "hard_swish", "softsign",
         "erf(x)", "sin(x)", "x*tanh(exp(x))")  # fmt: skip
E = math.e
CLOSED: dict[str, tuple[float, float | None]] = {
    "relu": (0.5, 0.5),
    "gelu": (1 / 3 + 1 / (2 * math.pi * math.sqrt(3)), 1 / 3 + 2 / (3 * math.sqrt(3) * math.pi)),
    "elu": (1 + E**2 * float(ndtr(-2)) - 2 * math.sqrt(E) * float(ndtr(-1)), 0.5 + E**2 * float(ndtr(-2))),
    "selu": (1.0, None),
    "erf(x)": (2 / math.pi * math.asin(2 / 3), 4 / math.pi / math.sqrt(5)),
    "sin(x)": ((1 - math.exp(-2)) / 2, (1 + math.exp(-2)) / 2),
}
"""E f^2 and E f'^2 of a standard normal input, on paper."""
ROUNDS = 15


def clock(call: Callable[[], Any]) -> float:
    """Return the milliseconds one call takes, whether or not it ends in a sentence."""
    begun = time.perf_counter()
    try:
        call()
    except NonlinError:
        return math.nan
    return 1e3 * (time.perf_counter() - begun)


def row(name: str) -> dict[str, float]:
    """Return the times and errors of one function."""
    made, hermite = resolve(name), np.polynomial.hermite_e.hermegauss(200)
    shown: dict[str, float] = {}
    for method in ("dks", "tat"):  # first of all: nothing about the function is known yet
        shown[f"{method} first"] = clock(lambda method=method: solve_shape(name, 50, method))
        shown[f"{method} again"] = statistics.median(
            clock(lambda k=k, method=method: solve_shape(name, 60 + k, method)) for k in range(ROUNDS)
        )
    shown["moments first"] = clock(lambda: moments(name))
    shown["moments again"] = statistics.median(clock(lambda k=k: moments(made, 1.1 + k / 7)) for k in range(ROUNDS))
    shown["edge"] = clock(lambda: edge(name, 0.0))
    found = moments(name)
    for which, order, exact in zip(("square", "slope_square"), (0, 1), CLOSED.get(name, (None, None)), strict=True):
        z, w = hermite
        plain = float((evaluate(made.closed(), z, wrt=("x",) * order) ** 2 * w).sum() / math.sqrt(2 * math.pi))
        shown[f"error {which}"] = math.nan if exact is None else abs(getattr(found, which) - exact)
        shown[f"hermite {which}"] = math.nan if exact is None else abs(plain - exact)
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    solve_shape("log(1 + x*x)*tanh(x)", 3)  # SciPy is loaded by then
    rows = {name: row(name) for name in NAMES}
    if options.json:
        print(json.dumps({n: {k: v if math.isfinite(v) else None for k, v in r.items()} for n, r in rows.items()}))
        return
    timed = ("moments first", "moments again", "edge", "dks first", "dks again", "tat first", "tat again")
    print(f"{'milliseconds':<16}" + "".join(f"{t:>15}" for t in timed))
    for name, r in rows.items():
        print(f"{name:<16}" + "".join(f"{r[t]:15.2f}" if math.isfinite(r[t]) else f"{'none':>15}" for t in timed))
    print(f"\n{'absolute error':<16}{'E f^2':>12}{'E f^2, 200':>12}{'E f_x^2':>12}{'E f_x^2, 200':>14}")
    for name in CLOSED:
        r = rows[name]
        cells = [r["error square"], r["hermite square"], r["error slope_square"], r["hermite slope_square"]]
        print(
            f"{name:<16}"
            + "".join(f"{'-' if math.isnan(c) else f'{c:.0e}':>{w}}" for c, w in zip(cells, (12, 12, 12, 14), strict=True))
        )


if __name__ == "__main__":
    main()
