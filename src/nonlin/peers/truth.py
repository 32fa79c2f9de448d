"""What a function and its derivatives are worth exactly, and the inputs at which implementations are compared.

The textbook formula and its symbolic derivatives are evaluated with mpmath in two precisions, which are raised until they
agree. Nothing of the stable forms that our own kernels use for the value takes part.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from nonlin.catalogue import Definition
from nonlin.expr import Expr, const, derivative, substitute
from nonlin.expr.exact import namespace
from nonlin.expr.program import source
from nonlin.facts.kinks import switches

Array = np.ndarray[Any, Any]
BITS = (140, 280, 900, 3600, 12_000)
"""Precisions tried in turn, beyond three bits for each binary order of the input, until two of them agree."""
AGREED = 77
"""Bits in which they must agree: 53 of double precision and some to spare."""
FAR = (30, 50, 80, 110, 150, 200, 260, 330)
"""Binary orders of the places from which a limit at infinity is read off."""
ZERO_BITS = 3000
"""A result that is 0 in this precision is 0, or smaller than any number of double precision."""
NEAR = 3e-7
"""Relative distance from a kink, a few numbers of single precision, within which either side is right: x + 3 may be 6."""
BESIDE = 2.0**-200
"""Relative distance at which the two sides of a kink are looked at; absolute at 0."""


@dataclass(frozen=True)
class Kind:
    """A floating type: bits of its significand, least normal and largest number."""

    name: str
    bits: int
    tiny: float
    largest: float

    def ulp(self, size: Array) -> Array:
        """Spacing of its numbers at ``size``, at no less than 128 least normals, where relative accuracy ends."""
        held = np.clip(np.abs(size), 128 * self.tiny, self.largest)
        return np.asarray(np.ldexp(1.0, np.frexp(held)[1] - self.bits))


KINDS = {
    "float64": Kind("float64", 53, 2.0**-1022, float(np.finfo(np.float64).max)),
    "float32": Kind("float32", 24, 2.0**-126, float(np.finfo(np.float32).max)),
    "float16": Kind("float16", 11, 2.0**-14, 65504.0),
    "bfloat16": Kind("bfloat16", 8, 2.0**-126, 2.0**127 * (2 - 2.0**-7)),
}
"""The types an implementation can be checked in."""


def textbook(made: Definition) -> Expr:
    """The formula as written, outside training, in its inputs alone: parameters at their defaults, exactly."""
    return substitute(made.resting, {n: const(p.default) for n, p in made.settable.items()})


# -- points ------------------------------------------------------------------------------------------------------------


def rounded(values: Array, kind: Kind) -> Array:
    """Return float64 ``values`` rounded to ``kind``, as float64."""
    with np.errstate(all="ignore"):
        if kind.name == "bfloat16":
            wide = values.astype(np.float32).view(np.uint32)
            even = ((wide >> np.uint32(16)) & np.uint32(1)) + np.uint32(0x7FFF)
            return np.asarray(((wide + even) & np.uint32(0xFFFF0000)).view(np.float32), np.float64)
        return np.asarray(values.astype(kind.name), np.float64)


def turns(made: Definition) -> list[float]:
    """Where the formula changes branches."""
    return [float(p) for p in switches(textbook(made))]


def points(made: Definition, kind: Kind, full: bool = False) -> Array:
    """Return the finite inputs at which an elementwise function is compared, sorted; numbers of ``kind`` as float64.

    The same for every function: both signs of 36 numbers where exponentials and error functions fade, round or overflow,
    powers of two from 2**-40 to 2**100, subnormals, the least normal and the largest number; and of this function where
    it changes branches, with the neighbours on both sides, and random ones (normal of deviation 3, and log-uniform from
    2**-30 to 2**8), 48 or with ``full`` 2,000.
    """
    low = math.ldexp(kind.tiny, 1 - kind.bits)
    ends = (50, 200, 700, 709, 710, 745, 746) if kind.bits == 53 else (50, 80, 87, 88, 89, 100, 104)
    sizes = [0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8.5, 9.5, 11, 13, 15, 17, 19, 20.5, 25, 30, 38, *ends]
    sizes += [2.0**e for e in (-40, -26, -20, -12, -8, -5, 10, 15, 24, 60, 100)]
    sizes += [low, kind.tiny, 1e30, kind.largest]
    chance = np.random.default_rng(zlib.crc32(made.name.encode()))
    n = 1000 if full else 24
    random = [*chance.normal(0, 3, n), *np.exp2(chance.uniform(-30, 8, n)) * chance.choice([-1.0, 1.0], n)]
    corners = rounded(np.array([s * t for t in turns(made) for s in (1, -1)]), kind)
    spacing = np.ldexp(1.0, np.frexp(np.maximum(np.abs(corners), kind.tiny))[1] - kind.bits)
    values = np.concatenate([[0.0], sizes, np.negative(sizes), random, corners, corners - spacing, corners + spacing])
    found = np.unique(rounded(values, kind))
    return np.asarray(found[np.isfinite(found)])


# -- exact values ------------------------------------------------------------------------------------------------------


def _literal(node: Expr) -> str | None:
    if isinstance(node.payload, Fraction):
        return f"(mp.mpf({node.payload.numerator}) / {node.payload.denominator})"
    return None


@lru_cache(maxsize=512)
def _program(roots: tuple[Expr, ...], names: tuple[str, ...]) -> Callable[..., Any]:
    text = source("mpmath", list(roots), names, _literal)
    scope = dict(namespace())
    exec(compile(text, "<nonlin exact>", "exec"), scope)  # text emitted from our own nodes, never from a user's
    made: Callable[..., Any] = scope["f"]
    return made


def _at(roots: tuple[Expr, ...], names: tuple[str, ...], values: Sequence[Any], bits: int) -> list[Any]:
    from mpmath import mp

    with mp.workprec(bits):
        try:
            found = _program(roots, names)(*(mp.mpf(v) for v in values))
        except (ZeroDivisionError, OverflowError):
            if len(roots) == 1:
                return [mp.nan]
            return [_at((root,), names, values, bits)[0] for root in roots]
        return [mp.mpf(v) for v in (found if isinstance(found, tuple) else (found,))]


def exactly(roots: tuple[Expr, ...], names: tuple[str, ...], values: Sequence[Any]) -> list[Any]:
    """Return expressions in ``names`` at ``values`` as mpmath numbers, with all the digits cancellation demands."""
    from mpmath import mp

    orders = [int(mp.mag(v)) for v in map(mp.mpf, values) if v and mp.isfinite(v)]
    small, large = (3 * max((s * m for m in orders), default=0) for s in (-1, 1))
    extra = max(small, min(large, 200))
    old = _at(roots, names, values, BITS[0] + extra)
    for bits in BITS[1:]:
        new = _at(roots, names, values, bits + extra)
        if all(_agree(a, b) for a, b in zip(old, new, strict=True)):
            break
        old = new
    # a zero may be what cancellation left: 1 + exp(-700) - 1, or x + sqrt(x**2 + 4) far left
    for n, value in enumerate(new):
        if not value and orders:
            new[n] = _at((roots[n],), names, values, ZERO_BITS + max(small, large))[0]
    return new


def _agree(old: Any, new: Any) -> bool:
    from mpmath import mp

    if mp.isnan(old) or mp.isnan(new) or mp.isinf(old) or mp.isinf(new):
        return bool(old == new or (mp.isnan(old) and mp.isnan(new)))
    return bool(abs(new - old) <= mp.ldexp(max(abs(new), mp.mpf(2) ** -1300), -AGREED))


@dataclass(frozen=True)
class Exact:
    """Exact results at many points: arrays (order, point) of the lowest and the highest value allowed, and the change.

    They differ at a kink only, and next to one, where every value between the two sides counts. ``rest`` is what float64
    cuts off ``low`` where both are equal; ``change`` is |x times the next derivative|, which tells the condition.
    """

    low: Array
    high: Array
    rest: Array
    change: Array


@lru_cache(maxsize=64)
def _table(made: Definition) -> dict[float, tuple[Any, ...]]:
    return {}


def exact(made: Definition, at: Array, orders: int = 3) -> Exact:
    """Return the exact value and derivatives of an elementwise function at finite float64 numbers, remembered."""
    root = textbook(made)
    roots = (root, *(derivative(root, "x", k) for k in range(1, orders + 1)))
    known, corners = _table(made), turns(made)
    rows = []
    for x in at.tolist():
        if x not in known:
            beside = [c for c in corners if math.isclose(x, c, rel_tol=NEAR, abs_tol=1e-300)]
            known[x] = _row(roots, x, beside[0] if beside else None)
        rows.append(known[x])
    columns = np.array(rows, np.float64).reshape(len(rows), orders, 4).transpose(2, 1, 0)
    return Exact(*columns)


def _row(roots: tuple[Expr, ...], x: float, corner: float | None) -> tuple[float, ...]:
    """For each order the low and the high end, the rest, and the change, flattened."""
    from mpmath import mp

    places: list[Any] = [x]
    if corner is not None:
        step = mp.mpf(abs(corner) or 1.0) * BESIDE
        with mp.workprec(2000):
            places += [mp.mpf(corner) - step, mp.mpf(corner) + step]
    seen = [exactly(roots, ("x",), (place,)) for place in places]
    row: list[float] = []
    for order in range(len(roots) - 1):
        # beside a kink only the derivatives are in doubt, unless the function jumps
        ends = [float(values[order]) for values in seen if not mp.isnan(values[order])] or [math.nan]
        if order == 0 and max(ends) - min(ends) <= 1e-5 * max(map(abs, ends)):
            ends = ends[:1]
        low, high = min(ends), max(ends)
        if high - low <= 1e-50 * abs(high):
            low = high = ends[0]
        rest = 0.0
        if low == high and math.isfinite(low):
            with mp.workprec(400):
                rest = float(seen[0][order] - low) if not mp.isnan(seen[0][order]) else 0.0
        slopes = [float(abs(values[order + 1])) for values in seen if not mp.isnan(values[order + 1])]
        row += [low, high, rest, min(slopes, default=0.0) * abs(x)]
    return tuple(row)


@lru_cache(maxsize=2048)
def limit(made: Definition, sign: float, order: int = 0) -> float:
    """Return the limit of an elementwise function or its derivative at infinity; NaN where it has none, as sin."""
    from mpmath import mp

    root = derivative(textbook(made), "x", order) if order else textbook(made)
    with mp.workprec(200):
        places = [math.copysign(1.0, sign) * mp.mpf("1.37") * mp.mpf(2) ** e for e in FAR]
        seen = [exactly((root,), ("x",), (place,))[0] for place in places]
        last, before = seen[-1], seen[-2]
        if any(mp.isnan(v) for v in seen[-3:]):
            return math.nan
        if mp.isinf(last):
            return float(last)
        if abs(last - before) <= abs(last) * mp.mpf(2) ** -64 or abs(last) < mp.mpf(2) ** -1300:
            return float(last) if abs(last) >= mp.mpf(2) ** -1300 else 0.0
        pairs = list(pairwise(seen))  # log grows by a twentieth from one place to the next, too
        if abs(last) > 10 and all(abs(b) > abs(a) * mp.mpf("1.05") and (a > 0) == (b > 0) for a, b in pairs):
            return math.copysign(math.inf, float(mp.sign(last)))
        return 0.0 if abs(last) < 0.05 and all(abs(b) * mp.mpf("1.05") < abs(a) for a, b in pairs) else math.nan


# -- rows and gated units ------------------------------------------------------------------------------------------------

ROWS: tuple[tuple[float, ...], ...] = (
    (0.3, -1.2, 2.5, 0.1), (1.5, 1.25, 1.125, 1.0), (0.5, 0.4, 0.3, 0.2), (0.3, 0.1, -4.0, -5.0), (30.0, 0.05, -3.0, -30.0),
    (1000.0, 1000.5, 999.0, 998.0), (-80.0, -90.0, -85.0, -100.0), (1e-8, -1e-8, 2e-8, -3e-8), (2.0, -2.0, 1.0, -1.0),
    (-0.7, 3.1, -2.2, 0.9), (7.0, 6.0, -5.0, 4.5), (1e4, 9.99e3, 1.0, -1e4),
)  # fmt: skip
"""Rows of four at which functions of a row, and gated units (two and two), are compared."""
STEP = 2.0**-150
"""Step of the differences from which the Jacobian of a row is read off, in 1,000 bits."""


def _vector_scope() -> dict[str, Any]:
    """mpmath's functions on arrays of its numbers; reductions over the last axis."""
    from mpmath import mp

    plain = {n: f for n, f in namespace().items() if callable(f) and not n.startswith("row_")}
    pairs = ("power", "least", "greatest")
    scope: dict[str, Any] = {n: np.frompyfunc(f, 2 if n in pairs else 1, 1) for n, f in plain.items()}

    def softmax(u: Array) -> Array:
        e = scope["exp"](u - max(u))
        return np.asarray(e / sum(e))

    def threshold(u: Array, alpha: Any) -> Any:
        power = 1 / (mp.mpf(alpha) - 1)
        low, high = max(u) - 1, max(u)
        for _ in range(int(mp.prec) + 8):
            middle = (low + high) / 2
            more = mp.fsum((v - middle) ** power for v in u if v > middle) > 1
            low, high = (middle, high) if more else (low, middle)
        return (low + high) / 2

    def first_max(u: Array) -> Array:
        best = max(range(len(u)), key=lambda i: (u[i], -i))
        return np.array([mp.mpf(i == best) for i in range(len(u))])

    return {**scope, "mp": mp, "row_sum": sum, "row_max": max, "row_length": len, "row_softmax": softmax,
            "row_first_max": first_max, "row_threshold": threshold, "row_logsumexp": lambda u: mp.log(sum(scope["exp"](u))),
            "row_log_softmax": lambda u: u - mp.log(sum(scope["exp"](u)))}  # fmt: skip


