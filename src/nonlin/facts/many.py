"""Every fact of many functions at once: from this machine's cache, else computed in several processes.

The facts of the whole catalogue are a minute of one core's work, and they change only with the formulas and with the code that
finds them. So they are kept on disk under a name made of both.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from nonlin.catalogue import Definition, definitions, resolve
from nonlin.errors import ParameterError
from nonlin.expr import Expr, walk
from nonlin.facts.subject import Fact
from nonlin.facts.table import FACTS, Facts, facts, known

Progress = Callable[[int, int, str], None]
"""Called with how many functions are done, of how many, and the name of the last one."""
WORTH = 12
"""From so many functions on it pays to start other processes, which takes each half a second."""
_SOURCES = ("facts", "expr", "backends")
"""The rooms whose code decides what the facts are."""


def all_facts(
    functions: Iterable[Definition | str] | None = None,
    *,
    progress: Progress | None = None,
    workers: int | None = None,
    cached: bool = True,
) -> dict[str, Facts]:
    """Return the facts of many functions, all computed; the fastest way to have those of the whole catalogue.

    What is found is also what :func:`nonlin.facts.fact` gives from then on in this process, at no cost. Facts that are
    measured on request are left out.

    Args:
        functions: definitions, names or formulas; the whole catalogue if None.
        progress: called after each function with the number done, the number in all, and the function's name.
        workers: how many processes; the processors this one may use if None, and this process alone for a few functions.
        cached: whether to read and write this machine's cache (``nonlin`` under ``$XDG_CACHE_HOME`` or ``~/.cache``), which
            a change of the formula or of the code passes over. A cache that cannot be read or written is done without.

    Returns:
        The functions' names, in the order given, with the facts of each.

    Raises:
        UnknownNameError, FormulaError, ParameterError: as :func:`nonlin.catalogue.resolve`, and for a bad ``workers``.

    >>> every = all_facts(["relu", "x*sigmoid(x)"], cached=False)
    >>> str(every["relu"].range), str(every["x*sigmoid(x)"].range)
    ('[0, inf)', '[-0.278465, inf)')
    """
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise ParameterError(f"workers must be a whole number of at least 1, or None, not {workers!r}")
    made = [resolve(f) for f in (definitions().values() if functions is None else functions)]
    told, done = progress or _silent, 0
    missing = []
    for definition in made:
        if _complete(definition) or (cached and _read(definition)):
            done += 1
            told(done, len(made), definition.name)
        else:
            missing.append(definition)
    count = workers or (_processors() if len(missing) >= WORTH else 1)
    for definition, found in _computed(missing, min(count, len(missing))):
        known(definition).update(found)
        if cached:
            _write(definition, found)
        done += 1
        told(done, len(made), definition.name)
    return {definition.name: facts(definition) for definition in made}


def _silent(done: int, total: int, name: str) -> None:
    return


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _asked(definition: Definition) -> list[str]:
    kind = definition.kind
    return [name for name, row in FACTS.items() if kind in row.kinds and not row.on_request]


def _complete(definition: Definition) -> bool:
    return known(definition).keys() >= set(_asked(definition))


def compute(definition: Definition) -> dict[str, Fact]:
    """Return every fact that is asked of a function's kind, by name."""
    return {f.name: f for f in facts(definition)}


# -- processes ----------------------------------------------------------------------------------------------------------


def _computed(missing: list[Definition], count: int) -> Iterator[tuple[Definition, dict[str, Fact]]]:
    """Yield functions and their facts as they are found; what a process of ours fails at is done here."""
    if count <= 1:
        yield from ((definition, compute(definition)) for definition in missing)
        return
    jobs: queue.SimpleQueue[Definition] = queue.SimpleQueue()
    answers: queue.SimpleQueue[tuple[Definition, dict[str, Fact] | None] | None] = queue.SimpleQueue()
    for definition in missing:
        jobs.put(definition)
    processes = [_start() for _ in range(count)]
    threads = [threading.Thread(target=_feed, args=(p, jobs, answers), daemon=True) for p in processes]
    left = {id(definition): definition for definition in missing}
    try:
        for thread in threads:
            thread.start()
        for _ in threads:
            while (answer := answers.get()) is not None:
                definition, found = answer
                if found is not None:
                    del left[id(definition)]
                    yield definition, found
    finally:  # also when the caller goes away or stops it
        for process in processes:
            process.kill()
        for thread in threads:
            thread.join()
    yield from ((definition, compute(definition)) for definition in left.values())


