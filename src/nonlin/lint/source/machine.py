"""The state of a run through programs: files, frames, the tape, limits, and what to undo when a branch is only possible."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from nonlin.findings import NOWHERE, Finding, Place
from nonlin.lint.net import Node
from nonlin.lint.source.tape import Tape
from nonlin.lint.source.values import ABSENT, Data, Either, Instance, Layer, Tensor, Unknown, Weight

STEPS = 80_000
"""Expressions evaluated for one file at most, about a second; what lies behind stays unknown."""
POOL = 4_000_000
"""Expressions evaluated for all files together, about a minute; once they are spent, each further file has only a few."""
LEAST = 8_000
"""Those few: enough for a file of usual length."""
DEPTH = 22
"""Calls inside calls at most."""
UNROLLED = 64
"""Passes of a loop at most."""
NODES = 20_000
"""Nodes of one tape at most."""


class LimitError(Exception):
    """The program is too large to be followed to its end."""


@dataclass(eq=False)
class Source:
    """One file: its name as the person gave it, its tree, and its variables once it was run."""

    name: str
    text: str
    tree: ast.Module
    module: str = ""
    """What other files import it as: ``package.models``."""
    frame: Frame | None = None
    stars: list[str] = field(default_factory=list)
    """Libraries of which everything was imported."""
    relevant: bool = True
    """Whether it is run from its top and its functions one by one, rather than only where another file imports it."""
    lines: list[bytes] = field(default_factory=list)


@dataclass(eq=False)
class Frame:
    """The variables of a running function, class body or file, and where names not found are looked up."""

    names: dict[Any, Any]
    source: Source
    outer: Frame | None = None
    self: Any = None
    owner: Any = None
    results: list[Any] = field(default_factory=list)
    yields: list[Any] | None = None
    globals: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)

    def top(self) -> Frame:
        """The frame of the file."""
        frame = self
        while frame.outer is not None:
            frame = frame.outer
        return frame


Held = dict[Any, Any] | list[Any]


class Journal:
    """What containers held before a branch changed them."""

    def __init__(self) -> None:
        self.before: dict[int, tuple[Held, Held]] = {}

    def note(self, held: Held) -> None:
        """Remember a container's content, once."""
        if id(held) not in self.before:
            self.before[id(held)] = (held, held.copy())

    def undo(self) -> dict[int, tuple[Held, Held]]:
        """Put everything back, and return what the branch had made of it."""
        after = {}
        for key, (held, old) in self.before.items():
            after[key] = (held, held.copy())
            refill(held, old)
        return after


def refill(held: Held, content: Any) -> None:
    """Give a container another content without changing which object it is."""
    held.clear()
    if isinstance(held, list):
        held.extend(content)
    else:
        held.update(content)


