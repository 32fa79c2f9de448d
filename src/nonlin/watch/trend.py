"""The loss as a course: whether it falls, stands, swings or runs away. Bounded memory, robust to the noise of batches."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

FIRST, RECENT = 10, 20
"""Losses whose median is called the first, and the recent loss."""
CHECK = 100
"""Losses after which progress can be judged (TheDeepChecker and SageMaker Debugger judge after 5 to 10 periods)."""
PROGRESS = 0.9
"""The recent loss is below this share of the first: there is progress (W7 of the published rules: SMD, TheDeepChecker)."""
KEPT = 600
SWING = 0.05
"""Share of the loss from which its swing can be an oscillation: a full-batch loss that stands still swings by its rounding."""
BLOCKS = 256


class Trend:
    """The losses of a training, step by step."""

    def __init__(self) -> None:
        self.count = 0
        self.start: list[float] = []
        self.recent: deque[float] = deque(maxlen=KEPT)
        self.blocks: list[float] = []
        """Means of equally long stretches of the whole course; the stretch doubles when there are too many."""
        self.stretch = 1
        self._open: list[float] = []
        self.best = math.inf
        """Least median of ten losses in a row."""

    def add(self, loss: float) -> None:
        """Add the loss of a step; values that are not finite are counted, but not kept."""
        self.count += 1
        if not math.isfinite(loss):
            return
        if len(self.start) < FIRST:
            self.start.append(loss)
        self.recent.append(loss)
        if len(self.recent) >= FIRST and self.count % 5 == 0:
            self.best = min(self.best, statistics.median(list(self.recent)[-FIRST:]))
        self._open.append(loss)
        if len(self._open) >= self.stretch:
            self.blocks.append(math.fsum(self._open) / len(self._open))
            self._open = []
        if len(self.blocks) >= BLOCKS:
            self.blocks = [(a + b) / 2 for a, b in zip(self.blocks[::2], self.blocks[1::2], strict=True)]
            self.stretch *= 2

    @property
    def first(self) -> float:
        """Median of the first losses; NaN before there are any."""
        return statistics.median(self.start) if self.start else math.nan

    @property
    def now(self) -> float:
        """Median of the recent losses; NaN before there are any."""
        return statistics.median(list(self.recent)[-RECENT:]) if self.recent else math.nan

    @property
    def progress(self) -> bool | None:
        """Whether the loss has fallen by a tenth of its first value; None while that is too early to say."""
        if self.count < CHECK or len(self.recent) < RECENT:
            return None
        return self.first - self.now > (1 - PROGRESS) * abs(self.first)

    def plateau(self, window: int) -> float | None:
        """Return by which share of the first loss the last ``window`` losses fell; None while there are fewer."""
        last = list(self.recent)[-window:]
        if len(last) < window or not self.first:
            return None
        third = window // 3
        return (statistics.median(last[:third]) - statistics.median(last[-third:])) / abs(self.first)

    def steady(self, window: int) -> float | None:
        """Return the median of the last ``window`` losses if they stand still, else None.

        They stand still if the medians of the window's halves differ by at most a tenth of its middle range, or by 0.5 %.
        """
        last = list(self.recent)[-window:]
        if len(last) < window:
            return None
        halves = [statistics.median(part) for part in (last[: window // 2], last[window // 2 :])]
        middle = statistics.quantiles(last, n=4)
        close = max(0.1 * (middle[2] - middle[0]), 0.005 * abs(middle[1]))
        return middle[1] if abs(halves[0] - halves[1]) <= close else None

    def diverging(self) -> float | None:
        """Return the recent loss over the best so far, if losses are positive and have risen for two stretches of ten."""
        if len(self.recent) < 3 * FIRST or min(self.recent) <= 0 or not 0 < self.best < math.inf:
            return None
        last = list(self.recent)[-3 * FIRST :]
        levels = [statistics.median(last[i : i + FIRST]) for i in range(0, 3 * FIRST, FIRST)]
        return levels[2] / self.best if levels[0] < levels[1] < levels[2] or levels[0] > 10 * self.best else None

    def swinging(self, window: int = 50, growth: float = 1.6) -> float | None:
        """Return the growth of the swing of the loss over three windows in a row, if it grew twice by ``growth`` or more.

        The swing is the range without the outer tenths, of the loss less its own slow course; one below a twentieth of the loss
        is no oscillation, however fast it grew.
        """
        last = list(self.recent)[-3 * window :]
        if len(last) < 3 * window:
            return None
        swings = [_swing(last[i : i + window]) for i in range(0, 3 * window, window)]
        if swings[0] <= 0 or any(b < growth * a for a, b in pairwise(swings)):
            return None
        if swings[2] < SWING * abs(statistics.median(last[-window:])):
            return None
        return swings[2] / swings[0]


def _swing(values: Sequence[float]) -> float:
    half = len(values) // 2
    slope = (statistics.fmean(values[half:]) - statistics.fmean(values[:half])) / half
    flat = sorted(v - slope * i for i, v in enumerate(values))
    tenth = len(flat) // 10
    return flat[-1 - tenth] - flat[tenth]
