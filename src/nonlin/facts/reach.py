"""The range of a function: its infimum and supremum over all inputs, and whether they are attained.

Found from the formula: limits at both infinities and beside the points where it switches branches, and extremes searched on a
grid and closed in on. Whether a bound is attained is decided in exact arithmetic, because in double precision even the
sigmoid of 40 is 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from nonlin.catalogue import Definition, resolve
from nonlin.errors import ParameterError
from nonlin.expr import Expr
from nonlin.expr.exact import Row
from nonlin.expr.exact import evaluate as exactly
from nonlin.facts.once import once

if TYPE_CHECKING:
    from nonlin.backends.truth import Exact

_ZOOMS = 14
_GROWN = 64.0
"""A sampled bound is infinite if it is so many times larger far out than near 0, where no limit says so."""
_INNER = 30.0
"""Farther out exp(-exp(-x)) is 0 in any number of digits: a top found there is not asked."""
_DIGITS = 60
_ASKED = (-3, -2, -1, 0, 1, 2, 3)
"""Where it is asked exactly whether a bound is attained: so near 0 that erf(3) still differs from 1."""


class Reach(NamedTuple):
    """All values lie in [low, high]; a bound that is only approached is not attained."""

    low: float
    high: float
    low_attained: bool
    high_attained: bool

    @property
    def bounded(self) -> bool:
        """Whether both ends are finite."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def __str__(self) -> str:
        left = "[" if self.low_attained else "("
        right = "]" if self.high_attained else ")"
        return f"{left}{_shown(self.low)}, {_shown(self.high)}{right}"


