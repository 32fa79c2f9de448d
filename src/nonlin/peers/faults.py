"""What is wrong in a peer: where it can be seen, since when, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nonlin.peers.rows import parsed

KINDS = {
    "value": "a wrong value",
    "accuracy": "far less accurate than its type allows",
    "gradient": "a wrong derivative",
    "limit": "NaN where the function has a limit",
    "missing": "a derivative that cannot be computed",
    "convention": "another convention, neither of them wrong",
}
"""What kind of fault it is."""


@dataclass(frozen=True)
class Fault:
    """Something a peer gets wrong, and the inputs that show it.

    Attributes:
        peer: its name.
        names: the functions, in full.
        kind: a key of :data:`KINDS`.
        what: one sentence.
        at: inputs where it shows (a row of several for a function of a row).
        order: of the derivative that is wrong.
        dtype: the type it is wrong in.
        size: how many elements the tensor must have; 0 where it does not matter.
        backend: for Keras, the backend it is seen on; empty for every one.
        given: arguments of the call.
        since: first version that has it, as far as known.
        until: first version that has it no more; empty while there is none.
        reference: where it is reported.
    """

    peer: str
    names: tuple[str, ...]
    kind: str
    what: str
    at: tuple[float, ...]
    order: int = 0
    dtype: str = "float64"
    size: int = 0
    backend: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    since: str = ""
    until: str = ""
    reference: str = ""

    def holds(self, version: str) -> bool:
        """Whether a version of the peer has it."""
        at = parsed(version)
        return (not self.since or parsed(self.since) <= at) and (not self.until or at < parsed(self.until))


def fault(peer: str, names: str, kind: str, what: str, at: Sequence[float], **columns: Any) -> Fault:
    """Write one row: the names separated by spaces."""
    return Fault(peer, tuple(names.split()), kind, what, tuple(at), **columns)


@lru_cache(maxsize=1)
def faults() -> tuple[Fault, ...]:
    """Return every known fault."""
    from nonlin.peers.tables.faults import FAULTS

    return tuple(FAULTS)


def known(peer: str, name: str, version: str = "") -> list[Fault]:
    """Return the faults of one function of a peer, in one version or in any."""
    return [f for f in faults() if f.peer == peer and name in f.names and (not version or f.holds(version))]
