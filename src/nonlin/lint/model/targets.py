"""What one batch tells of the targets, and which loss is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from nonlin.errors import DataError
from nonlin.lint.net import Targets

MOST = 1_000_000
"""Targets beyond this many are not kept: the first ones tell enough."""


def facts(targets: Any) -> Targets | None:
    """Return what is known of a batch's targets: range, whether whole, classes, one-hot; None where there are none.

    Args:
        targets: a tensor or array of any shape, a number, or nested lists of numbers; of a tuple or dictionary the only
            tensor in it. None, and collections of several tensors, give None: which of them the loss gets is not known.

    Raises:
        DataError: the targets are text or other things that are not numbers, or there are none.

    >>> found = facts([0, 2, 1, 1])
    >>> found.low, found.high, found.whole, found.classes
    (0.0, 2.0, True, 3)
    """
    array = _array(targets)
    if array is None:
        return None
    if array.size == 0:
        raise DataError(f"the targets of the batch are empty (shape {array.shape}); pass a batch with at least one sample")
    shape = tuple(int(n) for n in array.shape)
    values = array.reshape(-1)[:MOST].astype(np.float64)
    finite = values[np.isfinite(values)]
    whole = bool(len(finite) and np.all(finite == np.round(finite)))
    rows = (
        array.reshape(-1, shape[-1])[: max(1, MOST // shape[-1])].astype(np.float64)
        if len(shape) == 2 and shape[1] > 1
        else None
    )
    binary = rows is not None and bool(np.isin(rows, (0.0, 1.0)).all())
    sums = None if rows is None else rows.sum(axis=1)
    single = binary and bool(np.all(sums == 1.0))
    summed = None if rows is None or sums is None else bool(np.abs(sums - 1.0).max() <= 1e-3 and rows.min() >= 0)
    return Targets(
        low=float(finite.min()) if len(finite) else None,
        high=float(finite.max()) if len(finite) else None,
        whole=whole,
        classes=shape[-1] if single else len(np.unique(finite)) if whole else None,
        shape=shape,
        one_hot=None if rows is None else single,
        multi_hot=None if rows is None else binary and not single,
        rows_sum_to_one=summed,
        samples=shape[0] if shape else 1,
        values=values,
    )


def _array(targets: Any) -> Any:
    if targets is None:
        return None
    if isinstance(targets, Mapping):
        targets = list(targets.values())
        return _array(targets[0]) if len(targets) == 1 else None
    if isinstance(targets, tuple | list) and any(hasattr(t, "shape") for t in targets):
        return _array(targets[0]) if len(targets) == 1 else None
    if isinstance(targets, torch.Tensor):
        if targets.is_meta or targets.is_complex() or targets.layout != torch.strided:
            return None
        targets = targets.detach().to("cpu")
        return targets.double().numpy() if targets.is_floating_point() else targets.numpy()
    try:
        array = np.asarray(targets)
    except ValueError as err:
        raise DataError(f"the targets of the batch are lists of unequal length ({err}); pass a tensor or an array") from err
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"the targets of the batch are {array.dtype.name if array.dtype.kind != 'O' else type(targets).__name__}, not "
            "numbers; pass what the loss gets: class indices, one-hot rows, or values"
        )
    return array
