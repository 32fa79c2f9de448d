"""Where units of work run: a small protocol, and the two engines of one machine.

An engine is handed independent, idempotent units and gives back events. It never touches the store: the driver
alone writes, so another engine (a cluster) needs only these three methods. A unit's results do not depend on the engine.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from nonlin.errors import NonlinError, ParameterError
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


def told(err: BaseException) -> NonlinError:
    """Return what the driver raises for an error inside a unit: the same on every engine, and always a sentence."""
    if isinstance(err, NonlinError):
        return err
    made = NonlinError(f"training failed: {type(err).__name__}: {err}")
    made.__cause__ = err
    return made


def _drain(events: queue.SimpleQueue[Event], seconds: float) -> list[Event]:
    try:
        found = [events.get(timeout=seconds)]
    except queue.Empty:
        return []
    while not events.empty():
        found.append(events.get())
    return found


class InProcessEngine:
    """Runs units one after the other in a thread of this process, on one core; nothing to start, nothing to leave behind."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[int, Unit] | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def submit(self, number: int, unit: Unit) -> None:
        """Queue a unit."""
        self._jobs.put((number, unit))
        if self._thread is None:
            # a daemon: a second Ctrl-C must end the process whatever the thread is doing
            self._thread = threading.Thread(target=self._work, name="nonlin", daemon=True)
            self._thread.start()

    def poll(self, seconds: float) -> list[Event]:
        """Return all waiting events, or wait at most ``seconds`` for one."""
        return _drain(self._events, seconds)

    def close(self) -> None:
        """Let the thread stop at its next report, a fraction of a second away, and wait for that."""
        self._stop.set()
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        from nonlin.lab.work import run_unit

        while (job := self._jobs.get()) is not None and not self._stop.is_set():
            number, unit = job
            try:
                self._events.put(Event(number, results=run_unit(unit, self._report(number))))
            except _Stopped:
                return
            except BaseException as err:  # whatever it is, the driver must hear of it
                self._events.put(Event(number, error=told(err)))

    def _report(self, number: int) -> Callable[[float], None]:
        def report(model_epochs: float) -> None:
            if self._stop.is_set():
                raise _Stopped
            if model_epochs:
                self._events.put(Event(number, advanced=model_epochs))

        return report


_ALLOCATOR = {
    # glibc gives large freed blocks back to the system at once, and each step would fault them in again: the gradient of
    # MNIST's first layer took twice as long. The last line lets PyTorch ask for huge pages.
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "THP_MEM_ALLOC_ENABLE": "1",
}


class ProcessEngine:
    """Runs units in ``workers`` processes of this machine, each on one core.

    Threads will not do: the steps of small networks are so short that they would wait for Python's lock most of the
    time (measured: two threads were no faster than one). Workers are plain ``python -m nonlin.lab.worker`` processes that
    are sent units over a pipe, so a user's script needs no ``if __name__ == "__main__"``. They end when this process does.
    """

    def __init__(self, workers: int) -> None:
        if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
            raise ParameterError(f"workers must be a whole number of at least 1, not {workers!r}")
        self.workers = workers
        self._jobs: queue.SimpleQueue[tuple[int, Unit] | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads: list[threading.Thread] = []
        self._closing = False

    def submit(self, number: int, unit: Unit) -> None:
        """Queue a unit; a worker is started if fewer than ``workers`` run."""
        self._jobs.put((number, unit))
        if len(self._processes) < self.workers:
            process = self._start()
            thread = threading.Thread(target=self._feed, args=(process,), daemon=True)
            self._processes.append(process)
            self._threads.append(thread)
            thread.start()

    def _start(self) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join(p or os.getcwd() for p in sys.path)
        # -P: a file of the user's called random.py, say, must not stand in for the standard library's
        command = [sys.executable, "-P", "-m", "nonlin.lab.worker"]
        # a session of its own: Ctrl-C reaches the driver alone, which then ends the workers
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
                                env={**os.environ, **_ALLOCATOR, "PYTHONPATH": paths})  # fmt: skip

    def poll(self, seconds: float) -> list[Event]:
        """Return all waiting events, or wait at most ``seconds`` for one."""
        return _drain(self._events, seconds)

    def close(self) -> None:
        """End the workers at once, whatever they are doing, and wait for that."""
        self._closing = True
        for _ in self._threads:
            self._jobs.put(None)
        for process in self._processes:
            process.kill()
        for thread in self._threads:
            thread.join()

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        """Send one worker a unit at a time and pass its events on."""
        from nonlin.lab.tasks import provided

        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError), process:  # leaving flushes the pipe of a worker that may be gone
            sent: set[str] = set()  # data in memory travel once to each worker
            while (job := self._jobs.get()) is not None and not self._closing:
                number, unit = job
                data = None if unit.task in sent else provided(unit.task)
                if not self._send(process, number, unit, data):
                    continue
                sent.add(unit.task)
                event: Event | None = None
                while event is None or (event.results is None and event.error is None):
                    try:
                        event = pickle.load(process.stdout)
                    except Exception:  # a stream cut short fails in many ways, and the driver waits for an answer
                        event = Event(number, error=self._lost(process))
                    if event.advanced or not self._closing:
                        self._events.put(event)
                    if self._closing:
                        return

    def _send(self, process: subprocess.Popen[bytes], number: int, unit: Unit, data: Any) -> bool:
        assert process.stdin is not None
        try:
            process.stdin.write(pickle.dumps((number, unit, data)))
            process.stdin.flush()
        except OSError:
            if not self._closing:
                self._events.put(Event(number, error=self._lost(process)))
            return False
        except Exception as err:
            text = f"this unit of work cannot be sent to another process ({err}); use workers=1"
            self._events.put(Event(number, error=NonlinError(text)))
            return False
        return True

    def _lost(self, process: subprocess.Popen[bytes]) -> NonlinError:
        try:
            code = process.wait(timeout=5)
        except subprocess.TimeoutExpired:  # it lives, but what it says cannot be understood any more
            process.kill()
            code = process.wait()
        return NonlinError(
            f"a worker process ended unexpectedly (exit code {code}); if the machine ran out of memory, "
            "lower --memory or --workers. The same command goes on with what is stored"
        )


def default_engine(workers: int | None, units: int, model_steps: float) -> Engine:
    """Return the engine for so many units at a time and steps in all: processes if they would earn their start.

    ``model_steps`` counts optimiser steps times networks; about 20,000 of them take a second, and so does starting workers.
    """
    count = workers if workers is not None else (os.cpu_count() or 1)
    if count == 1 or units < 2 or (workers is None and model_steps < 100_000):
        return InProcessEngine()
    return ProcessEngine(min(count, units))
