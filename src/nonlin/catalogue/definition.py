"""What one activation function is: a formula, its parameters, and where it comes from."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from nonlin.errors import ParameterError, near
from nonlin.expr import PRIMITIVES, Expr, const, is_rowwise, parse, stabilise, substitute, to_text, var, variables, walk

X = var("x")
_REDUCERS = ("row_sum", "row_max", "row_logsumexp", "row_length", "row_threshold")
LAW_WORDS = {"uniform": "uniform on (0, 1)", "normal": "standard normal"}
"""The laws of noise in words."""
LAWS = {"uniform": Fraction(1, 2), "normal": Fraction(0)}
"""The laws of noise, uniform on (0, 1) and standard normal, and the mean that stands for it outside training."""
EVIDENCE = {
    "paper": "the formula was checked against the original publication",
    "peers": "two independent implementations agree on it",
    "single source": "one implementation or one survey gives it",
}
"""How a definition is known to be right."""


@dataclass(frozen=True)
class Param:
    """A parameter: its default, the closed range it must lie in, and whether training may change it.

    ``per`` is ``"tensor"`` (one value) or ``"channel"`` (one value for each entry of dimension 1); ``above`` names a
    parameter it must not be smaller than; a ``constant`` one has no gradient. Noise has a ``law``, one of :data:`LAWS`,
    and no value to set: it is drawn for every element while training, and stands at its mean otherwise.
    """

    default: float | Fraction = 0.0
    low: float = -math.inf
    high: float = math.inf
    learnable: bool = False
    per: str = "tensor"
    above: str = ""
    constant: bool = False
    law: str = ""

    def check(self, name: str, value: object, owner: str) -> float | Fraction:
        """Return ``value`` if it may be this parameter's; raise ParameterError with a sentence if not."""
        if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
            raise ParameterError(f"{owner}: {name} must be a number, not {value!r}")
        allowed = f"allowed is {self.range_text()}"
        if not math.isfinite(value):
            raise ParameterError(f"{owner}: {name} must be finite, not {value!r}; {allowed}")
        if not self.low <= value <= self.high:
            raise ParameterError(f"{owner}: {name}={value!r} is out of range; {allowed}")
        return value

    def range_text(self) -> str:
        """Return the range in words: ``any finite number``, ``at least 0``, ``0 to 1``."""
        if math.isinf(self.low) and math.isinf(self.high):
            return "any finite number"
        if math.isinf(self.high):
            return f"at least {self.low:g}"
        if math.isinf(self.low):
            return f"at most {self.high:g}"
        return f"{self.low:g} to {self.high:g}"


def param(
    default: float | Fraction,
    low: float = -math.inf,
    high: float = math.inf,
    learnable: bool = False,
    per: str = "tensor",
    above: str = "",
    constant: bool = False,
) -> Param:
    """Declare a parameter of a definition.

    Args:
        default: the value when none is given, and the initial value of a learnable one.
        low: the smallest value allowed.
        high: the largest value allowed.
        learnable: whether modules make it an ``nn.Parameter`` unless told otherwise.
        per: ``"tensor"`` for one value, ``"channel"`` for one value per entry of dimension 1.
        above: name of another parameter that this one must not be smaller than.
        constant: whether it can never be learned, such as the k of a top-k function.

    Raises:
        ParameterError: if the default is out of range or ``per`` is neither word.
    """
    if per not in ("tensor", "channel"):
        raise ParameterError(f"per must be 'tensor' or 'channel', not {per!r}")
    made = Param(default, float(low), float(high), learnable, per, above, constant)
    made.check("default", default, "param")
    return made


def noise(law: str) -> Param:
    """Declare a random number drawn for each element while training: ``"uniform"`` on (0, 1) or standard ``"normal"``.

    Outside training it is its mean, 1/2 or 0, unless the definition has a formula of its own for that (``rest``).

    >>> from nonlin.expr import var, where
    >>> x, u = var("x"), var("u")
    >>> make("jitter", where(x > 0, x, u * x / 4), params={"u": noise("uniform")}).closed()
    Expr('where(x > 0, x, x/8)')
    """
    if law not in LAWS:
        raise ParameterError(f"law must be one of {', '.join(LAWS)}, not {law!r}")
    return Param(law=law)


