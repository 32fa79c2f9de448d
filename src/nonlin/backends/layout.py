"""How a function that works along an axis takes an array apart and puts its outputs together, for any array library.

``library`` is the module that holds ``moveaxis``, ``reshape`` and ``concatenate``: ``torch``, ``numpy``, ``jax.numpy``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nonlin.catalogue import Definition, parts
from nonlin.errors import DataError, ParameterError
from nonlin.expr import Expr

GATES: dict[str, tuple[Callable[[int], slice], Callable[[int], slice]]] = {
    # where the gate stands: the entries of x, the entries of the gate, of an axis of the given length
    "second": (lambda n: slice(0, n // 2), lambda n: slice(n // 2, n)),
    "first": (lambda n: slice(n // 2, n), lambda n: slice(0, n // 2)),
    "even": (lambda n: slice(1, n, 2), lambda n: slice(0, n, 2)),
    "odd": (lambda n: slice(0, n, 2), lambda n: slice(1, n, 2)),
}
"""Which entries of an axis are the gate: the second half (the default), the first half, or every other entry."""


def moved(library: Any, x: Any, source: int, target: int) -> Any:
    """Return ``x`` with one axis moved; PyTorch's ``moveaxis`` has no rule for ``vmap``, its ``movedim`` has."""
    return getattr(library, "movedim", library.moveaxis)(x, source, target)


def check_axis(made: Definition, ndim: int, axis: object, word: str = "axis") -> int:
    """Return ``axis`` if it is a dimension of an array of ``ndim``; raise DataError with a sentence if not."""
    if ndim == 0:
        raise DataError(f"{made.name} works along an axis; x must have at least one dimension")
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise DataError(f"{made.name}: {word} must be a whole number, not {axis!r}")
    if not -ndim <= axis < ndim:
        raise DataError(f"{made.name}: {word}={axis} is out of range for x with {ndim} dimensions; allowed is "
                        f"{-ndim} to {ndim - 1}")  # fmt: skip
    return axis


def check_gate(gate: object) -> str:
    """Return where the gate stands, one of :data:`GATES`; raise ParameterError for anything else."""
    if not isinstance(gate, str) or gate not in GATES:
        raise ParameterError(f"gate must be an array, or where it stands in x: {', '.join(GATES)}; not {gate!r}")
    return gate


def apart(
    made: Definition, x: Any, library: Any, *, axis: int = -1, pieces: int = 2, gate: str = "second", word: str = "axis"
) -> tuple[Any, dict[str, Any]]:
    """Return ``x`` with its axis last and laid out for the kernel, and the function's further inputs by name.

    Shapes: rowwise and elementwise (..., n) as it is; grouped (..., n / pieces, pieces); gated (..., n / 2) twice.

    Raises:
        DataError: the axis is out of range, has no entries, or does not divide.
        ParameterError: ``gate`` is none of :data:`GATES`.
    """
    check_axis(made, x.ndim, axis, word)
    rows = moved(library, x, axis, -1)
    n = rows.shape[-1]
    kind = made.kind
    if kind == "grouped":
        if isinstance(pieces, bool) or not isinstance(pieces, int) or pieces < 1 or n % pieces:
            raise DataError(
                f"{made.name}: pieces={pieces} must be a whole number of at least 1 that divides the {n} entries along {word} {axis}"
            )
        return library.reshape(rows, (*rows.shape[:-1], n // pieces, pieces)), {}
    if kind in ("gated", "paired"):
        if n % 2:
            raise DataError(f"{made.name} splits an axis into two halves, but x has {n} entries along {word} {axis}; "
                            "give it an even number, or the second half as an array of its own")  # fmt: skip
        value, other = GATES[check_gate(gate)]
        return rows[..., value(n)], {made.inputs[1]: rows[..., other(n)]}
    if kind == "rowwise" and n == 0:
        raise DataError(f"{made.name} needs at least one entry along {word} {axis}")
    return rows, {}


def together(made: Definition, outputs: Sequence[Any], library: Any, *, axis: int = -1) -> Any:
    """Return the outputs of a kernel as one array with the axis where it was; the inverse of :func:`apart`."""
    if made.kind == "grouped":  # each output holds one entry a group, or one for each of its pieces
        outputs = [library.reshape(o, (*o.shape[:-2], o.shape[-2] * o.shape[-1])) for o in _beside(outputs, library)]
    (whole,) = _beside(outputs, library)
    return moved(library, whole, -1, axis)


def _beside(outputs: Sequence[Any], library: Any) -> list[Any]:
    return [outputs[0] if len(outputs) == 1 else library.concatenate(list(outputs), -1)]


def run(
    made: Definition,
    root: Expr,
    x: Any,
    library: Any,
    evaluate: Callable[[Expr, Any, Mapping[str, Any]], Any],
    params: Mapping[str, Any],
    *,
    axis: int = -1,
    pieces: int = 2,
    gate: Any = "second",
    word: str = "axis",
) -> Any:
    """Evaluate a function of any kind but elementwise along one axis of ``x``.

    ``evaluate(root, x, params)`` computes one output; ``gate`` is a word of :data:`GATES` or an array that holds the further
    input, and then ``x`` is not taken apart; ``word`` is what the caller calls the axis.
    """
    if made.kind == "paired" and "complex" in str(x.dtype):
        real, imaginary = (evaluate(o, library.real(x), {**params, made.inputs[1]: library.imag(x)}) for o in parts(root))
        return real + 1j * imaginary
    given = {n: v for n, v in params.items() if n in made.inputs[1:]}
    if len(made.inputs) > 1 and (given or not isinstance(gate, str)):
        extra = given or {made.inputs[1]: gate}
        outputs = [evaluate(o, x, {**params, **extra}) for o in parts(root)]
        return outputs[0] if len(outputs) == 1 else library.concatenate(outputs, axis)
    rows, extra = apart(made, x, library, axis=axis, pieces=pieces, gate=gate, word=word)
    return together(made, [evaluate(o, rows, {**params, **extra}) for o in parts(root)], library, axis=axis)
