"""One module for every activation function: what differs between ``nonlin.nn.Mish`` and ``PReLU`` is their definition.

Fixed parameters are plain numbers folded into the kernel; learned ones are ``nn.Parameter`` under their own name.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Proxy

from nonlin.backends.layout import check_gate, run
from nonlin.backends.llvm import saving
from nonlin.backends.torch import DRAW, at_once, checked, compiling, evaluate, halves_at_once
from nonlin.catalogue import Definition, lookup, resolve
from nonlin.errors import DataError, ParameterError
from nonlin.expr import Expr, const, stabilise, substitute, variables
from nonlin.nn.describe import docstring, usable_names

PACKAGE = "nonlin.nn"
_CACHES = ("_at_rest", "_in_training", "_kind", "_alone")  # derived from the definition; rebuilt after unpickling


class ActivationModule(nn.Module):
    """Base class of every activation module in ``nonlin.nn``; make one with ``nonlin.nn.module`` or a class by title.

    Attributes:
        definition: the function's definition, with the defaults of the catalogue.
        saved: what is kept of a forward pass for the gradient, as for :func:`nonlin.saving`: ``"auto"``, ``"input"``, ``"derivative"``
            or ``"mask"``; None, the default, for what the calling thread has chosen.
    """

    definition: Definition
    saved: str | None = None
    channels: int
    dim: int
    pieces: int
    gate: str
    _fixed: dict[str, Any]
    _learned: tuple[str, ...]
    _at_rest: tuple[Expr, frozenset[str]]
    _in_training: tuple[Expr, frozenset[str]]
    _kind: str
    _alone: tuple[Expr | None, Expr | None]  # at rest and in training, where nothing but the inputs is needed

    def __init__(
        self,
        definition: Definition,
        values: Mapping[str, Any] | None = None,
        *,
        learnable: bool | None = None,
        channels: int = 1,
        dim: int = -1,
        pieces: int = 2,
        gate: str = "second",
    ) -> None:
        usable_names(definition, _reserved())
        super().__init__()
        given = definition.check(values or {})
        exact = {n: given.get(n, p.default) for n, p in definition.settable.items()}
        _check_options(definition, learnable, channels, dim, pieces, gate)
        free = {n: p for n, p in definition.settable.items() if not p.constant}
        learned = [n for n, p in free.items() if (p.learnable if learnable is None else learnable)]
        wide = [n for n in learned if definition.params[n].per == "channel"]
        if channels != 1 and not wide:
            raise ParameterError(
                f"{definition.title}: channels={channels} needs a learned parameter per channel, and none is; "
                "leave channels at 1 or pass learnable=True"
            )
        fixed = {n: v for n, v in exact.items() if n not in learned}
        self.__dict__.update({n: float(v) for n, v in fixed.items()})
        self.__dict__.update(_fixed=fixed, _learned=tuple(learned), channels=channels, dim=dim, pieces=pieces,
                             gate=gate)  # fmt: skip
        if type(self).__dict__.get("definition") is not definition:
            self.__dict__["definition"] = definition
        for n in learned:
            self.register_parameter(n, nn.Parameter(torch.full((channels if n in wide else 1,), float(exact[n]))))
        self._fold()

    def _fold(self) -> None:
        """Fold the fixed parameters into the formula: once with random parameters at their mean, once without."""
        numbers = {n: const(v) for n, v in self._fixed.items()}
        for cache, root in zip(_CACHES[:2], (self.definition.resting, self.definition.textbook), strict=True):
            folded = stabilise(substitute(root, numbers))
            self.__dict__[cache] = folded, frozenset(variables(folded))
        self.__dict__["_kind"] = kind = self.definition.kind
        formulas = self._at_rest, self._in_training
        inputs = frozenset(self.definition.inputs)
        needed = inputs if kind in ("elementwise", "gated") else None
        self.__dict__["_alone"] = tuple(f if names == needed else None for f, names in formulas)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__.get("_fixed", ()):
            fixed = {**self._fixed, **self.definition.check({**self._fixed, name: value})}
            self.__dict__.update({"_fixed": fixed, name: float(fixed[name])})
            self._fold()
        elif name == "saved":
            self.__dict__[name] = None if value is None else saving.checked(value)
        else:
            super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in _CACHES}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._fold()

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self.definition.family != "user" or type(self) is not class_of(self.definition):
            return super().__reduce_ex__(protocol)
        # a user's class may not exist where this is read, so its definition travels with it
        return _blank, (self.definition,), self.__getstate__()

    def bound(self) -> Definition:
        """Return the function with this module's present parameter values (the mean over channels) as defaults."""
        learned = {n: float(p.detach().double().mean()) for n, p in self.named_parameters() if not p.is_meta}
        known = self.definition.params
        stored = {n: p.dtype for n, p in self.named_parameters()}
        changed = {
            n: v
            for n, v in {**self._fixed, **learned}.items()
            # a default such as 0.1 is another number in float32, and yet unchanged
            if float(v) not in (float(known[n].default), float(torch.tensor(float(known[n].default), dtype=stored.get(n))))
        }
        if not changed:
            return self.definition
        # not Definition.bind: training may have taken a learned value out of its range
        inside = ", ".join(f"{n}={float(v):g}" for n, v in changed.items())
        params = {n: replace(p, default=changed[n]) if n in changed else p for n, p in known.items()}
        return replace(self.definition, name=f"{self.definition.name}({inside})", params=params, aliases=())

    def forward(self, x: Tensor, gate: Tensor | None = None) -> Tensor:
        """Return the function at ``x``; see the class for shapes. ``gate`` is for gated units."""
        if not compiling():
            found = self._at_once(x, gate)
            if found is not None:
                return found
        if isinstance(x, Proxy):
            return _traced(self, x, *(() if gate is None else (gate,)))
        kind = self._kind
        if kind != "paired" or not x.is_complex():
            x = checked(x)
        root, names = self._in_training if self.training else self._at_rest
        params = {n: self._shaped(n, x) for n in self._learned}
        noise = {n: law for n, law in self.definition.random.items() if n in names and self.training}

        def evaluated(formula: Expr, rows: Tensor, more: Mapping[str, Tensor]) -> Tensor:
            given = {**more, **{n: drawn(law, rows) for n, law in noise.items()}}
            return evaluate(formula, rows, {n: v for n, v in given.items() if n in names})

        if kind == "elementwise":
            return evaluated(root, x, params)
        options: dict[str, Any] = {
            "axis": self.dim,
            "pieces": self.pieces,
            "gate": self.gate if gate is None else gate,
            "word": "dim",
        }
        return run(self.definition, root, x, torch, evaluated, params, **options)  # type: ignore[no-any-return]

    def _at_once(self, x: Any, gate: Tensor | None) -> Tensor | None:
        """Return the function at a plain tensor by the shortest way there is, or None where it does not fit."""
        alone = self._alone[self.training]
        if alone is None or (gate is not None and self._kind == "gated"):
            return None
        if self._kind == "elementwise":
            return at_once(alone, x, self.saved)
        return halves_at_once(alone, self.definition.inputs[1], x, self.dim, self.gate)

    def _shaped(self, name: str, x: Tensor) -> Tensor:
        """Return a learned parameter in a shape that broadcasts against ``x``."""
        value: Tensor = getattr(self, name)
        if self.definition.params[name].per != "channel" or self.channels == 1:
            return value.reshape(())
        dim = 1 if x.dim() > 1 else 0
        if x.dim() == 0 or x.shape[dim] != self.channels:
            found = f"{x.shape[dim]} in dimension {dim}" if x.dim() else "none"
            raise DataError(
                f"{type(self).__name__} has {self.channels} channels, but x of shape {tuple(x.shape)} has {found}; "
                f"make it with channels={x.shape[dim] if x.dim() else 1}, or channels=1 for one value"
            )
        return value.reshape(-1, *(1,) * (x.dim() - dim - 1))

    def extra_repr(self) -> str:
        parts = [repr(self.definition.formula)] if isinstance(self, Formula) else []
        parts += [f"{n}={getattr(self, n)!r}" for n in self._fixed]
        settable = self.definition.settable
        if any(settable[n].per == "channel" for n in self._learned):
            parts.append(f"channels={self.channels}")
        if any(not p.constant for p in settable.values()) and self._learned != tuple(
            n for n, p in settable.items() if p.learnable
        ):
            parts.append(f"learnable={bool(self._learned)}")
        parts += [f"{o}={getattr(self, o)!r}" for o in _KIND_OPTIONS[self.definition.kind]]
        return ", ".join(parts)


