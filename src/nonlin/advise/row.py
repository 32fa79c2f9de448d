"""What a rule is: a row with the case it is for, the choice, the reason, and the works it rests on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nonlin.advise.question import Question

__all__ = ["PARTS", "Other", "Row", "When", "filled"]

PARTS: Mapping[str, str] = {
    "hidden": "hidden layers",
    "output": "output and loss",
    "init": "initial weights",
    "order": "order of layers",
    "dropout": "dropout",
    "cost": "cost",
}
"""What is answered. Of hidden, output, init and dropout the first row that fits is taken; of order and cost, all that fit."""
ONE = ("hidden", "output", "init", "dropout")


@dataclass(frozen=True)
class When:
    """The case a row is for: words of each table, any of which may hold; an empty one always holds."""

    arch: str = ""
    task: str = ""
    norm: str = ""
    device: str = ""
    constraint: str = ""
    also: str = ""
    """A second constraint that must be asked too."""
    function: str = ""
    """Catalogue ids: the hidden layers have one of them."""
    without: str = ""
    """Catalogue ids: the hidden layers have none of them."""
    depth: int = 0
    """At least so many hidden layers."""
    skips: bool | None = None
    """With or without sums that bypass layers."""

    def holds(self, asked: Question, function: str = "") -> bool:
        """Whether a question, whose hidden layers have this function, is such a case."""
        words = (
            (self.arch, (asked.arch,)),
            (self.task, (asked.task,)),
            (self.norm, (asked.norm,)),
            (self.device, (asked.device,)),
            (self.constraint, asked.constraints),
            (self.also, asked.constraints),
            (self.function, (function,)),
        )
        return (
            all(not allowed or set(allowed.split()) & set(given) for allowed, given in words)
            and function not in self.without.split()
            and asked.depth >= self.depth
            and (self.skips is None or self.skips == asked.skips)
        )

    def __str__(self) -> str:
        told = [
            " or ".join(words.split())
            for words in (self.arch, self.task, self.device, self.constraint, self.also, self.function)
            if words
        ]
        told += [f"norm {' or '.join(self.norm.split())}"] if self.norm else []
        told += [f"not {' or '.join(self.without.split())}"] if self.without else []
        told += [f"{self.depth} layers or more"] if self.depth else []
        told += [] if self.skips is None else ["with skip connections" if self.skips else "without skip connections"]
        return ", ".join(told) or "any"


@dataclass(frozen=True)
class Other:
    """Something else to take, and when."""

    choice: str
    """A function as ``nonlin.get`` takes it; for other parts than hidden and output, in words."""
    when: str
    sources: str = ""
    torch: str = ""
    """The loss that goes with it, where it is another one."""


@dataclass(frozen=True)
class Row:
    """One rule. Texts may hold places that are filled with computed numbers, such as ``{range:gelu}`` (see ``filled``)."""

    id: str
    part: str
    when: When
    choose: str
    """A function as ``nonlin.get`` takes it (hidden; output: ``identity`` where the loss wants logits); else in words."""
    reason: str
    sources: str
    """Keys of works, separated by blanks."""
    others: tuple[Other, ...] = ()
    note: str = ""
    """Where computed facts or other evidence limit the rule."""
    reads: str = ""
    """Of an output: the function that makes predictions of what the network gives, empty for none."""
    loss: str = ""
    """Of an output: the loss as torch spells it."""
    kind: str = ""
    """Of an output: the loss's name for lint; empty where the loss is no function of output and targets."""
    targets: str = ""
    """Of an output: what the loss compares with."""
    code: str = ""
    """What to write: one call, or lines."""
    rules: tuple[str, ...] = field(default=())
    """Codes of the rules of lint and watch that see the mistake."""


# -- numbers in texts -------------------------------------------------------------------------------------------------


def _fact(which: str) -> Callable[[str], str]:
    def told(function: str) -> str:
        from nonlin.facts.table import fact

        return fact(function, which).text

    return told


def _operations(function: str) -> str:
    """What one number costs, in words: ``3 operations``, ``1 operation and a sigmoid``."""
    from nonlin.facts.table import fact

    value: Any = fact(function, "flops").value
    n = int(value["arithmetic"])
    parts = [f"{n} operation{'s' if n > 1 else ''}"] if n else []
    parts += [_NAMES.get(name, f"a {name}") for name in value["functions"]]
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]


_NAMES: Mapping[str, str] = {
    "normal_cdf": "a normal distribution function", "expm1": "an exponential", "exp": "an exponential", "sqrt": "a square root",
}  # fmt: skip


def _gain(function: str) -> str:
    from nonlin.facts.moments import gain

    return f"{gain(function):.4g}"


def _square(function: str) -> str:
    from nonlin.facts.moments import moments

    return f"{moments(function).square:.4g}"


def _slope(of: str) -> str:
    """The slope of a function at a point, as ``tanh@2``."""
    import numpy as np

    from nonlin.backends.numpy import evaluate
    from nonlin.catalogue import resolve

    name, _, point = of.partition("@")
    return f"{float(evaluate(resolve(name).closed(), np.array([float(point)]), wrt=('x',))[0]):.3g}"


def _floor(of: str) -> str:
    """The least cross-entropy of logits in the range of a function, as ``tanh@10`` for ten classes."""
    from nonlin.facts.floors import cross_entropy_floor
    from nonlin.facts.reach import reach

    name, _, classes = of.partition("@")
    ends = reach(name)
    return str(cross_entropy_floor(int(classes), ends.low, ends.high))


def _rounds(of: str) -> str:
    """The least input from which on a function that rises to 1 is 1 in float32: where 1 - f is half a step below 1."""
    import numpy as np

    from nonlin.backends.numpy import evaluate
    from nonlin.catalogue import resolve

    closed, low, high = resolve(of).closed(), 0.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        one = np.float32(evaluate(closed, np.array([middle]))[0]) == 1
        low, high = (low, middle) if one else (middle, high)
    return f"{high:.3g}"


def _levels(of: str) -> str:
    """How many of the 127 steps below 0 of symmetric 8-bit integers up to a limit a function's minimum spans: ``gelu@10``."""
    from nonlin.facts.reach import reach

    name, _, limit = of.partition("@")
    return f"{127 * abs(reach(name).low) / float(limit):.2g}"


_FACTS = ("range", "minima", "kinks", "smoothness", "lipschitz", "dead_zone", "saturates", "gradient_availability",
          "zero_centred", "zero_centredness", "bounded", "nonlinearity")  # fmt: skip
FILL: Mapping[str, Callable[[str], str]] = {
    **{name: _fact(name) for name in _FACTS},
    "flops": _operations,
    "gain": _gain,
    "square": _square,
    "slope": _slope,
    "floor": _floor,
    "levels": _levels,
    "rounds": _rounds,
}
"""What a place in a text may ask: facts by their names, and a few numbers of which they are made."""
_PLACE = re.compile(r"\{(\w+):([^{}]+)\}")


def filled(text: str) -> str:
    """Return a text with each place ``{what:function}`` replaced by what is computed.

    >>> filled("gain {gain:relu}, range {range:tanh}, slope {slope:tanh@2}")
    'gain 1.414, range (-1, 1), slope 0.0707'
    """
    return _PLACE.sub(lambda found: FILL[found[1]](found[2]), text)
