"""Rewrites that provably change nothing but the mistake; everything else of the file stays byte for byte."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from nonlin.findings import Finding, Place
from nonlin.lint.net import Loss, Net

FUNCTIONS = ("softmax", "log_softmax", "sigmoid")
"""Functions that may be taken off what a loss is given."""
LOGITS = ("cross_entropy", "bce_logits")
"""Losses that apply one of these themselves."""


class Edit(NamedTuple):
    """Bytes of the file from ``start`` to ``end`` and what stands there afterwards."""

    start: int
    end: int
    new: bytes


class Program:
    """A file's bytes, tree and networks."""

    def __init__(self, text: str, name: str) -> None:
        from nonlin.lint.source.reading import read_text

        self.raw = text.encode()
        self.tree = ast.parse(text)
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.starts = [0]
        for line in self.raw.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.nets: tuple[Net, ...] = read_text(text, name).nets

    def span(self, node: ast.expr | ast.keyword) -> tuple[int, int]:
        """First byte of a node and the one behind its last."""
        line, column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[line - 1] + column

    def written(self, node: ast.expr) -> bytes:
        """A node as the file has it."""
        start, end = self.span(node)
        return self.raw[start:end]

    def at(self, place: Place) -> ast.expr | None:
        """The expression that fills a place exactly, or None."""
        wanted = (place.line, place.column, place.end_line, place.end_column)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.expr) and (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) == wanted:
                return node
        return None


def fix(text: str, findings: Iterable[Finding]) -> str:
    """Return a program with the findings mended that can be mended safely; the text itself where none can.

    Four rewrites are made: an activation class becomes an object of it (NL212); a softmax, log-softmax or sigmoid that is applied
    only to what a loss on logits is given is taken off (NL102, NL105, NL106); ``nn.Softmax()`` on a matrix says ``dim=1``, which is
    what PyTorch does (NL113); and ``from_logits=True`` of a Keras loss that gets probabilities becomes ``False`` (NL109).
    The result parses and differs in nothing else; a notebook, or a text that does not parse, is returned as it is.

    >>> from nonlin.lint.source import read_text
    >>> program = "from torch import nn\\nmodel = nn.Sequential(nn.Linear(3, 4), nn.ReLU)\\n"
    >>> print(fix(program, read_text(program).findings).splitlines()[1])
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    """
    wanted = [f for f in findings if f.rule.code in FIXES]
    if not wanted or any(f.place.file.endswith(".ipynb") for f in wanted):
        return text
    try:
        program = Program(text, wanted[0].place.file)
        edits = _apart(edit for found in wanted for edit in FIXES[found.rule.code](program, found))
        raw = program.raw
        for edit in sorted(edits, reverse=True):
            raw = raw[: edit.start] + edit.new + raw[edit.end :]
        new = raw.decode()
        ast.parse(new)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    return new


def _apart(edits: Iterable[Edit]) -> list[Edit]:
    """Edits that touch different bytes, each once."""
    kept: list[Edit] = []
    for edit in edits:
        if all(edit.end <= other.start or edit.start >= other.end for other in kept):
            kept.append(edit)
    return kept


# -- NL212


def _object(program: Program, found: Finding) -> Iterator[Edit]:
    """``nn.ReLU`` -> ``nn.ReLU()``, where the class stands there by its name."""
    node = program.at(found.place)
    safe = found.remedy is not None and found.remedy.safe and isinstance(node, ast.Name | ast.Attribute)
    if node is not None and found.remedy is not None and safe and program.written(node).decode() == found.remedy.before:
        end = program.span(node)[1]
        yield Edit(end, end, b"()")


# -- NL102, NL105, NL106


def _taken_off(program: Program, found: Finding) -> Iterator[Edit]:
    """``cross_entropy(softmax(x, 1), y)`` -> ``cross_entropy(x, y)``, where nothing but the loss gets the softmax's output."""
    node = program.at(found.place)
    losses = [program.at(place) for place in found.related]
    if not isinstance(node, ast.Call) or len(losses) != 1 or not isinstance(losses[0], ast.Call):
        return
    value = _argument(node)
    if value is None or not _judged(program, found.place) or not _only_for(program, node, losses[0]):
        return
    start, end = program.span(node)
    written = program.written(value)
    yield Edit(start, end, written if isinstance(value, BARE) else b"(" + written + b")")


BARE = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant)
"""Expressions that need no brackets anywhere."""


