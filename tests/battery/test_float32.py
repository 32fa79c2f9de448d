"""Every elementwise function in float32 and the half types, which are computed in it; both libraries, two derivatives."""

from __future__ import annotations

import pytest
from battery.measure import ELEMENTWISE, KINDS, check_all
from battery.properties import check_neighbours, check_nothing_lost

SINGLE = ("float32", "bfloat16", "float16")


@pytest.mark.parametrize("dtype", SINGLE)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_agrees_with_the_textbook(name: str, dtype: str) -> None:
    check_all(name, KINDS[dtype])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nothing_is_lost_where_the_function_is_finite(name: str) -> None:
    for dtype in SINGLE:
        check_nothing_lost(name, KINDS[dtype])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_an_element_does_not_depend_on_its_neighbours_or_on_strides(name: str) -> None:
    check_neighbours(name)
