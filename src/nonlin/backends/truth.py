"""What a kernel should give: exact values with as many digits as cancellation demands, and how far a result may be off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nonlin.backends.emission import build, elementwise_scope, emit
from nonlin.backends.rounding import EXCUSED, Format
from nonlin.expr import Expr, variables, walk
from nonlin.expr.exact import sample

WILD = ("sin", "cos", "floor", "round")
"""Operations that never settle: without a limit at infinity, and any number of their range far out."""
FAR_OUT = 2.0**64
"""From here on a sine is only asked not to be NaN."""
MOST_BITS = 12_000
"""Precision at which the search for enough digits ends; the value then counts as unknown."""
ZERO_BITS = 3_000
"""A result that is zero in this precision is zero, or smaller than any number of double precision."""
HEADROOM = 8
"""A result may overflow where this many times the exact one would."""


class Exact:
    """Exact values of one expression in ``x`` alone, remembered.

    Each is computed in two precisions, which are raised until they agree.
    """

    def __init__(self, root: Expr, form: Format) -> None:
        self.root, self.form, self.accuracy, self.bits = root, form, form.bits + 24, 192
        self.waves = frozenset(n for n in walk(root) if n.op in WILD and _grows(n.args[0]))
        self.wild = bool(self.waves)
        # far out every number is whole, and sin(pi*x) of whole numbers looks like a constant
        self.aliased = any(n.op == "pi" for n in walk(*self.waves))
        self.known: dict[Any, Any] = {}

    def __call__(self, x: Any) -> Any:
        """Return the value at ``x``, a float or an mpmath number; NaN where it is undefined or out of reach."""
        from mpmath import mp, mpf

        x = mpf(x)
        if x not in self.known:
            extra = 4 * abs(mp.mag(x)) if x else 0
            bits, old = self.bits + extra, None
            while bits <= MOST_BITS:
                new = sample(self.root, x, bits)
                if old is not None and self._agree(old, new, bits):
                    break
                old, bits = new, bits + bits // 2 if new else max(ZERO_BITS, bits + bits // 2)
            else:
                new = mp.nan
            self.known[x] = new
        return self.known[x]

    def _agree(self, old: Any, new: Any, bits: int) -> bool:
        from mpmath import mp

        if mp.isnan(old) or mp.isinf(old) or new == old:
            return bool(mp.isnan(new) or new == old)
        with mp.workprec(bits):
            return bool(abs(new - old) <= mp.ldexp(abs(new), -self.accuracy))

    def change(self, x: Any) -> Any:
        """Return |x times the derivative|, from a small difference."""
        from mpmath import mp, mpf

        x = mpf(x)
        with mp.workprec(self.bits + 200):
            step = abs(x) * mpf(2) ** -40
            if not step:
                return mpf(0)
            sides = [abs(self(x + s * step) - self(x)) / step * abs(x) for s in (1, -1)]
        sides = [s for s in sides if not mp.isnan(s)]
        return min(sides) if sides else mpf(0)


def _grows(argument: Expr) -> bool:
    """Whether an expression has no finite limit at one of the infinities."""
    if "x" not in variables(argument):
        return False
    pairs = [[sample(argument, sign * 2.0**e, ZERO_BITS) for e in (900, 1000)] for sign in (-1, 1)]
    return any(not abs(far - near) <= max(abs(far), 1) * 2.0**-40 for near, far in pairs)


def keeps(kernel: Expr, exact: Exact, points: Sequence[float], form: Format, budget: float) -> bool:
    """Whether a kernel is off by no more than ``budget`` ulps, beyond what the condition excuses, at every point."""
    return next(_missed(kernel, exact, points, form, budget), None) is None


def missed(kernel: Expr, exact: Exact, points: Sequence[float], form: Format, budget: float) -> list[int]:
    """Return the indices of the points at which a kernel is off by more than ``budget`` ulps."""
    return list(_missed(kernel, exact, points, form, budget))


def _missed(kernel: Expr, exact: Exact, points: Sequence[float], form: Format, budget: float) -> Iterator[int]:
    got = run(kernel, np.asarray(points), form)
    for i, (value, point) in enumerate(zip(got.tolist(), points, strict=True)):
        if _off(value, exact, point, form, budget):
            yield i


def run(kernel: Expr, points: Any, form: Format) -> Any:
    """Return a kernel's results in the type ``form`` at float64 ``points``, as float64."""
    function = build(emit("numpy", [kernel], ["x"]), elementwise_scope())
    with np.errstate(all="ignore"):
        got = np.asarray(function(np.asarray(points).astype(form.name)), dtype=form.name)
    return np.broadcast_to(got, np.shape(points)).astype(np.float64)


def _off(got: float, exact: Exact, x: float, form: Format, budget: float) -> bool:
    """Whether a result is off by more than ``budget`` ulps and what the condition excuses."""
    from mpmath import mp, mpf

    if exact.wild and abs(x) > FAR_OUT:
        return got != got
    true = exact(x)
    if mp.isnan(true):
        return False
    if np.isinf(got) or got != got:
        return got != got or abs(true) * HEADROOM < form.largest or (true > 0) != (got > 0)
    true = min(max(true, -mpf(form.largest)), mpf(form.largest))
    ulp = float(form.ulp(float(true)))
    with mp.workprec(form.bits + 40):
        off = float(abs(mpf(got) - true)) / ulp - form.tiny * min(abs(x), 128.0) / ulp
        if off <= budget:
            return False
        excused = min(exact.change(x), mpf(form.largest)) * (EXCUSED * 2 * form.unit) / ulp
        return bool(off > budget + excused)
