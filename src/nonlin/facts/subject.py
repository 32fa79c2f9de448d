"""What a fact is, and what it is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nonlin.catalogue import Definition
from nonlin.expr import Expr, derivative
from nonlin.facts.extent import Extent, extent, within
from nonlin.facts.forms import unpretended
from nonlin.facts.shape import Piece, Shape, shape, signs

PROVED, COMPUTED, MEASURED, UNKNOWN = "proved", "computed", "measured", "unknown"
HOW = {
    PROVED: "a theorem about the formula: by algebra, or by interval arithmetic with outward rounding over the whole line",
    COMPUTED: "in arithmetic of many digits at finitely many points, to 1e-9 or better; not proved in between",
    MEASURED: "timed on this machine",
    UNKNOWN: "could not be had; the note says why",
}
"""Where a fact comes from, from the surest on."""


class Untold(Exception):
    """Raised by the computation of a fact that cannot be had, with the reason."""


@dataclass(frozen=True)
class Fact:
    """One thing that is true of a function.

    Attributes:
        name: its row in :data:`nonlin.facts.table.FACTS`.
        value: numbers, words, and lists and dictionaries of them; None if it is unknown, or if the answer is "none".
        text: the value in words.
        how: ``proved``, ``computed``, ``measured`` or ``unknown``, see :data:`HOW`.
        note: a condition or a reason.
    """

    name: str
    value: Any
    text: str
    how: str
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether there is an answer."""
        return self.how != UNKNOWN

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Told:
    """What a computation returns: a value, its text, how it is known, and a note."""

    value: Any
    text: str
    how: str = COMPUTED
    note: str = ""


class Subject:
    """A function that facts are asked of; what several of them need is computed once."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    @cached_property
    def given(self) -> Expr:
        """The stable formula in ``x`` alone, as the catalogue has it."""
        return self.definition.closed()

    @cached_property
    def root(self) -> Expr:
        """The function itself, without a pretended derivative."""
        return unpretended(self.given)

    @cached_property
    def slope(self) -> Expr:
        """The derivative of the function itself."""
        return derivative(self.root)

    @cached_property
    def trained(self) -> Expr:
        """The derivative that training uses: another one where a straight-through estimator stands in for it."""
        return derivative(self.given)

    @property
    def pretends(self) -> bool:
        """Whether training uses another derivative than the function has."""
        return self.root is not self.given

    @cached_property
    def shape(self) -> Shape:
        """Where f, f' and f'' are positive, zero and negative."""
        return shape(self.given)

    @cached_property
    def cuts(self) -> tuple[float, ...]:
        """The points inside the domain where the formula changes branches, and 0."""
        gone = [p for p in self.shape.value if p.undefined]
        return tuple(x for x in self.shape.cuts if not any(p.low <= x <= p.high for p in gone))

    @cached_property
    def trained_bend(self) -> tuple[Piece, ...]:
        """The pieces on which the derivative that training uses is monotone."""
        if not self.pretends:
            return self.shape.bend
        return tuple(signs(derivative(self.trained), self.shape.cuts, self.shape.edge))

    @cached_property
    def values(self) -> Extent:
        """The extreme values of the function."""
        return extent(self.root, self.shape.slope, self.shape.cuts, self.shape.edge)

    @cached_property
    def slopes(self) -> Extent:
        """The extreme slopes."""
        return extent(self.slope, self.shape.bend, self.shape.cuts, self.shape.edge)

    @property
    def endless(self) -> bool:
        """Whether it oscillates without end, so that only a window of it is described piece by piece."""
        return self.shape.edge != float("inf")

    @property
    def window(self) -> str:
        """A note about the window; empty where the whole line is described."""
        return f"within [-{self.shape.edge:g}, {self.shape.edge:g}]; it goes on oscillating" if self.endless else ""

    @cached_property
    def bounded_by_proof(self) -> bool:
        """Whether it is proved that no value lies beyond its extent."""
        return within(self.root, self.values.low, self.values.high, self.shape.cuts)


def surest(*proofs: bool) -> str:
    """Return ``proved`` if every step was, else ``computed``."""
    return PROVED if all(proofs) else COMPUTED


def num(value: float) -> str:
    """Return a number with six significant digits: ``-0.278465``, ``inf``.

    >>> num(1 / 3), num(-0.0), num(float("inf"))
    ('0.333333', '0', 'inf')
    """
    return f"{value + 0.0:.6g}"


def interval(low: float, high: float, low_in: bool = False, high_in: bool = False) -> str:
    """Return ``[0, inf)``: a square bracket where the end belongs to it.

    >>> interval(0.0, float("inf"), True)
    '[0, inf)'
    """
    return f"{'[' if low_in else '('}{num(low)}, {num(high)}{']' if high_in else ')'}"
