"""How long nonlin takes to start, as a ratio to a bare Python: ``python -m benchmarks.startup``.

The three commands run in alternation in one session; medians of whole processes, warm.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import nonlin": [sys.executable, "-c", "import nonlin"],
    "nonlin --help": [sys.executable, "-m", "nonlin.cli", "--help"],
}
LIMITS = {"import nonlin": 6.0, "nonlin --help": 15.0}


def measure(rounds: int) -> dict[str, float]:
    """Return the median seconds of each command."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(rounds + 1):
        for name, command in COMMANDS.items():
            begun = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            if turn:  # the first round warms the file cache
                times[name].append(time.perf_counter() - begun)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    seconds = measure(options.rounds)
    bare = seconds["python -c pass"]
    if options.json:
        print(json.dumps({n: {"seconds": s, "ratio": s / bare, "limit": LIMITS.get(n)} for n, s in seconds.items()}))
        return
    print(f"{'command':<16} {'ms':>7} {'ratio':>6} {'at most':>8}")
    for name, value in seconds.items():
        print(f"{name:<16} {value * 1e3:7.1f} {value / bare:6.1f} {LIMITS.get(name, ''):>8}")


if __name__ == "__main__":
    main()