@dataclass(frozen=True, eq=False)
class Definition:
    """One activation function. Everything else nonlin knows about it is derived from ``textbook``.

    Attributes:
        name: the stable id, such as ``leaky_relu``.
        textbook: the formula as the literature writes it.
        params: parameter name -> :class:`Param`, in the order they are written.
        title: the name of its module class, such as ``LeakyReLU``.
        family: the catalogue file it stands in.
        aliases: other names that mean exactly this function.
        cite: key of its reference in ``nonlin.catalogue.references``.
        summary: one sentence.
        given: the parameter values its name tells, in the order they were given.
        evidence: how the formula is known to be right, a key of :data:`EVIDENCE`; empty for a user's function.
        tags: further words to find it by; :attr:`labels` adds those that follow from the formula.
        shared: bare names that other functions bear too, so that each needs its own id.
        inputs: the variables that are arrays; a second one, such as ``gate``, is the other half of an axis.
        groups: whether a row formula is applied to each group of neighbours rather than to the whole row.
        rest: the formula outside training, where that is not the noise at its mean.
        context: what computes its parameters from the whole input, in words; empty where they are plain numbers.
    """

    name: str
    textbook: Expr
    params: Mapping[str, Param] = field(default_factory=dict)
    title: str = ""
    family: str = "formula"
    aliases: tuple[str, ...] = ()
    cite: str = ""
    summary: str = ""
    given: Mapping[str, float | Fraction] = field(default_factory=dict)
    evidence: str = ""
    tags: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ("x",)
    groups: bool = False
    rest: Expr | None = None
    context: str = ""

    @property
    def expr(self) -> Expr:
        """The formula in numerically stable form, with the parameters as variables."""
        return stabilise(self.textbook)

    @property
    def formula(self) -> str:
        """The textbook formula as text; ``nonlin.get`` reads it back."""
        return to_text(self.textbook)

    @property
    def kind(self) -> str:
        """What it works on: a key of :data:`KINDS`."""
        if is_rowwise(self.textbook):
            return "rowwise" if not self.groups and _row_survives(self.textbook) else "grouped"
        if len(self.inputs) > 1:
            return "gated" if len(self.outputs) == 1 else "paired"
        return "elementwise" if len(self.outputs) == 1 else "concatenated"

    @property
    def outputs(self) -> tuple[Expr, ...]:
        """The textbook formulas of its outputs: one, or those of a ``join``."""
        return parts(self.textbook)

    @property
    def keeps_length(self) -> bool:
        """Whether an axis it works along keeps its length: not for maxout, GLU or CReLU."""
        if is_rowwise(self.textbook):
            return _row_survives(self.textbook) or len(self.outputs) > 1
        return len(self.inputs) == len(self.outputs)

    @property
    def labels(self) -> tuple[str, ...]:
        """Words to filter by: its kind, what follows from its parameters, and its own tags."""
        learned = any(p.learnable for p in self.params.values())
        follows = {"learnable": learned, "stochastic": bool(self.random), "contextual": bool(self.context)}
        return (self.kind, *(word for word, holds in follows.items() if holds), *self.tags)

    @property
    def random(self) -> dict[str, str]:
        """Names of the noise variables and the law of each."""
        return {n: p.law for n, p in self.params.items() if p.law}

    @property
    def settable(self) -> dict[str, Param]:
        """The parameters a user may give a value: all but the noise."""
        return {n: p for n, p in self.params.items() if not p.law}

    @property
    def defaults(self) -> dict[str, float]:
        """Default value of every settable parameter, as floats."""
        return {n: float(p.default) for n, p in self.settable.items()}

    @property
    def resting(self) -> Expr:
        """The textbook formula outside training: ``rest``, or the noise at its mean."""
        if self.rest is not None:
            return self.rest
        return substitute(self.textbook, {n: LAWS[law] for n, law in self.random.items()})

    def at_rest(self) -> Expr:
        """Return the stable formula outside training, with the parameters as variables."""
        return stabilise(self.resting)

    def closed(self) -> Expr:
        """Return the stable formula outside training in its inputs alone, parameters at their defaults, exactly."""
        return stabilise(substitute(self.resting, {n: const(p.default) for n, p in self.settable.items()}))

    def check(self, values: Mapping[str, object]) -> dict[str, float | Fraction]:
        """Validate parameter values given by a user; return them."""
        known = self.settable
        checked: dict[str, float | Fraction] = {}
        for name, value in values.items():
            if name not in known:
                options = f"its parameters are: {', '.join(known)}" if known else "it has no parameters"
                raise ParameterError(f"{self.name} has no parameter {name!r}.{near(name, known)} {options}")
            checked[name] = known[name].check(name, value, self.name)
        present = {**{n: p.default for n, p in known.items()}, **checked}
        for name, p in known.items():
            if p.above and present[name] < present[p.above]:
                raise ParameterError(
                    f"{self.name}: {p.above}={float(present[p.above])} must not exceed {name}={float(present[name])}"
                )
        return checked

    def bind(self, **values: float | Fraction) -> Definition:
        """Return this function with other default parameters; its name tells them: ``leaky_relu(slope=0.3)``."""
        checked = self.check(values)
        changed = {n: v for n, v in checked.items() if v != self.params[n].default}
        if not changed:
            return self
        params = {n: replace(p, default=changed[n]) if n in changed else p for n, p in self.params.items()}
        given = {**self.given, **changed}
        name = self.name.removesuffix(_told(self.given)) + _told(given)
        return replace(self, name=name, params=params, aliases=(), given=given)


