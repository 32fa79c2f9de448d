"""Facts about the slope and about what happens far out: limits, asymptotes, kinks, Lipschitz constant, saturation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from nonlin.expr import Expr, var
from nonlin.expr.exact import evaluate as exactly
from nonlin.expr.nodes import mul, sub
from nonlin.facts.crossing import crossing
from nonlin.facts.extent import at, inside, joined, jumps, limit_at, limit_proved, short, within
from nonlin.facts.pieces import domain_spans, listed, outer, whole
from nonlin.facts.shape import END, Piece
from nonlin.facts.smooth import ORDERS, analytic, parts, seams
from nonlin.facts.subject import COMPUTED, PROVED, Subject, Told, Untold, interval, num, surest

DTYPES = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
"""Types and their machine epsilon, the threshold below which a slope counts as saturated."""
SIDES = (("left", -1), ("right", 1))


def _open_side(subject: Subject, side: int) -> bool:
    """Whether the domain goes on to this infinity."""
    return any(s[0 if side < 0 else 1] == side * math.inf for s in domain_spans(subject)) or subject.endless


def limits(subject: Subject) -> Told:
    """The limits at both infinities."""
    value: dict[str, float | None] = {}
    texts, sure = [], []
    for word, side in SIDES:
        found = limit_at(subject.root, side) if _open_side(subject, side) else math.nan
        none = math.isnan(found)
        value[word] = None if none else found
        why = "oscillates" if _open_side(subject, side) else "not defined there"
        texts.append(f"{why if none else num(found)} at {'-' if side < 0 else ''}inf")
        sure.append(not none and limit_proved(subject.root, side, found))
    return Told(value, ", ".join(texts), surest(*sure))


def asymptotes(subject: Subject) -> Told:
    """The lines a*x + b it approaches."""
    value: dict[str, dict[str, float] | None] = {}
    texts = []
    for word, side in SIDES:
        line = _line(subject, side) if _open_side(subject, side) else None
        value[word] = None if line is None else {"a": line[0], "b": line[1]}
        texts.append(f"{'none' if line is None else _written(*line)} at {'-' if side < 0 else ''}inf")
    return Told(value, ", ".join(texts))


def _line(subject: Subject, side: int) -> tuple[float, float] | None:
    """The asymptote: with f' -> a and f - x f' -> b, f/x has the derivative -(f - x f')/x**2, so f - a x -> b."""
    flat = limit_at(subject.root, side)
    if math.isfinite(flat):
        return 0.0, flat
    a = limit_at(subject.slope, side)
    if not math.isfinite(a):
        return None
    b = limit_at(sub(subject.root, mul(var("x"), subject.slope)), side)
    return (a, 0.0 if abs(b) < 1e-30 else b) if math.isfinite(b) else None


def _written(a: float, b: float) -> str:
    if a == 0:
        return f"y = {num(b)}"
    line = {1.0: "x", -1.0: "-x"}.get(a, f"{num(a)}*x")
    return f"y = {line}" + (f" {'+' if b > 0 else '-'} {num(abs(b))}" if b else "")


# -- smoothness ---------------------------------------------------------------------------------------------------------


def kinks(subject: Subject) -> Told:
    """The points at which the slope jumps."""
    found = []
    for jump in jumps(subject.slope, subject.cuts):
        if any(j.x == jump.x for j in jumps(subject.root, subject.cuts)) or math.isnan(jump.left + jump.right):
            continue
        found.append({"x": jump.x, "left": jump.left, "used": at(subject.trained, jump.x), "right": jump.right})
    texts = [f"{num(k['x'])} (slope {num(k['left'])} to {num(k['right'])}, {num(k['used'])} used)" for k in found]
    return Told(found, listed(texts), surest(_seams_proved(subject, {k["x"] for k in found}, 0)), _pretence(subject))


def discontinuities(subject: Subject) -> Told:
    """The points at which the value jumps."""
    found = [{"x": j.x, "left": j.left, "value": None if math.isnan(j.at) else j.at, "right": j.right}
             for j in jumps(subject.root, subject.cuts)]  # fmt: skip
    texts = [f"{num(j['x'] or 0.0)} (from {num(j['left'] or 0.0)} to {num(j['right'] or 0.0)})" for j in found]
    return Told(
        found,
        listed(texts),
        surest(_seams_proved(subject, {j.x for j in jumps(subject.root, subject.cuts)}, -1)),
        subject.window,
    )


def _seams_proved(subject: Subject, sharp: set[float], order: int) -> bool:
    """Whether algebra confirms at which seams only so many derivatives agree."""
    if subject.endless and not analytic(subject.root):
        return False
    pieces = parts(subject.root, subject.cuts)
    if pieces is None:
        return False
    met = seams(pieces)
    return all(proved for _, _, proved in met) and {x for x, agree, _ in met if agree == order} == sharp


def _pretence(subject: Subject) -> str:
    return "training uses another derivative than the function has" if subject.pretends else ""


def smoothness(subject: Subject) -> Told:
    """How many continuous derivatives it has: -1 where it jumps, inf where it is analytic."""
    pieces = parts(subject.root, subject.cuts) if not subject.endless or analytic(subject.root) else None
    if pieces is not None and len(pieces) == 1:
        return Told(math.inf, "C^inf", PROVED)
    if pieces is not None:
        met = [(order, proved) for x, order, proved in seams(pieces) if _valued(subject, x)]
        least = min((order for order, _ in met), default=-1)
        # one seam proves that it is no smoother, all that it is as smooth
        sure = all(proved for _, proved in met) and len(met) == len(pieces) - 1
        return _smooth(least, surest(sure), "")
    spans = domain_spans(subject)
    cuts = [x for x in subject.cuts if any(a < x < b for a, b in spans)]
    if any(not math.isfinite(v) for x in cuts for v in (at(subject.root, x, -1), at(subject.root, x, 1))):
        return _smooth(-1, COMPUTED, subject.window)
    return _smooth(min([_order(subject.root, x) for x in cuts], default=ORDERS), COMPUTED, subject.window)


def _valued(subject: Subject, x: float) -> bool:
    """Whether the value at a seam is the limit from one of its sides."""
    middle, sides = at(subject.root, x), [at(subject.root, x, s) for s in (-1, 1)]
    return any(abs(middle - v) <= 1e-12 * max(1.0, abs(v)) for v in sides)


def _smooth(order: int, how: str, note: str) -> Told:
    if order < 0:
        return Told(-1, "not continuous", how, note)
    if order >= ORDERS:
        return Told(ORDERS, f"at least C^{ORDERS}", how, "higher derivatives were not compared")
    return Told(order, f"C^{order}", how, note)


def _order(root: Expr, x: float) -> int:
    """The number of derivatives that agree on both sides of a point: -1 if not even the values do.

    One-sided differences at a distance of 1e-20, in 200 digits.
    """
    from mpmath import mp

    exact = short(x)
    start = Fraction(0) if exact else Fraction(1, 10**16) * 5 * Fraction(abs(x))
    step = Fraction(1, 10**20)
    with mp.workdps(200):
        sides = []
        for side in (-1, 1):
            points = [Fraction(x) + side * (start + (k + 1) * step) for k in range(ORDERS + 2)]
            values = [exactly(root, {"x": p}, 200) for p in points]
            if any(mp.isnan(v) for v in values):
                return -1
            derivatives = []
            for order in range(ORDERS + 1):
                derivatives.append(values[0] / mp.mpf(side * step.numerator) ** order * mp.mpf(step.denominator) ** order)
                values = [b - a for a, b in zip(values, values[1:], strict=False)]
            sides.append(derivatives)
        middle = exactly(root, {"x": Fraction(x)}, 200)
        slack = mp.mpf("1e-9")
        if exact and (mp.isnan(middle) or abs(middle - sides[0][0]) > slack * (1 + abs(middle))):
            return -1
        for order, (a, b) in enumerate(zip(*sides, strict=True)):
            if abs(a - b) > slack * (1 + abs(a) + abs(b)) or abs(a) > 1e9:
                return order - 1
    return ORDERS


# -- slope --------------------------------------------------------------------------------------------------------------


def lipschitz(subject: Subject) -> Told:
    """The supremum of |f'|; infinite where the function jumps."""
    if jumps(subject.root, subject.cuts):
        return Told(math.inf, "inf", COMPUTED, "the function jumps")
    if len(domain_spans(subject)) != 1:
        raise Untold("the function is not defined on one interval")
    found = subject.slopes
    if math.isnan(found.low):
        raise Untold("its slope is defined nowhere that was looked at")
    most = max(abs(found.low), abs(found.high))
    sure = all(p.proved for p in subject.shape.bend) and not subject.endless
    if subject.endless and math.isfinite(most) and not within(subject.slope, -most, most, subject.shape.cuts):
        from nonlin.facts.reach import _reach

        far = _reach(subject.slope)
        beyond = max(abs(far.low), abs(far.high))
        if beyond > most * (1 + 1e-9):
            return Told(beyond, num(beyond), COMPUTED, "it oscillates without end; searched out to 1e18")
        return Told(most, num(most), COMPUTED, subject.window)
    return Told(
        most, num(most), surest(math.isfinite(most) and (sure or within(subject.slope, -most, most, subject.shape.cuts)))
    )


def steepest(subject: Subject) -> Told:
    """Where |f'| is largest, if it is anywhere."""
    told, own = lipschitz(subject), subject.slopes
    if not math.isfinite(told.value):
        return Told({"points": [], "intervals": []}, "nowhere", told.how)
    points = [
        x for bound, where in ((own.low, own.low_at), (own.high, own.high_at)) for x in where if _as_steep(bound, told.value)
    ]
    flat = [p for p in subject.shape.bend if p.sign == 0 and not p.undefined]
    spans = joined((outer(p.low, subject.shape.edge), outer(p.high, subject.shape.edge)) for p in flat
                   if _as_steep(at(subject.slope, inside(p)), told.value))  # fmt: skip
    points = sorted(x for x in points if not any(a <= x <= b for a, b in spans))
    texts = [f"all of {interval(a, b)}" for a, b in spans] + [num(x) for x in points]
    text = listed(texts, "nowhere: it is only approached")
    return Told({"points": points, "intervals": [list(s) for s in spans]}, text, told.how, subject.window)


def _as_steep(slope: float, most: float) -> bool:
    return abs(abs(slope) - most) <= 1e-13 * max(1.0, most)


def _settles(subject: Subject, threshold: float, side: int) -> float | None:
    """The point from which on |f'| stays at or below a threshold on one side; None if it does not."""
    pieces = [p for p in subject.trained_bend if not p.undefined]
    root = subject.trained
    last: float | None = None
    for piece in reversed(pieces) if side > 0 else pieces:
        far, near = (piece.high, piece.low) if side > 0 else (piece.low, piece.high)
        # f' is monotone on the piece: it is small there if it is small at both ends
        ends = [
            limit_at(root, 1 if x > 0 else -1) if abs(x) >= END else at(root, x, s) for x, s in ((far, -side), (near, side))
        ]
        if math.isnan(ends[0]) or abs(ends[0]) > threshold:
            return last
        if abs(ends[1]) > threshold:
            return _crossing(root, threshold, near, far, ends[1], ends[0])
        last = near
    return -side * math.inf if pieces else None


def _crossing(root: Expr, threshold: float, near: float, far: float, at_near: float, at_far: float) -> float:
    """The point at which |f'|, which is larger than a threshold at ``near`` and not at ``far``, comes down to it."""

    def above(slope: float) -> float:  # logarithmic, so that a slope that falls like exp is straight
        return math.log(abs(slope) / threshold) if slope else -1e4

    ends = sorted([(near, above(at_near)), (far, above(at_far))])
    (low, at_low), (high, at_high) = ends
    found = crossing(lambda x: above(at(root, x)), low, high, at_low, at_high)
    return found[1] if far > near else found[0]


def saturates(subject: Subject) -> Told:
    """From where on the slope is at most the machine epsilon, for each type."""
    if subject.endless and any(math.isnan(limit_at(subject.trained, s)) for s in (-1, 1)):
        value: dict[str, dict[str, float | None]] = {d: {"left": None, "right": None} for d in DTYPES}
        if all(math.isnan(limit_at(subject.trained, s)) for s in (-1, 1)):
            return Told(value, "no: the slope goes on oscillating", COMPUTED)
        raise Untold("its slope goes on oscillating on one side")
    value = {d: {word: _settles(subject, eps, side) for word, side in SIDES} for d, eps in DTYPES.items()}
    single = value["float32"]
    if single["left"] == math.inf:
        return Told(value, "everywhere", COMPUTED, _pretence(subject))
    texts = [
        f"{'below' if word == 'left' else 'above'} {num(single[word] or 0.0)}"
        for word, _ in SIDES
        if single[word] is not None
    ]
    return Told(value, (" and ".join(texts) + " in float32") if texts else "no", COMPUTED, _pretence(subject))


def dead_zone(subject: Subject) -> Told:
    """The intervals on which the slope that training uses is exactly 0."""
    pieces: Sequence[Piece] = subject.shape.slope
    if subject.pretends:
        from nonlin.facts.shape import signs_between

        pieces = signs_between(subject.trained, subject.trained_bend, subject.shape.cuts)
    edge = subject.shape.edge
    spans = joined((outer(p.low, edge), outer(p.high, edge)) for p in pieces if p.sign == 0 and not p.undefined)
    if spans == [(-math.inf, math.inf)]:
        text = "everywhere"
    else:
        text = listed(
            [
                f"below {num(b)}" if a == -math.inf else f"above {num(a)}" if b == math.inf else interval(a, b)
                for a, b in spans
            ]
        )
    return Told([list(s) for s in spans], text, surest(whole(subject, pieces)), subject.window)
