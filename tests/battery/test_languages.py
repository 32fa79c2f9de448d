"""Every elementwise entry in C, JavaScript and ONNX, in double precision: value, two derivatives and limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from battery.languages import GCC, NODE, compare
from battery.measure import KINDS, LIBRARIES, sampled

LANGUAGES = [name for name, there in (("c", GCC), ("javascript", NODE), ("onnx", True)) if there]
"""Those whose compiler or runtime is installed here."""


@pytest.mark.parametrize("name", sampled())
def test_double_precision_agrees_with_the_textbook(name: str) -> None:
    compare(name, KINDS["float64"], LANGUAGES)


def test_the_compiler_and_node_are_there() -> None:
    missing = [program for program, there in (("gcc", GCC), ("node", NODE)) if not there]
    if missing:
        pytest.skip(f"not installed, so not compared: {', '.join(missing)}")
    assert LANGUAGES == ["c", "javascript", "onnx"]


@pytest.mark.parametrize("library", LANGUAGES)
def test_a_result_off_by_one_part_in_a_million_is_found(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = LIBRARIES[library]

    @np.errstate(over="ignore")
    def off(*given: Any) -> Any:
        return right(*given) * (1 + 1e-6)

    monkeypatch.setitem(LIBRARIES, library, off)
    for name in sampled()[:3]:
        with pytest.raises(AssertionError, match=f"{library}, order 0"):
            compare(name, KINDS["float64"], [library])
