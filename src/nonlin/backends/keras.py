"""Keras 3: tensors of whichever backend Keras runs on.

Where nonlin has kernels for it (torch, JAX, NumPy) those compute, exact to any order of derivative. Elsewhere (TensorFlow)
a program in ``keras.ops`` does, with ``keras.ops.custom_gradient`` giving the emitted derivative; functions of rows are left
to the backend's own differentiation. Half types are computed in float32 and rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import keras
from keras import ops

from nonlin.backends import precise
from nonlin.backends.calling import plain
from nonlin.backends.kernel import Kernel, build, differentiated, guarded, literal
from nonlin.backends.numpy import THRESHOLD_STEPS
from nonlin.errors import DataError
from nonlin.expr import Expr, is_rowwise
from nonlin.expr.nodes import ZERO
from nonlin.expr.program import source
from nonlin.expr.rewrite import lower

BACKEND = keras.backend.backend()
NATIVE: ModuleType | None = import_module(f"nonlin.backends.{BACKEND}") if BACKEND in ("torch", "jax", "numpy") else None
"""nonlin's own kernels for the tensors Keras works with, or None; Keras' backend cannot change once it is imported."""


def _reshape(x: Any, shape: Sequence[int | None]) -> Any:
    """``ops.reshape`` for shapes whose leading lengths, those of a batch, may be unknown."""
    known = ops.shape(x)
    return ops.reshape(x, tuple(known[i] if n is None else n for i, n in enumerate(shape)))


LIBRARY = SimpleNamespace(moveaxis=ops.moveaxis, concatenate=ops.concatenate, reshape=_reshape, real=ops.real, imag=ops.imag)
"""The array functions that :mod:`nonlin.backends.layout` needs."""


def dtype_of(x: Any) -> str:
    """Name of a tensor's type, the same on every backend: ``float32``, ``bfloat16``, ..."""
    return str(keras.backend.standardize_dtype(x.dtype))


def checked(x: Any, what: str = "x") -> Any:
    """Return ``x`` as a tensor of a floating type; integers become Keras' default one.

    Raises:
        DataError: for booleans, complex numbers, and what cannot be read as a tensor.
    """
    try:
        tensor = ops.convert_to_tensor(x)
    except (TypeError, ValueError, RuntimeError) as err:
        raise DataError(f"{what} cannot be read as a tensor of numbers: {str(err).splitlines()[0]}") from None
    dtype = dtype_of(tensor)
    if "float" in dtype:
        return tensor
    if "int" in dtype:
        return ops.cast(tensor, keras.config.floatx())
    hint = {"b": "convert it with keras.ops.cast(x, 'float32')", "c": "apply the function to its real and imaginary parts"}
    way_out = hint.get(dtype[0], "give numbers")
    raise DataError(f"{what} has dtype {dtype}; an activation function takes real numbers: {way_out}")


def drawn(noise: Mapping[str, str], like: Any, seed: Any) -> dict[str, Any]:
    """Return noise for each element of ``like``: name -> law becomes name -> tensor, from a generator or a seed."""
    law = {"uniform": keras.random.uniform, "normal": keras.random.normal}
    dtype = "float64" if dtype_of(like) == "float64" else "float32"
    return {n: law[word](ops.shape(like), dtype=dtype, seed=seed) for n, word in noise.items()}


# -- rows, in keras.ops ------------------------------------------------------------------------------------------------


def row_sum(u: Any) -> Any:
    """Sum over the last axis, kept with length 1."""
    return ops.sum(u, axis=-1, keepdims=True)


def row_max(u: Any) -> Any:
    """Largest entry of the last axis, kept with length 1; the first of equal ones gets the gradient."""
    return ops.take_along_axis(u, ops.expand_dims(ops.argmax(u, axis=-1), -1), axis=-1)


def row_first_max(u: Any) -> Any:
    """One at the first largest entry of the last axis, zero elsewhere."""
    return ops.one_hot(ops.argmax(u, axis=-1), u.shape[-1], dtype=dtype_of(u))


def _largest(u: Any) -> Any:
    """The largest entry as a constant: what is shifted by it does not depend on the shift."""
    return ops.stop_gradient(ops.max(u, axis=-1, keepdims=True))


def row_softmax(u: Any) -> Any:
    """exp(u) over its sum along the last axis."""
    e = ops.exp(u - _largest(u))
    return e / row_sum(e)


def _excess(shifted: Any) -> Any:
    """log of the sum of exp(shifted), whose largest entry is 0, with the digits of a small remainder kept."""
    first = row_first_max(shifted)
    others = ops.where(first > 0, ops.zeros_like(shifted), shifted)
    rest = ops.where(first > 0, ops.zeros_like(shifted), ops.exp(others))
    # the largest entry adds exp(0) - 1 = 0 to the remainder, but its gradient counts
    return ops.log1p(row_sum(rest) + row_sum(first * ops.expm1(shifted - others)))


def row_logsumexp(u: Any) -> Any:
    """log of the sum of exp(u) along the last axis."""
    top = _largest(u)
    safe = ops.where(ops.isinf(top), ops.zeros_like(top), top)
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
    order = ops.argsort(-u, axis=-1)
    return ops.cast(ops.argsort(order, axis=-1) < max(int(plain(k, "k")), 0), dtype_of(u))


