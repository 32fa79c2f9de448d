"""The record: what is written comes back, also after kill -9; other files are left alone."""

from __future__ import annotations

import hashlib
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import watched

import nonlin
from nonlin.errors import ParameterError, StoreError
from nonlin.findings import Severity
from nonlin.watch.history import History
from nonlin.watch.record import KIND, Reader, Record, open_record
from nonlin.watch.records import Layer, Sample

SOURCE = str(Path(nonlin.__file__).parents[1])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "run.sqlite"


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([SOURCE, str(Path(watched.__file__).parent)])}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True, env=environ
    )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_written_comes_back(path: Path) -> None:
    watched.produce(Record(path))
    run, over = open_record(path), watched.layers()
    assert run.layers == over
    assert run.about == watched.ABOUT
    assert run.state == "ended"
    assert run.started <= run.ended
    told = list(watched.samples(over))
    assert [(s.step, s.seconds) for s in run.samples] == [(s.step, s.seconds) for s in told]
    for kept, given in zip(run.samples, told, strict=True):
        assert kept.model == pytest.approx(given.model, rel=1e-6)
        assert kept.layers.keys() == given.layers.keys()
        for layer, row in given.layers.items():
            assert kept.layers[layer] == pytest.approx(row, rel=1e-6)
    raised = watched.alerts(over)
    assert list(run.alerts) == [raised[1], raised[2], raised[3]]  # the first was cleared, and stands where it was raised


def test_units_are_kept_as_they_were_last(path: Path) -> None:
    watched.produce(Record(path))
    last = [s for s in watched.samples(watched.layers()) if s.units][-1]
    found = open_record(path).units()
    assert found.keys() == last.units.keys()
    for layer, row in last.units.items():
        for name, values in row.items():
            np.testing.assert_array_equal(found[layer][name], values)


def test_numbers_that_are_none_come_back(path: Path) -> None:
    record = Record(path)
    record.begin((Layer("a", 0, "affine"), Layer("b", 1, "activation")), {})
    record.sample(Sample(1, 0.0, {"loss": math.nan}, {"a": {"std": math.inf, "mean": -math.inf}, "b": {"rate": 0.5}}))
    record.close()
    (sample,) = open_record(path).samples
    assert math.isnan(sample.model["loss"])
    assert sample.layers == {"a": {"std": math.inf, "mean": -math.inf}, "b": {"rate": 0.5}}


def test_layers_met_later_are_added(path: Path) -> None:
    record = Record(path)
    record.begin((Layer("a", 0, "affine"),), {})
    record.sample(Sample(1, 0.0, {}, {"a": {"std": 1.0}}))
    record.sample(Sample(2, 0.1, {}, {"a": {"std": 1.0}, "late": {"std": 2.0}}, {"later": {"unit_max": np.ones(3)}}))
    record.close()
    run = open_record(path)
    assert [la.name for la in run.layers] == ["a", "late", "later"]
    assert run.values("late", "std") == [(2, 2.0)]
    assert list(run.units()["later"]["unit_max"]) == [1, 1, 1]


def test_tensors_of_torch_are_units_too(path: Path) -> None:
    import torch

    record = Record(path)
    record.begin((Layer("a", 0, "activation"),), {"device": torch.device("cpu")})
    record.sample(
        Sample(1, 0.0, {}, {"a": {"std": torch.tensor(2.0)}}, {"a": {"unit_max": torch.ones(2, dtype=torch.bfloat16)}})
    )  # type: ignore[dict-item]
    record.close()
    run = open_record(path)
    assert run.about == {"device": "cpu"}
    assert list(run.units()["a"]["unit_max"]) == [1, 1]
    assert run.last() == {"a": {"std": 2.0}}


def test_several_runs_lie_in_one_file(path: Path) -> None:
    for count in (5, 7):
        watched.produce(Record(path), count=count)
    assert len(open_record(path).samples) == 7
    assert len(open_record(path, 1).samples) == 5
    assert open_record(path).runs == 2
    with pytest.raises(ParameterError, match=r"run must be 1 to 2, .* not 3\."):
        open_record(path, 3)


def test_a_long_run_may_be_read_thinly(path: Path) -> None:
    watched.produce(Record(path), count=100)
    run = open_record(path, most=10)
    assert len(run.samples) == 100
    assert len(run.curve("loss")) == 100
    assert 10 <= len(run.detailed) <= 11
    assert run.samples[-1].layers


def test_a_reader_sees_what_is_written_meanwhile(path: Path) -> None:
    record = Record(path)
    record.begin((Layer("a", 0, "affine"),), {})
    with Reader(path) as reader:
        before = reader.version()
        assert reader.version() == before
        record.sample(Sample(1, 0.0, {"loss": 1.0}, {}))
        record.flush()
        assert reader.version() != before
        assert reader.run().curve("loss") == [(1, 1.0)]
        assert reader.run().state == "running"
    record.close()


