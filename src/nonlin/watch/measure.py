"""Statistics of one tensor of activations, unit by unit, on its own device and without reading a value.

A tensor is thinned to at most about ``ELEMENTS`` numbers by leaving out samples and positions, never units; what is left is
reduced in one pass over memory that the cache holds.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

ELEMENTS = 32768
"""Numbers looked at in one call: below this PyTorch's CPU reductions stay on one thread and in the cache."""
ROWS_AT_LEAST, ROWS_AT_MOST = 8, 64
POSITIONS = 16
"""Positions of one sample that count as effective samples at most: neighbours in a picture or text repeat each other."""

FIRED, MEAN, VARIANCE, SQUARE, FLAT, TOP, BOTTOM = range(7)
"""Rows of the moments: counts of outputs above 0, n times the mean, the variance and the squared mean, counts of inputs where
the function is flat; these five are summed over calls and ranks. The largest output and the largest negated one are maximised."""
SUMMED = 5
ROWS = 7
"""``reduce`` gives raw rows, with sums and squares about a first value that stands in the fourth; ``moments`` makes the others."""


def plain(value: Any) -> Tensor | None:
    """Return what can be measured of an output: a strided floating tensor that holds numbers, else None.

    Tensors that stand for others (in tracing, in ``torch.func`` transforms, in graph capture) are left alone.
    """
    if isinstance(value, tuple | list) and value:
        value = value[0]
    if hasattr(value, "to_local"):
        value = value.to_local()
    if type(value) not in (Tensor, torch.nn.Parameter) or not value.is_floating_point() or value.numel() == 0:
        return None
    if value.layout is not torch.strided or value.is_meta or value.is_nested or value.ndim == 0:
        return None
    if torch._C._functorch.is_functorch_wrapped_tensor(value):
        return None
    if value.is_cuda and torch.cuda.is_current_stream_capturing():
        return None
    found: Tensor = value.detach()
    return found


def thin(x: Tensor, axis: int, shift: int = 0) -> tuple[Tensor, int]:
    """Return some samples and positions of ``x``, all its units, and how many effective samples that are.

    Args:
        x: any shape; ``axis`` holds the units, axis 0 the samples (if it is not the same), the others positions.
        axis: counted from 0.
        shift: which of the samples to begin with, so that steps look at different ones.

    Returns:
        Shape (n, units), contiguous, float32 (float64 if it was), and the number of effective samples.
    """
    if axis == 0:
        x, axis = x.unsqueeze(0), 1
    units = x.shape[axis]
    wanted = max(ROWS_AT_LEAST, ELEMENTS // units)
    rows = min(x.shape[0], wanted, ROWS_AT_MOST)
    every = max(1, x.shape[0] // rows)
    others = [d for d in range(1, x.ndim) if d != axis]
    index: list[slice] = [slice(None)] * x.ndim
    index[0] = slice(shift % every, None, every)
    for d, step in zip(others, _strides([x.shape[d] for d in others], max(1, wanted // rows)), strict=True):
        index[d] = slice(shift % step, None, step)
    kept = x[tuple(index)]
    positions = math.prod(kept.shape[d] for d in others)
    effective = kept.shape[0] * min(POSITIONS, positions)
    kept = kept.movedim(axis, -1).reshape(-1, units)  # units last: reductions over the first axis are the fast ones
    wide = kept.dtype if kept.dtype in (torch.float32, torch.float64) else torch.float32
    return kept.to(wide), effective


def _strides(lengths: list[int], positions: int) -> list[int]:
    """Return a step for each axis of positions so that about ``positions`` of them are left."""
    steps = [1] * len(lengths)
    while lengths and math.prod(math.ceil(n / s) for n, s in zip(lengths, steps, strict=True)) > positions:
        widest = max(range(len(lengths)), key=lambda i: lengths[i] / steps[i])
        steps[widest] *= 2
        if steps[widest] >= 2 * lengths[widest]:
            break
    return [min(s, n) for s, n in zip(steps, lengths, strict=True)]


def reduce(kept: Tensor, fired: bool = True, flat: Tensor | None = None) -> Tensor:
    """Return the raw statistics of thinned outputs of shape (n, units): shape (ROWS, units), on the same device.

    ``flat`` are counts of flat inputs; (units,).
    """
    start = kept[0]
    moved = kept - start  # sums of squares of numbers far from 0 would drown in rounding
    none = torch.zeros_like(start)
    # a comparison written as numbers is summed five times as fast as one of booleans
    on = torch.gt(kept, 0, out=torch.empty_like(kept)).sum(0) if fired else none
    total = moved.sum(0)
    squares = moved.mul_(moved).sum(0)
    flat = none if flat is None else flat
    return torch.stack((on, total, squares, start, flat, kept.amax(0), kept.amin(0).neg_()))


def moments(raw: Any, n: Any) -> Any:
    """Turn raw statistics into ones that can be summed; in place, for tensors and arrays of shape (ROWS, ...) alike."""
    mean = raw[MEAN] / n
    variance = raw[VARIANCE] / n - mean * mean
    variance[variance < 0] = 0
    mean = mean + raw[SQUARE]
    raw[MEAN], raw[VARIANCE], raw[SQUARE] = mean * n, variance * n, mean * mean * n
    return raw


def flat_counts(kept: Tensor, flat: tuple[tuple[float, float], ...]) -> Tensor:
    """Return, unit by unit, how many of the thinned inputs of shape (n, units) lie in the intervals ``flat``."""
    counts = torch.zeros_like(kept[0])
    room = torch.empty_like(kept)
    for low, high in flat:
        if high < math.inf:
            counts += torch.lt(kept, high, out=room).sum(0)
        if low > -math.inf:
            counts += torch.gt(kept, low, out=room).sum(0)
        if low > -math.inf and high < math.inf:
            counts -= len(kept)  # every number lies below the upper end or above the lower one
    return counts


def peaked_rows(rows: Tensor) -> Tensor:
    """Return the statistics of a softmax's outputs (rows, entries) as of a layer with one unit: shape (ROWS, 1).

    A row is flat where the largest derivative, p (1 - p) of its largest probability, is under 5 % of 1/4: above 0.9873.
    """
    peak = rows.amax(-1).reshape(-1, 1)
    return reduce(peak, flat=(peak > PEAK).sum(0).to(peak.dtype))


PEAK = (1 + math.sqrt(1 - 0.05)) / 2


def merge(old: Tensor, new: Tensor) -> Tensor:
    """Add the moments of another call; both (ROWS, units)."""
    new = new.to(old.device, old.dtype, non_blocking=True)
    old[:SUMMED].add_(new[:SUMMED])
    torch.maximum(old[SUMMED:], new[SUMMED:], out=old[SUMMED:])
    return old
