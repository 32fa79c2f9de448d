"""The table of facts, and the object that holds those of one function."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from nonlin.catalogue import KINDS, Definition, resolve
from nonlin.errors import unknown
from nonlin.facts import algebra, cost, measures, pieces, tails
from nonlin.facts.subject import HOW, UNKNOWN, Fact, Subject, Told, Untold

_ONE: tuple[str, ...] = ("elementwise",)
_ROWS: tuple[str, ...] = ("elementwise", "rowwise")
_ALL = tuple(KINDS)


@dataclass(frozen=True)
class Row:
    """One fact that can be asked of a function.

    Attributes:
        name: its id, the column of ``nonlin table``.
        title: its heading.
        unit: of its number, or what its value is made of.
        compute: what finds it.
        meaning: what it tells a person.
        definition: how it is defined, exactly, and where from.
        kinds: the kinds of functions it is asked of.
        on_request: whether it is left out unless asked for by name, because it takes time and repeats differently.
    """

    name: str
    title: str
    unit: str
    compute: Callable[[Subject], Told]
    meaning: str
    definition: str
    kinds: tuple[str, ...] = _ONE
    on_request: bool = False


_R = Row
FACTS: dict[str, Row] = {
    row.name: row
    for row in (
        _R("domain", "domain", "intervals", pieces.domain, "where the function gives a number",
           "the x for which f(x) is a real number; holes are single points without one"),
        _R("range", "range", "interval", pieces.value_range, "which values come out; a square bracket is a value that is attained",
           "[inf f, sup f] over the domain; of a function of rows, of each entry over all rows of two or more", _ROWS),
        _R("bounded", "bounded", "word", pieces.bounded, "whether outputs can grow without limit",
           "below if inf f > -inf, above if sup f < inf", _ROWS),
        _R("monotone", "monotone", "word", pieces.monotone, "whether a larger input never gives a smaller output",
           "increasing: f(a) < f(b) for all a < b; non-decreasing: <=; likewise down; constant; no"),
        _R("monotone_pieces", "monotone pieces", "intervals", pieces.monotone_pieces, "where it rises, falls and is flat",
           "maximal intervals on which f' has one sign, split where f jumps"),
        _R("convex", "convexity", "word", pieces.convex, "whether its graph bends up, down, or both ways",
           "convex: f((a+b)/2) <= (f(a)+f(b))/2 for all a, b; concave: >=; linear: both; neither"),
        _R("convex_pieces", "convex pieces", "intervals", pieces.convex_pieces, "where it bends up and down",
           "maximal intervals on which f'' has one sign, split where f or f' jumps"),
        _R("inflections", "inflections", "x", pieces.inflections, "where the bend changes sides",
           "x at which f'' changes its sign and f' is continuous"),
        _R("zeros", "zeros", "x", pieces.zeros, "where the output is 0", "x with f(x) = 0: single points, and intervals"),
        _R("minima", "minima", "points", pieces.minima, "the bottoms of its valleys",
           "x where f changes from falling to rising, or a flat interval with nothing lower beside it"),
        _R("maxima", "maxima", "points", pieces.maxima, "the tops of its hills",
           "x where f changes from rising to falling, or a flat interval with nothing higher beside it"),
        _R("limits", "limits", "numbers", tails.limits, "what the output tends to far out",
           "lim f(x) for x to -inf and +inf; compared at 2^900 and 2^1000 in as many bits as that takes"),
        _R("asymptotes", "asymptotes", "lines", tails.asymptotes, "the straight lines it approaches",
           "a*x + b with f(x) - a*x - b -> 0"),
        _R("parity", "symmetry", "word", algebra.parity, "whether it is the same, or mirrored, on both sides of 0",
           "odd: f(-x) = -f(x); even: f(-x) = f(x); at every x but 0, where a step may take either side", _ROWS),
        _R("zero_centred", "zero-centred", "yes/no", algebra.zero_centred, "whether symmetric inputs give outputs of mean 0",
           "E f(z) = 0 for every symmetric distribution of z, which holds exactly for odd functions (our definition; SELU, whose "
           "mean is 0 for a normal input only, is not)", _ROWS),
        _R("smoothness", "smoothness", "k of C^k", tails.smoothness, "how many derivatives are continuous",
           "the largest k such that f, ..., f^(k) are continuous; -1 for a function that jumps, inf for an analytic one"),
        _R("kinks", "kinks", "points", tails.kinks, "where the slope jumps, and which slope training uses there",
           "x with f'(x-) != f'(x+) and f continuous; the slope used is an element of the generalised gradient between them "
           "(Clarke 1983) unless the function is trained with another derivative"),
        _R("jumps", "jumps", "points", tails.discontinuities, "where the value itself jumps", "x with f(x-), f(x), f(x+) not all equal"),
        _R("lipschitz", "Lipschitz constant", "number", tails.lipschitz, "by how much a difference of inputs can grow",
           "sup |f'|, the least L with |f(a) - f(b)| <= L |a - b|; inf where f jumps"),
        _R("steepest", "steepest at", "x", tails.steepest, "where the largest slope is", "x with |f'(x)| = sup |f'|"),
        _R("saturates", "saturates", "x per type", tails.saturates, "from where on gradients are lost to rounding",
           "the outermost half-lines on which |f'| <= the machine epsilon of the type: 2^-52, 2^-23, 2^-10, 2^-7 for float64, "
           "float32, float16, bfloat16 (our threshold: such a slope cannot move a weight of the size of its input)"),
        _R("dead_zone", "dead zone", "intervals", tails.dead_zone, "where no gradient flows at all",
           "intervals on which the slope that training uses is exactly 0"),
        _R("fixed_points", "fixed points", "x", pieces.fixed_points, "what repeated application tends to or flees",
           "x with f(x) = x; attracting where |f'| < 1, repelling where > 1"),
        _R("idempotent", "idempotent", "yes/no", algebra.idempotent, "whether applying it twice is applying it once",
           "f(f(x)) = f(x) for all x", _ROWS),
        _R("homogeneous", "positively homogeneous", "degree", algebra.homogeneous, "whether scaling its input scales its output",
           "f(c x) = c^k f(x) for all x and all c > 0", _ROWS),
        _R("nonlinearity", "nonlinearity", "0 to 1", measures.nonlinearity, "how far it is from a straight line",
           "1 - (E z f(z))^2 / Var f(z) for z ~ N(0, 1): the share of the output's variance that the best straight line leaves "
           "unexplained (the distortion of Bussgang's decomposition, 1952); 0 for linear, 1 for even functions"),
        _R("gradient_availability", "gradient available", "0 to 1", measures.gradient_availability, "for how many inputs a gradient flows",
           f"P(|f'(z)| > {measures.SLOPE}) for z ~ N(0, 1) (our definition)"),
        _R("zero_centredness", "zero-centredness", "0 to 1", measures.zero_centredness, "how near the mean output is to 0",
           "1 - |E f(z)| / sqrt(E f(z)^2) for z ~ N(0, 1) (our definition): 1 for mean 0, 0 for a constant"),
        _R("flops", "operations", "per element", cost.flops, "what one element costs",
           "nodes of the stable formula that depend on the input, common parts once: +, -, *, /, comparisons, selections and "
           "roundings as arithmetic, each elementary function by name", _ALL),
        _R("nanoseconds", "time", "ns per element", cost.nanoseconds, "what one element takes here",
           "shortest of 15 runs over 65,536 float32 numbers with NumPy on one thread", _ROWS, True),
    )
}  # fmt: skip
"""Every fact by its name."""


def fact(definition: Definition | str, name: str) -> Fact:
    """Return one fact about a function; parameters stand at their values, noise at its mean.

    Args:
        definition: a definition, or a name or formula as ``nonlin.get`` takes it.
        name: a key of :data:`FACTS`.

    Raises:
        UnknownNameError: there is no such fact (with a near match), or no such function.

    >>> str(fact("tanh", "range")), fact("tanh", "range").how
    ('(-1, 1)', 'proved')
    """
    made = resolve(definition)
    if name not in FACTS:
        raise unknown("fact", name, FACTS)
    row, told = FACTS[name], known(made)
    if name not in told:
        found = _compute(row, made)
        if row.on_request:
            return found
        told[name] = found
    stored: Fact = told[name]
    return stored


@lru_cache(maxsize=2048)
def _store(root: Any, kind: str) -> dict[str, Any]:
    return {}


@lru_cache(maxsize=2048)
def known(made: Definition) -> dict[str, Any]:
    """Return what was found of a function in this process, by fact; the formula decides, whatever the function's name."""
    return _store(made.closed(), made.kind)


