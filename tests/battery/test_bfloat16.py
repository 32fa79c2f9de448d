"""Every elementwise entry in bfloat16, both libraries, value and two derivatives, against mpmath on the textbook formula."""

from __future__ import annotations

import pytest
from battery.measure import ELEMENTWISE, KINDS, check, check_limits

KIND = KINDS["bfloat16"]
pytestmark = [
    pytest.mark.parametrize("name", ELEMENTWISE),
    pytest.mark.parametrize("library", ["numpy", "torch"]),
    pytest.mark.parametrize("order", [0, 1, 2]),
]


def test_agrees_with_the_textbook(name: str, library: str, order: int) -> None:
    check(name, library, KIND, order)


def test_infinities_give_the_limit_and_nan_gives_nan(name: str, library: str, order: int) -> None:
    check_limits(name, library, KIND, order)
