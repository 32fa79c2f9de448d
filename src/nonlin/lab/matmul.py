"""The matrix product of a training step, on the faster of torch's two CPU libraries."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor


@lru_cache(maxsize=1)
def onednn_is_faster() -> bool:
    """Whether oneDNN should multiply float32 matrices instead of the default MKL.

    On AMD processors MKL keeps to AVX2, and oneDNN's AVX-512 kernels in the same wheel are about twice as fast. The
    choice follows from the processor alone, never from a timing: the two differ in rounding, and a command must
    give the same numbers every time.
    """
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return False
    has = hasattr(torch.ops, "mkldnn") and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    return "AuthenticAMD" in words and "avx512f" in words and torch.backends.mkldnn.is_available() and has


def times_transposed(a: Tensor, b: Tensor) -> Tensor:
    """Return ``a @ b.T`` for float32 matrices of shapes (m, k) and (n, k)."""
    if onednn_is_faster() and a.dtype == torch.float32:
        product: Tensor = torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], "")
        return product
    return a @ b.t()
