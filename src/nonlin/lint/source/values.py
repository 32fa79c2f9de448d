"""What the reader of programs knows a value to be. Numbers, texts, lists, tuples and dictionaries are Python's own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nonlin.findings import NOWHERE, Place

if TYPE_CHECKING:
    from nonlin.lint.source.machine import Frame


class Unknown:
    """A value that was not followed. Two of them are never known to be equal, and a part asked for twice is the same part.

    ``given`` says that it is something rather than None: an argument that the caller has to give.
    """

    __slots__ = ("given", "name", "parts")

    def __init__(self, name: str = "", given: bool = False) -> None:
        self.name, self.given = name, given
        self.parts: dict[Any, Unknown] = {}

    def part(self, key: Any) -> Unknown:
        """Return what an attribute or an index of it is: unknown too, but the same each time."""
        if key not in self.parts:
            self.parts[key] = Unknown(f"{self.name}.{key}", self.given)
        return self.parts[key]


class Weight(Unknown):
    """A learned tensor: of a layer, or one that the program made itself; ``facts`` holds how it starts."""

    __slots__ = ("facts", "shape", "which")

    def __init__(self, which: str, facts: dict[Any, Any] | None = None, shape: tuple[int | None, ...] | None = None) -> None:
        super().__init__(which, True)
        self.which, self.facts, self.shape = which, {} if facts is None else facts, shape

    def part(self, key: Any) -> Unknown:
        """Return itself for ``.data``, else an unknown part."""
        return self if key == "data" else super().part(key)


@dataclass(eq=False)
class Tensor:
    """What an operation of the graph gives: the index of its node on a tape."""

    tape: Any
    index: int


NUMBERS = ("number", "size", "length")
"""Names of unknown values that are numbers: not tensors, and not learned."""


@dataclass(frozen=True)
class External:
    """A thing of a library, by its full name: ``torch.nn.Linear``."""

    name: str


@dataclass(eq=False)
class Function:
    """A function or lambda of the program, and where it was defined."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    frame: Frame
    owner: Class | None = None
    kind: str = ""
    """``property``, ``static`` or ``class`` for methods so decorated."""

    @property
    def name(self) -> str:
        """Its name; ``<lambda>`` for a lambda."""
        return getattr(self.node, "name", "<lambda>")


@dataclass(eq=False)
class Class:
    """A class of the program."""

    node: ast.ClassDef
    bases: tuple[Any, ...]
    attrs: dict[Any, Any]
    frame: Frame

    @property
    def name(self) -> str:
        """Its name."""
        return self.node.name

    def lineage(self, depth: int = 0) -> list[Any]:
        """Return the class, its bases and theirs, in the order of look-up; bases from libraries are ``External``."""
        found: list[Any] = [self]
        for base in self.bases:
            rest = base.lineage(depth + 1) if isinstance(base, Class) and depth < 20 else [base]
            found += [b for b in rest if b not in found]
        return found

    def find(self, name: str) -> tuple[Class, Any] | None:
        """Return the class that has an attribute, and the attribute."""
        for cls in self.lineage():
            if isinstance(cls, Class) and name in cls.attrs:
                return cls, cls.attrs[name]
        return None

    def externals(self) -> list[str]:
        """Return the names of the library classes it derives from."""
        return [b.name for b in self.lineage() if isinstance(b, External)]


@dataclass(eq=False)
class Instance:
    """An object of a class of the program."""

    cls: Class
    attrs: dict[Any, Any]
    place: Place = NOWHERE
    name: str = ""
    uid: str = ""
    core: Any = None
    """The layer that a library class among its bases makes of it: for a subclass of ``nn.Sequential`` the chain."""
    called: bool = False
    tape: Any = None


@dataclass(eq=False)
class Bound:
    """A method with its object."""

    self: Any
    function: Function


@dataclass(eq=False)
class Super:
    """What ``super()`` gives: the object, and the class behind which look-up starts."""

    self: Any
    after: Class


