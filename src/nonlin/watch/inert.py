"""Hooks that do not travel: copies and pickles of a watched model are whole, unwatched, and load without nonlin."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any


class Hook:
    """A hook on the model itself; a copy of the model, or one that is pickled, gets one of the standard library that does nothing.

    >>> import copy
    >>> copy.deepcopy(Hook(print))("never printed")
    """

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def __call__(self, *args: Any) -> Any:
        return self.call(*args)

    def __reduce__(self) -> Any:
        return getattr, (nullcontext(), "__exit__")
