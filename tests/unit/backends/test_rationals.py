"""The rational approximations: as close as they say, and the ones that their script finds."""

from __future__ import annotations

import importlib
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from nonlin.backends.rationals import RATIONALS

sys.path.insert(0, str(Path(__file__).parents[3]))
script: Any = importlib.import_module("docs.rationals")
FITS = script.FITS

CLAIMED = {
    # relative error in exact arithmetic, with the coefficients rounded to double
    ("erfcx", "float32"): 6.3e-9,
    ("atan", "float64"): 1.2e-16,
    ("tanh", "float32"): 3.4e-10,
    ("atanh", "float32"): 4.0e-9,
}


@pytest.mark.parametrize("row", RATIONALS)
def test_each_is_as_close_as_it_says(row: tuple[str, str]) -> None:
    function, end, top, bottom = FITS[row]
    p, q = ([mpf(Fraction(c).numerator) / Fraction(c).denominator for c in side] for side in RATIONALS[row])
    assert (len(p), len(q)) == (top + 1, bottom + 1)
    assert all(c > 0 for c in (*p, *q))
    with mp.workdps(30):
        for x in np.linspace(1e-9, end, 4001):
            value = mp.polyval(p[::-1], mpf(x)) / mp.polyval(q[::-1], mpf(x))
            assert abs(value / function(mpf(x)) - 1) <= CLAIMED[row]


def test_every_row_is_checked_and_has_its_script() -> None:
    assert set(CLAIMED) == set(RATIONALS) == set(FITS)


@pytest.mark.parametrize("row", [("tanh", "float32"), ("atanh", "float32")])
def test_the_script_finds_them(row: tuple[str, str]) -> None:
    with mp.workdps(script.DIGITS):
        p, q, _ = script.fit(*FITS[row])
    assert (tuple(map(float, p)), tuple(map(float, q))) == RATIONALS[row]


def test_the_script_prints_the_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    row: Any = ("tanh", "float32")
    monkeypatch.setattr(script, "FITS", {row: FITS[row]})
    script.main()
    printed = capsys.readouterr().out
    assert '("tanh", "float32"): (  # relative error 3.3e-10' in printed
    assert str(RATIONALS[row][0]) in printed
