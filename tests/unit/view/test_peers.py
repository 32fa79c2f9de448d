"""The tables of ports and of checks, at several widths and encodings."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from nonlin.peers.checks import Check, Corner, Limit, Side
from nonlin.peers.port import port
from nonlin.peers.verify import verify
from nonlin.view.peers import port_table, ulps, verify_table

NAN, INF = float("nan"), float("inf")


def printed(table: Any, width: int = 100, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    Console(file=stream, width=width, highlight=False).print(table)
    stream.flush()
    return raw.getvalue().decode(encoding)


def check(function: str = "f", dtype: str = "float32", **columns: Any) -> Check:
    given = {"name": f"lib.{function}", "source": "lib 1.0", "points": 120, "theirs": (Side(ulps=0.5),) * 3,
             "ours": (Side(ulps=0.25),) * 3} | columns  # fmt: skip
    return Check(function=function, dtype=dtype, **given)


def test_ports_warnings_and_what_stands_in() -> None:
    text = printed(port_table(port("keras", "torch", "*leaky*"), "Keras", "PyTorch"))
    assert "Keras → PyTorch: the same function, argument by argument" in text
    assert "torch.nn.LeakyReLU(negative_slope=0" in text
    assert "Where the name alone would mislead (!):" in text
    assert "keras.layers.LeakyReLU(): torch.nn.LeakyReLU() is leaky_relu, not leaky_relu(slope=0.3)" in text
    assert "0.3 here and 0.2 in keras.activations.leaky_relu" in text
    none = printed(port_table(port("keras", "torch", "squareplus"), "Keras", "PyTorch"), 160)
    assert "none: nonlin.nn.Squareplus()" in none and "1 function, 1 without a counterpart" in none
    assert "Where the name" not in none


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_tables_fit_and_can_be_printed_anywhere(width: int, encoding: str) -> None:
    for table in (port_table(port("torch", "onnx", "s*"), "PyTorch", "ONNX"), verify_table([check(), check("gelu_tanh")])):
        text = printed(table, width, encoding)
        assert max(len(line) for line in text.splitlines()) <= max(width, 60)
        assert "?" not in text.replace("?]", "")


def test_a_check_tells_what_is_wrong() -> None:
    bad = check(
        "gelu", theirs=(Side(ulps=1.55e7, lost=2), Side(ulps=12.3), Side(missing="not implemented")),
        limits=(Limit(-INF, 0, 0.0, NAN, 0.0), Limit(INF, 0, INF, INF, INF)), corners=(Corner(1.0, 1, 1.0, 0.0),),
    )  # fmt: skip
    text = printed(verify_table([bad, check("relu")]), 120)
    assert "lib 1.0: worst error in ulps, theirs and nonlin's" in text
    row = next(line for line in text.splitlines() if line.startswith("gelu"))
    assert row.split()[3:10] == ["1.6e7", "0.25", "12", "0.25", "none", "0.25", "2"]
    assert "1 of 2 wrong" in row
    assert "lib.gelu: f″: not implemented; f(-inf) is nan, the limit 0; f′(1) is 1, nonlin's 0" in text
    assert "More exact of 6 comparisons: nonlin in 3, theirs in 0; the rest are alike." in text
    assert "Compared at 120 inputs" in text


def test_sources_and_types_are_kept_apart() -> None:
    text = printed(verify_table([check(), check(dtype="float64"), check("g"), check(source="other 2.0", points=90)]), 120)
    assert text.index("lib 1.0: worst") < text.index("other 2.0: worst")
    assert "Compared at 90 to 120 inputs" in text and "float64" in text


def test_a_real_check() -> None:
    text = printed(verify_table(verify(["tanhshrink"], ["torch"], dtypes=["float64"])), 120)
    assert "torch.nn.Tanhshrink" in text and "nonlin in 3" in text


@pytest.mark.parametrize(("value", "text"), [(0.0, "0.00"), (0.512, "0.51"), (0.999, "1.0"), (9.96, "10.0"), (37.2, "37"),
                                             (999.4, "999"), (1.55e7, "1.6e7"), (8e15, "8.0e15")])  # fmt: skip
def test_ulps(value: float, text: str) -> None:
    assert ulps(value) == text
