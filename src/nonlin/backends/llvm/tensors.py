"""Kernels on PyTorch's CPU tensors: which tensors may go through them, and how each is seen as rows in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nonlin.backends.llvm import calls
from nonlin.expr import Expr

STORED = {torch.float32: "float32", torch.float64: "float64", torch.bfloat16: "bfloat16", torch.float16: "float16"}
stored = torch._C._has_storage
"""Whether there are numbers behind a tensor: not so in ``torch.func``'s transforms and in batched gradients."""
SHORT, MANY = 16, 4096
"""Rows shorter than the first leave vectors mostly empty: the plain path is faster for tensors larger than the second."""
PLAIN = (Tensor, torch.nn.Parameter)
ARRIVING = "·gradient"
"""Name of the gradient that arrives: no parameter can have it, for no name begins with a dot."""


class Layout(NamedTuple):
    """How tensors that belong to one call lie in memory."""

    arrays: tuple[int, ...]
    """Places of the tensors read element by element, x first."""
    scalars: tuple[int, ...]
    """Places of those that are one number a row."""
    rows: int
    n: int
    steps: tuple[int, ...]
    """Of each array, from row to row."""
    period: int
    """Rows after which the numbers begin anew."""
    like: bool
    """Whether the result lies in memory as x does; else it is contiguous."""


def _watched() -> bool:
    """Whether something records operations, which would not see a kernel: a tracer, or a mode such as a fake tensor's."""
    return torch._C._get_tracing_state() is not None or torch._C._len_torch_dispatch_stack() > 0


def usable(tensors: Sequence[Tensor]) -> bool:
    """Whether kernels can read these tensors: plain ones on the CPU, of one of the types they know, nobody watching."""
    if tensors[0].dtype not in STORED or not calls.enabled() or _watched():
        return False
    for t in tensors:  # noqa: SIM110  # half the time of all()
        if not (type(t) in PLAIN and t.is_cpu and t.layout is torch.strided and not t.is_neg() and stored(t)):
            return False
    return True


_known: dict[tuple[Any, ...], Layout | None] = {}
MOST_KNOWN = 4096


def layout(tensors: Sequence[Tensor]) -> Layout | None:
    """Return how the tensors are seen as rows, or None where they do not fit: the plain path broadcasts anything."""
    key = tuple([(t.shape, t.stride(), t.dtype) for t in tensors])  # all that the answer depends on
    if key not in _known:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[key] = _layout(tensors)
    return _known[key]


def _layout(tensors: Sequence[Tensor]) -> Layout | None:
    x = tensors[0]
    if len(tensors) == 1:
        if x.is_contiguous() or torch.empty_like(x).stride() == x.stride():
            return Layout((0,), (), 1, x.numel(), (0,), 1, True)
    elif not x.is_contiguous() and all(
        t.shape == x.shape and t.stride() == x.stride() for t in (*tensors, torch.empty_like(x))
    ):
        places = tuple(range(len(tensors)))
        return Layout(places, (), 1, x.numel(), (0,) * len(places), 1, True)
    return _whole(tensors) or _in_rows(tensors)


def _whole(tensors: Sequence[Tensor]) -> Layout | None:
    """The most common layout of several: like x and without gaps, or one number."""
    x, full, numbers = tensors[0], [], []
    for i, t in enumerate(tensors):
        if t.shape == x.shape:
            if t.dtype is not x.dtype or not t.is_contiguous():
                return None
            full.append(i)
        elif t.numel() == 1 and t.dim() <= x.dim():
            numbers.append(i)
        else:
            return None
    return Layout(tuple(full), tuple(numbers), 1, x.numel(), (0,) * len(full), 1, True)


