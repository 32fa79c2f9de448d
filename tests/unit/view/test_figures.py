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
from nonlin.view.figures import LANGUAGES, members, plot

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
    made = plot(names, derivative=2, layout="overlay")
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
    made = plot([resolve("leaky_relu(slope=0.3)"), "x*sigmoid(2*x)"], marks=False)
    assert [t.get_text() for t in made.figure.legends[0].get_texts()] == ["leaky_relu(slope=0.3)", "x*sigmoid(2*x)"]


def ticks_of(axes: object) -> list[str]:
    return [t.get_text() for t in axes.get_yticklabels()]  # type: ignore[attr-defined]


def test_on_a_logarithmic_axis_sizes_are_drawn_and_exact_zeros_lie_on_the_edge() -> None:
    made = plot(["tanh", "relu"], derivative=1, log=True, low=-10, high=10)
    (axes,) = made.figure.axes
    assert axes.get_yscale() == "log"
    x, y = axes.get_lines()[0].get_data()
    np.testing.assert_allclose(y, 1 / np.cosh(np.asarray(x, float)) ** 2, rtol=1e-9)
    made.figure.canvas.draw()
    assert "10⁰" in ticks_of(axes)
    rug = axes.get_lines()[2]
    inside = np.asarray(rug.get_xdata())[np.isfinite(np.asarray(rug.get_ydata(), float))]
    assert inside.min() == -10.0
    assert abs(inside.max()) < 0.02
    assert "on the lower edge: exactly 0" in [t.get_text() for t in made.figure.legends[0].get_texts()]


def marks_of(axes: object, marker: str) -> list[tuple[float, float]]:
    lines = axes.get_lines()  # type: ignore[attr-defined]
    return [
        (float(k.get_xdata()[0]), float(k.get_ydata()[0]))
        for k in lines
        if k.get_marker() == marker and len(k.get_xdata()) == 1
    ]


def test_kinks_jumps_and_asymptotes_are_marked_as_the_facts_know_them() -> None:
    value, slope, second = plot("leaky_relu(slope=0.25)", derivative=2).figure.axes
    assert marks_of(value, "D") == [(0.0, 0.0)]
    assert sorted(marks_of(slope, "o")) == [(0.0, 0.25), (0.0, 1.0)]
    full = [k for k in slope.get_lines() if k.get_marker() == "o" and k.get_markerfacecolor() == k.get_color()]
    assert [float(k.get_ydata()[0]) for k in full] == [0.25]  # what training uses at 0
    arrow = second.texts[0]
    assert arrow.xy == (0.0, 0.75)  # the impulse is as high as the slope jumps
    step = plot("binary_step").figure.axes[0]
    assert sorted(marks_of(step, "o")) == [(0.0, 0.0), (0.0, 1.0)]
    dotted = [k for k in plot("sigmoid").figure.axes[0].get_lines() if k.get_linestyle() == ":"]
    assert sorted({float(v) for k in dotted for v in k.get_ydata()}) == [0.0, 1.0]
    assert not marks_of(plot("relu", marks=False).figure.axes[0], "D")


def test_a_parameter_is_swept_in_shades_of_one_scale() -> None:
    made = plot("leaky_relu", vary={"slope": (0.0, 0.1, 0.5)}, marks=False)
    lines = made.figure.axes[0].get_lines()[:3]
    assert [float(k.get_ydata()[0]) for k in lines] == pytest.approx([0.0, -0.4, -2.0])
    assert len({k.get_color() for k in lines}) == 3
    brightness = [sum(k.get_color()[:3]) for k in lines]
    assert brightness == sorted(brightness)
    assert [t.get_text() for t in made.figure.legends[0].get_texts()] == ["slope = 0", "slope = 0.1", "slope = 0.5"]
    two = plot(["leaky_relu", "prelu"], vary={"slope": (0.1,)}, marks=False)
    assert [t.get_text() for t in two.figure.legends[0].get_texts()] == ["leaky_relu, slope = 0.1", "prelu, slope = 0.1"]


def test_a_family_is_a_grid_of_small_panels_on_common_axes() -> None:
    found = members("shrinkage")
    made = plot(found, derivative=1, layout="grid")
    shown = [a for a in made.figure.axes if a.get_visible()]
    assert [a.get_title() for a in shown] == [d.name for d in found]
    assert len({a.get_ylim() for a in shown}) == 1
    assert len(plot([*REPRESENTATIVES][:9], layout=None).figure.axes) >= 9
    assert len(plot(found).figure.axes) == 1


def test_members_are_found_by_family_tag_and_pattern() -> None:
    assert {d.family for d in members("periodic")} == {"periodic"}
    assert all("learnable" in d.labels for d in members("learnable"))
    assert {"relu", "leaky_relu"} <= {d.name for d in members("relu")}
    with pytest.raises(UnknownNameError, match=r"unknown family, tag or pattern 'rectifier_'.*'\*elu\*'"):
        members("rectifier_")


