"""Functions that keep less than the stated accuracy, each with the reason. Strict: an entry that is not needed fails."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Exempt:
    """One entry: so many ulps beyond the condition rule are allowed a function, in these types and orders of derivative."""

    name: str
    dtypes: tuple[str, ...]
    orders: tuple[int, ...]
    ulps: float
    reason: str
    libraries: tuple[str, ...] = ("numpy", "torch")
    full: bool = False  # only ``--full`` reaches the points that need it


PLAINLY = ("numpy, plain", "torch, plain", "jax", "jax, compiled", "c", "javascript", "onnx")
"""All but the compiled kernels, whose elementary functions are their own."""
EVERYWHERE = ("numpy", "torch", *PLAINLY)
_ERFC = "The library's erfc is 15 ulps off just below 1, where x is near -1.4."
_SUMS = (
    "Polynomials of learned coefficients, given to 7 digits, whose terms cancel; only their values at run time are known."
)
_ANGLE = "The angle (|x| + 1)*x is beyond what sin can reduce from about 1e18 on, and far out its rounding is several turns."
_HALVES = ("float32", "bfloat16", "float16")

EXCEPTIONS: tuple[Exempt, ...] = (
    Exempt("clipped_gelu", ("float64",), (0,), 16.0, _ERFC, PLAINLY),
    Exempt("laplace", ("float64", "float32"), (0,), 33.0, _ERFC, EVERYWHERE),
    Exempt("phish", ("float64",), (0, 1), 63.0, _ERFC, PLAINLY),
    Exempt("rational_a", ("float64", *_HALVES), (0, 1, 2), math.inf, _SUMS, EVERYWHERE),
    Exempt("rational_b", ("float64", *_HALVES), (0, 1, 2), math.inf, _SUMS, EVERYWHERE),
    Exempt("rational_c", ("float64", *_HALVES), (0, 1, 2), math.inf, _SUMS, EVERYWHERE),
    Exempt("rational_d", ("float64", *_HALVES), (0, 1, 2), math.inf, _SUMS, EVERYWHERE),
    Exempt("finer", ("float32",), (1, 2), math.inf, _ANGLE, PLAINLY),
    Exempt("finer", ("bfloat16", "float16"), (1, 2), math.inf, _ANGLE, EVERYWHERE),
    Exempt("xielu", ("float32",), (0,), 12.0, "Terms of the negative branch cancel near its own zero.", PLAINLY),
)
