"""Rooms that can be called: ``nonlin.lint(model)`` and ``nonlin.watch(model)`` are packages and functions in one.

A package's name and its main function's are one word here, and importing any module of a package sets the package as an
attribute of ``nonlin``, over whatever stood there. So the package itself answers the call. Python supports this: a module may
be given a subclass of its type (the language reference, "Customizing module attribute access").
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """A package whose call is that of its function of the same name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._door()(*args, **kwargs)

    def _door(self) -> Any:
        return getattr(self, self.__name__.rpartition(".")[2])

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._door())


def open_door(package: str) -> None:
    """Let ``package(...)`` call the function in it that bears its name; to be called once, by the package itself.

    Args:
        package: its full name, ``__name__`` within it; ``nonlin.lint`` then calls ``nonlin.lint.lint``, looked up at the call.

    Raises:
        KeyError: no such module is being imported or has been.

    >>> from types import ModuleType
    >>> room = sys.modules["doubling"] = ModuleType("doubling")
    >>> room.doubling = lambda x: 2 * x
    >>> open_door("doubling")
    >>> room(21), sys.modules.pop("doubling") is room
    (42, True)
    """
    sys.modules[package].__class__ = _Room
