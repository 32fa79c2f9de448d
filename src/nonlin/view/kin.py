"""Which functions a page sends its reader on to: those of the same paper, and those of nearly the same shape."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from nonlin.catalogue import Definition, definitions
from nonlin.view.sampling import values

CLOSE = 0.9
"""The least correlation of two functions that are called alike."""
_NODES = 400  # quantiles of the normal distribution: correlations are good to three digits, which is what is shown


def same_reference(definition: Definition) -> list[str]:
    """Return the names of the other functions that cite the same publication, in the catalogue's order.

    >>> same_reference(definitions()["acon_b"])
    ['acon_c', 'meta_acon']
    """
    if not definition.cite:
        return []
    return [d.name for d in definitions().values() if d.cite == definition.cite and d.name != definition.name]


@lru_cache(maxsize=1)
def _shapes() -> tuple[tuple[str, ...], np.ndarray[Any, np.dtype[np.float64]]]:
    """The elementwise functions and, a row each, their values at equally likely inputs, of mean 0 and length 1."""
    normal = NormalDist()
    z = np.array([normal.inv_cdf((i + 0.5) / _NODES) for i in range(_NODES)])
    names, rows = [], []
    for made in definitions().values():
        if made.kind == "elementwise":
            with np.errstate(all="ignore"):
                y = values(made, z)
                y = y - y.mean()
                length = float(np.linalg.norm(y))
            if np.isfinite(length) and length > 1e-9:
                names.append(made.name)
                rows.append(y / length)
    return tuple(names), np.array(rows)


def alike(definition: Definition, most: int = 5, leave_out: Sequence[str] = ()) -> list[tuple[str, float]]:
    """Return the elementwise functions nearest in shape, and the correlation of the outputs with this one's.

    The correlation is that of f(z) and g(z) for one standard normal z, so that scale and offset do not count; 1 is the same
    shape, and only functions at or above :data:`CLOSE` are named. A mirrored shape, -f, is not alike.

    Args:
        definition: the function; one that is not elementwise is like none.
        most: how many to return.
        leave_out: names not to return.

    >>> alike(definitions()["silu"])[0][1] > 0.999
    True
    """
    names, rows = _shapes()
    if definition.name not in names:
        return []
    mine = names.index(definition.name)
    near = rows @ rows[mine]
    order = [i for i in np.argsort(-near, kind="stable") if i != mine and near[i] >= CLOSE and names[i] not in leave_out]
    return [(names[i], float(near[i])) for i in order[:most]]
