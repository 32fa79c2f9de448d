"""Kernels under test: a cache folder of their own, and processors with fewer features than this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nonlin.backends.llvm import calls, engine
from nonlin.backends.llvm.calls import Kernel
from nonlin.backends.llvm.loops import Plan
from nonlin.expr import Expr

VECTORS = {
    "avx512": (512, {"avx512f"}, ()),
    "avx512, narrow": (256, {"avx512f", "avx512vl"}, ()),
    "avx2": (256, {"avx2", "fma"}, ("avx512",)),
    "avx, narrow": (128, {"avx2", "fma"}, ("avx512",)),
    "neon": (128, {"neon"}, ()),
}
"""Name: bits of a vector, features the processor must have, and those it is to forget."""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep nothing on the user's disk, and compile for this test alone."""
    if not calls.enabled():
        pytest.skip("no compiled kernels here: no llvmlite, no vectors it knows, or NONLIN_ENGINE=plain")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    calls.kernel.cache_clear()
    calls.prepared.cache_clear()


@pytest.fixture(params=VECTORS)
def vectors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make the engine believe in a narrower processor, for as long as one test lasts."""
    bits, needed, forgotten = VECTORS[request.param]
    host = engine.host()
    assert host is not None
    if not host.able >= needed:
        pytest.skip(f"this processor lacks {sorted(needed - host.able)}")
    features = ",".join("-" + f[1:] if any(word in f for word in forgotten) else f for f in host.features.split(","))
    narrow = replace(host, features=features, width=bits)
    monkeypatch.setattr(engine, "host", lambda: narrow)
    monkeypatch.setattr(engine._state, "machine", None)
    monkeypatch.setattr(engine._state, "kernels", {})
    name: str = request.param
    return name


@pytest.fixture
def computed() -> Callable[..., np.ndarray[Any, Any]]:
    """A function that computes an expression in ``x``, as it stands, at an array."""

    def run(root: Expr, x: np.ndarray[Any, Any], **plan: Any) -> np.ndarray[Any, Any]:
        out = np.empty_like(x)
        Kernel(Plan((root,), ("x",), (), x.dtype.name, **plan)).flat(x.size, 0, x.ctypes.data, out.ctypes.data)
        return out

    return run
