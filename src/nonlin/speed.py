"""How fast a function is on this machine: against PyTorch's own, against the formula composed in PyTorch, and against a copy.

All sides take turns in one process, so that what else the machine does hits them alike; only ratios of one run mean anything.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nonlin.catalogue import Definition, resolve
from nonlin.errors import ParameterError

if TYPE_CHECKING:
    from torch import Tensor

TYPES = ("float32", "float64", "bfloat16", "float16")
NATIVE = {
    "celu": "celu", "elu": "elu", "gelu": "gelu", "hard_sigmoid": "hardsigmoid", "hard_swish": "hardswish",
    "leaky_relu": "leaky_relu", "log_sigmoid": "logsigmoid", "mish": "mish", "relu": "relu", "relu6": "relu6",
    "selu": "selu", "sigmoid": "sigmoid", "silu": "silu", "softplus": "softplus", "softsign": "softsign", "tanh": "tanh",
}  # fmt: skip
"""Functions that PyTorch has under one name, with the same defaults: our id and its name in ``torch.nn.functional``."""


@dataclass(frozen=True)
class Timing:
    """What one thing costs: ``forward``, or a ``step`` of forward and backward, in microseconds for each side."""

    what: str
    size: int
    dtype: str
    threads: int
    us: Mapping[str, float]

    @property
    def ratios(self) -> dict[str, float]:
        """How many times as long as nonlin each other side takes."""
        return {side: t / self.us["nonlin"] for side, t in self.us.items() if side != "nonlin"}


def alternate(sides: Mapping[str, Callable[[], object]], rounds: int = 9, each: float = 2e-3) -> dict[str, float]:
    """Return the median of microseconds per call of each side; they take turns.

    Args:
        sides: what to call.
        rounds: how many turns each takes.
        each: about how many seconds a turn lasts.
    """
    counts = {}
    for name, call in sides.items():
        call()  # compiles, and touches memory for the first time
        begin = time.perf_counter()
        call()
        counts[name] = max(1, min(10_000, int(each / max(time.perf_counter() - begin, 1e-7))))
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, call in sides.items():
            call()  # the memory and caches that the side before left behind are not this one's
            begin = time.perf_counter()
            for _ in range(counts[name]):
                call()
            found[name].append((time.perf_counter() - begin) / counts[name] * 1e6)
    return {name: statistics.median(times) for name, times in found.items()}


def composed(made: Definition) -> Callable[[Tensor], Tensor]:
    """Return an elementwise function as a person would write it in PyTorch: its textbook formula, one operation at a time."""
    from nonlin.backends.emission import build, emit
    from nonlin.backends.torch_scope import scope
    from nonlin.expr import substitute
    from nonlin.expr.nodes import const

    exact = {name: const(p.default) for name, p in made.settable.items()}
    kernel: Any = build(emit("torch", [substitute(made.resting, exact)], ("x",)), scope("float32"))
    return kernel  # type: ignore[no-any-return]


def sides_of(made: Definition) -> dict[str, Callable[[Tensor], Tensor]]:
    """Return what is compared: nonlin, PyTorch's own function if it has one, and the composed formula."""
    import torch

    from nonlin.backends.torch import evaluate

    root = made.closed()
    sides: dict[str, Callable[[Tensor], Tensor]] = {"nonlin": lambda x: evaluate(root, x)}
    if made.name in NATIVE:
        sides["torch"] = getattr(torch.nn.functional, NATIVE[made.name])
    elif made.name == "gelu_tanh":
        sides["torch"] = lambda x: torch.nn.functional.gelu(x, approximate="tanh")
    sides["composed"] = composed(made)
    return sides


def step(function: Callable[[Tensor], Tensor], x: Tensor, grad: Tensor) -> Callable[[], None]:
    """Return a call that computes a function and its gradient."""

    def run() -> None:
        x.grad = None
        function(x).backward(grad)

    return run


def bench(
    spec: str | Definition,
    sizes: Sequence[int] = (2**12, 2**16, 2**20),
    dtype: str = "float32",
    threads: int | None = None,
    rounds: int = 9,
) -> list[Timing]:
    """Time an elementwise function on this machine, forward and as a training step, for each size.

    Args:
        spec: a name or a typed formula, as for ``nonlin.get``, or a definition.
        sizes: numbers of elements.
        dtype: one of ``TYPES``.
        threads: how many cores may be used; by default as many as PyTorch uses.
        rounds: how many turns each side takes.

    Raises:
        ParameterError: the function is not elementwise, or an option is out of range.
    """
    import torch

    made = resolve(spec)
    if made.kind != "elementwise":
        raise ParameterError(f"{made.name} is {made.kind}; only elementwise functions are timed here. See nonlin list")
    if dtype not in TYPES:
        raise ParameterError(f"dtype must be one of {', '.join(TYPES)}, not {dtype!r}")
    if not sizes or min(sizes) < 1 or (threads is not None and threads < 1) or rounds < 1:
        raise ParameterError("sizes, threads and rounds must be whole numbers of at least 1")
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        return [t for size in sizes for t in _timed(sides_of(made), size, dtype, rounds)]
    finally:
        torch.set_num_threads(before)


def _timed(sides: Mapping[str, Callable[[Tensor], Tensor]], size: int, dtype: str, rounds: int) -> list[Timing]:
    import torch

    drawn = torch.randn(size, generator=torch.Generator().manual_seed(0))
    x = drawn.to(getattr(torch, dtype))
    target, grad = torch.empty_like(x), torch.ones_like(x)
    learned = x.clone().requires_grad_()
    forward: dict[str, Callable[[], object]] = {name: (lambda f=f: f(x)) for name, f in sides.items()}  # type: ignore[misc]
    forward["copy"] = lambda: target.copy_(x)
    steps = {name: step(f, learned, grad) for name, f in sides.items()}
    threads = torch.get_num_threads()
    return [
        Timing("forward", size, dtype, threads, alternate(forward, rounds)),
        Timing("step", size, dtype, threads, alternate(steps, rounds)),
    ]
