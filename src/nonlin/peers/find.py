"""A peer's function as one of ours: its name, version and arguments looked up in the tables."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nonlin.catalogue import Definition, lookup, resolve
from nonlin.errors import ParameterError, UnknownNameError, near, unknown
from nonlin.expr import const, substitute, to_text
from nonlin.peers.rows import REQUIRED, Peer, Row, To, bare, defaults, folded, parsed

CLOSE = 1e-6
"""Relative difference up to which a number counts as the one in the table: ONNX keeps attributes in single precision."""
SPELLINGS = {"tf": "tensorflow", "pytorch": "torch", "hf": "transformers", "huggingface": "transformers", "flux": "nnlib",
             "addons": "tfa", "tensorflow_addons": "tfa", "jax.nn": "jax", "tf.keras": "keras", "linen": "flax"}  # fmt: skip
"""What people also call a peer."""


@lru_cache(maxsize=1)
def peers() -> dict[str, Peer]:
    """Return every peer by name, sorted."""
    package = importlib.import_module("nonlin.peers.tables")
    found = [importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__)]
    made: dict[str, Peer] = {m.PEER.name: m.PEER for m in found if hasattr(m, "PEER")}
    return dict(sorted(made.items()))


def peer(name: str | Peer) -> Peer:
    """Return a peer by name.

    Raises:
        UnknownNameError: there is no table for it; the message holds a near match.

    >>> peer("hf").title
    'Hugging Face transformers'
    """
    if isinstance(name, Peer):
        return name
    if not isinstance(name, str):
        raise ParameterError(f"peer must be a name, not {type(name).__name__}; known: {', '.join(peers())}")
    key = SPELLINGS.get(name.strip().lower(), name.strip().lower())
    if key not in peers():
        raise unknown("peer", name, [*peers(), *SPELLINGS], f"Known: {', '.join(peers())}.")
    return peers()[key]


def version_of(found: Peer, version: str | int | float | None = None) -> tuple[int, ...]:
    """Return a version as numbers, checked against those the table speaks of; the newest by default.

    Raises:
        ParameterError: it is not a version, older than the table's oldest, or of a later series than its newest.
    """
    word, (oldest, newest) = found.version_word, found.versions
    known = f"the table of {found.title} has {word}s {oldest} to {newest}"
    if version is None:
        return parsed(newest)
    if isinstance(version, bool) or not isinstance(version, str | int | float) or not parsed(str(version)):
        raise ParameterError(f"{word} must be one such as {newest!r}, not {version!r}; {known}")
    given, last = parsed(str(version)), parsed(newest)
    if given < parsed(oldest)[: len(given)]:
        raise ParameterError(f"{found.title} {word} {version} is too old; {known}")
    series = 1 if word == "opset" or last[0] else 2  # JAX and Flax still count their series in the second number
    if given[:series] > last[:series] and not (series == 2 and given[0] == last[0]):
        raise ParameterError(f"{found.title} {word} {version} is not known; {known}")
    return (*given, *(0,) * (len(last) - len(given)))


@dataclass(frozen=True)
class Match:
    """A function of a peer and what it is here.

    Attributes:
        peer: the peer's name.
        name: their spelling in full.
        row: the row of the table.
        definition: the function, with their parameter values.
        options: how to call it so that it acts on the same axis with the gate in the same place: ``axis``, ``gate``.
        notes: sentences a person should read.
    """

    peer: str
    name: str
    row: Row
    definition: Definition
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def names_of(found: Peer, name: str, version: tuple[int, ...]) -> list[str]:
    """Return the full spellings a typed name may mean, those nearest to what was typed only."""
    table = found.functions(version)
    text = name.strip().removeprefix("tf.keras.") if found.name == "keras" else name.strip()
    if found.name == "keras" and text != name.strip():
        text = f"keras.{text}"
    tests: tuple[Callable[[str], bool], ...] = (
        lambda full: full == text or text in found.shortened(full),
        lambda full: bare(full) == text,
        lambda full: full.endswith(f".{text}") if "." in text else False,
        lambda full: folded(bare(full)) == folded(bare(text)) and ("." not in text or folded(full).endswith(folded(text))),
    )
    for test in tests:
        hits = [full for full in table if test(full)]
        if hits:
            return hits
    return []


def find(peer_name: str | Peer, name: str, /, version: str | int | float | None = None, **params: Any) -> Match:
    """Return what a function of a peer is here: the definition with their defaults and the values given, axis and gate.

    Args:
        peer_name: the library: ``torch``, ``keras``, ``jax``, ``onnx`` ...
        name: their spelling, in full or its last part: ``keras.layers.LeakyReLU``, ``leaky_relu``, ``gelu_new``.
        version: of the peer (for ONNX the opset); the newest the table knows by default.
        **params: values of their arguments, by their names.

    Raises:
        UnknownNameError: no such peer, or no such name in that version.
        ParameterError: a version, an argument or a value that the table does not know.

    >>> find("keras", "leaky_relu").definition.name
    'leaky_relu(slope=0.2)'
    """
    found = peer(peer_name)
    at = version_of(found, version)
    if not isinstance(name, str) or not name.strip():
        raise ParameterError(f"name must be the name of a function of {found.title}, not {name!r}")
    hits = names_of(found, name, at)
    if not hits:
        raise _absent(found, name, at)
    table = found.functions(at)
    full = hits[0]
    notes = []
    exact = name.strip() in (full, bare(full)) or "." in name
    others = [other for other in hits[1:] if not _same(table[full], table[other])]
    if others and not exact:
        told = "; ".join(f"{other} is {_default(table[other])}" for other in (full, *others))
        raise ParameterError(f"{name!r} is several functions of {found.title}. Say which one: {told}")
    notes += [f"{other} is another function: {_default(table[other])}" for other in others]
    return _match(found, full, table[full], params, notes)


def _absent(found: Peer, name: str, at: tuple[int, ...]) -> UnknownNameError:
    """The error for a name that a peer has not, or has not in this version."""
    shown = ".".join(map(str, at))
    ever = {n: row for row in found.rows if not row.holds(at) for n in row.names if folded(bare(n)) == folded(bare(name))}
    if ever:
        full, row = next(iter(ever.items()))
        when = f"since {found.version_word} {row.since}" if row.since and parsed(row.since) > at else f"until {row.until}"
        return UnknownNameError(f"{found.title} {shown} has no {full}; it exists {when}")
    reason = found.lacks.get(folded(bare(name)))
    if reason:
        return UnknownNameError(f"{found.title} has no {name!r} in its table: {reason}")
    spellings = {bare(full) for full in found.functions(at)}
    hint = "" if near(name, spellings) else f"Known: {', '.join(sorted(spellings, key=str.lower))}."
    return unknown(f"function of {found.title}", name, spellings, hint or f"`nonlin port {found.name}->torch` lists all.")


def _same(a: Sequence[Row], b: Sequence[Row]) -> bool:
    """Whether two functions are one and the same at their defaults."""
    mine, other = _try_default(a), _try_default(b)
    return mine is not None and other is not None and mine.name == other.name and mine.defaults == other.defaults


def _try_default(rows: Sequence[Row]) -> Definition | None:
    given = {n: (1.0 if v is REQUIRED else v) for n, v in defaults(rows).items()}
    fitting = fit(rows, given)
    return specific(*fitting) if fitting and fitting[0].ours else None


def _default(rows: Sequence[Row]) -> str:
    made = _try_default(rows)
    return shown(made) if made else "without a counterpart here"


def shown(made: Definition) -> str:
    """Return a function's name with its parameter values, or its formula with them written in.

    >>> shown(find("fastai", "sigmoid").definition)
    'min(max(sigmoid(x), 1e-07), 0.9999999)'
    """
    if made.family != "formula":
        return made.name
    return to_text(substitute(made.textbook, {n: const(p.default) for n, p in made.params.items()}))


def specific(row: Row, values: Mapping[str, float]) -> Definition:
    """Return our function of a row with parameter values; those that are our default up to rounding stay exact."""
    base = lookup(row.ours)
    if base is None:
        return resolve(row.ours, **values)
    return base.bind(**{n: v for n, v in values.items() if n not in base.settable or v != base.defaults[n]})


def fit(rows: Sequence[Row], given: Mapping[str, Any]) -> tuple[Row, dict[str, float]] | None:
    """Return the most special case that has these values of their arguments, and our parameters in it."""
    for row in sorted(rows, key=lambda row: row.freedom):
        bound = bind(row, given)
        if bound is not None:
            return row, bound
    return None


def bind(row: Row, given: Mapping[str, Any]) -> dict[str, float] | None:
    """Return our parameters for values of all their arguments, or None where the case is another one."""
    found: dict[str, float] = {}
    for name, taken in row.takes.items():
        value = given[name]
        if not isinstance(taken, To):
            if not equal(value, taken):
                return None
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        ours = value if taken.factor == 1.0 else value * taken.factor
        if taken.ours in found and not equal(found[taken.ours], ours):
            return None
        found[taken.ours] = ours
    return {**row.fixed, **found}


def equal(a: Any, b: Any) -> bool:
    """Whether two values of an argument are the same; numbers up to single precision."""
    numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in (a, b)]
    if all(numbers):
        return math.isclose(a, b, rel_tol=CLOSE)
    return type(a) is type(b) and bool(a == b)


def _match(found: Peer, full: str, rows: Sequence[Row], params: Mapping[str, Any], notes: Iterable[str]) -> Match:
    arguments = defaults(rows)
    axes = {row.axis[0]: row.axis[1] for row in rows if row.axis}
    for name, value in params.items():
        if name not in arguments and name not in axes and name not in found.ignores:
            known = [*arguments, *axes]
            told = f"its arguments are: {', '.join(known)}" if known else "it has none"
            raise ParameterError(f"{full} has no argument {name!r} in the table.{near(name, known)} {told}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ParameterError(f"{full}: {name} must be finite, not {value!r}")
    given = {**arguments, **{n: v for n, v in params.items() if n in arguments}}
    lacking = [n for n, v in given.items() if v is REQUIRED]
    if lacking:
        raise ParameterError(f"{full} needs a value of {lacking[0]!r}, for example {lacking[0]}=0.1")
    fitting = fit(rows, given)
    if fitting is None:
        typed = ", ".join(f"{n}={v!r}" for n, v in given.items())
        allowed = "; ".join(", ".join(f"{n}={_allowed(t)}" for n, t in row.takes.items()) for row in rows)
        raise ParameterError(f"{full}({typed}) is not in the table; it knows {allowed}")
    row, bound = fitting
    if not row.ours:
        raise ParameterError(f"{full} has no counterpart here{f': {row.note}' if row.note else ''}")
    sentences = tuple(dict.fromkeys([*notes, *([row.note] if row.note else [])]))
    return Match(found.name, full, row, specific(row, bound), _options(full, row, params), sentences)


def _allowed(taken: Any) -> str:
    return "any number" if isinstance(taken, To) else repr(taken)


def _options(full: str, row: Row, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the axis and the gate of one call, where they are not ours by default."""
    options: dict[str, Any] = {}
    if row.axis is not None:
        axis = params.get(row.axis[0], row.axis[1])
        if isinstance(axis, bool) or not isinstance(axis, int | None):
            raise ParameterError(f"{full}: {row.axis[0]} must be a whole number, not {axis!r}")
        if axis not in (None, -1):
            options["axis"] = axis
    if row.gate != "second":
        options["gate"] = row.gate
    return options
