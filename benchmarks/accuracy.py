"""How exact every function is, in ulps: ``python -m benchmarks.accuracy`` writes ``docs/accuracy.md``.

What the battery of tests checks is measured here and written down: every elementwise function, both array libraries, four
types, value and two derivatives, on the battery's own grid (with ``--full`` every number of the half types).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sys
import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

PAGE = ROOT / "docs" / "accuracy.md"
TYPES = ("float64", "float32", "bfloat16", "float16")
LIBRARIES = ("numpy", "torch")
MEASURED = ("numpy", "scipy", "torch", "python-flint")
NAMES = ("value", "first derivative", "second derivative")
INTRODUCTION = """# Accuracy

This page is measured by `{command}`; do not edit it. {machine}

For every elementwise function the largest error found, in ulps (units in the last place of the exact result), of the
value, the first and the second derivative; the worse of NumPy and PyTorch. The exact result is that of the textbook formula,
in ball arithmetic (Arb) with as many bits as it takes, with derivatives from power series. {sample}

**The rule.** Float64 and float32 results are within 4 ulps for the value and 8 for the derivatives; bfloat16 and float16
results within 0.51, which is rounding alone. Beyond that a result may be off by as much as the exact one changes when x
changes by two units in the last place (of float32 for the half types): near its zeros, and where it oscillates or falls
steeply, no arithmetic in the type does better. The numbers below are what is left *after* that allowance, and 0 where the
allowance covers all. Ulps shrink no further than those of 128 smallest normals (float16: of the smallest normal). The last
column says where in float64 or float32 the error is the largest share of what the rule allows (the half types always
use the half ulp of their rounding); \\* marks an exception, ! a broken rule. What happens at infinity, NaN, kinks and
overflow stands in [contract.md](contract.md).
"""


def machine() -> str:
    """One line: processor, system, and the versions that matter."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor, system = names[0] if names else platform.machine(), platform.system()
    libraries = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in MEASURED)]
    return f"Machine: {os.cpu_count()} cores, {processor}, {system}; {', '.join(libraries)}."


def measure(task: tuple[str, bool]) -> dict[str, Any]:
    """Measure one function: for each type and order the worse of both libraries."""
    from battery import measure as battery

    import nonlin

    name, battery.settings["full"] = task
    made, cells = nonlin.definitions()[name], {}
    for dtype in TYPES:
        for order in battery.ORDERS:
            try:
                found = [(battery.measured(made, lib, battery.KINDS[dtype], order, 0.0), lib) for lib in LIBRARIES]
            except Exception as err:
                err.add_note(f"while measuring {name} in {dtype}, order {order}")
                raise
            worst, library = max(found, key=lambda pair: pair[0].beyond)
            cells[f"{dtype} {order}"] = {
                "beyond": max(worst.beyond, 0.0),
                "share": worst.beyond / battery.TOLERANCE[dtype][order],
                "at": worst.beyond_at,
                "library": library,
                "raw": max(w.raw for w, _ in found),
            }
        battery.grid.cache_clear()
    return {"name": name, "family": made.family, "cells": cells}


def measure_all(names: Iterable[str], full: bool, processes: int) -> Iterator[dict[str, Any]]:
    """Measure functions in several processes, in order."""
    tasks = [(name, full) for name in names]
    if processes == 1:
        yield from map(measure, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(processes, _quiet) as pool:
        yield from pool.imap(measure, tasks)


def _quiet() -> None:
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)


def _ulps(size: float) -> str:
    if size == float("inf"):
        return "not finite"
    return f"{size:.2f}".rstrip("0").rstrip(".") if size < 10 else f"{size:.3g}"


def _head(*columns: str) -> str:
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def _where(cells: dict[str, Any]) -> str:
    # the half types always use the half ulp of their rounding; they are told only where they break the rule
    told = {p: c for p, c in cells.items() if c["share"] > 1 or p.startswith(TYPES[:2])}
    place, cell = max(told.items(), key=lambda item: item[1]["share"])
    if cell["beyond"] == 0:
        return ""
    dtype, order = place.split()
    return f"{dtype}, {NAMES[int(order)]}, x = {cell['at']:.9g} ({cell['library']})"


def _row(found: dict[str, Any]) -> str:
    from battery.exceptions import EXCEPTIONS
    from battery.measure import TOLERANCE

    exempt = {(r.name, d, o) for r in EXCEPTIONS for d in r.dtypes for o in r.orders}
    columns = []
    for dtype in TYPES:
        cell = [found["cells"][f"{dtype} {order}"]["beyond"] for order in range(3)]
        over = [v > TOLERANCE[dtype][k] for k, v in enumerate(cell)]
        marks = ["*" if (found["name"], dtype, k) in exempt else "!" if over[k] else "" for k in range(3)]
        columns.append(" / ".join(_ulps(v) + mark for v, mark in zip(cell, marks, strict=True)))
    return f"| {found['name']} | {' | '.join(columns)} | {_where(found['cells'])} |"


