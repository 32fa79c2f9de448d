"""The record: an SQLite file that a watched training writes and any process may read while it does.

    with nonlin.watch(model, optimizer, sinks=[Record("run.sqlite")]):
        ...

Samples are written in whole transactions, at most four a second, through a write-ahead log: ``kill -9`` loses at most the samples
of the last quarter of a second and never the file. One file holds any number of runs, one after the other. Keep it on a local disk:
a network file system can be relied on for neither the log nor the lock.

Numbers are kept to seven significant digits, NaN and infinities included; of units' arrays the last ones are kept, in float32.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from nonlin.errors import ParameterError, StoreError
from nonlin.findings import Remedy, Rule, Severity
from nonlin.sqlite import Kind, header_checked, open_to_read, open_to_write, sentences, transaction
from nonlin.watch.history import Run, merged
from nonlin.watch.records import Alert, Layer, Sample

__all__ = ["KIND", "Reader", "Record", "of_a_later_rank", "open_record"]

KIND = Kind(
    "record",
    0x6E6C7774,  # "nlwt"
    1,
    (
        "CREATE TABLE runs (id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, host TEXT NOT NULL, pid INTEGER NOT NULL, "
        "about TEXT NOT NULL)",
        "CREATE TABLE layers (run INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, depth INTEGER NOT NULL, "
        "kind TEXT NOT NULL, function TEXT NOT NULL, units INTEGER NOT NULL, PRIMARY KEY (run, id))",
        # model: {"loss": 0.5}; layers: {"rate": [one number or null for each layer]}
        "CREATE TABLE samples (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, step INTEGER NOT NULL, seconds REAL NOT NULL, "
        "model TEXT NOT NULL, layers TEXT NOT NULL)",
        "CREATE INDEX samples_of_runs ON samples (run, id)",
        "CREATE TABLE units (run INTEGER NOT NULL, layer INTEGER NOT NULL, statistic TEXT NOT NULL, sample INTEGER NOT NULL, "
        "float32 BLOB NOT NULL, PRIMARY KEY (run, layer, statistic))",
        "CREATE TABLE alerts (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, alert TEXT NOT NULL)",
    ),
    any_thread=True,
    patience=2.0,  # a training waits for nobody longer than this
)
FLUSH_S = 0.25
"""At most one transaction in so many seconds, so that writing costs the same however often is sampled."""

_Row = TypeVar("_Row", Alert, Rule, Remedy)
_HINT = "train with nonlin.watch and a Record as one of its sinks"


class Record:
    """A sink that appends one run to the file at ``path``, which is created, with its folder, where it is missing.

    Args:
        path: of the SQLite file; ``-wal`` and ``-shm`` files lie beside it while it is in use, and a ``.lock`` file says that
            someone writes.

    In a distributed training only the first rank is told of samples: the records of the others never touch the file.

    Raises:
        StoreError: another process writes this record; or the file is no record, damaged, of a newer version, or not writable.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     record = Record(folder + "/run.sqlite")
    ...     record.begin((Layer("relu1", 0, "activation", "relu", 64),), {"model": "Net"})
    ...     record.sample(Sample(10, 0.5, {"loss": 0.25}, {"relu1": {"rate": 0.5}}))
    ...     record.close()
    ...     open_record(folder + "/run.sqlite").curve("loss")
    [(10, 0.25)]
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser().resolve()  # the target of a link, so that two names of a file share one lock
        self._layers: dict[str, int] = {}
        self._alerts: list[Alert] = []
        self._alert_ids: list[int] = []
        self._waiting: list[Sample] = []
        self._flushed = -math.inf
        self._run = 0
        self._process = os.getpid()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        # not thread_local: released by whichever thread closes the record, the garbage collector's included
        self._lock = FileLock(f"{self.path}.lock", thread_local=False)
        if not of_a_later_rank():
            self._open()

    def _open(self) -> None:
        with sentences(self.path, KIND):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            header_checked(self.path, KIND)
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                raise StoreError(
                    f"the record {self.path} is being written by another process. Wait until it has ended, stop it, "
                    "or give this run another file."
                ) from None
            try:
                self._connection = open_to_write(self.path, KIND)
            except BaseException:
                self._lock.release()
                raise

    def begin(self, layers: tuple[Layer, ...], about: Mapping[str, Any]) -> None:
        """Begin a run of this record."""
        if self._connection is None and not self._closed:
            self._open()
        row = (_now(), socket.gethostname(), os.getpid(), json.dumps(dict(about), default=str))
        with self._transaction() as connection:
            made = connection.execute("INSERT INTO runs (started, host, pid, about) VALUES (?, ?, ?, ?)", row)
            self._run = int(made.lastrowid or 0)
            self._layers, self._alerts, self._alert_ids = {}, [], []
            self._add_layers(connection, layers)

    def sample(self, sample: Sample) -> None:
        """Keep a sample; it reaches the file within a quarter of a second of training."""
        self._waiting.append(sample)
        if time.monotonic() - self._flushed >= FLUSH_S:
            self.flush()

    def alert(self, alert: Alert) -> None:
        """Write an alert, at once, or that it was cleared."""
        at = merged(self._alerts, alert)
        text = _alert_text(self._alerts[at])
        with self._transaction() as connection:
            self._write_samples(connection)
            if at < len(self._alert_ids):
                connection.execute("UPDATE alerts SET alert = ? WHERE id = ?", (text, self._alert_ids[at]))
                return
            made = connection.execute("INSERT INTO alerts (run, alert) VALUES (?, ?)", (self._run, text))
            self._alert_ids.append(int(made.lastrowid or 0))

    def flush(self) -> None:
        """Write what waits, in one transaction."""
        if self._waiting:
            with self._transaction() as connection:
                self._write_samples(connection)

    def close(self) -> None:
        """Write what waits, mark the run as ended, and give the file free; closing twice is no error."""
        connection, self._closed = self._connection, True
        if connection is None:
            return
        try:
            with self._transaction() as writing:
                self._write_samples(writing)
                writing.execute("UPDATE runs SET ended = ? WHERE id = ?", (_now(), self._run))
        finally:
            self._connection = None
            try:
                with sentences(self.path, KIND):
                    connection.close()
            finally:
                self._lock.release()

    def _write_samples(self, connection: sqlite3.Connection) -> None:
        waiting, self._waiting = self._waiting, []
        for sample in waiting:
            new = [name for part in (sample.layers, sample.units) for name in part if name not in self._layers]
            self._add_layers(
                connection, [Layer(n, len(self._layers) + k, "activation") for k, n in enumerate(dict.fromkeys(new))]
            )
            row = (self._run, sample.step, sample.seconds, _numbers_text(sample.model), self._layers_text(sample))
            made = connection.execute("INSERT INTO samples (run, step, seconds, model, layers) VALUES (?, ?, ?, ?, ?)", row)
            connection.executemany(
                "INSERT OR REPLACE INTO units (run, layer, statistic, sample, float32) VALUES (?, ?, ?, ?, ?)",
                [
                    (self._run, self._layers[layer], statistic, made.lastrowid, _packed(values))
                    for layer, row_ in sample.units.items()
                    for statistic, values in row_.items()
                ],
            )

    def _layers_text(self, sample: Sample) -> str:
        names = sorted({name for row in sample.layers.values() for name in row})
        found: dict[str, list[float | str | None]] = {name: [None] * len(self._layers) for name in names}
        for layer, row in sample.layers.items():
            for name, value in row.items():
                found[name][self._layers[layer]] = _plain(value)
        return json.dumps(found, separators=(",", ":"), allow_nan=False)

    def _add_layers(self, connection: sqlite3.Connection, layers: Sequence[Layer]) -> None:
        for layer in layers:
            number = self._layers.setdefault(layer.name, len(self._layers))
            connection.execute(
                "INSERT OR REPLACE INTO layers (run, id, name, depth, kind, function, units) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self._run, number, layer.name, layer.index, layer.kind, layer.function, layer.units),
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            state = "is closed; make a new Record for another run" if self._closed else "has no run yet; call begin first"
            raise StoreError(f"the record {self.path} {state}.")
        if os.getpid() != self._process:  # SQLite's connections do not survive a fork, and two writers would be one too many
            raise StoreError(f"the record {self.path} belongs to the process that opened it; make a Record in this one.")
        with sentences(self.path, KIND), transaction(self._connection):
            yield self._connection
        self._flushed = time.monotonic()


class Reader:
    """An open record that is only read; use ``with Reader(path) as reader:``. It sees what other processes write meanwhile.

    Raises:
        StoreError: the file is missing, no record, damaged, or of a newer version.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser().resolve()
        with sentences(self.path, KIND):
            self._connection = open_to_read(self.path, KIND, _HINT)

    def version(self) -> int:
        """Return a number that changes when another process has written; asking costs microseconds."""
        with sentences(self.path, KIND):
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def count(self) -> int:
        """Return the number of runs."""
        with sentences(self.path, KIND):
            return int(self._connection.execute("SELECT count(*) FROM runs").fetchone()[0])

    def run(self, number: int | None = None, most: int | None = None) -> Run:
        """Return a run: the ``number``-th, from 1, or else the last.

        Args:
            number: of the run within the record.
            most: read statistics of layers for about so many samples only, evenly over the run (and for the last one).

        Raises:
            ParameterError: there is no run of this number.
            StoreError: the record has no run yet, or is damaged.
        """
        connection = self._connection
        with sentences(self.path, KIND), _snapshot(connection):
            rows = connection.execute("SELECT id, started, ended, host, pid, about FROM runs ORDER BY id").fetchall()
            if not rows:
                raise StoreError(f"the record {self.path} has no run yet: watching has not begun.")
            if number is not None and not 1 <= number <= len(rows):
                raise ParameterError(f"run must be 1 to {len(rows)}, the runs that {self.path} holds, not {number}.")
            at = len(rows) if number is None else number
            run, started, ended, host, pid, about = rows[at - 1]
            layers = tuple(
                Layer(*row)
                for row in connection.execute(
                    "SELECT name, depth, kind, function, units FROM layers WHERE run = ? ORDER BY id", (run,)
                )
            )
            samples = self._samples(run, [layer.name for layer in layers], most)
            texts = connection.execute("SELECT alert FROM alerts WHERE run = ? ORDER BY id", (run,)).fetchall()
        alerts = tuple(_alert_of(text) for (text,) in texts)
        known = json.loads(about)
        return Run(
            layers, samples, alerts, known, _state(ended, host, pid), started, ended or "", str(self.path), at, len(rows)
        )

    def _samples(self, run: int, names: Sequence[str], most: int | None) -> tuple[Sample, ...]:
        connection = self._connection
        first, last, count = connection.execute(
            "SELECT min(id), max(id), count(*) FROM samples WHERE run = ?", (run,)
        ).fetchone()
        stride = max(1, math.ceil(count / most)) if most else 1
        units: dict[int, dict[str, dict[str, Any]]] = {}
        for layer, statistic, sample, packed in connection.execute(
            "SELECT layer, statistic, sample, float32 FROM units WHERE run = ?", (run,)
        ):
            units.setdefault(sample, {}).setdefault(names[layer], {})[statistic] = _unpacked(packed)
        found = []
        for key, step, seconds, model, layers in connection.execute(
            "SELECT id, step, seconds, model, CASE WHEN (id - ?) % ? = 0 OR id = ? THEN layers END FROM samples "
            "WHERE run = ? ORDER BY id",
            (first, stride, last, run),
        ):
            rows = _layers_of(layers, names) if layers else {}
            found.append(Sample(step, seconds, _numbers_of(model), rows, units.get(key, {})))
        return tuple(found)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Reader:
        """Return the reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


def open_record(path: str | os.PathLike[str], run: int | None = None, most: int | None = None) -> Run:
    """Return what a record holds of a run: layers, samples, alerts and facts; the file may still be written meanwhile.

    Args:
        path: of the SQLite file.
        run: number of the run, from 1; the last one by default.
        most: read statistics of layers for about so many samples only, evenly over the run.

    Raises:
        StoreError: the file is missing, no record, damaged, of a newer version, or without a run.
        ParameterError: there is no run of this number.
    """
    with Reader(path) as reader:
        return reader.run(run, most)


def of_a_later_rank() -> bool:
    """Return whether this process is (or, before the group is made, may be) another than the first of a distributed training."""
    distributed = sys.modules.get("torch.distributed")  # a process that has not loaded it is in no group
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank()) > 0
    return os.environ.get("RANK", "0") not in ("", "0")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextlib.contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Let every statement see the file as it was at the first, whatever is written meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _state(ended: str | None, host: str, pid: int) -> str:
    """Say whether a run goes on; a process can be asked for on its own machine only."""
    if ended:
        return "ended"
    if host != socket.gethostname() or os.name != "posix":  # elsewhere than on POSIX os.kill(pid, 0) ends the process
        return "unknown"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "stopped"
    except OSError:
        return "running"  # it is there, and another user's
    return "running"