def _told(given: Mapping[str, float | Fraction]) -> str:
    """Return ``(slope=0.3)``, every digit that tells one value from another; nothing for no values."""
    inside = ", ".join(f"{n}={float(v)!r}".removesuffix(".0") for n, v in given.items())
    return f"({inside})" if given else ""


KINDS = {
    "elementwise": "each output depends on one input",
    "rowwise": "each output depends on a whole axis",
    "grouped": "works on groups of neighbours along an axis",
    "gated": "half of an axis gates the other half",
    "concatenated": "two outputs, concatenated along an axis",
    "paired": "acts on complex numbers, or on the halves of an axis as their real and imaginary parts",
}
"""The kinds of functions, and what each means."""


def parts(root: Expr) -> tuple[Expr, ...]:
    """Return the outputs of a formula: those of a ``join``, or itself."""
    return root.args if root.op == "join" else (root,)


def _row_survives(root: Expr) -> bool:
    """Whether ``x`` reaches the result other than through a reduction."""
    if root.op in _REDUCERS:
        return False
    return root is X or any(_row_survives(a) for a in root.args)


def camel(name: str) -> str:
    """Return the class name of an id without one of its own: ``hard_swish`` -> ``HardSwish``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def make(name: str, formula: Expr | str, *, params: Mapping[str, Param | float], **columns: Any) -> Definition:
    """Build and validate a definition without registering it (see ``define`` for the arguments)."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", str(name)):
        raise ParameterError(f"name must be lower-case letters, digits and _, starting with a letter, not {name!r}")
    inputs = tuple(columns.get("inputs", ("x",)))
    table = {n: p if isinstance(p, Param) else param(p) for n, p in params.items()}
    for n in table:
        if n in inputs or n == "x" or not n.isidentifier():
            raise ParameterError(f"{name}: a parameter cannot be called {n!r}")
    expr, rest = (_read(name, f, (*inputs, *table)) for f in (formula, columns.get("rest")))
    if expr is None:
        raise ParameterError(f"{name}: formula must be text or an expression, not {type(formula).__name__}")
    used = set(variables(expr)) | set(variables(rest) if rest is not None else ())
    missing = used - set(table) - set(inputs)
    if missing:
        raise ParameterError(
            f"{name}: the formula uses {', '.join(sorted(missing))}, which is not declared; "
            f"add {sorted(missing)[0]}=param(default) to the definition"
        )
    bounds = {p.above for p in table.values() if p.above}
    idle = (set(table) | set(inputs)) - used
    if idle or bounds - set(table):
        wrong = sorted(idle or bounds - set(table))[0]
        what = "input" if wrong in inputs else "parameter"
        raise ParameterError(f"{name}: the {what} {wrong!r} is declared or named but not used with the formula")
    if columns.get("evidence") not in (None, "", *EVIDENCE):
        raise ParameterError(f"{name}: evidence must be one of {', '.join(EVIDENCE)}, not {columns['evidence']!r}")
    lists = {c: tuple(columns.get(c, ())) for c in ("aliases", "tags", "shared")}
    made = Definition(
        name,
        expr,
        table,
        **{
            **columns,
            **lists,
            "title": columns.get("title") or camel(name),
            "family": columns.get("family", "user"),
            "inputs": inputs,
            "rest": rest,
        },
    )
    made.check(made.defaults)
    wide = [n for n, p in table.items() if p.per == "channel"]
    if wide and made.kind != "elementwise":
        raise ParameterError(f"{name}: {wide[0]} cannot be one per channel, since the function is {made.kind}")
    return made


def _read(name: str, formula: Any, names: tuple[str, ...]) -> Expr | None:
    """Return a formula, typed or built, as an expression with outputs that are numbers; None for anything else."""
    expr = parse(formula, names, textbook=True) if isinstance(formula, str) else formula
    if not isinstance(expr, Expr):
        return None
    for output in parts(expr):
        if output.op in PRIMITIVES and PRIMITIVES[output.op].tangent is None:
            raise ParameterError(f"{name}: the formula is a comparison; write where(x > 0, a, b) to use one")
        if any(node.op == "join" for node in walk(output)):
            raise ParameterError(f"{name}: join makes a function of two outputs and can only stand outermost")
    return expr
