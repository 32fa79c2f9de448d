"""JAX: differentiable functions of arrays under jit, vmap, grad and jvp, exact to any order.

Each function is a ``jax.custom_jvp`` whose rule multiplies by the emitted derivative, itself such a function of one order
more; functions of rows apply the emitted Jacobian to the tangent. Half types are computed in float32 and rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jax.custom_derivatives import SymbolicZero

from nonlin.backends import precise
from nonlin.backends.calling import plain
from nonlin.backends.kernel import Kernel, build, differentiated, guarded, literal
from nonlin.backends.numpy import THRESHOLD_STEPS, specialised
from nonlin.errors import DataError
from nonlin.expr import Expr, is_rowwise, stabilise, tangent, var
from nonlin.expr.nodes import ZERO
from nonlin.expr.program import source
from nonlin.expr.rewrite import lower

__all__ = ["LIBRARY", "checked", "drawn", "evaluate", "specialised"]

LIBRARY = jnp
"""The module that holds this backend's array functions under NumPy's names."""
DRAW: dict[str, Callable[..., Any]] = {"uniform": jax.random.uniform, "normal": jax.random.normal}
"""How noise of each law is drawn: from a key, a shape and a dtype."""


def drawn(noise: Mapping[str, str], like: jax.Array, key: Any) -> dict[str, jax.Array]:
    """Return noise for each element of ``like``: name -> law becomes name -> array, each from a key of its own."""
    dtype = jnp.float64 if like.dtype == jnp.float64 else jnp.float32
    keys = jax.random.split(key, max(len(noise), 1))
    return {n: DRAW[law](k, like.shape, dtype) for (n, law), k in zip(noise.items(), keys, strict=False)}


def row_sum(u: Any) -> Any:
    """Sum over the last axis, kept with length 1."""
    return jnp.sum(u, axis=-1, keepdims=True)


def row_max(u: Any) -> Any:
    """Largest entry of the last axis, kept with length 1; the first of equal ones gets the gradient."""
    return jnp.take_along_axis(u, jnp.argmax(u, axis=-1, keepdims=True), axis=-1)


def row_first_max(u: Any) -> Any:
    """One at the first largest entry of the last axis, zero elsewhere."""
    places = jnp.arange(u.shape[-1])
    return (places == jnp.argmax(u, axis=-1, keepdims=True)).astype(u.dtype)


def _largest(u: Any) -> Any:
    """The largest entry as a constant: what is shifted by it does not depend on the shift."""
    return jax.lax.stop_gradient(jnp.max(u, axis=-1, keepdims=True))


def row_softmax(u: Any) -> Any:
    """exp(u) over its sum along the last axis."""
    e = jnp.exp(u - _largest(u))
    return e / row_sum(e)


def _excess(shifted: Any) -> Any:
    """log of the sum of exp(shifted), whose largest entry is 0, with the digits of a small remainder kept."""
    first = row_first_max(shifted)
    rest = jnp.where(first > 0, 0, jnp.exp(jnp.where(first > 0, 0, shifted)))
    # the largest entry adds exp(0) - 1 = 0 to the remainder, but its gradient counts
    return jnp.log1p(row_sum(rest) + row_sum(first * jnp.expm1(jnp.where(first > 0, shifted, 0))))


def row_logsumexp(u: Any) -> Any:
    """log of the sum of exp(u) along the last axis."""
    top = _largest(u)
    safe = jnp.where(jnp.isinf(top), 0, top)
    return safe + _excess(u - safe)


def row_log_softmax(u: Any) -> Any:
    """log of softmax along the last axis; of nothing but -inf, NaN."""
    shifted = u - _largest(u)
    return shifted - _excess(shifted)


def row_length(u: Any) -> float:
    """Number of entries of the last axis."""
    return float(u.shape[-1])


def row_top(u: Any, k: float) -> Any:
    """One at the k largest entries of the last axis, the first of equal ones; zero elsewhere."""
    order = jnp.argsort(-u, axis=-1, stable=True)
    return (jnp.argsort(order, axis=-1) < max(int(plain(k, "k")), 0)).astype(u.dtype)


def row_threshold(u: Any, alpha: float) -> Any:
    """The t for which max(u - t, 0)**(1/(alpha - 1)) sums to 1 along the last axis; see the NumPy one."""
    return _threshold(u, 1 / (plain(alpha, "alpha") - 1))


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _threshold(u: Any, power: float) -> Any:
    top = _largest(u)
    z = u - top  # the largest entry is 0, so t lies in [-1, 0)

    def step(_: Any, t: Any) -> Any:
        excess = jnp.maximum(z - t, 0)
        total = row_sum(excess**power)
        return jnp.where(total > 1, t + (total - 1) / (power * row_sum(_inside(excess, power))), t)

    return jax.lax.fori_loop(0, THRESHOLD_STEPS, step, jnp.full_like(top, -1)) + top


def _inside(excess: Any, power: float) -> Any:
    """excess**(power - 1) where it is positive, else 0."""
    return jnp.where(excess > 0, jnp.where(excess > 0, excess, 1) ** (power - 1), 0)


@_threshold.defjvp
def _threshold_rule(power: float, primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    (u,), (du,) = primals, tangents
    t = _threshold(u, power)  # differentiable again, so that second derivatives are right
    weight = _inside(u - t, power)
    return t, row_sum(weight * du) / row_sum(weight)


_ROWS = (row_sum, row_max, row_first_max, row_softmax, row_logsumexp, row_log_softmax, row_length, row_top, row_threshold)


@lru_cache(maxsize=2)
def scope(dtype: str) -> dict[str, Any]:
    """Return the names an emitted program for 'float32' or 'float64' may use: JAX's, with the better functions put in."""
    better = SimpleNamespace(**{**vars(jnp), **precise.functions(jnp, dtype)})
    return {"jnp": better, "nn": better, "special": better, **{f.__name__: f for f in _ROWS}}


