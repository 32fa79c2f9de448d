"""``nonlin explore``: writes the file, opens it where there is a browser, and says a sentence where there is none."""

from __future__ import annotations

import base64
import json
import re
import webbrowser
import zlib
from pathlib import Path
from typing import Any

import pytest
from shell import fails, invoke

from nonlin.explore import page as module


def data(text: str) -> dict[str, Any]:
    (packed,) = re.findall(r'id="data">([^<]*)<', text)
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return found


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Three functions instead of all, a cache of its own, and a browser that notes what it was given."""
    whole = module.page
    monkeypatch.setattr(module, "page", lambda **given: whole(["relu", "silu", "tanh"], **given))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    seen: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url, *_: bool(seen.append(url)) or True)
    return seen


def test_it_writes_the_file_and_opens_nothing(tmp_path: Path, few: list[str]) -> None:
    out = tmp_path / "explorer.html"
    done = invoke("explore", "-o", out)
    assert done.code == 0
    assert re.fullmatch(rf"Wrote {re.escape(str(out))} \(0\.\d\d MB\)\.\n", done.out)
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert few == []
    assert invoke("explore", "-o", out, "-q").out == ""


def test_alone_it_opens_the_file_in_the_cache(tmp_path: Path, few: list[str]) -> None:
    done = invoke("explore")
    written = tmp_path / "cache" / "nonlin" / "explorer.html"
    assert written.exists()
    assert few == [written.as_uri()]
    assert done.err == ""


def test_both_can_be_asked_for(tmp_path: Path, few: list[str]) -> None:
    out = tmp_path / "e.html"
    told = invoke("explore", "-o", out, "--open", "--no-facts", "--json").value
    assert told == {"path": str(out), "bytes": out.stat().st_size, "opened": True}
    assert few == [out.as_uri()]
    assert invoke("explore", "--no-open", "--json").value["opened"] is None
    assert len(few) == 1


def test_what_is_drawn_first(tmp_path: Path) -> None:
    out = tmp_path / "e.html"
    invoke("explore", "-o", out, "--no-facts", "tanh", "leaky_relu(slope=0.25)", "x*tanh(exp(x))")
    assert data(out.read_text(encoding="utf-8"))["start"] == ["tanh", "leaky_relu:slope=0.25", "=x%2Atanh%28exp%28x%29%29"]
    assert "Did you mean 'gelu'" in fails(2, "explore", "-o", out, "geluu")
    assert "8 functions were given, and at most 7" in fails(2, "explore", "-o", out, *["relu"] * 8)


def test_a_machine_without_a_browser_gets_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda *_: False)
    done = invoke("explore")
    assert done.code == 0
    written = tmp_path / "cache" / "nonlin" / "explorer.html"
    assert done.err == f"No browser could be opened here. Open the file yourself: {written.as_uri()}\n"


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = fails(2, "explore", "-o", tmp_path / "nowhere" / "explorer.html")
    assert "No such file or directory; give another file, for example -o explorer.html" in sentence
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert "cannot write" in fails(2, "explore")
