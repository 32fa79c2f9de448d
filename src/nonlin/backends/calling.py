"""How a function is called on a framework's arrays: parameters given as numbers are folded in, the rest stay arrays.

A ``backend`` is a module with ``checked`` (an array of a real type, or a sentence), ``drawn`` (noise like an array),
``evaluate`` (an expression at arrays) and ``LIBRARY`` (array functions under NumPy's names).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from nonlin.backends.layout import run
from nonlin.catalogue import Definition
from nonlin.errors import ParameterError
from nonlin.expr import Expr, const, stabilise, substitute


@lru_cache(maxsize=4096)
def specialised(
    made: Definition, numbers: tuple[tuple[str, Any], ...], arrays: tuple[str, ...] = (), noisy: bool = False
) -> Expr:
    """Return the stable formula with these values and the defaults folded in.

    ``arrays`` stay variables, and in training (``noisy``) the noise does.

    Raises:
        ParameterError: a name is not that of a parameter, or a number is out of its range.
    """
    bound = made.bind(**dict(numbers))
    unknown = [n for n in arrays if n not in made.settable]
    if unknown:
        made.check({unknown[0]: 0.0})  # raises with the near match
    exact = {n: const(p.default) for n, p in bound.settable.items() if n not in arrays}
    return stabilise(substitute(bound.textbook if noisy else bound.resting, exact))


def apart(made: Definition, params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters that are numbers, to be folded in, and those that are arrays; further inputs are arrays."""
    numbers = {n: v for n, v in params.items() if isinstance(v, int | float | Fraction) and n not in made.inputs}
    return numbers, {n: v for n, v in params.items() if n not in numbers}


def plain(value: Any, name: str) -> float:
    """Return a parameter that has no gradient, which can only be a number."""
    if not isinstance(value, int | float):
        raise ParameterError(f"{name} has no gradient here, so it can be neither learned nor an array; give it as a number")
    return float(value)


def called(backend: Any, made: Definition, x: Any, params: Mapping[str, Any], noise: Any = None, **options: Any) -> Any:
    """Return a function of any kind at ``x``.

    Args:
        backend: such a module.
        made: the function.
        x: what ``backend.checked`` takes.
        params: values of its parameters and further inputs, by name.
        noise: what random numbers are drawn from, a key or a generator; None for the function at rest.
        **options: ``axis``, ``pieces``, ``gate`` of :func:`nonlin.backends.layout.run`.
    """
    if noise is not None and not made.random:
        raise ParameterError(f"{made.name} draws no random numbers; leave out what they would be drawn from")
    numbers, arrays = apart(made, params)
    free = tuple(sorted(n for n in arrays if n not in made.inputs))
    root = specialised(made, tuple(sorted(numbers.items())), free, noise is not None)
    return evaluated(backend, made, root, x, arrays, noise, **options)


def evaluated(
    backend: Any, made: Definition, root: Expr, x: Any, arrays: Mapping[str, Any], noise: Any = None, **options: Any
) -> Any:
    """Return ``root``, the formula of ``made`` with its numbers folded in, at ``x``; see :func:`called`."""

    def one(formula: Expr, rows: Any, given: Mapping[str, Any]) -> Any:
        drawn = backend.drawn(made.random, rows, noise) if noise is not None else {}
        return backend.evaluate(formula, rows, {**given, **drawn})

    kind = made.kind
    x = x if kind == "paired" and "complex" in str(getattr(x, "dtype", "")) else backend.checked(x)
    return one(root, x, arrays) if kind == "elementwise" else run(made, root, x, backend.LIBRARY, one, arrays, **options)
