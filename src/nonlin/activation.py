"""The public handle of one activation function: call it, differentiate it, print it, make a module of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nonlin.backends.layout import GATES, apart, run, together
from nonlin.catalogue import Definition, parts, resolve
from nonlin.errors import DataError, ParameterError
from nonlin.expr import Expr, stabilise, substitute, tangent, to_text, var
from nonlin.expr.nodes import ZERO, const

if TYPE_CHECKING:
    import torch

    from nonlin.facts.table import Facts

_loaded = sys.modules.get
_EAR = "v{}"  # names of the tangent variables of a Jacobian; parameters are ordinary words


class Activation:
    """One activation function, ready to use on the caller's own arrays.

    Calling it with a torch tensor returns a torch tensor (differentiable, to any order); with a NumPy array, a
    NumPy array; with a number, a float. Shapes and dtypes are kept; integers become floating point. At kinks the
    derivative is the one the definition states (0 for ReLU at 0); NaN gives NaN; infinities give the limit.

    >>> import nonlin
    >>> float(nonlin.get("relu")(-3.0)), float(nonlin.get("relu").grad(2.0))
    (0.0, 1.0)
    """

    def __init__(self, definition: Definition, *, axis: int = -1, gate: str = "second") -> None:
        self.definition = definition
        self.axis, self.gate = axis, gate
        self._resting: tuple[Definition | None, Expr | None, str] = None, None, ""

    @property
    def name(self) -> str:
        """Its id, with parameter values that differ from the defaults: ``leaky_relu(slope=0.3)``."""
        return self.definition.name

    @property
    def formula(self) -> str:
        """The textbook formula as text; ``nonlin.get`` reads it back."""
        return self.definition.formula

    @property
    def kind(self) -> str:
        """What it works on: a key of ``nonlin.catalogue.KINDS``, such as ``elementwise`` or ``rowwise``."""
        return self.definition.kind

    @property
    def params(self) -> Mapping[str, float]:
        """The parameters and their values."""
        return self.definition.defaults

    @property
    def expr(self) -> Expr:
        """The formula in numerically stable form."""
        return self.definition.expr

    def derivative(self, order: int = 1) -> str:
        """Return the formula of the ``order``-th derivative as text (elementwise functions)."""
        from nonlin.expr import derivative

        if self.kind != "elementwise":
            raise ParameterError(f"{self.name} works on whole rows or pairs; its derivative is a Jacobian, see .grad(x)")
        return to_text(derivative(self.definition.at_rest(), "x", order))

    def latex(self) -> str:
        """Return the formula in LaTeX."""
        from nonlin.expr.bridge import to_latex

        return to_latex(self.definition.textbook)

    def facts(self) -> Facts:
        """Return what is true of the function: range, monotone pieces, kinks, Lipschitz constant and more, each with proof.

        >>> import nonlin
        >>> found = nonlin.get("gelu").facts().lipschitz
        >>> round(found.value, 6), found.how
        (1.128904, 'proved')
        """
        from nonlin.facts.table import Facts

        return Facts(self.definition)

    def module(self, **options: Any) -> torch.nn.Module:
        """Return a new ``torch.nn.Module``; ``options`` are those of its class in ``nonlin.nn``."""
        from nonlin import nn

        made: torch.nn.Module = nn.module(self.definition, **options)  # type: ignore[misc]
        return made

    def __call__(self, x: Any, *, axis: int | None = None, pieces: int = 2, gate: Any = None, **params: Any) -> Any:
        """Return the function at ``x``.

        Args:
            x: tensor, array, or number, of any shape.
            axis: the axis a function works along, unless it is elementwise; by default the last, or that of the library
                the function was taken from.
            pieces: for a grouped function (maxout), the size of the groups of neighbours along ``axis``.
            gate: for a gated function, the gate as an array of its own, or which part of ``axis`` it is: the ``"second"``
                half, the ``"first"``, or the ``"even"`` or ``"odd"`` entries.
            **params: parameter values: numbers, or arrays that broadcast against ``x``.

        Raises:
            DataError: ``x`` is not of a real numeric type, or its axis does not fit.
            ParameterError: an unknown parameter, or a value out of range.
        """
        if not params:
            torch = _loaded("nonlin.backends.torch") or _for_tensors(x)
            if torch is not None and not torch.compiling():
                made, root, second = self._resting
                if made is not self.definition:
                    made, root, second = self._resting = self.definition, *_folded(self.definition)
                if second:
                    place = self.gate if gate is None else gate
                    found = torch.halves_at_once(root, second, x, self.axis if axis is None else axis, place)
                else:
                    found = None if root is None else torch.at_once(root, x)
                if found is not None:
                    return found
        return self._evaluate(x, 0, axis, pieces, gate, params)

    def grad(self, x: Any, order: int = 1, *, axis: int | None = None, pieces: int = 2, gate: Any = None,
             **params: Any) -> Any:  # fmt: skip
        """Return the ``order``-th derivative at ``x``.

        Elementwise: an array of the shape of ``x``. Rowwise: the full Jacobian; for ``x`` of shape (..., n) its shape is
        (..., n, n), entry [..., i, j] = d output_i / d x_j, and one more n for each further order. Grouped: the
        derivative of each group's output by each of its pieces, in the shape of ``x``. Gated: the derivative of each
        output by its value and by its gate, in the shape of ``x``. Concatenated: that of both outputs, one after the other.
        """
        if not isinstance(order, int) or isinstance(order, bool) or order < 0:
            raise ParameterError(f"order must be a whole number of at least 0, not {order!r}")
        return self._evaluate(x, order, axis, pieces, gate, params)

    def specialised(self, numbers: tuple[tuple[str, Any], ...], arrays: tuple[str, ...]) -> Expr:
        """Return the stable formula with these parameter values and the defaults folded in; ``arrays`` stay variables."""
        return _specialised(self.definition, numbers, arrays)

    def _evaluate(self, x: Any, order: int, axis: int | None, pieces: int, gate: Any, given: dict[str, Any]) -> Any:
        axis, gate = self.axis if axis is None else axis, self.gate if gate is None else gate
        backend = _backend(x)
        numbers = {k: v for k, v in given.items() if isinstance(v, int | float | Fraction)}
        arrays = {k: v for k, v in given.items() if k not in numbers}
        inputs = {k: given[k] for k in given if k in self.definition.inputs}
        numbers = {k: v for k, v in numbers.items() if k not in inputs}
        root = backend.specialised(self, tuple(sorted(numbers.items())), tuple(sorted(set(arrays) - set(inputs))))
        if self.kind == "elementwise":
            return _plain(x, backend.evaluate(root, x, arrays, ("x",) * order))
        return _along(self, backend, root, x, order, axis, pieces, gate, {**arrays, **inputs})

    def __repr__(self) -> str:
        return f"<nonlin {self.name}: {self.formula}>"

    def _repr_html_(self) -> str:
        """Return formula, curve and main facts for a notebook."""
        from nonlin.view.notebook import card

        return card(self.definition)

    def plot(self, **options: Any) -> Any:
        """Draw the function; ``options`` are those of :func:`nonlin.view.figures.plot`, and the figure is its ``.figure``.

        >>> import nonlin
        >>> len(nonlin.get("gelu").plot(derivative=2).figure.axes)
        3
        """
        from nonlin.view.figures import plot

        return plot(self.definition, **options)


@lru_cache(maxsize=4096)
def _specialised(made: Definition, numbers: tuple[tuple[str, Any], ...], arrays: tuple[str, ...]) -> Expr:
    """The stable formula with every known parameter folded in; ``arrays`` stay variables."""
    bound = made.bind(**dict(numbers))
    unknown = [n for n in arrays if n not in made.params]
    if unknown:
        made.check({unknown[0]: 0.0})  # raises with the near match
    exact = {n: const(p.default) for n, p in bound.settable.items() if n not in arrays}
    root = bound.textbook if set(arrays) & set(bound.random) else bound.resting
    return stabilise(substitute(root, exact))


def _folded(made: Definition) -> tuple[Expr | None, str]:
    """The stable formula at the defaults and the name of the gate, if it has one; None if it is neither of these kinds."""
    kind = made.kind
    if kind not in ("elementwise", "gated"):
        return None, ""
    return _specialised(made, (), ()), made.inputs[1] if kind == "gated" else ""


def _for_tensors(x: Any) -> ModuleType | None:
    """Return the backend of PyTorch's tensors for the first of them; None for anything else."""
    torch = _loaded("torch")
    return _backend(x) if torch is not None and isinstance(x, torch.Tensor) else None


