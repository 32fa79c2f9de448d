"""What a diagnosis says: rules as rows, findings with a place and a proof, and remedies as data.

``nonlin.lint`` reports findings before training, ``nonlin.watch`` raises alerts during it, and a remedy tells what to change and
how to check that it helped. All three share these types, so that text, JSON, SARIF and pages are made by one printer each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

__all__ = ["NOWHERE", "Finding", "Place", "Remedy", "Rule", "Severity", "ranked"]


class Severity(IntEnum):
    """How sure it is that something must change: ``ERROR`` is provably wrong, ``WARNING`` likely so, ``INFO`` worth knowing."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """``info``, ``warning`` or ``error``."""
        return self.name.lower()


CAUSES = ("data", "pairing", "initialisation", "activation", "structure", "normalisation", "optimisation")
"""What a rule blames, in the order in which causes are worth ruling out: cheap and provable ones first."""


@dataclass(frozen=True)
class Rule:
    """A row of a table of rules: all that is known of one mistake before it is met."""

    code: str
    """``NL101``; the first digit tells the group, and a code once given is never reused."""
    name: str
    """A slug: ``softmax-into-cross-entropy``."""
    cause: str
    """One of ``CAUSES``."""
    severity: Severity
    """The severity at most; a finding may be milder."""
    what: str
    """One sentence: the mistake."""
    why: str
    """What it does to training, with the proof or the figure where there is one."""
    fix: str
    """One sentence: what to do."""
    source: str
    """Paper, documentation, or public case the rule comes from."""
    wrong: str = ""
    """A shortest program that has the mistake."""
    right: str = ""
    """The same program without it."""

    def __repr__(self) -> str:
        return f"<{self.code} {self.name}>"


@dataclass(frozen=True)
class Place:
    """Where: the layer as the user's code names it, and the lines of a file (1-based; 0 where unknown).

    Columns are those of Python's ast: bytes of UTF-8 before the place, the end exclusive; they mean nothing without an end line.
    """

    layer: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.file and self.line else self.file
        return f"{self.layer} ({where})" if self.layer and where else self.layer or where


NOWHERE = Place()


@dataclass(frozen=True)
class Remedy:
    """A change as data: what to change, what to expect of it, and how to check that it helped."""

    action: str
    """``remove``, ``replace``, ``insert``, ``initialise``, ``set`` (a number), or ``advise`` (a person must decide)."""
    target: str
    """The layer, line or setting that changes."""
    summary: str
    """The change in words."""
    before: str = ""
    """Source text or value now."""
    after: str = ""
    """Source text or value afterwards."""
    expect: str = ""
    """What should happen: ``the loss falls below 1.4612``."""
    check: str = ""
    """How to see whether it did, as a command or a measurement."""
    safe: bool = False
    """Whether the rewrite provably changes nothing but the mistake, so that ``--fix`` may apply it."""


@dataclass(frozen=True)
class Finding:
    """One mistake met in one place."""

    rule: Rule
    severity: Severity
    message: str
    """What is wrong here, in one or two sentences with this program's names and numbers."""
    place: Place = NOWHERE
    proof: str = ""
    """Why this is certain, or what was measured; empty where the message says it."""
    confidence: str = "certain"
    """``certain`` (follows from the program), ``likely`` or ``possible``."""
    remedy: Remedy | None = None
    related: tuple[Place, ...] = ()
    """Other places that take part, such as the loss."""
    data: Mapping[str, float | int | str] = field(default_factory=dict)
    """The numbers behind the message, by name."""

    def __str__(self) -> str:
        why = f" ({self.proof})" if self.proof else ""
        where = f"{self.place}: " if str(self.place) else ""
        return f"{where}{self.severity.word} {self.rule.code} {self.rule.name}: {self.message}{why}"

    def __repr__(self) -> str:
        return f"<{self}>"


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings without repetitions, the worst first; among equals the cheaper cause, then the earlier place."""
    sure = ("certain", "likely", "possible")
    unique = {(f.rule.code, f.place, f.message): f for f in findings}
    return sorted(
        unique.values(),
        key=lambda f: (
            -f.severity,
            sure.index(f.confidence),
            CAUSES.index(f.rule.cause),
            f.place.file,
            f.place.line,
            f.rule.code,
        ),
    )
