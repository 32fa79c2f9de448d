"""The live table: on a terminal, in a log file, and in terminals that are narrow or know ASCII only."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
import watched
from rich.console import Console

from nonlin.errors import ParameterError
from nonlin.findings import Severity
from nonlin.watch.history import History, Run
from nonlin.watch.live import Table
from nonlin.watch.records import Layer, Sample
from nonlin.watch.table import run_table
from nonlin.watch.words import alert_line, headline, spoken


def printed(run: Run, width: int = 100, encoding: str = "utf-8", most: int | None = None) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    Console(file=file, width=width, highlight=False).print(run_table(run, most))
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.fixture
def run() -> Run:
    history = History()
    watched.produce(history)
    return history.run()


def terminal(width: int = 100, height: int = 30) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height, legacy_windows=False)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console.file.getvalue())


def test_layers_with_alerts_come_first_and_alerts_by_weight(run: Run) -> None:
    text = printed(run)
    rows = [line.split()[0] for line in text.splitlines() if line.startswith("features")]
    assert rows == [f"features.{n}" for n in (3, 0, 1, 2, 4, 5)]
    assert "80 %" in next(line for line in text.splitlines() if line.startswith("features.3"))
    heads = re.findall(r"^(\d)\. (\w+): (NW\d+)", text, re.MULTILINE)
    assert heads == [("1", "error", "NW101"), ("2", "warning", "NW103"), ("3", "healed", "NW111")]
    assert "→ Use leaky_relu in place of relu." in text
    assert "→ Lower the learning rate" not in text  # what has healed needs no remedy


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_it_fits_its_terminal(run: Run, width: int) -> None:
    for line in printed(run, width).splitlines():
        assert len(line) <= width, line


def test_a_terminal_without_unicode_gets_ascii(run: Run) -> None:
    text = printed(run, encoding="ascii")
    assert text.isascii()
    assert "?" not in text
    assert "-> Use leaky_relu" in text


def test_hostile_names_are_text(run: Run) -> None:
    name = "[red]x[/red]\u202e"
    layers = (replace(run.layers[0], name=name),)
    text = printed(Run(layers, (Sample(1, 0.0, {}, {name: {"std": 1.0}}),)))
    assert "[red]x[/red]" in text


def test_only_so_many_layers_are_shown(run: Run) -> None:
    text = printed(run, most=2)
    assert text.count("\nfeatures") == 2
    assert "and 4 layers without alerts" in text


def test_only_five_alerts_are_shown(run: Run) -> None:
    alert = run.alerts[-1]
    many = replace(run, alerts=tuple(replace(alert, layer=f"features.{n}") for n in range(7)))
    text = printed(many, 200)
    assert "5. error" in text
    assert "6. error" not in text
    assert "and 2 more alerts" in text


def test_nothing_yet_is_said() -> None:
    assert "no sample yet" in printed(Run())


@pytest.mark.parametrize(
    ("statistic", "value", "text"),
    [
        ("dead", 0.0, "0 %"), ("dead", 0.001, "< 1 %"), ("dead", 0.999, "> 99 %"), ("dead", 1.0, "100 %"),
        ("std", float("nan"), "nan"), ("std", 1e-7, "1.0e-07"), ("std", 0.0, "0"), ("update", -3.21, "10^-3.2"), ("update", -12.0, "0"),
    ],
)  # fmt: skip
def test_values_are_spoken(statistic: str, value: float, text: str) -> None:
    assert spoken(statistic, value) == text


def test_the_headline_counts(run: Run) -> None:
    assert headline(run).endswith("1 error, 1 warning")
    healed = replace(run, alerts=run.alerts[:1])
    assert headline(healed).endswith("no alert stands (1 cleared)")
    assert alert_line(run.alerts[0]).startswith("NW111 update-size from step 40 to 120: Updates of")
    assert (
        alert_line(replace(run.alerts[0], message="It jumps."))
        == "NW111 update-size, features.0, from step 40 to 120: It jumps."
    )


def test_without_a_terminal_a_line_for_every_so_many_samples() -> None:
    console = Console(file=io.StringIO(), width=80)
    watched.produce(Table(console, every=10))
    lines = written(console).splitlines()
    assert lines[0] == "nonlin: watching Net, 6 layers"
    assert [line.split(",")[0] for line in lines if ": step" in line] == [f"nonlin: step {s}" for s in (0, 100, 200, 300)]
    assert sum("nonlin: error: NW101 dead-units from step 200" in line for line in lines) == 1
    assert sum("nonlin: healed: NW111" in line for line in lines) == 1
    assert lines[-1] == "nonlin: watching ended"
    assert all(line.startswith("nonlin: ") for line in lines)  # one line each, however narrow
    with pytest.raises(ParameterError, match="every must be at least 1 sample, not 0"):
        Table(console, every=0)


def test_an_alert_that_becomes_worse_has_not_healed() -> None:
    console = Console(file=io.StringIO(), width=80)
    table = Table(console)
    table.begin(watched.layers(), {})
    first = replace(watched.alerts(watched.layers())[3], step=10, severity=Severity.INFO)
    for alert in (first, replace(first, cleared=20), replace(first, step=20, severity=Severity.ERROR)):
        table.alert(alert)
    table.alert(replace(first, step=20, cleared=30))
    table.close()
    assert re.findall(r"nonlin: (\w+): NW101", written(console)) == ["info", "error", "healed"]


def test_on_a_terminal_the_table_is_drawn_in_place_and_left_at_the_end() -> None:
    console = terminal()
    table = Table(console)
    watched.produce(table, close=False)
    drawn = written(console)
    assert "in training" in drawn
    table.close()
    last = written(console).rpartition("Net\n")[2]
    assert len(re.findall(r"^features.3 ", last, re.MULTILINE)) == 1
    assert last.startswith("step 390")
    assert "→ Use leaky_relu" in last
    assert "\x1b[?25h" in console.file.getvalue()  # type: ignore[attr-defined]  # the cursor is back


def test_drawing_takes_a_hundredth_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def clock() -> float:
        return now[0]

    monkeypatch.setattr("nonlin.watch.live.time.monotonic", clock)
    drawn: list[float] = []
    table = Table(terminal())
    table.begin((Layer("a", 0, "affine"),), {})
    assert table._live is not None
    real = table._live.update

    def slow(*args: object, **options: object) -> None:
        drawn.append(now[0])
        now[0] += 0.05
        real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(table._live, "update", slow)
    for step in range(100):
        now[0] += 0.5
        table.sample(Sample(step, now[0], {"loss": 1.0}, {"a": {"std": 1.0}}))
    assert 9 <= len(drawn) <= 11
    assert min(b - a for a, b in zip(drawn, drawn[1:], strict=False)) >= 5.0
    table.alert(replace(watched.alerts(watched.layers())[3], layer="a", severity=Severity.ERROR))
    count = len(drawn)
    table.sample(Sample(101, now[0], {}, {}))
    assert len(drawn) == count + 1  # an alert is shown with the next sample
    table.close()


def test_a_table_of_many_layers_and_alerts_fits_its_height() -> None:
    console = terminal(height=24)
    table = Table(console)
    over = watched.layers(60)
    table.begin(over, watched.ABOUT)
    for alert in watched.alerts(over)[2:]:
        table.alert(alert)
    before = len(written(console))
    for sample in watched.samples(over, 1):
        table.sample(sample)
    frame = written(console)[before:]
    assert frame.count("\n") <= 24
    assert "1. error" in frame
    table.close()


def test_a_table_that_was_never_begun_says_nothing() -> None:
    for console in (terminal(), Console(file=io.StringIO())):
        Table(console).close()
        assert written(console) == ""
