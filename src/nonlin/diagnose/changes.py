"""Remedies as diffs: of the printed model, or of the source file where a function call is to go."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nonlin.findings import NOWHERE, Place, Remedy

__all__ = ["diff_of", "model_diff", "source_diff", "text_diff"]

CONTEXT = 2


def text_diff(before: str, after: str, name: str = "", first_line: int = 1) -> str:
    """Return a unified diff of two texts without its two head lines where they have no name; empty where they are equal.

    >>> print(text_diff("a\\nb\\n", "a\\nc\\n"))
    @@ -1,2 +1,2 @@
     a
    -b
    +c
    """
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=CONTEXT))
    return "\n".join(lines if name else lines[2:])


def _line_of(lines: Sequence[str], path: str) -> int | None:
    """Return the line of a printed model that shows the module with this dotted path, or None."""
    at, low = -1, 0
    for depth, part in enumerate(path.split(".")):
        indent = "  " * (depth + 1)
        heads = (f"{indent}({part}): ", f"{indent}({part})")
        found = next((i for i in range(low, len(lines)) if lines[i].startswith(heads)), None)
        if found is None:
            folded = [i for i in range(low, len(lines)) if _folds(lines[i], indent, part)]
            found = folded[0] if folded else None
        if found is None:
            return None
        at, low = found, found + 1
    return at


def _folds(line: str, indent: str, part: str) -> bool:
    """Whether a line stands for several equal modules of which ``part`` is one: ``  (0-3): 4 x Linear(...)``."""
    if not line.startswith(f"{indent}(") or "): " not in line or not part.isdigit():
        return False
    first, _, last = line.strip()[1:].partition("): ")[0].partition("-")
    return first.isdigit() and last.isdigit() and int(first) <= int(part) <= int(last)


def model_diff(model: Any, remedy: Remedy, also: Sequence[str] = ()) -> str:
    """Return the change of a printed ``torch.nn`` model that a remedy asks for; empty where it cannot be shown.

    Args:
        model: the module.
        remedy: ``remove``, ``replace``, ``insert`` and ``set`` can be shown if ``target`` is the name of a module that stands on
            one line, and (but for ``remove``) ``after`` is the text of what is to stand there.
        also: names of further modules that change in the same way if they are printed as the target is.

    >>> from torch import nn
    >>> net = nn.Sequential(nn.Linear(4, 2), nn.Softmax(dim=1))
    >>> print(model_diff(net, Remedy("remove", "1", "remove the softmax")))
    @@ -1,4 +1,3 @@
     Sequential(
       (0): Linear(in_features=4, out_features=2, bias=True)
    -  (1): Softmax(dim=1)
     )
    """
    lines = repr(model).splitlines()
    at = _line_of(lines, remedy.target) if remedy.target else None
    if at is None:
        return ""
    places = {
        at,
        *(other for name in also if (other := _line_of(lines, name)) is not None and _same(lines[other], lines[at])),
    }
    new: list[str] = []
    for i, line in enumerate(lines):
        changed = _changed(line, remedy) if i in places else [line]
        if changed is None:
            return ""
        new += changed
    return text_diff("\n".join(lines), "\n".join(new))


def _same(line: str, other: str) -> bool:
    return line.partition("): ")[2] == other.partition("): ")[2]


def _changed(line: str, remedy: Remedy) -> list[str] | None:
    """Return what stands in the place of a line of a printed model, or None if that cannot be said."""
    head, _, shown = line.partition("): ")
    if line.endswith("(") or not shown:
        return None
    before, after = remedy.before.strip(), remedy.after.strip().removeprefix("nn.")
    if remedy.action in ("set", "replace") and before and before in shown:
        return [f"{head}): {shown.replace(before, remedy.after.strip())}"]
    if remedy.action == "remove":
        return []
    if not re.fullmatch(r"[A-Za-z_]\w*(\(.*\))?", after):
        return None
    after = after if after.endswith(")") else f"{after}()"
    if remedy.action == "replace":
        return [f"{head}): {after}"]
    behind = head.partition("(")[0]
    return [line, f"{behind}(new): {after}"] if remedy.action == "insert" else None


UNWRAPPED = frozenset(
    ("softmax", "log_softmax", "sigmoid", "relu", "tanh", "relu6", "gelu", "silu", "elu", "leaky_relu", "softplus",
     "hard_sigmoid")
)  # fmt: skip
"""Functions of one tensor that can be taken away by leaving their argument."""
MODULES = frozenset(["torch", "nn", "F", "functional", "tf", "keras", "K", "jnp", "special"])
"""Names that functions are called on and that are no tensors."""


def _called(node: ast.AST) -> str:
    """Return the last name of what a call calls; empty for what is no call."""
    func = node.func if isinstance(node, ast.Call) else None
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def source_diff(place: Place, remedy: Remedy) -> str:
    """Return the change of a source file that takes a function call away; empty unless one call of the line can be meant.

    Args:
        place: with the file and the line of the call.
        remedy: ``remove``; its words name the function.
    """
    path = Path(place.file) if place.file else None
    if remedy.action != "remove" or path is None or not place.line or not path.is_file():
        return ""
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, UnicodeDecodeError, SyntaxError, ValueError):
        return ""
    calls = [n for n in ast.walk(tree) if getattr(n, "lineno", 0) == place.line and _called(n) in UNWRAPPED]
    words = set(re.findall(r"\w+", f"{remedy.target} {remedy.summary} {place.layer}"))
    calls = [n for n in calls if _called(n) in words]
    if len(calls) != 1 or not isinstance(call := calls[0], ast.Call) or call.end_lineno != call.lineno:
        return ""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    library = owner is None or ast.unparse(owner).rpartition(".")[2] in MODULES
    kept = (call.args[0] if call.args else None) if library else owner
    module = isinstance(owner, ast.Name | ast.Attribute) and ast.unparse(owner).partition(".")[0] == "self"
    if kept is None or isinstance(kept, ast.Starred) or module:  # a module's call is shown in the model
        return ""
    inner = ast.get_source_segment(text, kept)
    outer = ast.get_source_segment(text, call)
    lines = text.splitlines()
    if not inner or not outer:
        return ""
    changed = [*lines[: call.lineno - 1], lines[call.lineno - 1].replace(outer, inner, 1), *lines[call.lineno :]]
    return text_diff(text, "\n".join(changed), path.name)


def diff_of(remedy: Remedy | None, model: Any, also: Sequence[str] = (), place: Place = NOWHERE) -> str:
    """Return a remedy as a diff: of the model where it names a module of it, of the file, of the texts it holds; else empty.

    >>> print(diff_of(Remedy("replace", "loss", "use logits", "nn.BCELoss()", "nn.BCEWithLogitsLoss()"), None))
    -nn.BCELoss()
    +nn.BCEWithLogitsLoss()
    """
    if remedy is None:
        return ""
    shown = (model_diff(model, remedy, also) if model is not None else "") or source_diff(place, remedy)
    if shown or remedy.action not in ("remove", "replace", "insert") or not remedy.before or not remedy.after:
        return shown
    return "\n".join([f"-{x}" for x in remedy.before.splitlines()] + [f"+{x}" for x in remedy.after.splitlines()])