def _shown(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else ("-inf" if value < 0 else "inf")


def reach(definition: Definition | str) -> Reach:
    """Return the range of a function of one input, or of the entries a row function gives (rows of two or more).

    Args:
        definition: a definition, or a name or formula as ``nonlin.get`` takes it; parameters stand at their defaults and
            noise at its mean.

    Raises:
        ParameterError: the function takes gates, pairs or groups: its output has no range of its own.

    >>> str(reach("sigmoid")), str(reach("relu6")), str(reach("silu"))
    ('(0, 1)', '[0, 6]', '[-0.2785, inf)')
    """
    made = resolve(definition)
    if made.kind not in ("elementwise", "rowwise"):
        raise ParameterError(f"{made.name} is {made.kind}; a range is that of functions of one input or of rows")
    return _row_reach(made.closed()) if made.kind == "rowwise" else _reach(made.closed())


def sums_to_one(definition: Definition | str) -> bool:
    """Whether a row function gives probabilities: entries in [0, 1] that sum to 1, as softmax and sparsemax do.

    >>> sums_to_one("sparsemax"), sums_to_one("sigmoid"), sums_to_one("log_softmax")
    (True, False, False)
    """
    made = resolve(definition)
    return made.kind == "rowwise" and _sums_to_one(made.closed())


def changes_nothing(outer: Definition | str, inner: Definition | str) -> bool:
    """Whether ``outer(inner(x))`` equals ``inner(x)`` for every x, as relu(sigmoid(x)) does: ``outer`` does nothing there.

    >>> changes_nothing("relu", "relu"), changes_nothing("relu", "sigmoid"), changes_nothing("tanh", "relu")
    (True, True, False)
    """
    after, before = resolve(outer), resolve(inner)
    if {after.kind, before.kind} - {"elementwise", "rowwise"}:
        return False
    return _changes_nothing(after.closed(), before.closed())


@lru_cache(maxsize=1024)
def _changes_nothing(outer: Expr, inner: Expr) -> bool:
    import numpy as np

    from nonlin.backends.numpy import evaluate

    with np.errstate(all="ignore"):
        made = np.asarray(evaluate(inner, np.linspace(-9.7, 8.9, 60).reshape(12, 5)))
        return bool(np.allclose(evaluate(outer, made), made, rtol=1e-12, atol=1e-12))


_ROWS = ((0.3, -1.2, 2.5, 0.0), (5.0, 1.0, 1.5, -3.0), (0.1, 0.2, 0.3, 0.4))


@lru_cache(maxsize=1024)
def _sums_to_one(root: Expr) -> bool:
    try:  # the usual ones, without loading what the array library needs for special functions
        told = [exactly(root, {"x": Row([Fraction(v) for v in row])}, 30) for row in _ROWS]
        rows = [[float(v) for v in row.items] for row in told]
    except (TypeError, AttributeError):  # a function that rows of exact numbers cannot be put into
        import numpy as np

        rows = values_of_rows(root, np.array(_ROWS)).tolist()
    return all(isinstance(r, list) and len(r) == 4 and min(r) >= 0 and abs(sum(r) - 1) < 1e-9 for r in rows)


@lru_cache(maxsize=1024)
def _reach(root: Expr) -> Reach:
    """Return the range of an elementwise formula in ``x`` alone; most of those that end a network need no arrays."""
    exact = once(root)
    return Reach(*exact) if exact is not None else _searched(root)


def _searched(root: Expr) -> Reach:
    """Search the range of an elementwise formula in ``x`` alone."""
    import numpy as np

    from nonlin.facts.attained import Place, attained
    from nonlin.facts.kinks import switches

    far = np.concatenate(
        [-(2.0 ** np.arange(6, 60, 0.5)), 2.0 ** np.arange(-40.0, 60, 0.5), -(2.0 ** np.arange(-40.0, 6, 0.5))]
    )
    points = np.unique(np.concatenate([np.linspace(-40.0, 40.0, 16001), far, np.asarray(switches(root), dtype=float)]))
    ends = [end for end in _ends(root) if not math.isnan(end[0])]
    bounds, taken = [], []
    for sign in (-1, 1):  # the largest value of -f, then of f
        inside, place = _largest(root, points, sign)
        bound = _tidy(sign * max([inside, *(sign * v for v, _ in ends)]))
        spots: list[Place] = [place] if abs(place) <= _INNER else []
        spots += [*map(Fraction, _ASKED), *(Fraction(p) + step for p in switches(root) for step in (-1, 0, 1))]
        bounds.append(bound)
        taken.append(attained(root, bound, sign, spots, ends, _exact(root).wild))
    return Reach(bounds[0], bounds[1], taken[0], taken[1])


def _values(root: Expr, points: Any) -> Any:
    import numpy as np

    from nonlin.backends.numpy import evaluate

    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(evaluate(root, points), dtype=float), points.shape)


@lru_cache(maxsize=64)
def _exact(root: Expr) -> Exact:
    from nonlin.backends.rounding import FORMATS
    from nonlin.backends.truth import Exact

    return Exact(root, FORMATS["float64"])


def _ends(root: Expr) -> Iterator[tuple[float, Any]]:
    """Yield the limits at both infinities, and from both sides of 0 and of each switch, each with a point near that end."""
    from mpmath import mpf

    from nonlin.backends.limits import beside, limit
    from nonlin.facts.kinks import switches

    exact = _exact(root)
    for sign in (-1, 1):
        yield limit(exact, sign), sign * mpf(2) ** 1000
    for point in {0.0, *switches(root)}:
        for side in (-1, 1):
            found = beside(exact, point, side)
            yield math.nan if found is None else found, point + side * mpf(2) ** -400


