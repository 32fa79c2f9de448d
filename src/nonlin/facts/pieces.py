"""Facts read off the shape of a function: monotone and convex pieces, zeros, extremes, fixed points, domain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nonlin.expr import Expr, stabilise, var
from nonlin.expr.nodes import ONE, sub
from nonlin.facts import rows
from nonlin.facts.extent import at, joined, jumps, tidy
from nonlin.facts.forms import grouped
from nonlin.facts.reach import reach
from nonlin.facts.shape import END, Piece, signs_between
from nonlin.facts.smooth import analytic
from nonlin.facts.subject import COMPUTED, PROVED, Subject, Told, Untold, interval, num, surest

_LISTED = 6
"""Points or pieces that a text lists; the value has all."""
_NARROW = 1e-12
"""Two brackets so near to each other hold the same zero."""


def outer(x: float, edge: float = math.inf) -> float:
    """Return infinity for the ends of the line."""
    return math.copysign(math.inf, x) if abs(x) >= END and math.isinf(edge) else x


def listed(parts: Sequence[str], none: str = "none") -> str:
    """Join texts, the first few of many."""
    more = f", ... ({len(parts)} in all)" if len(parts) > _LISTED else ""
    return ", ".join(parts[:_LISTED]) + more if parts else none


def whole(subject: Subject, pieces: Sequence[Piece]) -> bool:
    """Whether every piece is proved and nothing lies outside a window."""
    return all(p.proved for p in pieces) and not subject.endless


def runs(pieces: Sequence[Piece], breaks: Sequence[float], edge: float) -> list[tuple[float, float, int]]:
    """Return (low, high, sign) of pieces with neighbours of one sign joined across narrow ones, but not at ``breaks``."""
    made: list[tuple[float, float, int]] = []
    for piece in pieces:
        if piece.sign is None or piece.undefined:
            continue
        low, high = outer(piece.low, edge), outer(piece.high, edge)
        if made:
            before = made[-1]
            gap = low - before[1]
            close = gap <= 1e-8 * max(1.0, abs(low))
            if close and gap > 0:  # a bracket lay between: meet in its middle
                low = tidy(before[1], low)
                made[-1] = before = (before[0], low, before[2])
            if close and before[2] == piece.sign and not any(abs(b - low) <= 1e-12 * max(1.0, abs(b)) for b in breaks):
                made[-1] = (before[0], high, piece.sign)
                continue
        made.append((low, high, piece.sign))
    return made


def domain_spans(subject: Subject) -> list[tuple[float, float]]:
    """Return the intervals on which the function is defined."""
    edge = subject.shape.edge
    return joined((outer(p.low, edge), outer(p.high, edge)) for p in subject.shape.value if not p.undefined)


def domain(subject: Subject) -> Told:
    """Where the function is a real number."""
    spans = domain_spans(subject)
    sure = whole(subject, subject.shape.value) or analytic(subject.root)
    holes = [x for x in subject.cuts if not math.isfinite(at(subject.root, x)) and any(a < x < b for a, b in spans)]
    if spans == [(-math.inf, math.inf)] or (subject.endless and len(spans) == 1):
        text = "all numbers" + (f" but {listed([num(x) for x in holes])}" if holes else "")
        return Told({"spans": [[-math.inf, math.inf]], "holes": holes}, text, surest(not holes and sure))
    return Told({"spans": [list(s) for s in spans], "holes": holes}, " and ".join(interval(*s) for s in spans) or "nowhere")


def value_range(subject: Subject) -> Told:
    """The closed or open range."""
    if subject.definition.kind == "rowwise":
        found = reach(subject.definition)
        return _ranged(*found, surest(rows.proved(subject.root, found)), "of each entry, over rows of two or more")
    own = subject.values
    if math.isnan(own.low):
        raise Untold("the function is defined nowhere that was looked at")
    if not subject.endless:
        sure = subject.bounded_by_proof and all(p.proved for p in subject.shape.slope)
        return _ranged(*own[:4], surest(sure or (subject.bounded_by_proof and own.low_attained and own.high_attained)))
    if subject.bounded_by_proof:
        return _ranged(*own[:4], surest(own.low_attained and own.high_attained))
    far = reach(subject.definition)
    same = [math.isfinite(b) and abs(a - b) <= 1e-8 * max(1.0, abs(b)) for a, b in zip(own[:2], far[:2], strict=True)]
    low, high = (a if s else b for s, a, b in zip(same, own[:2], far[:2], strict=True))
    low_in, high_in = (a if s else b for s, a, b in zip(same, own[2:4], far[2:4], strict=True))
    return _ranged(low, high, low_in, high_in, COMPUTED, "it oscillates without end; searched out to 1e18")


def _ranged(low: float, high: float, low_in: bool, high_in: bool, how: str, note: str = "") -> Told:
    value = {"low": low, "high": high, "low_attained": low_in, "high_attained": high_in}
    return Told(value, interval(low, high, low_in, high_in), how, note)


def bounded(subject: Subject) -> Told:
    """Bounded above, below, both or neither."""
    told = value_range(subject)
    below, above = math.isfinite(told.value["low"]), math.isfinite(told.value["high"])
    word = {(True, True): "both sides", (True, False): "below", (False, True): "above", (False, False): "no"}[below, above]
    return Told({"below": below, "above": above}, word, told.how, told.note)


# -- monotone and convex ------------------------------------------------------------------------------------------------

_RISES = {1: "increasing", -1: "decreasing", 0: "constant"}
_BENDS = {1: "convex", -1: "concave", 0: "linear"}


def value_jumps(subject: Subject) -> list[float]:
    """Return the points at which the function is not continuous."""
    return [j.x for j in jumps(subject.root, subject.cuts)]


def rising_runs(subject: Subject) -> list[tuple[float, float, int]]:
    """Return the monotone pieces, split where the function jumps."""
    return runs(subject.shape.slope, value_jumps(subject), subject.shape.edge)


def monotone_pieces(subject: Subject) -> Told:
    """The intervals on which it rises, falls or stays."""
    found = rising_runs(subject)
    if not found:
        raise Untold("no interval on which its slope has a sign was found")
    value = [{"low": a, "high": b, "is": _RISES[s]} for a, b, s in found]
    text = listed([f"{_RISES[s]} on {interval(a, b)}" for a, b, s in found])
    return Told(value, text, surest(whole(subject, subject.shape.slope)), subject.window)


def monotone(subject: Subject) -> Told:
    """One word for the whole line."""
    found = rising_runs(subject)
    if not found:
        raise Untold("no interval on which its slope has a sign was found")
    signs = {s for _, _, s in found}
    for jump in jumps(subject.root, subject.cuts):
        steps = [b - a for a, b in ((jump.left, jump.at), (jump.at, jump.right)) if not math.isnan(b - a)]
        signs |= {int(math.copysign(1, step)) for step in steps if abs(step) > 1e-12}
        if len(steps) < 2 and not all(math.isfinite(v) for v in (jump.left, jump.right)):
            signs |= {1, -1} if len(signs) == 1 else set()  # a pole: monotone on each side of it only
    proof = whole(subject, subject.shape.slope)
    words = {frozenset({1}): "increasing", frozenset({-1}): "decreasing", frozenset({0}): "constant",
             frozenset({0, 1}): "non-decreasing", frozenset({0, -1}): "non-increasing"}  # fmt: skip
    word = words.get(frozenset(signs), "no")
    if word == "no":  # two points that contradict it are enough
        return Told(
            word, word, surest(all(any(p.proved and p.sign == s for p in subject.shape.slope) for s in (1, -1)) or proof)
        )
    if subject.endless and word != "constant":
        ends = subject.slopes
        told = "increasing" if ends.low >= -1e-12 else "decreasing" if ends.high <= 1e-12 else "no"
        return Told(told, told, COMPUTED, subject.window)
    return Told(word, word, surest(proof))


def _slope_jumps(subject: Subject) -> dict[float, tuple[float, float]]:
    return {j.x: (j.left, j.right) for j in jumps(subject.slope, subject.cuts)}


def convex_pieces(subject: Subject) -> Told:
    """The intervals on which it is convex, concave or linear, split at kinks and jumps."""
    breaks = [*_slope_jumps(subject), *value_jumps(subject)]
    found = runs(subject.shape.bend, breaks, subject.shape.edge)
    spans = domain_spans(subject)
    found = [(a, b, s) for a, b, s in found if any(p <= a and b <= q for p, q in spans) or subject.endless]
    if not found:
        raise Untold("no interval on which its second derivative has a sign was found")
    value = [{"low": a, "high": b, "is": _BENDS[s]} for a, b, s in found]
    text = listed([f"{_BENDS[s]} on {interval(a, b)}" for a, b, s in found])
    return Told(value, text, surest(whole(subject, subject.shape.bend)), subject.window)


def convex(subject: Subject) -> Told:
    """One word for the whole line, kinks included."""
    told = convex_pieces(subject)
    signs = {"convex": 1, "concave": -1, "linear": 0}
    seen = {signs[piece["is"]] for piece in told.value}
    for left, right in _slope_jumps(subject).values():
        if math.isnan(left) or math.isnan(right):
            continue
        seen.add(1 if right > left else -1)
    if value_jumps(subject) or len(domain_spans(subject)) != 1:
        seen |= {1, -1}
    word = {(): "linear", (1,): "convex", (-1,): "concave"}.get(tuple(sorted(seen - {0})), "neither")
    return Told(word, word, told.how, told.note)


def inflections(subject: Subject) -> Told:
    """The points at which it turns from convex to concave or back, with a continuous slope."""
    sharp = {*_slope_jumps(subject), *value_jumps(subject)}
    found = runs(subject.shape.bend, sorted(sharp), subject.shape.edge)
    points = [a for (_, b, s), (a, _, t) in zip(found, found[1:], strict=False) if s * t < 0 and a == b and a not in sharp]
    return Told(points, listed([num(x) for x in points]), surest(whole(subject, subject.shape.bend)), subject.window)


# -- points -------------------------------------------------------------------------------------------------------------


def zero_set(root: Expr, pieces: Sequence[Piece], edge: float) -> tuple[list[float], list[tuple[float, float]]]:
    """Return the isolated zeros of an expression and the intervals on which it is 0."""
    spans = joined((outer(p.low, edge), outer(p.high, edge)) for p in pieces if p.sign == 0 and not p.undefined)
    points: list[float] = []
    walls = sorted({p.low for p in pieces} | {p.high for p in pieces})
    asked = [tidy(p.low, p.high) for p in pieces if p.sign is None and p.narrow and not p.undefined]
    asked += [
        x for x in walls if abs(x) < min(END, edge) and not any(p.sign is None and p.low <= x <= p.high for p in pieces)
    ]
    scale = max([1e-300, *(abs(at(root, x)) for x in (-1.0, 1.0, 0.5) if math.isfinite(at(root, x)))])
    for x in sorted(asked):
        twice = bool(points) and x - points[-1] <= _NARROW * max(1.0, abs(x))
        if not twice and not any(a <= x <= b for a, b in spans) and abs(at(root, x)) <= 1e-12 * min(1.0, scale):
            points.append(x)
    return points, spans


def _all_of(root: Expr, low: float, high: float) -> str:
    """``all of (-inf, 0]``: an end where the expression is 0 too belongs to the interval."""
    ends = [math.isfinite(x) and at(root, x) == 0 for x in (low, high)]
    return f"all of {interval(low, high, *ends)}"


def zeros(subject: Subject) -> Told:
    """Where it is 0."""
    points, spans = zero_set(subject.root, subject.shape.value, subject.shape.edge)
    value = {"points": points, "intervals": [list(s) for s in spans]}
    texts = [_all_of(subject.root, a, b) for a, b in spans] + [num(x) for x in points]
    return Told(value, listed(texts), surest(whole(subject, subject.shape.value)), subject.window)


def fixed_points(subject: Subject) -> Told:
    """Where f(x) = x, and whether repeated application goes there."""
    slope, difference = (stabilise(grouped(sub(f, g))) for f, g in ((subject.slope, ONE), (subject.root, var("x"))))
    falls = signs_between(slope, subject.shape.bend, subject.shape.cuts)
    pieces = signs_between(difference, falls, subject.shape.cuts)
    points, spans = zero_set(difference, pieces, subject.shape.edge)
    told = []
    for x in points:
        steep = [abs(at(subject.slope, x, side)) for side in (-1, 1)]
        pulls = "attracting" if max(steep) < 1 - 1e-12 else "repelling" if min(steep) > 1 + 1e-12 else "neutral"
        told.append({"x": x, "is": pulls, "slope": max(steep)})
    texts = [_all_of(difference, a, b) for a, b in spans] + [f"{num(p['x'])} ({p['is']})" for p in told]  # type: ignore[arg-type]
    value = {"points": told, "intervals": [list(s) for s in spans]}
    return Told(value, listed(texts), surest(whole(subject, pieces)), subject.window)


def _turns(subject: Subject, kind: int) -> list[dict[str, Any]]:
    """Local minima (1) or maxima (-1): points, or intervals on which it is constant and lowest or highest."""
    found = rising_runs(subject)
    sharp = set(value_jumps(subject))
    made: list[dict[str, Any]] = []
    for (_, b, s), (a, _, t) in zip(found, found[1:], strict=False):
        if a == b and a not in sharp and (s, t) == (-kind, kind):
            made.append({"x": a, "y": at(subject.root, a)})
    for n, (a, b, s) in enumerate(found):
        sides = [found[m][2] if 0 <= m < len(found) else kind * (1 if m > n else -1) for m in (n - 1, n + 1)]
        if s == 0 and len(found) > 1 and sides == [-kind, kind] and not {a, b} & sharp:
            inside = max(min(0.0, b), a) if math.isinf(a) or math.isinf(b) else (a + b) / 2
            made.append({"low": a, "high": b, "y": at(subject.root, inside)})
    best = subject.values.low if kind > 0 else subject.values.high
    for turn in made:
        turn["global"] = math.isfinite(best) and abs(turn["y"] - best) <= 1e-12 * max(1.0, abs(best))
    return sorted(made, key=lambda turn: float(turn["x"] if "x" in turn else turn["low"]))


def _where(turn: dict[str, Any]) -> str:
    if "x" in turn:
        return f"at {num(turn['x'])}"
    low, high = turn["low"], turn["high"]
    return f"on {interval(low, high, math.isfinite(low), math.isfinite(high))}"


def _told_turns(subject: Subject, kind: int) -> Told:
    made = _turns(subject, kind)
    texts = [f"{num(m['y'])} {_where(m)}" for m in made]
    return Told(made, listed(texts), surest(whole(subject, subject.shape.slope)), subject.window)


def minima(subject: Subject) -> Told:
    """Local minima."""
    return _told_turns(subject, 1)


def maxima(subject: Subject) -> Told:
    """Local maxima."""
    return _told_turns(subject, -1)


__all__ = ["PROVED", "bounded", "convex", "convex_pieces", "domain", "fixed_points", "inflections", "maxima", "minima",
           "monotone", "monotone_pieces", "value_range", "zeros"]  # fmt: skip
