"""The data set in memory, one's own arrays checked into one, and the split that sets a test set aside."""

from __future__ import annotations

import hashlib
import math
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nonlin.errors import DataError, ParameterError
from nonlin.lab.files import BROKEN


@dataclass(frozen=True, eq=False)
class Dataset:
    """A classification data set in memory.

    ``train_x`` and ``test_x`` are float32 of shape (n, *shape), without a channel axis; the images of the
    named data sets are scaled to [0, 1]. ``train_y`` and ``test_y`` are int64 of shape (n,) in 0..classes-1.
    ``fingerprint`` is the SHA-256 of the four arrays: two data sets are the same when their fingerprints
    are. ``note`` says where the data came from.
    """

    name: str
    train_x: NDArray[np.float32]
    train_y: NDArray[np.int64]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.int64]
    classes: int
    fingerprint: str
    note: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample, for example (28, 28)."""
        return self.train_x.shape[1:]

    @property
    def features(self) -> int:
        """The numbers in one sample, for example 784."""
        return math.prod(self.shape)


def from_arrays(
    name: str,
    train_x: ArrayLike,
    train_y: ArrayLike,
    test_x: ArrayLike | None = None,
    test_y: ArrayLike | None = None,
    *,
    test_share: float = 0.2,
    seed: int = 0,
) -> Dataset:
    """Return a data set made of one's own arrays, checked; values become float32 but are not rescaled.

    ``train_x`` has shape (n, ...) and holds finite real numbers, ``train_y`` shape (n,) with labels 0..K-1,
    at least two classes and none of them empty. Without a test set, the share ``test_share`` (between 0 and
    1) of every class is set aside by ``seed`` (0..2**32-1). Raises DataError for anything else.

    >>> data = from_arrays("mine", [[0.0], [1.0], [0.1], [0.9]], [0, 1, 0, 1], test_share=0.5)
    >>> data.classes, len(data.train_y), len(data.test_y)
    (2, 2, 2)
    """
    if (test_x is None) != (test_y is None):
        given, wanted = ("test_y", "test_x") if test_x is None else ("test_x", "test_y")
        raise DataError(f"{name}: {given} was given without {wanted}. Give both, or neither to split the data.")
    x, y = _pair(name, "train", train_x, train_y)
    classes = _classes(name, y)
    if test_x is None or test_y is None:
        note = f"the user's own; {test_share:.0%} of each class set aside for testing by seed {seed}"
        held = held_out(name, y, test_share, seed)
        return make_dataset(name, x[~held], y[~held], x[held], y[held], classes, note)
    xt, yt = _pair(name, "test", test_x, test_y)
    if xt.shape[1:] != x.shape[1:]:
        raise DataError(
            f"{name}: a sample of test_x has shape {xt.shape[1:]}, one of train_x has {x.shape[1:]}. They must be the same."
        )
    if yt.max() >= classes:
        raise DataError(
            f"{name}: test_y holds the label {yt.max()}, which train_y never shows; labels must lie in 0..{classes - 1}."
        )
    return make_dataset(name, x, y, xt, yt, classes, "the user's own")


def load_npz(path: str | os.PathLike[str], *, test_share: float = 0.2, seed: int = 0) -> Dataset:
    """Return one's own data from a .npz with x_train, y_train[, x_test, y_test], or x and y; see from_arrays.

    The data set is named after the file. Pickled objects are refused. Raises DataError if it cannot be used.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"there is no file {path}. Give the path of a .npz file.")
    try:
        if not zipfile.is_zipfile(path):
            raise OSError("it is not a zip archive")
        with np.load(path, allow_pickle=False) as archive:
            arrays: dict[str, Any] = {key: archive[key] for key in archive}
    except BROKEN as error:
        raise DataError(
            f"{path} cannot be read as .npz ({error}). Save arrays of numbers to it with "
            "numpy.savez(path, x_train=..., y_train=...)."
        ) from error
    train = next((keys for keys in (("x_train", "y_train"), ("x", "y")) if set(keys) <= set(arrays)), None)
    if train is None:
        raise DataError(
            f"{path} holds {', '.join(sorted(arrays)) or 'no named arrays'}; expected x_train and y_train "
            "(and x_test and y_test), or x and y."
        )
    return from_arrays(
        path.stem,
        arrays[train[0]],
        arrays[train[1]],
        arrays.get("x_test"),
        arrays.get("y_test"),
        test_share=test_share,
        seed=seed,
    )


def check_seed(seed: int) -> None:
    """Raise ParameterError unless ``seed`` lies in the range of NumPy's frozen generator."""
    if not 0 <= seed < 2**32:
        raise ParameterError(f"seed is {seed}; it must lie in 0..{2**32 - 1}.")


