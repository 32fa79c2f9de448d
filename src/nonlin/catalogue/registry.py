"""The table of all functions: how one enters it, and how a name or a typed formula finds one."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import pkgutil
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from fractions import Fraction

from nonlin.catalogue.definition import Definition, Param, make
from nonlin.errors import FormulaError, ParameterError, UnknownNameError, unknown
from nonlin.expr import Expr, const, parse, substitute, to_text, variables
from nonlin.expr.parse import Macro

ENTRY_POINTS = "nonlin.functions"
"""Entry-point group: each entry point is a module, or a function called without arguments, that calls ``define``."""

_table: dict[str, Definition] = {}
_names: dict[str, str] = {}  # every spelling, folded -> id
_shared: dict[str, list[str]] = {}  # a name that several functions bear, folded -> their ids
_lock = threading.RLock()
_loaded = False


def _fold(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def define(
    name: str,
    formula: Expr | str,
    *,
    title: str = "",
    family: str = "user",
    aliases: Sequence[str] = (),
    cite: str = "",
    evidence: str = "",
    summary: str = "",
    tags: Sequence[str] = (),
    shared: Sequence[str] = (),
    inputs: Sequence[str] = ("x",),
    groups: bool = False,
    rest: Expr | str | None = None,
    context: str = "",
    **params: Param | float,
) -> Definition:
    """Add one activation function to the catalogue and return it.

    Args:
        name: its id: lower-case letters, digits and ``_``.
        formula: the textbook formula in ``x`` and the parameters, typed or built from expressions.
        title: class name of its module; by default the id in camel case.
        family: the group it is listed under.
        aliases: other names that mean exactly this function.
        cite: citation key, or a free reference.
        evidence: how the formula is known to be right: paper, peers, or single source.
        summary: one sentence for the documentation.
        tags: further words to find it by.
        shared: names that other functions bear too; asked for by such a name, the catalogue lists them.
        inputs: the variables that are arrays, ``x`` first: ``("x", "gate")`` for a gated unit.
        groups: apply a row formula to each group of neighbours instead of the whole row.
        rest: the formula outside training, where that is not the noise at its mean.
        context: for a function whose parameters a network computes from the whole input, what that is.
        **params: each parameter's :func:`param`, or just its default.

    Raises:
        FormulaError: the formula cannot be read.
        ParameterError: the name, an alias or a parameter is not usable, or the name is taken by another function.

    >>> definition = define("twice_tanh", "k*tanh(x)", k=param(2.0, low=0.0))  # doctest: +SKIP
    """
    made = make(name, formula, params=params, title=title, family=family, aliases=aliases, cite=cite, evidence=evidence,
                summary=summary, tags=tags, shared=shared, inputs=inputs, groups=groups, rest=rest,
                context=context)  # fmt: skip
    with _lock:
        old = _table.get(name)
        if old is not None and old.textbook is made.textbook and old.params == made.params:
            return old
        for spelling in (name, made.title, *made.aliases):
            owner = _names.get(_fold(spelling))
            if owner is not None and owner != name:
                raise ParameterError(f"{name}: the name {spelling!r} already means {owner}; choose another")
            if any(name != other for other in _shared.get(_fold(spelling), ())):
                raise ParameterError(f"{name}: several functions share the name {spelling!r}; choose another")
        for spelling in made.shared:
            if _fold(spelling) in _names:
                raise ParameterError(f"{name}: the name {spelling!r} already means {_names[_fold(spelling)]} alone")
        if old is not None and old.family != "user":
            raise ParameterError(f"{name} is already in the catalogue ({old.formula}); choose another name")
        for spelling in [s for s, owner in _names.items() if owner == name]:
            del _names[spelling]
        _table[name] = made
        for spelling in (name, made.title, *made.aliases):
            _names[_fold(spelling)] = name
        for spelling in made.shared:
            _shared.setdefault(_fold(spelling), []).append(name)
    return made


def in_family(family: str) -> Callable[..., Definition]:
    """Return ``define`` for one catalogue file."""

    def define_here(name: str, formula: Expr | str, **columns: object) -> Definition:
        return define(name, formula, family=family, **columns)  # type: ignore[arg-type]

    return define_here


def _load() -> None:
    """Import every catalogue file and installed plugin once."""
    global _loaded
    with _lock:
        if _loaded:
            return
        _loaded = True
        package = importlib.import_module("nonlin.catalogue.families")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
        for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
            try:
                plugin = entry.load()
                if callable(plugin):
                    plugin()
            except Exception as err:
                # a broken plugin must not take the whole catalogue down
                warnings.warn(f"the nonlin plugin {entry.value!r} could not be loaded: {err}", stacklevel=3)


def definitions() -> dict[str, Definition]:
    """Return every registered function, id -> definition, sorted by id.

    >>> definitions()["silu"].formula
    'x/(1 + exp(-x))'
    """
    _load()
    return dict(sorted(_table.items()))


def names() -> Iterator[str]:
    """Yield every spelling a function can be found under: ids, titles and aliases."""
    for made in definitions().values():
        yield from dict.fromkeys((made.name, made.title, *made.aliases))


def matching(pattern: str) -> list[Definition]:
    """Return the functions with a name like ``pattern``: with ``*`` and ``?``, or as a part of the name.

    Raises:
        UnknownNameError: none matches (with a near match).

    >>> [made.name for made in matching("gel*tanh")]
    ['gelu_tanh']
    """
    wanted = pattern.lower() if any(c in pattern for c in "*?[") else f"*{pattern.lower()}*"
    found = [
        made
        for made in definitions().values()
        if any(fnmatchcase(n.lower(), wanted) for n in (made.name, made.title, *made.aliases, *made.shared))
    ]
    if not found:
        raise unknown("function", pattern, definitions(), "No name matches; `nonlin list` shows all.")
    return found


def lookup(name: str) -> Definition | None:
    """Return the function registered under a name (spelling, case and ``_`` do not matter), or None."""
    _load()
    found = _names.get(_fold(name))
    return _table[found] if found else None


def bearers(name: str) -> list[Definition]:
    """Return the functions that share a bare name in the literature; none if it means one function or nothing.

    >>> [made.name for made in bearers("relu")]
    []
    """
    _load()
    return [_table[found] for found in sorted(set(_shared.get(_fold(name), ())))]


def _several(name: str, claimants: list[Definition]) -> UnknownNameError:
    told = "; ".join(f"{made.name}: {made.formula}" for made in claimants)
    return UnknownNameError(f"{name!r} is the name of {len(claimants)} different functions. Say which one: {told}")


def resolve(spec: str | Definition, **params: float | Fraction) -> Definition:
    """Return the function a person means: a name, ``name(parameter=value)``, or a formula in ``x``.

    Free names in a formula are parameters and need a value in ``params``.

    Raises:
        UnknownNameError: no such name (with a near match).
        FormulaError: not a formula (with the column).
        ParameterError: a parameter is unknown, missing or out of range.

    >>> resolve("LeakyReLU(slope=0.3)").name
    'leaky_relu(slope=0.3)'
    """
    if isinstance(spec, Definition):
        return spec.bind(**params)
    if not isinstance(spec, str):
        raise ParameterError(f"a function is given by its name or a formula, not by {type(spec).__name__}")
    text = spec.strip()
    found = lookup(text)
    if found is not None:
        return found.bind(**params)
    claimants = bearers(text.split("(")[0])
    if claimants:
        raise _several(text.split("(")[0], claimants)
    bound = _bound_call(text)
    if bound is not None:
        return bound.bind(**params)
    if (text.isidentifier() and text != "x") or not any(c in text for c in "()+-*/<>x0123456789"):
        raise unknown("function", text, names(), "`nonlin list` shows all; a formula in x works too, 'x*sigmoid(x)'.")
    expr = parse(text, None, macros=_macros(), free=params, textbook=True)
    free = [n for n in variables(expr) if n != "x"]
    lacking = [n for n in free if n not in params]
    if lacking:
        hint = f"give it a value ({lacking[0]}=1.0), or write the number into the formula"
        raise FormulaError(f"unknown name {lacking[0]!r} in the formula; the variable is x. {hint}", text,
                           max(text.find(lacking[0]), 0))  # fmt: skip
    if "x" not in variables(expr):
        raise FormulaError("the formula does not contain x, so it is a constant, not an activation function", text)
    table = {n: Param(params[n]) for n in free}
    made = Definition(to_text(expr), expr, table, title="Formula", summary="A formula typed by the user.")
    made.check(params)
    return made


def _bound_call(text: str) -> Definition | None:
    """Read ``name(parameter=number, ...)``; None if the text is anything else."""
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(node, ast.Call) or node.args or not isinstance(node.func, ast.Name):
        return None
    found = lookup(node.func.id)
    if found is None:
        return None
    values: dict[str, float | Fraction] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            return None
        if keyword.arg in values:
            raise ParameterError(f"{found.name}: {keyword.arg} is given twice")
        value = parse(ast.unparse(keyword.value), [], textbook=True)
        if not isinstance(value.payload, Fraction):
            raise ParameterError(f"{found.name}: {keyword.arg} must be a plain number")
        values[keyword.arg] = float(value.payload)
    return found.bind(**values)


def _macros() -> Mapping[str, Macro]:
    """The catalogue's functions as functions a formula may call: ``x*leaky_relu(x, slope=0.2)``."""

    def macro(made: Definition) -> Macro:
        def build(*args: Expr, **given: Expr) -> Expr:
            if len(args) != 1:
                raise ValueError(f"takes 1 argument, not {len(args)}")
            exact = {n: const(p.default) for n, p in made.settable.items()}
            wrong = set(given) - set(exact)
            if wrong:
                raise ValueError(f"no parameter {sorted(wrong)[0]!r}; its parameters are {', '.join(exact) or 'none'}")
            made.check({n: float(v.payload) for n, v in given.items() if isinstance(v.payload, Fraction)})
            return substitute(made.resting, {**exact, **given, "x": args[0]})

        return build

    made_by_name = {}
    for made in definitions().values():
        if made.kind not in ("elementwise", "rowwise", "grouped"):
            continue  # a formula has one input and one output
        for spelling in (made.name, made.title, *made.aliases):
            if spelling.isidentifier():
                made_by_name[spelling] = macro(made)
    return made_by_name


def forget(name: str) -> None:
    """Remove a user's function from the catalogue; the catalogue's own cannot be removed."""
    with _lock:
        made = _table.get(name)
        if made is None:
            raise unknown("function", name, _table)
        if made.family != "user":
            raise ParameterError(f"{name} belongs to the catalogue and cannot be removed")
        del _table[name]
        for spelling in [s for s, owner in _names.items() if owner == name]:
            del _names[spelling]
        for owners in _shared.values():
            owners[:] = [o for o in owners if o != name]
