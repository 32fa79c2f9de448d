"""The store: keys, round trips, two processes, kill -9, a full disk, and files that are not ours."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nonlin.errors
from nonlin.errors import ParameterError, StoreError
from nonlin.lab.jsontext import dumps, loads
from nonlin.lab.store import SCHEMA_VERSION, Store, Trial, environment, trial_key

SOURCE = str(Path(nonlin.errors.__file__).parents[1])


def trial(k: int, status: str = "ok", **result: Any) -> Trial:
    config = {"activation": "mish", "seed": k}
    return Trial(trial_key(config), config, {"accuracy": k / 7} | result, status)


def child(code: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([SOURCE, os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
        **options,
    )


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def contents(folder: Path) -> dict[str, str]:
    """Hashes of a folder's files, but for the lock, shared memory and empty logs, which hold no data."""
    files = [p for p in folder.iterdir() if not p.name.endswith((".lock", "-shm")) and p.stat().st_size]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


# --------------------------------------------------------------------------------------------- keys

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["$float", "nan"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(["$float", "$object"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def test_key_is_the_hash_of_canonical_json() -> None:
    config = {"seed": 3, "layers": [64, 10], "activation": "gelu", "rate": 0.001}
    text = '{"activation":"gelu","layers":[64,10],"rate":0.001,"seed":3}'
    assert trial_key(config) == hashlib.sha256(text.encode()).hexdigest()[:32]
    assert trial_key(dict(reversed(config.items()))) == trial_key(config)


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        ({"rate": 1}, {"rate": 1.0}, True),
        ({"layers": (1, 2)}, {"layers": [1, 2]}, True),
        ({"$float": 1, "b": 2}, {"b": 2, "$float": 1}, True),
        ({"x": -0.0}, {"x": 0}, True),
        ({"x": True}, {"x": 1}, False),
        ({"x": "1"}, {"x": 1}, False),
        ({"x": None}, {}, False),
        ({"x": 0.1}, {"x": 0.1 + 1e-17 + 2e-17}, False),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, False),
    ],
)
def test_keys_are_alike_where_configurations_are(a: dict[str, Any], b: dict[str, Any], alike: bool) -> None:
    assert (trial_key(a) == trial_key(b)) is alike


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"x": math.nan}, r"config\['x'\] is nan; a configuration holds finite numbers only"),
        ({"x": [1, {"y": -math.inf}]}, r"config\['x'\]\[1\]\['y'\] is -inf"),
        ({"x": {1, 2}}, r"config\['x'\] is a set, which JSON cannot hold"),
        ({3: 1}, "config has the name 3; names in JSON are strings"),
    ],
)
def test_key_refuses_what_json_cannot_hold(config: dict[Any, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        trial_key(config)


@given(JSON)
def test_json_survives_the_round_trip(value: Any) -> None:
    text = dumps(value, "value")
    json.loads(text, parse_constant=lambda token: pytest.fail(f"{token} is not JSON"))
    assert repr(loads(text)) == repr(value)  # repr: nan equals itself, -0.0 is not 0.0, 1 is not 1.0


# ----------------------------------------------------------------------------------- what is stored


def test_trials_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "study #1?.sqlite"
    trials = [
        trial(0),
        trial(1, "diverged", loss=math.nan, curve=[1.0, math.inf, -math.inf]),
        trial(2, "failed"),
    ]
    with Store.open(path) as store:
        assert store.add(trials) == 3
    with Store.open(path, write=False) as store:
        back = store.trials()
        assert repr(back) == repr(trials)
        assert math.isnan(back[1].result["loss"])
        assert store.finished([]) == {}
    assert contents(path.parent).keys() == {path.name}


def test_finished_gives_results_of_those_asked_for_and_ended(tmp_path: Path) -> None:
    trials = [trial(k, "failed" if k == 1 else "diverged" if k == 2 else "ok") for k in range(1200)]
    with Store.open(tmp_path / "s.sqlite") as store:
        store.add(trials)
        keys = [t.key for t in trials]
        found = store.finished([*reversed(keys), "unknown", keys[0]])
        assert list(found) == [key for key in reversed(keys) if key != keys[1]]
        assert found[keys[7]] == {"accuracy": 1.0}
        assert store.finished(key for key in ["unknown"]) == {}


def test_the_first_result_of_a_key_stays_unless_it_had_failed(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.sqlite") as store:
        assert store.add([trial(0), trial(1, "failed"), trial(2, "diverged")]) == 3
        again = [trial(0, accuracy=9), trial(1, accuracy=9), trial(2, accuracy=9), trial(3, accuracy=9)]
        assert store.add(again) == 2
        assert store.add(again) == 0
        assert [(t.status, t.result["accuracy"]) for t in store.trials()] == [
            ("ok", 0.0),
            ("ok", 9),
            ("diverged", 2 / 7),
            ("ok", 9),
        ]


def test_a_bad_trial_stores_none_of_its_batch(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.sqlite") as store:
        with pytest.raises(ParameterError, match=r"trial status 'done' is not one of ok, diverged, failed"):
            store.add([trial(0), trial(1, "done")])
        with pytest.raises(ParameterError, match=r"result\['curve'\]\[1\] is a complex, which JSON cannot hold"):
            store.add([trial(0), trial(1, curve=[1.0, 1j])])
        with pytest.raises(StoreError, match="NOT NULL constraint failed"):
            store.add([trial(0), Trial(None, {}, {})])  # type: ignore[arg-type]
        assert store.trials() == []
        assert store.add([trial(0)]) == 1


def test_meta_is_kept_and_replaced(tmp_path: Path) -> None:
    where = environment()
    with Store.open(tmp_path / "s.sqlite") as store:
        assert store.get_meta("config") is None
        assert store.get_meta("config", 5) == 5
        store.set_meta("config", {"seeds": 3})
        store.set_meta("config", {"seeds": 4, "limit": math.inf})
        store.set_meta("environment", where)
    with Store.open(tmp_path / "s.sqlite", write=False) as store:
        assert store.get_meta("config") == {"seeds": 4, "limit": math.inf}
        assert store.get_meta("environment") == where
    assert {"versions", "python", "machine", "command", "created"} == where.keys()
    assert where["versions"]["numpy"]
    assert where["created"].endswith("+00:00")
    assert environment(["no-such-package"])["versions"] == {"no-such-package": None}


def test_every_commit_waits_for_the_disk(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.sqlite") as store:
        assert store._open().execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert store._open().execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_closed_store_and_a_reader_say_so(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "s.sqlite")
    store.close()
    store.close()
    with pytest.raises(StoreError, match=r"is closed; open it again with Store.open"):
        store.trials()
    with Store.open(tmp_path / "s.sqlite", write=False) as reader:
        for write in (lambda: reader.add([trial(0)]), lambda: reader.set_meta("a", 1)):
            with pytest.raises(StoreError, match="was opened for reading; open it with write=True to store"):
                write()
    with pytest.raises(StoreError, match="is closed"):
        store.add([trial(0)])


def test_another_thread_gets_a_sentence_and_can_close(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "s.sqlite")
    said: list[BaseException] = []

    def use() -> None:
        try:
            store.add([trial(0)])
        except StoreError as error:
            said.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert "can only be used in that same thread" in str(said[0])
    store.close()


# ------------------------------------------------------------------------------------ two processes

HOLD = """
import sys
from nonlin.lab.store import Store, Trial
with Store.open(sys.argv[1]) as store:
    print("open", flush=True)
    for line in sys.stdin:
        store.add([Trial(line.strip(), {}, {"by": "child"})])
        print("stored", flush=True)
"""


def test_one_process_writes_and_others_read(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    holder = child(HOLD, path)
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match=rf"written by another process \(process {holder.pid} on [^)]+\)\. Wait"):
            Store.open(path)
        link = tmp_path / "other name.sqlite"
        link.symlink_to(path)
        with pytest.raises(StoreError, match="is being written by another process"):
            Store.open(link)
        with Store.open(path, write=False) as reader:
            assert reader.trials() == []
            for k in range(3):  # what is acknowledged is seen, by a reader that was there before
                print(f"key{k}", file=holder.stdin, flush=True)
                assert holder.stdout.readline() == "stored\n"
                assert list(reader.finished(["key0", "key1", "key2"])) == [f"key{i}" for i in range(k + 1)]
        holder.stdin.close()
        assert holder.wait(30) == 0
    with Store.open(path) as store:
        assert len(store.trials()) == 3


def test_a_second_store_in_this_process_is_refused_too(tmp_path: Path) -> None:
    with (
        Store.open(tmp_path / "s.sqlite"),
        pytest.raises(StoreError, match=rf"another process \(process {os.getpid()} on "),
    ):
        Store.open(tmp_path / "s.sqlite")
    Store.open(tmp_path / "s.sqlite").close()


def test_a_lock_without_a_file_names_nobody(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store.open(path):
        path.unlink()
        with pytest.raises(StoreError, match=r"is being written by another process\. Wait"):
            Store.open(path)


# ------------------------------------------------------------------------------------------ kill -9

WRITE_FOR_EVER = """
import itertools, os, sys
from nonlin.lab.store import Store, Trial
with Store.open(sys.argv[1]) as store:
    for k in itertools.count():
        batch = [Trial(f"{sys.argv[2]}-{k}-{j}", {"k": k}, {"curve": [k / 3] * 200}) for j in range(1 + k % 4)]
        store.add(batch)
        os.write(1, "".join(t.key + "\\n" for t in batch).encode())
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_kill_9_loses_no_acknowledged_trial(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    acknowledged: list[str] = []
    for life, after in enumerate([0, 1, 7, 40, 150, 400]):  # lines read before the kill; 0: while it opens
        writer = child(WRITE_FOR_EVER, path, life)
        assert writer.stdout is not None
        with writer:
            lines = [writer.stdout.readline() for _ in range(after)]
            writer.kill()
            lines += writer.stdout.readlines()  # what it said before it died
        assert writer.returncode == -signal.SIGKILL
        acknowledged += [line.strip() for line in lines if line.endswith("\n")]
        if life % 2 and path.exists():  # a reader sees them before any writer has cleaned up
            with Store.open(path, write=False) as reader:
                assert set(reader.finished(acknowledged)) == set(acknowledged)
    assert len(acknowledged) >= 598
    with Store.open(path) as store:  # the lock died with its holder
        assert set(store.finished(acknowledged)) == set(acknowledged)
        rows = store.trials()
        assert all(t.result["curve"] == [t.config["k"] / 3] * 200 for t in rows)
        for life in range(6):  # and no batch is there in part
            batches = [t.key.split("-")[1] for t in rows if t.key.startswith(f"{life}-")]
            assert all(batches.count(k) == 1 + int(k) % 4 for k in set(batches))


def test_a_file_cut_off_at_its_birth_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.touch()
    with pytest.raises(StoreError, match="is empty: the process that created it was stopped at once"):
        Store.open(path, write=False)
    with Store.open(path) as store:
        assert store.add([trial(0)]) == 1
    assert sqlite_version_of(path) == SCHEMA_VERSION


def sqlite_version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


# ---------------------------------------------------------------------------------------- full disk


def test_a_full_disk_is_said_and_what_was_stored_stays(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store.open(path) as store:
        store.add([trial(0)])
        pages = store._open().execute("PRAGMA page_count").fetchone()[0]
        store._open().execute(f"PRAGMA max_page_count = {pages + 2}")  # SQLite's own "disk full"
        with pytest.raises(StoreError, match=r"the disk is full\. Free some space\. Trials stored before are safe"):
            store.add([trial(k, curve=[0.1] * 500) for k in range(1, 50)])
        assert store.trials() == [trial(0)]
        store._open().execute(f"PRAGMA max_page_count = {pages + 1000}")  # space was freed: it goes on
        assert store.add([trial(k, curve=[0.1] * 500) for k in range(1, 50)]) == 49
    with Store.open(path, write=False) as store:
        assert len(store.trials()) == 50


LIMITED = """
import resource, sys
from nonlin.errors import StoreError
from nonlin.lab.store import Store, Trial
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)  # the kernel lets no file grow further
stored = 0
try:
    with Store.open(sys.argv[1]) as store:
        for k in range(1000):
            stored += store.add([Trial(str(k), {}, {"curve": [0.1] * 500})])
except StoreError as error:
    print(stored, error, sep="|")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of a file as Linux does")
@pytest.mark.parametrize("limit", [1_000, 200_000])
def test_a_write_the_kernel_refuses_is_said_and_what_was_stored_stays(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "s.sqlite"
    out, _ = child(LIMITED, path, limit).communicate(timeout=60)
    stored, message = out.split("|")
    assert "met a disk error: the disk may be full, over quota, or failing. Trials stored before are safe" in message
    assert (int(stored) > 10) is (limit > 100_000)
    with Store.open(path) as store:
        assert [t.key for t in store.trials()] == [str(k) for k in range(int(stored))]


def test_other_errors_of_the_system_are_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", no_space)
    with pytest.raises(StoreError, match=r"No space left on device\. Its folder must exist, have space, and"):
        Store.open(tmp_path / "s.sqlite")


# -------------------------------------------------------------------------------------- permissions


@contextmanager
def as_ordinary_user(folder: Path) -> Iterator[None]:
    """Root may write anything: become nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    Store.open(folder / "warm up").close()  # all imports done while the files may still be read
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter and read."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.skipif(os.name != "posix", reason="permissions as on POSIX")
def test_folders_and_files_that_may_not_be_written(open_folder: Path) -> None:
    path = open_folder / "s.sqlite"
    with Store.open(path) as store:
        store.add([trial(0)])
    with as_ordinary_user(open_folder):
        before = contents(open_folder)
        if os.geteuid() == os.stat(open_folder).st_uid:
            open_folder.chmod(0o555)
        with pytest.raises(StoreError, match=r"Permission denied\. Its folder must exist"):
            Store.open(open_folder / "new" / "s.sqlite")
        with pytest.raises(StoreError, match="Permission denied"):
            Store.open(open_folder / "new.sqlite")
        with Store.open(path, write=False) as store:  # and reading leaves no file behind
            assert store.trials() == [trial(0)]
        assert contents(open_folder) == before


@pytest.mark.skipif(os.name != "posix", reason="permissions as on POSIX")
def test_a_file_that_may_not_be_written_or_read(open_folder: Path) -> None:
    path = open_folder / "s.sqlite"
    with Store.open(path) as store:
        store.add([trial(0)])
    path.chmod(0o444)
    Path(f"{path}.lock").chmod(0o666)
    open_folder.chmod(0o777)
    with as_ordinary_user(open_folder):
        with pytest.raises(StoreError, match="may not be written: check the permissions of the file and of its folder"):
            Store.open(path)
        with Store.open(path, write=False) as store:
            assert store.trials() == [trial(0)]
    path.chmod(0o000)
    with as_ordinary_user(open_folder), pytest.raises(StoreError, match="Permission denied"):
        Store.open(path, write=False)


def test_a_path_through_a_file_and_a_folder_as_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot be used: (Not a directory|File exists)"):
        Store.open(tmp_path / "file" / "s.sqlite")
    with pytest.raises(StoreError, match=r"is a folder; give the path of a study's file, such as .*study\.sqlite"):
        Store.open(tmp_path)
    with pytest.raises(StoreError, match=r"there is no study at .*missing\.sqlite; check the path"):
        Store.open(tmp_path / "missing.sqlite", write=False)
    assert not (tmp_path / "missing.sqlite").exists()


# -------------------------------------------------------------------------- files that are not ours


@pytest.mark.parametrize("write", [True, False])
def test_files_of_others_and_of_newer_versions_are_left_alone(tmp_path: Path, write: bool) -> None:
    (tmp_path / "text.sqlite").write_text("accuracy,loss\n0.9,0.1\n")
    execute(tmp_path / "other.sqlite", "CREATE TABLE music (title TEXT)", "INSERT INTO music VALUES ('a')")
    Store.open(tmp_path / "newer.sqlite").close()
    execute(tmp_path / "newer.sqlite", f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = contents(tmp_path)
    for name, words in {
        "text": "is not a nonlin study, nor any SQLite file; it was left alone. Give another path",
        "other": "is an SQLite file, but no study of nonlin; it was left alone. Give another path",
        "newer": r"written by a newer nonlin \(version 2 of the file's layout; this one knows up to 1\). Upgrade nonlin",
    }.items():
        with pytest.raises(StoreError, match=words) as _refusal:
            Store.open(tmp_path / f"{name}.sqlite", write=write)
    assert contents(tmp_path) == before
    with pytest.raises(StoreError, match="newer nonlin"):  # the refusal, though kept, gave the lock back
        Store.open(tmp_path / "newer.sqlite")


def damage_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = bytes(b ^ 0x5A for b in data[4096:])
    path.write_bytes(data)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def damage_header(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[16:100] = b"\xff" * 84
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [damage_pages, cut_short, damage_header])
def test_a_damaged_file_is_said_and_never_overwritten(tmp_path: Path, harm: Any) -> None:
    path = tmp_path / "s.sqlite"
    with Store.open(path) as store:
        store.add([trial(k, curve=[k / 3] * 50) for k in range(40)])
    harm(path)
    before = contents(tmp_path)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"is damaged. It was left as it is: move it aside .* \.recover"):
            Store.open(path)
    assert contents(tmp_path) == before
    with pytest.raises(StoreError, match="is damaged"), Store.open(path, write=False) as reader:
        reader.trials()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_the_log_of_a_killed_process_is_not_poured_into_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store.open(path) as store:
        store.add([trial(k, curve=[k / 3] * 50) for k in range(40)])
    writer = child(WRITE_FOR_EVER, path, 0)
    assert writer.stdout is not None
    with writer:
        writer.stdout.readline()
        writer.kill()
    assert Path(f"{path}-wal").stat().st_size > 0
    damage_pages(path)
    before = contents(tmp_path)
    with pytest.raises(StoreError, match="is damaged"):
        Store.open(path)
    assert "s.sqlite-wal" in before
    assert contents(tmp_path) == before
