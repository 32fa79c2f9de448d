"""What happens at infinity: limits read off the formula, constant tails, and clamps that keep 0 * inf from happening.

A kernel that computes inf * 0 where the limit is 0 is given its input clamped to a bound beyond which the exact result rounds
to the limit. In a sum only the terms that need it are clamped, for the others may grow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np

from nonlin.backends.rounding import Format
from nonlin.backends.truth import Exact, run
from nonlin.expr import Expr, call, const, substitute, var, variables, walk
from nonlin.expr.turns import centres

X = var("x")


def limit(exact: Exact, sign: int) -> float:
    """Return the limit of an expression in ``x`` alone at plus or minus infinity, NaN if there is none or none is seen.

    Sines and cosines have none of their own: the limit counts if it is the same whatever numbers they are held at.
    """
    if not exact.wild:
        return _limit(exact, sign)
    found = {_limit(Exact(_stilled(exact, values), exact.form), sign) for values in STILLS}
    return found.pop() if len(found) == 1 else math.nan


STILLS = ((0,), (1,), (-1,), (0.5, -0.25, 1, -0.75, 0.125), (-0.5, 0.75, 0.25, -1, 0))
"""Values at which the first, second, ... sine or cosine of a formula is held."""


def _stilled(exact: Exact, values: tuple[float, ...]) -> Expr:
    """The expression with its sines and cosines at given values, and nothing rounded to whole numbers."""
    done: dict[Expr, Expr] = {}
    turn = cycle(values)
    for node in walk(exact.root):
        args = tuple(done[a] for a in node.args)
        if node in exact.waves:
            done[node] = const(next(turn)) if node.op in ("sin", "cos") else args[0]
        else:
            done[node] = node if args == node.args else call(node.op, *args)
    return done[exact.root]


def _limit(exact: Exact, sign: int) -> float:
    from mpmath import mp

    near, far = (exact(sign * 2.0**e) for e in (900, 1000))
    if mp.isnan(near) or mp.isnan(far):
        return math.nan
    if abs(far - near) <= abs(far) * 2.0**-40:
        return float(far)
    return math.copysign(math.inf, far) if abs(far) > abs(near) else 0.0


def beside(exact: Exact, point: float, side: int) -> float | None:
    """Return the limit of an expression at ``point`` from one side, None if none is seen."""
    from mpmath import mp, mpf

    near, nearer = (exact(mpf(point) + side * mpf(2) ** -k) for k in (300, 400))
    if mp.isnan(near) or mp.isnan(nearer):
        return None
    if abs(nearer - near) <= abs(nearer) * 2.0**-60:
        return float(nearer)
    return math.copysign(math.inf, nearer) if abs(nearer) > abs(near) else 0.0


def constant_tail(exact: Exact, sign: int, points: Any, form: Format) -> tuple[int, float] | None:
    """Return the index of the point from which on the exact result rounds to one finite number, and that number.

    ``points`` are positive and rising. None where there is no such tail.
    """
    if exact.aliased and not math.isfinite(limit(exact, sign)):
        return None
    values: dict[int, float] = {}

    def rounded(i: int) -> float:
        if i not in values:
            values[i] = float(form.rounded(float(exact(sign * points[i]))))
        return values[i]

    last = len(points) - 1
    while last > 8 and math.isnan(rounded(last)):  # so far out that even exact arithmetic says 0 * inf
        last -= 8
    target = rounded(last)
    if last < 8 or not math.isfinite(target) or rounded(last - 8) != target or rounded(last - 4) != target:
        return None
    first, known = 0, last - 8
    while first < known:  # the first index from which on the result is the limit
        middle = (first + known) // 2
        first, known = (first, middle) if rounded(middle) == target else (middle + 1, known)
    # a bump between two points: the tail begins behind it
    bumps = [
        sign * p for p in _about(exact.root) if sign * p > points[first] and float(form.rounded(float(exact(p)))) != target
    ]
    first = max(first, int(np.searchsorted(points, max(bumps), side="right"))) if bumps else first
    return (first, target) if first <= last - 8 else None


def _about(root: Expr) -> list[float]:
    """Points at all distances from where a sum of x and a number vanishes."""
    return [c * (1 + s * 2.0**-k) for c in centres(root) for k in range(3, 40, 2) for s in (-1, 0, 1)]


def constant_from(kernel: Expr, tail: tuple[int, float], sign: int, points: Any, form: Format) -> float | None:
    """Return the first of the points of a constant tail at which ``kernel`` gives the number it should; None if none."""
    first, target = tail
    same = np.flatnonzero(run(kernel, sign * np.asarray(points[first:]), form) == target)
    return float(points[first + same[0]]) if len(same) else None


def clamped(root: Expr, sign: int, bound: float) -> Expr:
    """Return ``root`` with its input kept from going beyond ``bound`` on one side."""
    return substitute(root, {"x": call("max", X, -bound) if sign < 0 else call("min", X, bound)})


def settled(root: Expr, sign: int, bound: Callable[[Expr], float | None], at_infinity: Callable[[Expr], float]) -> Expr:
    """Return ``root`` with those of its terms clamped that are NaN at infinity although their tail is constant.

    ``bound`` gives the clamp of a term or None, ``at_infinity`` its value there as computed.
    """
    if "x" not in variables(root) or not math.isnan(at_infinity(root)):
        return root
    size = bound(root)
    if size is not None:
        return clamped(root, sign, size)
    if root.op in ("add", "sub", "mul", "div", "neg", "where", "min", "max"):
        args = tuple(a if a.op in ("lt", "le", "gt", "ge") else settled(a, sign, bound, at_infinity) for a in root.args)
        return root if args == root.args else Expr(root.op, args)
    return root