def test_samples_wait_a_quarter_of_a_second_at_most(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    record = Record(path)
    record.begin((), {})
    for step in range(11):
        now[0] += 0.0625
        record.sample(Sample(step, 0.0, {}, {}))
    assert [s.step for s in open_record(path).samples] == list(range(8))  # written at 0.25 and at 0.5 s
    record.alert(watched.alerts(watched.layers())[3])  # writes at once, what waits too
    assert len(open_record(path).samples) == 11
    record.close()


KILLED = """
import sys, time, watched
from nonlin.watch.record import Record
record = Record(sys.argv[1])
over = watched.layers()
record.begin(over, watched.ABOUT)
record.alert(watched.alerts(over)[3])
for n, sample in enumerate(watched.samples(over, 100_000)):
    record.sample(sample)
    record.flush()
    print(n, flush=True)
"""


def test_the_record_survives_kill_9(path: Path) -> None:
    with child(KILLED, path) as process:
        assert process.stdout is not None
        acknowledged = -1
        for line in process.stdout:
            acknowledged = int(line)
            if acknowledged == 40:
                process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    run = open_record(path)
    assert len(run.samples) >= acknowledged + 1 > 40
    assert run.state == "stopped"
    assert run.ended == ""
    assert run.alerts[0].rule == watched.DEAD
    watched.produce(Record(path), count=3)  # the next run goes into the same file
    assert (open_record(path).runs, len(open_record(path).samples)) == (2, 3)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_second_writer_is_refused(path: Path) -> None:
    record = Record(path)
    with child("import sys\nfrom nonlin.watch.record import Record\ntry:\n  Record(sys.argv[1])\nexcept Exception as e:\n  print(e)",
               path) as process:  # fmt: skip
        said = process.communicate()[0]
    assert "is being written by another process. Wait until it has ended" in said
    record.close()
    Record(path).close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")  # of JAX, where another test has loaded it
def test_a_forked_process_may_not_write(path: Path) -> None:
    record = Record(path)
    record.begin((), {})
    pid = os.fork()
    if not pid:
        try:
            record.sample(Sample(1, 0.0, {}, {}))
            record.flush()
        except StoreError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    record.close()
    assert open_record(path).samples == ()


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")


def newer(path: Path) -> None:
    watched.produce(Record(path), count=2)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {KIND.version + 1}")


def corrupt(path: Path) -> None:
    watched.produce(Record(path), count=60)
    data = bytearray(path.read_bytes())
    data[5000:30000] = b"\xff" * 25000
    path.write_bytes(data)


SPOILT: dict[str, tuple[Any, str]] = {
    "text": (lambda p: p.write_text("step,loss\n1,2\n"), r"is not a nonlin record, nor any SQLite file; it was left alone"),
    "foreign": (foreign, r"is an SQLite file, but no record of nonlin; it was left alone"),
    "newer": (newer, r"was written by a newer nonlin \(version 2 of the file's layout; this one knows up to 1\)\. Upgrade"),
    "corrupt": (corrupt, r"is damaged\. It was left as it is"),
    "folder": (lambda p: p.mkdir(), r"is a folder; give the path of a record's file"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_files_that_are_not_ours_are_refused_and_left_alone(path: Path, name: str) -> None:
    spoil, sentence = SPOILT[name]
    path.parent.mkdir()
    spoil(path)
    before = digest(path) if path.is_file() else ""
    with pytest.raises(StoreError, match=sentence):
        open_record(path)
    with pytest.raises(StoreError, match=sentence):
        Record(path)
    assert (digest(path) if path.is_file() else "") == before


def test_a_missing_and_an_empty_file_say_so(path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no record at .*; check the path, or train with nonlin\.watch"):
        open_record(path)
    path.parent.mkdir()
    path.touch()
    with pytest.raises(StoreError, match="is empty: the process that created it was stopped at once"):
        open_record(path)
    Record(path).close()
    assert path.stat().st_size


def test_a_record_without_a_run_says_so(path: Path) -> None:
    with closing(sqlite3.connect(":memory:")):
        Record(path).close()
    with pytest.raises(StoreError, match="has no run yet: watching has not begun"):
        open_record(path)


def test_a_full_disk_is_a_sentence(path: Path) -> None:
    record = Record(path)
    record.begin(watched.layers(), {})
    assert record._connection is not None
    pages = record._connection.execute("PRAGMA page_count").fetchone()[0]
    record._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    for sample in watched.samples(watched.layers(), 100):
        record._waiting.append(sample)
    with pytest.raises(StoreError, match="cannot grow: the disk is full"):
        record.flush()
    record._connection.execute("PRAGMA max_page_count = 100000")
    record.close()
    assert open_record(path).state == "ended"


def test_a_closed_record_says_so_and_closes_twice(path: Path) -> None:
    record = Record(path)
    record.begin((), {})
    record.close()
    record.close()
    with pytest.raises(StoreError, match=r"is closed; make a new Record"):
        record.alert(watched.alerts(watched.layers())[0])


def test_a_folder_that_may_not_be_written_can_be_read(path: Path) -> None:
    watched.produce(Record(path), count=3)
    path.parent.chmod(0o500)
    try:
        assert len(open_record(path).samples) == 3
    finally:
        path.parent.chmod(0o700)


def test_history_and_record_tell_the_same_run(path: Path) -> None:
    history = History()
    watched.produce(history)
    watched.produce(Record(path))
    kept, read = history.run(), open_record(path)
    assert kept.alerts == read.alerts
    assert kept.layers == read.layers
    assert [s.step for s in kept.samples] == [s.step for s in read.samples]
    assert kept.last().keys() == read.last().keys()


def test_an_alert_is_raised_again_after_it_was_cleared() -> None:
    history = History()
    first = replace(watched.alerts(watched.layers())[3], step=10)
    for alert in (first, replace(first, cleared=20), replace(first, step=30)):
        history.alert(alert)
    assert [(a.step, a.cleared) for a in history.alerts] == [(10, 20), (30, None)]
    history.alert(replace(first, step=55, cleared=55))  # cleared with the step of its clearing: it is the one that stands
    assert [(a.step, a.cleared) for a in history.alerts] == [(10, 20), (30, 55)]


def test_an_alert_that_becomes_worse_is_one_alert(path: Path) -> None:
    record, history = Record(path), History()
    first = replace(watched.alerts(watched.layers())[3], step=10, severity=Severity.INFO)
    for sink in (record, history):
        sink.begin(watched.layers(), {})
        for alert in (first, replace(first, cleared=20), replace(first, step=20, severity=Severity.ERROR)):
            sink.alert(alert)
    assert [(a.step, a.cleared, a.severity) for a in history.alerts] == [(10, None, Severity.ERROR)]
    assert open_record(path).alerts == tuple(history.alerts)
    for sink in (record, history):
        sink.alert(replace(first, step=20, cleared=40, severity=Severity.ERROR))
        sink.close()
    assert [(a.step, a.cleared) for a in history.alerts] == [(10, 40)]
    assert open_record(path).alerts == tuple(history.alerts)


def test_history_stays_small() -> None:
    history = History(most=50)
    watched.produce(history, count=1000)
    run = history.run()
    assert 25 <= len(run.samples) <= 52
    assert run.last_step == 9990
    assert sum(bool(s.units) for s in run.samples) == 1
    with pytest.raises(ParameterError, match="most must be at least 2 samples, not 1"):
        History(most=1)


def test_a_field_that_a_later_version_adds_is_passed_over(path: Path) -> None:
    watched.produce(Record(path))
    before = open_record(path).alerts
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alerts SET alert = json_set(alert, '$.more', 1, '$.rule.more', 1)")
        connection.execute(
            "UPDATE alerts SET alert = json_set(alert, '$.remedy.more', 1) WHERE alert ->> '$.remedy' IS NOT NULL"
        )
        connection.commit()
    assert open_record(path).alerts == before


def test_a_real_training_is_recorded_as_it_is_watched(path: Path, tmp_path: Path) -> None:
    import torch

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    with torch.no_grad():
        model[0].bias.fill_(-50.0)  # every unit is dead
    optimizer, loss = torch.optim.SGD(model.parameters(), lr=0.01), torch.nn.CrossEntropyLoss()
    x = torch.randn(256, 8)
    with nonlin.watch(model, optimizer, loss=loss, sinks=[Record(path)], every=1) as w:  # type: ignore[operator]
        for _ in range(30):
            optimizer.zero_grad()
            loss(model(x), torch.randint(0, 3, (256,))).backward()
            optimizer.step()
    watch, read = w.run(), open_record(path)
    assert "NW101" in {a.rule.code for a in read.alerts}
    assert read.alerts == watch.alerts
    assert read.layers == watch.layers
    assert [s.step for s in read.samples] == [s.step for s in watch.samples] == list(range(30))
    assert read.state == watch.state == "ended"
    assert read.units()["1"]["unit_rate"].tolist() == [0.0] * 16
    text = w.report(tmp_path / "report.html").read_text()
    assert "16 of 16 units never on" in text


class Group:
    """What torch.distributed says in a training of several processes."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def is_available(self) -> bool:
        return True

    def is_initialized(self) -> bool:
        return True

    def get_rank(self) -> int:
        return self.rank


@pytest.mark.parametrize("rank", [0, 1])
def test_of_several_ranks_the_first_writes(path: Path, monkeypatch: pytest.MonkeyPatch, rank: int) -> None:
    monkeypatch.setitem(sys.modules, "torch.distributed", Group(rank))  # type: ignore[arg-type]
    Record(path).close()
    assert path.exists() is (rank == 0)


def test_a_later_rank_opens_nothing_unless_it_is_told_to(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    record = Record(path)
    record.close()
    assert not path.exists()
    assert not Path(f"{path}.lock").exists()
    watched.produce(Record(path), count=2)  # the variable meant something else: there is no group
    assert len(open_record(path).samples) == 2
    with pytest.raises(StoreError, match="has no run yet; call begin first"):
        Record(path).alert(watched.alerts(watched.layers())[0])
