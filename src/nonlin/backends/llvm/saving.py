"""What is kept of a forward pass for the gradient: memory against time, at the user's choice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from nonlin.errors import ParameterError, near

WAYS = {
    "auto": "bits where the function is piecewise linear and large, else the input",
    "input": "the input, from which the derivative is computed anew",
    "derivative": "the derivative, computed in the forward pass",
    "mask": "one or two bits for each element where the function is piecewise linear, else the input",
}
"""Each choice and what it keeps."""
_way: ContextVar[str] = ContextVar("nonlin_saving", default="auto")
way = _way.get
"""What this thread has chosen."""


def checked(saved: object) -> str:
    """Return a choice if it is one of ``WAYS``.

    Raises:
        ParameterError: it is none.
    """
    if not isinstance(saved, str) or saved not in WAYS:
        hint = near(saved, list(WAYS)) if isinstance(saved, str) else ""
        raise ParameterError(f"saved must be one of {', '.join(WAYS)}, not {saved!r}.{hint}")
    return saved


@contextmanager
def saving(saved: str) -> Iterator[None]:
    """Choose what functions called inside keep for their gradient, on PyTorch tensors on the CPU.

    What is kept, in bytes an element in float32, beside what the tensors around a function hold anyway: ``"input"`` 4, and
    nothing if the input is kept for another reason; ``"mask"`` 1/8 for functions of two slopes and 1/4 for three or four,
    the input for all others, and the same gradient to the last bit; ``"auto"``, the default, is ``"mask"`` from 2**18
    elements on and ``"input"`` below; ``"derivative"`` 4, less arithmetic in the backward pass for more in the forward pass,
    within the same error rule, and the gradient cannot be differentiated again (half types keep the input, since a rounded
    derivative would not do).

    Args:
        saved: one of ``auto``, ``input``, ``derivative``, ``mask``.

    Raises:
        ParameterError: ``saved`` is none of them.

    >>> import torch, nonlin
    >>> x = torch.tensor([-1.0, 2.0], requires_grad=True)
    >>> with nonlin.saving("mask"):
    ...     y = nonlin.relu(x)
    >>> y.sum().backward()
    >>> x.grad
    tensor([0., 1.])
    """
    token = _way.set(checked(saved))
    try:
        yield
    finally:
        _way.reset(token)
