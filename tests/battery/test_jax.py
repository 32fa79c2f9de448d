"""Every elementwise entry on JAX, in four types, value, two derivatives and limits, against the textbook formula.

Operation by operation for all: compiling each kernel would take XLA minutes. Compiled, as under ``jax.jit``, for every sixth.
"""

from __future__ import annotations

import pytest
from battery import frameworks  # noqa: F401 (adds its libraries)
from battery.measure import KINDS, Kind, check_all, sampled


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("name", sampled())
def test_agrees_with_the_textbook(name: str, kind: Kind) -> None:
    check_all(name, kind, ("jax",))


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("name", sampled())
def test_compiled_it_does_too(name: str, kind: str) -> None:
    check_all(name, KINDS[kind], ("jax, compiled",))
