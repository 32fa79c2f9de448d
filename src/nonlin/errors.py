"""The errors nonlin raises: each message is a sentence that says the way out."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass


class NonlinError(Exception):
    """Base of every error nonlin raises on purpose; its message is written for the person who reads it."""


class UnknownNameError(NonlinError, ValueError):
    """A name (function, task, preset, ...) is not in its table."""


class FormulaError(NonlinError, ValueError):
    """A formula typed by a person cannot be read; ``column`` is 0-based within the text."""

    def __init__(self, message: str, text: str = "", column: int = 0) -> None:
        pointer = f"\n  {text}\n  {' ' * column}^" if text and "\n" not in text else ""
        super().__init__(message + pointer)
        self.text, self.column = text, column


class ParameterError(NonlinError, ValueError):
    """A parameter is unknown, of the wrong type, or outside its range."""


class DataError(NonlinError, ValueError):
    """A data set is missing, corrupt, or of the wrong shape."""


class StoreError(NonlinError, ValueError):
    """A study's file cannot be opened, read or written."""


class ModelError(NonlinError, ValueError):
    """A model, or the factory that should make one, cannot be used."""


class MissingExtraError(NonlinError, ImportError):
    """An optional package is not installed; the message holds the exact install line."""


@dataclass(frozen=True)
class Extra:
    """An optional part of nonlin: the extra's name, the package it stands on, and what it is for."""

    name: str
    package: str
    purpose: str

    @property
    def installed(self) -> bool:
        """Whether its package can be imported; nothing is imported to find out."""
        return importlib.util.find_spec(self.package) is not None

    @property
    def install_line(self) -> str:
        """What to type to get it."""
        return f"pip install 'nonlin[{self.name}]'"

    def require(self) -> None:
        """Raise MissingExtraError with the install line unless the package is there."""
        if not self.installed:
            raise MissingExtraError(
                f"{self.purpose} needs the package {self.package!r}, which is not installed. "
                f"Install it with: {self.install_line}"
            )


EXTRAS: dict[str, Extra] = {
    e.name: e
    for e in (
        Extra("jax", "jax", "the JAX bridge"),
        Extra("keras", "keras", "the Keras 3 bridge"),
        Extra("onnx", "onnx", "ONNX export"),
        Extra("ray", "ray", "the cluster engine"),
        Extra("web", "starlette", "the live page"),
    )
}


def near(name: str, options: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the closest of ``options``, or an empty string.

    >>> near("mihs", ["mish", "relu"])
    " Did you mean 'mish'?"
    """
    spelled = {option.lower(): option for option in sorted(options)}
    found = difflib.get_close_matches(name.lower(), sorted(spelled), n=1, cutoff=0.6)
    return f" Did you mean {spelled[found[0]]!r}?" if found else ""


def unknown(kind: str, name: str, options: Iterable[str], hint: str = "") -> UnknownNameError:
    """Build the error for a name that is not in its table, with a near match and the way out."""
    options = list(options)
    way_out = hint or f"Known: {', '.join(sorted(options))}."
    return UnknownNameError(f"unknown {kind} {name!r}.{near(name, options)} {way_out}")