def make_dataset(
    name: str,
    train_x: NDArray[np.float32],
    train_y: NDArray[np.int64],
    test_x: NDArray[np.float32],
    test_y: NDArray[np.int64],
    classes: int,
    note: str,
) -> Dataset:
    """Return the Dataset of arrays already checked, with its fingerprint."""
    digest = hashlib.sha256()
    for array in (train_x, train_y, test_x, test_y):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return Dataset(name, train_x, train_y, test_x, test_y, classes, digest.hexdigest(), note)


def _pair(name: str, part: str, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    samples, labels = _samples(name, f"{part}_x", x), _labels(name, f"{part}_y", y)
    if len(samples) != len(labels):
        raise DataError(
            f"{name}: {part}_x has {len(samples)} samples but {part}_y has {len(labels)} labels. "
            "There must be one label per sample."
        )
    return samples, labels


def _numbers(name: str, part: str, value: ArrayLike) -> NDArray[Any]:
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise DataError(f"{name}: {part} cannot be made a NumPy array: {error}") from error
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name}: {part} has type {array.dtype}; it must hold real numbers.")
    return array


def _samples(name: str, part: str, value: ArrayLike) -> NDArray[np.float32]:
    array = _numbers(name, part, value)
    if array.ndim < 2:
        raise DataError(
            f"{name}: {part} has shape {array.shape}; expected (samples, features...). "
            "A single feature is written x.reshape(-1, 1)."
        )
    if array.size == 0:
        raise DataError(f"{name}: {part} is empty, its shape is {array.shape}; at least one sample is needed.")
    bad = ~np.isfinite(array)
    if bad.any():
        first = tuple(int(axis[0]) for axis in np.nonzero(bad))
        raise DataError(
            f"{name}: {part} holds {int(bad.sum())} values that are NaN or infinite, the first at index "
            f"{first}. Drop those samples or fill them in."
        )
    with np.errstate(over="ignore"):
        single = array.astype(np.float32)
    if not np.isfinite(single).all():
        raise DataError(
            f"{name}: {part} holds values up to {np.abs(array).max():.3g}, too large for float32. Rescale it first."
        )
    return single


def _labels(name: str, part: str, value: ArrayLike) -> NDArray[np.int64]:
    array = _numbers(name, part, value)
    if array.ndim != 1:
        way_out = "ravel()" if array.ndim == 2 and array.shape[1] == 1 else "argmax(axis=1)"
        raise DataError(
            f"{name}: {part} has shape {array.shape}; expected (samples,), one whole number each. "
            f"Convert it with {part}.{way_out}."
        )
    # The bound keeps NaN, infinities and what int64 cannot hold out of the conversion.
    wrong = ~((array >= 0) & (array < 2**31) & (array == np.floor(array)))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{name}: {part}[{first}] is {array[first]}; labels must be whole numbers 0, 1, ..., K-1 for K classes."
        )
    return array.astype(np.int64)


def _classes(name: str, y: NDArray[np.int64]) -> int:
    """Return the number of classes, all of which the training labels must show."""
    present = np.unique(y)
    classes = int(present[-1]) + 1
    if len(present) < classes:
        empty = int(np.flatnonzero(present != np.arange(len(present)))[0])
        raise DataError(
            f"{name}: train_y has no example of class {empty}, though its labels go up to {classes - 1}. "
            "Number the classes 0..K-1 without a gap: numpy.unique(y, return_inverse=True)[1] does."
        )
    if classes < 2:
        raise DataError(f"{name}: train_y shows only one class; a comparison needs at least two.")
    return classes


def held_out(name: str, y: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """Mark the test samples: ``share`` of each class by largest remainder, leaving it one to train on.

    ``y`` has shape (n,) and shows every class 0..K-1; the mask has the same shape. Raises DataError for a
    share outside (0, 1) or one that leaves nothing to test on, ParameterError for a seed out of range.
    """
    check_seed(seed)
    if not 0 < share < 1:
        raise DataError(f"{name}: test_share is {share}; it must lie between 0 and 1, both excluded.")
    counts = np.bincount(y)
    exact = counts * share
    quota = np.floor(exact).astype(np.int64)
    more = round(len(y) * share) - int(quota.sum())
    quota[np.argsort(quota - exact, kind="stable")[:more]] += 1
    quota = np.minimum(quota, counts - 1)
    if not quota.any():
        raise DataError(
            f"{name}: {len(y)} samples in {len(counts)} classes are too few to set {share:.0%} of them aside "
            "for testing. Give test_x and test_y, more samples, or a larger test_share."
        )
    # RandomState, not default_rng: its stream is frozen, so the split is the same under every NumPy.
    rng = np.random.RandomState(seed)
    held = np.zeros(len(y), dtype=np.bool_)
    for label, size in enumerate(quota):
        held[rng.permutation(np.flatnonzero(y == label))[:size]] = True
    return held