def test_one_panel_alone() -> None:
    (axes,) = plot("tanh", only=2).figure.axes
    assert axes.get_ylabel() == "second derivative f″(x)"


def test_a_narrow_figure_is_the_same_figure_smaller(tmp_path: Path) -> None:
    wide, narrow = plot("relu"), plot("relu", width="88mm")
    assert narrow.figure.get_figwidth() == pytest.approx(88 / 25.4)
    ratio = narrow.figure.get_figwidth() / wide.figure.get_figwidth()
    assert narrow.figure.get_figheight() / wide.figure.get_figheight() == pytest.approx(ratio)
    assert narrow.notes == ()
    panels = plot(["relu"] * 12, width="40mm")
    assert "points high at this width; the figure is made for" in panels.notes[0]
    line = [p.figure.axes[0].get_lines()[0].get_linewidth() for p in (wide, narrow)]
    assert line[1] / line[0] == pytest.approx(ratio)


@pytest.mark.parametrize("width", ["60mm", "88mm", "180mm", None])
def test_the_legend_stays_within_the_figure(width: str | None) -> None:
    made = plot(["sigmoid", "tanh", "relu", "leaky_relu(slope=0.125)"], derivative=1, width=width)
    made.figure.canvas.draw()
    box = made.figure.legends[0].get_window_extent()
    assert box.x0 >= -1
    assert box.x1 <= made.figure.bbox.x1 + 1


def test_a_figure_too_small_for_its_letters_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="at 30 mm the figure has no room for its letters; choose a larger width"):
        plot(["sigmoid", "relu", "x*sigmoid(1.702*x) + 0.001*x*x"], derivative=2, width="30mm", path=tmp_path / "f.png")
    assert not (tmp_path / "f.png").exists()


def test_a_dark_figure_has_light_letters(tmp_path: Path) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    made = plot("relu", dark=True, path=tmp_path / "dark.png")
    assert made.figure.get_facecolor()[:3] < (0.2, 0.2, 0.2)
    assert made.figure.axes[0].title.get_color() == "#e8e8e8"
    assert dict(mpl.rcParams) == before


def test_the_callers_style_does_not_reach_a_figure(tmp_path: Path) -> None:
    import matplotlib as mpl

    plain = plot("relu", path=tmp_path / "a.svg").path
    with mpl.rc_context({"lines.linewidth": 9, "axes.facecolor": "red", "font.size": 30, "svg.fonttype": "none"}):
        styled = plot("relu", path=tmp_path / "b.svg").path
    assert plain is not None
    assert styled is not None
    assert plain.read_bytes() == styled.read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": 3}, "only must be 0, 1 or 2, not 3"),
        ({"layout": "gird"}, "unknown layout 'gird'. Did you mean 'grid'"),
        ({"width": "3furlongs"}, "a width is a number of millimetres or has a unit, such as 88mm"),
        ({"width": 2.0}, "a figure is 30 to 1500 mm wide, not 2 mm"),
        ({"dpi": 10}, "dpi must be a whole number from 30 to 1200, not 10"),
        ({"vary": {}}, "one parameter can be varied in a figure, not 0: none was given"),
        ({"vary": {"slope": ()}}, "there is no value of slope to draw"),
        ({"vary": {"slope": (1.0,)}}, "relu has no parameter 'slope' to vary. None here has parameters"),
    ],
)
def test_further_arguments_get_a_sentence(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot("relu", **options)  # type: ignore[arg-type]


def test_a_whole_row_is_drawn_as_softmax_makes_it() -> None:
    (axes,) = plot("softmax", row=100, low=-10, high=10).figure.axes
    x, y = (np.asarray(v, float) for v in axes.get_lines()[0].get_data())
    expected = np.exp(np.linspace(-10, 10, 100))
    np.testing.assert_allclose(y, expected / expected.sum(), rtol=1e-12)
    assert len(x) == 100


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("relu", {"row": 10}, "relu does not turn a row into a row: each output depends on one input"),
        ("softmax", {"row": 1}, "row must be a whole number from 2 to 100000, not 1"),
        ("softmax", {"row": 9, "derivative": 1}, "of a whole row only the values can be drawn"),
    ],
)
def test_a_row_that_cannot_be_drawn_gets_a_sentence(name: str, options: dict[str, int], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        plot(name, **options)  # type: ignore[arg-type]


def test_too_many_functions_get_a_sentence() -> None:
    with pytest.raises(ParameterError, match="a figure holds at most 150 functions, and these are 151"):
        plot(["relu"] * 151)
