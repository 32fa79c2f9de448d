"""What a person gives to be diagnosed: a model, data in any usual form, a loss and an optimiser, made into one thing to train."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nonlin.diagnose.losses import Objective, objective, tell_loss
from nonlin.errors import DataError, ModelError, ParameterError
from nonlin.lint.model.batches import Batch, split

__all__ = ["Data", "Problem", "pose"]

ROWS = 512
"""Rows that lint sees at most: enough for a class of 1 % to be there in all but 0.6 % of cases."""


@dataclass(frozen=True)
class Data:
    """Batches for training: of arrays in memory, of a data set, or whatever an iterable gives."""

    what: str
    """In words: ``500 rows in memory, batches of 64``."""
    sample: Batch
    """The first rows, as lint is given them."""
    batches: Callable[[int], Iterator[Batch]]
    """Seed -> batches without end; ends only where a one-shot iterable is exhausted."""


@dataclass(frozen=True)
class Problem:
    """A model and all it needs to be trained for a while."""

    model: nn.Module
    data: Data
    loss: Objective
    optimizer: torch.optim.Optimizer
    how: str
    """The optimiser in words: ``Adam, learning rate 0.001 (none was given)``."""
    name: str

    @property
    def device(self) -> torch.device | None:
        """Where the model's parameters are."""
        return next((p.device for p in self.model.parameters()), None)


def read_data(given: Any, batch_size: int = 64) -> Data:
    """Return batches of whatever holds inputs and targets.

    Args:
        given: ``(inputs, targets)`` as tensors or arrays with a row a sample; a ``torch.utils.data.Dataset`` or ``DataLoader``; or
            an iterable of batches. Inputs may be a tuple of arguments or a dictionary of keyword arguments.
        batch_size: of arrays and data sets; loaders and iterables have their own.

    Raises:
        DataError: it is none of these, has no rows, or inputs and targets differ in length.
    """
    if batch_size < 1:
        raise ParameterError(f"batch_size must be at least 1, not {batch_size}")
    if isinstance(given, tuple | list) and len(given) == 2 and _rows(given[0]) is not None and _rows(given[1]) is not None:
        return _in_memory(given, batch_size)
    if isinstance(given, Mapping) and _rows(given) is not None:
        return _in_memory(given, batch_size)
    if isinstance(given, torch.utils.data.Dataset) and not isinstance(given, torch.utils.data.IterableDataset):
        return _data_set(given, batch_size)
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Tensor):
        return _iterable(given)
    raise DataError(
        f"data is {type(given).__name__}; give (inputs, targets) as tensors or arrays, a Dataset, a DataLoader, "
        "or an iterable of such batches"
    )


