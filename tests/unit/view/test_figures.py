from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from registry import REPRESENTATIVES

from nonlin.catalogue import resolve
from nonlin.errors import ParameterError, StoreError, UnknownNameError
from nonlin.view import fonts
from nonlin.view.figures import LANGUAGES, plot

MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.fixture
def no_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any Chinese font."""
    left = [e for e in font_manager.fontManager.ttflist if e.name not in fonts.CHINESE]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", left)
    monkeypatch.setattr(font_manager, "findSystemFonts", list)


@pytest.fixture
def chinese(no_chinese: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A machine where a Chinese font was installed after matplotlib made its list of fonts."""
    letters = sorted(set("".join(LANGUAGES["zh"].values()) + "激活函数梯度") - {"{", "}"})
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for point in ((0, 700), (500, 700), (500, 0)):
        pen.lineTo(point)
    pen.closePath()
    box = pen.glyph()
    names = [".notdef", *(f"u{ord(c):x}" for c in letters)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): f"u{ord(c):x}" for c in letters})
    builder.setupGlyf(dict.fromkeys(names, box))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (550, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "SimHei", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    file = tmp_path / "simhei.ttf"
    builder.save(file)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(file)])
    return str(file)


@pytest.mark.parametrize("suffix", sorted(MAGIC))
def test_each_format_is_written_and_repeats_to_the_byte(tmp_path: Path, suffix: str) -> None:
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix.upper()}"
    for path in (first, second):
        assert plot(["gelu", "relu"], derivative=1, path=path).path == path
    assert first.read_bytes().startswith(MAGIC[suffix])
    assert first.read_bytes() == second.read_bytes()


def test_value_left_and_gradient_right() -> None:
    made = plot(["tanh"], derivative=1)
    left, right = made.figure.axes
    assert (left.get_title(), right.get_title()) == ("Tanh", "Tanh: gradient")
    x, y = left.get_lines()[0].get_data()
    np.testing.assert_allclose(y, np.tanh(x), rtol=1e-12)
    x, y = right.get_lines()[0].get_data()
    np.testing.assert_allclose(y, 1 - np.tanh(x) ** 2, atol=1e-12)
    assert left.get_xlim() == (-4, 4)
    assert made.notes == ()


def test_a_jump_of_the_gradient_is_left_open() -> None:
    axes = plot("relu", derivative=1).figure.axes[1]
    x, y = axes.get_lines()[0].get_data()
    assert np.isnan(y).sum() == 1
    assert np.isnan(x[np.isnan(y)]).all()


def test_lines_differ_in_colour_and_in_style() -> None:
    names = ["softmax", *(n for n in REPRESENTATIVES if n != "softmax")][:25]
    made = plot(names, derivative=2)
    lines = made.figure.axes[0].get_lines()[: len(names)]
    looks = {(line.get_color(), str(line._dash_pattern)) for line in lines}
    assert len(looks) == len(lines)
    texts = [t.get_text() for t in made.figure.legends[0].get_texts()]
    assert "softmax (first entry for the row (x, 0, 1))" in texts
    made.figure.canvas.draw()


def test_parameters_reach_the_functions_that_have_them() -> None:
    made = plot(["leaky_relu", "relu"], slope=0.5, low=-2, high=2)
    x, y = made.figure.axes[0].get_lines()[0].get_data()
    assert y[x == -2.0] == [-1.0]
    with pytest.raises(ParameterError, match=r"no function drawn here has a parameter 'slop'\. Did you mean 'slope'"):
        plot(["leaky_relu"], slop=0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"derivative": 3}, "derivative must be 0, 1 or 2, not 3"),
        ({"derivative": True}, "derivative must be 0, 1 or 2"),
        ({"low": 1, "high": 1}, "from a smaller to a larger finite number, not from 1 to 1"),
        ({"high": float("inf")}, "finite number"),
        ({"low": 1.0, "high": 1.0 + 1e-15}, "cannot be drawn"),
        ({"path": "f.jpeg"}, "must end in .png, .svg, .pdf, not '.jpeg'"),
        ({"path": "figure"}, "and this one has none"),
    ],
)
def test_bad_arguments_get_a_sentence(options: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        plot("relu", **options)  # type: ignore[arg-type]


def test_no_function_and_unknown_language() -> None:
    with pytest.raises(ParameterError, match="name at least one"):
        plot([])
    with pytest.raises(UnknownNameError, match="unknown language 'cn'"):
        plot("relu", language="cn")


def test_an_unwritable_place_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "f.png", tmp_path / "missing" / "f.png"):
        with pytest.raises(StoreError, match=r"cannot be written: .*Choose a folder"):
            plot("relu", path=path)


def test_without_a_chinese_font_labels_are_english_and_a_note_says_so(no_chinese: None, tmp_path: Path) -> None:
    made = plot(
        "relu", language="zh", title="激活函数", path=tmp_path / "f.png"
    )  # a missing letter would warn, an error here
    assert fonts.chinese_font() is None
    assert made.language == "en"
    assert made.figure.axes[0].get_xlabel() == "input x"
    assert "labels are in English" in made.notes[0]
    assert "apt-get install" in made.notes[0]
    assert "the title is left out" in made.notes[1]
    assert made.figure.get_suptitle() == ""


def test_a_font_installed_later_is_found_and_used(chinese: str, tmp_path: Path) -> None:
    made = plot(["relu", "tanh"], derivative=2, language="zh", title="激活函数", path=tmp_path / "f.png")
    assert made.notes == ()
    assert made.language == "zh"
    assert [a.get_title() for a in made.figure.axes] == ["激活函数", "梯度", "二阶导数"]
    assert fonts.chinese_font() == "SimHei"
    texts = [a.title for a in made.figure.axes] + [a.xaxis.label for a in made.figure.axes]
    assert all(t.get_fontfamily() == [fonts.BASE, "SimHei"] for t in texts)


def test_a_title_beyond_the_font_is_left_out_not_drawn_as_boxes(chinese: str, tmp_path: Path) -> None:
    made = plot("relu", language="zh", title="鬱", path=tmp_path / "f.png")
    assert made.language == "zh"
    assert "'鬱'" in made.notes[0]


def test_a_chinese_font_without_the_letters_is_not_chosen(no_chinese: None, monkeypatch: pytest.MonkeyPatch) -> None:
    latin = next(e for e in font_manager.fontManager.ttflist if e.name == fonts.BASE)
    fake = font_manager.FontEntry(fname=latin.fname, name="SimHei")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*font_manager.fontManager.ttflist, fake])
    assert fonts.chinese_font() is None


def test_a_damaged_font_file_is_passed_over(no_chinese: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bad = tmp_path / "simhei.ttf"
    bad.write_bytes(b"not a font")
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(bad)])
    assert fonts.chinese_font() is None


def test_dollar_signs_in_a_title_are_text(tmp_path: Path) -> None:
    made = plot("relu", title="costs $1 or $2_{", path=tmp_path / "f.png")
    assert made.figure.get_suptitle() == "costs $1 or $2_{"


def test_definitions_and_names_are_both_taken() -> None:
    made = plot([resolve("leaky_relu(slope=0.3)"), "x*sigmoid(2*x)"])
    assert [t.get_text() for t in made.figure.legends[0].get_texts()] == ["leaky_relu(slope=0.3)", "x*sigmoid(2*x)"]