@lru_cache(maxsize=8192)
def compiled(root: Expr, names: tuple[str, ...], dtype: str, order: int = 0) -> Kernel:
    """Return the function of ``names`` that computes ``root``, a derivative of that order, in 'float32' or 'float64'."""
    lowered = precise.unchained(lower(guarded(root, dtype, order=order), "jax"))
    made = build(source("jax", [lowered], names, literal), scope(dtype))
    made.__name__ = "nonlin"
    # inlined into a caller's own jit; by itself one compiled call instead of one for each operation
    return jax.jit(made, inline=True)


def checked(x: Any, what: str = "x") -> jax.Array:
    """Return ``x`` as a JAX array of a floating type; integers become the default one (float32, or float64 under x64).

    Raises:
        DataError: for booleans, complex numbers, and what is neither a JAX or NumPy array nor made of numbers.
    """
    if not isinstance(x, jax.Array | np.ndarray | np.generic | int | float | list | tuple) and not hasattr(
        x, "__jax_array__"
    ):
        raise DataError(
            f"{what} must be a JAX array, a NumPy array or a number, not {type(x).__module__}.{type(x).__name__}"
        )
    try:
        array = jnp.asarray(x)
    except (TypeError, ValueError) as err:
        raise DataError(f"{what} cannot be read as an array of numbers: {str(err).splitlines()[0]}") from None
    if jnp.issubdtype(array.dtype, jnp.floating):
        return array
    if jnp.issubdtype(array.dtype, jnp.integer):
        return array.astype(jnp.result_type(float))
    hint = {"b": "convert it with .astype(float)", "c": "apply the function to .real and .imag"}
    way_out = hint.get(getattr(array.dtype, "kind", ""), "give numbers")  # the type of random keys has no kind
    raise DataError(f"{what} has dtype {array.dtype}; an activation function takes real numbers: {way_out}")


def _run(root: Expr, names: tuple[str, ...], arrays: Sequence[Any], order: int = 0) -> Any:
    """Evaluate one expression in the shape that its arrays broadcast to and the dtype of the first."""
    dtype = "float64" if arrays[0].dtype == jnp.float64 else "float32"
    wide = [a if a.dtype == dtype else a.astype(dtype) for a in arrays]
    result = jnp.asarray(compiled(root, names, dtype, order)(*wide))
    if not is_rowwise(root):
        result = jnp.broadcast_to(result, jnp.broadcast_shapes(*(a.shape for a in arrays)))
    return result if result.dtype == arrays[0].dtype else result.astype(arrays[0].dtype)


@lru_cache(maxsize=8192)
def _function(root: Expr, names: tuple[str, ...], wrt: tuple[str, ...]) -> Callable[..., Any]:
    """Return ``root``, differentiated by the names in ``wrt``, as a function of arrays that JAX can differentiate."""
    here = differentiated(root, wrt)

    def value(*arrays: Any) -> Any:
        return _run(here, names, arrays, len(wrt))

    def sloped(primals: tuple[Any, ...], live: list[tuple[int, Any]]) -> Any:
        """Each slope times its tangent; a slope is such a function again, so that every order is exact."""
        slopes = [(_function(root, names, (*wrt, names[i])), t) for i, t in live
                  if differentiated(root, (*wrt, names[i])) is not ZERO]  # fmt: skip
        return sum(slope(*primals) * t for slope, t in slopes)

    def pushed(primals: tuple[Any, ...], live: list[tuple[int, Any]]) -> Any:
        """The Jacobian of a row applied to its tangent, which is emitted as a whole."""
        ears = {names[i]: f"tangent_{i}_of_{'_'.join(names)}" for i, _ in live}  # longer than any name, so its own
        direction = stabilise(tangent(here, {n: var(ear) for n, ear in ears.items()}))
        if direction is ZERO:
            return 0
        return _run(direction, (*names, *ears.values()), (*primals, *(t for _, t in live)))

    made = jax.custom_jvp(value)
    push = pushed if is_rowwise(here) else sloped

    def rule(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        out = made(*primals)
        moved = push(primals, [(i, t) for i, t in enumerate(tangents) if not isinstance(t, SymbolicZero)])
        return out, jnp.broadcast_to(jnp.asarray(moved, out.dtype), out.shape)

    made.defjvp(rule, symbolic_zeros=True)
    return made


def evaluate(root: Expr, x: Any, params: Mapping[str, Any] | None = None, wrt: tuple[str, ...] = ()) -> jax.Array:
    """Return ``root``, differentiated by the names in ``wrt``, at ``x``; differentiable to any order.

    Args:
        root: an expression in ``x`` and the names of ``params``.
        x: real array of any shape; the result has its dtype, and its shape unless ``params`` or a row formula make another.
        params: arrays that broadcast against ``x``; they get gradients too.
        wrt: names to differentiate by, once each (elementwise expressions only).
    """
    names = ("x", *(params or {}))
    arrays = [checked(v, n) for n, v in zip(names, (x, *(params or {}).values()), strict=True)]
    result: jax.Array = _function(root, names, wrt)(*arrays)
    return result
