"""How the battery runs JAX and Keras.

XLA on a CPU takes subnormal numbers for zero, and so does TensorFlow: as inputs, as results, and in between. So numbers within 128
smallest normals of zero are not compared, nor results that NumPy's kernel too finds below 2**16 smallest normals (8e-34 in
float32, 1e-303 in float64): an intermediate result may have been flushed. NumPy's answer stands in there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from battery.measure import LIBRARIES, Array, Kind, computed

import nonlin

NEAR, SMALL = 128, 2.0**16
"""Inputs nearer to zero, and results smaller, than so many smallest normals are not compared."""
BLOCK = 512
"""Inputs are filled up to a multiple of this length: XLA compiles each operation for each length anew."""


def flushed(got: Array, function: nonlin.Activation, points: Array, kind: Kind, order: int) -> Array:
    """Return ``got`` with NumPy's answer where subnormals matter."""
    plain = computed(function.definition, "numpy", kind, points, order)
    tiny = kind.work.tiny
    near = (points != 0) & (abs(points) < NEAR * tiny)
    small = (abs(got) < SMALL * tiny) & (abs(plain) < SMALL * tiny)
    return np.where(near | small, plain, got)


def padded(points: Array) -> Array:
    """Return ``points`` filled up with ones."""
    return np.concatenate([points, np.ones(-len(points) % BLOCK)])


def _by_jax(function: nonlin.Activation, points: Array, kind: Kind, order: int) -> Array:
    import jax

    with jax.disable_jit():
        return _compiled_jax(function, points, kind, order)


def _compiled_jax(function: nonlin.Activation, points: Array, kind: Kind, order: int) -> Array:
    import jax
    from jax import numpy as jnp

    from nonlin.backends.jax import evaluate

    with jax.enable_x64(kind.bits == 53):
        got = evaluate(function.definition.closed(), jnp.asarray(padded(points).astype(kind.numpy)), None, ("x",) * order)
        assert got.dtype == kind.numpy
        plain = np.asarray(got).astype(np.float64)[: len(points)]
    return flushed(plain, function, points, kind, order)


def _keras(points: Array, kind: Kind, evaluate: Any) -> Array:
    from keras import ops

    from nonlin.backends.keras import dtype_of

    wide = padded(points).astype(kind.numpy).astype(kind.work.numpy)
    got = evaluate(ops.cast(ops.convert_to_tensor(wide), kind.name))
    assert dtype_of(got) == kind.name
    plain: Array = np.asarray(ops.convert_to_numpy(ops.cast(got, kind.work.name))).astype(np.float64)[: len(points)]
    return plain


def _by_keras(function: nonlin.Activation, points: Array, kind: Kind, order: int) -> Array:
    from nonlin.backends.keras import evaluate

    root = function.definition.closed()
    got = _keras(points, kind, lambda x: evaluate(root, x, None, ("x",) * order))
    return flushed(got, function, points, kind, order)


def _by_keras_ops(function: nonlin.Activation, points: Array, kind: Kind, order: int) -> Array:
    from nonlin.backends.keras import by_ops

    root = function.definition.closed()
    got = _keras(points, kind, lambda x: by_ops(root, {"x": x}, ("x",) * order))
    return flushed(got, function, points, kind, order)


LIBRARIES |= {"jax": _by_jax, "jax, compiled": _compiled_jax, "keras": _by_keras, "keras.ops": _by_keras_ops}
