"""What a comparison of an implementation with exact arithmetic found."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Side:
    """One implementation of one derivative on all points: its worst error, and the results it lost.

    Attributes:
        ulps: the worst error in units in the last place, beyond what the rounding of the input explains.
        at: where (for a function of a row, its first entry).
        got: its result there.
        lost: how many results are NaN, or infinite where the exact one is far from it.
        lost_at: the first such input.
        missing: why there is nothing to measure; empty otherwise.
    """

    ulps: float = 0.0
    at: float = math.nan
    got: float = math.nan
    lost: int = 0
    lost_at: float = math.nan
    missing: str = ""


@dataclass(frozen=True)
class Limit:
    """What is given at an infinite input: the exact limit, theirs and ours."""

    at: float
    order: int
    exact: float
    theirs: float
    ours: float

    @property
    def theirs_wrong(self) -> bool:
        """Whether theirs is not the limit."""
        return not alike(self.theirs, self.exact)


@dataclass(frozen=True)
class Corner:
    """A kink where the two conventions differ: each derivative lies between those of both sides."""

    at: float
    order: int
    theirs: float
    ours: float


@dataclass(frozen=True)
class Check:
    """One implementation of one function in one type, beside ours.

    Attributes:
        function: our name of it, with the parameter values compared.
        name: what was called.
        source: the library and its version, or the module it was imported from.
        dtype: the floating type.
        points: how many inputs were compared.
        theirs: value, first and second derivative.
        ours: the same for nonlin.
        limits: at both infinities, where there is a limit.
        corners: kinks at which the conventions differ.
        faults: what is known to be wrong with it.
    """

    function: str
    name: str
    source: str
    dtype: str
    points: int
    theirs: tuple[Side, ...]
    ours: tuple[Side, ...]
    limits: tuple[Limit, ...] = ()
    corners: tuple[Corner, ...] = ()
    faults: tuple[str, ...] = ()


def described(check: Check) -> dict[str, Any]:
    """Return a check as plain data for JSON: NaN is None, infinities are text."""
    made: dict[str, Any] = _plain(asdict(check))
    return {**made, "better": better(check)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def alike(a: float, b: float) -> bool:
    """Whether a result at infinity is the limit, up to a few roundings; 0 must be 0."""
    return a == b or (math.isfinite(b) and math.isclose(a, b, rel_tol=1e-2 if b else 0.0))


def better(check: Check) -> list[str]:
    """Return for each order who is better: theirs, ours, or same (both within 1 ulp, or within a tenth of each other)."""
    verdicts = []
    for theirs, ours in zip(check.theirs, check.ours, strict=True):
        if theirs.missing or ours.missing:
            both = theirs.missing and ours.missing
            verdicts.append("same" if both else "ours" if theirs.missing else "theirs")
        elif bool(theirs.lost) != bool(ours.lost):
            verdicts.append("ours" if theirs.lost else "theirs")
        elif max(theirs.ulps, ours.ulps) <= 1 or math.isclose(theirs.ulps, ours.ulps, rel_tol=0.1):
            verdicts.append("same")
        else:
            verdicts.append("ours" if ours.ulps < theirs.ulps else "theirs")
    return verdicts
