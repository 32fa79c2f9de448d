"""A study's units, and what survives: failures, Ctrl-C, kill -9, a second process."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small import blobs, columns, timeless

import nonlin.errors
from nonlin.errors import NonlinError, ParameterError, StoreError
from nonlin.lab.arrays import Dataset
from nonlin.lab.compare import plan, summarise
from nonlin.lab.engine import Event, ProcessEngine
from nonlin.lab.jsontext import trial_key
from nonlin.lab.recipe import Unit
from nonlin.lab.store import Store
from nonlin.lab.study import Study, collect, run
from nonlin.lab.work import model_bytes, run_unit

SOURCE = str(Path(nonlin.errors.__file__).parents[1])


def study(functions: Sequence[Any] = ("relu", "tanh", "gelu"), **options: Any) -> Study:
    data: Dataset = options.pop("data", None) or blobs()
    return plan(list(functions), **{"task": data, "hidden": (6, 4), "epochs": 1, "seeds": 3, "batch_size": 16, **options})


class Direct:
    """An engine that trains in ``poll``, and fails as it is told to after so many units."""

    def __init__(self, fail_after: int | None = None, error: BaseException | None = None) -> None:
        self.waiting: list[tuple[int, Unit]] = []
        self.fail_after, self.error = fail_after, error
        self.ran: list[Unit] = []
        self.closed = 0

    def submit(self, number: int, unit: Unit) -> None:
        self.waiting.append((number, unit))

    def poll(self, seconds: float) -> list[Event]:
        if self.fail_after == len(self.ran) and self.error is not None:
            if isinstance(self.error, KeyboardInterrupt):
                raise self.error
            return [Event(self.waiting[0][0], error=self.error)]
        number, unit = self.waiting.pop(0)
        self.ran.append(unit)
        steps: list[Event] = []
        results = run_unit(unit, lambda amount: steps.append(Event(number, advanced=amount)))
        return [*steps, Event(number, results=results)]

    def close(self) -> None:
        self.closed += 1

    @property
    def trials(self) -> int:
        return sum(u.models for u in self.ran)


def stored(made: Study, path: Path) -> dict[int, dict[str, list[Any]]]:
    """All results, without their times."""
    return {depth: {label: timeless([rows])[0] for label, rows in by_label.items()}
            for depth, by_label in collect(made, path).items()}  # fmt: skip


def trials_of(units: Sequence[Unit]) -> Counter[str]:
    return Counter(trial_key(u.trial_config(c, s)) for u in units for c in u.columns for s in u.seeds)


# -- units ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"seeds": 1},
        {"seeds": 37},
        {"functions": ["relu", "maxout", "tanh", "again=maxout", "softmax"], "seeds": 12},
        {"functions": [f"f{k}=relu" for k in range(1, 30)] + ["relu"], "seeds": 11},
        {"depths": (1, 2, 5), "seeds": 4},
        {"functions": ["relu", ["relu", "tanh"], ["maxout", "tanh"], ["tanh", "maxout"]], "seeds": 2},
        {"net": "cnn", "hidden": (3, 4), "data": blobs((6, 5))},
    ],
    ids=str,
)
def test_units_cover_every_trial_exactly_once(options: dict[str, Any]) -> None:
    made = study(**options)
    expected = {trial_key(made.whole(recipe, cols).trial_config(c, s))
                for _, recipe, cols in made.at_depths() for c in cols for s in made.seeds}  # fmt: skip
    total = len(made.columns) * len(made.seeds) * len(made.at_depths())
    assert len(expected) == total
    for memory in (2**31, 2**27, 2**23):
        assert trials_of(made.units(memory)) == Counter(dict.fromkeys(expected, 1))


def test_units_depend_on_nothing_but_the_study_and_its_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = study(seeds=30, functions=["relu", "tanh", "maxout", "gelu"])
    units = [(tuple(c.label for c in u.columns), u.seeds) for u in made.units()]
    for cores in (1, 4, 512, None):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        for workers in (None, 1):
            engine = Direct(0, KeyboardInterrupt())
            run(made, tmp_path / f"{cores}-{workers}.sqlite", engine=engine, workers=workers)
            assert [(tuple(c.label for c in u.columns), u.seeds) for _, u in engine.waiting] == units


def test_memory_bounds_the_networks_trained_at_the_same_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = study([f"f{k}=relu" for k in range(9)] + ["relu"], seeds=10)
    each = model_bytes(made.recipe, made.data)
    assert each > 100_000
    for budget in (1, 2, 5, 9, 40, 77, 400):
        units = made.units(budget * each)
        assert max(u.models for u in units) <= max(1, budget // 4)
    assert len(made.units(2**40)) < 5  # and with memory in plenty they are not all alone
    asked: list[int] = []

    def engine(workers: int | None, units: int, steps: float) -> Direct:
        asked.append(units)
        return Direct()

    monkeypatch.setattr("nonlin.lab.study.default_engine", engine)
    for budget, workers in ((1, 1), (3, 3), (8, 4), (9, 4)):
        run(replace(made, seeds=made.seeds[:2]), tmp_path / f"{budget}.sqlite", memory=budget * each)
        assert asked[-1] == workers  # so many units at the same time fit


def test_memory_that_holds_no_network_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"memory=0 MiB is too small: one network of this study needs \d\.\d MiB"):
        run(study(), tmp_path / "s.sqlite", memory=1000)
    for memory in (0, -1, math.inf, "2G", True):
        with pytest.raises(ParameterError, match="memory must be a number of bytes above 0, not"):
            run(study(), tmp_path / "s.sqlite", memory=memory)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="workers must be a whole number of at least 1, not 0"):
        run(study(), tmp_path / "s.sqlite", workers=0)
    assert not (tmp_path / "s.sqlite").exists()


def test_functions_that_need_other_weights_are_kept_apart() -> None:
    made = study(["relu", "maxout", ["relu", "maxout"], "tanh", "other=maxout"])
    groups = {frozenset(c.label for c in u.columns) for u in made.units()}
    assert groups == {frozenset({"relu", "tanh"}), frozenset({"maxout", "other"}), frozenset({"relu-maxout"})}


def test_depths_are_studies_of_their_own() -> None:
    made = study(["relu"], depths=(1, 3), seeds=2)
    assert [(u.recipe.hidden, len(u.columns[0].layers)) for u in made.units()] == [((6,), 1), ((6, 4, 4), 3)]


def test_the_wrong_number_of_layers_is_a_sentence() -> None:
    says = "relu-tanh-gelu names 3 layers, but the network has 2 hidden layers; name one function for each"
    with pytest.raises(ParameterError, match=says):
        study(["relu", ["relu", "tanh", "gelu"]])
    with pytest.raises(ParameterError, match="relu-tanh names 2 layers, but the network has 3 hidden layers"):
        study(["relu", ["relu", "tanh"]], depths=(2, 3))


def test_the_key_of_a_trial_holds_what_its_result_depends_on_and_nothing_else() -> None:
    made = study(["relu"], seeds=1)

    def key(other: Study) -> str:
        (unit,) = other.units()
        return trial_key(unit.trial_config(unit.columns[0], unit.seeds[0]))

    same = [{"baseline": "relu"}, {"margin": 0.5}, {"folder": "/tmp"}]
    other: list[dict[str, Any]] = [
        {"epochs": 2}, {"hidden": (6, 5)}, {"batch_size": 8}, {"learning_rate": 0.01}, {"optimizer": "sgd"},
        {"init": "he"}, {"validation": 0.1}, {"seed": 1}, {"data": blobs(seed=9)}, {"functions": ["leaky_relu"]},
        {"functions": ["leaky_relu(slope=0.3)"]}, {"functions": ["again=relu"]}, {"functions": ["prelu"]}]  # fmt: skip
    assert {key(study(**{"functions": ["relu"], "seeds": 1, **o})) for o in same} == {key(made)}
    keys = [key(study(**{"functions": ["relu"], "seeds": 1, **o})) for o in other]
    keys.append(key(replace(made, data=blobs(seed=9))))  # the same name, as of a file, but other data
    assert len({*keys, key(made)}) == len(other) + 2


# -- resuming ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, dict[int, dict[str, list[Any]]]]:
    """A study of several units, and its results when nothing goes wrong."""
    made = study(["relu", "tanh", "maxout"], seeds=23)
    assert len(made.units()) >= 4
    path = tmp_path_factory.mktemp("whole") / "s.sqlite"
    outcome = run(made, path, engine=Direct())
    assert (outcome.total, outcome.known, outcome.trained, outcome.interrupted) == (69, 0, 69, False)
    return made, stored(made, path)


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize("error", [NonlinError("a unit broke"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_a_study_cut_short_goes_on_where_it_stopped(whole: Any, after: int, error: BaseException, tmp_path: Path) -> None:
    made, expected = whole
    path = tmp_path / "s.sqlite"
    engine = Direct(after, error)
    if isinstance(error, KeyboardInterrupt):
        outcome = run(made, path, engine=engine)
        assert outcome.interrupted
        assert outcome.trained == engine.trials
    else:
        with pytest.raises(NonlinError, match="a unit broke"):
            run(made, path, engine=engine)
    assert engine.closed == 1
    assert len(engine.ran) == after
    with Store.open(path, write=False) as store:
        assert len(store.trials()) == engine.trials
    again = Direct()
    outcome = run(made, path, engine=again)
    assert (outcome.known, outcome.trained, outcome.total) == (engine.trials, 69 - engine.trials, 69)
    assert not set(trials_of(engine.ran)) & set(trials_of(again.ran))
    assert stored(made, path) == expected
    third = Direct()
    assert run(made, path, engine=third).trained == 0
    assert third.ran == []


def test_ctrl_c_during_progress_keeps_the_finished_units(whole: Any, tmp_path: Path) -> None:
    made, expected = whole
    path, seen = tmp_path / "s.sqlite", [0.0]

    def enough(amount: float) -> None:
        seen[0] += amount
        if seen[0] > 30:
            raise KeyboardInterrupt

    engine = Direct()
    outcome = run(made, path, engine=engine, on_progress=enough)
    assert outcome.interrupted
    assert outcome.trained == engine.trials  # the unit whose progress was just being told had ended, too: it is kept
    assert 0 < outcome.trained < 69
    partial = summarise(made, path, outcome)
    assert partial.to_json()["interrupted"] is True
    assert run(made, path, engine=Direct()).trained == 69 - outcome.trained
    assert stored(made, path) == expected


def test_results_that_come_with_an_error_are_stored_before_it_is_raised(tmp_path: Path) -> None:
    made, path = study(["relu", "maxout"]), tmp_path / "s.sqlite"

    class Both(Direct):
        def poll(self, seconds: float) -> list[Event]:
            done = super().poll(seconds)
            return [Event(self.waiting[0][0], error=NonlinError("the other broke")), *done]

    with pytest.raises(NonlinError, match="the other broke"):
        run(made, path, engine=Both())
    with Store.open(path, write=False) as store:
        assert len(store.trials()) == 3


def test_exactly_the_missing_trials_are_trained(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    run(study(["relu", "tanh"], seeds=2), path, engine=Direct())
    run(study(["gelu"], seeds=[1], baseline="gelu"), path, engine=Direct())
    engine = Direct()
    outcome = run(study(["relu", "tanh", "gelu", "mish"], seeds=3), path, engine=engine)
    assert (outcome.total, outcome.known, outcome.trained) == (12, 5, 7)
    assert engine.trials == 7
    assert sorted((c.label, s) for u in engine.ran for c in u.columns for s in u.seeds) == [
        ("gelu", 0), ("gelu", 2), ("mish", 0), ("mish", 1), ("mish", 2), ("relu", 2), ("tanh", 2)]  # fmt: skip


def test_progress_starts_with_what_is_known_and_ends_with_all(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    run(study(["relu"], epochs=2), path, engine=Direct())
    told: list[tuple[float, float]] = []
    parts: list[float] = []
    run(study(["relu", "tanh"], epochs=2), path, on_start=lambda *a: told.append(a), on_progress=parts.append)
    assert told == [(12, 6)]
    assert sum(parts) == pytest.approx(6)


def test_a_store_remembers_the_study_and_where_it_ran(tmp_path: Path) -> None:
    path, made = tmp_path / "s.sqlite", study(["relu"])
    run(made, path, engine=Direct())
    with Store.open(path, write=False) as store:
        assert store.get_meta("study") == json.loads(json.dumps(made.described()))
        assert store.get_meta("environment")["versions"]["torch"]
        configs = [t.config for t in store.trials()]
    assert [c["seed"] for c in configs] == [0, 1, 2]
    assert configs[0]["recipe"]["hidden"] == [6, 4]


def test_diverged_trials_are_stored_as_such_and_not_trained_again(tmp_path: Path) -> None:
    path, made = tmp_path / "s.sqlite", study(["relu", "exp(exp(exp(x)))"], learning_rate=0.3)
    run(made, path, engine=Direct())
    with Store.open(path, write=False) as store:
        status = Counter((t.config["column"]["label"], t.status) for t in store.trials())
    assert status == {("relu", "ok"): 3, ("exp(exp(exp(x)))", "diverged"): 3}
    again = Direct()
    assert run(made, path, engine=again).known == 6
    assert again.ran == []


def test_an_error_in_a_worker_process_ends_the_study_and_keeps_the_rest(tmp_path: Path) -> None:
    made, path = study(["relu", "maxout"], seeds=2), tmp_path / "s.sqlite"
    path.parent.mkdir(exist_ok=True)
    bad = replace(made, factory="own_models:fails_while_training", recipe=replace(made.recipe, net="own"), code="x")
    with pytest.raises(NonlinError, match="changed since the study was planned"):
        run(bad, path, engine=ProcessEngine(1))
    assert run(made, path).trained == 4


# -- the whole program, killed ----------------------------------------------------------------------------------


def command(path: Path, mark: str) -> subprocess.Popen[bytes]:
    text = ["-m", "nonlin.cli", "compare", "relu", "tanh", "--seeds", "40", "--epochs", "6", "--hidden", "16,8",
            "--workers", "2", "--store", str(path), "--no-report", "--quiet", "--json"]  # fmt: skip
    environ = os.environ | {"PYTHONPATH": SOURCE, "NONLIN_TEST_MARK": mark}
    return subprocess.Popen([sys.executable, *text], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            start_new_session=True)  # fmt: skip


def marked(mark: str) -> list[int]:
    """Processes, other than zombies, that carry a mark in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"NONLIN_TEST_MARK={mark}".encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def gone(mark: str, seconds: float = 10) -> bool:
    limit = time.monotonic() + seconds
    while marked(mark):
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def finished(path: Path) -> int:
    try:
        with Store.open(path, write=False) as store:
            return len(store.trials())
    except StoreError:
        return 0


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
def test_kill_9_at_any_moment_loses_no_finished_trial(tmp_path: Path) -> None:
    path, mark = tmp_path / "s.sqlite", f"{os.getpid()}-{time.time_ns()}"
    rng = random.Random(5)
    counts = [0]
    for wanted in (1, 20):
        process = command(path, mark)
        limit = time.monotonic() + 60
        while finished(path) < wanted and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, 0.3))
        os.kill(process.pid, signal.SIGKILL)
        _, err = process.communicate()  # which the workers hold open, too: it ends with them
        assert err == b""
        assert gone(mark), "a worker was left behind"
        counts.append(finished(path))
        assert counts[-1] >= max(counts[-2], wanted)
    assert 0 < counts[-1] < 80
    process = command(path, mark)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()
    told = json.loads(out)["trials"]
    assert told == {"total": 80, "known_before": counts[-1], "trained": 80 - counts[-1]}
    assert gone(mark)
    made = plan(["relu", "tanh"], seeds=40, epochs=6, hidden=(16, 8))
    assert run(made, path, engine=Direct()).trained == 0
    run(made, tmp_path / "whole.sqlite")
    assert stored(made, path) == stored(made, tmp_path / "whole.sqlite")


