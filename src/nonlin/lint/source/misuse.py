"""Mistakes of the text itself: a class where an object is meant, and a tensor given to a constructor."""

from __future__ import annotations

import ast
from typing import Any

from nonlin.findings import Place, Remedy
from nonlin.lint.rules import finding
from nonlin.lint.source.machine import Frame, Run
from nonlin.lint.source.names import activations
from nonlin.lint.source.values import External, Tensor


def activation_class(value: Any) -> str:
    """Return the last name of a library's activation class, or nothing where a value is none.

    >>> activation_class(External("torch.nn.ReLU"))
    'ReLU'
    """
    if not isinstance(value, External) or value.name not in activations():
        return ""
    last = value.name.rpartition(".")[2]
    return last if last[:1].isupper() else ""


def class_as_layer(run: Run, value: Any, frame: Frame, node: ast.AST | None, where: str) -> bool:
    """Report a class that stands among layers; ``where`` says what it was put into."""
    name = activation_class(value)
    if not name:
        return False
    shown, place = run.shown(frame, node) or name, run.place(frame, node, name)
    direct = shown.rpartition(".")[2] == name
    remedy = Remedy(
        "replace", place.layer, f"write {shown}() instead of {shown}", shown, f"{shown}()",
        check="The model can be called on a batch.", safe=direct and not _needs(value.name),
    )  # fmt: skip
    _report(run, "NL212", f"{shown} is a class, but {where} needs an object: write {shown}().", place, remedy)
    return True


NEEDED = ("Threshold", "Softmax", "LogSoftmax", "Softmin")
"""Classes whose objects should not be made without arguments."""


def _needs(name: str) -> bool:
    return name.startswith("torch.") and name.rpartition(".")[2] in NEEDED


def tensor_in_constructor(run: Run, name: str, args: list[Any], frame: Frame, node: ast.AST | None) -> None:
    """Report an activation class called with a tensor: it makes an object with the tensor as a setting."""
    cls = activation_class(External(name))
    if not cls or not args or not isinstance(args[0], Tensor) or not isinstance(node, ast.Call):
        return
    shown = run.shown(frame, node.func)
    place = run.place(frame, node, cls)
    given = run.shown(frame, node.args[0]) if node.args else "the tensor"
    if shown.rpartition(".")[2] == cls:
        remedy = Remedy(
            "replace",
            cls,
            f"write {shown}()({given})",
            run.shown(frame, node, 10_000),
            "",
            check="The model can be called on a batch.",
        )
        _report(
            run,
            "NL213",
            f"{shown}({given}) makes an object with the tensor as its setting; it does not apply {cls}.",
            place,
            remedy,
        )
        return
    held = isinstance(node.func, ast.Attribute) and run.classes.get((getattr(frame.self, "uid", ""), node.func.attr))
    made, written = held or (place, "")
    remedy = Remedy(
        "replace", shown, f"make an object of it: {written or cls}()", written, f"{written}()" if written else "",
        check="The model can be called on a batch.", safe=bool(held) and not _needs(name),
    )  # fmt: skip
    message = f"{shown} is the class {cls} rather than an object of it, so {shown}({given}) does not apply it."
    _report(run, "NL212", message, made, remedy, (place,) if held else ())


def _report(run: Run, code: str, message: str, place: Place, remedy: Remedy, related: tuple[Place, ...] = ()) -> None:
    run.findings.append(finding(code, message, place, remedy=remedy, related=related))
