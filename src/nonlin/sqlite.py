"""SQLite files of our own: opened with checks, written in whole transactions, and errors told as sentences.

A *kind* of file is a row: its name in messages, the number that tells it from other programs' files, its version and tables.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nonlin.errors import StoreError

__all__ = ["Kind", "connect", "header_checked", "open_to_read", "open_to_write", "sentences", "transaction"]

_MAGIC = b"SQLite format 3\0"
_DAMAGED = (
    "is damaged. It was left as it is: move it aside (with its -wal file) and {afresh}, "
    "or save what can be read with: sqlite3 FILE .recover | sqlite3 saved.sqlite"
)
_BUSY = "is in use by another program; close that program and try again."
_SENTENCES: Mapping[int, str] = {
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full. Free some space. {kept}",
    sqlite3.SQLITE_IOERR: "met a disk error: the disk may be full, over quota, or failing. {kept}",
    sqlite3.SQLITE_READONLY: "may not be written: check the permissions of the file and of its folder.",
    sqlite3.SQLITE_PERM: "may not be opened: check the permissions of the file and of its folder.",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: check that its folder exists and may be read and written.",
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
"""SQLite's primary result code -> the sentence after the file's name, with the kind's own words in it."""


@dataclass(frozen=True)
class Kind:
    """A kind of file: ``noun`` as in "the record PATH is damaged", ``application`` its 32-bit mark, ``version`` of ``tables``.

    ``patience``: how long a writer waits for another, in seconds. ``any_thread``: also others than the thread that opened it
    may use it. ``durable``: each commit waits for the disk, milliseconds, so that not even a power cut loses it; without, it
    is handed to the kernel, which is enough against ``kill -9``.
    """

    noun: str
    application: int
    version: int
    tables: tuple[str, ...]
    patience: float = 10.0
    any_thread: bool = False
    durable: bool = False
    kept: str = "What was written before is safe."
    afresh: str = "give another path"
    """What to do beside moving a damaged file aside."""
    unbegun: str = ""
    """What to do about an empty file."""

    def damaged(self, path: Path) -> str:
        """Return the sentence about a damaged file."""
        return f"the {self.noun} {path} {_DAMAGED.format(afresh=self.afresh)}"


def connect(path: Path, kind: Kind, mode: str) -> sqlite3.Connection:
    """Return a connection that begins no transaction by itself; ``mode`` is SQLite's: ``ro``, ``rw`` or ``rwc``."""
    uri, one = f"{path.as_uri()}?mode={mode}", not kind.any_thread
    return sqlite3.connect(uri, uri=True, timeout=kind.patience, isolation_level=None, check_same_thread=one)


def open_to_write(path: Path, kind: Kind) -> sqlite3.Connection:
    """Return a connection to the file at ``path``, which is made where it is missing or empty, with a write-ahead log.

    Raises:
        StoreError: the file is another program's, of a newer version, or damaged; it is then left as it is.
    """
    header_checked(path, kind)
    _check_undamaged(path, kind)
    connection = connect(path, kind, "rwc")
    try:
        if _is_empty(connection):
            with transaction(connection):  # kill -9 leaves an empty file or a whole one, never half a schema
                for statement in kind.tables:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {kind.application}")
                connection.execute(f"PRAGMA user_version = {kind.version}")
        _check_ours(path, connection, kind)
        if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise StoreError(f"the {kind.noun} {path} lies on a file system without write-ahead logs; use a local disk.")
        connection.execute(f"PRAGMA synchronous = {'FULL' if kind.durable else 'NORMAL'}")
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path, kind: Kind, hint: str) -> sqlite3.Connection:
    """Return a connection that changes nothing, also while another process writes; ``hint`` says how such a file is made.

    Raises:
        StoreError: the file is missing, empty, another program's, of a newer version, or damaged.
    """
    if not path.exists():
        raise StoreError(f"there is no {kind.noun} at {path}; check the path, or {hint}.")
    header_checked(path, kind)
    if path.stat().st_size == 0:
        raise StoreError(f"the {kind.noun} {path} is empty: the process that created it was stopped at once.{kind.unbegun}")
    # Where the folder may not be written SQLite cannot make the files it shares between processes. With nothing in its
    # log the file is complete and at rest, and it needs none of them.
    log = Path(f"{path}-wal")
    writable = os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
    at_rest = not writable and not (log.exists() and log.stat().st_size)
    connection = connect(path, kind, "ro&immutable=1" if at_rest else "ro")
    try:
        _check_ours(path, connection, kind)
    except BaseException:
        connection.close()
        raise
    return connection


def header_checked(path: Path, kind: Kind) -> None:
    """Refuse what is no SQLite file before SQLite is let near it; a missing or empty file may become one."""
    if path.is_dir():
        raise StoreError(
            f"{path} is a folder; give the path of a {kind.noun}'s file, such as {path / f'{kind.noun}.sqlite'}."
        )
    if not path.exists():
        return
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    if head and head != _MAGIC:
        raise StoreError(f"{path} is not a nonlin {kind.noun}, nor any SQLite file; it was left alone. Give another path.")


def _check_undamaged(path: Path, kind: Kind) -> None:
    """Refuse a foreign or damaged file through a connection that cannot write.

    One that can would, when it closes, move what a killed process left in the log into the damaged file.
    """
    if not path.exists() or path.stat().st_size == 0 or Path(f"{path}-journal").exists():
        return  # nothing in it yet; with a journal, its creation was cut short and must be undone by writing
    with contextlib.closing(connect(path, kind, "ro")) as connection:
        if _is_empty(connection):
            return
        _check_ours(path, connection, kind)
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise StoreError(kind.damaged(path))


def _check_ours(path: Path, connection: sqlite3.Connection, kind: Kind) -> None:
    if _pragma(connection, "application_id") != kind.application:
        raise StoreError(f"{path} is an SQLite file, but no {kind.noun} of nonlin; it was left alone. Give another path.")
    version = _pragma(connection, "user_version")
    if version > kind.version:
        raise StoreError(
            f"the {kind.noun} {path} was written by a newer nonlin (version {version} of the file's layout; this one knows "
            f"up to {kind.version}). Upgrade nonlin, or give another path."
        )


def _is_empty(connection: sqlite3.Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return not tables and _pragma(connection, "application_id") == 0


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite rolls back by itself after some errors
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def sentences(path: Path, kind: Kind) -> Iterator[None]:
    """Turn what SQLite and the system say into a StoreError about ``path``."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)  # absent where Python's own checks raised
        known = _SENTENCES.get(code & 0xFF) if code is not None else None
        sentence = known.format(kept=kind.kept, afresh=kind.afresh) if known else f"could not be used: {error}."
        raise StoreError(f"the {kind.noun} {path} {sentence}") from error
    except OSError as error:
        raise StoreError(
            f"the {kind.noun} {path} cannot be used: {error.strerror or error}. Its folder must exist, have space, "
            "and be writable."
        ) from error