def test_two_processes_on_one_study_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store.open(path):
        code = (
            "import sys; sys.path[:0] = sys.argv[2:]\n"
            "from small import blobs\n"
            "from nonlin.lab.compare import plan\n"
            "from nonlin.lab.study import run\n"
            "from nonlin.errors import StoreError\n"
            "try: run(plan(['relu'], task=blobs(), seeds=1, epochs=1), sys.argv[1])\n"
            "except StoreError as error: print(error)\n"
        )
        tests = str(Path(__file__).parents[2])
        done = subprocess.run([sys.executable, "-c", code, str(path), SOURCE, tests], capture_output=True, text=True,
                              check=True, timeout=60)  # fmt: skip
    assert f"is being written by another process (process {os.getpid()} on" in done.stdout


def test_a_study_is_checked_when_it_is_made() -> None:
    made = study()
    with pytest.raises(ParameterError, match="a study needs at least one function"):
        replace_columns(made, ())
    with pytest.raises(ParameterError, match="depths must be different whole numbers, not \\[2, 2\\]"):
        study(depths=(2, 2))
    assert replace_columns(made, columns("relu", "silu", depth=1)).seeds == (0, 1, 2)


def replace_columns(made: Study, cols: tuple[Any, ...]) -> Study:
    return Study(made.task, made.data, made.recipe, cols, made.seeds, "relu", made.margin)
