"""The figure of signals through depth: what is drawn where, in both looks, and what cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex

from nonlin.errors import ParameterError
from nonlin.facts import Travel, travel
from nonlin.view.charts import NIGHT, PALETTE
from nonlin.view.depths import depth_figure, label
from nonlin.view.theory import number, outcome, verdict


@pytest.fixture(scope="module")
def travels() -> list[Travel]:
    return [travel(f, 12, width=30, networks=2) for f in ("relu", "sigmoid")]


@pytest.mark.parametrize("dark", [False, True])
def test_theory_is_a_line_and_simulation_are_marks(travels: list[Travel], dark: bool) -> None:
    figure = depth_figure(travels, dark=dark)
    assert len(figure.axes) == 3
    for axes, name in zip(figure.axes, ("variance", "gradient", "correlation"), strict=True):
        lines = [line for line in axes.get_lines() if line.get_linestyle() == "-"]
        marks = [line for line in axes.get_lines() if line.get_linestyle() == "None"]
        assert len(lines) == len(marks) == 2
        for n, (line, mark, found) in enumerate(zip(lines, marks, travels, strict=True)):
            track = getattr(found, name)
            np.testing.assert_allclose(line.get_ydata(), track.theory)
            x = np.asarray(mark.get_xdata(), int)
            np.testing.assert_allclose(mark.get_ydata(), np.array(track.median)[x - 1])
            assert to_hex(str(line.get_color())) == (NIGHT if dark else PALETTE)[n].lower()
        assert len({mark.get_marker() for mark in marks}) == 2  # not by colour alone
        assert axes.get_yscale() == ("linear" if name == "correlation" else "log")
    assert (np.mean(figure.get_facecolor()[:3]) < 0.2) == dark
    words = [t.get_text() for t in figure.legends[0].get_texts()]
    assert words[:2] == ["relu (σw = 1.414)", "sigmoid (σw = 1.414)"]


def test_what_vanishes_leaves_the_panel(travels: list[Travel]) -> None:
    deep = travel("sigmoid", 60, networks=0)
    assert deep.gradient.theory[0] < 1e-40
    axes = depth_figure([deep]).axes[1]
    assert 1e-32 < axes.get_ylim()[0] < 1e-28
    assert axes.get_ylim()[1] >= 10
    exploded = depth_figure([travel("max(x, 0)**2", 30, sigma_w=2.0, networks=1, width=10)])
    assert exploded.axes[0].get_ylim()[1] <= 1e33


def test_equal_figures_are_equal_bytes(travels: list[Travel], tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        depth_figure(travels, path=tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    with pytest.raises(ParameterError, match="must end in"):
        depth_figure(travels, path=tmp_path / "a.bmp")


def test_long_formulas_are_cut() -> None:
    found = travel("x*sigmoid(1.5*x) + 0.25*tanh(x)*exp(-x*x)", 1, networks=0, sigma_b=0.5)
    assert len(label(found)) < 60
    assert label(found).endswith("... (σw = 1.414, σb = 0.5)")


def test_words() -> None:
    assert [verdict(v) for v in (1.0, 2.9, 3.1, 1e4, 0.3, 1e-4, float("nan"), float("inf"))] == [
        "kept", "kept", "grows", "explodes", "shrinks", "vanishes", "unknown", "explodes",
    ]  # fmt: skip
    assert [number(v) for v in (0.0, 1e-300, float("nan"), 123456.0)] == ["0", "0", "–", "1.235e+05"]
    lost = travel("exp(x)", 30, init="gain", networks=1, width=50)
    assert outcome(lost) == {"forward": "explodes", "backward": "unknown"}