@dataclass(eq=False)
class Method:
    """A method of a library's object or of a built-in value, by name."""

    self: Any
    name: str


@dataclass(eq=False)
class Builtin:
    """A function of Python that is computed exactly, such as ``len``."""

    name: str
    does: Callable[..., Any]


@dataclass(eq=False)
class Partial:
    """``functools.partial``: a callable with some arguments already given."""

    function: Any
    args: list[Any]
    kwargs: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Either:
    """One of several values; which one was not found out."""

    options: tuple[Any, ...]


class Absent:
    """The option of an element that may not be there at all."""


ABSENT = Absent()


@dataclass(eq=False)
class Layer:
    """A layer object of a library: what it does when called, what it was given, where it was made, and its children."""

    row: Any
    given: dict[str, Any]
    place: Place = NOWHERE
    name: str = ""
    uid: str = ""
    shown: str = ""
    children: list[Any] | dict[Any, Any] | None = None
    attrs: dict[Any, Any] = field(default_factory=dict)
    """Attributes the program sets on it, and facts such as ``init``."""
    called: bool = False


@dataclass(eq=False)
class Criterion:
    """A loss object or a loss function with its settings."""

    kind: str
    attrs: Mapping[str, Any]
    place: Place = NOWHERE
    shown: str = ""
    order: tuple[int, int] = (0, 1)
    """Positions of prediction and target among the arguments."""
    names: tuple[tuple[str, ...], tuple[str, ...]] = (
        ("input", "logits", "y_pred", "output"),
        ("target", "labels", "y_true"),
    )
    function: Any = None
    """A loss written in the program, to be called with (targets, predictions)."""


@dataclass(eq=False)
class Settings:
    """An optimiser: its name and learning rate, as far as known."""

    name: str
    facts: dict[str, Any]


@dataclass(eq=False)
class Data:
    """Numbers of which something is known: their range, whether whole, their shape, and the values if few.

    ``low`` and ``high`` are reached: some value is at or below ``low``, some at or above ``high``. All values lie between
    ``least`` and ``most``.
    """

    shape: tuple[int | None, ...] | None = None
    low: float | None = None
    high: float | None = None
    whole: bool | None = None
    classes: int | None = None
    one_hot: bool | None = None
    values: list[float] | None = None
    place: Place = NOWHERE
    least: float | None = None
    most: float | None = None
    leaf: Unknown = field(default_factory=Unknown)
    """What it is when a network is given it."""


SIMPLE = (int, float, str, bool, type(None), bytes, complex)
"""Types of constants."""


def known(value: Any, depth: int = 0) -> bool:
    """Whether a value is a constant or a collection of constants, at most four deep, so that it can be computed with."""
    if isinstance(value, SIMPLE):
        return True
    if depth > 4 or not isinstance(value, list | tuple | set | frozenset | dict):
        return False
    return all(known(v, depth + 1) for v in (value.values() if isinstance(value, dict) else value))


def tensors(value: Any, depth: int = 0) -> list[Tensor]:
    """Return the tensors inside a value, in order."""
    if isinstance(value, Tensor):
        return [value]
    if depth > 6:
        return []
    if isinstance(value, Either):
        return [t for v in value.options for t in tensors(v, depth + 1)]
    if isinstance(value, list | tuple):
        return [t for v in value for t in tensors(v, depth + 1)]
    if isinstance(value, dict):
        return [t for v in value.values() for t in tensors(v, depth + 1)]
    if isinstance(value, Instance) and "forward" not in value.cls.attrs:
        return [t for v in value.attrs.values() if not isinstance(v, Instance) for t in tensors(v, depth + 1)]
    return []


def number(value: Any) -> int | float | None:
    """Return a value as a number, or None where it is none or not known; a bool is none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: Any) -> int | None:
    """Return a value as a whole number, or None."""
    found = number(value)
    return int(found) if found is not None and abs(found) < 2**62 and int(found) == found else None
