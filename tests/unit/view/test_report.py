from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from nonlin.errors import StoreError
from nonlin.view.charts import interval_plot, learning_curves, ticks
from nonlin.view.report import html_report, write_text

VOID = {"meta", "link", "br"}
CONFTEST_HOSTILE = '<img src=x onerror="alert(1)">&\'</script>'


class Page(HTMLParser):
    """Collects tags, attributes and text, and checks that tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(k, v or "") for k, v in attrs]
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(k, v or "") for k, v in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_needs_nothing_else(study: dict[str, Any]) -> None:
    text = html_report(study)
    page = Page(text)
    links = [v for k, v in page.attributes if k in ("src", "href", "data", "srcset", "action", "xlink:href")]
    assert links == ["data:,"]
    assert not re.search(r"url\(|@import|https?://", text)
    assert any("default-src 'none'" in v for k, v in page.attributes if k == "content")
    assert page.tags.count("svg") > 5


def test_everything_that_made_it_is_told(study: dict[str, Any]) -> None:
    study["study"]["note"] = "The text writes slope 0.01."
    words = " ".join(Page(html_report(study)).words)
    for part in ("network 64-64-32-10", "ab" * 32, "a note on data", "nonlin compare 'a b'", "python 3.12.1", "nonlin 0.1.0",
                 "2 cores", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9", "adam with learning rate 0.001", "the last 20 %",
                 "gelu in words",                  "tanh in words",
                 "f_gelu(x)   with slope = 0.25 at the start, learned", "results/digits.sqlite",
                 "The text writes slope 0.01.", "How to read this", "significantly less accurate than relu"):  # fmt: skip
        assert part in words, part


def test_unknown_provenance_is_called_unknown(study: dict[str, Any]) -> None:
    study["environment"] = {}
    words = " ".join(Page(html_report(study)).words)
    assert words.count("unknown") >= 4


def test_nothing_from_a_user_becomes_markup(hostile: dict[str, Any]) -> None:
    text = html_report(hostile)
    page = Page(text)
    assert hostile["study"]["task"] == CONFTEST_HOSTILE
    assert "img" not in page.tags
    assert "onerror" not in {k for k, _ in page.attributes}
    assert page.tags.count("script") == 1
    assert sum(CONFTEST_HOSTILE in w for w in page.words) >= 8
    assert (page.attributes.count(("title", CONFTEST_HOSTILE))) == 1


def test_a_section_for_each_depth_and_a_chart_over_depths(deep: dict[str, Any]) -> None:
    text = html_report(deep)
    Page(text)
    assert text.count("<section>") == 2
    assert "Accuracy and depth" in text
    assert "10 hidden layers: network" in text
    assert "10 of 10" in text
    drawn = "".join(re.findall(r"<svg.*?</svg>", text))
    assert "nan" not in drawn.lower()
    assert "None" not in text


def test_a_large_study_stays_below_a_megabyte(make_row: Callable[..., Any], make_result: Callable[..., Any]) -> None:
    curve = [0.1234567 + n / 1000 for n in range(500)]
    curves = dict.fromkeys(("loss", "accuracy", "validation_loss", "validation_accuracy"), curve)
    rows = [
        make_row(n, k + 1, depth, curves=curves) for depth in (2, 20) for k, n in enumerate(["relu", *map(str, range(11))])
    ]
    assert len(html_report(make_result(rows)).encode()) < 1_000_000


def test_an_unfinished_study_says_so(study: dict[str, Any]) -> None:
    study |= {"interrupted": True}
    assert "Unfinished: 30 of 30" in html_report(study)
    assert "Unfinished" in html_report({**study, "rows": []})


def test_the_same_result_gives_the_same_page(study: dict[str, Any]) -> None:
    assert html_report(study) == html_report(study)


def test_intervals_are_drawn_to_scale_over_the_margin_band(study: dict[str, Any]) -> None:
    svg = interval_plot(study["rows"], {"gelu": 0, "relu": 1, "tanh": 2})
    band = re.search(r'class="band" x="([\d.]+)" y="\d+" width="([\d.]+)"', svg)
    spots = [float(v) for v in re.findall(r'class="spot [^"]*" cx="([\d.]+)"', svg)]
    assert band is not None
    left, width = float(band[1]), float(band[2])
    assert spots == pytest.approx([left + width, left], abs=0.2)  # +1 and -1 points: the ends of the margin
    assert "the baseline" in svg


def test_a_far_interval_is_cut_with_its_number(study: dict[str, Any]) -> None:
    study["rows"][2] |= {"difference": -0.7, "diff_low": -0.75, "diff_high": -0.65}
    svg = interval_plot(study["rows"], {"gelu": 0, "relu": 1, "tanh": 2})
    assert 'class="arrow f2' in svg
    assert "-70.0" in svg
    assert len(re.findall('class="spot', svg)) == 1


def test_a_curve_breaks_where_the_loss_is_unknown(deep: dict[str, Any]) -> None:
    deep["rows"][3]["curves"]["loss"] = [1.0, None, 0.5]
    svg = learning_curves(deep["rows"][2:], {"relu": 0, "boom": 1})[0]
    path = re.search(r'class="line f1 c1 d1" d="([^"]*)"', svg)
    assert path is not None
    assert path[1].count("M") == 2
    assert "L" not in path[1]


def test_wide_losses_get_a_logarithmic_scale_and_accuracies_never(study: dict[str, Any]) -> None:
    study["rows"][0]["curves"] |= {"loss": [100.0, 1.0, 0.001], "accuracy": [0.001, 0.5, 0.9]}
    loss, _, accuracy, _ = learning_curves(study["rows"], {"gelu": 0, "relu": 1, "tanh": 2})
    assert "(log scale)" in loss
    assert "(log scale)" not in accuracy


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.7, 12.2), (0.00001, 0.00002), (-1e6, 1e9)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 2 <= len(found) <= 8
    assert low - 1e-9 <= found[0] < found[-1] <= high * (1 + 1e-9)


def test_write_text_makes_the_folder_and_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    assert write_text(path, "é一") == path
    assert path.read_text(encoding="utf-8") == "é一"
    write_text(path, "second")
    assert path.read_text() == "second"
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    write_text(path, "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"report.html cannot be written: No space left on device. Choose"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_an_unwritable_place_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_text(tmp_path / "file" / "report.html", "x")
    with pytest.raises(StoreError, match="is not a file"):
        write_text(tmp_path, "x")


def test_the_laboratory_s_own_results_fit(tmp_path: Path) -> None:
    from rich.console import Console

    from nonlin.lab.compare import compare
    from nonlin.view.terminal import comparison_table

    made = compare(["relu", "x*tanh(exp(x))"], seeds=2, epochs=1, depths=(1, 2), store=tmp_path / "s.sqlite").to_json()
    text = html_report(made)
    Page(text)
    assert "x*tanh(exp(x))" in text
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(comparison_table(made))
    assert "too few seeds" in console.export_text()