def _argument(node: ast.Call) -> ast.expr | None:
    """What a call of a softmax or sigmoid is applied to: ``x`` of ``F.softmax(x, dim=1)``, ``x.softmax(1)``, ``nn.Softmax(1)(x)``."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in FUNCTIONS:
        module = node.func.value
        name = module.attr if isinstance(module, ast.Attribute) else module.id if isinstance(module, ast.Name) else ""
        if name in ("torch", "F", "functional", "special", "nn"):
            return node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else None
        return module
    if (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS) or isinstance(node.func, ast.Call):
        return node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else None
    return None


def _judged(program: Program, place: Place) -> bool:
    """Whether the reader, too, sees every loss that this node reaches as one on logits."""
    met = False
    for net in program.nets:
        for index, node in enumerate(net.nodes):
            if node.op == "activation" and node.function in FUNCTIONS and _same(node.place, place):
                taken = [loss for loss in net.losses if loss.input == index]
                if not taken or any(loss.kind not in LOGITS for loss in taken) or list(net.consumers(index)):
                    return False
                met = True
    return met


def _same(a: Place, b: Place) -> bool:
    return (a.line, a.column, a.end_line, a.end_column) == (b.line, b.column, b.end_line, b.end_column)


def _only_for(program: Program, node: ast.Call, loss: ast.Call) -> bool:
    """Whether a value goes straight into the call of a loss, at most by a name that is used for nothing else."""
    if node in loss.args or any(k.value is node for k in loss.keywords):
        return True
    parent = program.parents.get(node)
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1 or not isinstance(parent.targets[0], ast.Name):
        return False
    name = parent.targets[0].id
    block = program.parents.get(parent)
    body = getattr(block, "body", None)
    scope = block
    while scope is not None and not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        scope = program.parents.get(scope)
    if isinstance(scope, ast.Module) or scope is None or not isinstance(body, list) or parent not in body:
        return False  # a name of a module can be read from elsewhere
    uses = [n for n in ast.walk(scope) if isinstance(n, ast.Name) and n.id == name]
    loads = [n for n in uses if isinstance(n.ctx, ast.Load)]
    direct = len(loads) == 1 and (loads[0] in loss.args or any(k.value is loads[0] for k in loss.keywords))
    text = any(isinstance(n, ast.Global | ast.Nonlocal) and name in n.names for n in ast.walk(scope))
    return direct and len(uses) == 2 and not text and not _looks_around(scope)


def _looks_around(scope: ast.AST) -> bool:
    """Whether a function can see its names by other means: ``locals()``, ``eval``, ``exec``."""
    return any(isinstance(n, ast.Name) and n.id in ("locals", "vars", "eval", "exec", "globals") for n in ast.walk(scope))


# -- NL113


def _axis(program: Program, found: Finding) -> Iterator[Edit]:
    """``nn.Softmax()`` -> ``nn.Softmax(dim=1)`` where every input is known to be a matrix: PyTorch takes axis 1 there."""
    made: set[tuple[int, int]] = set()
    for net in program.nets:
        for node in net.nodes:
            line = node.attrs.get("made_line", node.place.line)
            if (
                node.function in ("softmax", "log_softmax")
                and node.attrs.get("dim", 0) is None
                and node.place.line == found.place.line
            ):
                if node.shape is None or len(node.shape) != 2:
                    return
                made.add((int(line), 0))
    for line, _ in sorted(made):
        calls = [n for n in ast.walk(program.tree) if isinstance(n, ast.Call) and n.lineno == line and _implicit(n)]
        others = [
            n for net in program.nets for n in net.nodes if n.attrs.get("made_line", n.place.line) == line and n.function
        ]
        if len(calls) != 1 or any(
            n.shape is None or len(n.shape) != 2 for n in others if n.function in ("softmax", "log_softmax")
        ):
            continue
        end = program.span(calls[0])[1] - 1
        arguments = calls[0].args
        before = program.raw[program.span(calls[0].func)[1] : end].rstrip()
        comma = b"" if not arguments or before.endswith(b",") else b", "
        yield Edit(end, end, comma + b"dim=1")


def _implicit(node: ast.Call) -> bool:
    """Whether a call is a softmax without its axis."""
    name = (
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    )
    if name in ("Softmax", "LogSoftmax"):
        return not node.args and not node.keywords
    return name in ("softmax", "log_softmax") and len(node.args) == 1 and not node.keywords and isinstance(node.func, ast.Attribute) and (
        isinstance(node.func.value, ast.Name) and node.func.value.id == "F"
    )  # fmt: skip


# -- NL109


def _probabilities(program: Program, found: Finding) -> Iterator[Edit]:
    """``from_logits=True`` -> ``False`` where every model trained with this loss ends in its softmax or sigmoid."""
    places = {(p.line, p.end_line) for p in found.related}
    made = {_made(loss) for net in program.nets for loss in net.losses if (loss.place.line, loss.place.end_line) in places}
    if len(made) != 1:
        return
    line = made.pop()
    for net in program.nets:
        for loss in net.losses:
            node = net.nodes[loss.input]
            wanted = {"cross_entropy": ("softmax",), "bce_logits": ("sigmoid",)}.get(loss.kind, ())
            if _made(loss) == line and (
                node.op != "activation" or node.function not in wanted or not loss.attrs.get("from_logits")
            ):
                return
    inside = [
        n for n in ast.walk(program.tree) if isinstance(n, ast.Call) and n.lineno <= line <= (n.end_lineno or n.lineno)
    ]
    keywords = [k.value for n in inside for k in n.keywords if k.arg == "from_logits"]
    words = {value for value in keywords if isinstance(value, ast.Constant) and value.value is True}
    if len(words) == 1:
        yield Edit(*program.span(words.pop()), b"False")


def _made(loss: Loss) -> int:
    return int(loss.attrs.get("made_line", loss.place.line))


FIXES: Mapping[str, Callable[[Program, Finding], Iterator[Edit]]] = {
    "NL102": _taken_off,
    "NL105": _taken_off,
    "NL106": _taken_off,
    "NL109": _probabilities,
    "NL113": _axis,
    "NL212": _object,
}
"""How each rule's findings are mended."""
