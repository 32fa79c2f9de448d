"""Which functions a figure shows: a family, a tag, a pattern of names, or one function for several values of a parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nonlin.catalogue import Definition, definitions, matching
from nonlin.errors import ParameterError, near, unknown


def members(text: str) -> list[Definition]:
    """Return the functions of a family, of a tag, or with names that match a pattern, sorted by name.

    Raises:
        UnknownNameError: it is none of these (with a near match).

    >>> len(members("rectifiers")) > 20, "gelu" in [d.name for d in members("*elu*")], {d.kind for d in members("gated")}
    (True, True, {'gated'})
    """
    every = list(definitions().values())
    for found in ([d for d in every if d.family == text], [d for d in every if text in d.labels]):
        if found:
            return found
    try:
        return matching(text)
    except ValueError:
        known = sorted({d.family for d in every} | {t for d in every for t in d.labels})
        raise unknown("family, tag or pattern", text, known, f"Families and tags are: {', '.join(known)}; "
                      "or give a pattern such as '*elu*'.") from None  # fmt: skip


def swept(made: Sequence[Definition], vary: Mapping[str, Sequence[float]]) -> tuple[list[Definition], list[str]]:
    """Return each function once for each value of one parameter, and what to call it: ``slope = 0.1``.

    Raises:
        ParameterError: not one parameter, no value, one no function has, or a value out of range.
    """
    if len(vary) != 1:
        raise ParameterError(
            f"one parameter can be varied in a figure, not {len(vary)}: {', '.join(vary) or 'none was given'}"
        )
    ((name, steps),) = vary.items()
    if not len(steps):
        raise ParameterError(f"there is no value of {name} to draw; give some, such as {name}=0.1,0.3")
    known = {n for d in made for n in d.settable}
    lacking = [d.name for d in made if name not in d.settable]
    if lacking:
        options = f" Parameters here are: {', '.join(sorted(known))}." if known else " None here has parameters."
        raise ParameterError(f"{lacking[0]} has no parameter {name!r} to vary.{near(name, known)}{options}")
    pairs = [(d.bind(**{name: float(v)}), f"{name} = {v:g}") for d in made for v in steps]
    several = len(made) > 1
    return [d for d, _ in pairs], [f"{d.name.partition('(')[0]}, {text}" if several else text for d, text in pairs]
