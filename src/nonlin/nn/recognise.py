"""Which activation function a module or a call is: one table for modules, one for functions and methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from nonlin.catalogue import Definition, lookup, resolve
from nonlin.errors import ParameterError
from nonlin.nn.base import ActivationModule
from nonlin.peers.rows import REQUIRED, To
from nonlin.peers.rows import Row as PeerRow
from nonlin.peers.tables.torch import PEER


class Row(NamedTuple):
    """A torch module class: the function it computes, and parameter -> attribute."""

    module: type[nn.Module]
    name: str
    params: Mapping[str, str] = {}
    when: Callable[[Any], bool] = lambda module: True


class Call(NamedTuple):
    """A function or method: what it computes, the argument of each parameter as (position, keyword, default)."""

    spellings: tuple[Any, ...]
    name: str
    params: Mapping[str, tuple[int, str, float]] = {}
    when: tuple[str, object] | None = None
    dim: bool = False


ARITHMETIC = {"identity", "abs", "arctan", "arcsinh", "cos", "sin", "erf", "exp", "square", "sign", "round"}
"""Functions that stand in a model's arithmetic more often than as its activation."""
HELD = {"init": "weight"}
"""Arguments a module keeps under another name: PReLU's initial slopes become its weight."""


def _table() -> list[PeerRow]:
    """The rows of PyTorch's table that are activations of one input whose output has its shape."""
    found = []
    for row in PEER.rows:
        made = lookup(row.ours)
        fits = made is not None and made.kind in ("elementwise", "rowwise") and row.ours not in ARITHMETIC
        if fits and row.ours != "gumbel_softmax" and (row.axis is None or row.axis[1] is None):
            found.append(row)
    return found


def _object(name: str) -> Any:
    """What a spelling names: the text of a method, or the function or class; None where this torch has it not."""
    path, _, last = name.rpartition(".")
    if path == "torch.Tensor":
        return last
    places = {"torch": torch, "torch.nn": nn, "torch.nn.functional": F, "torch.special": torch.special}
    return getattr(places[path], last, None)


def _chosen(row: PeerRow) -> tuple[str, object] | None:
    """The argument that tells a case, such as GELU's approximate."""
    told = [(n, v) for n, v in row.takes.items() if isinstance(v, str)]
    return told[0] if told else None


def _has(name: str, value: object) -> Callable[[Any], bool]:
    return lambda module: bool(getattr(module, name) == value)


def _modules() -> Iterator[Row]:
    for row in _table():
        params = {t.ours: HELD.get(n, n) for n, t in row.takes.items() if isinstance(t, To)}
        told = _chosen(row)
        for name in row.names:
            found = _object(name)
            if isinstance(found, type):
                yield Row(found, row.ours, params, _has(*told)) if told else Row(found, row.ours, params)


def _calls() -> Iterator[Call]:
    for row in _table():
        spellings = tuple(found for name in row.names if not isinstance(found := _object(name), type) and found is not None)
        standing = lookup(row.ours)
        params = {
            t.ours: (place, n, standing.defaults[t.ours] if standing and t.default is REQUIRED else float(t.default))
            for place, (n, t) in enumerate(row.takes.items(), 1)
            if isinstance(t, To)
        }
        if spellings:
            yield Call(spellings, row.ours, params, _chosen(row), row.axis is not None)


MODULES: tuple[Row, ...] = tuple(_modules())
"""Every torch.nn activation of one input whose output has the shape of its input, from the table of the peer torch."""

CALLS: tuple[Call, ...] = tuple(_calls())
"""Functions of torch and methods of tensors (as text) that are activations, from the same table."""

FUSED: dict[type[nn.Module], tuple[str, ...]] = {
    nn.RNN: ("tanh", "relu"),
    nn.RNNCell: ("tanh", "relu"),
    nn.LSTM: ("sigmoid", "tanh"),
    nn.LSTMCell: ("sigmoid", "tanh"),
    nn.GRU: ("sigmoid", "tanh"),
    nn.GRUCell: ("sigmoid", "tanh"),
    nn.MultiheadAttention: ("softmax",),
}
"""Modules that compute activations inside one kernel, where nothing can replace them."""


@dataclass(frozen=True)
class Found:
    """An activation met in a model: its function with the parameter values it has there."""

    definition: Definition
    shown: str
    inplace: bool = False
    dim: int | None = None

    @property
    def name(self) -> str:
        """The id without parameter values, or the formula."""
        made = self.definition
        return made.name if made.family == "formula" else made.name.partition("(")[0]


def is_own(module: nn.Module, cls: type[nn.Module]) -> bool:
    """Whether ``module`` computes what ``cls`` computes: an instance whose class has not another ``forward``."""
    return isinstance(module, cls) and type(module).forward is cls.forward


def recognise(module: nn.Module) -> Found | None:
    """Return the activation function a module is, or None."""
    if isinstance(module, ActivationModule):
        rowwise = module.definition.kind != "elementwise"
        return Found(module.bound(), repr(module), dim=module.dim if rowwise else None)
    for row in MODULES:
        if is_own(module, row.module) and row.when(module):
            values = {p: _number(getattr(module, attribute)) for p, attribute in row.params.items()}
            made = _bound(row.name, values)
            dim: Any = getattr(module, "dim", None)
            return Found(made, repr(module), bool(getattr(module, "inplace", False)), dim)
    return None


@lru_cache(maxsize=1)
def calls() -> dict[Any, list[Call]]:
    """Return the table of calls by function or method name."""
    table: dict[Any, list[Call]] = {}
    for row in CALLS:
        for spelling in row.spellings:
            table.setdefault(spelling, []).append(row)
    return table


def recognise_call(target: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> Found | None:
    """Return the activation function that calling ``target`` computes, or None; values not known yet are defaults."""
    try:
        rows = calls().get(target, [])
    except TypeError:  # not hashable, so not one of ours
        return None
    given = dict(kwargs or {})
    for row in rows:
        if row.when is not None and given.get(row.when[0], "none") != row.when[1]:
            continue
        values = {}
        for name, (place, keyword, default) in row.params.items():
            value = args[place] if place < len(args) else given.get(keyword, default)
            values[name] = value if isinstance(value, int | float) else default
        spelled = target if isinstance(target, str) else str(getattr(target, "__name__", target))
        dim = given.get("dim", args[1] if len(args) > 1 else None) if row.dim else None
        last = 1 + len(row.params) + (row.name == "rrelu")  # where ``inplace`` stands without its keyword
        inplace = spelled.endswith("_") or given.get("inplace") is True or args[last : last + 1] == (True,)
        shown = f"Tensor.{spelled}()" if isinstance(target, str) else f"{spelled}()"
        return Found(_bound(row.name, values), shown, inplace, dim if isinstance(dim, int) else None)
    return None


def _number(value: Any) -> float:
    """Return an attribute as a number; of a tensor (PReLU's weight) the mean, of a meta tensor nothing is known."""
    if isinstance(value, torch.Tensor):
        return float("nan") if value.is_meta else float(value.detach().double().mean())
    return float(value)


def _bound(name: str, values: Mapping[str, float]) -> Definition:
    """Return the function with these values; with its defaults where training has taken a value out of range."""
    try:
        return resolve(name, **values)
    except ParameterError:
        return resolve(name)