def _start() -> subprocess.Popen[bytes]:
    """Start a plain process that is sent definitions over a pipe: a user's script needs no ``__main__`` guard for it."""
    paths = os.pathsep.join(p or os.getcwd() for p in sys.path)
    # -P: a file of the user's called random.py must not stand in for the standard library's; arrays here are small, so that
    # threads within each process would only be in one another's way
    env = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-P", "-m", "nonlin.facts.worker"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, start_new_session=True, env=env)  # fmt: skip


def _feed(process: subprocess.Popen[bytes], jobs: queue.SimpleQueue[Definition], answers: queue.SimpleQueue[Any]) -> None:
    """Send one process a definition at a time and pass its answers on; None at the end."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError), process:
        while True:
            try:
                definition = jobs.get_nowait()
            except queue.Empty:
                break
            try:
                process.stdin.write(pickle.dumps(definition))
                process.stdin.flush()
                answers.put((definition, pickle.load(process.stdout)))
            except Exception:  # whatever ended the process or cut the stream: the rest is done by others
                process.kill()
                break
    answers.put(None)


# -- the disk -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _version() -> str:
    """A mark of the code that finds facts, and of the arithmetic under it."""
    import mpmath
    import numpy as np

    mark = hashlib.sha256(f"{np.__version__} {mpmath.__version__} {sys.version_info[:2]}".encode())
    house = Path(__file__).parent.parent
    for path in sorted(p for room in _SOURCES for p in (house / room).glob("*.py")):
        mark.update(path.name.encode() + path.read_bytes())
    return mark.hexdigest()[:16]


def folder() -> Path:
    """Where the facts are kept that this version of the code finds."""
    from nonlin.folders import cache_dir

    return cache_dir() / "facts" / _version()


def _path(definition: Definition) -> Path:
    return folder() / f"{hashlib.sha256(_spelled(definition).encode()).hexdigest()[:32]}.json"


def _spelled(definition: Definition) -> str:
    """The formula as a list of its nodes, each once: as text shared parts would be repeated."""
    places: dict[Expr, int] = {}
    lines = [definition.kind]
    for node in walk(definition.closed()):
        places[node] = len(places)
        lines.append(f"{node.op} {node.payload} {[places[a] for a in node.args]}")
    return "\n".join(lines)


def _read(definition: Definition) -> bool:
    """Take the facts of a function from the disk; False if they are not there whole and sound."""
    try:
        held = json.loads(_path(definition).read_text("utf-8"))
        found = {name: Fact(**row) for name, row in held["facts"].items()}
        sound = held["mark"] == _mark(held["facts"]) and set(found) >= set(_asked(definition))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return False
    if sound:
        known(definition).update(found)
    return sound


def _mark(rows: Any) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _write(definition: Definition, found: dict[str, Fact]) -> None:
    """Put a file in its place whole or not at all; without a place to write nothing is kept."""
    rows = {
        name: {"name": f.name, "value": f.value, "text": f.text, "how": f.how, "note": f.note} for name, f in found.items()
    }
    with contextlib.suppress(OSError, TypeError, ValueError):
        text = json.dumps({"facts": rows, "mark": _mark(rows)})
        if repr(json.loads(text)["facts"]) != repr(rows):  # a value that would not come back as it was
            return
        path = _path(definition)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise


__all__ = ["all_facts", "compute", "folder"]
