"""How fast the compiled kernels are: ``python -m benchmarks.kernels``.

Every side of a row takes turns in one process; times are medians. One process for each number of threads: first the calls as
users make them at 2^24 elements, where a fresh result costs more than computing it; then ``nonlin.tune_allocator()``, after which
memory is recycled for every side alike, and the rest. ``--compile`` adds torch.compile, which needs a C++ compiler and minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One function on every side; the texts are evaluated with ``torch``, ``F``, ``jax``, ``jnp``, ``np`` and ``special``."""

    ours: str
    torch: str
    jax: str
    numpy: str
    target: float
    """How many times faster than PyTorch forward from 2^16 to 2^20 was asked for."""
    native: bool = True
    """Whether PyTorch has the function; else its side is the formula composed of operations."""
    cheap: bool = False
    """Whether it has at most one exponential, and is to run at 1.1 times a copy at 2^24; the others at 1.8."""


_PADE = ("(0.02+x*(0.5+x*(1.6+x*(2.4+x*(1.1+x*0.1)))))", "(1+{abs}(x*(0.3+x*(1.2+x*(0.1+x*0.05)))))")
PADE = {library: f"{_PADE[0]}/{_PADE[1].format(abs=f)}" for library, f in
        {"ours": "abs", "torch": "torch.abs", "jax": "jnp.abs", "numpy": "np.abs"}.items()}  # fmt: skip
ROWS = {
    "relu": Row("relu", "F.relu(x)", "jax.nn.relu(x)", "np.maximum(x, 0)", 1.0, cheap=True),
    "sigmoid": Row("sigmoid", "torch.sigmoid(x)", "jax.nn.sigmoid(x)", "special.expit(x)", 1.5, cheap=True),
    "silu": Row("silu", "F.silu(x)", "jax.nn.silu(x)", "x*special.expit(x)", 1.5, cheap=True),
    "gelu": Row("gelu", "F.gelu(x)", "jax.nn.gelu(x, approximate=False)", "x*special.ndtr(x)", 1.2),
    "gelu_tanh": Row("gelu_tanh", "F.gelu(x, approximate='tanh')", "jax.nn.gelu(x)",
                     "0.5*x*(1+np.tanh(0.7978845608*(x+0.044715*x*x*x)))", 4.0, cheap=True),
    "elu": Row("elu", "F.elu(x)", "jax.nn.elu(x)", "np.where(x > 0, x, np.expm1(np.minimum(x, 0)))", 4.0, cheap=True),
    "softplus": Row("softplus", "F.softplus(x)", "jax.nn.softplus(x)", "np.logaddexp(x, 0)", 4.0),
    "tanh": Row("tanh", "torch.tanh(x)", "jnp.tanh(x)", "np.tanh(x)", 6.0, cheap=True),
    "mish": Row("mish", "F.mish(x)", "jax.nn.mish(x)", "x*np.tanh(np.logaddexp(x, 0))", 12.0, cheap=True),
    "tanhexp": Row("x*tanh(exp(x))", "x*torch.tanh(torch.exp(x))", "x*jnp.tanh(jnp.exp(x))", "x*np.tanh(np.exp(x))", 5.0, False),
    "snake": Row("snake", "x+torch.sin(x)**2", "x+jnp.sin(x)**2", "x+np.sin(x)**2", 4.0, False),
    "rational 5/4": Row(PADE["ours"], PADE["torch"], PADE["jax"], PADE["numpy"], 20.0, False),
}  # fmt: skip
SIZES = (2**12, 2**16, 2**20, 2**24)
LARGE = 2**24
SIDES = ("ours", "torch", "compile", "jax", "numpy", "copy")


def _modules(with_jax: bool) -> dict[str, Any]:
    import numpy as np
    import torch
    from scipy import special

    found: dict[str, Any] = {"torch": torch, "F": torch.nn.functional, "np": np, "special": special}
    if with_jax:
        import jax

        found |= {"jax": jax, "jnp": jax.numpy}
    return found


def _sides(row: Row, modules: dict[str, Any], compiled: bool) -> dict[str, Callable[[Any], Any]]:
    import nonlin

    sides: dict[str, Callable[[Any], Any]] = {"ours": nonlin.get(row.ours), "torch": eval(f"lambda x: {row.torch}", modules)}
    if compiled:
        sides["compile"] = modules["torch"].compile(sides["torch"], dynamic=False)
    if "jax" in modules:
        sides["jax"] = eval(f"lambda x: {row.jax}", modules)
    sides["numpy"] = eval(f"lambda x: {row.numpy}", modules)
    return sides


