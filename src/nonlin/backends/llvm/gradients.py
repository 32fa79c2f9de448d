"""The gradient that arrives times each derivative a call needs, by one kernel; of a parameter, added up in the same pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from nonlin.backends.kernel import guarded
from nonlin.backends.llvm.loops import STORAGES
from nonlin.backends.llvm.sums import BLOCK, LINE, SLOTS, Summing, summing
from nonlin.backends.llvm.tensors import ARRIVING, STORED, Layout, layout, numbers_of
from nonlin.expr import Expr, var
from nonlin.expr.nodes import mul


def added(roots: tuple[Expr, ...], places: tuple[int, ...], names: tuple[str, ...], tensors: Sequence[Tensor], order: int) -> (
        list[Tensor] | None):  # fmt: skip
    """Return the products of the last tensor with each root, in the shapes of the tensors they belong to.

    None where no tensor is a parameter whose products are added up, or where there is no kernel for them.

    Args:
        roots: expressions, derivatives of that order, in ``names``.
        places: of each root, the place of the tensor it is the derivative by.
        names: of the tensors, ``x`` first, without the gradient.
        tensors: those that ``names`` tell, of a usable kind, and the gradient that arrives, as large as x.
        order: of the derivatives.
    """
    x = tensors[0]
    at = layout(tensors)
    modes = {i: "row" if at and i in at.scalars else "column" for i in places if tensors[i].shape != x.shape}
    if at is None or not modes or not at.n:
        return None
    by_place = dict(zip(places, roots, strict=True))
    ordered = tuple(by_place[i] for i in (*(i for i in places if i not in modes), *modes))
    known = (*names, ARRIVING)
    arrays, scalars = tuple([known[i] for i in at.arrays]), tuple([known[i] for i in at.scalars])
    made = _prepared(ordered, arrays, scalars, STORED[x.dtype], tuple(modes.values()), order)
    if made is None:
        return None
    whole = {
        i: torch.empty_like(x) if at.like or x.is_contiguous() else x.new_empty(x.shape) for i in places if i not in modes
    }
    sums = _run(made, at, tensors, list(whole.values()))
    summed = {i: _total(s, mode, at, tensors[i]) for s, (i, mode) in zip(sums, modes.items(), strict=True)}
    return [whole[i] if i in whole else summed[i] for i in places]


@lru_cache(maxsize=4096)
def _prepared(
    roots: tuple[Expr, ...],
    arrays: tuple[str, ...],
    scalars: tuple[str, ...],
    storage: str,
    modes: tuple[str, ...],
    order: int,
) -> Summing | None:
    """The kernel of derivatives of that order, each repaired and multiplied by the gradient that arrives."""
    lane = STORAGES[storage].lane
    outputs = tuple(mul(var(ARRIVING), guarded(root, lane, order=order)) for root in roots)
    return summing(outputs, arrays, scalars, storage, modes, careful=order >= 2)


def _run(made: Summing, at: Layout, tensors: Sequence[Tensor], whole: list[Tensor]) -> list[Tensor]:
    """Compute the products, into the tensors of those that are kept whole; return the sums of the others."""
    lane = torch.float64 if made.lane == "float64" else torch.float32
    numbers = numbers_of(tensors, at)
    address = 0 if numbers is None else numbers.data_ptr()
    size = tensors[0].element_size()
    single = at.rows == 1 and "column" not in made.modes
    rows, n, rest = (at.n // LINE, LINE, at.n % LINE) if single else (at.rows, at.n, 0)
    shapes = {"row": (rows + (rest > 0), SLOTS), "column": (-(-rows // BLOCK), -(-n // SLOTS) * SLOTS)}
    sums = [torch.zeros(shapes[mode], dtype=lane) for mode in made.modes]
    steps = [LINE] * len(at.arrays) if single else at.steps
    sides = [(tensors[i].data_ptr(), step) for i, step in zip(at.arrays, steps, strict=True)]
    sides += [(w.data_ptr(), n) for w in whole]
    ends = [(s.data_ptr(), s.shape[1]) for s in sums]
    if rows:
        made.rows(rows, n, address, at.period, *sides, *ends)
    if rest:
        moved = [(a + rows * LINE * size, step) for a, step in sides]
        made.rows(1, rest, address, 1, *moved, *((a + rows * step * made.wide, step) for a, step in ends))
    return [s[:, :n] if mode == "column" else s for s, mode in zip(sums, made.modes, strict=True)]


def _total(sums: Tensor, mode: str, at: Layout, like: Tensor) -> Tensor:
    """The sums of a parameter, added up."""
    if mode == "column":
        total = sums.sum(0, dtype=torch.float64)
    elif like.numel() == 1:
        total = sums.sum(dtype=torch.float64)
        if not like.dim():
            return total.to(like.dtype)
    else:
        total = sums.reshape(-1, at.period, SLOTS).sum((0, 2), dtype=torch.float64)
    return total.to(like.dtype).reshape(like.shape)
