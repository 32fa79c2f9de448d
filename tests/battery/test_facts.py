"""Every claim of the facts against dense samples of the textbook formula in mpmath: range, slopes, monotone and convex pieces.

The samples know nothing of intervals, pieces or limits. CI takes every sixth function by its name's CRC-32, ``--full`` all.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import pytest
from battery.measure import sampled
from battery.oracle import textbook
from mpmath import mp

import nonlin
from nonlin.expr.exact import sample
from nonlin.facts import reach
from nonlin.facts.forms import unpretended
from nonlin.facts.table import facts

BITS = 300
CHANGE = 2.0**-40
"""Step of the difference quotients that stand for slopes."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", sampled())


@lru_cache(maxsize=512)
def values(name: str) -> list[tuple[float, Any, Any]]:
    """(x, f(x), f(x + step)) on a grid that is fine near 0 and goes far out."""
    root = unpretended(textbook(nonlin.definitions()[name]))
    near = [-12 + 24 * k / 480 + 1e-3 * math.pi for k in range(481)]
    far = [s * 12 * 1.6**k for k in range(1, 34) for s in (-1, 1)]
    with mp.workprec(BITS):
        pairs = [(x, mp.mpf(x) + mp.mpf(2) ** -40) for x in sorted([*near, *far])]
    return [(x, sample(root, x, BITS), sample(root, beside, BITS)) for x, beside in pairs]


def told(name: str, which: str) -> Any:
    found = facts(name)[which]
    return found.value if found.known else None


def test_no_value_lies_outside_the_range(name: str) -> None:
    span = told(name, "range")
    if span is None:
        pytest.skip("unknown")
    seen = [v for _, v, _ in values(name) if not mp.isnan(v)]
    slack = 1e-9 * max([1.0, *(abs(span[end]) for end in ("low", "high") if math.isfinite(span[end]))])
    assert span["low"] - slack <= min(seen)
    assert max(seen) <= span["high"] + slack
    # and the bounds are not loose: finite ones are nearly reached, at points of the grid or where it is told to turn
    turns = [t["y"] for which in ("minima", "maxima") for t in (told(name, which) or [])]
    ends = [v for v in (told(name, "limits") or {}).values() if v is not None]
    jumps = [j[side] for j in (told(name, "jumps") or []) for side in ("left", "right", "value") if j[side] is not None]
    reached = [float(v) for v in seen] + turns + ends + jumps
    for end, best in (("low", min(reached)), ("high", max(reached))):
        if math.isfinite(span[end]):
            assert best == pytest.approx(span[end], abs=2e-3 * max(1.0, abs(span[end])))


def test_the_fast_range_that_lint_takes_is_the_certified_one(name: str) -> None:
    """reach searches a grid, facts read the monotone pieces; neither may contradict the other, not even in what is attained."""
    span = told(name, "range")
    if span is None or nonlin.definitions()[name].kind != "elementwise":
        pytest.skip("unknown, or a function of rows, of which there is one range")
    fast = reach(name)
    assert fast.low == pytest.approx(span["low"], rel=1e-8, abs=1e-8)
    assert fast.high == pytest.approx(span["high"], rel=1e-8, abs=1e-8)
    assert (fast.low_attained, fast.high_attained) == (span["low_attained"], span["high_attained"])


def test_no_chord_is_steeper_than_the_lipschitz_constant(name: str) -> None:
    constant = told(name, "lipschitz")
    if constant is None or math.isinf(constant):
        pytest.skip("unknown or infinite")
    steepest = max(float(abs(b - a)) / CHANGE for _, a, b in values(name) if not mp.isnan(a) and not mp.isnan(b))
    assert steepest <= constant * (1 + 1e-9) + 1e-9
    grid = [(x, a) for x, a, _ in values(name) if not mp.isnan(a)]
    for (x, a), (y, b) in zip(grid, grid[1:], strict=False):
        assert float(abs(b - a)) <= constant * (y - x) * (1 + 1e-12) + 1e-25
    assert steepest >= 0.8 * constant or nonlin.definitions()[name].family == "periodic" or constant > 2


def test_monotone_pieces(name: str) -> None:
    pieces = told(name, "monotone_pieces")
    if pieces is None:
        pytest.skip("unknown")
    for piece in pieces:
        inside = [v for x, v, _ in values(name) if piece["low"] < x < piece["high"] and not mp.isnan(v)]
        for a, b in zip(inside, inside[1:], strict=False):
            holds = {"increasing": a <= b, "decreasing": a >= b, "constant": abs(a - b) <= mp.mpf(10) ** -60}[piece["is"]]
            assert holds or abs(a - b) <= mp.mpf(10) ** -80 * (1 + abs(a)), piece


def test_convex_pieces(name: str) -> None:
    """A chord's slope grows along a convex piece; the grid's points are its ends."""
    pieces = told(name, "convex_pieces")
    if pieces is None:
        pytest.skip("unknown")
    for piece in pieces:
        inside = [(x, v) for x, v, _ in values(name) if piece["low"] < x < piece["high"] and not mp.isnan(v)]
        with mp.workprec(BITS):
            chords = [(b - a) / (mp.mpf(y) - mp.mpf(x)) for (x, a), (y, b) in zip(inside, inside[1:], strict=False)]
            for a, b in zip(chords, chords[1:], strict=False):
                gap, slack = b - a, mp.mpf(10) ** -40 * (1 + abs(a))
                assert {"convex": gap >= -slack, "concave": gap <= slack, "linear": abs(gap) <= slack}[piece["is"]], piece


def test_dead_zones_and_saturation(name: str) -> None:
    if "straight_through" in nonlin.definitions()[name].formula:
        pytest.skip("training uses another derivative")
    zones, points = told(name, "dead_zone") or [], told(name, "saturates")
    for x, a, b in values(name):
        slope = float(abs(b - a)) / CHANGE
        if any(low < x < high - 1e-9 for low, high in zones):
            assert slope == 0
        if points is not None:
            left, right = points["float32"]["left"], points["float32"]["right"]
            if (left is not None and x < left - 1e-6) or (right is not None and x > right + 1e-6):
                assert slope <= 2.0**-23 * (1 + 1e-6)
