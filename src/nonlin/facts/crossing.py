"""Where a monotone function changes its sign, in few evaluations, each of which may cost many digits."""

from __future__ import annotations

import math
from collections.abc import Callable

_TURNS = 200


def crossing(
    function: Callable[[float], float], low: float, high: float, at_low: float, at_high: float
) -> tuple[float, float]:
    """Return two neighbouring numbers between which a monotone function changes its sign.

    The secant of the two ends says where; a step beyond it, twice as far as the last guess was off, brackets the place from its
    other side; where both together do not halve the interval, its middle does. That is a dozen evaluations where halving
    alone takes sixty.

    Args:
        function: monotone on (low, high).
        low: the left end.
        high: the right end.
        at_low: what it tends to at the left end, maybe infinite.
        at_high: what it tends to at the right end; of the other sign.

    >>> left, right = crossing(lambda x: x * x - 2, 1.0, 2.0, -1.0, 2.0)
    >>> left < 2**0.5 <= right, right - left < 3e-16
    (True, True)
    """
    rises = at_low < at_high

    def take(x: float) -> None:
        nonlocal low, high, at_low, at_high
        value = function(x)
        if (value < 0) == rises:
            low, at_low = x, value
        else:
            high, at_high = x, value

    last = math.nan
    for _ in range(_TURNS):
        width = high - low
        if width > 4 * max(1.0, min(abs(low), abs(high))):  # a long way is halved by orders of magnitude
            take(_between(low, high))
            continue
        if (middle := low + width / 2) in (low, high):
            break
        guess = low - at_low * (width / (at_high - at_low)) if at_high != at_low else middle
        if low < guess < high:
            take(guess)
            off = abs(guess - last) if last == last else width / 16
            step = max(2 * off * off / max(width, off), 4 * math.ulp(guess))
            beyond = guess + step if low == guess else guess - step
            if low < beyond < high:
                take(beyond)
            last = guess
        if high - low > width / 2 and low < (middle := low + (high - low) / 2) < high:
            take(middle)
    return low, high


def _between(low: float, high: float) -> float:
    """The middle on the scale of log(1 + |x|)."""
    ends = [math.copysign(math.log1p(abs(x)), x) for x in (low, high)]
    middle = (ends[0] + ends[1]) / 2
    return math.copysign(math.expm1(abs(middle)), middle)


__all__ = ["crossing"]
