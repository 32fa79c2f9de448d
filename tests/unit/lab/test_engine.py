"""The two engines of one machine: the same results bit for bit, errors that arrive, and processes that end."""

from __future__ import annotations

import os
import pickle
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small import blobs, results, timeless, unit_of

import nonlin
from nonlin.catalogue import param
from nonlin.catalogue.registry import forget
from nonlin.errors import DataError, ModelError, NonlinError, ParameterError
from nonlin.lab.engine import Engine, Event, InProcessEngine, ProcessEngine, default_engine, told
from nonlin.lab.factories import code_of
from nonlin.lab.recipe import Unit

LONG: dict[str, Any] = {"epochs": 5000, "batch_size": 4}
"""A unit that would train for minutes."""


def drive(engine: Engine, units: list[Unit], seconds: float = 60) -> tuple[dict[int, Any], dict[int, float]]:
    """Run units to their end; return results (without times) and progress by number; raise the first error."""
    ended: dict[int, Any] = {}
    advanced = dict.fromkeys(range(len(units)), 0.0)
    for number, unit in enumerate(units):
        engine.submit(number, unit)
    limit = time.monotonic() + seconds
    while len(ended) < len(units):
        assert time.monotonic() < limit, "no end in sight"
        for event in engine.poll(0.2):
            advanced[event.number] += event.advanced
            if event.error is not None:
                raise event.error
            if event.results is not None:
                ended[event.number] = timeless(event.results)
    return ended, advanced