def _subject(made: Definition) -> Subject:
    told = known(made)
    if " subject" not in told:
        told[" subject"] = Subject(made)
    found: Subject = told[" subject"]
    return found


def _compute(row: Row, made: Definition) -> Fact:
    if made.kind not in row.kinds:
        kinds = " and ".join({"elementwise": "of one number", "rowwise": "of rows"}[k] for k in row.kinds)
        return _unknown(row, f"defined for functions {kinds}; this one is {made.kind}: {KINDS[made.kind]}")
    try:
        told = row.compute(_subject(made))
    except Untold as reason:
        return _unknown(row, str(reason))
    except (ArithmeticError, ValueError) as err:
        return _unknown(row, f"the computation failed: {err}")
    if isinstance(told.value, float) and math.isnan(told.value):
        return _unknown(row, "it is not a number")
    return Fact(row.name, told.value, told.text, told.how, told.note)


def _unknown(row: Row, reason: str) -> Fact:
    return Fact(row.name, None, "unknown", UNKNOWN, reason)


class Facts:
    """What is true of one function: each fact is an attribute, computed when first asked for.

    >>> about = facts("relu")
    >>> about.lipschitz.value, about.lipschitz.how, str(about.dead_zone)
    (1.0, 'proved', 'below 0')
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    @property
    def name(self) -> str:
        """The function's id."""
        return self.definition.name

    def __getattr__(self, name: str) -> Fact:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in FACTS:
            raise AttributeError(str(unknown("fact", name, FACTS)))
        return fact(self.definition, name)

    def __getitem__(self, name: str) -> Fact:
        return fact(self.definition, name)

    def __iter__(self) -> Iterator[Fact]:
        """Yield every fact that is asked of its kind of function, but those that are measured on request."""
        kind = self.definition.kind
        return (fact(self.definition, name) for name, row in FACTS.items() if kind in row.kinds and not row.on_request)

    def __dir__(self) -> list[str]:
        return [*FACTS, "definition", "name", "to_json"]

    def to_json(self, names: Sequence[str] | None = None) -> dict[str, Any]:
        """Return facts as plain data: value, text, how and note of each; infinite numbers as text."""
        chosen = self if names is None else [self[n] for n in names]
        return {f.name: {"value": plain(f.value), "text": f.text, "how": f.how, "note": f.note} for f in chosen}

    def __repr__(self) -> str:
        lines = [f"{FACTS[f.name].title:<22}  {f.text}{_aside(f)}" for f in self]
        return "\n".join([f"Facts about {self.name}: {self.definition.formula}", *lines])


def _aside(found: Fact) -> str:
    how = "" if found.how == UNKNOWN else found.how
    return f"  [{'; '.join(filter(None, (how, found.note)))}]"


def facts(definition: Definition | str) -> Facts:
    """Return what is true of a function; each fact says whether it is proved, computed, measured or unknown.

    Args:
        definition: a definition, or a name or formula in ``x``; facts hold at its parameters' values.

    Raises:
        UnknownNameError, FormulaError, ParameterError: as :func:`nonlin.catalogue.resolve`.

    >>> str(facts("x*sigmoid(x)").range)
    '[-0.278465, inf)'
    """
    return Facts(resolve(definition))


def plain(value: Any) -> Any:
    """Return a value with infinities as the texts ``inf`` and ``-inf``, which JSON has no numbers for."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


__all__ = ["FACTS", "HOW", "Fact", "Facts", "Row", "fact", "facts", "plain"]
