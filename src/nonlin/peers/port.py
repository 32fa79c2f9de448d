"""From one library to another: for each function of one, what to write in the other to get the same function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from nonlin.catalogue import Definition, lookup
from nonlin.errors import ParameterError, UnknownNameError, unknown
from nonlin.peers.faults import known
from nonlin.peers.find import bind, equal, fit, peer, shown, specific, version_of
from nonlin.peers.rows import REQUIRED, Peer, Row, To, bare, defaults, folded, is_class

GRAVE = ("value", "missing")
"""Kinds of faults a person who ports should be told of."""


@dataclass(frozen=True)
class Port:
    """One function ported.

    Attributes:
        source: the call in the source library: ``keras.layers.LeakyReLU()``.
        target: the call in the target that is the same function, or empty where there is none.
        ours: the function here, as text that ``nonlin.get`` reads.
        instead: what to use where the target has none: ``nonlin.nn.Mish()``.
        arguments: (their argument, the target's) for each that can be passed on; a number times it where it is scaled.
        warnings: what goes wrong if the name alone is ported.
        notes: what else a person should know.
    """

    source: str
    target: str
    ours: str
    instead: str
    arguments: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def port(
    source: str,
    target: str,
    pattern: str = "",
    *,
    source_version: str | int | None = None,
    target_version: str | int | None = None,
) -> list[Port]:
    """Return for each function of one peer the same function of another.

    Args:
        source: the peer to port from, such as ``keras``.
        target: the peer to port to, such as ``torch``.
        pattern: only functions whose name matches: ``leaky*``, or a name.
        source_version: version of the source; the newest known by default.
        target_version: version of the target.

    Raises:
        UnknownNameError: an unknown peer, or no name matches.
        ParameterError: an unknown version.

    >>> [row.target for row in port("keras", "torch", "LeakyReLU")]
    ['torch.nn.LeakyReLU(negative_slope=0.3)']
    """
    old, new = peer(source), peer(target)
    at, then = version_of(old, source_version), version_of(new, target_version)
    functions, offered = old.functions(at), new.functions(then)
    listed = _listed(old, functions)
    rows = [row for row in listed if _is(row, pattern)] or [row for row in listed if _matches(row, pattern)]
    if pattern and not rows:
        raise _nothing(old, pattern, functions)
    versions = ".".join(map(str, at)), ".".join(map(str, then))
    return [_port(old, new, row, functions, offered, versions) for row in rows]


def pair(words: Sequence[str]) -> tuple[str, str, str]:
    """Return source, target and pattern of what a person typed: ``keras torch``, ``'keras->torch'``, ``keras torch leaky*``.

    Raises:
        ParameterError: not two peers; among others because the shell took an unquoted ``>`` for itself.

    >>> pair(["keras->torch", "LeakyReLU"])
    ('keras', 'torch', 'LeakyReLU')
    """
    example = "write it as two words, `nonlin port keras torch`, or in quotes, 'keras->torch'"
    if words and words[-1].endswith("-") and "->" not in words[0]:
        raise ParameterError(f"{words[-1]!r}: the shell took '>' as a redirection into a file; {example}")
    parts = [part for word in words for part in word.replace("->", " ").replace("→", " ").split()]
    if not 2 <= len(parts) <= 3:
        raise ParameterError(
            f"porting goes from one library to another, so two names are needed, not {len(parts)}: {example}"
        )
    return parts[0], parts[1], parts[2] if len(parts) == 3 else ""


def _listed(old: Peer, functions: Mapping[str, Sequence[Row]]) -> list[Row]:
    """The cases worth a line: the first of each function, and those that are another function of ours."""
    listed = []
    seen: set[tuple[str, int]] = set()
    for name, cases in functions.items():
        first = cases[0]
        for case in cases:
            special = case is first or (case.ours and not case.is_formula)
            if special and case.name == name and (name, id(case)) not in seen:
                seen.add((name, id(case)))
                listed.append(case)
    return listed


def _is(row: Row, pattern: str) -> bool:
    """Whether a pattern is one of the names to the letter."""
    return any(pattern in (name, bare(name)) for name in row.names)


def _matches(row: Row, pattern: str) -> bool:
    names = {text for name in row.names for text in (name, bare(name), row.ours)}
    if any(c in pattern for c in "*?["):
        return any(fnmatch(name.lower(), pattern.lower()) for name in names)
    return not pattern or any(folded(name) == folded(pattern) for name in names)


def _nothing(old: Peer, pattern: str, functions: Iterable[str]) -> UnknownNameError:
    names = {bare(name) for name in functions}
    return unknown(f"function of {old.title}", pattern, names, f"No name matches; leave it out to list all {len(names)}.")


def _port(old: Peer, new: Peer, row: Row, functions: Mapping[str, Sequence[Row]],
          offered: Mapping[str, Sequence[Row]], versions: tuple[str, str]) -> Port:  # fmt: skip
    """Port one case of one function."""
    signature = defaults(functions[row.name])
    further = row is not functions[row.name][0]  # a further case is met for values of its arguments that are not the default
    given = {n: (REQUIRED if further else signature[n]) if isinstance(t, To) else t for n, t in row.takes.items()}
    call = _spelled(row.name, {n: v for n, v in given.items() if v is REQUIRED or not equal(v, signature[n])})
    notes = [row.note] if row.note else []
    wrong = [f.what for f in known(old.name, row.name, versions[0]) if f.kind in GRAVE]
    if not row.ours:
        return Port(call, "", "", "", warnings=tuple(wrong), notes=tuple(notes))
    loose = [n for n, v in given.items() if v is REQUIRED]
    if row.is_formula and loose:
        free = ", ".join(f"{row.takes[n].ours}=..." for n in loose)
        return Port(call, "", row.ours, f"nonlin.get({row.ours!r}, {free})", (), tuple(wrong), tuple(notes))
    made = _bound(row, given, loose)
    found = _counterpart(row, made, loose, offered)
    target, arguments = "", []
    if found is not None:
        name, case, values = found
        target = _spelled(name, values)
        mine = {t.ours: (n, t.factor) for n, t in row.takes.items() if isinstance(t, To)}
        for argument, taken in case.takes.items():
            if isinstance(taken, To) and taken.ours in mine:
                theirs, factor = mine[taken.ours]
                ratio = factor / taken.factor
                arguments.append((theirs if ratio == 1 else f"{ratio:g}*{theirs}", argument))
        wrong += [f"{name}: {f.what}" for f in known(new.name, name, versions[1]) if f.kind in GRAVE]
        wrong += _layout(row, case)
    if not loose and not further:
        wrong = [*_rivals(row, made, new, offered), *wrong]
    instead = _ours(made, row, loose)
    return Port(call, target, shown(made), instead, tuple(arguments), tuple(dict.fromkeys(wrong)), tuple(notes))


def _bound(row: Row, given: Mapping[str, Any], loose: Sequence[str]) -> Definition:
    """The function with their values; parameters they require stay at our defaults."""
    if not loose:
        return specific(row, bind(row, given) or {})
    base = lookup(row.ours)
    assert base is not None, row.ours
    return base.bind(**row.fixed)


def _counterpart(
    row: Row, made: Definition, loose: Sequence[str], offered: Mapping[str, Sequence[Row]]
) -> tuple[str, Row, dict[str, Any]] | None:
    """The target's spelling, its case, and the arguments to write so that it is ``made``; classes for classes."""
    free = {row.takes[n].ours for n in loose}
    base = lookup(row.ours)
    candidates: list[tuple[tuple[Any, ...], int, str, Row, dict[str, Any]]] = []
    for name, cases in offered.items():
        for case in cases:
            values = _solved(case, row, made, base, free, defaults(cases))
            if values is not None:
                # what a person would look for first: a class for a class, the same name, the main spelling, few arguments
                alike = folded(bare(name)) == folded(bare(row.name))
                kind = is_class(name) == is_class(row.name)
                rank = (case.separate != row.separate, not kind, not alike, name != case.name, len(values))
                candidates.append((rank, len(candidates), name, case, values))
    if not candidates:
        return None
    *_, name, case, values = min(candidates, key=lambda c: c[:2])
    return name, case, values


def _solved(case: Row, row: Row, made: Definition, base: Definition | None, free: set[str],
            signature: Mapping[str, Any]) -> dict[str, Any] | None:  # fmt: skip
    """The arguments of a case of the target that make it ``made``, those at their default left out; None if it cannot be."""
    if case.ours != row.ours or not case.ours:
        return None
    wanted = made.defaults
    reached = {t.ours for t in case.takes.values() if isinstance(t, To)} | set(case.fixed)
    if any(not equal(float(v), wanted[n]) for n, v in case.fixed.items() if n not in free) or free & set(case.fixed):
        return None
    standing = base.defaults if base is not None else wanted
    if any(n not in reached and (n in free or not equal(v, standing[n])) for n, v in wanted.items()):
        return None
    values: dict[str, Any] = {}
    for name, taken in case.takes.items():
        if isinstance(taken, To) and taken.ours in free:
            values[name] = REQUIRED
            continue
        value = wanted[taken.ours] / taken.factor if isinstance(taken, To) else taken
        if signature[name] is REQUIRED or not equal(value, signature[name]):
            values[name] = value
    if case.axis is not None and row.axis is not None and case.axis[1] != row.axis[1] and row.axis[1] is not None:
        values[case.axis[0]] = row.axis[1]
    elif case.axis is not None and case.axis[1] is None and row.axis is None:
        values[case.axis[0]] = -1
    return values


def _spelled(name: str, values: Mapping[str, Any]) -> str:
    """The call as text; a class or a factory's name is made first, a function takes x."""
    inside = [f"{n}={'...' if v is REQUIRED else _number(v)}" for n, v in values.items()]
    if not is_class(name) and not name.endswith("]"):
        inside = ["x", *inside]
    return f"{name}({', '.join(inside)})"


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else repr(value)


def _layout(row: Row, case: Row) -> list[str]:
    """What differs in how the two halves of a gated unit are laid out."""
    told = []
    if row.gate != case.gate and not (row.separate and case.separate):
        told.append(f"the gate stands {row.gate} there and {case.gate} here: reorder the axis, or the rows of the weights")
    if row.separate != case.separate:
        kept = "two arrays" if row.separate else "one array"
        told.append(f"there value and gate are {kept}, here {'one' if row.separate else 'two'}")
    return told


def _rivals(row: Row, made: Definition, new: Peer, offered: Mapping[str, Sequence[Row]]) -> list[str]:
    """Functions of the target with the same bare name that are another function when called without arguments."""
    told: dict[str, str] = {}
    alike = [name for name in offered if folded(bare(name)) == folded(bare(row.name))]
    for name in sorted(alike, key=lambda name: is_class(name) != is_class(row.name)):
        signature = defaults(offered[name])
        fitting = None if REQUIRED in signature.values() else fit(offered[name], signature)
        if fitting is not None and fitting[0].ours:
            theirs = shown(specific(*fitting))
            told.setdefault(theirs, name)
    return [f"{_spelled(name, {})} is {theirs}, not {shown(made)}" for theirs, name in told.items() if theirs != shown(made)]


def _ours(made: Definition, row: Row, loose: Sequence[str]) -> str:
    """The module of nonlin that is the function."""
    if made.family == "formula":
        return f"nonlin.get({shown(made)!r}).module()"
    values = [f"{n}={_number(float(v))}" for n, v in made.given.items()]
    values += [f"{row.takes[n].ours}=..." for n in loose]
    if row.axis is not None and row.axis[1] not in (None, -1):
        values.append(f"dim={row.axis[1]}")
    if row.gate != "second" and not row.separate:
        values.append(f"gate={row.gate!r}")
    return f"nonlin.nn.{made.title}({', '.join(values)})"
