"""Every elementwise function in float64, both libraries, value and two derivatives."""

from __future__ import annotations

import pytest
from battery.exceptions import EXCEPTIONS
from battery.measure import ELEMENTWISE, KINDS, check_all, sampled
from battery.properties import check_nothing_lost

KIND = KINDS["float64"]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_agrees_with_the_textbook(name: str) -> None:
    check_all(name, KIND)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nothing_is_lost_where_the_function_is_finite(name: str) -> None:
    check_nothing_lost(name, KIND)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", sorted({*sampled(), *(row.name for row in EXCEPTIONS if row.name in ELEMENTWISE)}))
def test_the_plain_path_agrees_too(name: str, dtype: str) -> None:
    check_all(name, KINDS[dtype], ("numpy, plain", "torch, plain"))
