"""The page as text: self-contained, under its own policy, with nothing a user typed left unescaped."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from nonlin.catalogue import definitions
from nonlin.catalogue.definition import make
from nonlin.errors import ParameterError, UnknownNameError
from nonlin.explore import explorer, open_in_browser
from nonlin.explore.entries import PROPERTIES, fact_rows
from nonlin.explore.page import SCRIPTS, STATIC, page
from nonlin.explore.store import Store, drawings, fingerprint, key
from nonlin.expr import parse
from nonlin.facts import facts


def data(text: str) -> dict[str, Any]:
    (packed,) = re.findall(r'id="data">([^<]*)<', text)
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return found


@pytest.fixture(scope="module")
def text() -> str:
    return page(["relu", "silu", "softmax"])


def test_nothing_is_asked_for(text: str) -> None:
    """No address but names of languages and the notice of uPlot; no element that loads anything."""
    addresses = set(re.findall(r"https?://[^\s\"'<>\\)`]+", text))
    assert {a.rstrip("/") for a in addresses} <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML", "http://www.w3.org/1999/xhtml", "https://github.com/leeoniya/uPlot",
    }  # fmt: skip
    assert not re.search(r"<(?:script|img|iframe|link|source|audio|video)[^>]*\b(?:src|href)=(?![\"']data:)", text)
    assert "@import" not in text
    assert "url(" not in text


def test_the_policy_names_every_script_by_its_hash(text: str) -> None:
    policy = unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', text)[0])
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.S)
    assert len(scripts) >= 2 + sum((STATIC / n).exists() for n in SCRIPTS)
    for script in scripts:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert "unsafe-eval" not in policy


def test_every_static_file_is_used() -> None:
    """A script or style that lies in the folder but not on the page is a mistake."""
    from nonlin.explore.page import STYLES

    there = {p.relative_to(STATIC).as_posix() for p in STATIC.rglob("*") if p.suffix in (".js", ".css")}
    assert there <= {*SCRIPTS, *STYLES}
    assert (STATIC / "vendor/uPlot.LICENSE.txt").read_text().startswith("The MIT License")


def test_the_data_hold_what_the_catalogue_says(text: str) -> None:
    relu, silu, softmax = data(text)["functions"]
    made = definitions()["silu"]
    assert (silu["name"], silu["formula"], silu["summary"]) == ("silu", made.formula, made.summary)
    assert silu["aliases"] == list(made.aliases)
    assert ["PyTorch", "torch.nn.SiLU"] in [[p[0], p[1].split(", ")[0]] for p in silu["peers"]]
    assert silu["math"].startswith("<math ")
    assert softmax["slope"] == ""  # a Jacobian is no formula of one number
    by_name = {f[0]: f for f in silu["facts"]}
    assert by_name["lipschitz"][1:3] == [facts("silu").lipschitz.text, facts("silu").lipschitz.how]
    assert "kinked" in relu["words"] and "smooth" in silu["words"]


@pytest.mark.parametrize(
    ("word", "holds", "fails"),
    [
        ("monotone", "relu", "silu"), ("bounded", "tanh", "relu"), ("bounded below", "silu", "identity"), ("smooth", "mish", "relu"),
        ("kinked", "relu", "tanh"), ("jumps", "heaviside", "relu"), ("zero-centred", "tanh", "sigmoid"), ("even", "gaussian_bell", "tanh"),
        ("convex", "softplus", "tanh"), ("slope at most 1", "relu", "silu"), ("has a dead zone", "relu", "silu"), ("oscillates", "sin", "tanh"),
    ],
)  # fmt: skip
def test_words_to_filter_by(word: str, holds: str, fails: str) -> None:
    assert set(PROPERTIES) >= {word}
    assert word in fact_rows(facts(holds))["words"]
    assert word not in fact_rows(facts(fails))["words"]


def test_what_is_not_known_has_no_words() -> None:
    assert fact_rows([]) == {"rows": [], "words": []}


def test_functions_without_facts(tmp_path: Path) -> None:
    found = data(page(["relu"], facts=False, store=Store(tmp_path)))
    assert found["functions"][0]["facts"] == []
    assert found["hasFacts"] is False
    assert found["start"] == ["relu"]


def test_text_of_a_definition_is_data_and_not_markup() -> None:
    """A summary that would end the script or the data element is compressed with the rest."""
    made = make("sly", parse("x"), params={}, summary="</script><script>alert(1)</script>{{scripts}}")
    text = page([made], facts=False)
    assert "alert(1)" not in text
    assert data(text)["functions"][0]["summary"] == made.summary


def test_an_unknown_name_is_a_sentence() -> None:
    with pytest.raises(UnknownNameError, match="relu"):
        page(["reluu"], facts=False)


def test_curves_are_kept_and_read_back(tmp_path: Path) -> None:
    chosen = [definitions()[n] for n in ("leaky_relu", "softmax", "swiglu", "rrelu")]
    first = drawings(chosen, Store(tmp_path))
    again = Store(tmp_path)
    assert set(again.known) == {key(d) for d in chosen}
    assert drawings(chosen, again) == first


def test_a_damaged_line_is_made_again(tmp_path: Path) -> None:
    relu = definitions()["relu"]
    store = Store(tmp_path)
    want = store.drawing(relu)
    store.path.write_text(store.path.read_text()[:-20] + '\n{"key": 3}\nnot json\n\x00')
    assert Store(tmp_path).known == {}
    assert Store(tmp_path).drawing(relu) == want


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert Store(tmp_path / "file").drawing(definitions()["relu"]).curves


def test_old_files_go(tmp_path: Path) -> None:
    for n in range(5):
        (tmp_path / f"explorer-{n}.jsonl").write_text("")
    Store(tmp_path).drawing(definitions()["relu"])
    left = {p.name for p in tmp_path.iterdir()}
    assert len(left) == 3
    assert f"explorer-{fingerprint()}.jsonl" in left


def test_the_key_follows_the_formula_and_its_parameters() -> None:
    leaky = definitions()["leaky_relu"]
    assert key(leaky) == key(definitions()["leaky_relu"])
    assert key(leaky) != key(leaky.bind(slope=0.5))
    assert key(leaky) != key(definitions()["relu"])


def test_a_file_that_cannot_be_written_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonlin.explore.page.page", lambda **_: pytest.fail("the page was made first"))
    with pytest.raises(ParameterError, match=r"cannot write .*nowhere.*No such file or directory; give another file"):
        explorer(tmp_path / "nowhere" / "explorer.html")
    with pytest.raises(ParameterError, match="cannot write .*directory"):
        explorer(tmp_path)


def test_trying_leaves_no_file_and_spoils_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(**_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("nonlin.explore.page.page", stopped)
    old = tmp_path / "old.html"
    old.write_text("old")
    for path in (tmp_path / "new.html", old):
        with pytest.raises(KeyboardInterrupt):
            explorer(path)
    assert [p.name for p in tmp_path.iterdir()] == ["old.html"]
    assert old.read_text() == "old"


def test_a_machine_without_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import webbrowser

    def none(*_: object, **__: object) -> bool:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "open", none)
    assert open_in_browser(tmp_path / "explorer.html") is False