def _plain(value: float) -> float | str:
    """Return a number that JSON can hold, to seven digits; NaN and infinities become words."""
    value = float(value)
    return float(f"{value:.7g}") if math.isfinite(value) else repr(value)


def _numbers_text(numbers: Mapping[str, float]) -> str:
    return json.dumps({k: _plain(v) for k, v in numbers.items()}, separators=(",", ":"), allow_nan=False)


def _numbers_of(text: str) -> dict[str, float]:
    return {k: float(v) for k, v in json.loads(text).items()}


def _layers_of(text: str, names: Sequence[str]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for statistic, values in json.loads(text).items():
        for name, value in zip(names, values, strict=False):  # layers that were met later have no place in earlier samples
            if value is not None:
                found.setdefault(name, {})[statistic] = float(value)
    return found


def _packed(values: Iterable[float]) -> bytes:
    """Return an array over units as little-endian float32."""
    import numpy as np

    detached = getattr(values, "detach", None)  # a torch tensor; numpy cannot read one that needs a gradient
    array = detached().float().cpu().numpy() if detached is not None else values
    return np.asarray(array).astype("<f4").ravel().tobytes()


def _unpacked(packed: bytes) -> Any:
    import numpy as np

    return np.frombuffer(packed, "<f4")


def _alert_text(alert: Alert) -> str:
    """Return an alert with its whole rule, so that the record is understood whatever becomes of the table of rules."""
    row = asdict(alert) | {"value": _plain(alert.value), "line": _plain(alert.line)}
    return json.dumps(row, separators=(",", ":"), allow_nan=False)


def _alert_of(text: str) -> Alert:
    row = json.loads(text)
    rule, remedy = row.pop("rule"), row.pop("remedy")
    row |= {"severity": Severity(row["severity"]), "value": float(row["value"]), "line": float(row["line"])}
    made = _made(Rule, {**rule, "severity": Severity(rule["severity"])})
    return _made(Alert, {**row, "rule": made, "remedy": _made(Remedy, remedy) if remedy else None})


def _made(kind: type[_Row], row: Mapping[str, Any]) -> _Row:
    """Make a row of what is known of it here; a later nonlin may have written more."""
    known = {f.name for f in fields(kind)}
    return kind(**{k: v for k, v in row.items() if k in known})
