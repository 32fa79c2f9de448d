"""Kernels on arrays: how the work is cut, how many cores do it, and whether results go past the cache.

Every element is computed by the same instructions wherever it lies and whichever thread computes it, so the bits of a result
depend on its input alone.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

from nonlin.backends.kernel import guarded
from nonlin.backends.llvm.elementary import Unsupported
from nonlin.backends.llvm.engine import Compiled, compiled, host
from nonlin.backends.llvm.loops import STORAGES, Plan
from nonlin.expr import Expr, var
from nonlin.expr.nodes import mul

PARALLEL = 2**17
"""Elements from which more than one core works: less is done sooner than it is handed over."""
LINE = 64
"""Bytes of a line of the cache, at which results written past it must begin."""


@lru_cache(maxsize=1)
def last_level_cache() -> int:
    """Bytes of the largest cache of the first core; 32 MiB where the system does not tell."""
    sizes = []
    for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = path.read_text().strip()
        unit = {"K": 2**10, "M": 2**20}.get(text[-1:], 1)
        sizes.append(int(text.rstrip("KM")) * unit)
    return max(sizes, default=32 * 2**20)


class _Pool:
    """The threads of this process; a forked one makes its own."""

    def __init__(self) -> None:
        self.executor: ThreadPoolExecutor | None = None
        self.workers, self.process = 0, 0

    def get(self, workers: int) -> ThreadPoolExecutor:
        if self.executor is None or self.workers < workers or self.process != os.getpid():
            self.executor = ThreadPoolExecutor(workers, thread_name_prefix="nonlin")
            self.workers, self.process = workers, os.getpid()
        return self.executor


_pool = _Pool()


def threads() -> int:
    """How many cores a large array is spread over: PyTorch's setting where it is loaded, else all that this process may use."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return int(torch.get_num_threads())
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Kernel:
    """A plan ready to run on this machine."""

    def __init__(self, plan: Plan) -> None:
        """Compile it, or find it compiled.

        Raises:
            Unsupported: an operation has no code here.
        """
        self.plan, self.code = plan, compiled(plan)
        self.width = STORAGES[plan.storage].bytes
        self.sides = len(plan.arrays) + len(plan.outputs)

    @cached_property
    def streaming(self) -> Compiled:
        """The same with results that go past the cache."""
        return compiled(replace(self.plan, streaming=True))

    def _chosen(self, elements: int, outputs: Sequence[tuple[int, int]]) -> Compiled:
        """The code for arrays of so many elements in all, whose rows are written to these addresses and steps."""
        if elements * self.width <= last_level_cache():
            return self.code
        return self.streaming if all(a % LINE == 0 and s * self.width % LINE == 0 for a, s in outputs) else self.code

    def flat(self, n: int, scalars: int, *sides: int) -> None:
        """Compute ``n`` elements; ``sides`` are the addresses of the inputs and outputs, ``scalars`` that of the numbers."""
        if n < PARALLEL:
            self.code.flat(n, scalars, *sides)
            return
        code = self._chosen(n * self.sides, [(a, 0) for a in sides[len(self.plan.arrays) :]])
        parts = _cut(n, threads(), LINE * 8)
        _together(code.flat, [(count, scalars, *(a + first * self.width for a in sides)) for first, count in parts])

    def rows(self, rows: int, n: int, scalars: int, period: int, *sides: tuple[int, int]) -> None:
        """Compute ``rows`` rows of ``n`` elements; each side is an address and the step from row to row, in elements."""
        if not rows:
            return
        code = self._chosen(rows * n * self.sides, sides[len(self.plan.arrays) :])
        workers = threads() if rows * n >= PARALLEL else 1
        calls = [
            (count, n, scalars, period, *(v for a, step in sides for v in (a + first * step * self.width, step)))
            for first, count in _cut(rows, workers, period)
        ]
        _together(code.kernel, calls)


def _together(function: Callable[..., None], calls: Sequence[tuple[int, ...]]) -> None:
    """Make every call, each on a core of its own; the last one made here."""
    *others, last = calls
    waiting = []
    for call in others:
        try:
            waiting.append(_pool.get(len(others)).submit(function, *call))
        except RuntimeError:  # the interpreter is shutting down and starts no threads any more
            function(*call)
    function(*last)
    for done in waiting:
        done.result()


def _cut(n: int, workers: int, unit: int) -> list[tuple[int, int]]:
    """Cut ``n`` into no more than ``workers`` parts (first, count) that begin at multiples of ``unit``."""
    each = -(-n // workers)
    each += -each % unit
    return [(first, min(each, n - first)) for first in range(0, n, each)]


@lru_cache(maxsize=1)
def enabled() -> bool:
    """Whether this process uses compiled kernels: LLVM is there, and the environment does not say NONLIN_ENGINE=plain."""
    return os.environ.get("NONLIN_ENGINE", "llvm") == "llvm" and host() is not None


@lru_cache(maxsize=4096)
def kernel(plan: Plan) -> Kernel | None:
    """Return the kernel of a plan, or None where an operation has no code here; that LLVM fails is said."""
    try:
        return Kernel(plan)
    except Unsupported as err:
        if err.__cause__ is not None:
            warnings.warn(f"a formula is computed the plain way, since {err}", RuntimeWarning, stacklevel=2)
        return None


@lru_cache(maxsize=4096)
def prepared(
    roots: tuple[Expr, ...], arrays: tuple[str, ...], scalars: tuple[str, ...], storage: str, order: int, factor: str = ""
) -> Kernel | None:
    """Return the kernel of expressions, repaired for the type they are computed in; None where there is none.

    Args:
        roots: outputs; the first is a derivative of that ``order``.
        arrays: names of the variables that are read from memory.
        scalars: names of those that are one number for a whole row.
        storage: a key of ``STORAGES``.
        order: of the derivatives that the roots are.
        factor: one of ``arrays`` that each output is multiplied by: the gradient that arrives.
    """
    if not enabled():
        return None
    outputs = [guarded(root, STORAGES[storage].lane, order=order) for root in roots]
    if factor:
        outputs = [mul(var(factor), out) for out in outputs]
    return kernel(Plan(tuple(outputs), arrays, scalars, storage, careful=order >= 2))
