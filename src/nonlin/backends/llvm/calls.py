"""Kernels on arrays: how the work is cut, how many cores do it, and whether results go past the cache.

Every element is computed by the same instructions wherever it lies and whichever thread computes it, so the bits of a result
depend on its input alone.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

from nonlin.backends.kernel import guarded
from nonlin.backends.llvm.direct import direct
from nonlin.backends.llvm.elementary import Unsupported
from nonlin.backends.llvm.engine import Compiled, compiled, host
from nonlin.backends.llvm.loops import STORAGES, Plan
from nonlin.backends.llvm.stores import Stores, least
from nonlin.backends.llvm.team import together
from nonlin.backends.llvm.widths import roomier
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
        self.near = direct(self.code.flat, 2 + self.sides, 1)
        """The code that one core runs on a single row, called without ctypes and without asking how many cores there are."""
        self.near_rows = direct(self.code.kernel, 4 + 2 * self.sides, 2)
        """The same for several rows."""

    @cached_property
    def streaming(self) -> Compiled:
        """The same with results that go past the cache."""
        return compiled(replace(self.plan, streaming=True))

    @cached_property
    def stores(self) -> Stores:
        """Which of the two is the faster, by size."""
        return Stores(self.plan, self.code, lambda: self.streaming, self.small)

    @cached_property
    def small(self) -> int:
        """Bytes of all arrays together below which results are never written past the cache."""
        return least(last_level_cache())

    def _chosen(self, elements: int, outputs: Sequence[tuple[int, int]]) -> Compiled:
        """The code for arrays of so many elements in all, whose rows are written to these addresses and steps."""
        size = elements * self.width
        if size < self.stores.least or not all(a % LINE == 0 and s * self.width % LINE == 0 for a, s in outputs):
            return self.code
        return self.stores.code(size, threads())

    def flat(self, n: int, scalars: int, *sides: int) -> None:
        """Compute ``n`` elements; ``sides`` are the addresses of the inputs and outputs, ``scalars`` that of the numbers."""
        alone = n < PARALLEL or (threads() == 1 and n * self.sides * self.width < self.small)
        if alone:
            self.near(n, scalars, *sides)
            return
        code = self._chosen(n * self.sides, [(a, 0) for a in sides[len(self.plan.arrays) :]])
        parts = cut(n, threads(), LINE * 8)
        calls = [(count, scalars, *(a + first * self.width for a in sides)) for first, count in parts]
        together(code.flat, calls, threads())

    def rows(self, rows: int, n: int, scalars: int, period: int, *sides: tuple[int, int]) -> None:
        """Compute ``rows`` rows of ``n`` elements; each side is an address and the step from row to row, in elements."""
        if not rows:
            return
        if rows * n < PARALLEL:
            self.near_rows(rows, n, scalars, period, *(v for side in sides for v in side))
            return
        code = self._chosen(rows * n * self.sides, sides[len(self.plan.arrays) :])
        calls = [
            (count, n, scalars, period, *(v for a, step in sides for v in (a + first * step * self.width, step)))
            for first, count in cut(rows, threads(), period)
        ]
        together(code.kernel, calls, threads())


def cut(n: int, workers: int, unit: int) -> list[tuple[int, int]]:
    """Cut ``n`` into no more than ``workers`` parts (first, count) that begin at multiples of ``unit``."""
    if workers == 1:
        return [(0, n)]
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
    if storage == "float32" and not scalars:
        outputs, storage = roomier(roots, outputs, order)
    if factor:
        outputs = [mul(var(factor), out) for out in outputs]
    return kernel(Plan(tuple(outputs), arrays, scalars, storage, careful=order >= 2))
