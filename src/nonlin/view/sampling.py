"""Points of a function's graph, broken where the function jumps, for whatever draws it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from nonlin.backends.emission import Kernel, build, emit
from nonlin.backends.numpy import evaluate, scope
from nonlin.catalogue import KINDS, Definition, parts
from nonlin.errors import ParameterError
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


def values(definition: Definition, x: Floats, order: int = 0, *, quick: bool = False) -> Floats:
    """Return the ``order``-th derivative (0: the value) at ``x``, parameters at their defaults, in float64.

    :func:`subject` says what is drawn of other kinds. A rowwise or grouped function is taken at the row ``(x, *OTHERS)``: its
    first output, differentiated by ``x``. With ``quick`` the stable formula is run as it is, without the search for inputs where
    rounding hurts it (70 ms a formula): good to what can be seen in a picture, not to the last digit.
    """
    return _evaluator(definition, order, quick)(x)


def _evaluator(definition: Definition, order: int, quick: bool) -> Callable[[Floats], Floats]:
    """Return what computes the values; the formula is differentiated once, however often it is called."""
    root = _drawn(definition)
    if not is_rowwise(root):
        sought = derivative(root, "x", order)
        return partial(_run if quick else evaluate, sought)
    for _ in range(order):
        root = stabilise(tangent(root, {"x": var("v")}))

    def first_entry(x: Floats) -> Floats:
        rows = np.stack([x, *(np.full_like(x, v) for v in OTHERS)], axis=-1)
        if quick and not order:
            return _run(root, rows)[..., 0]
        return evaluate(root, rows, {"v": np.eye(rows.shape[-1])[0]} if order else None)[..., 0]

    return first_entry


def row_values(definition: Definition, x: Floats) -> Floats:
    """Return a function of rows at the one row ``x``, shape (n,), an output for each entry.

    Raises:
        ParameterError: it does not give an output for each entry of a row.
    """
    if definition.kind != "rowwise":
        raise ParameterError(
            f"{definition.name} does not turn a row into a row: {KINDS[definition.kind]}; leave out the row, or draw softmax"
        )
    made: Floats = evaluate(parts(definition.closed())[0], x[None])[0]
    return made


def _run(root: Expr, x: Floats) -> Floats:
    """Return a formula's values by its plain NumPy program; by the full one where that gives no finite number."""
    with np.errstate(all="ignore"):
        made = np.asarray(_program(root)(x), dtype=np.float64)
    if not np.isfinite(made).all():
        return evaluate(root, x)
    return np.array(np.broadcast_to(made, x.shape))


@lru_cache(maxsize=4096)
def _program(root: Expr) -> Kernel:
    return build(emit("numpy", [root], ("x",)), scope())


def sample(
    definition: Definition, order: int, low: float, high: float, n: int = 1601, *, quick: bool = False
) -> tuple[Floats, Floats]:
    """Return x and y of the graph over [low, high]; a NaN between two points is a gap: the line must not join them.

    A jump is told from a steep slope by halving the step until the jump either shrinks or is all that is left. Values that
    are not finite are gaps too. ``quick`` is that of :func:`values`.
    """
    compute = _evaluator(definition, order, quick)
    x = np.linspace(low, high, n)
    y = compute(x)
    y = np.where(np.isfinite(y), y, np.nan)
    span = float(np.nanmax(y) - np.nanmin(y)) if np.isfinite(y).any() else 0.0
    steps = np.abs(np.diff(y))
    suspects = np.flatnonzero(steps > _STEEP * span) if span > 0 else np.array([], dtype=int)
    left, right, y_left, y_right = x[suspects], x[suspects + 1], y[suspects], y[suspects + 1]
    for _ in range(_HALVINGS if len(suspects) else 0):
        middle = (left + right) / 2
        y_middle = compute(middle)
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
