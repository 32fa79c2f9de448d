"""All facts of many functions: from processes, from the cache, and without either the same; bad caches do no harm."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nonlin.errors import ParameterError, UnknownNameError
from nonlin.facts import all_facts, facts
from nonlin.facts import table as stored
from nonlin.facts.many import folder
from nonlin.facts.subject import Fact

NAMES = ("relu", "tanh", "softmax", "swiglu", "x*sigmoid(x)", "elu(alpha=0.5)")


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache on disk, and nothing known in this process; what was known is there again afterwards."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    forget()
    return tmp_path


def forget() -> None:
    stored.known.cache_clear()
    stored._store.cache_clear()


def told() -> dict[str, list[Fact]]:
    return {name: list(facts(name)) for name in NAMES}


def test_every_way_gives_the_same(fresh: Path) -> None:
    wanted = told()
    for workers in (1, 2):
        forget()
        seen: list[tuple[int, int, str]] = []
        every = all_facts(NAMES, workers=workers, cached=False, progress=lambda *step, seen=seen: seen.append(step))
        assert {name: list(f) for name, f in every.items()} == {
            every[n].name: wanted[w] for n, w in zip(every, NAMES, strict=True)
        }
        assert [step[0] for step in seen] == [1, 2, 3, 4, 5, 6]
        assert not folder().exists()
    forget()
    all_facts(NAMES, workers=1)
    files = list(folder().glob("*.json"))
    assert len(files) == len(NAMES)
    forget()
    all_facts(NAMES)  # from the disk
    assert all(name in stored.known(facts(w).definition) for w in NAMES for name in ("flops",))
    assert told() == wanted


def test_what_is_read_was_written(fresh: Path) -> None:
    all_facts(["relu"])
    (path,) = folder().glob("*.json")
    held = json.loads(path.read_text())
    assert held["facts"]["range"]["text"] == "[0, inf)"
    # another text under the old mark is not believed
    held["facts"]["range"]["text"] = "[0, 7]"
    path.write_text(json.dumps(held))
    forget()
    assert str(all_facts(["relu"])["relu"].range) == "[0, inf)"


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"\xff\xfe", b'{"facts": {}, "mark": ""}', b'{"facts": {"range": 3}, "mark": ""}']
)
def test_a_damaged_file_is_made_again(fresh: Path, damage: bytes) -> None:
    all_facts(["relu"])
    (path,) = folder().glob("*.json")
    whole = path.read_bytes()
    path.write_bytes(damage)
    forget()
    assert str(all_facts(["relu"])["relu"].range) == "[0, inf)"
    assert path.read_bytes() == whole


def test_no_place_to_write(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (fresh / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(fresh / "file"))
    assert str(all_facts(["relu"])["relu"].range) == "[0, inf)"


def test_another_parameter_is_another_file(fresh: Path) -> None:
    all_facts(["elu", "elu(alpha=0.5)"], workers=1)
    assert len(list(folder().glob("*.json"))) == 2


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "plain.py"
    script.write_text(
        "from nonlin.facts import all_facts\nprint(all_facts(['relu', 'tanh'], workers=2, cached=False)['tanh'].range)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=120)
    assert (done.stdout, done.stderr) == ("(-1, 1)\n", "")


def test_a_process_that_dies_costs_nothing_but_time(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert str(all_facts(["relu", "tanh"], workers=2, cached=False)["tanh"].range) == "(-1, 1)"


def test_sentences() -> None:
    for workers in (0, -1, True, 1.5):
        with pytest.raises(ParameterError, match="workers must be a whole number of at least 1, or None, not"):
            all_facts(["relu"], workers=workers)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="relu"):
        all_facts(["rellu"])
