"""One's own arrays and .npz files: what is accepted, how it is split, and a sentence for what is not."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nonlin.errors import DataError, ParameterError
from nonlin.lab import data


def fails(match: str, call: Callable[..., object], *args: object, **kwargs: object) -> str:
    with pytest.raises(DataError, match=match) as caught:
        call(*args, **kwargs)
    return str(caught.value)


X = np.arange(40, dtype=np.float64).reshape(20, 2)
Y = np.arange(20) % 4


def test_own_arrays_with_a_test_set() -> None:
    own = data.from_arrays("own", X, Y, X[:5], Y[:5])
    assert (own.train_x.dtype, own.train_y.dtype) == (np.float32, np.int64)
    assert (own.classes, own.shape, own.name) == (4, (2,), "own")
    assert np.array_equal(own.train_x, X) and np.array_equal(own.test_y, Y[:5])  # not rescaled
    assert own.fingerprint == data.from_arrays("other name", X, Y, X[:5], Y[:5]).fingerprint
    changed = X.copy()
    changed[0, 0] = 0.5
    assert own.fingerprint != data.from_arrays("own", changed, Y, X[:5], Y[:5]).fingerprint


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, np.float32, np.float64])
def test_labels_of_any_whole_number_type(dtype: type) -> None:
    assert data.from_arrays("own", X, Y.astype(dtype)).classes == 4


def test_two_classes_as_booleans_and_images_of_any_rank() -> None:
    own = data.from_arrays("own", np.zeros((20, 3, 4, 5), np.uint8), Y > 1)
    assert (own.classes, own.shape, own.features) == (2, (3, 4, 5), 60)


def test_split_is_stratified_seeded_and_complete() -> None:
    own = data.from_arrays("own", X, Y, test_share=0.25, seed=3)
    assert np.bincount(own.test_y).tolist() == [1, 1, 1, 2] or own.test_y.size == 5
    assert sorted([*own.train_x[:, 0], *own.test_x[:, 0]]) == X[:, 0].tolist()
    assert set(own.train_y) == {0, 1, 2, 3}
    assert own.fingerprint == data.from_arrays("own", X, Y, test_share=0.25, seed=3).fingerprint
    assert own.fingerprint != data.from_arrays("own", X, Y, test_share=0.25, seed=4).fingerprint
    assert "25%" in own.note and "seed 3" in own.note


def test_split_leaves_every_class_something_to_train_on() -> None:
    y = np.array([0] * 18 + [1, 1])
    own = data.from_arrays("own", X, y, test_share=0.95)
    assert np.bincount(own.train_y).tolist() == [1, 1]
    y = np.array([0] * 19 + [1])
    assert 1 in data.from_arrays("own", X, y, test_share=0.9).train_y


def spoil(array: np.ndarray, index: tuple[int, ...] | int, value: float) -> np.ndarray:
    changed = array.astype(np.float64)
    changed[index] = value
    return changed


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((X, Y[:-1]), r"own: train_x has 20 samples but train_y has 19 labels"),
        ((X, Y, X, Y[:-1]), r"own: test_x has 20 samples but test_y has 19 labels"),
        ((X[:, 0], Y), r"train_x has shape \(20,\); expected \(samples, features...\).*reshape\(-1, 1\)"),
        ((X, Y, np.zeros((5, 3)), Y[:5]), r"a sample of test_x has shape \(3,\), one of train_x has \(2,\)"),
        ((X, Y, X), "test_x was given without test_y"),
        ((X, Y, None, Y), "test_y was given without test_x"),
        ((X[:0], Y[:0]), r"train_x is empty, its shape is \(0, 2\)"),
        ((np.zeros((20, 0)), Y), r"train_x is empty, its shape is \(20, 0\)"),
        ((X, Y, X[:0], Y[:0]), r"test_x is empty"),
        (
            (spoil(X, (3, 1), np.nan), Y),
            r"train_x holds 1 values .* NaN or infinite, the first at index \(3, 1\)",
        ),
        ((spoil(X, (4, 0), -np.inf), Y), r"NaN or infinite, the first at index \(4, 0\)"),
        ((X, Y, spoil(X, (0, 0), np.nan), Y), "test_x holds 1 values"),
        ((spoil(X, (0, 0), 1e300), Y), r"train_x holds values up to 1e\+300, too large for float32"),
        ((X.astype(str), Y), r"train_x has type <U\d+; it must hold real numbers"),
        ((X.astype(complex), Y), "train_x has type complex128"),
        ((X.astype(object), Y), "train_x has type object"),
        (([[1.0], [1.0, 2.0]], [0, 1]), "train_x cannot be made a NumPy array"),
        ((X, Y.astype(str)), "train_y has type <U"),
        ((X, np.eye(4)[Y]), r"train_y has shape \(20, 4\).*train_y\.argmax\(axis=1\)"),
        ((X, Y[:, None]), r"train_y has shape \(20, 1\).*train_y\.ravel\(\)"),
        ((X, spoil(Y, 2, 0.5)), r"train_y\[2\] is 0.5; labels must be whole numbers 0, 1, ..., K-1"),
        ((X, spoil(Y, 2, np.nan)), r"train_y\[2\] is nan; labels must be whole"),
        ((X, spoil(Y, 2, np.inf)), r"train_y\[2\] is inf; labels must be whole"),
        ((X, spoil(Y, 7, -1)), r"train_y\[7\] is -1.0; labels must be whole"),
        ((X, np.full(20, 2**63, np.uint64)), r"train_y\[0\] is 9223372036854775808; labels must be whole"),
        ((X, Y + 1), r"train_y has no example of class 0, though its labels go up to 4.*return_inverse"),
        ((X, np.where(Y == 2, 3, Y)), "train_y has no example of class 2, though its labels go up to 3"),
        ((X, spoil(Y, 0, 2e9)), "train_y has no example of class 4, though its labels go up to 2000000000"),
        ((X, Y, X, Y + 1), r"test_y holds the label 4, which train_y never shows; .* 0\.\.3"),
        ((X, np.zeros(20)), "train_y shows only one class; a comparison needs at least two"),
    ],
)
def test_own_arrays_that_cannot_be_used(args: tuple[object, ...], message: str) -> None:
    fails(message, data.from_arrays, "own", *args)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_test_share_out_of_range(share: float) -> None:
    fails(
        rf"test_share is {share}; it must lie between 0 and 1",
        data.from_arrays,
        "own",
        X,
        Y,
        test_share=share,
    )


def test_too_few_samples_to_split() -> None:
    fails("4 samples in 4 classes are too few to set 20% of them aside", data.from_arrays, "own", X[:4], Y[:4])


def test_split_seed_out_of_range() -> None:
    with pytest.raises(ParameterError, match="seed is 4294967296; it must lie in"):
        data.from_arrays("own", X, Y, seed=2**32)


def test_a_torch_tensor_that_cannot_be_an_array() -> None:
    torch = pytest.importorskip("torch")
    assert data.from_arrays("own", torch.from_numpy(X), torch.from_numpy(Y)).classes == 4
    wanting = torch.from_numpy(X).requires_grad_()
    fails("train_x cannot be made a NumPy array: .*detach", data.from_arrays, "own", wanting, Y)


# ---- one's own .npz ----------------------------------------------------------------------------------------


def test_own_npz(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, x_train=X, y_train=Y, x_test=X[:5], y_test=Y[:5])
    own = data.load_npz(path)
    assert own.name == "mine"
    assert own.fingerprint == data.from_arrays("mine", X, Y, X[:5], Y[:5]).fingerprint
    np.savez(path, x=X, y=Y)
    same = data.from_arrays("mine", X, Y, test_share=0.5, seed=2)
    assert data.load_npz(str(path), test_share=0.5, seed=2).fingerprint == same.fingerprint


def test_own_npz_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    fails("there is no file .*mine.npz", data.load_npz, path)
    path.write_text("hello")
    fails("mine.npz cannot be read as .npz .*not a zip archive", data.load_npz, path)
    np.savez(path, a=X, b=Y)
    fails("mine.npz holds a, b; expected x_train and y_train", data.load_npz, path)
    np.savez(path, x=X, y=Y.astype(object))
    fails("mine.npz cannot be read as .npz .*pickle", data.load_npz, path)
    np.savez(path, x_train=X, y_train=Y, x_test=X)
    fails("test_x was given without test_y", data.load_npz, path)
    np.savez(path, x=X, y=Y)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    fails("mine.npz cannot be read as .npz", data.load_npz, path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", pickle.dumps(print))
        archive.writestr("y.npy", b"\x93NUMPY\x01\x00")
    fails("mine.npz cannot be read as .npz", data.load_npz, path)