def stream(engine: Engine, seconds: float = 30) -> Iterator[Event]:
    """Every event of an engine as it comes, none twice."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        yield from engine.poll(0.2)
    raise AssertionError("the event did not come")


def first(events: Iterator[Event], wanted: Callable[[Event], bool]) -> Event:
    return next(e for e in events if wanted(e))


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.fixture
def talk() -> Iterator[Any]:
    """A function only this process knows."""
    made = nonlin.define("engine_talk", "k*tanh(x) + exp(-x*x)", k=param(0.7, learnable=True))
    yield made
    forget("engine_talk")


def test_a_process_gives_the_results_of_this_one_bit_for_bit(
    talk: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Data in memory, a function defined here, a typed formula, and a talkative model all reach the worker."""
    (tmp_path / "random.py").write_text("raise RuntimeError('a file of the user stood in for the standard library')\n")
    (tmp_path / "torch.py").write_text("raise RuntimeError('and so did this one')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))  # to which the current folder is added for the model's sake
    plain = unit_of([talk.definition, "x*tanh(exp(x))", "relu", "rrelu", "prelu"], (3, 4), blobs(seed=7))
    net = unit_of(["maxout", "again=maxout"], (0,), task_data(), epochs=1)
    own = replace(
        unit_of(["tanh"], (2,), net="own"), factory="own_models:talkative", code=code_of("own_models:talkative", "model")
    )
    units = [plain, net, own, replace(plain, seeds=(9,))]
    engines: list[Engine] = [InProcessEngine(), ProcessEngine(1)]
    (here, steps), (there, also) = (drive(e, units) for e in engines)
    for engine in engines:
        engine.close()
    assert there == here
    assert here[0] == results(plain)
    assert steps == pytest.approx({0: 20.0, 1: 2.0, 2: 2.0, 3: 10.0})
    assert also == pytest.approx(steps)
    assert "a model says hello" in capfd.readouterr().err  # what it prints goes where people look, not into the pipe


def task_data() -> Any:
    return blobs((5, 2), classes=4, seed=8)


def test_results_do_not_depend_on_the_number_of_workers() -> None:
    units = [unit_of(["relu", "rrelu"], seeds) for seeds in ((0, 1), (2,), (3, 4, 5), (6,))]
    engines: list[Engine] = [ProcessEngine(2), InProcessEngine()]
    (two, _), (none, _) = (drive(e, units) for e in engines)
    for engine in engines:
        engine.close()
    assert two == none


def test_errors_inside_a_unit_reach_the_driver_alike_on_both_engines() -> None:
    bad_code = replace(unit_of(["relu"], (0,), net="own"), factory="own_models:fails_while_training",
                       code=code_of("own_models:fails_while_training", "model"))  # fmt: skip
    bad_data = replace(unit_of(["relu"], (0,)), task="no_such_task", fingerprint="0" * 64)
    raising = replace(bad_code, factory="own_models:raising")
    good = unit_of(["relu"], (1,))
    for engine in (InProcessEngine(), ProcessEngine(1)):
        for number, unit in enumerate((bad_code, bad_data, raising, good)):
            engine.submit(number, unit)
        ended: dict[int, Event] = {}
        events = stream(engine)
        while len(ended) < 4:
            event = first(events, lambda e: e.error is not None or e.results is not None)
            ended[event.number] = event
        engine.close()
        assert str(ended[0].error) == "training failed: RuntimeError: out of cheese"
        assert type(ended[0].error) is NonlinError
        assert str(ended[1].error).startswith("unknown task 'no_such_task'.")
        assert type(ended[2].error) is ModelError
        assert ended[3].results is not None  # the engine goes on


def test_a_worker_killed_from_outside_is_a_sentence() -> None:
    engine = ProcessEngine(1)
    engine.submit(0, unit_of(["relu"], (0,), **LONG))
    engine.submit(1, unit_of(["relu"], (1,), **LONG))
    events = stream(engine)
    first(events, lambda e: e.advanced > 0)
    os.kill(engine._processes[0].pid, signal.SIGKILL)
    for number in (0, 1):  # and for what would have been next: it cannot even be sent
        event = first(events, lambda e: e.error is not None)
        assert event.number == number
        assert isinstance(event.error, NonlinError)
        says = r"a worker process ended unexpectedly \(exit code -9\); if the machine ran out of memory, lower --memory"
        assert re.match(says, str(event.error))
    engine.close()


def test_a_worker_that_talks_nonsense_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = ProcessEngine(1)
    monkeypatch.setattr(sys, "executable", "/bin/cat")  # it understands no options and ends
    engine.submit(0, unit_of(["relu"], (0,)))
    event = first(stream(engine), lambda e: e.error is not None)
    assert str(event.error).startswith("a worker process ended unexpectedly")
    engine.close()


def test_closing_ends_the_workers_at_once_and_twice_is_no_error() -> None:
    engine = ProcessEngine(2)
    for number in range(5):
        engine.submit(number, unit_of(["relu"], (number,), **LONG))
    assert len(engine._processes) == 2
    pids = [p.pid for p in engine._processes]
    first(stream(engine), lambda e: e.advanced > 0)
    begun = time.monotonic()
    engine.close()
    assert time.monotonic() - begun < 5
    assert not any(alive(pid) for pid in pids)
    engine.close()
    assert not any(t.is_alive() for t in engine._threads)


def test_closing_this_process_engine_stops_its_thread_and_twice_is_no_error() -> None:
    engine = InProcessEngine()
    engine.submit(0, unit_of(["relu"], (0,), **LONG))
    engine.submit(1, unit_of(["relu"], (1,), **LONG))
    first(stream(engine), lambda e: e.advanced > 0)
    begun = time.monotonic()
    engine.close()
    assert time.monotonic() - begun < 5
    assert engine._thread is not None
    assert not engine._thread.is_alive()
    engine.close()
    InProcessEngine().close()
    ProcessEngine(3).close()


def test_workers_are_started_only_for_units() -> None:
    engine = ProcessEngine(8)
    drive(engine, [unit_of(["relu"], (0,))])
    assert len(engine._processes) == 1
    engine.close()


def test_polling_nothing_takes_no_longer_than_asked() -> None:
    for engine in (InProcessEngine(), ProcessEngine(1)):
        begun = time.monotonic()
        assert engine.poll(0.05) == []
        assert 0.04 < time.monotonic() - begun < 1
        engine.close()


def test_a_unit_that_cannot_be_sent_is_a_sentence() -> None:
    engine = ProcessEngine(1)
    engine.submit(0, replace(unit_of(["relu"], (0,)), options={"unsendable": lambda: None}))
    engine.submit(1, unit_of(["relu"], (0,)))
    events = stream(engine)
    event = first(events, lambda e: e.error is not None)
    assert re.match("this unit of work cannot be sent to another process .*; use workers=1", str(event.error))
    assert first(events, lambda e: e.results is not None).number == 1
    engine.close()


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
def test_the_number_of_workers_is_checked(workers: Any) -> None:
    with pytest.raises(ParameterError, match="workers must be a whole number of at least 1, not"):
        ProcessEngine(workers)


def test_processes_are_started_where_they_earn_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert isinstance(default_engine(1, 10, 1e9), InProcessEngine)
    assert isinstance(default_engine(None, 1, 1e9), InProcessEngine)
    assert isinstance(default_engine(None, 10, 1000), InProcessEngine)
    asked = default_engine(2, 10, 1000)
    assert isinstance(asked, ProcessEngine)
    assert asked.workers == 2
    large = default_engine(None, 3, 1e9)
    assert isinstance(large, ProcessEngine)
    assert large.workers == 3
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert isinstance(default_engine(None, 10, 1e9), InProcessEngine)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert isinstance(default_engine(None, 10, 1e9), InProcessEngine)


def test_errors_survive_the_pipe() -> None:
    for error in (DataError("a"), told(KeyError("b")), told(ModelError("c"))):
        again = pickle.loads(pickle.dumps(Event(3, error=error)))
        assert type(again.error) is type(error)
        assert str(again.error) == str(error)
    assert str(told(KeyError("b"))) == "training failed: KeyError: 'b'"
