"""Which activation function a module or a call is: one table for modules, one for functions and methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from nonlin.catalogue import Definition, resolve
from nonlin.errors import ParameterError
from nonlin.nn.base import ActivationModule


class Row(NamedTuple):
    """A torch module class: the function it computes (a name, or a formula), and parameter -> attribute."""

    module: type[nn.Module]
    name: str
    params: Mapping[str, str] = {}
    when: Callable[[Any], bool] = lambda module: True


MODULES: tuple[Row, ...] = (
    Row(nn.ReLU, "relu"),
    Row(nn.ReLU6, "relu6"),
    Row(nn.LeakyReLU, "leaky_relu", {"slope": "negative_slope"}),
    Row(nn.PReLU, "prelu", {"slope": "weight"}),
    Row(nn.RReLU, "rrelu", {"low": "lower", "high": "upper"}),
    Row(nn.ELU, "elu", {"alpha": "alpha"}),
    Row(nn.SELU, "selu"),
    Row(nn.CELU, "celu", {"alpha": "alpha"}),
    Row(nn.GELU, "gelu", when=lambda m: m.approximate == "none"),
    Row(nn.GELU, "gelu_tanh", when=lambda m: m.approximate == "tanh"),
    Row(nn.SiLU, "silu"),
    Row(nn.Mish, "mish"),
    Row(nn.Softplus, "softplus", {"beta": "beta"}),
    Row(nn.Softsign, "softsign"),
    Row(nn.Sigmoid, "sigmoid"),
    Row(nn.LogSigmoid, "log_sigmoid"),
    Row(nn.Tanh, "tanh"),
    Row(nn.Hardsigmoid, "hard_sigmoid"),
    Row(nn.Hardswish, "hard_swish"),
    Row(nn.Hardtanh, "hard_tanh", {"low": "min_val", "high": "max_val"}),
    Row(nn.Softmax, "softmax"),
    Row(nn.LogSoftmax, "log_softmax"),
    Row(nn.Softmin, "exp(-x)/row_sum(exp(-x))"),
    Row(nn.Tanhshrink, "x - tanh(x)"),
    Row(nn.Softshrink, "x - clip(x, -lambd, lambd)", {"lambd": "lambd"}),
    Row(nn.Hardshrink, "where(abs(x) > lambd, x, 0)", {"lambd": "lambd"}),
    Row(nn.Threshold, "where(x > threshold, x, value)", {"threshold": "threshold", "value": "value"}),
)
"""Every torch.nn activation of one input whose output has the shape of its input."""


class Call(NamedTuple):
    """A function or method: what it computes, the argument of each parameter as (position, keyword, default)."""

    spellings: tuple[Any, ...]
    name: str
    params: Mapping[str, tuple[int, str, float]] = {}
    when: tuple[str, object] | None = None


CALLS: tuple[Call, ...] = (
    Call((F.relu, F.relu_, torch.relu, torch.relu_, "relu", "relu_"), "relu"),
    Call((F.relu6,), "relu6"),
    Call((F.leaky_relu, F.leaky_relu_), "leaky_relu", {"slope": (1, "negative_slope", 0.01)}),
    Call((F.prelu, torch.prelu, "prelu"), "prelu"),
    Call((F.rrelu, F.rrelu_, torch.rrelu, torch.rrelu_), "rrelu",
         {"low": (1, "lower", 1 / 8), "high": (2, "upper", 1 / 3)}),
    Call((F.elu, F.elu_), "elu", {"alpha": (1, "alpha", 1.0)}),
    Call((F.selu, F.selu_, torch.selu, torch.selu_), "selu"),
    Call((F.celu, F.celu_, torch.celu, torch.celu_), "celu", {"alpha": (1, "alpha", 1.0)}),
    Call((F.gelu,), "gelu", when=("approximate", "none")),
    Call((F.gelu,), "gelu_tanh", when=("approximate", "tanh")),
    Call((F.silu,), "silu"),
    Call((F.mish,), "mish"),
    Call((F.softplus,), "softplus", {"beta": (1, "beta", 1.0)}),
    Call((F.softsign,), "softsign"),
    Call((F.sigmoid, torch.sigmoid, torch.sigmoid_, torch.special.expit, "sigmoid", "sigmoid_"), "sigmoid"),
    Call((F.logsigmoid,), "log_sigmoid"),
    Call((F.tanh, torch.tanh, torch.tanh_, "tanh", "tanh_"), "tanh"),
    Call((F.hardsigmoid,), "hard_sigmoid"),
    Call((F.hardswish,), "hard_swish"),
    Call((F.hardtanh, F.hardtanh_), "hard_tanh", {"low": (1, "min_val", -1.0), "high": (2, "max_val", 1.0)}),
    Call((F.softmax, torch.softmax, torch.special.softmax, "softmax"), "softmax"),
    Call((F.log_softmax, torch.log_softmax, torch.special.log_softmax, "log_softmax"), "log_softmax"),
    Call((F.tanhshrink,), "x - tanh(x)"),
    Call((F.softshrink,), "x - clip(x, -lambd, lambd)", {"lambd": (1, "lambd", 0.5)}),
    Call((F.hardshrink, "hardshrink"), "where(abs(x) > lambd, x, 0)", {"lambd": (1, "lambd", 0.5)}),
)  # fmt: skip
"""Functions of torch and methods of tensors (as text) that are activations."""

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
        dim = given.get("dim", args[1] if len(args) > 1 else None) if row.name.endswith("softmax") else None
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
