"""One batch as the training loop has it: arguments of the model, and targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from nonlin.errors import DataError
from nonlin.lint.model.calls import tensors_in

_LABELS = ("labels", "label", "targets", "target", "y")


@dataclass(frozen=True)
class Batch:
    """Positional and keyword arguments of the model, and the targets (None where there are none)."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    targets: Any = None

    def named(self) -> Iterator[tuple[str, Any]]:
        """Yield each input with a name for it."""
        for i, value in enumerate(self.args):
            yield f"input {i}" if len(self.args) > 1 else "input", value
        yield from self.kwargs.items()

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return the tensors among the inputs by name; of a nested input the first."""
        return {name: t for name, value in self.named() if (t := next(tensors_in(value), None)) is not None}

    def on(self, device: torch.device | None) -> Batch:
        """Return the same batch on the device of the model."""
        if device is None:
            return self
        return replace(
            self, args=_moved(self.args, device), kwargs=_moved(self.kwargs, device), targets=_moved(self.targets, device)
        )


def split(batch: Any) -> Batch | None:
    """Return what a user gave as a batch: ``(inputs, targets)``, a tensor, or a dictionary of arguments; None for None.

    Raises:
        DataError: it is none of these, or holds no tensor.

    >>> split((torch.zeros(2, 3), torch.ones(2))).args[0].shape
    torch.Size([2, 3])
    """
    if batch is None:
        return None
    if isinstance(batch, Mapping):
        label = next((batch[name] for name in _LABELS if name in batch), None)
        made = Batch(kwargs={str(k): _tensor(v) for k, v in batch.items()}, targets=label)
    elif isinstance(batch, tuple | list) and len(batch) == 2:
        made = _inputs(batch[0], _tensor(batch[1]))
    elif isinstance(batch, tuple | list):
        raise DataError(
            f"batch has {len(batch)} parts; pass (inputs, targets), with several inputs as a tuple: ((a, b), targets)"
        )
    else:
        made = _inputs(batch, None)
    if next(tensors_in((made.args, made.kwargs)), None) is None:
        raise DataError(f"batch holds no tensor among its inputs, but {type(batch).__name__}; pass batch=(inputs, targets)")
    return made


def _inputs(inputs: Any, targets: Any) -> Batch:
    if isinstance(inputs, Mapping):
        return Batch(kwargs={str(k): _tensor(v) for k, v in inputs.items()}, targets=targets)
    if isinstance(inputs, tuple | list):
        return Batch(args=tuple(_tensor(v) for v in inputs), targets=targets)
    return Batch(args=(_tensor(inputs),), targets=targets)


def _tensor(value: Any) -> Any:
    """Return an array as a tensor; everything else as it is."""
    if type(value).__module__ == "numpy" and hasattr(value, "dtype") and value.dtype.kind in "biuf":
        return torch.as_tensor(value)
    return value


def _moved(value: Any, device: torch.device) -> Any:
    if isinstance(value, torch.Tensor):
        return value if value.device == device else value.to(device)
    if isinstance(value, Mapping):
        return {k: _moved(v, device) for k, v in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_moved(v, device) for v in value)
    return value


def shown_shapes(batch: Batch) -> str:
    """Return the names, shapes and types of the inputs in words."""
    return ", ".join(f"{name} {tuple(t.shape)} {str(t.dtype).removeprefix('torch.')}" for name, t in batch.tensors().items())
