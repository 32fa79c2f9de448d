"""NumPy: arrays and Python numbers. Half types are computed in float32 and rounded once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from nonlin.backends.kernel import Kernel, build, differentiated, emit, guarded
from nonlin.errors import DataError
from nonlin.expr import Expr, is_rowwise

THRESHOLD_STEPS = 40
"""Newton steps of ``row_threshold``: it converges quadratically; the count is for rows of many nearly equal entries."""


def row_sum(u: Any) -> Any:
    """Sum over the last axis, kept with length 1."""
    return np.sum(u, axis=-1, keepdims=True)


def row_max(u: Any) -> Any:
    """Largest entry of the last axis, kept with length 1."""
    return np.max(u, axis=-1, keepdims=True)


def row_first_max(u: Any) -> Any:
    """One at the first largest entry of the last axis, zero elsewhere."""
    mask = np.zeros(u.shape, u.dtype)
    np.put_along_axis(mask, np.argmax(u, axis=-1, keepdims=True), 1, axis=-1)
    return mask


def _shifted(u: Any) -> tuple[Any, Any]:
    top = row_max(u)
    safe = np.where(np.isinf(top), 0, top)
    return u - safe, safe


def row_softmax(u: Any) -> Any:
    """exp(u) over its sum along the last axis."""
    e = np.exp(u - row_max(u))
    return e / row_sum(e)


def _excess(shifted: Any) -> Any:
    """log of the sum of exp(shifted), whose largest entry is 0, with the digits of a small remainder kept."""
    first = row_first_max(shifted)
    return np.log1p(row_sum(np.where(first > 0, 0, np.exp(shifted))))


def row_logsumexp(u: Any) -> Any:
    """log of the sum of exp(u) along the last axis."""
    shifted, top = _shifted(u)
    return top + _excess(shifted)


def row_log_softmax(u: Any) -> Any:
    """log of softmax along the last axis; of nothing but -inf, NaN."""
    shifted = u - row_max(u)
    return shifted - _excess(shifted)


def row_length(u: Any) -> int:
    """Number of entries of the last axis."""
    return int(np.shape(u)[-1])


def row_top(u: Any, k: float) -> Any:
    """One at the k largest entries of the last axis, the first of equal ones; zero elsewhere."""
    mask = np.zeros(u.shape, u.dtype)
    np.put_along_axis(mask, np.argsort(-u, axis=-1, kind="stable")[..., : max(int(k), 0)], 1, axis=-1)
    return mask


def row_threshold(u: Any, alpha: float) -> Any:
    """The t for which max(u - t, 0)**(1/(alpha - 1)) sums to 1 along the last axis, by Newton from below."""
    power = 1 / (float(alpha) - 1)
    wide = u.astype(np.float64)
    top = np.max(wide, axis=-1, keepdims=True)
    z = wide - top  # the largest entry is 0, so t lies in [-1, 0)
    t = np.full_like(top, -1.0)
    for _ in range(THRESHOLD_STEPS):
        excess = np.maximum(z - t, 0)
        total = np.sum(excess**power, axis=-1, keepdims=True)
        slope = power * np.sum(
            np.where(excess > 0, np.where(excess > 0, excess, 1) ** (power - 1), 0), axis=-1, keepdims=True
        )
        t = np.where(total > 1, t + (total - 1) / slope, t)
    return (t + top).astype(u.dtype)


@lru_cache(maxsize=1)
def scope() -> dict[str, Any]:
    """Return the names an emitted program may use."""
    from scipy import special

    rows = (row_sum, row_max, row_first_max, row_softmax, row_logsumexp, row_log_softmax, row_length, row_top, row_threshold)
    return {"np": np, "special": special, **{f.__name__: f for f in rows}}


@lru_cache(maxsize=4096)
def compiled(
    roots: tuple[Expr, ...], names: tuple[str, ...], dtype: str, finite_only: bool = False, order: int = 0
) -> Kernel:
    """Return the function of ``names`` that computes ``roots`` in ``dtype`` ('float32' or 'float64').

    ``order`` tells which derivative the first root is; the others are one more.
    """
    outputs = [guarded(r, dtype, finite_only, order + (i > 0)) for i, r in enumerate(roots)]
    return build(emit("numpy", outputs, names), scope())


def as_float_array(x: Any, what: str = "x") -> np.ndarray[Any, Any]:
    """Return ``x`` as an array of a floating type; integers become float64.

    Raises:
        DataError: for booleans, complex numbers, text and objects.
    """
    try:
        array = np.asarray(x)
    except ValueError as err:
        raise DataError(f"{what} cannot be read as an array: {err}") from None
    if array.dtype.kind in "iu":
        return array.astype(np.float64)
    if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
        return array
    hint = {"b": "convert it with .astype(float)", "c": "apply the function to .real and .imag"}
    way_out = hint.get(array.dtype.kind, "give numbers")
    raise DataError(f"{what} has dtype {array.dtype.name}; an activation function takes real numbers: {way_out}")


def specialised(owner: Any, numbers: tuple[tuple[str, Any], ...], arrays: tuple[str, ...]) -> Expr:
    """Return ``owner.specialised(...)``; the torch backend hides it from torch.compile."""
    made: Expr = owner.specialised(numbers, arrays)
    return made


def evaluate(root: Expr, x: Any, params: Mapping[str, Any] | None = None, wrt: tuple[str, ...] = ()) -> np.ndarray[Any, Any]:
    """Return ``root``, differentiated by the names in ``wrt``, at ``x``, elementwise.

    Args:
        root: an expression in ``x`` and the names of ``params``.
        x: array of any shape and floating type; the result has both.
        params: arrays that broadcast against ``x``.
        wrt: names to differentiate by, once each.
    """
    array = as_float_array(x)
    expr = differentiated(root, wrt)
    dtype = "float64" if array.dtype.itemsize >= 8 else "float32"
    names = ("x", *(params or {}))
    args = [array.astype(dtype, copy=False)]
    args += [as_float_array(v, n).astype(dtype, copy=False) for n, v in (params or {}).items()]
    made = _by_kernel(expr, names, args, array, len(wrt))
    if made is not None:
        return made
    with np.errstate(all="ignore"):
        result = np.asarray(compiled((expr,), names, dtype, order=len(wrt))(*args), dtype=dtype)
        shape = np.broadcast_shapes(*(a.shape for a in args)) if len(args) > 1 else array.shape
        if result.ndim < len(shape) or result.size == 1 != array.size:
            result = np.broadcast_to(result, shape).copy()
        if result is args[0]:  # the identity; the caller owns the result
            result = result.copy()
        return result.astype(array.dtype, copy=False)


def _by_kernel(
    root: Expr, names: tuple[str, ...], args: list[np.ndarray[Any, Any]], array: np.ndarray[Any, Any], order: int
) -> np.ndarray[Any, Any] | None:
    """``root`` by a compiled kernel, or None where there is none or a parameter is larger than x."""
    from nonlin.backends.llvm import calls

    x = args[0]
    if not calls.enabled() or is_rowwise(root) or array.dtype.itemsize > 8:
        return None
    if len(args) > 1 and np.broadcast_shapes(*(a.shape for a in args)) != x.shape:
        return None
    args = [a if a.size == 1 else np.broadcast_to(a, x.shape) for a in args]
    full = [i for i, a in enumerate(args) if i == 0 or a.size != 1]
    rest = [i for i in range(len(args)) if i not in full]
    same = all(args[i].flags.c_contiguous for i in full) or all(args[i].flags.f_contiguous for i in full)
    same = same and all(args[i].flags.aligned for i in full)
    made = calls.prepared((root,), tuple(names[i] for i in full), tuple(names[i] for i in rest), x.dtype.name, order)
    if made is None:
        return None
    held = [args[i] if same else np.require(args[i], requirements=("C", "A")) for i in full]
    result = np.empty_like(held[0])
    numbers = np.array([args[i].reshape(()) for i in rest], dtype=x.dtype)
    made.flat(x.size, numbers.ctypes.data, *(a.ctypes.data for a in held), result.ctypes.data)
    with np.errstate(all="ignore"):
        return result.astype(array.dtype, copy=False)