def _calls(
    row: Row, size: int, dtype: str, modules: dict[str, Any], compiled: bool
) -> dict[str, dict[str, Callable[[], object]]]:
    """What to time for one function: ``forward``, ``backward`` (the gradient alone) and ``step`` (both), each for its sides."""
    torch = modules["torch"]
    sides = _sides(row, modules, compiled)
    x = torch.randn(size, generator=torch.Generator().manual_seed(0)).to(getattr(torch, dtype))
    grad, target, other = torch.ones_like(x), torch.empty_like(x), torch.empty_like(x)
    learned = x.clone().requires_grad_()
    forward: dict[str, Callable[[], object]] = {}
    backward: dict[str, Callable[[], object]] = {}
    step: dict[str, Callable[[], object]] = {}
    for name in ("ours", "torch", "compile"):
        if name not in sides:
            continue
        y = sides[name](learned)
        forward[name] = lambda f=sides[name]: f(x)  # type: ignore[misc]
        backward[name] = lambda y=y: torch.autograd.grad(y, learned, grad, retain_graph=True)  # type: ignore[misc]
        step[name] = lambda f=sides[name]: torch.autograd.grad(f(learned), learned, grad)  # type: ignore[misc]
    if "jax" in sides:
        jax, f = modules["jax"], sides["jax"]
        there = modules["jnp"].asarray(x.float().numpy(), dtype=dtype)
        back = modules["jnp"].ones_like(there)
        value = jax.jit(f)
        slope = jax.jit(lambda x, g: jax.vjp(f, x)[1](g)[0])
        both = jax.jit(lambda x, g: (lambda y, pull: (y, pull(g)[0]))(*jax.vjp(f, x)))
        forward["jax"] = lambda: value(there).block_until_ready()
        backward["jax"] = lambda: slope(there, back).block_until_ready()
        step["jax"] = lambda: both(there, back)[1].block_until_ready()
    if dtype == "float32":
        array = x.numpy()
        forward["numpy"] = lambda: sides["numpy"](array)
    forward["copy"] = lambda: target.copy_(x)
    backward["copy"] = lambda: torch.add(x, grad, out=other)  # the same bytes: two tensors read, one written
    return {"forward": forward, "backward": backward, "step": step}


def _measured(
    names: list[str], sizes: list[int], dtypes: list[str], rounds: int, **options: Any
) -> Iterator[dict[str, Any]]:
    """Measure in this process, whose number of threads is set; yield one row of times in microseconds after the other."""
    from nonlin.speed import alternate

    modules, compiled = options["modules"], options["compiled"]
    for dtype in dtypes:
        for size in sizes:
            for name in names:
                for what, sides in _calls(ROWS[name], size, dtype, modules, compiled).items():
                    if what == "step" and size not in (2**12, LARGE):
                        continue
                    few = max(3, rounds // 3) if size >= LARGE else rounds
                    yield {"function": name, "what": what, "size": size, "dtype": dtype, "us": alternate(sides, few)}


def _gated(size: int, rounds: int) -> Iterator[dict[str, Any]]:
    """SwiGLU of the two halves of rows of 2 x 1024: PyTorch composes it."""
    import torch

    import nonlin
    from nonlin.speed import alternate

    rows = max(1, size // 1024)
    x = torch.randn(rows, 2048, generator=torch.Generator().manual_seed(0)).requires_grad_()
    grad = torch.ones(rows, 1024)

    def composed(x: Any) -> Any:
        value, gate = x.chunk(2, -1)
        return value * torch.nn.functional.silu(gate)

    sides: dict[str, Callable[[Any], Any]] = {"ours": nonlin.get("swiglu"), "torch": composed}
    still, outputs = x.detach(), {name: f(x) for name, f in sides.items()}
    calls: dict[str, dict[str, Callable[[], object]]] = {
        "forward": {n: (lambda f=f: f(still)) for n, f in sides.items()},  # type: ignore[misc]
        "backward": {n: (lambda y=y: torch.autograd.grad(y, x, grad, retain_graph=True)) for n, y in outputs.items()},  # type: ignore[misc]
        "step": {n: (lambda f=f: torch.autograd.grad(f(x), x, grad)) for n, f in sides.items()},  # type: ignore[misc]
    }
    for what, found in calls.items():
        yield {"function": "swiglu", "what": what, "size": size, "dtype": "float32", "us": alternate(found, rounds)}


def _cold(rounds: int) -> float:
    """Milliseconds from a formula nobody has seen to its first result, nothing on the disk; the median."""
    import statistics
    import tempfile

    import torch

    import nonlin

    x, times = torch.ones(64), []
    nonlin.get("x*tanh(x)")(x)  # what is loaded once
    before = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        for i in range(rounds):
            formula = f"x*tanh(exp({1 + (time.time_ns() % 10**6) / 10**7 + i}*x))"
            begin = time.perf_counter()
            nonlin.get(formula)(x)
            times.append((time.perf_counter() - begin) * 1e3)
    os.environ.pop("XDG_CACHE_HOME")
    if before is not None:
        os.environ["XDG_CACHE_HOME"] = before
    return statistics.median(times)


def child(options: argparse.Namespace) -> None:
    """Measure with one number of threads and print one JSON document a line."""
    modules = _modules(options.jax)
    threads = int(options.threads)
    modules["torch"].set_num_threads(threads)
    import nonlin

    given: dict[str, Any] = {"modules": modules, "compiled": options.compile}

    def say(rows: Iterator[dict[str, Any]], memory: str) -> None:
        for row in rows:
            print(json.dumps({**row, "threads": threads, "memory": memory}), flush=True)

    large = [s for s in options.sizes if s >= LARGE]
    if large:
        say(_measured(options.functions, large, ["float32"], options.rounds, **given), "as called")
    nonlin.tune_allocator()
    if large:  # the heap grows to what the largest row needs now, and not while the first one is timed
        import torch

        held = [torch.ones(max(large)) for _ in range(8)]
        del held
    say(_measured(options.functions, options.sizes, options.dtypes, options.rounds, **given), "recycled")
    for size in options.sizes:
        say(_gated(size, 3 if size >= LARGE else options.rounds), "recycled")
    print(json.dumps({"cold_ms": _cold(5), "threads": threads}), flush=True)


def measure(options: argparse.Namespace, threads: int) -> list[dict[str, Any]]:
    """Run ``child`` in a process of its own with so many threads for every library."""
    words = [
        sys.executable,
        "-m",
        "benchmarks.kernels",
        "--child",
        "--threads",
        str(threads),
        "--rounds",
        str(options.rounds),
    ]
    for name in ("functions", "sizes", "dtypes"):
        words += [f"--{name}", ",".join(map(str, getattr(options, name)))]
    words += ["--compile"] * options.compile + ["--no-jax"] * (not options.jax)
    known = {"NPROC": str(threads), "OMP_NUM_THREADS": str(threads), "JAX_PLATFORMS": "cpu"}
    rows = []
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, **known}) as ran:
        assert ran.stdout is not None
        for line in ran.stdout:
            rows.append(json.loads(line))
            row = rows[-1]
            print(*(row[k] for k in ("threads", "memory", "dtype", "size", "function", "what") if k in row), file=sys.stderr)
    if ran.returncode:
        raise SystemExit(f"the measurements with {threads} threads ended with code {ran.returncode}")
    return rows