def page(results: list[dict[str, Any]], full: bool, command: str) -> str:
    """Return the text of the page."""
    from battery.exceptions import EXCEPTIONS
    from battery.measure import FULL_SAMPLE, SAMPLE, TOLERANCE

    count = 3 * (FULL_SAMPLE if full else SAMPLE)
    every = "; all 65,536 numbers of the half types" if full else ""
    sample = f"""Points: tails,
kinks and their neighbours, zeros, subnormals, huge values and {count} random numbers for each function and type{every}."""
    parts = [INTRODUCTION.format(command=command, machine=machine(), sample=sample)]
    cells = [(d, k, r["cells"][f"{d} {k}"]["beyond"]) for r in results for d in TYPES for k in range(3)]
    parts.append("## Overview\n")
    parts.append(_head("type", "allowed: value / derivatives", *(f"worst {name}" for name in NAMES), "within the rule"))
    for d in TYPES:
        worst = [_ulps(max(v for e, k, v in cells if e == d and k == order)) for order in range(3)]
        kept = sum(v <= TOLERANCE[d][k] for e, k, v in cells if e == d)
        allowed = " / ".join(_ulps(v) for v in TOLERANCE[d][:2])
        parts.append(f"| {d} | {allowed} | {' | '.join(worst)} | {kept} of {sum(e == d for e, _, _ in cells)} |")
    parts.append("\n## Exceptions\n")
    shown = {r["name"] for r in results}
    rows = [r for r in EXCEPTIONS if r.name in shown]
    parts.append(
        "Marked \\* below.\n\n" + _head("function", "types", "of the", "allowed ulps", "reason") if rows else "None."
    )
    for r in rows:
        orders = ", ".join(NAMES[k] for k in r.orders)
        only = "" if set(LIBRARIES) <= set(r.libraries) else f" ({', '.join(r.libraries)} only)"
        parts.append(f"| {r.name} | {', '.join(r.dtypes)} | {orders} | {r.ulps:g} | {r.reason}{only} |")
    parts.append("\n## Functions\n\nEach cell: value / first derivative / second derivative.")
    for family, group in groupby(sorted(results, key=lambda r: (r["family"], r["name"])), key=lambda r: r["family"]):
        parts.append(f"\n### {family}\n\n" + _head("function", *TYPES, "worst at"))
        parts += [_row(r) for r in group]
    return "\n".join(parts) + "\n"


def proposals(results: list[dict[str, Any]]) -> Iterator[str]:
    """Rows for ``tests/battery/exceptions.py`` where finite errors break the rule; the reasons are for a person to find."""
    from battery.measure import TOLERANCE

    for found in results:
        for dtypes in (TYPES[:2], TYPES[2:]):
            broken: dict[tuple[int, ...], list[tuple[str, float]]] = {}
            for dtype in dtypes:
                sizes = [found["cells"][f"{dtype} {order}"]["beyond"] for order in range(3)]
                orders = tuple(k for k in range(3) if TOLERANCE[dtype][k] < sizes[k] < float("inf"))
                if orders:
                    broken.setdefault(orders, []).append((dtype, max(sizes[k] for k in orders)))
            for orders, cells in broken.items():
                names = ", ".join(f'"{dtype}"' for dtype, _ in cells) + "," * (len(cells) == 1)
                limit = float(f"{1.5 * max(size for _, size in cells):.2g}")
                yield f'    Exempt("{found["name"]}", ({names}), {orders}, {limit!r}, ""),'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="functions; default: all, and docs/accuracy.md is written")
    parser.add_argument("--full", action="store_true", help="every number of the half types, many more of the others")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true", help="print every number, with those the rule excuses nothing of")
    parser.add_argument("--exceptions", action="store_true", help="print rows for what breaks the rule, without reasons")
    options = parser.parse_args()
    from battery.measure import ELEMENTWISE

    results = []
    for done, found in enumerate(measure_all(options.names or ELEMENTWISE, options.full, options.processes), 1):
        results.append(found)
        if sys.stderr.isatty():
            print(f"\r{done} functions", end="", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps({"machine": machine(), "full": options.full, "functions": results}))
        return
    if options.exceptions:
        print("\n".join(proposals(results)))
        return
    text = page(results, options.full, "python -m benchmarks.accuracy" + " --full" * options.full)
    if options.names:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")
        print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
