"""Where units of work run: a small protocol, and the engine that is this process.

An engine is handed independent, idempotent units and gives back events. It never touches the store: the driver
alone writes, so another engine (a cluster) needs only these three methods.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from nonlin.errors import ParameterError
from nonlin.lab.recipe import Unit


@dataclass(frozen=True)
class Event:
    """What happened to unit ``number``: ``advanced`` by model-epochs, or ended with ``results`` or ``error``."""

    number: int
    advanced: float = 0.0
    results: list[list[dict[str, Any]]] | None = None
    error: BaseException | None = None


class Engine(Protocol):
    """Runs units; the order in which they end is free, their results are not."""

    def submit(self, number: int, unit: Unit) -> None:
        """Accept a unit; returns at once."""

    def poll(self, seconds: float) -> list[Event]:
        """Return what happened since the last call, waiting at most ``seconds`` for something."""

    def close(self) -> None:
        """Stop as soon as possible; units that have not ended are given up."""


class _Stopped(Exception):
    """Raised inside a unit that is being given up."""


@dataclass
class LocalEngine:
    """Runs units in ``workers`` threads of this process, each on one core; PyTorch leaves the interpreter's lock alone."""

    workers: int = field(default_factory=lambda: os.cpu_count() or 1)

    def __post_init__(self) -> None:
        if isinstance(self.workers, bool) or not isinstance(self.workers, int) or self.workers < 1:
            raise ParameterError(f"workers must be a whole number of at least 1, not {self.workers!r}")
        self._waiting: queue.SimpleQueue[tuple[int, Unit] | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def submit(self, number: int, unit: Unit) -> None:
        """Queue a unit; a worker starts if fewer than ``workers`` run."""
        self._waiting.put((number, unit))
        if len(self._threads) < self.workers:
            # daemons: a second Ctrl-C must end the process whatever a worker is doing
            thread = threading.Thread(target=self._work, name=f"nonlin-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def poll(self, seconds: float) -> list[Event]:
        """Return all waiting events, or wait at most ``seconds`` for one."""
        try:
            events = [self._events.get(timeout=seconds)]
        except queue.Empty:
            return []
        while not self._events.empty():
            events.append(self._events.get())
        return events

    def close(self) -> None:
        """Let every worker stop at its next report, a fraction of a second away, and wait for that."""
        self._stop.set()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        from nonlin.lab.work import run_unit

        while (job := self._waiting.get()) is not None and not self._stop.is_set():
            number, unit = job
            try:
                self._events.put(Event(number, results=run_unit(unit, self._report(number))))
            except _Stopped:
                return
            except BaseException as err:  # whatever it is, the driver must hear of it
                self._events.put(Event(number, error=err))

    def _report(self, number: int) -> Callable[[float], None]:
        def report(model_epochs: float) -> None:
            if self._stop.is_set():
                raise _Stopped
            if model_epochs:
                self._events.put(Event(number, advanced=model_epochs))

        return report
