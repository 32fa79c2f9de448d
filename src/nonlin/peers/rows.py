"""What a row of a peer's table says: their name, their arguments and defaults, and which function of ours it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


class Required:
    """The default of an argument that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = Required()


@dataclass(frozen=True)
class To:
    """Their argument that is a parameter of ours: its name here, its default there, and ours = factor * theirs."""

    ours: str
    default: Any = REQUIRED
    factor: float = 1.0


def to(ours: str, default: Any = REQUIRED, factor: float = 1.0) -> To:
    """Say that an argument of theirs is our parameter ``ours``; without a default they require it.

    >>> to("slope", 0.01)
    To(ours='slope', default=0.01, factor=1.0)
    """
    return To(ours, default, factor)


@dataclass(frozen=True)
class Row:
    """One function of a peer, or one of its cases.

    Attributes:
        ours: our id, or a formula in x and their arguments; empty where there is no counterpart.
        names: every spelling that is this function there, in full; the first stands for all.
        takes: their argument -> :func:`to` ours, or the value it has in this case. The first row of a name holds the
            defaults of its arguments; further rows are its further cases, and the most special that fits applies.
        fixed: our parameter -> the value they built in, where it is not our default.
        axis: their name of the axis argument and its default in our counting; None where they guess it.
        gate: which part of the axis is the gate, a key of ``nonlin.backends.layout.GATES``.
        separate: whether a gated unit takes value and gate as two arrays.
        layer: whether it is a whole layer with weights, inside which this function stands.
        since: the first version that has it; empty for all.
        until: the first version that has it no more.
        note: what a person should know.
    """

    ours: str
    names: tuple[str, ...]
    takes: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)
    axis: tuple[str, int | None] | None = None
    gate: str = "second"
    separate: bool = False
    layer: bool = False
    since: str = ""
    until: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """The spelling that stands for all."""
        return self.names[0]

    @property
    def freedom(self) -> int:
        """How many of their arguments may have any value; the fewer, the more special the case."""
        return sum(isinstance(taken, To) for taken in self.takes.values())

    @property
    def is_formula(self) -> bool:
        """Whether ``ours`` is a formula rather than an id."""
        return bool(self.ours) and not self.ours.isidentifier()

    def holds(self, version: tuple[int, ...]) -> bool:
        """Whether a version of the peer has it."""
        return (not self.since or parsed(self.since) <= version) and (not self.until or version < parsed(self.until))


@dataclass(frozen=True)
class Peer:
    """A library or a standard that has activation functions, and the table of them.

    Attributes:
        name: what a person types: ``torch``, ``keras``.
        title: what it is called: ``PyTorch``.
        package: what is imported; empty for what Python cannot import.
        versions: the oldest and the newest version the table speaks of.
        version_word: ``version``, or ``opset`` for ONNX.
        rows: the table.
        short: usual abbreviations of module paths: ``F`` -> ``torch.nn.functional``.
        ignores: arguments that do not change what is computed, such as ``inplace``.
        lacks: names a person may look for, and why they have no row.
        checked: the version the rows were compared with, or the source they were read from.
    """

    name: str
    title: str
    package: str
    versions: tuple[str, str]
    rows: tuple[Row, ...]
    version_word: str = "version"
    short: Mapping[str, str] = field(default_factory=dict)
    ignores: tuple[str, ...] = ()
    lacks: Mapping[str, str] = field(default_factory=dict)
    checked: str = ""

    def functions(self, version: tuple[int, ...] | None = None) -> dict[str, list[Row]]:
        """Every spelling -> its cases, in the table's order, in one version or (None) the newest."""
        at = parsed(self.versions[1]) if version is None else version
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            if row.holds(at):
                for name in row.names:
                    found.setdefault(name, []).append(row)
        return found

    def shortened(self, name: str) -> tuple[str, ...]:
        """Return a spelling with its usual abbreviations: ``F.relu``, ``nn.functional.relu``."""
        return tuple(short + name.removeprefix(long) for short, long in self.short.items() if name.startswith(long + "."))


def parsed(version: str) -> tuple[int, ...]:
    """Return a version as numbers, for comparing: ``"3.15.1"`` -> (3, 15, 1); what is not a number ends it."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def bare(name: str) -> str:
    """Return the last part of a spelling: of ``torch.nn.ReLU`` ``ReLU``, of ``ACT2FN['gelu_new']`` ``gelu_new``."""
    quoted = re.search(r"\['([^']+)'\]$", name)
    return quoted[1] if quoted else name.rpartition(".")[2]


def folded(name: str) -> str:
    """Return a bare name without case and separators, the way people mistype it."""
    return re.sub(r"[_\-\s]", "", name).lower()


def is_class(name: str) -> bool:
    """Whether a spelling is that of a class, which is made first and called then."""
    return bare(name)[:1].isupper()


def defaults(rows: Iterable[Row]) -> dict[str, Any]:
    """Return the arguments of a function and their defaults, from its cases: those of the first that has the argument."""
    found: dict[str, Any] = {}
    for row in rows:
        for name, taken in row.takes.items():
            found.setdefault(name, taken.default if isinstance(taken, To) else taken)
    return found


def table(short: Mapping[str, str], rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows with their names in full: ``F.relu`` -> ``torch.nn.functional.relu``."""
    return tuple(replace(row, names=tuple(_full(name, short) for name in row.names)) for row in rows)


def _full(name: str, short: Mapping[str, str]) -> str:
    head, dot, rest = name.partition(".")
    return f"{short[head]}.{rest}" if dot and head in short else name


def row(ours: str, names: str, /, *, fixed: Mapping[str, float] | None = None, axis: tuple[str, int | None] | None = None,
        gate: str = "second", separate: bool = False, layer: bool = False, since: str = "", until: str = "", note: str = "",
        **takes: Any) -> Row:  # fmt: skip
    """Write one row: our id or formula, their spellings separated by spaces, and their arguments.

    >>> row("leaky_relu", "nn.LeakyReLU F.leaky_relu", negative_slope=to("slope", 0.01)).names
    ('nn.LeakyReLU', 'F.leaky_relu')
    """
    return Row(ours, tuple(names.split()), takes, fixed or {}, axis, gate, separate, layer, since, until, note)


def renamed(rows: Iterable[Row], names: Mapping[str, str], **columns: Any) -> Iterator[Row]:
    """Yield the rows of another peer under new names: its spelling -> spaces-separated ones here; others are left out."""
    for old in rows:
        new = [n for name in old.names if name in names for n in names[name].split()]
        if new:
            yield replace(old, names=tuple(new), **columns)