def _largest(root: Expr, points: Any, sign: int) -> tuple[float, float]:
    """Return the largest value of ``sign`` times the formula, found on a grid and closed in on, and where it is."""
    import numpy as np

    values = sign * _values(root, points)
    seen = np.where(np.isfinite(values), values, -np.inf)
    inner = np.abs(points) <= 2.0**10
    inside, near = points[inner], seen[inner]
    if seen.max() > _GROWN * max(abs(near.max()), 1.0):
        return math.inf, math.inf
    best = (float(near.max()), float(inside[np.argmax(near)]))
    for peak in np.argsort(near)[-4:]:
        low, high = inside[max(peak - 1, 0)], inside[min(peak + 1, len(inside) - 1)]
        for _ in range(_ZOOMS):
            fine = np.linspace(low, high, 17)
            finer = sign * _values(root, fine)
            at = int(np.argmax(np.where(np.isfinite(finer), finer, -np.inf)))
            best = max(
                best, (float(finer[at]), float(fine[at])), key=lambda found: -math.inf if math.isnan(found[0]) else found[0]
            )
            low, high = fine[max(at - 1, 0)], fine[min(at + 1, 16)]
    return best


@lru_cache(maxsize=256)
def _row_reach(root: Expr) -> Reach:
    """Return the range of the entries of a row function, from rows that favour one entry more and more.

    A bound that differs between short and long rows is taken for none.
    """
    told = _probabilities(root)
    if told is not None:
        return told
    import numpy as np

    steps = np.concatenate([-(2.0 ** np.arange(24, -3, -0.5)), [0.0], 2.0 ** np.arange(-3, 24.5, 0.5)])
    bounds = []
    for sign in (-1, 1):
        found = []
        for length in (3, 48):
            rest = np.zeros((len(steps), length - 2))
            ramps = [np.column_stack([t * steps, rest, s * steps]) for t in (1, -1, 0.5) for s in (0, -1)]
            ramps.append(3 * np.random.default_rng(0).standard_normal((400, length)))  # rows with a sum near 0 among them
            values = sign * values_of_rows(root, np.concatenate(ramps))
            values = values[np.isfinite(values)]
            grows = values.max() > 8 * max(1.0, float(sign * _tidy(np.median(values)))) and values.max() > 1e3
            found.append(math.inf if grows else float(values.max()))
        same = abs(found[0] - found[1]) <= 1e-6 or found[0] == found[1]
        bounds.append(_tidy(sign * found[0]) if same else sign * math.inf)
    ends = values_of_rows(root, np.array(_ENDS, dtype=float))
    low, high = (math.isfinite(bound) and bool((ends == bound).any()) for bound in bounds)
    return Reach(bounds[0], bounds[1], low, high)


_ENDS = ((20, 0, -20), (9, 9, 0), (-20, 0, 0), (3, 0, 0), (0, 0, 0))
"""Rows in which a softmax still differs from 0 and 1 by 1e-18 and 2e-9, and only from 1 visibly."""
_FAVOURED = ((2**20, 0, 0), (0, -(2**20), 0))


def _probabilities(root: Expr) -> Reach | None:
    """Return [0, 1], open or closed, for entries that sum to 1 and come as near as one likes; exactly, without arrays."""
    if not _sums_to_one(root):
        return None
    from mpmath import mp

    try:
        far, near = ([v for row in rows for v in exactly(root, {"x": Row([*map(mp.mpf, row)])}, _DIGITS).items]
                     for rows in (_FAVOURED, _ENDS))  # fmt: skip
    except (TypeError, AttributeError):
        return None
    if not (min(far) < 1e-6 and max(far) > 1 - 1e-6):
        return None
    return Reach(0.0, 1.0, min(near) == 0, max(near) == 1)


def values_of_rows(root: Expr, rows: Any) -> Any:
    """Return a row formula's values at rows, shape (rows, length), in double precision."""
    import numpy as np

    from nonlin.backends.numpy import evaluate

    with np.errstate(all="ignore"):
        return np.asarray(evaluate(root, rows), dtype=float)


def _tidy(value: float) -> float:
    """Return the round number a search stopped beside."""
    if not math.isfinite(value):
        return value
    rounded = round(value, 12)
    return rounded + 0.0 if abs(rounded - value) <= 1e-13 * max(1.0, abs(value)) else value
