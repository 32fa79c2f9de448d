"""JSON that keeps NaN and infinities, and the hash of a configuration."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from nonlin.errors import ParameterError

__all__ = ["dumps", "loads", "trial_key"]

_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_TAGS = frozenset({"$float", "$object"})


def trial_key(config: Mapping[str, Any]) -> str:
    """Return the 32 hexadecimal digits that name a configuration.

    Two configurations have the same key exactly when they are equal as JSON: the order of names does not
    matter, lists and tuples are alike, and so are ``1`` and ``1.0``.

    Raises:
        ParameterError: a value that JSON cannot hold, NaN and infinities included.

    >>> trial_key({"seed": 0, "activation": "mish"}) == trial_key({"activation": "mish", "seed": 0.0})
    True
    """
    alike = _canonical(_encode(config, "config"), "config")
    text = json.dumps(alike, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def dumps(value: Any, where: str) -> str:
    """Return strict JSON text; ``where`` names the value in errors.

    NaN becomes ``{"$float": "nan"}``, and a mapping of the user's own with such a name is wrapped, so that
    ``loads`` returns every value as it was (tuples as lists).

    Raises:
        ParameterError: a value that JSON cannot hold, or a name that is not a string.

    >>> dumps([0.5, float("nan")], "curve")
    '[0.5,{"$float":"nan"}]'
    """
    return json.dumps(_encode(value, where), separators=(",", ":"), allow_nan=False)


def loads(text: str) -> Any:
    """Return the value that ``dumps`` was given."""
    return json.loads(text, object_hook=_decode)


def _encode(value: Any, where: str) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):  # numpy's float64 is one
        value = float(value)
        return value if math.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, (list, tuple)):
        return [_encode(item, f"{where}[{k}]") for k, item in enumerate(value)]
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise ParameterError(f"{where} has the name {name!r}; names in JSON are strings.")
        row = {name: _encode(item, f"{where}[{name!r}]") for name, item in value.items()}
        return {"$object": [list(item) for item in row.items()]} if _TAGS & row.keys() else row
    raise ParameterError(
        f"{where} is a {type(value).__name__}, which JSON cannot hold; give numbers, strings, lists and "
        "mappings (for an array: array.tolist())."
    )


def _decode(row: dict[str, Any]) -> Any:
    if row.keys() == {"$float"}:
        return _FLOATS[row["$float"]]
    if row.keys() == {"$object"}:
        return dict(row["$object"])
    return row


def _canonical(encoded: Any, where: str) -> Any:
    """Return encoded JSON with equal numbers written alike; raise where a number is not finite."""
    if isinstance(encoded, float) and encoded.is_integer():
        return int(encoded)
    if isinstance(encoded, list):
        return [_canonical(item, f"{where}[{k}]") for k, item in enumerate(encoded)]
    if isinstance(encoded, dict):
        if encoded.keys() == {"$float"}:
            raise ParameterError(f"{where} is {encoded['$float']}; a configuration holds finite numbers only.")
        if encoded.keys() == {"$object"}:  # its names come in the order given, and order must not matter
            encoded = {"$object": sorted(encoded["$object"], key=lambda item: str(item[0]))}
        return {name: _canonical(item, f"{where}[{name!r}]") for name, item in encoded.items()}
    return encoded
