"""Names of library things: one spelling for each, however a program reaches it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from nonlin.peers.rows import Peer, Row, To
from nonlin.peers.tables import keras, tensorflow, tfa, torch

PREFIXES: tuple[tuple[str, str], ...] = (
    ("tensorflow.compat.v1.keras", "keras"),
    ("tensorflow.python.keras", "keras"),
    ("tensorflow.contrib.keras", "keras"),
    ("tensorflow.keras", "keras"),
    ("tensorflow.compat.v1", "tensorflow"),
    ("tensorflow.compat.v2", "tensorflow"),
    ("tf_keras", "keras"),
    ("keras.api", "keras"),
    ("keras.src", "keras"),
    ("keras.legacy", "keras"),
    ("keras.utils.np_utils", "keras.utils"),
    ("keras.layers.advanced_activations", "keras.layers"),
    ("keras.engine.training", "keras.models"),
    ("lightning.pytorch", "lightning"),
    ("pytorch_lightning", "lightning"),
)
"""Module paths that mean another, the longest first."""

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^torch\.nn\.modules\.(?:\w+\.)?([A-Z]\w*)$"), r"torch.nn.\1"),
    (re.compile(r"^torch\.nn\.modules$"), "torch.nn"),
    (re.compile(r"^keras\.(layers|optimizers|losses|activations|initializers|models)\.(?:\w+\.)+(\w+)$"), r"keras.\1.\2"),
    (re.compile(r"^keras\.(Sequential|Model)$"), r"keras.models.\1"),
    (re.compile(r"^keras\.models\.Functional$"), "keras.models.Model"),
    (re.compile(r"^keras\.engine\.\w+\.(Model|Sequential)$"), r"keras.models.\1"),
    (re.compile(r"^keras\.(Input)$"), r"keras.layers.\1"),
    (re.compile(r"^keras\.(Layer)$"), r"keras.layers.\1"),
    (re.compile(r"^keras\.layers\.Convolution(\dD)$"), r"keras.layers.Conv\1"),
    (re.compile(r"^tensorflow\.optimizers\.(\w+)$"), r"keras.optimizers.\1"),
    (re.compile(r"^tensorflow\.initializers\.(\w+)$"), r"keras.initializers.\1"),
    (re.compile(r"^tensorflow\.train\.(\w+)Optimizer$"), r"keras.optimizers.\1"),
)
"""Spellings with an inner module that is not part of the public name."""


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """Return the one spelling of a library's name: ``tensorflow.keras.layers.Dense`` is ``keras.layers.Dense``.

    >>> canonical("tensorflow.keras.layers.Dense"), canonical("torch.nn.modules.activation.ReLU")
    ('keras.layers.Dense', 'torch.nn.ReLU')
    """
    for prefix, meant in PREFIXES:
        if name == prefix or name.startswith(prefix + "."):
            name = meant + name[len(prefix) :]
            break
    for pattern, meant in PATTERNS:
        name = pattern.sub(meant, name)
    return name


class Spelling:
    """What a spelling of an activation means: the cases of the peer's table and the order of its arguments."""

    __slots__ = ("axis", "names", "rows")

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.names = list(dict.fromkeys(n for row in rows for n in row.takes))
        self.axis = next((row.axis for row in rows if row.axis), None)

    def meaning(self, given: dict[str, object]) -> str:
        """Return the id of the function that these arguments ask for, by the most special case that fits."""
        best = self._case(given)
        return best.ours if best is not None else ""

    def settings(self, given: dict[str, object]) -> dict[str, float] | None:
        """Return the parameters, by our names, that these arguments set; None where the program computes one of them."""
        best = self._case(given)
        if best is None:
            return {}
        found = {k: float(v) for k, v in best.fixed.items()}
        for name, meant in best.takes.items():
            value = given.get(name, meant.default if isinstance(meant, To) else None)
            if not isinstance(meant, To) or (value is meant.default and not isinstance(value, int | float)):
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                return None
            found[meant.ours] = meant.factor * value
        return found

    def _case(self, given: dict[str, object]) -> Row | None:
        best: Row | None = None
        freedom = 99
        for row in self.rows:
            fixed = {n: v for n, v in row.takes.items() if not isinstance(v, To)}
            asked = {n: given.get(n, self._default(n)) for n in fixed}
            if all((asked[n] == v and type(asked[n]) is type(v)) or _close(asked[n], v) for n, v in fixed.items()):
                free = sum(isinstance(v, To) for v in row.takes.values())
                if row.ours and not row.is_formula and free < freedom:
                    best, freedom = row, free
        return best or next((r for r in self.rows if r.ours and not r.is_formula), None)

    def _default(self, name: str) -> object:
        taken = next((row.takes[name] for row in self.rows if name in row.takes), None)
        return taken.default if isinstance(taken, To) else taken


def _close(a: object, b: object) -> bool:
    return isinstance(a, int | float) and isinstance(b, int | float) and not isinstance(a, bool) and float(a) == float(b)


ARITHMETIC = frozenset(("abs", "arctan", "arcsinh", "erf", "exp", "square", "sign", "round", "cos", "identity"))
"""Functions that stand in a program's arithmetic more often than as its activation; they are not rows of the table below."""


def _rows(peer: Peer) -> Iterator[tuple[str, Row]]:
    for row in peer.rows:
        for name in row.names:
            yield name, row


@lru_cache(maxsize=1)
def activations() -> dict[str, Spelling]:
    """Every spelling of an activation in PyTorch, Keras, TensorFlow and its Addons -> its cases."""
    found: dict[str, list[Row]] = {}
    for peer in (torch.PEER, keras.PEER, tensorflow.PEER, tfa.PEER):
        for name, row in _rows(peer):
            if row.ours not in ARITHMETIC and not row.layer:
                found.setdefault(canonical(name), []).append(row)
    return {name: Spelling(rows) for name, rows in found.items() if any(r.ours for r in rows)}


@lru_cache(maxsize=1)
def words() -> dict[str, str]:
    """What a text such as ``'relu'`` means as the activation of a Keras layer: text -> id."""
    found = {}
    for name, spelling in activations().items():
        module, _, last = name.rpartition(".")
        if module == "keras.activations":
            found[last] = spelling.meaning({})
    return {"linear": "", "exponential": "exp", **found}
