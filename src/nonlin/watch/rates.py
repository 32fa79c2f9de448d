"""How often each unit of a network is active: one look at a model over some inputs, without training it.

Counting is that of :mod:`nonlin.watch`: the same places, the same thresholds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nonlin.catalogue import Definition
from nonlin.errors import DataError, ModelError, ParameterError, unknown
from nonlin.facts.moments import elementwise
from nonlin.facts.travel import INITS
from nonlin.view.usual import RATES
from nonlin.watch.hooks import Observer
from nonlin.watch.measure import BOTTOM, FIRED, FLAT, ROWS_AT_MOST, TOP
from nonlin.watch.records import STATISTICS
from nonlin.watch.rules import DORMANT
from nonlin.watch.sites import Book, Site, Total

BAND = next(s.reference for s in STATISTICS if s.name == "rate") or (0.0, 1.0)
"""The share of active units that teaching texts call healthy; a thing to look at, not a rule."""


@dataclass(frozen=True)
class UnitRates:
    """The units of one place.

    Attributes:
        name: the place: a module's path, or a line of code.
        function: the activation function there.
        samples: outputs counted for each unit.
        rate: share of outputs above 0, unit by unit, shape (units,).
        saturated: share of inputs where the slope is under 5 % of its maximum, unit by unit; None for functions that do not
            saturate on both sides.
        dead: whether a unit was never on (for functions that can die) or never above 1e-3 in size, shape (units,).
    """

    name: str
    function: str
    samples: int
    rate: Any
    saturated: Any
    dead: Any

    def to_json(self) -> dict[str, Any]:
        """Return means and shares as plain data."""
        return {"name": self.name, "function": self.function, "units": len(self.rate), "samples": self.samples,
                "rate": float(self.rate.mean()), "dead": float(self.dead.mean()),
                "saturated": None if self.saturated is None else float(self.saturated.mean()),
                "histogram": np.histogram(self.rate, bins=20, range=(0.0, 1.0))[0].tolist()}  # fmt: skip


class _Loud:
    """Failures are told, not swallowed: there is no training to protect."""

    def guarded(self, work: Callable[..., Any], *args: Any) -> Any:
        with torch.no_grad():
            return work(*args)


def unit_rates(model: nn.Module, data: Any, *, most: int = RATES.samples) -> list[UnitRates]:
    """Run inputs through a model and count how often each unit of each activation function is active.

    The model is in evaluation mode meanwhile, and is left as it was.

    Args:
        model: any ``torch.nn.Module`` called with one tensor.
        data: inputs as a tensor or array, samples first; ``(inputs, targets)``; or batches of either, such as a DataLoader.
        most: samples looked at, at most.

    Raises:
        ModelError: the model cannot be called with the data, or no activation function was seen in it.
        DataError: the data hold no inputs.
        ParameterError: ``most`` is no whole number above 0.

    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU())
    >>> seen = unit_rates(model, torch.randn(64, 4))
    >>> [(place.name, place.function, place.rate.shape) for place in seen]
    [('1', 'relu', (8,))]
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ParameterError(f"most must be a whole number above 0, not {most!r}")
    if not isinstance(model, nn.Module):
        raise ModelError(f"the model is a {type(model).__name__}, not a torch.nn.Module")
    book, training = Book(), model.training
    totals: dict[str, Total] = {}
    sites: dict[str, Site] = {}
    observer = Observer(model, model, book, _Loud())
    model.eval()
    try:
        for step, batch in enumerate(_batches(data, most)):
            observer.open(step)
            try:
                with torch.enable_grad():  # what watches looks only at forwards that could train
                    model(_on_device(model, batch))
            finally:
                observer.close()
            _count(book, totals, sites)
    except (DataError, ParameterError):
        raise
    except Exception as error:
        raise ModelError(f"the model could not be called with the data: {type(error).__name__}: {error}") from error
    finally:
        model.train(training)
    if not totals:
        raise ModelError("no activation function was seen in the model's forward")
    return [_told(sites[name], total) for name, total in totals.items()]


