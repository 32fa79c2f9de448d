"""Rational units start from our own least-squares fits: the catalogue's coefficients are what a fit gives, and as near."""

from __future__ import annotations

import re

import numpy as np
import pytest

import nonlin
from nonlin.catalogue import definitions
from nonlin.errors import ParameterError
from nonlin.facts import rational

X = np.linspace(-3, 3, 1001)


def coefficients(name: str, letter: str) -> list[float]:
    found = {n: v for n, v in definitions()[name].defaults.items() if re.fullmatch(rf"{letter}\d+", n)}
    return [found[n] for n in sorted(found, key=lambda n: int(n[1:]))]


@pytest.mark.parametrize(("name", "version"), [("rational_a", "A"), ("rational_b", "B"), ("rational_c", "C")])
def test_the_catalogues_coefficients_are_a_fit_of_leaky_relu(name: str, version: str) -> None:
    (a, b), largest, typical = rational.fit("leaky_relu", version=version)
    assert coefficients(name, "a") == pytest.approx(a, rel=1e-5, abs=1e-8)
    assert coefficients(name, "b") == pytest.approx(b, rel=1e-5, abs=1e-8)
    error = nonlin.get(name)(X) - nonlin.leaky_relu(X)
    assert np.abs(error).max() == pytest.approx(largest, rel=1e-3)
    assert np.sqrt(np.mean(error**2)) == pytest.approx(typical, rel=1e-3)
    assert f"rms {typical:.4f}"[:9] in definitions()[name].summary


def test_a_fit_is_better_than_its_neighbours() -> None:
    (a, b), _, typical = rational.fit("tanh", m=3, n=2, version="B")
    target = np.tanh(X)
    for k in range(len(a)):
        for step in (1.001, 0.999):
            moved = np.array(a)
            moved[k] = moved[k] * step + (0 if moved[k] else 1e-4)
            error = rational.evaluate(X, moved, np.array(b), "B") - target
            assert np.sqrt(np.mean(error**2)) >= typical * (1 - 1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": "Z"}, "there is no version 'Z' with basis 'power'; versions are A, B, C, D"),
        ({"n": 0}, "fit needs m >= 0, n >= 1 and low < high, not m=5, n=0"),
        ({"low": 3, "high": 3}, "low < high"),
    ],
)
def test_bad_input_is_a_sentence(options: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(message)):
        rational.fit("relu", **options)  # type: ignore[arg-type]
