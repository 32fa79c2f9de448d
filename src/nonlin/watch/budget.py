"""How often to look: the interval between sampled steps that keeps the cost of watching within its share of the step time."""

from __future__ import annotations

import math
import statistics
import time
from collections import deque

from nonlin.errors import ParameterError

FULL = 0.7
"""Share of the budget that is planned for: what is measured inside the hooks is not all that they cost."""
LONGEST = 2000
"""Steps between two samples at most."""
WARM_UP = 2
"""Sampled steps that are not measured: they learn the model and allocate."""


class Budget:
    """Turns measured times into the number of steps until the next sample.

    Args:
        share: the part of the step time that watching may cost, above 0 and below 1.
        every: a fixed interval instead, in steps.
    """

    def __init__(self, share: float = 0.01, every: int | None = None) -> None:
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            raise ParameterError(
                f"budget is the share of the step time that watching may cost, between 0 and 1 such as 0.01, not {share!r}"
            )
        if every is not None and (isinstance(every, bool) or not isinstance(every, int) or every < 1):
            raise ParameterError(f"every is the number of steps from one sample to the next, at least 1, not {every!r}")
        self.share, self.every = float(share), every
        self.samples = 0
        self.spent = 0.0
        self._costs: deque[float] = deque(maxlen=9)
        self._plain: deque[float] = deque(maxlen=101)
        self._sampled: deque[float] = deque(maxlen=9)
        self._open = 0.0
        self._last: float | None = None

    def add(self, seconds: float) -> None:
        """Count time spent by watching."""
        self.spent += seconds
        self._open += seconds

    def step(self, sampled: bool) -> float:
        """A step has ended; return the seconds since the last one ended."""
        now = time.perf_counter()
        took = 0.0 if self._last is None else now - self._last
        self._last = now
        if took and not sampled:
            self._plain.append(took)
        elif took and self.samples >= WARM_UP:
            self._sampled.append(took)
        return took

    def sample(self) -> None:
        """A sampled step has been evaluated: its cost is everything spent since the one before."""
        self.samples += 1
        if self.samples > WARM_UP:
            self._costs.append(self._open)
        self._open = 0.0

    @property
    def step_time(self) -> float:
        """Median seconds of a step that is not sampled; 0 while unknown."""
        if self._plain:
            return statistics.median(self._plain)
        rest = [max(0.0, s - c) for s, c in zip(self._sampled, self._costs, strict=False)]
        return statistics.median(rest) if rest else 0.0

    @property
    def cost(self) -> float:
        """Median seconds a sampled step costs; 0 while unknown.

        What is measured inside the hooks leaves out how PyTorch calls them, which shows in whole steps; those are noisy, so
        they may at most double it.
        """
        if not self._costs:
            return 0.0
        inside = statistics.median(self._costs)
        if len(self._sampled) < 3 or not self._plain:
            return inside
        whole = statistics.median(self._sampled) - statistics.median(self._plain)
        return min(max(inside, whole), 2 * inside)

    @property
    def interval(self) -> int:
        """Steps from one sample to the next that keep to the budget, as far as times are known yet."""
        if self.every is not None:
            return self.every
        if not self.cost or not self.step_time:
            return max(1, self.samples)
        return min(LONGEST, max(1, math.ceil(self.cost / (FULL * self.share * self.step_time))))

    def next(self) -> int:
        """Return the steps until the next sample: the first few samples come sooner, at doubling distances."""
        if self.every is not None:
            return self.every
        return min(self.interval, 1 << min(self.samples, 20))

    @property
    def overhead(self) -> float:
        """What watching costs as a share of the step time, at the interval in force; 0 while unknown."""
        return self.cost / (self.interval * self.step_time) if self.step_time else 0.0
