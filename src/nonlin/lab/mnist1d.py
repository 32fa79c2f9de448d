"""MNIST-1D: ten one-dimensional "digits", generated from a seed.

The recipe is that of S. Greydanus and D. Kobak, *Scaling down deep learning with MNIST-1D*
(arXiv:2011.14439): each class is a template of twelve points, which is padded, stretched, scaled, moved
around the circle, filled up with smooth noise, sheared and resampled to 40 points. The templates and the
ranges are the published ones (Apache-2.0); the code and its random stream are our own, so the samples have
the published distribution but are not the published samples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

CLASSES, FEATURES = 10, 40

# One row per class, the shape of the digit as a single stroke seen from the side.
TEMPLATES = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)
PADDING = (36, 60)  # zeros appended to the twelve points, both ends included
SCALE = 0.4  # the height varies by 1 +- SCALE/2
TRANSLATION = 48  # the signal is moved by 0..47 of the 72 points, around the circle
NOISE, NOISE_WIDTH = 0.25, 2.0  # smooth noise where the template is not: size before smoothing, and sigma
JITTER = 0.02  # independent noise on every point
SHEAR = 0.75  # slope of the added straight line: +- SHEAR/2 over the whole signal


def templates() -> NDArray[np.float64]:
    """Return the class templates, shape (10, 12), each of standard deviation 1/6 and beginning at 0."""
    table = np.array(TEMPLATES, dtype=np.float64)
    table /= 6.0 * table.std(axis=1, keepdims=True)
    return table - table[:, :1]


def generate(n: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return ``n`` shuffled samples x of shape (n, 40) and their labels y in 0..9, equally many of each.

    >>> x, y = generate(20, seed=0)
    >>> x.shape, sorted(set(y.tolist())) == list(range(10))
    ((20, 40), True)
    """
    # RandomState, not default_rng: its stream is frozen, so a seed names the same data under every NumPy.
    rng = np.random.RandomState(seed)
    y = rng.permutation(np.arange(n) % CLASSES)
    signal, inside = _stretched(templates()[y], rng.randint(PADDING[0], PADDING[1] + 1, n))
    signal *= 1 + SCALE * (rng.random_sample((n, 1)) - 0.5)

    length = signal.shape[1]
    moved = (np.arange(length) - rng.randint(0, TRANSLATION, (n, 1))) % length
    signal, inside = np.take_along_axis(signal, moved, axis=1), np.take_along_axis(inside, moved, axis=1)

    noise = gaussian_filter1d(NOISE * rng.standard_normal((n, length)), NOISE_WIDTH, axis=1)
    signal = np.where(inside, signal, noise) + JITTER * rng.standard_normal((n, length))
    signal -= SHEAR * (rng.random_sample((n, 1)) - 0.5) * np.linspace(-0.5, 0.5, length)

    x = _resampled(signal, np.broadcast_to(np.linspace(0, length - 1, FEATURES), (n, FEATURES)))
    # Six decimals are far below the noise, and keep the last bits of a platform's sums out of the data.
    return np.round(x, 6).astype(np.float32), y.astype(np.int64)


def _stretched(rows: NDArray[np.float64], padding: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Append ``padding[i]`` zeros to row i and stretch to one length; also say where the row itself is."""
    width = rows.shape[1]
    length = width + PADDING[1]
    padded = np.pad(rows, ((0, 0), (0, PADDING[1])))
    at = np.linspace(0, 1, length) * (width + padding[:, None] - 1)
    return _resampled(padded, at), at < width


def _resampled(rows: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read each row of shape (n, m) at fractional positions ``at``, shape (n, k), by straight lines."""
    left = np.clip(at.astype(np.int64), 0, rows.shape[1] - 2)
    low, high = (np.take_along_axis(rows, index, axis=1) for index in (left, left + 1))
    return np.asarray(low + (at - left) * (high - low))
