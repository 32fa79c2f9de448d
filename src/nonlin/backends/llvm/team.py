"""Several calls of a kernel at once, each on a core of its own.

Where PyTorch is loaded with GNU's OpenMP the calls go to the threads that PyTorch computes on itself: they wait awake for a moment
after each piece of work, so that handing it over takes 3 microseconds where a thread of Python takes 28 or more, and no
more threads run than cores. Elsewhere, and in a forked process, whose OpenMP threads are gone, Python's threads do it.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

from nonlin.backends.llvm import engine
from nonlin.backends.llvm.elementary import Unsupported

ENTRIES = ("omp_get_thread_num", "omp_get_num_threads")
_forked: list[bool] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _forked.append(True))


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


def together(function: Callable[..., Any], calls: Sequence[tuple[int, ...]], threads: int) -> list[Any]:
    """Make every call and return what each returns, a whole number or nothing that means anything.

    Args:
        function: takes whole numbers and addresses; made by ctypes, or in Python.
        calls: the arguments of each call, the same number for all.
        threads: of how many the caller may make use. The same at each call, or OpenMP would end threads and begin new ones.
    """
    if len(calls) == 1:
        return [function(*calls[0])]
    team = None
    if "torch" in sys.modules and not _forked and isinstance(function, ctypes._CFuncPtr):  # type: ignore[attr-defined]
        team = _team(len(calls[0]))
    if team is None:
        return _by_python(function, calls)
    count, size = len(calls), 2 + len(calls) * len(calls[0])
    data = (ctypes.c_int64 * (size + count))(engine.address(function), count, *itertools.chain.from_iterable(calls))
    openmp, run = team
    openmp.GOMP_parallel(run, data, threads, 0)
    return data[size:]


def _by_python(function: Callable[..., Any], calls: Sequence[tuple[int, ...]]) -> list[Any]:
    """Make every call in threads of Python, the last one in this."""
    *others, last = calls
    waiting: list[Callable[[], Any]] = []
    for call in others:
        try:
            waiting.append(_pool.get(len(others)).submit(function, *call).result)
        except RuntimeError:  # the interpreter is shutting down and starts no threads any more
            done = function(*call)
            waiting.append(lambda done=done: done)  # type: ignore[misc]
    here = function(*last)
    return [*(done() for done in waiting), here]


@lru_cache(maxsize=1)
def _openmp() -> Any:
    """PyTorch's OpenMP library, None where it brings none of GNU's."""
    found = sorted((Path(sys.modules["torch"].__file__ or "").parent / "lib").glob("libgomp*.so*"))
    try:
        library = ctypes.CDLL(str(found[0]))
        library.GOMP_parallel.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint)
        library.GOMP_parallel.restype = None
        return library if all(hasattr(library, name) for name in ENTRIES) else None
    except (IndexError, OSError, AttributeError):
        return None


def text(count: int) -> str:
    """Return a module with ``void team(int64_t *data)``, which each thread runs.

    ``data`` holds the address of a function of ``count`` integers, how many calls there are, their arguments, and room
    for what they return.
    """
    lines = [
        "declare i32 @omp_get_thread_num()",
        "declare i32 @omp_get_num_threads()",
        "define void @team(ptr %data) {",
        "entry:",
        "  %own = call i32 @omp_get_thread_num()",
        "  %all = call i32 @omp_get_num_threads()",
        "  %first = zext i32 %own to i64",
        "  %step = zext i32 %all to i64",
        "  %address = load i64, ptr %data",
        "  %code = inttoptr i64 %address to ptr",
        "  %held = getelementptr i64, ptr %data, i64 1",
        "  %calls = load i64, ptr %held",
        f"  %size = mul i64 %calls, {count}",
        "  %results = getelementptr i64, ptr %held, i64 1",
        "  %told = getelementptr i64, ptr %results, i64 %size",
        "  br label %test",
        "test:",  # fewer threads than calls may have come
        "  %i = phi i64 [ %first, %entry ], [ %next, %body ]",
        "  %more = icmp slt i64 %i, %calls",
        "  br i1 %more, label %body, label %out",
        "body:",
        f"  %offset = mul i64 %i, {count}",
        "  %given = getelementptr i64, ptr %results, i64 %offset",
    ]
    for i in range(count):
        lines += [f"  %p{i} = getelementptr i64, ptr %given, i64 {i}", f"  %v{i} = load i64, ptr %p{i}"]
    lines += [
        f"  %result = call i64 %code({', '.join(f'i64 %v{i}' for i in range(count))})",
        "  %slot = getelementptr i64, ptr %told, i64 %i",
        "  store i64 %result, ptr %slot",
        "  %next = add i64 %i, %step",
        "  br label %test",
        "out:",
        "  ret void",
        "}",
        "",
    ]
    return "\n".join(lines)


@lru_cache(maxsize=64)
def _team(count: int) -> tuple[Any, int] | None:
    """The OpenMP library and the address of ``team`` for so many arguments; None where there is none, or no LLVM."""
    openmp, machine = _openmp(), engine.host()
    if openmp is None or machine is None:
        return None
    known = {name: engine.address(getattr(openmp, name)) for name in ENTRIES}
    try:
        library = engine.linked(text(count), machine, ("team",), known)
    except Unsupported:
        return None
    _kept.append(library)
    return openmp, library["team"]


_kept: list[Any] = []
"""LLVM's libraries, which must live as long as the process."""
