"""Which functions of the catalogue a test runs on that would take too long on all of them.

``REPRESENTATIVES`` holds, for every kind, label, primitive operation and number of parameters that occurs in the
catalogue, the first function (in the order of their ids) that has it; a new kind of function joins by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from nonlin.catalogue import Definition, definitions
from nonlin.expr import walk


def traits(made: Definition) -> Iterator[object]:
    """What a function can be the first to show: its kind with each label, each operation, how many parameters it has."""
    yield from (("label", made.kind, label) for label in made.labels)
    yield ("parameters", min(len(made.settable), 4))
    yield ("context", bool(made.context), made.rest is not None, len(made.inputs), len(made.outputs) > 1)
    yield from (("operation", node.op) for node in walk(made.textbook))
    yield from (("channel", p.per, p.learnable) for p in made.settable.values())


def _representatives() -> list[str]:
    seen: set[object] = set()
    chosen = []
    for name, made in definitions().items():
        new = set(traits(made)) - seen
        if new:
            chosen.append(name)
            seen |= new
    return chosen


REPRESENTATIVES = _representatives()
MODULES = [n for n in REPRESENTATIVES if not definitions()[n].context]
"""Those that have a module made from the definition alone."""
