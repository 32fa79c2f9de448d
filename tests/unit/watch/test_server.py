"""The live page's server, asked over real HTTP: what it shows, and whom it refuses."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import watched

import nonlin
from nonlin.errors import MissingExtraError, ParameterError, StoreError
from nonlin.watch.record import Record, open_record
from nonlin.watch.records import Sample
from nonlin.watch.server import LivePage, Source, serve

pytest.importorskip("starlette", reason="the extra 'web' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")

SOURCE = str(Path(nonlin.__file__).parents[1])


@contextmanager
def served(path: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of ``nonlin watch serve`` in a process of its own, and the process."""
    environ = os.environ | {"PYTHONPATH": SOURCE, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([sys.executable, "-m", "nonlin.cli", "watch", "serve", str(path), *options], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ)  # fmt: skip
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("live") / "run.sqlite"
    watched.produce(Record(path))
    with served(path) as (url, _):
        yield url


def ask(url: str, path: str | None = None, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    parts = urlsplit(url)
    assert parts.port is not None
    with closing(http.client.HTTPConnection("127.0.0.1", parts.port, timeout=10)) as connection:
        connection.request(method, parts.path if path is None else path, headers=headers)
        reply = connection.getresponse()
        return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read().decode()


@contextmanager
def heard(url: str) -> Iterator[Iterator[tuple[str, object]]]:
    """The server-sent events of a page, one after the other."""
    parts = urlsplit(url)
    assert parts.port is not None
    with closing(http.client.HTTPConnection("127.0.0.1", parts.port, timeout=20)) as connection:
        connection.request("GET", f"{parts.path}events")
        reply = connection.getresponse()
        assert reply.getheader("content-type", "").startswith("text/event-stream")

        def events() -> Iterator[tuple[str, object]]:
            name = ""
            while True:
                line = reply.readline().decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    yield name, json.loads(line[6:])

        yield events()


def test_the_page_shows_the_run_and_forbids_the_rest(page: str) -> None:
    status, headers, text = ask(page)
    assert status == 200
    assert urlsplit(page).hostname == "127.0.0.1"
    assert "1 error, 1 warning" in text
    assert "new EventSource('events')" in text
    assert "connect-src &#x27;self&#x27;" in text or "connect-src 'self'" in text
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert "server" not in headers


def test_without_the_token_nothing_is_told(page: str) -> None:
    token = urlsplit(page).path.strip("/")
    assert len(token) >= 20
    for path in ("/", "/events", "//", f"/{token[:-1]}/", f"/{token}x/", f"/x/{token}/", f"/{token.swapcase()}/", "/%00/",
                 f"/?{token}", f"/{token[:-1]}/../{token}/"):  # fmt: skip
        status, _, text = ask(page, path)
        assert status == 403, path
        assert "whole address that was printed" in text
        assert token not in text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:80", "0.0.0.0", ""])
def test_another_host_is_refused(page: str, host: str) -> None:
    status, _, text = ask(page, Host=host)
    assert status in (400, 403)
    assert "alert" not in text


def test_localhost_is_this_machine_too(page: str) -> None:
    assert ask(page, Host=f"localhost:{urlsplit(page).port}")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(page: str, method: str) -> None:
    status, _, text = ask(page, method=method)
    assert (status, text) == (405, "This page can only be read.")


def test_unknown_pages_are_not_there(page: str) -> None:
    path = urlsplit(page).path
    assert ask(page, f"{path}run.sqlite")[0] == 404
    assert ask(page, f"{path}../../etc/passwd")[0] == 404


def test_the_server_listens_on_this_machine_only(page: str) -> None:
    port = urlsplit(page).port
    assert port is not None
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as taken:
        taken.settimeout(2)
        assert taken.connect_ex(("127.0.0.2", port)) != 0  # loopback too, but not the address that was bound


def test_each_start_has_a_token_of_its_own_and_ctrl_c_ends_it(tmp_path: Path, page: str) -> None:
    watched.produce(Record(tmp_path / "run.sqlite"), count=3)
    with served(tmp_path / "run.sqlite") as (url, process):
        assert urlsplit(url).path != urlsplit(page).path
        with heard(url) as events:
            next(events)
            process.send_signal(signal.SIGINT)  # a page that looks on must not hold it
            began = time.monotonic()
            said = process.communicate(timeout=20)[0]
            assert time.monotonic() - began < 10
        assert process.returncode == 0
        assert "Traceback" not in said


def test_what_another_process_writes_is_sent_while_it_does(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    record = Record(path)
    over = watched.layers()
    with served(path) as (url, _):
        assert "has no run yet" in ask(url)[2]
        with heard(url) as events:
            name, first = next(events)
            assert (name, first["id"]) == ("section", "summary")  # type: ignore[index]
            record.begin(over, watched.ABOUT)
            sample = next(iter(watched.samples(over, 1)))
            record.sample(sample)
            record.flush()
            seen = {}
            for name, value in events:
                if name == "title":
                    break
                seen[value["id"]] = value["html"]  # type: ignore[index]
            assert value == "Net: step 0"
            assert "Still in training." in seen["summary"]
            assert seen.keys() == {"summary", "alerts", "course", "maps", "units", "values", "facts"}
            record.sample(Sample(777, 1.0, {"loss": 0.125}, sample.layers))
            record.alert(watched.alerts(over)[3])
            changed = {}
            for name, value in events:
                if name == "title":
                    break
                changed[value["id"]] = value["html"]  # type: ignore[index]
            assert value == "Net: step 777"
            assert "loss 0.125" in changed["summary"]
            assert "dead units" in changed["alerts"]
            assert "units" not in changed  # what did not change is not sent
    record.close()


def test_drawing_leaves_the_machine_to_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("nonlin.watch.server.time.monotonic", lambda: now[0])
    path = tmp_path / "run.sqlite"
    watched.produce(Record(path), count=3)
    source = Source(path)
    drawn = []

    def slow(run: object) -> list[tuple[str, str]]:
        drawn.append(now[0])
        now[0] += 0.2
        return [("summary", str(now[0]))]

    monkeypatch.setattr("nonlin.watch.server.sections", slow)
    for n in range(100):
        now[0] += 0.5
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE runs SET ended = ?", (str(n),))
            connection.commit()
        source.parts()
    assert 10 <= len(drawn) <= 14  # 0.2 s of drawing, every 4 s


def test_a_source_whose_file_breaks_says_so(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    watched.produce(Record(path), count=3)
    source = Source(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM runs")
        connection.commit()
    assert "has no run yet" in dict(source.parts())["summary"]


def test_what_cannot_be_served_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.sqlite"
    with pytest.raises(StoreError, match="there is no record at"):
        serve(path)
    watched.produce(Record(path), count=3)
    with pytest.raises(ParameterError, match=r"port must be 0 to 65535, not 70000; 0 takes a free one"):
        serve(path, 70000)
    with pytest.raises(ParameterError, match="run must be 1 to 1"):
        serve(path, run=2)
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ParameterError, match=r"port \d+ of 127\.0\.0\.1 cannot be used: .* Give another"):
            serve(path, taken.getsockname()[1])
    monkeypatch.setattr("nonlin.errors.Extra.installed", False)
    with pytest.raises(MissingExtraError, match=r"pip install 'nonlin\[web\]'"):
        serve(path)


def test_a_training_can_show_itself(tmp_path: Path) -> None:
    said: list[str] = []
    sink = LivePage(tmp_path / "run.sqlite", say=said.append)
    try:
        assert said == [sink.url]
        watched.produce(sink)
        assert "1 error, 1 warning" in ask(sink.url)[2]
        assert open_record(tmp_path / "run.sqlite").state == "ended"
    finally:
        sink.stop()
    sink.stop()
    with pytest.raises(ConnectionError):
        ask(sink.url)


STARTS = """
import sys
from nonlin.watch.server import LivePage
page = LivePage(sys.argv[1], say=lambda url: print(url, flush=True))
sys.stdin.read()
"""


def test_the_page_ends_with_its_training_even_by_kill_9(tmp_path: Path) -> None:
    environ = os.environ | {"PYTHONPATH": SOURCE}
    with subprocess.Popen([sys.executable, "-c", STARTS, str(tmp_path / "run.sqlite")], text=True, env=environ,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # fmt: skip
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert ask(url)[0] == 200
        process.kill()
        process.wait()
        for _ in range(100):
            try:
                ask(url)
            except ConnectionError:
                return
            time.sleep(0.05)
    pytest.fail("the page outlived its training")
