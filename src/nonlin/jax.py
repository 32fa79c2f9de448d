"""Activation functions for JAX: ``nonlin.jax.mish(x)``, under ``jit``, ``vmap``, ``grad`` and ``jvp``, exact to any order.

Every name of the catalogue is a function here; ``nonlin.jax.get`` takes a name, a name with parameters, or a formula.
Nothing loads JAX before a name is asked for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nonlin.catalogue import Definition, bearers, definitions, lookup, names, resolve
from nonlin.errors import EXTRAS, near

if TYPE_CHECKING:
    import jax

__all__ = ["Function", "get"]


class Function:
    """One activation function of JAX arrays; ``nonlin.jax.get`` and the names of ``nonlin.jax`` make them.

    Two of the same formula and parameters are equal, so that they can be static arguments and fields of modules.

    >>> import jax
    >>> mish = get("mish")
    >>> print(jax.grad(mish)(0.0), jax.grad(jax.grad(mish))(0.0))
    0.6 0.64
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.__name__ = definition.name
        self.__qualname__ = f"nonlin.jax.{definition.name}"
        self.__doc__ = f"{definition.summary or definition.name}\n\nFormula: ``{definition.formula}``"

    def __call__(self, x: Any, *, axis: int = -1, pieces: int = 2, gate: Any = "second", key: Any = None,
                 **params: Any) -> jax.Array:  # fmt: skip
        """Return the function at ``x``.

        Args:
            x: JAX or NumPy array, or number, of any shape; a real type, whose dtype the result keeps.
            axis: the axis a function works along, unless it is elementwise.
            pieces: for a grouped function (maxout), the size of the groups of neighbours along ``axis``.
            gate: for a gated function, the gate as an array of its own, or which part of ``axis`` it is: the ``"second"``
                half, the ``"first"``, or the ``"even"`` or ``"odd"`` entries.
            key: for a function with noise, the random key it is drawn with, as in training; None is the function at rest.
            **params: parameter values: numbers, which are compiled in, or arrays that broadcast against ``x``; these get
                gradients.

        Raises:
            DataError: ``x`` is not of a real numeric type, or its axis does not fit.
            ParameterError: an unknown parameter, a value out of range, or a key for a function without noise.
        """
        from nonlin.backends import jax as backend
        from nonlin.backends.calling import called

        made: jax.Array = called(backend, self.definition, x, params, key, axis=axis, pieces=pieces, gate=gate)
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Function) and _identity(self.definition) == _identity(other.definition)

    def __hash__(self) -> int:
        return hash(_identity(self.definition))

    def __repr__(self) -> str:
        return f"<nonlin.jax {self.definition.name}: {self.definition.formula}>"


def _identity(made: Definition) -> tuple[Any, ...]:
    return made.name, made.textbook, made.rest, made.inputs, made.groups, tuple(made.params.items())


def get(name: Any, **params: float) -> Function:
    """Return an activation function of JAX arrays by name, alias, ``name(parameter=value)``, or a typed formula in ``x``.

    Args:
        name: such a text, a definition, or what ``nonlin.get`` returns.
        **params: values of its parameters, as numbers. (Arrays are given when the function is called.)

    Raises:
        MissingExtraError: JAX is not installed; the message holds the install line.
        UnknownNameError: no such name; the message holds a near match.
        FormulaError: the formula cannot be read; the message points at the column.
        ParameterError: a parameter is unknown, missing or out of range.

    >>> print(get("leaky_relu", slope=0.5)(-3.0), get("x*tanh(exp(x))")(0.0))
    -1.5 0.0
    """
    EXTRAS["jax"].require()
    return Function(resolve(getattr(name, "definition", name), **params))


@lru_cache(maxsize=4096)
def _named(made: Definition) -> Function:
    return Function(made)


def __getattr__(name: str) -> Function:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}.")
    EXTRAS["jax"].require()
    found = lookup(name)
    if found is not None:
        return _named(found)
    ids = ", ".join(made.name for made in bearers(name))
    hint = f" Several functions bear that name: {ids}." if ids else near(name, [*__all__, *names()])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}")


def __dir__() -> list[str]:
    return sorted({*__all__, *definitions()})
