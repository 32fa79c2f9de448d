"""The command line as a process among others: terminals and pipes, signals, shell completion, full disks."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest
from shell import COMMAND, TINY, WIDE, Done, invoke, process

from nonlin.catalogue import definitions
from nonlin.errors import StoreError
from nonlin.lab.store import Store

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LONG = ["compare", "relu", "tanh", "--seeds", "20", "--epochs", "100000", "--hidden", "8", "--store", "a.sqlite"]
"""A study that does not end by itself while a test runs."""


def terminal(*arguments: object, cwd: Path, **environment: str) -> Done:
    """Run the command line on a terminal of its own; what it printed is in ``out``, both streams together."""
    driver, end = pty.openpty()
    colourful = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")} | {"TERM": "xterm-256color"}
    started = subprocess.Popen([*COMMAND, *map(str, arguments)], stdin=end, stdout=end, stderr=end, cwd=cwd,
                               env=colourful | {"COLUMNS": "120"} | environment)  # fmt: skip
    os.close(end)
    heard = b""
    with contextlib.suppress(OSError):  # Linux says so when the other end is closed
        while select.select([driver], [], [], 60)[0] and (part := os.read(driver, 65536)):
            heard += part
    os.close(driver)
    return Done(started.wait(timeout=60), heard.decode(errors="replace"), "")


def test_a_terminal_gets_colour_and_a_bar(tmp_path: Path) -> None:
    done = terminal("compare", "relu", "tanh", *TINY, cwd=tmp_path)
    assert done.code == 0
    assert COLOUR.search(done.out)
    assert "training" in done.out
    assert "rank" in done.out


def test_no_color_is_obeyed(tmp_path: Path) -> None:
    done = terminal("show", "mihs", cwd=tmp_path, NO_COLOR="1")
    assert done.code == 2
    assert "error: unknown function 'mihs'" in COLOUR.sub("", done.out)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", done.out)
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", terminal("show", "mihs", cwd=tmp_path).out)


def test_quiet_shows_no_bar(tmp_path: Path) -> None:
    done = terminal("compare", "relu", *TINY, "--quiet", cwd=tmp_path)
    assert done.code == 0
    assert "training" not in done.out.split("digits: test accuracy")[0]


def test_a_pipe_gets_plain_text_and_nothing_on_standard_error(tmp_path: Path) -> None:
    done = process("compare", "relu", "tanh", *TINY, "--workers", "2", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out
    assert "\r" not in done.out
    again = process("compare", "relu", "tanh", *TINY, "--json", cwd=tmp_path)
    assert (again.code, again.err) == (0, "")
    assert again.value["trials"] == {"total": 4, "known_before": 4, "trained": 0}


def test_an_error_goes_to_standard_error_in_one_unbroken_line() -> None:
    done = process("compare", "--task", "digtis", COLUMNS="40")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: unknown task 'digtis'. Did you mean 'digits'? Known: ")
    assert done.err.count("\n") == 1


def test_plain_ascii_terminals() -> None:
    for arguments in (["show", "gelu"], ["list"], ["show", "gelu", "--json"], ["list", "--json"]):
        done = process(*arguments, PYTHONIOENCODING="ascii", LC_ALL="C")
        assert (done.code, done.err) == (0, "")
        assert done.out.isascii()
    assert json.loads(done.out)


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["show", "gelu"], ["--version"], ["--help"]])
def test_a_reader_that_leaves_ends_it_quietly(arguments: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = process(*arguments, stdout=write)
    os.close(write)
    assert (done.code, done.err) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["--version"]])
def test_a_full_disk_behind_the_output_gets_a_sentence(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = process(*arguments, stdout=full.fileno())
    assert done.code == 1
    assert done.err.startswith("error: the system refused: ")
    assert done.err.count("\n") == 1


def children(parent: int) -> list[int]:
    """The processes that ``parent`` started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it may end while we look
            fields = entry.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(entry.parent.name))
    return found


