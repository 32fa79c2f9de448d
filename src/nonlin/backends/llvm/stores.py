"""Whether a kernel writes results through the cache or past it: measured at its first calls on large arrays, and remembered.

Writing past the cache saves reading what is overwritten, and loses where the result would have stayed in the cache. Which weighs more
depends on the machine, the kernel, the size and the number of threads, so the first calls try both ways in turn, on the work they have
to do anyway; the bits are the same either way. A choice is one small file, so that threads and processes need not agree on
anything; a file that is damaged is measured again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nonlin.backends.llvm.engine import Compiled, host, put
from nonlin.backends.llvm.loops import Plan

FORMAT = "nonlin stores 1"
WORDS = {"through": False, "past": True}
TRIALS = (False, False, True, False, True, False, True, True)
"""Whether each of the first calls writes past the cache; two do not before the other way has to be compiled."""
CLOCK = time.thread_time if time.get_clock_info("thread_time").resolution < 1e-6 else time.perf_counter
"""What a call took of its core, however busy the machine is, where the system tells that finely enough."""
CLASSES = 6
"""Classes of sizes, each twice the one before; the last is all that is larger."""


class Choice:
    """The choice of one kernel for one class of sizes and one number of threads."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.taken = path, 0
        self.times: dict[bool, list[float]] = {False: [], True: []}
        self.past = read(path)
        """Whether to write past the cache; None until it is measured."""

    def next(self) -> bool:
        """Which way the next call is to take."""
        if self.past is not None:
            return self.past
        self.taken += 1
        if self.taken <= len(TRIALS):
            return TRIALS[self.taken - 1]
        return len(self.times[True]) < len(self.times[False])

    def took(self, past: bool, seconds: float, parts: int = 1) -> None:
        """Remember what a call took; after enough of them the faster way is the choice."""
        self.times[past].append(seconds)
        need = TRIALS.count(True) * parts
        if self.past is None and all(len(t) >= need for t in self.times.values()):
            # other programs only ever add to a time
            self.past = min(self.times[True]) < min(self.times[False])
            if self.path is not None:
                word = next(w for w, past in WORDS.items() if past is self.past)
                put(self.path, f"{FORMAT}\n{word}\n".encode())


class Stores:
    """The choices of one kernel."""

    def __init__(self, plan: Plan, usual: Compiled, past: Callable[[], Compiled], least: int) -> None:
        """``past`` gives the code that writes past the cache, ``least`` is the number of bytes from which that is tried."""
        self.plan, self.usual, self.past, self.least = plan, usual, past, least
        self.choices: dict[tuple[int, int], Choice] = {}

    def code(self, size: int, threads: int) -> Compiled:
        """Return what to run for arrays of so many bytes in all."""
        if size < self.least:
            return self.usual
        kind = min(size // self.least, 2 ** (CLASSES - 1)).bit_length(), threads
        choice = self.choices.get(kind)
        if choice is None:
            choice = self.choices.setdefault(kind, Choice(self._path(*kind)))
        past = choice.next()
        code = self.past() if past else self.usual
        return code if choice.past is not None else _timed(code, choice, past, threads)

    def _path(self, size: int, threads: int) -> Path | None:
        machine = host()
        assert machine is not None
        known = (machine.cpu, machine.features, machine.version, self.least, size, threads, self.plan)
        try:
            return folder() / hashlib.sha256(repr(known).encode()).hexdigest()
        except RuntimeError:  # there is no home folder
            return None


def _timed(code: Compiled, choice: Choice, past: bool, parts: int) -> Compiled:
    """The same code, which tells the choice what each call took."""

    def timed(function: Callable[..., None]) -> Callable[..., None]:
        def run(*given: Any) -> None:
            begin = CLOCK()
            function(*given)
            choice.took(past, CLOCK() - begin, parts)

        return run

    return Compiled(timed(code.kernel), timed(code.flat), code.library)


# -- the disk ------------------------------------------------------------------------------------------------------------


def folder() -> Path:
    """Where choices are kept."""
    from nonlin.folders import cache_dir

    return cache_dir() / "stores"


def read(path: Path | None) -> bool | None:
    """Return the choice a file holds, None where it holds none."""
    try:
        lines = [] if path is None else path.read_text(encoding="ascii").split("\n")
    except (OSError, ValueError):
        return None
    return WORDS.get(lines[1]) if lines[:1] == [FORMAT] and len(lines) == 3 else None


def least(cache: int) -> int:
    """Bytes of inputs and outputs from which writing past a cache of so many bytes is tried: half of it."""
    return cache // 2


def kept() -> tuple[int, int]:
    """Return how many choices are on the disk, and how many of them are to write past the cache."""
    try:
        held = [read(path) for path in folder().glob("*")]
    except (OSError, RuntimeError):
        return 0, 0
    return sum(h is not None for h in held), sum(h is True for h in held)
