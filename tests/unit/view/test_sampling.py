from __future__ import annotations

import numpy as np
import pytest

from nonlin.catalogue import resolve
from nonlin.view.sampling import sample, values, visible


def gaps(name: str, order: int = 0, low: float = -4.0, high: float = 4.0) -> list[float]:
    """Where a line is broken: the middle of each gap, seen from its last and first point."""
    x, y = sample(resolve(name), order, low, high)
    at = np.flatnonzero(np.isnan(x))
    assert np.isnan(y[at]).all()
    return [float((x[i - 1] + x[i + 1]) / 2) for i in at]


@pytest.mark.parametrize(
    ("name", "order", "expected"),
    [
        ("relu", 0, []),
        ("relu", 1, [0.0]),
        ("hard_sigmoid", 1, [-3.0, 3.0]),
        ("floor(x + 0.37)", 0, [n - 0.37 for n in range(-3, 5)]),
        ("1/(x - 0.123)", 0, [0.123]),
        ("tanh(1000*x)", 0, []),
        ("selu", 1, [0.0]),
        ("gelu", 2, []),
    ],
)
def test_gaps_are_where_the_function_jumps_and_nowhere_else(name: str, order: int, expected: list[float]) -> None:
    assert gaps(name, order) == pytest.approx(expected, abs=1e-9)


def test_both_sides_of_a_jump_end_at_it() -> None:
    x, y = sample(resolve("relu"), 1, -1.0, 1.0)
    at = int(np.flatnonzero(np.isnan(x))[0])
    assert (y[at - 1], y[at + 1]) == (0.0, 1.0)
    assert x[at + 1] - x[at - 1] < 1e-12


def test_a_part_without_values_is_a_gap() -> None:
    x, y = sample(resolve("log(x)"), 0, -1.0, 1.0)
    assert np.isnan(y[x < 0]).all()
    assert np.isfinite(y[x > 0.01]).all()


def test_softmax_is_drawn_as_its_first_entry() -> None:
    x = np.array([0.3, 2.0])
    e = np.exp(x)
    s = e / (e + 1 + np.e)
    np.testing.assert_allclose(values(resolve("softmax"), x), s, rtol=1e-14)
    np.testing.assert_allclose(values(resolve("softmax"), x, 1), s * (1 - s), rtol=1e-12)
    np.testing.assert_allclose(values(resolve("softmax"), x, 2), s * (1 - s) * (1 - 2 * s), rtol=1e-12)
    np.testing.assert_allclose(values(resolve("maxout"), np.array([0.5, 3.0])), [1.0, 3.0])


def test_limits_cut_poles_and_hold_everything_else() -> None:
    _, y = sample(resolve("1/x"), 0, -4.0, 4.0)
    low, high = visible(y)
    assert -30 < low < -1
    assert 1 < high < 30
    assert visible(np.array([2.0, 2.0])) == (1.0, 3.0)
    assert visible(np.array([np.nan])) == (-1.0, 1.0)
    assert visible(np.array([0.0, 1.0]), pad=0.1) == (-0.1, 1.1)