# torch.fx writes annotations into the graphs it traces and cannot pickle those that are text
ActivationModule.forward.__annotations__.update({"x": Tensor, "gate": Tensor | None, "return": Tensor})

_KIND_OPTIONS: dict[str, tuple[str, ...]] = {
    "elementwise": (),
    "rowwise": ("dim",),
    "grouped": ("dim", "pieces"),
    "gated": ("dim", "gate"),
    "concatenated": ("dim",),
    "paired": ("dim",),
}
"""The options of a module of each kind, beside its parameters."""
_OPTIONS: dict[str, tuple[Any, str]] = {"dim": (-1, "int"), "pieces": (2, "int"), "gate": ("second", "str")}
"""Default and type of each such option."""


class Formula(ActivationModule):
    """Module of a formula typed by a person, or of any definition that is not in the catalogue.

    Args:
        formula: text in ``x`` such as ``"x*tanh(exp(x))"``, or a definition.
        learnable: as for the classes of the catalogue.
        channels: as for the classes of the catalogue.
        dim: dimension a rowwise formula works along.
        pieces: size of the groups of a grouped formula.
        **params: values of the formula's parameters (its names other than ``x``).

    >>> Formula("k*tanh(x)", k=2.0)
    Formula('k*tanh(x)', k=2.0)
    """

    def __init__(self, formula: str | Definition, *, learnable: bool | None = None, channels: int = 1, dim: int = -1,
                 pieces: int = 2, **params: float) -> None:  # fmt: skip
        made = resolve(formula, **params) if isinstance(formula, str) else formula
        values = {} if isinstance(formula, str) else params
        super().__init__(made, values, learnable=learnable, channels=channels, dim=dim, pieces=pieces)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _blank_formula, (), self.__getstate__()


