"""Definitions as plain data, for the configurations that Keras saves: by name, or with everything a formula needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from nonlin.catalogue import Definition, Param, resolve
from nonlin.catalogue.definition import make
from nonlin.expr import to_text


def catalogued(made: Definition) -> bool:
    """Whether a function can be found by its name in a process where no user defined anything."""
    return made.family not in ("user", "formula")


def to_config(made: Definition) -> dict[str, Any]:
    """Return a definition in plain data.

    >>> to_config(resolve("leaky_relu(slope=0.3)"))
    {'function': 'leaky_relu(slope=0.3)'}
    """
    if catalogued(made):
        return {"function": made.name}
    params = {n: {k: _plain(v) for k, v in asdict(p).items()} for n, p in made.params.items()}
    rest = {} if made.rest is None else {"rest": to_text(made.rest)}
    return {"function": made.formula, "inputs": list(made.inputs), "groups": made.groups, "params": params, **rest}


def _plain(value: Any) -> Any:
    """Numbers as floats, and no infinities: JSON has none."""
    if isinstance(value, bool | str):
        return value
    return float(value) if math.isfinite(value) else None


def from_config(config: Mapping[str, Any]) -> Definition:
    """Return the definition that :func:`to_config` wrote."""
    if "params" not in config:
        return resolve(config["function"])
    ends = {"low": -math.inf, "high": math.inf}
    params: dict[str, Any] = {}
    for name, saved in config["params"].items():
        columns: dict[str, Any] = {k: ends[k] if v is None else v for k, v in saved.items()}
        params[name] = Param(**columns)
    made = make("formula", config["function"], params=params, family="formula", title="Formula", rest=config.get("rest"),
                inputs=tuple(config["inputs"]), groups=config["groups"])  # fmt: skip
    return replace(made, name=made.formula)
