"""Arguments by name: positional ones are given the names of a row's signature."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=512)
def split(signature: str) -> tuple[str, ...]:
    """Return the names of a signature, written with spaces between."""
    return tuple(signature.split())


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set, so that tables of names stay readable.

    >>> sorted(words("relu tanh"))
    ['relu', 'tanh']
    """
    return frozenset(text.split())


def bind(signature: str, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return all arguments by name; positional ones beyond the signature are left out.

    >>> bind("in_features out_features bias", [3, 4], {"bias": False})
    {'in_features': 3, 'out_features': 4, 'bias': False}
    """
    return {**dict(zip(split(signature), args, strict=False)), **kwargs}