def _check_options(made: Definition, learnable: object, channels: object, dim: object, pieces: object, gate: object) -> None:
    """Raise ParameterError for an option of the wrong type or size."""
    if learnable not in (None, True, False):
        raise ParameterError(f"{made.title}: learnable must be True, False or None, not {learnable!r}")
    if learnable and all(p.constant for p in made.settable.values()):
        raise ParameterError(f"{made.title}: learnable=True, but {made.name} has no parameters to learn")
    check_gate(gate)
    for name, value in (("channels", channels), ("pieces", pieces)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ParameterError(f"{made.title}: {name} must be a whole number of at least 1, not {value!r}")
    if isinstance(dim, bool) or not isinstance(dim, int):
        raise ParameterError(f"{made.title}: dim must be a whole number, not {dim!r}")


@lru_cache(maxsize=1)
def _reserved() -> set[str]:
    options = {"learnable", "channels", *_OPTIONS, "definition", "formula", "values"}
    return {*dir(nn.Module()), *dir(ActivationModule), *options}


def drawn(law: str, like: Tensor) -> Tensor:
    """Return noise of a law for each element of ``like``."""
    dtype = torch.float64 if like.dtype == torch.float64 else torch.float32
    return DRAW[law](like.shape, dtype=dtype, device=like.device)


# -- classes ---------------------------------------------------------------------------------------------------

_classes: dict[tuple[Any, ...], type[ActivationModule]] = {}


def class_of(definition: Definition) -> type[ActivationModule]:
    """Return the module class of a definition, always the same object for the same content."""
    key = (definition.name, definition.title, definition.textbook, tuple(definition.params.items()))
    if key not in _classes:
        _classes[key] = _make_class(definition)
    return _classes[key]


def _make_class(definition: Definition) -> type[ActivationModule]:
    signature = _signature(definition)
    settable = set(definition.settable)

    def __init__(self: ActivationModule, *args: Any, **kwargs: Any) -> None:
        wrong = [n for n in kwargs if n not in signature.parameters]
        if wrong:
            definition.check({wrong[0]: kwargs[wrong[0]]})  # raises with the near match
        given = signature.bind(self, *args, **kwargs).arguments
        values = {n: v for n, v in given.items() if n in settable}
        options = {n: v for n, v in given.items() if n not in settable and n != "self"}
        ActivationModule.__init__(self, definition, values, **options)

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    __init__.__qualname__ = f"{definition.title}.__init__"
    body = {"__init__": __init__, "__doc__": docstring(definition), "__module__": PACKAGE, "definition": definition}
    return type(definition.title, (ActivationModule,), body)


def _signature(definition: Definition) -> inspect.Signature:
    """Return the signature of ``__init__``: options of the kind, then parameters, then what needs a keyword."""
    plain, keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    made = [inspect.Parameter("self", plain)]

    def add(name: str, kind: Any, default: object, annotation: str) -> None:
        made.append(inspect.Parameter(name, kind, default=default, annotation=annotation))

    for option in _KIND_OPTIONS[definition.kind]:
        add(option, plain, *_OPTIONS[option])
    for name, p in definition.settable.items():
        add(name, plain, float(p.default), "float")
    if any(not p.constant for p in definition.settable.values()):
        add("learnable", keyword, None, "bool | None")
    if any(p.per == "channel" for p in definition.settable.values()):
        add("channels", keyword, 1, "int")
    return inspect.Signature(made)


def module(definition: Definition | str, **options: Any) -> ActivationModule:
    """Return a new module of a function: a definition, or a name or formula as ``nonlin.get`` takes it.

    ``options`` are those of its class: its parameters, ``learnable``, ``channels``, ``dim``, ``pieces``.

    >>> module("leaky_relu(slope=0.3)"), module("x*tanh(exp(x))")
    (LeakyReLU(slope=0.3), Formula('x*tanh(exp(x))'))
    """
    if isinstance(definition, str) and lookup(definition) is None:
        names = {n: v for n, v in options.items() if n not in ("learnable", "channels", *_OPTIONS)}
        made = resolve(definition, **names)
        options = {n: v for n, v in options.items() if n not in names}
    else:
        made = resolve(definition)
    if made.context:
        raise ParameterError(f"{made.name} needs {made.context}; make nonlin.nn.{made.title}(channels=...), which holds it")
    base = lookup(made.title)
    if base is None or base.textbook is not made.textbook or _ranges(base) != _ranges(made):
        return Formula(made, **options)
    changed = {n: p.default for n, p in made.settable.items() if p.default != base.params[n].default}
    return class_of(base)(**{**changed, **options})


def _ranges(made: Definition) -> list[tuple[str, object]]:
    return [(n, replace(p, default=0.0)) for n, p in made.params.items()]


def _blank(definition: Definition) -> ActivationModule:
    """Return an empty module of a user's class, for unpickling; the class is the registered one if it is the same."""
    made = class_of(definition)
    return made.__new__(made)


def _blank_formula() -> Formula:
    return Formula.__new__(Formula)


# -- torch.fx --------------------------------------------------------------------------------------------------


def _traced(module: ActivationModule, x: Any, *gate: Any) -> Any:
    """Record the module in a torch.fx graph as one call, whatever the tracer thinks of leaves."""
    for path, found in x.tracer.root.named_modules():
        if found is module and path:
            return x.tracer.create_proxy("call_module", path, (x, *gate), {})
    settings = {o: getattr(module, o) for o in _KIND_OPTIONS[module.definition.kind]}
    made = module.definition
    spec = made.name if lookup(made.name) is made else made.formula
    params = {**{n: float(v) for n, v in module._fixed.items()}, **{n: getattr(module, n) for n in module._learned}}
    return apply(x, spec, *gate, training=module.training, **settings, **params)


def apply(x: Any, spec: str, *arrays: Any, training: bool = False, **params: Any) -> Any:
    """Return a function at ``x``, where a graph traced from an activation module itself needs a plain function."""
    if isinstance(x, Proxy):
        return x.tracer.create_proxy("call_function", apply, (x, spec, *arrays), {"training": training, **params})
    options = {n: params.pop(n) for n in _OPTIONS if n in params}
    learned = {n: v for n, v in params.items() if isinstance(v, Tensor)}
    numbers = {n: v for n, v in params.items() if n not in learned}
    made = lookup(spec) or resolve(spec, **{**numbers, **dict.fromkeys(learned, 1.0)})
    free = {n for n, p in made.settable.items() if not p.constant}
    learnable = set(learned) == free if len(learned) in (0, len(free)) else None
    widest = max((v.numel() for v in learned.values()), default=1)
    shell = ActivationModule(made, numbers, learnable=bool(learned) and learnable, channels=widest, **options)
    return torch.func.functional_call(shell.train(training), learned, (x, *arrays))
