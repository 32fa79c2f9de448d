"""What a trial is: one function (or one per layer), one seed, and everything else about its training, as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from nonlin.catalogue import Definition
from nonlin.errors import ParameterError

FORMAT = 1
"""Part of every trial's key: raised when training changes so that old results no longer mean the same."""


@dataclass(frozen=True)
class Recipe:
    """How the networks of a study are built and trained; equal for all its trials.

    Attributes:
        net: ``mlp``, ``cnn``, or ``own`` for a network the user's factory makes.
        hidden: widths of the hidden layers; for ``cnn``, channels of the convolutions.
        epochs: passes over the training part.
        batch_size: samples a step.
        optimizer: a row of ``OPTIMIZERS``.
        learning_rate: its step size.
        validation: share of the training set held out, from its end as Keras does it.
        init: ``gain`` (each layer's weights scaled for the function that follows), ``glorot`` (Keras' default), ``he``, or
            ``torch`` (PyTorch's default).
    """

    net: str = "mlp"
    hidden: tuple[int, ...] = (64, 32)
    epochs: int = 20
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    validation: float = 0.2
    init: str = "gain"

    def __post_init__(self) -> None:
        for name, allowed in (("net", NETS), ("optimizer", tuple(OPTIMIZERS)), ("init", INITS)):
            if getattr(self, name) not in allowed:
                raise ParameterError(f"{name}={getattr(self, name)!r} is not known; allowed: {', '.join(allowed)}")
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ParameterError(f"{name} must be a whole number of at least 1, not {value!r}")
        if not self.hidden or any(isinstance(w, bool) or not isinstance(w, int) or w < 1 for w in self.hidden):
            raise ParameterError(f"hidden must be one or more whole numbers of at least 1, not {self.hidden!r}")
        if not _is_number(self.learning_rate) or not 0 < self.learning_rate < float("inf"):
            raise ParameterError(f"learning_rate must be a positive number, not {self.learning_rate!r}")
        if not _is_number(self.validation) or not 0 <= self.validation < 1:
            raise ParameterError(f"validation must be a share from 0 to below 1, not {self.validation!r}")

    def at_depth(self, depth: int) -> Recipe:
        """Return this recipe with ``depth`` hidden layers: its widths, the last one repeated."""
        if isinstance(depth, bool) or not isinstance(depth, int) or not 1 <= depth <= 200:
            raise ParameterError(f"depth must be a whole number from 1 to 200, not {depth!r}")
        widths = (*self.hidden, *(self.hidden[-1],) * depth)[:depth]
        return replace(self, hidden=widths)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


NETS = ("mlp", "cnn", "own")
INITS = ("gain", "glorot", "he", "torch")
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    # torch.optim class and its options; only optimisers that treat every number alike can run in lockstep
    "adam": ("Adam", {"eps": 1e-7}),
    "adamw": ("AdamW", {"weight_decay": 1e-2}),
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
}


@dataclass(frozen=True, eq=False)
class Column:
    """One contestant of a study: a label and the function of each hidden layer."""

    label: str
    layers: tuple[Definition, ...]

    def at_depth(self, depth: int) -> Column:
        """Return the column for a network of ``depth`` hidden layers; one function serves all layers.

        Raises:
            ParameterError: it names several functions, and not one for each layer.
        """
        if len(self.layers) == depth:
            return self
        if len(self.layers) != 1:
            raise ParameterError(
                f"{self.label} names {len(self.layers)} layers, but the network has {depth} hidden layers; "
                "name one function for each"
            )
        return Column(self.label, self.layers * depth)

    def described(self) -> dict[str, Any]:
        """Return what its results depend on, as JSON: label, formulas and parameter values."""
        return {
            "label": self.label,
            "layers": [{"formula": d.formula, "params": _params(d), "learnable": _learnable(d)} for d in self.layers],
        }


def _params(definition: Definition) -> dict[str, float]:
    return definition.defaults


def _learnable(definition: Definition) -> list[str]:
    return [n for n, p in definition.params.items() if p.learnable]


@dataclass(frozen=True, eq=False)
class Unit:
    """Independent work for an engine: train ``columns`` x ``seeds`` together. Running it twice gives the same results.

    ``task`` is the data set's name or the path it is loaded from; ``factory`` the user's ``module:function``, if any,
    and ``code`` the hash of its file.
    """

    task: str
    fingerprint: str
    recipe: Recipe
    columns: tuple[Column, ...]
    seeds: tuple[int, ...]
    factory: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    code: str = ""

    @property
    def models(self) -> int:
        """Number of networks trained together."""
        return len(self.columns) * len(self.seeds)

    def trial_config(self, column: Column, seed: int) -> dict[str, Any]:
        """Return the configuration whose hash is the key of one trial."""
        recipe = asdict(self.recipe) | {"hidden": list(self.recipe.hidden)}
        return {
            "format": FORMAT,
            "task": self.task,
            "data": self.fingerprint,
            "recipe": recipe,
            "factory": self.factory,
            "column": column.described(),
            "seed": seed,
        } | ({"code": self.code} if self.factory else {})