def _in_rows(tensors: Sequence[Tensor]) -> Layout | None:
    """Rows along the last axes of x: parameters of a channel are one number a row, those of the last axis one row for all."""
    x = tensors[0]
    full = [i for i, t in enumerate(tensors) if t.shape == x.shape]
    rest = [i for i, t in enumerate(tensors) if t.shape != x.shape]
    wide = [i for i in rest if tensors[i].numel() > 1]
    along = [i for i in wide if _is_row(tensors[i], x)]
    if any(tensors[i].dtype != x.dtype for i in (*full, *along)):
        return None
    axis, period = None, 1  # the axes from ``axis`` on make a row
    if along:
        axis = x.dim() - 1
        if len(along) < len(wide):
            return None
    elif wide:
        places = {_channel(tensors[i], x) for i in wide}
        place = places.pop()
        if places or place is None or not all(tensors[i].is_contiguous() for i in full):
            return None
        axis, period = place + 1, x.shape[place]
    elif not all(tensors[i].is_contiguous() for i in full):
        axis = x.dim() - 1
    numbers = tuple(i for i in rest if i not in along)
    if axis is None:
        return Layout(tuple(full), numbers, 1, x.numel(), (0,) * len(full), 1, False)
    n = x.shape[axis:].numel()
    if axis < 0 or not n or (n < SHORT and x.numel() > MANY):
        return None
    steps = [_step(tensors[i], axis, n) for i in full]
    if None in steps:
        return None
    found = (*(s for s in steps if s is not None), *[0] * len(along))
    return Layout((*full, *along), numbers, x.numel() // n, n, found, period, False)


def _is_row(t: Tensor, x: Tensor) -> bool:
    """Whether a parameter is a vector along the last axis of x."""
    return t.numel() == x.shape[-1] and t.shape[-1:] == x.shape[-1:] and t.is_contiguous()


def _channel(t: Tensor, x: Tensor) -> int | None:
    """The one axis of x along which a parameter varies; None if it does along several."""
    offset = x.dim() - t.dim()
    if offset < 0:
        return None
    places = [i + offset for i, size in enumerate(t.shape) if size > 1]
    return places[0] if len(places) == 1 and t.numel() == x.shape[places[0]] else None


def _step(t: Tensor, axis: int, n: int) -> int | None:
    """Elements from row to row, where the axes from ``axis`` on make a row without gaps; None if rows are not evenly spaced."""
    expected = 1
    for size, stride in zip(reversed(t.shape[axis:]), reversed(t.stride()[axis:]), strict=True):
        if size != 1 and stride != expected:
            return None
        expected *= size
    step = None
    for size, stride in zip(reversed(t.shape[:axis]), reversed(t.stride()[:axis]), strict=True):
        if size == 1:
            continue
        if step is None:
            step, expected = stride, stride * size
        elif stride != expected:
            return None
        else:
            expected *= size
    return n if step is None else step


def numbers_of(tensors: Sequence[Tensor], at: Layout) -> Tensor | None:
    """The numbers of each row of a period, as the lane holds them."""
    if not at.scalars:
        return None
    wide = torch.float64 if tensors[0].dtype == torch.float64 else torch.float32
    if len(at.scalars) == 1 and at.period == 1 and tensors[at.scalars[0]].dtype is wide:
        return tensors[at.scalars[0]]  # a single number lies in memory as it is wanted
    columns = [tensors[i].detach().reshape(-1).to(wide).expand(at.period) for i in at.scalars]
    return torch.stack(columns, dim=1).contiguous() if len(columns) > 1 or at.period > 1 else columns[0].contiguous()


def _spread(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Copies without gaps, each as large as x; none where x itself would have to grow or a type would change.

    A copy costs less than the plain path, and bits do not depend on how a tensor lies in memory.
    """
    x = tensors[0]
    if any(t.dtype != x.dtype for t in tensors) or torch.broadcast_shapes(*(t.shape for t in tensors)) != x.shape:
        return []
    return [t.detach().expand(x.shape).contiguous() for t in tensors]


def compute(
    roots: tuple[Expr, ...], names: tuple[str, ...], tensors: Sequence[Tensor], order: int, factor: bool = False
) -> list[Tensor] | None:
    """Return each root at tensors that are ``usable``, or None where there is no kernel for them.

    Args:
        roots: expressions, derivatives of that order, in ``names``.
        names: of the tensors, ``x`` first.
        tensors: of which the first gives the shape and type of the results.
        order: of the derivatives that the roots are.
        factor: whether the last tensor multiplies every root.
    """
    x = tensors[0]
    tensors = [
        x,
        *(t.as_strided((), ()) if t.dim() and not any(t.stride()) else t for t in tensors[1:]),
    ]  # one number, expanded
    at = layout(tensors)
    if at is None:
        tensors = _spread(tensors)
        if not tensors:
            return None
        x, at = tensors[0], Layout(tuple(range(len(tensors))), (), 1, x.numel(), (0,) * len(tensors), 1, False)
    made = calls.prepared(
        roots,
        tuple(names[i] for i in at.arrays),
        tuple(names[i] for i in at.scalars),
        STORED[x.dtype],
        order,
        names[-1] if factor else "",
    )
    if made is None:
        return None
    results = [torch.empty_like(x) if at.like or x.is_contiguous() else x.new_empty(x.shape) for _ in roots]
    numbers = numbers_of(tensors, at)
    address = 0 if numbers is None else numbers.data_ptr()
    inputs = [tensors[i].data_ptr() for i in at.arrays]
    outputs = [r.data_ptr() for r in results]
    if at.rows == 1:
        made.flat(at.n, address, *inputs, *outputs)
    else:
        sides: list[tuple[int, int]] = [*zip(inputs, at.steps, strict=True), *((a, at.n) for a in outputs)]
        made.rows(at.rows, at.n, address, at.period, *sides)
    return results
