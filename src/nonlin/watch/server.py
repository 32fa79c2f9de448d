"""The live page: a record shown in the browser while another process writes it.

It listens on 127.0.0.1 only, answers only requests that carry the random token of its address and name this machine as their host
(a page of another site that had its name point here would not), reads the record and writes nothing. The page is the report of
``nonlin.watch.page``; parts that change are sent as server-sent events.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from nonlin.errors import EXTRAS, NonlinError, ParameterError, StoreError
from nonlin.view.frame import page
from nonlin.watch.page import sections
from nonlin.watch.record import Reader, Record, of_a_later_rank
from nonlin.watch.records import Alert, Layer, Sample
from nonlin.watch.skin import LIVE, SCRIPT, STYLE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["LivePage", "Source", "application", "serve"]

HOST = "127.0.0.1"
MOST_STREAMS = 32
PAUSE_S = 1.0
_SHARE = 0.05  # of the time for drawing: the training may need this machine
_BEAT_S = 10.0
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",  # the address holds the token
    "x-content-type-options": "nosniff",
}
_BAR = (
    '<p class="status"><span id="status" role="status">Connecting.</span> '
    '<button id="pause" type="button" aria-pressed="false">Pause</button></p>'
)

App = Callable[[Any, Any, Any], Awaitable[None]]


class Source:
    """The parts of the page as the record is now, drawn once for all who look, and no more often than they change."""

    def __init__(self, path: str | os.PathLike[str], run: int | None = None) -> None:
        self.reader, self.number = Reader(path), run
        self._version = -1
        self._drawn, self._took = -1e9, 0.0
        self._parts: list[tuple[str, str]] = []
        self.title = ""

    def parts(self) -> list[tuple[str, str]]:
        """Return the sections as (id, HTML); a record without a run yet, or one that cannot be read any more, says so."""
        now = time.monotonic()
        if now - self._drawn < max(PAUSE_S, self._took / _SHARE):
            return self._parts
        try:
            version = self.reader.version()
            if version == self._version and now - self._drawn < _BEAT_S:  # a killed process does not change the file
                return self._parts
            run = self.reader.run(self.number, most=240)
            self._parts, self._version = sections(run), version
            self.title = f"{run.about.get('model') or 'A model'}: step {run.last_step}"
        except StoreError as error:
            from html import escape

            self._parts = [("summary", f'<h1>Waiting</h1><p class="warn">{escape(str(error))}</p>'), *self._parts[1:]]
        self._drawn = time.monotonic()
        self._took = self._drawn - now
        return self._parts


def application(source: Source, token: str, port: int, ending: Callable[[], bool] = bool) -> App:
    """Return the ASGI application that shows a source to those who know the token; streams stop when ``ending()`` is true."""
    import anyio
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
    from starlette.routing import Route

    lock, streams = anyio.Lock(), 0

    async def drawn() -> list[tuple[str, str]]:
        async with lock:
            return await anyio.to_thread.run_sync(source.parts)

    async def show(_: Request) -> Response:
        known = dict(await drawn())
        order = ("summary", "alerts", "course", "maps", "units", "values", "facts")
        body = "".join(f'<section id="{name}">{known.get(name, "")}</section>' for name in order)
        text = page(
            source.title or "nonlin watch", f"<main>{_BAR}{body}</main>", style=STYLE, script=SCRIPT + LIVE, connect=True
        )
        return HTMLResponse(text, headers=_HEADERS)

    async def events(_: Request) -> Response:
        nonlocal streams
        if streams >= MOST_STREAMS:
            return PlainTextResponse("Too many pages look at this training; close one.", 503, headers=_HEADERS)
        streams += 1

        async def told() -> AsyncIterator[str]:
            nonlocal streams
            sent: dict[str, str] = {}
            title, beat = "", time.monotonic()
            try:
                yield "retry: 2000\n\n"
                while not ending():
                    for name, html in await drawn():
                        if sent.get(name) != html:
                            sent[name], beat = html, time.monotonic()
                            yield _event("section", {"id": name, "html": html})
                    if source.title != title:
                        title = source.title
                        yield _event("title", title)
                    if time.monotonic() - beat > _BEAT_S:
                        beat = time.monotonic()
                        yield ": still here\n\n"  # finds out that nobody listens any more
                    await anyio.sleep(PAUSE_S / 2)
            finally:
                streams -= 1

        return StreamingResponse(told(), media_type="text/event-stream", headers=_HEADERS)

    routes = [Route(f"/{token}/", show, methods=["GET"]), Route(f"/{token}/events", events, methods=["GET"])]
    return _guarded(Starlette(routes=routes), token, port)


def _event(name: str, value: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(value)}\n\n"


def _guarded(inside: App, token: str, port: int) -> App:
    """Let through only reading requests that name this machine as host and begin with the token."""
    from starlette.responses import PlainTextResponse

    hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}

    async def guard(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await inside(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        named = [v.decode("latin-1").lower() for k, v in scope["headers"] if k == b"host"]
        given = scope["path"].split("/")[1] if scope["path"].startswith("/") else ""
        refused = None
        if len(named) != 1 or named[0] not in hosts:
            refused = 403, f"This page answers only as {HOST}:{port}."
        elif not hmac.compare_digest(given.encode(), token.encode()):
            refused = 403, "This page needs the whole address that was printed when it was started, token included."
        elif scope["method"] not in ("GET", "HEAD"):
            refused = 405, "This page can only be read."
        if refused is None:
            await inside(scope, receive, send)
        else:
            await PlainTextResponse(refused[1], refused[0], headers=_HEADERS)(scope, receive, send)

    return guard


def serve(
    path: str | os.PathLike[str],
    port: int = 0,
    run: int | None = None,
    on_start: Callable[[str], None] = print,
) -> None:
    """Show a record in the browser until the process is interrupted.

    Args:
        path: of the record; another process may be writing it.
        port: on 127.0.0.1; 0 takes a free one.
        run: number of the run, from 1; by default always the newest.
        on_start: called with the page's address, token included, once it can be asked for.

    Raises:
        MissingExtraError: starlette or uvicorn is not installed.
        StoreError: the file is missing, no record, damaged, or of a newer version.
        ParameterError: the port is in use or out of range, or there is no such run.
    """
    EXTRAS["web"].require()
    import uvicorn

    source = Source(path, run)
    if run is not None:
        source.reader.run(run, most=1)  # an unknown run is told now, not in the browser
    listening = _listening(port)
    token, port = secrets.token_urlsafe(16), int(listening.getsockname()[1])
    servers: list[uvicorn.Server] = []
    config = uvicorn.Config(
        application(source, token, port, ending=lambda: servers[0].should_exit),
        log_level="error",
        access_log=False,  # addresses hold the token
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=3,
    )
    servers.append(uvicorn.Server(config))
    with listening, contextlib.suppress(KeyboardInterrupt):
        on_start(f"http://{HOST}:{port}/{token}/")
        servers[0].run(sockets=[listening])


def _listening(port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise ParameterError(f"port must be 0 to 65535, not {port}; 0 takes a free one.")
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        made.listen(64)  # requests that come before the server runs wait
    except OSError as error:
        made.close()
        raise ParameterError(
            f"port {port} of {HOST} cannot be used: {error.strerror or error}. Give another, or none for a free one."
        ) from error
    return made


class LivePage:
    """A sink that records to a file and shows it in the browser from a process of its own, which ends with this one.

    Args:
        path: of the record.
        port: on 127.0.0.1; 0 takes a free one.
        say: called with the page's address.

    Raises:
        MissingExtraError: starlette or uvicorn is not installed.
        StoreError: the record cannot be written.
        NonlinError: the server did not start.
    """

    def __init__(self, path: str | os.PathLike[str], port: int = 0, say: Callable[[str], None] | None = None) -> None:
        EXTRAS["web"].require()
        self.record = Record(path)
        self.url = ""
        self._port = port
        self._say = say or (lambda url: print(f"nonlin: live page at {url}", file=sys.stderr))
        self._server: subprocess.Popen[str] | None = None
        if not of_a_later_rank():
            self._start()

    def _start(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "nonlin.watch.server", str(self.record.path), str(self._port)],
            stdin=subprocess.PIPE,  # closed by the system when this process ends, however it does
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._server.stdout is not None
        self.url = self._server.stdout.readline().strip()
        if not self.url.startswith("http"):
            self.record.close()
            self.stop()
            raise NonlinError(f"the live page did not start: {self.url or 'its process ended at once'}")
        self._say(self.url)

    def begin(self, layers: tuple[Layer, ...], about: Mapping[str, Any]) -> None:
        """Begin a run of the record."""
        self.record.begin(layers, about)
        if self._server is None:
            self._start()

    def sample(self, sample: Sample) -> None:
        """Record a sample."""
        self.record.sample(sample)

    def alert(self, alert: Alert) -> None:
        """Record an alert."""
        self.record.alert(alert)

    def close(self) -> None:
        """End the run; the page can be looked at until this process ends."""
        self.record.close()

    def stop(self) -> None:
        """End the page's process now; stopping twice is no error."""
        server = self._server
        if server is None:
            return
        for pipe in (server.stdin, server.stdout):
            if pipe is not None:
                pipe.close()
        server.terminate()
        server.wait(10)


def _main(arguments: list[str]) -> int:
    """Serve for the process that started this one, and end when it does."""
    import threading

    def until_it_ends() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=until_it_ends, daemon=True).start()
    try:
        serve(arguments[0], int(arguments[1]), on_start=lambda url: print(url, flush=True))
    except NonlinError as error:
        print(error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
