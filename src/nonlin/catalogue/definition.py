"""What one activation function is: a formula, its parameters, and where it comes from."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from nonlin.errors import ParameterError, near
from nonlin.expr import PRIMITIVES, Expr, const, is_rowwise, parse, stabilise, substitute, to_text, var, variables

X = var("x")
_REDUCERS = ("row_sum", "row_max", "row_logsumexp")


@dataclass(frozen=True)
class Param:
    """A parameter: its default, the closed range it must lie in, and whether training may change it.

    ``per`` is ``"tensor"`` (one value) or ``"channel"`` (one value for each entry of dimension 1). A random parameter has
    ``between=(low, high)``, the names of the two parameters that bound it: uniform while training, their mean otherwise.
    """

    default: float | Fraction = 0.0
    low: float = -math.inf
    high: float = math.inf
    learnable: bool = False
    per: str = "tensor"
    between: tuple[str, str] | None = None

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
) -> Param:
    """Declare a parameter of a definition.

    Args:
        default: the value when none is given, and the initial value of a learnable one.
        low: the smallest value allowed.
        high: the largest value allowed.
        learnable: whether modules make it an ``nn.Parameter`` unless told otherwise.
        per: ``"tensor"`` for one value, ``"channel"`` for one value per entry of dimension 1.

    Raises:
        ParameterError: if the default is out of range or ``per`` is neither word.
    """
    if per not in ("tensor", "channel"):
        raise ParameterError(f"per must be 'tensor' or 'channel', not {per!r}")
    made = Param(default, float(low), float(high), learnable, per)
    made.check("default", default, "param")
    return made


def uniform(low: str, high: str) -> Param:
    """Declare a parameter drawn uniformly for each element while training; ``low`` and ``high`` name its bounds.

    Outside training it is their mean. The bounds are parameters of the same definition, as in RReLU:

    >>> from nonlin.expr import var, where
    >>> x, slope, columns = var("x"), var("slope"), {"low": param(0.1), "high": param(0.3)}
    >>> make("noisy", where(x > 0, x, slope * x), params={"slope": uniform("low", "high"), **columns}).closed()
    Expr('where(x > 0, x, x/5)')
    """
    return Param(between=(low, high))


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
        """``elementwise``, ``rowwise`` (works along an axis) or ``grouped`` (reduces groups along an axis)."""
        if not is_rowwise(self.textbook):
            return "elementwise"
        return "rowwise" if _row_survives(self.textbook) else "grouped"

    @property
    def random(self) -> dict[str, tuple[str, str]]:
        """Names of the random parameters and of the parameters that bound each."""
        return {n: p.between for n, p in self.params.items() if p.between}

    @property
    def settable(self) -> dict[str, Param]:
        """The parameters a user may give a value: all but the random ones."""
        return {n: p for n, p in self.params.items() if not p.between}

    @property
    def defaults(self) -> dict[str, float]:
        """Default value of every settable parameter, as floats."""
        return {n: float(p.default) for n, p in self.settable.items()}

    def at_rest(self, expr: Expr | None = None) -> Expr:
        """Return ``expr`` (default: the stable formula) outside training: random parameters at their mean."""
        means = {n: (var(a) + var(b)) / 2 for n, (a, b) in self.random.items()}
        return substitute(self.expr if expr is None else expr, means)

    def closed(self, expr: Expr | None = None) -> Expr:
        """Return ``expr`` (default: the stable formula) in ``x`` alone, parameters at their defaults, exactly."""
        exact = {n: const(p.default) for n, p in self.settable.items()}
        return stabilise(substitute(self.at_rest(expr), exact))

    def check(self, values: Mapping[str, object]) -> dict[str, float | Fraction]:
        """Validate parameter values given by a user; return them."""
        known = self.settable
        checked: dict[str, float | Fraction] = {}
        for name, value in values.items():
            if name not in known:
                options = f"its parameters are: {', '.join(known)}" if known else "it has no parameters"
                raise ParameterError(f"{self.name} has no parameter {name!r}.{near(name, known)} {options}")
            checked[name] = known[name].check(name, value, self.name)
        bounds = {**{n: p.default for n, p in known.items()}, **checked}
        for low, high in self.random.values():
            if bounds[low] > bounds[high]:
                raise ParameterError(f"{self.name}: {low}={float(bounds[low])} must not exceed {high}={float(bounds[high])}")
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


def _row_survives(root: Expr) -> bool:
    """Whether ``x`` reaches the result other than through a reduction."""
    if root.op in _REDUCERS:
        return False
    return root is X or any(_row_survives(a) for a in root.args)


def camel(name: str) -> str:
    """Return the class name of an id without one of its own: ``hard_swish`` -> ``HardSwish``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def make(
    name: str,
    formula: Expr | str,
    *,
    title: str = "",
    family: str = "user",
    aliases: tuple[str, ...] | list[str] = (),
    cite: str = "",
    summary: str = "",
    params: Mapping[str, Param | float],
) -> Definition:
    """Build and validate a definition without registering it (see ``define`` for the arguments)."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", str(name)):
        raise ParameterError(f"name must be lower-case letters, digits and _, starting with a letter, not {name!r}")
    table = {n: p if isinstance(p, Param) else param(p) for n, p in params.items()}
    for n in table:
        if n == "x" or not n.isidentifier():
            raise ParameterError(f"{name}: a parameter cannot be called {n!r}")
    expr = parse(formula, ["x", *table], textbook=True) if isinstance(formula, str) else formula
    if not isinstance(expr, Expr):
        raise ParameterError(f"{name}: formula must be text or an expression, not {type(formula).__name__}")
    if expr.op in PRIMITIVES and PRIMITIVES[expr.op].tangent is None:
        raise ParameterError(f"{name}: the formula is a comparison; write where(x > 0, a, b) to use one")
    used = set(variables(expr)) - {"x"}
    missing = used - set(table)
    if missing:
        raise ParameterError(
            f"{name}: the formula uses {', '.join(sorted(missing))}, which is not declared; "
            f"add {sorted(missing)[0]}=param(default) to the definition"
        )
    bounds = {b for p in table.values() for b in p.between or ()}
    idle = set(table) - used - bounds
    if idle or bounds - set(table):
        wrong = sorted(idle or bounds - set(table))[0]
        raise ParameterError(f"{name}: the parameter {wrong!r} is declared or named but not used with the formula")
    made = Definition(name, expr, table, title or camel(name), family, tuple(aliases), cite, summary)
    made.check(made.defaults)
    return made
