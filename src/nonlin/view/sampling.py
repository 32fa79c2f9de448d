"""Points of a function's graph, broken where the function jumps, for whatever draws it."""

from __future__ import annotations

from typing import Any

import numpy as np

from nonlin.backends.numpy import evaluate
from nonlin.catalogue import Definition, parts
from nonlin.expr import Expr, derivative, is_rowwise, stabilise, substitute, tangent, var

Floats = np.ndarray[Any, np.dtype[np.float64]]

OTHERS = (0.0, 1.0)
"""The fixed neighbours of ``x`` in the row at which a rowwise or grouped function is drawn."""

_STEEP = 0.02  # of the range of values: steeper between neighbours than this is looked at closely
_HALVINGS = 44  # of a grid step: down to a few units in the last place


def subject(definition: Definition) -> str:
    """Return what is drawn of a function that is not elementwise, in words; empty for one that is."""
    row = ", ".join(["x", *(f"{v:g}" for v in OTHERS)])
    words = {
        "rowwise": f"first entry for the row ({row})",
        "grouped": f"of the group ({row})",
        "gated": "as a function of the gate, the value held at 1",
        "concatenated": "the first of its outputs",
        "paired": "the real part, as a function of it, the imaginary part held at 1",
    }
    return words.get(definition.kind, "")


def _drawn(definition: Definition) -> Expr:
    """Return the formula that is drawn: the first output, of one input."""
    root = parts(definition.closed())[0]
    if definition.kind == "gated":
        return stabilise(substitute(root, {"x": 1, definition.inputs[1]: var("x")}))
    if definition.kind == "paired":
        return stabilise(substitute(root, {definition.inputs[1]: 1}))
    return root


def values(definition: Definition, x: Floats, order: int = 0) -> Floats:
    """Return the ``order``-th derivative (0: the value) at ``x``, parameters at their defaults, in float64.

    :func:`subject` says what is drawn of other kinds. A rowwise or grouped function is taken at the row ``(x, *OTHERS)``: its
    first output, differentiated by ``x``.
    """
    root = _drawn(definition)
    if not is_rowwise(root):
        return evaluate(derivative(root, "x", order), x)
    rows = np.stack([x, *(np.full_like(x, v) for v in OTHERS)], axis=-1)
    for _ in range(order):
        root = stabilise(tangent(root, {"x": var("v")}))
    unit = np.eye(rows.shape[-1])[0]
    return evaluate(root, rows, {"v": unit} if order else None)[..., 0]


def sample(definition: Definition, order: int, low: float, high: float, n: int = 1601) -> tuple[Floats, Floats]:
    """Return x and y of the graph over [low, high]; a NaN between two points is a gap: the line must not join them.

    A jump is told from a steep slope by halving the step until the jump either shrinks or is all that is left. Values that
    are not finite are gaps too.
    """
    x = np.linspace(low, high, n)
    y = values(definition, x, order)
    y = np.where(np.isfinite(y), y, np.nan)
    span = float(np.nanmax(y) - np.nanmin(y)) if np.isfinite(y).any() else 0.0
    steps = np.abs(np.diff(y))
    suspects = np.flatnonzero(steps > _STEEP * span) if span > 0 else np.array([], dtype=int)
    left, right, y_left, y_right = x[suspects], x[suspects + 1], y[suspects], y[suspects + 1]
    for _ in range(_HALVINGS if len(suspects) else 0):
        middle = (left + right) / 2
        y_middle = values(definition, middle, order)
        first = np.abs(y_middle - y_left) >= np.abs(y_right - y_middle)
        left, y_left = np.where(first, left, middle), np.where(first, y_left, y_middle)
        right, y_right = np.where(first, middle, right), np.where(first, y_middle, y_right)
    with np.errstate(invalid="ignore"):
        jumps = ~(np.abs(y_right - y_left) <= steps[suspects] / 2)
    at = suspects[jumps] + 1
    nan = np.full(len(at), np.nan)
    ends = np.stack([left[jumps], nan, right[jumps]], axis=1).ravel()
    tips = np.stack([y_left[jumps], nan, y_right[jumps]], axis=1).ravel()
    where = np.repeat(at, 3)
    return np.insert(x, where, ends), np.insert(y, where, np.where(np.isfinite(tips), tips, np.nan))


def visible(y: Floats, pad: float = 0.05) -> tuple[float, float]:
    """Return the limits of an axis that shows ``y``; what shoots up beside a pole is cut off."""
    finite = y[np.isfinite(y)]
    if not finite.size:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    inner_low, inner_high = (float(v) for v in np.quantile(finite, (0.02, 0.98)))
    inner = inner_high - inner_low
    if inner > 0 and high - low > 20 * inner:
        low, high = max(low, inner_low - inner / 2), min(high, inner_high + inner / 2)
    if high == low:
        reach = max(abs(low), 1.0)
        return low - reach / 2, high + reach / 2
    room = pad * (high - low)
    return low - room, high + room