class Run:
    """A run through one set of files."""

    def __init__(self, sources: Mapping[str, Source], build: Mapping[str, Callable[..., Any]]) -> None:
        self.sources = sources
        """Module name -> file."""
        self.build = build
        """The parts that need each other: ``evaluate``, ``execute``, ``call``, ``attribute`` and what else tables name."""
        self.tape = Tape("")
        self.tapes: list[Tape] = []
        self.steps = 0
        self.spent = 0
        """Steps taken for the files before this one."""
        self.calls: list[Any] = []
        self.path: list[tuple[str, str, str]] = []
        """Modules being called, from outside in: uid, own name, class name."""
        self.journals: list[Journal] = []
        self.way: list[tuple[int, int]] = []
        self.training: bool | None = None
        self.events = 0
        self.visited: set[ast.AST] = set()
        self.instances: list[Any] = []
        self.compiled: list[Any] = []
        self.findings: list[Finding] = []
        self.classes: dict[tuple[str, str], tuple[Place, str]] = {}
        """Where a class of activations was put into an attribute: object's uid and name -> place and text."""
        self.examples: dict[int, tuple[Any, Any]] = {}
        """An object of each class of which only the class was asked for, such as by an annotation."""
        self.words: dict[ast.AST, set[str]] = {}
        """Names that stand in a tree."""
        self.optimisers: dict[str, dict[str, Any]] = {}
        """What is known of the optimiser of a model, by the model's uid."""
        self.made = 0
        self.framework = "torch"

    # -- limits and places

    def tick(self) -> None:
        """Count one expression.

        Raises:
            LimitError: the program is too large.
        """
        self.steps += 1
        if self.steps > (STEPS if self.spent < POOL else LEAST) or len(self.tape.nodes) > NODES:
            raise LimitError

    def next_file(self) -> None:
        """Begin to count the steps of another file."""
        self.spent += self.steps
        self.steps = 0

    def place(self, frame: Frame, node: ast.AST | None, layer: str = "") -> Place:
        """Return where a piece of program stands."""
        if node is None or not hasattr(node, "lineno"):
            return Place(layer, frame.source.name)
        line, column = int(node.lineno), int(getattr(node, "col_offset", 0))
        end = int(getattr(node, "end_lineno", None) or line)
        return Place(layer, frame.source.name, line, column, end, int(getattr(node, "end_col_offset", None) or 0))

    def shown(self, frame: Frame, node: ast.AST | None, limit: int = 60) -> str:
        """Return a piece of program as it is written, on one line and cut."""
        if node is None:
            return ""
        text = _segment(frame.source, node)
        return text if len(text) <= limit else text[: limit - 3] + "..."

    def uid(self, kind: str, place: Place) -> str:
        """Return a name for a new object that no other has."""
        self.made += 1
        return f"{kind}@{place.file}:{place.line}#{self.made}"

    # -- changes that can be undone

    def touch(self, held: Held) -> None:
        """Say that a container is about to change."""
        for journal in self.journals:
            journal.note(held)

    def put(self, held: dict[Any, Any], key: Any, value: Any) -> None:
        """Set an entry of a dictionary."""
        if self.journals:
            self.touch(held)
        held[key] = value

    @contextmanager
    def branch(self, where: int, which: int, training: bool | None = None) -> Iterator[Journal]:
        """Run what follows as a branch that may not be taken; the caller undoes its journal."""
        journal = Journal()
        self.journals.append(journal)
        self.way.append((where, which))
        old = self.training
        self.training = training if training is not None else old
        try:
            yield journal
        finally:
            self.journals.remove(journal)
            self.way.pop()
            self.training = old

    # -- the graph

    def emit(self, op: str, inputs: list[Any], place: Place, **more: Any) -> Tensor:
        """Append a node; inputs that are no tensors of this tape become leaves."""
        indices = tuple(self.tensor(value, place).index for value in inputs)
        layer = more.pop("layer", None)
        if layer is None:
            layer = place.layer or ".".join(name for _, name, _ in self.path[1:] if name)
        named = Place(layer, place.file, place.line, place.column, place.end_line, place.end_column)
        if self.way:
            more["attrs"] = {**more.get("attrs", {}), "way": tuple(self.way)}
        node = Node(op, indices, named, training=self.training, **more)
        return self.tape.add(node, self.model())

    def model(self) -> tuple[str, str]:
        """The outermost model being called: its uid and name."""
        return (self.path[0][0], self.path[0][2]) if self.path else ("", "")

    def tensor(self, value: Any, place: Place = NOWHERE, op: str = "unknown") -> Tensor:
        """Return a value as a tensor of this tape."""
        if isinstance(value, Tensor):
            return value if value.tape is self.tape else self.tape.leaf(value, "constant", value.tape.node(value).shape)
        if isinstance(value, Data):
            return self.tape.leaf(value.leaf, "input", value.shape, place)
        if isinstance(value, Weight):
            return self.tape.leaf(value, "parameter", value.shape, place)
        if isinstance(value, Either):
            return self.joined([self.tensor(v, place, op) for v in value.options], place)
        if isinstance(value, int | float | str | bool | type(None)):
            return self.tape.add(Node("constant", (), place, attrs={"value": value}))
        held = value if isinstance(value, Unknown | Instance | Layer) else Unknown()
        return self.tape.leaf(held, op, None, place, self.model())

    def joined(self, options: list[Tensor], place: Place = NOWHERE) -> Tensor:
        """Return one tensor for several possible ones."""
        found = options[0]
        for other in options[1:]:
            found = self.tape.either(found, other, place)
        return found

    def either(self, a: Any, b: Any) -> Any:
        """Return what is known of a value that is one of two."""
        if a is b or (type(a) is type(b) and isinstance(a, int | float | str | bool) and a == b):
            return a
        if isinstance(a, Tensor) and isinstance(b, Tensor) and a.tape is b.tape is self.tape:
            return self.tape.either(a, b)
        if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
            return tuple(self.either(x, y) for x, y in zip(a, b, strict=True))
        options = [*(a.options if isinstance(a, Either) else (a,)), *(b.options if isinstance(b, Either) else (b,))]
        plain: list[Any] = []
        for option in options:
            if not any(option is p or (isinstance(option, str | int | float) and option == p) for p in plain):
                plain.append(option)
        if all(isinstance(o, Unknown) for o in plain):
            return plain[-1]
        return Either(tuple(plain)) if len(plain) <= 6 else Unknown()

    def merge(self, first: dict[int, tuple[Held, Held]], second: dict[int, tuple[Held, Held]]) -> None:
        """Make every container that either of two branches changed hold what is known after both."""
        for key in {**first, **second}:
            held = (first.get(key) or second[key])[0]
            now = held.copy()
            a = first[key][1] if key in first else now
            b = second[key][1] if key in second else now
            self.touch(held)
            refill(held, self._lists(a, b) if isinstance(held, list) else self._names(a, b))

    def _names(self, a: Any, b: Any) -> dict[Any, Any]:
        return {k: self.either(a[k], b[k]) if k in a and k in b else (a if k in a else b)[k] for k in {**a, **b}}

    def _lists(self, a: Any, b: Any) -> list[Any]:
        if len(a) == len(b):
            return [self.either(x, y) for x, y in zip(a, b, strict=True)]
        short, long = (a, b) if len(a) < len(b) else (b, a)
        same = next((i for i, x in enumerate(short) if x is not long[i]), len(short))
        if same == len(short):
            return [*short, *(Either((x, ABSENT)) for x in long[same:])]
        paired = [self.either(x, y) for x, y in zip(short[same:], long[same:], strict=False)]
        return [*short[:same], *paired, *(Either((x, ABSENT)) for x in long[len(short) :])]

    # -- the parts

    def evaluate(self, frame: Frame, node: ast.expr) -> Any:
        """Return the value of an expression."""
        return self.build["evaluate"](self, frame, node)

    def execute(self, frame: Frame, body: list[ast.stmt]) -> str:
        """Run statements; the result says how they end: empty, ``return``, ``raise``, ``break`` or ``continue``."""
        return str(self.build["execute"](self, frame, body))

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any], frame: Frame, node: ast.AST | None) -> Any:
        """Call a value."""
        return self.build["call"](self, function, args, kwargs, frame, node)

    def attribute(self, value: Any, name: str, frame: Frame, node: ast.AST | None) -> Any:
        """Return an attribute of a value."""
        return self.build["attribute"](self, value, name, frame, node)


def _segment(source: Source, node: ast.AST) -> str:
    """The text of a node. ast.get_source_segment splits the whole file each time, so the lines are kept."""
    if not source.lines:
        source.lines = [line.encode() for line in source.text.split("\n")]
    lines = source.lines
    start, end = int(getattr(node, "lineno", 1)) - 1, int(getattr(node, "end_lineno", None) or 1)
    part = lines[start:end]
    if not part:
        return ""
    if len(part) == 1:
        return part[0][getattr(node, "col_offset", 0) : getattr(node, "end_col_offset", None)].decode(errors="replace")
    part = [part[0][getattr(node, "col_offset", 0) :], *part[1:-1], part[-1][: getattr(node, "end_col_offset", None)]]
    return " ".join(b" ".join(part).decode(errors="replace").split())