def _rows(value: Any) -> int | None:
    """Return how many rows arrays have, or None for what is no array."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        counts = {_rows(v) for v in value}
        return counts.pop() if len(counts) == 1 and value else None
    shape = getattr(value, "shape", None)
    return int(shape[0]) if shape is not None and len(shape) and hasattr(value, "dtype") else None


def _take(value: Any, rows: Any) -> Any:
    """Return some rows of arrays; what is no array stays."""
    if isinstance(value, Mapping):
        return {k: _take(v, rows) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_take(v, rows) for v in value)
    if isinstance(value, Tensor):
        return value[rows if isinstance(rows, slice) else rows.to(value.device)]
    return value[rows if isinstance(rows, slice) else rows.numpy()] if hasattr(value, "shape") else value


def _batch(value: Any) -> Batch:
    found = split(value)
    if found is None:
        raise DataError("a batch is None; give (inputs, targets)")
    if found.targets is None:
        raise DataError(
            "a batch has no targets; give (inputs, targets): what the network is to answer is half of a diagnosis"
        )
    return found


def _in_memory(given: Any, batch_size: int) -> Data:
    n = _rows(given) if isinstance(given, Mapping) else _rows(given[0])
    if not isinstance(given, Mapping) and _rows(given[1]) != n:
        raise DataError(f"there are {n} rows of inputs but {_rows(given[1])} of targets; each sample needs one of both")
    if not n:
        raise DataError("data has no rows; give at least one sample")

    def batches(seed: int) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(seed)
        while True:
            for rows in torch.randperm(n, generator=generator).split(batch_size):
                if len(rows) > 1 or n == 1:  # a single row left over would break batch normalisation
                    yield _batch(_take(given, rows))

    return Data(f"{n} rows in memory, batches of {min(n, batch_size)}", _batch(_take(given, slice(0, ROWS))), batches)


def _data_set(given: Any, batch_size: int) -> Data:
    if not len(given):
        raise DataError("the data set is empty; give at least one sample")

    def loader(size: int, seed: int | None) -> Any:
        generator = torch.Generator().manual_seed(seed or 0)
        last = len(given) > size and len(given) % size == 1
        return torch.utils.data.DataLoader(given, size, shuffle=seed is not None, generator=generator, drop_last=last)

    def batches(seed: int) -> Iterator[Batch]:
        made = loader(batch_size, seed)
        while True:
            yield from map(_batch, made)

    first = next(iter(loader(min(ROWS, len(given)), None)))
    return Data(f"a data set of {len(given)} samples, batches of {min(len(given), batch_size)}", _batch(first), batches)


def _iterable(given: Any) -> Data:
    once = isinstance(given, Iterator)
    turns = iter(given)
    first = next(turns, None)
    if first is None:
        raise DataError("data gives no batch at all; give an iterable of (inputs, targets)")

    def batches(seed: int) -> Iterator[Batch]:
        torch.manual_seed(seed)  # a DataLoader that shuffles draws its order from the global generator
        if once:
            yield _batch(first)
            yield from map(_batch, turns)
            return
        while True:
            yield from map(_batch, given)

    rows = _rows(first[0]) if isinstance(first, tuple | list) else None
    kind = "a one-shot iterable" if once else f"a {type(given).__name__}"
    return Data(f"{kind} of batches" + (f" of {rows}" if rows else ""), _batch(first), batches)


def make_optimizer(model: nn.Module, given: Any, lr: float | None) -> tuple[torch.optim.Optimizer, str]:
    """Return the optimiser and what to call it: the given one, the model's own, or Adam.

    Args:
        model: whose parameters are trained.
        given: an optimiser, a function of the model that makes one, or None; then ``model.configure_optimizers()`` is asked.
        lr: of every group, where given.
    """
    if not any(p.requires_grad for p in model.parameters()):
        raise ModelError(f"{type(model).__name__} has no parameter that can be trained; nothing would change in training")
    own = getattr(model, "configure_optimizers", None)
    source, note = given, ""
    if source is None and callable(own):
        source = own()
        source, note = (source, " (the model's own)") if isinstance(source, torch.optim.Optimizer) else (None, "")
    elif source is not None and not isinstance(source, torch.optim.Optimizer) and callable(source):
        source = source(model)
    if source is None:
        source, note = (
            torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=lr or 1e-3),
            " (none was given)",
        )
    if not isinstance(source, torch.optim.Optimizer):
        raise ParameterError(
            f"optimizer is {type(source).__name__}; give a torch.optim optimiser or a function of the model"
        )
    if lr is not None:
        if not 0 < lr < float("inf"):
            raise ParameterError(f"lr must be above 0 and finite, not {lr!r}")
        for group in source.param_groups:
            group["lr"] = lr
    return source, f"{type(source).__name__}, learning rate {source.param_groups[0]['lr']:g}{note}"


def pose(model: Any, data: Any, loss: Any = None, optimizer: Any = None, lr: float | None = None, batch_size: int = 64,
         last: Callable[[nn.Module, Batch], str] = lambda model, batch: "") -> Problem:  # fmt: skip
    """Return the problem to diagnose.

    Args:
        model: a module, or ``(module, optimizer)``.
        data: see :func:`read_data`.
        loss: a name, a loss module, a function of output and targets; None to tell it from the targets.
        optimizer: see :func:`make_optimizer`.
        lr: overrules the optimiser's.
        batch_size: of data in memory.
        last: gives the activation behind the last layer, asked only where no loss was given.

    Raises:
        ModelError: there is no model, or nothing in it to train; DataError and ParameterError as the parts do.
    """
    if isinstance(model, tuple) and len(model) == 2 and isinstance(model[1], torch.optim.Optimizer):
        model, optimizer = model[0], model[1] if optimizer is None else optimizer
    if isinstance(model, type) and issubclass(model, nn.Module):
        raise ModelError(f"model is the class {model.__name__}, not a model; give an instance: {model.__name__}(...)")
    if not isinstance(model, nn.Module):
        raise ModelError(f"model must be a torch.nn.Module, not {type(model).__name__}; diagnose trains with PyTorch")
    read = read_data(data, batch_size)
    trained_by, how = make_optimizer(model, optimizer, lr)
    found = objective(loss) if loss is not None else _told(model, read.sample, last)
    return Problem(model, read, found, trained_by, how, type(model).__name__)


def _told(model: nn.Module, sample: Batch, last: Callable[[nn.Module, Batch], str]) -> Objective:
    trial = copy.deepcopy(model).eval()
    batch = sample.on(next((p.device for p in model.parameters()), None))
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            output = trial(*batch.args, **batch.kwargs)
    except Exception as error:
        raise ModelError(f"the model cannot run on its data: {type(error).__name__}: {error}") from error
    return tell_loss(output, batch.targets, last(model, sample))
