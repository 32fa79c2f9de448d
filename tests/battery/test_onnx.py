"""Every elementwise entry in ONNX and C, in single precision: value, two derivatives and limits."""

from __future__ import annotations

import pytest
from battery.languages import GCC, compare
from battery.measure import KINDS, sampled

LANGUAGES = ["onnx", *(["c"] if GCC else [])]
"""Both need the same repairs of a formula, which are the slow part."""


@pytest.mark.parametrize("name", sampled())
def test_single_precision_agrees_with_the_textbook(name: str) -> None:
    compare(name, KINDS["float32"], LANGUAGES)