def wait_for(what: str, happened: object, seconds: float = 60) -> None:
    """Wait until ``happened()`` is true; fail with ``what`` if that takes too long."""
    assert callable(happened)
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def interrupted(folder: Path, workers: int) -> tuple[Done, list[int]]:
    """Start a long study, press Ctrl-C once it trains; return how it ended and the processes it had."""
    started = subprocess.Popen([*COMMAND, *LONG, "--workers", str(workers)], cwd=folder, env=os.environ | WIDE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    try:
        wait_for("the study did not begin", (folder / "a.sqlite").exists)
        if workers > 1:
            wait_for("no worker was started", lambda: len(children(started.pid)) == workers)
        time.sleep(1.0)  # into the training
        had = children(started.pid)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=60)
    finally:
        started.kill()
    return Done(started.returncode, out, err), had


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("workers", [1, 2])
def test_control_c_ends_cleanly_and_says_how_to_go_on(workers: int, tmp_path: Path) -> None:
    done, had = interrupted(tmp_path, workers)
    assert done.code == 1
    assert done.err == "Stopped: 0 of 40 trials are stored in a.sqlite. The same command goes on from there.\n"
    assert done.out == ""
    assert len(had) >= workers - 1
    wait_for("a worker is still there", lambda: not any(Path(f"/proc/{pid}").exists() for pid in had))
    assert not (tmp_path / "a.html").exists()
    # the file is whole, free, and holds nothing half done
    again = process(*LONG[:3], *TINY, "--store", "a.sqlite", "--json", cwd=tmp_path)
    assert again.value["trials"] == {"total": 4, "known_before": 0, "trained": 4}


def test_control_c_before_the_training(tmp_path: Path) -> None:
    started = subprocess.Popen([*COMMAND, *LONG], cwd=tmp_path, env=os.environ | WIDE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    maps = Path(f"/proc/{started.pid}/maps")
    wait_for("torch was never loaded", lambda: "libtorch" in maps.read_text())
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=60)
    assert (started.returncode, out) == (1, "")
    assert err.startswith("Stopped")
    assert "the same command goes on from there" in err.lower()


def test_kill_9_loses_no_finished_trial(tmp_path: Path) -> None:
    """Units of ten seeds are stored as they end; what was stored at the moment of the kill is not trained again."""
    command = ["compare", "relu", "tanh", "--seeds", "30", "--epochs", "60", "--hidden", "8", "--store", "a.sqlite",
               "--workers", "1", "--json"]  # fmt: skip
    kept = tmp_path / "a.sqlite"
    started = subprocess.Popen([*COMMAND, *command], cwd=tmp_path, env=os.environ | WIDE, stdout=subprocess.DEVNULL)
    try:
        wait_for("the study did not begin", kept.exists)
        wait_for("nothing was stored", lambda: stored(kept) > 0)
    finally:
        started.kill()
        started.wait()
    finished = stored(kept)
    done = process(*command, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.value["trials"] == {"total": 60, "known_before": finished, "trained": 60 - finished}
    assert 0 < finished < 60
    assert len(done.value["rows"]) == 2


def stored(path: Path) -> int:
    """How many trials a study's file holds while another process writes it."""
    try:
        with Store.open(path, write=False) as kept:
            return len(kept.trials())
    except StoreError:  # it has only just been created
        return 0


def completed(typed: str, **environment: str) -> list[str]:
    """What bash would offer for the last word of ``typed``."""
    words = typed.split(" ")
    asked = {"_NONLIN_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(["nonlin"], capture_output=True, text=True, env=os.environ | asked | environment, check=False)
    assert done.stderr == ""
    return done.stdout.split()


def test_completion_offers_functions_tasks_presets_and_data() -> None:
    assert completed("nonlin show mis") == [n for n in definitions() if n.startswith("mis")]
    assert completed("nonlin show ") == list(definitions())
    assert completed("nonlin compare relu gelu_t") == ["gelu_tanh"]
    assert completed("nonlin plot si") == [n for n in definitions() if n.startswith("si")]
    assert completed("nonlin compare --task mnist") == ["mnist1d", "mnist"]
    assert completed("nonlin compare --preset c") == ["classic"]
    assert "fashion_mnist" in completed("nonlin data add ")
    assert "compare" in completed("nonlin com")


def test_completion_scripts_can_be_printed() -> None:
    done = process("--show-completion", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert done.code in (0, 2)  # 2: it needs to be told which shell
    assert "Traceback" not in done.err


def test_the_console_script_and_the_module_are_the_same() -> None:
    script = subprocess.run(["nonlin", "--version"], capture_output=True, text=True, check=True)
    assert script.stdout == process("--version").out == invoke("--version").out