@lru_cache(maxsize=64)
def _row_program(root: Expr, names: tuple[str, ...]) -> Callable[..., Any]:
    scope = _vector_scope()
    exec(compile(source("mpmath", [root], names, _literal), "<nonlin exact>", "exec"), scope)
    made: Callable[..., Any] = scope["f"]
    return made


@lru_cache(maxsize=256)
def exact_row(made: Definition, row: tuple[float, ...]) -> tuple[Array, Array]:
    """Return the exact value (m) of a function of a row, or of two halves (value, gate), and its Jacobian (m, n)."""
    from mpmath import mp

    with mp.workprec(1000):
        start = np.array([mp.mpf(v) for v in row])
        value = _values(made, start)
        slopes = []
        for j in range(len(row)):
            ends = []
            for s in (1, -1):
                moved = start.copy()
                moved[j] += s * mp.mpf(STEP)
                ends.append(_values(made, moved))
            slopes.append((ends[0] - ends[1]) / (2 * mp.mpf(STEP)))
        return np.array(value, np.float64), np.array(np.stack(slopes, axis=-1), np.float64)


def _values(made: Definition, row: Array) -> Array:
    outputs = [substitute(o, {n: const(p.default) for n, p in made.settable.items()}) for o in _outputs(made)]
    half = len(row) // 2
    inputs = [row] if len(made.inputs) == 1 else [row[:half], row[half:]]
    names = made.inputs[: len(inputs)]
    found = [np.atleast_1d(_row_program(o, names)(*inputs)) for o in outputs]
    return np.concatenate(found)


def _outputs(made: Definition) -> tuple[Expr, ...]:
    return made.outputs if made.rest is None and not made.random else (made.resting,)