def _on_device(model: nn.Module, batch: Tensor) -> Tensor:
    first = next(model.parameters(), None)
    if first is None:
        return batch
    return batch.to(first.device, first.dtype if batch.is_floating_point() else batch.dtype)


def _batches(data: Any, most: int) -> Iterator[Tensor]:
    """Yield inputs in small batches, so that the counting, which thins large ones, meets every sample."""
    left = most
    for part in _parts(data):
        for start in range(0, len(part), ROWS_AT_MOST // 2):
            batch = part[start : start + ROWS_AT_MOST // 2][:left]
            if len(batch):
                yield batch
            left -= len(batch)
            if left <= 0:
                return
    if left == most:
        raise DataError("the data hold no samples")


def _parts(data: Any) -> Iterator[Tensor]:
    """Yield the inputs of whatever holds them."""
    if isinstance(data, Tensor | np.ndarray):
        yield _tensor(data)
    elif isinstance(data, tuple | list) and data and isinstance(data[0], Tensor | np.ndarray):
        yield _tensor(data[0])
    elif isinstance(data, Iterable) and not isinstance(data, str | bytes | dict):
        for item in data:
            yield from _parts(item) if isinstance(item, tuple | list) else [_tensor(item)]
    else:
        raise DataError(
            f"inputs come as a tensor, an array, (inputs, targets), or batches of these, not as {type(data).__name__}"
        )


def _tensor(given: Any) -> Tensor:
    try:
        made = torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"inputs of type {type(given).__name__} cannot be made a tensor: {error}") from None
    return made.unsqueeze(0) if made.ndim == 0 else made.float() if made.dtype == torch.float64 else made


def _count(book: Book, totals: dict[str, Total], sites: dict[str, Site]) -> None:
    """Add what the last batch showed."""
    seen, counts, flat = book.pack()
    for site in seen:
        sites[site.name] = site
    for name, total in Book.unpack(seen, counts, None if flat is None else flat.cpu().numpy()).items():
        if sites[name].kind in ("activation", "recurrent"):
            if name in totals:
                totals[name].add(total)
            else:
                totals[name] = total


def _told(site: Site, total: Total) -> UnitRates:
    shape = site.shape
    rate = total.rows[FIRED] / total.n
    largest = np.maximum(np.abs(total.rows[TOP]), np.abs(total.rows[BOTTOM]))
    dies = shape is not None and shape.dies
    saturated = total.rows[FLAT] / total.n if shape is not None and shape.saturates else None
    dead = rate == 0 if dies else largest < DORMANT
    return UnitRates(site.name, shape.name if shape is not None else "", total.n, rate, saturated, dead)


def random_network(
    definition: Definition | str,
    *,
    layers: int = RATES.layers,
    width: int = RATES.width,
    init: str = RATES.init,
    seed: int = 0,
) -> nn.Module:
    """Return an untrained network of equal layers with one function after each, its weights drawn from the seed.

    Raises:
        UnknownNameError: no such initialisation.
        ParameterError: a number out of range, or a function of rows.

    >>> len(random_network("relu", layers=2, width=8))
    4
    """
    from nonlin.nn import module

    made = elementwise(definition)
    for name, value, low, high in (("layers", layers, 1, 200), ("width", width, 1, 8192)):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ParameterError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    if init not in INITS:
        raise unknown("initialisation", init, INITS)
    scales = INITS[init].scales(made, width)
    generator = torch.Generator().manual_seed(seed)
    parts: list[nn.Module] = []
    for _ in range(layers):
        linear = nn.Linear(width, width)
        with torch.no_grad():
            linear.weight.normal_(0.0, scales.sigma_w / math.sqrt(width), generator=generator)
            linear.bias.normal_(0.0, 1.0, generator=generator).mul_(scales.sigma_b)
        parts += [linear, module(made)]
    return nn.Sequential(*parts)


def normal_inputs(samples: int, width: int, seed: int = 0) -> Tensor:
    """Return standard normal inputs, shape (samples, width), drawn from the seed."""
    return torch.randn(samples, width, generator=torch.Generator().manual_seed(seed + 1))


__all__ = ["BAND", "UnitRates", "normal_inputs", "random_network", "unit_rates"]