def _backend(x: Any) -> ModuleType:
    """Return the backend of an array's type, without importing a framework its owner has not imported."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        from nonlin.backends import torch as found

        return found
    import numpy as np

    if isinstance(x, np.ndarray | np.generic | int | float | list | tuple) and not isinstance(x, bool):
        from nonlin.backends import numpy as plain

        return plain
    raise DataError(
        f"x is a {type(x).__module__}.{type(x).__name__}; given can be a torch.Tensor, a NumPy array, or a number. "
        "Convert it, for example with numpy.asarray(x)"
    )


def _plain(x: Any, result: Any) -> Any:
    """A Python number for a Python number, a NumPy scalar for a NumPy scalar."""
    if isinstance(x, int | float) and not hasattr(x, "dtype"):
        return float(result)
    return result[()] if getattr(x, "shape", None) == () and type(result).__module__ == "numpy" else result


def _along(made: Activation, backend: ModuleType, root: Expr, x: Any, order: int, axis: int, pieces: int, gate: Any,
           params: Mapping[str, Any]) -> Any:  # fmt: skip
    """Evaluate a function of any kind but elementwise, or its derivative, along one axis of ``x``."""
    library: Any = sys.modules["torch"] if backend.__name__.endswith("torch") else sys.modules["numpy"]
    kind, definition = made.kind, made.definition
    if not (kind == "paired" and "complex" in str(getattr(x, "dtype", ""))):
        x = backend.checked(x) if library.__name__ == "torch" else backend.as_float_array(x)
    options: dict[str, Any] = {"axis": axis, "pieces": pieces, "gate": gate}
    if order == 0:
        return run(definition, root, x, library, backend.evaluate, params, **options)
    whole = kind == "rowwise" or (kind == "grouped" and len(parts(root)) == 1 and not definition.keeps_length)
    if kind in ("gated", "concatenated") and order == 1 and isinstance(gate, str):
        return _slopes(definition, backend, library, root, x, params, **options)
    if not whole or params:
        raise ParameterError(
            f"{made.name}: a derivative of order {order} is not offered for a {kind} function"
            f"{' with array inputs' if params or not isinstance(gate, str) else ''}; differentiate the call itself, "
            "for example with torch.func.jacrev"
        )
    rows, _ = apart(definition, x, library, axis=axis, pieces=pieces)
    slope = root
    for k in range(order):
        slope = stabilise(tangent(slope, {"x": var(_EAR.format(k))}))
    if kind == "grouped" and order > 1:
        if slope is not ZERO:
            raise ParameterError(f"{made.name} has one output per group; its derivatives above the first are not offered")
        return library.zeros_like(x)
    result = _jacobian(made, backend, library, slope, rows, order)
    if kind == "grouped":
        flat = result[..., 0, :].reshape((*rows.shape[:-2], rows.shape[-2] * rows.shape[-1]))
        return library.moveaxis(flat, -1, axis)
    return result


def _slopes(definition: Definition, backend: ModuleType, library: Any, root: Expr, x: Any, params: Mapping[str, Any],
            *, axis: int, pieces: int, gate: str) -> Any:  # fmt: skip
    """Return the derivative of each output by each of its own inputs: CReLU's two rows of slopes, a gated unit's halves."""
    rows, extra = apart(definition, x, library, axis=axis, pieces=pieces, gate=gate)
    given = {**params, **extra}
    found = [backend.evaluate(o, rows, given, (name,)) for o in parts(root) for name in definition.inputs]
    if definition.kind == "gated":
        n = x.shape[axis]
        places = library.arange(n)
        order = library.argsort(library.concatenate([places[entries(n)] for entries in GATES[gate]], 0))
        return library.moveaxis(library.concatenate(found, -1)[..., order], -1, axis)
    return together(definition, found, library, axis=axis)


def _jacobian(made: Activation, backend: ModuleType, library: Any, slope: Expr, rows: Any, order: int) -> Any:
    """Evaluate the tangent ``slope`` of a row: (..., m, n, ...) with the output index first, then one n per order."""
    n = rows.shape[-1]
    names = [_EAR.format(k) for k in range(order)]
    options = {"device": rows.device} if library.__name__ == "torch" else {}
    unit = library.eye(n, dtype=rows.dtype, **options)
    directions = {name: unit.reshape((1,) * k + (n,) + (1,) * (order - 1 - k) + (n,)) for k, name in enumerate(names)}
    wide = rows.reshape((*rows.shape[:-1], *(1,) * order, n))
    result = backend.evaluate(slope, wide, directions)
    outputs = 1 if made.kind == "grouped" else n
    # d2 log_softmax_i / dx_j dx_k is the same for every i, and comes out once
    result = library.broadcast_to(result, (*rows.shape[:-1], *(n,) * order, outputs))
    return library.moveaxis(result, -1, -1 - order)


def get(name: str | Definition | Activation, **params: float) -> Activation:
    """Return an activation function by name, alias, ``name(parameter=value)``, or a typed formula in ``x``.

    Raises:
        UnknownNameError: no such name; the message holds a near match.
        FormulaError: the formula cannot be read; the message points at the column.
        ParameterError: a parameter is unknown, missing or out of range.

    >>> round(get("x*tanh(exp(x))")(1.0), 12)
    0.991328915801
    """
    spec = name.definition if isinstance(name, Activation) else name
    return Activation(resolve(spec, **params))


def define(name: str, formula: Expr | str, **columns: Any) -> Activation:
    """Add a function of your own to the catalogue, with the same rights as any other, and return it.

    Columns are those of :func:`nonlin.catalogue.define`: parameters as ``param(...)`` or numbers, ``aliases``,
    ``cite``, ``summary``, ``title``.

    >>> tanhexp = define("my_tanhexp", "x*tanh(exp(x))")
    >>> tanhexp.derivative()
    'tanh(exp(x)) + x*sech2(exp(x))*exp(x)'
    """
    from nonlin.catalogue import define as define_here

    return Activation(define_here(name, formula, **columns))


def from_peer(peer: str, name: str, /, version: str | int | None = None, **params: Any) -> Activation:
    """Return the function that another library calls ``name``, exactly: its parameters, its defaults.

    Args:
        peer: the library: torch, jax, keras, tensorflow, flax, timm, transformers, onnx, ...
        name: its name there: ``"leaky_relu"``, ``"keras.layers.LeakyReLU"``.
        version: of the library (or opset), if not the newest that is known.
        **params: its arguments, as they are called there.

    Raises:
        UnknownNameError: an unknown library or name (with a near match).
        ParameterError: an unknown version or argument, or a name that means several functions there.

    >>> from_peer("keras", "layers.LeakyReLU").name, from_peer("jax", "gelu").name
    ('leaky_relu(slope=0.3)', 'gelu_tanh')
    """
    from nonlin.peers import find

    found = find(peer, name, version, **params)
    return Activation(found.definition, **found.options)
