"""The report: one page that needs nothing else, small, escaped, and readable without a mouse or a picture."""

from __future__ import annotations

import base64
import math
import re
import struct
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import watched

from nonlin.errors import ParameterError, StoreError
from nonlin.findings import Remedy, Severity
from nonlin.watch.course import alert_times
from nonlin.watch.heat import BROKEN, FIRST, LEVELS, MISSING, PALETTE, Scale, grid, png, scale_of
from nonlin.watch.history import History, Run
from nonlin.watch.page import html_report, report, sections
from nonlin.watch.record import Record
from nonlin.watch.records import STATISTICS, Layer, Sample

VOID = {"meta", "link", "br"}
HOSTILE = '<img src=x onerror="alert(1)">&\'</script>'


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
        self.handle_startendtag(tag, attrs)
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(k, v or "") for k, v in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def made(depth: int = 6, count: int = 40, units: int = 64) -> Run:
    history = History()
    watched.produce(history, depth, count, units)
    return history.run()


@pytest.fixture(scope="module")
def run() -> Run:
    return made()


def pixels(text: str, statistic: str) -> list[list[int]]:
    """The indices of a map's picture, read back from its PNG."""
    (uri,) = re.findall(rf'id="map-{statistic}".*?href="data:image/png;base64,([^"]+)"', text)[:1]
    data = base64.b64decode(uri)
    width, height = struct.unpack(">II", data[16:24])
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(data[at + 4 : at + 8 + size])
        packed += data[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    raw = zlib.decompress(packed)
    return [list(raw[n * (width + 1) + 1 : (n + 1) * (width + 1)]) for n in range(height)]


def test_the_page_needs_nothing_else(run: Run) -> None:
    text = html_report(run)
    page = Page(text)
    links = [v for k, v in page.attributes if k in ("src", "href", "data", "srcset", "action", "xlink:href")]
    assert all(v.startswith(("data:image/png;base64,", "data:,")) for v in links)
    assert not re.search(r"url\(|@import|https?://", text)
    (policy,) = [v for k, v in page.attributes if k == "content" and "default-src" in v]
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy


def test_it_is_small() -> None:
    assert len(html_report(made()).encode()) < 120_000


@pytest.mark.parametrize(("depth", "count"), [(400, 250), (3000, 30)])
def test_large_networks_stay_below_a_megabyte(depth: int, count: int) -> None:
    rng = np.random.default_rng(0)
    over = watched.layers(depth)
    names = [s.name for s in STATISTICS if s.per == "layer"]
    history = History()
    history.begin(over, {})
    for step in range(count):
        values = rng.random((depth, len(names))).tolist()  # hard to pack
        rows = {la.name: dict(zip(names, row, strict=True)) for la, row in zip(over, values, strict=True)}
        units = {la.name: {"unit_rate": rng.random(64), "unit_max": rng.random(64)} for la in over} if step == 9 else {}
        history.sample(Sample(step, step / 10, {"loss": rng.random()}, rows, units))
    for n in range(200):
        history.alert(replace(watched.alerts(over)[3], layer=over[n].name, step=n))
    assert len(html_report(history.run()).encode()) < 1_000_000


def test_alerts_come_on_top_ranked_and_with_remedies(run: Run) -> None:
    text = html_report(run)
    names = re.findall(r'<li class="(\w+)"><h3><span class="badge \w+">(\w+)</span> ([\w ]+) ·', text)
    assert names == [
        ("s3", "error", "dead units"),
        ("s2", "warning", "vanishing gradient"),
        ("healed", "healed", "update size"),
    ]
    assert text.index('id="alerts"') < text.index('id="course"') < text.index('id="maps"')
    words = " ".join(Page(text).words)
    for part in ("Use leaky_relu in place of relu.", "- nn.ReLU()", "+ nn.LeakyReLU(0.01)", "dead units fall below 10 %",
                 "watch 500 more steps", "NW101, since step 200, certain",
                 "from step 40 to step 120, when it healed", "Maas et al. 2013", "it cannot come back"):  # fmt: skip
        assert part in words, part


def test_more_than_five_alerts_are_folded_away(run: Run) -> None:
    many = replace(run, alerts=tuple(replace(run.alerts[-1], step=n) for n in range(90)))
    text = html_report(many)
    Page(text)
    assert "The top 5 of 90 alerts" in text
    assert "<summary>85 more alerts</summary>" in text
    assert "and 25 more in the record" in text


def test_the_run_tells_how_it_was_made(run: Run, tmp_path: Path) -> None:
    watched.produce(Record(tmp_path / "run.sqlite"))
    written = report(tmp_path / "run.sqlite", tmp_path / "folder" / "report.html")
    words = " ".join(Page(written.read_text()).words)
    for part in ("12 345", "2.13.0", "40, steps 0 to 390, 14.4 s", "3 raised, 1 healed", "run.sqlite, run 1 of 1", "started",
                 "share of units never on over the window of effective samples"):  # fmt: skip
        assert part in words, part


def test_maps_hold_the_values(run: Run) -> None:
    text = html_report(run)
    cells = pixels(text, "dead")
    assert len(cells) == 3  # activations alone have dead units
    assert len(cells[0]) == 40
    told = [v for _, v in run.values("features.3", "dead")]
    scale = Scale(0.0, 1.0)
    assert cells[1] == [scale.index(v) for v in told]
    assert (cells[1][0], cells[1][-1]) == (FIRST, FIRST + round(0.8 * (LEVELS - 1)))
    assert "Dead units, 3 layers over steps 0 to 390: lowest 0 % in features.3 at step 0, highest 80 % in features.3" in text
    assert 'data-kept="[1, 3, 5]"' in text


def test_what_was_not_measured_and_what_is_not_finite_have_colours_of_their_own() -> None:
    layers = (Layer("a", 0, "affine"), Layer("b", 1, "affine"))
    rows = [{"a": {"std": 1.0}}, {"a": {"std": math.nan}, "b": {"std": 2.0}}, {"a": {"std": math.inf}, "b": {"std": 3.0}}]
    samples = tuple(Sample(n, 0.0, {"loss": math.nan if n else 1.0}, row) for n, row in enumerate(rows))
    text = html_report(Run(layers, samples))
    assert pixels(text, "std") == [[FIRST, BROKEN, BROKEN], [MISSING, FIRST + round(0.5 * (LEVELS - 1)), FIRST + LEVELS - 1]]
    assert "NaN or infinite" in text
    assert "The loss is NaN or infinite from step 1 on, in 2 samples." in text
    assert "nan" not in "".join(re.findall(r"<svg.*?</svg>", text)).lower().replace("nan or infinite", "")


def test_many_samples_share_columns_and_the_last_value_counts() -> None:
    layers = (Layer("a", 0, "affine"),)
    samples = tuple(Sample(n, 0.0, {}, {"a": {"rate": n / 999}}) for n in range(1000))
    whole = grid(Run(layers, samples), ["a"], [None], 10)
    assert len(whole.steps) == 10
    assert whole.cells(Run(layers, samples), "rate")[0] == [step / 999 for step in whole.steps]
    assert whole.steps[-1] == 999


@pytest.mark.parametrize(
    ("name", "values", "scale"),
    [
        ("std", [0.1, 10.0], Scale(0.1, 10.0, True)),
        ("std", [1.0, 2.0], Scale(1.0, 2.0)),
        ("std", [0.0, 1e-3, 1.0], Scale(1e-3, 1.0, True)),
        ("mean", [-1.0, 1.0], Scale(-1.0, 1.0)),
        ("mean", [2.0, 2.0], Scale(1.0, 3.0)),
        ("mean", [math.nan], Scale(0.0, 1.0)),
        ("mean", [0.0], Scale(-0.5, 0.5)),
        ("dead", [0.1], Scale(0.0, 1.0)),
    ],
)
def test_scales(name: str, values: list[float], scale: Scale) -> None:
    found = scale_of(next(s for s in STATISTICS if s.name == name), values)
    assert found == scale
    assert all(0 <= found.index(v) < len(PALETTE) for v in values)


def test_every_level_has_a_colour_of_its_own() -> None:
    assert len(set(PALETTE)) == LEVELS + 2
    light = [0.2126 * int(c[:2], 16) + 0.7152 * int(c[2:4], 16) + 0.0722 * int(c[4:], 16) for c in PALETTE[FIRST:]]
    assert all(a <= b + 1 for a, b in zip(light, light[1:], strict=False))  # darker is less, in grey too


def test_png_is_a_picture(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "x.png").write_bytes(png([bytes([0, 1, 2]), bytes([3, 4, 241])]))
    picture = Image.open(tmp_path / "x.png")
    assert picture.size == (3, 2)
    assert picture.convert("RGB").getpixel((2, 1)) == tuple(bytes.fromhex(PALETTE[241]))
    assert picture.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_dead_units_are_a_bar_of_their_own(run: Run) -> None:
    text = dict(sections(run))["units"]
    never = int((np.asarray(run.units()["features.3"]["unit_rate"]) == 0).sum())
    assert f'<span class="bad">{never} of 64 units never on</span>' in text
    assert f">{never}</text>" in text
    first = re.findall(r"<figcaption><b>([\w.]+)</b>", text)
    assert first == ["features.3", "features.1", "features.5"]  # the layer with an alert comes first


def test_units_of_smooth_functions_are_low_only_where_they_are_dormant() -> None:
    layers = (Layer("act", 0, "activation", "gelu", 100),)

    def drawn(**units: object) -> str:
        return dict(sections(Run(layers, (Sample(1, 0.0, {}, {}, {"act": units}),))))["units"]

    rates, tops = np.concatenate([np.zeros(40), np.full(60, 0.5)]), np.concatenate([np.full(5, 1e-5), np.full(95, 0.1)])
    both = drawn(unit_rate=rates, unit_max=tops)
    assert "40 of 100 units never on; 5 dormant" in both
    assert 'class="bad"' not in both
    assert '<span class="bad">40 of 100 units never on</span>' in drawn(unit_rate=rates)
    assert '<span class="bad">30 dormant</span>' in drawn(
        unit_max=np.concatenate([np.full(30, 1e-5), np.linspace(0.1, 300, 70)])
    )
    assert '<span class="bad">1 NaN or infinite</span>' in drawn(unit_max=np.array([math.nan, 1.0]))


def test_nothing_of_a_user_becomes_markup(run: Run) -> None:
    over = (Layer(HOSTILE, 0, HOSTILE, HOSTILE, 4),)
    rule = replace(watched.DEAD, name=HOSTILE, why=HOSTILE, source=HOSTILE)
    remedy = Remedy(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    alert = replace(run.alerts[-1], rule=rule, layer=HOSTILE, message=HOSTILE, remedy=remedy, confidence=HOSTILE)
    sample = Sample(1, 0.0, {"loss": 1.0}, {HOSTILE: {"std": 1.0, "dead": 0.5}}, {HOSTILE: {"unit_rate": np.ones(4)}})
    about = {"model": HOSTILE, HOSTILE: [HOSTILE, {HOSTILE: HOSTILE}]}
    text = html_report(Run(over, (sample,), (alert,), about, source=HOSTILE))
    page = Page(text)
    assert "img" not in page.tags
    assert "onerror" not in {k for k, _ in page.attributes}
    assert page.tags.count("script") == 1
    assert sum(HOSTILE in w for w in page.words) >= 12
    (layers,) = [v for k, v in page.attributes if k == "data-layers"]
    assert HOSTILE in layers.replace('\\"', '"')


def test_pictures_have_words_and_keys(run: Run) -> None:
    page = Page(html_report(run))
    assert page.tags.count("svg") == sum(1 for k, v in page.attributes if (k, v) == ("role", "img"))
    assert all(v for k, v in page.attributes if k == "aria-label")
    assert page.attributes.count(("tabindex", "0")) >= 10
    assert page.tags.count("th") == page.attributes.count(("scope", "col"))
    assert page.attributes.count(("aria-live", "polite")) == page.tags.count("output")
    ids = [v for k, v in page.attributes if k == "id"]
    assert len(ids) == len(set(ids))


def test_the_maps_that_alerts_ask_for_are_open(run: Run) -> None:
    opened = re.findall(r'<details id="map-(\w+)" open>', html_report(run))
    assert opened == ["dead", "grad_norm"]
    quiet = re.findall(r'<details id="map-(\w+)" open>', html_report(replace(run, alerts=())))
    assert quiet == ["dead", "saturated", "grad_norm"]


def test_alerts_on_a_time_line_stay_inside_it(run: Run) -> None:
    alert = replace(run.alerts[-1], step=390, layer="a.very.long.name." * 8)
    svg = alert_times(replace(run, alerts=(*run.alerts, alert, replace(alert, step=0, cleared=1))))
    for x, width in re.findall(r'<rect class="bar[^"]*" x="([\d.]+)" y="\d+" width="([\d.]+)"', svg):
        assert float(x) >= 46
        assert float(x) + float(width) <= 751
    assert "healed at 120" in svg
    assert "still stands" in svg


def test_a_run_without_anything_is_a_page() -> None:
    for empty in (Run(), Run(watched.layers()), Run(alerts=tuple(watched.alerts(watched.layers())[2:]))):
        Page(html_report(empty))
    assert "Nothing was sampled yet." in html_report(Run())
    assert "killed, or crashed" in html_report(Run(state="stopped"))


def test_a_report_is_made_of_what_knows_its_run(run: Run, tmp_path: Path) -> None:
    history = History()
    watched.produce(history)
    assert report(history, tmp_path / "a.html").read_text() == report(history.run(), tmp_path / "b.html").read_text()
    with pytest.raises(ParameterError, match=r"made of a Run, a History, a watch or the path of a record, not of int"):
        report(3, tmp_path / "c.html")  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="there is no record at"):
        report(tmp_path / "none.sqlite", tmp_path / "c.html")


def test_severities_have_a_colour_each() -> None:
    from nonlin.watch.skin import STYLE

    for severity in Severity:
        assert f"--s{severity:d}:" in STYLE
        assert f".bar.s{severity:d}" in STYLE