def row_threshold(u: Any, alpha: float) -> Any:
    """The t for which max(u - t, 0)**(1/(alpha - 1)) sums to 1 along the last axis; see the NumPy one."""
    power = 1 / (plain(alpha, "alpha") - 1)
    fixed = ops.stop_gradient(u)
    top = ops.max(fixed, axis=-1, keepdims=True)
    z = fixed - top  # the largest entry is 0, so t lies in [-1, 0)

    def weight(excess: Any) -> Any:
        inside = excess > 0
        kept = ops.power(ops.where(inside, excess, ops.ones_like(excess)), power - 1)
        return ops.where(inside, kept, ops.zeros_like(excess))

    t = -ops.ones_like(top)
    for _ in range(THRESHOLD_STEPS):
        excess = ops.maximum(z - t, 0.0)
        total = row_sum(ops.power(excess, power))
        t = ops.where(total > 1, t + (total - 1) / (power * row_sum(weight(excess))), t)
    share = weight(z - t)
    # by the implicit function theorem: the derivative of the threshold is a mean with these weights
    return t + top + row_sum(share / row_sum(share) * (u - fixed))


_ROWS = (row_sum, row_max, row_first_max, row_softmax, row_logsumexp, row_log_softmax, row_length, row_top, row_threshold)


@lru_cache(maxsize=2)
def scope(dtype: str) -> dict[str, Any]:
    """Return the names an emitted program for 'float32' or 'float64' may use: Keras', with the better functions put in."""

    def where(condition: Any, a: Any, b: Any) -> Any:
        # of two plain numbers keras.ops.where would make the default type, which TensorFlow mixes with no other
        a, b = (ops.convert_to_tensor(v, dtype) if isinstance(v, int | float) else v for v in (a, b))
        return ops.where(condition, a, b)

    here = SimpleNamespace(**{**vars(ops), "where": where})
    better = SimpleNamespace(**{**vars(here), **precise.functions(here, dtype)})
    return {"ops": better, "math": math, **{f.__name__: f for f in _ROWS}}


@lru_cache(maxsize=8192)
def compiled(root: Expr, names: tuple[str, ...], dtype: str, order: int = 0) -> Kernel:
    """Return the function of ``names`` that computes ``root``, a derivative of that order, in 'float32' or 'float64'."""
    lowered = precise.unchained(lower(guarded(root, dtype, order=order), "keras"))
    return build(source("keras", [lowered], names, literal), scope(dtype))


def _run(root: Expr, names: tuple[str, ...], tensors: Sequence[Any], order: int = 0) -> Any:
    """Evaluate one expression in the shape that its tensors broadcast to and the dtype of the first."""
    given = dtype_of(tensors[0])
    dtype = "float64" if given == "float64" else "float32"
    wide = [ops.cast(t, dtype) for t in tensors]
    result = ops.convert_to_tensor(compiled(root, names, dtype, order)(*wide), dtype)
    if not is_rowwise(root):  # a constant, or a formula that forgets some of them
        for t in wide:
            if tuple(result.shape) != tuple(t.shape):
                result = result + ops.zeros_like(t)
    return ops.cast(result, given)


@lru_cache(maxsize=8192)
def _function(root: Expr, names: tuple[str, ...], wrt: tuple[str, ...]) -> Callable[..., Any]:
    """Return ``root``, differentiated by the names in ``wrt``, as a function of tensors with the emitted derivative."""
    here = differentiated(root, wrt)
    if is_rowwise(here):
        return lambda *tensors: _run(here, names, tensors)

    def value(*tensors: Any) -> Any:
        def pulled(*grads: Any, upstream: Any = None, **_: Any) -> Any:
            above = grads[0] if upstream is None else upstream
            results = []
            for name, tensor in zip(names, tensors, strict=True):
                if differentiated(root, (*wrt, name)) is ZERO:
                    results.append(ops.zeros_like(tensor))
                    continue
                slope = _function(root, names, (*wrt, name))(*tensors)  # such a function again, so that every order is exact
                results.append(ops.cast(_summed(above * slope, tensor), dtype_of(tensor)))
            return results[0] if len(results) == 1 else tuple(results)

        return _run(here, names, tensors, len(wrt)), pulled

    made: Callable[..., Any] = ops.custom_gradient(value)
    return made


def _summed(grad: Any, like: Any) -> Any:
    """Return ``grad`` summed over the axes along which ``like`` was broadcast."""
    extra = len(grad.shape) - len(like.shape)
    grad = ops.sum(grad, axis=tuple(range(extra))) if extra else grad
    spread = tuple(i for i, n in enumerate(like.shape) if n == 1 and grad.shape[i] != 1)
    return ops.sum(grad, axis=spread, keepdims=True) if spread else grad


def evaluate(root: Expr, x: Any, params: Mapping[str, Any] | None = None, wrt: tuple[str, ...] = ()) -> Any:
    """Return ``root``, differentiated by the names in ``wrt``, at ``x``, as a tensor Keras can differentiate.

    Args:
        root: an expression in ``x`` and the names of ``params``.
        x: real tensor of any shape; the result has its dtype, and its shape unless ``params`` or a row formula make another.
        params: tensors that broadcast against ``x``; they get gradients too.
        wrt: names to differentiate by, once each (elementwise expressions only).
    """
    tensors = {n: checked(v, n) for n, v in {"x": x, **(params or {})}.items()}
    if NATIVE is None:
        return by_ops(root, tensors, wrt)
    return NATIVE.evaluate(root, tensors["x"], {n: v for n, v in tensors.items() if n != "x"}, wrt)


def by_ops(root: Expr, tensors: Mapping[str, Any], wrt: tuple[str, ...] = ()) -> Any:
    """Return what :func:`evaluate` does, through ``keras.ops`` on any backend; ``tensors`` by name, ``x`` first."""
    return _function(root, tuple(tensors), wrt)(*tensors.values())
