from __future__ import annotations

import dataclasses
import io
import re
from types import SimpleNamespace
from typing import Any

import pytest
from registry import REPRESENTATIVES
from rich.cells import cell_len
from rich.console import Console, RenderableType

from nonlin.catalogue import definitions, resolve
from nonlin.view.terminal import comparison_table, data_table, doctor_table, function_card, function_list


def shown(thing: RenderableType, width: int = 100, encoding: str = "utf-8", **options: Any) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="")
    Console(file=file, width=width, highlight=False, **options).print(thing)
    file.flush()
    return raw.getvalue().decode(encoding)


def check_width(text: str, width: int) -> None:
    wide = [line for line in text.splitlines() if cell_len(line) > width]
    assert not wide, wide[0]


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_the_table_fits_and_keeps_what_matters(study: dict[str, Any], width: int) -> None:
    text = shown(comparison_table(study), width)
    check_width(text, width)
    line = next(line for line in text.splitlines() if "gelu" in line)
    assert "1 (1–2)" in line
    assert "94.00" in line
    assert "+1.00" in line
    assert "better" in line
    assert "64-64-32-10" in text
    assert "10 seeds, 3 epochs" in text
    assert "results/digits.sqlite" in text


def test_columns_leave_in_order_and_the_reader_is_told(study: dict[str, Any]) -> None:
    full, narrow, least = (shown(comparison_table(study), w) for w in (140, 80, 50))
    for cell in ("93.00 to 95.00", "+0.60 to +1.51", "12.5 %", "12.3"):
        assert cell in full
    assert "No room" not in full
    assert "93.00 to 95.00" not in narrow
    for cell in ("+0.60 to +1.51", "12.5 %", "12.3"):
        assert cell in narrow
    assert "No room here for: 95 % interval." in narrow
    assert "ms/epoch" not in next(line for line in least.splitlines() if "function" in line)


def test_all_is_said_in_words_without_colour(study: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = shown(comparison_table(study), force_terminal=True)
    assert "\x1b[32m" in coloured  # green
    monkeypatch.setenv("NO_COLOR", "1")
    plain = shown(comparison_table(study), force_terminal=True)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", plain)
    piped = shown(comparison_table(study))
    assert "\x1b" not in piped
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == piped


def test_one_table_for_each_depth_and_diverged_runs_counted(deep: dict[str, Any]) -> None:
    text = shown(comparison_table(deep))
    assert "2 hidden layers: network 64-64-32-10" in text
    assert "10 hidden layers: network 64-64-32×9-10" in text
    assert "9 of 10" in text
    assert "10 of 10" in text
    assert "boom, 2 hidden layers: boom in words" in text
    assert "boom, 10 hidden layers: boom in words" in text
    assert shown(comparison_table(deep), 140).count("9 of 10") == 1


def test_note_report_and_interruption_are_told(study: dict[str, Any]) -> None:
    study["study"]["note"] = "The text writes slope 0.01."
    study |= {"report": "results/digits.html", "interrupted": True}
    study["trials"]["trained"] = 12
    text = shown(comparison_table(study))
    assert "Note: The text writes slope 0.01." in text
    assert "Report: results/digits.html" in text
    assert "12 of 30 trials" in text


def test_nothing_finished_yet(study: dict[str, Any]) -> None:
    assert "nothing to rank" in shown(comparison_table({**study, "rows": [], "interrupted": True}))


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk"])
def test_every_encoding_can_hold_the_output(deep: dict[str, Any], encoding: str) -> None:
    deep["study"]["task"] = "数据.npz"
    texts = [shown(comparison_table(deep), 80, encoding), shown(function_card(resolve("gelu")), 80, encoding),
             shown(function_list(list(definitions().values())), 80, encoding)]  # fmt: skip
    assert ("数据.npz" if encoding == "gbk" else "??.npz") in texts[0]
    assert "?" not in "".join(texts[1:])


def test_markup_in_a_label_is_text(study: dict[str, Any]) -> None:
    study["rows"][0]["name"] = "[red]x[/red]"
    assert "[red]x[/red]" in shown(comparison_table(study))


def test_a_long_formula_wraps_in_its_column(study: dict[str, Any]) -> None:
    study["rows"][0]["name"] = "x*tanh(exp(x))+0.125*x*sigmoid(2*x)*normal_cdf(x/3)"
    text = shown(comparison_table(study), 80)
    check_width(text, 80)
    pieces = [line[9:].split("  ")[0].strip() for line in text.splitlines()[4:12]]
    assert study["rows"][0]["name"] in "".join(pieces)


@pytest.mark.parametrize("width", [50, 80, 120])
@pytest.mark.parametrize("name", [*REPRESENTATIVES, "x*tanh(exp(x))", "leaky_relu(slope=0.3)", "1/x"])
def test_cards_of_every_function(name: str, width: int) -> None:
    d = resolve(name)
    text = shown(function_card(d), width)
    check_width(text, width)
    assert d.title in text or d.name in text
    assert "f(x)" in text
    for n, p in d.settable.items():
        assert re.search(rf"^{n}\s+{float(p.default):.6g}; allowed", text, re.M)


def test_a_card_says_everything() -> None:
    text = shown(function_card(resolve("gelu")), 80)
    for part in (
        "x·Φ(x)",
        "Φ(x) + x·φ(x)",
        "x*normal_cdf(x)",
        "GELU",
        "arXiv:1606.08415",
        "elementwise",
        "0.8413",
        "-0.1587",
    ):
        assert part in text
    assert "learned in training, one per channel" in shown(function_card(resolve("prelu")))
    assert "noise: uniform on (0, 1), drawn for every element" in shown(function_card(resolve("rrelu")))
    assert "each output depends on a whole axis" in shown(function_card(resolve("softmax")))
    card = shown(function_card(resolve("silu"), ["acon_c", "swish_beta"]))
    assert "acon_c, swish_beta, at the default parameters" in card
    assert "the formula was checked against the original publication" in " ".join(card.split())


@pytest.mark.parametrize("width", [60, 80, 130])
def test_the_list_names_every_function(width: int) -> None:
    every = list(definitions().values())
    text = shown(function_list(every), width)
    check_width(text, width)
    for d in every:
        assert re.search(rf"^{d.name}\s", text, re.M)
    assert f"{len(every)} functions" in text
    if width == 130:
        assert "gelu_new" in text
        assert "rowwise" in text


@dataclasses.dataclass
class Fake:
    name: str
    available: bool
    why: str
    where: str
    title: str = "A title"
    licence: str = "MIT"
    size_bytes: int = 11_600_000
    shape: tuple[int, ...] = (28, 28)
    n_train: int = 60000
    n_test: int = 10000
    home: str = "https://example.org"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_data_table(width: int) -> None:
    rows = [Fake("mnist", False, "no file found; put it there", ""), Fake("digits", True, "embedded", "/lib", size_bytes=0)]
    text = shown(data_table(rows), width)
    check_width(text, width)
    assert re.search(r"mnist\s+no\s+60,000\s+10,000\s+28×28", text)
    assert re.search(r"digits\s+yes", text)
    assert "no file found; put it there" in text
    assert "embedded; from /lib" in text


def test_doctor_table() -> None:
    checks = [
        SimpleNamespace(name="python", state="ok", text="3.12"),
        SimpleNamespace(name="data", state="fault", text="gone"),
    ]
    assert "1 fault found." in shown(doctor_table(checks))
    assert "No faults." in shown(doctor_table(checks[:1]))
