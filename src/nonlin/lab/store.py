"""The store: one SQLite file per study, so that no finished trial is ever trained twice.

A trial's key is the hash of its configuration. A study that was stopped, by Ctrl-C or ``kill -9``, goes on
where it was when the same command runs again. One process writes (the driver); any number may read while it
does.

SQLite's write-ahead log needs shared memory between the processes that use the file: **keep a study on a
local disk**. On a network file system (NFS, SMB) neither the log nor the lock can be relied on.

A ``Store`` belongs to the thread that opened it.
"""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from nonlin.errors import ParameterError, StoreError
from nonlin.lab.jsontext import dumps, loads, trial_key
from nonlin.sqlite import Kind, header_checked, open_to_read, open_to_write, sentences, transaction

__all__ = ["SCHEMA_VERSION", "STATUSES", "Store", "Trial", "environment", "trial_key"]

SCHEMA_VERSION = 1
STATUSES = ("ok", "diverged", "failed")

KIND = Kind(
    "study",
    0x6E6C696E,  # "nlin"
    SCHEMA_VERSION,
    (
        "CREATE TABLE trials (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, status TEXT NOT NULL, "
        "config TEXT NOT NULL, result TEXT NOT NULL)",
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    ),
    durable=True,  # a commit costs milliseconds, and a trial seconds
    kept="Trials stored before are safe; the same command goes on from there.",
    afresh="run the same command to start afresh",
    unbegun=" Run it again.",
)
_WRITER = "_writer"  # meta row: who holds, or last held, the lock


@dataclass(frozen=True)
class Trial:
    """One training run that ended; both mappings hold JSON values, in ``result`` also NaN and infinities."""

    key: str
    config: Mapping[str, Any]
    result: Mapping[str, Any]
    status: str = "ok"  # one of STATUSES


def environment(packages: Sequence[str] = ("nonlin", "numpy", "scipy", "torch")) -> dict[str, Any]:
    """Return what a study must remember about where it ran: versions, machine, command, time (UTC)."""
    return {
        "versions": {name: _version(name) for name in packages},
        "python": platform.python_version(),
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "command": list(sys.argv),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


class Store:
    """A study's file; use ``with Store.open(path) as store:``."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: FileLock | None) -> None:
        """Hold an open connection; ``lock`` is None where the store is only read. Use ``Store.open``."""
        self.path = path
        self._connection: sqlite3.Connection | None = connection
        self._lock = lock

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, write: bool = True) -> Store:
        """Open the study at ``path``; with ``write`` it and its folder are created where missing.

        Args:
            path: of the SQLite file. Beside it, SQLite keeps ``-wal`` and ``-shm`` while it is in use, and a
                ``.lock`` file says that someone writes.
            write: take the one right to write, for the life of this process or until ``close``. False reads,
                also while another process writes, and changes nothing.

        Raises:
            StoreError: another process writes this study; the file is no study, damaged, of a newer version,
                missing (``write=False``), or may not be opened.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, Store.open(folder + "/study.sqlite") as store:
        ...     config = {"activation": "mish", "seed": 0}
        ...     store.add([Trial(trial_key(config), config, {"accuracy": 0.97})])
        ...     store.finished([trial_key(config)])
        1
        {'038f00f46f699e71da6d900b28140947': {'accuracy': 0.97}}
        """
        # The target of a link, so that two names of one file share one lock.
        path = Path(path).expanduser().resolve()
        with sentences(path, KIND):
            return _open_to_write(path) if write else _open_to_read(path)

    def finished(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return key -> result for those ``keys`` whose trial is ``ok`` or ``diverged``, not ``failed``."""
        wanted, found = list(dict.fromkeys(keys)), {}
        with sentences(self.path, KIND):
            for start in range(0, len(wanted), 500):  # SQLite bounds the number of parameters
                part = wanted[start : start + 500]
                marks = ",".join("?" * len(part))
                for key, result in self._open().execute(
                    f"SELECT key, result FROM trials WHERE status <> 'failed' AND key IN ({marks})", part
                ):
                    found[key] = loads(result)
        return {key: found[key] for key in wanted if key in found}

    def add(self, trials: Sequence[Trial]) -> int:
        """Store ``trials`` in one transaction, all or none, and return how many it wrote.

        When this returns, they are on the disk. A key that is already there keeps its first result, unless
        that trial had failed.

        Raises:
            ParameterError: a status that is not in ``STATUSES``, or a value that JSON cannot hold.
            StoreError: the store is open for reading, or the disk is full or may not be written.
        """
        for trial in trials:
            if trial.status not in STATUSES:
                raise ParameterError(f"trial status {trial.status!r} is not one of {', '.join(STATUSES)}.")
        rows = [(t.key, t.status, dumps(t.config, "config"), dumps(t.result, "result")) for t in trials]
        with self._transaction() as connection:
            before = connection.total_changes
            connection.executemany(
                "INSERT INTO trials (key, status, config, result) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET "
                "status = excluded.status, config = excluded.config, result = excluded.result "
                "WHERE trials.status = 'failed'",
                rows,
            )
            return connection.total_changes - before

    def trials(self) -> list[Trial]:
        """Return every trial, in the order they were first stored."""
        with sentences(self.path, KIND):
            rows = self._open().execute("SELECT key, config, result, status FROM trials ORDER BY id")
            found = rows.fetchall()
        return [Trial(key, loads(config), loads(result), status) for key, config, result, status in found]

    def get_meta(self, name: str, default: Any = None) -> Any:
        """Return the value stored under ``name`` (the study's configuration, its environment, ...)."""
        with sentences(self.path, KIND):
            row = self._open().execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return default if row is None else loads(row[0])

    def set_meta(self, name: str, value: Any) -> None:
        """Store a JSON value under ``name``, in place of the one before."""
        text = dumps(value, name)
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, text))

    def close(self) -> None:
        """Close the file and give up the right to write; closing twice is no error."""
        connection, self._connection = self._connection, None
        lock, self._lock = self._lock, None
        try:
            if connection is not None:
                with sentences(self.path, KIND):
                    connection.close()
        finally:
            if lock is not None:
                lock.release()

    def __enter__(self) -> Store:
        """Return the store itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the store."""
        self.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(f"the study {self.path} is closed; open it again with Store.open.")
        return self._connection

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._open()
        if self._lock is None:
            raise StoreError(f"the study {self.path} was opened for reading; open it with write=True to store.")
        with sentences(self.path, KIND), transaction(connection):
            yield connection


def _open_to_write(path: Path) -> Store:
    path.parent.mkdir(parents=True, exist_ok=True)
    header_checked(path, KIND)
    # thread_local: released by whichever thread closes the store, the garbage collector's included.
    lock = FileLock(f"{path}.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StoreError(
            f"the study {path} is being written by another process{_writer(path)}. Wait until it has ended, "
            "stop it, or give this study another file."
        ) from None
    store = None
    try:
        store = Store(path, open_to_write(path, KIND), lock)
        store.set_meta(_WRITER, {"pid": os.getpid(), "host": socket.gethostname()})
        return store
    except BaseException:
        lock.release() if store is None else store.close()
        raise


def _open_to_read(path: Path) -> Store:
    return Store(path, open_to_read(path, KIND, "run a study that writes there"), None)


def _writer(path: Path) -> str:
    """Return `` (process 12 on host)`` where the file tells; the lock itself names nobody."""
    try:
        with _open_to_read(path) as store:
            row = store.get_meta(_WRITER)
            return f" (process {row['pid']} on {row['host']})"
    except (StoreError, sqlite3.Error, OSError, TypeError, KeyError):
        return ""  # it has not got that far


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