def _ratio(us: dict[str, float], side: str) -> str:
    return f"{us[side] / us['ours']:.2f}" if side in us else ""


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows of one size, type, memory and number of threads as Markdown."""
    sides = [s for s in SIDES if any(s in r["us"] for r in rows)]
    others = [s for s in sides if s not in ("ours", "copy")]
    head = ["function", "what", *(f"{s}, us" for s in sides), *(f"{s}/ours" for s in others), "ours/copy"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for r in rows:
        us = r["us"]
        cells = [f"{us[s]:.1f}" if s in us else "" for s in sides] + [_ratio(us, s) for s in others]
        cells.append(f"{us['ours'] / us['copy']:.2f}" if "copy" in us else "")
        lines.append(f"| {r['function']} | {r['what']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def targets(rows: list[dict[str, Any]]) -> Iterator[tuple[str, float, float, str]]:
    """Yield, for each thing that was asked for and measured: what, the figure, the figure asked for, and how they compare."""

    def found(**given: Any) -> list[dict[str, Any]]:
        return [r for r in rows if all(r.get(k) == v for k, v in given.items())]

    def over(r: dict[str, Any], side: str = "torch") -> float:
        return float(r["us"][side] / r["us"]["ours"])

    for name, row in ROWS.items():
        for size in (2**16, 2**20):
            for r in found(function=name, what="forward", size=size, dtype="float32", threads=1, memory="recycled"):
                yield f"{name} forward, 2^{size.bit_length() - 1}, torch/ours", over(r), row.target, "at least"
        alike = [r for r in found(function=name, dtype="float32") if r["size"] >= 2**16 and r["what"] != "step"]
        if row.native and alike:
            worst = min(alike, key=over)
            where = f"{worst['what']} 2^{worst['size'].bit_length() - 1}, {worst['threads']} threads, {worst['memory']}"
            yield f"{name}, worst torch/ours ({where})", over(worst), 1.0, "at least"
        ahead = [r for r in alike if "jax" in r["us"] and r["memory"] == "recycled"]
        if ahead:
            worst = min(ahead, key=lambda r: over(r, "jax"))
            where = f"{worst['what']} 2^{worst['size'].bit_length() - 1}, {worst['threads']} threads"
            yield f"{name}, worst jax/ours ({where})", over(worst, "jax"), 1.0, "at least"
        for r in found(function=name, what="forward", size=LARGE, dtype="float32", memory="recycled"):
            limit = 1.1 if row.cheap else 1.8
            yield f"{name} forward, 2^24, {r['threads']} threads, ours/copy", 1 / over(r, "copy"), limit, "at most"
    for threads in sorted({r["threads"] for r in rows}):
        fresh = found(function="silu", what="step", size=LARGE, memory="as called", threads=threads)
        tuned = found(function="silu", what="step", size=LARGE, memory="recycled", dtype="float32", threads=threads)
        if fresh and tuned:
            gain = fresh[0]["us"]["torch"] / tuned[0]["us"]["ours"]
            yield f"silu step, 2^24, {threads} threads: torch as called / ours tuned", gain, 3.0, "at least"
        for r in found(function="swiglu", what="backward", threads=threads):
            if r["size"] >= 2**16:
                yield (
                    f"swiglu backward, 2^{r['size'].bit_length() - 1}, {threads} threads, torch/ours",
                    over(r),
                    5.0,
                    "at least",
                )
    for r in found(function="silu", what="step", size=2**12, dtype="float32", threads=1):
        yield "silu step, 2^12, ours/torch", 1 / over(r), 1.3, "at most"
    for r in rows:
        if "cold_ms" in r and r["threads"] == 1:
            yield "cold compile of a new formula, ms", r["cold_ms"], 50.0, "at most"


def summary(rows: list[dict[str, Any]], side: str = "torch") -> str:
    """Return, as Markdown, how many times as long as ours a side takes: functions down, sizes forward and backward across."""
    places = sorted({(r["what"] == "backward", r["size"]) for r in rows if r["what"] != "step"})
    names = list(dict.fromkeys(r["function"] for r in rows))
    heads = [f"{'backward' if back else 'forward'} 2^{size.bit_length() - 1}" for back, size in places]
    lines = [f"| function | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    found = {(r["function"], r["what"] == "backward", r["size"]): _ratio(r["us"], side) for r in rows if r["what"] != "step"}
    lines += [f"| {n} | {' | '.join(found.get((n, *place), '') for place in places)} |" for n in names]
    return "\n".join(lines)


def report(rows: list[dict[str, Any]]) -> None:
    """Print every table and the figures that were asked for."""
    timed = [r for r in rows if "us" in r]
    keys = list(dict.fromkeys((r["threads"], r["memory"], r["dtype"], r["size"]) for r in timed))
    for key in keys:
        threads, memory, dtype, size = key
        print(f"\n### {dtype}, 2^{size.bit_length() - 1} elements, {threads} thread{'s' * (threads > 1)}, memory {memory}\n")
        print(table([r for r in timed if (r["threads"], r["memory"], r["dtype"], r["size"]) == key]))
    for threads, dtype in dict.fromkeys((r["threads"], r["dtype"]) for r in timed if r["memory"] == "recycled"):
        chosen = [r for r in timed if (r["threads"], r["dtype"], r["memory"]) == (threads, dtype, "recycled")]
        for side in [s for s in SIDES[1:] if any(s in r["us"] for r in chosen)]:
            print(f"\n### {side}/ours, {dtype}, {threads} thread{'s' * (threads > 1)}, memory recycled\n")
            print(summary(chosen, side))
    print("\n### What was asked for\n\n| what | measured | asked | |\n|---|---|---|---|")
    for what, figure, asked, word in targets(rows):
        met = figure >= asked if word == "at least" else figure <= asked
        print(f"| {what} | {figure:.2f} | {word} {asked:g} | {'' if met else 'missed'} |")


def main() -> None:
    """Run the benchmark and print its tables."""
    numbers: Callable[[str], list[int]] = lambda text: [int(eval(p, {})) for p in text.split(",")]  # noqa: E731
    words: Callable[[str], list[str]] = lambda text: text.split(",")  # noqa: E731
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--functions", type=words, default=list(ROWS), help="names, separated by commas")
    parser.add_argument("--sizes", type=numbers, default=list(SIZES), help="numbers of elements, such as 4096,2**16")
    parser.add_argument("--dtypes", type=words, default=["float32", "bfloat16"])
    parser.add_argument("--threads", default="1,2", help="numbers of threads")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each side")
    parser.add_argument("--compile", action="store_true", help="time torch.compile too")
    parser.add_argument("--no-jax", dest="jax", action="store_false")
    parser.add_argument("--json", metavar="FILE", help="also write every time to this file")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := [name for name in options.functions if name not in ROWS]:
        parser.error(f"no function {unknown[0]!r} here; there are {', '.join(ROWS)}")
    if options.child:
        child(options)
        return
    if options.jax:
        try:
            import jax  # noqa: F401
        except ImportError:
            options.jax = False
    rows = [row for threads in options.threads.split(",") for row in measure(options, int(threads))]
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
    report(rows)


if __name__ == "__main__":
    main()
