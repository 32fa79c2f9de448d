from __future__ import annotations

import pytest
from registry import REPRESENTATIVES

from nonlin.catalogue import resolve
from nonlin.view.curve import graph


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("name", REPRESENTATIVES)
def test_every_function_fits_its_frame(name: str, unicode: bool) -> None:
    for order in (0, 1, 2):
        lines = graph(resolve(name), order, width=30, height=8, unicode=unicode)
        assert len(lines) == 10
        assert max(map(len, lines)) <= 30
        assert unicode or all(line.isascii() for line in lines)


def test_relu_is_drawn_as_a_flat_line_and_a_slope() -> None:
    lines = graph(resolve("relu"), unicode=False, width=36)
    body = [line[3:] for line in lines[:-2]]
    last = body[-1]
    assert set(last[:14]) == {"."}  # lies on the bottom left of 0
    tops = [next(r for r, line in enumerate(body) if c < len(line) and line[c] in "'-.|") for c in range(20, 32)]
    assert tops == sorted(tops, reverse=True)
    assert tops[0] > tops[-1]
    assert lines[0].startswith(" 4+")
    assert lines[-1].split() == ["-4", "0", "4"]


def test_a_jump_is_not_drawn_as_a_wall() -> None:
    body = [line[3:].replace(":", " ") for line in graph(resolve("relu"), 1, unicode=False)[:-2]]
    assert body[0].strip() == "'" * len(body[0].strip())
    assert all(not line.strip() for line in body[1:-1])


def test_axes_are_labelled() -> None:
    lines = graph(resolve("tanh"), low=-2, high=6)
    assert lines[0].startswith("      1┤")
    assert any(line.lstrip().startswith("0┤") for line in lines)
    assert lines[-2].count("┴") == 1
